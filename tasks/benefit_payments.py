"""The functions that follow a write in paying benefits."""

from bson import ObjectId

from backend import outbox
from models.benefits import apply_return, approve, bank_file, close, hand_in, settle_file, tell


@outbox.function("benefits.approved")
def approved(batch: str, approval: str) -> None:
    """Do what an approval by finance set going."""
    approve.carry_out(ObjectId(batch), ObjectId(approval))


@outbox.function("benefits.not_approved")
def not_approved(batch: str, approval: str) -> None:
    """Let a batch wait for another proposal."""
    approve.give_up(ObjectId(batch), ObjectId(approval))


@outbox.function("benefits.fill_file")
def fill_file(job: str) -> None:
    """Work on the job that fills a payment file."""
    bank_file.fill(ObjectId(job))


@outbox.function("benefits.send_file")
def send_file(file: str) -> None:
    """Hand a payment file in, or ask whether the bank has it."""
    hand_in.send(file)


@outbox.function("benefits.ask_bank")
def ask_bank(file: str) -> None:
    """Ask the bank how far a file is."""
    hand_in.ask(file)


@outbox.function("benefits.release_file")
def release_file(file: str) -> None:
    """Give back the lines of a file that the bank refused."""
    hand_in.release(file)


@outbox.function("benefits.apply_return")
def apply_return_file(ret: str) -> None:
    """Apply a return file."""
    apply_return.apply(ret)


@outbox.function("benefits.post_file")
def post_file(file: str) -> None:
    """Post what the bank paid of a file."""
    settle_file.post(file)


@outbox.function("benefits.book_reversal")
def book_reversal(payment: str) -> None:
    """Give a reversed payment back to its fund."""
    settle_file.book_reversal(payment)


@outbox.function("benefits.held_settled")
def held_settled(batch: str) -> None:
    """Let a batch end or open again after an objection to a line of it was decided."""
    close.follow(ObjectId(batch))


@outbox.function("benefits.give_back")
def give_back(batch: str) -> None:
    """Let the lines of a batch lapse that nobody repaired."""
    close.give_back(ObjectId(batch))


@outbox.function("benefits.tell")
def tell_person(line: str, news: str, about: str, code: str) -> None:
    """Tell a person how their line went."""
    tell.tell(ObjectId(line), news, about, code)

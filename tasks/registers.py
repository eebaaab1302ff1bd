"""The questions to the registers that nobody waits for, and forgetting what they said."""

from bson import ObjectId

from backend import outbox
from models.registers import fetch, forget

DISPUTED_SECONDS = 86_400.0


@outbox.function("registers.ask")
def ask(inquiry: str) -> None:
    """Ask a register about one person or organisation."""
    fetch.work(inquiry)


@outbox.function("registers.forget")
def forget_facts(person: str) -> None:
    """Forget what was fetched about a person who took the consent back; what is disputed, once that is over."""
    person_id = ObjectId(person)
    if not forget.consented_again(person_id) and not forget.forget(person_id):
        raise outbox.Later(DISPUTED_SECONDS)

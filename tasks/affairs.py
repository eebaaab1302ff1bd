"""The case functions that follow a write."""

from bson import ObjectId

from backend import outbox, periodic
from models.affairs import carry_out as decisions
from models.affairs import escalate, handle, service_item_publish, tell


@outbox.function("affairs.clock")
def look_at_clock(case: str, beat: str, rung: int) -> None:
    """Do what the clock of a case says is due."""
    escalate.look(ObjectId(case), beat, rung)


@outbox.function("affairs.carry_out")
def carry_out(case: str, name: str) -> None:
    """Do what a decision set going."""
    decisions.carry_out(ObjectId(case), name)


@outbox.function("affairs.tell")
def tell_applicant(case: str, news: str, seq: int) -> None:
    """Tell an applicant that their case waits for them or was decided."""
    tell.tell(ObjectId(case), news, seq)


@outbox.function("affairs.publish_item")
def publish_item(approval: str) -> None:
    """Publish a version of a service item that two persons agreed on."""
    service_item_publish.publish(ObjectId(approval))


@outbox.function("affairs.reopen_item")
def reopen_item(approval: str) -> None:
    """Turn a version of a service item that was not agreed on into a draft again."""
    service_item_publish.reopen(ObjectId(approval))


@periodic.every("affairs.return_left", queue="affairs", seconds=60)
def return_left() -> None:
    """Give back the work of members who are not active any more."""
    handle.return_left()

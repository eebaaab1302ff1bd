"""Reading what is shown at a gate as a ticket: its signed code as it is, or one drawn by the phone for the moment."""

from dataclasses import dataclass
from datetime import datetime

from backend import runtime
from backend.codes import rotating
from models.booking import ticket


@dataclass(frozen=True)
class Code:
    """A genuine code: whose ticket, how it was shown, and for a drawn one its step and how that lies to the time."""

    ticket: str
    shown_by: str = "static"
    step: int = 0
    age: rotating.Age = "fresh"


def read(text: str, at: datetime, *, more: int = 0) -> Code:
    """Return what a code says; `more` steps of a drawn one are allowed beyond the tolerance.

    Raises:
        BadCode: not one of our tickets.
    """
    if not rotating.is_drawn(text):
        return Code(ticket.identify(text))
    drawn = rotating.read(text, runtime.current().code_keys.tickets)
    age = rotating.age(drawn.step, at.timestamp(), more=more)
    return Code(ticket.identify(drawn.signed), "rotating", drawn.step, age)

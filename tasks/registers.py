"""The questions to the registers that nobody waits for, and forgetting what they said."""

from bson import ObjectId

from backend import outbox
from models.registers import fetch, forget


@outbox.function("registers.ask")
def ask(inquiry: str) -> None:
    """Ask a register about one person or organisation."""
    fetch.work(inquiry)


@outbox.function("registers.forget")
def forget_facts(person: str) -> None:
    """Forget what was fetched about a person who took the consent back."""
    forget.forget(ObjectId(person))

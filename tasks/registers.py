"""The questions to the registers that nobody waits for, and forgetting what they said."""

from bson import ObjectId

from backend import outbox
from models.identity.consent_purpose import FOR_REGISTERS
from models.registers import fetch, forget, own_organisation, owner_check

DISPUTED_SECONDS = 86_400.0
OF_FIRMS = f"{own_organisation.SOURCE}:organisation:"
"""How the ids of questions to the business register about firms begin."""


@outbox.function("registers.ask")
def ask(inquiry: str) -> None:
    """Ask a register about one person or organisation; what it says of a firm's legal person counts for its owners."""
    fetch.work(inquiry)
    code = inquiry.removeprefix(OF_FIRMS)
    if code != inquiry:
        owner_check.check(code)


@outbox.function("registers.forget")
def forget_facts(person: str, purpose: str = "") -> None:
    """Forget what was fetched about a person who took a consent back; what is disputed, once that is over.

    Without a purpose the document was taken back, and what registers said under any other consent goes with it.
    """
    person_id = ObjectId(person)
    ended = [one for one in ([purpose] if purpose else FOR_REGISTERS) if not forget.consented_again(person_id, one)]
    gone = [forget.forget(person_id, one) for one in ended]
    if not all(gone):
        raise outbox.Later(DISPUTED_SECONDS)

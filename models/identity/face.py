"""The face check (人脸核身) of an outside service, under a contract that the county makes with it.

The mini-program opens the service with a ticket, the person's face is compared there with the state's photograph, and
the service tells the outcome. No picture comes to this service. Which provider answers is an adapter's matter.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from bson import ObjectId

from backend.errors import Unprocessable
from models.identity import binding, person
from models.identity.actors import Resident
from models.identity.person import Known


@dataclass(frozen=True)
class Outcome:
    """What the provider says of one ticket: whom it was opened for, and whether the face was theirs."""

    ticket: str
    person_id: ObjectId
    passed: bool


class FaceService(Protocol):
    """An adapter of one provider."""

    def open(self, known: Known) -> str:
        """Open a check for a person's name and document; return the ticket for the mini-program.

        Raises:
            OutsideFailure: the provider did not answer.
        """

    def outcome(self, ticket: str) -> Outcome:
        """Ask the provider how a check ended.

        Raises:
            OutsideFailure: the provider did not answer, or the check is not over.
        """


class FaceNotMatched(Unprocessable):
    """422: the face is not this person's, or the check was another one's."""

    code = "face_not_matched"
    zh = "人脸核身未通过,请在光线充足处重试,或持身份证到政务服务窗口核验。"
    en = "The face check did not pass. Try again in good light, or bring your identity card to a counter."


def apply(resident: Resident, outcome: Outcome) -> None:
    """Raise the resident's binding by a face check that passed; repeating it changes nothing.

    Raises:
        FaceNotMatched: it did not pass, or was opened for somebody else.
        PersonHeld: another account holds the person surely; only a counter moves that.
    """
    if not outcome.passed or outcome.person_id != resident.person_id:
        raise FaceNotMatched
    person.read(outcome.person_id)
    ticket = hashlib.sha256(outcome.ticket.encode()).hexdigest()
    binding.raise_level(
        resident.account_id,
        outcome.person_id,
        "verified",
        method="face",
        evidence=[f"face:{ticket}"],
        by=resident.key,
    )

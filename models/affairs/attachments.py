"""Files that go with a decision or an answer."""

from collections.abc import Callable, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotFound
from backend.store import object_ids
from models.affairs import case, desks
from models.affairs.case_errors import BadAttachment
from models.audit import access_line
from models.identity import minor_approval
from models.identity.actors import Staff
from models.media import file
from models.media.file import Content

PURPOSE = "case_attachment"


def attaching(file_ids: Sequence[str], owner: str, found: dict[str, Any]) -> Callable[[ClientSession], None] | None:
    """Return what attaches files of `owner` to a case within the transaction that names them, None without files.

    When it runs, BadAttachment is raised for a file that is not there, not whole or not theirs.
    """
    if not file_ids:
        return None

    def attach(session: ClientSession) -> None:
        try:
            ids = [object_ids.read(one) for one in file_ids]
            file.attach(ids, owner, to=place(found), purpose=PURPOSE, session=session)
        except NotFound:
            raise BadAttachment from None

    return attach


def for_staff(actor: Staff, case_id: ObjectId, file_id: ObjectId, *, purpose: str) -> Content:
    """Return a file of a case, after an access line about its applicant.

    Raises:
        NotFound: no such case within the actor's scope, or no such file of it.
        MinorApprovalNeeded: the applicant is a child below fourteen, and there is no approval.
    """
    found = case.read(case_id)
    desks.reach(actor, "case.read", found)
    content = file.content(file_id, attached_to=place(found))
    subjects = case.subjects(found)
    minor_approval.require(actor, *subjects)
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=["case.files"], case=found["number"])
    return content


def place(found: dict[str, Any]) -> str:
    """Return how files name the case that they are attached to."""
    return f"case:{found['_id']}"

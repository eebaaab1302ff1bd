"""Who stands behind an import while its job works, and the audit entry of its start."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import NotAllowed
from models.audit import entry
from models.identity import staff, unit
from models.identity.actors import Staff


def acting(key: str) -> Staff:
    """Return the member of the staff of an actor's key, with the roles that they hold at this moment.

    Raises:
        NotAllowed: they are not active any more.
    """
    found = staff.read(ObjectId(key.removeprefix("staff:")))
    if found["state"] != "active":
        raise NotAllowed
    given = staff.assignments_of(found)
    return Staff(found["_id"], found["login"], "", given, unit.subtrees(one.unit for one in given))


def audit(actor: Staff, about: str, told: dict[str, Any], session: ClientSession) -> None:
    """Write that an import was started, inside the transaction that starts it."""
    entry.write(entry.line(actor.key, "sheet.import", about, unit=actor.unit, **told), session)

"""Closing a unit: only one that nobody works in and nothing lies below; and taking that back."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.store import documents, transactions
from models.audit import entry
from models.identity.actors import Staff
from models.identity.staff import StaffMember
from models.identity.unit import Unit, UnitInUse, hold, read


def close(actor: Staff, code: str) -> dict[str, Any]:
    """Close a unit; repeating it changes nothing. An invitation into it at the same time collides with it.

    Raises:
        NotFound: no such unit.
        UnitInUse: it has members who are not disabled, or active units below it.
    """
    actor.require("unit.change")
    line = entry.line(actor.key, "unit.close", f"unit:{code}", unit=code)
    closed = {"$set": {"state": "closed", "closed_at": clock.now()}, "$inc": {"touched": 1}}
    members = {"assignments.unit": code, "state": {"$ne": "disabled"}}

    def write(session: ClientSession) -> None:
        if (
            not Unit._get_collection()
            .update_one({"_id": code, "state": "active"}, closed, session=session)
            .matched_count
        ):
            return
        below = Unit._get_collection().find_one({"parent": code, "state": "active"}, {"_id": 1}, session=session)
        if below or StaffMember._get_collection().find_one(members, {"_id": 1}, session=session):
            raise UnitInUse
        entry.write(line, session)

    read(code)
    transactions.run(write)
    return read(code)


def reopen(actor: Staff, code: str) -> dict[str, Any]:
    """Open a closed unit again; repeating it changes nothing.

    Raises:
        NotFound: no such unit.
        UnitUnknown: its parent is closed.
    """
    actor.require("unit.change")
    line = entry.line(actor.key, "unit.reopen", f"unit:{code}", unit=code)

    def write(session: ClientSession) -> None:
        found = documents.one(Unit, {"_id": code}, session=session)
        if found["state"] == "active":
            return
        if found.get("parent"):
            hold({"parent": found["parent"]}, session)
        change = {"$set": {"state": "active"}, "$unset": {"closed_at": ""}, "$inc": {"touched": 1}}
        Unit._get_collection().update_one({"_id": code}, change, session=session)
        entry.write(line, session)

    transactions.run(write)
    return read(code)

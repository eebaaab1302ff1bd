"""Readings that wait for a person (待核对): it is not sure whose they are, or a unit is not understood."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.store import paging, transactions
from models.audit import access_line, entry
from models.eldercare import codes, kiosk_readings, kiosk_session, subject
from models.eldercare.kiosk_session import HELD_ZH, HealthSession
from models.identity.actors import Staff

OPERATION, PURPOSE = "health.settle", "health_care"


def listed(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what waits at the kiosks of the actor's units, the newest first."""
    units = actor.units_for(OPERATION)
    query: dict[str, Any] = {"held": True} | ({} if units is None else {"unit": {"$in": sorted(units)}})
    collection = HealthSession._get_collection()
    found, following = paging.page(collection, query, sort=("opened_at", -1), cursor=cursor, limit=limit)
    _note(actor, found)
    return [_shown(one) for one in found], following


def identify(actor: Staff, session_id: str, subject_id: ObjectId) -> dict[str, Any]:
    """Say whose readings these are; those that can be measurements become the elder's.

    Raises:
        NotFound: nothing of this id waits at the actor's units, or they do not care for the elder.
    """
    found = _reached(actor, session_id)
    if found["state"] != "held":
        raise NotFound
    whose = subject.in_reach(subject_id, actor.units_for(OPERATION))
    follow = kiosk_session.closing(session_id)
    _settle(actor, found, {**kiosk_session.identify(whose["_id"])}, follow)
    found = kiosk_readings.close(session_id)
    _note(actor, [found])
    return _shown(found)


def discard(actor: Staff, session_id: str) -> dict[str, Any]:
    """Say that what waits is no use; readings that became measurements stay.

    Raises:
        NotFound: nothing of this id waits at the actor's units.
    """
    found = _reached(actor, session_id)
    _settle(actor, found, {"state": "discarded"} if found["state"] == "held" else {}, None)
    found = kiosk_session.read(session_id)
    _note(actor, [found])
    return _shown(found)


def _note(actor: Staff, shown: Iterable[Mapping[str, Any]]) -> None:
    """Store the access line for those of whom it is known whose readings they are."""
    ids = sorted({one["subject"] for one in shown if one.get("subject")})
    found = subject.HealthSubject._get_collection().find({"_id": {"$in": ids}}, {"person": 1}) if ids else ()
    persons = [subject.person_of(one) for one in found]
    access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=["health.held_readings"])


def _settle(actor: Staff, found: dict[str, Any], change: dict[str, Any], follow: dict[str, Any] | None) -> None:
    what = "health.reading_identify" if follow else "health.reading_discard"
    about = f"health_session:{found['_id']}"
    told = {"subject": str(change["subject"])} if "subject" in change else {}
    line = entry.line(actor.key, what, about, unit=found["unit"], **told)

    def write(session: ClientSession) -> None:
        kiosk_session.settle(found["_id"], {**change, "settled_by": actor.key}, follow, session)
        entry.write(line, session)

    transactions.run(write)


def _reached(actor: Staff, session_id: str) -> dict[str, Any]:
    found, units = kiosk_session.read(session_id), actor.units_for(OPERATION)
    if not found.get("held") or (units is not None and found["unit"] not in units):
        raise NotFound
    return found


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    reason = found.get("reason", "")
    told = {
        "id": found["_id"],
        "device_id": found["device"],
        "at": clock.civil(found["opened_at"]).isoformat(timespec="seconds"),
        "state": found["state"],
        "state_zh": kiosk_session.STATE_ZH[found["state"]],
        "reason": reason,
        "reason_zh": HELD_ZH.get(reason, "一卡通码未通过核验") if reason else "",
        "readings": [_reading(one) for one in found["readings"]],
    }
    return {name: value for name, value in told.items() if value != ""}


def _reading(one: dict[str, Any]) -> dict[str, Any]:
    values = [
        {"quantity": name, "quantity_zh": codes.zh(name), "value": value, "unit": one["units"][name]}
        for name, value in one["numbers"].items()
    ]
    at = clock.civil(one["at"]).isoformat(timespec="seconds")
    return {"key": one["key"], "code": one["code"], "code_zh": codes.zh(one["code"]), "at": at, "values": values}

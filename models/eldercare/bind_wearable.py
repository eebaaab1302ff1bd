"""Binding a wearable to an elder: at a counter by who cares for them, or by phone with the code in the box."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.eldercare import health_device, subject, wearing
from models.identity.actors import Resident, Staff

MEASURE = "health.measure"


class ClaimWrong(Unprocessable):
    """422: no wearable of this number has this code."""

    code = "health_wearable_claim_wrong"
    zh = "设备编号或绑定码不对,请按包装盒上的标签填写,或请村卫生室协助。"
    en = "The number or the code is wrong. Copy both from the label, or ask at the village clinic."


def by_phone(actor: Resident, device_id: str, code: str) -> dict[str, Any]:
    """Let the person for whom a resident acts wear a device from now on; return the wearing.

    Raises:
        ClaimWrong: there is no such wearable in use, or the code is another one.
        WornByOther, TooManyWorn: it cannot be worn.
    """
    found = _wearable(device_id)
    if found is None or not health_device.claimed(found, code):
        raise ClaimWrong
    assert actor.subject_id is not None, "the route asks for a matched person"
    whose = subject.enrol(actor.subject_id, by=actor.key)
    return _shown(wearing.begin(device_id, whose["_id"], actor.key), found)


def at_counter(actor: Staff, subject_id: ObjectId, device_id: str) -> dict[str, Any]:
    """Let an elder for whom the actor's unit cares wear a device from now on; return the wearing.

    Raises:
        NotFound: no such elder in the actor's scope, or no such wearable in use.
        WornByOther, TooManyWorn: it cannot be worn.
    """
    whose = subject.in_reach(subject_id, actor.units_for(MEASURE))
    found = _wearable(device_id)
    if found is None:
        raise NotFound
    line = _line(actor, "health.wearable_bind", whose["_id"], device_id)

    def change(session: ClientSession) -> dict[str, Any]:
        made = wearing.begin(device_id, whose["_id"], actor.key, session)
        entry.write(line, session)
        return made

    return _shown(transactions.run(change), found)


def end_by_phone(actor: Resident, device_id: str) -> dict[str, Any]:
    """End a wearing; ending it again changes nothing.

    Raises:
        NotFound: the person never wore it.
    """
    whose = subject.of_person(actor.subject_id, {"_id": 1})
    if whose is None:
        raise NotFound
    return _shown(wearing.end(device_id, whose["_id"], actor.key), _wearable(device_id))


def end_at_counter(actor: Staff, subject_id: ObjectId, device_id: str) -> dict[str, Any]:
    """End a wearing of an elder for whom the actor's unit cares; ending it again changes nothing.

    Raises:
        NotFound: no such elder in the actor's scope, or they never wore it.
    """
    whose = subject.in_reach(subject_id, actor.units_for(MEASURE))
    line = _line(actor, "health.wearable_end", whose["_id"], device_id)

    def change(session: ClientSession) -> dict[str, Any]:
        ended = wearing.end(device_id, whose["_id"], actor.key, session)
        entry.write(line, session)
        return ended

    return _shown(transactions.run(change), _wearable(device_id))


def listed(subject_id: ObjectId) -> list[dict[str, Any]]:
    """Return what an elder wears and wore, the newest first."""
    found = wearing.of_subject(subject_id)
    ids = sorted({one["device"] for one in found})
    known = health_device.HealthDevice._get_collection().find({"_id": {"$in": ids}}) if ids else ()
    devices = {one["_id"]: one for one in known}
    return [_shown(one, devices.get(one["device"])) for one in found]


def of_resident(actor: Resident) -> list[dict[str, Any]]:
    """Return what the person for whom a resident acts wears and wore."""
    whose = subject.of_person(actor.subject_id, {"_id": 1})
    return listed(whose["_id"]) if whose else []


def _line(actor: Staff, what: str, subject_id: ObjectId, device_id: str) -> dict[str, Any]:
    return entry.line(actor.key, what, f"health_subject:{subject_id}", unit=actor.unit, device=device_id)


def _wearable(device_id: str) -> dict[str, Any] | None:
    query = {"_id": device_id, "kind": "wearable", "state": "active"}
    return health_device.HealthDevice._get_collection().find_one(query)


def _shown(found: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
    told = {
        "id": str(found["_id"]),
        "device_id": found["device"],
        "name": known["name"] if known else "",
        "since": clock.civil(found["since"]).isoformat(timespec="seconds"),
        "until": clock.civil(found["until"]).isoformat(timespec="seconds") if found.get("until") else "",
        "worn": bool(found.get("live")),
    }
    return {name: value for name, value in told.items() if value != ""}

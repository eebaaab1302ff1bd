"""Pool water as it is shown: each value with its limit and the standard that says so. Nobody is named."""

from typing import Any

from backend import clock
from models.identity.actors import Staff
from models.places import scope
from models.sport import venue, water_reading, water_state
from models.sport.water_limits import INDICATORS, MILLI

HALTED_ZH = {True: "暂停预约", False: "正常"}


def of_venue(place_id: str) -> list[dict[str, Any]]:
    """Return the water of a venue for everybody: the newest reading, and whether sales stand still.

    Raises:
        NotFound: no such venue.
    """
    venue.read(place_id)
    return [_state(one) for one in water_state.of_place(place_id) if one.get("latest")]


def history(place_id: str, water: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the readings of a body of water for everybody, newest first.

    Raises:
        NotFound: no such venue.
    """
    venue.read(place_id)
    found, following = water_reading.listed(place_id, water, cursor=cursor, limit=limit)
    return [reading(one) for one in found], following


def for_staff(actor: Staff, place_id: str) -> list[dict[str, Any]]:
    """Return the water of a venue with its alarms.

    Raises:
        NotFound: no such venue in the actor's scope.
    """
    scope.place(actor, "place.read", place_id)
    return [of_state(one) for one in water_state.of_place(place_id)]


def decided(actor: Staff, place_id: str, water: str, *, sell: bool, reason: str) -> dict[str, Any]:
    """Let a person decide whether a pool sells; return its state.

    Raises:
        NotFound: no such venue in the actor's scope, or it was never measured.
    """
    unit = scope.place(actor, "sport.water", place_id).get("unit") or ""
    found = water_state.read(water_state.water_id(place_id, water))
    return of_state(water_state.decide(actor, found, sell=sell, reason=reason, unit=unit))


def of_state(found: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a body of water for the staff."""
    told = {**_state(found), "id": found["_id"], "bad_in_row": found["bad_in_row"], "stopped": found["stopped"]}
    if found.get("alarm"):
        told["alarm_since"] = _time(found["alarm"]["at"])
        told["alarm_zh"] = "、".join(INDICATORS[code].zh for code in found["alarm"]["wrong"]) + "超出限值"
    if found.get("decided"):
        told |= {"decided_zh": water_state.REASONS[found["decided"]], "decided_at": _time(found["decided_at"])}
    return told


def _state(found: dict[str, Any]) -> dict[str, Any]:
    told = {"place_id": found["place"], "water": found["water"], "halted": found["halted"]}
    told["halted_zh"] = HALTED_ZH[found["halted"]]
    latest = found.get("latest")
    return told | ({"latest": reading(water_reading.read(latest["_id"]))} if latest else {})


def reading(found: dict[str, Any]) -> dict[str, Any]:
    """Return one reading with its limits."""
    values = [
        _value(code, milli, found.get("limits", {}).get(code), code in found["wrong"])
        for code, milli in sorted(found["values"].items())
    ]
    by = (
        {"source": "device", "source_zh": "在线监测"}
        if found.get("device")
        else {"source": "staff", "source_zh": "人工检测"}
    )
    return {"id": found["_id"], "at": _time(found["at"]), "good": not found["wrong"], **by, "values": values}


def _value(code: str, milli: int, limit: dict[str, Any] | None, wrong: bool) -> dict[str, Any]:
    one = INDICATORS[code]
    told = {"indicator": code, "indicator_zh": one.zh, "unit": one.unit, "value": milli / MILLI, "good": not wrong}
    if limit:
        told |= {side: limit[side] / MILLI for side in ("least", "most") if limit[side] is not None}
        told["standard"] = limit["standard"]
    return told


def _time(at: Any) -> str:
    return clock.civil(at).isoformat(timespec="seconds")

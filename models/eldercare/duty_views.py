"""Rosters as staff read them: whose duty it is, by login. Plain dicts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import BadInput, NotFound
from models.eldercare import alert_load, duty_roster
from models.eldercare.alert_views import wire
from models.identity.actors import Staff
from models.identity.staff import StaffMember

LOOKS = "health.alert"
REPORT = "health.report"
LONGEST_DAYS = 31


class SpanWrong(BadInput):
    """400: the days are in the wrong order, or too many."""

    code = "health_load_span"
    zh = "起止日期有误:结束日不早于开始日,且一次最多查询 31 天。"
    en = "The days are in the wrong order, or more than 31."

    def __init__(self) -> None:
        super().__init__(fields={"to": [self.zh]})


def roster(actor: Staff, unit: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the duties of a unit that are not over.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(duty_roster.OPERATION)
    found, following = duty_roster.coming(unit, cursor=cursor, limit=limit)
    return _shown(found), following


def now_on_duty(actor: Staff) -> list[dict[str, Any]]:
    """Return who is on duty at this moment for the units that one works for.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(LOOKS)
    units = actor.units_for(LOOKS)
    return _shown(duty_roster.standing(sorted(units) if units is not None else [actor.unit], clock.now()))


def load(actor: Staff, unit: str, first: date, last: date) -> list[dict[str, Any]]:
    """Return what alerts asked of a unit between two days (inclusive), at most a month.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: the unit is out of reach.
        SpanWrong: the days do not do.
    """
    actor.require(REPORT)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise SpanWrong
    units = actor.units_for(REPORT)
    if units is not None and unit not in units:
        raise NotFound
    shifts = alert_load.of_unit(unit, first, last)
    logins = _logins(ObjectId(one["staff_id"]) for shift in shifts for one in shift["members"])
    for shift in shifts:
        shift["members"] = [one | {"login": logins.get(ObjectId(one["staff_id"]), "")} for one in shift["members"]]
    return shifts


def _shown(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    logins = _logins(one["staff"] for one in found)
    return [one_shown(one, logins.get(one["staff"], "")) for one in found]


def one_shown(one: Mapping[str, Any], login: str) -> dict[str, Any]:
    """Return a duty with the login of whose it is."""
    told = {"id": one["_id"], "unit": one["unit"], "login": login, "live": one["live"]}
    told |= {"level": one["level"], "level_zh": duty_roster.LEVEL_ZH[one["level"]]}
    return told | {"begins": wire(one["begins"]), "until": wire(one["until"])}


def login_of(member_id: ObjectId) -> str:
    """Return the login of a member, empty where there is none."""
    return _logins([member_id]).get(member_id, "")


def _logins(members: Iterable[ObjectId]) -> dict[ObjectId, str]:
    wanted = sorted(set(members))
    found = StaffMember._get_collection().find({"_id": {"$in": wanted}}, {"login": 1}) if wanted else ()
    return {one["_id"]: one["login"] for one in found}

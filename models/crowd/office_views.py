"""What staff see of crowds in their scope: live figures with sources and their freshness, limits, records, reports."""

from datetime import date, datetime
from typing import Any

from backend import clock
from backend.errors import BadInput, NotFound
from models.crowd import fuse, history_views, limit, live_views, movement, record, source, state, thresholds
from models.crowd.movement import CrowdDay
from models.crowd.spot import WHOLE, Spot, day_of
from models.crowd.state import CrowdState
from models.identity.actors import Staff
from models.places import scope
from models.places.place import Place

OPERATION = "crowd.read"
REPORT = "crowd.report"
MOST_ROWS = 20_000
HEADERS = (
    "日期",
    "景区",
    "分区",
    "入园人次",
    "出园人次",
    "其中补传",
    "最高在园人数",
    "最高时刻",
    "首次黄色",
    "首次红色",
    "等级变化次数",
    "现场清点次数",
    "数据不一致次数",
)
_KIND_OF = {"inside": "camera", "flow": "flow", "parking": "parking"}


class ReportTooLong(BadInput):
    """400: the report would have too many lines."""

    code = "crowd_report_too_long"
    zh = f"这段时间的数据超过 {MOST_ROWS} 行,请缩短日期范围,或只选一个景点。"
    en = f"These days have more than {MOST_ROWS} lines. Choose fewer days, or one place."

    def __init__(self) -> None:
        super().__init__(fields={"to": [self.zh]})


def listed(actor: Staff) -> list[dict[str, Any]]:
    """Return the live figures of the places in the actor's scope that are counted."""
    actor.require(OPERATION)
    found = list(CrowdState._get_collection().find({"zone": WHOLE}, {"outbox": 0}).sort("_id", 1).limit(state.MOST))
    places = {one["_id"]: one for one in Place._get_collection().find({"_id": {"$in": [s["place"] for s in found]}})}
    figures = thresholds.on(clock.today())
    return [
        _live(one, places[one["place"]]["name"], figures)
        for one in found
        if one["place"] in places and scope.reaches(actor, OPERATION, places[one["place"]])
    ]


def detailed(actor: Staff, place_id: str) -> dict[str, Any]:
    """Return a place's figures with its zones, sources and limits.

    Raises:
        NotFound: no such place in the actor's scope, or nobody counts there.
    """
    known = scope.place(actor, OPERATION, place_id)
    figures = thresholds.on(clock.today())
    found = list(CrowdState._get_collection().find({"place": place_id}, {"outbox": 0}).sort("_id", 1).limit(state.MOST))
    whole = next((one for one in found if one["zone"] == WHOLE), None)
    if whole is None:
        raise NotFound
    zones = [{"zone": one["zone"], **_live(one, known["name"], figures)} for one in found if one["zone"] != WHOLE]
    return {**_live(whole, known["name"], figures), "zones": zones, "limits": limits(actor, place_id)}


def _live(found: dict[str, Any], name: str, figures: thresholds.Thresholds) -> dict[str, Any]:
    now, spot = clock.now(), Spot(found["place"], found["zone"])
    of_day = movement.day(spot, day_of(now))
    shown = {
        "place_id": spot.place,
        "name": name,
        **live_views.told(found, figures, now),
        "entries_today": movement.entries(of_day),
        "load": found.get("load", {}),
        "basis": found.get("basis", ""),
        "basis_zh": fuse.KIND_ZH.get(found.get("basis", ""), ""),
        "sources": [*_running(found, now, figures), *(_sensor(one, now, figures) for one in source.of(spot))],
    }
    if told := found.get("alarm"):
        shown["alarm"] = {"kind": told["kind"], "at": _moment(told["at"]), "apart_percent": told["apart_percent"]}
    if told := state.override_now(found, now):
        shown["override"] = {"state": told["state"], "until": _moment(told["until"]), "at": _moment(told["at"])}
    return shown


def _running(found: dict[str, Any], now: datetime, figures: thresholds.Thresholds) -> list[dict[str, Any]]:
    return [
        {
            "id": kind,
            "kind": kind,
            "kind_zh": fuse.KIND_ZH[kind],
            "figures": {"inside": one["inside"]},
            "at": _moment(one["at"]),
            "fresh": now - one["at"] <= fuse.stale_after(kind, figures),
            "state": "active",
        }
        for kind, one in sorted(found.get("counts", {}).items())
    ]


def _sensor(found: dict[str, Any], now: datetime, figures: thresholds.Thresholds) -> dict[str, Any]:
    kind = _KIND_OF[found["kind"]]
    return {
        "id": found["_id"],
        "name": found.get("name", ""),
        "kind": kind,
        "kind_zh": fuse.KIND_ZH[kind],
        "figures": found["figures"],
        "at": _moment(found["at"]),
        "skew_seconds": found.get("skew_seconds", 0),
        "fresh": now - found["at"] <= fuse.stale_after(kind, figures),  # type: ignore[arg-type]
        "state": found["state"],
    }


def limits(actor: Staff, place_id: str) -> list[dict[str, Any]]:
    """Return the limits of a place and its zones with their history.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, OPERATION, place_id)
    return [shown_limit(one) for one in limit.of_place(place_id)]


def shown_limit(found: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of one spot as they go out."""
    names = ("instantaneous", "daily", "valid_from", "valid_to", "source", "demo")
    values = [{name: one[name] for name in names if name in one} for one in found["values"]]
    return {"place_id": found["place"], "zone": found["zone"], "values": values}


def records(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the records of a place, newest first: numbers and times, nobody's name, no free text.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, REPORT, place_id)
    found, following = record.listed(place_id, cursor=cursor, limit=limit)
    return [_record(one) for one in found], following


def _record(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["_id"],
        "zone": found["zone"],
        "at": _moment(found["at"]),
        "what": found["what"],
        "what_zh": record.WHAT_ZH[found["what"]],
        "by": "staff" if "by" in found else "system",
        "details": found.get("details", {}),
        "done": found.get("done", {}),
    }


def report(actor: Staff, first: date, last: date, place_id: str | None) -> list[dict[str, Any]]:
    """Return the days of the actor's places in a span, for the regulator.

    Raises:
        NotFound: no such place in the actor's scope.
        SpanWrong: the span is empty or too long.
        ReportTooLong: it would have too many lines.
    """
    actor.require(REPORT)
    if not 0 <= (last - first).days < history_views.MOST_DAYS:
        raise history_views.SpanWrong
    query: dict[str, Any] = {"day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
    if place_id:
        scope.place(actor, REPORT, place_id)
        query["place"] = place_id
    found = list(CrowdDay._get_collection().find(query).sort([("day", 1), ("_id", 1)]).limit(MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise ReportTooLong
    ids = sorted({one["place"] for one in found})
    places = {one["_id"]: one for one in Place._get_collection().find({"_id": {"$in": ids}})}
    reached = {one for one, known in places.items() if scope.reaches(actor, REPORT, known)}
    return [_report(one, places[one["place"]]["name"]) for one in found if one["place"] in reached]


def _report(found: dict[str, Any], name: str) -> dict[str, Any]:
    moments = ("peak_at", "amber_at", "red_at")
    counts = ("late", "transitions", "headcounts", "alarms")
    return {
        "place_id": found["place"],
        "name": name,
        "zone": found["zone"],
        **history_views.day(found),
        **{one: found.get(one, 0) for one in counts},
        **{one: _moment(found[one]) for one in moments if one in found},
    }


def lines(items: list[dict[str, Any]]) -> list[list[Any]]:
    """Return a report as the rows of a table under `HEADERS`."""
    names = ("day", "name", "zone", "entries", "exits", "late", "most_inside", "peak_at", "amber_at", "red_at")
    tail = ("transitions", "headcounts", "alarms")
    return [[one.get(name, "") for name in (*names, *tail)] for one in items]


def _moment(at: datetime) -> str:
    return clock.civil(at).isoformat(timespec="seconds")

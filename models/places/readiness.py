"""What is missing before a place can be sold: a check list, each line a sentence that says what to do next."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from backend import clock
from backend.calendar import CalendarYearMissing
from backend.errors import Conflict
from models.booking.slot import WHOLE, Slot
from models.identity.actors import Staff
from models.identity.device import Device
from models.identity.unit import Unit
from models.places import demo_parts, opening, place, resource, scope, slot_plan

LOOKED_AT = 30
"""Days ahead of which at least one must have slots."""
MOST_GATES = 200
Found = dict[str, Any]
Line = tuple[str, str, str]
"""Code, state and sentence: `ok`, `missing` where it cannot be sold without, `advice` where it can."""


class NotReady(Conflict):
    """409: the place cannot be sold yet."""

    code = "place_not_ready"
    zh = "还不能开放预约:{why}"
    en = "The place cannot be sold yet; look at its check list."


def read(actor: Staff, place_id: str) -> Found:
    """Return the check list of a place.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    lines = list(_lines(scope.place(actor, "place.read", place_id)))
    items = [dict(zip(("code", "state", "sentence_zh"), one, strict=True)) for one in lines]
    return {"place_id": place_id, "ready": all(state != "missing" for _, state, _ in lines), "items": items}


def require(found: Found) -> None:
    """Refuse a place that cannot be sold.

    Raises:
        NotReady: something is missing.
    """
    for _code, state, sentence in _lines(found):
        if state == "missing":
            raise NotReady(why=sentence)


def _lines(found: Found) -> Iterator[Line]:
    resources = resource.of_place(found["_id"])
    yield _hours(found)
    yield _plan(found, resources)
    yield from _prices([found, *resources])
    yield _refund(found, resources)
    yield _payee(found)
    yield _gates(found)
    yield _made_up(found, resources)
    yield _calendar()
    yield _open(found, resources)


def _line(code: str, good: bool, ok: str, else_: str, *, state: str = "missing") -> Line:
    return (code, "ok", ok) if good else (code, state, else_)


def _hours(found: Found) -> Line:
    told = found.get("opening") or {}
    there = any(spans for week in _weeks(told) for spans in week.values())
    return _line("hours", there, "开放时间已填写。", "还没有开放时间,请填写每周开放时间。")


def _weeks(told: Found) -> list[Found]:
    return [told.get("weekly") or {}, *(one["weekly"] for one in told.get("seasons", []))]


def _plan(found: Found, resources: list[Found]) -> Line:
    there = any(_lines_coming(one) for one in (found, *resources))
    return _line("plan", there, "时段方案已设置。", "没有现行或将要执行的时段方案,请设置时段和名额。")


def _lines_coming(seller: Found) -> list[Found]:
    today = clock.today().isoformat()
    return [one for one in seller.get("slots") or [] if (one.get("valid_to") or "9999-12-31") >= today]


def _prices(sellers: list[Found]) -> Iterator[Line]:
    """Every line of a plan sells at least one ticket type that has a price by the day on which it begins to hold."""
    bare = 0
    for seller in sellers:
        for line in _lines_coming(seller):
            day = max(line.get("valid_from") or "", clock.today().isoformat())
            record = slot_plan.record("x", line, day, place.ticket_types_on(seller, day), {})
            bare += not record["classes"]
    yield _line("prices", not bare, "各时段都有可售票种和价格。", f"有 {bare} 个时段没有可售的票种,请设置门票价格。")


def _refund(found: Found, resources: list[Found]) -> Line:
    today = clock.today().isoformat()
    lacking = [
        one
        for one in (found, *resources)
        if _lines_coming(one) and not slot_plan.in_force(_versions(one, found), today)
    ]
    return _line("refund_rule", not lacking, "退款规则已设置。", "没有现行的退款规则,请设置退票时间和比例。")


def _versions(one: Found, found: Found) -> list[Found]:
    return one.get("refund_versions") or found.get("refund_versions") or []


def _payee(found: Found) -> Line:
    code = found.get("unit") or ""
    unit = Unit._get_collection().find_one({"_id": code}, {"state": 1}) if code else None
    there = bool(unit and unit.get("state", "active") == "active")
    return _line("payee", there, "收款单位已明确。", "没有在用的管理单位,门票收入无处入账,请在景点资料中填写单位代码。")


def _gates(found: Found) -> Line:
    rows = Device._get_collection().find({"place": found["_id"]}, {"state": 1, "scanner_class": 1}).limit(MOST_GATES)
    number = sum(one["state"] == "active" and one.get("scanner_class", "venue") == "venue" for one in rows)
    zh = "没有登记检票设备,只能人工核对订单;请登记闸机或手持检票机。"
    return _line("gates", bool(number), f"已登记 {number} 台检票设备。", zh, state="advice")


def _made_up(found: Found, resources: list[Found]) -> Line:
    named = [one["name_zh"] for one in resources if one.get("demo")]
    parts = "、".join([*(demo_parts.PARTS_ZH[one] for one in demo_parts.of(found)), *named])
    return _line("demo", not parts, "没有演示数据。", f"{parts}仍是演示数据,请与管理单位核对后重新填写。")


def _calendar() -> Line:
    """Public holidays of the days that are sold must be known."""
    last = clock.today() + timedelta(days=place.DAYS_AHEAD)
    there = all(_is_known(day) for day in (clock.today(), last))
    zh = f"{last.year} 年的节假日安排尚未导入,工作日与休息日时段可能有误;请系统管理员导入。"
    return _line("calendar", there, "节假日安排已导入。", zh, state="advice")


def _is_known(day: date) -> bool:
    try:
        opening.calendar().is_workday(day)
    except CalendarYearMissing:
        return False
    return True


def _open(found: Found, resources: list[Found]) -> Line:
    """Tell whether something can be booked in the coming days."""
    today = clock.today()
    days = {"$gte": today.isoformat(), "$lte": (today + timedelta(days=LOOKED_AT)).isoformat()}
    query = {"place": found["_id"], "day": days, "kind": {"$ne": "day"}, "state": {"$ne": "closed"}}
    there = any(
        Slot._get_collection().find_one({**query, "resource": code}, {"_id": 1})
        for code in (WHOLE, *(one["code"] for one in resources))
    )
    zh = "今后 30 天没有可预约的时段;开放预约后每天自动开放,也可以现在手动开放。"
    return _line("open_slots", there, "今后 30 天已有可预约的时段。", zh, state="advice")

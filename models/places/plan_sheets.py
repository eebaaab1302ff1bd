"""Plans of slots, daily caps and refund rules as sheets. Open slots follow when somebody brings them to what is set."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from backend import clock
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.booking.slot import SHARES_ZH
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows
from models.places import place_change, plan_change
from models.places.opening import WEEKDAYS
from models.places.place import Place
from models.places.place_sheets import DEAREST_FEN, LARGEST_QUOTA, PLACE, check_known

_WEEK_ZH = dict(zip("一二三四五六日", WEEKDAYS, strict=True))
_PRICE = re.compile(r"([a-z][a-z0-9_]{1,31})[:=](\d{1,6}(?:\.\d{1,2})?)")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ROW = re.compile(r"(?:(\d{1,3})天|(\d{1,5})分钟):(\d{1,3})%?")
MOST_PERCENT, MOST_DAYS, MOST_MINUTES = 100, 365, 60 * 24 * 30
SHARES = tuple(SHARES_ZH)
Told = dict[str, Any]


def weekdays(text: str) -> list[str]:
    """Return the weekdays of `周一、周三` or `一三五`.

    Raises:
        CellWrong: it names none, or something else.
    """
    told = [one for one in text if one not in "周星期、,, "]
    if not told or any(one not in _WEEK_ZH for one in told):
        raise CellWrong("应为周一、周二这样的星期,多个用顿号分开。")
    return [day for zh, day in _WEEK_ZH.items() if zh in told]


def weekdays_zh(days: list[str]) -> str:
    """Return weekdays as a sheet writes them."""
    return "、".join(f"周{zh}" for zh, day in _WEEK_ZH.items() if day in days)


def prices(text: str) -> dict[str, int]:
    """Return the prices in 分 of `adult:60、student:30.50`.

    Raises:
        CellWrong: it cannot be read, names a type twice, or a price is too high.
    """
    found = [_PRICE.fullmatch(one) for one in _parts(text)]
    told = {one[1]: round(float(one[2]) * 100) for one in found if one}
    if len(told) < len(found) or not told:
        raise CellWrong("应为 adult:60、student:30 这样的票种代码和价格(元),每个票种一次。")
    if max(told.values()) > DEAREST_FEN:
        raise CellWrong(f"价格最高 {DEAREST_FEN // 100} 元。")
    return told


def prices_text(told: Mapping[str, int]) -> str:
    """Return prices as a sheet writes them."""
    return "、".join(f"{code}:{fen // 100}.{fen % 100:02d}" for code, fen in told.items())


def codes(text: str) -> list[str]:
    """Return the codes of `standard、student`.

    Raises:
        CellWrong: it names none, or something else.
    """
    told = _parts(text)
    if not told or any(not _CODE.fullmatch(one) for one in told):
        raise CellWrong("应为 standard、student 这样的票种代码,多个用顿号分开。")
    return list(dict.fromkeys(told))


def refund_rows(text: str) -> list[dict[str, int]]:
    """Return the rows of `1天:100%、0天:0%` or `120分钟:50%`.

    Raises:
        CellWrong: it cannot be read.
    """
    found = [_ROW.fullmatch(one) for one in _parts(text)]
    rows = [_row(one) for one in found if one]
    if len(rows) < len(found) or not rows:
        raise CellWrong("应为“1天:100%、0天:0%”或“120分钟:50%”,多行用顿号分开。")
    return rows


def _row(found: re.Match[str]) -> dict[str, int]:
    name, number, most = (
        ("from_days_before", int(found[1]), MOST_DAYS)
        if found[1]
        else ("from_minutes_before", int(found[2]), MOST_MINUTES)
    )
    if number > most or int(found[3]) > MOST_PERCENT:
        raise CellWrong("最多提前 365 天或 43200 分钟,比例不超过 100%。")
    return {name: number, "percent": int(found[3])}


def rows_text(rows: list[dict[str, int]]) -> str:
    """Return the rows of a refund rule as a sheet writes them."""
    return "、".join(
        f"{one['from_days_before']}天:{one['percent']}%"
        if "from_days_before" in one
        else f"{one['from_minutes_before']}分钟:{one['percent']}%"
        for one in rows
    )


def _parts(text: str) -> list[str]:
    told = unicodedata.normalize("NFKC", text)
    return [one for one in re.split(r"[、,;\s]+", told) if one]


_KINDS = {"工作日": "workday", "休息日": "rest"}
_FROM = Column("valid_from", "生效日期", "date", aliases=("起始日期",), example="2027-01-01", help="不填为今天。")
_TO = Column("valid_to", "截止日期", "date", example="2027-10-07", help="长期有效可不填。")
SLOT_PLANS = Sheet(
    "slot-plans",
    "时段方案",
    (
        PLACE,
        Column("start", "开始", "time", required=True, aliases=("开始时间",), example="09:00"),
        Column("end", "结束", "time", required=True, aliases=("结束时间",), example="11:00"),
        Column(
            "quota",
            "名额",
            "int",
            required=True,
            aliases=("限额",),
            most=LARGEST_QUOTA,
            example="300",
            help="填 0 表示今后不再开放这个时段。",
        ),
        Column("weekdays", "星期", read=weekdays, example="周六、周日", help="每天都有可不填。"),
        Column("day_kind", "日别", "choice", choices=_KINDS, example="休息日", help="按调休后的工作日、休息日。"),
        *(
            Column(
                name, f"{zh}名额", "int", most=LARGEST_QUOTA, example="40", help="名额中专给这一类的部分;不分可不填。"
            )
            for name, zh in SHARES_ZH.items()
        ),
        Column("prices", "票价", read=prices, most=400, example="adult:60、student:30", help="不填按门票价格表。"),
        Column("season_from", "方案起", "date", example="2027-05-01", help="全年一致可不填。"),
        Column("season_to", "方案止", "date", example="2027-10-31"),
    ),
    unique=("place", "start", "weekdays", "day_kind", "season_from", "season_to"),
)
DAILY_CAPS = Sheet(
    "daily-caps",
    "日限额",
    (
        PLACE,
        Column(
            "places", "日限额", "int", aliases=("每日限额",), most=LARGEST_QUOTA, example="5000", help="不填为不限。"
        ),
        _FROM,
        _TO,
    ),
    unique=("place", "valid_from", "valid_to"),
)
REFUND_RULES = Sheet(
    "refund-rules",
    "退款规则",
    (
        PLACE,
        Column(
            "rows",
            "退款比例",
            required=True,
            read=refund_rows,
            most=300,
            example="1天:100%、0天:0%",
            help="“1天:100%”为参观日前一天及更早退全额;“120分钟:50%”为开始前 120 分钟及更早退一半。",
        ),
        _FROM,
        _TO,
    ),
    unique=("place", "valid_from", "valid_to"),
)


def _check_plans(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from check_known(actor, rows)
    ids = sorted({told["place"] for _, told in rows})
    found = Place._get_collection().find({"_id": {"$in": ids}}, {"slots": 1, "ticket_types": 1})
    known = {one["_id"]: one for one in found}
    for row, told in rows:
        if told["end"] <= told["start"]:
            yield row, "end", "结束应晚于开始。"
        if share := next((name for name in SHARES if (told[name] or 0) > told["quota"]), None):
            yield row, share, "份额不能多于名额。"
        if told["season_from"] and told["season_to"] and told["season_to"] < told["season_from"]:
            yield row, "season_to", "方案止不能早于方案起。"
        codes = {one["code"] for one in known.get(told["place"], {}).get("ticket_types") or []}
        if lacking := sorted(set(told["prices"] or {}) - codes):
            yield row, "prices", f"没有票种 {lacking[0]},请先导入门票价格。"
    yield from _check_meeting(rows, known)


def _check_meeting(rows: Rows, known: Mapping[str, Told]) -> Iterator[Problem]:
    """A line must not hold at the same time as another of the sheet, or one of the plan that the sheet leaves."""
    mine: dict[str, list[Told]] = defaultdict(list)
    for row, told in rows:
        line = _line(told)
        others = [one for one in known.get(told["place"], {}).get("slots") or [] if _coming(one)]
        named = [_name(_line(one)) for _, one in rows if one["place"] == told["place"]]
        left = [one for one in others if _name(one) not in named]
        if told["quota"] and any(plan_change.meet(line, one) for one in (*mine[told["place"]], *left)):
            yield row, "start", "与同一天的其他时段重叠,请核对;要取消原时段请把它的名额填 0。"
        mine[told["place"]] += [line] if told["quota"] else []


def _coming(line: Told) -> bool:
    return (line.get("valid_to") or "9999-12-31") >= clock.today().isoformat()


def _line(told: Told) -> Told:
    """Return a line of a plan as it is kept."""
    line = {name: told[name] for name in ("start", "end", "quota", "weekdays", "day_kind", "prices") if told[name]}
    shares = {name: told[name] for name in SHARES if told[name] is not None}
    line |= {"shares": shares} if shares else {}
    days = {"valid_from": told["season_from"], "valid_to": told["season_to"]}
    return {"quota": 0, **line, **{name: day for name, day in days.items() if day}}


def _name(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a line of a plan from the others."""
    names = ("start", "day_kind", "valid_from", "valid_to")
    return (*(line.get(name) or None for name in names), tuple(line.get("weekdays") or ()))


def _put_plan(actor: Staff, told: Told, _since: datetime) -> None:
    line = _line(told)

    def change(found: Told) -> Told:
        others = [one for one in found.get("slots") or [] if _name(one) != _name(line)]
        fresh = [{**line, "demo": False}] if told["quota"] else []
        return {"slots": sorted([*others, *fresh], key=lambda one: str(one["start"]))}

    place_change.change(actor, told["place"], "place.slot_plan", change, start=told["start"], quota=told["quota"])


def _check_days(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from check_known(actor, rows)
    today = clock.today().isoformat()
    for row, told in rows:
        if (told["valid_from"] or today) < today:
            yield row, "valid_from", "生效日期不能早于今天。"
        elif told["valid_to"] and told["valid_to"] < (told["valid_from"] or today):
            yield row, "valid_to", "截止日期不能早于生效日期。"


def _check_refunds(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from _check_days(actor, rows)
    for row, told in rows:
        if not plan_change.goes_down(told["rows"]):
            yield row, "rows", "每个时间点只能有一项,越临近参观比例不能越高。"


def _put_cap(actor: Staff, told: Told, since: datetime) -> None:
    _put_version(actor, told, "daily_caps", {"places": told["places"]}, since)


def _put_refund(actor: Staff, told: Told, since: datetime) -> None:
    _put_version(actor, told, "refund_versions", {"rows": told["rows"]}, since)


def _put_version(actor: Staff, told: Told, name: str, row: Told, since: datetime) -> None:
    """Add a dated row; the day on which the sheet was written stands for one that is not told."""
    first = told["valid_from"] or clock.civil(since).date().isoformat()
    version = {"valid_from": first, "valid_to": told["valid_to"], **row}

    def change(found: Told) -> Told:
        return {} if version in (found.get(name) or []) else plan_change.versioned(found, name, version)

    details = {"day": first, "to_day": told["valid_to"] or ""}
    place_change.change(actor, told["place"], f"place.{name}", change, **details)


def _kind(sheet: Sheet, check: Callable[..., Iterator[Problem]], apply: Callable[..., None]) -> Kind:
    return Kind(sheet, place_change.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)


KINDS = (
    _kind(SLOT_PLANS, _check_plans, _put_plan),
    _kind(DAILY_CAPS, _check_days, _put_cap),
    _kind(REFUND_RULES, _check_refunds, _put_refund),
)

"""Courts, lanes and pools, their plans and prices as sheets. The hours of a venue are those of its place."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import clock
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.booking.slot import SHARES_ZH
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows
from models.places import plan_change, resource, resource_office, scope
from models.places.place import Place
from models.places.place_sheets import DEAREST_FEN, LARGEST_QUOTA, OLDEST
from models.places.plan_sheets import SHARES, codes, prices, weekdays
from models.places.resource import KIND_ZH, Resource

_AT_LEAST_ONE = ("players_least", "players_most", "hours_most", "days_ahead")
MOST_PLAYERS, MOST_HOURS, MOST_DAYS = 12, 4, 60


def _code(key: str, zh: str, example: str, *aliases: str) -> Column:
    return Column(
        key, zh, "code", required=True, aliases=aliases, pattern=r"[a-z][a-z0-9_]{0,63}",
        pattern_zh="应为小写字母开头,只含小写字母、数字和下划线。", example=example,
    )  # fmt: skip


_PLACE = _code("place", "场馆编码", "sport_gymnasium", "景点编码")
_RESOURCE = _code("resource", "场地编码", "badminton_1", "资源编码")
DOCUMENT_ZH = {
    "booked_document": "预约证件",
    "resident_id": "居民身份证",
    "student_card": "学生证",
    "disability_card": "残疾人证",
    "household_or_permit": "户口簿或居住证",
}


def _document(text: str) -> str:
    """Return the code of a document by its word or its code.

    Raises:
        CellWrong: it is neither.
    """
    told = next((code for code, zh in DOCUMENT_ZH.items() if zh == text), text)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", told):
        raise CellWrong(f"应为{'、'.join(DOCUMENT_ZH.values())}之一,或证件代码。")
    return told


_YES_NO = {"是": "yes", "否": "no"}
RESOURCES = Sheet(
    "resources",
    "场地",
    (
        _PLACE,
        _RESOURCE,
        Column(
            "kind", "类型", "choice", required=True, choices={zh: code for code, zh in KIND_ZH.items()}, example="场地"
        ),
        Column("name_zh", "名称", required=True, most=60, example="1 号羽毛球场"),
        Column("rank", "排序", "int", most=10_000, example="1"),
        Column("use", "预订方式", "choice", choices={"整场": "whole", "按人": "person"}, example="整场"),
        Column("players_least", "最少人数", "int", most=MOST_PLAYERS, example="2"),
        Column("players_most", "最多人数", "int", most=MOST_PLAYERS, example="6"),
        Column("hours_most", "一次最多时段", "int", most=MOST_HOURS, example="4"),
        Column("outdoor", "室外", "choice", choices=_YES_NO, example="否"),
        Column(
            "guardian_below", "须陪同年龄", "int", most=18, example="14", help="不满此周岁须成年人同行;不限可不填。"
        ),
        Column("deep_water", "深水区", "choice", choices=_YES_NO, example="否"),
        Column(
            "water",
            "水体编码",
            "code",
            pattern=r"[a-z][a-z0-9_]{0,31}",
            pattern_zh="应为小写字母和数字。",
            example="main",
        ),
        Column("days_ahead", "提前开放天数", "int", most=MOST_DAYS, example="7"),
    ),
    unique=("place", "resource"),
)
PLANS = Sheet(
    "resource-plans",
    "场地时段",
    (
        _PLACE,
        _RESOURCE,
        Column("from_day", "生效日期", "date", help="同一场地各行应一致;不填为今天。", example="2027-01-01"),
        Column("start", "开始", "time", required=True, example="18:00"),
        Column("end", "结束", "time", required=True, example="19:00"),
        Column("quota", "名额", "int", required=True, most=LARGEST_QUOTA, example="1", help="整场填 1,按人填人数。"),
        Column("weekdays", "星期", read=weekdays, example="周一、周三", help="每天都有可不填。"),
        Column("day_kind", "日别", "choice", choices={"工作日": "workday", "休息日": "rest"}, example="工作日"),
        *(Column(name, f"{zh}名额", "int", most=LARGEST_QUOTA, example="30") for name, zh in SHARES_ZH.items()),
        Column("price_fen", "价格", "fen", most=DEAREST_FEN, example="30.00", help="普通价;不填按票价表。"),
        Column("prices", "各票种价格", read=prices, most=400, example="student:15、disabled:0", help="不填按票价表。"),
        Column("ticket_types", "出售票种", read=codes, most=400, example="standard、student", help="全部出售可不填。"),
        Column("season_from", "方案起", "date", example="2027-05-01", help="自生效日期起可不填。"),
        Column("season_to", "方案止", "date", example="2027-10-31", help="长期有效可不填。"),
    ),
    unique=("place", "resource", "start", "weekdays", "day_kind", "season_from", "season_to"),
)
PRICES = Sheet(
    "resource-prices",
    "场地票价",
    (
        _PLACE,
        _RESOURCE,
        _code("code", "票种代码", "standard"),
        Column("name_zh", "票种名称", required=True, most=30, example="普通价(每时段)"),
        Column("price_fen", "价格", "fen", required=True, most=DEAREST_FEN, example="20.00"),
        Column("min_age", "最小年龄", "int", most=OLDEST),
        Column("max_age", "最大年龄", "int", most=OLDEST),
        Column("document_to_inspect", "查验证件", read=_document, most=64, example="学生证", help="也可填证件代码。"),
        Column("concession", "优待代码", "code", pattern=r"[a-z][a-z0-9_]{1,63}", pattern_zh="应为优待目录中的代码。"),
        Column("share", "份额", "choice", choices={zh: code for code, zh in SHARES_ZH.items()}, example="惠民"),
        Column("valid_from", "生效日期", "date", example="2027-01-01", help="不填为今天;已售订单不变。"),
    ),
    unique=("place", "resource", "code", "valid_from"),
)


def _check_places(actor: Staff, rows: Rows) -> Iterator[Problem]:
    named = sorted({told["place"] for _, told in rows})
    found = Place._get_collection().find({"_id": {"$in": named}}, {"unit": 1, "town_code": 1, "village_code": 1})
    known = {one["_id"] for one in found if scope.reaches(actor, resource_office.OPERATION, one)}
    for row, told in rows:
        if told["place"] not in known:
            yield row, "place", "没有这个场馆,或不在您的管理范围内。"


def _check_resources(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from _check_places(actor, rows)
    kinds = _known(rows)
    for row, told in rows:
        if kinds.get(_id(told), told["kind"]) != told["kind"]:
            yield row, "kind", "场地类型不能更改,请停用后用新编码登记。"
        for name in _AT_LEAST_ONE:
            if told[name] == 0:
                yield row, name, "应至少为 1,不限可不填。"
        if (told["players_least"] or 1) > (told["players_most"] or MOST_PLAYERS):
            yield row, "players_most", "最多人数不能小于最少人数。"


def _known(rows: Rows) -> dict[str, str]:
    ids = sorted({_id(told) for _, told in rows})
    return {one["_id"]: one["kind"] for one in Resource._get_collection().find({"_id": {"$in": ids}}, {"kind": 1})}


def _id(told: dict[str, Any]) -> str:
    return resource.resource_id(told["place"], told["resource"])


def _check_known(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from _check_places(actor, rows)
    known = _known(rows)
    for row, told in rows:
        if _id(told) not in known:
            yield row, "resource", "没有这个场地,请先导入场地。"
        day = told.get("from_day") or told.get("valid_from")
        if day and day < clock.today().isoformat():
            yield row, "from_day" if "from_day" in told else "valid_from", "生效日期不能早于今天。"


def _check_plans(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from _check_known(actor, rows)
    days: dict[str, str] = {}
    for row, told in rows:
        if told["end"] <= told["start"]:
            yield row, "end", "结束应晚于开始。"
        if share := next((name for name in SHARES if (told[name] or 0) > told["quota"]), None):
            yield row, share, f"{SHARES_ZH[share]}名额不能多于名额。"
        if told["season_to"] and told["season_to"] < max(told["season_from"] or "", told["from_day"] or ""):
            yield row, "season_to", "方案止不能早于方案起和生效日期。"
        if days.setdefault(_id(told), told["from_day"] or "") != (told["from_day"] or ""):
            yield row, "from_day", "同一场地各行的生效日期应一致。"
    yield from _check_types(rows)
    yield from _check_meeting(rows)


def _check_types(rows: Rows) -> Iterator[Problem]:
    query = {"_id": {"$in": sorted({_id(told) for _, told in rows})}}
    found = Resource._get_collection().find(query, {"ticket_types.code": 1})
    known = {one["_id"]: {each["code"] for each in one.get("ticket_types") or ()} for one in found}
    for row, told in rows:
        for name in ("prices", "ticket_types"):
            if lacking := sorted(set(told[name] or ()) - known.get(_id(told), set())):
                yield row, name, f"没有票种 {lacking[0]},请先导入场地票价。"


def _check_meeting(rows: Rows) -> Iterator[Problem]:
    """Lines of a resource must not hold at the same time."""
    mine: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row, told in rows:
        line = {**told, "valid_from": told["season_from"], "valid_to": told["season_to"]}
        others = mine[_id(told)]
        if len(others) == plan_change.MOST_LINES:
            yield row, "resource", f"一个场地最多 {plan_change.MOST_LINES} 个时段,请减少后再导入。"
        elif any(plan_change.meet(line, one) for one in others):
            yield row, "start", "与同一场地同一天的其他时段重叠,请核对。"
        else:
            others.append(line)


def _put_resource(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    flags = {name: told[name] == "yes" for name in ("outdoor", "deep_water") if told[name]}
    names = ("use", "players_least", "players_most", "hours_most", "guardian_below", "water")
    about = flags | {name: told[name] for name in names if told[name] is not None}
    made = {**(resource_about(_id(told))), **about}
    named = {name: told[name] for name in ("kind", "name_zh", "rank", "days_ahead")} | {"about": made, "demo": False}
    resource_office.put(actor, told["place"], told["resource"], named)


def resource_about(resource_id: str) -> dict[str, Any]:
    """Return what is known about a resource, {} where there is none."""
    found = Resource._get_collection().find_one({"_id": resource_id}, {"about": 1}) or {}
    return dict(found.get("about") or {})


def _put_line(actor: Staff, told: dict[str, Any], since: datetime) -> None:
    line = {name: told[name] for name in ("start", "end", "quota", "weekdays", "day_kind") if told[name] is not None}
    line |= {"valid_from": told["season_from"]} if told["season_from"] else {}
    line |= {"valid_to": told["season_to"]} if told["season_to"] else {}
    line |= {"ticket_types": told["ticket_types"]} if told["ticket_types"] else {}
    if shares := {name: told[name] for name in SHARES if told[name]}:
        line["shares"] = shares
    if named := (told["prices"] or {}) | ({} if told["price_fen"] is None else {"standard": told["price_fen"]}):
        line["prices"] = named
    resource_office.add_line(actor, _id(told), line, _day(told["from_day"]), since)


def _put_price(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    resource_office.put_price(actor, _id(told), told, _day(told["valid_from"]))


def _day(text: str | None) -> Any:
    return clock.date_of(text) if text else clock.today()


def _kind(sheet: Sheet, check: Any, apply: Any) -> Kind:
    return Kind(sheet, resource_office.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)


KINDS = (
    _kind(RESOURCES, _check_resources, _put_resource),
    _kind(PLANS, _check_plans, _put_line),
    _kind(PRICES, _check_known, _put_price),
)

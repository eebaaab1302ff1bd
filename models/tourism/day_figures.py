"""A day in figures, as staff see it live: by place and slot what is offered, sold, entered, waited for and earned.

Numbers only, of nobody by name. Each answer reads the slots, orders and tickets of one day by the indexes of place and
day; the store adds them up, so the answer grows with the slots of the day and not with its visitors.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from backend import clock
from models.booking import day_counter, order_views, slot_quota, ticket
from models.booking.gate_terms import WHOLE as WHOLE_ZONE
from models.booking.order import CHANNELS, Order
from models.booking.slot import SHARES_ZH, Slot
from models.booking.ticket import Ticket
from models.crowd import live_views
from models.identity.actors import Staff
from models.places import place, scope
from models.places.place import Place

OPERATION = "figures.read"
MOST_SLOTS = 20_000
CHANNEL_ZH = {"mini": "小程序", "window": "窗口", "kiosk": "自助机"}
COUNTED = ("quota", "sold", "held", "left", "kept", "waiting", "visitors", "entered", "inside", "no_shows")
EARNED = ("taken_fen", "cash_fen", "refunded_fen", "refunds_open_fen")
_ARRIVED = ["succeeded", "in_cash", "paid_elsewhere", "none"]
_FIELDS = order_views.SLOT_FIELDS | dict.fromkeys(("kept", "waiting", "classes.code", "classes.name_zh"), 1)
Row = dict[str, Any]
Rows = dict[str, Row]


def of_place(actor: Staff, place_id: str, day: date) -> Row:
    """Return the figures of a place's day: in all, and by slot.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    found = scope.place(actor, OPERATION, place_id)
    return _of([found], day.isoformat(), whole=True)[0]


def of_all(actor: Staff, day: date) -> list[Row]:
    """Return the figures of a day of every place in the actor's scope that has slots then, without the slots.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    return _of(_places(actor), day.isoformat(), whole=False)


def lines(actor: Staff, day: date) -> list[list[Any]]:
    """Return the lines of a workbook: one a slot of every place in the actor's scope.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    found = _of(_places(actor), day.isoformat(), whole=True)
    return [_line(one, each) for one in found for each in one["slots"]]


HEADERS = (
    *("景点编码", "景点", "日期", "场地", "开始", "结束", "状态"),
    *("名额", "已约名额", "其中待支付人数", "余额", "候补占用", "候补单数", "预约人数", "已入园", "在园", "未到"),
    *CHANNEL_ZH.values(),
    *SHARES_ZH.values(),
    *("票种", "应收(元)", "其中现金(元)", "应退(元)", "未退到账(元)"),
)
_STATE_ZH = {"open": "可预约", "paused": "暂停", "closed": "已停止", "over": "已结束"}


def _line(owner: Row, one: Row) -> list[Any]:
    head = [owner["place_id"], owner["name"], owner["day"], one.get("resource_zh") or one.get("resource", "")]
    told = [one["start"], one["end"], _STATE_ZH[one["state"]]]
    counts = [one[name] for name in COUNTED]
    channels = {each["channel"]: each["visitors"] for each in one["channels"]}
    shares = {each["share"]: each["sold"] for each in one["shares"]}
    by_channel, by_share = [channels.get(name, 0) for name in CHANNEL_ZH], [shares.get(name, 0) for name in SHARES_ZH]
    types = "、".join(f"{each['name_zh']} {each['visitors']}" for each in one["ticket_types"])
    return [*head, *told, *counts, *by_channel, *by_share, types, *(one[name] / 100 for name in EARNED)]


def _places(actor: Staff) -> list[Row]:
    actor.require(OPERATION)
    fields = {"name": 1, "unit": 1, "town_code": 1, "village_code": 1, "rank": 1}
    rows = Place._get_collection().find(scope.places(actor, OPERATION), fields).sort("rank", 1).limit(place.MOST)
    return [one for one in rows if scope.reaches(actor, OPERATION, one)]


def _of(places: Sequence[Row], day: str, *, whole: bool) -> list[Row]:
    ids = [one["_id"] for one in places]
    slots, counters = _slots(ids, day)
    for name, told in (("visitors", _visitors(ids, day)), ("money", _money(ids, day)), ("gate", _entered(slots, day))):
        for slot_id, row in told.items():
            if slot_id in slots:
                slots[slot_id][name] = row
    live = {one["place_id"]: one for one in live_views.public()} if ids else {}
    by_place: dict[str, list[Row]] = defaultdict(list)
    for one in slots.values():
        by_place[one["place"]].append(_told(one))
    shown = [one for one in places if one["_id"] in by_place or (whole and len(places) == 1)]
    return [_place(one, day, by_place[one["_id"]], counters, live, whole=whole) for one in shown]


def _slots(ids: Sequence[str], day: str) -> tuple[Rows, Rows]:
    rows = Slot._get_collection().find({"place": {"$in": list(ids)}, "day": day}, _FIELDS)
    found = list(rows.sort([("start", 1), ("_id", 1)]).limit(MOST_SLOTS))
    counters = {one["place"]: one for one in found if one.get("kind") == "day"}
    return {one["_id"]: one for one in found if one.get("kind") != "day"}, counters


def _visitors(ids: Sequence[str], day: str) -> Rows:
    """Return by slot who is booked: how many by state, channel, ticket class."""
    match = {"place": {"$in": list(ids)}, "day": day, "state": {"$in": ["held", "issued"]}}
    key = {"slot": "$slot", "state": "$state", "channel": {"$ifNull": ["$channel", CHANNELS[0]]}}
    pipeline = [
        {"$match": match},
        {"$project": {**dict.fromkeys(("slot", "state", "channel"), 1), "visitors.ticket_class": 1,
                      "visitors.price_fen": 1, "visitors.cancelled": 1}},
        {"$unwind": "$visitors"},
        {"$match": {"visitors.cancelled": None}},
        {"$group": {"_id": {**key, "class": "$visitors.ticket_class"}, "people": {"$sum": 1},
                    "fen": {"$sum": "$visitors.price_fen"}}},
    ]  # fmt: skip
    found: Rows = defaultdict(lambda: {"held": 0, "visitors": 0, "channels": defaultdict(int), "classes": {}})
    for one in Order._get_collection().aggregate(pipeline):
        row, people = found[one["_id"]["slot"]], one["people"]
        row["visitors"] += people
        row["held"] += people if one["_id"]["state"] == "held" else 0
        row["channels"][one["_id"]["channel"]] += people
        kind = row["classes"].setdefault(one["_id"]["class"], {"visitors": 0, "fen": 0})
        kind["visitors"] += people
        kind["fen"] += one["fen"]
    return found


def _money(ids: Sequence[str], day: str) -> Rows:
    """Return by slot what was paid, in cash as well, what goes back of it, and what of that has not arrived."""
    parts = {"$ifNull": ["$parts", []]}
    back = {"$add": [{"$ifNull": ["$refund.fen", 0]}, {"$sum": {"$ifNull": ["$parts.fen", []]}}]}
    late = {"$filter": {"input": parts, "as": "one", "cond": {"$not": [{"$in": ["$$one.state", _ARRIVED]}]}}}
    waits = {"$cond": [{"$in": [{"$ifNull": ["$refund.state", "none"]}, _ARRIVED]}, 0, "$refund.fen"]}
    open_ = {"$add": [waits, {"$sum": {"$map": {"input": late, "as": "one", "in": "$$one.fen"}}}]}
    ended_paid = {"state": {"$in": ["cancelled", "expired"]}, "refund": {"$type": "object"}}
    match = {"place": {"$in": list(ids)}, "day": day, "state": {"$in": ["issued", "cancelled", "expired"]}}
    sums = {
        "taken_fen": {"$sum": "$total_fen"},
        "cash_fen": {"$sum": {"$cond": [{"$eq": [{"$type": "$cash"}, "object"]}, "$total_fen", 0]}},
        "refunded_fen": {"$sum": back},
        "refunds_open_fen": {"$sum": open_},
    }
    pipeline = [
        {"$match": {**match, "total_fen": {"$gt": 0}, "$or": [{"state": "issued"}, ended_paid]}},
        {"$group": {"_id": "$slot", **sums}},
    ]
    return {one.pop("_id"): one for one in Order._get_collection().aggregate(pipeline)}


def _entered(slots: Rows, day: str) -> Rows:
    """Return by slot how many came in, are inside, were let go as no-shows, and have not come.

    A ticket knows its place and hour. Where a place lets resources too, its order says which of them it is of.
    """
    mixed = sorted({one["place"] for one in slots.values() if one.get("resource")})
    plain = sorted({one["place"] for one in slots.values()} - set(mixed))
    by_hour = {(one["place"], one["start"]): slot_id for slot_id, one in slots.items() if not one.get("resource")}
    found: Rows = {}
    for one in _tickets(plain, day, {"place": "$place", "start": "$start"}, ()):
        found[by_hour.get((one["_id"]["place"], one["_id"]["start"]), "")] = one
    order = {"from": Order._get_collection().name, "localField": "order", "foreignField": "_id", "as": "of"}
    for one in _tickets(mixed, day, {"$first": "$of.slot"}, ({"$lookup": order},)):
        found[one["_id"] or ""] = one
    return found


def _tickets(places: Sequence[str], day: str, key: Any, before: Iterable[Row]) -> Iterable[Row]:
    if not places:
        return ()
    inside = {"$cond": [{"$ifNull": [f"$zones.{WHOLE_ZONE}.inside", False]}, 1, 0]}
    sums = {
        "entered": {"$sum": {"$cond": [{"$eq": ["$state", "used"]}, 1, 0]}},
        "inside": {"$sum": inside},
        "released": {"$sum": {"$cond": [{"$eq": ["$void_reason", ticket.RELEASED]}, 1, 0]}},
        "not_yet": {"$sum": {"$cond": [{"$eq": ["$state", "valid"]}, 1, 0]}},
    }
    stages = [{"$match": {"place": {"$in": list(places)}, "day": day}}, *before, {"$group": {"_id": key, **sums}}]
    return Ticket._get_collection().aggregate(stages)


def _told(found: Row) -> Row:
    """Return the figures of one slot. Who has not come counts as a no-show once the slot is over."""
    people, money, gate = found.get("visitors") or {}, found.get("money") or {}, found.get("gate") or {}
    shown = order_views.slot_shown(found)
    over = shown["state"] == "over"
    names = {one["code"]: one["name_zh"] for one in found.get("classes", ())}
    told = {name: shown[name] for name in ("start", "end", "state")}
    told |= {name: found[name] for name in ("resource", "resource_zh") if found.get(name)}
    told |= {"slot_id": found["_id"], "quota": found["quota"], "sold": slot_quota.sold(found), "left": shown["left"]}
    told |= {"kept": found.get("kept", 0), "waiting": found.get("waiting", 0)}
    told |= {name: people.get(name, 0) for name in ("held", "visitors")}
    told |= {name: gate.get(name, 0) for name in ("entered", "inside")}
    told["no_shows"] = gate.get("released", 0) + (gate.get("not_yet", 0) if over else 0)
    told |= {name: money.get(name, 0) for name in EARNED}
    told["shares"] = [_share(name, one) for name, one in sorted((found.get("shares") or {}).items())]
    told["channels"] = _channels(people.get("channels") or {})
    kinds = sorted((people.get("classes") or {}).items())
    told["ticket_types"] = [{"code": code, "name_zh": names.get(code, code), **one} for code, one in kinds]
    return told


def _share(name: str, found: Row) -> Row:
    return {
        "share": name,
        "share_zh": SHARES_ZH.get(name, name),
        "quota": found["quota"],
        "sold": slot_quota.sold(found),
    }


def _channels(found: dict[str, int]) -> list[Row]:
    return [{"channel": n, "channel_zh": CHANNEL_ZH[n], "visitors": found[n]} for n in CHANNELS if found.get(n)]


def _place(found: Row, day: str, rows: list[Row], counters: Rows, live: Rows, *, whole: bool) -> Row:
    told: Row = {"place_id": found["_id"], "name": found["name"], "day": day}
    told |= {name: sum(one[name] for one in rows) for name in (*COUNTED, *EARNED)}
    told |= _summed(rows)
    told["at"] = clock.civil(clock.now()).isoformat(timespec="seconds")
    if (cap := counters.get(found["_id"])) and cap["quota"] < day_counter.NO_LIMIT:
        told["cap"] = {"quota": cap["quota"], "sold": slot_quota.sold(cap), "waiting": cap.get("waiting", 0)}
    if day == clock.today().isoformat() and (crowd := live.get(found["_id"])):
        names = ("level", "level_zh", "inside", "at", "load_percent", "sales_stopped")
        told["crowd"] = {name: crowd[name] for name in names if name in crowd}
    return told | ({"slots": rows} if whole else {})


def _summed(rows: list[Row]) -> Row:
    """Return channels, shares and ticket types of all slots together."""
    channels, shares, kinds = defaultdict[str, int](int), dict[str, Row](), dict[str, Row]()
    for row in rows:
        for one in row["channels"]:
            channels[one["channel"]] += one["visitors"]
        for one in row["shares"]:
            before = shares.get(one["share"], {"quota": 0, "sold": 0})
            shares[one["share"]] = one | {name: before[name] + one[name] for name in ("quota", "sold")}
        for one in row["ticket_types"]:
            before = kinds.get(one["code"], {"visitors": 0, "fen": 0})
            kinds[one["code"]] = one | {name: before[name] + one[name] for name in ("visitors", "fen")}
    return {
        "channels": _channels(channels),
        "shares": [shares[name] for name in sorted(shares)],
        "ticket_types": [kinds[code] for code in sorted(kinds)],
    }

"""The orders of a place and day as a table: names masked, an access line before, many rows only by two persons.

What was approved is made when it is fetched, from the orders that were there when it was proposed: no copy lies about.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from backend.errors import Conflict
from models.audit import access_line, entry
from models.booking import order, order_office_views, order_views
from models.identity import approval, approved_export, minor_approval
from models.identity.actors import Staff
from models.identity.approved_export import NeedsSecondPerson
from models.places import scope

OPERATION = "order.export"
MOST_ORDERS = 20_000
HEADERS = ("订单号", "日期", "开始", "结束", "状态", "游客(已打码)", "证件类型", "证件尾号", "票种", "价格(元)")
_FEN = 100


class TooManyOrders(Conflict):
    """409: more orders than one file takes."""

    code = "export_too_many"
    zh = "当日订单超过 {most} 单,不能导出为一个文件;请联系系统管理员。"
    en = "More than {most} orders on this day; one file does not take them. Ask the system administrator."


def rows(actor: Staff, place_id: str, day: date, *, purpose: str) -> list[list[Any]]:
    """Return the lines of a small export; the access line is stored before.

    Raises:
        NotFound: no such place in the actor's scope.
        NeedsSecondPerson: there are too many.
        TooManyOrders: there are more than any file takes.
    """
    unit = scope.place(actor, OPERATION, place_id).get("unit") or ""
    found = _orders(place_id, day.isoformat(), None)
    count = sum(len(one["visitors"]) for one in found)
    if count > approval.EXPORT_ROWS:
        raise NeedsSecondPerson(count)
    return _handed_out(actor, found, purpose, f"orders:{place_id}:{day.isoformat()}", unit)


def propose(actor: Staff, place_id: str, day: date, *, reason: str) -> dict[str, Any] | None:
    """Propose a large export; return the proposal, None when the rows are few enough to leave at once.

    Raises:
        NotFound: no such place in the actor's scope.
        TooManyOrders: there are more than any file takes.
    """
    scope.place(actor, OPERATION, place_id)
    count = sum(len(one["visitors"]) for one in _orders(place_id, day.isoformat(), None))
    return approval.require_for_export(actor, count, f"orders:{place_id}:{day.isoformat()}", reason=reason)


def approved_rows(actor: Staff, approval_id: ObjectId, *, purpose: str) -> list[list[Any]]:
    """Return the lines of one's own approved export; the access line is stored before, each time.

    Raises:
        NotFound: no such proposal of the actor, or the place has left their scope.
        NotFetchable: not approved, or longer ago than a day.
    """
    actor.require(OPERATION)
    found, about = approved_export.own(actor, approval_id, "orders")
    place_id, _, day = about.rpartition(":")
    unit = scope.place(actor, OPERATION, place_id).get("unit") or ""
    approved_export.require_fetchable(found)
    return _handed_out(actor, _orders(place_id, day, approval_id), purpose, found["about"], unit)


def _orders(place_id: str, day: str, before: ObjectId | None) -> list[dict[str, Any]]:
    query: dict[str, Any] = {"place": place_id, "day": day, "state": {"$in": list(order_office_views.STATES)}}
    if before:
        query["_id"] = {"$lt": before}
    hidden = {"outbox": 0, "history": 0, "idempotency": 0, "claims": 0}
    found = list(order.Order._get_collection().find(query, hidden).sort("_id", 1).limit(MOST_ORDERS + 1))
    if len(found) > MOST_ORDERS:
        raise TooManyOrders(most=MOST_ORDERS)
    return found


def _handed_out(actor: Staff, found: list[dict[str, Any]], purpose: str, about: str, unit: str) -> list[list[Any]]:
    persons = [visitor["person"] for one in found for visitor in one["visitors"]]
    hidden = minor_approval.hidden(actor, persons)
    subjects = [one for one in persons if one not in hidden]
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=order_office_views.FIELDS)
    entry.write(entry.line(actor.key, OPERATION, about, unit=unit, rows=len(persons)))
    return list(_lines(found, hidden))


def _lines(found: list[dict[str, Any]], hidden: set[ObjectId]) -> Iterator[list[Any]]:
    for one in found:
        shown = order_office_views.masked(order_views.created(one), one, hidden)
        state = order_views.STATE_ZH[one["state"]]
        head = [shown["id"], shown["day"], shown["start"][11:16], shown["end"][11:16], state]
        for visitor in shown["visitors"]:
            told = [visitor[name] for name in ("name", "document_kind", "document_tail", "ticket_class")]
            yield [*head, *told, Decimal(visitor["price_fen"]) / _FEN]

"""Bills and refunds, for the county's tourism office."""

import re
from datetime import date
from typing import Any

from flask import g

from backend.errors import BadInput
from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.payments import schemas
from models.payments import office_views

money = Surface("office payments", __name__, url_prefix="/office/v1/payments", description="账单核对与退款")


DAY = {
    "name": "day",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "date", "example": "2026-11-23"},
}
"""How the routes describe their day, which a path has as a text."""


class BadDay(BadInput):
    """400: the path names no day."""

    code = "bad_day"
    zh = "日期格式不对,例如 2026-11-23。"
    en = "Write the day like 2026-11-23."


def day_of(text: str) -> date:
    """Return the day that a path names.

    Raises:
        BadDay: it names none.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadDay(fields={"day": [BadDay.zh]})


@money.get("/bills/<day>", access=staff("bill.read"), parameters=[DAY])
@money.answer(200, schemas.BillView)
def read_bill(day: str) -> dict[str, Any]:
    """The matched bill of a day."""
    return office_views.read_bill(g.actor, day_of(day))


@money.post("/bills/<day>/match", access=staff("bill.match"), parameters=[DAY])
@money.answer(200, schemas.BillView)
def match_bill(day: str) -> dict[str, Any]:
    """Fetch the bill of a day from WeChat Pay and match it line by line; repeating it replaces the result."""
    return office_views.match_bill(g.actor, day_of(day))


@money.get("/refunds", access=staff("refund.list"))
@money.arguments(schemas.RefundQuery, location="query")
@money.answer(200, schemas.OfficeRefundList)
def list_refunds(query: dict[str, Any]) -> dict[str, Any]:
    """Refunds that ended without reaching the payer, so that a person must act."""
    items, following = office_views.refunds_needing_a_person(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}

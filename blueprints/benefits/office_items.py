"""Benefit items: their list and their versions."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.benefits import schemas
from models.benefits import item
from models.benefits.item import Told

items = Surface("office benefit items", __name__, url_prefix="/office/v1/benefits/items", description="补贴项目")


@items.get("", access=staff("benefit.list"))
@items.arguments(schemas.BenefitPageQuery, location="query")
@items.answer(200, schemas.BenefitItemList)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """The newest version of each item."""
    found, following = item.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [_shown(one) for one in found], "next": following}


@items.get("/<code>", access=staff("benefit.list"))
@items.answer(200, schemas.BenefitItemView)
def read_item(code: str) -> dict[str, Any]:
    """The newest version of one item."""
    return _shown(item.newest(code))


@items.post("", access=staff("benefit.item"), parameters=[PARAMETER])
@idempotent
@items.arguments(schemas.BenefitNewItemBody)
@items.answer(201, schemas.BenefitItemView)
def put_item(body: dict[str, Any]) -> dict[str, Any]:
    """Make a new item, or the next version of one."""
    code, after = body.pop("code"), body.pop("after")
    days = {name: body[name].isoformat() if body[name] else "" for name in ("valid_from", "valid_to")}
    lists = {name: tuple(body[name]) for name in ("exclusive_with", "facts")}
    return _shown(item.put(g.actor, code, Told(**{**body, **days, **lists}), after=after))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    names = (
        *("code", "version", "zh", "unit", "period_kind", "rule_set", "exclusive_with", "household_cap_fen"),
        *("least_fen", "most_fen", "facts", "fund", "basis", "valid_from"),
    )
    shown = {name: found[name] for name in names}
    shown |= {"valid_to": found["valid_to"]} if found.get("valid_to") else {}
    kind_zh = item.PERIODS[found["period_kind"]]
    return {"id": found["_id"], **shown, "period_kind_zh": kind_zh, "demo": bool(found.get("demo"))}

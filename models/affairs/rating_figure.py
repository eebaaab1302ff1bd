"""Figures of ratings by unit and month, counted as ratings come in: no request counts a growing collection."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from mongoengine import DictField, Document, IntField, StringField
from pymongo.client_session import ClientSession

from models.identity import unit
from models.identity.actors import Staff

OPERATION = "rating.read"
MOST_UNITS = 200


class RatingFigure(Document):
    """The id is month and unit: `2026-11:culture_tourism`. `stars`, `tags` and `outcomes` count by value."""

    meta = {"collection": "rating_figures", "auto_create_index": False, "indexes": [{"fields": ["month", "unit"]}]}
    id = StringField(primary_key=True)
    unit = StringField(required=True)
    month = StringField(required=True)
    rated = IntField()
    bad = IntField()
    visited = IntField()
    sum = IntField()
    stars = DictField()
    tags = DictField()
    outcomes = DictField()


def of_rating(made: Mapping[str, Any]) -> dict[str, int]:
    """Return what one rating adds."""
    bad = made["stars"] <= 2  # noqa: PLR2004 - 不满意 and 很不满意
    added = {"rated": 1, "sum": made["stars"], f"stars.{made['stars']}": 1}
    return added | {f"tags.{tag}": 1 for tag in made["tags"]} | ({"bad": 1} if bad else {})


def count(unit_code: str, month: str, added: Mapping[str, int], session: ClientSession) -> None:
    """Add to the figures of a unit in a month."""
    update = {"$inc": dict(added), "$setOnInsert": {"unit": unit_code, "month": month}}
    RatingFigure._get_collection().update_one({"_id": f"{month}:{unit_code}"}, update, upsert=True, session=session)


def of_month(actor: Staff, month: date) -> list[dict[str, Any]]:
    """Return the figures of the actor's units in a month, by unit.

    Raises:
        NotAllowed: no role of the actor reads them.
    """
    actor.require(OPERATION)
    units = actor.units_for(OPERATION)
    query: dict[str, Any] = {"month": f"{month:%Y-%m}"}
    query |= {} if units is None else {"unit": {"$in": sorted(units)}}
    found = list(RatingFigure._get_collection().find(query).sort("unit", 1).limit(MOST_UNITS))
    names = unit.names(one["unit"] for one in found)
    return [_shown(one, names.get(one["unit"], "")) for one in found]


def _shown(found: Mapping[str, Any], unit_zh: str) -> dict[str, Any]:
    rated, bad = found.get("rated", 0), found.get("bad", 0)
    return {
        "unit": found["unit"],
        "unit_zh": unit_zh,
        "month": found["month"],
        "rated": rated,
        "bad": bad,
        "visited": found.get("visited", 0),
        "average": f"{found.get('sum', 0) / rated:.2f}" if rated else "",
        "stars": {str(stars): found.get("stars", {}).get(str(stars), 0) for stars in range(1, 6)},
        "tags": dict(found.get("tags", {})),
        "outcomes": dict(found.get("outcomes", {})),
    }

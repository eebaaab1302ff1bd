"""Areas: the county, its towns and villages, by their statistical codes."""

from collections.abc import Iterable
from typing import Any

from mongoengine import DictField, Document, StringField


class Area(Document):
    """The id is the division code: 6 digits a county, 9 a town, 12 a village."""

    meta = {"collection": "areas", "auto_create_index": False, "indexes": [{"fields": ["parent", "_id"]}]}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    level = StringField(choices=("county", "town", "village"), required=True)
    parent = StringField()
    source = StringField(required=True)
    boundary = DictField()
    boundary_source = StringField()


def outline() -> dict[str, Any]:
    """Return the county's boundary as a GeoJSON geometry (WGS-84), empty where none was put."""
    found = Area._get_collection().find_one({"parent": None, "level": "county"}, {"boundary": 1}) or {}
    return found.get("boundary") or {}


def children(parent: str) -> list[dict[str, Any]]:
    """Return the areas directly below one, by code."""
    found = Area._get_collection().find({"parent": parent}, {"source": 0}).sort("_id", 1).limit(1000)
    return [{"code": a["_id"], "name": a["name"], "level": a["level"]} for a in found]


def towns() -> dict[str, str]:
    """Return the county's towns, their names by code."""
    county = Area._get_collection().find_one({"parent": None, "level": "county"}, {"_id": 1})
    return {one["code"]: one["name"] for one in children(county["_id"])} if county else {}


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return what these areas are called; an unknown one is left out."""
    wanted = sorted(set(codes))
    found = Area._get_collection().find({"_id": {"$in": wanted}}, {"name": 1}) if wanted else ()
    return {one["_id"]: one["name"] for one in found}

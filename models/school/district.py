"""A district (学区, 招生片区) of a round: an area, villages that belong to it whole, streets by house numbers.

All districts of a round are one generation, which the round names (`districts.generation`): an import writes the new
generation beside the old one, and one guarded update of the round makes it count. So a reader sees the old districts or
the new ones, never some of both; what a killed import left behind counts for nobody and goes with the next one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import BooleanField, DictField, Document, ListField, StringField

from backend.errors import NotFound
from models.school import round as rounds

COLLECTION = "school_districts"
CODE = r"[a-z0-9][a-z0-9_]{0,31}"
SIDES_ZH = {"all": "全部", "odd": "单号", "even": "双号"}
MOST = 500
MOST_SCHOOLS = 10
MOST_VILLAGES = 300
MOST_STREETS = 300
GREATEST_NUMBER = 99_999
_TRIES = 5
SHOWN = ("code", "name", "schools", "polygon", "villages", "streets", "overflow", "made_up", "source")


class SchoolDistrict(Document):
    """`streets` are {street, from, to, side}; `overflow` are the schools to which who finds no place is coordinated.

    The id is `<round>:<generation>:<code>`, the polygon GeoJSON in WGS-84.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["round", "generation", "code"], "unique": True}],
    }
    id = StringField(primary_key=True)
    round = StringField(required=True)
    generation = StringField(required=True)
    code = StringField(required=True)
    name = StringField(required=True)
    schools = ListField(StringField(), required=True)
    polygon = DictField(required=True)
    villages = ListField(StringField())
    streets = ListField(DictField())
    overflow = ListField(StringField())
    made_up = BooleanField()
    source = StringField()


def generation(round_code: str) -> str:
    """Return which generation of districts counts in a round, "" before the first import.

    Raises:
        NotFound: no such round.
    """
    return str((rounds.read(round_code).get("districts") or {}).get("generation", ""))


def of_round(round_code: str) -> list[dict[str, Any]]:
    """Return all districts of a round, by code.

    Raises:
        NotFound: no such round.
    """
    return current(round_code)[1]


def current(round_code: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the generation that counts in a round and all of its districts.

    A generation that an import replaces while it is read is not whole any more, and is read again.

    Raises:
        NotFound: no such round.
    """
    for _ in range(_TRIES):
        told = rounds.read(round_code).get("districts") or {}
        if not told:
            return "", []
        found = of_generation(round_code, told["generation"])
        if len(found) == told["count"]:
            return told["generation"], found
    raise NotFound


def of_generation(round_code: str, generation_id: str) -> list[dict[str, Any]]:
    """Return the districts of one generation, by code."""
    query = {"round": round_code, "generation": generation_id}
    return list(SchoolDistrict._get_collection().find(query).sort("code", 1).limit(MOST))


def read(round_code: str, code: str) -> dict[str, Any]:
    """Return a district of a round.

    Raises:
        NotFound: no such round or district.
    """
    for one in of_round(round_code):
        if one["code"] == code:
            return one
    raise NotFound


def of_school(found: Sequence[Mapping[str, Any]], school_code: str) -> list[Mapping[str, Any]]:
    """Return those districts that name a school."""
    return [one for one in found if school_code in one["schools"]]


def takes(rule: Mapping[str, Any], number: int) -> bool:
    """Tell whether a house-number rule covers a number."""
    fits = rule["side"] == "all" or (rule["side"] == "odd") == (number % 2 == 1)
    return bool(fits and rule["from"] <= number <= rule["to"])


def rule_words(rule: Mapping[str, Any]) -> str:
    """Return a house-number rule in words: 长征大道 1–99 号单号."""
    side = "" if rule["side"] == "all" else SIDES_ZH[rule["side"]]
    if (rule["from"], rule["to"]) == (1, GREATEST_NUMBER):
        return f"{rule['street']}{side or '全部门牌'}"
    return f"{rule['street']} {rule['from']}–{rule['to']} 号{side}"


def feature(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a district as a GeoJSON feature, as an import reads it."""
    told = {name: found.get(name) for name in SHOWN if name != "polygon"}
    return {"type": "Feature", "properties": told | {"datum": "wgs84"}, "geometry": found["polygon"]}


def collection(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return districts as a GeoJSON feature collection."""
    return {"type": "FeatureCollection", "features": [feature(one) for one in found]}

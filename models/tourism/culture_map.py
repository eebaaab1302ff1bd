"""The cultural map: places as features with what one may filter by, how many there are of each, and their distance.

No position is made up: places whose position nobody has told are listed apart, and only where no part of the map is
asked for. At most `MOST` places are looked at, by rank or by distance.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from backend import clock, geo
from backend.calendar import WorkCalendar
from backend.calendar_years import calendar
from models.places import opening, place
from models.places.place import Place

MOST = 2000
FARTHEST_M = 200_000
HERITAGE = {"national": "全国重点文物保护单位", "provincial": "省级文物保护单位", "other": "其他文物或遗产"}
DATUM_NOTES = {
    "WGS-84": "WGS-84 坐标。",
    "unknown": "来源未注明坐标系(WGS-84 或 GCJ-02),位置仅供参考,可能偏差数百米。",
}
FACETS = ("kind", "level", "heritage", "town", "open_today", "free", "bookable")
_WIDE_DEG, _POLAR_DEG, _MARGIN_DEG = 5.0, 85.0, 0.05
_FIELDS = (
    "name",
    "aliases",
    "kind",
    "level",
    "heritage",
    "town",
    "town_code",
    "geo",
    "opening",
    "closing",
    "bookable",
    "ticket_types",
    "ticket_told",
    "confidence",
    "demo",
    "rank",
)
Found = dict[str, Any]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wanted:
    """What part of the map is asked for. Positions are WGS-84; `box` is west, south, east, north."""

    kind: str | None = None
    level: str | None = None
    heritage: str | None = None
    town: str | None = None
    open_today: bool | None = None
    free: bool | None = None
    bookable: bool | None = None
    box: Box | None = None
    near: tuple[float, float] | None = None
    within_m: int | None = None

    @property
    def located(self) -> bool:
        """Tell whether only places with a position can be meant."""
        return self.box is not None or self.within_m is not None


def collection(wanted: Wanted) -> dict[str, Any]:
    """Return the places that fit as a GeoJSON FeatureCollection (RFC 7946), nearest first where a position is given.

    `unlocated` are features without geometry, `facets` count both kinds of them.
    """
    days = calendar()
    found = _found(wanted)
    told = [_properties(one, days) for one in found]
    kept = [(one, about) for one, about in zip(found, told, strict=True) if _fits(wanted, one, about)]
    features = [_feature(one, about, wanted.near) for one, about in kept if one.get("geo")]
    if wanted.near:
        features.sort(key=lambda one: (one["properties"]["distance_m"], one["id"]))
    return {
        "type": "FeatureCollection",
        "features": features,
        "unlocated": [_feature(one, about, None) for one, about in kept if not one.get("geo")],
        "facets": facets([about for _, about in kept]),
        "truncated": len(found) == MOST,
    }


def _found(wanted: Wanted) -> list[Found]:
    """Return what the store can tell apart, at most `MOST`."""
    query: dict[str, Any] = {"rank": {"$gte": 0}, "category": {"$ne": "service"}}
    same = {"kind": wanted.kind, "level": wanted.level, "town_code": wanted.town}
    query |= {name: value for name, value in same.items() if value}
    if wanted.box and _narrow(wanted.box):
        query["geo"] = {"$geoWithin": {"$geometry": _polygon(wanted.box)}}
    fields = dict.fromkeys(_FIELDS, 1)
    if wanted.near and wanted.within_m and "geo" not in query:
        point = {"type": "Point", "coordinates": list(wanted.near)}
        query["geo"] = {"$nearSphere": {"$geometry": point, "$maxDistance": wanted.within_m}}
        return list(Place._get_collection().find(query, fields).limit(MOST))
    return list(Place._get_collection().find(query, fields).sort("rank", 1).limit(MOST))


def _narrow(box: Box) -> bool:
    """Tell whether a polygon can stand for a box: it is no belt around the globe and leaves the poles alone."""
    return box[2] - box[0] <= _WIDE_DEG and box[1] >= -_POLAR_DEG and box[3] <= _POLAR_DEG


def _polygon(box: Box) -> dict[str, Any]:
    """Return a polygon around a box: its sides are great circles, which leave a parallel."""
    west, east = max(box[0] - _MARGIN_DEG, -180.0), min(box[2] + _MARGIN_DEG, 180.0)
    south, north = box[1] - _MARGIN_DEG, box[3] + _MARGIN_DEG
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _fits(wanted: Wanted, found: Found, about: dict[str, Any]) -> bool:
    if wanted.located and not (found.get("geo") and _inside(wanted, found["geo"])):
        return False
    if wanted.heritage and about.get("heritage_grade") != wanted.heritage:
        return False
    flags = {"open_today": wanted.open_today, "free": wanted.free, "bookable": wanted.bookable}
    return all(asked is None or about.get(name) == asked for name, asked in flags.items())


def _inside(wanted: Wanted, at: dict[str, float]) -> bool:
    """Tell whether a position lies in the box and the circle that are asked for."""
    if wanted.box:
        west, south, east, north = wanted.box
        if not (west <= at["lon"] <= east and south <= at["lat"] <= north):
            return False
    return (
        not (wanted.near and wanted.within_m) or geo.distance_m(*wanted.near, at["lon"], at["lat"]) <= wanted.within_m
    )


def _properties(found: Found, days: WorkCalendar) -> dict[str, Any]:
    """Return what is known of a place; what is unknown is absent."""
    told = {"name": found["name"], "bookable": bool(found.get("bookable"))}
    names = ("aliases", "kind", "level", "heritage", "town", "town_code", "confidence")
    told |= {name: found[name] for name in names if found.get(name)}
    if found.get("heritage"):
        told["heritage_grade"] = heritage_grade(found["heritage"])
    if found.get("opening"):
        told["open_today"] = bool(opening.spans(found["opening"], found.get("closing") or {}, clock.today(), days))
    if (free := is_free(found)) is not None:
        told["free"] = free
    return told | ({"demo": True} if found.get("demo") else {})


def heritage_grade(text: str) -> str:
    """Return of which grade a told protection is."""
    if "全国重点文物保护单位" in text:
        return "national"
    return "provincial" if "省文物保护单位" in text or "省级文物保护单位" in text else "other"


def is_free(found: Found) -> bool | None:
    """Return whether everybody comes in free, None when nothing is known."""
    if types := place.ticket_types_on(found, clock.today().isoformat()):
        return all(one["price_fen"] == 0 for one in types)
    told = [text for text in (found.get("ticket_told") or {}).values() if isinstance(text, str)]
    return True if told and all(text.startswith("免费") for text in told) else None


def _feature(found: Found, about: dict[str, Any], near: tuple[float, float] | None) -> dict[str, Any]:
    at = found.get("geo")
    if not at:
        return {"type": "Feature", "id": found["_id"], "geometry": None, "properties": about}
    lon, lat = at["lon"], at["lat"]
    datum = at.get("datum") or "unknown"
    about |= {
        "datum": datum,
        "datum_note": DATUM_NOTES.get(datum, DATUM_NOTES["unknown"]),
        "position_confidence": at.get("confidence") or "low",
        "gcj02": [round(one, 6) for one in geo.to_gcj02(lon, lat)],
    }
    if near:
        about["distance_m"] = round(geo.distance_m(*near, lon, lat))
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": found["_id"], "geometry": geometry, "properties": about}


def facets(told: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return how many there are of each value: `[{value, zh?, count}]`, the most frequent first."""
    made = {}
    for name in FACETS:
        source = {"heritage": "heritage_grade", "town": "town_code"}.get(name, name)
        counted = Counter(one[source] for one in told if source in one)
        ordered = sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))
        made[name] = [{"value": value, "count": count} for value, count in ordered]
    for one in made["heritage"]:
        one["zh"] = HERITAGE[one["value"]]
    towns = {one["town_code"]: one["town"] for one in told if "town_code" in one and "town" in one}
    for one in made["town"]:
        one["zh"] = towns.get(one["value"], one["value"])
    return made

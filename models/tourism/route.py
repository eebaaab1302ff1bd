"""A route (线路): points in their order, how far and how long from one to the next, and what is told on the way.

A leg that nobody measured is estimated from the positions: the straight line, longer by what ways bend, at the pace of
a visitor. Where a position is missing too, the leg stays unknown, and so does the whole.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import geo
from backend.errors import NotFound, Unprocessable
from models.content import item, kind
from models.content.fields import ID, Content, text
from models.tourism import geofence, guide_wire, point, search_term

KIND = "guide_route"
DETOUR = 1.3
METRES_A_MINUTE = 60
"""A visitor with children or of age, not a hiker."""
MOST_STOPS = 60
MODES = {"walk": "步行", "drive": "自驾"}


class PointNotShown(Unprocessable):
    """422: a route leads to a point that is not published."""

    code = "route_point_not_shown"
    zh = "线路中的讲解点尚未发布或已下线,请先发布讲解点或从线路中去掉:{points}"
    en = "The route leads to points that are not published: {points}"

    def __init__(self, points: list[str]) -> None:
        super().__init__(points="、".join(points), fields={"content.stops": ["、".join(points)]})


class RouteStop(ma.Schema):
    """A point of a route. Distance and minutes are those from the stop before; so is the story."""

    point = ma.fields.String(required=True, validate=validate.Regexp(ID), metadata={"example": "ferry_dongmen"})
    story_zh = text(2000, "沿江向西, 下一处是……")
    story_en = text(4000, "Along the river to the west …")
    distance_m = ma.fields.Integer(validate=validate.Range(0, 200_000), metadata={"example": 350})
    minutes = ma.fields.Integer(validate=validate.Range(0, 600), metadata={"example": 6})


class GuideRoute(Content):
    """A route of two points or more, each of them once."""

    mode = ma.fields.String(
        required=True,
        validate=validate.OneOf(tuple(MODES)),
        metadata={"description": "walk 步行;drive 自驾", "example": "walk"},
    )
    stops = ma.fields.List(ma.fields.Nested(RouteStop), required=True, validate=validate.Length(2, MOST_STOPS))

    @ma.validates_schema
    def once(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A phone that was at a point knows which stop comes next."""
        if len({one["point"] for one in data["stops"]}) < len(data["stops"]):
            raise ma.ValidationError("同一讲解点在一条线路中只能出现一次。", "stops")


def _require_points(content: Mapping[str, Any]) -> None:
    wanted = [one["point"] for one in content["stops"]]
    there = item.published_many(point.KIND, wanted)
    if missing := [one for one in wanted if one not in there]:
        raise PointNotShown(missing)


kind.register(KIND, "导览线路", GuideRoute, check=_require_points, follows=search_term.changed)


def listed(place: str | None, after: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the published routes, or of those of a place, in a few words, and where the next one begins."""
    found, following = item.published_all(KIND, place=place, after=after)
    return [_brief(one) | {"stop_count": len(one["stops"])} for one in found], following


def _brief(shown: Mapping[str, Any]) -> dict[str, Any]:
    return guide_wire.brief(shown) | {"mode": shown["mode"], "mode_zh": MODES[shown["mode"]]}


def package(route_id: str) -> dict[str, Any]:
    """Return a published route with its points and the rule of the geofence: all that a phone needs to walk it alone.

    Points that were withdrawn meanwhile are left out; what was measured from one of them is estimated from the stop
    before it. `version` changes with the route or any of its points.

    Raises:
        NotFound: no such route is shown.
    """
    shown = item.published(KIND, route_id)
    if shown is None:
        raise NotFound
    points = item.published_many(point.KIND, [one["point"] for one in shown["stops"]])
    kept = [one for one in shown["stops"] if one["point"] in points]
    stops: list[dict[str, Any]] = []
    for number, one in enumerate(shown["stops"]):
        if one["point"] in points:
            before = stops[-1]["point"]["id"] if stops else None
            measured = number > 0 and shown["stops"][number - 1]["point"] == before
            stops.append(_stop(one if measured else _unmeasured(one), points, before, shown["mode"]))
    return {
        **guide_wire.whole(shown),
        **_brief(shown),
        **_totals(stops),
        "stops": stops,
        "geofence": geofence.RULE,
        "version": _version(shown, [points[one["point"]] for one in kept]),
    }


def _unmeasured(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in {"distance_m", "minutes"}}


def _stop(
    told: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]], before: str | None, mode: str
) -> dict[str, Any]:
    stories = {name: told[name] for name in ("story_zh", "story_en") if name in told}
    leg = _leg(told, points[before], points[told["point"]], mode) if before else None
    return {"point": point.told(points[told["point"]]), **stories} | ({"leg": leg} if leg else {})


def _leg(told: Mapping[str, Any], start: Mapping[str, Any], end: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """Return what is known of the way between two points: what was measured first, then what can be estimated."""
    leg: dict[str, Any] = {name: told[name] for name in ("distance_m", "minutes") if name in told}
    estimated = False
    if "distance_m" not in leg and start.get("geo") and end.get("geo"):
        straight = geo.distance_m(*(one["geo"][name] for one in (start, end) for name in ("lon", "lat")))
        leg["distance_m"], estimated = round(straight * DETOUR), True
    if "minutes" not in leg and "distance_m" in leg and mode == "walk":
        leg["minutes"], estimated = math.ceil(leg["distance_m"] / METRES_A_MINUTE), True
    return leg | ({"estimated": True} if estimated else {})


def _totals(stops: list[dict[str, Any]]) -> dict[str, Any]:
    legs = [one.get("leg", {}) for one in stops[1:]]
    known = [name for name in ("distance_m", "minutes") if legs and all(name in one for one in legs)]
    told: dict[str, Any] = {name: sum(one[name] for one in legs) for name in known}
    return told | ({"estimated": True} if known and any(one.get("estimated") for one in legs) else {})


def _version(shown: Mapping[str, Any], points: list[Mapping[str, Any]]) -> str:
    told = "\x00".join(f"{one['id']}:{one['revision']}:{one['published_at']}" for one in (shown, *points))
    return hashlib.sha256(told.encode()).hexdigest()[:16]

"""A point (讲解点) of a guide: a text, a voice, and where one has to stand to hear it."""

from collections.abc import Iterable, Mapping
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import geo
from backend.errors import NotFound
from models.content import item, kind
from models.content.fields import Content
from models.tourism import geofence, guide_wire, search_term
from models.tourism.geofence import Fence, Fix

KIND = "guide_point"
NEAREST = 20


class PointPosition(ma.Schema):
    """Where a point lies. Stored in WGS-84; what is sent in GCJ-02 is converted."""

    lon = ma.fields.Float(required=True, validate=validate.Range(73, 136), metadata={"example": 115.412})
    lat = ma.fields.Float(required=True, validate=validate.Range(3, 54), metadata={"example": 25.955})
    datum = ma.fields.String(
        load_default="WGS-84",
        validate=validate.OneOf(("WGS-84", "GCJ-02", "unknown")),
        metadata={"description": "腾讯、高德地图取点为 GCJ-02;来源未注明的为 unknown", "example": "GCJ-02"},
    )
    radius_m = ma.fields.Integer(
        load_default=30,
        validate=validate.Range(geofence.SMALLEST_M, geofence.LARGEST_M),
        metadata={"description": "电子围栏半径(米)", "example": 30},
    )
    confidence = ma.fields.String(
        load_default="medium",
        validate=validate.OneOf(("high", "medium", "low")),
        metadata={"description": "low: 只在地图上显示,不自动播放", "example": "high"},
    )
    demo = ma.fields.Boolean(metadata={"description": "演示用的位置", "example": False})

    @ma.post_load
    def in_wgs84(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Convert what was picked on a Chinese map."""
        if data["datum"] == "GCJ-02":
            data["lon"], data["lat"] = geo.to_wgs84(data["lon"], data["lat"])
            data["datum"] = "WGS-84"
        return data


class GuidePoint(Content):
    """A point; without a position it is found by its route only."""

    geo = ma.fields.Nested(PointPosition)


def _where(content: Mapping[str, Any]) -> tuple[float, float] | None:
    told = content.get("geo")
    return (told["lon"], told["lat"]) if told else None


kind.register(KIND, "讲解点", GuidePoint, position=_where, follows=search_term.changed)


def read(point_id: str) -> dict[str, Any]:
    """Return a published point for the wire.

    Raises:
        NotFound: no such point is shown.
    """
    shown = item.published(KIND, point_id)
    if shown is None:
        raise NotFound
    return told(shown)


def listed(place: str | None, after: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the published points, or of those of a place, in a few words, and where the next one begins."""
    found, following = item.published_all(KIND, place=place, after=after)
    return [brief(one) for one in found], following


def brief(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list tells of a point."""
    return guide_wire.brief(shown) | _geo(shown)


def told(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that everybody may know of a point."""
    return guide_wire.whole(shown) | _geo(shown)


def _geo(shown: Mapping[str, Any]) -> dict[str, Any]:
    lies = shown.get("geo")
    if not lies:
        return {}
    fence = {"radius_m": lies["radius_m"], "confidence": lies["confidence"], "triggers": triggers(shown)}
    made_up = {"demo": True} if lies.get("demo") else {}
    return {"geo": {**guide_wire.position(lies), **fence, **made_up}}


def triggers(shown: Mapping[str, Any]) -> bool:
    """Tell whether a point speaks by itself: only where its position can be trusted."""
    return bool(shown.get("geo")) and shown["geo"]["confidence"] != "low"


def fences(points: Iterable[Mapping[str, Any]]) -> list[Fence]:
    """Return the rings of those points that speak by themselves."""
    return [
        Fence(one["id"], one["geo"]["lon"], one["geo"]["lat"], one["geo"]["radius_m"])
        for one in points
        if triggers(one)
    ]


def nearby(fix: Fix, before: str | None) -> dict[str, Any]:
    """Return the point at which a phone is by a fix (WGS-84), what became of the one before, and what lies around."""
    found = item.published_near(KIND, fix.lon, fix.lat, most_m=geofence.FURTHEST_M, limit=NEAREST)
    now = geofence.current(fences(found), before, fix)
    if before and now == before and before not in {one["id"] for one in found}:
        now = before if item.published(KIND, before) else None  # too coarse a fix to leave it
    here = item.published(KIND, now) if now else None
    around = [
        brief(one) | {"distance_m": round(geo.distance_m(fix.lon, fix.lat, one["geo"]["lon"], one["geo"]["lat"]))}
        for one in found
    ]
    change = "none" if not before and not here else "stays" if here and now == before else "entered" if here else "left"
    return {"change": change, "around": around} | ({"point": told(here)} if here else {})

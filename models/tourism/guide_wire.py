"""How guide content is told to phones: positions in GCJ-02, media by address, sources beside the facts."""

from collections.abc import Mapping
from typing import Any

from backend import clock, geo

MEDIA = "/mini/v1/content/media"
_TEXTS = ("summary_zh", "text_zh", "text_en", "text_elder_zh", "facts", "red_heritage", "demo")
_MEDIA = ("role", "caption_zh", "language", "version", "transcript")
_DIGITS = 6
"""Of a degree: a tenth of a metre."""


def brief(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list tells of published content."""
    names = ("id", "title_zh", "title_en", "summary_zh", "place", "demo")
    return {name: shown[name] for name in names if shown.get(name)}


def whole(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that everybody may know of published content."""
    told = brief(shown) | {name: shown[name] for name in _TEXTS if shown.get(name)}
    media = [_media(one) for one in shown.get("media", [])]
    at = clock.civil(shown["published_at"]).isoformat(timespec="seconds")
    return told | {
        "media": media,
        "revision": shown["revision"],
        "imported": shown["imported"],
        "published_at": at,
    }


def _media(part: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: part[name] for name in _MEDIA if part.get(name)}
    if part["role"] == "audio":
        told.setdefault("version", "standard")
    return {"url": f"{MEDIA}/{part['file']}", **told}


def position(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored position (WGS-84) as phones in China show it (GCJ-02)."""
    lon, lat = geo.to_gcj02(told["lon"], told["lat"])
    return {"lon": round(lon, _DIGITS), "lat": round(lat, _DIGITS), "datum": "GCJ-02"}

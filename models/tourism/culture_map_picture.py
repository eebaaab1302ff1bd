"""The cultural map as a picture: the county's own outline and numbered dots, in the units of an SVG.

Where dots crowd, the picture of the county shows their middle once, and a second picture shows them apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend import geo

WIDTH = 800
CROWD_M = 3000.0
CROWDED = 3
_MARGIN = 40
_SMALLEST_DEG = 0.004
Position = tuple[float, float]


@dataclass(frozen=True)
class Dot:
    """A numbered dot; one that stands for several says how many."""

    x: float
    y: float
    label: str
    name: str
    count: int = 1


@dataclass(frozen=True)
class Picture:
    """What a picture shows: its size, the outline as an SVG path, and the dots."""

    height: int
    path: str
    dots: tuple[Dot, ...]


class _Frame:
    """Places positions in a picture; a degree of longitude is shorter than one of latitude."""

    def __init__(self, positions: Sequence[Position]) -> None:
        lons, lats = [lon for lon, _ in positions], [lat for _, lat in positions]
        self._west, self._north = min(lons), max(lats)
        self._squeeze = math.cos(math.radians((min(lats) + max(lats)) / 2))
        wide = max((max(lons) - min(lons)) * self._squeeze, _SMALLEST_DEG)
        high = max(max(lats) - min(lats), _SMALLEST_DEG)
        self._scale = (WIDTH - 2 * _MARGIN) / max(wide, high)
        self.height = math.ceil(high * self._scale) + 2 * _MARGIN

    def at(self, position: Position) -> Position:
        lon, lat = position
        x = (lon - self._west) * self._squeeze * self._scale + _MARGIN
        return round(x, 1), round((self._north - lat) * self._scale + _MARGIN, 1)


def pictures(outline: dict[str, Any], features: Sequence[dict[str, Any]]) -> list[Picture]:
    """Return the picture of the county, and one of its crowded part where there is one; numbers begin with 1."""
    numbered = [
        (tuple(one["geometry"]["coordinates"]), str(number), one["properties"]["name"])
        for number, one in enumerate(features, start=1)
    ]
    rings = [ring for polygon in outline.get("coordinates", []) for ring in polygon]
    if not rings:
        return [_zoomed(numbered)] if numbered else []
    frame = _Frame([(point[0], point[1]) for ring in rings for point in ring])
    path = " ".join(_path(frame, ring) for ring in rings)
    crowd = _crowd(numbered)
    alone = [Dot(*frame.at(at), label, name) for at, label, name in numbered if (at, label, name) not in crowd]
    if not crowd:
        return [Picture(frame.height, path, tuple(alone))]
    middle = (sum(at[0] for at, _, _ in crowd) / len(crowd), sum(at[1] for at, _, _ in crowd) / len(crowd))
    joined = Dot(*frame.at(middle), "城区", "见城区放大图", len(crowd))
    return [Picture(frame.height, path, (*alone, joined)), _zoomed(crowd)]


def _path(frame: _Frame, ring: Sequence[Sequence[float]]) -> str:
    points = [frame.at((point[0], point[1])) for point in ring]
    return "M" + " L".join(f"{x} {y}" for x, y in points) + " Z"


def _crowd(numbered: Sequence[Any]) -> list[Any]:
    """Return the dots around the one with most neighbours, none where nowhere is a crowd."""
    groups = [[one for one in numbered if geo.distance_m(*at, *one[0]) <= CROWD_M] for at, _, _ in numbered]
    largest = max(groups, key=len, default=[])
    return largest if len(largest) >= CROWDED else []


def _zoomed(numbered: Sequence[Any]) -> Picture:
    frame = _Frame([at for at, _, _ in numbered])
    return Picture(frame.height, "", tuple(Dot(*frame.at(at), label, name) for at, label, name in numbered))

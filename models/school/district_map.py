"""The districts of one generation laid out for asking: which polygon a position lies in, how far the next border is.

A border is the line between areas of different schools, and the outer edge of all districts: between two districts
of the same schools (多校划片 drawn in parts) there is none.
"""

import math
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from backend import plane
from backend.plane import Plane
from models.school import district
from models.school import round as rounds

_KEPT = 8
_SEAM_M = 0.5
"""Polygons drawn apart by less than this are one area: rounding of coordinates opens no border."""
_lock = threading.Lock()
_maps: dict[tuple[str, str], "DistrictMap"] = {}


@dataclass
class DistrictMap:
    """Districts by code, their shapes in metres, and what is asked by name: streets and villages."""

    plane: Plane
    districts: dict[str, dict[str, Any]]
    shapes: list[BaseGeometry]
    codes: list[str]
    areas: dict[frozenset[str], BaseGeometry]
    tree: shapely.STRtree = field(init=False)
    borders: shapely.STRtree = field(init=False)
    streets: dict[str, list[tuple[str, Mapping[str, Any]]]] = field(default_factory=lambda: defaultdict(list))
    villages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        shapely.prepare(self.shapes)
        self.tree = shapely.STRtree(self.shapes)
        self.borders = shapely.STRtree([one.boundary for one in self.areas.values()])
        for code, one in self.districts.items():
            for rule in one["streets"]:
                self.streets[rule["street"]].append((code, rule))
            for village in one["villages"]:
                self.villages[village].append(code)

    def schools(self, code: str) -> frozenset[str]:
        """Return the schools of a district."""
        return frozenset(self.districts[code]["schools"])

    def at(self, points: Any) -> list[tuple[str, ...]]:
        """Return for each of some points the districts in which it lies, by code."""
        found: list[list[str]] = [[] for _ in range(len(points))]
        for number, shape in zip(*self.tree.query(points, predicate="intersects"), strict=True):
            found[number].append(self.codes[shape])
        return [tuple(sorted(one)) for one in found]

    def to_border(self, points: Any) -> list[float]:
        """Return for each of some points how many metres the next border is away."""
        if not self.areas:
            return [math.inf] * len(points)
        pairs, metres = self.borders.query_nearest(points, return_distance=True, all_matches=False)
        found = dict(zip(pairs[0].tolist(), metres.tolist(), strict=True))
        return [found[number] for number in range(len(points))]

    def near(self, where: BaseGeometry, within_m: float) -> tuple[str, ...]:
        """Return the districts that lie no further than `within_m` from a point, the nearest first."""
        found = self.tree.query(where, predicate="dwithin", distance=within_m)
        return tuple(self.codes[one] for one in sorted(found, key=lambda n: shapely.distance(self.shapes[n], where)))


def build(found: Sequence[dict[str, Any]]) -> DistrictMap:
    """Return the map of some districts."""
    read = [plane.read(one["polygon"]) for one in found]
    ground = plane.around(read) if read else Plane(0, 0)
    shapes = [ground.flat(one) for one in read]
    parts: dict[frozenset[str], list[BaseGeometry]] = defaultdict(list)
    for one, shape in zip(found, shapes, strict=True):
        parts[frozenset(one["schools"])].append(shape)
    return DistrictMap(
        ground,
        {one["code"]: one for one in found},
        shapes,
        [one["code"] for one in found],
        {schools: joined(some) for schools, some in parts.items()},
    )


def joined(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return one area of several shapes; seams thinner than half a metre are closed, its outline stays."""
    if len(shapes) == 1:
        return shapes[0]
    wide = shapely.union_all([shapely.buffer(one, _SEAM_M, join_style="mitre") for one in shapes])
    return shapely.buffer(wide, -_SEAM_M, join_style="mitre")


def of_round(round_code: str) -> DistrictMap:
    """Return the map of the districts that count in a round; it is built once for a generation in each process.

    Raises:
        NotFound: no such round.
    """
    told = rounds.read(round_code).get("districts") or {}
    key = (round_code, str(told.get("generation", "")))
    with _lock:
        if key in _maps:
            return _maps[key]
    name, found = district.current(round_code)
    made = build(found)
    with _lock:
        _maps[round_code, name] = made
        while len(_maps) > _KEPT:
            del _maps[next(iter(_maps))]
    return made

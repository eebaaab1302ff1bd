"""What is wrong with the shapes of a round's districts: where they overlap, and where they leave a gap."""

from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry

from models.school.district_finding import Finding, blocking, warning
from models.school.district_map import DistrictMap

SLIVER_M = 25.0
"""Half the width of a slit at the outline that is taken for a drawing error and not for the outline."""
MOST = 200


def findings(found: DistrictMap, least_m2: float) -> list[Finding]:
    """Return overlaps, gaps and slivers of more than `least_m2`."""
    return [*list(overlaps(found, least_m2))[:MOST], *list(gaps(found, least_m2))[:MOST]]


def overlaps(found: DistrictMap, least_m2: float) -> Iterator[Finding]:
    """Yield where two districts of different schools cover the same ground."""
    pairs = found.tree.query(found.shapes, predicate="intersects").T.tolist()
    for first, second in sorted((one, other) for one, other in pairs if one < other):
        codes = found.codes[first], found.codes[second]
        if found.schools(codes[0]) == found.schools(codes[1]):
            continue
        common = shapely.intersection(found.shapes[first], found.shapes[second])
        size = shapely.area(common)
        if size > least_m2:
            names = "与".join(found.districts[code]["name"] for code in codes)
            words = f"{names}重叠约 {size:,.0f} 平方米,且对应学校不同;请调整边界,或改为相同的学校。"
            yield blocking("overlap", words, *codes, size_m2=size, point=_inside(found, common))


def gaps(found: DistrictMap, least_m2: float) -> Iterator[Finding]:
    """Yield holes between the districts, and slits that are open to the outside."""
    if not found.shapes:
        return
    covered = shapely.union_all(found.shapes)
    for hole in _holes(covered):
        if shapely.area(hole) > least_m2:
            yield _gap(found, hole, "gap")
    closed = shapely.buffer(shapely.buffer(covered, SLIVER_M, join_style="mitre"), -SLIVER_M, join_style="mitre")
    slits = shapely.difference(closed, shapely.union_all([covered, *_holes(covered)]))
    for slit in shapely.get_parts(slits).tolist():
        if shapely.area(slit) > least_m2:
            yield _gap(found, slit, "sliver")


def _gap(found: DistrictMap, hole: BaseGeometry, code: str) -> Finding:
    size, beside = shapely.area(hole), found.near(hole, 1.0)[:4]
    names = "、".join(found.districts[one]["name"] for one in sorted(beside))
    if code == "gap":
        words = f"{names}之间有约 {size:,.0f} 平方米不属于任何学区;请把边界补齐。"
        return blocking(code, words, *sorted(beside), size_m2=size, point=_inside(found, hole))
    words = f"{names}边缘有约 {size:,.0f} 平方米的窄缝不属于任何学区;如为道路或河道可确认后公告。"
    return warning(code, words, *sorted(beside), size_m2=size, point=_inside(found, hole))


def _holes(covered: BaseGeometry) -> list[BaseGeometry]:
    parts = shapely.get_parts(covered).tolist()
    return [shapely.Polygon(ring) for one in parts if one.geom_type == "Polygon" for ring in one.interiors]


def _inside(found: DistrictMap, shape: BaseGeometry) -> tuple[float, float]:
    return found.plane.position(shapely.point_on_surface(shape))

"""The geofence (电子围栏): which point tells its story where somebody stands. The same rule runs on the phone alone.

A fix of the phone says where it may be and within how many metres. A point is entered only when one is surely inside
and left only when one is surely outside of a wider ring, so that a fix that jumps does not start and stop a story:

    reach = accuracy × `accuracy_share`
    enter   distance + reach ≤ radius
    stay    distance − reach ≤ radius × `leave_factor`
    change  another point is entered and nearer by at least `nearer_by_m`

A fix coarser than `most_accuracy_m` changes nothing. Of several points that are entered the nearest counts, then the
one that stands first. Positions are all WGS-84 or all GCJ-02: over such distances both measure alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

from backend import geo

RULE = {"most_accuracy_m": 80, "accuracy_share": 0.5, "leave_factor": 1.5, "nearer_by_m": 10}
"""The numbers that each route carries to the phone."""
SMALLEST_M, LARGEST_M = 15, 300
FURTHEST_M = LARGEST_M * RULE["leave_factor"] + RULE["most_accuracy_m"] * RULE["accuracy_share"]
"""Nobody further away than this is at a point."""


class Fence(NamedTuple):
    """A point's ring."""

    point: str
    lon: float
    lat: float
    radius_m: float


class Fix(NamedTuple):
    """Where a phone believes to be, and within how many metres (68 %, as phones tell it)."""

    lon: float
    lat: float
    accuracy_m: float


def current(fences: Sequence[Fence], before: str | None, fix: Fix) -> str | None:
    """Return the point at which somebody is by this fix, who was at `before` until it; None at none."""
    if fix.accuracy_m > RULE["most_accuracy_m"]:
        return before
    reach = fix.accuracy_m * RULE["accuracy_share"]
    away = {one.point: geo.distance_m(fix.lon, fix.lat, one.lon, one.lat) for one in fences}
    entered = [one.point for one in fences if away[one.point] + reach <= one.radius_m]
    nearest = min(entered, key=away.__getitem__, default=None)
    if not any(one.point == before and away[before] - reach <= one.radius_m * RULE["leave_factor"] for one in fences):
        return nearest
    if nearest is None or before is None or away[nearest] > away[before] - RULE["nearer_by_m"]:
        return before
    return nearest

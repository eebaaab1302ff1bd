"""How long it takes from one place to the next, by a simple model that is said in every plan."""

from dataclasses import dataclass
from typing import Any

from backend import geo

COUNTY_TOWN_KM = 1.0
"""Places of the county town have no distance from it; this is what they count for."""


@dataclass(frozen=True)
class Spot:
    """Where one is: a position where it is known, else a town and its distance from the county's seat."""

    position: tuple[float, float] | None = None
    town: str = ""
    seat_km: float | None = None


@dataclass(frozen=True)
class Leg:
    """A way: on foot or by car, minutes, metres over ground where they can be told, and whether that is a guess."""

    mode: str
    minutes: int
    metres: int | None
    estimated: bool

    @property
    def zh(self) -> str:
        """Return the way in words."""
        how = {"walk": "步行", "drive": "乘车"}[self.mode]
        far = f"({self.metres / 1000:.1f} 公里)" if self.metres is not None else ""
        return f"{how}约 {self.minutes} 分钟{far}" + (",位置未公布,按乡镇距离估算" if self.estimated else "")


def spot(place: dict[str, Any], seat: str = "") -> Spot:
    """Return where a place lies; `seat` is the code of the county's seat, whose places are near it."""
    at = place.get("geo")
    town = place.get("town_code") or ""
    far = place.get("seat_km")
    known = far if far is not None else COUNTY_TOWN_KM if town and town == seat else None
    return Spot((at["lon"], at["lat"]) if at else None, town, known)


def leg(start: Spot, goal: Spot, terms: dict[str, Any], pace: str) -> Leg:
    """Return the way between two spots: on foot where it is near, else by car."""
    if start.position and goal.position:
        metres = round(geo.distance_m(*start.position, *goal.position) * terms["detour"])
        return _known(metres, terms, pace)
    if start.town and start.town == goal.town:
        return Leg("drive", terms["same_town_minutes"], None, estimated=True)
    if start.seat_km is not None and goal.seat_km is not None:
        metres = round((start.seat_km + goal.seat_km) * 1000)
        return Leg("drive", _drive(metres, terms), metres, estimated=True)
    return Leg("drive", terms["unknown_minutes"], None, estimated=True)


def _known(metres: int, terms: dict[str, Any], pace: str) -> Leg:
    if metres <= terms["walk_most_m"]:
        speed = terms["walk_kmh"][pace] * 1000 / 60
        return Leg("walk", _up(metres / speed), metres, estimated=False)
    return Leg("drive", _drive(metres, terms), metres, estimated=False)


def _drive(metres: int, terms: dict[str, Any]) -> int:
    return int(_up(metres / (terms["drive_kmh"] * 1000 / 60)) + terms["park_minutes"])


def _up(minutes: float) -> int:
    """Round up to whole minutes, at least one unless one stays where one is."""
    return int(-(-minutes // 1))

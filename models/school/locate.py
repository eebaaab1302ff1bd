"""Where an address belongs: its district and schools, how that was found, and whether a person must decide.

    house number (a street rule of a district)  →  position (given, or that of the standard address)  →  village

The first that says something decides. A person must decide where nothing says anything, where two of them name
different schools, where overlapping districts do, and where the position lies no further than
`school_border_metres` (dated data) from a border between different schools or from the outer edge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend import clock
from backend.plane import Position
from backend.store import read_once
from models.places import area
from models.rules import parameters
from models.school import address_point, address_text, district, district_map, locate_words, school
from models.school.address_text import Parsed
from models.school.district_map import DistrictMap
from models.school.evidence import Asked, Evidence

BORDER = "school_border_metres"
FEW = 20
"""So many homes are looked up one by one; for more, all streets and their points are read."""


@dataclass(frozen=True)
class Located:
    """Districts and schools of a home by their codes: several districts only where these overlap.

    `how` is house_number, point, village or none; `distance_m` how far the next border is from the position, None
    without a position. Where `certain` is false, a person decides, and `why_zh` says why. `outside` says that the
    position is known and lies in no district, nor near one: no district is what is known of it.
    """

    districts: tuple[str, ...]
    schools: tuple[str, ...]
    certain: bool
    how: str
    distance_m: float | None
    why_zh: str
    overflow: tuple[str, ...]
    outside: bool = False


@read_once.within_span
def locate(
    round_code: str, *, address: str = "", village: str = "", point: Position | None = None
) -> Located:  # fmt: skip
    """Return where a home belongs in a round.

    Raises:
        NotFound: no such round, or how near a border is too near was never said.
    """
    return many(round_code, [Asked(address, village, point)])[0]


def many(round_code: str, rows: Iterable[Asked]) -> list[Located]:
    """Return where many homes belong, in their order; districts, streets and points are read once.

    Raises:
        NotFound: no such round, or how near a border is too near was never said.
    """
    asked = list(rows)
    found = district_map.of_round(round_code)
    named = {one for each in asked for one in address_text.endings(each.address)} if len(asked) <= FEW else None
    return _Locator(found, found.streets.keys() | address_point.known_streets(named), asked).all()


class _Locator:
    """Finds some homes on one map."""

    def __init__(self, found: DistrictMap, streets: Iterable[str], asked: Sequence[Asked]) -> None:
        self._map, self._asked = found, asked
        known = frozenset(streets)
        self._parsed = [address_text.parse(one.address, known) if one.address else None for one in asked]
        self._border_m = float(parameters.value(BORDER, clock.today()))
        self._points = self._standard_points()
        self._towns = {one["name"]: one["code"] for one in area.children(_county(self._points))} if self._points else {}
        named = {code for one in found.districts.values() for code in (*one["schools"], *one["overflow"])}
        self._schools = school.names(named)

    def all(self) -> list[Located]:
        positions = [self._position(*one) for one in zip(self._asked, self._parsed, strict=True)]
        placed = [number for number, one in enumerate(positions) if one]
        points = self._map.plane.points([one for one in positions if one])
        inside = dict(zip(placed, self._map.at(points), strict=True))
        metres = dict(zip(placed, self._map.to_border(points), strict=True))
        told = []
        for number, (asked, parsed) in enumerate(zip(self._asked, self._parsed, strict=True)):
            where, distance = positions[number], metres.get(number)
            told.append(
                self._located(
                    Evidence(
                        asked,
                        parsed,
                        self._rules(parsed),
                        where,
                        asked.point is not None,
                        inside.get(number, ()),
                        self._near(where, distance),
                        distance,
                        tuple(self._map.villages.get(asked.village, ())),
                    )
                )
            )
        return told

    def _standard_points(self) -> dict[tuple[str, int], list[dict[str, Any]]]:
        wanted = {
            (one.street, one.number)
            for one, asked in zip(self._parsed, self._asked, strict=True)
            if one and asked.point is None
        }
        told: dict[tuple[str, int], list[dict[str, Any]]] = {}
        if len(wanted) > FEW:
            rows = address_point.of_streets({street for street, _ in wanted})
        else:
            rows = [point for one in wanted for point in address_point.at(*one)]
        for one in rows:
            told.setdefault((one["street"], one["house"]), []).append(one)
        return told

    def _position(self, asked: Asked, parsed: Parsed | None) -> Position | None:
        """Return the given position, else that of the standard address; none where it could be two places."""
        if asked.point is not None:
            return asked.point
        found = self._points.get((parsed.street, parsed.number), []) if parsed else []
        found = [one for one in found if self._same_town(one, asked)] or found
        exact = [one for one in found if parsed and one["number"] == parsed.label]
        found = exact or [one for one in found if parsed and one["number"] == str(parsed.number)]
        return (found[0]["point"][0], found[0]["point"][1]) if len(found) == 1 else None

    def _same_town(self, one: Mapping[str, Any], asked: Asked) -> bool:
        if asked.village:
            return asked.village.startswith(one["town"])
        return any(name in asked.address and code == one["town"] for name, code in self._towns.items())

    def _rules(self, parsed: Parsed | None) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        if parsed is None:
            return ()
        rules = self._map.streets.get(parsed.street, ())
        return tuple((code, rule) for code, rule in rules if district.takes(rule, parsed.number))

    def _near(self, where: Position | None, distance: float | None) -> tuple[str, ...]:
        if where is None or distance is None or distance > self._border_m:
            return ()
        return self._map.near(self._map.plane.point(*where), self._border_m)

    def _located(self, found: Evidence) -> Located:
        how, codes = _decided(found)
        different = self._differ(codes)
        against = self._against(found, how, codes)
        at_border = found.distance_m is not None and found.distance_m <= self._border_m and how != "none"
        certain = bool(codes) and not (different or against or at_border)
        chosen = codes if different else codes[:1]
        why = locate_words.why(
            locate_words.Told(found, how, codes, different, against, at_border, self._border_m),
            self._map.districts,
            self._schools,
        )
        listed = [self._map.districts[code] for code in chosen]
        schools = tuple(dict.fromkeys(one for each in listed for one in each["schools"]))
        overflow = tuple(dict.fromkeys(one for each in listed for one in each["overflow"] if one not in schools))
        outside = how == "none" and found.position is not None and bool(self._map.districts)
        return Located(chosen, schools, certain, how, _rounded(found.distance_m), why, overflow, outside)

    def _differ(self, codes: Sequence[str]) -> bool:
        return len({self._map.schools(code) for code in codes}) > 1

    def _against(self, found: Evidence, how: str, codes: Sequence[str]) -> str:
        """Return which other evidence speaks against what was decided: point, village, or "" for none."""
        mine = {self._map.schools(code) for code in codes}
        if how == "house_number" and found.inside and not mine & {self._map.schools(one) for one in found.inside}:
            return "point"
        if how in {"house_number", "village"} and found.position and not found.inside and not found.near:
            return "outside"
        if how != "village" and found.villages and not mine & {self._map.schools(one) for one in found.villages}:
            return "village" if codes else ""
        return ""


def _decided(found: Evidence) -> tuple[str, tuple[str, ...]]:
    if found.rules:
        return "house_number", tuple(dict.fromkeys(code for code, _ in found.rules))
    if found.inside:
        return "point", found.inside
    if found.near:
        return "point", found.near[:1]
    return ("village", found.villages) if found.villages else ("none", ())


def _county(points: Mapping[Any, Sequence[Mapping[str, Any]]]) -> str:
    return str(next(iter(points.values()))[0]["town"])[:6]


def _rounded(distance: float | None) -> float | None:
    return None if distance is None or distance == float("inf") else round(distance, 1)

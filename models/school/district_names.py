"""What is wrong with what districts name: villages and house numbers claimed twice or by nobody, addresses outside."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from models.places import area
from models.school import district
from models.school.district import GREATEST_NUMBER
from models.school.district_finding import Finding, blocking, warning
from models.school.district_map import DistrictMap

SIDES = ("odd", "even")
_PARITY = {"odd": 1, "even": 0}
_TOWN_DIGITS = 9
_NAMED = 8
MOST = 200
Rules = Sequence[tuple[str, Mapping[str, Any]]]
Points = Sequence[Mapping[str, Any]]


def findings(found: DistrictMap, points: Points) -> list[Finding]:
    """Return what is wrong with villages, streets and addresses; `points` are those of the round's towns."""
    kinds = (villages(found), streets(found, points), addresses(found, points))
    return [one for kind in kinds for one in list(kind)[:MOST]]


def towns(found: Iterable[Mapping[str, Any]], schools: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the towns of a round: those of the villages that its districts name, and of its public schools."""
    named = {code[:_TOWN_DIGITS] for one in found for code in one["villages"]}
    return named | {one["town"] for one in schools if one.get("town") and one["ownership"] == "public"}


def villages(found: DistrictMap) -> Iterator[Finding]:
    """Yield villages of two districts with different schools, and those of the towns that none names."""
    for code, districts in sorted(found.villages.items()):
        if len({found.schools(one) for one in districts}) > 1:
            names = "、".join(found.districts[one]["name"] for one in districts)
            yield blocking("village_twice", f"{_village(code)}同时划入{names},而学校不同。", code, *districts)
    for town in sorted({code[:_TOWN_DIGITS] for code in found.villages}):
        missing = [one for one in area.children(town) if one["code"] not in found.villages]
        if missing:
            names = "、".join(one["name"] for one in missing[:_NAMED])
            words = f"{len(missing)} 个村(社区)未整体划入学区,按位置或门牌确定:{names}{_more(missing)}。"
            yield warning("village_left_out", words, *(one["code"] for one in missing[:_NAMED]))


def _village(code: str) -> str:
    found = [one["name"] for one in area.children(code[:_TOWN_DIGITS]) if one["code"] == code]
    return found[0] if found else code


def _more(missing: Sequence[Any]) -> str:
    return " 等" if len(missing) > _NAMED else ""


def streets(found: DistrictMap, points: Points) -> Iterator[Finding]:
    """Yield house numbers that two districts with different schools claim, and those between that none does."""
    standing: dict[str, set[int]] = defaultdict(set)
    for one in points:
        standing[one["street"]].add(one["house"])
    for street, rules in sorted(found.streets.items()):
        yield from _twice(found, street, rules)
        yield from _left_out(street, rules, standing[street])


def _twice(found: DistrictMap, street: str, rules: Rules) -> Iterator[Finding]:
    for number, (code, rule) in enumerate(rules):
        for other, second in rules[number + 1 :]:
            common = _common(rule, second)
            if common and found.schools(code) != found.schools(other):
                names = f"{found.districts[code]['name']}和{found.districts[other]['name']}"
                yield blocking("street_twice", f"{street} {common}同时划入{names},而学校不同。", code, other)


def _common(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the numbers that two rules both cover in words, "" for none."""
    sides = {one["side"], other["side"]} - {"all"}
    if len(sides) > 1:
        return ""
    side = next(iter(sides), "all")
    first, last = max(one["from"], other["from"]), min(one["to"], other["to"])
    if side != "all":
        first += first % 2 != _PARITY[side]
        last -= last % 2 != _PARITY[side]
    if first > last:
        return ""
    return f"{_numbers(first, last)}{district.SIDES_ZH[side] if side != 'all' and first != last else ''}"


def _numbers(first: int, last: int) -> str:
    if first == last:
        return f"{first} 号"
    return f"{first} 号以上" if last == GREATEST_NUMBER else f"{first}–{last} 号"


def _left_out(street: str, rules: Rules, standing: set[int]) -> Iterator[Finding]:
    """Yield numbers between the claimed ones of a side, and standing houses, that no rule covers."""
    for side in SIDES:
        runs = [one for one in _runs(rules, side) if one[0] <= one[1]]
        words = [f"{_numbers(*one)}" for one in runs]
        houses = sorted(one for one in standing if one % 2 == _PARITY[side] and not _covered(rules, one))
        houses = [one for one in houses if not any(first <= one <= last for first, last in runs)]
        words += [f"{one} 号" for one in houses[:_NAMED]]
        if words:
            told = "、".join(words[:_NAMED])
            zh = f"{street}{district.SIDES_ZH[side]} {told}{_more(words)}没有划入任何学区,将按位置确定。"
            yield warning("street_left_out", zh, street)


def _covered(rules: Rules, number: int) -> bool:
    return any(district.takes(rule, number) for _, rule in rules)


def _runs(rules: Rules, side: str) -> Iterator[tuple[int, int]]:
    """Yield from which to which number of a side lies between rules and belongs to none."""
    spans = sorted((rule["from"], rule["to"]) for _, rule in rules if rule["side"] in {"all", side})
    parity, reached = _PARITY[side], 0
    for first, last in spans:
        if reached:
            start, end = reached + 1, first - 1
            yield start + (start % 2 != parity), end - (end % 2 != parity)
        reached = max(reached, last)


def addresses(found: DistrictMap, points: Points) -> Iterator[Finding]:
    """Yield the streets of which standard addresses lie in no district and under no rule."""
    inside = found.at(found.plane.points([one["point"] for one in points])) if points and found.shapes else []
    outside: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one, codes in zip(points, inside, strict=bool(inside)):
        if not codes and not _covered(found.streets.get(one["street"], ()), one["house"]):
            outside[one["town"], one["street"]].append(one)
    for (town, street), some in sorted(outside.items()):
        numbers = "、".join(one["number"] for one in some[:_NAMED])
        words = f"{street} {numbers}{_more(some)} 号(共 {len(some)} 个门牌)不在任何学区,申请时由工作人员确定。"
        lon, lat = some[0]["point"]
        yield warning("address_left_out", words, town, street, point=(lon, lat))

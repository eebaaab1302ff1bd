"""What anybody with a pseudonym sees of a published draw: the lot, how to recompute it, and why in words."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backend.allocation import lots, published
from models.school import draw_files, result, school

SHORT = 12
"""Digits of a lot in a sentence: enough to compare by eye; the whole number stands in the files."""
ALL = "all"
_NONE = "-"


@dataclass(frozen=True, slots=True)
class CutOff:
    """How far down a school went on some of its seats; `choice` counts under immediate acceptance only."""

    seats_of: str
    seats: int
    taken: int
    full: bool
    choice: int
    priority: int
    lot: str

    @property
    def worst(self) -> tuple[int, int, str]:
        """Return the key of the last one who got such a seat."""
        return self.choice, self.priority, self.lot


def cut_offs(found: Mapping[str, Any]) -> Mapping[str, Sequence[CutOff]]:
    """Return the cut-offs of a published draw by school, from the file that everybody can load."""
    return _read(draw_files.content(found, published.CUT_OFFS))


@lru_cache(maxsize=8)
def _read(content: bytes) -> Mapping[str, Sequence[CutOff]]:
    lines: dict[str, list[CutOff]] = {}
    for one in csv.DictReader(io.StringIO(content.decode(), newline="")):
        made = CutOff(
            seats_of=one["seats_of"],
            seats=int(one["seats"]),
            taken=int(one["taken"]),
            full=one["full"] == "yes",
            choice=_number(one["choice"]),
            priority=_number(one["priority"]),
            lot=one["lot"],
        )
        lines.setdefault(one["place"], []).append(made)
    return lines


def _number(text: str) -> int:
    return 0 if text == _NONE else int(text)


def of_result(found: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a published draw gave one pseudonym: nothing in it tells who that is."""
    lines = cut_offs(found)
    codes = [code for code, _ in one["choices"]]
    names = school.names(codes)
    choices = [_choice(one, rank, lines.get(code, ()), names[code]) for rank, code in enumerate(codes, 1)]
    return {
        "pseudonym": one["pseudonym"],
        "lot": lots.number(found["seed"], one["lot_of"]),
        "lot_of": one["lot_of"],
        "position": one["position"],
        "applicants": found["applicants"],
        "seed": found["seed"],
        "formula": f"HMAC-SHA256(key = {found['seed']}, message = {one['lot_of']})",
        "kind": one["kind"],
        "kind_zh": result.KIND_ZH[one["kind"]],
        "school": one["school"],
        "school_name": names.get(one["school"], ""),
        "rank": one["rank"],
        "choices": choices,
    }


def _choice(one: Mapping[str, Any], rank: int, lines: Sequence[CutOff], name: str) -> dict[str, Any]:
    code, priority = one["choices"][rank - 1]
    mine = [line for line in lines if line.seats_of in (ALL, one["reserve"] or ALL)]
    return {
        "rank": rank,
        "school": code,
        "school_name": name,
        "priority": priority,
        "admitted": rank == one["rank"],
        "cut_offs": [_line(line) for line in mine],
        "why_zh": _why(one, rank, priority, mine),
    }


def _line(found: CutOff) -> dict[str, Any]:
    told: dict[str, Any] = {"seats_of": found.seats_of, "seats": found.seats, "taken": found.taken, "full": found.full}
    told["seats_of_zh"] = "其他名额" if found.seats_of == ALL else f"预留给第 {found.seats_of} 梯次的名额"
    if found.taken:
        told |= {"priority": found.priority, "lot": found.lot}
    return told | ({"choice": found.choice} if found.choice else {})


def _why(one: Mapping[str, Any], rank: int, priority: int, lines: Sequence[CutOff]) -> str:
    """Return in words why a choice was met, or not: the cut-off of those seats that were nearest to this child."""
    if rank == one["rank"]:
        return "录取。"
    if one["rank"] and rank > one["rank"]:
        return "已被前面的志愿录取,不再看此志愿。"
    held = [line for line in lines if line.taken]
    if not held:
        return "该校没有可供派位的名额。"
    last = max(held, key=lambda line: line.worst)
    if last.choice and last.choice < rank:
        return f"该校名额在第 {last.choice} 志愿已满;您把该校填为第 {rank} 志愿。"
    if last.priority < priority:
        return f"该校录取到优先级 {last.priority};您在该校的优先级为 {priority},排在其后。"
    there, here = short(last.lot), short(one["lot"])
    return f"该校在优先级 {last.priority} 中录取到序号 {there};您的优先级相同,序号为 {here},排在其后。"


def short(lot: str) -> str:
    """Return the first digits of a lot, as a sentence holds them."""
    return f"{lot[:SHORT]}…"

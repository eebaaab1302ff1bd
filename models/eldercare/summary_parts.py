"""The parts of the summary: each module that knows something about an elder registers what it adds.

A part is a function of the subject and the reader that returns plain items (see `item_forms.HealthItemView`); it asks
the reader for observations and records, so that what is hidden stays hidden. Several functions may add to one part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.eldercare.reader import Reader

NAMES = {
    "findings": "需要留意",
    "problems": "健康问题",
    "medication": "用药",
    "allergies": "过敏",
    "vitals": "体征和化验",
    "assessments": "评估",
    "yearly_check": "年度体检",
    "care_plan": "照护计划",
    "visits": "就诊和体检",
    "services": "护理、康复和社工",
    "meals": "助餐",
    "next_due": "接下来要做的事",
}
"""Every part of the summary, in the order in which it is shown."""
Part = Callable[[Mapping[str, Any], Reader], Sequence[dict[str, Any]]]


@dataclass(frozen=True)
class Range:
    """Between which values a quantity of this elder is as it should be; None where one side is open.

    A `personal` one was set by somebody for this elder until a day; otherwise it is that of a rule.
    """

    low: float | None
    high: float | None
    personal: bool = False
    until: str = ""
    because_zh: str = ""


Ranges = Callable[[Mapping[str, Any], str], Range | None]
_parts: dict[str, list[Part]] = {name: [] for name in NAMES}
_ranges: list[Ranges] = []


def part(name: str) -> Callable[[Part], Part]:
    """Register what adds to a part; registering it again changes nothing.

    Raises:
        KeyError: the summary has no such part.
    """
    added = _parts[name]

    def register(function: Part) -> Part:
        if function not in added:
            added.append(function)
        return function

    return register


def ranges(function: Ranges) -> Ranges:
    """Register who knows the range of a quantity for an elder; the first who does is asked first."""
    if function not in _ranges:
        _ranges.append(function)
    return function


def range_of(subject: Mapping[str, Any], quantity: str) -> Range | None:
    """Return the range of a quantity for this elder, None where nobody knows one."""
    return next((found for ask in _ranges if (found := ask(subject, quantity))), None)


def items(name: str, subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return all items of one part for one reader."""
    return [one for function in _parts[name] for one in function(subject, reader)]

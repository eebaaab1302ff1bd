"""The parts of the summary that are read from observations and records: what is used, and what others say."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import clock
from models.eldercare import codes, item_views, settle, summary_parts
from models.eldercare.reader import Reader
from models.eldercare.summary_parts import Part, Range, part

VITALS = (
    "blood_pressure", "heart_rate", "oxygen_saturation", "temperature", "respiratory_rate", "fasting_glucose",
    "random_glucose", "hba1c", "weight", "body_mass_index",
)  # fmt: skip
TREND = 10
PARTS = {
    "problems": ("condition",),
    "medication": ("medication",),
    "allergies": ("allergy",),
    "assessments": ("assessment", "questionnaire_response"),
    "care_plan": ("care_plan",),
    "visits": ("visit", "check_up"),
    "services": ("nursing", "rehabilitation", "social_work"),
    "meals": ("meal",),
}
"""Which kinds of records make which part."""
LASTING = ("problems", "medication", "allergies", "care_plan")
"""Parts that hold what goes on; the others hold the last of what happened."""
LAST = 10
DUE = ("care_plan", "visit", "check_up", "nursing", "rehabilitation", "social_work")


def _of_kinds(name: str) -> Part:
    kinds = PARTS[name]

    def read(_subject: Mapping[str, Any], reader: Reader) -> Sequence[dict[str, Any]]:
        if name in LASTING:
            found = [one for kind in kinds for one in reader.records(kind, active=True)]
            return _with_same(settle.grouped(found))
        found = [one for kind in kinds for one in reader.records(kind, LAST)]
        found.sort(key=lambda one: (one["at"], one["_id"]), reverse=True)
        return item_views.several(found[:LAST])

    return read


for _name in PARTS:
    part(_name)(_of_kinds(_name))


def _with_same(groups: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return one item a fact, what others say about it in `same`; the units are named by one query for all."""
    shown = iter(item_views.several(one for group in groups for one in group))
    split = [[next(shown) for _ in group] for group in groups]
    return [used | ({"same": others} if others else {}) for used, *others in split]


@part("vitals")
def vitals(subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return the last of each quantity, how it went before, and between which values it should be."""
    found = [(code, settle.grouped(reader.observations(code, TREND))) for code in VITALS]
    there = [(code, groups) for code, groups in found if groups]
    items = _with_same([groups[0] for _, groups in there])
    return [
        item | _course(subject, code, [group[0] for group in groups])
        for item, (code, groups) in zip(items, there, strict=True)
    ]


def _course(subject: Mapping[str, Any], code: str, used: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how a quantity went, the oldest first, and its ranges; `used` begins with the last value."""
    told: dict[str, Any] = {
        "trend": [{"at": item_views.wire(one["at"]), "values": one["values"]} for one in reversed(used)],
        "ranges": _ranges(subject, used[0]["values"]),
    }
    return told | ({"trend_zh": _trend_zh(code, used[0]["values"], used[1]["values"])} if len(used) > 1 else {})


def _trend_zh(code: str, now: Mapping[str, float], before: Mapping[str, float]) -> str:
    name = next((one for one in codes.components(code) if one in now and one in before), "")
    decimals = codes.QUANTITIES[name].decimals if name else 0
    more = round(now[name] - before[name], decimals) if name else 0
    if not more:
        return "与上次相同"
    return f"比上次{'高' if more > 0 else '低'} {abs(more):.{decimals}f}"


def _ranges(subject: Mapping[str, Any], values: Mapping[str, float]) -> list[dict[str, Any]]:
    found = [(name, value, summary_parts.range_of(subject, name)) for name, value in values.items()]
    return [_range(name, value, one) for name, value, one in found if one]


def _range(name: str, value: float, one: Range) -> dict[str, Any]:
    below = one.low is not None and value < one.low
    above = one.high is not None and value > one.high
    told: dict[str, Any] = {
        "quantity": name,
        "quantity_zh": codes.zh(name),
        "personal": one.personal,
        "outside": "low" if below else "high" if above else "",
    }
    sides = {"low": one.low, "high": one.high}
    told |= {side: limit for side, limit in sides.items() if limit is not None}
    return told | {word: text for word, text in (("until", one.until), ("because_zh", one.because_zh)) if text}


@part("next_due")
def next_due(_subject: Mapping[str, Any], reader: Reader) -> list[dict[str, Any]]:
    """Return what is to be done next, by day; of the same thing the last word counts."""
    groups = [group for kind in DUE for group in settle.grouped(reader.records(kind))]
    newest = [max(group, key=lambda one: (one["at"], one["_id"])) for group in groups]
    found = item_views.several([one for one in newest if one["state"] == "active"])
    today = clock.today().isoformat()
    due = sorted((one for one in found if "due_on" in one), key=lambda one: str(one["due_on"]))
    return [one | {"severity": "attention" if one["due_on"] < today else "info"} for one in due[:LAST]]

"""NEWS2, the national early warning score, as a screen: how far vital signs are from normal, and what that calls for.

In a home or a care station it is a screen that has a doctor look, never a ward order. Points come from the dated table
`news2`; on oxygen and where somebody is no longer alert it adds. Scale 2 of the saturation is for those who retain
carbon dioxide, as a doctor decided. Where nothing is told about oxygen and consciousness, air and alert are assumed and
said so. With a measurement missing the points are a lower bound: they may call for help, never say that all is well.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.eldercare import codes

TOOL = "news2"
NOT_ALERT = frozenset({"confusion", "voice", "pain", "unresponsive"})
MEASURED = ("respiratory_rate", "oxygen_saturation", "systolic", "heart_rate", "temperature")
CONTEXT_ZH = {"oxygen": "吸氧", "consciousness": "意识"}


@dataclass(frozen=True)
class Screened:
    """`points` by what was told, `missing` what was not measured, `assumed` what was taken for granted."""

    total: int
    points: Mapping[str, int]
    missing: tuple[str, ...]
    assumed: tuple[str, ...]
    response: Mapping[str, Any]
    version: int
    inputs: Mapping[str, Any]

    @property
    def is_complete(self) -> bool:
        """Tell whether everything was measured."""
        return not self.missing

    @property
    def sentence_zh(self) -> str:
        """Return the result in one sentence."""
        least = "" if self.is_complete else "至少"
        told = f"早期预警筛查{least}{self.total}分({self.response['zh']})"
        gaps = "、".join(codes.zh(one) for one in self.missing)
        return f"{told},{self.response['says']}{f',未测{gaps}' if gaps else ''}。"


def score(tool: Mapping[str, Any], values: Mapping[str, float], context: Mapping[str, Any]) -> Screened:
    """Return the score of the vital signs told, by one version of the table; `context` is an observation's."""
    content = tool["content"]
    points = {name: _points(_rows(content, name, context), values[name]) for name in MEASURED if name in values}
    points["oxygen"] = content["oxygen"] if context.get("oxygen") else 0
    points["consciousness"] = content["not_alert"] if context.get("consciousness") in NOT_ALERT else 0
    total = sum(points.values())
    return Screened(
        total,
        points,
        tuple(name for name in MEASURED if name not in values),
        tuple(name for name in ("oxygen", "consciousness") if name not in context),
        _response(content["responses"], total, max(points.values())),
        tool["version"],
        {**{name: values[name] for name in MEASURED if name in values}, **_told(context)},
    )


def _told(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: context[name] for name in ("oxygen", "consciousness", "spo2_scale") if name in context}


def _rows(content: Mapping[str, Any], name: str, context: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if name == "oxygen_saturation" and context.get("spo2_scale") == 2:  # noqa: PLR2004 - the name of the scale
        rows: Sequence[Mapping[str, Any]] = content["scale_2"]["oxygen" if context.get("oxygen") else "air"]
        return rows
    found: Sequence[Mapping[str, Any]] = content["bands"][name]
    return found


def _points(rows: Sequence[Mapping[str, Any]], value: float) -> int:
    return next(int(row["points"]) for row in rows if "to" not in row or value <= row["to"])


def _response(responses: Sequence[Mapping[str, Any]], total: int, most: int) -> Mapping[str, Any]:
    """Return the first response that fits: by total from the highest, and that for a single parameter in its place."""
    return next(
        one
        for one in responses
        if ("from" in one and total >= one["from"]) or ("single" in one and most >= one["single"])
    )

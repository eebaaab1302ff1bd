"""The rule when inputs disagree (docs/crowd.md): pure, from what each kind of source says to one number.

1. A kind that is stale drops out; so does a running count that is below zero by more than the tolerance.
2. Gates alone, or gates that lie within the drift of the highest other count: the number is the gates'.
3. Gates further off: the higher of the trusted counts (gates, cameras, counting lines).
4. No gates: the higher of cameras and counting lines. Only parking: its estimate. Nothing: unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from models.crowd.thresholds import Thresholds

Kind = Literal["gate", "flow", "headcount", "camera", "parking"]
TRUSTED: tuple[Kind, ...] = ("gate", "flow", "headcount", "camera")
KIND_ZH = {"gate": "闸机", "flow": "客流计数", "camera": "摄像机", "parking": "停车场", "headcount": "现场清点"}
_WHOLE = 100


@dataclass(frozen=True)
class Count:
    """What one kind of source says: people inside, and when its newest event was."""

    inside: float
    at: datetime


@dataclass(frozen=True)
class Fused:
    """`number` is None where nothing is known; `at` is the newest event behind it; `basis` names the kind it is of.

    `apart` is by how many percent the gates and the others differ, 0 where there is nothing to compare or the
    difference is within the tolerance; `kinds` are those that were heard.
    """

    number: int | None
    basis: str = ""
    at: datetime | None = None
    apart: float = 0.0
    kinds: tuple[str, ...] = ()


def decide(counts: Mapping[Kind, Count], now: datetime, figures: Thresholds) -> Fused:
    """Return the one number of a spot."""
    fresh = {kind: one for kind, one in counts.items() if now - one.at <= stale_after(kind, figures)}
    heard = {kind: one for kind, one in fresh.items() if one.inside >= -figures.tolerance}
    apart = float(_WHOLE) if len(heard) < len(fresh) else _apart(heard, figures)
    chosen: dict[Kind, Count] = {kind: heard[kind] for kind in TRUSTED if kind in heard} or heard
    if not chosen:
        return Fused(None, apart=apart)
    basis: Kind = max(chosen, key=lambda kind: chosen[kind].inside)
    if "gate" in heard and _apart(heard, figures) <= figures.drift:
        basis = "gate"
    told = chosen[basis]
    return Fused(max(0, round(told.inside)), basis, told.at, apart, tuple(sorted(heard)))


def stale_after(kind: Kind, figures: Thresholds) -> timedelta:
    """Return how old the newest event of a kind may be."""
    if kind == "parking":
        return figures.parking_stale
    return figures.camera_stale if kind == "camera" else figures.gate_stale


def _apart(heard: Mapping[Kind, Count], figures: Thresholds) -> float:
    """Return how far the gates are from the highest trusted other count, or from parking where there is none."""
    others = [heard[kind].inside for kind in TRUSTED if kind in heard and kind != "gate"]
    if "parking" in heard and not others:
        others = [heard["parking"].inside]
    if "gate" not in heard or not others:
        return 0.0
    gate, reference = heard["gate"].inside, max(others)
    difference = abs(gate - reference)
    return 0.0 if difference <= figures.tolerance else difference / max(gate, reference, 1.0) * _WHOLE

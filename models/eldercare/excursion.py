"""A sustained excursion (持续异常) in a wearable's samples becomes one observation, which the rules then judge.

A run is samples beyond a bound without a gap; it counts when it is long enough and has samples enough. Its observation
is named by quantity, side and the hour in which it began, so that it is made once however often it is looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from bson import ObjectId

from backend import clock
from models.eldercare import bucket, codes, health_device, measuring_rules, observation, subject
from models.eldercare.bucket import HOUR
from models.eldercare.measuring_rules import Bounds, Excursions
from models.eldercare.observation import Measured
from models.eldercare.source import Source

LOOK_BACK = 24
"""How many hours back the beginning of a run is searched."""


@dataclass
class Run:
    """Samples in a row beyond one bound."""

    side: str
    moments: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def length(self) -> timedelta:
        """Return how long it is."""
        return self.moments[-1] - self.moments[0]

    def sustained(self, rule: Excursions) -> bool:
        """Tell whether it is worth a look."""
        return self.length >= rule.length and len(self.moments) >= rule.samples


def look(bucket_id: str) -> list[dict[str, Any]]:
    """Keep an observation of each sustained excursion in a bucket, and return them; looking again keeps no second."""
    found = bucket.find(bucket_id)
    if found is None:
        return []
    rule = measuring_rules.excursions(clock.civil(found["hour"]).date())
    bounds = rule.bounds.get(found["quantity"], Bounds())
    samples = _with_before(found, bounds, rule)
    kept = [_keep(found, one) for one in runs(samples, bounds, rule.gap) if one.sustained(rule)]
    for one in kept:
        subject.touched(found["subject"], one["at"])
    return kept


def runs(samples: list[tuple[datetime, float]], bounds: Bounds, gap: timedelta) -> Iterator[Run]:
    """Yield the runs in samples that are ordered by time."""
    run = Run("")
    for at, value in samples:
        side = bounds.side(value)
        if run.side and (side != run.side or at - run.moments[-1] > gap):
            yield run
            run = Run("")
        if side:
            run.side = side
            run.moments.append(at)
            run.values.append(value)
    if run.side:
        yield run


def _with_before(found: Mapping[str, Any], bounds: Bounds, rule: Excursions) -> list[tuple[datetime, float]]:
    """Return a bucket's samples, and those of the hours before as far as a run may reach into it."""
    samples, hour = _samples(found), found["hour"]
    for _ in range(LOOK_BACK):
        if not samples or not bounds.side(samples[0][1]) or samples[0][0] - hour > rule.gap:
            break
        hour -= HOUR
        before = bucket.find(bucket.name(found["subject"], found["quantity"], hour, found["device"]))
        if before is None:
            break
        samples = _samples(before) + samples
    return samples


def _samples(found: Mapping[str, Any]) -> list[tuple[datetime, float]]:
    pairs = zip(found["seconds"], found["values"], strict=True)
    return [(found["hour"] + timedelta(seconds=second), value) for second, value in pairs]


def _keep(found: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Keep the observation of a run: its median, which one odd sample does not move, when it began to count."""
    quantity, device = found["quantity"], found["device"]
    began = run.moments[0].replace(minute=0, second=0)
    calibration = health_device.flags(health_device.read(device), clock.civil(began).date())
    value = round(median(run.values), max(codes.QUANTITIES[quantity].decimals, 1))
    measured = Measured(
        quantity,
        {quantity: (value, codes.QUANTITIES[quantity].unit)},
        run.moments[-1],
        key=f"excursion:{bucket.name(found['subject'], quantity, began, device)}:{run.side}",
        flags={"sustained", *calibration},
        context={"excursion": run.side, "minutes": round(run.length.total_seconds() / 60), "samples": len(run.values)},
    )
    source = Source("wearable", device=device, by=f"device:{device}")
    return observation.keep(ObjectId(found["subject"]), measured, source)

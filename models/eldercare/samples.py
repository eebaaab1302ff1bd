"""What a wearable hands in: series of samples, split by who wore it and by hour, each stored once.

The clock's offset moves a resent sample to another second only if it changes between the uploads, so a device that sets
its clock sends the same `device_time` again with what it sends again.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend import clock
from models.eldercare import bucket, health_device, measuring_rules, sample_form, subject, wearing
from models.eldercare.bucket import HOUR, Part
from models.eldercare.measuring_rules import Bounds
from models.eldercare.sample_form import Series, SeriesMalformed
from models.identity.actors import Device

MOST_SERIES = 12
CLOCK_OFF = timedelta(minutes=2)
"""A wearable's clock is believed when it is off by less, so that what it sends again has the same seconds."""
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class SeriesReceipt:
    """What became of one series: `stored` now, `known` before, `unworn` by nobody; or `malformed` with its reason."""

    result: str
    reason: str = ""
    stored: int = 0
    known: int = 0
    unworn: int = 0


def take_in(device: Device, sent: list[Any], device_time: datetime) -> list[SeriesReceipt]:
    """Store what a wearable measured; answer for each series, in order. Repeating an upload stores nothing.

    Raises:
        NotMeasuring: the device is no wearable in use.
    """
    health_device.of(device, "wearable")
    now = clock.now()
    read = [_read(raw, _offset(device_time, now), now) for raw in sent]
    series = [one for one in read if isinstance(one, Series)]
    parts = _parts(device, series)
    flat = [part for one in parts for part in one]
    new = iter(bucket.add(flat) if flat else ())
    counts = iter([(one, sum(next(new) for _ in mine)) for one, mine in zip(series, parts, strict=True)])
    worn = iter([sum(len(part.seconds) for part in mine) for mine in parts])
    _touch(flat)
    return [one if isinstance(one, SeriesReceipt) else _receipt(*next(counts), next(worn)) for one in read]


def _offset(device_time: datetime, now: datetime) -> timedelta:
    skew = now - device_time
    return timedelta(seconds=round(skew.total_seconds())) if abs(skew) > CLOCK_OFF else timedelta(0)


def _read(raw: Any, offset: timedelta, now: datetime) -> Series | SeriesReceipt:
    try:
        told = sample_form.read(raw, offset)
    except SeriesMalformed as error:
        return SeriesReceipt("malformed", error.reason)
    return SeriesReceipt("malformed", "start") if told.last > now + AHEAD else told


def _receipt(told: Series, stored: int, worn: int) -> SeriesReceipt:
    return SeriesReceipt("received", "", stored, worn - stored, len(told.seconds) - worn)


def _parts(device: Device, series: list[Series]) -> list[list[Part]]:
    """Return the parts of each series, by who wore the device then and by hour."""
    if not series:
        return []
    first, last = min(one.first for one in series), max(one.last for one in series)
    worn = wearing.of_device(device.device_id, first, last)
    bounds = measuring_rules.excursions(clock.civil(last).date()).bounds
    return [[part for by in worn for part in _of_wearer(device, one, by, bounds)] for one in series]


def _of_wearer(device: Device, told: Series, by: Mapping[str, Any], bounds: Mapping[str, Bounds]) -> Iterator[Part]:
    until = by.get("until") or told.last + HOUR
    low = bisect_left(told.seconds, (by["since"] - told.start).total_seconds())
    high = bisect_left(told.seconds, (until - told.start).total_seconds())
    limits = bounds.get(told.quantity, Bounds())
    while low < high:
        at = told.start + timedelta(seconds=told.seconds[low])
        hour = at.replace(minute=0, second=0)
        base = int((hour - told.start).total_seconds())
        end = bisect_left(told.seconds, base + 3600, low, high)
        seconds = [one - base for one in told.seconds[low:end]]
        values = told.values[low:end]
        unusual = bool(limits.side(min(values)) or limits.side(max(values)))
        yield Part(by["subject"], told.quantity, device.device_id, hour, seconds, values, unusual)
        low = end


def _touch(parts: list[Part]) -> None:
    newest: dict[Any, datetime] = {}
    for one in parts:
        at = one.hour + timedelta(seconds=one.seconds[-1])
        newest[one.subject] = max(at, newest.get(one.subject, at))
    for subject_id, at in newest.items():
        subject.touched(subject_id, at)

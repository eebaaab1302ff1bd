"""Alerts in figures: of each severity how many were raised, how they ended, how long until somebody took them up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from models.eldercare import figure, figure_reads
from models.eldercare.figure_tally import Elder, Key

RAISED, OPEN, CLOSED, OUTCOME, MINUTES = "raised", "open", "closed", "outcome", "minutes"
WITHIN = ":"
"""Between the severity, the word and its value in a key."""
MOST_MINUTES = 2880
"""Longer waits are counted as this long: two days."""


def living(elders: Iterable[Elder]) -> list[Elder]:
    """Return the elders of whom no alert ended with their death."""
    told = list(elders)
    dead = figure_reads.dead(one.id for one in told)
    return [one for one in told if one.id not in dead]


def tallied(elders: Iterable[Elder], month: str) -> Counter[Key]:
    """Return the numbers of the alerts that were raised for these elders in a month (`YYYY-MM`)."""
    known = {one.id: one for one in elders}
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    tally: Counter[Key] = Counter()
    for found in figure_reads.alerts(known, first, after):
        for place in known[found["subject"]].areas:
            tally.update((place, figure.ALERTS, month, word) for word in _words(found))
    return tally


def _words(found: Mapping[str, Any]) -> list[str]:
    told = [RAISED, OPEN if found.get("live") else CLOSED]
    if code := (found.get("outcome") or {}).get("code"):
        told.append(f"{OUTCOME}{WITHIN}{code}")
    if taken_up := found.get("acknowledged_at"):
        told.append(f"{MINUTES}{WITHIN}{_minutes(found['raised_at'], taken_up)}")
    return [f"{found['severity']}{WITHIN}{one}" for one in told]


def _minutes(begun: datetime, ended: datetime) -> int:
    return min(int((ended - begun).total_seconds() // 60), MOST_MINUTES)


def row(counted: Mapping[str, int]) -> dict[str, Any]:
    """Return the numbers of a row, the minutes told as [median, of how many] by severity."""
    waits: dict[str, Counter[int]] = {}
    counts: dict[str, int] = {}
    for word, count in counted.items():
        severity, _, rest = word.partition(WITHIN)
        if rest.startswith(f"{MINUTES}{WITHIN}"):
            waits.setdefault(severity, Counter())[int(rest.removeprefix(f"{MINUTES}{WITHIN}"))] += count
        else:
            counts[word] = count
    medians = {severity: [_median(times), times.total()] for severity, times in waits.items()}
    return {"counts": counts, "medians": medians}


def _median(times: Counter[int]) -> int:
    """Return the middle of many whole minutes, the lower one of two."""
    left = (times.total() + 1) // 2
    for minutes in sorted(times):
        left -= times[minutes]
        if left <= 0:
            return minutes
    raise AssertionError

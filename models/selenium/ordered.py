"""Which roll reserved the serial of a code: kept by each process, because what a roll was ordered as never changes.

A store that was brought back from a backup may give the same serials out again, so what is kept is never believed
against the store: who finds a tag wrong, or another roll in the code's record, asks again with `fresh`.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from backend import runtime
from backend.codes.product_code import Read
from models.selenium import roll

MOST = 4096


@dataclass
class _Kept:
    """Rolls of one form and key by their first counter, in order."""

    firsts: list[int] = field(default_factory=list)
    rolls: list[dict[str, Any]] = field(default_factory=list)

    def find(self, counter: int) -> dict[str, Any] | None:
        at = bisect_right(self.firsts, counter) - 1
        found = self.rolls[at] if at >= 0 else None
        return found if found and counter < found["first_counter"] + found["count"] else None


_kept: dict[tuple[str, int], _Kept] = {}


def counter(told: Read) -> int:
    """Return the counter behind a code's serial; without its key one that says nothing."""
    return runtime.current().product_keys.counter(told) or 0


def kept(told: Read, at: int) -> dict[str, Any] | None:
    """Return the roll of a counter as this process knows it, None when it does not."""
    return _kept.get((told.form.name, told.key_id), _Kept()).find(at)


def fresh(told: Read, at: int) -> dict[str, Any] | None:
    """Return the roll of a counter as the store knows it, None when none reserved it; one read."""
    found, before = roll.of_counter(told.form.name, told.key_id, at), kept(told, at)
    if found != before:
        _keep((told.form.name, told.key_id), found, before)
    return found


def _keep(name: tuple[str, int], found: dict[str, Any] | None, before: dict[str, Any] | None) -> None:
    """Keep a roll; a new list each time, so that threads that search the old one are not disturbed."""
    known = _kept.get(name, _Kept()).rolls
    others = [one for one in known if one != before and (found is None or _apart(one, found))]
    rolls = sorted([*others[: MOST - 1], *([found] if found else [])], key=lambda one: one["first_counter"])
    _kept[name] = _Kept([one["first_counter"] for one in rolls], rolls)


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    first, last = one["first_counter"], one["first_counter"] + one["count"]
    return last <= other["first_counter"] or other["first_counter"] + other["count"] <= first

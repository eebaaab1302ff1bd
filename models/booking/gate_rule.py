"""Which of the scans of a ticket count. Plain values in, plain values out: gates, late journals and tests all ask here.

Scans that let somebody through are facts; they are put in the order of their instants (corrected clocks; at the same
instant by device, then nonce) and read one after the other. What comes first counts, what the ticket's rule leaves no
room for is wrong. So it does not matter in which order, or in how many parts, journals come in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.booking.gate_terms import WHOLE, GateTerms, written

Scan = dict[str, Any]
MOST_SCANS = 400
"""Of one ticket; more is no visit. Some 100 bytes each."""


@dataclass(frozen=True)
class Wrong:
    """A scan that does not agree with its ticket, and the one that had used its right before."""

    scan: Scan
    reason: str
    other: Scan | None = None


@dataclass
class Count:
    """A zone as a ticket's scans leave it. `entries` are those that count."""

    entries: int = 0
    exits: int = 0
    inside: bool = False
    last: Scan = field(default_factory=dict)
    entered: Scan = field(default_factory=dict)
    steps: dict[int, Scan] = field(default_factory=dict)


class Course:
    """A ticket's way through the gates, scan by scan."""

    def __init__(self, terms: GateTerms, hours: tuple[datetime, datetime]) -> None:
        self.terms, self._hours = terms, hours
        self.zones: dict[str, Count] = {}
        self.first: Scan | None = None
        self.wrong: list[Wrong] = []

    def count(self, zone: str) -> Count:
        """Return a zone as it stands."""
        return self.zones.get(written(zone)) or Count()

    def left(self, zone: str) -> int | None:
        """Return how many more entries the ticket has to a zone, None for any number."""
        rule = self.terms.zone(written(zone))
        if not rule.included:
            return 0
        return max(0, rule.most_entries - self.count(zone).entries) if rule.most_entries else None

    def refusal(self, scan: Scan) -> tuple[str, Scan | None]:
        """Return why a scan does not fit, and the scan that is in its way; an exit always fits."""
        if scan["direction"] == "out":
            return "", None
        rule, count = self.terms.zone(written(scan["zone"])), self.count(scan["zone"])
        if not rule.included:
            return "zone_not_included", None
        if rule.most_entries and count.entries >= rule.most_entries:
            return "used_twice" if rule.most_entries == 1 else "entries_used_up", count.entered
        if count.inside and rule.again == "after_exit":
            return "inside_twice", count.entered
        if twin := count.steps.get(scan.get("step", 0)):
            return "code_used", twin
        return "", None

    def go(self, scan: Scan) -> None:
        """Let one scan, later than all before it, have its effect."""
        reason, other = self.refusal(scan)
        if reason:
            self.wrong.append(Wrong(scan, reason, other))
        elif scan["direction"] == "out":
            self._leave(scan)
        else:
            self._enter(scan)

    def _enter(self, scan: Scan) -> None:
        count = self.zones.setdefault(written(scan["zone"]), Count())
        count.entries, count.inside, count.last, count.entered = count.entries + 1, True, scan, scan
        if step := scan.get("step"):
            count.steps[step] = scan
        self.first = self.first or scan
        if not self._hours[0] <= scan["at"] <= self._hours[1]:
            self.wrong.append(Wrong(scan, "other_time"))

    def _leave(self, scan: Scan) -> None:
        count = self.zones.setdefault(written(scan["zone"]), Count())
        count.exits, count.last = count.exits + 1, scan
        for name in self.terms.within(written(scan["zone"])) if written(scan["zone"]) != WHOLE else set(self.zones):
            if name in self.zones:
                self.zones[name].inside = False

    def written(self) -> dict[str, dict[str, Any]]:
        """Return the zones as a ticket keeps them."""
        names = ("at", "device", "nonce", "direction")
        return {
            code: {
                "in": one.entries,
                "out": one.exits,
                "inside": one.inside,
                "last": {name: one.last[name] for name in names},
            }
            for code, one in self.zones.items()
        }


def place_in_time(scan: Mapping[str, Any]) -> tuple[datetime, str, str]:
    """Return where a scan stands among the others of its ticket."""
    return scan["at"], scan["device"], scan["nonce"]


def course(scans: Iterable[Scan], terms: GateTerms, hours: tuple[datetime, datetime]) -> Course:
    """Return the way that these scans make, whatever order they are given in."""
    way = Course(terms, hours)
    for scan in sorted(scans, key=place_in_time):
        way.go(scan)
    return way


def scan_id(scan: Mapping[str, Any]) -> str:
    """Return the name of a scan everywhere: the device and its nonce."""
    return f"{scan['device']}:{scan['nonce']}"

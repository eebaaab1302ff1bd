"""What really happened at the gates of the storm, and what must follow: a model that shares no code with the product.

It is told every scan in its true order, decides what gate and service had to answer with what each of them knew, and
says at the end how tickets, conflicts and counts must stand.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

PLACE, HALL = "", "hall_a"
MOST = {PLACE: 3, HALL: 1}
"""So many entries of one ticket; the next one after leaving."""
STRANGE = {"not_ours", "other_place"}
"""Codes that no ticket of this place stands behind. The way out opens for them too, and the gate counts who leaves."""
WORN_OUT = {PLACE: "entries_used_up", HALL: "already_used"}


@dataclass(frozen=True)
class Showing:
    """A code that was shown at a gate: whose ticket, how old a drawn one, what else is wrong with it."""

    ticket: str
    way: str
    step: int = 0
    wrong: str = ""


@dataclass(frozen=True)
class Passage:
    """Somebody went through. `moment` orders all passages truly; `known` is whether the service was told at once."""

    moment: tuple[int, int, float]
    scan: str
    zone: str
    way: str
    step: int


@dataclass
class Memory:
    """What one gate knows of one ticket by itself."""

    entries: int = 0
    inside: bool = False
    steps: set[int] = field(default_factory=set)


@dataclass
class GateMind:
    """What a gate knows by itself."""

    zone: str
    per_ticket: int
    tickets: defaultdict[str, Memory] = field(default_factory=lambda: defaultdict(Memory))
    revoked: set[str] = field(default_factory=set)
    let_in: Counter[str] = field(default_factory=Counter)

    def alone(self, shown: Showing) -> str:
        """Return what the gate has to say without network."""
        if shown.way == "out":
            return "exited"
        if shown.wrong in STRANGE:
            return shown.wrong
        seen = self.tickets[shown.ticket]
        reasons = {
            shown.wrong: bool(shown.wrong),
            "revoked": shown.ticket in self.revoked,
            WORN_OUT[self.zone]: seen.entries >= MOST[self.zone],
            "already_inside": seen.inside,
            "code_used": shown.step in seen.steps,
            "handle_limit": self.let_in[shown.ticket] >= self.per_ticket,
        }
        return next((why for why, holds in reasons.items() if holds), "admitted")

    def saw(self, shown: Showing) -> None:
        """Remember somebody who went through by a ticket."""
        if shown.wrong in STRANGE:
            return
        seen = self.tickets[shown.ticket]
        seen.inside = shown.way == "in"
        seen.entries += shown.way == "in"
        seen.steps |= {shown.step} - {0} if shown.way == "in" else set()
        self.let_in[shown.ticket] += shown.way == "in"

    def synced(self, cancelled: set[str]) -> None:
        """Learn who cancelled, and begin a new offline period."""
        self.revoked = set(cancelled)
        self.let_in.clear()


@dataclass
class Standing:
    """How a ticket stands after its passages."""

    entries: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    inside: set[str] = field(default_factory=set)
    first: str = ""
    conflicts: dict[str, tuple[str, str]] = field(default_factory=dict)
    last_in: dict[str, str] = field(default_factory=dict)
    steps: dict[tuple[str, int], str] = field(default_factory=dict)

    def objection(self, zone: str, way: str, step: int) -> tuple[str, str]:
        """Return why a passage does not fit, and which one had used its right."""
        if way == "out":
            return "", ""
        if self.entries[zone] >= MOST[zone]:
            return "used_twice" if MOST[zone] == 1 else "entries_used_up", self.last_in[zone]
        if zone in self.inside:
            return "inside_twice", self.last_in[zone]
        return ("code_used", self.steps[zone, step]) if step and (zone, step) in self.steps else ("", "")

    def pass_by(self, one: Passage) -> None:
        """Let one more passage happen."""
        why, other = self.objection(one.zone, one.way, one.step)
        if why:
            self.conflicts[one.scan] = why, other
        elif one.way == "out":
            self.exits[one.zone] += 1
            self.inside = self.inside - {one.zone} if one.zone != PLACE else set()
        else:
            self.entries[one.zone] += 1
            self.inside.add(one.zone)
            self.last_in[one.zone] = one.scan
            self.first = self.first or one.scan
            if one.step:
                self.steps[one.zone, one.step] = one.scan


def standing(passages: list[Passage]) -> Standing:
    """Return how a ticket stands after these passages, in their true order."""
    end = Standing()
    for one in sorted(passages, key=lambda one: one.moment):
        end.pass_by(one)
    return end


@dataclass
class TicketTruth:
    """One ticket: what happened, what the service knows of it, and whether it was cancelled.

    `strange` holds who left by a code that only looks like this ticket's.
    """

    happened: list[Passage] = field(default_factory=list)
    known: list[Passage] = field(default_factory=list)
    strange: list[Passage] = field(default_factory=list)
    after_cancel: list[Passage] = field(default_factory=list)
    cancelled: bool = False

    def goes_about(self) -> bool:
        """Tell whether the last passage led inside."""
        return bool(self.happened) and self.happened[-1].way == "in"

    def online(self, shown: Showing, zone: str) -> str:
        """Return what the service has to answer with what it knows."""
        if shown.way == "out":
            return "exited"
        if shown.wrong:
            return shown.wrong
        if self.cancelled:
            return "cancelled"
        why, _ = standing(self.known).objection(zone, shown.way, shown.step)
        told = {"used_twice": "already_used", "inside_twice": "already_inside"}
        return told.get(why, why) or "admitted"

    def happen(self, one: Passage, *, told: bool) -> None:
        """Let a passage happen, of which the service is told at once or later."""
        self.happened.append(one)
        if told:
            self.learn(one)

    def learn(self, one: Passage) -> None:
        """Let the service know of a passage; nothing is added to a ticket that was cancelled."""
        (self.after_cancel if self.cancelled else self.known).append(one)

    def cancel(self) -> bool:
        """Cancel the ticket unless the service knows that it was used; return whether it did."""
        self.cancelled = self.cancelled or not standing(self.known).first
        return self.cancelled

    def end(self) -> Standing:
        """Return how the ticket must stand in the store."""
        return standing(self.known)

    def conflicts(self) -> dict[str, tuple[str, str]]:
        """Return the conflicts that staff must be shown: by scan, why, and which scan had used the right."""
        cancelled = {one.scan: ("cancelled", "") for one in self.after_cancel if one.way == "in"}
        return self.end().conflicts | cancelled

"""A decided application under another version of a rule of its round, from what its record keeps and nothing else.

What the rules said then is read from the record, what they would say is computed from the facts in it. The version
takes the place of one kind (`eligible`, `tier`, `priority`), the others stay as they were decided. Standings are the
tier as text, `NONE` for who does not qualify, `UNKNOWN` while the rules leave it open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from models.rules import difference, evaluate
from models.rules.decision import Decision, Light
from models.rules.difference import Difference, Pair
from models.rules.evaluate import Bound, Many
from models.rules.facts import Fact, Known, Missing
from models.school import application, eligibility
from models.school import round as rounds

NONE, UNKNOWN = "none", "unknown"
WITHOUT_RECORD, OTHERWISE = "without_record", "otherwise"
"""Why an application is not compared: no record was kept; a person decided otherwise than the rules had said."""
NO_RULE = Light("no", {})


@dataclass(frozen=True)
class Side:
    """`priority` is None while it is open, and for who has no tier."""

    standing: str
    priority: int | None = None


@dataclass(frozen=True)
class Row:
    """`missing` and `not_kept` name the facts that leave the later side open."""

    application: ObjectId
    school: str
    before: Side
    after: Side
    missing: frozenset[str] = frozenset()
    not_kept: frozenset[str] = frozenset()


class Replay:
    """One version in the place of the kinds of rules that a round names it for."""

    def __init__(self, kinds: Sequence[str], bound: Bound) -> None:
        self.kinds, self.bound = tuple(kinds), bound
        self._difference = Difference(bound)

    def row(self, found: Mapping[str, Any]) -> Row | str:
        """Return an application then and under the version, or why it is not compared."""
        records = _records(found)
        if not records:
            return WITHOUT_RECORD
        then = {kind: _as_decided(record) for kind, record in records.items()}
        then.setdefault("priority", Pair(NO_RULE, NO_RULE))
        before = _standing(then)
        if not _follows(found, before):
            return OTHERWISE
        given = self._given(records)
        under = then | {kind: self._pair(kind, then[kind].after, given) for kind in self.kinds}
        after = _standing(under)
        open_kinds = [*(("eligible", "tier") if after == UNKNOWN else ()), *_open_priority(under, after)]
        return Row(
            found["_id"],
            (found.get("choices") or [""])[0],
            Side(before, _priority(then, before)),
            Side(after, _priority(under, after)),
            frozenset(name for kind in open_kinds for name in under[kind].missing),
            frozenset(name for kind in open_kinds for name in under[kind].not_kept),
        )

    def words(self, found: Mapping[str, Any]) -> tuple[list[Decision], list[Decision]]:
        """Return the decisions of the kinds, as they were and under the version; none where no record was kept."""
        records = _records(found)
        if not records:
            return [], []
        given = self._given(records)
        before = [evaluate.replay(records[kind]) for kind in self.kinds if kind in records]
        return before, [evaluate.decided(self.bound, self._proven(kind, given)) for kind in self.kinds]

    def _given(self, records: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Fact]:
        return self._difference.asked(_facts(records))

    def _proven(self, kind: str, given: Mapping[str, Fact]) -> Mapping[str, Fact]:
        return eligibility.proven(Many(self.bound), given) if kind == "priority" else given

    def _pair(self, kind: str, before: Light, given: Mapping[str, Fact]) -> Pair:
        return self._difference.of(self._proven(kind, given), before)


def _records(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the records of a decision by kind, none where the decision rests on no rules."""
    decisions = application.opened(found, "record").get("decisions", ())
    return dict(zip(rounds.RULES, decisions, strict=False)) if len(decisions) > 1 else {}


def _as_decided(record: Mapping[str, Any]) -> Pair:
    decided = difference.decided(record)
    return Pair(decided, decided, tuple(record["missing"]))


def _facts(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Fact]:
    """Return what all records of a decision keep; what was taken as not proven is missing again."""
    told: dict[str, Fact] = {}
    for record in records.values():
        for name, fact in difference.kept(record).items():
            unproven = isinstance(fact, Known) and fact.source == eligibility.UNPROVEN
            told.setdefault(name, Missing(eligibility.UNPROVEN) if unproven else fact)
    return told


def _standing(pairs: Mapping[str, Pair]) -> str:
    eligible, tiered = pairs["eligible"].after, pairs["tier"].after
    tier = eligibility.whole(tiered, "tier")
    if eligible.outcome == "no" or (tier is None and not pairs["tier"].open):
        return NONE
    return UNKNOWN if eligible.outcome == "unknown" or tier is None else str(tier)


def _follows(found: Mapping[str, Any], standing: str) -> bool:
    """Tell whether the application stands where the rules had put it."""
    if found["state"] == "qualified":
        return standing == str(found.get("tier"))
    return standing in (NONE, UNKNOWN)


def _priority(pairs: Mapping[str, Pair], standing: str) -> int | None:
    if standing in (NONE, UNKNOWN) or _open_priority(pairs, standing):
        return None
    return eligibility.whole(pairs["priority"].after, "priority") or eligibility.LAST


def _open_priority(pairs: Mapping[str, Pair], standing: str) -> tuple[str, ...]:
    """Return the kind where nobody can tell the priority: what was missing then is not proven, what was not kept is."""
    pair = pairs["priority"]
    known = eligibility.whole(pair.after, "priority") is not None or not pair.not_kept
    return () if known or standing in (NONE, UNKNOWN) else ("priority",)

"""What changes from one version of a rule to another over many subjects: who gains, who loses, what cannot be told.

    Difference(after, before)        both versions are asked
    Difference(after)                what was decided stands for the earlier version (`decided`, `kept` of a record)

Subjects come and go one by one, so any number of them takes the memory of one. A fact of which a record does not speak
is neither known nor missing (`facts.NotKept`): where the later version hangs on it, the change is unclear and the fact
is named. Nothing is stored here, and no result holds the value of a fact.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from models.rules import evaluate, facts
from models.rules.decision import Light
from models.rules.evaluate import Bound
from models.rules.facts import NOT_KEPT, Fact, Facts, NotKept

CHANGES = {"gains": "由不符合变为符合", "loses": "由符合变为不符合", "amount": "结果数额变化", "unclear": "不能判断"}
SAME = "same"
K = TypeVar("K")


@dataclass(frozen=True)
class Pair:
    """One subject under both; `missing` and `not_kept` name what leaves the later result, or an output of it, open."""

    before: Light
    after: Light
    missing: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Tell whether the later result, or an output of it, hangs on what is not there."""
        return bool(self.missing or self.not_kept)

    @property
    def change(self) -> str:
        """Return one of `CHANGES`, or `SAME`."""
        before, after = self.before, self.after
        if before.outcome != after.outcome:
            unclear = "unknown" in {before.outcome, after.outcome}
            return "unclear" if unclear else "gains" if after.outcome == "yes" else "loses"
        if before.values == after.values:
            return SAME
        return "unclear" if self.open else "amount"


class Difference:
    """From an earlier version, or from what was decided, to a later one."""

    def __init__(self, after: Bound, before: Bound | None = None) -> None:
        self.after, self.before = after, before
        self._outputs = len(after.sets[after.code]["outputs"])

    def of(self, given: Facts, decided: Light | None = None) -> Pair:
        """Return a subject under both; `decided` is its result then, where no earlier version is asked.

        Raises:
            ValueError: there is neither an earlier version nor a result.
        """
        before = evaluate.light(self.before, given) if decided is None and self.before else decided
        if before is None:
            raise ValueError(self.after.code)
        after = evaluate.light(self.after, given)
        whole = after.outcome == "no" or (after.outcome == "yes" and len(after.values) == self._outputs)
        if whole:
            return Pair(before, after)
        names = evaluate.decided(self.after, given).missing
        apart = tuple(name for name in names if isinstance(given.get(name), NotKept))
        return Pair(before, after, tuple(name for name in names if name not in apart), apart)

    def over(self, subjects: Iterable[tuple[K, Facts, Light | None]]) -> Iterator[tuple[K, Pair]]:
        """Yield each subject with its pair, as they come."""
        for key, given, decided in subjects:
            yield key, self.of(given, decided)

    def asked(self, kept: Mapping[str, Fact]) -> dict[str, Fact]:
        """Return the facts that the later version reads, as they were kept; of the others nobody can tell."""
        return {name: kept.get(name, NOT_KEPT) for name in self.after.plan.kinds}

    def words(self) -> dict[str, str]:
        """Return how the facts are called that the later version reads."""
        declared = [one for content in self.after.sets.values() for one in content["facts"]]
        return {one["name"]: one["zh"] for one in declared}


def kept(record: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts that a decision's record keeps."""
    return {one["name"]: facts.retold(one) for one in record["facts"]}


def decided(record: Mapping[str, Any]) -> Light:
    """Return the result that a decision's record keeps, without making it again."""
    return Light(record["outcome"], {name: facts.decode(value) for name, value in record["values"].items()})

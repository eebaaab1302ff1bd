"""What a preview of a rule counts, application by application: tiers before and after, open facts, schools.

Its size grows with tiers, facts and schools, never with applications.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from models.school.rule_replay import NONE, UNKNOWN, Row

PARTS = ("cells", "priorities", "open", "schools", "apart")
STANDING_ZH = {NONE: "不符合或未能证明", UNKNOWN: "尚不能判断"}
CHANGES = {
    "gained": "由不符合变为符合",
    "lost": "由符合变为不符合",
    "moved": "梯次变化",
    "unclear": "变为尚不能判断",
    "other": "由尚不能判断变为不符合",
    "same": "不变",
}
PRIORITY_ZH = {"better": "优先级提前", "worse": "优先级靠后", "unclear": "优先级尚不能判断", "same": "优先级不变"}
Key = tuple[str, ...]


def standing_zh(standing: str) -> str:
    """Return a standing in words."""
    return STANDING_ZH.get(standing) or f"第 {standing} 梯次"


def change(before: str, after: str) -> str:
    """Return which of `CHANGES` a move from one standing to another is."""
    if before == after:
        return "same"
    if after == UNKNOWN:
        return "unclear"
    if after == NONE:
        return "other" if before == UNKNOWN else "lost"
    return "gained" if before in STANDING_ZH else "moved"


class Tally:
    """Counters by key: `cells` (before, after), `priorities` (change), `open` (fact, why), `schools`, `apart` (why)."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        self.counted: dict[str, Counter[Key]] = {name: Counter() for name in PARTS}
        for name in PARTS:
            for *key, count in (stored or {}).get(name, ()):
                self.counted[name][tuple(key)] = count

    def stored(self) -> dict[str, list[list[Any]]]:
        """Return what the store keeps: facts' names have dots, so the keys are values there."""
        return {name: [[*key, count] for key, count in sorted(self.counted[name].items())] for name in PARTS}

    def add(self, row: Row | str) -> bool:
        """Count an application and tell whether it changes."""
        if isinstance(row, str):
            self.counted["apart"][row,] += 1
            return False
        before, after = row.before, row.after
        self.counted["cells"][before.standing, after.standing] += 1
        if before.priority is not None and after.standing not in STANDING_ZH:
            self.counted["priorities"][_priority(before.priority, after.priority),] += 1
        self.counted["open"].update((name, "missing") for name in row.missing)
        self.counted["open"].update((name, "not_kept") for name in row.not_kept)
        for side, told in (("before", before), ("after", after)):
            self.counted["schools"][row.school, told.standing, side] += 1
        return before != after

    @property
    def looked(self) -> int:
        """Return how many applications were counted."""
        return sum(self.counted["cells"].values()) + sum(self.counted["apart"].values())

    def changes(self) -> Counter[str]:
        """Return how many applications change in which way."""
        found: Counter[str] = Counter()
        for (before, after), count in self.counted["cells"].items():
            found[change(before, after)] += count
        return found


def _priority(before: int, after: int | None) -> str:
    if after is None:
        return "unclear"
    return "same" if after == before else "better" if after < before else "worse"

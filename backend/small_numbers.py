"""Small numbers: a group of fewer than five persons is not told to who only reads figures (None stands for it).

Where one number alone would be hidden, so is the next smallest: else the total would give it away.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

SMALL = 5
NOTE_ZH = f"少于 {SMALL} 人的数字不予公布(以空值表示);为防止推算,个别相邻数字一并隐去。"


def one(count: int) -> int | None:
    """Return a number that stands alone."""
    return None if 0 < count < SMALL else count


def hidden(cells: Mapping[Any, int]) -> dict[Any, int | None]:
    """Return numbers that add up to a known total; never one alone is hidden."""
    away = _away(cells, [list(cells)])
    return {name: None if name in away else count for name, count in cells.items()}


def rows(counted: Sequence[Mapping[str, int]]) -> list[dict[str, int | None]]:
    """Return numbered counts that add up to a known total."""
    told = hidden({each["number"]: each["count"] for each in counted})
    return [{"number": number, "count": count} for number, count in told.items()]


def table(counted: Sequence[Mapping[str, int]], names: Sequence[str]) -> list[dict[str, int | None]]:
    """Return rows of numbers whose sums may be known across and down: no line hides one alone.

    Where the sums are not known and may be small themselves, they are a name and a row like the others.
    """
    cells = {(row, name): counted[row][name] for row in range(len(counted)) for name in names}
    across = [[(row, name) for name in names] for row in range(len(counted))]
    down = [[(row, name) for row in range(len(counted))] for name in names]
    away = _away(cells, [*across, *down])
    return [
        {name: None if (row, name) in away else counted[row][name] for name in names} for row in range(len(counted))
    ]


def _away(cells: Mapping[Any, int], lines: Sequence[Sequence[Hashable]]) -> set[Hashable]:
    """Return which cells are hidden: the small ones, and of each line that would hide one alone the next smallest."""
    away = {name for name, count in cells.items() if 0 < count < SMALL}
    before = -1
    while len(away) != before:
        before = len(away)
        for line in lines:
            left = sorted((cells[name], str(name), name) for name in line if name not in away and cells[name])
            if left and sum(name in away for name in line) == 1:
                away.add(left[0][2])
    return away

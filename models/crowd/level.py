"""Green, amber, red: which level a load means, and how much it must fall before a level is left again."""

from typing import Literal

from models.crowd.thresholds import Thresholds

Level = Literal["green", "amber", "red"]
LEVELS: tuple[Level, ...] = ("green", "amber", "red")
LEVEL_ZH = {"green": "舒适", "amber": "较拥挤", "red": "已达上限", "unknown": "暂无数据"}


def percent(number: int, limit: int) -> float:
    """Return a number as percent of its limit; a limit of nobody is always reached."""
    return number * 100 / limit if limit else 100.0


def next_level(current: Level, load: float, figures: Thresholds) -> Level:
    """Return the level of an instantaneous load: up at once, down only below the figures for coming back."""
    if load >= figures.red or (current == "red" and load >= figures.red_back):
        return "red"
    if load >= figures.amber or (current != "green" and load >= figures.amber_back):
        return "amber"
    return "green"


def day_level(load: float, figures: Thresholds) -> Level:
    """Return the level of the day's entries, which only grow and so need no way back."""
    return "red" if load >= figures.red else "amber" if load >= figures.amber else "green"


def higher(one: Level, other: Level) -> Level:
    """Return the worse of two levels."""
    return max(one, other, key=LEVELS.index)


def reaches(level: str, bound: str) -> bool:
    """Tell whether a level is at least as bad as another."""
    return LEVELS.index(level) >= LEVELS.index(bound)

"""What belongs on the day's work list beside alerts: each module adds a part of its own, found by its own index.

    @part("follow_ups", "慢病随访")
    def due(reach: Reach, until: datetime, most: int) -> list[Due]: …

`reach` are the units whose elders are asked for, None for all; a part returns what is due until then, the earliest
first, at most `most`, without a person's name: the list puts those beside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

Reach = set[str] | None


@dataclass(frozen=True)
class Due:
    """Something to be done for an elder: `about` is the id of what it is about, `kind_zh` says it in few words."""

    subject: ObjectId
    due: datetime
    kind: str
    kind_zh: str
    about: str = ""


Finder = Callable[[Reach, datetime, int], list[Due]]


@dataclass(frozen=True)
class Part:
    """A part of the list by its code."""

    code: str
    zh: str
    find: Finder


_parts: dict[str, Part] = {}


def part(code: str, zh: str) -> Callable[[Finder], Finder]:
    """Add the decorated function to the work list under a code.

    Raises:
        ValueError: another function has this code.
    """

    def register(find: Finder) -> Finder:
        if _parts.setdefault(code, Part(code, zh, find)).find is not find:
            raise ValueError(code)
        return find

    return register


def every() -> list[Part]:
    """Return all parts, by code."""
    return [_parts[code] for code in sorted(_parts)]

"""What differs between two revisions, field by field, for who reviews the later one."""

from collections.abc import Iterator, Mapping
from typing import Any

Difference = dict[str, Any]


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return the places in which two revisions differ, in their order, with what stood and what stands there."""
    return list(_walk("", dict(before), dict(after)))


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(one for one in after if one not in before)]:
            yield from _step(path, name, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            yield from _step(path, str(number), dict(enumerate(before)), dict(enumerate(after)), number)
    elif before != after:
        yield {"path": path, "change": "changed", "before": _told(before), "after": _told(after)}


def _step(
    path: str, name: str, before: dict[Any, Any], after: dict[Any, Any], key: int | None = None
) -> Iterator[Difference]:
    where, one = f"{path}.{name}".strip("."), name if key is None else key
    if one not in before:
        yield {"path": where, "change": "added", "after": _told(after[one])}
    elif one not in after:
        yield {"path": where, "change": "removed", "before": _told(before[one])}
    else:
        yield from _walk(where, before[one], after[one])


def _told(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | dict | list) else str(value)

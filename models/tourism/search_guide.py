"""What of the guide can be found: its published points, routes and exhibits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models.content import item
from models.tourism import exhibit, point, route
from models.tourism.search_term import KINDS, Told

CONTENT = {"point": point.KIND, "route": route.KIND, "exhibit": exhibit.KIND}
KIND_OF = {content: kind for kind, content in CONTENT.items()}
AFTER_PLACES = 1_000_000
"""Rank of the guide: of equals the place comes before what is told of it."""
_LONGEST_FACT = 300


def told(kind: str, shown: Mapping[str, Any]) -> Told:
    """Return what is told of a published item, for searching."""
    texts = (shown.get("summary_zh"), shown.get("text_zh"), *(one["text_zh"] for one in shown.get("facts") or ()))
    at = shown.get("geo")
    return Told(
        shown["title_zh"],
        AFTER_PLACES,
        type=KINDS[kind],
        facts=tuple(one[:_LONGEST_FACT] for one in texts if one),
        geo={"lon": at["lon"], "lat": at["lat"]} if at else {},
    )


def everything() -> Iterator[tuple[str, str, Told]]:
    """Yield kind, id and what is told of all that is shown."""
    for kind, content in CONTENT.items():
        for shown in item.published_each(content):
            yield kind, shown["id"], told(kind, shown)


def one(kind: str, ref: str) -> Told | None:
    """Return what is told of one item, None when it is not shown."""
    shown = item.published(CONTENT[kind], ref)
    return told(kind, shown) if shown else None


def still_shown(found: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of those search records whose item is shown now; a place is always."""
    kept, asked = set(), defaultdict(list)
    for record in found:
        if record["kind"] in CONTENT:
            asked[record["kind"]].append(record["ref"])
        else:
            kept.add(record["_id"])
    for kind, refs in asked.items():
        kept |= {f"{kind}:{ref}" for ref in item.published_many(CONTENT[kind], refs)}
    return kept

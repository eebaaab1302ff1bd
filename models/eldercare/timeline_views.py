"""One timeline of everything that was told about an elder: observations and records merged by time. Plain dicts.

Both collections have an index by subject and time, and one cursor stands in both: a page costs two short reads,
however long the life behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.store import paging
from models.eldercare import codes, item_views, version
from models.eldercare.observation import HealthObservation
from models.eldercare.reader import NOT_WRONG, Reader
from models.eldercare.record import HealthRecord

FIELD = "health.timeline"
STREAMS = ((HealthObservation, "code"), (HealthRecord, "kind"))


@dataclass(frozen=True)
class Wanted:
    """Which part: one `word` (a code or a kind), an empty one for all; `withdrawn` shows what was entered in error."""

    word: str = ""
    withdrawn: bool = False


def page(reader: Reader, wanted: Wanted, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the timeline as a reader sees it, the newest first, after the access line.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    reader.looked(FIELD)
    limit = min(limit, paging.MOST - 1)
    found: list[dict[str, Any]] = []
    for kind, word_field in STREAMS:
        query = _query(reader, wanted, word_field)
        if query is not None:
            some, _ = paging.page(
                kind._get_collection(),
                query,
                sort=("at", -1),
                cursor=cursor,
                limit=limit + 1,
                projection={"outbox": 0},
            )
            found += some
    found.sort(key=lambda one: (one["at"], one["_id"]), reverse=True)
    following = paging.after(found[limit - 1], "at") if len(found) > limit else None
    return item_views.several(found[:limit]), following


def _query(reader: Reader, wanted: Wanted, word_field: str) -> dict[str, Any] | None:
    """Return the query of one of the two, None where it holds nothing that is wanted."""
    query = reader.shown(word_field)
    if wanted.word:
        if (wanted.word in codes.NAMES) != (word_field == "code") or not reader.sees_word(wanted.word):
            return None
        query[word_field] = wanted.word
    return query if wanted.withdrawn else query | {"state": NOT_WRONG}


def versions(reader: Reader, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what an observation or a record said before, the newest first, after the access line."""
    reader.looked(FIELD)
    fixed = {"_id": found["_id"]} | {name: found[name] for name in ("kind", "code") if name in found}
    kept = version.listed(found["_id"])
    shown = item_views.several(_stood(one) | fixed for one in kept)
    return [
        item | {"ended_at": item_views.wire(one["ended_at"]), "by": one["by"], **_why(one)}
        for item, one in zip(shown, kept, strict=True)
    ]


def _why(kept: Mapping[str, Any]) -> dict[str, str]:
    reason = kept.get("reason", "")
    return {"reason": reason, "reason_zh": version.REASON_ZH.get(reason, "")}


def _stood(kept: Mapping[str, Any]) -> dict[str, Any]:
    told = kept["said"] | {"version": kept["number"]}
    return told | ({"content": kept["content"]} if "content" in kept else {})

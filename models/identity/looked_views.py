"""Who looked at me: access lines in words, for the person themselves. Plain dicts."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from models.audit import access_line_views
from models.audit.field_words import words
from models.identity import unit_views
from models.identity.actors import Resident
from models.identity.purposes import PURPOSES

LONGEST_PAGE = 100


def mine(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of looks, newest first; those of one day, unit and purpose stand together.

    A group never spans two pages' cursor: a page counts lines, so that its cost is bounded.
    """
    if resident.person_id is None:
        return [], None
    lines, following = access_line_views.about([resident.person_id], cursor=cursor, limit=limit)
    names = unit_views.names({one["unit"] for one in lines if one.get("unit")})
    return [_group(key, list(found), names) for key, found in groupby(lines, _key)], following


def _key(line: dict[str, Any]) -> tuple[str, str, str]:
    return clock.civil(line["at"]).date().isoformat(), line.get("unit") or "", line["purpose"]


def _group(key: tuple[str, str, str], lines: list[dict[str, Any]], names: dict[str, str]) -> dict[str, Any]:
    day, unit_code, purpose = key
    fields_zh = words([field for one in lines for field in one["fields"]])
    told = {
        "day": day,
        "unit": unit_code,
        "unit_zh": names.get(unit_code, "本平台"),
        "purpose": purpose,
        "purpose_zh": PURPOSES[purpose].zh if purpose in PURPOSES else purpose,
        "fields_zh": fields_zh,
        "count": len(lines),
        "lines": list(_lines(lines)),
    }
    return {**told, "sentence": _sentence(told)}


def _lines(lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in lines:
        at = clock.civil(one["at"]).isoformat(timespec="seconds")
        yield {"id": str(one["_id"]), "at": at} | ({"case": one["case"]} if one.get("case") else {})


def _sentence(told: dict[str, Any]) -> str:
    month, day = (int(part) for part in told["day"].split("-")[1:])
    seen = "、".join(told["fields_zh"])
    return f"{month}月{day}日,{told['unit_zh']}因“{told['purpose_zh']}”查看了您的{seen},共 {told['count']} 次。"


def one_of_mine(resident: Resident, line_id: ObjectId) -> dict[str, Any]:
    """Return one line about the resident, as it lies in the store.

    Raises:
        NotFound: no such line about them.
    """
    found = access_line_views.one_about(line_id, [resident.person_id]) if resident.person_id else None
    if found is None:
        raise NotFound
    return found

"""Who looked at me: access lines in words, for the person themselves, or for who acts in their affairs. Plain dicts."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import mask_name
from models.audit import access_line, access_line_views
from models.audit.field_words import words
from models.identity import person, unit_views
from models.identity.actors import Resident
from models.identity.purposes import ACTING, PURPOSES

LONGEST_PAGE = 100
SHOWN = ("person.name", "access_lines")
"""What the list shows of somebody to who acts for them."""


def mine(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of looks at the person for whom the resident acts, else at themselves, newest first.

    Those of one day, unit and purpose stand together. A group never spans two pages' cursor: a page counts lines, so
    that its cost is bounded. Who acts for somebody leaves a line by looking, as everybody else does.
    """
    if resident.subject_id is None:
        return [], None
    whose = _whose(resident)
    lines, following = access_line_views.about([resident.subject_id], cursor=cursor, limit=limit)
    names = unit_views.names({one["unit"] for one in lines if one.get("unit")})
    return [_group(key, list(found), names, whose) for key, found in groupby(lines, _key)], following


def _whose(resident: Resident) -> str:
    """Return how the sentences name whom was looked at, after the access line of who acts for them."""
    if resident.acting is None:
        return "您"
    access_line.record(resident, purpose=ACTING, subjects=[resident.acting.person_id], fields=SHOWN)
    return mask_name(person.read(resident.acting.person_id).name)


def _key(line: dict[str, Any]) -> tuple[str, str, str]:
    return clock.civil(line["at"]).date().isoformat(), line.get("unit") or "", line["purpose"]


def _group(key: tuple[str, str, str], lines: list[dict[str, Any]], names: dict[str, str], whose: str) -> dict[str, Any]:
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
    return {**told, "sentence": _sentence(told, whose)}


def _lines(lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in lines:
        at = clock.civil(one["at"]).isoformat(timespec="seconds")
        yield {"id": str(one["_id"]), "at": at} | ({"case": one["case"]} if one.get("case") else {})


def _sentence(told: dict[str, Any], whose: str) -> str:
    month, day = (int(part) for part in told["day"].split("-")[1:])
    seen, purpose = "、".join(told["fields_zh"]), told["purpose_zh"].replace("您", whose)
    return f"{month}月{day}日,{told['unit_zh']}因“{purpose}”查看了{whose}的{seen},共 {told['count']} 次。"


def one_of_mine(resident: Resident, line_id: ObjectId) -> dict[str, Any]:
    """Return one line about the resident, as it lies in the store.

    Raises:
        NotFound: no such line about them.
    """
    found = access_line_views.one_about(line_id, [resident.person_id]) if resident.person_id else None
    if found is None:
        raise NotFound
    return found

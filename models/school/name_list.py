"""The list of names (录取名单公示): who got a place, masked, by tier, in an order that no file has, for a dated time.

It stands beside the files and cannot be joined with them: no pseudonym, no lot, no priority stands here, and within a
tier the order is a keyed hash.
"""

from typing import Any

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import mask_name
from models.identity import person
from models.school import draw, draw_views, result, school
from models.school import round as rounds

PAGE = 50


def page(round_code: str, cursor: str | None = None, limit: int = PAGE) -> dict[str, Any]:
    """Return a page of the masked names of a published round.

    Raises:
        NotFound: no such round, nothing is published, or the time of the list is over.
        BadCursor: the cursor is not of this list.
    """
    round_found = rounds.public(round_code)
    found = draw.published(round_found)
    if found is None or clock.now() >= found["list_until"]:
        raise NotFound
    rows, following = result.listed(found["_id"], cursor, limit)
    known = person.several([one["child"] for one in rows])
    names = school.names(one["school"] for one in rows)
    items = [
        {
            "tier": one["tier"],
            "name": mask_name(known[one["child"]].name) if one["child"] in known else "*",
            "school_name": names[one["school"]],
            "receipt_tail": one["receipt_tail"],
        }
        for one in rows
    ]
    until = draw_views.wire(found["list_until"])
    return {"round": round_code, "name": round_found["name"], "until": until, "items": items, "next": following}


def open_now(round_code: str) -> str:
    """Return until when the list of names of a round can be read, "" where it cannot.

    Raises:
        NotFound: no such round.
    """
    found = draw.published(rounds.read(round_code))
    return draw_views.wire(found["list_until"]) if found and clock.now() < found["list_until"] else ""

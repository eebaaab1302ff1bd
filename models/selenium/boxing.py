"""Packages go into a box and come out of it again."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from models.selenium import box, events, lot, pack, record
from models.selenium.producer import Grower


def fill(grower: Grower, wanted: Sequence[Mapping[str, Any]], day: date, key: str = "") -> dict[str, Any]:
    """Put packages into a box; the same request again gives the same box.

    Raises:
        ContentsWrong, DayWrong: they cannot have been put there.
        PackagesTaken, PackMoved: not so many are left, or they are frozen, sold or void.
        LotHeld: one of their lots is held or recalled.
    """
    if again := record.of_key(key):
        return box.read(again["boxes"][0])
    parts = box.contents(grower, wanted)
    made = box.filled(grower, parts, record.check_day(day).isoformat())
    about = {"boxes": [made["_id"]], **_about(parts)}
    drafted = record.draft(grower, "boxing", day, [events.boxing(made, day)], key=key, **about)

    def effect(session: ClientSession) -> None:
        lot.let_move(about["lots"], session)
        for one in parts:
            pack.take(one, session)
        box.insert(made, session)

    return box.read(record.keep(drafted, effect)["boxes"][0])


def open_again(grower: Grower, number: str) -> dict[str, Any]:
    """Take everything out of a box that is not shipped; repeating it changes nothing.

    Raises:
        NotFound: no such box of the producer.
        BoxMoved: it is shipped or received.
    """
    found = box.own(grower, number)
    if found["state"] == "opened":
        return found
    happened = events.boxing(found, clock.today(), opened=True)
    about = {"boxes": [number], **_about(found["contents"])}
    drafted = record.draft(grower, "unboxing", clock.today(), [happened], **about)
    record.keep(drafted, lambda session: emptied(found, session))
    return found | {"state": "opened"}


def emptied(found: Mapping[str, Any], session: ClientSession) -> None:
    """Open a box within a transaction, and put its packages back to where they were taken from.

    Raises:
        BoxMoved: it is shipped, received or open.
    """
    box.move([found["_id"]], "packed", "opened", session)
    for one in found["contents"]:
        pack.put_back(one, session)


def _about(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "packs": sorted({one["pack"] for one in parts}),
        "lots": sorted({one["lot"] for one in parts}),
        "told": {"packages": sum(one["count"] for one in parts)},
    }

"""Rolls, packs and quotas as growers and the office see them. Plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock, jobs
from backend.errors import NotFound
from backend.store import paging
from models.audit import access_line
from models.identity.actors import Staff
from models.selenium import pack, producer, roll
from models.selenium.office_views import PURPOSE
from models.selenium.producer import Grower
from models.selenium.roll import STATE_ZH, Roll

Page = tuple[list[dict[str, Any]], str | None]


def short(found: dict[str, Any]) -> dict[str, Any]:
    """Return a roll in a list."""
    same = ("product", "product_zh", "item_zh", "net_grams", "season", "count", "sheet", "start", "state")
    told = {name: found[name] for name in same} | {"id": found["_id"], "item": str(found["item"])}
    told |= {"scratch": bool(found.get("scratch")), "state_zh": STATE_ZH[found["state"]], "job_id": str(found["job"])}
    told |= {"bound": _many(found, void=False), "void": _many(found, void=True), "lost": "lost" in found}
    return told | {"created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds")}


def _many(found: dict[str, Any], *, void: bool) -> int:
    return sum(one["last"] - one["first"] + 1 for one in found["spans"] if ("void" in one) == void)


def whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return a roll with the progress of its job and its packs."""
    job = jobs.read(found["job"])
    progress = {"parts": job["total"], "parts_done": job["done"]}
    return short(found) | progress | {"packs": [pack_shown(one) for one in pack.of_roll(found["_id"])]}


def pack_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a pack."""
    told = {name: found[name] for name in ("roll", "first", "last", "lot", "grams", "state")}
    return told | {"id": found["_id"], "state_zh": pack.STATE_ZH[found["state"]]}


def rolls(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's rolls, newest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Roll._get_collection(), query, sort=("created_at", -1), cursor=cursor, limit=limit)
    return [short(one) for one in found], following


def office_rolls(actor: Staff, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the rolls in the actor's area.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("lot.read")
    query = producer.areas(actor, "lot.read") or {"village": {"$gt": ""}}
    found, following = paging.page(Roll._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit)
    seen(actor, [one["producer"] for one in found])
    return [short(one) for one in found], following


def office_roll(actor: Staff, number: str) -> dict[str, Any]:
    """Return a roll in the actor's area, as it is stored.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such roll, or outside the actor's area.
    """
    actor.require("lot.read")
    found = roll.read(number)
    if not producer.reaches(actor, "lot.read", found["village"]):
        raise NotFound
    seen(actor, [found["producer"]])
    return found


def office_shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a roll that the actor just moved."""
    seen(actor, [found["producer"]])
    return whole(found)


def office_pack(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a pack that the actor just moved."""
    seen(actor, [found["producer"]])
    return pack_shown(found)


def seen(actor: Staff, producers: list[ObjectId]) -> None:
    """Record that natural persons were looked at; an organisation's data are public."""
    owners = producer.several(list(set(producers))).values()
    persons = [one["person"] for one in owners if one.get("person")]
    access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=("rolls",))

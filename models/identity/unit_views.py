"""What is shown of the units. Plain dicts; the tree of the county's units is no secret among its staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backend import clock
from backend.store import paging
from models.identity.actors import Staff
from models.identity.unit import KINDS, STATE_ZH, Unit, read


@dataclass(frozen=True)
class Filter:
    """The units directly below one, or anywhere below one, or all."""

    parent: str | None = None
    under: str | None = None
    state: str | None = None


def listed(actor: Staff, wanted: Filter, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of units by code."""
    actor.require("unit.list")
    query: dict[str, Any] = {"_id": {"$gt": ""}}
    if wanted.parent:
        query["parent"] = wanted.parent
    if wanted.under:
        query["ancestors"] = wanted.under
    if wanted.state:
        query["state"] = wanted.state
    found, following = paging.page(Unit._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def one(actor: Staff, code: str) -> dict[str, Any]:
    """Return a unit.

    Raises:
        NotFound: no such unit.
    """
    actor.require("unit.list")
    return shown(read(code))


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of units by code; unknown codes are left out."""
    found = Unit._get_collection().find({"_id": {"$in": sorted(set(codes))}}, {"name": 1})
    return {one["_id"]: one["name"] for one in found}


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return what staff see of a unit; `path` runs from the root to it."""
    told = {
        "code": found["_id"],
        "name": found["name"],
        "kind": found["kind"],
        "kind_zh": KINDS[found["kind"]],
        "parent": found.get("parent") or "",
        "path": [*found["ancestors"], found["_id"]],
        "area": found.get("area") or "",
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "valid_from": found["valid_from"],
    }
    if found.get("closed_at"):
        told["closed_at"] = clock.civil(found["closed_at"]).isoformat(timespec="seconds")
    return told

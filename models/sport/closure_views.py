"""Closings as the staff see them: what they mean, and how far their job is."""

from typing import Any

from bson import ObjectId

from backend import jobs
from backend.store import paging
from models.identity.actors import Staff
from models.places import scope
from models.sport import closure, venue
from models.sport.book import clock_of


def whole(actor: Staff, closure_id: ObjectId) -> dict[str, Any]:
    """Return a closing with how far its job is.

    Raises:
        NotFound: no such closing in the actor's scope.
    """
    return shown(closure.reached(actor, "place.read", closure_id)[0])


def listed(actor: Staff, place_id: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the closings of a venue, newest first.

    Raises:
        NotFound: no such venue in the actor's scope.
    """
    scope.place(actor, "place.read", place_id)
    found, following = paging.page(
        closure.SportClosure._get_collection(), {"place": place_id}, sort=("_id", -1), cursor=cursor, limit=limit
    )
    return [shown(one) for one in found], following


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a closing as the staff see it."""
    codes = [code for code in found["resources"] if code]
    names = {one["code"]: one["name_zh"] for one in venue.resources(found["place"]) if one["code"] in codes}
    told = {name: found[name] for name in ("from_day", "to_day", "reason", "state", "outdoor", "figures")}
    told |= {"id": str(found["_id"]), "place_id": found["place"], "reason_zh": closure.REASONS[found["reason"]]}
    told |= {
        "state_zh": closure.STATE_ZH[found["state"]],
        "start": clock_of(found["start"]),
        "end": clock_of(found["end"]),
    }
    told["resources"] = [{"resource": code, "name_zh": names.get(code, code)} for code in codes]
    if found.get("job"):
        job = jobs.read(found["job"])
        failed = {one["item"]: one["reason"] for one in job["failures"]}
        told["job"] = {"id": str(job["_id"]), **{n: job[n] for n in ("state", "done", "total")}}
        told["job"]["failures"] = [{"item": item, "reason": why} for item, why in failed.items()]
    return told

"""Changing what a seller is, as staff: one transaction with its audit entry, and the job that open slots follow by."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.booking import slot
from models.identity.actors import Staff
from models.places import demo_parts, renewal, scope, seller
from models.places.place import Place
from models.places.resource import Resource
from models.places.seller import Seller

OPERATIONS = {True: "resource.change", False: "place.change"}
"""By whether it is a resource that is changed, or the place as a whole."""
Change = dict[str, Any]


def reached(actor: Staff, place_id: str, code: str = slot.WHOLE) -> Seller:
    """Return a seller that the actor may change.

    Raises:
        NotFound: no such place or resource in the actor's scope.
    """
    scope.place(actor, OPERATIONS[bool(code)], place_id)
    try:
        return seller.read(place_id, code)
    except NotFound:
        raise NotFound from None


def change(
    actor: Staff,
    at: tuple[str, str],
    action: str,
    told: Callable[[Change], Change],
    from_day: date,
    *,
    wide: bool = False,
    again: bool = False,
    **details: Any,
) -> dict[str, Any]:
    """Change the place or resource `at` (place, code); return the job that follows, {} where nothing changed.

    `told` returns the fields that are to be otherwise. With `wide` the slots of all resources follow as well, and with
    `again` days are looked at once more later.

    Raises:
        NotFound: no such place or resource in the actor's scope.
    """
    known = reached(actor, *at)
    unit = str(known.owner.get("unit") or "")
    kind = "resource" if known.code else "place"
    line = entry.line(actor.key, f"{kind}.{action}", f"{kind}:{known.found['_id']}", unit=unit, **details)
    started: list[dict[str, Any]] = []

    def write(session: ClientSession) -> None:
        started.clear()
        collection = (Resource if known.code else Place)._get_collection()
        now = collection.find_one({"_id": known.found["_id"]}, session=session) or {}
        changed = difference(known.code, now, told(now))
        if not changed:
            return
        collection.update_one({"_id": known.found["_id"]}, _update(known.code, changed), session=session)
        entry.write(line, session)
        sellers = _following(known, now | changed, wide=wide)
        if job := renewal.start(sellers, from_day, who=actor.key, unit=unit, session=session, again=again):
            started.append(job)

    transactions.run(write)
    outbox.wake("reports")
    return started[0] if started else {}


def difference(code: str, now: Change, told: Change) -> Change:
    """Return which fields are otherwise. A place is made up as long as any part of what it sells is."""
    if not code:
        told = {name: value for name, value in told.items() if name != "demo"}
        if now.get("demo") and demo_parts.concerns(told) and not demo_parts.of(now | told):
            told["demo"] = False
    return {name: value for name, value in told.items() if now.get(name) != value}


def _update(code: str, changed: Change) -> Change:
    return {"$set": changed} | ({} if code else {"$addToSet": {"kept": {"$each": sorted(changed)}}})


def _following(known: Seller, now: Change, *, wide: bool) -> Sequence[Seller]:
    if known.code:
        return [Seller(known.owner, now, known.code)]
    return [Seller(now, now), *(Seller(now, one.found, one.code) for one in seller.all_of(now["_id"])[1:] if wide)]

"""Changing open slots when a plan or a price changes: what was sold keeps what it agreed, what was not follows.

Each change is one guarded update, so that whoever takes a place at the same moment gets the old slot or the new one.
Closed and paused slots stay so; a slot whose numbers were set by hand keeps them.
"""

from collections.abc import Mapping
from typing import Any, Literal

from models.booking import slot, slot_quota
from models.booking.slot import Slot

Outcome = Literal["same", "changed", "kept", "withdrawn"]
_ANYWAY = ("classes", "terms", "limits", "resource_kind", "resource_zh")
"""What orders took along when they were made, so that it may change under them."""
WITHDRAWN = "plan"
"""Why a slot is closed that no plan wants, though something of it is sold."""
_TRIES = 5
_UNSOLD = {"$expr": {"$eq": ["$left", "$quota"]}, "pending": {}, "waiting": {"$in": [None, 0]}}


def renew(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Outcome:
    """Bring a slot to what a plan wants of it; `kept` says that its size stays because something of it is sold."""
    changed = _describe(found, wanted) or _sell_again(found)
    if _has_size(found, wanted):
        return "changed" if changed else "same"
    return "changed" if _resize(found, wanted) or _replace(found, wanted) else "kept"


def foresee(found: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> Outcome:
    """Return what bringing a slot to what a plan wants would come to, as it stands; nothing is changed."""
    if wanted is None:
        if found["state"] == "closed":
            return "same"
        return "withdrawn" if is_unsold(found) else "kept"
    if not _has_size(found, wanted) and not is_unsold(found):
        fits = found["end"] == wanted["end"] and slot_quota.fits(found, wanted["quota"], wanted.get("shares", {}))
        return "changed" if fits else "kept"
    same = _has_size(found, wanted) and not _described(found, wanted) and found.get("closed_reason") != WITHDRAWN
    return "same" if same else "changed"


def _has_size(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    if found.get("by_hand"):
        return True
    same = all(found[name] == wanted[name] for name in ("end", "quota"))
    return same and slot_quota.quotas(found) == wanted.get("shares", {})


def _described(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wanted[name] for name in _ANYWAY if name in wanted and found.get(name) != wanted[name]}


def _describe(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    told = _described(found, wanted)
    if told:
        Slot._get_collection().update_one({"_id": found["_id"]}, {"$set": told})
    return bool(told)


def _sell_again(found: Mapping[str, Any]) -> bool:
    """Sell again what an earlier plan had withdrawn."""
    if found.get("closed_reason") != WITHDRAWN:
        return False
    again = {"$set": {"state": "open"}, "$unset": {"closed_reason": ""}}
    guard = {"_id": found["_id"], "state": "closed", "closed_reason": WITHDRAWN}
    return bool(Slot._get_collection().update_one(guard, again).matched_count)


def _resize(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Give a slot other numbers, whatever is sold of it, where that still fits."""
    now: Mapping[str, Any] | None = found
    for _ in range(_TRIES):
        if (
            now is None
            or now["end"] != wanted["end"]
            or not slot_quota.fits(now, wanted["quota"], wanted.get("shares", {}))
        ):
            return False
        if slot_quota.change(now, wanted["quota"], wanted.get("shares", {})):
            return True
        now = Slot._get_collection().find_one({"_id": found["_id"]})
    return False


def _replace(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Give a slot of which nothing is sold another end, quota and shares."""
    shares = {name: {"quota": quota, "left": quota} for name, quota in wanted.get("shares", {}).items()}
    told = {"end": wanted["end"], "quota": wanted["quota"], "left": wanted["quota"]}
    change: dict[str, Any] = {"$set": told | ({"shares": shares} if shares else {})}
    if not shares:
        change["$unset"] = {"shares": ""}
    return bool(Slot._get_collection().update_one({"_id": found["_id"], **_UNSOLD}, change).matched_count)


def withdraw(found: Mapping[str, Any]) -> Outcome:
    """Take a slot away that no plan wants; of one that is partly sold only the sales end, and who waits is told.

    A closed one stays, so that whoever closed it finds it.
    """
    not_closed = {"_id": found["_id"], "state": {"$ne": "closed"}}
    if Slot._get_collection().delete_one({**not_closed, **_UNSOLD}).deleted_count:
        return "changed"
    closed = {"$set": {"state": "closed", "closed_reason": WITHDRAWN}, "$push": slot.told(str(found["_id"]))}
    return "kept" if Slot._get_collection().update_one(not_closed, closed).matched_count else "same"


def is_unsold(found: Mapping[str, Any]) -> bool:
    """Tell whether nothing of a slot, as it was read, is sold or held, and nobody waits for it."""
    return bool(found["left"] == found["quota"] and not found.get("pending") and not found.get("waiting"))

"""Changing the numbers of an open slot: its quota and those of its shares, whatever of it is sold at that moment.

One guarded update decides. Nothing goes below what is sold or held: what is taken away was left, or was kept for the
line. What is added goes to those who wait, where anybody does, and is for sale otherwise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.client_session import ClientSession

from models.booking import slot
from models.booking.slot import Slot

Found = Mapping[str, Any]
Quotas = Mapping[str, int]


def sold(found: Found) -> int:
    """Return how many places of a slot, or of one of its shares, are sold or held."""
    return int(found["quota"] - found["left"] - found.get("kept", 0))


def quotas(found: Found) -> dict[str, int]:
    """Return the quotas of the shares of a slot."""
    return {name: int(one["quota"]) for name, one in (found.get("shares") or {}).items()}


def fits(found: Found, quota: int, shares: Quotas) -> bool:
    """Tell whether a slot, as it was read, can have these numbers."""
    held = {name: sold(one) for name, one in (found.get("shares") or {}).items()}
    return sold(found) <= quota and all(number <= shares.get(name, 0) for name, number in held.items())


def change(found: Found, quota: int, shares: Quotas, session: ClientSession | None = None) -> bool:
    """Give a slot these numbers, if they still are as they were read and nothing sold is in the way.

    Returns whether it was done; who began the transaction wakes `checkout` after it then.
    """
    guard: dict[str, Any] = {"_id": found["_id"], "quota": found["quota"]}
    told: dict[str, Any] = {}
    rooms = []
    for path, was, wanted in _steps(found, quota, shares):
        if was:
            guard[f"{path}quota"] = was
        rooms.append({"$gte": [{"$add": [f"${path}left", _kept(path)]}, was - wanted]})
        told |= _numbers(path, was, wanted)
    gone = sorted(set(quotas(found)) - set(shares))
    for name in gone:
        guard[f"shares.{name}.quota"] = found["shares"][name]["quota"]
        rooms.append({"$eq": [f"$shares.{name}.left", f"$shares.{name}.quota"]})
    told |= {
        f"shares.{name}": {"quota": shares[name], "left": shares[name]} for name in set(shares) - set(quotas(found))
    }
    if quota > found["quota"] or any(shares.get(name, 0) > number for name, number in quotas(found).items()):
        told["outbox"] = {"$cond": [_WAITS, {"$literal": slot.told(found["_id"])["outbox"]["$each"]}, _OUTBOX]}
    stages: list[dict[str, Any]] = [{"$set": told}] if told else []
    stages += [{"$unset": [f"shares.{name}" for name in gone]}] if gone else []
    if not stages:
        return True
    guard["$expr"] = {"$and": [True, *rooms]}
    return bool(Slot._get_collection().update_one(guard, stages, session=session).matched_count)


_WAITS = {"$gt": [{"$ifNull": ["$waiting", 0]}, 0]}
_OUTBOX = {"$ifNull": ["$outbox", "$$REMOVE"]}


def _steps(found: Found, quota: int, shares: Quotas) -> Iterator[tuple[str, int, int]]:
    """Yield path, number of before and number wanted of everything that changes."""
    if quota != found["quota"]:
        yield "", found["quota"], quota
    for name, was in quotas(found).items():
        if name in shares and shares[name] != was:
            yield f"shares.{name}.", was, shares[name]


def _kept(path: str) -> dict[str, Any]:
    return {"$ifNull": [f"${path}kept", 0]}


def _numbers(path: str, was: int, wanted: int) -> dict[str, Any]:
    left, kept, more = f"${path}left", _kept(path), wanted - was
    if more > 0:
        new_left: dict[str, Any] = {"$add": [left, {"$cond": [_WAITS, 0, more]}]}
        new_kept = {"$add": [kept, {"$cond": [_WAITS, more, 0]}]}
    else:
        new_left = {"$max": [0, {"$add": [left, more]}]}
        new_kept = {"$add": [kept, {"$min": [0, {"$add": [left, more]}]}]}
    return {f"{path}quota": wanted, f"{path}left": new_left, f"{path}kept": new_kept}

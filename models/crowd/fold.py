"""What gates counted: every scan that let a person in or out is folded into the counts exactly once.

A scan is marked `uncounted` until it is; the mark goes in the transaction that counts it. Two workers at once: the
second one's transaction meets a write conflict, runs again and finds the mark gone.
"""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, metrics
from backend.store import transactions
from models.booking.gate_scan import GateScan
from models.crowd import movement
from models.crowd.movement import Move
from models.crowd.spot import Spot
from models.places import zone
from models.places.place import Place

BATCH = 400
_FIELDS = {"place": 1, "zone": 1, "direction": 1, "at": 1, "offline": 1}


def fold(most: int = 50) -> list[Spot]:
    """Count what gates let in and out, in at most so many batches; return the spots that changed."""
    changed: set[Spot] = set()
    for _ in range(most):
        now = clock.now()
        counted, spots = transactions.run(lambda session, now=now: _batch(now, session))  # type: ignore[misc]
        metrics.CROWD_FOLDED.inc(counted)
        changed |= set(spots)
        if counted < BATCH:
            break
    return sorted(changed)


def _batch(now: datetime, session: ClientSession) -> tuple[int, list[Spot]]:
    scans = GateScan._get_collection()
    waiting = scans.find({"uncounted": True}, _FIELDS, session=session).sort([("place", 1), ("at", 1)])
    found = list(waiting.limit(BATCH))
    if not found:
        return 0, []
    ids = {"_id": {"$in": [one["_id"] for one in found]}, "uncounted": True}
    scans.update_many(ids, {"$unset": {"uncounted": ""}}, session=session)
    moves = [_move(one, now) for one in _of_zones(found, session)]
    return len(found), movement.count(moves, now, session)


def _of_zones(scans: list[dict[str, Any]], session: ClientSession) -> list[dict[str, Any]]:
    """Return the scans that count: those of a zone that the place does not have count nowhere."""
    named = {one["place"] for one in scans if one.get("zone")}
    if not named:
        return scans
    query = {"_id": {"$in": sorted(named)}}
    places = {one["_id"]: one for one in Place._get_collection().find(query, {"terms.zones": 1}, session=session)}
    return [one for one in scans if zone.exists(places.get(one["place"], {}), one.get("zone") or "")]


def _move(scan: dict[str, Any], now: datetime) -> Move:
    out = scan.get("direction") == "out"
    spot = Spot(scan["place"], scan.get("zone") or "")
    at = min(scan["at"], now)
    return Move(spot, "gate", at, into=int(not out), out=int(out), late=bool(scan.get("offline")))

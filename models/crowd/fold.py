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
    found = list(scans.find({"uncounted": True}, _FIELDS, session=session).limit(BATCH))
    if not found:
        return 0, []
    ids = {"_id": {"$in": [one["_id"] for one in found]}, "uncounted": True}
    scans.update_many(ids, {"$unset": {"uncounted": ""}}, session=session)
    return len(found), movement.count([_move(one, now) for one in found], now, session)


def _move(scan: dict[str, Any], now: datetime) -> Move:
    out = scan.get("direction") == "out"
    spot = Spot(scan["place"], scan.get("zone") or "")
    at = min(scan["at"], now)
    return Move(spot, "gate", at, into=int(not out), out=int(out), late=bool(scan.get("offline")))

"""Sources that disagree for too long become work for staff: counted, recorded, shown until it is over."""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import metrics
from backend.store import transactions
from models.crowd import movement, record
from models.crowd.fuse import Fused
from models.crowd.spot import Spot, day_of
from models.crowd.state import CrowdState
from models.crowd.thresholds import Thresholds


def follow(spot: Spot, found: dict[str, Any], fused: Fused, now: datetime, figures: Thresholds) -> None:
    """Note since when a spot's sources are apart; open the alarm when that is too long, end it when it is over."""
    states = CrowdState._get_collection()
    if fused.apart <= figures.alarm:
        if found.get("differs_since"):
            states.update_one({"_id": spot.key}, {"$unset": {"differs_since": ""}})
        if found.get("alarm") and fused.number is not None:
            end(spot, now)
        return
    since = found.get("differs_since")
    if since is None:
        states.update_one({"_id": spot.key, "differs_since": None}, {"$set": {"differs_since": now}})
    elif now - since >= figures.alarm_after and not found.get("alarm"):
        _open(spot, fused, now)


def _open(spot: Spot, fused: Fused, now: datetime) -> None:
    details = {"apart_percent": round(fused.apart, 1), "number": fused.number, "basis": fused.basis}

    def change(session: ClientSession) -> bool:
        guard = {"_id": spot.key, "alarm": None, "differs_since": {"$ne": None}}
        opened = {"$set": {"alarm": {"kind": "disagreement", "at": now, "apart_percent": details["apart_percent"]}}}
        if not CrowdState._get_collection().update_one(guard, opened, session=session).matched_count:
            return False
        record.write(spot, "alarm", now, details, session)
        counted = movement.day_change(spot, day_of(now), {"$inc": {"alarms": 1}})
        movement.CrowdDay._get_collection().bulk_write([counted], session=session)
        return True

    if transactions.run(change):
        metrics.ALARMS.labels("crowd_disagreement").inc()


def end(spot: Spot, now: datetime) -> None:
    """End the alarm of a spot, once."""

    def change(session: ClientSession) -> None:
        guard = {"_id": spot.key, "alarm": {"$ne": None}}
        if CrowdState._get_collection().update_one(guard, {"$unset": {"alarm": ""}}, session=session).matched_count:
            record.write(spot, "alarm_end", now, {}, session)

    transactions.run(change)

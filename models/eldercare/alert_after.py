"""What outcomes left to be done, on the day's work list: how a referral went, another try, the archive of who died."""

from datetime import datetime
from typing import Any

from models.eldercare import alert_terms
from models.eldercare.alert import HealthAlert
from models.eldercare.work_parts import Due, Reach, part


@part("after_alerts", "提醒结束后的待办")
def due(reach: Reach, until: datetime, most: int) -> list[Due]:
    """Return what is left to be done until a moment, the earliest first."""
    query: dict[str, Any] = {"after.open": True, "after.due": {"$lte": until}}
    query |= {} if reach is None else {"units": {"$in": sorted(reach)}}
    found = HealthAlert._get_collection().find(query, {"subject": 1, "after": 1})
    return [
        Due(one["subject"], one["after"]["due"], kind, alert_terms.AFTER[kind].zh, str(one["_id"]))
        for one in found.sort([("after.due", 1), ("_id", 1)]).limit(most)
        for kind in [one["after"]["kind"]]
    ]

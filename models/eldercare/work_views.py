"""The work list of the day (今日工作) of a village doctor or a care station: live alerts, then what is due by part."""

from datetime import timedelta
from typing import Any

from backend import clock
from models.eldercare import (
    alert_after,  # noqa: F401 - adds its part
    alert_views,
    knowing_work,  # noqa: F401 - adds its part
    work_parts,
)
from models.eldercare.alert import HealthAlert
from models.identity.actors import Staff

OPERATION = "health.work"
MOST_ALERTS, MOST_DUE = 50, 50
FIELDS = ("person.name", "health.alerts", "health.due")


def today(actor: Staff) -> dict[str, Any]:
    """Return the work of the day, the most overdue first, each list cut at `MOST_…` with `more` where it goes on.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(OPERATION)
    reach = actor.units_for(OPERATION)
    ends = clock.at(clock.today() + timedelta(days=1), 0)
    alerts = _alerts(reach)
    found = [(one, one.find(reach, ends, MOST_DUE + 1)) for one in work_parts.every()]
    asked = [one["subject"] for one in alerts] + [one.subject for _, items in found for one in items]
    known = alert_views.elders(actor, asked, FIELDS)
    return {
        "day": clock.today().isoformat(),
        "alerts": alert_views.beside(actor, alerts[:MOST_ALERTS], known),
        "alerts_more": len(alerts) > MOST_ALERTS,
        "parts": [_part(one, items, known) for one, items in found],
    }


def _alerts(reach: work_parts.Reach) -> list[dict[str, Any]]:
    query: dict[str, Any] = {"live": True} | ({} if reach is None else {"units": {"$in": sorted(reach)}})
    found = HealthAlert._get_collection().find(query, alert_views.NO_EVENTS)
    return list(found.sort([("due", 1), ("_id", 1)]).limit(MOST_ALERTS + 1))


def _part(one: work_parts.Part, items: list[work_parts.Due], known: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    now = clock.now()
    told = [
        {
            "elder": known[item.subject]["shown"],
            "kind": item.kind,
            "kind_zh": item.kind_zh,
            "due": alert_views.wire(item.due),
            "overdue": item.due <= now,
            "about": item.about,
        }
        for item in items[:MOST_DUE]
    ]
    return {"part": one.code, "part_zh": one.zh, "items": told, "more": len(items) > MOST_DUE}

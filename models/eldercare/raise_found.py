"""From a finding to an alert: one live alert of an elder and a rule, whatever is found meanwhile.

Each finding gets one alert, by its key, however often it comes. Where the rule's alert is live, the finding's own is
linked to it in the transaction that notes the repeat there; if that alert ended at this very moment, the finding raises
a new one. A graver finding makes the live alert graver, and asks for somebody anew.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.store import transactions
from models.eldercare import alert, alert_clocks, alert_load, alert_terms, duty_roster, finding, subject_units
from models.eldercare.alert import HealthAlert

SYSTEM = "system:eldercare"
ATTEMPTS = 5


def raise_found(finding_id: ObjectId) -> dict[str, Any] | None:
    """Make the alert of a finding and return it, None for what asks for none; again changes nothing.

    Raises:
        Later: alerts of the same rule began and ended faster than this could follow.
    """
    found = finding.read(finding_id)
    if found["severity"] not in alert_terms.SEVERITIES or found.get("state") == "superseded":
        return alert.of_finding(finding_id)
    for _ in range(ATTEMPTS):
        if known := alert.of_finding(finding_id):
            return known
        live = alert.live_of(found["subject"], found["rule"])
        made = _linked(found, live) if live else _raised(found)
        if made is not None:
            return made
    raise outbox.Later(1.0)


def _raised(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the new alert, None where another one was quicker."""
    units, now = subject_units.of(found["subject"]), clock.now()
    made = alert.made(found, units=units, staff=duty_roster.on_duty(units, now, level="first"))
    made["outbox"].append(alert.telling(made["_id"], "raised"))
    counted = alert_load.lines_raised(units, now)

    def write(session: ClientSession) -> None:
        alert.insert(made, session)
        alert_load.add(counted, {"raised": 1}, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        return None
    outbox.wake(alert.QUEUE)
    return made


def _linked(found: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the linked alert, None where the live one changed or ended."""
    made = alert.made_linked(found, live["_id"])
    graver = alert_terms.graver(found["severity"], live["severity"])

    def write(session: ClientSession) -> bool:
        held = _graver(found, live, session) if graver else _again(found, live, session)
        if held:
            alert.insert(made, session)
        return held

    try:
        if not transactions.run(write):
            return None
    except DuplicateKeyError:
        return None
    outbox.wake(alert.QUEUE)
    return made


def _again(found: Mapping[str, Any], live: Mapping[str, Any], session: ClientSession) -> bool:
    guard = {"_id": live["_id"], "live": True, "severity": live["severity"]}
    told = {"$inc": {"repeats": 1}, "$max": {"latest_found_at": found["at"]}}
    return bool(HealthAlert._get_collection().update_one(guard, told, session=session).matched_count)


def _graver(found: Mapping[str, Any], live: Mapping[str, Any], session: ClientSession) -> bool:
    """Make the live alert as grave as the finding: whoever took it up must take it up again."""
    now = clock.now()
    clocks = alert_clocks.of_severity(found["severity"])
    worse = {**live, "clocks": clocks.stored()}
    told, entry = alert.moved(worse, "raised", now)
    told |= {"severity": found["severity"], "clocks": clocks.stored()}
    told |= {"sentence": alert.sealed(live["_id"], found["sentence_zh"])}
    told |= {name: sorted({*live[name], *found.get(name, ())}) for name in ("about", "words")}
    changed = alert.change(
        live,
        told,
        alert.event("graver", SYSTEM, now, severity=found["severity"]),
        unset=("acknowledged_at", "acknowledged_by"),
        follow=(entry, alert.telling(live["_id"], "graver")),
        more={"$inc": {"repeats": 1}, "$max": {"latest_found_at": found["at"]}},
        session=session,
    )
    return changed is not None

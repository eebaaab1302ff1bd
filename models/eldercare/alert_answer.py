"""What the elder or a relative says about an alert from the phone: I am there, 120 is called, I cannot come.

A relative who is there has acted, so the clock runs for the outcome; only staff enter that. Who cannot come calls the
next rung of the ladder at once.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.errors import NotFound, Unprocessable
from models.eldercare import alert, alert_hidden, alert_terms, escalate, subject
from models.identity.actors import Resident

ATTEMPTS = 3


class AnswerNotYours(Unprocessable):
    """422: this is said by the elder, or by the family alone."""

    code = "health_alert_answer"
    zh = "这项回复只能由{who_zh}提交,请换一项。"
    en = "Only {who} may answer this. Choose another answer."

    def __init__(self, *, family: bool) -> None:
        super().__init__(who="the family" if family else "the elder", who_zh="家属" if family else "老人本人")


def own(resident: Resident, alert_id: ObjectId) -> dict[str, Any]:
    """Return an alert of oneself, or of whom one acts for unless they hid alerts from the family.

    Raises:
        NotFound: no such alert of theirs.
    """
    elder = subject.of_person(resident.subject_id)
    found = alert.read(alert_id)
    if elder is None or found["subject"] != elder["_id"] or found["state"] == "linked":
        raise NotFound
    if resident.acting and alert_hidden.from_family(elder, found):
        raise NotFound
    return found


def answer(resident: Resident, alert_id: ObjectId, told: str) -> dict[str, Any]:
    """Say something about a live alert, and return it; the same by the same account again changes nothing.

    Raises:
        NotFound: no such alert of theirs.
        AnswerNotYours: another side may say this.
        AlertOver, AlertMoved: it is over, or changes too fast.
    """
    side, terms = "family" if resident.acting else "elder", alert_terms.ANSWERS[told]
    for _ in range(ATTEMPTS):
        found = own(resident, alert_id)
        if side not in terms.by:
            raise AnswerNotYours(family=terms.by == ("family",))
        alert.require_live(found)
        if any(one["what"] == "answered" and (one["answer"], one["by"]) == (told, resident.key) for one in _now(found)):
            return found
        if changed := _answered(found, told, resident.key):
            if told in alert_terms.CALLS_NEXT:
                changed = escalate.call_next(changed) or changed
            outbox.wake(alert.QUEUE)
            return changed
    raise alert.AlertMoved


def _now(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the events since the alert became as grave as it is."""
    events = list(found["events"])
    turns = [place for place, one in enumerate(events) if one["what"] == "graver"]
    return events[turns[-1] :] if turns else events


def _answered(found: Mapping[str, Any], told: str, by: str) -> dict[str, Any] | None:
    now = clock.now()
    line = alert.event("answered", by, now, answer=told)
    if not alert_terms.ANSWERS[told].acts:
        return alert.change(found, {}, line)
    set_, follow = alert.moved(found, "acted", now) if found["state"] != "acted" else ({}, None)
    set_ |= {"acts": [*found["acts"], f"family:{told}"]} | ({} if found.get("acted_at") else {"acted_at": now})
    return alert.change(found, set_, line, follow=(follow,) if follow else ())

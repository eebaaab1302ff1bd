"""Bringing a notice to its person: inbox at once, then the subscribe message, and an SMS where that did not go out.

Safe to repeat and to run twice at once; see `notice` for what a kill inside an outside call leaves open.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from models.messaging import inbox, notice, notice_kinds, opt_out, send_sms, send_subscribe
from models.messaging.quiet import QuietHours


@dataclass(frozen=True)
class Limits:
    """The dated rules of this day: when nobody is woken, and how many SMS a person gets."""

    quiet: QuietHours | None
    sms_a_day: int


def deliver(notice_id: ObjectId, limits: Limits) -> None:
    """Bring a notice as far as it goes now.

    Raises:
        outbox.Later: the rest waits: for the morning, for another worker, or for the answer of an outside system.
        OutsideFailure: an outside system is away; the queue repeats it.
    """
    for step in (_put, _wait, _leave_off, _subscribe, _text, _close):
        found = notice.find(notice_id)
        if found is None or found["state"] == "done":
            return
        step(found, limits)


def _put(found: dict[str, Any], _limits: Limits) -> None:
    if found.get("number"):
        notice.end(found, "in_app", "none")
        notice.end(found, "subscribe", "none")
    elif not notice.ended(found, "in_app"):
        about = found["key"].removeprefix(f"{found['kind']}:{found['account']}:")
        inbox.put(found["account"], found["kind"], key=about, **found["values"])
        notice.end(found, "in_app", "put")


def _wait(found: dict[str, Any], limits: Limits) -> None:
    now = clock.now()
    if not found["urgent"] and limits.quiet and (morning := limits.quiet.until(now)):
        raise outbox.Later((morning - now).total_seconds())


def _leave_off(found: dict[str, Any], _limits: Limits) -> None:
    if opt_out.is_off(found["account"], found["kind"]):
        notice.end(found, "subscribe", "off")
        notice.end(found, "sms", "off")


def _subscribe(found: dict[str, Any], _limits: Limits) -> None:
    if not notice.ended(found, "subscribe"):
        send_subscribe.send(found, notice_kinds.KINDS[found["kind"]])


def _text(found: dict[str, Any], limits: Limits) -> None:
    """Send an SMS, but not beside a message that surely went out."""
    subscribe = found["channels"].get("subscribe", {})
    sure = subscribe.get("state") in ("sent", "delivered") and not (subscribe.get("presumed") and found["urgent"])
    if not sure and not notice.ended(found, "sms"):
        send_sms.send(found, notice_kinds.KINDS[found["kind"]], limits.sms_a_day)


def _close(found: dict[str, Any], _limits: Limits) -> None:
    notice.close(found["_id"])

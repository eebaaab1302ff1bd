"""即申即享: a policy may promise to pay within working days of the confirmation. The clock rides on the offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from models.affairs import clock as legal
from models.affairs.kind import Limit
from models.enterprise import payout_terms

DONE = ("paid", "ended")


def started(offer_id: ObjectId, terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what an offer that is confirmed now holds of its clock; nothing where the policy promises no time."""
    limit = payout_terms.pay_by(terms)
    if limit is None:
        return {}
    due = legal.deadline(now, limit)
    entry = outbox.entry("affairs", "enterprise.pay_due", due=due, offer=str(offer_id))
    return {"pay_within": limit.days, "pay_by": due, "outbox": [entry]}


def due(found: Mapping[str, Any]) -> datetime:
    """Return the end of an offer's time as the calendar has it now: a year's holidays may have come in meanwhile."""
    return legal.deadline(found["confirmed_at"], Limit(found["pay_within"]))


def is_overdue(found: Mapping[str, Any]) -> bool:
    """Tell whether an offer should have been paid by now: the time decides, not the entry that writes it down."""
    return bool(found.get("pay_by") and found["state"] not in DONE and clock.civil(found["pay_by"]) <= clock.now())

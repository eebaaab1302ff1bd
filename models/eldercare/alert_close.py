"""How an alert ends: a person enters its outcome. What the outcome leaves to be done stays on a list of its own.

With the death of the elder all their live alerts end, in one transaction, by the same person. An outcome that was
entered wrongly is corrected; what was said before stays among the events.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, Unprocessable
from models.eldercare import alert, alert_clocks, alert_load, alert_terms
from models.eldercare.alert_handle import acts_seen, reach, retried, units_of, write
from models.identity.actors import Staff

OVER = ("live", "due", "desk")


class NothingDone(Conflict):
    """409: nobody noted yet what was done."""

    code = "health_alert_nothing_done"
    zh = "请先登记处置情况(如电话联系、上门查看),再登记结果。"
    en = "Note what was done first, then the outcome."


class NobodySeen(Unprocessable):
    """422: unreachable is who was visited and not met."""

    code = "health_alert_visit_first"
    zh = "电话联系不上时,请先上门或请村组、邻居上门查看,登记后再选择“联系不上”。"
    en = "Visit, or ask a neighbour to look, and note it before the outcome “unreachable”."


class NotConfirmed(Unprocessable):
    """422: this outcome is entered with a confirmation."""

    code = "health_alert_confirm"
    zh = "登记“{outcome_zh}”后将结束该老人的全部健康提醒,请核实身份后勾选确认再提交。"
    en = "This outcome ({outcome}) ends all alerts of this person. Check who it is, confirm, and send again."

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome=outcome, outcome_zh=alert_terms.OUTCOMES[outcome].zh)


class NotClosed(Conflict):
    """409: there is no outcome to correct, or nothing left to be done."""

    code = "health_alert_not_closed"
    zh = "该提醒没有可更正或待办的内容,请刷新后查看。"
    en = "There is nothing to correct or to finish here. Refresh and look again."


def close(actor: Staff, alert_id: ObjectId, outcome: str, *, note: str = "", confirmed: bool = False) -> dict[str, Any]:
    """Enter the outcome of an alert and return it; the same outcome by the same member again changes nothing.

    Raises:
        NotAllowed, NotFound: out of reach.
        NothingDone, NobodySeen, NotConfirmed: something is missing before.
        AlertOver, AlertMoved: it is over, or changes too fast.
    """
    found, now = reach(actor, alert_id), clock.now()
    known = found.get("outcome", {})
    if (known.get("code"), known.get("by")) == (outcome, actor.key):
        return found
    alert.require_live(found)
    _require(found, outcome, confirmed=confirmed)
    lines = alert_load.ready(units_of(actor, found), actor.staff_id, now)
    told = _ended(found, outcome, actor, now)
    if not found.get("acknowledged_by"):
        told |= {"acknowledged_at": now, "acknowledged_by": actor.key}

    def more(session: ClientSession) -> None:
        alert_load.add(lines, {"closed": 1}, session)
        if outcome == "died":
            _end_others(found, actor, now, session)

    return write(
        actor,
        found,
        "outcome",
        told,
        alert.event("closed", actor.key, now, outcome=outcome, note=note),
        follow=alert.telling(found["_id"], "closed"),
        unset=OVER,
        more=more,
        outcome=outcome,
    )


def _require(found: Mapping[str, Any], outcome: str, *, confirmed: bool) -> None:
    terms = alert_terms.OUTCOMES[outcome]
    if found["state"] != "acted":
        raise NothingDone
    if terms.seen and not acts_seen(found):
        raise NobodySeen
    if terms.confirmed and not confirmed:
        raise NotConfirmed(outcome)


def _ended(found: Mapping[str, Any], outcome: str, actor: Staff, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {"state": "closed", "closed_at": now, "beat": found["beat"] + 1}
    told["outcome"] = {"code": outcome, "at": now, "by": actor.key}
    return told | _after(outcome, now)


def _after(outcome: str, now: datetime) -> dict[str, Any]:
    kind = alert_terms.OUTCOMES[outcome].after
    if not kind:
        return {}
    due = now + timedelta(days=alert_clocks.days(alert_terms.AFTER[kind].parameter))
    return {"after": {"kind": kind, "due": due, "open": True}}


def _end_others(found: Mapping[str, Any], actor: Staff, now: datetime, session: ClientSession) -> None:
    """End the elder's other live alerts with the same outcome, by the same person; the archive is closed once."""
    for one in alert.live_ones(found["subject"], session):
        if one["_id"] == found["_id"]:
            continue
        told = _ended(one, "died", actor, now)
        told["outcome"] |= {"with_alert": found["_id"]}
        del told["after"]
        line = alert.event("closed", actor.key, now, outcome="died", with_alert=str(found["_id"]))
        if alert.change(one, told, line, unset=OVER, session=session) is None:
            raise alert.AlertMoved


def correct(actor: Staff, alert_id: ObjectId, outcome: str, *, seq: int, note: str) -> dict[str, Any]:
    """Correct the outcome of a closed alert as one saw it (`seq`), and return it; what was said before stays.

    Raises:
        NotAllowed, NotFound: out of reach.
        NotClosed: it has no outcome of its own, or would become a death, which is entered on a live alert.
        AlertMoved: it changed meanwhile.
    """
    found, now = reach(actor, alert_id), clock.now()
    if found["state"] != "closed" or outcome == "died":
        raise NotClosed
    if found["seq"] != seq:
        raise alert.AlertMoved
    told = {"outcome": {"code": outcome, "at": now, "by": actor.key}} | _after(outcome, now)
    line = alert.event("corrected", actor.key, now, outcome=outcome, before=found["outcome"]["code"], note=note)
    unset = () if "after" in told else ("after",)
    return write(actor, found, "correct", told, line, unset=unset, outcome=outcome, before=found["outcome"]["code"])


@retried
def finish_after(actor: Staff, alert_id: ObjectId, *, note: str = "") -> dict[str, Any]:
    """Say that what the outcome left to be done is done, and return the alert.

    Raises:
        NotAllowed, NotFound: out of reach.
        NotClosed: nothing is left.
        AlertMoved: it changes too fast.
    """
    found, now = reach(actor, alert_id), clock.now()
    after = found.get("after", {})
    if not after.get("open"):
        raise NotClosed
    told = {"after": {**after, "open": False, "done_at": now, "by": actor.key}}
    line = alert.event("after_done", actor.key, now, after=after["kind"], note=note)
    return write(actor, found, "after", told, line, after=after["kind"])

"""Submitting an application: within the window, after the pre-check, in one transaction.

The property lock, the move with its receipt, what a person must check, the notice and the outbox entry that begins the
review are written together or not at all. The same `seq` again, from whichever parent's phone, is the same receipt.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.messaging import notice
from models.school import application, applying, draft, form, place_words, precheck, property_lock, receipt
from models.school import round as rounds
from models.school.application import ApplicationMoved
from models.school.application_states import EDITABLE, SUBMITTED
from models.school.applying import Applying
from models.school.child_facts import Gathered
from models.school.precheck import Checked
from models.school.property_lock import PropertyLocked

KEPT_VERSIONS = 5


class NotReady(Unprocessable):
    """422: the pre-check found what must be put right first; each field says what."""

    code = "school_not_ready"
    zh = "预审还有 {count} 项需要处理,请按提示修改后再提交;已填内容都已保存。"
    en = "The pre-check found {count} things to put right. Correct them, then submit; nothing is lost."


def submit(who: Applying, application_id: ObjectId, seq: int, *, known: Gathered | None = None) -> dict[str, Any]:
    """Submit an application as it was at `seq` and return it with its receipt.

    `known` is what the registers said a moment ago, for who asked them already. What came back for correction is
    submitted again until the reviews end, the window being over or not.

    Raises:
        NotFound: no such application of theirs.
        FormChanged: it was changed since `seq`.
        ApplicationMoved: it stands where nothing is submitted.
        WindowClosed: the window is not open.
        NotReady: the pre-check found something; PropertyLocked where that is all.
    """
    found = form.again(lambda: _submit(who, application_id, seq, known))
    outbox.wake("affairs")
    outbox.wake("push")
    return found


def _submit(who: Applying, application_id: ObjectId, seq: int, known: Gathered | None) -> dict[str, Any]:
    found = applying.own(who, application_id)
    if _is_repeated(found, seq):
        return found
    require_time(rounds.read(found["round"]), found["state"])
    form.require_seen(found, seq, who.key)
    if found["state"] not in EDITABLE:
        raise ApplicationMoved(found)
    checked = precheck.look(who, found, known=known, try_lock=False)  # the submission itself takes the lock
    _require_ready(checked)
    return _store(who, checked, seq)


def _is_repeated(found: Mapping[str, Any], seq: int) -> bool:
    return found["state"] in SUBMITTED and found.get("submitted_seq") == seq


def require_time(in_round: Mapping[str, Any], state: str, now: datetime | None = None) -> None:
    """Check that this is the time to submit what stands so.

    Raises:
        WindowClosed: it is not.
    """
    moment = now or clock.now()
    if state == "to_correct" and in_round["state"] == "open" and moment < in_round["review_until"]:
        return
    rounds.require_window(in_round, moment)


def _require_ready(checked: Checked) -> None:
    if checked.problems:
        raise NotReady(count=len(checked.problems), fields={field: list(zh) for field, zh in checked.problems.items()})


def _store(who: Applying, checked: Checked, seq: int) -> dict[str, Any]:
    """Write the submission and return it; where the lock refuses, nothing of it is written."""
    found = checked.found
    told = _told(checked) | {"submitted_seq": seq}
    again = {"seq": found["seq"] + 1, "fields": ["state"], "submission": told["submission"]}
    follow = [outbox.entry("affairs", "school.review_begin", application=str(found["_id"]))]
    audit = draft.audit_line(who, "submit", found["_id"], submission=told["submission"])
    values = _values(checked, told["receipt"])

    def write(session: ClientSession) -> dict[str, Any]:
        draft.require_acting(who, audit, session)
        rounds.require_state(rounds.read(found["round"], session), ("open",))
        moved = application.move(
            found["_id"],
            "submit",
            by=who.key,
            seq=found["seq"],
            told=told,
            unset=[name for name in ("decision", "decided_at") if name in found],
            follow=follow,
            line=again,
            session=session,
        )
        _lock(checked, session)
        if account := found.get("account") or who.account:
            key = f"{found['_id']}:{told['submission']}"
            notice.tell(account, "school_submitted", key=key, values=values, session=session)
        if audit:
            entry.write(dict(audit), session)
        return moved

    return transactions.run(write)


def _lock(checked: Checked, session: ClientSession) -> None:
    """Take the property, or free what an earlier submission rested on."""
    basis = checked.basis
    if basis is None or not basis.key:
        property_lock.free(checked.found["_id"], session)
        return
    try:
        precheck.take(checked.round, checked.found, checked.gathered, basis, session)
    except PropertyLocked as refused:
        refused.fields = {"basis": [refused.message()]}
        raise


def _told(checked: Checked) -> dict[str, Any]:
    """Return what an application keeps of its submission."""
    found, judged, now = checked.found, checked.judged, clock.now()
    number = found.get("receipt") or receipt.number(checked.round["school_year"])
    submission = found.get("submission", 0) + 1
    told: dict[str, Any] = {
        "receipt": number,
        "submitted_at": now,
        "submission": submission,
        "basis": _basis(checked),
        "facts": list(checked.gathered.ids),
        "points": [dict(one) for one in checked.points],
        "priority": judged.priority,
        "record": application.sealed(found["_id"], "record", {"decisions": judged.records()}),
        "versions": application.sealed(found["_id"], "versions", {"items": _versions(found, submission, now)}),
    }
    return told | ({"tier": judged.tier, "reserve": str(judged.tier)} if judged.tier else {})


def _basis(checked: Checked) -> dict[str, Any]:
    """Return on what the district rests, without the address itself."""
    basis, where = checked.basis, checked.located
    if basis is None or where is None:
        return {}
    told: dict[str, Any] = {"kind": basis.kind, "districts": list(where.districts), "certain": where.certain}
    told |= {"overflow": list(where.overflow), "schools": list(where.schools), "how": where.how}
    told |= {"village": basis.village, "why_zh": place_words.masked(where.how, where.why_zh)}
    return told | ({"fact": basis.fact_id} if basis.fact_id else {})


def _versions(found: Mapping[str, Any], submission: int, now: datetime) -> list[dict[str, Any]]:
    """Return the forms that were submitted, the latest last."""
    earlier = application.opened(found, "versions").get("items", [])
    version = {"submission": submission, "seq": found["seq"], "at": now.isoformat(), **form.parts(found)}
    return [*earlier, version][-KEPT_VERSIONS:]


def _values(checked: Checked, number: str) -> dict[str, str]:
    return {"round": checked.round["name"], "receipt": number, "no_advantage": precheck.NO_ADVANTAGE_ZH}

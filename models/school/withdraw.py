"""Withdrawing an application, until the list is frozen: property and tie are let go, and another one may begin.

The outbox entry ends the cases of its review.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.audit import entry
from models.school import application, applying, draft, form, group, property_lock
from models.school import round as rounds
from models.school.application import ApplicationMoved
from models.school.application_states import MOVES
from models.school.applying import Applying


def withdraw(who: Applying, application_id: ObjectId, seq: int) -> dict[str, Any]:
    """Withdraw an application and return it; again changes nothing.

    Raises:
        NotFound: no such application of theirs.
        FormChanged: it was changed since `seq`.
        ApplicationMoved: it stands where it cannot be withdrawn.
        RoundStateWrong: the list of the round is frozen.
    """
    found = form.again(lambda: _withdraw(who, application_id, seq))
    outbox.wake("affairs")
    return found


def _withdraw(who: Applying, application_id: ObjectId, seq: int) -> dict[str, Any]:
    found = applying.own(who, application_id)
    if found["state"] == "withdrawn":
        return found
    if found["state"] not in MOVES["withdraw"][0]:
        raise ApplicationMoved(found)
    form.require_seen(found, seq, who.key)
    follow = [outbox.entry("affairs", "school.review_begin", application=str(application_id))]
    audit = draft.audit_line(who, "withdraw", application_id)
    line = {"seq": found["seq"] + 1, "fields": ["state"]}

    def write(session: ClientSession) -> dict[str, Any]:
        draft.require_acting(who, audit, session)
        rounds.require_state(rounds.read(found["round"], session), ("open",))
        gone = application.move(
            application_id,
            "withdraw",
            by=who.key,
            seq=found["seq"],
            unset=("group",),
            follow=follow if found.get("submission") else [],
            line=line,
            session=session,
        )
        property_lock.free(application_id, session)
        group.leave(found, who.key, session)
        if audit:
            entry.write(dict(audit), session)
        return gone

    return transactions.run(write)

"""Correcting (更正): a reviewer asks for more on one point, and the family resubmits; nothing else is checked again.

    a case stops for `supplement` ──▶ the point is asked, the application to_correct ──submitted again──▶ a new case
                                                     └──not answered in time: the case goes on ──▶ submitted

The case's clock carries the time to answer. When it is over the review goes on with what was submitted before.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.affairs import carry_out, case
from models.school import application, decide, form, kinds, points, review

SYSTEM = "system:school"
TRIES = 5


@carry_out.does(kinds.ASKED)
def ask(found: dict[str, Any]) -> None:
    """Let the application wait for the family; asking again, or after it answered, changes nothing."""
    application_id, code = found["about"]["application"], found["about"]["point"]
    for _ in range(TRIES):
        known, told = case.read(found["_id"]), application.read(application_id)
        point = next((one for one in told["points"] if one.get("case") == found["_id"]), None)
        if point is None or not waits(known) or point["state"] == "asked":
            return
        asked = [one | {"state": "asked"} if one is point else one for one in told["points"]]
        if _moved(told, code, asked, known):
            return
    raise application.ApplicationMoved(application.read(application_id))


def _moved(told: Mapping[str, Any], code: str, asked: list[dict[str, Any]], found: Mapping[str, Any]) -> bool:
    """Move the application, or, where another point asked before, only its point."""
    line, by = {"point": code}, found["history"][-1]["who"]
    follow = decide.tell_entries(told, "school_asked")

    def change(session: ClientSession) -> None:
        if told["state"] == "to_correct":
            guard = {"state": "to_correct", "seq": told["seq"]}
            event = application.event("ask", by) | line
            application.change(told["_id"], guard, {"points": asked}, line=event, follow=follow, session=session)
        else:
            application.move(
                told["_id"],
                "ask",
                by=by,
                seq=told["seq"],
                told={"points": asked},
                line=line,
                follow=follow,
                session=session,
            )
        review.mark(told["_id"], found["_id"], "asked", session)

    if told["state"] not in {"submitted", "to_correct"}:
        return True
    try:
        transactions.run(change)
    except application.ApplicationMoved:
        return False
    return True


def waits(found: Mapping[str, Any]) -> bool:
    """Tell whether a case waits for the family."""
    return found["state"] in case.RUNNING and found.get("pause", {}).get("reason") == kinds.SUPPLEMENT


def asked(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the family is asked: for each point the reviewer's words and until when."""
    told = []
    for one in found.get("points", ()):
        if one["state"] == "asked" and waits(known := case.read(one["case"])):
            line = next(line for line in reversed(known["history"]) if line["what"] == "asked")
            told.append(
                {
                    "point": one["code"],
                    "point_zh": points.POINT_ZH[one["code"]],
                    "text": case.opened(known["_id"], "history.text", line),
                    "until": known["pause"]["until"],
                }
            )
    return told


def lapse(application_id: ObjectId) -> None:
    """Let the review go on with what was submitted last, when the time to answer is over; else change nothing.

    What a family took back by itself waits for the family.

    Raises:
        ApplicationMoved: it changed at the same moment.
    """
    found = application.read(application_id)
    waiting = [one for one in found.get("points", ()) if one["state"] == "asked"]
    if found["state"] != "to_correct" or not _was_asked(found) or any(waits(case.read(one["case"])) for one in waiting):
        return
    again = [one | {"state": "open"} if one["state"] == "asked" else one for one in found["points"]]
    told = {"points": again, **_submitted(found)}
    follow = [review.decide_entry(application_id)]

    def change(session: ClientSession) -> None:
        application.move(
            application_id, "lapse", by=SYSTEM, seq=found["seq"], told=told, follow=follow, session=session
        )
        for one in waiting:
            review.mark(application_id, one["case"], "open", session)

    transactions.run(change)


def _was_asked(found: Mapping[str, Any]) -> bool:
    turns = [one["what"] for one in found["history"] if one["what"] in {"ask", "correct", "submit"}]
    return bool(turns) and turns[-1] == "ask"


def _submitted(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form as it was submitted last: what was saved since counts for nothing."""
    versions = application.opened(found, "versions").get("items", [])
    if not versions:
        return {}
    last = versions[-1]
    kept = {name: last[name] for name in form.SEALED if name in last}
    clear = {name: last[name] for name in form.CLEAR if name in last}
    return {"form": application.sealed(found["_id"], "form", kept), **clear}

"""A point follows its case: what a person decided there stands in the application in the same transaction.

Cases of one application settle side by side: each changes its own point by a guarded update, and the store lets no two
transactions of one document pass unseen. Each leaves an entry that decides the application; the last finds all settled.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.affairs import carry_out
from models.affairs.carry_out import Turn
from models.school import application, kinds, points, review, told_facts


@carry_out.settles(kinds.SETTLES)
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the point follow its case; of two persons who disagree, a third decides.

    Raises:
        TellWrong: what was found out does not fit the point.
    """
    application_id, case_id, code = found["about"]["application"], found["_id"], found["about"]["point"]
    first = _first(found)
    if first and first != turn.outcome:
        _differ(found, turn, session)
        return
    point = _point(application_id, code, case_id, session)
    confirmed = turn.outcome == kinds.CONFIRMED
    told = told_facts.read(point, turn.value, confirmed=confirmed)
    told_facts.require_district(found["about"]["round"], told)
    state = "confirmed" if confirmed else "refused"
    review.mark(application_id, case_id, state, session, told=told, by=turn.by, outcome=turn.outcome)
    line = application.event(f"point_{state}", turn.by, point=code)
    follow = [review.decide_entry(application_id)]
    review.point(application_id, code, {"state": state}, session, guard={"case": case_id}, line=line, follow=follow)


def _first(found: Mapping[str, Any]) -> str:
    """Return what the first of two persons decided, "" where one decides alone."""
    if found["kind"] != kinds.KINDS["double"].code:
        return ""
    told = [one["outcome"] for one in found["history"] if one["what"] == "stepped" and one["step"] == kinds.FIRST]
    return str(told[-1])


def _differ(found: Mapping[str, Any], turn: Turn, session: ClientSession) -> None:
    application_id, case_id = found["about"]["application"], found["_id"]
    workers = list(dict.fromkeys([*found["workers"], turn.by]))
    review.mark(application_id, case_id, "differs", session, by=turn.by, workers=workers)
    line = application.event("point_differs", turn.by, point="double")
    begin = review.begin_entry(application_id)
    told = {"state": "differs"}
    review.point(application_id, "double", told, session, guard={"case": case_id}, line=line, follow=[begin])


def _point(application_id: ObjectId, code: str, case_id: ObjectId, session: ClientSession) -> Mapping[str, Any]:
    """Return the point of a case; one that a new submission replaced just now is judged by its code alone."""
    known = application.read(application_id, session)["points"]
    own = [one for one in known if one.get("case") == case_id]
    return own[0] if own else points.new(code)

"""What follows an appeal's decision, in the transaction of the decision.

upheld      nothing changes; the reason names the rule
overturned  a refused application is qualified, with tier and priorities (`appeal_standing`); after the publication it
            gets a place: at the first choice that would have admitted it, by priority (an equal one counts for the
            child, because the mistake was not the family's). A free place is taken; where there is none the school
            takes one pupil more than its plan (`over`). Where no choice would have admitted it, the child waits with
            its priority. An appeal against a result that was won brings the place at the school that it was about.
sent_back   the application goes back to review: the points that were not confirmed are checked anew, or two persons
            look at it where none was doubted; a result is not sent back

A refusal had freed the family's property; with either outcome it is taken again, unless another family has it by now.
"""

from collections.abc import Mapping
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound, Unprocessable
from models.affairs import carry_out
from models.affairs.carry_out import Turn
from models.school import (
    appeal,
    appeal_kinds,
    appeal_standing,
    offer,
    offer_make,
    placed,
    points,
    property_lock,
    review,
    seat_plan,
    seats,
)
from models.school import application as applications
from models.school import round as rounds
from models.school.offer import SchoolOffer


class AppealRuleNeeded(Unprocessable):
    """422: the decision names its rule."""

    code = "school_appeal_rule"
    zh = "请写明作出决定所依据的规则编号。"
    en = "Name the number of the rule that the decision rests on."

    def __init__(self) -> None:
        super().__init__(fields={"rule": [self.zh]})


class ResultStays(Unprocessable):
    """422: a result is upheld or overturned."""

    code = "school_result_not_sent_back"
    zh = "对派位结果的申诉不能退回审核,请选择维持或改变。"
    en = "An appeal against a result is upheld or overturned; it cannot be sent back."

    def __init__(self) -> None:
        super().__init__(fields={"outcome": [self.zh]})


class OffersInMaking(Conflict):
    """409: the offers of the published draw are being made."""

    code = "school_offers_in_making"
    zh = "本批次的录取正在生成,请几分钟后再办理。"
    en = "The offers of this round are being made. Try again in a few minutes."
    passing = True


@carry_out.settles(appeal_kinds.SETTLES)
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the application and its place follow the case.

    Raises:
        AppealRuleNeeded, AppealTierNeeded, TellWrong, ResultStays: the decision says too little, or what cannot be.
        ApplicationMoved: the application changed meanwhile.
        OffersInMaking: the round was published a moment ago.
        PropertyLocked: another family took the property meanwhile.
    """
    about, school = found["about"], ""
    if turn.outcome != "withdrawn" and not turn.rule.strip():
        raise AppealRuleNeeded
    if turn.outcome == "sent_back":
        _send_back(about, turn, session)
    if turn.outcome == "overturned" and about["what"] == "refusal":
        school = _qualify(found, turn, session)
    if turn.outcome == "overturned" and about["what"] == "result":
        school = _moved_up(found, turn, session)
    appeal.end(about["appeal"], turn.outcome, session, school=school)


def _send_back(about: Mapping[str, Any], turn: Turn, session: ClientSession) -> None:
    if about["what"] == "result":
        raise ResultStays
    before = applications.read(about["application"], session)
    again = _again(before)
    applications.move(
        before["_id"],
        "reopen",
        by=turn.by,
        told={"points": [one for one in before["points"] if one["code"] not in again] + list(again.values())},
        unset=("decision", "decided_at", "record", "tier", "priorities", "reserve"),
        line={"appeal": about["appeal"]},
        follow=[review.begin_entry(before["_id"])],
        session=session,
    )
    held = review.latest(review.find(before["_id"], session))
    for code in again.keys() & held.keys():
        review.mark(before["_id"], held[code]["case"], "overtaken", session)
    property_lock.take_again(before["_id"], session)


def _again(before: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the points to check anew: what was not confirmed, else the review by two persons."""
    doubted = [one for one in before["points"] if one["state"] != "confirmed"] or [{"code": "double"}]
    told = {one["code"]: dict.fromkeys([*one.get("why", ()), "reopened"]) for one in doubted}
    return {one["code"]: points.new(one["code"], *told[one["code"]], facts=one.get("facts", ())) for one in doubted}


def _qualify(found: Mapping[str, Any], turn: Turn, session: ClientSession) -> str:
    """Qualify a refused application and place it where the round is published; return the school, "" for none."""
    about = found["about"]
    before = applications.read(about["application"], session)
    decision = {"outcome": "qualified", "rule_number": turn.rule, "by": turn.by, "at": clock.now()}
    told = {
        **appeal_standing.given(before, turn.value or {}, session),
        "decision": decision,
        "decided_at": decision["at"],
    }
    line = {"appeal": about["appeal"]}
    after = applications.move(before["_id"], "overturn", by=turn.by, told=told, line=line, session=session)
    property_lock.take_again(before["_id"], session)
    found_round = rounds.read(before["round"], session)
    if placed.published(found_round) is None:
        return ""
    if not offer_make.made(found_round):
        raise OffersInMaking
    for school in after["choices"]:
        if _admits(found_round, after, school, session):
            return give(found_round, after, school, session, by=turn.by, number=found["number"])
    return ""


def _admits(
    found_round: Mapping[str, Any], application: Mapping[str, Any], school: str, session: ClientSession
) -> bool:
    """Tell whether the draw would have admitted this priority at a school: it has room, or admitted no better ones."""
    try:
        plan = seat_plan.read(found_round["_id"], school)
    except NotFound:
        return False
    query = {"round": found_round["_id"], "school": school, "state": {"$in": list(offer.STATES)}, "kind": "drawn"}
    drawn = SchoolOffer._get_collection().find(query, {"priority": 1}, session=session)
    worst = max((one.get("priority", -1) for one in drawn), default=-1)
    return bool(plan["taken"] < plan["places"] or application["priorities"][school] <= worst)


def _moved_up(found: Mapping[str, Any], turn: Turn, session: ClientSession) -> str:
    about = found["about"]
    application = applications.read(about["application"], session)
    found_round = rounds.read(about["round"], session)
    if not offer_make.made(found_round):
        raise OffersInMaking
    standing = [one for one in offer.of_application(application["_id"], session) if one.get("open")]
    if any(one["school"] == about["school"] for one in standing):
        return str(about["school"])
    property_lock.take_again(application["_id"], session)
    return give(found_round, application, about["school"], session, by=turn.by, number=found["number"])


def give(
    found_round: Mapping[str, Any],
    application: Mapping[str, Any],
    school: str,
    session: ClientSession,
    *,
    by: str,
    number: str,
) -> str:
    """Offer a place at a school because an appeal was won: a free one, else one above the plan; return the school."""
    offer.hold(application["_id"], session)
    try:
        seats.take(found_round["_id"], school, session)
        more: dict[str, Any] = {}
    except seat_plan.SeatsGone:
        seats.over(found_round["_id"], school, by, number, session)
        more = {"over": True}
    made = offer.record(found_round, application, school, "appeal", now=clock.now(), by=by, **more)
    offer.add(made, session)
    return school

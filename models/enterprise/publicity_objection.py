"""An objection to a published firm: a case of the policy's unit, raised while the list is public.

    raised ─▶ the offer is held ─upheld──▶ ended with its reason, the budget has the amount back
                               └─rejected or withdrawn─▶ it goes on; payable at once where the list is over

A held offer does not delay the others of its list. Case and offer change in one transaction, at the beginning and with
each turn, so that neither is held without the other. Residents object in their own name, firms by who acts for them.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound
from models.affairs import carry_out, open_case
from models.affairs.carry_out import Turn
from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put
from models.affairs.open_case import Matter, Opener
from models.enterprise import offer, publicity
from models.identity.actors import Member, Resident

OBJECTION = put(
    Kind(
        code="enterprise_objection",
        version=1,
        zh="对惠企资金公示的异议",
        prefix="QYYY",
        law="《政府信息公开条例》第二十条;公示异议的办理时限由县定",
        limit=Limit(15),
        steps=(
            Step(
                "handle",
                "核查",
                "policy_clerk",
                Limit(5),
                (Outcome("upheld", "异议成立"), Outcome("rejected", "异议不成立")),
            ),
        ),
        stops=(
            Stop("waiting_for_applicant", "等待提出异议的人补充", Limit(5), asks=True),
            Stop("waiting_for_other_unit", "等待有关部门核查", Limit(5)),
        ),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(2, "policy_manager")),
        appeal=None,
        settles="enterprise.objection",
    )
)


class PublicityOver(Conflict):
    """409: objections are taken while the list is public."""

    code = "enterprise_publicity_over"
    zh = "该名单不在公示期内,不能再提出异议;如有问题请联系政策主管部门或拨打 12345。"
    en = "The list is not public any more. Ask the office of the policy, or call 12345."


def by_resident(resident: Resident, publicity_id: ObjectId, offer_id: ObjectId, text: str) -> dict[str, Any]:
    """Object to a published firm as a resident and return the case; the offer is held from now on.

    Raises:
        LevelNeeded: it is not sure who objects.
        NotFound: no such firm in a list.
        PublicityOver: the time to object is over.
        AlreadyOpen: one's objection to this firm is being looked into.
    """
    person_id = open_case.require_person(resident)
    return _raise(open_case.by(resident), f"person:{person_id}", publicity_id, offer_id, text)


def by_firm(member: Member, publicity_id: ObjectId, offer_id: ObjectId, text: str) -> dict[str, Any]:
    """Object to a published firm in the name of another one and return the case.

    Raises:
        NotFound, PublicityOver, AlreadyOpen: as for a resident.
    """
    code = member.organisation["credit_code"]
    return _raise(open_case.by(member.resident), f"firm:{code}", publicity_id, offer_id, text, organisation=code)


def _raise(
    opener: Opener, whose: str, publicity_id: ObjectId, offer_id: ObjectId, text: str, **more: str
) -> dict[str, Any]:
    found, held = publicity.read(publicity_id), offer.read(offer_id)
    if held.get("publicity") != publicity_id:
        raise NotFound
    now = clock.now()
    if not publicity.is_public(found, now) or held["state"] != "in_publicity":
        raise PublicityOver
    about = {"publicity": publicity_id, "offer": offer_id, "policy": held["policy"], **more}
    matter = Matter(found["unit"], text, about=about, once=f"enterprise_objection:{whose}:{offer_id}")

    def hold(session: ClientSession) -> None:
        if publicity.moved_on(publicity_id, session, before="public") is None:
            raise PublicityOver
        if not offer.move({"_id": offer_id}, ("in_publicity",), {"$inc": {"objections": 1}}, session):
            raise PublicityOver

    return open_case.open_case(opener, OBJECTION, matter, within=hold)


@carry_out.settles("enterprise.objection")
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the offer follow the case; one that has ended meanwhile stays so, and only the case goes on."""
    about = found["about"]
    held = offer.within(about["offer"], session)
    going = publicity.moved_on(about["publicity"], session)
    if going is None or held["state"] != "in_publicity":
        return
    if turn.outcome == "upheld":
        offer.end(held, "objection_upheld", session)
        return
    free = held["objections"] <= 1 and going["state"] == "over"
    change: dict[str, Any] = {"$inc": {"objections": -1}} | ({"$set": {"state": "payable"}} if free else {})
    offer.move({"_id": held["_id"]}, ("in_publicity",), change, session)

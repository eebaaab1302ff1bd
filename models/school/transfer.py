"""A transfer (转校) after the acceptance: the family moved house, the other school takes the child, its own lets it go.

    open ──both schools and the bureau agree──▶ moved        open ──▶ refused | withdrawn

The receiving school takes the first step of the case, the bureau the second, once the sending school has said yes. The
place is taken at the one and given back at the other in the transaction of the decision.
"""

from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, DictField, Document, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import paging
from models.affairs import carry_out, case_number, open_case
from models.affairs.carry_out import Turn
from models.affairs.case import Case
from models.affairs.open_case import Matter
from models.audit import entry
from models.identity import moving
from models.identity.actors import Resident, Staff
from models.school import application as applications
from models.school import offer, offer_answer, school, seat_plan, seats
from models.school import round as rounds
from models.school.appeal_kinds import TRANSFER
from models.school.offer import OfferOver

COLLECTION = "school_transfers"
STATES = {"open": "办理中", "moved": "已转校", "refused": "未同意", "withdrawn": "已撤回"}


class SchoolTransfer(Document):
    """`consent` is what the sending school said: whether it agrees, who, when."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["offer"], "unique": True, "partialFilterExpression": {"open": True}},
            {"fields": ["from_school", "round", "-_id"]},
            {"fields": ["child"]},
            {"fields": ["guardian"]},
        ],
    }
    case = ObjectIdField(required=True)
    number = StringField(required=True)
    round = StringField(required=True)
    application = ObjectIdField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    offer = ObjectIdField(required=True)
    from_school = StringField(required=True)
    to_school = StringField(required=True)
    open = BooleanField()
    state = StringField(choices=tuple(STATES), required=True)
    consent = DictField()
    opened_at = DateTimeField(required=True)
    settled_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "录取后转校申请",
        persons=("child", "guardian"),
        staff=("consent.by",),
        traces=("from_school", "to_school", "state"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 转校材料须留存备查",
    )
)


class TransferImpossible(Unprocessable):
    """422: no such school in the round, or the child has its place there."""

    code = "school_transfer_impossible"
    zh = "只能转往同一批次中另一所有招生计划的学校,且须先确认现有录取。"
    en = "One may move to another school of the same round, once the present offer was accepted."

    def __init__(self) -> None:
        super().__init__(fields={"school": [self.zh]})


class SendingSchoolSilent(Conflict):
    """409: the sending school has not agreed."""

    code = "school_transfer_consent_missing"
    zh = "转出学校尚未同意,请先由转出学校在「转校申请」中填写意见。"
    en = "The school that the child leaves has not agreed yet."


def ask(
    resident: Resident, offer_id: ObjectId, to_school: str, text: str, files: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Ask that one's child moves from an accepted place to another school, and return the case.

    Raises:
        NotFound: not one's own offer.
        TransferImpossible: it was not accepted, or the school has no plan in the round.
        AlreadyOpen: it is being looked into.
        BadAttachment: a file is not theirs.
    """
    found = offer_answer.own(resident, offer_id)
    if found["state"] not in offer.HELD or to_school == found["school"]:
        raise TransferImpossible
    try:
        seat_plan.read(found["round"], to_school)
        unit = school.read(to_school)["unit"]
    except NotFound:
        raise TransferImpossible from None
    made = {name: found[name] for name in ("round", "application", "child", "guardian")}
    made |= {"_id": ObjectId(), "offer": offer_id, "from_school": found["school"], "to_school": to_school}
    made |= {"open": True, "state": "open", "opened_at": clock.now()}
    once = f"school_transfer:{offer_id}"
    about = {"transfer": made["_id"], "offer": offer_id, "from_school": found["school"], "to_school": to_school}
    matter = Matter(unit, text, about={**about, "round": found["round"]}, once=once, files=files)

    def keep(session: ClientSession) -> None:
        case = Case._get_collection().find_one({"once": once}, {"number": 1}, session=session)
        assert case is not None
        told = {**made, "case": case["_id"], "number": case["number"]}
        SchoolTransfer._get_collection().insert_one(told, session=session)

    return open_case.open_case(open_case.by(resident), TRANSFER, matter, within=keep)


def read(transfer_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a transfer.

    Raises:
        NotFound: no such transfer.
    """
    found = SchoolTransfer._get_collection().find_one({"_id": transfer_id}, session=session)
    if found is None:
        raise NotFound
    return found


def leaving(
    actor: Staff, round_code: str, code: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the transfers away from a school, newest first; they name nobody.

    Raises:
        NotFound: no such school within the actor's scope.
    """
    offer_answer.reach_school(actor, "school.offer", code)
    rounds.read(round_code)
    query = {"from_school": code, "round": round_code}
    return paging.page(SchoolTransfer._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)


def consent(actor: Staff, transfer_id: ObjectId, *, agrees: bool) -> dict[str, Any]:
    """Say for the sending school whether it lets the child go; the last word before the decision counts.

    Raises:
        NotFound: no such transfer from a school within the actor's scope.
        OfferOver: it was decided.
    """
    actor.require("school.offer")
    found = read(transfer_id)
    offer_answer.reach_school(actor, "school.offer", found["from_school"])
    told = {"agrees": agrees, "by": actor.staff_id, "at": clock.now()}
    line = entry.line(
        actor.key, "school_transfer.consent", f"school_transfer:{transfer_id}", unit=actor.unit, agrees=agrees
    )
    moved = moving.move(SchoolTransfer, {"_id": transfer_id, "open": True}, {"$set": {"consent": told}}, line, actor)
    if moved is None:
        raise OfferOver({"state": "released", "respond_by": clock.now()})
    return moved


@carry_out.settles(TRANSFER.settles)
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Move the child's place with the decision.

    Raises:
        SendingSchoolSilent: the sending school has not agreed.
        SeatsGone: the receiving school has no free place.
        OfferOver: the child has the place no longer.
    """
    about = found["about"]
    known = read(about["transfer"], session)
    if turn.outcome == "moved":
        if not known.get("consent", {}).get("agrees"):
            raise SendingSchoolSilent
        _move(known, turn.by, found["number"], session)
    state = turn.outcome if turn.outcome in STATES else "refused"
    told = {"$set": {"state": state, "settled_at": clock.now()}, "$unset": {"open": ""}}
    SchoolTransfer._get_collection().find_one_and_update(
        {"_id": known["_id"], "open": True}, told, session=session, return_document=ReturnDocument.AFTER
    )


def _move(known: dict[str, Any], by: str, number: str, session: ClientSession) -> None:
    """Give the child an accepted place at the one school and release the other."""
    offer.hold(known["application"], session)
    before, now = offer.read(known["offer"], session), clock.now()
    seats.take(known["round"], known["to_school"], session)
    held = {"state": {"$in": list(offer.HELD)}}
    ended = offer.end(before, "released", by=by, at=now, guard=held, session=session)
    if ended is None:
        raise OfferOver(before)
    for one in offer.of_application(known["application"], session):
        if one.get("open"):
            offer.end(one, "released", by=by, at=now, session=session)
    application = applications.read(known["application"], session)
    made = offer.record(
        rounds.read(known["round"], session), application, known["to_school"], "transfer", now=now, by=by
    )
    accepted = {"state": "accepted", "answered_at": now, "number": case_number.take(offer_answer.NUMBERS), "outbox": []}
    offer.add({**made, **accepted, "case": number}, session)

"""Opening a case of a service item together with a booked time at the item's place: both or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId

from backend.errors import CityError, Conflict, Unprocessable
from models.affairs import afterwards, carry_out, case, material, open_item
from models.affairs.applicant import Applicant
from models.affairs.case import Case
from models.affairs.hand_in import hand_in
from models.affairs.open_item import Submission
from models.booking import checkout, slot
from models.identity import person
from models.identity.actors import Member
from models.places import appointment, visit

LOOKED_AT = 20


class SlotNotOfItem(Unprocessable):
    """422: this time is not one of the item's place, or costs something."""

    code = "appointment_slot_wrong"
    zh = "该时段不属于这个事项的预约地点,请从事项页面列出的时段中选择。"
    en = "This time is not one of the item's. Choose one that the item lists."

    def __init__(self) -> None:
        super().__init__(fields={"slot_id": [self.zh]})


class NoAppointment(Conflict):
    """409: the item has no times to book."""

    code = "appointment_not_needed"
    zh = "这个事项不用预约时段,请直接提交申请。"
    en = "This item needs no booked time. Submit the form."


class AppointmentOver(Conflict):
    """409: the time that this request had taken was given back."""

    code = "appointment_given_back"
    zh = "这次预约没有完成,时段已退回,请重新选择时段后提交。"
    en = "This booking was not completed and its time was given back. Choose a time and submit anew."


@dataclass(frozen=True)
class Wish:
    """The item, the time wished for, the filled form, the files for each material, and the key of the request."""

    code: str
    slot_id: str
    told: Submission
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    key: str = ""


def appoint(applicant: Applicant, wish: Wish) -> dict[str, Any]:
    """Book a time and open the case that it is for; the same request again returns the same case.

    Raises:
        NoAppointment, SlotNotOfItem, NotFound: the item has no such time.
        SlotSoldOut, SlotClosed, SlotOver, SlotBusy, AlreadyBooked, OnlineLimited, HoldLost: see `checkout.place`.
        AppointmentOver: an earlier try of this request was given back.
        ItemNotForYou, ItemChanged, AnswersWrong, MaterialsMissing, AlreadyOpen, BadAttachment: as `hand_in`.
    """
    item = open_item.open_to(applicant, wish.code)
    wanted = _wanted(item, wish.slot_id)
    key = appointment.key_of(applicant.key, wish.key)
    begun = appointment.begin(key, applicant.account_id, wish.code, wish.slot_id)
    if begun["state"] == "given_back":
        raise AppointmentOver
    if begun["state"] == "kept":
        return _opened(applicant, begun)
    try:
        return _placed(applicant, wish, wanted, begun)
    except CityError:
        appointment.give_back(begun["_id"])
        raise


def _wanted(item: Mapping[str, Any], slot_id: str) -> dict[str, Any]:
    if not item["slot"]:
        raise NoAppointment
    wanted = slot.read(slot_id)
    visit.require_visit(wanted)
    if wanted["place"] != item["slot"]["place"] or all(one["price_fen"] for one in wanted["classes"]):
        raise SlotNotOfItem
    return wanted


def _placed(applicant: Applicant, wish: Wish, wanted: dict[str, Any], begun: Mapping[str, Any]) -> dict[str, Any]:
    buyer = checkout.Buyer(applicant.key, applicant.account_id)
    placed = checkout.place(
        buyer, wanted, [_visitor(applicant, wanted)], key=bytes(begun["key"]), body=wish.slot_id.encode()
    )
    about = {**wish.told.about, "appointment": begun["_id"], "order": placed["_id"], "slot": wish.slot_id}
    found = hand_in(
        applicant,
        wish.code,
        replace(wish.told, about=about),
        wish.named,
        within=lambda session: appointment.keep(begun["_id"], placed["_id"], session),
    )
    appointment.belongs(begun["_id"], found["_id"])
    return found


def _visitor(applicant: Applicant, wanted: Mapping[str, Any]) -> checkout.Visitor:
    person_id = applicant.person_id if isinstance(applicant, Member) else applicant.subject_id
    assert person_id is not None
    free = next(one for one in wanted["classes"] if not one["price_fen"])
    return checkout.Visitor(person_id, person.read(person_id).name, free["code"], 0)


def _opened(applicant: Applicant, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the case of a kept appointment; a kill may have come before it was noted, then it is one of the newest."""
    if "case" in kept:
        return case.read(kept["case"])
    recent = Case._get_collection().find(material.owner_of(applicant)).sort("_id", -1).limit(LOOKED_AT)
    found = next((one for one in recent if one["about"].get("appointment") == kept["_id"]), None)
    if found is None:
        raise AppointmentOver
    return dict(found)


@carry_out.does(afterwards.SLOT)
def follow(found: dict[str, Any]) -> None:
    """Give the time of a withdrawn case back; any other turn of it leaves the time as it is."""
    kept: ObjectId | None = found["about"].get("appointment")
    if kept is not None and found["state"] == "withdrawn":
        appointment.give_back(kept, states=("begun", "kept"))

"""Getting a card: applied for on the phone or at a counter, activated by who is surely its holder, replaced."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import outbox
from backend.errors import Conflict, NotAllowed
from backend.store import transactions
from models.audit import entry
from models.identity import levels, staff
from models.identity.actors import Resident, Staff
from models.identity.counter import NotStandingHere, Serving
from models.onecard import card, card_commands, card_death, stop_card
from models.onecard.card_moves import STATE_ZH

Card = dict[str, Any]


class DeathOnRecord(Conflict):
    """409: the person counts as dead."""

    code = "death_on_record"
    zh = "系统中有已确认的死亡信息,不能发卡。如信息有误,请本人持身份证到窗口办理更正。"
    en = "A death is on record for this person. If that is wrong, come to a counter with your identity card."


class OwnCardOnly(NotAllowed):
    """403: a helper gets nobody a card."""

    code = "card_own_or_guardian"
    zh = "申领和激活社会保障卡须由本人或监护人办理,代办人不能代办;请本人在手机上办理,或持身份证到窗口办理。"
    en = "A card is applied for and activated by its holder or a guardian: on their own phone, or at a counter."


def _own_or_guardian(resident: Resident) -> ObjectId:
    """Return for whom this is; a helper does not get somebody a card, a guardian does."""
    if resident.acting and resident.acting.kind != "guardian":
        raise OwnCardOnly
    if resident.subject_id is None:
        raise levels.LevelNeeded("matched")
    return resident.subject_id


def _require_alive(person_id: ObjectId) -> None:
    if card_death.confirmed(person_id):
        raise DeathOnRecord


def apply(resident: Resident) -> Card:
    """Apply for one's own card or one's child's; the centre is asked by the queue.

    A card that the centre has issued before is taken over.

    Raises:
        CardExists: there is one.
        DeathOnRecord: the person counts as dead.
        OwnCardOnly: a helper may not.
    """
    person_id = _own_or_guardian(resident)
    _require_alive(person_id)
    record = card.begin(person_id, card.pending("issue"), by=resident.key)
    card.insert(record)
    outbox.wake("cards")
    return record


def activate(resident: Resident) -> Card:
    """Activate the card and have the e-card signed on; again, it only signs on what is not.

    Raises:
        LevelNeeded: the binding is not verified.
        CardMissing, NotNow: there is none, or it is not issued.
        OwnCardOnly: a helper may not.
    """
    person_id = _own_or_guardian(resident)
    levels.require(resident.document["level"], "verified")
    found = card.require(person_id)
    if found["state"] == "active":
        if found["electronic"] == "unsigned" and card_commands.sign_on_once(found["_id"]):
            outbox.wake("cards")
        return found
    change = card.prepared(found["_id"], "activate", by=resident.key, then="sign_on")
    return stop_card.carry_out(found["_id"], change)


def issue(actor: Staff, serving: Serving) -> Card:
    """Apply for a card for who stands at the counter, or for whom they act in card matters.

    Raises:
        CardExists, DeathOnRecord: there is one, or the person counts as dead.
    """
    actor.require("card.issue")
    _require_alive(serving.for_person_id)
    record = card.begin(serving.for_person_id, card.pending("issue"), by=actor.key)
    line = entry.line(
        actor.key, "card.issue", f"card:{record['_id']}", unit=actor.unit, counter_session=str(serving.id)
    )

    def run(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        card.insert(record, session)
        entry.write(line, session)

    try:
        transactions.run(run)
    except DuplicateKeyError:
        held = card.require(serving.for_person_id)
        raise card.CardExists(state=held["state"], state_zh=STATE_ZH[held["state"]]) from None
    outbox.wake("cards")
    return record


def hand_over(actor: Staff, card_id: ObjectId, serving: Serving) -> Card:
    """Hand the physical card to who stands at the counter, and activate it where it is not; repeating it is harmless.

    Raises:
        NotFound: no such card.
        NotStandingHere: neither its holder nor who acts for them stands there.
        NotNow: it is stopped, or not issued yet.
    """
    actor.require("card.issue")
    found = card.read(card_id)
    if serving.for_person_id != found["person"]:
        raise NotStandingHere
    details = {"counter_session": str(serving.id), "was": found["state"]}
    line = entry.line(actor.key, "card.hand_over", f"card:{card_id}", unit=actor.unit, **details)
    if found["state"] == "active":
        return _handed(actor, found, line)
    change = card.prepared(card_id, "activate", by=actor.key, physical="in_hand")
    return stop_card.carry_out(card_id, change, line=line, actor=actor)


def _handed(actor: Staff, found: Card, line: dict[str, Any]) -> Card:
    def run(session: ClientSession) -> Card:
        staff.require_acting(actor, line, session)
        if card.hand_out(found["_id"], session):
            entry.write(line, session)
        return card.read(found["_id"], session)

    return transactions.run(run)


def replace(actor: Staff, card_id: ObjectId, serving: Serving) -> Card:
    """Put a card with another number in the place of one; codes are drawn anew. Return the one that is asked for.

    Raises:
        NotFound: no such card.
        NotStandingHere: its holder is not at the counter.
        ManagerNeeded: an office has stopped it.
        NotNow: it is not live.
    """
    actor.require("card.replace")
    found = card.read(card_id)
    stop_card.require_in_person(serving, found["person"])
    stop_card.require_not_held(found)
    record = card.begin(found["person"], card.pending("replace"), by=actor.key, replaces=card_id)
    change = card.prepared(card_id, "replace", by=actor.key, rests_on=found.get("stop", {}))
    line = entry.line(
        actor.key, "card.replace", f"card:{card_id}", unit=actor.unit, by_card=str(record["_id"]), was=found["state"]
    )

    def run(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        moved = card.move(card_id, change, session)
        if not moved.done:
            raise card.NotNow(moved.card["state"], "replace")
        stop_card.follow(moved.card, "replace", by=actor.key, session=session)
        card.insert(record, session)
        entry.write(line, session)

    transactions.run(run)
    outbox.wake("cards")
    outbox.wake("notify")
    return record

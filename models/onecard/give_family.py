"""Giving a family card, and drawing its codes: who must have said yes depends on who the two are.

The holder on their own verified phone offers it, and the relative accepts. A guardian carries a child's codes. A helper
carries those of an elder without a phone where a clerk at a counter has seen the relation. A clerk gives one for a
holder who stands there.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import NotAllowed, NotFound
from backend.identity_documents import IdentityDocument
from backend.store import transactions
from models.audit import entry
from models.identity import levels, person, relation, staff
from models.identity.actors import Resident, Staff
from models.identity.counter import NotStandingHere, Serving
from models.onecard import card, credential, draw, family, family_terms, stop_card
from models.onecard.draw import Package
from models.onecard.family import Grant
from models.onecard.family_terms import FamilyCardExists, FamilyTermsWrong


class HolderMustAgree(NotAllowed):
    """403: the relation was made on phones; the holder says yes on theirs, or at a counter."""

    code = "holder_must_agree"
    zh = "请由持卡人本人在其手机“亲情卡”中办理;没有手机的,请双方持身份证到窗口办理代办关系或亲情卡。"
    en = "The holder gives a family card on their own phone, or at a counter."


def _own(resident: Resident) -> ObjectId:
    if resident.person_id is None:
        raise levels.LevelNeeded("verified")
    return resident.person_id


def offer(resident: Resident, document: IdentityDocument, name: str, *, kinds: Sequence[str], last_day: date) -> Grant:
    """Offer a relative, named by document and name, to carry one's codes; it holds when they accept.

    Whether somebody is known by this document is not told: an offer to nobody lapses.

    Raises:
        CardMissing, CardNotActive: there is no card to use.
        FamilyTermsWrong: the terms do not fit.
        FamilyCardExists: these two have one.
    """
    holder = _own(resident)
    card.require_active(holder)
    found = person.find(document)
    meant = found is not None and person.same_name(person.opened(found).name, name)
    carrier = found["_id"] if found and meant else _nobody(holder, document, name)
    grant = family.made(
        holder, carrier, kinds, family_terms.end_of(last_day), how="holder", by=resident.key, offered=True
    )
    return family.store(grant)


def _nobody(holder: ObjectId, document: IdentityDocument, name: str) -> ObjectId:
    """Return an id that is nobody's; the same offer again gets the same, and is refused as one to somebody would be."""
    offered = f"{holder}:{document.kind}:{document.number}:{person.plain_name(name)}"
    return ObjectId(runtime.current().sealer.blind("family_cards.carrier", offered)[:12])


def accept(resident: Resident, grant_id: ObjectId) -> Grant:
    """Take an offered family card onto one's phone.

    Raises:
        NotFound: nothing was offered to them, or not in time.
        TooManyFamilyCards: the phone carries eight.
    """
    return family.accept(grant_id, _own(resident), by=resident.key)


def carry(resident: Resident, *, kinds: Sequence[str], last_day: date) -> Grant:
    """Carry the codes of the child or elder for whom one acts, to the end of the relation at most.

    Raises:
        HolderMustAgree: the relation was not seen by a register or at a counter.
        CardMissing, CardNotActive: there is no card to use.
        TooManyFamilyCards, FamilyCardExists, FamilyTermsWrong: it cannot be carried.
    """
    acting, carrier = resident.acting, _own(resident)
    if acting is None:
        raise FamilyTermsWrong("carrier", "请选择被监护人或被代办人。")
    found = relation.read(acting.relation_id)
    if acting.kind == "helper" and found.get("verification", {}).get("method") != "counter":
        raise HolderMustAgree
    card.require_active(acting.person_id)
    until = family_terms.end_of(last_day, found["until"])
    made = family.made(
        acting.person_id, carrier, kinds, until, how=acting.kind, by=resident.key, relation=acting.relation_id
    )
    return family.store(made)


def relative(document: IdentityDocument, name: str) -> ObjectId:
    """Return who is meant by document and name.

    Raises:
        NotFound: nobody is known by both.
    """
    found = person.find(document)
    if found is None or not person.same_name(person.opened(found).name, name):
        raise NotFound
    carrier: ObjectId = found["_id"]
    return carrier


def give_at_counter(
    actor: Staff, card_id: ObjectId, serving: Serving, carrier: ObjectId, *, kinds: Sequence[str], last_day: date
) -> Grant:
    """Give a family card for the holder who stands at the counter to a relative who is known for sure.

    Raises:
        NotFound: no such card, or nobody known so.
        NotStandingHere: its holder is not at the counter.
        TooManyFamilyCards, FamilyCardExists, FamilyTermsWrong: it cannot be given.
    """
    actor.require("card.family")
    held = card.read(card_id)
    stop_card.require_in_person(serving, held["person"])
    card.require_active(held["person"])
    if not levels.reaches(person.read(carrier).level, "matched"):
        raise FamilyTermsWrong("carrier", "对方须先通过登记核验或窗口核验。")
    grant = family.made(held["person"], carrier, kinds, family_terms.end_of(last_day), how="counter", by=actor.key)
    line = entry.line(
        actor.key, "card.family", f"card:{card_id}", unit=actor.unit, grant=str(grant["_id"]), kinds=grant["kinds"]
    )

    def run(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        family.insert(grant, session)
        entry.write(line, session)

    try:
        transactions.run(run)
    except DuplicateKeyError:
        raise FamilyCardExists from None
    outbox.wake("notify")
    return grant


def end_at_counter(actor: Staff, grant_id: ObjectId, serving: Serving) -> None:
    """End a family card for one of its sides who stands at the counter; repeating it changes nothing.

    Raises:
        NotFound: there is none.
        NotStandingHere: neither side is there.
    """
    actor.require("card.family")
    found = family.read(grant_id)
    if serving.person_id not in (found["holder"], found["carrier"]):
        raise NotStandingHere
    line = entry.line(actor.key, "card.family_end", f"family_card:{grant_id}", unit=actor.unit)

    def run(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        if family.end(found, "withdrawn", by=actor.key, session=session):
            entry.write(line, session)

    transactions.run(run)
    outbox.wake("notify")


def withdraw(resident: Resident, grant_id: ObjectId) -> None:
    """End a family card from either side, or as the holder's guardian or helper; at once, and again without harm.

    Raises:
        NotFound: it is not theirs.
    """
    found = family.of_side(grant_id, resident.subject_id)
    if resident.acting and found["holder"] != resident.subject_id:
        raise NotFound
    side = "withdrawn" if found["holder"] == resident.subject_id else "given_up"
    family.finish(found, side, by=resident.key)


def draw_codes(resident: Resident, grant_id: ObjectId, key: str) -> Package:
    """Draw the seeds of a family card onto the carrier's phone; the same key returns the same seeds.

    Raises:
        NotFound: it is not carried by them, or over.
        CardMissing, CardNotActive: the holder's card cannot be used.
        SeedsReplaced: what was drawn under this key is revoked.
    """
    found = family.of_side(grant_id, resident.person_id)
    if found["carrier"] != resident.person_id or found["state"] != "active" or found["until"] <= clock.now():
        raise NotFound
    if "relation" in found and found["relation"] not in relation.holding([found["relation"]], resident.person_id):
        raise NotFound
    held = card.require_active(found["holder"])
    request = hashlib.sha256(f"{resident.key}\x00{grant_id}\x00{key}".encode()).hexdigest()
    if (drawn := credential.by_request(request)) is None:
        drawn = _begin(resident, found, held["_id"], request)
    return draw.package(drawn)


def _begin(resident: Resident, grant: Grant, card_id: ObjectId, request: str) -> dict[str, object]:
    last_day = clock.civil(grant["until"]).date()
    if clock.civil(grant["until"]) == clock.civil(clock.at(last_day, 0)):
        last_day = date.fromordinal(last_day.toordinal() - 1)
    made = credential.family(
        card_id,
        person=grant["holder"],
        account=resident.account_id,
        kinds=grant["kinds"],
        last_day=last_day,
        grant=grant["_id"],
        by=resident.key,
        request=request,
    )

    def run(session: ClientSession) -> None:
        family.hold(grant, session)
        draw.require_usable(card_id, session)
        credential.insert(made, session)

    try:
        transactions.run(run)
    except DuplicateKeyError:
        if (drawn := credential.by_request(request)) is None:
            raise
        return drawn
    return made

"""Consent on paper: given at a counter by who stands there, under the same text, for what registers are asked under.

It is for persons without a phone, and for children by their guardian. The person's record carries what holds, as an
account does; where the person has both, either consents and each withdrawal ends both.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import documents, transactions
from models.audit import access_line, entry
from models.identity import consent, consent_text, relation, staff
from models.identity.actors import Staff
from models.identity.consent import ConsentRecord
from models.identity.consent_purpose import FOR_REGISTERS, PURPOSES
from models.identity.counter import NotStandingHere, Serving
from models.identity.person import Person

CHANNEL = "counter"
PURPOSE = "counter_service"
FIELDS = ("consents.state",)


def give(actor: Staff, serving: Serving, purpose: str, text_version: str) -> None:
    """Record what a person, or a child's guardian, signed at the counter; giving again what holds changes nothing.

    Raises:
        NotStandingHere: neither the person nor a guardian is there; a helper does not consent for somebody.
        ConsentTextOutdated: the text is not the newest one.
        NotFound: no such purpose, or no such person.
    """
    actor.require("person.serve")
    _require_oneself(serving)
    _require_purpose(purpose)
    person_id, text = serving.for_person_id, consent_text.require_newest(purpose, text_version)
    record = consent.record(text, CHANNEL) | {"person": person_id}
    told = {"purpose": purpose, "text_version": text_version, "counter_session": str(serving.id)}
    line = entry.line(actor.key, "consent.give", f"person:{person_id}", unit=actor.unit, **told)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        found = documents.one(Person, {"_id": person_id}, {f"consents.{purpose}": 1}, session=session)
        if consent.lasts(found.get("consents", {}).get(purpose), [text["version"]]):
            return
        consent.end_on_paper(person_id, purpose, "renewed", record["given_at"], session)
        ConsentRecord._get_collection().insert_one(record, session=session)
        held = {"$set": {f"consents.{purpose}": consent.held(record)}}
        Person._get_collection().update_one({"_id": person_id}, held, session=session)
        entry.write(line, session)

    transactions.run(change)


def withdraw(actor: Staff, serving: Serving, purpose: str) -> None:
    """Withdraw a consent for who stands at the counter, on paper and on their phone; what it allowed goes with it.

    Repeating it changes nothing.

    Raises:
        NotStandingHere: neither the person nor a guardian is there.
        NotFound: no such purpose.
    """
    actor.require("person.serve")
    _require_oneself(serving)
    _require_purpose(purpose)
    person_id, now = serving.for_person_id, clock.now()
    told = {"purpose": purpose, "counter_session": str(serving.id)}
    line = entry.line(actor.key, "consent.withdraw", f"person:{person_id}", unit=actor.unit, **told)
    follow = consent.forgetting(person_id, purpose)

    def change(session: ClientSession) -> bool:
        staff.require_acting(actor, line, session)
        ended = consent.end_on_paper(person_id, purpose, "withdrawn", now, session, follow=follow)
        ended |= consent.end_of_accounts(person_id, purpose, now, session, follow=follow)
        if ended:
            entry.write(line, session)
        return ended

    if transactions.run(change):
        outbox.wake("affairs")


def overview(actor: Staff, serving: Serving) -> list[dict[str, Any]]:
    """Return what may be consented to at the counter, with the text to read out or print, and what holds.

    Raises:
        NotStandingHere: neither the person nor a guardian is there.
    """
    actor.require("person.serve")
    _require_oneself(serving)
    person_id = serving.for_person_id
    access_line.record(actor, purpose=PURPOSE, subjects=[person_id], fields=FIELDS)
    return [_told(person_id, code) for code in FOR_REGISTERS]


def _told(person_id: ObjectId, code: str) -> dict[str, Any]:
    texts, purpose = consent_text.in_force(code), PURPOSES[code]
    newest = texts[0] if texts else {"version": "", "body": "", "digest": ""}
    return {
        "purpose": code,
        "purpose_zh": purpose.zh,
        "data_zh": list(purpose.data_zh),
        "text_version": newest["version"],
        "text": newest["body"],
        "text_digest": newest["digest"],
        "given": consent.holds(person_id, code),
    }


def _require_purpose(purpose: str) -> None:
    if purpose not in FOR_REGISTERS:
        raise NotFound


def _require_oneself(serving: Serving) -> None:
    if serving.relation_id and relation.read(serving.relation_id)["kind"] != "guardian":
        raise NotStandingHere

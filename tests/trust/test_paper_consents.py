"""Consent on paper: somebody without a phone agrees at the counter, and takes it back as easily."""

from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import consent
from models.identity.account import Account
from models.identity.consent import ConsentRecord
from models.identity.person import Person
from models.onecard import entitlement
from tests.support import counter as desk
from tests.support.counter import in_days
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.phone import person as somebody
from tests.support.queues import drain

TEXT = "2026-11"


@pytest.fixture
def elder(counter):
    """A person without a phone, who stands at the counter."""
    return counter.registered(somebody("庹老根", "19500606"))


def path(person_id: str, purpose: str = "") -> str:
    return f"/office/v1/persons/{person_id}/consents" + (f"/{purpose}" if purpose else "")


def give(counter, person_id: str, purpose: str = "entitlements", *, present: str = "", text: str = TEXT):
    body = {"purpose": purpose, "text_version": text}
    return counter.clerk.post(path(person_id), body, **counter.standing(present or person_id))


def withdraw(counter, person_id: str, purpose: str = "entitlements", *, present: str = ""):
    told = counter.standing(present or person_id)
    return counter.clerk.call("DELETE", path(person_id, purpose), **told)


def records(person_id: str) -> list[dict]:
    return list(ConsentRecord._get_collection().find({"person": ObjectId(person_id)}).sort("_id", 1))


def audited(person_id: str, action: str) -> list[dict]:
    return list(AuditEntry._get_collection().find({"object": f"person:{person_id}", "action": action}))


# Giving


def test_who_has_no_phone_agrees_at_the_counter_under_the_same_text(counter, elder):
    assert not consent.holds(ObjectId(elder), "entitlements")
    assert give(counter, elder).status_code == 204
    assert consent.holds(ObjectId(elder), "entitlements")
    assert not consent.holds(ObjectId(elder), "facts")
    (kept,) = records(elder)
    assert (kept["channel"], kept["text_version"], "account" in kept) == ("counter", TEXT, False)
    assert kept["text_digest"]
    (line,) = audited(elder, "consent.give")
    assert (line["details"]["purpose"], line["details"]["text_version"]) == ("entitlements", TEXT)


def test_the_registers_are_asked_after_it_and_not_before(counter, elder):
    asked = partial(entitlement.entitled, ObjectId(elder), "veteran", day=clock.today(), seconds=5.0)
    assert asked().why == {"status.veteran": "no_consent"}
    assert give(counter, elder).status_code == 204
    assert asked().why["status.veteran"] != "no_consent"


def test_giving_again_changes_nothing(counter, elder):
    assert [give(counter, elder).status_code for _ in range(3)] == [204] * 3
    assert len(records(elder)) == len(audited(elder, "consent.give")) == 1


def test_two_clerks_at_once_make_one_consent(counter, elder, app):
    told = counter.standing(elder)
    body = {"purpose": "facts", "text_version": TEXT}
    calls = [partial(counter.twin(app.test_client()).clerk.post, path(elder), body, **told) for _ in range(6)]
    assert {one.status_code for one in at_once(calls)} == {204}
    assert [one.get("ended_at") for one in records(elder)] == [None]


def test_an_older_text_is_refused_with_the_version_that_is_in_force(counter, elder):
    answer = give(counter, elder, text="2020-01")
    assert (answer.status_code, answer.json["code"]) == (409, "consent_text_outdated")
    assert answer.json["fields"] == {"text_version": [TEXT]}
    assert records(elder) == []


@pytest.mark.parametrize("purpose", ["document", "phone", "minor", "everything", "", 1, None])
def test_only_what_registers_are_asked_under_is_consented_to_on_paper(counter, elder, purpose):
    body = {"purpose": purpose, "text_version": TEXT}
    assert counter.clerk.post(path(elder), body, **counter.standing(elder)).status_code == 400
    assert withdraw(counter, elder, "document").status_code == 404


def test_nobody_consents_for_who_is_not_there(counter, elder):
    other = counter.registered(somebody("阙二梅", "19880111"))
    for answer in (give(counter, elder, present=other), withdraw(counter, elder, present=other)):
        assert (answer.status_code, answer.json["code"]) == (409, "person_not_at_counter")
    shown = counter.clerk.get(path(elder), **counter.standing(other))
    assert (shown.status_code, records(elder)) == (409, [])


def test_a_helper_does_not_consent_for_the_elder_and_a_guardian_does_for_the_child(counter, elder, seeded):
    helper = counter.registered(somebody("覃一鸣", "19900307"))
    child = counter.registered(somebody("苌小苗", "20190402"), seen="birth_certificate")
    told = {"scope": ["affairs"], "last_day": in_days(60)}
    assert counter.relate("helper", elder, helper, **told).status_code == 201
    assert counter.relate("guardian", child, helper).status_code == 201
    assert give(counter, elder, present=helper).json["code"] == "person_not_at_counter"
    assert give(counter, child, present=helper).status_code == 204
    assert consent.holds(ObjectId(child), "entitlements")
    assert not consent.holds(ObjectId(helper), "entitlements")


# Looking


def test_the_clerk_sees_texts_and_what_holds_and_leaves_a_line(counter, elder):
    give(counter, elder)
    answer = counter.clerk.get(path(elder), **counter.standing(elder))
    assert answer.status_code == 200, answer.json
    assert {one["purpose"]: one["given"] for one in answer.json["items"]} == {"facts": False, "entitlements": True}
    assert all(one["text"] and one["text_version"] == TEXT for one in answer.json["items"])
    (line,) = AccessLine._get_collection().find({"subjects": ObjectId(elder), "fields": "consents.state"})
    assert line["purpose"] == "counter_service"


# Withdrawing


def test_it_is_withdrawn_at_the_counter_and_what_was_fetched_goes(counter, elder):
    give(counter, elder)
    assert withdraw(counter, elder).status_code == 204
    assert not consent.holds(ObjectId(elder), "entitlements")
    (kept,) = records(elder)
    assert (kept["ended_by"], [one["task"] for one in kept["outbox"]]) == ("withdrawn", ["registers.forget"])
    drain("affairs")
    assert records(elder)[0]["outbox"] == []
    assert withdraw(counter, elder).status_code == 204
    assert len(audited(elder, "consent.withdraw")) == 1


def test_it_ends_with_its_term(counter, elder, shift_clock):
    give(counter, elder)
    left = (records(elder)[0]["until"] - clock.now()).total_seconds()
    shift_clock(left - 60)
    assert consent.holds(ObjectId(elder), "entitlements")
    shift_clock(left + 60)
    assert not consent.holds(ObjectId(elder), "entitlements")


def test_phone_and_paper_are_one_consent_and_either_withdrawal_ends_both(client, sandbox, counter):
    body = somebody("王小红")
    phone = desk.resident(client, sandbox)
    person_id = counter.verified(phone, body)
    give(counter, person_id)
    shown = {one["purpose"]: one["given"] for one in phone.get("/mini/v1/consents").json["items"]}
    assert (shown["entitlements"], shown["facts"]) == (True, False)
    assert "counter" in [one["channel"] for one in phone.get("/mini/v1/consents/records").json["items"]]
    assert phone.call("DELETE", "/mini/v1/consents/entitlements").status_code == 204
    assert not consent.holds(ObjectId(person_id), "entitlements")
    assert phone.consent("entitlements").status_code == 204
    assert consent.holds(ObjectId(person_id), "entitlements")
    assert withdraw(counter, person_id).status_code == 204
    assert not consent.holds(ObjectId(person_id), "entitlements")
    assert "entitlements" not in Account._get_collection().find_one({"person": ObjectId(person_id)})["consents"]


def test_a_declared_phone_neither_shows_nor_ends_what_somebody_signed(client, sandbox, counter):
    body = somebody("王小红")
    thief = desk.resident(client, sandbox, body)
    person_id = counter.registered(body)
    give(counter, person_id)
    assert not any(one["given"] for one in thief.get("/mini/v1/consents").json["items"] if one["purpose"] != "document")
    assert "counter" not in [one["channel"] for one in thief.get("/mini/v1/consents/records").json["items"]]
    assert thief.call("DELETE", "/mini/v1/consents/entitlements").status_code == 204
    assert consent.holds(ObjectId(person_id), "entitlements")
    assert Person._get_collection().find_one({"_id": ObjectId(person_id)})["consents"]


# About whom


def test_what_one_agreed_to_does_not_hold_for_who_gets_the_phone_later(client, seeded, sandbox, counter):
    phone = Phone(client, sandbox).ready().sure()
    assert phone.consent("entitlements").status_code == 204
    heir = counter.verified(phone, somebody("阙二梅", "19880111"))
    assert not consent.holds(ObjectId(heir), "entitlements")
    shown = {one["purpose"]: one["given"] for one in phone.get("/mini/v1/consents").json["items"]}
    assert not shown["entitlements"]
    assert phone.consent("entitlements").status_code == 204
    assert consent.holds(ObjectId(heir), "entitlements")

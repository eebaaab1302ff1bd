"""Paragraph 5, consent: purposes, texts, terms, withdrawal with the next request, no bundling of sensitive ones."""

from datetime import timedelta
from functools import partial

import pytest
from mongoengine.connection import get_db

from backend import clock
from models.identity import account, consent, consent_text
from tests.support.crowd import at_once
from tests.support.phone import Phone, person
from tests.support.queues import drain


@pytest.fixture
def fresh(client, seeded, sandbox):
    return Phone(client, sandbox).log_in()


def told(phone: Phone, purpose: str) -> dict:
    return next(one for one in phone.get("/mini/v1/consents").json["items"] if one["purpose"] == purpose)


def give(phone: Phone, *purposes: str, version: str = "2026-11"):
    return phone.post("/mini/v1/consents", {"purposes": list(purposes), "text_version": version})


def records(phone: Phone) -> list[dict]:
    return phone.get("/mini/v1/consents/records").json["items"]


def test_every_purpose_says_what_data_it_takes_and_shows_its_text(fresh):
    items = fresh.get("/mini/v1/consents").json["items"]
    assert {one["purpose"] for one in items} == {"phone", "document", "facts", "entitlements", "minor"}
    assert all(one["data_zh"] and one["text"] and len(one["text_digest"]) == 64 and not one["given"] for one in items)


def test_a_record_keeps_purpose_data_text_hash_term_and_channel(fresh):
    assert give(fresh, "facts").status_code == 204
    (line,) = records(fresh)
    assert (line["purpose"], line["channel"], line["text_version"]) == ("facts", "mini_program", "2026-11")
    assert line["text_digest"] == told(fresh, "facts")["text_digest"]
    assert line["data_zh"] == ["户籍", "居住证", "不动产", "经营主体", "参保"]
    assert line["until"][:4] == str(clock.today().year + 1)


@pytest.mark.parametrize("bundle", [["phone", "document"], ["document", "facts"], ["facts", "phone", "minor"]])
def test_a_sensitive_purpose_is_never_bundled(fresh, bundle):
    answer = give(fresh, *bundle)
    assert (answer.status_code, answer.json["code"]) == (422, "consent_bundled")
    assert records(fresh) == []
    assert fresh.get("/mini/v1/account").json["consents"] == []


def test_giving_it_twice_or_at_once_leaves_one_open_record(fresh, app):
    phones = [fresh.twin(app.test_client()) for _ in range(6)]
    answers = at_once([partial(give, one, "phone") for one in phones])
    assert [one.status_code for one in answers] == [204] * 6
    assert give(fresh, "phone").status_code == 204
    assert len([one for one in records(fresh) if "ended_at" not in one]) == 1


def test_withdrawal_works_with_the_next_request_and_is_on_record(fresh):
    give(fresh, "document")
    assert fresh.post("/mini/v1/person", person()).status_code == 201
    assert fresh.call("DELETE", "/mini/v1/consents/document").status_code == 204
    refused = fresh.post("/mini/v1/companions", person())
    assert (refused.status_code, refused.json["code"]) == (403, "consent_needed")
    assert records(fresh)[0]["ended_by"] == "withdrawn"
    assert fresh.call("DELETE", "/mini/v1/consents/document").status_code == 204
    assert len(records(fresh)) == 1


def test_withdrawing_one_purpose_leaves_the_others_alone(fresh):
    give(fresh, "phone")
    give(fresh, "document")
    fresh.call("DELETE", "/mini/v1/consents/phone")
    assert fresh.post("/mini/v1/person", person()).status_code == 201


def test_a_later_text_that_goes_further_blocks_the_purpose_until_agreed_to_again(fresh, travel):
    give(fresh, "document")
    consent_text.publish("document", "2027-01", "从此还用于体育场馆预约。", renews=True)
    refused = fresh.post("/mini/v1/person", person())
    assert (refused.status_code, refused.json["code"]) == (403, "consent_needed")
    assert not told(fresh, "document")["given"]
    outdated = give(fresh, "document")
    assert (outdated.status_code, outdated.json["code"]) == (409, "consent_text_outdated")
    assert outdated.json["fields"] == {"text_version": ["2027-01"]}
    assert give(fresh, "document", version="2027-01").status_code == 204
    assert fresh.post("/mini/v1/person", person()).status_code == 201
    assert [one.get("ended_by") for one in records(fresh)] == [None, "renewed"]


def test_a_later_text_that_only_says_it_better_leaves_consents_in_force(fresh):
    give(fresh, "document")
    consent_text.publish("document", "2026-12", "同上,更清楚。", renews=False)
    assert fresh.post("/mini/v1/person", person()).status_code == 201


def test_a_consent_ends_with_its_term(fresh, shift_clock):
    give(fresh, "facts")
    actor = account.authenticate(fresh.token)
    shift_clock(timedelta(days=364, hours=23).total_seconds())
    consent.require(actor, "facts")
    shift_clock(timedelta(days=365, minutes=1).total_seconds())
    with pytest.raises(consent.ConsentNeeded):
        consent.require(actor, "facts")


def test_who_said_no_is_not_asked_again_for_two_days(fresh, shift_clock):
    assert fresh.post("/mini/v1/consents/phone/refusal").status_code == 204
    assert told(fresh, "phone")["ask_again_from"] > clock.civil(clock.now()).isoformat()
    assert not told(fresh, "phone")["given"]
    give(fresh, "phone")
    assert "ask_again_from" not in told(fresh, "phone")


@pytest.mark.parametrize("purpose", ["location", "$set", "phone.version"])
def test_a_purpose_that_is_none_is_refused(fresh, purpose):
    assert give(fresh, purpose).status_code == 400
    assert fresh.post(f"/mini/v1/consents/{purpose}/refusal").status_code == 404
    assert fresh.call("DELETE", f"/mini/v1/consents/{purpose}").status_code == 404


def test_withdrawing_the_consent_to_ask_registers_forgets_what_they_said(fresh, registers_box):
    give(fresh, "document")
    fresh.bind("张三丰").sure()
    give(fresh, "facts")
    person_id = account.authenticate(fresh.token).person_id
    get_db().facts.insert_one({"person": person_id, "state": "current", "kind": "household.address"})
    assert fresh.call("DELETE", "/mini/v1/consents/facts").status_code == 204
    drain("affairs")
    assert get_db().facts.find_one({"person": person_id}) is None

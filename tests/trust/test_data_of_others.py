"""One's own data, their export and their erasure stop where somebody else's account begins."""

import base64
import json

import bson
import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import personal_data, runtime
from models.identity import erasure, restricted_record
from tasks import privacy
from tests.support.counter import code, notices, resident
from tests.support.phone import Phone, person
from tests.support.queues import drain
from tests.trust.test_own_data import LATER, account_of, close, exported, matched

FRIEND = "上官小河"


@pytest.fixture
def owner(client, seeded, sandbox):
    """Somebody whose number another phone declared first, and who is then matched."""
    return Phone(client, sandbox).log_in()


@pytest.fixture
def stranger(client, seeded, sandbox, owner):
    """A phone with a number, an order and a companion, whose user declared the owner's number."""
    told = person()
    phone = resident(client, sandbox, told)
    phone.consent("phone")
    phone.post("/mini/v1/phone", {"code": sandbox.call(f"/users/{phone.user['user_id']}/phone_code", {})["code"]})
    phone.friend = phone.post("/mini/v1/companions", person(FRIEND)).json["id"]
    owner.consent("document")
    assert owner.post("/mini/v1/person", told).status_code == 201
    owner.document = told["document_number"]
    matched(owner)
    assert account_of(owner)["person"] == account_of(phone)["person"]
    return phone


def listing(phone: Phone, other: Phone) -> str:
    """Put a friend on somebody's list of companions and return the entry's id."""
    body = {"name": FRIEND, "document_kind": "resident_id", "document_number": other.document}
    answer = phone.post("/mini/v1/companions", body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def test_the_export_opens_nothing_of_an_account_that_only_declared_the_same_number(owner, stranger):
    lines = [line["record"] for line in exported(owner) if line["collection"] == "accounts"]
    text = json.dumps(lines, ensure_ascii=False)
    assert [one["id"] for one in lines if one["id"]] == [str(account_of(owner)["_id"])]
    for secret in (stranger.user["phone"], stranger.user["openid"], FRIEND, str(account_of(stranger)["_id"])):
        assert secret not in text
    assert owner.user["openid"] in text


def test_of_an_account_that_lists_one_as_companion_only_that_entry_is_shown(client, seeded, sandbox):
    friend, other = matched(Phone(client, sandbox).ready()), Phone(client, sandbox).ready()
    listing(other, friend)
    shown = [line["record"] for line in exported(friend) if line["collection"] == "accounts"]
    (theirs,) = [one for one in shown if one["id"] != str(account_of(friend)["_id"])]
    assert [FRIEND in one["profile"] for one in theirs["companions"]] == [True]
    assert set(theirs) == {"id", "companions"}


def test_an_erasure_leaves_the_account_that_only_declared_the_same_number(owner, stranger, shift_clock):
    drain()
    account = account_of(owner)
    erasure.begin(account["_id"], case="PIPL-1", by="system:test")
    until_erased(account["_id"], shift_clock)
    assert get_db().persons.find_one({"_id": account["person"]}) is None
    assert (stranger.get("/mini/v1/account").json["level"], account_of(stranger).get("person")) == ("account", None)
    assert [one["id"] for one in stranger.get("/mini/v1/companions").json["items"]] == [stranger.friend]
    assert "binding_lost" in notices(stranger)


def test_at_a_counter_too_an_erasure_leaves_who_only_declared_to_be_the_person(owner, stranger, shift_clock):
    owner.call("DELETE", "/mini/v1/consents/document")
    person_id = account_of(stranger)["person"]
    erasure.begin_for_person(person_id, case="PIPL-2", by="system:test")
    until_erased(person_id, shift_clock)
    assert get_db().persons.find_one({"_id": person_id}) is None
    assert stranger.get("/mini/v1/account").json["level"] == "account"


def until_erased(erasure_id: ObjectId, shift_clock) -> None:
    """Let the queues work: the holders of other accounts are told before the rest goes on."""
    drain("trust")
    assert get_db().erasures.find_one({"_id": erasure_id})["state"] == "running"
    drain("notify")
    shift_clock(60)
    drain("trust")
    assert get_db().erasures.find_one({"_id": erasure_id})["state"] == "done"


def test_whoever_listed_an_erased_person_keeps_a_list_that_works(client, seeded, sandbox):
    friend, other = matched(Phone(client, sandbox).ready()), Phone(client, sandbox).ready()
    listing(other, friend)
    close(friend)
    answer = other.get("/mini/v1/companions")
    assert (answer.status_code, [one["id"] for one in answer.json["items"]]) == (200, [other.me])


def test_an_order_with_an_erased_visitor_is_still_shown(client, seeded, sandbox, shift_clock, office):
    friend, other = matched(Phone(client, sandbox).ready()), Phone(client, sandbox).ready()
    order = other.issued(other.free_slot("museum"), (other.me, "adult"), (listing(other, friend), "adult"))
    shift_clock(LATER)
    close(friend)
    other.token = ""
    other.log_in()
    shown = other.get(f"/mini/v1/orders/{order['id']}")
    assert (shown.status_code, len(shown.json["visitors"])) == (200, 2)
    assert other.get("/mini/v1/orders").status_code == 200
    office.log_in()
    for path in (f"/office/v1/orders/{order['id']}", f"/office/v1/orders?slot={shown.json['slot_id']}"):
        assert office.get(path).status_code == 200
    day = shown.json["day"]
    assert office.get(f"/office/v1/orders/export.xlsx?place=museum&day={day}").status_code == 200


def test_a_case_that_was_opened_by_a_person_on_a_lost_phone_stays_theirs(client, seeded, sandbox, counter):
    lost = matched(Phone(client, sandbox).ready())
    opened = lost.post("/mini/v1/privacy-requests", {"kind": "explain", "text": "请说明规则"})
    assert opened.status_code == 201, opened.json
    person_id, case_id = account_of(lost)["person"], ObjectId(opened.json["id"])
    fresh = resident(client, sandbox)
    assert counter.bind(str(person_id), code(fresh)).status_code == 201
    assert [one for one in exported(lost) if one["collection"] == "cases"] == []
    assert "请说明规则" in json.dumps(exported(fresh), ensure_ascii=False)
    erasure.begin(account_of(lost)["_id"], case="PIPL-1", by="system:test")
    drain("trust")
    assert get_db().cases.find_one({"_id": case_id}) is not None


def test_what_a_declared_binding_asks_for_is_the_accounts_and_not_the_persons(owner, stranger):
    opened = stranger.post("/mini/v1/privacy-requests", {"kind": "copy", "text": "请给我副本"})
    assert opened.status_code == 201, opened.json
    assert [one["id"] for one in stranger.get("/mini/v1/cases").json["items"]] == [opened.json["id"]]
    assert owner.get("/mini/v1/cases").json["items"] == []
    assert owner.get(f"/mini/v1/cases/{opened.json['id']}").status_code == 404
    assert "请给我副本" not in json.dumps(exported(owner), ensure_ascii=False)
    assert "请给我副本" in json.dumps(exported(stranger), ensure_ascii=False)


def test_withdrawing_a_consent_on_a_declared_binding_forgets_nothing_of_the_person(owner, stranger):
    person_id = account_of(owner)["person"]
    get_db().register_inquiries.insert_one({"_id": f"household:{person_id}", "person": person_id})
    stranger.consent("facts")
    assert stranger.call("DELETE", "/mini/v1/consents/facts").status_code == 204
    drain("affairs")
    assert get_db().register_inquiries.find_one({"_id": f"household:{person_id}"}) is not None
    owner.consent("facts")
    assert owner.call("DELETE", "/mini/v1/consents/facts").status_code == 204
    drain("affairs")
    assert get_db().register_inquiries.find_one({"_id": f"household:{person_id}"}) is None


def test_the_person_at_a_declared_binding_is_shown_as_it_was_declared(client, seeded, sandbox, counter):
    told = person("王真名")
    counter.registered(told)
    phone = resident(client, sandbox, {**told, "name": "李假名"})
    shown = phone.get("/mini/v1/person").json
    assert (shown["name"], shown["level"]) == ("李**", "declared")


def test_without_the_document_nothing_of_the_registers_is_kept(owner, stranger):
    person_id = account_of(owner)["person"]
    get_db().register_inquiries.insert_one({"_id": f"household:{person_id}", "person": person_id})
    owner.consent("facts")
    assert owner.call("DELETE", "/mini/v1/consents/document").status_code == 204
    drain("affairs")
    assert get_db().register_inquiries.find_one({"_id": f"household:{person_id}"}) is None


def test_what_one_asked_for_does_not_end_the_account_that_became_anothers(client, seeded, sandbox, counter):
    phone = matched(Phone(client, sandbox).ready())
    asked_by, account_id = account_of(phone)["person"], account_of(phone)["_id"]
    heir = ObjectId(counter.registered(person("钱新人")))
    assert counter.bind(str(heir), code(phone)).status_code == 201
    drain()
    privacy.end_account({"account": account_id, "person": asked_by, "number": "PIPL-3"})
    drain("trust")
    assert get_db().accounts.find_one({"_id": account_id})["person"] == heir
    assert get_db().persons.find_one({"_id": heir}) is not None
    assert get_db().persons.find_one({"_id": asked_by}) is None


def test_whose_account_still_is_theirs_ends_it(client, seeded, sandbox):
    phone = matched(Phone(client, sandbox).ready())
    found = account_of(phone)
    drain()
    privacy.end_account({"account": found["_id"], "person": found["person"], "number": "PIPL-4"})
    drain("trust")
    assert get_db().accounts.find_one({"_id": found["_id"]}) is None
    assert get_db().persons.find_one({"_id": found["person"]}) is None


def test_what_a_law_keeps_can_be_read_after_the_keys_of_then_are_gone(client, seeded, sandbox, shift_clock):
    phone = matched(resident(client, sandbox, person("欧阳于都")))
    order = phone.issued(phone.free_slot("museum"), (phone.me, "adult"))
    shift_clock(LATER)
    close(phone)
    kept = get_db().restricted_records.find_one({"_id": f"orders:{order['id']}"})
    text = runtime.current().sealer.open("restricted_records.record", kept["_id"], kept["record"])
    record = bson.decode(base64.b64decode(text))
    assert record["visitors"][0]["name"] == "欧阳于都"
    assert "欧阳于都".encode() not in bson.encode(kept)


def test_a_restricted_record_is_opened_by_nobodys_own_data(client, seeded, sandbox):
    phone = matched(Phone(client, sandbox).ready())
    found = account_of(phone)
    holding = personal_data.holding("relations")
    shared = {"_id": ObjectId(), "kind": "helper", "for_person": found["person"], "accounts": [found["_id"]]}
    restricted_record.restrict(holding, shared)
    (line,) = [one["record"] for one in exported(phone) if one["collection"] == "restricted_records"]
    assert "record" not in line
    assert line["id"] == f"relations:{shared['_id']}"

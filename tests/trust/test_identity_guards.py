"""Who asks by a number learns nothing of whose it is; what was agreed to ends with what it was agreed under."""

from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.identity import account, companion, consent, person, phone
from models.identity.account import Account
from models.identity.companion import ConsentNeeded
from tests.support.counter import born, code, in_days, notices, resident
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.phone import person as somebody
from tests.support.queues import drain
from tests.trust.test_relations import Side, acting, agreed, ask, confirm, mine, stored

CHILD = "20200308"


@pytest.fixture
def elder(counter, client, sandbox):
    return Side(counter, client, sandbox, "赵奶奶", "19410308")


@pytest.fixture
def helper(counter, client, sandbox):
    return Side(counter, client, sandbox, "李明")


@pytest.fixture
def fresh(client, seeded, sandbox):
    return resident(client, sandbox, somebody("张三丰"))


# A number does not tell whose it is


def test_a_proposal_under_another_name_shows_that_name_and_reaches_nobody(elder, helper):
    asked = ask(elder, helper, name="王五六")
    assert (asked.status_code, asked.json["other_name"]) == (201, "王**")
    assert mine(elder)[0]["other_name"] == "王**"
    drain("notify")
    assert "relation_proposed" not in notices(helper.phone)
    assert confirm(helper, asked.json["id"]).status_code == 404
    assert stored(asked.json["id"])["state"] == "proposed"


def test_the_name_that_was_typed_goes_with_the_confirmation(elder, helper):
    relation_id = ask(elder, helper, name=" 李 明").json["id"]
    assert "agent_name" in stored(relation_id)
    assert confirm(helper, relation_id).status_code == 200
    assert "agent_name" not in stored(relation_id)
    assert mine(elder)[0]["other_name"] == "李*"


def test_a_clerk_who_verifies_what_was_proposed_ends_the_typed_name_too(elder, helper, counter):
    relation_id = ask(elder, helper, name="王五六").json["id"]
    made = counter.relate("helper", elder.id, helper.id, scope=["book"], last_day=in_days(30))
    assert (made.status_code, made.json["id"]) == (201, relation_id)
    assert "agent_name" not in stored(relation_id)
    assert mine(elder)[0]["other_name"] == "李*"


def test_the_register_corrects_the_name_that_a_stranger_declared_first(client, sandbox, registers_box, store, seeded):
    told = somebody("张三丰")
    resident(client, sandbox, {**told, "name": "胡乱写"})
    registers_box.forget()
    registers_box.person(number=told["document_number"], name="张三丰")
    owner = resident(client, sandbox, told)
    owner.consent("facts")
    assert owner.post("/mini/v1/person/match").status_code == 200
    assert person.read(account.authenticate(owner.token).person_id).name == "张三丰"
    registers_box.clear()


def test_a_name_that_a_clerk_has_seen_is_not_corrected(counter):
    known = person.read(ObjectId(counter.registered(somebody("王真名"))))
    person.correct_name(known, "李假名")
    assert person.read(known.id).name == "王真名"


# What ends with its consent or its account


def test_withdrawing_the_document_ends_what_this_phone_agreed_to(elder, helper):
    relation_id = agreed(elder, helper)
    assert elder.phone.call("DELETE", "/mini/v1/consents/document").status_code == 204
    assert stored(relation_id)["end_reason"] == "account_lost_person"
    assert acting(helper, relation_id).status_code == 403


def test_a_phone_that_becomes_somebody_elses_at_a_counter_takes_no_relation_along(elder, helper, counter):
    relation_id = agreed(elder, helper)
    other = counter.registered(somebody("钱新人"))
    assert counter.bind(other, code(elder.phone)).status_code == 201
    assert stored(relation_id)["end_reason"] == "account_lost_person"


# Children on the list of companions (个人信息保护法第三十一条)


def test_a_child_is_typed_only_by_a_guardian_who_consents_to_it(fresh):
    body = somebody("李小朋友", CHILD)
    refused = fresh.post("/mini/v1/companions", body)
    assert (refused.status_code, refused.json["fields"]) == (403, {"consent": ["minor"]})
    assert fresh.consent("minor").status_code == 204
    assert fresh.post("/mini/v1/companions", body).status_code == 201


def test_from_the_fourteenth_birthday_on_the_document_is_enough(fresh):
    grown, almost = (somebody("李学生", born(clock.today() + timedelta(days=days), 14)) for days in (0, 1))
    assert fresh.post("/mini/v1/companions", grown).status_code == 201
    assert fresh.post("/mini/v1/companions", almost).status_code == 403


def test_withdrawing_the_guardians_consent_takes_the_children_off_and_nobody_else(fresh):
    adult = fresh.companion()
    child = fresh.companion(CHILD)
    slot = fresh.free_slot("museum")
    assert fresh.call("DELETE", "/mini/v1/consents/minor").status_code == 204
    assert [one["id"] for one in fresh.get("/mini/v1/companions").json["items"]] == [fresh.me, adult]
    assert fresh.book(slot, (fresh.me, "adult"), (child, "child_6")).json["code"] == "visitor_unknown"


def test_a_ward_goes_from_the_list_with_the_guardians_consent(helper, counter):
    relation_id = counter.relate("guardian", counter.registered(birth=CHILD), helper.id).json["id"]
    helper.phone.consent("minor")
    path = "/mini/v1/companions/from-relation"
    assert helper.phone.post(path, {"relation_id": relation_id}).status_code == 201
    helper.phone.call("DELETE", "/mini/v1/consents/minor")
    assert [one["is_self"] for one in helper.phone.get("/mini/v1/companions").json["items"]] == [True]


def test_a_consent_that_is_withdrawn_at_the_same_moment_leaves_nothing_behind(fresh):
    actor = account.authenticate(fresh.token)
    fresh.call("DELETE", "/mini/v1/consents/document")
    document = companion.IdentityDocument("passport", "E12345678")
    with pytest.raises(ConsentNeeded):
        companion.add(actor, document, "Ann Lee")
    assert Account._get_collection().find_one({"_id": actor.account_id})["companions"] == []


def test_a_phone_number_is_not_kept_under_a_consent_that_ended_meanwhile(client, sandbox, seeded):
    told = Phone(client, sandbox).log_in()
    told.consent("phone")
    actor = account.authenticate(told.token)
    wechat = sandbox.call(f"/users/{told.user['user_id']}/phone_code", {})["code"]
    consent.withdraw(actor, "phone")
    with pytest.raises(ConsentNeeded):
        phone.take(actor, wechat)
    assert "phone" not in Account._get_collection().find_one({"_id": actor.account_id})


def test_a_withdrawal_and_a_new_child_at_once_leave_no_child_without_consent(fresh, app):
    for number in range(4):
        fresh.consent("minor")
        body = somebody(f"李小{'甲乙丙丁'[number]}", CHILD)
        calls = [
            partial(fresh.twin(app.test_client()).call, "DELETE", "/mini/v1/consents/minor"),
            partial(fresh.twin(app.test_client()).post, "/mini/v1/companions", body),
        ]
        withdrawn, added = at_once(calls)
        assert (withdrawn.status_code, added.status_code in {201, 403}) == (204, True)
        found = Account._get_collection().find_one({"_id": account.authenticate(fresh.token).account_id})
        assert [one for one in found["companions"] if one.get("consent") == "minor"] == []

"""Guardians of children and helpers of others: verified, within a scope, for a term, ended by either at any time."""

from datetime import date, timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import account, person, relation, relation_terms
from models.identity.actors import ScopeMissing
from models.identity.relation import ActingRefused, Relation
from models.identity.relation_terms import NotSureEnough, TermsWrong
from tests.support import queues
from tests.support.counter import again, born, in_days, notices, resident
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.phone import person as somebody


class Side:
    """A resident who was verified at the counter: phone, document and person."""

    def __init__(self, counter, client, sandbox, name: str, birth: str = "19900307"):
        self.body = somebody(name, birth)
        self.phone = resident(client, sandbox)
        self.id = counter.verified(self.phone, self.body)


@pytest.fixture
def elder(counter, client, sandbox):
    return Side(counter, client, sandbox, "赵奶奶", "19410308")


@pytest.fixture
def helper(counter, client, sandbox):
    return Side(counter, client, sandbox, "李明")


@pytest.fixture
def child(counter):
    """A child of five without a phone."""
    return counter.registered(birth=f"{clock.today().year - 5}0308", seen="birth_certificate")


def ask(elder: Side, helper: Side, *, scope=("book",), last_day: str | None = None, **changes):
    body = {**helper.body, "scope": list(scope), "last_day": last_day or in_days(100), **changes}
    return elder.phone.post("/mini/v1/relations", body)


def agreed(elder: Side, helper: Side, **terms) -> str:
    """Return a relation that both sides confirmed by phone."""
    relation_id = ask(elder, helper, **terms).json["id"]
    assert confirm(helper, relation_id).status_code == 200
    return relation_id


def confirm(side: Side, relation_id: str):
    return side.phone.post(f"/mini/v1/relations/{relation_id}/confirm")


def withdraw(side: Side, relation_id: str):
    return side.phone.call("DELETE", f"/mini/v1/relations/{relation_id}")


def mine(side: Side) -> list[dict]:
    return side.phone.get("/mini/v1/relations").json["items"]


def acting(side: Side, relation_id: str):
    return side.phone.get("/mini/v1/person", **{"Acting-For": relation_id})


def stored(relation_id: str) -> dict:
    return Relation._get_collection().find_one({"_id": ObjectId(relation_id)})


# A helper by phone


def test_the_helped_person_asks_and_the_helper_confirms_on_their_own_phone(elder, helper):
    answer = ask(elder, helper, scope=["book", "affairs"])
    assert answer.status_code == 201, answer.json
    told = answer.json
    assert (told["side"], told["state"], told["other_name"]) == ("helped", "proposed", "李*")
    queues.drain("notify")
    assert "relation_proposed" in notices(helper.phone)
    assert "relation_proposed" not in notices(elder.phone)
    assert acting(helper, told["id"]).status_code == 403
    done = confirm(helper, told["id"])
    assert done.status_code == 200, done.json
    assert (done.json["side"], done.json["state"], done.json["verified_by"]) == ("agent", "active", "phones")
    assert done.json["scope_zh"] == ["预约出行", "办理事项"]
    assert [one["state"] for one in (*mine(elder), *mine(helper))] == ["active", "active"]
    queues.drain("notify")
    assert notices(elder.phone).count("relation_active") == notices(helper.phone).count("relation_active") == 1


def test_confirming_again_changes_nothing_and_only_the_helper_confirms(elder, helper, counter, client, sandbox):
    stranger = Side(counter, client, sandbox, "陌生人")
    relation_id = ask(elder, helper).json["id"]
    assert [confirm(one, relation_id).status_code for one in (elder, stranger)] == [404, 404]
    assert [confirm(helper, relation_id).status_code for _ in range(2)] == [200, 200]
    assert [line["what"] for line in stored(relation_id)["history"]] == ["proposed", "confirmed"]


def test_asking_somebody_unknown_looks_as_asking_somebody_known(elder, helper):
    known = ask(elder, helper).json
    unknown = elder.phone.post(
        "/mini/v1/relations", {**somebody("李明"), "scope": ["book"], "last_day": in_days(100)}
    ).json
    assert set(known) == set(unknown)
    assert {known[name] == unknown[name] for name in known if name != "id"} == {True}


def test_the_same_proposal_is_made_once(elder, helper, app):
    body = {**helper.body, "scope": ["book"], "last_day": in_days(10)}
    answers = at_once([partial(elder.phone.twin(app.test_client()).post, "/mini/v1/relations", body) for _ in range(5)])
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"relation_exists"}
    other = {**body, **somebody("王二")}
    first, second = (elder.phone.post("/mini/v1/relations", other, key="k") for _ in range(2))
    assert (first.status_code, second.json) == (201, first.json)


def test_a_proposal_that_nobody_confirms_lapses_after_two_weeks(elder, helper, counter, travel):
    relation_id = ask(elder, helper).json["id"]
    travel(in_days(15))
    again(counter, elder.phone, helper.phone)
    assert confirm(helper, relation_id).status_code == 404
    assert mine(elder)[0]["state"] == "ended"
    assert relation.end_due() == 1
    assert stored(relation_id)["end_reason"] == "not_confirmed"
    assert ask(elder, helper).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last_day": "yesterday"}, "last_day"),
        ({"scope": []}, "scope"),
        ({"scope": ["vote"]}, "scope.0"),
        ({"document_number": "1"}, "document_number"),
        ({"name": ""}, "name"),
        ({"kind": "guardian"}, "kind"),
    ],
)
def test_a_proposal_of_a_wrong_form_names_its_field(elder, helper, changes, field):
    answer = ask(elder, helper, **changes)
    assert answer.status_code == 400
    assert field in answer.json["fields"], answer.json


@pytest.mark.parametrize("days", [-1, 366])
def test_a_term_is_not_over_already_and_not_longer_than_a_year(elder, helper, days):
    answer = ask(elder, helper, last_day=in_days(days))
    assert (answer.status_code, answer.json["code"]) == (422, "relation_terms_wrong")
    assert list(answer.json["fields"]) == ["last_day"]
    assert ask(elder, helper, last_day=in_days(365)).status_code == 201


def test_nobody_helps_themselves_and_no_minor_helps(elder, helper):
    assert ask(elder, elder).json["fields"].keys() == {"document_number"}
    young = clock.today() - timedelta(days=17 * 365)
    minor = {**somebody("小李", young.strftime("%Y%m%d")), "scope": ["book"], "last_day": in_days(10)}
    assert elder.phone.post("/mini/v1/relations", minor).json["fields"].keys() == {"document_number"}


def test_who_only_declared_themselves_neither_asks_nor_sees_nor_confirms(elder, helper, client, sandbox, counter):
    relation_id = ask(elder, helper).json["id"]
    phone = resident(client, sandbox, somebody("孙七"))
    for answer in (
        phone.get("/mini/v1/relations"),
        phone.post("/mini/v1/relations", {**helper.body, "scope": ["book"], "last_day": in_days(5)}),
        phone.post(f"/mini/v1/relations/{relation_id}/confirm"),
        phone.call("DELETE", f"/mini/v1/relations/{relation_id}"),
    ):
        assert (answer.status_code, answer.json["code"]) == (403, "level_needed")


# Acting for another


def test_a_helper_sees_the_helped_person_and_the_look_is_recorded_as_the_helpers(elder, helper):
    relation_id = agreed(elder, helper, scope=["book", "card"])
    shown = acting(helper, relation_id).json
    assert (shown["name"], shown["acting_for"], shown["scope"]) == ("赵**", True, ["book", "card"])
    (line,) = AccessLine._get_collection().find({"subjects": ObjectId(elder.id), "purpose": "acting_for"})
    own = account.authenticate(helper.phone.token).account_id
    assert line["who"] == f"resident:{own}:for:{relation_id}"


def test_only_the_helper_of_a_relation_in_force_acts_by_it(elder, helper, counter, client, sandbox):
    relation_id = agreed(elder, helper)
    stranger = Side(counter, client, sandbox, "陌生人")
    for side, header in (
        (elder, relation_id),
        (stranger, relation_id),
        (helper, "0" * 24),
        (helper, "x"),
        (helper, ""),
    ):
        answer = acting(side, header)
        assert (answer.status_code, answer.json["code"]) == (403, "acting_refused"), header


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "orders"), ("POST", "orders"), ("GET", "relations"), ("POST", "companions")]
)
def test_a_route_that_is_not_for_others_refuses_who_acts_for_another(elder, helper, method, path):
    relation_id = agreed(elder, helper)
    answer = helper.phone.call(
        method, f"/mini/v1/{path}", {} if method == "POST" else None, **{"Acting-For": relation_id}
    )
    assert (answer.status_code, answer.json["code"]) == (403, "own_act_only")


def test_a_rule_demands_its_scope_of_who_acts_and_of_nobody_else(elder, helper):
    relation_id = agreed(elder, helper, scope=["book"])
    actor = account.authenticate(helper.phone.token)
    by_relation = relation.acting(actor, ObjectId(relation_id))
    acting_one = type(actor)(actor.account_id, actor.session_id, actor.document, by_relation)
    acting_one.require_scope("book")
    actor.require_scope("health")
    with pytest.raises(ScopeMissing):
        acting_one.require_scope("health")
    assert (acting_one.subject_id, actor.subject_id) == (ObjectId(elder.id), ObjectId(helper.id))


@pytest.mark.parametrize("by", ["elder", "helper"])
def test_either_side_ends_it_at_once(elder, helper, by):
    relation_id = agreed(elder, helper)
    assert acting(helper, relation_id).status_code == 200
    side = {"elder": elder, "helper": helper}[by]
    assert [withdraw(side, relation_id).status_code for _ in range(2)] == [204, 204]
    assert acting(helper, relation_id).status_code == 403
    assert stored(relation_id)["end_reason"] == {"elder": "withdrawn", "helper": "given_up"}[by]
    queues.drain("notify")
    assert notices(elder.phone).count("relation_ended") == notices(helper.phone).count("relation_ended") == 1
    assert ask(elder, helper).status_code == 201


def test_somebody_elses_relation_is_not_found(elder, helper, counter, client, sandbox):
    relation_id = agreed(elder, helper)
    stranger = Side(counter, client, sandbox, "陌生人")
    assert withdraw(stranger, relation_id).status_code == 404
    path = f"/mini/v1/relations/{relation_id}/last-day"
    for side in (stranger, helper):
        assert side.phone.call("PUT", path, {"last_day": in_days(5)}).status_code == 404
    assert mine(stranger) == []


def test_a_term_ends_with_its_last_day_and_may_be_prolonged_before(elder, helper, counter, travel):
    relation_id = agreed(elder, helper, last_day=in_days(20))
    twenty = date.fromisoformat(in_days(20))
    travel(twenty.isoformat(), "23:58")
    again(counter, elder.phone, helper.phone)
    assert acting(helper, relation_id).status_code == 200
    answer = elder.phone.call("PUT", f"/mini/v1/relations/{relation_id}/last-day", {"last_day": in_days(3)})
    assert answer.json["until"] == f"{twenty + timedelta(days=4)}T00:00:00+08:00"
    travel((twenty + timedelta(days=4)).isoformat(), "00:00")
    again(counter, elder.phone, helper.phone)
    assert acting(helper, relation_id).status_code == 403
    assert relation.end_due() == 1
    assert stored(relation_id)["end_reason"] == "term_over"
    assert relation.end_due() == 0


def test_a_withdrawal_and_a_confirmation_at_once_leave_it_ended(elder, helper, app):
    for _ in range(5):
        relation_id = ask(elder, helper).json["id"]
        calls = [
            partial(elder.phone.twin(app.test_client()).call, "DELETE", f"/mini/v1/relations/{relation_id}"),
            partial(helper.phone.twin(app.test_client()).post, f"/mini/v1/relations/{relation_id}/confirm"),
        ]
        ended, confirmed = at_once(calls)
        assert (ended.status_code, confirmed.status_code in {200, 404}) == (204, True)
        assert stored(relation_id)["state"] == "ended"
        assert acting(helper, relation_id).status_code == 403


def test_what_a_phone_agreed_to_ends_when_it_turns_out_not_to_be_the_persons(elder, helper, counter, client, sandbox):
    relation_id = agreed(elder, helper)
    counter.verified(resident(client, sandbox), elder.body)
    assert stored(relation_id)["end_reason"] == "account_lost_person"
    assert acting(helper, relation_id).status_code == 403


# A visitor by relation


def test_a_helper_books_for_the_helped_person_without_typing_their_document(elder, helper):
    relation_id = agreed(elder, helper)
    answer = helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id})
    assert answer.status_code == 201, answer.json
    assert (answer.json["name"], answer.json["relation_id"]) == ("赵**", relation_id)
    order = helper.phone.issued(helper.phone.free_slot("museum"), (answer.json["id"], "adult"))
    assert order["state"] == "issued"
    assert stored(relation_id)["history"][-1]["what"] == "companion_added"
    again_ = helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id})
    assert again_.json["code"] == "companion_already_listed"


def test_the_visitor_is_gone_with_the_relation_and_comes_back_with_a_new_one(elder, helper):
    relation_id = agreed(elder, helper)
    visitor = helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id}).json["id"]
    withdraw(elder, relation_id)
    assert [one["is_self"] for one in helper.phone.get("/mini/v1/companions").json["items"]] == [True]
    slot = helper.phone.free_slot("museum")
    assert helper.phone.book(slot, (visitor, "adult")).json["code"] == "visitor_unknown"
    renewed = agreed(elder, helper)
    assert helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": renewed}).status_code == 201
    assert len(helper.phone.get("/mini/v1/companions").json["items"]) == 2


def test_without_the_scope_or_the_relation_no_visitor_is_added(elder, helper):
    relation_id = agreed(elder, helper, scope=["card"])
    answer = helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    answer = elder.phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id})
    assert (answer.status_code, answer.json["code"]) == (403, "acting_refused")
    for odd in ("0" * 24, "x"):
        answer = helper.phone.post("/mini/v1/companions/from-relation", {"relation_id": odd})
        assert answer.status_code in {403, 404}


def test_a_guardian_consents_before_giving_a_childs_data(helper, child, counter):
    relation_id = counter.relate("guardian", child, helper.id).json["id"]
    path, body = "/mini/v1/companions/from-relation", {"relation_id": relation_id}
    answer = helper.phone.post(path, body)
    assert (answer.status_code, answer.json["fields"]) == (403, {"consent": ["minor"]})
    assert helper.phone.consent("minor").status_code == 204
    assert helper.phone.post(path, body).status_code == 201


# Guardians


def test_a_guardian_may_do_everything_until_the_childs_fourteenth_birthday(helper, counter, travel):
    birthday = clock.today() + timedelta(days=20)
    child = counter.registered(birth=born(birthday, 14), seen="household_register")
    answer = counter.relate("guardian", child, helper.id)
    assert answer.status_code == 201, answer.json
    relation_id = answer.json["id"]
    assert answer.json["scope"] == list(relation_terms.SCOPE_ZH)
    assert answer.json["until"] == f"{birthday}T00:00:00+08:00"
    travel((birthday - timedelta(days=1)).isoformat(), "23:58")
    again(counter, helper.phone)
    assert acting(helper, relation_id).status_code == 200
    travel(birthday.isoformat(), "00:00")
    again(counter, helper.phone)
    assert acting(helper, relation_id).status_code == 403
    relation.end_due()
    assert stored(relation_id)["end_reason"] == "grown_up"
    answer = counter.relate("guardian", child, helper.id)
    assert (answer.status_code, list(answer.json["fields"])) == (422, ["for_person"])


def test_the_birthday_of_a_child_of_a_leap_day_is_the_day_before_in_a_common_year():
    child = person.Known(ObjectId(), "verified", "resident_id", "", "", date(2020, 2, 29), None)
    assert relation_terms.end_of("guardian", child, None) == clock.at(date(2034, 2, 28), 0)


def test_a_guardian_is_an_adult_and_a_ward_is_a_child(counter, child, helper):
    in_a_month = clock.today() + timedelta(days=28)
    young = counter.registered(birth=born(in_a_month, 18))
    assert list(counter.relate("guardian", child, young).json["fields"]) == ["agent"]
    grown = counter.registered(birth=born(clock.today(), 18))
    assert counter.relate("guardian", child, grown).status_code == 201
    teenager = counter.registered(birth=born(clock.today(), 14))
    assert list(counter.relate("guardian", teenager, helper.id).json["fields"]) == ["for_person"]
    answer = counter.relate("helper", child, helper.id, scope=["book"], last_day=in_days(9))
    assert list(answer.json["fields"]) == ["for_person"]


def test_whose_age_nobody_knows_is_no_guardian(counter, child):
    passport = {"name": "Ann Lee", "document_kind": "passport", "document_number": "E12345678"}
    unknown = counter.registered(passport, seen="passport")
    assert list(counter.relate("guardian", child, unknown).json["fields"]) == ["agent"]
    counter.register(passport, seen="passport", birth_date="1990-01-01")
    assert counter.relate("guardian", child, unknown).status_code == 201


# At the counter


def test_a_person_without_a_phone_gets_a_helper_at_the_counter(counter, helper):
    elder = counter.registered(birth="19390909")
    answer = counter.relate("helper", elder, helper.id, present=elder, scope=["book"], last_day=in_days(60))
    assert answer.status_code == 201, answer.json
    assert acting(helper, answer.json["id"]).json["acting_for"] is True
    assert mine(helper)[0]["verified_by_zh"] == "窗口核验"
    (line,) = AuditEntry._get_collection().find({"object": f"person:{elder}", "action": "relation.verify"})
    assert (line["details"]["evidence"], line["details"]["relation"]) == ("both_present", answer.json["id"])


@pytest.mark.parametrize(
    ("kind", "evidence", "present", "expected"),
    [
        ("helper", "power_of_attorney", "agent", 201),
        ("helper", "power_of_attorney", "other", 409),
        ("helper", "both_present", "stranger", 409),
        ("helper", "household_register", "agent", 422),
        ("guardian", "birth_certificate", "agent", 201),
        ("guardian", "guardianship_ruling", "agent", 201),
        ("guardian", "power_of_attorney", "agent", 422),
        ("guardian", "household_register", "stranger", 409),
    ],
)
def test_what_must_be_seen_and_who_must_be_there(counter, child, kind, evidence, present, expected):
    other = child if kind == "guardian" else counter.registered(birth="19400101")
    agent = counter.registered()
    here = {"agent": agent, "other": other, "stranger": counter.registered()}[present]
    terms = {} if kind == "guardian" else {"scope": ["book"], "last_day": in_days(9)}
    answer = counter.relate(kind, other, agent, present=here, evidence=evidence, **terms)
    assert answer.status_code == expected, answer.json


def test_without_a_counter_session_nothing_is_verified(counter, child, helper):
    body = {"kind": "guardian", "for_person_id": child, "agent_id": helper.id, "evidence": "household_register"}
    answer = counter.clerk.post("/office/v1/relations", body)
    assert (answer.status_code, answer.json["code"]) == (409, "counter_session_over")


@pytest.mark.parametrize(
    "change",
    [{"kind": "friend"}, {"evidence": "word"}, {"scope": ["vote"]}, {"scope": "book"}, {"last_day": "x"}, {"extra": 1},
     {"agent_id": None}],
)  # fmt: skip
def test_a_verification_of_a_wrong_form_is_a_bad_request(counter, helper, child, change):
    right = {"kind": "guardian", "for_person_id": child, "agent_id": helper.id, "evidence": "household_register"}
    answer = counter.clerk.post("/office/v1/relations", right | change, **counter.standing(helper.id))
    assert answer.status_code == 400
    assert answer.json["fields"]


@pytest.mark.parametrize("agent", ["0" * 24, "x"])
def test_nobody_is_related_to_a_person_that_is_none(counter, helper, agent):
    answer = counter.relate("helper", helper.id, agent, present=helper.id, scope=["book"], last_day=in_days(9))
    assert answer.status_code == 404


def test_the_same_verification_again_sets_the_terms_anew_and_makes_no_second_relation(counter, helper, app):
    elder = counter.registered(birth="19390909")
    terms = {"present": elder, "scope": ["book"]}
    calls = [
        partial(counter.twin(app.test_client()).relate, "helper", elder, helper.id, last_day=in_days(9), **terms)
        for _ in range(5)
    ]
    answers = at_once(calls)
    assert [one.status_code for one in answers] == [201] * 5
    assert len({one.json["id"] for one in answers}) == 1
    longer = counter.relate("helper", elder, helper.id, last_day=in_days(90), **terms).json
    assert longer["id"] == answers[0].json["id"]
    assert longer["until"] > answers[0].json["until"]
    assert [line["what"] for line in stored(longer["id"])["history"]] == ["established", "established"]


def test_a_kill_between_relation_and_audit_leaves_neither(counter, helper, monkeypatch):
    elder = counter.registered(birth="19390909")
    here = counter.standing(elder)

    def dies(*_args):
        raise SystemExit

    monkeypatch.setattr("models.audit.entry.write", dies)
    body = {
        "kind": "helper",
        "for_person_id": elder,
        "agent_id": helper.id,
        "evidence": "both_present",
        "scope": ["book"],
        "last_day": in_days(9),
    }
    with pytest.raises(SystemExit):
        counter.clerk.post("/office/v1/relations", body, **here)
    monkeypatch.undo()
    assert Relation._get_collection().find_one({"for_person": ObjectId(elder)}) is None
    assert counter.clerk.post("/office/v1/relations", body, **here).status_code == 201


def test_either_side_ends_a_relation_at_the_counter_and_nobody_else(counter, helper):
    elder = counter.registered(birth="19390909")
    terms = {"present": elder, "scope": ["book"], "last_day": in_days(9)}
    relation_id = counter.relate("helper", elder, helper.id, **terms).json["id"]
    path = f"/office/v1/relations/{relation_id}/end"
    other = counter.standing(counter.registered())
    assert counter.clerk.post(path, **other).json["code"] == "person_not_at_counter"
    here = counter.standing(elder)
    assert [counter.clerk.post(path, **here).status_code for _ in range(2)] == [204, 204]
    assert acting(helper, relation_id).status_code == 403
    entries = list(AuditEntry._get_collection().find({"object": f"relation:{relation_id}", "action": "relation.end"}))
    assert len(entries) == 1


# By a register


def test_a_register_establishes_a_guardian_once_and_ends_it(counter, child, helper):
    terms = {"method": "register", "evidence": ["fact:7"], "by": "system:registers"}
    made = [relation.establish("guardian", ObjectId(child), ObjectId(helper.id), **terms)["_id"] for _ in range(3)]
    assert len(set(made)) == 1
    assert [line["what"] for line in stored(str(made[0]))["history"]] == ["established"]
    assert acting(helper, str(made[0])).status_code == 200
    assert [relation.end(made[0], "fact_ended", by="system:registers") for _ in range(2)] == [True, False]
    assert acting(helper, str(made[0])).status_code == 403


def test_registers_that_establish_at_once_make_one(counter, child, helper):
    terms = {"method": "register", "evidence": ["fact:7"], "by": "system:registers"}
    call = partial(relation.establish, "guardian", ObjectId(child), ObjectId(helper.id), **terms)
    made = at_once([call for _ in range(6)])
    assert len({one["_id"] for one in made}) == 1
    assert Relation._get_collection().estimated_document_count() == 1


def test_between_persons_who_were_only_declared_nothing_is_established(counter, child, client, sandbox):
    body = somebody("周八")
    phone = resident(client, sandbox, body)
    declared = account.authenticate(phone.token).person_id
    with pytest.raises(NotSureEnough):
        relation.establish("guardian", ObjectId(child), declared, method="register", evidence=[], by="system:x")
    with pytest.raises(TermsWrong):
        relation.establish("guardian", ObjectId(child), ObjectId(child), method="register", evidence=[], by="system:x")


def test_a_lost_phone_of_the_helper_acts_no_more(elder, helper, counter):
    relation_id = agreed(elder, helper)
    actor = account.authenticate(helper.phone.token)
    here = counter.standing(helper.id)
    counter.clerk.call("DELETE", f"/office/v1/persons/{helper.id}/binding", **here)
    with pytest.raises(ActingRefused):
        relation.acting(account.authenticate(helper.phone.token), ObjectId(relation_id))
    with pytest.raises(ActingRefused):
        relation.acting(actor, ObjectId(relation_id))


def test_relations_page_newest_first(helper, counter):
    for _ in range(3):
        elder = counter.registered(birth="19390909")
        counter.relate("helper", elder, helper.id, present=elder, scope=["book"], last_day=in_days(9))
    first = helper.phone.get("/mini/v1/relations?limit=2").json
    rest = helper.phone.get(f"/mini/v1/relations?limit=2&cursor={first['next']}").json
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert (len(ids), ids == sorted(ids, reverse=True), rest["next"]) == (3, True, None)


def test_a_phone_without_relations_has_an_empty_list(helper: Side):
    assert isinstance(helper.phone, Phone)
    assert helper.phone.get("/mini/v1/relations").json == {"items": [], "next": None}

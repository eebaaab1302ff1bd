"""Persons at a counter: found only by whom one knows, registered without a phone, bound to the phone in their hand."""

from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import binding, person
from models.identity.account import Account
from models.identity.binding import Binding
from models.identity.binding_code import BindingCode
from models.identity.person import Person
from models.messaging import grant
from tests.support import queues
from tests.support.counter import Counter, again, born, code, in_days, level, notices, resident
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.phone import person as somebody

NOBODY = "0" * 24


@pytest.fixture
def grab(client, seeded, sandbox):
    """A stranger's phone that declared somebody's identity, and that person's document."""
    body = somebody("王小红")
    return resident(client, sandbox, body), body


@pytest.fixture
def owner(client, seeded, sandbox):
    return resident(client, sandbox)


def bindings_of(person_id: str) -> list[dict]:
    return list(Binding._get_collection().find({"person": ObjectId(person_id)}).sort("_id", 1))


def holders(person_id: str) -> list[dict]:
    return list(Account._get_collection().find({"person": ObjectId(person_id)}))


def entries(about: str, action: str) -> list[dict]:
    return list(AuditEntry._get_collection().find({"object": about, "action": action}))


def lines(person_id: str) -> list[dict]:
    return list(AccessLine._get_collection().find({"subjects": ObjectId(person_id)}))


# Finding


def test_a_person_is_found_by_document_and_name_and_shown_masked_with_an_access_line(counter, grab):
    _, body = grab
    answer = counter.find(body)
    assert answer.status_code == 200, answer.json
    shown = answer.json
    assert (shown["name"], shown["document_tail"][-4:]) == ("王**", body["document_number"][-4:])
    assert body["document_number"] not in answer.get_data(as_text=True)
    assert [(one["level"], one["method"]) for one in shown["bindings"]] == [("declared", "declared")]
    (line,) = lines(shown["id"])
    assert (line["purpose"], "person.name" in line["fields"]) == ("counter_service", True)


def test_a_wrong_name_and_a_number_that_nobody_has_are_answered_alike(counter, grab):
    _, body = grab
    wrong_name = counter.find({**body, "name": "王小兰"})
    nobody = counter.find(somebody("王小红"))
    assert wrong_name.status_code == nobody.status_code == 404
    strip = [{name: value for name, value in one.json.items() if name != "request_id"} for one in (wrong_name, nobody)]
    assert strip[0] == strip[1]
    assert AccessLine._get_collection().estimated_document_count() == 0


@pytest.mark.parametrize("spelling", ["买买提·阿里", "买买提•阿里", " 买买提・阿里 ", "买买提 · 阿里"])
def test_a_name_is_one_name_in_whatever_width_and_with_whatever_dot(counter, client, sandbox, spelling):
    body = somebody("买买提·阿里")
    resident(client, sandbox, body)
    assert counter.find({**body, "name": spelling}).status_code == 200


def test_who_tries_number_after_number_is_stopped(counter):
    statuses = [counter.find(somebody()).status_code for _ in range(61)]
    assert (statuses[:60], statuses[60]) == ([404] * 60, 429)


@pytest.mark.parametrize("role", ["gate_clerk", "case_handler"])
def test_only_a_counter_clerk_works_at_the_counter(admin, counter, grab, role):
    other = Counter(admin.hire(role, unit="changzhengyuan"))
    person_id = counter.find(grab[1]).json["id"]
    answers = [
        other.find(grab[1]),
        other.register(grab[1]),
        other.bind(person_id, "12345678"),
        other.serve(person_id),
        other.clerk.call("DELETE", f"/office/v1/persons/{person_id}/binding"),
        other.clerk.get("/office/v1/counter-session"),
    ]
    assert [one.status_code for one in answers] == [403] * len(answers)


def test_of_a_child_a_clerk_without_an_approval_gets_no_name(counter):
    body = somebody("小明明", f"{clock.today().year - 5}0308")
    registered = counter.register(body, seen="birth_certificate")
    guardian = counter.registered()
    assert counter.relate("guardian", registered.json["id"], guardian).status_code == 201
    whole = counter.clerk.get("/office/v1/counter-session", **counter.standing(guardian))
    for answer in (registered, counter.find(body), whole):
        text = answer.get_data(as_text=True)
        assert "需审批" in text
        assert "小*" not in text
        assert body["document_number"][-4:] not in text
    assert {name for line in lines(registered.json["id"]) for name in line["fields"]} >= {"person.level"}


# Registering


def test_a_person_without_a_phone_is_registered_as_verified_and_no_number_lies_open(counter):
    body = somebody("赵奶奶", "19410308")
    shown = counter.register(body).json
    assert (shown["level"], shown["bindings"], shown["is_child"]) == ("verified", [], False)
    stored = Person._get_collection().find_one({"_id": ObjectId(shown["id"])})
    assert (stored["verification"]["method"], stored["verification"]["seen"]) == ("counter", "identity_card")
    assert body["document_number"] not in repr(stored)
    (line,) = entries(f"person:{shown['id']}", "person.register")
    assert line["details"] == {"seen": "identity_card", "was": "declared", "name_corrected": False}
    assert len(lines(shown["id"])) == 1


def test_what_the_card_says_replaces_a_name_that_a_phone_declared(counter, grab):
    phone, body = grab
    right = {**body, "name": "王晓红"}
    assert counter.find(right).status_code == 404
    person_id = counter.registered(right)
    assert counter.find(right).json["id"] == person_id
    assert entries(f"person:{person_id}", "person.register")[0]["details"]["name_corrected"] is True
    assert level(phone) == "declared"


def test_registering_again_or_at_once_gives_the_same_person(counter, app):
    body = somebody("钱老伯", "19390101")
    answers = at_once([partial(counter.twin(app.test_client()).register, body) for _ in range(6)])
    assert {one.status_code for one in answers} == {201}
    assert len({one.json["id"] for one in answers}) == 1
    assert counter.register(body, key="k").json == counter.register(body, key="k").json


def test_a_birth_date_is_taken_from_the_number_and_else_from_what_the_clerk_read(counter):
    passport = {"name": "Anna Weiss", "document_kind": "passport", "document_number": "E12345678"}
    shown = counter.register(passport, seen="passport", birth_date="2020-05-01").json
    assert shown["is_child"] is True
    told = counter.register(somebody(birth="19900307"), birth_date="2020-05-01").json
    assert told["is_child"] is False


@pytest.mark.parametrize(
    "change",
    [{"document_seen": "driving_licence"}, {"document_seen": None}, {"name": ""}, {"name": "\n"}, {"name": "长" * 61},
     {"document_kind": "x"}, {"document_number": "1"}, {"birth_date": "yesterday"}, {"photo": "…"}],
)  # fmt: skip
def test_a_registration_of_a_wrong_form_is_a_bad_request(counter, change):
    answer = counter.clerk.post("/office/v1/persons", {**somebody(), "document_seen": "identity_card", **change})
    assert answer.status_code == 400
    assert answer.json["fields"]
    assert Person._get_collection().estimated_document_count() == 0


# Binding


def test_the_counter_binds_the_phone_that_is_there_and_both_are_told(counter, grab, owner):
    stranger, body = grab
    person_id = counter.registered(body)
    answer = counter.bind(person_id, code(owner))
    assert answer.status_code == 201, answer.json
    assert [(one["level"], one["method"]) for one in answer.json["bindings"]] == [("verified", "counter")]
    told = owner.get("/mini/v1/account").json
    assert (told["level"], told["method"], told["level_zh"]) == ("verified", "counter", "实人核验")
    assert [one["is_self"] for one in owner.get("/mini/v1/companions").json["items"]] == [True]
    assert (level(stranger), stranger.get("/mini/v1/companions").json["items"]) == ("account", [])
    queues.drain("notify")
    assert (notices(owner), notices(stranger)) == (["binding_gained"], ["binding_lost"])


def test_who_loses_a_binding_keeps_session_companions_and_orders_but_not_the_name(counter, grab, owner):
    stranger, body = grab
    friend = stranger.companion()
    order = stranger.issued(stranger.free_slot("museum"), (friend, "adult"))
    counter.verified(owner, body)
    assert stranger.get("/mini/v1/account").status_code == 200
    assert [one["id"] for one in stranger.get("/mini/v1/companions").json["items"]] == [friend]
    assert stranger.order(order["id"])["state"] == "issued"
    assert stranger.book(stranger.free_slot("museum", later=2), (friend, "adult")).json["code"] == "binding_needed"
    notice = stranger.get("/mini/v1/notices").get_data(as_text=True)
    assert "王" not in notice


def test_the_message_also_goes_by_wechat_where_it_was_granted(counter, grab, owner, sandbox):
    stranger, body = grab
    sandbox.call("/templates", {"template_id": "tmpl_identity_changed", "keys": ["thing1", "time2"]})
    grant.add(stranger.user["openid"], "tmpl_identity_changed")
    counter.verified(owner, body)
    queues.drain("notify")
    assert not grant.use(stranger.user["openid"], "tmpl_identity_changed")
    assert "binding_lost" in notices(stranger)


def test_a_notice_is_read_once_and_only_by_its_account(counter, grab, owner):
    stranger, body = grab
    counter.verified(owner, body)
    queues.drain("notify")
    (found,) = stranger.get("/mini/v1/notices").json["items"]
    assert found["read"] is False
    path = f"/mini/v1/notices/{found['id']}/read"
    assert owner.post(path).status_code == 404
    assert [stranger.post(path).status_code for _ in range(2)] == [204, 204]
    assert stranger.get("/mini/v1/notices").json["items"][0]["read"] is True


def test_the_history_says_who_was_whose_account_since_when_and_why_it_ended(counter, grab, owner):
    _, body = grab
    person_id = counter.verified(owner, body)
    first, second = bindings_of(person_id)
    assert (first["level"], first["open"], first["end_reason"]) == ("declared", False, "moved")
    assert (second["level"], second["open"], second["method"]) == ("verified", True, "counter")
    assert second["evidence"] == ["seen:identity_card"]
    assert abs(first["ended_at"] - second["since"]) < timedelta(seconds=5)
    (line,) = entries(f"person:{person_id}", "person.bind")
    assert line["details"]["ended"] == [str(first["account"])]


def test_an_account_without_records_of_its_binding_yields_as_well(counter, grab, owner):
    stranger, body = grab
    Binding._get_collection().delete_many({})
    person_id = counter.verified(owner, body)
    queues.drain("notify")
    assert (level(stranger), notices(stranger)) == ("account", ["binding_lost"])
    assert {one["end_reason"] for one in bindings_of(person_id) if not one["open"]} == {"moved"}


def test_a_declared_binding_of_the_same_phone_rises_and_keeps_its_entry(counter, client, sandbox):
    body = somebody("孙大伯")
    phone = resident(client, sandbox, body)
    counter.verified(phone, body)
    assert level(phone) == "verified"
    assert [one["id"] for one in phone.get("/mini/v1/companions").json["items"]] == [phone.me]


def test_a_phone_that_was_somebody_elses_becomes_this_persons(counter, client, sandbox):
    phone = resident(client, sandbox, somebody("周甲"))
    body = somebody("周乙")
    phone.post("/mini/v1/companions", body)
    counter.verified(phone, body)
    (me,) = phone.get("/mini/v1/companions").json["items"]
    assert (me["is_self"], me["document_tail"][-4:]) == (True, body["document_number"][-4:])


def test_moving_to_a_new_phone_ends_the_verified_binding_of_the_old_one(counter, owner, client, sandbox):
    body = somebody("吴一")
    person_id = counter.verified(owner, body)
    new = resident(client, sandbox)
    counter.verified(new, body)
    assert (level(owner), level(new)) == ("account", "verified")
    assert len(holders(person_id)) == 1


def test_a_code_counts_once_and_for_five_minutes_and_only_the_newest(counter, owner, shift_clock):
    person_id = counter.registered()
    old, new = code(owner), code(owner)
    assert counter.bind(person_id, old).json["code"] == "binding_code_wrong"
    assert counter.bind(person_id, new).status_code == 201
    assert counter.bind(person_id, new).json["code"] == "binding_code_wrong"
    late = code(owner)
    shift_clock(301)
    answer = counter.bind(person_id, late)
    assert (answer.status_code, answer.json["code"]) == (422, "binding_code_wrong")
    assert answer.json["fields"]["code"]


def test_a_code_lies_in_the_store_unreadable(owner):
    shown = code(owner)
    assert shown not in repr(list(BindingCode._get_collection().find()))
    assert len(shown) == 8


def test_the_same_binding_sent_twice_is_done_once(counter, owner):
    person_id, shown = counter.registered(), code(owner)
    answers = [counter.bind(person_id, shown, key="one") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert len(bindings_of(person_id)) == 1


def test_who_has_not_agreed_to_the_use_of_the_document_gets_no_code(client, seeded, sandbox):
    phone = Phone(client, sandbox).log_in()
    answer = phone.post("/mini/v1/binding-code")
    assert (answer.status_code, answer.json["code"]) == (403, "consent_needed")


def test_a_code_is_void_when_the_consent_was_withdrawn(counter, owner):
    person_id, shown = counter.registered(), code(owner)
    owner.call("DELETE", "/mini/v1/consents/document")
    assert counter.bind(person_id, shown).json["code"] == "binding_code_wrong"
    assert holders(person_id) == []


def test_a_clerk_has_five_tries_of_a_code_and_a_right_one_forgives_them(counter, owner):
    person_id = counter.registered()
    assert [counter.bind(person_id, f"{n:08d}").status_code for n in range(4)] == [422] * 4
    assert counter.bind(person_id, code(owner)).status_code == 201
    assert [counter.bind(person_id, f"{n:08d}").status_code for n in range(6)] == [422] * 5 + [429]


@pytest.mark.parametrize("person_id", [NOBODY, "x", "%00"])
def test_nobody_is_bound_to_a_person_that_is_none(counter, owner, person_id):
    assert counter.bind(person_id, code(owner)).status_code == 404
    assert counter.serve(person_id).status_code == 404


def test_a_child_is_not_bound_to_an_account(counter, owner, travel):
    birthday = clock.today() + timedelta(days=20)
    child = counter.registered(birth=born(birthday, 14), seen="birth_certificate")
    for day, expected in ((birthday - timedelta(days=1), 422), (birthday, 201)):
        travel(day.isoformat())
        again(counter, owner)
        assert counter.bind(child, code(owner)).status_code == expected, day


# At once


def test_two_clerks_who_bind_one_person_to_two_phones_leave_one_binding(counter, app, client, sandbox):
    body = somebody("郑三")
    for _ in range(5):
        phones = [resident(client, sandbox) for _ in range(2)]
        person_id = counter.registered(body)
        calls = [partial(counter.twin(app.test_client()).bind, person_id, code(phone)) for phone in phones]
        assert [one.status_code for one in at_once(calls)] == [201, 201]
        assert len(holders(person_id)) == 1
        assert sorted(level(phone) for phone in phones) == ["account", "verified"]
        assert len([one for one in bindings_of(person_id) if one["open"]]) == 1


def test_one_code_typed_by_many_clerks_counts_once(counter, app, owner):
    persons = [counter.registered() for _ in range(5)]
    shown = code(owner)
    calls = [partial(counter.twin(app.test_client()).bind, one, shown) for one in persons]
    statuses = [one.status_code for one in at_once(calls)]
    assert sorted(statuses) == [201, 422, 422, 422, 422]
    assert [len(holders(one)) for one in persons] == [int(status == 201) for status in statuses]


def test_who_declares_while_a_clerk_binds_never_stays_beside_the_verified_one(counter, app, client, sandbox):
    for _ in range(5):
        body = somebody("冯四")
        person_id = counter.registered(body)
        owner, stranger = resident(client, sandbox), resident(client, sandbox)
        declare = partial(stranger.twin(app.test_client()).post, "/mini/v1/person", body)
        bind = partial(counter.twin(app.test_client()).bind, person_id, code(owner))
        declared, bound = at_once([declare, bind])
        assert (bound.status_code, declared.status_code in {201, 409}) == (201, True)
        assert [one["level"] for one in holders(person_id)] == ["verified"]
        assert level(stranger) == "account"


def test_without_the_common_write_to_the_person_the_race_is_lost(counter, client, sandbox, monkeypatch):
    """The control: two transactions that write nothing in common do not see each other."""
    monkeypatch.setattr(person, "claim", lambda *_: None)
    body = somebody("冯五")
    person_id = counter.registered(body)
    stranger, owner = resident(client, sandbox), resident(client, sandbox)
    before = binding.require_free

    def and_then_bind(*args, **kwargs):
        before(*args, **kwargs)
        assert counter.bind(person_id, code(owner)).status_code == 201

    monkeypatch.setattr(binding, "require_free", and_then_bind)
    assert stranger.post("/mini/v1/person", body).status_code == 201
    assert len(holders(person_id)) == 2


def test_a_kill_in_the_middle_of_a_move_leaves_everything_as_it_was(counter, grab, owner, monkeypatch):
    stranger, body = grab
    person_id, shown = counter.registered(body), code(owner)

    def dies(*_args, **_kwargs):
        raise SystemExit

    monkeypatch.setattr(binding, "begin", dies)
    with pytest.raises(SystemExit):
        counter.bind(person_id, shown)
    monkeypatch.undo()
    assert (level(stranger), level(owner)) == ("declared", "account")
    assert [one["open"] for one in bindings_of(person_id)] == [True]
    assert counter.bind(person_id, shown).status_code == 201


# The person who stands there


def test_a_counter_session_shows_what_exists_for_a_person_without_a_phone(counter):
    elder, helper = counter.registered(birth="19410308"), counter.registered()
    assert (
        counter.relate("helper", elder, helper, present=elder, scope=["book"], last_day=in_days(30)).status_code == 201
    )
    here = counter.standing(elder)
    told = counter.clerk.get("/office/v1/counter-session", **here).json
    assert (told["person"]["id"], told["person"]["bindings"]) == (elder, [])
    assert [(one["side"], one["kind"], one["scope"]) for one in told["relations"]] == [("helped", "helper", ["book"])]
    assert any({ObjectId(elder), ObjectId(helper)} <= set(line["subjects"]) for line in lines(helper))
    assert len(entries(f"person:{elder}", "person.serve")) == 2


def test_a_counter_session_ends_after_a_quarter_of_an_hour_or_when_the_person_leaves(counter, shift_clock):
    elder = counter.registered(birth="19410308")
    here = counter.standing(elder)
    path = f"/office/v1/counter-sessions/{here['Counter-Session']}"
    assert [counter.clerk.call("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert counter.clerk.get("/office/v1/counter-session", **here).json["code"] == "counter_session_over"
    here = counter.standing(elder)
    shift_clock(14 * 60)
    assert counter.clerk.get("/office/v1/counter-session", **here).status_code == 200
    shift_clock(15 * 60 + 1)
    assert counter.clerk.get("/office/v1/counter-session", **here).status_code == 409


@pytest.mark.parametrize("session", ["", "x", NOBODY])
def test_without_anybody_at_the_counter_nothing_is_shown(counter, session):
    answer = counter.clerk.get("/office/v1/counter-session", **{"Counter-Session": session})
    assert (answer.status_code, answer.json["code"]) == (409, "counter_session_over")


def test_another_clerks_counter_session_is_nobodys(admin, counter):
    here = counter.standing(counter.registered())
    other = admin.hire("counter_clerk", unit="administrative_approval")
    assert other.get("/office/v1/counter-session", **here).status_code == 409
    assert other.call("DELETE", f"/office/v1/counter-sessions/{here['Counter-Session']}").status_code == 404


def test_a_child_is_served_through_the_guardian(counter):
    child = counter.registered(birth=f"{clock.today().year - 5}0308", seen="birth_certificate")
    answer = counter.serve(child)
    assert (answer.status_code, answer.json["code"]) == (422, "guardian_needed")


def test_a_lost_phone_is_unbound_for_who_stands_there_and_for_nobody_else(counter, owner):
    body = somebody("陈六")
    person_id = counter.verified(owner, body)
    other = counter.standing(counter.registered())
    path = f"/office/v1/persons/{person_id}/binding"
    assert counter.clerk.call("DELETE", path, **other).status_code == 404
    assert counter.clerk.call("DELETE", path).status_code == 409
    assert level(owner) == "verified"
    here = counter.standing(person_id)
    assert [counter.clerk.call("DELETE", path, **here).status_code for _ in range(2)] == [204, 204]
    queues.drain("notify")
    assert (level(owner), notices(owner)[0]) == ("account", "binding_lost")
    assert len(entries(f"person:{person_id}", "person.unbind")) == 1
    assert holders(person_id) == []


def test_no_name_number_or_code_is_in_audit_or_access_lines(counter, owner):
    body = somebody("司马相如")
    shown = code(owner)
    counter.bind(counter.registered(body), shown)
    told = repr([*AuditEntry._get_collection().find(), *AccessLine._get_collection().find()])
    for secret in (body["name"], body["document_number"], shown):
        assert secret not in told

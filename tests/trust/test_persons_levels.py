"""Assurance: a level for each route, raised by register, counter or face, one account a person, never falling."""

from functools import partial
from typing import get_args

import pytest

from backend.http.access import Level
from models.identity import account, binding, face, levels
from models.identity.account import Account
from models.identity.binding import Binding, BindingChanged, PersonHeld
from models.identity.levels import LevelNeeded
from models.identity.person import Person
from tests.support import queues
from tests.support.counter import level, notices, resident
from tests.support.crowd import at_once
from tests.support.phone import person as somebody


@pytest.fixture
def me(client, seeded, sandbox):
    return resident(client, sandbox, somebody("张三丰"))


def of(phone) -> dict:
    return account.authenticate(phone.token).document


def matched(phone, to: str = "matched", method: str = "register") -> bool:
    document = of(phone)
    return binding.raise_level(
        document["_id"], document["person"], to, method=method, evidence=["fact:1"], by="system:registers"
    )


def records(phone) -> list[dict]:
    return list(Binding._get_collection().find({"account": of(phone)["_id"]}).sort("_id", 1))


def test_routes_know_exactly_the_levels_that_accounts_have():
    assert get_args(Level) == levels.LEVELS
    assert Account.level.choices == levels.LEVELS
    assert Person.level.choices == levels.LEVELS[1:]


@pytest.mark.parametrize("needed", levels.LEVELS)
@pytest.mark.parametrize("has", levels.LEVELS)
def test_a_level_reaches_itself_and_what_is_below(has, needed):
    reached = levels.LEVELS.index(has) >= levels.LEVELS.index(needed)
    assert levels.reaches(has, needed) is reached
    if not reached:
        with pytest.raises(LevelNeeded) as refused:
            levels.require(has, needed)
        assert refused.value.fields == {"level": [needed]}
        assert levels.LEVEL_ZH[needed] in refused.value.message()
        assert "{" not in refused.value.message("en")


def test_a_route_above_ones_level_says_which_is_needed_and_how_to_get_there(me):
    answer = me.get("/mini/v1/relations")
    assert (answer.status_code, answer.json["code"]) == (403, "level_needed")
    assert answer.json["fields"] == {"level": ["matched"]}
    assert "窗口" in answer.json["message"]
    assert me.get("/mini/v1/person").status_code == 200


def test_who_is_bound_to_nobody_is_asked_to_bind_first(client, seeded, sandbox):
    answer = resident(client, sandbox).get("/mini/v1/relations")
    assert (answer.status_code, answer.json["code"]) == (403, "binding_needed")


def test_a_raised_level_holds_with_the_next_request_and_is_recorded(me):
    assert matched(me) is True
    told = me.get("/mini/v1/account").json
    assert (told["level"], told["level_zh"], told["method_zh"]) == ("matched", "登记核验", "登记部门比对")
    assert me.get("/mini/v1/relations").status_code == 200
    first, second = records(me)
    assert (first["level"], first["end_reason"], first["open"]) == ("declared", "replaced", False)
    assert (second["level"], second["evidence"], second["by"]) == ("matched", ["fact:1"], "system:registers")
    assert Person._get_collection().find_one({"_id": of(me)["person"]})["level"] == "matched"


def test_raising_again_changes_nothing_and_a_level_never_falls(me):
    assert [matched(me, "verified", "face"), matched(me, "verified", "face"), matched(me)] == [True, False, False]
    assert level(me) == "verified"
    assert len(records(me)) == 2


def test_the_level_of_another_person_or_of_nobody_is_not_raised(me, client, sandbox):
    other, unbound = resident(client, sandbox, somebody()), resident(client, sandbox)
    for document in (of(me), of(unbound)):
        with pytest.raises(BindingChanged):
            binding.raise_level(
                document["_id"], of(other)["person"], "matched", method="register", evidence=[], by="system:x"
            )
    assert (level(me), level(unbound)) == ("declared", "account")


def test_of_two_phones_that_declared_one_person_the_register_makes_one_sure(client, seeded, sandbox):
    body = somebody("李四")
    first, second = (resident(client, sandbox, body) for _ in range(2))
    assert matched(first)
    with pytest.raises(PersonHeld):
        matched(second)
    assert (level(first), level(second)) == ("matched", "declared")


def test_two_phones_matched_at_once_leave_one_sure(client, seeded, sandbox):
    for _ in range(5):
        body = somebody("李五")
        phones = [resident(client, sandbox, body) for _ in range(3)]
        calls = [partial(tried, phone) for phone in phones]
        assert sorted(at_once(calls)) == ["held", "held", "raised"]
        assert sorted(level(phone) for phone in phones) == ["declared", "declared", "matched"]


def tried(phone) -> str:
    try:
        return "raised" if matched(phone) else "same"
    except PersonHeld:
        return "held"


def test_a_declared_binding_yields_to_a_verified_one_and_is_told(client, seeded, sandbox):
    body = somebody("李六")
    first, second = (resident(client, sandbox, body) for _ in range(2))
    assert matched(first, "verified", "face")
    queues.drain("notify")
    assert (level(second), notices(second)) == ("account", ["binding_lost"])
    assert level(first) == "verified"


def test_a_person_who_is_held_surely_is_not_declared_elsewhere(client, seeded, sandbox):
    body = somebody("李七")
    assert matched(resident(client, sandbox, body))
    stranger = resident(client, sandbox)
    answer = stranger.post("/mini/v1/person", body)
    assert (answer.status_code, answer.json["code"]) == (409, "person_bound_elsewhere")
    assert "窗口" in answer.json["message"]
    assert (level(stranger), stranger.get("/mini/v1/companions").json["items"]) == ("account", [])


def test_withdrawing_the_consent_ends_the_record_and_lets_the_person_bind_elsewhere(client, seeded, sandbox):
    body = somebody("李八")
    old = resident(client, sandbox, body)
    matched(old)
    account_id = of(old)["_id"]
    assert old.call("DELETE", "/mini/v1/consents/document").status_code == 204
    ended = list(Binding._get_collection().find({"account": account_id, "end_reason": "consent_withdrawn"}))
    assert [one["open"] for one in ended] == [False]
    new = resident(client, sandbox, body)
    assert matched(new)


def test_binding_is_one_write_or_none(client, seeded, sandbox, monkeypatch):
    phone = resident(client, sandbox)

    def dies(*_args):
        raise SystemExit

    monkeypatch.setattr(binding, "begin", dies)
    with pytest.raises(SystemExit):
        phone.post("/mini/v1/person", somebody())
    monkeypatch.undo()
    assert (level(phone), phone.get("/mini/v1/companions").json["items"]) == ("account", [])
    assert phone.post("/mini/v1/person", somebody()).status_code == 201


def test_one_account_bound_at_once_to_several_persons_has_one(client, seeded, sandbox, app):
    phone = resident(client, sandbox)
    calls = [partial(phone.twin(app.test_client()).post, "/mini/v1/person", somebody()) for _ in range(4)]
    answers = at_once(calls)
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"already_bound"}
    assert len(phone.get("/mini/v1/companions").json["items"]) == 1
    assert len([one for one in records(phone) if one["open"]]) == 1


@pytest.mark.parametrize(("day", "expected"), [("2029-03-07", 422), ("2029-03-08", 201)], ids=["13 y 364 d", "14 y"])
def test_a_child_below_fourteen_has_no_account_of_their_own(client, seeded, sandbox, travel, day, expected):
    travel(day)
    phone = resident(client, sandbox)
    answer = phone.post("/mini/v1/person", somebody(birth="20150308"))
    assert answer.status_code == expected
    if expected == 422:
        assert answer.json["code"] == "guardian_needed"


@pytest.mark.parametrize("passed", [True, False])
def test_a_face_check_raises_to_verified_only_when_it_passed(me, passed):
    actor = account.authenticate(me.token)
    outcome = face.Outcome("ticket-1", actor.person_id, passed)
    if passed:
        face.apply(actor, outcome)
        face.apply(actor, outcome)
        assert me.get("/mini/v1/account").json["method"] == "face"
        assert "ticket-1" not in repr(records(me))
    else:
        with pytest.raises(face.FaceNotMatched):
            face.apply(actor, outcome)
        assert level(me) == "declared"


def test_a_face_check_of_another_person_raises_nothing(me, client, sandbox):
    other = account.authenticate(resident(client, sandbox, somebody()).token)
    with pytest.raises(face.FaceNotMatched):
        face.apply(account.authenticate(me.token), face.Outcome("t", other.person_id, passed=True))
    assert level(me) == "declared"


def test_one_sees_oneself_masked_and_leaves_no_access_line(me):
    shown = me.get("/mini/v1/person").json
    assert (shown["name"], shown["level"], shown["acting_for"]) == ("张**", "declared", False)
    assert shown["document_tail"].startswith("****")

"""Codes shown at a counter, and looking for persons: guessed, reused, or asked for without end."""

from functools import partial

import pytest

from models.identity.binding_code import BindingCode
from tests.abuse.evidence import refused, told, unchanged
from tests.support.counter import code, resident
from tests.support.crowd import at_once
from tests.support.phone import person as somebody


def test_binding_codes_are_guessed_five_times_while_one_holds(counter, client, sandbox):
    shown = code(resident(client, sandbox))
    person_id = counter.registered()
    others = [one for one in (f"{number:08d}" for number in range(8)) if one != shown][:7]
    with unchanged():
        assert [counter.bind(person_id, one).status_code for one in others] == [422] * 5 + [429] * 2
        refused(counter.bind(person_id, shown), 429, "too_many_requests")


def test_guesses_of_a_binding_code_at_once_are_five(counter, app):
    person_id = counter.registered()
    calls = [partial(counter.twin(app.test_client()).bind, person_id, f"{number:08d}") for number in range(12)]
    statuses = [one.status_code for one in at_once(calls)]
    assert (statuses.count(422), statuses.count(429)) == (5, 7)


def test_an_account_makes_ten_binding_codes_a_day(client, seeded, sandbox):
    phone = resident(client, sandbox)
    made = {code(phone) for _ in range(10)}
    assert {len(one) for one in made} == {8}
    with unchanged():
        refused(phone.post("/mini/v1/binding-code"), 429, "too_many_requests")


@pytest.mark.parametrize(
    "bend",
    [lambda c: c[:-1], lambda c: c + "0", lambda c: f" {c}", lambda _c: "", lambda c: {"$ne": c},
     lambda c: "".join(chr(ord("０") + int(d)) for d in c), int],
)  # fmt: skip
def test_a_binding_code_in_a_wrong_form(counter, client, sandbox, bend):
    shown = code(resident(client, sandbox))
    person_id = counter.registered()
    with unchanged():
        answer = counter.bind(person_id, bend(shown))
        assert answer.status_code in {400, 422}


def test_a_binding_code_after_five_minutes_after_its_use_and_after_a_newer_one(counter, client, sandbox, shift_clock):
    phone = resident(client, sandbox)
    person_id, first, second = counter.registered(), code(phone), code(phone)
    with unchanged():
        refused(counter.bind(person_id, first), 422, "binding_code_wrong")
    assert counter.bind(person_id, second).status_code == 201
    with unchanged():
        refused(counter.bind(person_id, second), 422, "binding_code_wrong")
    third = code(phone)
    shift_clock(5 * 60 + 1)
    assert counter.clerk.get("/office/v1/me").status_code == 200
    with unchanged():
        refused(counter.bind(person_id, third), 422, "binding_code_wrong")


def test_a_binding_code_is_no_use_to_another_resident(client, sandbox, phone):
    shown = code(resident(client, sandbox))
    with unchanged():
        answer = phone.post(f"/office/v1/persons/{'0' * 24}/binding", {"code": shown, "document_seen": "identity_card"})
        refused(answer, 401, "session_ended")
    assert BindingCode._get_collection().count_documents({"_id": {"$exists": True}}) == 1


def test_persons_are_looked_for_sixty_times_an_hour(counter):
    body = somebody("无此人")
    with unchanged():
        statuses = [counter.find(body).status_code for _ in range(62)]
    assert statuses == [404] * 60 + [429] * 2


def test_a_wrong_name_is_answered_like_nobody(counter, phone):
    known = {"name": "李小龙", "document_kind": "resident_id", "document_number": phone.document}
    with unchanged():
        answers = {told(counter.find(body)) for body in (known, somebody("无此人"))}
    assert len(answers) == 1

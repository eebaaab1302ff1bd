import threading

import marshmallow as ma
import pytest
from bson import encode
from flask import abort

from backend.errors import Conflict
from backend.http.access import resident
from backend.http.idempotency import KEPT, LEASE, KeptAnswer, idempotent
from tests.support import probe
from tests.support.crowd import at_once


class Body(ma.Schema):
    n = ma.fields.Integer(required=True)


class Desk:
    """A route that counts how often it worked; `before` is called while it works."""

    def __init__(self, settings):
        self.worked, self.before = 0, lambda: None
        surface = probe.surface()

        @surface.post("/pay/<where>", access=resident())
        @idempotent
        @surface.arguments(Body)
        @surface.answer(201, Body)
        def pay(body, where):
            self.worked += 1
            turn = self.worked
            self.before()
            return {"n": body["n"], "where": where, "turn": turn, "name": "张三丰"}

        self.app = probe.app(settings, surface)

    def pay(self, key="k", n=1, *, where="x", actor="a"):
        headers = {"X-Actor": actor, **({"Idempotency-Key": key} if key is not None else {})}
        return self.app.test_client().post(f"/probe/pay/{where}", json={"n": n}, headers=headers)


@pytest.fixture
def desk(module_settings, store):
    return Desk(module_settings)


def kept():
    return list(KeptAnswer._get_collection().find())


def refusal(answer):
    return answer.status_code, answer.json["code"]


def failing(error):
    def fail():
        raise error

    return fail


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(desk):
    first, second = desk.pay(), desk.pay()
    assert (second.status_code, second.data, second.mimetype) == (201, first.data, "application/json")
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert desk.worked == 1


def test_the_same_key_with_another_body_is_a_422(desk):
    desk.pay(n=1)
    assert refusal(desk.pay(n=2)) == (422, "idempotency_key_reused")
    assert desk.worked == 1


@pytest.mark.parametrize("other", [{"key": "l"}, {"where": "y"}, {"actor": "b"}], ids=["key", "path", "actor"])
def test_another(desk, other):
    desk.pay()
    assert desk.pay(**other).json["turn"] == 2


@pytest.mark.parametrize("key", [None, "", "k" * 256], ids=["none", "empty", "too long"])
def test_a_request_without_a_usable_key_is_a_400(desk, key):
    assert refusal(desk.pay(key)) == (400, "idempotency_key_missing")
    assert desk.worked == 0


def test_a_key_of_255_characters_is_taken(desk):
    assert desk.pay("k" * 255).status_code == 201


def test_the_answer_is_kept_sealed_for_a_day_and_the_key_only_as_a_digest(desk):
    desk.pay("a-speaking-key")
    raw = encode(kept()[0])
    assert "张三丰".encode() not in raw
    assert b"a-speaking-key" not in raw
    indexes = KeptAnswer._get_collection().index_information().values()
    assert [one["expireAfterSeconds"] for one in indexes if "expireAfterSeconds" in one] == [24 * 3600]
    assert KEPT.days == 1


def test_while_the_first_one_is_running_the_second_is_told_so(desk):
    inside, go_on = threading.Event(), threading.Event()
    desk.before = lambda: (inside.set(), go_on.wait(20))
    first = threading.Thread(target=desk.pay)
    first.start()
    assert inside.wait(20)
    assert refusal(desk.pay()) == (409, "still_running")
    assert refusal(desk.pay(n=2)) == (422, "idempotency_key_reused")
    go_on.set()
    first.join()
    assert desk.pay().json["turn"] == 1


def test_a_first_one_that_died_is_taken_over_after_its_lease_and_cannot_overwrite(desk, shift_clock):
    inside, go_on, late = threading.Event(), threading.Event(), []
    desk.before = lambda: (inside.set(), go_on.wait(20))
    first = threading.Thread(target=lambda: late.append(desk.pay()))
    first.start()
    assert inside.wait(20)
    desk.before = lambda: None
    shift_clock(LEASE.total_seconds() + 1)
    assert desk.pay().json["turn"] == 2
    go_on.set()
    first.join()
    assert late[0].json["turn"] == 1
    assert desk.pay().json["turn"] == 2


@pytest.mark.parametrize("error", [Conflict, lambda: abort(404)], ids=["a rule", "HTTP"])
def test_a_refusal_is_not_kept_because_nothing_was_done(desk, error):
    desk.before = failing(error()) if error is Conflict else error
    assert desk.pay().status_code in {404, 409}
    assert kept() == []
    desk.before = lambda: None
    assert desk.pay().status_code == 201


def test_input_of_a_wrong_form_is_not_kept(desk):
    assert desk.pay(n="many").json["fields"] == {"n": ["此项应为整数。"]}
    assert kept() == []
    assert desk.pay(n=1).status_code == 201


def test_after_an_error_of_ours_the_same_request_may_run_again_at_once_and_no_other(desk):
    desk.before = failing(RuntimeError("broken"))
    assert desk.pay().status_code == 500
    desk.before = lambda: None
    assert refusal(desk.pay(n=2)) == (422, "idempotency_key_reused")
    assert desk.pay().json["turn"] == 2
    assert desk.pay().json["turn"] == 2


def test_sixteen_at_once_work_once(desk):
    answers = at_once([desk.pay] * 16)
    assert desk.worked == 1
    assert {one.status_code for one in answers} <= {201, 409}
    assert {one.json["turn"] for one in answers if one.status_code == 201} == {1}

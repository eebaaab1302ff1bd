import uuid
from dataclasses import replace

import pytest

from backend import runtime
from backend.embedded.process import free_port
from backend.errors import TooMany, Unavailable
from backend.http import limits
from tests.support.phone import Phone


@pytest.fixture
def without_redis(parts):
    """A process whose Redis does not answer: nobody listens on its port."""
    settings = replace(parts.settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    runtime.install(replace(parts, settings=settings))
    yield
    runtime.install(parts)


def taken(count, ask):
    """Return how many of `count` tries were let through."""
    through = 0
    for _ in range(count):
        try:
            ask()
        except TooMany:
            continue
        through += 1
    return through


@pytest.mark.parametrize(("rule", "count"), [("3/minute", 3), ("5/hour", 5), ("1/second", 1)])
def test_a_strict_limit_lets_so_many_through(store, rule, count):
    assert taken(count + 4, lambda: limits.strictly(rule, "probe", rule)) == count


def test_a_strict_limit_counts_each_identifier_and_each_purpose_apart(store):
    for names in (("login", "1.2.3.4"), ("login", "1.2.3.5"), ("phone", "1.2.3.4")):
        assert taken(4, lambda names=names: limits.strictly("2/minute", *names)) == 2


def test_a_strict_limit_holds_over_all_processes(store):
    assert taken(2, lambda: limits.strictly("3/minute", "shared")) == 2
    limits._strict.clear()  # as another process begins
    assert taken(3, lambda: limits.strictly("3/minute", "shared")) == 1


def test_who_asks_too_often_is_told_when_to_come_back(store):
    limits.strictly("1/minute", "told")
    with pytest.raises(TooMany) as caught:
        limits.strictly("1/minute", "told")
    assert caught.value.message() == "操作太频繁,请 60 秒后再试。"


def test_without_redis_a_strict_limit_lets_nobody_through(store, without_redis):
    with pytest.raises(Unavailable):
        limits.strictly("100/minute", "login", "1.2.3.4")


def test_the_general_guard_counts_each_actor_apart_in_the_process():
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    assert taken(9, lambda: limits.guard(first, per_minute=5)) == 5
    assert taken(2, lambda: limits.guard(second, per_minute=5)) == 2


def test_the_general_guard_needs_no_redis(store, without_redis):
    assert taken(3, lambda: limits.guard(uuid.uuid4().hex)) == 3


def log_in(phone, address):
    return phone.client.post("/mini/v1/login", json={"js_code": "x", "privacy_version": "x"}, environ_base=address)


def test_over_http_logins_of_one_address_are_limited_and_those_of_another_go_on(client, seeded, sandbox):
    phone, here, there = Phone(client, sandbox), {"REMOTE_ADDR": "10.0.0.1"}, {"REMOTE_ADDR": "10.0.0.2"}
    answers = [log_in(phone, here) for _ in range(121)]
    assert [one.status_code for one in answers] == [409] * 120 + [429]
    assert (answers[-1].json["code"], answers[-1].headers["Retry-After"]) == ("too_many_requests", "60")
    assert log_in(phone, there).status_code == 409


def test_over_http_phone_codes_of_one_account_are_limited(phone):
    phone.consent("phone")
    answers = [phone.post("/mini/v1/phone", {"code": "x"}).status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]


def test_over_http_reading_goes_on_without_redis_and_logging_in_does_not(phone, without_redis):
    assert phone.get("/mini/v1/account").status_code == 200
    assert phone.get("/mini/v1/places").status_code == 200
    answer = log_in(phone, {})
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")

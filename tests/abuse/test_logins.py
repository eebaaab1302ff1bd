"""Guessing, replaying and locking at the doors: passwords, one-time codes, links, codes shown at a counter."""

import itertools
import json
from datetime import timedelta
from functools import partial

import pyotp
import pytest

from backend import clock
from backend.http import limits
from blueprints.identity.office_session import LIMIT_OF_LOGIN
from models.identity import known_address, login_attempt, opaque_token, password, second_factor
from models.identity.account import Account
from models.identity.login_attempt import MOST_FAILURES, MOST_FROM_STRANGERS
from models.identity.staff import StaffMember
from tests.abuse.evidence import LOGIN_TRACES, refused, told, unchanged
from tests.support.clerk import PASSWORD, Clerk
from tests.support.crowd import at_once
from tests.support.phone import Phone

WRONG = "Wrong-password-1"


def guess(clerk, **changes):
    return clerk.try_login(**{"password": WRONG, "code": "000000", **changes})


def at(clerk, step: int) -> str:
    return pyotp.TOTP(clerk.secret).generate_otp(int(clock.timestamp() // second_factor.SECONDS) + step)


def failed(answer) -> None:
    refused(answer, 401, "login_failed")


# The second factor


@pytest.mark.parametrize("zero", ["０", "٠", "०", "𝟎", "〇"])
def test_a_code_in_other_digits(admin, zero):
    right = admin.code()
    other = "".join(chr(ord(zero) + int(digit)) for digit in right)
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=other))


@pytest.mark.parametrize("form", [" {}", "{} ", "{}\n", "+{}", "{}.0", "0{}", "{}\x00", "{0}{0}"])
def test_a_right_code_in_a_wrong_form(admin, form):
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=form.format(admin.code())))


@pytest.mark.parametrize("value", [123456, 123456.0, True, None, ["492039"], {"$ne": ""}, {"$gt": ""}, ""])
def test_a_code_that_is_no_text(admin, value):
    body = {"login": admin.login, "password": PASSWORD, "totp": value}
    with unchanged():
        refused(admin.client.post("/office/v1/login", json=body), 400)


def test_a_code_a_second_time(admin):
    used = admin.code()
    assert admin.try_login(code=used).status_code == 200
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=used))


def test_a_code_in_two_requests_at_once(admin, app):
    used, before = admin.code(), len(admin.get("/office/v1/sessions").json["items"])
    twins = [admin.twin(app.test_client()) for _ in range(4)]
    got = at_once([partial(twin.try_login, code=used) for twin in twins])
    assert sorted(one.status_code for one in got) == [200, 401, 401, 401]
    assert len(admin.get("/office/v1/sessions").json["items"]) == before + 1


def test_a_code_of_the_half_minute_before_once_a_later_one_was_used(admin):
    former, later = at(admin, -1), at(admin, 0)
    assert admin.try_login(code=later).status_code == 200
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=former))


@pytest.mark.parametrize("step", [-20, -3, 3, 20, 2880])
def test_a_code_of_another_time(admin, step):
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=at(admin, step)))


def test_a_code_of_a_colleague(admin, manager):
    with unchanged(*LOGIN_TRACES):
        failed(admin.try_login(code=manager.code()))


def test_a_password_of_a_colleague_with_ones_own_code(admin, client, manager):
    login, answer = admin.invite("gate_clerk", unit="changzhengyuan")
    other = Clerk(client, answer.json["link"], login)
    other.accept("Chang-zheng 1934!"), other.confirm()
    with unchanged(*LOGIN_TRACES):
        failed(manager.try_login(password="Chang-zheng 1934!"))


def test_a_code_that_activated_the_account_opens_no_session(admin, client):
    login, answer = admin.invite("gate_clerk", unit="changzhengyuan")
    clerk = Clerk(client, answer.json["link"], login)
    clerk.accept()
    used = clerk.code()
    assert clerk.confirm(used).status_code == 204
    with unchanged(*LOGIN_TRACES):
        failed(clerk.try_login(code=used))


def test_codes_are_guessed_five_times_with_the_right_password(admin):
    guesses = [admin.try_login(code=f"{number:06d}") for number in range(MOST_FAILURES)]
    for one in guesses:
        failed(one)
    with unchanged("login_attempts"):
        refused(admin.try_login(), 429, "login_locked")


def test_codes_guessed_at_once_do_not_pass_the_lock(admin, app):
    calls = [partial(admin.twin(app.test_client()).try_login, code=f"{number:06d}") for number in range(9)]
    statuses = [one.status_code for one in at_once(calls)]
    assert statuses.count(401) <= MOST_FAILURES
    assert set(statuses) <= {401, 429}


def test_codes_are_guessed_no_oftener_from_many_addresses(admin):
    """Five tries while a code is shown, whoever makes them."""
    statuses = [guess(admin, password=PASSWORD, address=f"10.0.0.{number}").status_code for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert limits.parse(LIMIT_OF_LOGIN).get_expiry() / second_factor.SECONDS * MOST_FAILURES == 10


# The lock


def test_passwords_are_guessed_five_times_from_an_address(admin):
    for _ in range(MOST_FAILURES):
        failed(guess(admin))
    with unchanged("login_attempts"):
        refused(admin.try_login(), 429, "login_locked")


def test_who_guesses_in_a_members_name_locks_only_themselves(admin):
    for _ in range(MOST_FAILURES):
        failed(guess(admin, address="203.0.113.9"))
    refused(guess(admin, address="203.0.113.9"), 429, "login_locked")
    assert admin.try_login(address="198.51.100.7").status_code == 200


def test_one_address_that_goes_on_and_on_never_keeps_a_member_out(admin, shift_clock, parts):
    for quarter in range(4):
        parts.redis.flushdb()  # whose clock is not shifted
        shift_clock(quarter * (15 * 60 + 1))
        for _ in range(12):
            guess(admin, address="203.0.113.9")
        assert admin.try_login(address=f"198.51.100.{quarter}").status_code == 200


def test_strangers_from_everywhere_do_not_keep_a_member_out_where_they_work(admin, parts):
    assert admin.try_login(address="198.51.100.7").status_code == 200
    numbers = itertools.count(1)
    statuses = []
    while statuses[-3:] != [429] * 3:
        parts.redis.flushdb()  # the minute is over
        statuses += [guess(admin, address=f"203.0.113.{next(numbers)}").status_code for _ in range(9)]
    assert statuses.count(401) == MOST_FROM_STRANGERS
    with unchanged("login_attempts"):
        refused(admin.try_login(address="203.0.113.250"), 429, "login_locked")
    assert admin.get("/office/v1/me").status_code == 200
    assert admin.try_login(address="198.51.100.7").status_code == 200


def test_strangers_of_one_minute_do_not_use_up_a_members_tries(admin):
    assert admin.try_login(address="198.51.100.7").status_code == 200
    for number in range(12):
        guess(admin, address=f"203.0.113.{number}")
    refused(guess(admin, address="203.0.113.99"), 429, "too_many_requests")
    assert admin.try_login(address="198.51.100.7").status_code == 200


def test_a_failed_login_makes_no_address_known(admin):
    guess(admin, address="203.0.113.9")
    admin.try_login(address="203.0.113.9", password=WRONG)
    assert not known_address.holds(admin.login, "203.0.113.9")
    assert login_attempt.is_strange(admin.login, "203.0.113.9")


def test_an_address_is_known_to_one_login_and_for_a_time(admin, shift_clock):
    assert admin.try_login(address="198.51.100.7").status_code == 200
    assert known_address.holds(admin.login, "198.51.100.7")
    assert not known_address.holds("somebody.else", "198.51.100.7")
    shift_clock(known_address.LASTS.total_seconds() + 60)
    assert not known_address.holds(admin.login, "198.51.100.7")


def test_one_subscribers_ipv6_addresses_are_one(admin):
    for number in range(MOST_FAILURES):
        failed(guess(admin, address=f"2001:db8:1:2:{number:x}::{number:x}"))
    refused(guess(admin, address="2001:db8:1:2:ffff::1"), 429, "login_locked")
    failed(guess(admin, address="2001:db8:1:3::1"))


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"])
def test_a_header_that_claims_another_address_gives_no_further_tries(admin, name):
    def claimed(number: int):
        body = {"login": admin.login, "password": WRONG, "totp": "000000"}
        return admin.client.post("/office/v1/login", json=body, headers={name: f"198.51.100.{number}"})

    assert [claimed(number).status_code for number in range(6)] == [401] * 5 + [429]


@pytest.mark.parametrize("spelled", ["WANG.MIN", "Wang.Min", "wang.mİn".lower()])
def test_other_spellings_of_a_login_give_no_further_tries(admin, spelled):
    for _ in range(MOST_FAILURES):
        guess(admin)
    answer = guess(admin, login=spelled)
    assert answer.status_code in {401, 429}
    assert admin.try_login(login=spelled).status_code != 200


def test_a_stolen_session_guesses_the_password_five_times_and_locks_nobody_else(manager, shift_clock):
    stolen = manager.token
    shift_clock(60)
    manager.log_in()
    assert manager.get("/office/v1/me", Authorization=f"Bearer {stolen}").status_code == 200

    def change(token: str, old: str):
        body = {"password": old, "new_password": "Chang-zheng 1935!"}
        return manager.post("/office/v1/password", body, Authorization=f"Bearer {token}")

    with unchanged("login_attempts"):
        statuses = [change(stolen, f"{WRONG}{number}").status_code for number in range(7)]
        assert statuses == [422] * 5 + [429] * 2
        refused(change(stolen, PASSWORD), 429, "login_locked")
    shift_clock(120)
    assert manager.try_login().status_code == 200
    assert change(manager.token, PASSWORD).status_code == 204


# Who is there


@pytest.fixture
def kinds(admin, manager, auditor, client) -> dict[str, dict]:
    """What an attacker may type: of nobody, of members in every state, with a wrong password, or a wrong code only."""
    invited, _ = admin.invite("gate_clerk", unit="changzhengyuan")
    proposed, _ = admin.invite("auditor")
    disabled = auditor.login
    assert admin.post(f"/office/v1/staff/{auditor.id}/disable").status_code == 204
    return {
        "nobody": {"login": "nobody.at.all"},
        "no login at all": {"login": "$where: 1"},
        "wrong password": {"login": manager.login},
        "wrong code": {"login": manager.login, "password": PASSWORD},
        "wrong password, right code": {"login": manager.login, "code": manager.code()},
        "invited": {"login": invited},
        "proposed": {"login": proposed},
        "disabled": {"login": disabled, "password": PASSWORD},
    }


def test_refusals_of_a_login_are_alike_to_the_last_byte(admin, kinds):
    with unchanged(*LOGIN_TRACES):
        seen = {
            name: told(guess(admin, address=f"10.9.{n}.1", **typed)) for n, (name, typed) in enumerate(kinds.items())
        }
    assert len(set(seen.values())) == 1, seen


def test_locks_are_alike_whether_the_login_exists_or_not(admin, kinds):
    seen = {}
    for number, name in enumerate(("nobody", "wrong password", "disabled", "invited")):
        address = f"10.8.{number}.1"
        statuses = [guess(admin, address=address, **kinds[name]).status_code for _ in range(MOST_FAILURES)]
        locked = guess(admin, address=address, **kinds[name])
        assert 880 < int(locked.headers["Retry-After"]) <= 901
        body = {key: value for key, value in locked.json.items() if key in {"code", "fields"}}
        seen[name] = (tuple(statuses), locked.status_code, json.dumps(body))
    assert len(set(seen.values())) == 1, seen


def test_every_kind_of_failure_is_hashed_and_leaves_the_same_traces(admin, kinds, monkeypatch):
    """What takes the time is done for all alike; the figures are those of `bench/enumeration.py`."""
    hashed = []
    hasher, nobody = password._hashing()
    noting = type("Noting", (), {"verify": lambda _self, *told: (hashed.append(1), hasher.verify(*told))[1]})()
    monkeypatch.setattr(password, "_hashing", lambda: (noting, nobody))
    for number, typed in enumerate(kinds.values()):
        guess(admin, address=f"10.7.{number}.1", **typed)
    assert len(hashed) == len(kinds)


def test_refusals_of_an_invitation_are_alike(admin, client):
    _, made = admin.invite("gate_clerk", unit="changzhengyuan")
    member = StaffMember._get_collection().find_one({"login": admin.login})["_id"]
    waiting = admin.invite("auditor")[1].json["link"].rsplit("/", 1)[1]
    tokens = ["x", opaque_token.make(member), waiting, made.json["link"].rsplit("/", 1)[1][:-2] + "AA"]
    with unchanged():
        seen = {told(client.get(f"/office/v1/invitations/{token}")) for token in tokens}
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


# The mini-program


def test_a_js_code_counts_once(phone, client, sandbox):
    version = client.get("/mini/v1/privacy-text").json["version"]
    body = {"js_code": sandbox.js_code(phone.user), "privacy_version": version}
    assert client.post("/mini/v1/login", json=body).status_code == 200
    with unchanged():
        answer = client.post("/mini/v1/login", json=body)
        assert 400 <= answer.status_code < 500
        assert set(answer.json) <= {"code", "message", "request_id", "fields"}


@pytest.mark.parametrize("js_code", ["", "x", "0" * 200, {"$ne": ""}, "'; drop", "openid"])
def test_a_js_code_that_wechat_did_not_give(client, seeded, sandbox, js_code):
    version = client.get("/mini/v1/privacy-text").json["version"]
    with unchanged():
        answer = client.post("/mini/v1/login", json={"js_code": js_code, "privacy_version": version})
        assert 400 <= answer.status_code < 500
    assert Account._get_collection().find_one({"_id": {"$exists": True}}) is None


def test_an_openid_in_the_body_is_no_login(client, sandbox, phone):
    version = client.get("/mini/v1/privacy-text").json["version"]
    body = {"js_code": "x", "privacy_version": version, "openid": phone.user["openid"]}
    with unchanged():
        refused(client.post("/mini/v1/login", json=body), 400)


def test_logins_of_the_mini_program_from_one_address_are_counted(client, seeded, sandbox):
    version = client.get("/mini/v1/privacy-text").json["version"]
    for _ in range(120):
        limits.strictly("120/minute", "login", "127.0.0.1")
    body = {"js_code": sandbox.js_code(sandbox.user("abuse-login")), "privacy_version": version}
    with unchanged():
        refused(client.post("/mini/v1/login", json=body), 429, "too_many_requests")


def test_a_phone_logged_in_twice_is_two_sessions_and_one_account(phone, client, sandbox):
    other = Phone(client, sandbox)
    other.user = phone.user
    other.log_in()
    accounts = list(Account._get_collection().find({"_id": {"$exists": True}}))
    assert [len(one["sessions"]) for one in accounts] == [2]
    assert accounts[0]["created_at"] <= clock.now() + timedelta(seconds=1)

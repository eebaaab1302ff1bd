"""Forged, stolen, replayed and outlived tokens, over HTTP: each is refused, and nothing changes."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.identity import account, opaque_token, staff_session
from models.identity.account import Account
from models.identity.staff import StaffMember
from tests.abuse.evidence import refused, unchanged
from tests.support.affairs import seat
from tests.support.clerk import PASSWORD, agreed
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.phone import Phone
from tests.support.phone import person as somebody

NEW_PASSWORD = "Chang-zheng 1935!"


def part(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(head: dict, owner: str, key: bytes = b"") -> str:
    signed = f"{part({'typ': 'JWT', **head})}.{part({'sub': owner, 'level': 'verified', 'role': 'system_admin'})}"
    signature = part(hmac.digest(key, signed.encode(), hashlib.sha256)) if key else ""
    return f"{signed}.{signature}"


def owner(token: str) -> ObjectId:
    return opaque_token.owner(token)


def raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def flipped(token: str, place: int) -> str:
    changed = bytearray(raw(token))
    changed[place] ^= 1
    return part(bytes(changed))


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def other_spelling(token: str) -> str:
    """Return another text that a lenient decoder takes for the same bytes: the last letter has two spare bits."""
    twin = token[:-1] + LETTERS[LETTERS.index(token[-1]) ^ 1]
    assert raw(twin) == raw(token)
    return twin


BENT = {
    "a token without its last letter": lambda token: token[:-1],
    "a token without its second half": lambda token: token[: len(token) // 2],
    "a token with a letter more": lambda token: token + "A",
    "a token twice": lambda token: token + token,
    "a flipped bit in the id": lambda token: flipped(token, 3),
    "a flipped bit in the secret": lambda token: flipped(token, 20),
    "a flipped bit at the end": lambda token: flipped(token, -1),
    "another spelling of the same bytes": other_spelling,
    "the same bytes with padding": lambda token: token + "=",
    "the same letters in another case": str.swapcase,
    "letters of full width": lambda token: "".join(chr(ord(c) + 0xFEE0) for c in token),
    "noise that a lenient decoder skips": lambda token: token[:9] + "!" + token[9:],
    "percent signs": lambda token: "".join(f"%{ord(c):02x}" for c in token),
    "a token in quotes": lambda token: f'"{token}"',
    "two tokens in one header": lambda token: f"{token}, Bearer {token}",
    "a blank more before the token": lambda token: f" {token}",
    "a tab before the token": lambda token: f"\t{token}",
    "the id with a secret of zeros": lambda token: part(owner(token).binary + bytes(32)),
    "the id with an empty secret": lambda token: part(owner(token).binary),
    "what the store keeps": lambda token: part(opaque_token.digest(token)),
    "the id and what the store keeps": lambda token: part(owner(token).binary + opaque_token.digest(token)),
    "a query in place of a token": lambda _token: '{"$ne": null}',
    "a pattern in place of a token": lambda _token: ".*",
    "the words that mean nothing": lambda _token: "null",
    "a JWT without a signature": lambda token: jwt({"alg": "none"}, str(owner(token))),
    "a JWT without a signature, spelled otherwise": lambda token: jwt({"alg": "nOnE"}, str(owner(token))),
    "a JWT whose key is empty": lambda token: jwt({"alg": "HS256"}, str(owner(token)), b"\x00"),
    "a JWT that brings its own key": lambda token: jwt(
        {"alg": "HS256", "jwk": {"kty": "oct", "k": part(b"key")}}, str(owner(token)), b"key"
    ),
    "a JWT whose key is a file of the host": lambda token: jwt(
        {"alg": "HS256", "kid": "../../../../dev/null"}, str(owner(token)), b"\x00"
    ),
    "a JWT whose key is fetched": lambda token: jwt(
        {"alg": "RS256", "jku": "http://127.0.0.1/keys"}, str(owner(token)), b"x"
    ),
    "sixty thousand letters": lambda token: token * 1000,
}


def carried(bend):
    return lambda token: f"Bearer {bend(token)}"


HEADERS = {
    "no header": lambda _token: None,
    "an empty header": lambda _token: "",
    "a scheme without a token": lambda _token: "Bearer",
    "a scheme and a blank": lambda _token: "Bearer ",
    "a token without a scheme": lambda token: token,
    "the scheme Basic": lambda token: f"Basic {token}",
    "the scheme Basic in its own form": lambda token: "Basic " + base64.b64encode(f"x:{token}".encode()).decode(),
    "the scheme Digest": lambda token: f"Digest {token}",
    "the scheme Token": lambda token: f"Token {token}",
    "a device's scheme": lambda token: f'CITY-ED25519 key="{token}"',
    **{name: carried(bend) for name, bend in BENT.items()},
}


class Surface:
    """A victim of one surface, and a writing request that their token opens."""

    def __init__(self, client, token: str, method: str, path: str, body):
        self.client, self.token, self.method, self.path, self.body = client, token, method, path, body

    def send(self, authorization: str | None, **more):
        headers = [("Idempotency-Key", "one-key")]
        if authorization is not None:
            headers.append(("Authorization", authorization.encode().decode("latin-1")))
        path = self.path + more.pop("query", "")
        return self.client.open(
            path, method=self.method, json=self.body, headers=headers + more.pop("headers", []), **more
        )


def mini(client, phone: Phone) -> Surface:
    return Surface(client, phone.token, "POST", "/mini/v1/companions", somebody("李四"))


def staffed(client, admin) -> Surface:
    given = [{"role": "gate_clerk", "unit": "changzhengyuan", "area": ""}]
    body = {"login": "planted.account", "name": "刘芳", "assignments": given}
    return Surface(client, admin.token, "POST", "/office/v1/staff", body)


@pytest.fixture(params=["mini", "office"])
def surface(request, client):
    if request.param == "mini":
        return mini(client, request.getfixturevalue("phone"))
    return staffed(client, request.getfixturevalue("admin"))


@pytest.mark.parametrize("attack", HEADERS)
def test_a_forged_header_opens_nothing(surface, attack):
    with unchanged():
        answer = surface.send(HEADERS[attack](surface.token))
        refused(answer)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_true_header_does_open_it(surface):
    """The control of the attacks above: it is the token that they lack."""
    assert surface.send(f"Bearer {surface.token}").status_code == 201


@pytest.mark.parametrize("place", ["access_token", "token", "Authorization", "authorization", "bearer"])
def test_a_token_in_the_query_is_not_looked_at(surface, place):
    with unchanged():
        refused(surface.send(None, query=f"?{place}={surface.token}"), 401, "not_logged_in")
        refused(surface.send(None, query=f"?{place}=Bearer%20{surface.token}"), 401, "not_logged_in")


@pytest.mark.parametrize("name", ["token", "session", "Authorization", "access_token"])
def test_a_token_in_a_cookie_is_not_looked_at(surface, name):
    with unchanged():
        answer = surface.send(None, headers=[("Cookie", f"{name}={surface.token}")])
        refused(answer, 401, "not_logged_in")


@pytest.mark.parametrize("name", ["X-Authorization", "X-Forwarded-Authorization", "X-Access-Token", "X-User", "Token"])
def test_a_token_in_another_header_is_not_looked_at(surface, name):
    with unchanged():
        answer = surface.send(None, headers=[(name, f"Bearer {surface.token}")])
        refused(answer, 401, "not_logged_in")


def test_a_token_in_the_body_is_not_looked_at(surface):
    surface.body = {**surface.body, "access_token": surface.token, "token": surface.token}
    with unchanged():
        refused(surface.send(None), 401, "not_logged_in")


@pytest.mark.parametrize("method", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_method_in_a_header_is_not_looked_at(surface, method):
    surface.method = "GET"
    with unchanged():
        answer = surface.send(f"Bearer {surface.token}", headers=[(method, "POST")])
        assert answer.status_code in {200, 405}


# Tokens of others


def test_a_residents_token_opens_no_office_and_a_members_no_mini_program(client, phone, admin):
    with unchanged():
        refused(staffed(client, admin).send(f"Bearer {phone.token}"), 401, "session_ended")
        refused(mini(client, phone).send(f"Bearer {admin.token}"), 401, "session_ended")


def test_a_device_signature_opens_neither(client, phone, admin):
    gate = Gate(client, "pingshan")
    for surface in (mini(client, phone), staffed(client, admin)):
        body = json.dumps(surface.body).encode()
        with unchanged():
            refused(surface.send(gate.signed(body, path=surface.path)), 401, "not_logged_in")


def test_a_token_opens_no_gate(client, phone, admin):
    gate = Gate(client, "pingshan")
    for token in (phone.token, admin.token):
        with unchanged():
            refused(gate.send(b'{"code": "x"}', f"Bearer {token}"), 401, "signature_refused")


def test_a_record_of_another_with_ones_own_secret_is_nobody(client, phone, stranger, admin, manager):
    for surface, mine, theirs in (
        (mini(client, phone), stranger.token, phone.token),
        (staffed(client, admin), manager.token, admin.token),
    ):
        forged = part(owner(theirs).binary + raw(mine)[12:])
        with unchanged():
            refused(surface.send(f"Bearer {forged}"), 401, "session_ended")


def test_an_id_of_the_other_kind_of_record_with_its_secret_is_nobody(client, phone, admin):
    """An account's id and a member's are of one form: neither stands for the other."""
    forged = part(owner(admin.token).binary + raw(phone.token)[12:])
    with unchanged():
        refused(mini(client, phone).send(f"Bearer {forged}"), 401, "session_ended")
        refused(staffed(client, admin).send(f"Bearer {forged}"), 401, "session_ended")


def test_a_refresh_token_is_no_access_token(client, phone):
    with unchanged():
        refused(mini(client, phone).send(f"Bearer {phone.tokens['refresh_token']}"), 401, "session_ended")


def test_an_access_token_is_no_refresh_token(client, phone):
    with unchanged():
        refused(refresh(phone, phone.token), 401, "session_ended")
    assert phone.get("/mini/v1/account").status_code == 200


@pytest.mark.parametrize("bend", ["a flipped bit in the secret", "another spelling of the same bytes", "a token twice"])
def test_a_bent_refresh_token_is_refused_and_ends_nothing(phone, bend):
    with unchanged():
        answer = refresh(phone, BENT[bend](phone.tokens["refresh_token"]))
        assert answer.status_code in {400, 401}
    assert refresh(phone, phone.tokens["refresh_token"]).status_code == 200


def test_an_invitation_link_is_no_session(client, admin):
    _, made = admin.invite("gate_clerk", unit="changzhengyuan")
    token = made.json["link"].rsplit("/", 1)[1]
    with unchanged():
        refused(staffed(client, admin).send(f"Bearer {token}"), 401, "session_ended")


def refresh(phone, token: str):
    return phone.client.post("/mini/v1/session/refresh", json={"refresh_token": token})


# Tokens that were good once


def test_an_exchanged_refresh_token_ends_the_session_of_who_copied_it_and_of_who_lost_it(phone):
    stolen = phone.tokens["refresh_token"]
    fresh = refresh(phone, stolen).json
    with unchanged("accounts"):
        refused(refresh(phone, stolen), 401, "session_ended")
    phone.token = fresh["access_token"]
    refused(phone.get("/mini/v1/account"), 401, "session_ended")
    refused(refresh(phone, fresh["refresh_token"]), 401, "session_ended")


def test_a_refresh_token_sent_twice_at_once_gives_one_pair_at_most(phone, app):
    token = phone.tokens["refresh_token"]
    calls = [partial(app.test_client().post, "/mini/v1/session/refresh", json={"refresh_token": token})] * 4
    assert sum(one.status_code == 200 for one in at_once(calls)) == 1


def test_the_access_token_before_a_refresh_is_over(phone):
    assert refresh(phone, phone.tokens["refresh_token"]).status_code == 200
    with unchanged():
        refused(phone.post("/mini/v1/companions", somebody()), 401, "session_ended")


def test_a_token_after_logout(surface, phone, admin):
    holder, path = (phone, "/mini/v1/logout") if "/mini/" in surface.path else (admin, "/office/v1/logout")
    assert holder.post(path).status_code == 204
    with unchanged():
        refused(surface.send(f"Bearer {surface.token}"), 401, "session_ended")


def test_a_refresh_token_after_logout(phone):
    phone.post("/mini/v1/logout")
    with unchanged():
        refused(refresh(phone, phone.tokens["refresh_token"]), 401, "session_ended")


def test_every_token_after_logout_everywhere(phone, client, sandbox):
    other = Phone(client, sandbox)
    other.user = phone.user
    other.log_in()
    assert phone.post("/mini/v1/logout-everywhere").status_code == 204
    for one in (phone, other):
        with unchanged():
            refused(one.post("/mini/v1/companions", somebody()), 401, "session_ended")
            refused(refresh(one, one.tokens["refresh_token"]), 401, "session_ended")


def test_every_token_of_a_member_after_all_sessions_were_ended(admin, manager):
    first = manager.token
    manager.log_in()
    assert manager.call("DELETE", "/office/v1/sessions").status_code == 204
    for token in (first, manager.token):
        with unchanged():
            refused(manager.post("/office/v1/password", {}, Authorization=f"Bearer {token}"), 401, "session_ended")


def test_a_token_whose_member_was_disabled(admin, manager):
    assert admin.post(f"/office/v1/staff/{manager.id}/disable").status_code == 204
    with unchanged():
        refused(manager.post("/office/v1/break-glass", {}), 401, "session_ended")


def test_a_token_whose_member_was_reset_by_two(admin, manager):
    from_before, member = manager.token, manager.id
    made = admin.post(f"/office/v1/staff/{member}/totp-reset", {"reason": "手机遗失"})
    assert manager.get("/office/v1/me").status_code == 200
    agreed(admin.client, made.json["approval_id"])
    with unchanged():
        refused(manager.get("/office/v1/me", Authorization=f"Bearer {from_before}"), 401, "session_ended")


def test_a_token_after_a_change_of_roles_has_the_new_ones_at_the_next_request(admin, manager):
    assert manager.get("/office/v1/devices?place_id=pingshan").status_code == 200
    given = [{"role": "gate_clerk", "unit": "changzhengyuan", "area": ""}]
    assert admin.call("PUT", f"/office/v1/staff/{manager.id}/assignments", {"assignments": given}).status_code == 200
    with unchanged():
        refused(manager.get("/office/v1/devices?place_id=pingshan"), 403, "not_allowed")
        refused(manager.post("/office/v1/break-glass", {}), 403, "not_allowed")


def test_a_token_after_a_move_to_another_unit_reaches_the_old_one_no_more(admin, manager):
    given = [{"role": "scenic_manager", "unit": "culture_tourism", "area": ""}]
    assert manager.get("/office/v1/places/pingshan").status_code == 200
    assert admin.call("PUT", f"/office/v1/staff/{manager.id}/assignments", {"assignments": given}).status_code == 200
    with unchanged():
        refused(manager.get("/office/v1/places/pingshan"), 404, "not_found")


def test_other_tokens_after_a_change_of_the_password(manager):
    stolen = manager.token
    manager.log_in()
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    assert manager.post("/office/v1/password", body).status_code == 204
    with unchanged():
        refused(manager.get("/office/v1/me", Authorization=f"Bearer {stolen}"), 401, "session_ended")
    assert manager.get("/office/v1/me").status_code == 200


def test_no_unit_closes_under_a_living_token_and_a_closed_one_leaves_none(admin, manager):
    clerk = seat(admin.client, "gate_clerk", unit="changzhengyuan")
    with unchanged():
        refused(admin.post("/office/v1/units/changzhengyuan/close"), 409, "unit_in_use")
    for one in (clerk, manager):
        assert admin.post(f"/office/v1/staff/{one.id}/disable").status_code == 204
    assert admin.post("/office/v1/units/changzhengyuan/close").status_code == 200
    for one in (clerk, manager):
        with unchanged():
            refused(one.get("/office/v1/me"), 401, "session_ended")


def test_an_access_token_after_two_hours(phone, shift_clock):
    shift_clock(account.ACCESS_LASTS.total_seconds() - 5)
    assert phone.get("/mini/v1/account").status_code == 200
    shift_clock(account.ACCESS_LASTS.total_seconds() + 1)
    with unchanged():
        refused(phone.post("/mini/v1/companions", somebody()), 401, "session_ended")


def test_a_refresh_token_after_thirty_days(phone, shift_clock):
    shift_clock(account.REFRESH_LASTS.total_seconds() + 1)
    with unchanged():
        refused(refresh(phone, phone.tokens["refresh_token"]), 401, "session_ended")


def test_a_clock_that_is_set_back_revives_no_token(phone, shift_clock):
    """What ended by an act stays ended, whatever the clock says."""
    phone.post("/mini/v1/logout")
    shift_clock(-24 * 3600)
    with unchanged():
        refused(phone.get("/mini/v1/account"), 401, "session_ended")


def test_an_idle_session_of_a_member(admin, shift_clock):
    shift_clock(staff_session.IDLE.total_seconds() + 5)
    with unchanged():
        refused(admin.post("/office/v1/staff", {}), 401, "session_ended")


def test_a_session_of_a_member_after_its_whole_time(admin, shift_clock):
    """However busy it was kept."""
    end = staff_session.LASTS
    shift_clock(end.total_seconds() - 10)
    members, just = StaffMember._get_collection(), clock.now() - timedelta(seconds=1)
    members.update_one({"login": admin.login}, {"$set": {"sessions.$[].last_seen": just}})
    assert admin.get("/office/v1/me").status_code == 200
    shift_clock(end.total_seconds() + 5)
    with unchanged():
        refused(admin.post("/office/v1/staff", {}), 401, "session_ended")


def test_the_sixth_session_of_a_resident_ends_the_first(phone, client, sandbox):
    assert account.MOST_SESSIONS == 5
    for _ in range(account.MOST_SESSIONS):
        other = Phone(client, sandbox)
        other.user = phone.user
        other.log_in()
    with unchanged():
        refused(phone.post("/mini/v1/companions", somebody()), 401, "session_ended")
        refused(refresh(phone, phone.tokens["refresh_token"]), 401, "session_ended")
    assert len(Account._get_collection().find_one({"_id": owner(phone.token)})["sessions"]) == account.MOST_SESSIONS


def test_the_sixth_session_of_a_member_ends_the_first(admin, shift_clock):
    first = admin.token
    for number in range(staff_session.MOST_SESSIONS):
        shift_clock(60 * (number + 1))
        admin.log_in()
    with unchanged():
        refused(admin.get("/office/v1/me", Authorization=f"Bearer {first}"), 401, "session_ended")
    assert len(admin.get("/office/v1/sessions").json["items"]) == staff_session.MOST_SESSIONS


def test_a_login_never_takes_over_a_token_that_somebody_planted(admin, client):
    planted = opaque_token.make(ObjectId(admin.id))
    body = {"login": admin.login, "password": PASSWORD, "totp": admin.code()}
    headers = {"Authorization": f"Bearer {planted}", "Cookie": f"token={planted}; session={planted}"}
    answer = client.post(f"/office/v1/login?token={planted}", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json["token"] not in {planted, admin.token}
    assert "Set-Cookie" not in answer.headers
    with unchanged():
        refused(admin.post("/office/v1/staff", {}, Authorization=f"Bearer {planted}"), 401, "session_ended")


def test_a_login_of_the_mini_program_gives_a_fresh_pair_each_time(phone, client, sandbox):
    other = Phone(client, sandbox)
    other.user, other.token = phone.user, phone.token
    other.log_in()
    assert {other.tokens["access_token"], other.tokens["refresh_token"]}.isdisjoint(phone.tokens.values())

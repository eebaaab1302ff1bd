"""Login codes, access tokens, phone codes."""

import time

import pytest


def js_code(sandbox, user):
    return sandbox.control(f"users/{user['user_id']}/js_code", {})["code"]


def test_a_code_gives_the_openid_once(sandbox):
    user = sandbox.user(name="ann")
    code = js_code(sandbox, user)
    session = sandbox.login(code)
    assert session["openid"] == user["openid"]
    assert len(session["session_key"]) == 24
    assert sandbox.login(code)["errcode"] == 40163


def test_the_same_name_is_the_same_user_and_no_name_a_new_one(sandbox):
    assert sandbox.user(name="bob")["openid"] == sandbox.user(name="bob")["openid"]
    assert sandbox.user()["openid"] != sandbox.user()["openid"]


def test_unknown_and_expired_codes_are_refused(sandbox):
    code = js_code(sandbox, sandbox.user(name="cat"))
    assert sandbox.login("nonsense")["errcode"] == 40029
    sandbox.set_clock(301)
    assert sandbox.login(code)["errcode"] == 40029


@pytest.mark.parametrize(("change", "errcode"), [({"appid": "wx1"}, 40013), ({"secret": "no"}, 40125)])
def test_a_wrong_app_is_refused_without_spending_the_code(sandbox, change, errcode):
    code = js_code(sandbox, sandbox.user(name="dan"))
    assert sandbox.login(code, **change)["errcode"] == errcode
    assert "openid" in sandbox.login(code)


def test_unionid_and_blocked_users(sandbox):
    assert sandbox.login(js_code(sandbox, sandbox.user(name="eve", unionid="U1")))["unionid"] == "U1"
    assert sandbox.login(js_code(sandbox, sandbox.user(name="fay", blocked=True)))["errcode"] == 40226


def test_a_user_logs_in_a_hundred_times_a_minute_and_no_more(sandbox):
    user = sandbox.user(name="gus")
    answers = [sandbox.login(js_code(sandbox, user)) for _ in range(101)]
    assert all("openid" in answer for answer in answers[:100])
    assert answers[100]["errcode"] == 45011
    sandbox.set_clock(61)
    assert "openid" in sandbox.login(js_code(sandbox, user))


def phone(sandbox, token, code="x"):
    return sandbox.mini("/wxa/business/getuserphonenumber", {"code": code}, token)["errcode"]


def test_the_token_stays_until_its_last_five_minutes_and_then_both_are_valid(sandbox):
    first = sandbox.token()
    assert sandbox.token()["access_token"] == first["access_token"]
    sandbox.set_clock(first["expires_in"] - 200)
    second = sandbox.token()
    assert second["access_token"] != first["access_token"]
    assert second["expires_in"] == 7200
    assert phone(sandbox, first["access_token"]) == phone(sandbox, second["access_token"]) == 40029
    sandbox.set_clock(first["expires_in"] + 10)
    assert phone(sandbox, first["access_token"]) == 42001


def test_a_forced_token_retires_the_former_one_but_not_twice_in_thirty_seconds(sandbox):
    sandbox.set_clock(20_000)
    first = sandbox.token()["access_token"]
    second = sandbox.token(force_refresh=True)["access_token"]
    assert second != first
    assert phone(sandbox, first) == 40001
    assert sandbox.token(force_refresh=True)["access_token"] == second


def test_a_forced_token_is_given_twenty_times_a_day(sandbox):
    day = 86400
    morning = 3 * day - int(time.time() + 8 * 3600) % day + 3600
    answers = []
    for turn in range(21):
        sandbox.set_clock(morning + turn * 31)
        answers.append(sandbox.token(force_refresh=True))
    assert len({answer["access_token"] for answer in answers[:20]}) == 20
    assert answers[20]["errcode"] == 45009


@pytest.mark.parametrize(
    ("change", "errcode"), [({"appid": "x"}, 40013), ({"secret": "x"}, 40125), ({"grant_type": "x"}, 40002)]
)
def test_a_token_needs_the_right_app(sandbox, change, errcode):
    assert sandbox.token(**change)["errcode"] == errcode


def test_calls_without_a_good_token_are_refused(sandbox):
    assert sandbox.call("POST", "/wxa/business/getuserphonenumber", b"{}").json["errcode"] == 41001
    assert phone(sandbox, "made-up") == 40001


def test_a_token_can_be_ended_before_its_time(sandbox):
    token = sandbox.token()["access_token"]
    assert sandbox.control("expire_token", {}) == {"expired": True}
    assert phone(sandbox, token) == 42001
    assert sandbox.token()["access_token"] != token


def test_a_phone_code_gives_the_number_once_and_is_no_login_code(sandbox):
    user = sandbox.user(name="hal")
    code = sandbox.control(f"users/{user['user_id']}/phone_code", {"phone": "13800000001"})["code"]
    assert sandbox.login(code)["errcode"] == 40029
    answer = sandbox.mini("/wxa/business/getuserphonenumber", {"code": code})
    assert answer["phone_info"]["purePhoneNumber"] == "13800000001"
    assert answer["phone_info"]["watermark"]["appid"] == sandbox.credentials["appid"]
    assert sandbox.mini("/wxa/business/getuserphonenumber", {"code": code})["errcode"] == 40029
    login = js_code(sandbox, user)
    assert sandbox.mini("/wxa/business/getuserphonenumber", {"code": login})["errcode"] == 40029


def test_a_body_that_is_no_json_is_47001(sandbox):
    token = sandbox.token()["access_token"]
    assert sandbox.call("POST", f"/wxa/msg_sec_check?access_token={token}", b"{").json["errcode"] == 47001

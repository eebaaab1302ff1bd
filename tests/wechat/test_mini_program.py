import logging
import secrets
import traceback
from datetime import UTC, datetime, timedelta

import pytest
import redis

from backend import clock
from backend.errors import CityError, Unavailable
from backend.wechat.errors import (
    MessageFieldRefused,
    MessageNotGranted,
    WeChatBusy,
    WeChatFailure,
    WeChatLoginCodeRefused,
    WeChatPhoneCodeRefused,
    WeChatTooOften,
    WeChatUserBlocked,
)

STABLE, TEXT_CHECK = "/cgi-bin/stable_token", "/wxa/msg_sec_check"


def login_code(sandbox, user):
    return sandbox.do(f"users/{user['user_id']}/js_code")["code"]


def phone_code(sandbox, user):
    return sandbox.do(f"users/{user['user_id']}/phone_code")["code"]


@pytest.fixture
def user(sandbox):
    user = sandbox.user(unionid="union-1")
    login_code(sandbox, user)
    return user


# Login


def test_login_tells_who_it_is(program, sandbox, user, session):
    login = program.code_to_session(login_code(sandbox, user))
    assert (login.openid, login.unionid) == (user["openid"], "union-1")
    assert login.session_key
    assert login.session_key not in repr(login)
    assert STABLE not in session.paths


def test_login_without_unionid(program, sandbox):
    assert program.code_to_session(login_code(sandbox, sandbox.user())).unionid is None


def test_login_needs_no_redis(make_program, make_tokens, free_port, sandbox, user):
    with redis.Redis(port=free_port) as nobody:
        program = make_program(tokens=make_tokens(redis=nobody))
        assert program.code_to_session(login_code(sandbox, user)).openid == user["openid"]


def test_a_login_code_is_good_once(program, sandbox, user):
    code = login_code(sandbox, user)
    program.code_to_session(code)
    with pytest.raises(WeChatLoginCodeRefused) as caught:
        program.code_to_session(code)
    assert (caught.value.status, caught.value.code, caught.value.errcode) == (400, "wechat_code_invalid", 40163)
    assert "重新打开" in caught.value.message()


def test_a_login_code_is_good_for_five_minutes(program, sandbox, user, shift):
    code = login_code(sandbox, user)
    shift(301)
    with pytest.raises(WeChatLoginCodeRefused) as caught:
        program.code_to_session(code)
    assert caught.value.errcode == 40029


def test_an_invented_or_a_phone_code_does_not_log_in(program, sandbox, user):
    for code in ("", "invented", phone_code(sandbox, user)):
        with pytest.raises(WeChatLoginCodeRefused):
            program.code_to_session(code)


def test_a_risky_user_is_told_so(program, sandbox):
    code = login_code(sandbox, sandbox.user(blocked=True))
    with pytest.raises(WeChatUserBlocked) as caught:
        program.code_to_session(code)
    assert caught.value.status == 403


def test_over_a_hundred_logins_a_minute_are_too_many(program, sandbox):
    user = sandbox.user()
    codes = [login_code(sandbox, user) for _ in range(101)]
    for code in codes[:100]:
        program.code_to_session(code)
    with pytest.raises(WeChatTooOften) as caught:
        program.code_to_session(codes[100])
    assert caught.value.status == 429


def test_a_wrong_secret_is_our_fault_not_the_users(make_program, sandbox, user):
    with pytest.raises(WeChatFailure) as caught:
        make_program(secret="wrong").code_to_session(login_code(sandbox, user))
    assert (caught.value.status, caught.value.errcode) == (502, 40125)


BAD_MOMENTS = [
    ("answer_500", "HTTP"),
    ("answer_timeout", "ReadTimeout"),
    ("answer_lost_after_effect", "ConnectionError"),
    ("busy", ""),
    ("rate_limited", ""),
]


@pytest.mark.parametrize(("fault", "reason"), BAD_MOMENTS)
def test_login_at_a_bad_moment_is_busy(make_program, sandbox, fault, reason):
    code = login_code(sandbox, sandbox.user())
    sandbox.fault(fault, path="/sns/", seconds=2)
    with pytest.raises(WeChatBusy) as caught:
        make_program(timeout=0.2).code_to_session(code)
    assert caught.value.status == 502
    assert reason in caught.value.reason


@pytest.mark.parametrize(("fault", "reason"), BAD_MOMENTS)
def test_a_call_at_a_bad_moment_is_busy(make_program, sandbox, fault, reason):
    openid = sandbox.user()["openid"]
    sandbox.fault(fault, path=TEXT_CHECK, seconds=2)
    with pytest.raises(WeChatBusy) as caught:
        make_program(timeout=0.2).check_text("你好", openid, 2)
    assert reason in caught.value.reason


# The access token


@pytest.mark.parametrize("event", ["expire_token", "none"])
def test_a_stale_token_is_renewed_and_the_call_repeated(program, sandbox, user, session, event):
    program.check_text("你好", user["openid"], 2)
    if event == "expire_token":
        sandbox.do("expire_token")
    else:
        sandbox.fault("token_invalid", count=1, path=TEXT_CHECK)
    session.paths.clear()
    assert program.check_text("你好", user["openid"], 2).suggest == "pass"
    assert session.paths == [TEXT_CHECK, STABLE, TEXT_CHECK]


def test_a_call_that_always_answers_40001_makes_one_refresh_and_one_repeat(program, sandbox, user, session):
    program.check_text("你好", user["openid"], 2)
    sandbox.fault("token_invalid", path=TEXT_CHECK)
    session.paths.clear()
    with pytest.raises(WeChatFailure) as caught:
        program.check_text("你好", user["openid"], 2)
    assert caught.value.errcode == 40001
    assert session.paths == [TEXT_CHECK, STABLE, TEXT_CHECK]


def test_without_redis_calls_with_a_token_fail_closed(make_program, make_tokens, free_port, user, session):
    with redis.Redis(port=free_port, retry=None) as nobody, pytest.raises(Unavailable):
        make_program(tokens=make_tokens(redis=nobody)).check_text("你好", user["openid"], 2)
    assert TEXT_CHECK not in session.paths


@pytest.mark.parametrize(("fault", "errcode"), [("busy", -1), ("rate_limited", 45009), ("answer_500", None)])
def test_a_busy_wechat_is_not_asked_again(make_program, sandbox, session, fault, errcode):
    program, user = make_program(), sandbox.user()
    sandbox.fault(fault, path=TEXT_CHECK)
    with pytest.raises(WeChatBusy) as caught:
        program.check_text("你好", user["openid"], 2)
    assert caught.value.errcode == errcode
    assert session.paths.count(TEXT_CHECK) == 1


# Phone number, code picture


def test_the_phone_number_comes_once_for_a_code(program, sandbox, user):
    code = phone_code(sandbox, user)
    phone = program.phone_number(code)
    assert (phone.number, phone.country_code) == ("13800138000", "86")
    assert phone.number not in repr(phone)
    with pytest.raises(WeChatPhoneCodeRefused) as caught:
        program.phone_number(code)
    assert (caught.value.status, caught.value.code) == (400, "wechat_phone_code_invalid")


def test_a_code_picture_is_picture_bytes(program):
    assert program.code_image("poi=12", "pages/poi/poi", width=280).startswith((b"\x89PNG", b"\xff\xd8"))


def test_a_page_that_is_not_published(program, sandbox):
    sandbox.do("pages", pages=["pages/index/index"])
    try:
        with pytest.raises(WeChatFailure) as caught:
            program.code_image("a=1", "pages/new/new")
        assert program.code_image("a=1", "pages/new/new", check_path=False)
    finally:
        sandbox.do("pages", pages=None)
    assert caught.value.errcode == 41030


@pytest.mark.parametrize(
    ("scene", "page"),
    [("", "pages/a/a"), ("x" * 33, "pages/a/a"), ("a%20", "pages/a/a"), ("中", "pages/a/a"), ("a", "/pages/a/a")],
)
def test_what_no_code_picture_can_hold_is_refused_before_the_call(program, session, scene, page):
    with pytest.raises(ValueError):
        program.code_image(scene, page)
    assert session.paths == []


# Messages


@pytest.fixture
def template(sandbox, user):
    name = secrets.token_hex(8)
    sandbox.do("templates", template_id=name, keys=["thing1", "time2"])
    sandbox.do(f"users/{user['user_id']}/grants", template_id=name, count=1)
    return name


DATA = {"thing1": "参观预约", "time2": "2026-05-01 09:00"}


def test_one_grant_is_one_message(program, sandbox, user, template):
    program.send_subscribe_message(user["openid"], template, DATA, page="pages/order/order?id=1", state="trial")
    with pytest.raises(MessageNotGranted) as caught:
        program.send_subscribe_message(user["openid"], template, DATA)
    (message,) = sandbox.do(f"users/{user['user_id']}/messages", "GET")["messages"]
    assert message["data"] == {key: {"value": value} for key, value in DATA.items()}
    assert (message["page"], message["miniprogram_state"]) == ("pages/order/order?id=1", "trial")
    assert caught.value.errcode == 43101


def test_a_field_that_breaks_its_type_rule_is_named(program, user, template):
    with pytest.raises(MessageFieldRefused) as caught:
        program.send_subscribe_message(user["openid"], template, {**DATA, "thing1": "长" * 21})
    assert (caught.value.errcode, caught.value.field) == (47003, "thing1")


def test_an_unknown_template_or_openid_is_a_failure_with_its_number(program, user, template):
    for openid, name, errcode in (("o-nobody", template, 40003), (user["openid"], "other", 40037)):
        with pytest.raises(WeChatFailure) as caught:
            program.send_subscribe_message(openid, name, DATA)
        assert caught.value.errcode == errcode


# Text check


@pytest.mark.parametrize(
    ("text", "suggest", "label"),
    [("风景很好", "pass", 100), ("这里有违禁测试词", "risky", 20006), ("这里有复核测试词", "review", 21000)],
)
def test_the_verdict_on_a_text(program, user, text, suggest, label):
    verdict = program.check_text(text, user["openid"], 2)
    assert (verdict.suggest, verdict.label) == (suggest, label)
    assert verdict.trace_id


def test_a_text_of_wrong_length_is_not_sent(program, user, session):
    for text in ("", "长" * 2501):
        with pytest.raises(ValueError):
            program.check_text(text, user["openid"], 2)
    assert session.paths == []


def test_a_user_who_was_long_away_cannot_be_checked(program, user, shift):
    shift(7300)
    with pytest.raises(WeChatFailure) as caught:
        program.check_text("你好", user["openid"], 2)
    assert caught.value.errcode == 61010


# Shipping


@pytest.fixture
def paid(pay, sandbox, user, number):
    order = number()
    prepay_id = pay.order_jsapi(
        out_trade_no=order,
        description="门票",
        total_fen=100,
        openid=user["openid"],
        notify_url="http://127.0.0.1:9/notice",
        expires_at=clock.now() + timedelta(minutes=10),
    )
    return sandbox.do(f"payments/{prepay_id}/pay", notify=False)


def report(program, paid, user, **changes):
    values = {
        "transaction_id": paid["transaction_id"],
        "openid": user["openid"],
        "description": "门票 1 张",
        "self_pickup": True,
        "uploaded_at": datetime(2026, 5, 1, 1, 0, tzinfo=UTC),
    }
    program.report_shipping(**{**values, **changes})


def test_shipping_is_reported_and_a_repeat_does_no_harm(program, sandbox, paid, user):
    report(program, paid, user)
    report(program, paid, user)
    shipped = {entry["out_trade_no"]: entry["report"] for entry in sandbox.do("shipping", "GET")["shipping"]}
    sent = shipped[paid["out_trade_no"]]
    assert sent["logistics_type"] == 4
    assert sent["upload_time"] == "2026-05-01T09:00:00.000+08:00"
    assert sent["shipping_list"] == [{"item_desc": "门票 1 张"}]


def test_shipping_of_a_virtual_good(program, sandbox, paid, user):
    report(program, paid, user, self_pickup=False, description="导" * 500)
    shipped = {entry["out_trade_no"]: entry["report"] for entry in sandbox.do("shipping", "GET")["shipping"]}
    sent = shipped[paid["out_trade_no"]]
    assert sent["logistics_type"] == 3
    assert len(sent["shipping_list"][0]["item_desc"]) == 120


def test_shipping_of_an_unknown_payment_fails(program, paid, user):
    with pytest.raises(WeChatFailure) as caught:
        report(program, paid, user, transaction_id="4200000000000000000000000000")
    assert caught.value.errcode == 10060001


# Secrets


@pytest.fixture
def secrets_in_use(settings, store):
    """Gives the secret and, once there is one, the access token."""

    def found():
        token = store.get(f"wechat:token:{settings.appid}")
        return [settings.secret, *([token.decode()] if token else [])]

    return found


def test_no_error_shows_the_secret_or_the_token(make_program, make_tokens, free_port, secrets_in_use):
    program = make_program(api_base=f"http://127.0.0.1:{free_port}", tokens=make_tokens())
    code = secrets.token_hex(16)
    for call in (program.code_to_session, program.phone_number):
        with pytest.raises(CityError) as caught:
            call(code)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert "ConnectionError" in shown
        assert [word for word in (code, *secrets_in_use()) if word in shown] == []
    assert len(secrets_in_use()) == 2


def test_no_log_line_shows_the_secret_or_the_token(program, sandbox, user, secrets_in_use, caplog):
    caplog.set_level(logging.DEBUG)
    program.code_to_session(login_code(sandbox, user))
    program.phone_number(phone_code(sandbox, user))
    assert len(secrets_in_use()) == 2
    assert [word for word in secrets_in_use() if word in caplog.text] == []

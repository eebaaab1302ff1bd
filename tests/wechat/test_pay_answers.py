"""What the adapter makes of answers that the sandbox never gives."""

import gzip
import hashlib
import itertools
import json
from datetime import date

import pytest
from cryptography.hazmat.primitives import serialization

from backend import clock
from backend.wechat.errors import PaymentGatewayFailure, PaymentRefused, PaymentUnknown
from backend.wechat.pay import WeChatPay
from tests.wechat.wechat_side import APIV3_KEY, APPID, MCHID, Platform, Scripted, private_pem

ORDER = {"appid": APPID, "mchid": MCHID, "trade_state": "NOTPAY"}
NUMBER = "T00000001"


@pytest.fixture(scope="module")
def platform():
    return Platform("PUB_KEY_ID_0100000000000000000000000000000001")


@pytest.fixture(scope="module")
def scripted_server():
    server = Scripted()
    yield server
    server.stop()


@pytest.fixture
def gateway(scripted_server):
    scripted_server.answers.clear()
    scripted_server.requests.clear()
    return scripted_server


def merchant(platform, gateway, **changes):
    values = {
        "appid": APPID,
        "mchid": MCHID,
        "merchant_private_key": private_pem(platform.key),
        "merchant_serial": "ABCDEF",
        "apiv3_key": APIV3_KEY,
        "public_keys": {platform.key_id: platform.pem},
        "pay_base": gateway.base_url,
    }
    return WeChatPay(**{**values, **changes})


@pytest.fixture
def pay(platform, gateway):
    return merchant(platform, gateway)


def signed(platform, value, status=200, **more):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return status, platform.headers(body, clock.timestamp(), **more), body


def unsigned(value, status=200, **headers):
    return status, headers, value if isinstance(value, bytes) else json.dumps(value).encode()


def test_a_signed_answer_counts(pay, gateway, platform):
    gateway.answers = [signed(platform, ORDER)]
    assert pay.query(NUMBER).state == "NOTPAY"


@pytest.mark.parametrize("status", [200, 204])
def test_an_unsigned_success_does_not_count(pay, gateway, status):
    gateway.answers = [unsigned(b"", status)]
    with pytest.raises(PaymentUnknown) as caught:
        pay.close(NUMBER)
    assert caught.value.reason == "answer: header"


def test_an_empty_success_must_be_signed_rightly(pay, gateway, platform):
    status, headers, body = signed(platform, b"", 204)
    gateway.answers = [(status, {**headers, "Wechatpay-Nonce": "another"}, body), (status, headers, body)]
    with pytest.raises(PaymentUnknown) as caught:
        pay.close(NUMBER)
    assert caught.value.reason == "answer: signature"
    assert pay.close(NUMBER) == "closed"


def test_an_answer_by_an_unknown_serial_asks_for_no_certificates(pay, gateway, platform):
    status, headers, body = signed(platform, ORDER)
    gateway.answers = [(status, {**headers, "Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}, body)]
    with pytest.raises(PaymentUnknown):
        pay.query(NUMBER)
    assert len(gateway.requests) == 1


def test_an_old_answer_does_not_count(pay, gateway, platform):
    gateway.answers = [signed(platform, ORDER, age=301)]
    with pytest.raises(PaymentUnknown):
        pay.query(NUMBER)


def test_a_refusal_counts_unsigned_but_not_with_a_false_signature(pay, gateway, platform):
    refusal = {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
    status, headers, body = signed(platform, refusal, 404)
    gateway.answers = [
        unsigned(refusal, 404),
        (status, headers, body),
        (status, {**headers, "Wechatpay-Nonce": "another"}, body),
    ]
    assert pay.query(NUMBER) is None
    assert pay.query(NUMBER) is None
    with pytest.raises(PaymentUnknown):
        pay.query(NUMBER)


@pytest.mark.parametrize(
    "answer",
    [
        unsigned(b"<html>not found</html>", 404),
        unsigned(b"[]", 400),
        unsigned({"message": "no code"}, 400),
        unsigned({"code": "SYSTEM_ERROR"}, 500),
        unsigned(b"", 502),
    ],
    ids=["html", "list", "no code", "500", "502"],
)
def test_an_answer_that_says_nothing_means_unknown(pay, gateway, answer):
    gateway.answers = [answer]
    with pytest.raises(PaymentUnknown):
        pay.query(NUMBER)
    assert len(gateway.requests) == 1


def test_a_signed_request_follows_no_redirect(pay, gateway, platform):
    gateway.answers = [unsigned(b"", 302, Location=f"{gateway.base_url}/elsewhere"), signed(platform, ORDER)]
    with pytest.raises(PaymentUnknown) as caught:
        pay.query(NUMBER)
    assert caught.value.reason == "HTTP 302"
    assert len(gateway.requests) == 1


def test_too_often_is_a_refusal(pay, gateway):
    gateway.answers = [unsigned({"code": "FREQUENCY_LIMITED", "message": ""}, 429)]
    with pytest.raises(PaymentRefused) as caught:
        pay.query(NUMBER)
    assert caught.value.errcode == "FREQUENCY_LIMITED"


@pytest.mark.parametrize(
    "value",
    [
        b"no json",
        [],
        {},
        {**ORDER, "success_time": "yesterday"},
        {**ORDER, "success_time": "2026-05-01T09:00:00"},
        {**ORDER, "amount": 100},
        {**ORDER, "payer": "somebody"},
    ],
)
def test_a_signed_answer_without_sense_means_unknown(pay, gateway, platform, value):
    gateway.answers = [signed(platform, value)]
    with pytest.raises(PaymentUnknown):
        pay.query(NUMBER)


def test_the_state_of_the_order_decides_what_a_refused_close_means(pay, gateway, platform):
    refusal = unsigned({"code": "INVALID_REQUEST", "message": "该订单已支付"}, 400)
    states = {"SUCCESS": "already_paid", "REFUND": "already_paid", "CLOSED": "closed", "REVOKED": "closed"}
    for state, answer in states.items():
        gateway.answers = [refusal, signed(platform, {**ORDER, "trade_state": state})]
        assert pay.close(NUMBER) == answer
    gateway.answers = [refusal, signed(platform, {**ORDER, "trade_state": "USERPAYING"})]
    with pytest.raises(PaymentRefused):
        pay.close(NUMBER)


def test_a_merchant_key_in_the_old_pem_form_serves(platform, gateway):
    old = private_pem(platform.key, serialization.PrivateFormat.TraditionalOpenSSL)
    gateway.answers = [signed(platform, ORDER)]
    assert merchant(platform, gateway, merchant_private_key=old).query(NUMBER)


@pytest.mark.parametrize("change", [{"merchant_private_key": "x"}, {"public_keys": {}}, {"public_keys": {"a": "x"}}])
def test_keys_that_cannot_be_read_are_found_at_the_start(platform, gateway, change):
    with pytest.raises(ValueError):
        merchant(platform, gateway, **change)
    assert gateway.requests == []


# Bills

HEAD = (
    "交易时间,微信订单号,商户订单号,用户标识,交易状态,微信退款单号,"
    "商户退款单号,退款状态,商品名称,手续费,订单金额,申请退款金额"
)
ROW = "`2026-05-01 09:00:00,`4200,`T00000001,`oabc,`SUCCESS,`0,`0,`,`门票,成人票,`0.60000,`{yuan},`0.00"
TAIL = "总交易单数,订单总金额\r\n`1,`1.00\r\n"


def bill(*rows, head=HEAD, tail=TAIL):
    return ("\ufeff" + "\r\n".join([head, *rows]) + "\r\n" + tail).encode()


def offer(gateway, platform, data, *, packed=None, **changes):
    link = {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(data).hexdigest(),
        "download_url": "https://elsewhere.example/v3/billdownload/file?token=abc%2Bd",
        **changes,
    }
    gateway.answers = [signed(platform, link), unsigned(data if packed is None else packed)]


@pytest.mark.parametrize("yuan", ["1.00", "1", "0.01", "0.29", "1.1", "19.99", "8388608.03", "99999999.99"])
def test_yuan_become_fen_exactly(pay, gateway, platform, yuan):
    offer(gateway, platform, bill(ROW.format(yuan=yuan)))
    (line,) = pay.trade_bill(date(2026, 5, 1))
    whole, _, cents = yuan.partition(".")
    assert line.total_fen == int(whole) * 100 + int(cents.ljust(2, "0") or 0)
    assert line.traded_at.isoformat() == "2026-05-01T01:00:00+00:00"
    assert line.refund_status is None


def test_the_file_comes_from_our_base_packed_or_not(pay, gateway, platform):
    data = bill(ROW.format(yuan="1.00"))
    for packed in (None, gzip.compress(data)):
        offer(gateway, platform, data, packed=packed, hash_value=hashlib.sha1(data).hexdigest().upper())
        assert len(pay.trade_bill(date(2026, 5, 1))) == 1
    assert gateway.requests[1] == "GET /v3/billdownload/file?token=abc%2Bd"


def test_an_empty_bill_has_no_lines(pay, gateway, platform):
    offer(gateway, platform, bill())
    assert pay.trade_bill(date(2026, 5, 1)) == []


GOOD = bill(ROW.format(yuan="1.00"))


@pytest.mark.parametrize(
    ("data", "change"),
    [
        (GOOD, {"hash_value": "0" * 40}),
        (GOOD, {"hash_type": "MD5"}),
        (GOOD, {"packed": GOOD + b"`"}),
        (GOOD, {"packed": gzip.compress(GOOD)[:-9]}),
        (GOOD, {"packed": b"\x1f\x8bnothing"}),
        (bill(ROW.format(yuan="1.00"), tail=""), {}),
        (bill(ROW.format(yuan="1.001")), {}),
        (bill(ROW.format(yuan="one")), {}),
        (bill(ROW.format(yuan="NaN")), {}),
        (bill(ROW.format(yuan="Infinity")), {}),
        (bill("`2026-05-01 09:00:00,`4200"), {}),
        (bill(ROW.format(yuan="1.00"), head=HEAD.replace("订单金额", "金额")), {}),
        (b"", {}),
        (b"\xff\xff", {}),
    ],
    ids=itertools.count(),
)
def test_a_damaged_bill_is_not_half_read(pay, gateway, platform, data, change):
    offer(gateway, platform, data, **change)
    with pytest.raises(PaymentGatewayFailure):
        pay.trade_bill(date(2026, 5, 1))


@pytest.mark.parametrize("link", [{}, {"download_url": 1, "hash_type": "SHA1", "hash_value": "0"}])
def test_a_bill_link_without_sense_means_unknown(pay, gateway, platform, link):
    gateway.answers = [signed(platform, link)]
    with pytest.raises(PaymentUnknown):
        pay.trade_bill(date(2026, 5, 1))

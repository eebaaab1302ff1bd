import json
import secrets
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from backend import clock
from backend.wechat.errors import NoticeRefused
from backend.wechat.pay import WeChatPay
from tests.wechat.wechat_side import APIV3_KEY, APPID, MCHID, Platform, notice, private_pem, sealed

TRANSACTION = {"appid": APPID, "mchid": MCHID, "out_trade_no": "T0000001", "amount": {"total": 100}, "attach": "于"}
REFUND = {"mchid": MCHID, "out_refund_no": "R0000001", "refund_status": "SUCCESS", "amount": {"refund": 50}}


@pytest.fixture(scope="module")
def platform():
    return Platform("PUB_KEY_ID_0100000000000000000000000000000001")


@pytest.fixture(scope="module")
def stranger():
    return Platform("PUB_KEY_ID_0100000000000000000000000000000002")


def merchant(*platforms, **changes):
    values = {
        "appid": APPID,
        "mchid": MCHID,
        "merchant_private_key": private_pem(platforms[0].key),
        "merchant_serial": "5BFD95CF8B76D35F6B9A20",
        "apiv3_key": APIV3_KEY,
        "public_keys": {platform.key_id: platform.pem for platform in platforms},
        "pay_base": "http://127.0.0.1:9",
    }
    return WeChatPay(**{**values, **changes})


@pytest.fixture(scope="module")
def pay(platform):
    return merchant(platform)


def refusal(pay, headers, body):
    with pytest.raises(NoticeRefused) as caught:
        pay.read_notice(headers, body)
    assert caught.value.status == 401
    return caught.value.reason


def headers_of(platform, body, **more):
    return platform.headers(body, clock.timestamp(), **more)


def test_a_payment_notice_is_read(pay, platform):
    body = notice(TRANSACTION)
    read = pay.read_notice(headers_of(platform, body), body)
    assert read.id == json.loads(body)["id"]
    assert (read.event_type, read.resource) == ("TRANSACTION.SUCCESS", TRANSACTION)
    assert read.created_at == datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
    assert "T0000001" not in repr(read)


def test_a_refund_notice_names_the_merchant_only(pay, platform):
    body = notice(REFUND, "REFUND.SUCCESS", resource=sealed(json.dumps(REFUND).encode(), associated="refund"))
    assert pay.read_notice(headers_of(platform, body), body).resource == REFUND


def test_header_names_in_any_case(pay, platform):
    body = notice(TRANSACTION)
    for spell in (str.lower, str.upper):
        headers = {spell(name): value for name, value in headers_of(platform, body).items()}
        assert pay.read_notice(headers, body).resource == TRANSACTION


NAMES = ("Timestamp", "Nonce", "Signature", "Serial", "Signature-Type")


@pytest.mark.parametrize("name", NAMES)
def test_each_header_must_be_there(pay, platform, name):
    body = notice(TRANSACTION)
    headers = headers_of(platform, body)
    del headers[f"Wechatpay-{name}"]
    assert refusal(pay, headers, body) in ("header", "serial")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in NAMES for value in ("", " ", "\n", "零", "\x00", "\ud800", "x" * 100_000)),
        *(("Timestamp", value) for value in ("-1", "+1", "1e9", "1_0", "９９", "９", "0", "9" * 12, "nan", "1.5")),
        *(("Serial", value) for value in ("zz", "0x1", "-1", "PUB_KEY_ID_", "5BFD95CF8B76D35F6B9A20", "None")),
        *(("Signature", value) for value in ("%%%", "AAAA", "A", "=", "WECHATPAY", "a" * 344)),
        ("Signature-Type", "WECHATPAY2-RSA-2048"),
        ("Nonce", "another"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_every_malformed_header_is_a_refusal(pay, platform, name, value):
    body = notice(TRANSACTION)
    headers = {**headers_of(platform, body), f"Wechatpay-{name}": value}
    assert refusal(pay, headers, body) in ("header", "serial", "timestamp", "signature")


def test_no_headers_at_all(pay):
    assert refusal(pay, {}, notice(TRANSACTION)) == "header"


def test_a_signature_probe_is_refused_as_such(pay, platform):
    body = notice(TRANSACTION)
    headers = headers_of(platform, body)
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]
    with pytest.raises(NoticeRefused) as caught:
        pay.read_notice(headers, body)
    assert caught.value.probe
    with pytest.raises(NoticeRefused) as caught:
        pay.read_notice({**headers, "Wechatpay-Signature": "AAAA"}, body)
    assert not caught.value.probe


@pytest.mark.parametrize(("age", "accepted"), [(295, True), (-295, True), (310, False), (-310, False), (86400, False)])
def test_a_valid_notice_counts_for_five_minutes(pay, platform, age, accepted):
    body = notice(TRANSACTION)
    headers = headers_of(platform, body, age=age)
    if accepted:
        assert pay.read_notice(headers, body).resource == TRANSACTION
    else:
        assert refusal(pay, headers, body) == "timestamp"


def test_the_signature_covers_time_nonce_and_body(pay, platform):
    body = notice(TRANSACTION)
    headers = headers_of(platform, body)
    later = {**headers, "Wechatpay-Timestamp": str(int(headers["Wechatpay-Timestamp"]) + 1)}
    assert refusal(pay, later, body) == "signature"
    padded = {**headers, "Wechatpay-Signature": headers["Wechatpay-Signature"] + " "}
    assert refusal(pay, padded, body) == "signature"
    for tampered in (body + b" ", body.replace(b"SUCCESS", b"SUCCESs"), body[:-1], b""):
        assert refusal(pay, headers, tampered) == "signature"


def test_a_key_that_is_not_on_the_list_does_not_count(pay, platform, stranger):
    body = notice(TRANSACTION)
    assert refusal(pay, headers_of(stranger, body), body) == "serial"
    borrowed = {**headers_of(stranger, body), "Wechatpay-Serial": platform.key_id}
    assert refusal(pay, borrowed, body) == "signature"


def test_during_a_rotation_both_keys_count(platform, stranger):
    both, body = merchant(platform, stranger), notice(TRANSACTION)
    for signer in (platform, stranger):
        assert both.read_notice(headers_of(signer, body), body).resource == TRANSACTION
    crossed = {**headers_of(stranger, body), "Wechatpay-Serial": platform.key_id}
    assert refusal(both, crossed, body) == "signature"


def certificate_of(platform, serial):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "platform")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(platform.key.public_key())
    builder = builder.serial_number(serial).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    signed = builder.not_valid_after(datetime(2031, 1, 1, tzinfo=UTC)).sign(platform.key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_may_stand_beside_the_key_while_the_mode_changes(platform, stranger):
    serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    keys = {serial: certificate_of(stranger, int(serial, 16)), platform.key_id: platform.pem}
    pay, body = merchant(platform, public_keys=keys), notice(TRANSACTION)
    headers = {**headers_of(stranger, body), "Wechatpay-Serial": serial}
    assert pay.read_notice(headers, body).resource == TRANSACTION


BROKEN = {
    "empty": b"",
    "not json": b"{",
    "not utf-8": b"\xff\xfe\xff",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "deep": b"[" * 100_000,
    "empty object": b"{}",
    "no resource": notice(TRANSACTION, resource=None),
    "resource is text": notice(TRANSACTION, resource="x"),
    "resource is a list": notice(TRANSACTION, resource=[]),
    "no id": notice(TRANSACTION, id=None),
    "empty id": notice(TRANSACTION, id=""),
    "id is a list": notice(TRANSACTION, id=[1]),
    "event_type is a number": notice(TRANSACTION, event_type=7),
    "other resource_type": notice(TRANSACTION, resource_type="plain"),
    "no time": notice(TRANSACTION, create_time=None),
    "time is a number": notice(TRANSACTION, create_time=1),
    "time is no time": notice(TRANSACTION, create_time="yesterday"),
    "naive time": notice(TRANSACTION, create_time="2026-05-01T09:00:00"),
    "other algorithm": notice(TRANSACTION, resource={**sealed(b"{}"), "algorithm": "AES"}),
    "short nonce": notice(TRANSACTION, resource={**sealed(b"{}"), "nonce": "short"}),
    "long nonce": notice(TRANSACTION, resource={**sealed(b"{}"), "nonce": "n" * 200}),
    "nonce is a number": notice(TRANSACTION, resource={**sealed(b"{}"), "nonce": 7}),
    "ciphertext is no base64": notice(TRANSACTION, resource={**sealed(b"{}"), "ciphertext": "%%%"}),
    "ciphertext is short": notice(TRANSACTION, resource={**sealed(b"{}"), "ciphertext": "QUFB"}),
    "ciphertext is empty": notice(TRANSACTION, resource={**sealed(b"{}"), "ciphertext": ""}),
    "ciphertext is a list": notice(TRANSACTION, resource={**sealed(b"{}"), "ciphertext": []}),
    "other associated data": notice(TRANSACTION, resource={**sealed(b"{}"), "associated_data": "refund"}),
    "associated data is a number": notice(TRANSACTION, resource={**sealed(b"{}"), "associated_data": 7}),
    "sealed by another key": notice(TRANSACTION, resource=sealed(json.dumps(TRANSACTION).encode(), key="k" * 32)),
    "content is no json": notice(TRANSACTION, resource=sealed(b"{")),
    "content is a list": notice([]),
    "content is null": notice(None),
    "content is not utf-8": notice(TRANSACTION, resource=sealed(b"\xff")),
    "content is deep": notice(TRANSACTION, resource=sealed(b"[" * 100_000)),
    "other appid": notice({**TRANSACTION, "appid": "wxother"}),
    "no appid": notice({**TRANSACTION, "appid": None}),
    "missing appid": notice({"mchid": MCHID}),
    "other mchid": notice({**TRANSACTION, "mchid": "1900000108"}),
    "mchid is a number": notice({**TRANSACTION, "mchid": int(MCHID)}),
    "refund of another merchant": notice({**REFUND, "mchid": "1900000108"}, "REFUND.SUCCESS"),
    "refund without a merchant": notice({}, "REFUND.SUCCESS"),
    "refund of another appid": notice({**REFUND, "appid": "wxother"}, "REFUND.SUCCESS"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_malformed_content_is_a_refusal_though_rightly_signed(pay, platform, name):
    body = BROKEN[name]
    assert refusal(pay, headers_of(platform, body), body) in ("body", "decrypt", "recipient")


def test_bytes_at_random_are_refusals(pay, platform):
    for size in range(0, 400, 7):
        body = secrets.token_bytes(size)
        assert refusal(pay, headers_of(platform, body), body) == "body"


def test_an_apiv3_key_of_wrong_length_is_found_at_the_start(platform):
    with pytest.raises(ValueError):
        merchant(platform, apiv3_key="short")

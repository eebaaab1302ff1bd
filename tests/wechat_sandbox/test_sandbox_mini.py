"""Messages, codes, text checks, shipping reports."""

import json
import struct
import zlib

import pytest

SEND = "/cgi-bin/message/subscribe/send"
CHECK = "/wxa/msg_sec_check"
CODE = "/wxa/getwxacodeunlimit"
SHIP = "/wxa/sec/order/upload_shipping_info"


@pytest.fixture
def reader(sandbox):
    user = sandbox.user()
    sandbox.control(f"users/{user['user_id']}/grants", {"template_id": "T1", "count": 1})
    return user


def message(reader, **changes):
    return {"touser": reader["openid"], "template_id": "T1", "data": {"thing1": {"value": "票已出"}}} | changes


def delivered(sandbox, reader):
    return sandbox.control(f"users/{reader['user_id']}/messages")["messages"]


def test_one_grant_is_one_message(sandbox, reader):
    assert sandbox.mini(SEND, message(reader, page="pages/a/b?id=1"))["errcode"] == 0
    assert [entry["data"] for entry in delivered(sandbox, reader)] == [{"thing1": {"value": "票已出"}}]
    assert sandbox.mini(SEND, message(reader))["errcode"] == 43101
    assert len(delivered(sandbox, reader)) == 1


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "o_nobody"}, 40003),
        ({"template_id": "T_unknown"}, 40037),
        ({"page": "/pages/a/b"}, 41030),
        ({"miniprogram_state": "beta"}, 47003),
        ({"data": {}}, 47003),
    ],
)
def test_a_refused_message_keeps_the_grant(sandbox, reader, change, errcode):
    assert sandbox.mini(SEND, message(reader, **change))["errcode"] == errcode
    assert delivered(sandbox, reader) == []
    assert sandbox.mini(SEND, message(reader))["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("thing1", "二" * 20, "二" * 21),
        ("number2", "12.5", "twelve"),
        ("character_string3", "A-1" * 10, "A" * 33),
        ("time4", "2026年1月2日 09:30", "tomorrow"),
        ("time5", "09:30~10:30", "9"),
        ("date6", "2026-01-02", "01.02"),
        ("amount7", "￥12.50", "12.5.0"),
        ("phrase8", "已通过", "审核已经通过"),
        ("phone_number9", "+86-10-1234", "12345678901234567890"),
        ("name10", "张三", "张" * 11),
        ("letter11", "abc", "汉"),
        ("car_number12", "赣B12345", "赣B123456789"),
        ("colour13", None, "red"),
        ("thing14", "x", ""),
    ],
)
def test_fields_obey_the_rule_of_their_type(sandbox, reader, name, good, bad):
    answer = sandbox.mini(SEND, message(reader, data={name: {"value": bad}}))
    assert answer["errcode"] == 47003
    assert f"data.{name}." in answer["errmsg"]
    if good is not None:
        assert sandbox.mini(SEND, message(reader, data={name: {"value": good}}))["errcode"] == 0


def test_a_template_with_keys_wants_exactly_these(sandbox, reader):
    sandbox.control("templates", {"template_id": "T2", "keys": ["thing1", "time2"]})
    sandbox.control(f"users/{reader['user_id']}/grants", {"template_id": "T2"})
    one, both = {"thing1": {"value": "a"}}, {"thing1": {"value": "a"}, "time2": {"value": "9:30"}}
    assert "data.time2." in sandbox.mini(SEND, message(reader, template_id="T2", data=one))["errmsg"]
    more = both | {"thing3": {"value": "b"}}
    assert "data.thing3." in sandbox.mini(SEND, message(reader, template_id="T2", data=more))["errmsg"]
    assert sandbox.mini(SEND, message(reader, template_id="T2", data=both))["errcode"] == 0


def picture(sandbox, **changes):
    token = sandbox.token()["access_token"]
    body = json.dumps({"scene": "a=1", "page": "pages/a/b", "width": 320} | changes).encode()
    return sandbox.call("POST", f"{CODE}?access_token={token}", body)


def pixels(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + data) == struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0]
        chunks[kind], at = data, at + 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == height * (width + 1)
    return width, raw


def test_a_code_is_a_real_picture_that_differs_by_scene(sandbox):
    answer = picture(sandbox)
    assert answer.headers["Content-Type"] == "image/png"
    width, first = pixels(answer.body)
    assert width == 320
    assert pixels(picture(sandbox).body)[1] == first
    assert pixels(picture(sandbox, scene="a=2").body)[1] != first


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"scene": "x" * 33}, 40129),
        ({"scene": "汉字"}, 40129),
        ({"scene": "50%"}, 40129),
        ({"page": "/pages/a/b"}, 41030),
        ({"page": "pages/a/b?c=1"}, 41030),
        ({"width": 100}, 40097),
    ],
)
def test_bad_codes_are_refused(sandbox, change, errcode):
    assert picture(sandbox, **change).json["errcode"] == errcode


def test_once_pages_are_named_only_they_are_published(sandbox):
    sandbox.control("pages", {"pages": ["pages/x/y"]})
    try:
        assert picture(sandbox).json["errcode"] == 41030
        assert picture(sandbox, page="pages/x/y").body.startswith(b"\x89PNG")
        assert picture(sandbox, check_path=False).body.startswith(b"\x89PNG")
    finally:
        sandbox.control("pages", {"pages": None})


def check(sandbox, user, text, **changes):
    return sandbox.mini(CHECK, {"content": text, "version": 2, "scene": 2, "openid": user["openid"]} | changes)


@pytest.fixture
def writer(sandbox):
    user = sandbox.user(name="writer")
    sandbox.control(f"users/{user['user_id']}/js_code", {})
    return user


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [("风景很好", "pass", 100), ("这是违禁测试词", "risky", 20006), ("这是复核测试词", "review", 21000)],
)
def test_texts_are_judged_by_their_words(sandbox, writer, content, suggest, label):
    answer = check(sandbox, writer, content)
    assert answer["errcode"] == 0
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert answer["trace_id"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"version": 1}, 40097),
        ({"scene": 9}, 40129),
        ({"content": ""}, 44002),
        ({"content": "长" * 2501}, 45002),
        ({"openid": "nobody"}, 40003),
        ({"openid": "o" + "x" * 27}, 43104),
    ],
)
def test_malformed_text_checks_are_refused(sandbox, writer, change, errcode):
    assert check(sandbox, writer, "文", **change)["errcode"] == errcode


def test_the_writer_must_have_been_there_within_two_hours(sandbox, writer):
    sandbox.set_clock(7300)
    assert check(sandbox, writer, "文")["errcode"] == 61010


def report(order, openid, **changes):
    return {
        "order_key": {"order_number_type": 2, "transaction_id": order["transaction_id"]},
        "logistics_type": 3,
        "delivery_mode": 1,
        "shipping_list": [{"item_desc": "门票"}],
        "upload_time": "2026-01-02T03:04:05.678+08:00",
        "payer": {"openid": openid},
    } | changes


def test_a_paid_order_is_reported_as_shipped_once(sandbox, merchant):
    order = merchant.paid()
    assert sandbox.mini(SHIP, report(order, merchant.openid))["errcode"] == 0
    assert sandbox.mini(SHIP, report(order, merchant.openid))["errcode"] == 10060002
    numbers = [entry["out_trade_no"] for entry in sandbox.control("shipping")["shipping"]]
    assert numbers.count(order["out_trade_no"]) == 1
    assert sandbox.control(f"orders/{order['out_trade_no']}")["shipping"]["report"]["logistics_type"] == 3


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"order_key": {"order_number_type": 2, "transaction_id": "42"}}, 10060001),
        ({"logistics_type": 9}, 10060005),
        ({"shipping_list": []}, 10060009),
        ({"upload_time": "now"}, 47001),
        ({"payer": {"openid": "other"}}, 10060012),
    ],
)
def test_bad_reports_leave_no_trace(sandbox, merchant, change, errcode):
    order = merchant.paid()
    assert sandbox.mini(SHIP, report(order, merchant.openid, **change))["errcode"] == errcode
    assert sandbox.control(f"orders/{order['out_trade_no']}")["shipping"] is None

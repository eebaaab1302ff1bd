"""Paragraph 4, Pay: the order, the signed notice, the query as second truth, the bill, the report of delivery."""

import json
from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, periodic
from models.payments import bill, payment
from tests.support import alarms
from tests.support.door import NOTICES
from tests.support.gate import shift_to
from tests.support.patience import until
from tests.support.platform import Platform
from tests.support.queues import drain

REFUSED = {"code": "FAIL", "message": "notice_refused"}
DELIVERY = "/wxa/sec/order/upload_shipping_info"


def held(phone) -> dict:
    order = phone.book(phone.free_slot("pingshan")).json
    assert order["state"] == "held"
    return order


def arguments(phone, order: dict) -> dict:
    answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
    assert answer.status_code == 200, answer.json
    return answer.json


def payment_of(order: dict) -> dict:
    return get_db().payments.find_one({"subject": f"order:{order['id']}"})


def at_wechat(sandbox, order: dict) -> dict:
    """Return all that the sandbox knows of an order's payment."""
    return sandbox.call(f"/orders/{payment_of(order)['_id']}")


def notices() -> list[dict]:
    return list(get_db().payment_notices.find({"_id": {"$gte": ""}}))


def issued_by_notice(phone, order: dict, **options) -> str:
    """Pay with the notice on its way and let the queues work; return the notice's id."""
    notice_id = phone.sandbox.pay(arguments(phone, order)["package"], notify=True, **options)["notice_id"]
    until(lambda: get_db().payment_notices.find_one({"_id": notice_id}), what="the notice")
    drain()
    return notice_id


@pytest.fixture
def platform(sandbox):
    return Platform(sandbox)


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    yield
    sandbox.clear()


class TestTheOrder:
    def test_wechat_accepts_the_signed_arguments_of_the_phone(self, phone):
        order = held(phone)
        given = arguments(phone, order)
        assert phone.sandbox.pay(given["package"], **given)["trade_state"] == "SUCCESS"

    @pytest.mark.parametrize("field", ["appId", "timeStamp", "nonceStr", "signType", "paySign"])
    def test_wechat_refuses_arguments_that_were_changed(self, phone, field):
        given = arguments(phone, held(phone))
        paid = phone.sandbox.pay(given["package"], **{**given, field: given[field][:-1] + "x"})
        assert paid["status"] == 400

    def test_the_order_at_wechat_says_who_pays_what_until_when_and_whom_to_tell(self, phone, module_settings):
        order = held(phone)
        arguments(phone, order)
        asked = at_wechat(phone.sandbox, order)["request"]
        assert asked["amount"] == {"total": 6000, "currency": "CNY"}
        assert asked["payer"]["openid"] == phone.user["openid"]
        assert order["day"] in asked["description"]
        assert asked["notify_url"] == f"{module_settings.public_base_url}{NOTICES}"
        ends = clock.datetime.fromisoformat(order["hold_until"])
        last = clock.datetime.fromisoformat(asked["time_expire"])
        assert timedelta(seconds=60) <= ends - last < timedelta(seconds=61)

    def test_a_free_order_has_nothing_to_pay(self, phone):
        order = phone.book(phone.free_slot("museum")).json
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "nothing_to_pay")

    def test_an_order_that_is_issued_cannot_be_paid_again(self, phone):
        order = phone.issued(phone.free_slot("pingshan"))
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "order_state_wrong")

    def test_in_the_last_minute_of_the_hold_no_payment_is_begun(self, phone, shift_clock):
        order = held(phone)
        shift_clock(14 * 60 + 30)
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "payment_over")
        assert phone.order(order["id"])["state"] == "held"

    def test_a_payment_that_wechat_closed_after_it_was_read_here_is_over(self, phone):
        order = held(phone)
        assert phone.post(f"/mini/v1/orders/{order['id']}/payment").status_code == 200
        found = get_db().payments.find_one({}, hint="_id_")
        assert payment.close(found["_id"]) == "closed"
        get_db().payments.update_one({"_id": found["_id"]}, {"$set": {"state": "opened"}})
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "payment_over")


class TestTheNotice:
    def test_a_signed_notice_issues_the_tickets(self, phone, door):
        order = held(phone)
        notice_id = issued_by_notice(phone, order)
        assert door.notice(notice_id).status == 204
        shown = phone.order(order["id"])
        assert shown["state"] == "issued"
        assert [ticket["state"] for ticket in shown["tickets"]] == ["valid"]
        paid = payment_of(order)
        assert (paid["state"], paid["late"]) == ("paid", False)
        assert paid["transaction_id"] == at_wechat(phone.sandbox, order)["transaction_id"]

    def test_each_visitor_of_a_paid_order_gets_a_ticket(self, phone, door):
        visitors = ((phone.me, "adult"), (phone.companion("19850101"), "adult"), (phone.companion("19850102"), "adult"))
        order = phone.book(phone.free_slot("pingshan"), *visitors).json
        issued_by_notice(phone, order)
        assert len(phone.order(order["id"])["tickets"]) == 3

    def test_the_notice_lies_in_the_store_before_it_is_answered(self, phone, platform, client):
        order = held(phone)
        arguments(phone, order)
        body = platform.notice(platform.success(str(payment_of(order)["_id"]), 6000))
        answer = client.post(NOTICES, data=body, headers=platform.headers(body))
        assert (answer.status_code, answer.data) == (204, b"")
        kept = notices()
        assert [record["_id"] for record in kept] == [json.loads(body)["id"]]
        assert [entry["task"] for entry in kept[0]["outbox"]] == ["payments.apply_notice"]

    def test_what_is_stored_of_a_notice_does_not_show_the_payer(self, phone, door):
        notice_id = issued_by_notice(phone, held(phone))
        kept = get_db().payment_notices.find_one({"_id": notice_id})
        assert phone.user["openid"] not in repr(kept)
        assert phone.user["openid"].encode() not in bytes(kept["resource"])

    def test_a_store_that_refuses_gets_the_notice_again(self, phone, door):
        order = held(phone)
        package = arguments(phone, order)["package"]
        get_db().command("collMod", "payment_notices", validator={"never": {"$exists": True}})
        try:
            notice_id = phone.sandbox.pay(package, notify=True)["notice_id"]
            assert door.notice(notice_id).status == 503
            assert notices() == []
        finally:
            get_db().command("collMod", "payment_notices", validator={})
        until(lambda: door.notices(notice_id)[-1].status == 204, what="the answer to the notice's return")
        assert len(notices()) == 1
        drain()
        assert phone.order(order["id"])["state"] == "issued"

    def test_the_same_notice_twice_has_one_effect(self, phone, door, client):
        order = held(phone)
        letter = door.notice(issued_by_notice(phone, order))
        before = (payment_of(order), get_db().orders.find_one({"_id": ObjectId(order["id"])}))
        again = client.post(NOTICES, data=letter.body, headers=letter.headers)
        assert again.status_code == 204
        assert drain() == 0
        assert (payment_of(order), get_db().orders.find_one({"_id": ObjectId(order["id"])})) == before
        assert len(phone.order(order["id"])["tickets"]) == 1
        assert len(notices()) == 1

    def test_another_notice_of_the_same_success_has_no_second_effect(self, phone, platform, client, door):
        order = held(phone)
        issued_by_notice(phone, order)
        before = payment_of(order)
        body = platform.notice(platform.success(str(before["_id"]), 6000))
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 204
        drain()
        assert payment_of(order) == before
        assert len(phone.order(order["id"])["tickets"]) == 1

    @pytest.mark.parametrize("seconds", [-290, 290])
    def test_a_notice_within_the_window_is_taken(self, phone, door, client, shift_clock, seconds):
        door.shut()
        package = arguments(phone, held(phone))["package"]
        letter = door.notice(phone.sandbox.pay(package, notify=True)["notice_id"])
        shift_clock(seconds)
        assert client.post(NOTICES, data=letter.body, headers=letter.headers).status_code == 204

    @pytest.mark.parametrize("seconds", [-310, 310])
    def test_a_notice_outside_the_window_is_refused(self, phone, door, client, shift_clock, seconds):
        door.shut()
        package = arguments(phone, held(phone))["package"]
        letter = door.notice(phone.sandbox.pay(package, notify=True)["notice_id"])
        shift_clock(seconds)
        answer = client.post(NOTICES, data=letter.body, headers=letter.headers)
        assert (answer.status_code, answer.json) == (401, REFUSED)
        assert notices() == []


TAMPERED = {
    "body with a space more": lambda headers, body: (headers, body + b" "),
    "body of another notice's id": lambda headers, body: (headers, body.replace(b'"id":"', b'"id":"0', 1)),
    "no body": lambda headers, body: (headers, b""),
    "signature with one letter changed": lambda headers, body: (
        headers | {"Wechatpay-Signature": ("B" if headers["Wechatpay-Signature"][0] == "A" else "A")
                   + headers["Wechatpay-Signature"][1:]}, body),
    "signature that is no base64": lambda headers, body: (headers | {"Wechatpay-Signature": "签名"}, body),
    "no signature": lambda headers, body: (without(headers, "Wechatpay-Signature"), body),
    "unknown serial": lambda headers, body: (headers | {"Wechatpay-Serial": "PUB_KEY_ID_0"}, body),
    "no serial": lambda headers, body: (without(headers, "Wechatpay-Serial"), body),
    "other signature type": lambda headers, body: (headers | {"Wechatpay-Signature-Type": "NONE"}, body),
    "no signature type": lambda headers, body: (without(headers, "Wechatpay-Signature-Type"), body),
    "timestamp moved by a second": lambda headers, body: (
        headers | {"Wechatpay-Timestamp": str(int(headers["Wechatpay-Timestamp"]) + 1)}, body),
    "timestamp in words": lambda headers, body: (headers | {"Wechatpay-Timestamp": "now"}, body),
    "no timestamp": lambda headers, body: (without(headers, "Wechatpay-Timestamp"), body),
    "other nonce": lambda headers, body: (headers | {"Wechatpay-Nonce": "0" * 32}, body),
    "no nonce": lambda headers, body: (without(headers, "Wechatpay-Nonce"), body),
}  # fmt: skip


def without(headers: dict, name: str) -> dict:
    return {key: value for key, value in headers.items() if key != name}


SIGNED_NONSENSE = {
    "empty": b"",
    "half an object": b"{",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1e999",
    "no text": b"\xff\xfe\x00",
    "nested deeper than any parser": b"[" * 100_000,
    "no members": b"{}",
    "an envelope without resource": b'{"id":"1","event_type":"TRANSACTION.SUCCESS"}',
}
WRONG_ENVELOPES = {
    "resource is null": {"resource": None},
    "resource is a text": {"resource": "sealed"},
    "resource type is another": {"resource_type": "plain"},
    "id is empty": {"id": ""},
    "id is a number": {"id": 7},
    "event type is a list": {"event_type": ["TRANSACTION.SUCCESS"]},
    "creation time is naive": {"create_time": "2026-11-01T10:00:00"},
    "creation time is no time": {"create_time": "yesterday"},
}
WRONG_SEALS = {
    "ciphertext of another key": {"ciphertext": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    "ciphertext that is no base64": {"ciphertext": "!"},
    "ciphertext is a number": {"ciphertext": 1},
    "nonce too short": {"nonce": "abc"},
    "nonce is null": {"nonce": None},
    "algorithm is another": {"algorithm": "AEAD_SM4_GCM"},
    "associated data are others": {"associated_data": "refund"},
}
WRONG_CONTENTS = {
    "a list": [],
    "a text": "paid",
    "no JSON": b"\x00\x01",
    "empty": {},
}
WRONG_FACTS = {
    "another appid": {"appid": "wx0000000000000000"},
    "no appid": {"appid": None},
    "another merchant": {"mchid": "1900000000"},
    "no merchant": {"mchid": None},
    "one fen more": {"amount": {"total": 6001, "currency": "CNY"}},
    "one fen less": {"amount": {"total": 5999, "currency": "CNY"}},
    "no amount": {"amount": {}},
    "an amount in words": {"amount": {"total": "6000"}},
    "an amount that is a fraction": {"amount": {"total": 6000.0}},
    "an amount that is a truth": {"amount": {"total": True}},
    "an amount that is no object": {"amount": 6000},
    "an amount that is null": {"amount": None},
}


class TestBadNotices:
    """Whatever is wrong with a notice, it is refused, nothing is stored, and a person is told."""

    def refused(self, client, body, headers, *, status=401) -> None:
        before = alarms.raised("payment_notice_refused")
        answer = client.post(NOTICES, data=body, headers=headers)
        assert answer.status_code == status, answer.data
        assert answer.json == REFUSED
        assert notices() == []
        assert alarms.raised("payment_notice_refused") == before + 1

    @pytest.mark.parametrize("change", TAMPERED)
    def test_a_true_notice_with_a_change_is_refused(self, phone, door, client, change):
        order = held(phone)
        door.shut()
        letter = door.notice(phone.sandbox.pay(arguments(phone, order)["package"], notify=True)["notice_id"])
        headers, body = TAMPERED[change](letter.headers, letter.body)
        self.refused(client, body, {name: value.encode().decode("latin-1") for name, value in headers.items()})
        drain("notify")
        assert phone.order(order["id"])["state"] == "held"
        assert client.post(NOTICES, data=letter.body, headers=letter.headers).status_code == 204

    @pytest.mark.parametrize("body", SIGNED_NONSENSE)
    def test_nonsense_is_refused_even_when_signed(self, store, client, platform, body):
        sent = SIGNED_NONSENSE[body]
        self.refused(client, sent, platform.headers(sent))

    @pytest.mark.parametrize("body", SIGNED_NONSENSE)
    def test_nonsense_without_signature_is_refused(self, store, client, body):
        self.refused(client, SIGNED_NONSENSE[body], {})

    @pytest.mark.parametrize("change", WRONG_ENVELOPES)
    def test_a_signed_envelope_of_a_wrong_form_is_refused(self, store, client, platform, change):
        body = platform.notice(platform.success(str(ObjectId()), 6000), **WRONG_ENVELOPES[change])
        self.refused(client, body, platform.headers(body))

    @pytest.mark.parametrize("change", WRONG_SEALS)
    def test_a_signed_envelope_with_a_wrong_seal_is_refused(self, store, client, platform, change):
        seal = platform.sealed(platform.success(str(ObjectId()), 6000)) | WRONG_SEALS[change]
        body = platform.notice({}, resource=seal)
        self.refused(client, body, platform.headers(body))

    @pytest.mark.parametrize("content", WRONG_CONTENTS)
    def test_a_sealed_content_of_a_wrong_form_is_refused(self, store, client, platform, content):
        body = platform.notice(WRONG_CONTENTS[content])
        self.refused(client, body, platform.headers(body))

    @pytest.mark.parametrize("change", WRONG_FACTS)
    def test_a_signed_notice_of_wrong_facts_is_refused(self, phone, client, platform, change):
        order = held(phone)
        arguments(phone, order)
        body = platform.notice(platform.success(str(payment_of(order)["_id"]), 6000, **WRONG_FACTS[change]))
        self.refused(client, body, platform.headers(body))
        drain()
        assert phone.order(order["id"])["state"] == "held"
        assert payment_of(order)["state"] == "prepaid"

    def test_a_body_over_the_limit_is_refused(self, store, client, platform):
        body = b" " * (1 << 20) + b"{}"
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 413
        assert notices() == []

    def test_a_signed_notice_of_an_unknown_kind_is_kept_and_does_nothing(self, phone, client, platform):
        order = held(phone)
        arguments(phone, order)
        content = platform.success(str(payment_of(order)["_id"]), 6000)
        body = platform.notice(content, "COUPON.USE")
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 204
        drain()
        assert payment_of(order)["state"] == "prepaid"
        assert notices()[0]["outbox"] == []

    @pytest.mark.parametrize("number", ["6921b0c58f1d2a3b4c5d6e7f", "0" * 24, "someone-elses-number"])
    def test_a_success_of_a_payment_that_is_not_ours_is_an_alarm(self, store, client, platform, number):
        before = alarms.raised("payment_unknown")
        body = platform.notice(platform.success(number, 6000))
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 204
        drain()
        assert alarms.raised("payment_unknown") == before + 1
        assert notices()[0]["outbox"] == []


SPOILT = [
    "notice_wrong_signature",
    "notice_signtest",
    "notice_old_timestamp",
    "notice_unknown_serial",
    "notice_wrong_amount",
]


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_notice_is_refused_and_the_true_one_issues(phone, door, fault):
    order = held(phone)
    before = alarms.raised("payment_notice_refused")
    phone.sandbox.fault(fault, count=1)
    notice_id = phone.sandbox.pay(arguments(phone, order)["package"], notify=True)["notice_id"]
    until(lambda: get_db().payment_notices.find_one({"_id": notice_id}), what="the true notice")
    until(lambda: len(at_wechat(phone.sandbox, order)["notices"][0]["attempts"]) == 2, what="the second attempt")
    attempts = at_wechat(phone.sandbox, order)["notices"][0]["attempts"]
    assert [(a["fault"], a["status"]) for a in attempts] == [(fault, 401), (None, 204)]
    drain()
    assert phone.order(order["id"])["state"] == "issued"
    expected = 0 if fault == "notice_signtest" else 1
    assert alarms.raised("payment_notice_refused") == before + expected


class TestTheQuery:
    """The second source of truth, for when no notice comes."""

    def test_a_payment_whose_notice_is_lost_is_found_by_asking(self, phone, shift_clock):
        order = held(phone)
        phone.pay(order)
        drain()
        assert phone.order(order["id"])["state"] == "held"
        shift_clock(16)
        drain()
        assert phone.order(order["id"])["state"] == "issued"
        assert notices() == []

    def test_an_unpaid_order_is_asked_for_again_until_its_time_is_over(self, phone, shift_clock):
        order = held(phone)
        arguments(phone, order)
        for seconds in (20, 100, 180):
            shift_clock(seconds)
            assert drain("checkout") == 1
            assert drain("checkout") == 0
        phone.pay(order)
        shift_clock(260)
        drain()
        assert phone.order(order["id"])["state"] == "issued"

    def test_the_phone_may_ask_at_once(self, phone):
        order = held(phone)
        phone.pay(order)
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        assert (answer.status_code, answer.json["state"]) == (200, "issued")

    def test_asking_for_an_unpaid_order_changes_nothing(self, phone):
        order = held(phone)
        arguments(phone, order)
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        assert (answer.status_code, answer.json["state"]) == (200, "held")

    def test_somebody_else_may_not_ask(self, phone, client, sandbox):
        order = held(phone)
        other = type(phone)(client, sandbox).log_in()
        assert other.post(f"/mini/v1/orders/{order['id']}/payment-check").status_code == 404

    def test_query_and_notice_together_issue_once(self, phone, door):
        order = held(phone)
        notice_id = phone.sandbox.pay(arguments(phone, order)["package"], notify=True)["notice_id"]
        phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        door.notice(notice_id)
        drain()
        shown = phone.order(order["id"])
        assert (shown["state"], len(shown["tickets"])) == ("issued", 1)


class TestTheReportOfDelivery:
    def reports(self, sandbox, order: dict) -> list[dict]:
        number = str(payment_of(order)["_id"])
        return [one for one in sandbox.call("/shipping")["shipping"] if one["out_trade_no"] == number]

    def test_an_issued_order_is_reported_once_as_virtual_goods(self, phone):
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        drain()
        [report] = self.reports(phone.sandbox, order)
        assert report["report"]["logistics_type"] == 3
        assert report["report"]["payer"] == {"openid": phone.user["openid"]}
        assert payment_of(order)["shipped_at"]

    def test_asking_for_the_report_again_after_it_was_made_changes_nothing(self, phone):
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        before = payment_of(order)
        payment.require_shipping(before["_id"])
        assert payment_of(order) == before

    def test_before_the_tickets_are_issued_nothing_is_reported(self, phone):
        order = held(phone)
        phone.pay(order)
        drain()
        assert self.reports(phone.sandbox, order) == []

    @pytest.mark.parametrize("fault", ["busy", "rate_limited", "answer_500", "answer_lost_after_effect"])
    def test_a_report_that_fails_is_repeated(self, phone, shift_clock, fault):
        phone.sandbox.fault(fault, count=1, path=DELIVERY)
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        assert "shipped_at" not in payment_of(order)
        shift_clock(5)
        drain()
        assert payment_of(order)["shipped_at"]
        assert len(self.reports(phone.sandbox, order)) == 1

    def test_a_report_that_got_lost_is_found_within_an_hour_or_two(self, phone, shift_clock):
        periodic.install()
        order = phone.issued(phone.free_slot("pingshan"))
        drain("push")
        lost = {"$unset": {"shipped_at": ""}, "$set": {"shipping_due": clock.now(), "outbox": []}}
        get_db().payments.update_one({"_id": payment_of(order)["_id"]}, lost)
        shift_clock(3500)
        drain("bills")
        assert "shipped_at" not in payment_of(order)
        shift_clock(3601)
        drain("bills")
        assert payment_of(order)["shipped_at"]
        assert "shipping_due" not in payment_of(order)

    def test_one_report_that_wechat_refuses_does_not_stop_the_others(self, phone, shift_clock):
        periodic.install()
        slot = phone.free_slot("pingshan")
        orders = [phone.issued(slot, (phone.companion(), "adult")) for _ in range(3)]
        lost = {"shipping_due": clock.now(), "outbox": []}
        for order, change in zip(orders, [{"transaction_id": "4200-unknown"}, {}, {}], strict=True):
            get_db().payments.update_one({"_id": payment_of(order)["_id"]}, {"$set": lost | change})
        shift_clock(3601)
        drain("bills")
        assert ["shipped_at" in payment_of(order) for order in orders] == [False, True, True]

    def test_an_order_that_was_refunded_whole_is_not_reported_for_ever(self, phone, shift_clock):
        periodic.install()
        order = phone.issued(phone.free_slot("pingshan"))
        assert phone.cancel(order["id"]).status_code == 200
        drain("checkout")
        get_db().payments.update_one({"_id": payment_of(order)["_id"]}, {"$set": {"shipping_due": clock.now()}})
        shift_clock(3601)
        drain("bills")
        assert "shipping_due" not in payment_of(order)
        assert self.reports(phone.sandbox, order) == []


class TestTheDailyBill:
    """Each test has a civil day of its own, because the sandbox keeps the orders of all."""

    @pytest.fixture
    def on(self, phone, shift_clock):
        def travel(days: int, clock_time: str = "15:00"):
            self.day = clock.date_of(self.first) + timedelta(days=days)
            shift_clock(shift_to(self.day.isoformat(), clock_time))
            phone.log_in()

        self.first = clock.today().isoformat()
        return travel

    def paid(self, phone) -> dict:
        return phone.issued(phone.free_slot("pingshan", later=2))

    def test_a_day_whose_books_agree_has_no_difference(self, phone, on):
        on(3)
        day = self.day
        orders = [self.paid(phone)]
        assert phone.cancel(orders[0]["id"]).status_code == 200
        drain()
        until(lambda: at_wechat(phone.sandbox, orders[0])["refunded"], what="the refund")
        orders.append(phone.issued(phone.free_slot("theatre", later=2)))
        on(3, "15:02")
        drain()
        assert phone.order(orders[0]["id"])["refund"]["state"] == "succeeded"
        on(4)
        matched = bill.fetch_and_match(day)
        expected = {"lines": 3, "paid_fen": 14000, "refunded_fen": 6000, "differences": []}
        assert {name: matched[name] for name in expected} == expected
        assert bill.read(day.isoformat()) == matched

    @pytest.mark.parametrize(
        ("days", "change", "difference"),
        [
            (5, {"$set": {"amount_fen": 5900}}, {"what": "amount_differs", "here_fen": 5900, "there_fen": 6000}),
            (7, {"$set": {"state": "prepaid"}, "$unset": {"paid_at": ""}},
             {"what": "only_at_wechat", "here_fen": None, "there_fen": 6000}),
        ],
    )  # fmt: skip
    def test_a_difference_is_named_and_told(self, phone, on, days, change, difference):
        on(days)
        day = self.day
        right, wrong = self.paid(phone), phone.issued(phone.free_slot("theatre", later=2))
        get_db().payments.update_one({"_id": payment_of(right)["_id"]}, change)
        before = alarms.raised("bill_difference")
        on(days + 1)
        matched = bill.fetch_and_match(day)
        number = str(payment_of(right)["_id"])
        assert matched["differences"] == [{"kind": "payment", "number": number, **difference}]
        assert payment_of(wrong)["state"] == "paid"
        assert alarms.raised("bill_difference") == before + 1

    def test_a_payment_that_wechat_does_not_know_is_named(self, phone, on):
        on(9)
        day = self.day
        self.paid(phone)
        stray = {
            "_id": ObjectId(),
            "subject": "order:stray",
            "amount_fen": 100,
            "state": "paid",
            "paid_at": clock.now(),
        }
        get_db().payments.insert_one(stray)
        on(10)
        [found] = bill.fetch_and_match(day)["differences"]
        assert (found["what"], found["number"], found["here_fen"]) == ("only_here", str(stray["_id"]), 100)

    def test_while_there_is_no_bill_the_queue_asks_again_in_half_an_hour(self, phone, on):
        on(11)
        day = self.day
        self.paid(phone)
        periodic.install()
        on(12, "09:59")
        get_db().periodic_work.update_one({"_id": "payments.match_bill"}, {"$set": {"outbox.0.due": clock.now()}})
        drain("bills")
        assert bill.read(day.isoformat()) is None
        again = self.next_fetch()
        assert 1700 < (again["due"] - clock.now()).total_seconds() <= 1800
        assert again["failures"] == 0
        on(12, "10:30")
        drain("bills")
        assert bill.read(day.isoformat())["lines"] == 1
        assert self.is_due_tomorrow_at_half_past_ten()

    def test_a_gateway_that_is_down_for_half_a_day_does_not_end_the_schedule(self, phone, on, shift_clock):
        on(13)
        day = self.day
        self.paid(phone)
        periodic.install()
        on(14, "10:30")
        phone.sandbox.fault("answer_500", path="/v3/bill/")
        start = shift_to(self.day.isoformat(), "10:30")
        for minutes in range(0, 12 * 60, 5):
            shift_clock(start + minutes * 60 + 1)
            drain("bills")
        assert bill.read(day.isoformat()) is None
        phone.sandbox.clear()
        on(14, "22:40")
        drain("bills")
        assert bill.read(day.isoformat())["lines"] == 1
        assert self.is_due_tomorrow_at_half_past_ten()

    def is_due_tomorrow_at_half_past_ten(self) -> bool:
        wanted = clock.at(clock.today() + timedelta(days=1), 10 * 60 + 30)
        return abs(self.next_fetch()["due"] - wanted) < timedelta(seconds=1)

    def next_fetch(self) -> dict:
        [entry] = get_db().periodic_work.find_one({"_id": "payments.match_bill"})["outbox"]
        return entry

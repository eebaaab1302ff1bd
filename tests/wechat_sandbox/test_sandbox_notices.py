"""Notices: sealed, signed, tried again, and what may befall them."""

import json
import time

import pytest
from cryptography.exceptions import InvalidSignature

from tests.wechat_sandbox.sandbox_kit import eventually


def pay(sandbox, merchant, **options):
    """Pay a new order; its number and the path of its notices."""
    number, prepay_id = merchant.order()
    sandbox.control(f"payments/{prepay_id}/pay", options)
    return number


def path(merchant):
    return merchant.shop_url[merchant.shop_url.index("/pay/") :]


def received(shop, merchant, count):
    """The first `count` deliveries for this merchant."""
    return eventually(lambda: len(shop.at(path(merchant))) >= count and shop.at(path(merchant)))


def notice_of(sandbox, number, state="delivered", turn=-1):
    def probe():
        notices = sandbox.control(f"orders/{number}")["notices"]
        return notices and notices[turn]["state"] == state and notices[turn]

    return eventually(probe)


def opened(merchant, delivery):
    return json.loads(merchant.open(json.loads(delivery.body)["resource"]))


def test_a_payment_is_told_signed_and_sealed(sandbox, merchant, shop):
    number = pay(sandbox, merchant)
    delivery = received(shop, merchant, 1)[0]
    assert merchant.check(delivery.headers, delivery.body) == sandbox.credentials["pay_public_key_id"]
    envelope = json.loads(delivery.body)
    assert (envelope["event_type"], envelope["resource_type"]) == ("TRANSACTION.SUCCESS", "encrypt-resource")
    assert envelope["resource"]["original_type"] == "transaction"
    assert opened(merchant, delivery) == merchant.query(number).json
    assert notice_of(sandbox, number)["attempts"][0]["status"] == 204


def test_a_refund_is_told(sandbox, merchant, shop):
    order = merchant.paid()
    number = order["out_trade_no"]
    merchant.refund(order, 250, "told_refund")
    delivery = received(shop, merchant, 1)[0]
    merchant.check(delivery.headers, delivery.body)
    assert json.loads(delivery.body)["event_type"] == "REFUND.SUCCESS"
    told = opened(merchant, delivery)
    assert (told["out_refund_no"], told["refund_status"], told["amount"]["refund"]) == ("told_refund", "SUCCESS", 250)
    assert told["success_time"]
    notice_of(sandbox, number)


def test_a_refused_notice_is_tried_again_with_the_same_id(sandbox, merchant, shop):
    shop.statuses[path(merchant)] = [500, 401]
    number = pay(sandbox, merchant)
    deliveries = received(shop, merchant, 3)
    assert len({json.loads(delivery.body)["id"] for delivery in deliveries}) == 1
    assert len({delivery.headers["Wechatpay-Nonce"] for delivery in deliveries}) == 3
    assert [attempt["status"] for attempt in notice_of(sandbox, number)["attempts"]] == [500, 401, 204]


def test_a_notice_is_given_up_at_the_end_of_the_schedule(sandbox, merchant, shop):
    shop.reply = lambda _delivery: b"FAIL"
    shop.statuses[path(merchant)] = [500] * 40
    number = pay(sandbox, merchant)

    def given_up():
        sandbox.control("notices/flush", {})
        return sandbox.control(f"orders/{number}")["notices"][0]["state"] == "given_up"

    eventually(given_up)
    notice = notice_of(sandbox, number, "given_up")
    assert len(notice["attempts"]) == 16
    assert notice["attempts"][0]["answer"] == "FAIL"


def test_a_shop_that_is_gone_is_an_error_on_record(sandbox, merchant):
    number, prepay_id = merchant.order(notify_url="http://127.0.0.1:9/nobody")
    sandbox.control(f"payments/{prepay_id}/pay", {})
    attempt = eventually(lambda: sandbox.control(f"orders/{number}")["notices"][0]["attempts"])[0]
    assert attempt["status"] is None
    assert "Refused" in attempt["error"]


def test_a_held_notice_goes_with_a_flush_only(sandbox, merchant, shop):
    number = pay(sandbox, merchant, notify=False)
    other = pay(sandbox, merchant)
    notice_of(sandbox, other)
    assert len(shop.at(path(merchant))) == 1
    flushed = sandbox.control("notices/flush", {})["notices"]
    assert number in {notice["resource"]["out_trade_no"] for notice in flushed}
    assert opened(merchant, shop.at(path(merchant))[1])["out_trade_no"] == number


def test_a_lost_notice_never_comes(sandbox, merchant, shop):
    sandbox.fault("notice_lost", path=path(merchant))
    lost, told = pay(sandbox, merchant), pay(sandbox, merchant)
    notice_of(sandbox, told)
    sandbox.control("notices/flush", {})
    assert [opened(merchant, delivery)["out_trade_no"] for delivery in shop.at(path(merchant))] == [told]
    assert notice_of(sandbox, lost, "lost")["attempts"] == []


def test_a_duplicate_comes_twice_with_one_id(sandbox, merchant, shop):
    sandbox.fault("notice_duplicate", path=path(merchant))
    pay(sandbox, merchant)
    first, second = received(shop, merchant, 2)
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]


def test_a_delayed_notice_waits(sandbox, merchant, shop):
    sandbox.fault("notice_delayed", path=path(merchant), seconds=0.3)
    began = time.monotonic()
    number = pay(sandbox, merchant)
    assert sandbox.control(f"orders/{number}")["notices"][0]["state"] == "delayed"
    received(shop, merchant, 1)
    assert time.monotonic() - began > 0.29


def test_a_reordered_notice_comes_after_the_next(sandbox, merchant, shop):
    sandbox.fault("notice_reordered", path=path(merchant))
    began = time.monotonic()
    first, second = pay(sandbox, merchant), pay(sandbox, merchant)
    deliveries = received(shop, merchant, 2)
    assert time.monotonic() - began < 4, "it came by its time limit and not by the next notice"
    assert [opened(merchant, delivery)["out_trade_no"] for delivery in deliveries] == [second, first]


@pytest.mark.parametrize(
    "name", ["notice_wrong_signature", "notice_signtest", "notice_unknown_serial", "notice_old_timestamp"]
)
def test_a_bad_notice_does_not_verify_and_the_true_one_follows(sandbox, merchant, shop, name):
    sandbox.fault(name, path=path(merchant))
    number = pay(sandbox, merchant)
    bad, good = received(shop, merchant, 2)
    with pytest.raises((InvalidSignature, KeyError, AssertionError)):
        merchant.check(bad.headers, bad.body)
    merchant.check(good.headers, good.body)
    assert json.loads(bad.body)["id"] == json.loads(good.body)["id"]
    first, second = notice_of(sandbox, number)["attempts"]
    assert (first["fault"], first["accepted"], second["fault"]) == (name, True, None)


def test_a_probe_shows_its_mark(sandbox, merchant, shop):
    sandbox.fault("notice_signtest", path=path(merchant))
    pay(sandbox, merchant)
    assert received(shop, merchant, 1)[0].headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")


def test_an_old_notice_is_rightly_signed_but_old(sandbox, merchant, shop):
    sandbox.fault("notice_old_timestamp", path=path(merchant))
    pay(sandbox, merchant)
    delivery = received(shop, merchant, 1)[0]
    assert sandbox.now() - int(delivery.headers["Wechatpay-Timestamp"]) > 590
    sandbox.shift = -600
    merchant.check(delivery.headers, delivery.body)


def test_a_wrong_amount_is_rightly_signed_and_has_its_own_id(sandbox, merchant, shop):
    sandbox.fault("notice_wrong_amount", path=path(merchant))
    pay(sandbox, merchant)
    bad, good = received(shop, merchant, 2)
    merchant.check(bad.headers, bad.body)
    assert (opened(merchant, bad)["amount"]["total"], opened(merchant, good)["amount"]["total"]) == (1001, 1000)
    assert json.loads(bad.body)["id"] != json.loads(good.body)["id"]

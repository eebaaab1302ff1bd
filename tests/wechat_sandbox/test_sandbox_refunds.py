"""Refunds: accepted, settled, refused."""

import pytest

from tests.wechat_sandbox.sandbox_kit import eventually


def test_a_refund_is_accepted_first_and_done_later(sandbox, merchant):
    order = merchant.paid()
    answer = merchant.refund(order, 1000, "r_full").json
    assert (answer["status"], answer["amount"]["refund"]) == ("PROCESSING", 1000)
    eventually(lambda: merchant.refund_status("r_full") == "SUCCESS")
    assert merchant.query(order["out_trade_no"]).json["trade_state"] == "REFUND"
    brief = sandbox.control(f"orders/{order['out_trade_no']}")
    assert (brief["refunded"], brief["refunding"]) == (1000, 0)


def test_a_partial_refund_makes_the_state_refund_too(merchant):
    order = merchant.paid()
    merchant.refund(order, 1)
    assert merchant.query(order["out_trade_no"]).json["trade_state"] == "REFUND"


def test_refunds_never_exceed_the_payment(sandbox, merchant):
    order = merchant.paid()
    assert merchant.refund(order, 600).status == 200
    answer = merchant.refund(order, 401)
    assert (answer.status, answer.json["code"]) == (400, "INVALID_REQUEST")
    assert merchant.refund(order, 400).status == 200
    refunds = sandbox.control(f"orders/{order['out_trade_no']}")["refunds"]
    assert sum(refund["amount"]["refund"] for refund in refunds) == 1000


def test_the_same_refund_again_is_one_refund(sandbox, merchant):
    order = merchant.paid()
    first, second = (merchant.refund(order, 300, "r_twice").json["refund_id"] for _ in range(2))
    assert first == second
    assert merchant.refund(order, 301, "r_twice").json["code"] == "INVALID_REQUEST"
    assert len(sandbox.control(f"orders/{order['out_trade_no']}")["refunds"]) == 1


def test_refund_by_the_merchants_number(merchant):
    order = merchant.paid()
    body = {"out_trade_no": order["out_trade_no"], "out_refund_no": "r_by_no", "reason": "天气"}
    body["amount"] = {"refund": 5, "total": 1000, "currency": "CNY"}
    assert merchant.call("POST", "/v3/refund/domestic/refunds", body).json["transaction_id"] == order["transaction_id"]


def test_unpaid_and_unknown_orders_give_nothing_back(merchant):
    number, _ = merchant.order()
    amount = {"refund": 5, "total": 1000, "currency": "CNY"}
    body = {"out_trade_no": number, "out_refund_no": "r_unpaid", "amount": amount}
    assert merchant.call("POST", "/v3/refund/domestic/refunds", body).json["code"] == "INVALID_REQUEST"
    assert merchant.refund({"transaction_id": "42"}, 5).json["code"] == "RESOURCE_NOT_EXISTS"
    assert merchant.call("GET", "/v3/refund/domestic/refunds/r_unpaid").status == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": {"refund": 0, "total": 1000, "currency": "CNY"}}, "PARAM_ERROR"),
        ({"amount": {"refund": 1, "total": 1000}}, "PARAM_ERROR"),
        ({"amount": {"refund": 1, "total": 999, "currency": "CNY"}}, "INVALID_REQUEST"),
        ({"out_refund_no": "x" * 65}, "PARAM_ERROR"),
        ({"reason": "长" * 27}, "PARAM_ERROR"),
        ({"out_trade_no": "both_given"}, "PARAM_ERROR"),
    ],
)
def test_malformed_refunds_are_refused(merchant, change, code):
    order = merchant.paid()
    answer = merchant.refund(order, 1, **change)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert merchant.query(order["out_trade_no"]).json["trade_state"] == "SUCCESS"


def test_a_year_later_it_is_too_late(sandbox, merchant):
    order = merchant.paid()
    sandbox.set_clock(366 * 86400)
    assert merchant.refund(order, 1).json["code"] == "INVALID_REQUEST"


def test_fifty_parts_and_no_more(merchant):
    order = merchant.paid()
    assert {merchant.refund(order, 1).status for _ in range(50)} == {200}
    assert merchant.refund(order, 1).json["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(("fault", "status"), [("refund_abnormal", "ABNORMAL"), ("refund_closed", "CLOSED")])
def test_refunds_that_fail_say_so_by_query_and_notice(sandbox, merchant, fault, status):
    order, number = merchant.paid(), f"r_{status}"
    sandbox.fault(fault)
    merchant.refund(order, 1000, number)
    eventually(lambda: merchant.refund_status(number) == status)
    notices = sandbox.control(f"orders/{order['out_trade_no']}")["notices"]
    assert [notice["event_type"] for notice in notices] == ["TRANSACTION.SUCCESS", f"REFUND.{status}"]


def test_a_closed_refund_frees_its_money_for_a_new_number(sandbox, merchant):
    order = merchant.paid()
    sandbox.fault("refund_closed")
    merchant.refund(order, 1000, "r_first")
    eventually(lambda: merchant.refund_status("r_first") == "CLOSED")
    assert merchant.refund(order, 1000, "r_first").json["status"] == "CLOSED"
    assert merchant.refund(order, 1000, "r_second").status == 200


def test_a_refund_that_stays_under_way_is_ended_by_hand_once(sandbox, merchant):
    order = merchant.paid()
    sandbox.fault("refund_stays_processing")
    merchant.refund(order, 200, "r_stuck")
    merchant.refund(order, 100, "r_behind_it")
    eventually(lambda: merchant.refund_status("r_behind_it") == "SUCCESS")
    assert merchant.refund_status("r_stuck") == "PROCESSING"
    assert sandbox.control("refunds/r_stuck", {"status": "ABNORMAL"})["status"] == "ABNORMAL"
    assert sandbox.control("refunds/r_stuck", {"status": "SUCCESS"})["status"] == "SUCCESS"
    assert merchant.refund_status("r_stuck") == "SUCCESS"
    assert sandbox.control("refunds/r_stuck", {"status": "CLOSED"}, status=409)["error"] == "refund_done"


def test_resource_not_exists_comes_once_for_a_number(sandbox, merchant):
    order = merchant.paid()
    sandbox.fault("refund_resource_not_exists_once", count=None)
    assert merchant.refund(order, 10, "r_unlucky").json["code"] == "RESOURCE_NOT_EXISTS"
    assert merchant.refund(order, 10, "r_unlucky").status == 200

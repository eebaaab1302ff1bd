"""Faults that strike answers, and how they are set."""

import http.client
import time

import pytest
from cryptography.exceptions import InvalidSignature

from tests.wechat_sandbox.sandbox_kit import eventually


def test_a_counted_fault_strikes_so_often_and_says_so(sandbox, merchant):
    sandbox.fault("answer_500", count=2, path="/v3/")
    answers = [merchant.query("nothing_1") for _ in range(3)]
    assert [answer.status for answer in answers] == [500, 500, 404]
    assert answers[0].json["code"] == "SYSTEM_ERROR"
    fault = sandbox.control("faults")["faults"][0]
    assert (fault["fired"], fault["count"]) == (2, 0)


def test_a_fault_may_be_bound_to_a_path(sandbox, merchant):
    sandbox.fault("answer_500", path="/v3/refund/")
    assert merchant.query("nothing_1").status == 404
    assert merchant.call("GET", "/v3/refund/domestic/refunds/none").status == 500


def struck(sandbox, merchant, seed):
    sandbox.fault("answer_500", rate=0.5, seed=seed, count=None)
    pattern = [merchant.query("nothing_1").status == 500 for _ in range(40)]
    sandbox.control("faults", method="DELETE")
    return pattern


def test_chance_repeats_by_its_seed(sandbox, merchant):
    first = struck(sandbox, merchant, 7)
    assert 5 < sum(first) < 35
    assert struck(sandbox, merchant, 7) == first
    assert struck(sandbox, merchant, 8) != first


def test_faults_are_listed_cleared_by_name_and_checked(sandbox):
    sandbox.control("faults", {"faults": [{"name": "busy", "count": 1}, {"name": "notice_lost", "rate": 0.1}]})
    assert [fault["name"] for fault in sandbox.control("faults")["faults"]] == ["busy", "notice_lost"]
    assert [fault["name"] for fault in sandbox.control("faults?name=busy", method="DELETE")["faults"]] == [
        "notice_lost"
    ]
    assert sandbox.control("faults", {"name": "earthquake"}, status=400)["error"] == "unknown_fault"
    assert sandbox.control("faults", {"name": "busy", "rate": "often"}, status=400)["error"] == "bad_fault"


def test_a_bad_signature_does_not_verify(sandbox, merchant):
    number, _ = merchant.order()
    sandbox.fault("answer_bad_signature")
    with pytest.raises(InvalidSignature):
        merchant.query(number)
    assert merchant.query(number).status == 200


def test_a_lost_answer_leaves_its_effect(sandbox, merchant):
    body = merchant.order_body()
    sandbox.fault("answer_lost_after_effect", path="/v3/pay/transactions/jsapi")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        merchant.call("POST", "/v3/pay/transactions/jsapi", body)
    prepay_id = sandbox.control(f"orders/{body['out_trade_no']}")["prepay_id"]
    assert merchant.call("POST", "/v3/pay/transactions/jsapi", body).json == {"prepay_id": prepay_id}


def test_a_timeout_hangs_has_no_effect_and_blocks_nobody_else(sandbox, merchant):
    body = merchant.order_body()
    sandbox.fault("answer_timeout", seconds=30)
    with pytest.raises(TimeoutError):
        merchant.call("POST", "/v3/pay/transactions/jsapi", body, timeout=0.3)
    assert sandbox.control(f"orders/{body['out_trade_no']}", status=404)["error"] == "no_such_order"


def test_a_short_timeout_ends_without_an_answer(sandbox, merchant):
    sandbox.fault("answer_timeout", seconds=0.2)
    began = time.monotonic()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        merchant.query("nothing_1")
    assert 0.19 < time.monotonic() - began < 5


@pytest.mark.parametrize(("name", "errcode"), [("busy", -1), ("rate_limited", 45009), ("token_invalid", 40001)])
def test_mini_program_faults_come_once(sandbox, name, errcode):
    token = sandbox.token()["access_token"]
    sandbox.fault(name)
    answers = [sandbox.mini("/wxa/business/getuserphonenumber", {"code": "x"}, token)["errcode"] for _ in range(2)]
    assert answers == [errcode, 40029]


def test_a_mini_program_500_is_a_page_and_no_json(sandbox):
    sandbox.fault("answer_500")
    answer = sandbox.call("POST", "/cgi-bin/stable_token", b"{}")
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/html")


def test_the_text_check_can_be_down_while_the_rest_is_up(sandbox):
    sandbox.fault("text_check_down")
    assert sandbox.mini("/wxa/business/getuserphonenumber", {"code": "x"})["errcode"] == 40029
    assert sandbox.mini("/wxa/msg_sec_check", {"content": "文"})["errcode"] == -1


def test_the_user_may_pay_just_before_the_close(sandbox, merchant):
    number, _ = merchant.order()
    sandbox.fault("close_races_pay")
    answer = merchant.close(number)
    assert (answer.status, answer.json["code"]) == (400, "ORDERPAID")
    assert merchant.query(number).json["trade_state"] == "SUCCESS"
    eventually(lambda: sandbox.control(f"orders/{number}")["notices"][0]["state"] == "delivered")

"""Orders and their signatures: placed, asked after, paid, closed."""

import secrets
import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from cryptography.exceptions import InvalidSignature

JSAPI = "/v3/pay/transactions/jsapi"


def place(merchant, **changes):
    return merchant.call("POST", JSAPI, merchant.order_body(**changes))


def test_an_order_is_placed_paid_and_found_by_both_numbers(sandbox, merchant):
    number, prepay_id = merchant.order(attach="a1")
    assert merchant.query(number).json["trade_state"] == "NOTPAY"
    paid = sandbox.control(f"payments/{prepay_id}/pay", {"notify": False})
    found = merchant.query(number).json
    assert found["trade_state"] == "SUCCESS"
    assert found["amount"] == {"total": 1000, "payer_total": 1000, "currency": "CNY", "payer_currency": "CNY"}
    assert (found["attach"], found["payer"]["openid"]) == ("a1", merchant.openid)
    assert abs(datetime.fromisoformat(found["success_time"]).timestamp() - sandbox.now()) < 5
    by_id = f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={sandbox.credentials['mchid']}"
    assert merchant.call("GET", by_id).json == found


def test_missing_orders_and_missing_or_foreign_mchid(merchant):
    answer = merchant.query("nothing_1")
    assert (answer.status, answer.json["code"]) == (404, "ORDER_NOT_EXIST")
    path = "/v3/pay/transactions/out-trade-no/nothing_1"
    assert merchant.call("GET", path).json["code"] == "PARAM_ERROR"
    assert merchant.call("GET", f"{path}?mchid=1").json["code"] == "MCH_NOT_EXISTS"


def forged(merchant, target, **changes):
    headers = {"Authorization": merchant.authorization("GET", target, **changes)}
    return merchant.process.call("GET", target, None, headers)


@pytest.mark.parametrize(
    "change", [{"mchid": "1"}, {"serial_no": "AB"}, {"signature": "AAAA"}, {"timestamp": "1"}, {"timestamp": "x"}]
)
def test_requests_with_a_wrong_field_are_401_and_the_answer_is_signed(merchant, change):
    answer = forged(merchant, "/v3/pay/transactions/out-trade-no/nothing_1?mchid=1", **change)
    assert (answer.status, answer.json["code"]) == (401, "SIGN_ERROR")
    merchant.check(answer.headers, answer.body)


def test_the_signature_covers_method_query_and_body(sandbox, merchant):
    target = f"/v3/pay/transactions/out-trade-no/nothing_1?mchid={sandbox.credentials['mchid']}"
    good = {"Authorization": merchant.authorization("GET", target)}
    assert sandbox.call("GET", target, None, good).status == 404
    assert sandbox.call("GET", target + "1", None, good).status == 401
    assert sandbox.call("POST", target, None, good).status == 401
    assert sandbox.call("GET", target, b"{}", good).status == 401
    assert sandbox.call("GET", target, None, {}).status == 401


def test_a_request_older_than_five_minutes_is_refused(sandbox, merchant):
    target = f"/v3/pay/transactions/out-trade-no/nothing_1?mchid={sandbox.credentials['mchid']}"
    for seconds, status in ((-310, 401), (310, 401), (-280, 404)):
        assert forged(merchant, target, timestamp=str(int(sandbox.now()) + seconds)).status == status


def test_the_same_order_again_is_the_same_prepay_id(merchant):
    body = merchant.order_body()
    first, second = (merchant.call("POST", JSAPI, body).json["prepay_id"] for _ in range(2))
    assert first == second
    other = merchant.call("POST", JSAPI, {**body, "amount": {"total": 1, "currency": "CNY"}})
    assert (other.status, other.json["code"]) == (400, "INVALID_REQUEST")
    assert merchant.query(body["out_trade_no"]).json["amount"]["total"] == 1000


def test_the_number_of_a_paid_or_closed_order_is_used(sandbox, merchant):
    paid, closed = merchant.order_body(), merchant.order_body()
    prepay_id = merchant.call("POST", JSAPI, paid).json["prepay_id"]
    sandbox.control(f"payments/{prepay_id}/pay", {"notify": False})
    merchant.call("POST", JSAPI, closed)
    merchant.close(closed["out_trade_no"])
    for body in (paid, closed):
        answer = merchant.call("POST", JSAPI, body)
        assert (answer.status, answer.json["code"]) == (403, "OUT_TRADE_NO_USED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"out_trade_no": "short"}, "/out_trade_no"),
        ({"out_trade_no": "with space"}, "/out_trade_no"),
        ({"description": "长" * 128}, "/description"),
        ({"description": None}, "/description"),
        ({"amount": {"total": 0}}, "/amount/total"),
        ({"amount": {"total": 1.5}}, "/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency"),
        ({"notify_url": "http://127.0.0.1/x?a=1"}, "/notify_url"),
        ({"payer": {"openid": "o_unknown"}}, "/payer/openid"),
        ({"payer": "me"}, "/payer/openid"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "/time_expire"),
        ({"time_expire": "2099-01-01T00:00:00"}, "/time_expire"),
    ],
)
def test_malformed_orders_name_the_field(merchant, change, field):
    answer = place(merchant, **change)
    assert (answer.status, answer.json["code"]) == (400, "PARAM_ERROR")
    assert answer.json["detail"]["field"] == field


def test_a_foreign_appid_does_not_match(merchant):
    assert place(merchant, appid="wx1").json["code"] == "APPID_MCHID_NOT_MATCH"


def test_after_time_expire_nobody_pays_but_the_order_stays_open(sandbox, merchant):
    expiry = datetime.fromtimestamp(int(sandbox.now()) + 60, UTC).isoformat()
    number, prepay_id = merchant.order(time_expire=expiry)
    sandbox.set_clock(61)
    assert sandbox.control(f"payments/{prepay_id}/pay", {}, status=409)["error"] == "order_expired"
    assert merchant.query(number).json["trade_state"] == "NOTPAY"
    assert merchant.close(number).status == 204


def test_a_prepay_id_lives_two_hours(sandbox, merchant):
    _, prepay_id = merchant.order()
    sandbox.set_clock(7201)
    assert sandbox.control(f"payments/{prepay_id}/pay", {}, status=409)["error"] == "order_expired"


def test_a_closed_order_cannot_be_paid_and_closes_again(sandbox, merchant):
    number, prepay_id = merchant.order()
    first, second = merchant.close(number), merchant.close(number)
    assert (first.status, first.body, second.status) == (204, b"", 204)
    assert sandbox.control(f"payments/{prepay_id}/pay", {}, status=409)["error"] == "order_closed"
    assert merchant.query(number).json["trade_state"] == "CLOSED"


def test_a_paid_order_cannot_be_closed_nor_paid_twice(sandbox, merchant):
    number, prepay_id = merchant.order()
    sandbox.control(f"payments/{prepay_id}/pay", {"notify": False})
    answer = merchant.close(number)
    assert (answer.status, answer.json["code"]) == (400, "ORDERPAID")
    assert sandbox.control(f"payments/{prepay_id}/pay", {}, status=409)["error"] == "order_paid"


def test_a_user_who_refuses_leaves_the_order_unpaid(sandbox, merchant):
    number, prepay_id = merchant.order()
    assert sandbox.control(f"payments/{prepay_id}/refuse", {})["trade_state"] == "NOTPAY"
    assert sandbox.control(f"orders/{number}")["refusals"] == 1
    sandbox.control(f"payments/{prepay_id}/pay", {"notify": False})
    assert merchant.query(number).json["trade_state"] == "SUCCESS"


def pay_fields(merchant, prepay_id, **changes):
    appid, stamp, nonce = merchant.process.credentials["appid"], "1700000000", secrets.token_hex(8)
    package = f"prepay_id={prepay_id}"
    signature = merchant.sign(f"{appid}\n{stamp}\n{nonce}\n{package}\n".encode())
    fields = {"appId": appid, "timeStamp": stamp, "nonceStr": nonce, "package": package}
    return fields | {"signType": "RSA", "paySign": signature, "notify": False} | changes


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"nonceStr": "other"}, "pay_sign_wrong"),
        ({"paySign": "AAAA"}, "pay_sign_wrong"),
        ({"timeStamp": 1700000000}, "pay_sign_fields"),
        ({"signType": "MD5"}, "pay_sign_fields"),
        ({"package": "prepay_id=other"}, "pay_sign_fields"),
    ],
)
def test_a_wrong_pay_sign_does_not_pay(sandbox, merchant, change, error):
    number, prepay_id = merchant.order()
    fields = pay_fields(merchant, prepay_id, **change)
    assert sandbox.control(f"payments/{prepay_id}/pay", fields, status=400)["error"] == error
    assert merchant.query(number).json["trade_state"] == "NOTPAY"


def test_a_right_pay_sign_pays(sandbox, merchant):
    number, prepay_id = merchant.order()
    sandbox.control(f"payments/{prepay_id}/pay", pay_fields(merchant, prepay_id))
    assert merchant.query(number).json["trade_state"] == "SUCCESS"


def test_only_the_named_payer_pays(sandbox, merchant):
    _, prepay_id = merchant.order()
    other = sandbox.user(name="other")["user_id"]
    answer = sandbox.control(f"payments/{prepay_id}/pay", {"user_id": other}, status=403)
    assert answer["error"] == "other_payer"


def test_the_list_for_audits_has_every_order(sandbox, merchant):
    paid, (number, _) = merchant.paid(), merchant.order()
    listed = {order["out_trade_no"]: order for order in sandbox.control("orders")["orders"]}
    assert (listed[paid["out_trade_no"]]["state"], listed[paid["out_trade_no"]]["amount"]) == ("SUCCESS", 1000)
    assert (listed[number]["state"], listed[number]["refunded"]) == ("NOTPAY", 0)


def test_a_changed_answer_does_not_verify(merchant):
    number, _ = merchant.order()
    answer = merchant.query(number)
    with pytest.raises(InvalidSignature):
        merchant.check(answer.headers, answer.body.replace(b"NOTPAY", b"PAYNOT"))


def test_a_connection_serves_several_calls(sandbox):
    url = urlsplit(sandbox.base_url)
    with socket.create_connection((url.hostname, url.port), 5) as connection:
        file = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(b"GET /sandbox/health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (line := file.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            assert b'"status":"ok"' in file.read(length)


def test_unknown_paths_are_refused_in_the_manner_of_their_family(sandbox, merchant):
    assert merchant.call("GET", "/v3/nothing").status == 404
    assert sandbox.control("nothing", status=404)["error"] == "no_such_path"
    assert sandbox.mini("/wxa/nothing", {})["errcode"] == 40066

import json
from datetime import UTC, datetime, timedelta

import pytest

from backend import clock
from backend.wechat.errors import PaymentGatewayFailure, PaymentRefused, PaymentUnknown
from backend.wechat.pay import Refund
from tests.support import timeline
from tests.wechat.kit import until

NOTIFY_URL = "http://127.0.0.1:9/notice"
QUIET_TIMEOUT = (0.5, 0.2)


@pytest.fixture
def openid(sandbox):
    return sandbox.user()["openid"]


@pytest.fixture
def place(openid):
    """Orders at WeChat Pay; the same arguments are the same order."""
    expires_at = clock.now() + timedelta(minutes=15)

    def place(pay, number, **changes):
        values = {"description": "红色故居门票", "total_fen": 100, "openid": openid, "notify_url": NOTIFY_URL}
        return pay.order_jsapi(out_trade_no=number, **{**values, "expires_at": expires_at, **changes})

    return place


@pytest.fixture
def paid(pay, place, sandbox, number):
    """A paid order of 1 yuan: (out_trade_no, transaction_id)."""
    order = number()
    transaction = sandbox.do(f"payments/{place(pay, order)}/pay", notify=False)
    return order, transaction["transaction_id"]


def refund(pay, transaction_id, number, **changes):
    values = {"refund_fen": 40, "total_fen": 100, "reason": "游客改期", "notify_url": NOTIFY_URL}
    return pay.refund(transaction_id=transaction_id, out_refund_no=number, **{**values, **changes})


# Order and payment


def test_an_order_is_placed_signed_for_and_paid(pay, place, sandbox, number):
    prepay_id = place(pay, number())
    fields = pay.pay_sign(prepay_id)
    assert set(fields) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert sandbox.do(f"payments/{prepay_id}/pay", **fields, notify=False)["trade_state"] == "SUCCESS"


def test_the_same_order_again_has_the_same_prepay_id(pay, place, number):
    order = number()
    assert place(pay, order) == place(pay, order)


def test_the_same_number_for_another_order_is_refused(pay, place, number):
    order = number()
    place(pay, order)
    with pytest.raises(PaymentRefused) as caught:
        place(pay, order, total_fen=200)
    assert (caught.value.errcode, caught.value.status) == ("INVALID_REQUEST", 502)


def test_the_order_says_when_paying_ends(pay, place, sandbox, number):
    order = number()
    place(pay, order, expires_at=datetime(2099, 1, 1, 0, 0, 30, 999_000, tzinfo=UTC), description="门" * 200)
    sent = sandbox.do(f"orders/{order}", "GET")["request"]
    assert sent["time_expire"] == "2099-01-01T08:00:30+08:00"
    assert sent["amount"] == {"total": 100, "currency": "CNY"}
    assert sent["description"] == "门" * 42


@pytest.mark.parametrize("wrong", ["", "short", "a/b?c=d#e", "x" * 33, "订单号订单号", "T000001\n"])
def test_a_number_that_would_change_the_path_is_never_sent(pay, place, session, wrong):
    for call in (lambda: place(pay, wrong), lambda: pay.query(wrong), lambda: pay.close(wrong)):
        with pytest.raises(ValueError):
            call()
    assert session.paths == []


def test_connections_are_kept(pay, place, number, session):
    for _ in range(5):
        place(pay, number())
    pools = session.get_adapter(pay._core._gate_way).poolmanager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 - the container is no mapping to iterate
    assert pool.num_connections == 1
    assert pool.num_requests == 5


# Query and close


def test_an_unpaid_order(pay, place, number, settings):
    order = number()
    place(pay, order)
    found = pay.query(order)
    assert (found.state, found.total_fen, found.transaction_id, found.success_time) == ("NOTPAY", 100, None, None)
    assert (found.appid, found.mchid) == (settings.appid, settings.mchid)


def test_a_paid_order(pay, paid, openid):
    order, transaction_id = paid
    found = pay.query(order)
    assert (found.state, found.transaction_id, found.total_fen) == ("SUCCESS", transaction_id, 100)
    assert found.openid == openid
    assert found.success_time.tzinfo is UTC
    assert abs(clock.now() - found.success_time) < timedelta(seconds=20)


def test_an_unknown_order_is_none(pay, number):
    assert pay.query(number()) is None


def test_a_closed_order_cannot_be_paid_and_may_be_closed_again(pay, place, number, sandbox):
    order = number()
    place(pay, order)
    assert [pay.close(order), pay.close(order)] == ["closed", "closed"]
    assert pay.query(order).state == "CLOSED"


def test_closing_a_paid_order_tells_so(pay, paid):
    assert pay.close(paid[0]) == "already_paid"


def test_a_payment_that_overtakes_the_close_is_not_lost(pay, place, number, sandbox):
    order = number()
    place(pay, order)
    sandbox.fault("close_races_pay", count=1)
    assert pay.close(order) == "already_paid"


def test_closing_a_refunded_order_tells_that_it_was_paid(pay, paid, number):
    refund(pay, paid[1], number())
    assert pay.close(paid[0]) == "already_paid"


def test_closing_an_unknown_order_is_refused(pay, number):
    with pytest.raises(PaymentRefused) as caught:
        pay.close(number())
    assert caught.value.errcode == "ORDER_NOT_EXIST"


# Refund


def test_a_refund_is_accepted_then_done(pay, paid, number):
    refund_no = number()
    asked = refund(pay, paid[1], refund_no)
    assert (asked.status, asked.refund_fen) == ("PROCESSING", 40)
    assert refund(pay, paid[1], refund_no).refund_id == asked.refund_id
    until(lambda: pay.query_refund(refund_no).status == "SUCCESS")
    assert pay.query_refund(refund_no) == Refund("SUCCESS", asked.refund_id, 40)
    assert pay.query(paid[0]).state == "REFUND"


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_goes_wrong(pay, paid, number, sandbox, status):
    sandbox.fault(f"refund_{status.lower()}", count=1)
    refund_no = number()
    refund(pay, paid[1], refund_no)
    until(lambda: pay.query_refund(refund_no).status != "PROCESSING")
    assert pay.query_refund(refund_no).status == status


def test_more_than_was_paid_is_refused(pay, paid, number):
    with pytest.raises(PaymentRefused) as caught:
        refund(pay, paid[1], number(), refund_fen=101)
    assert caught.value.errcode == "INVALID_REQUEST"


def test_a_refund_that_misses_its_order_for_a_moment_may_be_repeated(pay, paid, number, sandbox):
    sandbox.fault("refund_resource_not_exists_once", count=1)
    refund_no = number()
    with pytest.raises(PaymentRefused) as caught:
        refund(pay, paid[1], refund_no)
    assert caught.value.errcode == "RESOURCE_NOT_EXISTS"
    assert pay.query_refund(refund_no) is None
    assert refund(pay, paid[1], refund_no).status == "PROCESSING"


def test_a_long_reason_is_cut_and_not_refused(pay, paid, number, sandbox):
    refund_no = number()
    assert refund(pay, paid[1], refund_no, reason="因暴雨景区临时关闭" * 9).status == "PROCESSING"


# Answers that cannot be trusted, or do not come


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("answer_500", "HTTP 500"),
        ("answer_timeout", "ReadTimeout"),
        ("answer_lost_after_effect", "ConnectionError"),
        ("answer_bad_signature", "answer: signature"),
    ],
)
def test_no_trustworthy_answer_means_unknown_for_every_call(make_pay, paid, sandbox, fault, reason):
    pay, order = make_pay(timeout=QUIET_TIMEOUT), f"{paid[0]}x"
    sandbox.fault(fault, path="/v3/", seconds=0.5)
    calls = (
        lambda: pay.query(paid[0]),
        lambda: pay.close(order),
        lambda: refund(pay, paid[1], order),
        lambda: pay.query_refund(order),
        lambda: pay.trade_bill(clock.today()),
    )
    for call in calls:
        with pytest.raises(PaymentUnknown) as caught:
            call()
        assert (caught.value.status, caught.value.reason) == (502, reason)


def test_an_unknown_order_was_placed_and_the_repeat_finds_it(pay, place, number, sandbox):
    order = number()
    sandbox.fault("answer_lost_after_effect", count=1, path="/v3/pay/")
    with pytest.raises(PaymentUnknown) as caught:
        place(pay, order)
    assert caught.value.__cause__ is not None
    assert place(pay, order) == sandbox.do(f"orders/{order}", "GET")["prepay_id"]


def test_a_merchant_key_that_wechat_does_not_know(make_pay, number):
    with pytest.raises(PaymentRefused) as caught:
        make_pay(merchant_serial="ABCDEF").query(number())
    assert caught.value.errcode == "SIGN_ERROR"


def test_nobody_there_means_unknown(make_pay, number, free_port):
    with pytest.raises(PaymentUnknown) as caught:
        make_pay(pay_base=f"http://127.0.0.1:{free_port}").query(number())
    assert caught.value.reason == "ConnectionError"


def test_a_rotated_key_counts_once_it_is_on_the_list(make_pay, settings, place, number, sandbox):
    former = make_pay()
    fresh = sandbox.do("rotate_key", overlap_seconds=0)
    both = {**settings.pay_public_keys, fresh["pay_public_key_id"]: fresh["pay_public_key"]}
    with pytest.raises(PaymentUnknown) as caught:
        place(former, number())
    assert caught.value.reason == "answer: serial"
    assert place(make_pay(public_keys=both), number())


# The bill


@pytest.fixture
def bill_day(shift):
    """Moves the clock to noon of the next civil day; gives the day before."""
    day = clock.today()
    noon = clock.at(day, 36 * 60)

    def to_next_noon():
        shift(noon.timestamp() - timeline.unshifted())
        return day

    return to_next_noon


def test_the_bill_of_a_day(pay, paid, bill_day, openid):
    order, transaction_id = paid
    refund_no = f"{order}-1"
    asked = refund(pay, transaction_id, refund_no, refund_fen=29)
    until(lambda: pay.query_refund(refund_no).status == "SUCCESS")
    lines = {(line.out_trade_no, line.out_refund_no): line for line in pay.trade_bill(bill_day())}
    payment, back = lines[order, None], lines[order, refund_no]
    assert (payment.state, payment.total_fen, payment.refund_fen) == ("SUCCESS", 100, 0)
    assert (payment.transaction_id, payment.openid, payment.refund_id) == (transaction_id, openid, None)
    assert (back.state, back.refund_fen, back.refund_id, back.refund_status) == (
        "REFUND",
        29,
        asked.refund_id,
        "SUCCESS",
    )
    assert payment.fee_fen == 1
    assert payment.traded_at.tzinfo is UTC
    assert abs(payment.traded_at.timestamp() - timeline.unshifted()) < 120


def test_there_is_no_bill_of_today_or_of_long_ago(pay):
    assert pay.trade_bill(clock.today()) is None
    assert pay.trade_bill(clock.today() - timedelta(days=200)) is None


def test_a_bill_that_cannot_be_downloaded(make_pay, paid, bill_day, sandbox):
    day = bill_day()
    sandbox.fault("answer_500", path="/v3/billdownload/")
    with pytest.raises(PaymentUnknown):
        make_pay().trade_bill(day)


def test_errors_show_no_keys(pay, number, settings):
    with pytest.raises(PaymentGatewayFailure) as caught:
        pay.close(number())
    shown = f"{caught.value} {caught.value!r} {json.dumps(caught.value.message())}"
    assert "ORDER_NOT_EXIST" in shown
    assert settings.apiv3_key not in shown

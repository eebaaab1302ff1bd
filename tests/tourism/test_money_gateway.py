"""What the merchant's client says to WeChat Pay about refunds that went wrong, and bills that are long or damaged."""

import gzip
import hashlib
import io
import itertools

import pytest

from backend.wechat.errors import PaymentGatewayFailure, PaymentRefused
from backend.wechat.pay_bill import TradeBill
from backend.wechat.pay_values import BankCard
from tests.support import slots
from tests.support.queues import drain
from tests.tourism.money_kit import ended, let_pass, refunds_of

CARD = BankCard("ICBC_DEBIT", "6222020200000000004", "张三丰")


@pytest.fixture
def abnormal(phone, sandbox, shift_clock):
    """A refund that ended abnormal at WeChat."""
    sandbox.fault("refund_abnormal", count=1)
    order = phone.issued(slots.make(5, days=9))
    phone.cancel(order["id"])
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))))
    yield refunds_of(order)[0]
    sandbox.clear()


def refused(call) -> str:
    with pytest.raises(PaymentRefused) as told:
        call()
    return told.value.errcode


def test_an_abnormal_refund_goes_on_and_comes_to_an_end(parts, abnormal):
    told = parts.pay.apply_abnormal(abnormal["refund_id"], abnormal["_id"], CARD)
    assert (told.status, told.refund_fen) == ("PROCESSING", 6000)
    again = parts.pay.apply_abnormal(abnormal["refund_id"], abnormal["_id"], CARD)
    assert again.refund_id == told.refund_id
    assert parts.pay.query_refund(abnormal["_id"]).status in {"PROCESSING", "SUCCESS"}


def test_another_way_while_it_is_under_way_is_refused(parts, abnormal):
    parts.pay.apply_abnormal(abnormal["refund_id"], abnormal["_id"])
    assert refused(lambda: parts.pay.apply_abnormal(abnormal["refund_id"], abnormal["_id"], CARD)) == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("refund_id", "card", "code"),
    [
        ("5030", CARD, "RESOURCE_NOT_EXISTS"),
        ("", BankCard("icbc", CARD.number, CARD.holder), "PARAM_ERROR"),
        ("", BankCard("ICBC_DEBIT", "12", CARD.holder), "PARAM_ERROR"),
        ("", BankCard("ICBC_DEBIT", CARD.number, " "), "PARAM_ERROR"),
    ],
)
def test_what_is_wrong_with_the_request_is_refused(parts, abnormal, refund_id, card, code):
    wanted = refund_id or abnormal["refund_id"]
    assert refused(lambda: parts.pay.apply_abnormal(wanted, abnormal["_id"], card)) == code


def test_a_refund_that_arrived_is_not_sent_on(phone, parts, shift_clock):
    order = phone.issued(slots.make(5, days=9))
    phone.cancel(order["id"])
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))))
    drain()
    (done,) = refunds_of(order)
    assert refused(lambda: parts.pay.apply_abnormal(done["refund_id"], done["_id"])) == "INVALID_REQUEST"


def test_a_card_is_in_no_text_that_an_object_shows():
    assert CARD.number not in repr(CARD)
    assert CARD.holder not in repr(CARD)


HEAD = (
    "交易时间,微信订单号,商户订单号,用户标识,交易状态,微信退款单号,"
    "商户退款单号,退款状态,商品名称,手续费,订单金额,申请退款金额"
)
ROW = "`2026-05-01 09:00:00,`4200,`T0000000{n},`oabc,`SUCCESS,`0,`0,`,`门票,成人票,`0.60000,`1.00,`0.00"
TAIL = "总交易单数,订单总金额,申请退款总金额\r\n`3,`3.00,`0.00\r\n"


def bill(*rows: str, tail: str = TAIL) -> TradeBill:
    data = ("\ufeff" + "\r\n".join([HEAD, *rows]) + "\r\n" + tail).encode()
    return TradeBill(io.BytesIO(data), hashlib.sha1(data, usedforsecurity=False).hexdigest())


def test_lines_and_summary_are_read_apart_and_in_any_order():
    file = bill(*(ROW.format(n=n) for n in range(3)))
    assert (file.totals().lines, file.totals().total_fen, file.count()) == (3, 300, 3)
    assert [one.out_trade_no for one in file.lines(skip=1)] == ["T00000001", "T00000002"]
    assert [one.total_fen for one in file.lines()] == [100] * 3


@pytest.mark.parametrize(
    "damaged",
    [
        bill(ROW.format(n=1), tail=""),
        bill("`2026-05-01,`1"),
        TradeBill(io.BytesIO(b"")),
        TradeBill(io.BytesIO(b"\xff\xfe")),
        TradeBill(io.BytesIO(gzip.compress(b"x"))),
    ],
    ids=itertools.count(),
)
def test_a_damaged_file_is_not_read_to_its_end(damaged):
    with pytest.raises(PaymentGatewayFailure):
        list(damaged.lines())


def test_what_the_summary_leaves_out_is_not_known():
    told = bill(tail="总交易单数\r\n`0\r\n").totals()
    assert (told.lines, told.total_fen, told.refund_fen) == (0, None, None)

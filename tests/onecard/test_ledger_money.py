"""Tickets' money in the ledger, and the ledger against WeChat's bill and the bank's file."""

import itertools
from datetime import timedelta

import pytest

from backend import clock
from models.audit.entry import AuditEntry
from models.booking.order import Order
from models.payments import bank_statement, ledger_account, ledger_verify, receipt, transfer
from models.payments.payment import Payment
from models.payments.transfer_record import Transfer
from tests.office.conftest import on_duty
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.queues import drain

SHOP = "merchant:changzhengyuan"


@pytest.fixture
def finance(client, admin):
    return on_duty(client, "finance-1", lambda: admin.hire("finance_clerk", unit="finance"))


@pytest.fixture
def paid(phone):
    """The payment of an issued order."""
    order = phone.issued(slots.make(5, days=5))
    phone.ordered = order["id"]
    return Order.objects(id=order["id"]).get().payment


def balance(account):
    return ledger_account.read(account)["balance_fen"]


def refunded(phone, shift_clock):
    phone.cancel(phone.ordered)
    minutes = itertools.count(1)

    def posted():
        shift_clock(61 * next(minutes))
        drain("checkout", "bills")
        return Transfer._get_collection().find_one({"refund_of": {"$gt": ""}})

    return until(posted, what="the refund in the ledger")


def test_a_paid_ticket_is_posted_to_the_unit_of_its_place_once(paid):
    drain("checkout", "bills")
    receipt.post(paid)
    made = transfer.read(f"receipt:{paid}")
    assert (made["source"], made["target"], made["fen"], made["what"]) == ("clearing:wechat", SHOP, 6000, "receipt")
    assert (made["reference"], made["statement"]) == (str(paid), f"wechat:{clock.today()}")
    assert balance(SHOP) == 6000
    assert ledger_verify.findings() == []


def test_checkout_does_not_wait_for_the_ledger(paid):
    drain("checkout")
    assert transfer.find(f"receipt:{paid}") is None
    waiting = Payment._get_collection().find_one({"_id": paid})["outbox"]
    assert [(one["queue"], one["task"]) for one in waiting] == [("bills", "payments.post_receipt")]


def test_many_workers_post_one_receipt(paid):
    at_once([lambda: receipt.post(paid)] * 8)
    assert balance(SHOP) == 6000


def test_a_refund_goes_back_by_the_way_it_came(phone, paid, shift_clock):
    made = refunded(phone, shift_clock)
    assert (made["_id"], made["refund_of"]) == (f"refund:{paid}-order", f"receipt:{paid}")
    assert (balance(SHOP), balance("clearing:wechat")) == (0, 0)
    receipt.post_refund(f"{paid}-order")
    assert balance(SHOP) == 0


def test_a_refund_whose_receipt_was_not_posted_yet_posts_both(phone, paid, shift_clock):
    Payment._get_collection().update_one({"_id": paid}, {"$set": {"outbox": []}})
    refunded(phone, shift_clock)
    assert transfer.read(f"receipt:{paid}")["refunded_fen"] == 6000


def test_what_wechat_gave_back_is_posted_though_the_payee_has_spent_it(phone, paid, shift_clock):
    drain("checkout", "bills")
    transfer.post("payout", SHOP, "clearing:bank", 6000, what="test", about={})
    phone.cancel(phone.ordered)
    minutes = itertools.count(1)

    def posted():
        shift_clock(61 * next(minutes))
        drain("checkout", "bills")
        return transfer.find(f"refund:{paid}-order")

    assert until(posted, what="the refund")["source"] == receipt.SHORTFALL
    assert (balance(receipt.SHORTFALL), balance(SHOP)) == (-6000, 0)
    assert ledger_verify.findings() == []


def test_money_for_an_account_that_was_closed_meanwhile_waits_in_suspense(paid):
    ledger_account.open_account(SHOP)
    ledger_account.close(SHOP)
    drain("checkout", "bills")
    assert transfer.read(f"receipt:{paid}")["target"] == "suspense:unassigned"
    assert receipt.post(paid)["target"] == "suspense:unassigned"
    assert ledger_verify.findings() == []


def test_a_payment_of_before_without_a_payee_waits_in_suspense(paid):
    Payment._get_collection().update_one({"_id": paid}, {"$unset": {"payee": ""}})
    drain("checkout", "bills")
    assert transfer.read(f"receipt:{paid}")["target"] == "suspense:unassigned"


# Reconciliation


@pytest.fixture
def yesterday(paid, travel):
    drain("checkout", "bills")
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "10:50")
    return day.isoformat()


def reconcile(finance, day):
    finance.log_in()
    answer = finance.post(f"/office/v1/ledger/reconciliations/wechat/{day}")
    assert answer.status_code == 200, answer.json
    return answer.json


def found_of(result, number):
    return next((one for one in result["differences"] if one["number"] == str(number)), None)


def test_the_bill_agrees_with_what_was_posted(finance, paid, yesterday):
    result = reconcile(finance, yesterday)
    assert found_of(result, paid) is None
    assert result["matched"] >= 1
    assert finance.get(f"/office/v1/ledger/reconciliations/wechat:{yesterday}").json == result
    assert result in finance.get("/office/v1/ledger/reconciliations?clearing=clearing:wechat").json["items"]
    assert finance.get("/office/v1/ledger/reconciliations/wechat:2020-01-01").status_code == 404


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"$set": {"reference": "other"}}, "only_in_statement"),
        ({"$set": {"fen": 5999}}, "amount_differs"),
    ],
)
def test_what_differs_from_the_bill_is_named(finance, paid, yesterday, change, what):
    Transfer._get_collection().update_one({"_id": f"receipt:{paid}"}, change)
    result = reconcile(finance, yesterday)
    assert found_of(result, paid)["what"] == what
    if what == "only_in_statement":
        assert found_of(result, "other")["what"] == "only_in_ledger"
        assert found_of(result, "other")["ledger_fen"] == 6000


def test_what_the_release_before_settled_meanwhile_is_posted_when_the_bill_comes(finance, paid, travel):
    change = {"$unset": {"payee": ""}, "$set": {"outbox": []}}
    Payment._get_collection().update_one({"_id": paid}, change)
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "10:50")
    for _ in range(2):
        assert found_of(reconcile(finance, day.isoformat()), paid) is None
    assert transfer.read(f"receipt:{paid}")["target"] == "suspense:unassigned"


def test_who_compared_a_bill_is_in_the_audit(finance, paid, yesterday):
    reconcile(finance, yesterday)
    (line,) = AuditEntry._get_collection().find({"object": f"bill:{yesterday}"})
    assert (line["action"], line["actor"]) == ("ledger.reconcile", finance.actor().key)


def test_no_bill_is_asked_of_today(finance, seeded):
    answer = finance.post(f"/office/v1/ledger/reconciliations/wechat/{clock.today()}")
    assert answer.json["code"] == "bill_day_out_of_reach"
    assert finance.post("/office/v1/ledger/reconciliations/wechat/x").json["code"] == "bad_day"


def test_the_banks_file_is_compared_line_by_line(finance):
    ledger_account.open_account("fund:seeds")
    transfer.post("in", "clearing:county", "fund:seeds", 10_000, what="test", about={})
    for number, fen in (("L1", 100), ("L2", 200), ("L3", 300), ("L4", 400)):
        told = {"reference": number, "statement": "bank:F1"}
        transfer.post(number, "fund:seeds", "clearing:bank", fen, what="benefit", about={}, **told)
    lines = [
        ("L1", 100, "paid"),
        ("L2", 201, "paid"),
        ("L3", 300, "account_closed"),
        ("L5", 5, "paid"),
        ("L1", 100, "paid"),
    ]
    result = bank_statement.reconcile("F1", lines)
    assert {(one["number"], one["what"]) for one in result["differences"]} == {
        ("L1", "duplicate"),
        ("L2", "amount_differs"),
        ("L3", "state_differs"),
        ("L4", "only_in_ledger"),
        ("L5", "only_in_statement"),
    }
    shown = finance.get("/office/v1/ledger/reconciliations/bank:F1").json
    assert {one["what_zh"] for one in shown["differences"]} == {
        "对方重复",
        "金额不符",
        "状态不符",
        "仅账上有",
        "仅对方有",
    }

"""Freezing and closing accounts by two of the finance staff, and the wallet of who is erased."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend.outbox import Later
from models.identity import erasure
from models.payments import account_state, ledger_account, ledger_verify, receipt, top_up, transfer
from models.payments.payment import Payment
from models.payments.refund import Refund
from tasks import privacy
from tests.office.conftest import on_duty
from tests.onecard.test_ledger_wallet import pay, seen, top_up_of
from tests.support import cards
from tests.support.counter import notices
from tests.support.crowd import at_once
from tests.support.queues import drain

ACCOUNTS, FUND = "/office/v1/ledger/accounts", "fund:seeds"


@pytest.fixture
def finance(client, admin):
    """Two finance clerks, and a fund with money in it."""
    ledger_account.open_account(FUND, parts=4)
    transfer.post("filled", "suspense:treasury", FUND, 1_000, what="allocation", about={})
    yield [on_duty(client, f"finance-{n}", lambda: admin.hire("finance_clerk", unit="finance")) for n in (1, 2)]
    assert ledger_verify.findings() == []


def propose(clerk, account, move, **more):
    return clerk.post(f"{ACCOUNTS}/{account}/state", {"move": move, "reason": "法院通知", **more})


def outcome(finance, answer):
    assert answer.status_code == 201, answer.json
    approved = finance[1].post(f"/office/v1/approvals/{answer.json['id']}/approve")
    assert approved.status_code == 200, approved.json
    drain("checkout")
    return get_db().approvals.find_one({"_id": ObjectId(answer.json["id"])})["outcome"]


def state(account):
    return ledger_account.read(account)["state"]


def spend(key, fen=1):
    return transfer.post(key, FUND, "clearing:bank", fen, what="test", about={})


def test_one_proposes_another_approves_and_then_it_is_frozen(finance):
    answer = propose(finance[0], FUND, "freeze")
    assert finance[0].post(f"/office/v1/approvals/{answer.json['id']}/approve").json["code"] == "own_proposal"
    assert state(FUND) == "open"
    assert outcome(finance, answer) == "done"
    with pytest.raises(ledger_account.AccountFrozen):
        spend("a")
    assert propose(finance[0], FUND, "freeze").json["code"] == "ledger_account_state_same"
    assert outcome(finance, propose(finance[0], FUND, "unfreeze")) == "done"
    spend("b")
    actions = [one["action"] for one in get_db().audit_entries.find({"object": f"ledger_account:{FUND}"})]
    assert sorted(actions) == ["ledger.freeze", "ledger.unfreeze"]


def test_an_account_is_closed_only_when_it_is_empty_also_after_the_proposal(finance):
    assert propose(finance[0], FUND, "close").json["code"] == "ledger_account_not_empty"
    spend("out", 1_000)
    answer = propose(finance[0], FUND, "close")
    transfer.post("again", "suspense:treasury", FUND, 5, what="allocation", about={})
    assert outcome(finance, answer) == "ledger_account_not_empty"
    assert state(FUND) == "open"
    spend("out2", 5)
    assert outcome(finance, propose(finance[0], FUND, "close")) == "done"
    with pytest.raises(ledger_account.AccountClosed):
        transfer.post("late", "suspense:treasury", FUND, 5, what="allocation", about={})
    assert propose(finance[0], FUND, "unfreeze").json["code"] == "ledger_account_closed"


def test_what_was_agreed_on_is_done_once_however_often_the_queue_tries(finance):
    answer = propose(finance[0], FUND, "freeze")
    assert outcome(finance, answer) == "done"
    made = ObjectId(answer.json["id"])
    get_db().ledger_accounts.update_many({"head": FUND}, {"$set": {"state": "open"}})
    at_once([lambda: account_state.carry_out(made)] * 4)
    assert state(FUND) == "open"
    entries = list(get_db().audit_entries.find({"object": f"ledger_account:{FUND}"}))
    assert len(entries) == 1


@pytest.mark.parametrize(
    ("account", "move", "code"),
    [
        ("clearing:wechat", "freeze", "ledger_account_not_managed"),
        ("suspense:unassigned", "close", "ledger_account_not_managed"),
        ("fund:nowhere", "freeze", "ledger_account_unknown"),
        ("wallet:0123456789abcdef", "freeze", "ledger_account_unknown"),
        ("wallet:0123456789abcdef", "close", "ledger_account_not_managed"),
        ("nonsense", "freeze", "ledger_account_name_wrong"),
        ("fund:seeds%231", "freeze", "ledger_account_name_wrong"),
        (FUND, "burn", "bad_input"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(finance, account, move, code):
    answer = propose(finance[0], account, move)
    assert (answer.status_code < 500, answer.json["code"]) == (True, code), answer.json


@pytest.fixture
def holder(client, seeded, sandbox):
    """A verified resident with an active card and ten yuan."""
    phone = cards.holder(client, sandbox)
    found = get_db().accounts.find_one({"person": {"$ne": None}})
    phone.account, phone.person = found["_id"], found["person"]
    get_db().cards.update_one({"person": phone.person, "live": True}, {"$set": {"state": "active"}}, upsert=True)
    phone.wallet = ledger_account.wallet_of(phone.person)
    transfer.post(f"fill:{phone.wallet}", "clearing:county", phone.wallet, 1_000, what="test", about={})
    return phone


def test_a_wallet_is_frozen_by_its_mark_and_its_owner_is_told(finance, holder):
    mark = ledger_account.marks([holder.wallet])[holder.wallet]
    assert propose(finance[0], holder.wallet, "freeze").json["code"] == "ledger_account_unknown"
    answer = propose(finance[0], mark, "freeze")
    assert str(holder.person) not in str(answer.json)
    assert outcome(finance, answer) == "done"
    assert pay(holder, 100, payee=FUND).json["code"] == "ledger_account_frozen"
    assert (seen(holder)["state"], seen(holder)["balance_fen"]) == ("frozen", 1_000)
    assert "wallet_frozen" in notices(holder)
    assert outcome(finance, propose(finance[0], mark, "unfreeze")) == "done"
    assert pay(holder, 100, payee=FUND).status_code == 201
    assert "wallet_unfrozen" in notices(holder)


# Who is erased


def closing(holder):
    """Carry out what an account's closing asks for, when the card was given back."""
    get_db().cards.update_many({"person": holder.person, "live": True}, {"$set": {"state": "cancelled"}})
    get_db().cards.update_many({"person": holder.person, "live": True}, {"$unset": {"live": ""}})
    privacy.end_account({"account": holder.account, "person": holder.person, "number": "PIPL-1"})


def test_money_in_a_wallet_keeps_the_account_until_it_is_spent(finance, holder):
    with pytest.raises(Later):
        closing(holder)
    told = [one for one in holder.get("/mini/v1/notices").json["items"] if one["kind"] == "privacy_waits"]
    assert "钱包余额" in told[0]["text_zh"]
    assert (seen(holder)["balance_fen"], seen(holder)["state"]) == (1_000, "open")
    transfer.post("spent", holder.wallet, FUND, 1_000, what="test", about={})
    closing(holder)
    drain("trust", "notify")
    assert erasure.Erasure._get_collection().find_one({"_id": holder.account})["state"] == "done"
    assert state(holder.wallet) == "closed"


def test_a_payment_that_comes_after_the_person_was_erased_goes_back_to_the_payer(finance, holder):
    pay(holder, 1_000, payee=FUND)
    begun = top_up_of(holder, 700).json
    with pytest.raises(Later):  # the room that is held, and the open payment
        closing(holder)
    found = Payment._get_collection().find_one({"subject": f"top-up:{begun['id']}"})
    transfer.void_hold(f"top-up:{begun['id']}:over", f"top-up:{begun['id']}")
    Payment._get_collection().update_one({"_id": found["_id"]}, {"$set": {"state": "closed", "outbox": []}})
    closing(holder)
    drain("trust", "notify")
    Payment._get_collection().update_one(
        {"_id": found["_id"]}, {"$set": {"state": "paid", "paid_at": found["expires_at"], "transaction_id": "t"}}
    )
    posted = top_up.paid(f"top-up:{begun['id']}")
    assert posted["target"] == top_up.LATE
    assert ledger_account.read(holder.wallet)["balance_fen"] == 0
    assert Refund._get_collection().find_one({"_id": f"{found['_id']}-late"})["amount_fen"] == 700
    assert transfer.find(receipt.key_of(found["_id"]))["fen"] == 700


def test_closing_a_wallet_and_filling_it_at_once_leaves_no_money_with_nobody(finance, holder):
    pay(holder, 1_000, payee=FUND)

    def fill(number):
        try:
            transfer.post(f"f{number}", "clearing:county", holder.wallet, 10, what="test", about={})
        except ledger_account.AccountClosed:
            return "closed"
        return "filled"

    def close():
        try:
            privacy._close_wallet(holder.person)
        except erasure.StillBusy:
            return "busy"
        return "closed"

    *filled, closed = at_once([*(lambda n=n: fill(n) for n in range(6)), close])
    assert (closed == "closed") == (state(holder.wallet) == "closed")
    assert ledger_account.read(holder.wallet)["balance_fen"] == 10 * filled.count("filled")
    assert closed == "busy" or "filled" not in filled

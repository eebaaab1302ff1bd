"""Attacks on the ledger: races of refunds, holds and keys, an account that changes hands, the check of the night."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, metrics, outbox
from backend.errors import CityError
from models.payments import ledger_account, ledger_limit, ledger_verify, transfer, transfer_note
from models.payments.transfer_record import KeyReused
from tasks import payments as payment_tasks
from tests.onecard.test_ledger_wallet import SHOP, WALLET, filled, finance, holder, pay, seen, shop  # noqa: F401
from tests.support.crowd import at_once

WECHAT = "clearing:wechat"


@pytest.fixture
def purse(store):
    ledger_limit.put("wallet", 500_000, valid_from=clock.today() - timedelta(days=9), source="测试")
    ledger_account.open_account("merchant:shop")
    made = ledger_account.wallet_of(ObjectId())
    move("fill", WECHAT, made, 10_000)
    yield made
    assert ledger_verify.findings() == []
    assert ledger_account.total()["balance_fen"] == 0


def move(key, source, target, fen):
    return transfer.post(key, source, target, fen, what="test", about={})


def tried(call):
    try:
        return call()["state"]
    except CityError as refusal:
        return refusal.code


def left(account):
    return ledger_account.read(account)["balance_fen"]


def test_eight_refunds_of_the_rest_at_once_give_it_back_once(purse):
    move("paid", purse, "merchant:shop", 1_000)
    transfer.refund("first", "paid", 400)
    told = at_once([lambda n=n: tried(lambda: transfer.refund(f"r{n}", "paid", 600)) for n in range(8)])
    assert sorted(told) == ["posted"] + ["refund_exceeds_transfer"] * 7
    assert (left(purse), left("merchant:shop")) == (10_000, 0)


def test_one_refund_key_from_eight_threads_gives_back_once(purse):
    move("paid", purse, "merchant:shop", 1_000)
    assert set(at_once([lambda: tried(lambda: transfer.refund("r", "paid", 300))] * 8)) == {"posted"}
    assert left("merchant:shop") == 700


def test_who_comes_second_with_a_key_never_hears_that_there_is_no_such_transfer(purse):
    """The first is committed and not confirmed by the majority yet when the second meets its key."""
    told, hold = [], {"what": "test", "about": {}, "until": clock.now() + timedelta(minutes=9)}
    for number in range(25):
        move(f"paid{number}", purse, "merchant:shop", 20)
        calls = [lambda n=number: tried(lambda: transfer.refund(f"r{n}", f"paid{n}", 20))] * 4
        calls += [lambda n=number: tried(lambda: transfer.hold(f"h{n}", purse, "merchant:shop", 5, **hold))] * 4
        told += at_once(calls)
        told += at_once([lambda n=number: tried(lambda: transfer.void_hold(f"v{n}", f"h{n}"))] * 4)
    assert set(told) == {"posted", "pending", "voided"}


def test_a_key_twice_in_a_group_that_can_be_paid_once_is_one_transfer_for_both(purse):
    told = at_once([lambda: move("same", purse, "merchant:shop", 10_000)] * 8)
    assert {one["_id"] for one in told} == {"same"}
    assert (left(purse), left("merchant:shop")) == (0, 10_000)


def test_a_key_with_other_content_among_many_spoils_no_other_transfer(purse):
    move("taken", purse, "merchant:shop", 1)
    calls = [lambda n=n: tried(lambda: move(f"k{n}", purse, "merchant:shop", 10)) for n in range(12)]
    calls += [lambda: tried(lambda: move("taken", purse, "merchant:shop", 2))] * 3
    told = at_once(calls)
    assert sorted(told) == ["posted"] * 12 + ["transfer_key_reused"] * 3
    assert left("merchant:shop") == 121


def test_a_hold_whose_time_ends_while_it_is_posted_ends_one_way(purse, shift_clock):
    for number in range(6):
        hold_id, until = f"h{number}", clock.now() + timedelta(minutes=1)
        transfer.hold(hold_id, purse, "merchant:shop", 100, what="test", about={}, until=until)
        calls = [lambda h=hold_id: tried(lambda: transfer.post_hold(f"p{h}", h))] * 3
        calls += [lambda h=hold_id: transfer.expire_hold(h)] * 3
        at_once([*calls, lambda n=number: shift_clock(61 * (n + 1))])
        transfer.expire_hold(hold_id)
        state = transfer.read(hold_id)["state"]
        assert state in {"posted", "expired"}
        assert (transfer.find(f"p{hold_id}") is not None) == (state == "posted")
        assert tried(lambda h=hold_id: transfer.post_hold(f"other{h}", h)) == "hold_ended"
    assert ledger_account.read(purse)["held_fen"] == 0


def test_posting_and_voiding_a_hold_at_once_ends_one_way(purse):
    for number in range(6):
        hold_id, until = f"h{number}", clock.now() + timedelta(minutes=9)
        transfer.hold(hold_id, purse, "merchant:shop", 100, what="test", about={}, until=until)
        posting = [lambda h=hold_id: tried(lambda: transfer.post_hold(f"p{h}", h))] * 3
        voiding = [lambda h=hold_id: tried(lambda: transfer.void_hold(f"v{h}", h))] * 3
        told = at_once(posting + voiding)
        state = transfer.read(hold_id)["state"]
        assert state in {"posted", "voided"}
        assert (transfer.find(f"p{hold_id}") is not None) == (state == "posted")
        assert told.count("hold_ended") == 3, told
    assert ledger_account.read(purse)["held_fen"] == 0


def test_an_account_in_parts_that_many_gather_from_at_once_gives_what_it_has(purse):
    ledger_account.open_account("fund:hot", parts=8)
    for number in range(16):
        move(f"in{number}", WECHAT, "fund:hot", 100)
    told = at_once([lambda n=n: tried(lambda: move(f"out{n}", "fund:hot", "clearing:bank", 450)) for n in range(6)])
    assert sorted(told) == ["insufficient_funds"] * 3 + ["posted"] * 3
    assert left("fund:hot") == 250


# The wallet over HTTP


def test_who_takes_over_an_account_hears_nothing_of_its_former_owners_payments(holder, shop):  # noqa: F811
    filled(holder, 1_000)
    made = pay(holder, 300, key="same")
    assert made.status_code == 201
    get_db().accounts.update_one({"person": {"$ne": None}}, {"$set": {"person": ObjectId()}})
    again = pay(holder, 300, key="same")
    assert again.status_code == 422, again.json
    assert again.json["code"] == "idempotency_key_reused"


def test_a_note_that_comes_with_a_used_key_is_not_written_to_the_first_payment(holder, shop):  # noqa: F811
    filled(holder, 1_000)
    made = pay(holder, 300, key="same").json["id"]
    assert pay(holder, 300, key="same", note="另一笔").status_code == 422
    assert transfer_note.of([made]) == {}
    assert pay(holder, 300, key="other", note="米粉").json["id"]
    assert seen(holder)["balance_fen"] == 400
    assert [one.get("note") for one in holder.get(f"{WALLET}/transfers?limit=2").json["items"]] == ["米粉", None]


def test_a_page_of_accounts_is_read_at_one_moment(finance):  # noqa: F811
    for number in range(5):
        ledger_account.open_account(f"fund:f{number}", parts=3)
    sessions = []
    original = ledger_account.get_connection

    def counted():
        sessions.append(1)
        return original()

    ledger_account.get_connection = counted
    try:
        page = finance[0].get("/office/v1/ledger/accounts?kind=fund&limit=100").json["items"]
    finally:
        ledger_account.get_connection = original
    assert [one["parts"] for one in page if one["id"].startswith("fund:f")] == [3] * 5
    assert len(sessions) == 1


# The night


def test_what_is_wrong_at_night_is_an_alarm(purse):
    counted = metrics.ALARMS.labels("ledger_broken")._value.get
    before = counted()
    assert "payments.verify_ledger" in outbox.registered()
    payment_tasks.verify_ledger()
    assert counted() == before
    get_db().ledger_accounts.update_one({"_id": purse}, {"$inc": {"balance_fen": 1}})
    payment_tasks.verify_ledger()
    assert counted() == before + 1
    get_db().ledger_accounts.update_one({"_id": purse}, {"$inc": {"balance_fen": -1}})


def test_a_refused_key_is_free_for_nobody_else(purse):
    assert tried(lambda: move("k", purse, "merchant:shop", 10_001)) == "insufficient_funds"
    move("k", purse, "merchant:shop", 10_000)
    with pytest.raises(KeyReused):
        move("k", purse, "merchant:shop", 10_001)

"""Transfers: moved once under their key, never more than there is, and the balances sum to 0 at every moment."""

import threading
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.store import transactions
from models.payments import ledger_account, ledger_limit, ledger_verify, posting, transfer
from models.payments.ledger_account import AccountClosed, AccountFrozen, AccountNameWrong, AccountUnknown
from models.payments.posting import InsufficientFunds, WalletFull
from models.payments.transfer_hold import AmountAboveHold, HoldEnded
from models.payments.transfer_record import AmountWrong
from tests.support.crowd import at_once

WECHAT, SHOP, POOL = "clearing:wechat", "merchant:shop", "fund:seeds"


@pytest.fixture
def ledger(store):
    ledger_limit.put("wallet", 500_000, valid_from=clock.today(), source="测试")
    ledger_account.open_account(SHOP)
    ledger_account.open_account(POOL, parts=4)
    yield store
    assert ledger_verify.findings() == []


@pytest.fixture
def wallet(ledger):
    name = ledger_account.wallet_of(ObjectId())
    move("fill", WECHAT, name, 10_000)
    return name


def move(key, source, target, fen, **more):
    return transfer.post(key, source, target, fen, what="test", about={}, **more)


def left(account):
    return ledger_account.read(account)["available_fen"]


def outcome(call):
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what came of it is what is asked
        return type(error)


def test_a_transfer_moves_its_amount_and_the_sum_stays_zero(wallet):
    made = move("a", wallet, SHOP, 300)
    assert (made["state"], made["fen"], left(wallet), left(SHOP)) == ("posted", 300, 9_700, 300)
    assert ledger_account.read(WECHAT)["balance_fen"] == -10_000
    assert ledger_account.total() == {"balance_fen": 0, "held_fen": 0, "expected_fen": 0}


def test_the_same_key_and_content_is_the_same_transfer(wallet):
    first = move("a", wallet, SHOP, 300)
    again = move("a", wallet, SHOP, 300)
    assert (again["_id"], again["posted_at"]) == (first["_id"], first["posted_at"])
    assert left(SHOP) == 300


def test_what_was_moved_is_the_answer_though_it_would_be_refused_today(wallet):
    move("a", wallet, SHOP, 9_000)
    move("b", wallet, SHOP, 1_000)
    assert move("a", wallet, SHOP, 9_000)["_id"] == "a"
    transactions.run(lambda session: ledger_account.freeze(wallet, session))
    assert move("a", wallet, SHOP, 9_000)["state"] == "posted"
    assert left(SHOP) == 10_000


@pytest.mark.parametrize("change", [{"fen": 301}, {"target": POOL}, {"about": {"x": "y"}}, {"reference": "r"}])
def test_the_same_key_with_another_content_is_refused(wallet, change):
    move("a", wallet, SHOP, 300)
    told = {"source": wallet, "target": SHOP, "fen": 300, "what": "test", "about": {}} | change
    with pytest.raises(transfer.KeyReused) as refused:
        transfer.post("a", **told)
    assert refused.value.status == 409
    assert (left(SHOP), left(POOL)) == (300, 0)


def test_one_key_twice_in_one_group_moves_once(wallet):
    calls = [lambda: move("a", wallet, SHOP, 300)] * 12
    assert {made["_id"] for made in at_once(calls)} == {"a"}
    assert left(SHOP) == 300


def test_one_key_with_two_contents_at_once_moves_one_of_them(wallet):
    calls = [lambda fen=fen: outcome(lambda: move("a", wallet, SHOP, fen)) for fen in (1, 2, 3, 4, 5, 6)]
    outcomes = at_once(calls)
    done = [one for one in outcomes if isinstance(one, dict)]
    assert len(done) == 1
    assert outcomes.count(transfer.KeyReused) == 5
    assert left(SHOP) == done[0]["fen"]


def test_nobody_gives_more_than_there_is(wallet):
    with pytest.raises(InsufficientFunds) as refused:
        move("a", wallet, SHOP, 10_001)
    assert "100.00 元" in refused.value.message()
    assert "100.00 yuan" in refused.value.message("en")
    assert refused.value.details["available_fen"] == 10_000
    assert transfer.find("a") is None
    assert move("a", wallet, SHOP, 10_000)["state"] == "posted"


def test_many_at_once_take_exactly_what_is_there(wallet):
    calls = [lambda n=n: outcome(lambda: move(f"k{n}", wallet, SHOP, 3_000)) for n in range(16)]
    outcomes = at_once(calls)
    assert sum(isinstance(one, dict) for one in outcomes) == 3
    assert outcomes.count(InsufficientFunds) == 13
    assert (left(wallet), left(SHOP)) == (1_000, 9_000)


def test_without_books_and_guard_many_at_once_overspend(wallet):
    """The control: who reads, compares and writes gives more than there is."""
    accounts = ledger_account.LedgerAccount._get_collection()
    barrier = threading.Barrier(8)

    def spend():
        enough = accounts.find_one({"_id": wallet})["balance_fen"] >= 3_000
        barrier.wait(10)
        if enough:
            accounts.update_one({"_id": wallet}, {"$inc": {"balance_fen": -3_000}})

    at_once([spend] * 8)
    assert accounts.find_one({"_id": wallet})["balance_fen"] < 0
    accounts.update_one({"_id": wallet}, {"$inc": {"balance_fen": 24_000}})


def test_the_guard_stands_in_the_update_itself(wallet):
    """Books that were read outside of the transaction write nothing when the account has less by now."""
    stale = transactions.run(lambda session: _books(session, wallet))
    move("a", wallet, SHOP, 9_000)
    stale.move(wallet, SHOP, 2_000)

    def write(session):
        stale.session = session
        stale.write()

    with pytest.raises(posting.BooksBusy):
        transactions.run(write)
    assert (left(wallet), left(SHOP)) == (1_000, 9_000)


def _books(session, *accounts):
    books = posting.Books(session, lambda: 500_000)
    books.load([*accounts, SHOP])
    return books


@pytest.mark.parametrize("fen", [0, -1, 1.5, True, "3", 10**13 + 1])
def test_what_is_no_amount_is_not_moved(wallet, fen):
    with pytest.raises(AmountWrong):
        move("a", wallet, SHOP, fen)


@pytest.mark.parametrize("name", ["", "x", "wallet:", "purse:1", "fund:a#1", "fund:a b", "clearing:" + "x" * 65])
def test_what_is_no_account_is_refused(wallet, name):
    with pytest.raises(AccountNameWrong):
        move("a", wallet, name, 1)


def test_a_fund_and_a_merchant_are_opened_by_somebody_first(wallet):
    calls = [lambda: outcome(lambda: move("a", wallet, "fund:nobody", 1)), lambda: move("b", wallet, SHOP, 1)]
    outcomes = at_once(calls)
    assert outcomes[0] is AccountUnknown
    assert outcomes[1]["state"] == "posted"
    assert left(wallet) == 9_999


# The limit of wallets


def test_a_wallet_takes_only_what_fits_under_its_limit(wallet):
    with pytest.raises(WalletFull) as refused:
        move("a", WECHAT, wallet, 490_001)
    assert "4900.00 元" in refused.value.message()
    assert refused.value.details["room_fen"] == 490_000
    assert move("a", WECHAT, wallet, 490_000)["state"] == "posted"


def test_many_top_ups_at_once_stay_under_the_limit(wallet):
    calls = [lambda n=n: outcome(lambda: move(f"k{n}", WECHAT, wallet, 100_000)) for n in range(10)]
    outcomes = at_once(calls)
    assert sum(isinstance(one, dict) for one in outcomes) == 4
    assert ledger_account.read(wallet)["balance_fen"] == 410_000


def test_a_limit_holds_from_its_day_on(wallet):
    tomorrow = clock.today() + timedelta(days=1)
    ledger_limit.put("wallet", 1, valid_from=tomorrow, source="测试")
    assert ledger_limit.of("wallet", clock.today())["fen"] == 500_000
    assert ledger_limit.of("wallet", tomorrow)["fen"] == 1


def test_without_a_limit_no_wallet_is_filled(store):
    with pytest.raises(ledger_limit.NoLimit):
        move("a", WECHAT, ledger_account.wallet_of(ObjectId()), 1)


# Accounts in parts


def test_an_account_in_parts_gives_what_its_parts_have_together(wallet):
    for number in range(8):
        move(f"in{number}", wallet, POOL, 1_000)
    assert ledger_account.read(POOL)["parts"] == 4
    assert move("out", POOL, SHOP, 7_999)["state"] == "posted"
    with pytest.raises(InsufficientFunds):
        move("more", POOL, SHOP, 2)
    assert (left(POOL), left(SHOP)) == (1, 7_999)


def test_many_at_once_take_from_all_parts_exactly_what_is_there(wallet):
    for number in range(8):
        move(f"in{number}", wallet, POOL, 1_000)
    outcomes = at_once([lambda n=n: outcome(lambda: move(f"k{n}", POOL, SHOP, 900)) for n in range(12)])
    assert sum(isinstance(one, dict) for one in outcomes) == 8
    assert left(POOL) == 800


def test_parts_are_added_and_never_taken_away(ledger):
    ledger_account.open_account(POOL, parts=9)
    ledger_account.open_account(POOL, parts=2)
    assert ledger_account.read(POOL)["parts"] == 9


# Frozen and closed


def test_a_frozen_account_takes_and_does_not_give(wallet):
    transactions.run(lambda session: ledger_account.freeze(wallet, session))
    with pytest.raises(AccountFrozen):
        move("a", wallet, SHOP, 1)
    assert move("b", WECHAT, wallet, 5)["state"] == "posted"
    transactions.run(lambda session: ledger_account.unfreeze(wallet, session))
    assert move("a", wallet, SHOP, 1)["state"] == "posted"


def test_an_account_is_closed_when_it_is_empty_and_then_takes_nothing(wallet):
    with pytest.raises(ledger_account.AccountNotEmpty):
        ledger_account.close(wallet)
    move("a", wallet, SHOP, 10_000)
    ledger_account.close(wallet)
    with pytest.raises(AccountClosed):
        move("b", WECHAT, wallet, 1)
    with pytest.raises(AccountUnknown):
        ledger_account.close("fund:nobody")


def test_closing_and_filling_at_once_leaves_no_money_in_a_closed_account(ledger):
    for number in range(5):
        name = ledger_account.wallet_of(ObjectId())
        ledger_account.open_account(name)
        at_once([
            lambda name=name: outcome(lambda: ledger_account.close(name)),
            lambda name=name, n=number: outcome(lambda: move(f"k{n}", WECHAT, name, 1)),
        ])  # fmt: skip
        found = ledger_account.read(name)
        assert (found["state"], found["balance_fen"]) in {("closed", 0), ("open", 1)}


# Refunds


def test_refunds_are_tied_to_their_transfer_and_never_more_than_it(wallet):
    move("a", wallet, SHOP, 300)
    first = transfer.refund("r1", "a", 200)
    assert (first["source"], first["target"], first["refund_of"]) == (SHOP, wallet, "a")
    with pytest.raises(transfer.RefundExceeds):
        transfer.refund("r2", "a", 101)
    transfer.refund("r2", "a", 100)
    assert transfer.refund("r2", "a", 100)["_id"] == "r2"
    assert (left(wallet), left(SHOP), transfer.read("a")["refunded_fen"]) == (10_000, 0, 300)


def test_many_refunds_at_once_are_never_more_than_the_transfer(wallet):
    move("a", wallet, SHOP, 300)
    move("other", wallet, SHOP, 3_000)
    outcomes = at_once([lambda n=n: outcome(lambda: transfer.refund(f"r{n}", "a", 100)) for n in range(10)])
    assert sum(isinstance(one, dict) for one in outcomes) == 3
    assert left(SHOP) == 3_000


def test_who_has_spent_it_cannot_refund_it(wallet):
    move("a", wallet, SHOP, 300)
    move("b", SHOP, POOL, 250)
    with pytest.raises(InsufficientFunds):
        transfer.refund("r", "a", 300)
    assert transfer.read("a")["refunded_fen"] == 0
    with pytest.raises(NotFound):
        transfer.refund("r", "nothing", 1)


# Holds


def hold(key, source, target, fen, minutes=10):
    return transfer.hold(
        key, source, target, fen, what="test", about={}, until=clock.now() + timedelta(minutes=minutes)
    )


def test_a_hold_keeps_the_money_and_moves_it_when_posted(wallet):
    held = hold("h", wallet, SHOP, 4_000)
    assert (held["state"], left(wallet), left(SHOP)) == ("pending", 6_000, 0)
    assert ledger_account.read(wallet)["balance_fen"] == 10_000
    with pytest.raises(InsufficientFunds):
        move("a", wallet, SHOP, 6_001)
    assert hold("h", wallet, SHOP, 4_000, minutes=99)["_id"] == "h"
    posted = transfer.post_hold("p", "h")
    assert (posted["fen"], posted["of_hold"], transfer.post_hold("p", "h")["_id"]) == (4_000, "h", "p")
    assert (transfer.read("h")["state"], left(wallet), left(SHOP)) == ("posted", 6_000, 4_000)


def test_a_hold_posted_in_part_lets_go_of_the_rest(wallet):
    hold("h", wallet, SHOP, 4_000)
    with pytest.raises(AmountAboveHold):
        transfer.post_hold("p", "h", 4_001)
    transfer.post_hold("p", "h", 1_000)
    assert (transfer.read("h")["state"], transfer.read("h")["posted_fen"]) == ("posted_part", 1_000)
    assert (left(wallet), left(SHOP)) == (9_000, 1_000)
    with pytest.raises(HoldEnded):
        transfer.post_hold("q", "h", 1)


def test_a_voided_hold_gives_everything_back(wallet):
    hold("h", wallet, SHOP, 4_000)
    assert transfer.void_hold("v", "h")["state"] == "voided"
    assert transfer.void_hold("v", "h")["state"] == "voided"
    with pytest.raises(HoldEnded):
        transfer.void_hold("w", "h")
    with pytest.raises(HoldEnded):
        transfer.post_hold("p", "h")
    assert left(wallet) == 10_000


def test_a_hold_whose_time_is_over_cannot_be_posted_and_expires(wallet, shift_clock):
    hold("h", wallet, SHOP, 4_000)
    assert transfer.expire_hold("h") is False
    shift_clock(601)
    with pytest.raises(HoldEnded) as refused:
        transfer.post_hold("p", "h")
    assert "已过期" in refused.value.message()
    assert (transfer.expire_hold("h"), transfer.expire_hold("h")) == (True, False)
    assert (transfer.read("h")["state"], left(wallet)) == ("expired", 10_000)


def test_of_a_hundred_who_end_one_hold_one_does(wallet):
    hold("h", wallet, SHOP, 4_000)
    calls = [lambda n=n: outcome(lambda: transfer.post_hold(f"p{n}", "h")) for n in range(50)]
    calls += [lambda n=n: outcome(lambda: transfer.void_hold(f"v{n}", "h")) for n in range(50)]
    outcomes = at_once(calls)
    assert sum(isinstance(one, dict) for one in outcomes) == 1
    assert outcomes.count(HoldEnded) == 99
    assert left(wallet) + left(SHOP) == 10_000


def test_a_hold_towards_a_wallet_keeps_room_under_its_limit(wallet):
    hold("h", WECHAT, wallet, 400_000)
    with pytest.raises(WalletFull):
        move("a", WECHAT, wallet, 90_001)
    move("a", WECHAT, wallet, 90_000)
    transfer.post_hold("p", "h")
    assert ledger_account.read(wallet)["balance_fen"] == 500_000


def test_a_hold_on_an_account_in_parts_is_posted_from_the_parts_that_promised(wallet):
    for number in range(8):
        move(f"in{number}", wallet, POOL, 1_000)
    hold("h", POOL, "clearing:bank", 7_500)
    with pytest.raises(InsufficientFunds):
        move("a", POOL, SHOP, 501)
    transfer.post_hold("p", "h", 6_000)
    assert (left(POOL), ledger_account.read(POOL)["held_fen"]) == (2_000, 0)


# Inside another transaction, and under kills


def test_a_post_in_a_callers_transaction_ends_with_it(wallet):
    class Stop(Exception):
        pass

    def change(session):
        move("a", wallet, SHOP, 300, session=session)
        raise Stop

    with pytest.raises(Stop):
        transactions.run(change)
    assert (transfer.find("a"), left(wallet)) == (None, 10_000)
    assert transactions.run(lambda session: move("a", wallet, SHOP, 300, session=session))["state"] == "posted"
    assert transactions.run(lambda session: move("a", wallet, SHOP, 300, session=session))["_id"] == "a"
    assert left(wallet) == 9_700


def test_the_sum_is_zero_at_every_look_while_many_move(wallet):
    looks, done = [], threading.Event()

    def look():
        while not done.is_set():
            looks.append(ledger_account.total()["balance_fen"])

    watcher = threading.Thread(target=look)
    watcher.start()
    at_once([lambda n=n: [move(f"k{n}-{i}", wallet, POOL, 10) for i in range(10)] for n in range(12)])
    done.set()
    watcher.join(20)
    assert len(looks) > 3
    assert set(looks) == {0}
    assert left(POOL) == 1_200

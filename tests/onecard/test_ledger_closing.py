"""Transfers around midnight, and closes that meet: what is in a closed day never changes."""

import threading
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.payments import ledger_account, ledger_day, ledger_limit, ledger_verify, transfer, transfer_hold
from models.payments import transfer as transfers
from models.payments.ledger_day import LedgerBalance
from tests.support.crowd import at_once

WECHAT, SHOP = "clearing:wechat", "merchant:shop"


@pytest.fixture
def wallet(store):
    ledger_limit.put("wallet", 500_000, valid_from=clock.today() - timedelta(days=9), source="测试")
    ledger_account.open_account(SHOP)
    made = ledger_account.wallet_of(ObjectId())
    move("fill", WECHAT, made, 10_000)
    yield made
    assert ledger_verify.findings() == []


def move(key, source, target, fen, **more):
    return transfer.post(key, source, target, fen, what="test", about={}, **more)


def day_of(key):
    return clock.civil(transfer.read(key)["posted_at"]).date()


def held_up(monkeypatch, travel, call, until, close_at):
    """Draw up a transfer before midnight, close the day while it waits for its transaction, and let it go on."""
    books_of, waits, goes = until.books_of, threading.Event(), threading.Event()

    def slow(*args):
        waits.set()
        assert goes.wait(20)
        return books_of(*args)

    monkeypatch.setattr(until, "books_of", slow)
    thread = threading.Thread(target=call)
    thread.start()
    assert waits.wait(20)
    travel(*close_at)
    closed = ledger_day.close_due()
    goes.set()
    thread.join(20)
    return closed


@pytest.mark.parametrize("way", ["post", "refund", "post_hold"])
def test_what_waits_over_the_close_of_the_day_enters_the_open_one(wallet, travel, monkeypatch, way):
    first = clock.today()
    travel(first.isoformat(), "23:59")
    move("paid", wallet, SHOP, 300)
    transfer.hold("held", wallet, SHOP, 200, what="test", about={}, until=clock.now() + timedelta(days=2))
    calls = {
        "post": (lambda: move("late", wallet, SHOP, 100), transfers),
        "refund": (lambda: transfer.refund("late", "paid", 100), transfers),
        "post_hold": (lambda: transfer.post_hold("late", "held"), transfer_hold),
    }
    call, where = calls[way]
    following = first + timedelta(days=1)
    closed = held_up(monkeypatch, travel, call, where, (following.isoformat(), "00:11"))
    assert closed[-1] == first.isoformat()
    assert day_of("late") == following
    assert ledger_verify.findings() == []


def test_a_server_whose_clock_went_back_posts_in_the_first_open_day(wallet, travel):
    first = clock.today()
    following = first + timedelta(days=1)
    travel(following.isoformat(), "00:11")
    assert first.isoformat() in ledger_day.close_due()
    travel(first.isoformat(), "23:30")
    move("back", wallet, SHOP, 100)
    assert day_of("back") == following


def test_many_who_close_a_day_at_once_close_it_once_and_keep_its_balances(wallet, travel):
    first = clock.today()
    travel((first + timedelta(days=1)).isoformat(), "00:11")
    made = at_once([lambda: ledger_day.close(first)] * 6)
    assert len({one["digest"] for one in made}) == 1
    assert LedgerBalance.objects(day=first.isoformat()).count() == 2


def test_who_closes_a_closed_day_and_is_killed_takes_nothing_away(wallet, travel, monkeypatch):
    first = clock.today()
    travel((first + timedelta(days=1)).isoformat(), "00:11")
    keep = ledger_day._keep_balances

    def second(tally):
        """Let another worker finish first, then be killed at the first write."""
        keep(tally)
        ledger_day.LedgerDay._get_collection().insert_one(
            {"_id": first.isoformat(), **ledger_day.summary(tally), "closed_at": clock.now()}
        )
        bulk_write = LedgerBalance._get_collection().bulk_write
        monkeypatch.setattr(type(LedgerBalance._get_collection()), "bulk_write", _killed)
        try:
            keep(tally)
        finally:
            monkeypatch.undo()
        return bulk_write

    monkeypatch.setattr(ledger_day, "_keep_balances", second)
    with pytest.raises(Killed):
        ledger_day.close(first)
    assert ledger_day.openings([wallet], first + timedelta(days=1)) == {wallet: 10_000}


class Killed(Exception):
    """The process ended here."""


def _killed(*_args, **_kwargs):
    raise Killed


def test_many_who_void_a_hold_under_one_key_all_hear_that_it_is_voided(wallet):
    transfer.hold("held", wallet, SHOP, 200, what="test", about={}, until=clock.now() + timedelta(hours=1))
    told = at_once([lambda: transfer.void_hold("void", "held")] * 8)
    assert {one["state"] for one in told} == {"voided"}
    with pytest.raises(transfer_hold.HoldEnded):
        transfer.void_hold("other", "held")

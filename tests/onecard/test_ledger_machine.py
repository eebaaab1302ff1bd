"""Anything in any order: a state machine that knows what every account must hold, beside the real ledger."""

import itertools
from datetime import timedelta

import pytest
from bson import ObjectId
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend import clock
from backend.errors import CityError
from models.payments import ledger_account, ledger_limit, ledger_verify, transfer
from models.payments.transfer_hold import HoldEnded

LIMIT = 1_000
CLEARING = "clearing:wechat"
_runs = itertools.count(1)


class Ledger(RuleBasedStateMachine):
    """The model: balances, promises, refunds, by plain dicts. A refusal must be one that the model expects."""

    keys = Bundle("keys")
    holds = Bundle("holds")

    @initialize()
    def begin(self):
        self.run = next(_runs)
        self.numbers = itertools.count(1)
        shop, fund = f"merchant:m{self.run}", f"fund:f{self.run}"
        ledger_account.open_account(shop)
        ledger_account.open_account(fund, parts=3)
        self.wallets = [ledger_account.wallet_of(ObjectId()) for _ in range(2)]
        self.accounts = [*self.wallets, shop, fund, CLEARING]
        self.balance = dict.fromkeys(self.accounts, 0)
        self.held, self.expected = dict(self.balance), dict(self.balance)
        self.posted, self.refunded, self.pending = {}, {}, {}
        self.start = ledger_account.total()

    def key(self):
        return f"{self.run}-{next(self.numbers)}"

    def fits(self, source, target, fen):
        enough = source == CLEARING or self.balance[source] - self.held[source] >= fen
        room = target not in self.wallets or self.balance[target] + self.expected[target] + fen <= LIMIT
        return enough and room and source != target

    def attempt(self, expected, call):
        if expected:
            return call()
        with pytest.raises(CityError):
            call()
        return None

    def moved(self, source, target, fen):
        self.balance[source] -= fen
        self.balance[target] += fen

    def pick(self, number):
        return self.accounts[number % len(self.accounts)]

    @rule(target=keys, source=st.integers(0, 4), to=st.integers(0, 4), fen=st.integers(1, 600))
    def post(self, source, to, fen):
        key, source, to = self.key(), self.pick(source), self.pick(to)
        told = {"what": "test", "about": {}}
        fits = self.fits(source, to, fen)
        if self.attempt(fits, lambda: transfer.post(key, source, to, fen, **told)):
            self.moved(source, to, fen)
            self.posted[key] = (source, to, fen)
        return key

    @rule(key=keys)
    def post_again(self, key):
        if key in self.posted:
            source, to, fen = self.posted[key]
            assert transfer.post(key, source, to, fen, what="test", about={})["_id"] == key
            with pytest.raises(transfer.KeyReused):
                transfer.post(key, source, to, fen + 1, what="test", about={})

    @rule(key=keys, fen=st.integers(1, 600))
    def refund(self, key, fen):
        if key in self.posted:
            source, to, whole = self.posted[key]
            fits = self.refunded.get(key, 0) + fen <= whole and self.fits(to, source, fen)
            again = self.key()
            if self.attempt(fits, lambda: transfer.refund(again, key, fen)):
                self.refunded[key] = self.refunded.get(key, 0) + fen
                self.moved(to, source, fen)

    @rule(target=holds, source=st.integers(0, 4), to=st.integers(0, 4), fen=st.integers(1, 600))
    def hold(self, source, to, fen):
        key, source, to = self.key(), self.pick(source), self.pick(to)
        told = {"what": "test", "about": {}, "until": clock.now() + timedelta(hours=1)}
        fits = self.fits(source, to, fen)
        if self.attempt(fits, lambda: transfer.hold(key, source, to, fen, **told)):
            self.held[source] += fen
            self.expected[to] += fen
            self.pending[key] = (source, to, fen)
        return key

    @rule(hold=holds, part=st.integers(1, 600))
    def post_hold(self, hold, part):
        if hold in self.pending:
            source, to, fen = self.pending[hold]
            key = self.key()
            if self.attempt(part <= fen, lambda: transfer.post_hold(key, hold, part)):
                self.ended(hold)
                self.moved(source, to, part)
                assert transfer.post_hold(key, hold, part)["_id"] == key

    @rule(hold=holds)
    def void(self, hold):
        key = self.key()
        if hold in self.pending:
            assert transfer.void_hold(key, hold)["state"] == "voided"
            self.ended(hold)
        elif transfer.find(hold):
            with pytest.raises(HoldEnded):
                transfer.void_hold(key, hold)

    def ended(self, hold):
        source, to, fen = self.pending.pop(hold)
        self.held[source] -= fen
        self.expected[to] -= fen

    @invariant()
    def the_ledger_is_as_the_model(self):
        for account in self.accounts[:-1]:
            try:
                found = ledger_account.read(account)
            except ledger_account.AccountUnknown:
                found = dict.fromkeys(("balance_fen", "held_fen", "expected_fen"), 0)
            told = found["balance_fen"], found["held_fen"], found["expected_fen"]
            assert told == (self.balance[account], self.held[account], self.expected[account]), account
        assert ledger_account.total()["balance_fen"] == 0

    def teardown(self):
        assert ledger_verify.findings() == []


def test_whatever_is_done_in_whatever_order_the_ledger_agrees_with_a_plain_model(store):
    ledger_limit.put("wallet", LIMIT, valid_from=clock.today(), source="测试")
    run_state_machine_as_test(Ledger, settings=settings(max_examples=25, stateful_step_count=30, deadline=None))
    assert transfer.Transfer._get_collection().find_one({"accounts": CLEARING}) is not None

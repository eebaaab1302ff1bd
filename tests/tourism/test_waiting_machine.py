"""A random walk on the real store: booking, cancelling, waiting, offers and their answers, closing and pausing."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend import clock
from models.booking import cancel, checkout, offer, offer_rule, slot, slot_line, takes, waiting, waiting_join
from tests.support import parties, slots
from tests.tourism.test_waiting_races import tried, true

_days = itertools.count(3)
SIZES = st.integers(1, 3)
WHICH = st.integers(0, 1)


class Line(RuleBasedStateMachine):
    """Two slots of one day with a limit over both; parties of one share in the first."""

    @initialize(sizes=st.lists(SIZES, min_size=2, max_size=5))
    def open(self, sizes):
        days = next(_days)
        day = (clock.today() + timedelta(days=days)).isoformat()
        self.counter = slot.day_id("museum", day)
        told = {"place": "museum", "kind": "day", "day": day, "start": -1, "end": 1440, "quota": 7}
        assert slot.open_up({"_id": self.counter, **told})
        same = {"place_id": "museum", "days": days, "counters": [self.counter]}
        self.slots = [
            slots.make(5, start=18 * 60 + 7, shares={"group": 3}, **same),
            slots.make(5, start=20 * 60 + 7, **same),
        ]
        self.orders = [parties.book(self.slots[n % 2], share="group" * (n < 4))["_id"] for n in range(7)]
        self.entries = [parties.wait(self.slots[n % 2], size) for n, size in enumerate(sizes)]
        self.holds = []

    def pick(self, of, number):
        """Return an entry that has an offer if there is one, else any of the last eight."""
        among = [one for one in of if parties.state(one) == "offered"] or of[-8:]
        return among[number % len(among)]

    @rule(which=WHICH, size=SIZES, group=st.booleans(), price=st.sampled_from([0, 100]))
    def book(self, which, size, group, price):
        made = tried(lambda: parties.book(self.slots[which], size, share="group" if group else "", price_fen=price))
        if isinstance(made, dict):
            self.orders.append(made["_id"])

    @rule(which=WHICH, size=SIZES, group=st.booleans())
    def join(self, which, size, group):
        made = tried(lambda: parties.wait(self.slots[which], size, share="group" if group else ""))
        if isinstance(made, dict):
            self.entries.append(made)

    @rule(which=WHICH)
    def die_after_taking(self, which):
        wishes = takes.of(slot.read(self.slots[which]), 1)
        hold = parties.ObjectId()
        if tried(lambda: takes.take_all(wishes, hold)) is None:
            self.holds.append((wishes, hold))

    @precondition(lambda self: self.holds)
    @rule()
    def sweep(self):
        wishes, hold = self.holds.pop()
        takes.return_all(wishes, hold)

    @precondition(lambda self: len(self.orders) > 1)
    @rule(number=st.integers(0, 99), runs=st.booleans())
    def cancel(self, number, runs):
        tried(lambda: cancel.cancel(self.orders.pop(number % len(self.orders)), "test", full=True))
        if runs:
            self.pass_on()

    @precondition(lambda self: self.entries)
    @rule(number=st.integers(0, 99))
    def accept(self, number):
        one = self.pick(self.entries, number)
        tried(lambda: offer.accept(one["_id"], one["account"]))

    @precondition(lambda self: self.entries)
    @rule(number=st.integers(0, 99))
    def give_up(self, number):
        one = self.pick(self.entries, number)
        tried(lambda: waiting_join.give_up(one["_id"], one["account"], "test"))

    @precondition(lambda self: self.entries)
    @rule(number=st.integers(0, 99))
    def expire(self, number):
        one = self.pick(self.entries, number)
        tried(lambda: checkout.expire(one["_id"]))

    @rule(which=WHICH, number=st.integers(0, 99))
    def pause_a_while(self, which, number):
        day = slot.read(self.slots[which])["day"]
        slot.pause("museum", day, "crowd")
        if self.orders:
            tried(lambda: cancel.cancel(self.orders.pop(number % len(self.orders)), "test", full=True))
        self.pass_on()
        slot.resume("museum", day)

    @rule(which=WHICH, runs=st.booleans())
    def close_a_while(self, which, runs):
        if not slot.read(self.slots[which]).get("kept"):
            return
        slot.close(self.slots[which], "x")
        if runs:
            self.pass_on()
        slot.reopen(self.slots[which])

    @precondition(lambda self: self.entries)
    @rule(number=st.integers(0, 99))
    def end_collecting(self, number):
        waiting.WaitingEntry._get_collection().update_one(
            {"_id": self.pick(self.entries, number)["_id"], "collect_until": {"$exists": True}},
            {"$set": {"collect_until": clock.now() - timedelta(seconds=1)}},
        )

    @rule()
    def pass_on(self):
        while sum(offer.pass_on(one) for one in (*self.slots, self.counter)):
            pass
        for one in (*self.slots, self.counter):
            self.settled(one)

    def settled(self, slot_id):
        """Check that nobody who could be served waits, unless places are collected for somebody in front."""
        found = slot.read(slot_id)
        if found["state"] != "open" or not found.get("waiting"):
            assert found["state"] != "closed" or not found.get("waiting")
            return
        line = waiting.line(slot_id)
        rooms = slot_line.read({slot_id, *(name for one in line for name in one["counters"])})
        turn = offer_rule.whose_turn(slot_id, line, rooms, clock.now())
        assert turn.party is None
        assert turn.keeps or not found.get("kept")

    @invariant()
    def holds_true(self):
        if hasattr(self, "slots"):
            true(*self.slots, self.counter)


def test_no_walk_loses_doubles_or_splits_anything(seeded):
    calm = settings(max_examples=25, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None)
    run_state_machine_as_test(Line, settings=calm)


@pytest.mark.parametrize("lost", [{"kept": 1}, {"kept": -1}, {"left": 1}, {"waiting": 1}, {"shares.group.kept": 1}])
def test_the_walk_sees_a_place_or_a_party_that_is_lost(seeded, lost):
    made = slots.make(2, place_id="museum", shares={"group": 2})
    parties.book(made, 2)
    parties.wait(made)
    true(made)
    slot.Slot._get_collection().update_one({"_id": made}, {"$inc": lost})
    with pytest.raises(AssertionError):
        true(made)

"""A process that dies at any line of joining, offering, answering or releasing: doing it again makes all well."""

import sys
from pathlib import Path

import pytest

from backend import clock
from models.booking import cancel, checkout, offer, order, release_late, slot, waiting_join
from tests.support import parties, queues, slots
from tests.tourism.test_waiting_races import tried, true

OURS = ("waiting", "offer", "slot_line", "release_late", "no_show")
_starts = iter(range(1, 1380))


class Killed(BaseException):
    """What ends the process, for all that it sees."""


def dying_at(line, call):
    """Run a call and die at its `line`-th line in our files; return whether it came that far."""
    seen = [0]

    def trace(frame, event, _arg):
        if not Path(frame.f_code.co_filename).stem.startswith(OURS):
            return None
        if event == "line":
            seen[0] += 1
            if seen[0] == line:
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        tried(call)
    except Killed:
        return True
    finally:
        sys.settrace(before)
    return False


def full():
    """Return a slot of two places, both booked, with two parties in line, and what belongs to it."""
    made = slots.make(2, place_id="museum", start=next(_starts), days=4, terms={"release_after_minutes": 30})
    return made, [parties.book(made) for _ in range(2)], [parties.wait(made) for _ in range(2)]


def joining(_line):
    made, _, _ = full()
    who, by = parties.visitors(1), parties.buyer()

    def join():
        return waiting_join.join(by, slot.read(made), who, place_zh="博物馆")

    def check():
        assert len([one for one in parties.entries(made) if one["account"] == by.account]) == 1

    return made, join, check


def offering(_line):
    made, orders, line = full()
    cancel.cancel(orders[0]["_id"], "test")

    def check():
        assert [parties.state(one) for one in line] == ["offered", "waiting"]

    return made, lambda: offer.pass_on(made), check


def offered():
    made, orders, line = full()
    cancel.cancel(orders[0]["_id"], "test")
    offer.pass_on(made)
    return made, line


def accepting(_line):
    made, line = offered()

    def check():
        assert parties.state(line[0]) == "taken"
        assert order.read(line[0]["_id"])["state"] == "issued"

    return made, lambda: offer.accept(line[0]["_id"], line[0]["account"]), check


def giving_up(_line):
    made, line = offered()

    def check():
        assert [parties.state(one) for one in line] == ["gone", "offered"]

    return made, lambda: waiting_join.give_up(line[0]["_id"], line[0]["account"], "test"), check


def expiring(_line):
    made, line = offered()

    def check():
        assert [parties.state(one) for one in line] == ["expired", "offered"]

    return made, lambda: checkout.expire(line[0]["_id"]), check


def releasing(_line):
    made, orders, line = full()

    def check():
        assert order.read(orders[0]["_id"])["state"] == "cancelled"
        assert parties.state(line[0]) == "offered"

    return made, lambda: release_late.release(orders[0]["_id"]), check


@pytest.mark.parametrize("flow", [joining, offering, accepting, giving_up, expiring, releasing])
def test_whatever_line_a_process_dies_at_doing_it_again_makes_all_well(seeded, flow):
    line, deaths = 1, 0
    while True:
        made, call, check = flow(line)
        died = dying_at(line, call)
        true(made)
        tried(call)
        queues.drain("checkout")
        check()
        true(made)
        if not died:
            break
        line, deaths = line + 3, deaths + 1
    assert deaths >= 2, "the trace saw none of our lines"
    assert clock.now()

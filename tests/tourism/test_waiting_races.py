"""Waiting lists under many hands at once: no place is sold or offered twice, none is lost, no party is split."""

import random
import threading
import time
from functools import partial

import pytest

from backend import clock
from backend.errors import CityError
from models.booking import cancel, checkout, offer, order, slot, slot_line, sweeper, waiting, waiting_join
from models.booking.slot import Slot, Take
from tests.support import parties, queues, slots
from tests.support.crowd import at_once


def tried(call):
    """Return what a call gives, or the code of the error of ours that it raises."""
    try:
        return call()
    except CityError as error:
        return error.code


def live(slot_id):
    """Return the orders that hold places of a slot."""
    return list(order.Order._get_collection().find({"takes.slot": slot_id, "state": {"$in": ["held", "issued"]}}))


def true(*slot_ids):
    """Check that the counters tell what orders and entries hold, and that nothing is kept for nobody."""
    for slot_id in slot_ids:
        found = slot.read(slot_id)
        assert sweeper.recount(slot_id) == 0, slot_id
        assert found["left"] >= 0, slot_id
        assert found.get("kept", 0) >= 0, slot_id
        assert sum(one.places for o in live(slot_id) for one in order.takes(o) if one.slot == slot_id) <= found["quota"]
        in_line = [one for one in parties.entries(slot_id) if one["state"] == "waiting"]
        assert found.get("waiting", 0) == len(in_line), slot_id
        assert not found.get("kept") or found["waiting"], "kept for nobody"
    for one in parties.entries(*slot_ids):
        held = order.Order._get_collection().find_one({"_id": one["_id"]})
        assert (held is not None) == (one["state"] in {"offered", "taken", "expired"} or one.get("until") is not None)
        if held:
            assert held["places"] == one["size"] == len(held["visitors"])
            assert (held["state"] == "held") == (one["state"] == "offered")


def test_sixteen_join_at_once_and_each_has_a_number_of_its_own(seeded):
    made = slots.make(0, place_id="museum")
    joined = at_once([lambda: parties.wait(made)] * 16)
    assert sorted(one["seq"] for one in joined) == list(range(1, 17))
    assert slot.read(made)["waiting"] == 16
    true(made)


def test_two_entries_of_one_person_at_once_leave_one(seeded):
    made, who = slots.make(0, place_id="museum"), parties.visitors(1)
    told = at_once(
        [lambda: tried(lambda: waiting_join.join(parties.buyer(), slot.read(made), who, place_zh="博物馆"))] * 8
    )
    assert sorted(one if isinstance(one, str) else "joined" for one in told) == ["already_waiting"] * 7 + ["joined"]
    assert slot.read(made)["waiting"] == 1


def test_what_many_give_back_goes_to_the_line_once_each_whoever_else_wants_it(seeded):
    made = slots.make(8, place_id="museum")
    orders = [parties.book(made) for _ in range(8)]
    line = [parties.wait(made) for _ in range(12)]
    calls = [lambda one=one: cancel.cancel(one["_id"], "test") for one in orders]
    calls += [lambda: tried(lambda: parties.book(made))] * 6
    calls += [lambda: offer.pass_on(made)] * 6
    told = at_once(calls)
    assert set(told[8:14]) == {"slot_sold_out"}, "nobody outside the line got a place"
    queues.drain("checkout")
    states = [parties.state(one) for one in line]
    assert states == ["offered"] * 8 + ["waiting"] * 4, "in their order"
    true(made)


def serve_unguarded(slot_id, all_have_read):
    """Take what is kept as one must not: read, compare, save."""
    if not slot_line.fits(slot.read(slot_id), Take(slot_id, 1)):
        return False
    all_have_read.wait(20)
    Slot._get_collection().update_one({"_id": slot_id}, {"$inc": {"kept": -1}})
    return True


def test_without_the_guard_what_is_kept_is_offered_twice(seeded):
    made, all_have_read = slots.make(0, place_id="museum"), threading.Barrier(8)
    Slot._get_collection().update_one({"_id": made}, {"$set": {"quota": 2, "kept": 2, "waiting": 8}})
    assert sum(at_once([lambda: serve_unguarded(made, all_have_read)] * 8)) > 2


def test_who_joins_while_the_last_place_comes_back_is_served_or_told_to_book(seeded):
    for number in range(8):
        made = slots.make(1, place_id="museum", start=600 + number)
        held = parties.book(made)
        told, _ = at_once(
            [
                lambda made=made: tried(lambda: parties.wait(made)),
                lambda held=held: cancel.cancel(held["_id"], "test"),
            ]
        )
        queues.drain("checkout")
        if told == "waiting_not_needed":
            assert slots.left(made) == 1
        else:
            assert parties.state(told) == "offered"
        true(made)


@pytest.mark.parametrize("other", ["expire", "give up", "accept"])
def test_an_offer_is_answered_once_whatever_comes_at_the_same_moment(seeded, other):
    for number in range(6):
        made = slots.make(1, place_id="museum", start=600 + number)
        held = parties.book(made)
        entry, following = parties.wait(made), parties.wait(made)
        cancel.cancel(held["_id"], "test")
        queues.drain("checkout")
        mine = (entry["_id"], entry["account"])
        second = {
            "expire": partial(checkout.expire, entry["_id"]),
            "give up": partial(waiting_join.give_up, *mine, "test"),
            "accept": partial(offer.accept, *mine),
        }[other]
        at_once([partial(tried, partial(offer.accept, *mine)), partial(tried, second)])
        queues.drain("checkout")
        states = parties.state(entry), parties.state(following)
        ended = {"expire": "expired", "give up": "gone", "accept": "taken"}[other]
        assert states in {("taken", "waiting"), (ended, "waiting" if ended == "taken" else "offered")}
        true(made)


def test_the_whole_crowd_at_once_over_a_days_limit(seeded):
    day = slot.read(slots.make(0, place_id="museum", start=500))["day"]
    counter = slot.day_id("museum", day)
    slot.open_up({"_id": counter, "place": "museum", "kind": "day", "day": day, "start": -1, "end": 1440, "quota": 9})
    two = [slots.make(6, place_id="museum", start=h * 60 + 7, counters=[counter]) for h in (18, 20)]
    orders = [parties.book(two[n % 2]) for n in range(9)]
    lines = [parties.wait(two[n % 2], 1 + n % 3) for n in range(9)]
    rng = random.Random(5)
    calls = [lambda one=one: tried(lambda: cancel.cancel(one["_id"], "test")) for one in orders]
    calls += [lambda one=one: tried(lambda: waiting_join.give_up(one["_id"], one["account"], "t")) for one in lines[:3]]
    calls += [lambda n=n: tried(lambda: parties.book(two[n % 2])) for n in range(4)]
    calls += [lambda n=n: tried(lambda: parties.wait(two[n % 2], 2)) for n in range(4)]
    calls += [lambda n=n: queues.drain("checkout") for n in range(3)]
    rng.shuffle(calls)
    at_once(calls)
    queues.drain("checkout")
    true(*two, counter)
    assert slot.read(counter)["left"] + slot.read(counter).get("kept", 0) + sum(o["places"] for o in live(counter)) == 9


# A kill


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(
    seeded, brief_transactions, environment, module_settings, shift_clock
):
    made = slots.make(30, place_id="museum")
    orders = [parties.book(made) for _ in range(30)]
    line = [parties.wait(made, 1 + n % 3) for n in range(20)]
    given = {**environment, "MONGODB_URI": module_settings.mongodb_uri}
    rng = random.Random(11)
    for number in range(5):
        for one in orders[number * 6 : number * 6 + 6]:
            cancel.cancel(one["_id"], "test")
        worker = queues.start_worker(given, "checkout")
        time.sleep(rng.random() / 15)
        worker.kill()
        worker.wait()
        shift_clock(61 * (number + 1))
    queues.drain("checkout")
    assert [parties.state(one) for one in line].count("offered") >= 14
    true(made)
    for one in line:
        tried(lambda one=one: offer.accept(one["_id"], one["account"]))
    shift_clock(3600)
    queues.drain("checkout")
    true(made)
    assert {parties.state(one) for one in line} <= {"taken", "waiting"}
    assert clock.now() < waiting.starts(line[0])

"""Commands shared by the threads of one moment: everybody gets their own outcome, nobody is answered from the past."""

import threading

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from backend.store.combining import Combiner, Reads, insert_all
from models.booking.order import Order
from models.places.area import Area
from tests.support.crowd import at_once


class Slow:
    """Applies a group; the first call waits until all the others stand in line."""

    def __init__(self, others, outcome=lambda item: item):
        self.groups, self.others, self.outcome = [], others, outcome
        self.combiner = Combiner(self.apply, most=8)

    def apply(self, key, items):
        self.groups.append(list(items))
        if len(self.groups) == 1:
            line = threading.Event()
            while len(self.combiner._waiting[key]) < self.others:
                line.wait(0.001)
        return [self.outcome(item) for item in items]


def test_those_who_come_while_one_is_served_share_the_next_command():
    slow = Slow(others=7)
    got = at_once([lambda n=n: slow.combiner.run("slot", n) for n in range(8)])
    assert got == list(range(8))
    assert [len(group) for group in slow.groups] == [1, 7]


def test_a_group_is_bounded_and_the_rest_follow():
    slow = Slow(others=19)
    assert at_once([lambda n=n: slow.combiner.run("slot", n) for n in range(20)]) == list(range(20))
    assert [len(group) for group in slow.groups] == [1, 8, 8, 3]


def test_an_error_of_one_is_raised_to_that_one_only():
    slow = Slow(others=3, outcome=lambda n: ValueError(n) if n == 2 else n)

    def ask(n):
        try:
            return slow.combiner.run("slot", n)
        except ValueError as error:
            return str(error)

    assert at_once([lambda n=n: ask(n) for n in range(4)]) == [0, 1, "2", 3]


def test_when_the_command_fails_all_of_its_members_hear_it_and_the_next_go_on():
    calls = []

    def apply(_key, items):
        calls.append(items)
        if len(calls) == 1:
            raise ConnectionError
        return items

    combiner = Combiner(apply)
    with pytest.raises(ConnectionError):
        combiner.run("slot", 1)
    assert combiner.run("slot", 2) == 2


def test_different_keys_do_not_wait_for_each_other():
    inside = threading.Barrier(2, timeout=10)

    def apply(_key, items):
        inside.wait()
        return items

    combiner = Combiner(apply)
    assert at_once([lambda key=key: combiner.run(key, key) for key in ("a", "b")]) == ["a", "b"]


def test_reads_of_one_moment_give_everybody_their_own_document(seeded):
    reads = Reads(Area._get_collection, {"name": 1})
    codes = ["360731100", "360731", "no-such-area", "360731100"] * 5
    found = at_once([lambda code=code: reads.find(code) for code in codes])
    assert [one and one["_id"] for one in found] == [None if code == "no-such-area" else code for code in codes]


def test_inserts_of_one_moment_stand_alone(store):
    key = {"key": b"one"}
    records = [{"_id": ObjectId(), "slot": "s", "idempotency": key} for _ in range(3)]
    records.append({"_id": ObjectId(), "slot": "s", "idempotency": {"key": b"two"}})
    outcomes = insert_all(Order._get_collection(), records)
    assert [type(one) for one in outcomes] == [type(None), DuplicateKeyError, DuplicateKeyError, type(None)]
    assert Order._get_collection().estimated_document_count() == 2

import threading
from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from backend import clock, outbox
from backend.errors import NotFound, OutsideFailure, Unavailable
from tests.support.crowd import at_once
from tests.support.patience import until

CARRIER = "jobs"


@pytest.fixture
def work(store, request):
    """Register a function under a name of this test; the list says with which arguments it was called."""
    calls = []

    def register(function=lambda **_args: None, name="test.work"):
        def called(**args):
            calls.append(args)
            function(**args)

        outbox.function(name)(called)
        request.addfinalizer(lambda: outbox._registry.functions.pop(name, None))
        return calls

    return register


def put(*entries):
    """Store a document that carries entries; return its id."""
    return get_db()[CARRIER].insert_one({"outbox": list(entries)}).inserted_id


def carried(record):
    return get_db()[CARRIER].find_one({"_id": record})["outbox"]


def fail(error):
    def function(**_args):
        raise error

    return function


def test_a_due_entry_is_run_with_its_arguments_and_taken_out(work):
    calls = work()
    record = put(outbox.entry("notify", "test.work", order="7", fen=5))
    assert outbox.drain("notify") == 1
    assert calls == [{"order": "7", "fen": 5}]
    assert carried(record) == []
    assert outbox.drain("notify") == 0


def test_each_queue_is_drained_apart(work):
    calls = work()
    put(*(outbox.entry(queue, "test.work", of=queue) for queue in outbox.QUEUES))
    assert outbox.drain("bills") == 1
    assert calls == [{"of": "bills"}]


def test_an_unknown_queue_is_refused_when_the_entry_is_made():
    with pytest.raises(ValueError, match="nowhere"):
        outbox.entry("nowhere", "test.work")


def test_an_entry_waits_until_it_is_due(work, shift_clock):
    calls = work()
    put(outbox.entry("checkout", "test.work", due=clock.now() + timedelta(minutes=15)))
    assert outbox.drain("checkout") == 0
    shift_clock(15 * 60 + 1)
    assert outbox.drain("checkout") == 1
    assert len(calls) == 1


def test_a_drain_runs_at_most_so_many(work):
    calls = work()
    for _ in range(5):
        put(outbox.entry("push", "test.work"))
    assert [outbox.drain("push", most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert len(calls) == 5


def test_a_function_that_fails_is_repeated_later_and_later_and_the_entry_stays(work, shift_clock):
    calls = work(fail(RuntimeError("broken")))
    record, waited, moved = put(outbox.entry("push", "test.work")), [], 0
    for _ in range(6):
        outbox.drain("push")
        (left,) = carried(record)
        waited.append(round((left["due"] - clock.now()).total_seconds()))
        moved += waited[-1] + 1
        shift_clock(moved)
    assert waited == [1, 2, 4, 8, 16, 32]
    assert (len(calls), left["failures"], left["tries"]) == (6, 6, 6)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (9, 256), (10, 300), (47, 300), (1000, 300)])
def test_the_pause_doubles_up_to_five_minutes(failures, seconds):
    assert outbox.backoff(failures) == seconds


def test_a_failure_does_not_hold_up_the_others(work):
    work(fail(RuntimeError("broken")), "test.broken")
    calls = work()
    put(outbox.entry("push", "test.broken"), outbox.entry("push", "test.work", n=1))
    put(outbox.entry("push", "test.work", n=2))
    outbox.drain("push")
    assert sorted(one["n"] for one in calls if one) == [1, 2]


def test_a_name_that_nobody_registered_is_a_failure_and_no_loss(store):
    record = put(outbox.entry("push", "test.unknown"))
    with capture_logs() as lines:
        outbox.drain("push")
    assert [one["failures"] for one in carried(record)] == [1]
    assert lines[0]["event"] == "outbox_failed"


def give_up_next(error, work):
    work(fail(error))
    entry = outbox.entry("push", "test.work") | {"failures": outbox.MOST_FAILURES - 1}
    record = put(entry)
    with capture_logs() as lines:
        outbox.drain("push")
    return record, lines


@pytest.mark.parametrize(("error", "reason"), [(NotFound(), "not_found"), (KeyError("姓名"), "KeyError")])
def test_after_the_last_failure_the_entry_stays_as_work_for_a_person(work, shift_clock, error, reason):
    record, lines = give_up_next(error, work)
    shift_clock(24 * 3600)
    assert outbox.drain("push") == 0
    assert [(one["reason"], "due" in one) for one in carried(record)] == [(reason, False)]
    assert [one["_id"] for one in outbox.given_up(CARRIER)] == [record]
    assert "outbox_given_up" in [one["event"] for one in lines]


def test_what_was_given_up_can_be_made_due_again(work):
    record, _ = give_up_next(NotFound(), work)
    ran = []
    work(lambda **args: ran.append(args))
    outbox.try_again(CARRIER, record)
    assert (outbox.drain("push"), ran, carried(record)) == (1, [{}], [])


@pytest.mark.parametrize("error", [Unavailable(), OutsideFailure(), AutoReconnect()], ids=lambda e: type(e).__name__)
def test_a_cause_that_passes_by_itself_is_never_given_up(work, shift_clock, error):
    record, _ = give_up_next(error, work)
    assert [(one["failures"], "due" in one) for one in carried(record)] == [(outbox.MOST_FAILURES, True)]
    shift_clock(outbox.backoff(outbox.MOST_FAILURES) + 1)
    assert outbox.drain("push") == 1


def test_later_asks_again_without_counting_as_a_failure(work, shift_clock):
    calls = work(fail(outbox.Later(60)))
    record = put(outbox.entry("push", "test.work") | {"failures": 5})
    outbox.drain("push")
    assert [one["failures"] for one in carried(record)] == [0]
    assert outbox.drain("push") == 0
    shift_clock(61)
    assert outbox.drain("push") == 1
    assert len(calls) == 2


def test_an_entry_of_a_worker_that_died_is_run_again_after_its_lease(store, work, shift_clock):
    record = put(outbox.entry("push", "test.work"))
    assert outbox._claim(CARRIER, "push")[0] == record  # and then the worker is killed
    calls = work()
    assert outbox.drain("push") == 0
    shift_clock(outbox.LEASE.total_seconds() + 1)
    assert outbox.drain("push") == 1
    assert len(calls) == 1
    assert carried(record) == []


def test_a_worker_that_was_too_slow_cannot_take_out_what_another_has_claimed(work, shift_clock):
    record, seconds = put(outbox.entry("push", "test.slow")), outbox.LEASE.total_seconds() + 1

    def slow(**_args):
        shift_clock(seconds)
        outbox._claim(CARRIER, "push")

    work(slow, "test.slow")
    with capture_logs() as lines:
        outbox.drain("push", most=1)
    assert [one["tries"] for one in carried(record)] == [2]
    assert "outbox_lease_lost" in [one["event"] for one in lines]


def test_eight_workers_at_once_run_every_entry_once(work):
    lock, seen = threading.Lock(), []

    def note(number):
        with lock:
            seen.append(number)

    work(note)
    for number in range(40):
        put(outbox.entry("push", "test.work", number=number))
    ran = at_once([lambda: outbox.drain("push")] * 8)
    assert sum(ran) == 40
    assert sorted(seen) == list(range(40))


def test_eight_workers_at_once_run_all_entries_of_one_document_once(work, shift_clock):
    lock, seen = threading.Lock(), []

    def note(number):
        with lock:
            seen.append(number)

    work(note)
    record = put(*(outbox.entry("push", "test.work", number=number) for number in range(24)))
    at_once([lambda: outbox.drain("push")] * 8)
    assert sorted(seen) == list(range(24))
    assert carried(record) == []


def test_four_claims_in_the_same_moment_are_of_four_entries(store):
    for _ in range(10):
        get_db()[CARRIER].delete_many({})
        put(*(outbox.entry("push", "test.work", number=number) for number in range(4)))
        claims = at_once([lambda: outbox._claim(CARRIER, "push")] * 4)
        assert len({taken["id"] for _record, taken in claims}) == 4


def test_what_a_function_logs_names_its_cause(work):
    work(fail(RuntimeError("broken")))
    record = put(outbox.entry("push", "test.work") | {"request_id": "5f3c1d6a9b"})
    told = {}
    outbox.function("test.work")(lambda **_args: told.update(outbox.structlog.contextvars.get_contextvars()))
    outbox.drain("push")
    assert told == {"request_id": "5f3c1d6a9b", "task": "test.work", "record": str(record), "tries": 1}


def test_wakes_of_one_queue_are_sent_from_the_background_and_a_dead_broker_does_not_stop_them():
    sent, woken = [], threading.Event()

    def send(queue):
        sent.append(queue)
        if len(sent) == 1:
            raise ConnectionError
        woken.set()

    waker = outbox.CoalescingWaker(send)
    waker("push")
    until(lambda: sent, what="the first wake")
    waker("checkout")
    assert woken.wait(10)
    assert sent == ["push", "checkout"]


def test_ids_of_entries_differ(store):
    assert len({outbox.entry("push", "test.work")["id"] for _ in range(9)}) == 9
    assert isinstance(outbox.entry("push", "test.work")["id"], ObjectId)


def test_wakes_that_follow_each_other_fast_go_together_and_the_last_one_is_not_lost():
    sent = []
    waker = outbox.CoalescingWaker(sent.append)
    for _ in range(500):
        waker("push")
    waker("checkout")
    until(lambda: "checkout" in sent, what="the last wake")
    assert sent.count("push") < 50

import pytest
from bson import ObjectId

from backend import jobs, outbox
from backend.errors import NotFound


@pytest.fixture
def task(store, request):
    """Register a task that works through numbered items in batches of three; the list says which it did."""
    done = []

    def register(total, step=lambda _item: None, last=None, **options):
        def batch(position):
            first = int(position) + 1 if position else 0
            return [f"{n:03}" for n in range(first, min(first + 3, total))]

        def one(item):
            done.append(item)
            return step(item)

        outbox.function("test.task")(lambda job: jobs.work(ObjectId(job), batch, one, last, **options))
        request.addfinalizer(lambda: outbox._registry.functions.pop("test.task", None))
        return done

    return register


def start(total):
    return jobs.start("test.task", args={"slot": "x"}, total=total, started_by="staff:1", unit="museum")["_id"]


def told(job_id):
    found = jobs.read(job_id)
    return found["state"], found["done"], found["total"]


@pytest.mark.parametrize("total", [0, 1, 3, 10])
def test_a_job_is_worked_through_to_its_end(task, total):
    done = task(total)
    job = start(total)
    assert told(job) == ("running", 0, total)
    outbox.drain("reports")
    assert done == [f"{n:03}" for n in range(total)]
    assert told(job) == ("done", total, total)
    assert jobs.read(job)["finished_at"]


def test_progress_is_seen_while_it_runs(task):
    seen = []
    task(4, lambda _item: seen.append(told(job)[1]))
    job = start(4)
    outbox.drain("reports")
    assert seen == [0, 1, 2, 3]


def test_failures_are_named_and_do_not_stop_the_job(task):
    task(5, lambda item: "ticket_used" if item in {"001", "003"} else None)
    job = start(5)
    outbox.drain("reports")
    assert told(job) == ("done", 5, 5)
    assert jobs.read(job)["failures"] == [{"item": item, "reason": "ticket_used"} for item in ("001", "003")]


def test_a_job_resumes_where_it_broke_off(task, shift_clock):
    broken = ["004"]

    def step(item):
        if item in broken:
            broken.remove(item)
            raise RuntimeError

    done = task(6, step)
    job = start(6)
    outbox.drain("reports")
    assert told(job) == ("running", 4, 6)
    shift_clock(2)
    outbox.drain("reports")
    assert told(job) == ("done", 6, 6)
    assert done == ["000", "001", "002", "003", "004", "004", "005"]


def test_a_job_whose_worker_was_killed_resumes_after_the_lease(task, shift_clock):
    done = task(5)
    job = start(5)
    jobs.Job._get_collection().update_one({"_id": job}, {"$set": {"position": "001", "done": 2}})
    assert outbox._claim("jobs", "reports")[0] == job  # and then the worker is killed
    outbox.drain("reports")
    assert done == []
    shift_clock(outbox.LEASE.total_seconds() + 1)
    outbox.drain("reports")
    assert done == ["002", "003", "004"]
    assert told(job) == ("done", 5, 5)


def test_what_comes_last_is_over_before_the_job_says_done_and_is_repeated_after_a_kill(task, shift_clock):
    seen = []

    def last():
        seen.append(told(job))
        if len(seen) == 1:
            raise RuntimeError

    done = task(4, last=last)
    job = start(4)
    outbox.drain("reports")
    assert told(job) == ("running", 4, 4)
    shift_clock(2)
    outbox.drain("reports")
    assert (told(job), seen) == (("done", 4, 4), [("running", 4, 4)] * 2)
    assert done == ["000", "001", "002", "003"]


def test_some_items_are_looked_at_together_before_they_are_done(task):
    looked = []
    done = task(7, ahead=lambda items: looked.append((list(items), len(done))), at_a_time=2)
    job = start(7)
    outbox.drain("reports")
    assert [len(items) for items, _ in looked] == [2, 1, 2, 1, 1], "within batches of three"
    assert [before for _, before in looked] == [0, 2, 3, 5, 6], "the look comes before the steps"
    assert told(job) == ("done", 7, 7)


def test_what_was_done_of_some_items_before_one_broke_off_counts_and_is_not_done_again(task, shift_clock):
    broken = ["002"]

    def step(item):
        if item in broken:
            broken.remove(item)
            raise RuntimeError
        return "wrong" if item == "001" else None

    done = task(4, step, at_a_time=3)
    job = start(4)
    outbox.drain("reports")
    assert told(job) == ("running", 2, 4)
    assert jobs.read(job)["failures"] == [{"item": "001", "reason": "wrong"}]
    shift_clock(2)
    outbox.drain("reports")
    assert done == ["000", "001", "002", "002", "003"]
    assert (told(job), len(jobs.read(job)["failures"])) == (("done", 4, 4), 1)


def test_a_worker_whose_time_is_over_leaves_the_rest_to_the_next_turn(task, monkeypatch):
    monkeypatch.setattr(jobs, "SECONDS", -1.0)
    done = task(5)
    job = start(5)
    outbox.drain("reports", most=2)
    assert (done, told(job)) == (["000", "001"], ("running", 2, 5))
    outbox.drain("reports")
    assert told(job) == ("done", 5, 5)


def test_ending_a_job_twice_keeps_its_first_end(task, shift_clock):
    task(1)
    job = start(1)
    jobs.end(job)
    first = jobs.read(job)
    shift_clock(5)
    jobs.end(job)
    assert (jobs.read(job), first["state"], first["done"]) == (first, "done", 1)


def test_a_job_is_read_without_its_outbox_and_an_unknown_one_is_not_found(task):
    task(1)
    assert "outbox" not in jobs.read(start(1))
    with pytest.raises(NotFound):
        jobs.read(ObjectId())


def test_starting_a_job_wakes_its_queue(store):
    woken = []
    outbox.set_waker(woken.append)
    start(1)
    assert woken == ["reports"]

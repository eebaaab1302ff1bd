"""Freed places: each goes to the first of the line, exactly once, whoever runs and whatever is killed."""

import threading

import pytest

from backend import outbox
from backend.store import transactions
from models.audit.entry import AuditEntry
from models.school import offer, offer_answer, refill, seat_plan, seats, waiting
from models.school.application import SchoolApplication
from models.school.offer import SchoolOffer
from models.school.round import SchoolRound
from models.school.seat_plan import SeatPlan
from tests.school.after_kit import (
    MINI,
    OFFICE,
    ROUND,
    A,
    B,
    C,
    Published,
    clerk,
    exact,
    family,
    manager,
    of,
    resident,
    standing,
    states,
)
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.patience import until

FREED, WAITING = 4, 12


def crowd(made: Published, *, freed: int = FREED, waits: int = WAITING):
    """Return those who hold places of A and those who wait for one, in the order of their lots."""
    held = [made.placed(A, at=A, lot=lot) for lot in range(1, freed + 1)]
    line = [made.placed(A, at="", lot=1000 + lot) for lot in range(waits)]
    made.offers()
    return held, line


def end(application, state="declined"):
    """End an offer without running what follows."""
    found = of(application)
    transactions.run(lambda session: offer.end(found, state, by="system:test", at=found["offered_at"], session=session))


def try_refill():
    try:
        return refill.refill(ROUND, A)
    except outbox.Later:
        return 0


@pytest.mark.parametrize("state", ["declined", "lapsed", "released"])
def test_a_freed_place_goes_to_the_first_of_the_line(store, state):
    made = Published({A: FREED})
    held, line = crowd(made)
    end(held[2], state)
    assert made.taken(A) == FREED - 1
    queues.drain("affairs")
    assert [states(one) for one in line[:2]] == [{A: "offered"}, {}]
    assert of(line[0])["kind"] == "waiting"
    exact(made)


def test_as_many_offers_are_made_as_places_came_free_however_many_refill_at_once(store):
    made = Published({A: FREED})
    held, line = crowd(made)
    for one in held:
        end(one)
    at_once([try_refill] * 8)
    assert [bool(states(one)) for one in line] == [True] * FREED + [False] * (WAITING - FREED)
    exact(made)


class TestRace:
    """Each thread offers a place to another child: the guard of the plan alone decides how many get one."""

    def run(self) -> tuple[Published, int]:
        made = Published({A: FREED})
        held, _ = crowd(made)
        for one in held:
            end(one)
        found = made.found()
        line = waiting.ranked(found, A)
        given = at_once([lambda one=one: refill.give(found, A, [one]) for one in line])
        return made, given.count("given")

    def test_exactly_as_many_get_one_as_are_free(self, store):
        made, given = self.run()
        assert given == FREED
        exact(made)

    def test_without_the_guard_more_do(self, store, monkeypatch):
        barrier = threading.Barrier(WAITING, timeout=5)

        def unguarded(round_code, school, _session, count=1):
            found = SeatPlan._get_collection().find_one({"_id": f"{round_code}:{school}"})
            if found["taken"] + count > found["places"]:
                raise seat_plan.SeatsGone
            if not barrier.broken:
                with_all(barrier)
            SeatPlan._get_collection().update_one({"_id": found["_id"]}, {"$set": {"taken": found["taken"] + count}})

        monkeypatch.setattr(seats, "take", unguarded)
        _, given = self.run_unguarded()
        assert given > FREED

    def run_unguarded(self):
        made = Published({A: WAITING})
        line = [made.placed(A, at="", lot=100 + lot) for lot in range(WAITING)]
        SeatPlan._get_collection().update_one({"_id": f"{ROUND}:{A}"}, {"$set": {"places": 0}})
        made.offers()
        SeatPlan._get_collection().update_one({"_id": f"{ROUND}:{A}"}, {"$set": {"places": FREED}})
        found = made.found()
        assert len(line) == WAITING
        given = at_once([lambda one=one: refill.give(found, A, [one]) for one in waiting.ranked(found, A)])
        return made, given.count("given")


def with_all(barrier: threading.Barrier) -> None:
    try:
        barrier.wait()
    except threading.BrokenBarrierError:
        return


def test_who_withdrew_at_the_same_moment_is_passed_over(store):
    made = Published({A: 1})
    held, line = crowd(made, freed=1, waits=3)
    found = made.found()
    end(held[0])
    first = waiting.ranked(found, A)[0]
    SchoolApplication._get_collection().update_one({"_id": line[0]}, {"$set": {"state": "withdrawn"}})
    assert refill.give(found, A, [first]) == "changed"
    queues.drain("affairs")
    assert [states(one) for one in line] == [{}, {A: "offered"}, {}]
    exact(made)


def test_a_criterion_that_changed_after_the_line_was_made_is_seen_before_the_place_is_given(store):
    made = Published({A: 1})
    held, line = crowd(made, freed=1, waits=2)
    end(held[0])
    first = waiting.ranked(made.found(), A)[0]
    SchoolApplication._get_collection().update_one({"_id": line[0]}, {"$set": {"priorities": {A: 999}}})
    assert refill.give(made.found(), A, [first]) == "changed"
    queues.drain("affairs")
    assert [states(one) for one in line] == [{}, {A: "offered"}]


class TestHigherChoice:
    @pytest.fixture
    def chain(self, client, seeded, sandbox):
        """Somebody holds A; our family holds B and waits for A; a third holds C and waits for B; a fourth for C."""
        phone, made = family(client, sandbox), Published({A: 1, B: 1, C: 1})
        top = made.placed(A, at=A, lot=1)
        mine = made.placed(A, B, at=B, lot=2, phone=phone)
        third = made.placed(B, C, at=C, lot=3)
        fourth = made.placed(C, at="", lot=4)
        made.offers()
        assert phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept").status_code == 200
        return phone, made, (top, mine, third, fourth)

    def test_accepting_it_releases_the_lower_one_and_the_chain_moves_up(self, chain):
        phone, made, (top, mine, third, fourth) = chain
        end(top)
        queues.drain("affairs")
        assert states(mine) == {B: "accepted", A: "offered"}
        accepted = phone.post(f"{MINI}/offers/{of(mine, A)['_id']}/accept")
        assert accepted.json["state"] == "accepted"
        assert states(mine) == {B: "released", A: "accepted"}
        queues.drain("affairs")
        assert states(third) == {C: "offered", B: "offered"}
        assert states(fourth) == {}
        exact(made)

    def test_declining_it_keeps_the_lower_one(self, chain):
        phone, made, (top, mine, *_) = chain
        end(top)
        queues.drain("affairs")
        assert phone.post(f"{MINI}/offers/{of(mine, A)['_id']}/decline").status_code == 200
        queues.drain("affairs")
        assert states(mine) == {B: "accepted", A: "declined"}
        exact(made)

    def test_the_notice_of_the_lower_one_is_given_out_no_longer(self, chain):
        phone, _, (top, mine, *_) = chain
        lower = of(mine, B)["_id"]
        assert phone.get(f"{MINI}/offers/{lower}/notice.pdf").status_code == 200
        end(top)
        queues.drain("affairs")
        phone.post(f"{MINI}/offers/{of(mine, A)['_id']}/accept")
        refused = phone.get(f"{MINI}/offers/{lower}/notice.pdf")
        assert (refused.status_code, refused.json["code"]) == (409, "school_notice_not_yet")

    def test_who_accepts_many_times_at_once_holds_one_place(self, chain):
        phone, made, (top, mine, *_) = chain
        end(top)
        queues.drain("affairs")
        actor, offer_id = resident(phone), of(mine, A)["_id"]
        told = at_once([lambda: offer_answer.accept(actor, offer_id)] * 6)
        assert len({one["number"] for one in told}) == 1
        assert states(mine) == {B: "released", A: "accepted"}
        held = {"application": mine, "live": True}
        assert SchoolOffer._get_collection().count_documents(held) == 1
        exact(made)


def test_more_places_after_the_publication_move_the_line_up(client, seeded):
    made = Published({A: 2})
    _, line = crowd(made, freed=2, waits=5)
    bureau = manager(client)
    path = f"{OFFICE}/rounds/{ROUND}/schools/{A}/seats"
    told = bureau.post(path, {"more": 3})
    assert (told.status_code, told.json["places"]) == (200, 5)
    queues.drain("affairs")
    assert [bool(states(one)) for one in line] == [True] * 3 + [False] * 2
    exact(made)
    assert AuditEntry._get_collection().count_documents({"action": "school_round.seats_increased"}) == 1
    refused = bureau.post(path, {"more": 86})
    assert (refused.status_code, refused.json["code"]) == (422, "seat_plan_wrong")
    assert clerk(client, A).post(path, {"more": 1}).status_code == 403


def test_after_the_round_ended_nothing_is_refilled(store):
    made = Published({A: 1})
    held, line = crowd(made, freed=1, waits=1)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "ended"}})
    end(held[0])
    queues.drain("affairs")
    assert states(line[0]) == {}


def test_what_an_entry_missed_the_hourly_look_finds(store):
    made = Published({A: FREED})
    held, line = crowd(made)
    for one in held:
        end(one)
    SchoolOffer._get_collection().update_many({"round": ROUND, "state": "declined"}, {"$set": {"outbox": []}})
    assert refill.look() == FREED
    assert [bool(states(one)) for one in line[: FREED + 1]] == [True] * FREED + [False]
    assert refill.look() == 0


@pytest.mark.usefixtures("brief_transactions")
def test_a_killed_worker_leaves_no_place_lost_or_given_twice(seeded, environment, shift_clock):
    made = Published({A: 150})
    held, line = crowd(made, freed=150, waits=200)
    for one in held:
        end(one)
    assert (made.taken(A), standing(A)) == (0, 0)
    worker = queues.start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "affairs")
    try:
        until(lambda: standing(A) >= 5, what="the first offers")
    finally:
        worker.kill()
        worker.wait(10)
    until(lambda: made.taken(A) == standing(A), what="the end of what was open")
    shift_clock(90)
    queues.drain("affairs")
    exact(made)
    assert [bool(states(one)) for one in line] == [True] * 150 + [False] * 50

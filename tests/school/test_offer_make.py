"""Offers from the published results: once each, counted with their places, whatever is killed or repeated."""

import pytest
from bson import ObjectId

from backend import outbox
from models.messaging.notice import Notice
from models.school import offer, offer_make, seats
from models.school.offer import SchoolOffer
from models.school.round import SchoolRound
from models.school.seat_plan import SeatPlan, SeatsGone
from tests.school.after_kit import ROUND, A, B, Published, exact, family, of, standing, work
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.patience import until

MANY = 230


def many(number: int = MANY) -> Published:
    made = Published({A: number - number // 10, B: 0})
    for lot in range(1, number + 1):
        made.placed(A, B, at=A if lot % 10 else "", lot=lot)
    return made


def test_each_placed_result_becomes_one_offer_and_one_taken_place(store):
    made = many(60)
    made.school("school_c", 1)
    coordinated = made.apply(B)
    made.result(coordinated, "school_c", 61, kind="coordinated")
    made.offers()
    assert made.taken(A) == standing(A) == 54
    assert (of(coordinated)["kind"], of(coordinated)["rank"]) == ("coordinated", 0)
    exact(made)


def test_making_them_again_changes_nothing(store):
    made = many(30).offers()
    before = sorted(one["_id"] for one in SchoolOffer._get_collection().find({"round": ROUND, "state": "offered"}))
    work(made.draw)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$unset": {"offers": ""}})
    work(made.draw)
    after = sorted(one["_id"] for one in SchoolOffer._get_collection().find({"round": ROUND, "state": "offered"}))
    assert before == after
    exact(made)


def test_two_workers_at_once_make_each_offer_once(store):
    made = many(120)
    at_once([lambda: work(made.draw)] * 4)
    assert standing(A) == made.taken(A) == 108


def test_one_family_that_asks_before_the_job_gets_the_same_offer(store):
    made = many(20)
    SeatPlan._get_collection().update_one({"_id": f"{ROUND}:{A}"}, {"$inc": {"places": 1}})
    mine = made.placed(A, at=A, lot=99)
    first = offer_make.ensure(mine)
    again = at_once([lambda: offer_make.ensure(mine)] * 4)
    work(made.draw)
    assert {one["_id"] for one in again} == {first["_id"]} == {of(mine)["_id"]}
    exact(made)


def test_nothing_is_offered_before_the_publication_or_of_another_draw(store):
    made = many(5)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "drawn"}})
    work(made.draw)
    assert offer_make.ensure(made.placed(A, at=A, lot=50)) is None
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "published", "draw": ObjectId()}})
    work(made.draw)
    assert standing(A) == 0


def test_who_withdrew_between_draw_and_offers_gets_none(store):
    made = Published({A: 2})
    gone = made.placed(A, at=A, lot=1, state="withdrawn")
    made.placed(A, at=A, lot=2)
    made.offers()
    assert offer.of_application(gone) == []
    exact(made)


def test_a_place_is_never_taken_beyond_the_plan(store):
    made = Published({A: 1})
    made.placed(A, at=A, lot=1)
    made.placed(A, at=A, lot=2)
    with pytest.raises(SeatsGone):
        work(made.draw)
    assert (standing(A), made.taken(A)) == (0, 0)


def test_a_free_place_waits_until_all_offers_are_made(store):
    made = Published({A: 5})
    first = made.placed(A, at="", lot=1)
    for lot in range(2, 7):
        made.placed(A, at=A, lot=lot)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$push": {"outbox": seats.refill_entry(ROUND, A)}})
    queues.drain("affairs")
    assert offer.of_application(first) == []
    made.offers()
    assert offer.of_application(first) == []
    assert standing(A) == 5


def test_the_family_is_told_once_with_school_and_last_day(client, seeded, sandbox):
    phone, made = family(client, sandbox), Published({A: 1})
    mine = made.placed(A, at=A, lot=1, phone=phone)
    made.offers()
    queues.drain("affairs", "push")
    (told,) = Notice._get_collection().find({"about": str(of(mine)["_id"])})
    assert told["kind"] == "school_offered"
    assert told["values"]["until"] == "2026-11-25 24:00"
    assert told["values"]["school"] == "于都县A小学"


@pytest.mark.usefixtures("brief_transactions")
def test_the_job_goes_on_where_a_killed_worker_left_it(seeded, environment, shift_clock):
    made = many(900)
    entry = outbox.entry("affairs", "school.make_offers", draw=str(made.draw))
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$push": {"outbox": entry}})
    worker = queues.start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "affairs")
    try:
        until(lambda: standing(A) >= 90, what="the first offers")
    finally:
        worker.kill()
        worker.wait(10)
    assert standing(A) == made.taken(A)
    shift_clock(90)
    queues.drain("affairs")
    assert standing(A) == made.taken(A) == 810
    assert offer_make.made(made.found())

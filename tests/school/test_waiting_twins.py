"""Tied children move up together: places for all of them or for none, and their place in the line stays."""

import pytest
from bson import ObjectId

from models.school import refill, waiting
from models.school.application import SchoolApplication
from models.school.seat_plan import SeatPlan
from tests.school.after_kit import MINI, ROUND, A, B, Published, exact, family, states
from tests.school.test_waiting_refill import end, try_refill
from tests.support import queues
from tests.support.crowd import at_once


def twins(made: Published, *choices: str, at: str = "", lot: int = 10, **told) -> list[ObjectId]:
    tied = ObjectId()
    return [made.placed(*choices, at=at, lot=lot, group=tied, **told) for _ in range(2)]


@pytest.fixture
def made(store):
    return Published({A: 3})


@pytest.fixture
def held(made):
    return [made.placed(A, at=A, lot=lot) for lot in (1, 2, 3)]


def freed(*held: ObjectId) -> None:
    for one in held:
        end(one)
    queues.drain("affairs")


def test_one_free_place_goes_to_the_next_family_and_two_to_the_twins(made, held):
    pair, next_one, last = twins(made, A), made.placed(A, at="", lot=20), made.placed(A, at="", lot=30)
    made.offers()
    freed(held[0])
    assert [states(one) for one in (*pair, next_one, last)] == [{}, {}, {A: "offered"}, {}]
    assert [one.application for one in waiting.ranked(made.found(), A)] == [*pair, last]
    end(held[1])
    end(held[2])
    queues.drain("affairs")
    assert [states(one) for one in (*pair, last)] == [{A: "offered"}, {A: "offered"}, {}]
    exact(made)


def test_a_place_that_nobody_else_waits_for_stays_free_until_there_are_two(made, held):
    pair = twins(made, A)
    made.offers()
    freed(held[0])
    assert (made.taken(A), [states(one) for one in pair]) == (2, [{}, {}])
    freed(held[1])
    assert [states(one) for one in pair] == [{A: "offered"}] * 2
    exact(made)


def test_they_stand_where_the_first_of_them_stands(made, held):
    tied = ObjectId()
    behind = made.placed(A, at="", lot=11, group=tied, priority=301)
    other = made.placed(A, at="", lot=20)
    before = made.placed(A, at="", lot=11, group=tied)
    made.offers()
    for one in held[:2]:
        end(one)
    queues.drain("affairs")
    assert [states(one) for one in (before, behind, other)] == [{A: "offered"}, {A: "offered"}, {}]


def test_whose_twin_has_a_place_there_or_waits_no_more_moves_up_alone(made, held):
    first, second = twins(made, A)
    SchoolApplication._get_collection().update_one({"_id": first}, {"$set": {"waits_not": [A]}})
    made.offers()
    freed(held[0])
    assert (states(first), states(second)) == ({}, {A: "offered"})
    SchoolApplication._get_collection().update_one({"_id": first}, {"$unset": {"waits_not": ""}})
    freed(held[1])
    assert states(first) == {A: "offered"}
    exact(made)


def test_a_twin_who_joins_the_line_at_the_same_moment_is_not_left_behind(made, held):
    first, second = twins(made, A)
    SchoolApplication._get_collection().update_one({"_id": first}, {"$set": {"waits_not": [A]}})
    made.offers()
    end(held[0])
    seen = waiting.ranked(made.found(), A)
    SchoolApplication._get_collection().update_one({"_id": first}, {"$unset": {"waits_not": ""}})
    assert [one.application for one in seen] == [second]
    assert refill.give(made.found(), A, seen) == "changed"
    assert states(second) == {}


def test_many_refills_at_once_split_no_pair_and_give_no_place_twice(store):
    made = Published({A: 5})
    held = [made.placed(A, at=A, lot=lot) for lot in range(1, 6)]
    pairs = [twins(made, A, lot=10 + number) for number in range(4)]
    made.offers()
    for one in held:
        end(one)
    at_once([try_refill] * 8)
    queues.drain("affairs")
    assert [[bool(states(one)) for one in pair] for pair in pairs] == [[True] * 2] * 2 + [[False] * 2] * 2
    assert made.taken(A) == 4
    exact(made)


def test_of_pairs_and_single_children_at_once_as_many_get_places_as_are_free(store):
    """Each thread gives places to another pair: the guard of the plan counts both children."""
    made = Published({A: 7})
    pairs = [twins(made, A, lot=10 + number) for number in range(6)]
    SeatPlan._get_collection().update_one({"_id": f"{ROUND}:{A}"}, {"$set": {"places": 0}})
    made.offers()
    SeatPlan._get_collection().update_one({"_id": f"{ROUND}:{A}"}, {"$set": {"places": 7}})
    line = waiting.together(waiting.ranked(made.found(), A))
    found = made.found()
    given = at_once([lambda several=several: refill.give(found, A, several) for several in line])
    assert sorted(given) == ["full"] * 3 + ["given"] * 3
    assert sorted(len(states(one)) for pair in pairs for one in pair) == [0] * 6 + [1] * 6
    exact(made)


def test_the_family_reads_that_they_move_up_together(client, sandbox, seeded):
    phone, made = family(client, sandbox), Published({A: 1, B: 1})
    made.placed(A, at=A, lot=1)
    mine, _ = twins(made, A, lot=9, phone=phone)
    alone = made.placed(A, at="", lot=20, phone=phone)
    made.offers()
    told = phone.get(f"{MINI}/applications/{mine}/waiting").json["items"][0]
    assert "捆绑的孩子在该校同时有足够名额时一并录取" in told["words_zh"]
    assert "捆绑" not in phone.get(f"{MINI}/applications/{alone}/waiting").json["items"][0]["words_zh"]

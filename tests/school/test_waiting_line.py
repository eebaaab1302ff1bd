"""The waiting list: who stands in it, in which order, and how criteria that change move a child."""

import itertools

import pytest

from models.school import waiting
from models.school.application import SchoolApplication
from tests.school.after_kit import MINI, OFFICE, ROUND, A, B, C, Published, clerk, family, of, states
from tests.support import queues


@pytest.fixture
def made(store):
    """Three schools of one place each, all of them taken."""
    made = Published({A: 1, B: 1, C: 1})
    for lot, school in enumerate((A, B, C), 1):
        made.placed(school, at=school, lot=lot)
    return made


def line(made, school):
    return [one.application for one in waiting.ranked(made.found(), school)]


def change(application, **told):
    SchoolApplication._get_collection().update_one({"_id": application}, {"$set": told})


def test_who_was_placed_lower_waits_for_every_higher_choice_and_no_other(made):
    made.school("school_d", 1)
    mine = made.placed(A, B, "school_d", C, at="school_d", lot=7)
    made.offers()
    assert [mine in line(made, code) for code in (A, B, "school_d", C)] == [True, True, False, False]


def test_who_was_placed_nowhere_or_by_coordination_waits_for_all(made):
    nowhere = made.placed(A, B, at="", lot=8)
    made.school("school_e", 1)
    coordinated = made.apply(A, B)
    made.result(coordinated, "school_e", 9, kind="coordinated")
    made.offers()
    assert of(coordinated)["school"] == "school_e"
    assert line(made, A) == line(made, B) == [nowhere, coordinated]


def test_priority_decides_first_then_the_lot_never_the_order_of_arrival(made):
    wanted = {(201, 34): None, (101, 90): None, (201, 33): None, (101, 40): None}
    for priority, lot in wanted:
        wanted[priority, lot] = made.placed(A, at="", lot=lot, priority=priority)
    made.offers()
    assert line(made, A) == [wanted[key] for key in sorted(wanted)]


def test_every_order_of_arrival_gives_the_same_line(made):
    made.offers()
    for number, order in enumerate(itertools.permutations((11, 12, 13))):
        code = f"school_x{number}"
        made.school(code, 0)
        by_lot = {lot + 100 * number: made.placed(code, at="", lot=lot + 100 * number) for lot in order}
        assert line(made, code) == [by_lot[lot] for lot in sorted(by_lot)]


def test_a_criterion_that_changes_moves_a_child_up_at_once(made):
    first, second = made.placed(A, at="", lot=21), made.placed(A, at="", lot=22)
    made.offers()
    assert line(made, A) == [first, second]
    change(second, priorities={A: 51})
    assert line(made, A) == [second, first]


def test_who_came_after_the_draw_stands_behind_the_same_priority_and_before_the_next(made):
    same, later = made.placed(A, at="", lot=50), made.placed(A, at="", lot=1_000, priority=201)
    late = [made.apply(A) for _ in range(3)]
    made.offers()
    found = line(made, A)
    assert (found[0], found[-1]) == (same, later)
    assert set(found[1:4]) == set(late)
    assert found[1:4] == sorted(late, key=lambda one: waiting.late_lot(made.draw, one))


@pytest.mark.parametrize("state", ["submitted", "refused", "withdrawn", "to_correct"])
def test_only_the_qualified_wait(made, state):
    gone = made.placed(A, at="", lot=5)
    made.offers()
    change(gone, state=state)
    assert line(made, A) == []


def test_before_the_publication_there_is_no_line(made):
    made.placed(A, at="", lot=5)
    found = {**made.found(), "state": "drawn"}
    assert waiting.ranked(found, A) == []


class TestFamily:
    @pytest.fixture
    def ours(self, client, seeded, sandbox):
        phone, made = family(client, sandbox), Published({A: 1, B: 1})
        made.placed(A, at=A, lot=1)
        made.placed(A, at="", lot=2)
        mine = made.placed(A, B, at=B, lot=3, phone=phone)
        made.offers()
        return phone, mine, made

    def test_reads_its_position_and_why(self, ours):
        phone, mine, _ = ours
        (told,) = phone.get(f"{MINI}/applications/{mine}/waiting").json["items"]
        assert (told["school"], told["choice"], told["position"], told["total"]) == (A, 1, 2, 2)
        assert (told["priority"], told["lot"]) == (101, 3)
        assert "第 2 位(共 2 人)" in told["words_zh"]
        assert "先后无关" in told["words_zh"]

    def test_may_leave_the_line_and_come_back_to_the_same_place(self, ours):
        phone, mine, made = ours
        path = f"{MINI}/applications/{mine}/waiting/{A}"
        for _ in range(2):
            assert phone.call("PUT", path, {"waits": False}).json["items"] == []
        assert mine not in line(made, A)
        assert phone.call("PUT", path, {"waits": True}).json["items"][0]["position"] == 2

    def test_cannot_wait_for_a_school_that_it_did_not_choose(self, ours):
        phone, mine, _ = ours
        refused = phone.call("PUT", f"{MINI}/applications/{mine}/waiting/{C}", {"waits": True})
        assert (refused.status_code, refused.json["code"]) == (422, "school_not_chosen")

    def test_of_another_is_not_found(self, ours, client, sandbox):
        _, mine, _ = ours
        stranger = family(client, sandbox)
        assert stranger.get(f"{MINI}/applications/{mine}/waiting").status_code == 404
        assert stranger.call("PUT", f"{MINI}/applications/{mine}/waiting/{A}", {"waits": False}).status_code == 404

    def test_what_it_gave_up_is_not_offered_again(self, ours):
        phone, mine, made = ours
        offer_id = of(mine, B)["_id"]
        assert phone.post(f"{MINI}/offers/{offer_id}/decline").status_code == 200
        queues.drain("affairs")
        assert states(mine) == {B: "declined"}
        assert line(made, B) == []
        assert mine in line(made, A)

    def test_the_school_sees_the_line_without_names(self, ours, client):
        _, mine, _ = ours
        told = clerk(client, A).get(f"{OFFICE}/rounds/{ROUND}/schools/{A}/waiting").json
        assert told["total"] == 2
        assert told["items"][1] == {
            "application_id": str(mine), "position": 2, "choice": 1, "priority": 101, "lot": 3,
        }  # fmt: skip

"""A review heals after a kill between any two of its writes: nothing is lost, nothing is done twice."""

import pytest
from bson import ObjectId

from models.affairs import open_case
from models.affairs.case import Case
from models.school import application, property_lock, review, review_start, review_sweep
from models.school.application import SchoolApplication
from tests.school import review_kit
from tests.school.review_kit import applied, cases, lost, point_of, running, states, stored, work
from tests.support import affairs
from tests.support.crowd import at_once


class Killed(Exception):
    pass


def cases_of(found: dict, code: str) -> int:
    return len([one for one in cases(found) if one["about"]["point"] == code])


def test_a_review_whose_begin_was_lost_is_begun_by_the_sweeper(family):
    found = applied(family, "insurance", "business", begin=False)
    lost(found)
    work()
    assert cases(found) == []
    review_sweep.sweep()
    assert len(running(found)) == 2
    review_sweep.sweep()
    assert len(cases(found)) == 2


def test_an_application_without_points_whose_begin_was_lost_is_decided_by_the_sweeper(family):
    found = applied(family, begin=False)
    lost(found)
    review_sweep.sweep()
    work()
    assert stored(found)["state"] == "qualified"


def test_a_decision_that_was_lost_is_made_by_the_sweeper(family, desks):
    found = applied(family, "business")
    desks.settle(found, "business")
    lost(found)
    work()
    assert stored(found)["state"] == "submitted"
    review_sweep.sweep()
    assert stored(found)["state"] == "qualified"


def test_killed_between_two_cases_it_goes_on_with_the_second(family, monkeypatch):
    found = applied(family, "insurance", "business", begin=False)
    lost(found)
    whole, opened = open_case.open_case, []

    def once(*told, **more):
        if opened:
            raise Killed
        opened.append(whole(*told, **more))
        return opened[0]

    with monkeypatch.context() as patch:
        patch.setattr(open_case, "open_case", once)
        with pytest.raises(Killed):
            review_start.begin(ObjectId(found["id"]))
    assert len(running(found)) == 1
    review_sweep.sweep()
    assert (cases_of(found, "insurance"), cases_of(found, "business")) == (1, 1)


def test_a_case_and_its_point_come_together_or_not_at_all(family, monkeypatch):
    found = applied(family, "insurance", begin=False)
    lost(found)

    def killed(*_told, **_more):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(review, "point", killed)
        with pytest.raises(Killed):
            review_start.begin(ObjectId(found["id"]))
    assert Case._get_collection().count_documents({"once": {"$gt": "school:"}}) == 0
    assert "case" not in point_of(found, "insurance")
    review_sweep.sweep()
    assert cases_of(found, "insurance") == 1


def test_beginning_from_many_workers_at_once_opens_each_case_once(family):
    found = applied(family, "insurance", "business", "household", begin=False)
    lost(found)

    def begin() -> None:
        try:
            review_start.begin(ObjectId(found["id"]))
        except application.ApplicationMoved:
            return  # the queue repeats it

    at_once([begin] * 6)
    review_sweep.sweep()
    assert len(running(found)) == len(cases(found)) == 3


def test_a_point_settled_by_a_decision_that_is_killed_is_not_settled(family, desks, monkeypatch):
    found = applied(family, "business")
    case_id = str(point_of(found, "business")["case"])
    clerk = desks.desk("business")
    affairs.move(clerk, case_id, "claim")

    def killed(*_told, **_more):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(review, "point", killed)
        assert (
            clerk.post(f"/office/v1/cases/{case_id}/decide", {"outcome": "confirmed", "reason": "是"}).status_code
            == 500
        )
    assert (states(found), running(found)[0]["state"]) == ({"business": "open"}, "open")
    assert review.opened(review.find(ObjectId(found["id"])), review.find(ObjectId(found["id"]))["checks"][0]) == {}
    affairs.decide(clerk, case_id, "confirmed")
    work()
    assert stored(found)["state"] == "qualified"


def test_a_refusal_and_the_freeing_of_the_property_come_together(family, desks, monkeypatch):
    found = applied(family, "household")
    desks.settle(found, "household", "not_confirmed", value={"child.birth_date": {"date": "2022-05-01"}})

    def killed(*_told, **_more):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(property_lock, "free", killed)
        work()
    assert (stored(found)["state"], "decision" in stored(found)) == ("submitted", False)
    lost(found)
    review_sweep.sweep()
    assert stored(found)["state"] == "refused"
    assert not any(one.get("live") for one in review_kit.locks(found))


def test_a_withdrawal_whose_cleaning_was_lost_leaves_no_case_at_any_desk(family, desks):
    found = applied(family, "insurance")
    family.do("withdraw", family.read(found))
    lost(found)
    review_sweep.sweep()
    assert running(found) == []
    assert affairs.inbox(desks.desk("insurance")) == []
    assert not review.find(ObjectId(found["id"])).get("open")


def test_the_sweeper_leaves_alone_what_runs_well(family, desks):
    found = applied(family, "insurance")
    before = stored(found)
    assert review_sweep.sweep() == 0
    assert stored(found) == before
    SchoolApplication._get_collection().update_one({"_id": before["_id"]}, {"$set": {"state": "draft"}})
    assert review_sweep.sweep() in {0, 1}

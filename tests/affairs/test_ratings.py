"""好差评: rated once, by the applicant, after the decision; a bad one is visited by somebody else within its clock."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from models.affairs import rating, return_visit
from models.affairs.case import Case
from models.affairs.rating import Rating
from models.audit.access_line import AccessLine
from models.identity import account
from tests.affairs.paper_kit import Office, opened
from tests.support import queues
from tests.support.affairs import decide, inbox, move, seat, stay_awake, stored
from tests.support.phone import Phone

MONTH = "2026-11"


@pytest.fixture
def office(client, seeded):
    return Office(client)


@pytest.fixture
def decided(office, resident):
    return office.decided(resident, office.item())


def rate(who, case_id: str, stars: int, status: int = 201, **more) -> dict:
    answer = who.post(f"/mini/v1/cases/{case_id}/rating", {"stars": stars, **more})
    assert answer.status_code == status, answer.json
    return answer.json


def visit_of(case_id: str) -> str:
    found = Case._get_collection().find_one({"once": f"visit:{case_id}"})
    assert found is not None
    return str(found["_id"])


def figures(office) -> dict:
    items = office.supervisor.get(f"/office/v1/rating-figures?month={MONTH}").json["items"]
    return next(one for one in items if one["unit"] == "civil_affairs")


class TestRating:
    def test_says_stars_tags_and_words_and_is_seen_again(self, resident, decided):
        told = rate(resident, decided, 5, tags=["fast", "friendly"], text="一次就办好了")
        assert (told["stars_zh"], [one["zh"] for one in told["tags"]]) == ("很满意", ["办得快", "态度好"])
        assert resident.get(f"/mini/v1/cases/{decided}/rating").json == told
        assert "一次就办好了".encode() not in bytes(Rating._get_collection().find_one()["text"])

    def test_is_given_once(self, resident, decided):
        rate(resident, decided, 5)
        assert rate(resident, decided, 4, status=409)["code"] == "case_already_rated"
        assert rate(resident, decided, 1, status=409)["code"] == "case_already_rated"
        assert Rating._get_collection().find_one({"_id": ObjectId(decided)})["stars"] == 5

    def test_of_many_at_once_one_counts(self, app, office, resident, decided):
        stars = [5, 4, 1, 2, 3, 5, 1, 4]
        path = f"/mini/v1/cases/{decided}/rating"
        with ThreadPoolExecutor(len(stars)) as threads:
            answers = list(
                threads.map(lambda told: resident.twin(app.test_client()).post(path, {"stars": told}), stars)
            )
        assert sorted({one.status_code for one in answers}) == [201, 409]
        assert sum(one.status_code == 201 for one in answers) == 1
        assert figures(office)["rated"] == 1

    def test_waits_for_the_decision(self, office, resident):
        case_id = opened(resident, office.item())
        assert rate(resident, case_id, 5, status=409)["code"] == "case_state_wrong"
        resident.post(f"/mini/v1/cases/{case_id}/withdraw")
        assert rate(resident, case_id, 5, status=409)["code"] == "case_state_wrong"

    def test_is_not_open_where_the_item_has_none(self, office, resident):
        case_id = office.decided(resident, office.item(rating=False))
        assert rate(resident, case_id, 5, status=409)["code"] == "case_rating_not_open"

    def test_of_another_is_not_found(self, client, sandbox, decided):
        stranger = Phone(client, sandbox).ready().sure()
        assert rate(stranger, decided, 5, status=404)
        assert stranger.get(f"/mini/v1/cases/{decided}/rating").status_code == 404

    def test_tags_fit_the_stars(self, resident, decided):
        assert rate(resident, decided, 1, status=422, tags=["fast"])["code"] == "rating_tags_do_not_fit"
        assert rate(resident, decided, 5, status=422, tags=["slow"])["code"] == "rating_tags_do_not_fit"
        assert rate(resident, decided, 3, tags=["slow", "friendly"])["stars"] == 3

    @pytest.mark.parametrize("body", [{}, {"stars": 0}, {"stars": 6}, {"stars": "5"}, {"stars": 4.5}, {"stars": True}])
    def test_other_stars_are_refused(self, resident, decided, body):
        assert resident.post(f"/mini/v1/cases/{decided}/rating", body).status_code == 400

    def test_is_counted_by_unit_and_month(self, office, resident):
        for stars, tags in ((5, ["fast"]), (4, ["fast"]), (2, ["slow"])):
            rate(resident, office.decided(resident, office.item()), stars, tags=tags)
        told = figures(office)
        assert (told["rated"], told["bad"], told["average"]) == (3, 1, "3.67")
        assert (told["stars"], told["tags"]) == ({"1": 0, "2": 1, "3": 0, "4": 1, "5": 1}, {"fast": 2, "slow": 1})

    def test_figures_of_other_units_are_not_seen(self, client, office, resident, decided):
        rate(resident, decided, 5)
        other = seat(client, "case_supervisor", unit="justice")
        assert other.get(f"/office/v1/rating-figures?month={MONTH}").json["items"] == []
        assert office.clerk.get(f"/office/v1/rating-figures?month={MONTH}").status_code == 403


class TestReturnVisit:
    @pytest.fixture
    def visit(self, resident, decided):
        rate(resident, decided, 1, tags=["unfriendly"], text="态度不好")
        return visit_of(decided)

    def test_three_stars_open_none(self, resident, decided):
        rate(resident, decided, 3)
        assert Case._get_collection().find_one({"once": f"visit:{decided}"}) is None

    def test_lies_on_the_desk_of_the_unit_with_its_clock(self, office, visit):
        (waiting,) = [one for one in inbox(office.colleague) if one["id"] == visit]
        assert (waiting["kind_zh"], waiting["due_day"]) == ("差评回访", "2026-11-24")

    def test_is_not_made_by_who_was_rated(self, office, visit):
        assert move(office.clerk, visit, "claim", status=422)["code"] == "case_same_person"
        told = {"staff_id": str(office.clerk.member_id)}
        assert move(office.supervisor, visit, "assign", told, status=422)["code"] == "case_same_person"
        move(office.colleague, visit, "claim")

    def test_says_what_for_and_how_to_reach_them_after_an_access_line(self, client, office, visit):
        told = office.colleague.get(f"/office/v1/return-visits/{visit}").json
        assert (told["stars"], told["text"], told["name"]) == (1, "态度不好", "张三丰")
        line = AccessLine._get_collection().find_one({"who": office.colleague.actor().key})
        assert (line["fields"], line["case"]) == (sorted(line["fields"]), stored(visit)["number"])
        other = seat(client, "case_handler", unit="justice")
        assert other.get(f"/office/v1/return-visits/{visit}").status_code == 404

    def test_of_another_case_there_is_nothing_to_see(self, office, decided):
        assert office.clerk.get(f"/office/v1/return-visits/{decided}").status_code == 404

    def test_ends_with_an_outcome_that_the_applicant_sees(self, office, resident, decided, visit):
        assert resident.get(f"/mini/v1/cases/{decided}/rating").json["visit_zh"] == "回访中"
        move(office.colleague, visit, "claim")
        decide(office.colleague, visit, "explained")
        told = resident.get(f"/mini/v1/cases/{decided}/rating").json
        assert (told["visit"], told["visit_zh"]) == ("explained", "已解释说明,申请人认可")
        assert stored(visit)["state"] == "closed"
        assert (figures(office)["visited"], figures(office)["outcomes"]) == (1, {"explained": 1})

    def test_who_is_still_dissatisfied_goes_to_a_supervisor_who_is_another_person(self, office, decided, visit):
        move(office.colleague, visit, "claim")
        decide(office.colleague, visit, "unsatisfied")
        assert Rating._get_collection().find_one({"_id": ObjectId(decided)}).get("visit", {}) == {}
        move(office.supervisor, visit, "claim")
        decide(office.supervisor, visit, "mended")
        assert Rating._get_collection().find_one({"_id": ObjectId(decided)})["visit"]["outcome"] == "mended"

    def test_goes_to_the_supervisor_when_nobody_made_it_in_time(self, office, visit, travel):
        travel("2026-11-25")
        stay_awake()
        queues.drain("affairs")
        assert [one["urgency"] for one in inbox(office.supervisor) if one["id"] == visit] == ["overdue"]
        assert stored(visit)["state"] == "open"  # time decides nothing

    def test_is_not_the_applicants_to_withdraw(self, resident, visit):
        assert resident.get(f"/mini/v1/cases/{visit}").status_code == 404
        assert resident.post(f"/mini/v1/cases/{visit}/withdraw").status_code == 404

    def test_and_rating_are_there_together_or_not_at_all(self, resident, decided, monkeypatch):
        monkeypatch.setattr(rating, "add", _broken)
        with pytest.raises(RuntimeError):
            return_visit.rate(account.authenticate(resident.token), ObjectId(decided), rating.Told(1))
        assert get_db().case_ratings.find_one({"_id": ObjectId(decided)}) is None
        assert Case._get_collection().find_one({"once": f"visit:{decided}"}) is None


def _broken(*_args):
    raise RuntimeError

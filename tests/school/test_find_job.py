"""Finding the children of a round in the household register: once each, after kills and failures too."""

from datetime import date
from pathlib import Path

import pytest

from backend import outbox
from models.identity.person import Person
from models.registers import school_age
from models.registers.inquiry import Inquiry
from models.school import candidate, find
from models.school.candidate import SchoolCandidate
from models.school.round import SchoolRound
from tests.school import family_kit, ground
from tests.school.after_kit import manager
from tests.school.family_kit import BORN_FROM, BORN_TO, EAST, WEST, family, move_in
from tests.support.patience import until
from tests.support.queues import drain, start_worker

OFFICE = f"/office/v1/school/rounds/{ground.ROUND}"
ROOT = Path(__file__).parents[2]
SPAN = {"born_from": BORN_FROM, "born_to": BORN_TO}
FIRST, LAST = date(2020, 9, 1), date(2021, 8, 31)


@pytest.fixture
def in_round(box):
    return family_kit.begin()


@pytest.fixture
def bureau(client, in_round):
    return manager(client)


def run(bureau, **span) -> dict:
    """Find and return the job as staff see it."""
    answer = bureau.post(f"{OFFICE}/find", {**SPAN, **span})
    assert answer.status_code == 202, answer.json
    drain("reports")
    return bureau.get(f"/office/v1/school/jobs/{answer.json['id']}").json


def of(made) -> dict | None:
    return candidate.of_child(ground.ROUND, made.child_id)


def everything() -> list[dict]:
    found = SchoolCandidate._get_collection().find({"round": ground.ROUND}).sort("_id", 1)
    return [{**one, "run": "", "households": [home["mark"] for home in one["households"]]} for one in found]


class TestRegister:
    def test_children_born_in_the_span_come_page_by_page_each_once(self, box, in_round, monkeypatch):
        made = [family(box, born="20210305") for _ in range(3)]
        family(box, born="20190101")
        page = school_age.page(FIRST, LAST)
        assert {one["number"] for one in page.children} == {one.child["number"] for one in made}
        assert page.next == ""
        (first,) = [one for one in page.children if one["number"] == made[0].child["number"]]
        assert [one["number"] for one in first["guardians"]] == [made[0].parents[0]["number"]]
        assert first["village_code"] == EAST

    def test_a_long_list_is_cut_into_pages_that_meet(self, box, in_round):
        told = box.call("/families", {"count": 260, "size": 3, "seed": 7})["families"]
        first, last = date(2009, 1, 1), date(2021, 12, 31)
        page, seen, pages = school_age.page(first, last), [], 1
        seen += [one["number"] for one in page.children]
        while page.next:
            page = school_age.page(first, last, page.next)
            seen += [one["number"] for one in page.children]
            pages += 1
        assert pages == 2
        assert sorted(seen) == sorted(members[2]["number"] for members in told)

    @pytest.mark.parametrize(
        "fault", ["error_500", "garbage", "wrong_signature", "unsigned", "replayed", "huge", "missing", "redirect"]
    )
    def test_no_trustworthy_page_is_a_failure_and_never_an_end(self, box, in_round, fault):
        family(box)
        box.fault(fault, register="household_children", count=1)
        with pytest.raises(school_age.ExchangeFailure):
            school_age.page(FIRST, LAST)
        assert len(school_age.page(FIRST, LAST).children) == 1

    def test_children_of_another_age_than_asked_are_refused(self, box, in_round):
        family(box)
        box.fault("other_person", register="household_children", count=1)
        with pytest.raises(school_age.ExchangeFailure):
            school_age.page(FIRST, LAST)


class TestFinding:
    def test_each_child_becomes_a_candidate_with_schools_tier_and_what_is_missing(self, box, bureau):
        near, west, older = family(box, home=EAST), family(box, village=WEST), family(box, born="20190101")
        job = run(bureau)
        assert (job["state"], job["done"], job["failed"]) == ("done", 2, 0)
        found = of(near)
        assert (found["tier"], found["eligible"], found["missing"]) == (1, "yes", [])
        assert (found["located"]["schools"], found["located"]["certain"]) == (["s_east"], True)
        assert found["guardians"] == near.parent_ids
        assert of(west)["located"]["schools"] == ["s_west", "s_both"]
        assert of(older) is None

    def test_only_as_many_registers_are_asked_as_the_tier_takes(self, box, bureau):
        family(box, home=EAST)
        run(bureau)
        assert set(box.call("/calls")["calls"]) == {"household_children", "household", "property"}
        family(box)
        run(bureau)
        assert {"residence", "social_insurance", "business"} <= set(box.call("/calls")["calls"])
        assert not {"veterans", "military", "disability"} & set(box.call("/calls")["calls"])

    def test_a_second_run_changes_nothing(self, box, bureau):
        family(box, home=EAST), family(box)
        run(bureau)
        before, people = everything(), Person._get_collection().estimated_document_count()
        run(bureau)
        assert everything() == before
        assert Person._get_collection().estimated_document_count() == people

    def test_a_second_run_takes_up_what_the_register_says_anew(self, box, bureau):
        made = family(box)
        run(bureau)
        first = of(made)
        box.change("household", made.household, village_code=WEST, changed_on="2026-11-19")
        Inquiry._get_collection().delete_many({"_id": {"$gte": ""}})
        run(bureau)
        again = of(made)
        assert (again["_id"], again["village"]) == (first["_id"], WEST)
        assert again["located"]["schools"] == ["s_west", "s_both"]
        assert again["digest"] != first["digest"]

    def test_a_child_in_two_households_is_one_candidate_that_a_person_must_look_at(self, box, bureau):
        made = family(box, home=EAST)
        other = box.person()
        home = box.lookup(other["number"])["household"]["household_no"]
        members = [
            {"number": other["number"], "relation": "head"},
            {"number": made.child["number"], "relation": "child"},
        ]
        move_in(box, home, WEST, members)
        run(bureau)
        found = of(made)
        assert len(everything()) == 1
        assert (found["double"], len(found["households"])) == (True, 2)
        assert found["tier"] is None
        assert found["why"]["household_in_district"] == "two_households"
        before = everything()
        run(bureau)
        assert [one["digest"] for one in everything()] == [one["digest"] for one in before]
        box.change("household", home, members=members[:1])
        run(bureau)
        assert (of(made)["double"], of(made)["tier"]) == (False, 1)

    def test_a_register_that_is_away_delays_the_job_and_loses_nobody(self, box, bureau, shift_clock):
        family(box, home=EAST)
        box.fault("error_500", register="household_children", count=2)
        answer = bureau.post(f"{OFFICE}/find", SPAN)
        drain("reports")
        assert bureau.get(f"/office/v1/school/jobs/{answer.json['id']}").json["state"] == "running"
        shift_clock(60)
        drain("reports")
        shift_clock(120)
        drain("reports")
        assert len(everything()) == 1

    def test_a_register_that_does_not_answer_about_a_child_is_asked_again_by_another_run(
        self, box, bureau, shift_clock
    ):
        made = family(box, home=EAST)
        box.fault("error_500", register="property", count=5)
        job = run(bureau)
        assert (job["failed"], job["reasons"]) == (1, ["register_away"])
        assert of(made)["asking"] is True
        box.clear()
        shift_clock(31)
        assert run(bureau)["failed"] == 0
        assert (of(made)["asking"], of(made)["tier"]) == (False, 1)

    def test_a_worker_that_is_killed_in_the_middle_goes_on_where_it_stood(
        self, box, bureau, shift_clock, module_settings, environment
    ):
        made = [family(box, home=EAST) for _ in range(30)]
        job = bureau.post(f"{OFFICE}/find", SPAN).json["id"]
        box.fault("slow", seconds=0.2, register="property")
        worker = start_worker({**environment, "MONGODB_URI": module_settings.mongodb_uri}, "reports")
        until(lambda: len(everything()) > find.AT_A_TIME, what="the second handful of children", seconds=60)
        worker.kill()
        worker.wait()
        done = bureau.get(f"/office/v1/school/jobs/{job}").json["done"]
        assert find.AT_A_TIME <= done < 30
        box.clear()
        shift_clock(outbox.LEASE.total_seconds() + 1)
        drain("reports")
        assert bureau.get(f"/office/v1/school/jobs/{job}").json["state"] == "done"
        assert sorted(str(one["child"]) for one in everything()) == sorted(str(one.child_id) for one in made)
        assert {one["tier"] for one in everything()} == {1}

    def test_the_position_of_the_job_holds_nothing_of_anybody(self, box, bureau):
        made = family(box)
        answer = bureau.post(f"{OFFICE}/find", SPAN)
        drain("reports")
        text = str(find.jobs.read(find.ObjectId(answer.json["id"])))
        assert [one for one in (made.child["number"], made.household, made.child["name"]) if one in text] == []


class TestStarting:
    @pytest.mark.parametrize(
        ("span", "status"),
        [
            ({"born_to": "2020-08-31"}, 422),
            ({"born_from": "2015-01-01"}, 422),
            ({"born_from": "x"}, 400),
            ({"born_to": None}, 400),
        ],
    )
    def test_a_span_that_cannot_be_is_refused(self, bureau, span, status):
        answer = bureau.post(f"{OFFICE}/find", {**SPAN, **span})
        assert answer.status_code == status, answer.json

    def test_a_leap_day_is_a_day(self, bureau):
        answer = bureau.post(f"{OFFICE}/find", {"born_from": "2020-02-29", "born_to": "2021-02-28"})
        assert answer.status_code == 202, answer.json

    def test_a_frozen_round_takes_nobody(self, bureau):
        SchoolRound._get_collection().update_one({"_id": ground.ROUND}, {"$set": {"state": "frozen"}})
        assert bureau.post(f"{OFFICE}/find", SPAN).json["code"] == "school_round_state_wrong"

    def test_an_unknown_round_and_a_foreign_job_are_not_found(self, bureau):
        assert bureau.post("/office/v1/school/rounds/2027-nothing/find", SPAN).status_code == 404
        assert bureau.get(f"/office/v1/school/jobs/{find.ObjectId()}").status_code == 404
        assert bureau.get("/office/v1/school/jobs/nothing").status_code == 404

"""Who sees which work: role × unit × area, in the order in which it is due, page by page."""

import itertools
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.store import paging
from models.affairs import case_views, handle, kind_table, open_case
from models.affairs.case import Case
from models.affairs.open_case import Matter
from models.identity.actors import Resident
from models.identity.staff import StaffMember
from tests.support.affairs import DATA_UNIT, inbox, move, seat, stored

TOWN, VILLAGE = "360731100", "360731100001"
_numbers = itertools.count(1)


def a_case(area: str = "", *, unit: str = DATA_UNIT, told=None) -> str:
    resident = Resident(ObjectId(), "test", {"person": ObjectId(), "level": "matched"})
    matter = Matter(unit, "请说明", area=area, once=f"test:{next(_numbers)}")
    return str(open_case.open_case(open_case.by(resident), told or kind_table.PRIVACY["explain"], matter)["_id"])


def ids(clerk, query: str = "") -> list[str]:
    return [one["id"] for one in inbox(clerk, query)]


@pytest.mark.parametrize(
    ("area", "sees"), [("", 4), ("360731", 3), (TOWN, 2), (VILLAGE, 1), ("360731101", 0), ("360731100002", 0)]
)
def test_a_clerk_sees_the_cases_of_their_area_and_below(client, seeded, area, sees):
    made = [a_case(), a_case("360731"), a_case(TOWN), a_case(VILLAGE)]
    clerk = seat(client, "case_handler", area=area)
    assert set(ids(clerk)) == set(made[len(made) - sees :])
    for case_id in made:
        seen = clerk.get(f"/office/v1/cases/{case_id}").status_code
        assert seen == (200 if case_id in made[len(made) - sees :] else 404)


def test_work_is_sorted_by_due_time_and_paged_without_gaps(client, seeded, travel):
    clerk, made = seat(client, "case_handler"), []
    for told in ("explain", "close_account", "copy"):
        made += [a_case(told=kind_table.PRIVACY[told]) for _ in range(4)]
    seen, cursor = [], ""
    while cursor is not None:
        page = clerk.get(f"/office/v1/cases/inbox?limit=5{cursor and '&cursor='}{cursor}").json
        seen += page["items"]
        cursor = page["next"]
    assert sorted(one["id"] for one in seen) == sorted(made)
    assert [one["due"] for one in seen] == sorted(one["due"] for one in seen)
    assert {one["kind"] for one in seen[:4]} == {"privacy_close_account"}


def test_filters_of_kind_and_state(client, seeded):
    clerk = seat(client, "case_handler")
    first, second = a_case(), a_case(told=kind_table.PRIVACY["copy"])
    move(clerk, first, "claim")
    assert ids(clerk, "?kind=privacy_copy") == [second]
    assert ids(clerk, "?state=taken") == [first]
    assert ids(clerk, "?state=waiting&kind=privacy_copy") == [second]
    assert ids(clerk, "?scope=mine") == [first]
    assert ids(clerk, "?scope=mine&state=paused") == []
    move(clerk, first, "ask", {"text": "请说明"})
    assert ids(clerk, "?state=paused") == [first]
    assert ids(clerk) == [second]


def test_one_clerk_at_two_desks_sees_each_case_once(client, seeded):
    clerk = seat(client, "case_handler")
    more = {"role": "case_handler", "unit": DATA_UNIT, "area": TOWN}
    StaffMember._get_collection().update_one({"_id": clerk.member_id}, {"$push": {"assignments": more}})
    made = [a_case(VILLAGE), a_case()]
    assert sorted(ids(clerk)) == sorted(made)


def test_every_question_to_the_inbox_is_one_index_scan(client, seeded):
    clerk = seat(client, "case_handler", area=TOWN)
    for _ in range(30):
        a_case(VILLAGE)
    desks = [f"case_handler@{DATA_UNIT}/{TOWN}", f"case_handler@{DATA_UNIT}/"]
    for places in (desks[0], {"$in": desks}):
        query = {"work.desks": places, "work.state": {"$in": ["taken", "waiting"]}}
        plan = Case._get_collection().find(query).sort([("work.due", 1), ("_id", 1)]).limit(10).explain()
        told = plan["executionStats"]
        assert told["totalDocsExamined"] <= 22
        assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    assert len(ids(clerk)) == 20


def test_a_page_far_down_reads_no_more_than_the_first(client, seeded):
    clerk = seat(client, "case_handler")
    made = [a_case() for _ in range(60)]
    for number, case_id in enumerate(made):
        due = clock.now() + timedelta(days=5, minutes=number)
        Case._get_collection().update_one({"_id": ObjectId(case_id)}, {"$set": {"work.due": due}})
    move(clerk, made[57], "claim")
    cursor = clerk.get("/office/v1/cases/inbox?limit=50").json["next"]
    wanted = case_views._query(clerk.actor(), case_views.Filter())
    query = {"$and": [wanted, paging._after("work.due", 1, paging._read(cursor))]}
    told = Case._get_collection().find(query).sort([("work.due", 1), ("_id", 1)]).limit(11).explain()
    assert told["executionStats"]["nReturned"] == 10
    assert told["executionStats"]["totalDocsExamined"] <= 12
    assert "'SORT'" not in str(told["queryPlanner"]["winningPlan"])


class TestThoseWhoLeave:
    def test_their_work_returns_to_the_desk(self, app, client, seeded):
        clerk, made = seat(client, "case_handler"), [a_case() for _ in range(3)]
        for case_id in made:
            move(clerk, case_id, "claim")
        assert handle.return_left() == 0
        StaffMember._get_collection().update_one({"_id": clerk.member_id}, {"$set": {"state": "disabled"}})
        assert handle.return_left() == 3
        other = seat(app.test_client(), "case_handler")
        assert {one["work_state"] for one in inbox(other)} == {"waiting"}
        assert handle.release_all(clerk.member_id) == 0

    def test_paused_work_stays_paused_without_a_holder(self, app, client, seeded):
        clerk, case_id = seat(client, "case_handler"), a_case()
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请说明"})
        handle.release_all(clerk.member_id)
        work = stored(case_id)["work"]
        assert (work["state"], "holder" in work) == ("paused", False)
        other = seat(app.test_client(), "case_handler")
        assert move(other, case_id, "claim")["work_state"] == "paused"
        assert move(other, case_id, "resume")["work_state"] == "taken"


def test_a_long_history_moves_out_of_the_case_and_is_still_told(client, seeded):
    clerk, case_id = seat(client, "case_handler"), a_case()
    for number in range(30):
        move(clerk, case_id, "claim")
        if number == 0:
            move(clerk, case_id, "ask", {"text": "第一问"})
            move(clerk, case_id, "resume")
        move(clerk, case_id, "release")
    assert len(stored(case_id)["history"]) <= 40
    told = clerk.get(f"/office/v1/cases/{case_id}").json["history"]
    assert len(told) == 63
    assert [line["text"] for line in told if "text" in line] == ["第一问"]
    assert [line["at"] for line in told] == sorted(line["at"] for line in told)

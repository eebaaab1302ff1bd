"""The candidates of a round over HTTP: by state, page by page, with an access line, by the bureau alone."""

import pytest

from models.audit.access_line import AccessLine
from models.school.round import SchoolRound
from tests.school import family_kit
from tests.school.family_kit import BORN_FROM, BORN_TO, EAST, WEST, family, move_in
from tests.school.ground import ROUND
from tests.support import affairs, queues

BASE = f"/office/v1/school/rounds/{ROUND}"
LIST = f"{BASE}/candidates"


@pytest.fixture
def bureau(client, box):
    family_kit.begin()
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}})
    return affairs.seat(client, "school_manager", unit="education_sports")


def find(bureau) -> None:
    answer = bureau.post(f"{BASE}/find", {"born_from": BORN_FROM, "born_to": BORN_TO})
    assert answer.status_code == 202, answer.json
    queues.drain("reports")


def items(bureau, query: str = "") -> list[dict]:
    answer = bureau.get(LIST + query)
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def counted(bureau) -> dict[str, int]:
    answer = bureau.get(f"{LIST}/counts")
    assert answer.status_code == 200, answer.json
    return {one["state"]: one["count"] for one in answer.json["items"]}


def test_a_found_child_stands_with_school_and_tier_and_without_its_name(bureau, box):
    made = family(box, home=EAST)
    find(bureau)
    (one,) = items(bureau)
    told = {name: one[name] for name in ("schools_zh", "tier_zh", "eligible", "missing", "village", "source", "asking")}
    assert told == {
        "schools_zh": "s_east小学", "tier_zh": "第 1 梯次", "eligible": "yes", "missing": [], "village": EAST,
        "source": "register", "asking": False,
    }  # fmt: skip
    assert (one["state"], one["child"], one["guardians"]) == ("not_told", "未满14周岁,需审批", ["张**"])
    assert made.child["name"] not in str(one)
    assert made.child["number"] not in str(one)


def test_who_looks_leaves_a_line_about_the_guardians_and_none_about_a_child_not_seen(bureau, box):
    made = family(box, home=EAST)
    find(bureau)
    items(bureau)
    (line,) = AccessLine._get_collection().find({"who": bureau.actor().key})
    assert line["subjects"] == made.parent_ids
    assert (line["purpose"], sorted(line["fields"])) == ("school_enrolment", ["person.name", "school.candidate"])


def test_the_list_goes_by_state_and_the_counts_agree_with_it(bureau, box, client, sandbox):
    reached = family(box, home=EAST)
    for village in (EAST, WEST, WEST):
        family(box, village=village)
    find(bureau)
    assert counted(bureau)["not_told"] == 4
    reached.phone(client, sandbox)
    assert bureau.post(f"{BASE}/tell").status_code == 202
    queues.drain("reports")
    by_state = {state: len(items(bureau, f"?state={state}")) for state in counted(bureau)}
    assert by_state == counted(bureau)
    assert (by_state["not_told"], by_state["told"], by_state["no_account"]) == (0, 1, 3)


def test_pages_follow_each_other_without_a_gap_or_a_double(bureau, box):
    for _ in range(5):
        family(box)
    find(bureau)
    seen, cursor = [], ""
    for _ in range(3):
        answer = bureau.get(f"{LIST}?state=not_told&limit=2{cursor}").json
        seen += [one["id"] for one in answer["items"]]
        cursor = f"&cursor={answer['next']}"
    assert answer["next"] is None
    assert len(seen) == len(set(seen)) == 5


def test_a_child_of_two_households_is_marked(bureau, box):
    made = family(box)
    members = [{"number": made.child["number"], "relation": "other"}]
    move_in(box, f"{WEST}999999", WEST, members)
    find(bureau)
    (one,) = items(bureau)
    assert one["two_households"] is True
    assert {each["why_zh"] for each in one["missing"]} >= {"户籍登记中该儿童同时在两户,须公安机关核实"}


@pytest.mark.parametrize("query", ["?state=asleep", "?limit=0", "?limit=101", "?state=not_told&cursor=x", "?x=%00"])
def test_a_wrong_query_is_refused_by_name(bureau, query):
    assert bureau.get(LIST + query).status_code in {400, 422}


def test_a_round_that_is_not_there_is_missing(bureau):
    path = LIST.replace(ROUND, "2027-nobody")
    assert [bureau.get(one).status_code for one in (path, f"{path}/counts")] == [404, 404]


@pytest.mark.parametrize("role", ["school_liaison", "school_clerk", "counter_clerk", "auditor"])
def test_nobody_but_the_bureau_looks_through_the_children(bureau, client, role):
    clerk = affairs.seat(client, role, unit="education_sports")
    refused = [clerk.get(one) for one in (LIST, f"{LIST}/counts")]
    assert [(one.status_code, one.json["code"]) for one in refused] == [(403, "not_allowed")] * 2

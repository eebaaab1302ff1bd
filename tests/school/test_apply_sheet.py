"""The collective registration: a sheet of papers becomes submitted applications, each row by the rules of a phone."""

import io

import openpyxl
import pytest

from backend import clock
from backend.store import transactions
from models.identity import staff
from models.identity.account import SessionEnded
from models.identity.staff import StaffMember
from models.identity.unit import Unit
from models.school import applying, candidate, draft, paper
from models.school import find as find_person
from models.school.application import SchoolApplication
from tests.school import apply_kit
from tests.school.apply_kit import ELSEWHERE, OWN, ROUND, made, manager, parent, sent
from tests.support import affairs, files, queues

SHEET = "/office/v1/sheets/school-applications"
HEADERS = ["孩子姓名", "孩子身份证号码", "监护人姓名", "监护人身份证号码"]
HEADERS += ["第一志愿", "第二志愿", "服从统筹安排", "监护人签字日期"]
SIGNED = "2026-11-19"


@pytest.fixture
def bureau(client, seeded, box):
    apply_kit.open_round()
    return manager(client)


def row(family, *choices, accepts="是", signed=SIGNED, child=0):
    one, guardian = family["children"][child], family["parent"]
    wanted = [*(choices or OWN), "", ""][:2]
    return [one["name"], one["number"], guardian["name"], guardian["number"], *wanted, accepts, signed]


def checked(clerk, *rows):
    return sent(files.send_sheet(clerk, "school-applications", files.sheet(HEADERS, *rows)))


def imported(clerk, *rows):
    """Import all rows that are right; return the import and the lines of its result."""
    told = checked(clerk, *rows)
    path = f"{SHEET}/imports/{told['id']}"
    sent(clerk.post(f"{path}/commit", {"leave_out_wrong": True}), 202)
    queues.drain("reports")
    done = sent(clerk.get(path))
    assert done["job"]["state"] == "done"
    page = openpyxl.load_workbook(io.BytesIO(clerk.get(f"{path}/result.xlsx").data)).active
    return done, [list(one) for one in page.iter_rows(min_row=2, values_only=True)]


def find(family, village="360731100001"):
    """Put a family on the list of children, as the register names them."""
    child, guardian = (
        find_person.known_as(one["number"], one["name"]) for one in (family["children"][0], family["parent"])
    )
    home = {"address": family["address"], "village": village, "household": "1"}
    return candidate.found(ROUND, child, [guardian], home=home, source="register", run="test")


def all_stored():
    return list(SchoolApplication._get_collection().find({"round": ROUND}, hint="round_1_state_1__id_1"))


def test_papers_become_submitted_applications_and_a_repetition_changes_nothing(bureau, box):
    families = [made(box, kind, number=n) for n, kind in enumerate(("own_home", "grandparents_home", "home_only"), 1)]
    find(families[1])
    rows = [row(families[0]), row(families[1], "长征源小学"), row(families[2], OWN[1])]
    done, lines = imported(bureau, *rows)
    assert (done["job"]["done"], done["job"]["failures"]) == (3, []), lines
    receipts = [one[1] for one in lines]
    assert all(one.startswith("RX-2027-") for one in receipts)
    found = {one["receipt"]: one for one in all_stored()}
    assert set(found) == set(receipts)
    kept = [found[one] for one in receipts]
    assert [one["basis"]["kind"] for one in kept] == ["household", "household", "property"]
    assert [one.get("tier") for one in kept][:2] == [1, 2]
    assert {(one["state"], one["channel"], one["submission"]) for one in kept} == {("submitted", "counter", 1)}
    assert {(one["consent"]["channel"], one["consent"]["signed_on"]) for one in kept} == {("paper", SIGNED)}
    before = all_stored()
    _, again = imported(bureau, *rows, row(families[0], signed="2026-11-18"))
    assert [one[1] for one in again][:3] == receipts
    assert all_stored() == before


def test_a_sheet_says_by_row_and_column_what_is_wrong(bureau, box):
    one = made(box)
    rows = [
        row(one),
        row(one, "没有的小学"),
        row(one, OWN[0], OWN[0]),
        row(one, signed="2026-11-21"),
        row(one, signed="2025-11-01"),
        [*row(one)[:3], "110101199003070020", *row(one)[4:]],
        [*row(one)[:6], "也许", SIGNED],
        ["", *row(one)[1:]],
        row(one),
    ]
    for number, each in enumerate(rows[1:6], 2):
        each[1] = made(box, number=number)["children"][0]["number"]
    told = checked(bureau, *rows)
    found = {each["row"]: each["column"] for each in told["errors"]}
    expected = {3: "第一志愿", 4: "第二志愿", 5: "监护人签字日期", 6: "监护人签字日期", 7: "监护人身份证号码"}
    assert found.items() >= expected.items()
    assert (found[8], found[9]) == ("服从统筹安排", "孩子姓名")
    assert 10 in found, "the same child twice"
    assert told["counts"]["right"] == 1
    assert one["children"][0]["number"] not in str(told), "numbers stand masked"
    assert all_stored() == []


def test_a_row_that_a_rule_refuses_says_why_and_the_others_go_on(bureau, box, client, sandbox):
    good, stranger, begun, far, misspelt = (made(box, number=n) for n in range(1, 6))
    parent(client, sandbox, begun).begun()
    wrong = row(misspelt)
    wrong[0] = "别人"
    parent(client, sandbox, misspelt)
    foreign = row(stranger)
    foreign[2:4] = [far["parent"]["name"], far["parent"]["number"]]
    done, lines = imported(bureau, row(good), foreign, row(begun), row(far, ELSEWHERE), wrong)
    assert [one["row"] for one in done["job"]["failures"]] == [3, 4, 5, 6]
    codes = ["school_guardian_needed", "school_begun_by_family", "school_form_wrong", "school_paper_name_differs"]
    assert [one["code"] for one in done["job"]["failures"]] == codes
    assert lines[0][2] == "已提交,审核中"
    assert [one[2] for one in lines[1:]] == ["未登记"] * 4
    assert "不在您的学区" in lines[3][3]
    assert {one["state"] for one in all_stored()} == {"submitted", "draft"}


def test_what_a_kill_broke_off_after_the_draft_is_gone_on_with(bureau, box):
    one = made(box)
    known = find(one)
    guardian = known["guardians"][0]
    actor = bureau.actor()
    paper._become_guardian(actor, ROUND, known["child"], guardian)
    draft.begin(applying.by_paper(actor, guardian, SIGNED), ROUND, known["child"])
    _, lines = imported(bureau, row(one))
    (found,) = all_stored()
    assert (found["state"], found["receipt"]) == ("submitted", lines[0][1])


def test_nothing_is_asked_of_the_registers_twice_while_their_answers_are_fresh(bureau, box):
    one = made(box)
    imported(bureau, row(one))
    asked = box.call("/calls")["calls"]
    assert asked, "the registers were asked"
    SchoolApplication._get_collection().delete_many({})
    imported(bureau, row(one, signed="2026-11-17"))
    assert box.call("/calls")["calls"] == asked


def test_a_town_enters_the_children_of_its_own_villages_alone(bureau, box, client):
    own, other = made(box), made(box, number=2)
    find(own)
    find(other, village="360731105001")
    town = affairs.seat(client, "school_liaison", unit="gongjiang_town", area="360731100")
    Unit._get_collection().update_one({"_id": "gongjiang_town"}, {"$set": {"area": "360731100"}}, upsert=True)
    done, lines = imported(town, row(own), row(other), row(made(box, number=3)))
    assert [one["code"] for one in done["job"]["failures"]] == ["school_paper_outside_area"] * 2
    assert lines[0][1].startswith("RX-2027-")


def test_only_who_serves_applicants_has_the_sheet(bureau, client):
    assert bureau.get(f"{SHEET}/template.xlsx").status_code == 200
    clerk = affairs.seat(client, "school_clerk", unit="school_demo_primary_07")
    assert clerk.get(f"{SHEET}/template.xlsx").status_code == 403


def test_outside_the_window_no_row_is_taken(bureau, box, shift_clock):
    apply_kit.open_round(closes_at=clock.now())
    told = checked(bureau, row(made(box)))
    assert [(one["column"], "招生批次" in one["message"]) for one in told["errors"]] == [("招生批次", True)]


def test_a_row_is_not_entered_for_who_lost_their_roles_meanwhile(bureau):
    actor = bureau.actor()
    transactions.run(lambda session: staff.require_still(actor, session))
    StaffMember._get_collection().update_one({"_id": actor.staff_id}, {"$set": {"assignments": []}})
    with pytest.raises(SessionEnded):
        transactions.run(lambda session: staff.require_still(actor, session))

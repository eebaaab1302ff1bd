"""The list of whose yearly check is due: two persons, one day, an access line; and nobody else's list."""

import io

import openpyxl
import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare import due_export
from models.identity import approval
from tests.eldercare import figures_kit as kit
from tests.eldercare.figures_kit import OTHER_TOWN, TOWN, VILLAGE_ZH, YEAR
from tests.support import affairs

PATH = f"{kit.OFFICE}/exports"


pytestmark = pytest.mark.usefixtures("seeded")


def propose(who, *, status: int = 202, **more):
    answer = who.post(f"{PATH}/due-checks", {"town": TOWN, "year": YEAR, "reason": "通知未体检老人", **more})
    assert answer.status_code == status, answer.json
    return answer.json


def fetch(who, approval_id):
    return who.get(f"{PATH}/{approval_id}/content.xlsx")


def agree(client, approval_id) -> None:
    officer = affairs.seat(client, "privacy_officer")
    answer = officer.post(f"/office/v1/approvals/{approval_id}/approve")
    assert answer.status_code == 200, answer.json


def lines(answer) -> list[tuple]:
    assert answer.status_code == 200, answer.json
    return list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))


def test_lists_by_name_village_and_missing_items_after_a_second_person_agreed(client):
    kit.check(kit.elder(name="李奶奶"))
    kit.check(kit.elder(name="王爷爷", birth_year=1948), left=1)
    kit.elder(name="赵奶奶", birth_year=1950)
    kit.elder(name="钱爷爷", area=OTHER_TOWN)
    kit.elder(name="孙大姐", birth_year=1970)
    boss = kit.manager(client)
    told = propose(boss)
    assert told["rows"] == 3, "of age in the town, done or not"
    waiting = fetch(boss, told["approval_id"])
    assert (waiting.status_code, waiting.json["code"]) == (409, "health_export_not_approved")
    assert AccessLine._get_collection().find_one({"who": boss.actor().key}) is None
    agree(client, told["approval_id"])
    head, *rows = lines(fetch(boss, told["approval_id"]))
    missing = kit.table()["content"]["items"][-1]["zh"]
    assert head == due_export.HEADERS
    assert rows == [
        ("王爷爷", VILLAGE_ZH, 1948, "未做完", 1, missing),
        ("赵奶奶", VILLAGE_ZH, 1950, "未开始", None, "全部项目"),
    ]


def test_each_fetch_leaves_an_access_line_and_an_audit_entry(client):
    kit.elders(3)
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    agree(client, told)
    for _ in range(2):
        lines(fetch(boss, told))
    found = list(AccessLine._get_collection().find({"who": boss.actor().key}))
    assert [(len(one["subjects"]), one["purpose"], one["case"]) for one in found] == [(3, "health_care", told)] * 2
    entries = list(AuditEntry._get_collection().find({"action": "health_export.fetch"}))
    assert [one["details"]["rows"] for one in entries] == [3, 3]


def test_nobody_who_died_is_called_to_a_check(client):
    gone = kit.elder(name="周爷爷")
    kit.alert(gone, outcome="died")
    kit.elder(name="吴奶奶")
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    agree(client, told)
    assert [row[0] for row in lines(fetch(boss, told))[1:]] == ["吴奶奶"]


def test_is_longer_than_a_page(client, monkeypatch):
    monkeypatch.setattr(due_export, "PAGE", 2)
    kit.elders(5)
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    agree(client, told)
    assert len(lines(fetch(boss, told))) == 6


def test_a_cell_that_begins_like_a_formula_stays_text(client):
    kit.elder(name="=赵奶奶")
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    agree(client, told)
    assert lines(fetch(boss, told))[1][0] == "'=赵奶奶"


def test_is_no_other_members_and_ends_after_a_day(client, travel):
    kit.elder()
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    agree(client, told)
    assert fetch(kit.manager(client), told).status_code == 404
    assert fetch(boss, told).status_code == 200
    travel("2026-11-21", "10:00")
    affairs.stay_awake()
    assert fetch(boss, told).json["code"] == "health_export_not_approved"


def test_who_proposed_it_does_not_approve_it_and_a_refusal_holds(client):
    boss = kit.manager(client)
    told = propose(boss)["approval_id"]
    assert boss.post(f"/office/v1/approvals/{told}/approve").status_code in {404, 409}
    officer = affairs.seat(client, "privacy_officer")
    assert officer.post(f"/office/v1/approvals/{told}/refuse").status_code == 200
    assert fetch(boss, told).status_code == 409


def test_an_approval_of_something_else_gives_no_list(client):
    boss = kit.manager(client)
    other = approval.propose(boss.actor(), approval.record(boss.actor(), "export", "school_offers:x:y", reason="其他"))
    agree(client, other["_id"])
    assert fetch(boss, other["_id"]).status_code == 404
    assert fetch(boss, ObjectId()).status_code == 404
    assert fetch(boss, "nothing").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"town": "360731"},
        {"town": ""},
        {"year": 2023},
        {"reason": " "},
        {"reason": "a\x00"},
        {"more": 1},
        {"year": "x"},
    ],
)
def test_refuses_what_does_not_do(client, wrong):
    answer = kit.manager(client).post(f"{PATH}/due-checks", {"town": TOWN, "reason": "通知", **wrong})
    assert answer.status_code in {400, 422}, answer.json


def test_of_a_town_that_is_not_ours_there_is_none(client):
    propose(kit.manager(client), town="360732105", status=404)
    boss = affairs.seat(client, "health_manager", unit=kit.CLINIC, area=OTHER_TOWN)
    propose(boss, status=404)
    propose(boss, town=OTHER_TOWN)


def test_is_for_who_manages_health_alone(client):
    for role in ("village_doctor", "care_worker", "health_duty", "auditor"):
        propose(affairs.seat(client, role, unit=kit.CLINIC), status=403)


def test_the_same_key_proposes_once(client):
    boss = kit.manager(client)
    body = {"town": TOWN, "year": YEAR, "reason": "通知未体检老人"}
    first, again = (boss.post(f"{PATH}/due-checks", body, key="k" * 20) for _ in range(2))
    assert first.json == again.json

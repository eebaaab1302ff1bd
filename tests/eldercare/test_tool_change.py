"""A table changes when two persons agreed; what was scored before keeps its version."""

import copy

import pytest
from bson import ObjectId

from backend import clock
from models.eldercare import assessment, record, tool
from models.eldercare.assessment import Filled
from models.eldercare.source import Source
from models.identity import approval
from tests.eldercare import knowing_kit as kit
from tests.support import affairs, queues

SOURCE = {"title": "县卫生健康委员会通知", "edition": "2026"}
ABLE = dict.fromkeys(("meal", "washing", "dressing", "toilet", "activity"), "able")


@pytest.fixture
def editor(client, seeded):
    return affairs.seat(client, "rule_editor")


@pytest.fixture
def approver(client, seeded):
    return affairs.seat(client, "rule_approver")


def stricter() -> dict:
    """Return the table of self-care with the first boundary one point lower."""
    content = copy.deepcopy(tool.in_force("self_care", clock.today())["content"])
    content["grades"][0]["to"], content["grades"][1]["from"] = 2, 3
    return content


def propose(editor, *, days: int = 0, content=None, code: str = "self_care"):
    day = kit.in_days(days).isoformat()
    body = {"zh": "老年人生活自理能力评估表", "source": SOURCE, "valid_from": day, "reason": "按通知调整"}
    return editor.post(f"/office/v1/health/tools/{code}/versions", body | {"content": content or stricter()})


def decided(approver, approval_id: str, decision) -> None:
    decision(approver.actor(), ObjectId(approval_id))
    queues.drain("trust")


def test_a_version_counts_when_a_second_person_agreed_and_old_scores_stay_as_they_were(editor, approver):
    who = kit.elder()
    told = Filled("self_care", ABLE | {"meal": "partial"}, clock.now())
    before = record.keep(assessment.made(who["_id"], told, Source("village_clinic")))
    answer = propose(editor)
    assert (answer.status_code, answer.json["version"]) == (201, 2), answer.json
    assert tool.in_force("self_care", clock.today())["version"] == 1
    decided(approver, answer.json["approval_id"], approval.approve)
    assert tool.in_force("self_care", clock.today())["version"] == 2
    after = assessment.made(who["_id"], told, Source("village_clinic"))
    assert (before["result"]["grade"], after["result"]["grade"]) == ("able", "slight")
    assert assessment.again(before).grade == "able"


def test_the_proposer_does_not_agree_to_it_and_a_refused_one_is_gone(editor, approver):
    made = propose(editor, days=10).json
    assert propose(editor, days=20).json["code"] == "health_tool_open"
    with pytest.raises(approval.NotFound):
        approval.approve(editor.actor(), ObjectId(made["approval_id"]))
    decided(approver, made["approval_id"], approval.refuse)
    assert propose(editor, days=20).status_code == 201


def test_a_version_from_a_coming_day_counts_from_that_day_on(editor, approver):
    made = propose(editor, days=10).json
    decided(approver, made["approval_id"], approval.approve)
    versions = [tool.in_force("self_care", kit.in_days(days))["version"] for days in (0, 9, 10)]
    assert versions == [1, 1, 2]
    assert {one["code"]: one["version"] for one in tool.listed()}["self_care"] == 1


def test_a_table_with_a_gap_is_refused_and_names_the_total(editor):
    content = stricter()
    content["grades"][1]["from"] = 4
    answer = propose(editor, content=content)
    assert (answer.status_code, answer.json["code"]) == (400, "health_tool_wrong")
    assert answer.json["fields"]["content.grades"] == ["总分 3 须恰好对应一个等级。"]


@pytest.mark.parametrize(
    "content", [{"x": 1}, {"items": None}, {"items": [1]}, {"items": [{"code": "a"}], "grades": [{}]}]
)
def test_whatever_is_sent_as_a_table_is_answered(editor, content):
    assert propose(editor, content=content).status_code == 400


def test_a_table_that_is_not_there_is_not_proposed(editor):
    assert propose(editor, code="unheard_of").status_code == 404


def test_the_village_doctor_does_not_change_tables(client, seeded):
    assert propose(kit.doctor(client)).status_code == 403

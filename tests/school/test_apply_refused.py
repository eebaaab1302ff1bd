"""What applying refuses, field by field; twins who share their choices."""

import pytest
from bson import ObjectId

from models.identity.relation import Relation
from models.school.application import SchoolApplication
from tests.school import apply_kit
from tests.school.apply_kit import ELSEWHERE, MINI, OWN, ROUND, made, parent, sent
from tests.support.phone import Phone

FACT = "673ec0a5c0ffee0123456789"


@pytest.fixture
def family(client, sandbox, opened):
    return parent(client, sandbox, made(opened))


def test_who_is_not_matched_does_not_apply(client, sandbox, opened):
    phone = Phone(client, sandbox).ready()
    body = {"round": ROUND, "companion_id": phone.me}
    assert phone.post(f"{MINI}/applications", body).status_code == 403
    assert phone.get(f"{MINI}/applications").status_code == 403


def test_without_the_consent_for_the_childs_data_nothing_begins(family):
    found = family.begun()
    body = {"round": ROUND, "relation_id": str(stored(found)["relation"])}
    sent(family.do("withdraw", found))
    assert family.phone.call("DELETE", "/mini/v1/consents/minor").status_code == 204
    refused = family.phone.post(f"{MINI}/applications", body)
    assert (refused.status_code, refused.json["code"]) == (403, "consent_needed")
    assert SchoolApplication._get_collection().count_documents({"round": ROUND, "state": "draft"}) == 0


def test_only_a_guardian_begins(family, client, sandbox, opened):
    stranger = parent(client, sandbox, made(opened, number=2))
    told = stranger.phone.post("/mini/v1/companions", apply_kit.named(family.told["children"][0]))
    answer = stranger.phone.post(f"{MINI}/applications", {"round": ROUND, "companion_id": told.json["id"]})
    assert (answer.status_code, answer.json["code"]) == (422, "guardian_not_in_register")
    mine = stranger.begun()
    relation = Relation._get_collection().find_one({"_id": stored(mine)["relation"]})
    theirs = family.phone.post(f"{MINI}/applications", {"round": ROUND, "relation_id": str(relation["_id"])})
    assert theirs.status_code == 404
    same = stranger.phone.post(f"{MINI}/applications", {"round": ROUND, "relation_id": str(relation["_id"])})
    assert sent(same, 201)["id"] == mine["id"]


def stored(found):
    return SchoolApplication._get_collection().find_one({"_id": ObjectId(found["id"])})


def test_anothers_application_is_answered_like_a_missing_one(family, client, sandbox, opened):
    found = family.filled()
    stranger = parent(client, sandbox, made(opened, number=2))
    for one in (found, {"id": FACT, "seq": 1}):
        path = f"{MINI}/applications/{one['id']}"
        answers = [stranger.phone.get(path), stranger.phone.get(f"{path}/options")]
        answers += [stranger.do(verb, one) for verb in ("submit", "correct", "withdraw", "precheck")]
        answers += [stranger.save(one, {"choices": []}), stranger.phone.get(f"{path}/files/{FACT}")]
        answers.append(stranger.phone.call("DELETE", f"{path}/group?seq=1"))
        answers.append(stranger.phone.call("PUT", f"{path}/group", {"seq": 1, "applications": [FACT]}))
        assert {answer.status_code for answer in answers} == {404}
    assert stored(found)["seq"] == found["seq"]


def test_a_guardianship_that_ended_ends_the_access(family):
    found = family.filled()
    Relation._get_collection().update_one(
        {"_id": stored(found)["relation"]}, {"$set": {"state": "ended", "end_reason": "ended"}, "$unset": {"live": ""}}
    )
    assert family.phone.get(f"{MINI}/applications/{found['id']}").status_code == 404
    assert sent(family.phone.get(f"{MINI}/applications"))["items"] == []


@pytest.mark.parametrize(
    ("form", "field", "word"),
    [
        ({"choices": [ELSEWHERE]}, "choices.0", "不在您的学区"),
        ({"choices": [OWN[0], OWN[0]]}, "choices.1", "重复填报"),
        ({"choices": ["no_such_school"]}, "choices.0", "不在本批次"),
        ({"choices": [*OWN, "demo_primary_08", "demo_primary_09", *OWN]}, "choices", "最多填报 5 个"),
        ({"basis": {"kind": "household", "fact_id": FACT}}, "basis.fact_id", "不存在或已更新"),
        ({"basis": {"kind": "household", "fact_id": "x"}}, "basis.fact_id", "不存在或已更新"),
        ({"basis": {"kind": "household"}}, "basis.address", "详细住址"),
        ({"told": [{"point": "residence"}, {"point": "residence"}]}, "told.1.point", "只填写一次"),
        ({"told": [{"point": "residence", "files": [FACT]}]}, "told.0.files.0", "不是您上传的"),
        ({"told": [{"point": "residence", "files": ["x"]}]}, "told.0.files.0", "不是您上传的"),
        ({"other_guardian": FACT}, "other_guardian", "没有这位监护人"),
    ],
)
def test_a_wrong_part_of_a_form_is_named(family, form, field, word):
    found = family.filled()
    refused = sent(family.save(found, {**found["form"], **form}), 422)
    assert word in " ".join(refused["fields"][field]), refused
    assert family.read(found)["seq"] == found["seq"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seq": 1},
        {"form": {}},
        {"seq": "1", "form": {}},
        {"seq": 0, "form": {}},
        {"seq": 1, "form": {"phone": "139"}},
        {"seq": 1, "form": {"accepts_coordination": "yes"}},
        {"seq": 1, "form": {"basis": {"kind": "castle"}}},
        {"seq": 1, "form": {"told": [{"point": "castle"}]}},
        {"seq": 1, "form": {"unknown": 1}},
    ],
)
def test_what_is_no_form_is_bad_input(family, body):
    found = family.begun()
    answer = family.phone.call("PUT", f"{MINI}/applications/{found['id']}/form", body)
    assert answer.status_code == 400, answer.json


@pytest.mark.parametrize("body", [{}, {"round": ROUND}, {"round": ROUND, "relation_id": FACT, "companion_id": FACT}])
def test_one_child_is_named_to_begin(family, body):
    assert family.phone.post(f"{MINI}/applications", body).status_code == 400


def test_an_empty_draft_is_not_submitted_and_says_what_is_missing(family):
    found = family.begun()
    told = family.checked(found)
    assert (told["passes"], {one["field"] for one in told["problems"]}) == (False, {"basis"})
    refused = sent(family.do("submit", found), 422)
    assert (refused["code"], list(refused["fields"])) == ("school_not_ready", ["basis"])
    empty = sent(family.save(found, {"basis": family.basis(found), "choices": [], "accepts_coordination": False}))
    assert "choices" in sent(family.do("submit", empty), 422)["fields"]


def test_a_child_that_is_too_young_by_the_registers_hears_so_before_it_submits(client, sandbox, opened, monkeypatch):
    monkeypatch.setattr(apply_kit, "BORN", ("2022-01-01", "2022-12-31"))
    young = parent(client, sandbox, made(opened))
    found = young.filled()
    told = young.checked(found)
    assert (told["eligible"], told["passes"]) == ("no", False)
    assert "第1条" in told["why_zh"]
    assert list(sent(young.do("submit", found), 422)["fields"]) == ["child"]


def test_an_address_by_hand_is_taken_and_a_person_will_check_it_with_a_paper(family):
    found = family.begun()
    form = {"basis": {"kind": "residence", "address": "于都县贡江镇演示一街5号"}, "choices": [OWN[0]]}
    saved = sent(family.save(found, form))
    told = family.checked(saved)
    points = {one["point"]: one for one in told["checks"]}
    assert (told["passes"], told["zero_uploads"], points["residence"]["paper_needed"]) == (True, False, True)
    assert "居住证" in points["residence"]["paper_zh"]
    receipt = sent(family.do("submit", saved))
    assert {one["point"] for one in receipt["progress"]} == set(points)


class TestTwins:
    @pytest.fixture
    def twins(self, client, sandbox, opened):
        return parent(client, sandbox, made(opened, twins=True))

    def tied(self, twins):
        one, two = twins.filled(0), twins.filled(1, choices=[OWN[1]])
        body = {"seq": one["seq"], "applications": [two["id"]]}
        return sent(twins.phone.call("PUT", f"{MINI}/applications/{one['id']}/group", body)), two

    def test_twins_who_are_tied_share_their_choices_from_then_on(self, twins):
        one, two = self.tied(twins)
        assert [each["id"] for each in one["tied_with"]] == [two["id"]]
        assert twins.read(two)["form"]["choices"] == list(OWN)
        sent(twins.save(one, {**one["form"], "choices": [OWN[1]]}))
        assert twins.read(two)["form"]["choices"] == [OWN[1]]
        told = twins.checked(twins.read(one))
        assert "1 份捆绑的申请没有提交" in told["tied_zh"]
        for each in (one, two):
            sent(twins.do("submit", twins.read(each)))

    def test_who_unties_keeps_the_choices_and_the_group_of_one_is_none(self, twins):
        one, two = self.tied(twins)
        alone = sent(twins.phone.call("DELETE", f"{MINI}/applications/{one['id']}/group?seq={one['seq']}"))
        assert (alone["tied"], alone["form"]["choices"]) == (False, list(OWN))
        assert twins.read(two)["tied"] is False

    def test_who_withdraws_leaves_the_group(self, twins):
        one, two = self.tied(twins)
        sent(twins.do("withdraw", one))
        assert twins.read(two)["tied"] is False

    def test_one_that_was_submitted_is_not_tied(self, twins):
        one = twins.filled(0)
        two = twins.submitted(1)
        body = {"seq": one["seq"], "applications": [two["id"]]}
        answer = twins.phone.call("PUT", f"{MINI}/applications/{one['id']}/group", body)
        assert (answer.status_code, answer.json["code"]) == (409, "school_not_editable")

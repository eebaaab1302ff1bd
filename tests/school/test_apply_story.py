"""Applying from the phone: draft, form, pre-check, submission, receipt; what repeating and being late do."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.school import application
from tests.school import apply_kit
from tests.school.apply_kit import ELSEWHERE, MINI, OWN, ROUND, made, parent, sent
from tests.support import files


@pytest.fixture
def family(client, sandbox, box, opened):
    return parent(client, sandbox, made(box))


def test_a_family_whom_the_registers_know_applies_without_a_single_upload(family):
    draft = family.begun()
    assert (draft["state"], draft["seq"], draft["can"]["submit"]) == ("draft", 1, True)
    offered = family.options(draft)
    own = [one["school"] for one in offered["items"] if one["of_district"]]
    assert set(OWN) <= set(own)
    assert ELSEWHERE not in [one["school"] for one in offered["items"]]
    assert {one["kind"] for one in offered["bases"]} == {"household", "property"}
    form = {"basis": family.basis(draft), "choices": list(OWN), "accepts_coordination": True, "phone": "13900000000"}
    saved = sent(family.save(draft, form))
    assert (saved["seq"], saved["form"]["choices"], saved["form"]["phone"]) == (2, list(OWN), "13900000000")
    told = family.checked(saved)
    assert (told["passes"], told["zero_uploads"], told["tier"], told["problems"]) == (True, True, 1, [])
    assert (told["eligible"], told["checks"], told["property_free"]) == ("yes", [], True)
    assert "第3条" in told["rule_numbers"]
    assert "不看提交时间" in told["no_advantage_zh"]
    receipt = sent(family.do("submit", saved))
    assert (receipt["state"], receipt["submission"]) == ("submitted", 1)
    assert receipt["receipt"].startswith("RX-2027-")
    assert "不看提交时间" in receipt["no_advantage_zh"]
    assert apply_kit.stored(receipt)["tier"] == 1
    (listed,) = sent(family.phone.get(f"{MINI}/applications"))["items"]
    assert (listed["receipt"], listed["round"]) == (receipt["receipt"], ROUND)


def test_submitting_again_is_the_same_receipt_and_changes_nothing(family):
    found = family.filled()
    first = sent(family.do("submit", found))
    before = apply_kit.stored(first)
    assert sent(family.do("submit", found))["receipt"] == first["receipt"]
    assert apply_kit.stored(first) == before
    assert [one["what"] for one in family.read(found)["history"]] == ["begun", "saved", "submit"]


def test_what_was_submitted_is_corrected_and_submitted_again_under_the_same_number(family):
    first = family.submitted()
    draft = sent(family.do("correct", first))
    assert (draft["state"], draft["can"]["edit"]) == ("to_correct", True)
    assert sent(family.do("correct", draft))["seq"] == draft["seq"], "taking back again changes nothing"
    saved = sent(family.save(draft, {**draft["form"], "choices": [OWN[1]]}))
    again = sent(family.do("submit", saved))
    assert (again["receipt"], again["submission"]) == (first["receipt"], 2)
    assert [one["school"] for one in again["choices"]] == [OWN[1]]


def test_what_was_submitted_is_not_edited_in_place(family):
    first = family.submitted()
    refused = sent(family.save(first, {"choices": [OWN[0]]}), 409)
    assert refused["code"] == "school_not_editable"


def test_who_withdraws_may_begin_anew_and_the_first_one_stays_withdrawn(family):
    first = family.submitted()
    gone = sent(family.do("withdraw", first))
    assert (gone["state"], gone["can"]["submit"]) == ("withdrawn", False)
    assert sent(family.do("withdraw", first))["seq"] == gone["seq"]
    anew = family.begun()
    assert anew["id"] != first["id"]
    assert sent(family.do("submit", gone), 409)["code"] == "school_application_moved"
    assert family.submitted()["receipt"] != first["receipt"]


def test_a_form_that_was_changed_meanwhile_is_not_overwritten_and_says_by_whom(family, client, sandbox, box):
    found = family.filled()
    other = parent(client, sandbox, family.told, apply_kit.spouse(box, family.told))
    assert other.begun()["id"] == found["id"]
    sent(other.save(found, {**found["form"], "choices": [OWN[1]]}))
    refused = sent(family.save(found, {**found["form"], "choices": [OWN[0]]}), 409)
    assert (refused["code"], set(refused["fields"])) == ("school_form_changed", {"choices", "seq"})
    assert "另一位监护人" in refused["fields"]["choices"][0]
    assert sent(family.do("submit", found), 409)["code"] == "school_form_changed"
    assert family.read(found)["form"]["choices"] == [OWN[1]]


def test_the_same_form_again_changes_nothing(family):
    found = family.filled()
    assert sent(family.save(found, found["form"], seq=1))["seq"] == found["seq"]


def test_the_window_has_edges(family, shift_clock):
    apply_kit.open_round(opens_at=clock.now() + timedelta(hours=1))
    found = family.filled()
    early = sent(family.do("submit", found), 409)
    assert (early["code"], found["can"]["submit"], found["can"]["edit"]) == ("school_window_closed", False, True)
    shift_clock(3600 + 1)
    (told,) = sent(family.phone.get(f"{MINI}/rounds"))["items"]
    assert (told["phase"], told["round"]) == ("open", ROUND)
    sent(family.do("submit", found))
    apply_kit.open_round(closes_at=clock.now())
    assert sent(family.do("correct", family.read(found)), 409)["code"] == "school_window_closed"
    assert sent(family.phone.get(f"{MINI}/rounds"))["items"][0]["phase"] == "over"


def test_what_a_reviewer_sent_back_is_submitted_after_the_window_until_the_reviews_end(family):
    first = family.submitted()
    application.move(ObjectId(first["id"]), "ask", by="staff:test")
    apply_kit.open_round(closes_at=clock.now(), review_until=clock.now() + timedelta(days=1))
    assert sent(family.do("submit", family.read(first)))["submission"] == 2
    application.move(ObjectId(first["id"]), "ask", by="staff:test")
    apply_kit.open_round(closes_at=clock.now(), review_until=clock.now())
    assert sent(family.do("submit", family.read(first)), 409)["code"] == "school_window_closed"


def test_a_round_that_nobody_announced_is_not_there(family):
    apply_kit.open_round(state="preparing")
    assert family.begin().status_code == 404
    assert sent(family.phone.get(f"{MINI}/rounds"))["items"] == []


def test_a_frozen_round_takes_nothing_any_more(family):
    found = family.filled()
    apply_kit.open_round(state="frozen")
    for answer in (family.begin(), family.save(found, {}), family.do("submit", found), family.do("withdraw", found)):
        assert answer.status_code == 409, answer.json
    assert family.read(found)["seq"] == found["seq"]


def test_papers_that_were_sent_before_belong_to_the_application_and_go_with_the_form(family):
    upload = files.upload(family.phone, "mini", files.png(), purpose="school_material")
    paper = sent(upload)["id"]
    draft = family.begun()
    told = [{"point": "residence", "text": "居住证", "files": [paper]}]
    form = {"basis": family.basis(draft), "choices": [OWN[0]], "told": told}
    saved = sent(family.save(draft, form))
    assert [(one["id"], one["point"]) for one in saved["files"]] == [(paper, "residence")]
    content = family.phone.get(f"{MINI}/applications/{draft['id']}/files/{paper}")
    assert (content.status_code, content.data[:4]) == (200, b"\x89PNG")
    checks = family.checked(saved)["checks"]
    assert [(one["point"], one["uploaded"]) for one in checks] == [("residence", 1)]
    dropped = sent(family.save(saved, {**form, "told": []}))
    assert dropped["files"] == []
    assert family.phone.get(f"{MINI}/applications/{draft['id']}/files/{paper}").status_code == 404

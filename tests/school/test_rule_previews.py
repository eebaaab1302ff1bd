"""A rule of next year tried on last year's applications, over HTTP."""

import io
import json
from datetime import date, timedelta

import openpyxl
import pytest
from bson import ObjectId

from backend import clock, jobs, outbox
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.rules.rule_set import RuleSet
from models.school import rule_preview
from models.school.application import SchoolApplication
from models.school.round import SchoolRound
from models.school.rule_preview import RulePreview
from tests.school import review_kit
from tests.school.preview_kit import (
    ELIGIBLE,
    INSURED,
    LAST,
    NEXT,
    OFFICE,
    OWNERS,
    PRIORITY,
    TIER,
    A,
    B,
    Year,
    asks,
    cells,
    counts,
    months,
    replaced,
)
from tests.support import affairs, queues
from tests.support.crowd import at_once


@pytest.fixture
def year(client, seeded):
    return Year(client)


def test_a_draft_moves_tiers_and_says_from_where_to_where(year):
    year.several(2, **OWNERS)
    year.several(6, **INSURED, household__in_county=True)
    year.several(3, insurance__months=24, household__in_county=True)
    told = year.tried(year.draft(TIER, months(12)))
    assert (told["state"], told["total"], told["looked_at"], told["kinds"]) == ("done", 11, 11, ["tier"])
    assert cells(told) == {("1", "1"): 2, ("4", "4"): 3, ("4", "5"): 6}
    assert counts(told) == {"moved": 6, "same": 5}
    assert [(one["before_zh"], one["after_zh"]) for one in told["tiers"]][-1] == ("第 4 梯次", "第 5 梯次")
    assert told["open_facts"] == []


def test_who_may_apply_is_gained_and_lost(year):
    year.several(2, **INSURED)
    year.several(3, insurance__months=4)
    stricter = year.tried(year.draft(ELIGIBLE, months(12)))
    assert (stricter["kinds"], counts(stricter)) == (["eligible"], {"lost": 2, "same": 3})
    assert cells(stricter) == {("4", "none"): 2, ("none", "none"): 3}
    RuleSet._get_collection().delete_one({"_id": f"{ELIGIBLE}:2"})
    looser = year.tried(year.draft(ELIGIBLE, months(3)))
    assert cells(looser) == {("4", "4"): 2, ("none", "5"): 3}
    assert counts(looser) == {"gained": 3, "same": 2}


@pytest.mark.parametrize(("fact", "why"), [("sibling.boarding", "not_kept"), ("sibling.enrolled", "missing")])
def test_a_fact_that_nobody_can_tell_leaves_those_unknown_who_hang_on_it_and_is_named(year, fact, why):
    """Of siblings who are enrolled the priority had asked: they were missing then. Of boarders nobody had asked."""
    year.several(2, **OWNERS)
    year.several(5, **INSURED, household__in_county=True)
    told = year.tried(year.draft(TIER, asks(fact)))
    assert cells(told) == {("1", "1"): 2, ("4", "unknown"): 5}
    assert counts(told) == {"unclear": 5, "same": 2}
    (one,) = told["open_facts"]
    assert (one["fact"], one["why"], one["count"], one["zh"]) == (fact, why, 5, "兄弟姐妹在校")


def test_what_another_rule_kept_is_an_input_too(year):
    year.several(3, **INSURED, household__in_county=True, sibling__enrolled=True)
    year.several(4, **INSURED, household__in_county=True, sibling__enrolled=False)
    told = year.tried(year.draft(TIER, asks("sibling.enrolled")))
    assert cells(told) == {("4", "3"): 3, ("4", "4"): 4}


def test_a_priority_changes_within_its_tier(year):
    def first(content):
        table, *others = content["outputs"]
        rows = [{**one, "then": {1: 1, 2: 5, 3: 3, 4: 2}[one["then"]]} for one in table["value"]["table"]]
        return {**content, "outputs": [{**table, "value": {**table["value"], "table": rows}}, *others]}

    year.several(3, **OWNERS, sibling__enrolled=True)
    year.several(2, **OWNERS, child__disability=True)
    year.several(1, **OWNERS)
    made = year.tried(year.draft(PRIORITY, first))
    assert made["kinds"] == ["priority"]
    assert {one["change"]: one["count"] for one in made["priorities"]} == {"better": 3, "worse": 2, "same": 1}
    assert counts(made) == {"same": 6}
    assert made["listed"] == 5


def test_a_priority_that_hangs_on_what_was_not_kept_is_unclear(year):
    def boarding(content):
        text = json.dumps(content, ensure_ascii=False).replace("sibling.enrolled", "sibling.boarding")
        return json.loads(text)

    year.several(2, **OWNERS, child__disability=True)
    year.several(3, **OWNERS, sibling__enrolled=True)
    told = year.tried(year.draft(PRIORITY, boarding))
    assert {one["change"]: one["count"] for one in told["priorities"]} == {"same": 2, "unclear": 3}
    assert [(one["fact"], one["count"]) for one in told["open_facts"]] == [("sibling.boarding", 3)]


def test_the_same_version_changes_nothing_and_children_are_not_a_year_older(year):
    year.several(2, **OWNERS)
    year.decided(child__birth_date=date(2020, 9, 10), household__in_county=True)
    year.decided(child__birth_date=None, household__in_county=True, missing=("child.birth_date",))
    for rule in (TIER, ELIGIBLE, PRIORITY):
        told = year.tried(f"{rule}:1")
        assert cells(told) == {("1", "1"): 2, ("none", "none"): 1, ("unknown", "unknown"): 1}
        assert (counts(told), told["listed"]) == ({"same": 4}, 0)


def test_schools_see_how_many_of_each_tier_wish_for_them_first_beside_their_places(year):
    year.several(4, **OWNERS)
    year.several(3, **INSURED, household__in_county=True)
    year.several(2, **INSURED, first=B)
    first, second = year.tried(year.draft(ELIGIBLE, months(12)))["schools"]
    assert (first["school"], first["places"], first["before"], first["after"]) == (A, 10, 7, 7)
    assert first["tiers"] == [{"tier": 1, "before": 4, "after": 4}, {"tier": 4, "before": 3, "after": 3}]
    assert (second["school"], second["places"], second["before"], second["after"]) == (B, 5, 2, 0)
    assert second["tiers"] == [{"tier": 4, "before": 2, "after": 0}]


def test_what_a_person_decided_otherwise_is_not_compared(year):
    guardian, appeal, bare, plain = year.several(4, **INSURED)
    applications = SchoolApplication._get_collection()
    applications.update_one({"_id": guardian}, {"$set": {"state": "refused"}, "$unset": {"tier": ""}})
    applications.update_one({"_id": appeal}, {"$set": {"tier": 1}})
    applications.update_one({"_id": bare}, {"$unset": {"record": ""}})
    told = year.tried(year.draft(ELIGIBLE, months(12)))
    assert cells(told) == {("4", "none"): 1}
    assert {one["why"]: one["count"] for one in told["apart"]} == {"otherwise": 2, "without_record": 1}
    assert [one["id"] for one in year.changes(told)["items"]] == [str(plain)]


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


def test_what_a_family_submitted_and_a_review_decided_is_tried(year, sandbox, box):
    review_kit.open_round()
    desks = review_kit.Desks(year.client)
    found = review_kit.applied(review_kit.family(year.client, sandbox, box), "insurance")
    desks.settle(found, "insurance", value={"insurance.months": 7})
    review_kit.work()
    decided = review_kit.stored(found)
    assert (decided["state"], decided["tier"]) == ("qualified", 1)
    SchoolRound._get_collection().update_one({"_id": review_kit.ROUND}, {"$set": {"state": "frozen"}})
    made = year.begin(year.draft(TIER, replaced({"param": "school_family_share"}, 2)), source=review_kit.ROUND)
    queues.drain("reports")
    told = year.read(made)
    assert cells(told) == {("1", "4"): 1}
    (one,) = year.changes(told)["items"]
    assert (one["receipt"], one["before"]["rule_numbers"], one["after"]["rule_numbers"]) == (
        found["receipt"],
        ["第3条"],
        ["第6条"],
    )
    assert review_kit.stored(found) == decided


class TestChanges:
    """The applications that change, one by one."""

    def test_are_told_by_receipt_with_the_reasons_before_and_after(self, year):
        made = year.decided(**INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)))
        (one,) = year.changes(told)["items"]
        stored = SchoolApplication._get_collection().find_one({"_id": made})
        assert (one["id"], one["receipt"], one["school_zh"]) == (str(made), stored["receipt"], f"{A}小学")
        assert (one["before"]["standing"], one["after"]["standing"]) == ("4", "5")
        assert one["before"]["rule_numbers"] == ["第6条"]
        assert one["after"]["rule_numbers"] == ["第7条"]
        assert "满足“监护人在本县参加社会保险月数不低于" in one["before"]["why_zh"]
        assert "满足“第7条:其他情形,统筹安排”" in one["after"]["why_zh"]
        assert "社会保险" not in one["after"]["why_zh"]
        assert one["decided_since"] is False
        assert set(one) == {"id", "receipt", "school_zh", "before", "after", "decided_since"}

    def test_leave_an_access_line_for_the_children_shown_alone(self, year):
        moved = year.several(3, **INSURED, household__in_county=True)
        year.several(2, **OWNERS)
        told = year.tried(year.draft(TIER, months(12)))
        assert AccessLine._get_collection().count_documents({}) == 0
        page = year.changes(told, "?limit=2")
        line = AccessLine._get_collection().find_one({})
        children = [one["child"] for one in SchoolApplication._get_collection().find({"_id": {"$in": moved[:2]}})]
        assert (sorted(line["subjects"]), line["fields"]) == (sorted(children), ["school.application"])
        rest = year.changes(told, f"?limit=2&cursor={page['next']}")
        assert [one["id"] for one in (*page["items"], *rest["items"])] == [str(one) for one in moved]
        assert rest["next"] is None

    def test_are_the_first_ones_alone(self, year, monkeypatch):
        monkeypatch.setattr(rule_preview, "MOST_LISTED", 3)
        monkeypatch.setattr(rule_preview, "BATCH", 2)
        moved = year.several(5, **INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)))
        assert (told["listed"], counts(told)) == (3, {"moved": 5})
        assert [one["id"] for one in year.changes(told)["items"]] == [str(one) for one in moved[:3]]

    def test_say_where_a_decision_was_made_again_since(self, year):
        made = year.decided(**INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)))
        later = {"$set": {"decided_at": clock.now() + timedelta(hours=1)}}
        SchoolApplication._get_collection().update_one({"_id": made}, later)
        (one,) = year.changes(told)["items"]
        assert (one["decided_since"], one["before"]["why_zh"], one["after"]["standing"]) == (True, "", "5")

    def test_are_for_who_plans_rounds_alone(self, year):
        year.decided(**INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)))
        path = f"{OFFICE}/{told['id']}/changes"
        for role in ("rule_editor", "rule_approver", "school_clerk", "auditor"):
            assert affairs.seat(year.client, role).get(path).status_code == 403, role
        assert AccessLine._get_collection().count_documents({}) == 0


class TestWhoSees:
    """An editor of rules reads no applications."""

    def test_an_editor_sees_no_group_of_fewer_than_five_and_no_school(self, year):
        year.several(20, **OWNERS)
        year.several(3, **INSURED, household__in_county=True)
        year.several(7, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)), year.editor)
        assert cells(told) == {("1", "1"): 20, ("4", "5"): None, ("5", "5"): None}
        assert {one["change"]: one["count"] for one in told["changes"]}["moved"] is None
        assert {one["change"]: one["count"] for one in told["changes"]}["same"] is None
        assert all(one["count"] is None for one in told["priorities"])
        assert "不予显示" in told["note_zh"]
        assert not {"schools", "listed"} & set(told)
        assert cells(year.read(told)) == {("1", "1"): 20, ("4", "5"): 3, ("5", "5"): 7}

    def test_an_editor_sees_what_is_large_enough(self, year):
        year.several(6, **OWNERS)
        year.several(5, **INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)), year.editor)
        assert cells(told) == {("1", "1"): 6, ("4", "5"): 5}
        assert counts(told) == {"moved": 5, "same": 6}
        assert {one["change"]: one["count"] for one in told["priorities"]} == {"same": 11}

    def test_a_small_number_of_open_facts_is_hidden_as_well(self, year):
        year.several(6, **OWNERS)
        year.several(4, **INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, asks("sibling.boarding")), year.editor)
        assert [(one["fact"], one["count"]) for one in told["open_facts"]] == [("sibling.boarding", None)]
        assert cells(told) == {("1", "1"): None, ("4", "unknown"): None}

    def test_numbers_are_told_once_all_were_looked_at(self, year):
        year.several(2, **OWNERS)
        made = year.begin(f"{TIER}:1")
        assert (made["state"], made["looked_at"], made["total"]) == ("running", 0, 2)
        assert "tiers" not in year.read(made)
        assert year.manager.get(f"{OFFICE}/{made['id']}/changes").status_code == 404
        assert year.manager.get(f"{OFFICE}/{made['id']}/content.xlsx").status_code == 404
        queues.drain("reports")
        assert year.read(made)["tiers"] == [
            {"before": "1", "before_zh": "第 1 梯次", "after": "1", "after_zh": "第 1 梯次", "count": 2}
        ]

    def test_who_tries_no_rules_sees_nothing(self, year):
        made = year.begin(f"{TIER}:1")
        for role in ("school_clerk", "school_liaison", "auditor"):
            clerk = affairs.seat(year.client, role)
            assert clerk.post(OFFICE, {"rule_set": f"{TIER}:1", "source": LAST}).status_code == 403
            for path in (OFFICE, f"{OFFICE}/{made['id']}", f"{OFFICE}/{made['id']}/content.xlsx"):
                assert clerk.get(path).status_code == 403

    def test_the_list_of_previews_has_the_latest_first(self, year):
        made = [year.begin(f"{TIER}:1")["id"] for _ in range(3)]
        page = year.manager.get(f"{OFFICE}?limit=2").json
        rest = year.manager.get(f"{OFFICE}?limit=2&cursor={page['next']}").json
        assert [one["id"] for one in (*page["items"], *rest["items"])] == made[::-1]

    def test_the_workbook_says_the_same_to_each(self, year):
        year.several(6, **OWNERS)
        year.several(3, **INSURED, household__in_county=True)
        told = year.tried(year.draft(TIER, months(12)))
        for who, count, schools in ((year.manager, 3, 2), (year.editor, "不足 5 或已隐去", 0)):
            answer = who.get(f"{OFFICE}/{told['id']}/content.xlsx")
            assert answer.status_code == 200
            _, *rows = openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
            moved = next(one for one in rows if one[2] == "第 4 梯次")
            assert moved[:5] == ("梯次", None, "第 4 梯次", "第 5 梯次", count)
            assert len([one for one in rows if one[0] == "第一志愿合计"]) == schools


class TestTheJob:
    """Looking at many applications."""

    def test_nothing_of_the_applications_changes_and_the_audit_knows_who_tried_what(self, year):
        year.several(5, **INSURED)
        before = list(SchoolApplication._get_collection().find({}).sort("_id", 1))
        rule = year.draft(ELIGIBLE, months(12))
        year.tried(rule)
        assert list(SchoolApplication._get_collection().find({}).sort("_id", 1)) == before
        line = AuditEntry._get_collection().find_one({"action": "school_round.try_rule"})
        assert (line["object"], line["details"]["rule_set"], line["details"]["source"]) == (
            f"school_round:{NEXT}",
            rule,
            LAST,
        )

    def test_a_version_is_tried_as_it_was_when_the_preview_began(self, year, monkeypatch):
        monkeypatch.setattr(rule_preview, "BATCH", 2)
        year.several(5, **INSURED)
        rule = year.draft(ELIGIBLE, months(12))
        made = year.begin(rule)
        step(job_of(made))
        content = year.editor.get(f"/office/v1/rule-sets/{rule}").json
        told = {name: content[name] for name in ("zh", "facts", "source", "valid_from")}
        open_to_all = {**told, "condition": {"all": []}, "outputs": []}
        assert year.editor.call("PUT", f"/office/v1/rule-sets/{rule}", open_to_all).status_code == 200
        queues.drain("reports")
        assert cells(year.read(made)) == {("4", "none"): 5}

    def test_a_kill_between_a_batch_and_its_place_in_the_job_counts_nothing_twice(self, year, monkeypatch):
        monkeypatch.setattr(rule_preview, "BATCH", 2)
        year.several(5, **INSURED)
        made = year.begin(year.draft(ELIGIBLE, months(12)))
        step(job_of(made))
        lost = {"$unset": {"position": ""}, "$set": {"done": 0}}
        jobs.Job._get_collection().update_one({"_id": job_of(made)}, lost)
        assert year.read(made)["looked_at"] == 2
        queues.drain("reports")
        told = year.read(made)
        assert (told["state"], told["looked_at"], cells(told)) == ("done", 5, {("4", "none"): 5})
        job = jobs.read(job_of(made))
        assert (job["state"], job["done"], job["total"]) == ("done", 3, 3)

    def test_workers_on_the_same_batch_count_it_once(self, year, monkeypatch):
        monkeypatch.setattr(rule_preview, "BATCH", 3)
        year.several(6, **INSURED)
        made = year.begin(year.draft(ELIGIBLE, months(12)))
        seen = [rule_preview._Preview(ObjectId(made["id"])) for _ in range(8)]
        items = [one.following(None)[0] for one in seen]
        at_once([lambda one=one, item=item: one.step(item) for one, item in zip(seen, items, strict=True)])
        found = RulePreview._get_collection().find_one({"_id": ObjectId(made["id"])})
        assert found["tally"]["cells"] == [["4", "none", 3]]
        assert len(found["changed"]) == 3

    def test_without_the_guard_workers_on_the_same_batch_count_it_again(self, year, monkeypatch):
        """The control: what the test before would not see if nothing could go wrong."""
        year.several(3, **INSURED)
        made = year.begin(year.draft(ELIGIBLE, months(12)))
        seen = [rule_preview._Preview(ObjectId(made["id"])) for _ in range(4)]
        items = [one.following(None)[0] for one in seen]
        for one, item in zip(seen, items, strict=True):
            one.step(item)
            RulePreview._get_collection().update_one({"_id": ObjectId(made["id"])}, {"$unset": {"position": ""}})
        assert len(RulePreview._get_collection().find_one({"_id": ObjectId(made["id"])})["changed"]) == 12

    def test_an_empty_round_is_done_at_once(self, year):
        told = year.tried(f"{TIER}:1")
        assert (told["state"], told["total"], told["tiers"]) == ("done", 0, [])


class TestRefused:
    """What cannot be tried."""

    @pytest.mark.parametrize(
        ("rule", "code"),
        [("scenic_free_senior:1", "school_preview_rule"), (f"{TIER}:9", "not_found")],
    )
    def test_a_rule_that_the_round_does_not_name(self, year, rule, code):
        told = year.begin(rule, status=404 if code == "not_found" else 422)
        assert told["code"] == code
        assert RulePreview._get_collection().count_documents({}) == 0

    @pytest.mark.parametrize(
        "change",
        [{"stage": "junior"}, {"state": "open"}, {"state": "preparing"}],
    )
    def test_a_round_of_another_stage_or_that_is_not_decided(self, year, change):
        SchoolRound._get_collection().update_one({"_id": LAST}, {"$set": change})
        assert year.begin(f"{TIER}:1", status=422)["code"] == "school_preview_source"

    @pytest.mark.parametrize("source", [NEXT, "2020-nothing"])
    def test_the_round_itself_and_one_that_there_is_not(self, year, source):
        told = year.begin(f"{TIER}:1", source=source, status=422)
        assert list(told["fields"]) == ["source"]

    def test_a_preview_of_another_round_is_not_found(self, year):
        made = year.begin(f"{TIER}:1")
        for path in ("", "/changes", "/content.xlsx"):
            answer = year.manager.get(f"/office/v1/school/rounds/{LAST}/rule-previews/{made['id']}{path}")
            assert answer.status_code == 404
        assert year.manager.get("/office/v1/school/rounds/2020-nothing/rule-previews").status_code == 404


def job_of(made: dict) -> ObjectId:
    return jobs.Job._get_collection().find_one({"args.preview": made["id"], "_id": {"$gt": ObjectId(made["id"])}})[
        "_id"
    ]


def step(job_id: ObjectId) -> None:
    """Work on one batch alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "SECONDS", 0.0)
        with pytest.raises(outbox.Later):
            rule_preview.work(job_id)

"""Why did I get it, why not: in words and only about oneself. And the job that asks the registers beforehand."""

import pytest
from bson import ObjectId

from backend import identity_documents, jobs
from models.benefits import explain, line
from models.identity import person
from models.registers.fact import Fact
from models.rules import evaluate, rule_set
from seed import county_data
from tests.onecard import benefits_kit as kit
from tests.onecard.benefits_kit import (
    BASE,
    ITEM,
    PERIOD,
    add,
    check_again,
    checked,
    do,
    farmer,
    findings,
    give_card,
    made_item,
    opened,
    state,
)
from tests.onecard.test_benefits_checks import AREA_ONLY
from tests.support.phone import resident_id
from tests.support.queues import drain

pytestmark = pytest.mark.usefixtures("farmland")
admin, department, farmland, town = kit.admin, kit.department, kit.farmland, kit.town


def why(person_id, code: str = ITEM) -> dict:
    return explain.why(person_id, code, PERIOD)


class TestWithALine:
    def test_who_passes_reads_so(self, town, department):
        one = opened(town)
        number, person_id = farmer()
        add(town, one, number)
        assert why(person_id)["sentence_zh"] == "乡镇已申报,正在等待核验。"
        checked(town, department, one)
        told = why(person_id)
        assert (told["in_list"], told["sentence_zh"]) == (True, "核验通过,将按程序公示、审批后发放。")

    def test_who_does_not_pass_reads_why_and_what_to_do(self, town, department):
        one = opened(town)
        number, person_id = farmer(active=False)
        add(town, one, number)
        checked(town, department, one)
        told = why(person_id)
        assert told["sentence_zh"] == (
            "本批次暂不发放,原因如下。没有可用的社会保障卡;请本人申请社会保障卡;已填银行账号的,可由主管部门确认后发放。"
        )
        assert told["lines"][0]["reasons"][0]["whose_zh"] == "本人"

    def test_what_a_clerk_cleared_is_no_reason_any_more(self, town, department):
        one = opened(town)
        number, person_id = farmer(active=False)
        made = add(town, one, number)
        checked(town, department, one)
        department.post(f"{BASE}/lines/{made['id']}/findings/no_card/clear", {"reason": "document_seen"})
        assert why(person_id)["lines"][0]["reasons"] == []

    def test_every_state_of_a_line_has_its_sentence(self):
        assert set(explain._STATE_ZH) == set(line.STATES)

    def test_the_rule_of_that_day_is_told_also_two_versions_later(self, town, department, store):
        rule_set.seed(AREA_ONLY)
        made_item("area", rule_set="area_only", facts=("area_mu",))
        one = opened(town, "area")
        number, person_id = farmer()
        made = add(town, one, number, facts={"area_mu": "1.205"})
        checked(town, department, one)
        before = why(person_id, "area")["rule_zh"]
        rule_set.RuleSet._get_collection().delete_many({"code": "area_only"})
        record = explain.record_of(line.read(ObjectId(made["id"])))
        again = evaluate.replay(record)
        assert (again.outcome, again.values["amount_fen"]) == ("yes", 12_050)
        assert why(person_id, "area")["rule_zh"] == before == again.why_zh


class TestWithoutALine:
    def test_nobody_began_a_list(self, store):
        told = why(farmer()[1])
        assert (told["in_list"], told["lines"]) == (False, [])
        assert told["sentence_zh"] == "本期名单中没有您。各乡镇还没有建立本期的发放批次,可向村(社区)、乡镇申报。"

    def test_others_in_the_list_are_never_told(self, town, department):
        one = opened(town)
        add(town, one, farmer("王小二")[0], "王小二")
        checked(town, department, one)
        told = why(farmer()[1])
        assert not told["in_list"]
        assert "王" not in str(told)

    def test_the_rule_is_told_with_what_is_missing(self, town, store):
        rule_set.seed(AREA_ONLY)
        made_item("area", rule_set="area_only", facts=("area_mu",))
        told = why(farmer()[1], "area")
        assert "承包耕地面积" in told["rule_zh"]

    def test_every_state_of_a_batch_has_its_sentence(self):
        assert set(explain._WHERE_ZH) == set(explain.batch.STATES)


class TestAsking:
    def test_a_job_asks_the_registers_about_everybody_and_the_checks_find_it(self, registers_box, town, department):
        people = [registers_box.person(name="刘大山") for _ in range(12)]
        one = opened(town)
        made = [add(town, one, each["number"]) for each in people]
        do(town, one, "submit")
        check_again(department, one)
        assert {tuple(findings(each["id"])) for each in made} == {("person_unknown",)}
        job = do(department, one, "ask")
        drain("reports")
        assert jobs.read(ObjectId(job["id"]))["state"] == "done"
        for each in people:
            document = identity_documents.parse("resident_id", each["number"])
            give_card(person.find(document)["_id"])
        check_again(department, one)
        assert {tuple(findings(each["id"])) for each in made} == {()}
        assert {state(each["id"]) for each in made} == {"ok"}

    def test_what_is_fresh_is_not_asked_again(self, registers_box, town, department):
        one = opened(town)
        add(town, one, registers_box.person(name="刘大山")["number"])
        do(town, one, "submit")
        for _ in range(2):
            before = registers_box.calls("death")
            do(department, one, "ask")
            drain("reports")
        assert registers_box.calls("death") == before

    def test_a_register_that_is_away_stops_nothing_and_leaves_it_to_be_asked(self, registers_box, town, department):
        one = opened(town)
        made = add(town, one, registers_box.person(name="刘大山")["number"])
        do(town, one, "submit")
        registers_box.fault("error_500", register="death", rate=1)
        try:
            do(department, one, "ask")
            drain("reports")
        finally:
            registers_box.clear()
        check_again(department, one)
        assert "facts_stale" in findings(made["id"])

    def test_an_unknown_number_becomes_a_person_of_the_register_not_of_the_list(self, registers_box, town, department):
        one, number = opened(town), resident_id()
        made = add(town, one, number)
        do(town, one, "submit")
        do(department, one, "ask")
        drain("reports")
        check_again(department, one)
        assert "no_household_record" in findings(made["id"])
        found = person.find(identity_documents.parse("resident_id", number))
        row = Fact._get_collection().find_one({"person": found["_id"], "kind": "person.name"})
        assert row is None or row.get("absent")


def test_the_seeded_items_are_marked_as_demonstration(store):
    assert county_data.benefit_items() == 0, "what is there stays as the staff left it"
    found, _ = explain.item.listed(cursor=None, limit=100)
    seeded = [one for one in found if one["code"] != ITEM]
    assert len(seeded) >= 6
    assert all(one["demo"] and one["source"] for one in seeded)
    codes = {one["code"] for one in seeded}
    assert {other for one in seeded for other in one["exclusive_with"]} <= codes

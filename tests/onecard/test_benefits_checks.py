"""The checks of a batch: what they find, whose turn it is then, and that they may run again at any time."""

import io

import openpyxl
import pytest
from bson import ObjectId

from backend import clock, jobs
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.benefits import batch, check_job, finding, line
from models.benefits.line import BenefitLine
from models.rules import rule_set
from tests.office.conftest import on_duty
from tests.onecard import benefits_kit as kit
from tests.onecard.benefits_kit import (
    BASE,
    ITEM,
    add,
    check_again,
    checked,
    counted,
    do,
    farmer,
    findings,
    give_card,
    made_item,
    opened,
    state,
)
from tests.support.crowd import at_once
from tests.support.phone import resident_id
from tests.support.queues import drain

pytestmark = pytest.mark.usefixtures("farmland")
admin, department, farmland, other_town, town = kit.admin, kit.department, kit.farmland, kit.other_town, kit.town


class TestWhatTheyFind:
    def test_a_line_without_fault_is_ok(self, town, department):
        one = opened(town)
        number, person_id = farmer()
        made = add(town, one, number)
        told = checked(town, department, one)
        assert (told["state"], told["counts"], told["total_fen"]) == ("checked", {"ok": 1}, 12_050)
        assert findings(made["id"]) == []
        assert line.read(ObjectId(made["id"]))["person"] == person_id

    def test_who_died_gets_nothing(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(died="2026-03-01")[0])
        checked(town, department, one)
        assert (findings(made["id"]), state(made["id"])) == (["died"], "blocked")

    def test_a_death_by_name_of_another_register_counts_as_well(self, town, department):
        one = opened(town)
        number, person_id = farmer(active=False)
        give_card(person_id, "cancelled", before_death={"state": "active"})
        made = add(town, one, number)
        checked(town, department, one)
        assert findings(made["id"]) == ["card_of_dead"]

    def test_another_name_in_the_household_register_is_named(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(register_name="刘大川")[0])
        checked(town, department, one)
        assert (findings(made["id"]), state(made["id"])) == (["name_mismatch"], "blocked")

    def test_the_width_of_a_name_does_not_count(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(register_name="刘 大山")[0])
        checked(town, department, one)
        assert findings(made["id"]) == []

    @pytest.mark.parametrize(
        ("card_state", "code", "then"),
        [(None, "no_card", "blocked"), ("cancelled", "card_closed", "blocked"), ("lost", "card_stopped", "to_confirm"),
         ("frozen", "card_stopped", "to_confirm"), ("issued", "card_not_active", "to_confirm")],
    )  # fmt: skip
    def test_the_card_must_take_the_money(self, town, department, card_state, code, then):
        one = opened(town)
        number, person_id = farmer(active=False)
        if card_state:
            give_card(person_id, card_state)
        made = add(town, one, number)
        checked(town, department, one)
        assert (findings(made["id"]), state(made["id"])) == ([code], then)

    def test_a_replaced_card_beside_an_active_one_is_no_fault(self, town, department):
        one = opened(town)
        number, person_id = farmer(active=False)
        give_card(person_id, "cancelled")
        give_card(person_id)
        made = add(town, one, number)
        checked(town, department, one)
        assert findings(made["id"]) == []

    def test_whom_nobody_knows_is_to_be_asked_about(self, town, department):
        one = opened(town)
        made = add(town, one, resident_id())
        told = checked(town, department, one)
        assert (findings(made["id"]), state(made["id"])) == (["person_unknown"], "to_confirm")
        assert told["findings"] == {"person_unknown": 1}

    def test_an_answer_that_is_too_old_is_to_be_asked_anew(self, town, department, shift_clock):
        one = opened(town)
        made = add(town, one, farmer()[0])
        shift_clock(2 * 86_400)
        town.log_in(), department.log_in()
        checked(town, department, one)
        row = line.read(ObjectId(made["id"]))
        assert [(one["code"], one["about"]) for one in row["findings"]] == [("facts_stale", "death")]

    def test_a_wrong_check_digit_never_enters_by_hand_and_is_found_where_it_did(self, town, department):
        one = opened(town)
        number = resident_id()
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        answer = town.post(f"{BASE}/batches/{one}/lines", {"name": "刘芳", "number": wrong, "amount_fen": 100})
        assert (answer.status_code, answer.json["code"]) == (400, "wrong_check_digit")
        found = batch.read(ObjectId(one))
        line.add(found, line.Collected("刘芳", wrong, "", 100), by="test")
        checked(town, department, one)
        row = BenefitLine._get_collection().find_one({"batch": ObjectId(one)})
        assert [each["code"] for each in row["findings"]] == ["number_wrong"]

    def test_an_amount_outside_of_the_bounds_is_blocked(self, town, department):
        one = opened(town)
        made = add(town, one, farmer()[0], amount_fen=1_000_001)
        checked(town, department, one)
        assert findings(made["id"]) == ["amount_out_of_bounds"]

    def test_an_account_of_two_people_is_to_be_confirmed(self, town, department):
        one = opened(town)
        made = [add(town, one, farmer()[0], account="6217000000000000001") for _ in range(2)]
        checked(town, department, one)
        assert [findings(each["id"]) for each in made] == [["account_shared"]] * 2


class TestOthers:
    def test_the_first_line_of_a_person_stands_and_the_second_is_a_duplicate(self, town, department):
        one, number = opened(town), farmer()[0]
        first, second = add(town, one, number), add(town, one, number, amount_fen=999)
        checked(town, department, one)
        assert findings(first["id"]) == []
        assert findings(second["id"]) == ["duplicate_in_batch"]

    def test_the_same_row_twice_is_one_line(self, town):
        one, number = opened(town), farmer()[0]
        first = add(town, one, number, account="6217000000000000002")
        assert add(town, one, number, account="6217000000000000002")["id"] == first["id"]
        assert counted(one) == {"collected": 1}

    def test_the_same_row_sent_by_many_at_once_is_one_line(self, town, client):
        found = batch.read(ObjectId(opened(town)))
        told = line.Collected("刘芳", farmer()[0], "6217000000000000003", 100)
        results = at_once([lambda: line.add(found, told, by="test") for _ in range(8)])
        assert sum(new for _, new in results) == 1
        assert counted(str(found["_id"])) == {"collected": 1}

    def test_another_batch_of_the_same_period_is_named_and_a_cancelled_one_is_not(self, town, department):
        number = farmer()[0]
        first, second, third = opened(town), opened(town, part=2), opened(town, part=3)
        made = [add(town, each, number) for each in (first, second, third)]
        do(town, first, "cancel", reason="重复建批")
        for each in (second, third):
            checked(town, department, each)
        assert findings(made[1]["id"]) == []
        assert findings(made[2]["id"]) == ["duplicate_other_batch"]

    def test_a_withdrawn_line_stands_in_nobodys_way(self, town, department):
        one, number = opened(town), farmer()[0]
        first, second = add(town, one, number), add(town, one, number, amount_fen=999)
        answer = town.post(f"{BASE}/lines/{first['id']}/withdraw", {"reason": "duplicate"})
        assert answer.json["state"] == "withdrawn"
        checked(town, department, one)
        assert (findings(second["id"]), counted(one)) == ([], {"withdrawn": 1, "ok": 1})

    def test_the_next_period_is_another_matter(self, town, department):
        number = farmer()[0]
        made = [add(town, each, number) for each in (opened(town), opened(town, period="2027"))]
        assert [state(each["id"]) for each in made] == ["collected", "collected"]
        other = line.read(ObjectId(made[1]["id"]))["batch"]
        checked(town, department, str(other))
        assert findings(made[1]["id"]) == []

    def test_items_that_exclude_each_other_are_found_across_months_and_years(self, town, department):
        made_item("fallow", period_kind="month", exclusive_with=(ITEM,))
        number = farmer()[0]
        add(town, opened(town), number)
        monthly = opened(town, "fallow", "2026-11")
        made = add(town, monthly, number)
        checked(town, department, monthly)
        assert (findings(made["id"]), state(made["id"])) == (["exclusive_item"], "blocked")

    def test_a_household_gets_no_more_than_its_cap_and_the_first_lines_stand(self, town, department):
        made_item("capped", household_cap_fen=25_000)
        one = opened(town, "capped")
        made = [add(town, one, farmer(household="H1")[0]) for _ in range(3)]
        other = add(town, one, farmer(household="H2")[0])
        checked(town, department, one)
        assert [findings(each["id"]) for each in made] == [[], [], ["household_cap"]]
        assert findings(other["id"]) == []

    def test_the_cap_counts_other_batches_as_well(self, town, department):
        made_item("capped", household_cap_fen=20_000)
        first, second = opened(town, "capped"), opened(town, "capped", part=2)
        add(town, first, farmer(household="H1")[0])
        late = add(town, second, farmer(household="H1")[0])
        for each in (first, second):
            checked(town, department, each)
        assert findings(late["id"]) == ["household_cap"]


RULE = {
    "code": "farmland_claim",
    "zh": "耕地地力保护补贴",
    "condition": {"all": [{"gt": [{"fact": "claim.area_mu"}, 0]}, {"eq": [{"fact": "status.subsistence"}, True]}]},
    "facts": [
        {"name": "claim.area_mu", "kind": "number", "zh": "承包耕地面积(亩)"},
        {"name": "status.subsistence", "kind": "flag", "zh": "低保", "personal": True, "whose": "县民政局"},
    ],
    "outputs": [
        {"name": "amount_fen", "zh": "补贴金额", "unit": "fen",
         "value": {"multiply": [{"fact": "claim.area_mu"}, 10_000]}, "round": "half_up"}
    ],
    "source": {"title": "测试"},
    "valid_from": "2026-01-01",
    "valid_to": None,
    "demo": True,
}  # fmt: skip
AREA_ONLY = {
    **RULE,
    "code": "area_only",
    "condition": RULE["condition"]["all"][0],
    "facts": RULE["facts"][:1],
}


class TestTheRule:
    @pytest.fixture
    def ruled(self, store):
        rule_set.seed(AREA_ONLY)
        rule_set.seed(RULE)
        made_item("area", rule_set="area_only", facts=("area_mu",))
        made_item("poor", rule_set="farmland_claim", facts=("area_mu",))

    @pytest.mark.parametrize(
        ("area", "fen", "found"),
        [("1.205", 12_050, []), ("1.2", 12_050, ["amount_differs"]), ("0", 12_050, ["not_eligible"])],
    )
    def test_the_amount_is_that_of_the_rule(self, town, department, ruled, area, fen, found):
        one = opened(town, "area")
        made = add(town, one, farmer()[0], facts={"area_mu": area}, amount_fen=fen)
        checked(town, department, one)
        assert findings(made["id"]) == found

    def test_what_the_rule_said_is_kept_sealed_and_can_be_read_again(self, town, department, ruled):
        one = opened(town, "area")
        made = add(town, one, farmer()[0], facts={"area_mu": "1.205"})
        checked(town, department, one)
        row = line.read(ObjectId(made["id"]))
        assert row["decided_fen"] == 12_050
        assert b"claim" not in row["decision"]
        shown = department.get(f"{BASE}/lines/{made['id']}").json
        assert "耕地地力保护补贴" in shown["rule_zh"]

    def test_what_nobody_told_leaves_it_open_and_names_whose_fact_it_is(self, town, department, ruled):
        one = opened(town, "poor")
        made = add(town, one, farmer()[0], facts={"area_mu": "1.205"})
        checked(town, department, one)
        row = line.read(ObjectId(made["id"]))
        assert (row["state"], [each["code"] for each in row["findings"]]) == ("to_confirm", ["eligibility_unknown"])
        assert row["findings"][0]["about"] == "status.subsistence"
        assert row["findings"][0]["whose"] == "县民政局"

    def test_a_fact_that_the_item_does_not_ask_for_is_refused(self, town):
        answer = town.post(f"{BASE}/batches/{opened(town)}/lines", {"name": "刘芳", "number": resident_id(),
                           "amount_fen": 100, "facts": {"months": "3"}})  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (422, "benefit_facts_wrong")


class TestAgain:
    def test_a_second_run_replaces_what_the_first_one_found(self, town, department):
        one = opened(town)
        number, person_id = farmer(active=False)
        made = add(town, one, number)
        checked(town, department, one)
        assert findings(made["id"]) == ["no_card"]
        give_card(person_id)
        told = check_again(department, one)
        assert (findings(made["id"]), told["findings"], told["counts"]) == ([], {}, {"ok": 1})

    def test_a_run_goes_on_where_a_kill_left_it(self, town, department, monkeypatch):
        monkeypatch.setattr(check_job, "LINES", 2)
        monkeypatch.setattr(check_job, "STEPS", 1)
        one = opened(town)
        made = [add(town, one, farmer()[0]) for _ in range(5)]
        do(town, one, "submit")
        job = do(department, one, "check")
        assert job["total"] == 3
        real, calls = check_job._check, []

        def killed(*given):
            calls.append(len(given[2]))
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*given)

        monkeypatch.setattr(check_job, "_check", killed)
        with pytest.raises(KeyboardInterrupt):
            drain("reports")
        assert jobs.read(ObjectId(job["id"]))["done"] == 1
        found = batch.read(ObjectId(one))
        assert found["state"] == "checking"
        while batch.read(ObjectId(one))["state"] == "checking":
            _worked(ObjectId(job["id"]))
        assert counted(one) == {"ok": 5}
        assert [findings(each["id"]) for each in made] == [[]] * 5
        assert calls == [2, 2, 2, 1]

    def test_the_job_is_not_done_before_the_batch_may_be_published(self, town, department, monkeypatch):
        one, job = begun(town, department)
        monkeypatch.setattr(check_job, "_finish", broken(check_job._finish))
        told = []
        monkeypatch.setattr(jobs, "end", lambda job_id, real=jobs.end: (told.append(batch_state(one)), real(job_id)))
        with pytest.raises(KeyboardInterrupt):
            worked_off(job)
        assert (checks_of(department, one), batch_state(one)) == ("running", "checking")
        worked_off(job)
        assert (checks_of(department, one), set(told)) == ("done", {"checked"})
        assert do(department, one, "publish", leave_out_unsettled=False)["state"] == "in_publicity"

    def test_a_kill_after_the_batch_moved_leaves_no_job_that_runs_for_ever(self, town, department, monkeypatch):
        one, job = begun(town, department)
        monkeypatch.setattr(jobs, "end", broken(jobs.end))
        with pytest.raises(KeyboardInterrupt):
            worked_off(job)
        assert (checks_of(department, one), batch_state(one)) == ("running", "checked")
        before = batch.read(ObjectId(one))
        worked_off(job)
        assert (checks_of(department, one), batch.read(ObjectId(one))) == ("done", before)

    def test_while_checks_run_nothing_else_happens_to_the_batch(self, town, department):
        one = opened(town)
        made = add(town, one, farmer()[0])
        do(town, one, "submit")
        first = do(department, one, "check")
        assert do(department, one, "check")["id"] == first["id"]
        for what, by in (("submit", town), ("cancel", town), ("publish", department), ("return", department)):
            answer = by.post(f"{BASE}/batches/{one}/{what}", {"reason": "x"} if what in {"cancel", "return"} else {})
            assert (answer.status_code, answer.json["code"]) == (409, "benefit_batch_state_wrong"), what
        answer = town.post(f"{BASE}/lines/{made['id']}/withdraw", {})
        assert answer.json["code"] == "benefit_batch_state_wrong"


def _worked(job_id: ObjectId) -> None:
    try:
        check_job.work(job_id)
    except check_job.outbox.Later:
        return


def begun(town, department):
    """Begin to check a batch of one sound line; return its id and the job's."""
    one = opened(town)
    add(town, one, farmer()[0])
    do(town, one, "submit")
    return one, ObjectId(do(department, one, "check")["id"])


def worked_off(job: ObjectId) -> None:
    """Call the job as the outbox does: the lines, then what follows the last of them."""
    _worked(job)
    _worked(job)


def broken(real):
    """Return a function that is killed at its first call."""
    calls = []

    def once(*given):
        calls.append(given)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(*given)

    return once


def checks_of(department, batch_id: str) -> str:
    return department.get(f"{BASE}/batches/{batch_id}/checks").json["state"]


def batch_state(batch_id: str) -> str:
    return batch.read(ObjectId(batch_id))["state"]


class TestClearing:
    def test_a_clerk_sets_aside_what_may_be_with_a_reason_and_the_audit_says_so(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(register_name="刘大川")[0])
        checked(town, department, one)
        answer = department.post(f"{BASE}/lines/{made['id']}/findings/name_mismatch/clear", {"reason": "name_variant"})
        assert (answer.status_code, answer.json["state"]) == (200, "ok")
        assert answer.json["findings"][0]["cleared"] is True
        assert counted(one) == {"ok": 1}
        entry = AuditEntry._get_collection().find_one({"action": "benefit.clear"})
        assert entry["details"] == {"finding": "name_mismatch", "reason": "name_variant"}

    def test_what_was_set_aside_stays_so_when_it_is_found_again(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(register_name="刘大川")[0])
        checked(town, department, one)
        department.post(f"{BASE}/lines/{made['id']}/findings/name_mismatch/clear", {"reason": "name_variant"})
        check_again(department, one)
        assert (state(made["id"]), findings(made["id"])) == ("ok", ["name_mismatch"])

    def test_a_death_is_never_set_aside(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(died="2026-03-01")[0])
        checked(town, department, one)
        answer = department.post(f"{BASE}/lines/{made['id']}/findings/died/clear", {"reason": "document_seen"})
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_finding_not_clearable")
        assert state(made["id"]) == "blocked"

    def test_the_town_sets_nothing_aside(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(register_name="刘大川")[0])
        checked(town, department, one)
        answer = town.post(f"{BASE}/lines/{made['id']}/findings/name_mismatch/clear", {"reason": "name_variant"})
        assert answer.status_code == 403

    def test_two_who_clear_two_findings_at_once_free_the_line(self, town, department):
        one = opened(town)
        number = farmer(register_name="刘大川", active=False)[0]
        made = add(town, one, number)
        checked(town, department, one)
        assert findings(made["id"]) == ["name_mismatch", "no_card"]
        path, body = f"{BASE}/lines/{made['id']}/findings", {"reason": "document_seen"}
        clerks = [department.twin(department.client.application.test_client()) for _ in range(2)]
        codes = ("name_mismatch", "no_card")
        calls = [
            lambda c=c, code=code: c.post(f"{path}/{code}/clear", body) for c, code in zip(clerks, codes, strict=True)
        ]
        assert [answer.status_code for answer in at_once(calls)] == [200, 200]
        assert (state(made["id"]), counted(one)) == ("ok", {"ok": 1})


class TestWhoSees:
    def test_lines_are_shown_with_masked_names_after_an_access_line(self, town, department):
        one = opened(town)
        number, person_id = farmer()
        add(town, one, number)
        checked(town, department, one)
        AccessLine._get_collection().delete_many({"purpose": "benefit_payment"})
        (shown,) = department.get(f"{BASE}/batches/{one}/lines").json["items"]
        assert (shown["name_masked"], shown["number_masked"]) == ("刘**", "*" * 14 + number[-4:])
        (seen,) = AccessLine._get_collection().find({"purpose": "benefit_payment"})
        assert seen["subjects"] == [person_id]
        assert number not in str(department.get(f"{BASE}/batches/{one}/lines").json)

    def test_lines_are_found_by_state_and_by_finding(self, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        bad = add(town, one, farmer(died="2026-03-01")[0])
        checked(town, department, one)
        for query in ("state=blocked", "finding=died", "state=blocked&finding=died"):
            shown = department.get(f"{BASE}/batches/{one}/lines?{query}").json["items"]
            assert [each["id"] for each in shown] == [bad["id"]], query

    def test_another_town_sees_neither_batch_nor_line(self, town, other_town):
        one = opened(town)
        made = add(town, one, farmer()[0])
        for path in (f"/batches/{one}", f"/batches/{one}/lines", f"/lines/{made['id']}", f"/batches/{one}/lines.xlsx"):
            assert other_town.get(f"{BASE}{path}").status_code == 404, path
        assert other_town.post(f"{BASE}/batches/{one}/submit").status_code == 404
        assert other_town.get(f"{BASE}/batches").json["items"] == []

    def test_a_child_is_not_shown_without_an_approval(self, town, department):
        one = opened(town)
        birth = f"{clock.today().year - 8}0307"
        made = add(town, one, farmer(birth=birth)[0])
        (shown,) = department.get(f"{BASE}/batches/{one}/lines").json["items"]
        assert (shown["name_masked"], shown["number_masked"], shown["account_masked"]) == ("未满14周岁,需审批", "", "")
        assert department.get(f"{BASE}/lines/{made['id']}").json["name"] == "未满14周岁,需审批"

    def test_more_than_a_hundred_rows_leave_by_two_persons_only(self, client, admin, town, department):
        found = batch.read(ObjectId(opened(town)))
        for number in range(101):
            line.add(found, line.Collected("刘芳", resident_id(), "", 100 + number), by="test")
        path = f"{BASE}/batches/{found['_id']}"
        answer = department.get(f"{path}/lines.xlsx")
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_export_needs_approval")
        proposed = department.post(f"{path}/exports", {"reason": "张贴于各村公示栏"}).json
        assert (proposed["approval_needed"], proposed["rows"]) == (True, 101)
        answer = department.get(f"{BASE}/exports/{proposed['approval_id']}/content.xlsx")
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_export_not_approved")
        privacy = on_duty(client, "benefit_privacy", lambda: admin.hire("privacy_officer", unit="big_data_centre"))
        assert privacy.post(f"/office/v1/approvals/{proposed['approval_id']}/approve", {}).status_code == 200
        path = f"{BASE}/exports/{proposed['approval_id']}/content.xlsx"
        content = department.get(path)
        lines = list(openpyxl.load_workbook(io.BytesIO(content.data)).active.iter_rows(values_only=True))
        assert len(lines) == 102
        assert {each[0] for each in lines[1:]} == {"刘*"}
        assert town.get(path).status_code == 404

    def test_a_small_list_leaves_at_once_with_an_audit_entry(self, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        assert department.get(f"{BASE}/batches/{one}/lines.xlsx").status_code == 200
        entry = AuditEntry._get_collection().find_one({"action": "benefit.export"})
        assert (entry["details"], entry["object"]) == ({"rows": 1}, f"benefit_batch:{one}")


def test_every_finding_says_what_is_to_be_done_and_whose_turn_it_is():
    for code, kind in finding.KINDS.items():
        assert all((kind.zh, kind.because, kind.todo)), code
        assert kind.whose in finding.WHOSE_ZH, code

"""A batch on its way: items, collection by hand and by sheet, review by two offices, cancelling and sending back."""

import pytest
from bson import ObjectId

from models.affairs.case import Case
from models.audit.entry import AuditEntry
from models.benefits import batch, evidence, item, line, progress
from models.benefits.batch import BenefitBatch
from models.benefits.line import BenefitLine
from tests.onecard import benefits_kit as kit
from tests.onecard.benefits_kit import (
    BASE,
    ITEM,
    PERIOD,
    TOWN,
    VILLAGE,
    add,
    checked,
    counted,
    do,
    farmer,
    made_item,
    opened,
    state,
)
from tests.support.crowd import at_once
from tests.support.files import send_sheet, sheet
from tests.support.phone import resident_id
from tests.support.queues import drain

pytestmark = pytest.mark.usefixtures("farmland")
admin, department, farmland, other_town, town = kit.admin, kit.department, kit.farmland, kit.other_town, kit.town
BODY = {
    "code": "fallow", "zh": "休耕补助", "unit": "agriculture_rural", "period_kind": "month", "fund": "fund:fallow",
    "basis": "演示", "valid_from": "2026-01-01",
}  # fmt: skip
HEADERS = ["批次编号", "姓名", "身份证号码", "社保卡银行账号", "金额", "村代码"]


class TestItems:
    def test_the_department_makes_an_item_and_its_next_version(self, department):
        first = department.post(f"{BASE}/items", BODY)
        assert (first.status_code, first.json["id"]) == (201, "fallow:1")
        second = department.post(f"{BASE}/items", BODY | {"after": 1, "household_cap_fen": 100_000})
        assert (second.json["id"], second.json["household_cap_fen"]) == ("fallow:2", 100_000)
        assert department.get(f"{BASE}/items/fallow").json["version"] == 2
        listed = [one["id"] for one in department.get(f"{BASE}/items?limit=100").json["items"]]
        assert {"fallow:2", "farmland:1"} <= set(listed)
        assert listed == sorted(listed)
        assert item.read("fallow:1")["household_cap_fen"] == 0

    def test_of_two_next_versions_at_once_one_is_made(self, department):
        department.post(f"{BASE}/items", BODY)
        clerks = [department.twin(department.client.application.test_client()) for _ in range(4)]
        answers = at_once([lambda c=c: c.post(f"{BASE}/items", BODY | {"after": 1}) for c in clerks])
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
        assert item.newest("fallow")["version"] == 2

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [({"after": 7}, 409, "benefit_item_version_taken"), ({"unit": "nowhere"}, 422, "unit_unknown"),
         ({"least_fen": 9, "most_fen": 8}, 422, "benefit_item_wrong"),
         ({"valid_to": "2025-01-01"}, 422, "benefit_item_wrong"),
         ({"fund": "wallet:x"}, 400, "bad_input"), ({"period_kind": "week"}, 400, "bad_input"),
         ({"household_cap_fen": -1}, 400, "bad_input"), ({"facts": ["income"]}, 400, "bad_input")],
    )  # fmt: skip
    def test_an_item_that_contradicts_itself_is_refused(self, department, changes, status, code):
        answer = department.post(f"{BASE}/items", BODY | changes)
        assert (answer.status_code, answer.json["code"]) == (status, code)

    def test_a_town_reads_items_and_makes_none(self, town):
        assert town.get(f"{BASE}/items/{ITEM}").json["code"] == ITEM
        assert town.post(f"{BASE}/items", BODY).status_code == 403

    @pytest.mark.parametrize(
        ("kind", "period", "first", "following"),
        [("month", "2026-12", "2026-12-01", "2027-01-01"), ("season", "2026-Q4", "2026-10-01", "2027-01-01"),
         ("season", "2026-Q1", "2026-01-01", "2026-04-01"), ("year", "2026", "2026-01-01", "2027-01-01")],
    )  # fmt: skip
    def test_a_period_has_its_days(self, kind, period, first, following):
        assert [day.isoformat() for day in item.days(kind, period)] == [first, following]

    @pytest.mark.parametrize(
        ("kind", "period", "touching"),
        [("month", "2026-11", {"2026", "2026-Q4", "2026-11"}),
         ("season", "2026-Q1", {"2026", "2026-Q1", "2026-01", "2026-02", "2026-03"}),
         ("year", "2026", {"2026", *(f"2026-Q{n}" for n in range(1, 5)), *(f"2026-{n:02d}" for n in range(1, 13))})],
    )  # fmt: skip
    def test_periods_of_other_kinds_touch_it(self, kind, period, touching):
        assert set(evidence.periods_touching(kind, period)) == touching


class TestOpening:
    def test_a_batch_is_a_case_from_the_start(self, town):
        one = town.get(f"{BASE}/batches/{opened(town)}").json
        found = Case._get_collection().find_one({"number": one["number"]})
        assert (str(found["_id"]), found["kind"], found["work"]["step"]) == (
            one["case_id"],
            "benefit_batch",
            "town_review",
        )
        (waiting,) = town.get("/office/v1/cases/inbox").json["items"]
        assert waiting["number"] == one["number"]

    def test_of_many_that_open_the_same_batch_one_does(self, town):
        body = {"item": ITEM, "period": PERIOD, "unit": TOWN}
        clerks = [town.twin(town.client.application.test_client()) for _ in range(4)]
        answers = at_once([lambda c=c: c.post(f"{BASE}/batches", body) for c in clerks])
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
        assert Case._get_collection().count_documents({"_id": {"$gt": ObjectId("0" * 24)}}) == 1

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [({"item": "nothing"}, 404, "not_found"), ({"unit": "town_360731101"}, 404, "not_found"),
         ({"unit": "nowhere"}, 404, "not_found"), ({"period": "2026-11"}, 422, "benefit_period_wrong"),
         ({"period": "2025"}, 422, "benefit_period_wrong"), ({"period": "x"}, 400, "bad_input"),
         ({"part": 0}, 400, "bad_input")],
    )  # fmt: skip
    def test_what_cannot_be_a_batch_is_refused(self, town, changes, status, code):
        answer = town.post(f"{BASE}/batches", {"item": ITEM, "period": PERIOD, "unit": TOWN, **changes})
        assert (answer.status_code, answer.json["code"]) == (status, code)

    def test_the_case_is_not_settled_past_its_batch(self, town):
        one = town.get(f"{BASE}/batches/{opened(town)}").json
        town.post(f"/office/v1/cases/{one['case_id']}/claim")
        answer = town.post(f"/office/v1/cases/{one['case_id']}/decide", {"outcome": "submitted", "reason": "已采集"})
        assert (answer.status_code, answer.json["code"]) == (409, "case_settled_elsewhere")
        assert batch.read(ObjectId(one["id"]))["step"] == "town_review"


class TestCollecting:
    def test_name_number_and_account_lie_sealed(self, town):
        number = resident_id()
        made = add(town, opened(town), number, "刘芳芳", account="6217000000000009999")
        row = BenefitLine._get_collection().find_one({"_id": ObjectId(made["id"])})
        text = repr(row)
        assert "刘芳芳" not in text
        assert number not in text
        assert "6217000000000009999" not in text
        assert line.opened(row) == line.Opened("刘芳芳", number, "6217000000000009999")

    @pytest.mark.parametrize(
        "changes",
        [{"amount_fen": 0}, {"amount_fen": 1.5}, {"amount_fen": "9"}, {"name": " "}, {"number": "1" * 40},
         {"account": "62x"}, {"area": "36"}, {"facts": {"area_mu": "-1"}}, {"facts": {"area_mu": "1e9"}},
         {"facts": {"x": "1"}}, {"extra": 1}],
    )  # fmt: skip
    def test_odd_lines_are_bad_requests(self, town, changes):
        body = {"name": "刘芳", "number": resident_id(), "amount_fen": 100, **changes}
        answer = town.post(f"{BASE}/batches/{opened(town)}/lines", body)
        assert answer.status_code == 400, answer.json

    def test_a_sheet_brings_the_list_of_a_town(self, town):
        one = town.get(f"{BASE}/batches/{opened(town)}").json
        rows = [[one["number"], "刘芳", resident_id(), "6217 0000 0000 0001", "120.50", VILLAGE] for _ in range(3)]
        made = send_sheet(town, "benefit-lines", sheet(HEADERS, *rows)).json
        assert made["counts"] == {"rows": 3, "right": 3, "wrong": 0}
        assert counted(one["id"]) == {}
        for _ in range(2):
            assert town.post(f"/office/v1/sheets/benefit-lines/imports/{made['id']}/commit").status_code == 202
            drain("reports")
        assert counted(one["id"]) == {"collected": 3}
        assert batch.read(ObjectId(one["id"]))["sums"] == {"collected": 3 * 12_050}

    def test_each_wrong_row_is_named_and_personal_data_in_it_are_not(self, town, other_town):
        mine = town.get(f"{BASE}/batches/{opened(town)}").json["number"]
        number, twice = resident_id(), resident_id()
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        made = send_sheet(
            town, "benefit-lines",
            sheet(
                HEADERS, [mine, "刘芳", wrong, "", "1", ""], [mine, "刘芳", number, "12", "1", ""],
                ["BTFF-20261123-999999", "刘芳", number, "", "1", ""], [mine, "刘芳", number, "", "99999999", ""],
                [mine, "刘芳", number, "", "0", ""], [mine, "刘芳", twice, "", "1", ""],
                [mine, "刘芳", twice, "", "2", ""],
            ),
        ).json  # fmt: skip
        assert [(one["row"], one["column"]) for one in made["errors"]] == [
            (2, "身份证号码"), (3, "社保卡银行账号"), (4, "批次编号"), (5, "金额"), (6, "金额"), (8, ""),
        ]  # fmt: skip
        assert wrong not in str(made)
        assert number not in str(made)
        theirs = send_sheet(other_town, "benefit-lines", sheet(HEADERS, [mine, "刘芳", number, "", "1", ""])).json
        assert [one["column"] for one in theirs["errors"]] == ["批次编号"]

    def test_an_item_says_which_columns_must_be_filled(self, town):
        made_item("area", facts=("area_mu",))
        mine = town.get(f"{BASE}/batches/{opened(town, 'area')}").json["number"]
        lines = [[*HEADERS, "面积", "月数"], [mine, "刘芳", resident_id(), "", "1", "", "", ""],
                 [mine, "刘芳", resident_id(), "", "1", "", "1.5", "2"],
                 [mine, "刘芳", resident_id(), "", "1", "", "1.5", ""]]  # fmt: skip
        made = send_sheet(town, "benefit-lines", sheet(*lines)).json
        assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, "面积"), (3, "月数")]

    def test_a_submitted_batch_takes_no_more_lines(self, town, department):
        one = opened(town)
        made = add(town, one, farmer()[0])
        number = batch.read(ObjectId(one))["number"]
        do(town, one, "submit")
        answer = town.post(f"{BASE}/batches/{one}/lines", {"name": "刘芳", "number": resident_id(), "amount_fen": 100})
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_batch_state_wrong")
        assert town.post(f"{BASE}/lines/{made['id']}/withdraw", {}).status_code == 409
        told = send_sheet(town, "benefit-lines", sheet(HEADERS, [number, "刘芳", resident_id(), "", "1", ""])).json
        assert [each["column"] for each in told["errors"]] == ["批次编号"]

    def test_lines_that_come_in_while_it_is_submitted_are_in_it_or_refused(self, town):
        one = opened(town)
        add(town, one, farmer()[0])
        numbers = [resident_id() for _ in range(6)]
        clerks = [town.twin(town.client.application.test_client()) for _ in range(7)]
        body = {"name": "刘芳", "amount_fen": 100}
        calls = [
            lambda c=c, n=n: c.post(f"{BASE}/batches/{one}/lines", body | {"number": n})
            for c, n in zip(clerks, numbers, strict=False)
        ]
        answers = at_once([*calls, lambda: clerks[6].post(f"{BASE}/batches/{one}/submit")])
        assert answers[-1].status_code == 200
        taken = sum(each.status_code == 201 for each in answers[:-1])
        assert {each.status_code for each in answers[:-1]} <= {201, 409}
        assert counted(one) == {"collected": 1 + taken}


class TestOnItsWay:
    def test_without_lines_it_goes_nowhere(self, town):
        answer = town.post(f"{BASE}/batches/{opened(town)}/submit")
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_batch_empty")

    def test_submitting_again_changes_nothing(self, town):
        one = opened(town)
        add(town, one, farmer()[0])
        assert do(town, one, "submit") == do(town, one, "submit")
        assert AuditEntry._get_collection().count_documents({"action": "case.stepped"}) == 1

    def test_sent_back_the_town_corrects_it_and_submits_again(self, town, department):
        one = opened(town)
        made = add(town, one, farmer(died="2026-01-05")[0])
        checked(town, department, one)
        told = do(department, one, "return", reason="有人已去世")
        assert (told["state"], told["step"]) == ("returned", "town_review")
        case = department.get(f"/office/v1/cases/{told['case_id']}").json
        assert case["history"][-1]["text"] == "有人已去世"
        assert town.post(f"{BASE}/lines/{made['id']}/withdraw", {"reason": "died"}).status_code == 200
        good = add(town, one, farmer()[0])
        assert checked(town, department, one)["counts"] == {"withdrawn": 1, "ok": 1}
        assert state(good["id"]) == "ok"

    def test_the_town_sends_nothing_back_and_publishes_nothing(self, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        checked(town, department, one)
        for what in ("return", "publish", "check", "ask"):
            assert (
                town.post(f"{BASE}/batches/{one}/{what}", {"reason": "x"} if what == "return" else {}).status_code
                == 403
            )

    def test_a_cancelled_batch_is_over(self, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        told = do(town, one, "cancel", reason="重复建批")
        assert (told["state"], told["step"]) == ("cancelled", "")
        assert do(town, one, "cancel", reason="重复建批") == told
        found = Case._get_collection().find_one({"_id": ObjectId(told["case_id"])})
        assert (found["state"], found["decisions"][0]["outcome"]) == ("closed", "cancelled")
        assert town.post(f"{BASE}/batches/{one}/submit").status_code == 409

    def test_batch_and_case_move_together_or_not_at_all(self, town, monkeypatch):
        one = opened(town)
        add(town, one, farmer()[0])
        real = batch.move

        def torn(*given, **more):
            real(*given, **more)
            raise KeyboardInterrupt

        monkeypatch.setattr(batch, "move", torn)
        with pytest.raises(KeyboardInterrupt):
            progress.submit(town.actor(), ObjectId(one))
        monkeypatch.undo()
        found = batch.read(ObjectId(one))
        case = Case._get_collection().find_one({"_id": found["case"]})
        assert (found["step"], case["work"]["step"]) == ("town_review", "town_review")
        assert do(town, one, "submit")["step"] == "department_review"

    def test_of_submit_and_cancel_at_once_the_case_goes_where_the_batch_goes(self, town):
        one = opened(town)
        add(town, one, farmer()[0])
        clerks = [town.twin(town.client.application.test_client()) for _ in range(4)]
        calls = [lambda c=c: c.post(f"{BASE}/batches/{one}/submit") for c in clerks[:2]]
        calls += [lambda c=c: c.post(f"{BASE}/batches/{one}/cancel", {"reason": "x"}) for c in clerks[2:]]
        assert {answer.status_code for answer in at_once(calls)} <= {200, 409}
        found = batch.read(ObjectId(one))
        case = Case._get_collection().find_one({"_id": found["case"]})
        assert case.get("work", {}).get("step", "") == found["step"]
        assert (case["state"] == "closed") == (found["state"] == "cancelled")


class TestCounts:
    def test_a_recount_loses_no_line_that_moves_meanwhile(self, town, monkeypatch):
        one = opened(town)
        lines = [add(town, one, farmer()[0]) for _ in range(3)]
        real, moved = line._counted, []

        def slow(batch_id):
            told = real(batch_id)
            if not moved:
                moved.append(town.post(f"{BASE}/lines/{lines[0]['id']}/withdraw", {}).status_code)
            return told

        monkeypatch.setattr(line, "_counted", slow)
        line.recount(ObjectId(one))
        assert moved == [200]
        assert counted(one) == {"collected": 2, "withdrawn": 1}

    def test_without_the_guard_of_the_recount_a_move_is_lost(self, town, monkeypatch):
        one = opened(town)
        lines = [add(town, one, farmer()[0]) for _ in range(2)]
        found = ObjectId(one)
        counts, sums = line._counted(found)
        assert town.post(f"{BASE}/lines/{lines[0]['id']}/withdraw", {}).status_code == 200
        BenefitBatch._get_collection().update_one({"_id": found}, {"$set": {"counts": counts, "sums": sums}})
        with pytest.raises(AssertionError):
            counted(one)

    def test_many_who_withdraw_one_line_count_it_once(self, town):
        one = opened(town)
        made = add(town, one, farmer()[0])
        clerks = [town.twin(town.client.application.test_client()) for _ in range(6)]
        answers = at_once([lambda c=c: c.post(f"{BASE}/lines/{made['id']}/withdraw", {}) for c in clerks])
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert counted(one) == {"withdrawn": 1}

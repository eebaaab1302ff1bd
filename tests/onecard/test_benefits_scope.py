"""Who reaches which batch: a town its own, a department those of its items, finance all; and what two do at once."""

import pytest
from bson import ObjectId

from models.benefits import batch, finding, item, line, scope
from models.benefits.line import BenefitLine
from tests.office.conftest import on_duty
from tests.onecard import benefits_kit as kit
from tests.onecard.benefits_kit import (
    BASE,
    ITEM,
    PERIOD,
    TOWN,
    add,
    check_again,
    checked,
    counted,
    do,
    farmer,
    findings,
    made_item,
    opened,
    published,
    state,
    told,
)
from tests.support.clerk import Clerk
from tests.support.phone import resident_id

pytestmark = pytest.mark.usefixtures("farmland")
admin, department, farmland, town = kit.admin, kit.department, kit.farmland, kit.town
other_town = kit.other_town
OWN_ITEM = {
    "code": "bathing", "zh": "高龄津贴", "unit": "civil_affairs", "period_kind": "year", "fund": "fund:bathing",
    "basis": "民发〔2014〕1号", "valid_from": "2026-01-01",
}  # fmt: skip


@pytest.fixture
def other_department(client, admin) -> Clerk:
    return on_duty(client, "benefit_other", lambda: admin.hire("benefit_manager", unit="civil_affairs"))


def everything_refused(clerk: Clerk, batch_id: str, line_id: str) -> set[int]:
    """Return the answers to all that could be read or changed of a batch."""
    reads = [f"batches/{batch_id}", f"batches/{batch_id}/lines", f"batches/{batch_id}/checks", f"lines/{line_id}"]
    reads += [f"batches/{batch_id}/lines.xlsx", f"batches/{batch_id}/payment", f"batches/{batch_id}/failed-lines"]
    moves = ["submit", "ask", "check", "publish", "return", "cancel", "proposal", "exports"]
    reason = {"reason": "x" * 9}
    bodies = {"return": reason, "cancel": reason, "proposal": reason, "exports": reason, "publish": {}}
    answers = [clerk.get(f"{BASE}/{path}") for path in reads]
    answers += [clerk.post(f"{BASE}/batches/{batch_id}/{what}", bodies.get(what)) for what in moves]
    answers += [clerk.post(f"{BASE}/batches/{batch_id}/lines", told(farmer()[0]))]
    answers += [clerk.post(f"{BASE}/lines/{line_id}/withdraw", {})]
    answers += [clerk.post(f"{BASE}/lines/{line_id}/findings/no_card/clear", {"reason": "document_seen"})]
    return {one.status_code for one in answers}


class TestWhoReachesWhat:
    def test_a_town_sees_and_changes_no_other_towns_batch(self, town, other_town):
        one = opened(town)
        made = add(town, one, farmer()[0])
        assert everything_refused(other_town, one, made["id"]) <= {403, 404}
        assert one not in [each["id"] for each in other_town.get(f"{BASE}/batches?limit=100").json["items"]]
        body = {"item": ITEM, "period": PERIOD, "unit": TOWN, "part": 2}
        assert other_town.post(f"{BASE}/batches", body).status_code == 404
        assert counted(one) == {"collected": 1}

    def test_a_department_handles_the_batches_of_its_items_only(self, town, department, other_department):
        one = opened(town)
        made = add(town, one, farmer()[0])
        do(town, one, "submit")
        assert everything_refused(other_department, one, made["id"]) <= {403, 404}
        assert one not in [each["id"] for each in other_department.get(f"{BASE}/batches?limit=100").json["items"]]
        assert one in [each["id"] for each in department.get(f"{BASE}/batches?limit=100").json["items"]]
        assert check_again(department, one)["state"] == "checked"

    def test_the_case_lies_with_the_department_of_the_item_and_no_other(self, town, department, other_department):
        one = opened(town)
        add(town, one, farmer()[0])
        do(town, one, "submit")
        case = batch.read(ObjectId(one))["case"]
        inbox = "/office/v1/cases/inbox?kind=benefit_batch"
        assert str(case) in [each["id"] for each in department.get(inbox).json["items"]]
        assert str(case) not in [each["id"] for each in other_department.get(inbox).json["items"]]
        assert other_department.get(f"/office/v1/cases/{case}").status_code == 404

    def test_a_department_makes_no_item_of_another_one_and_takes_none_over(self, department, other_department):
        assert department.post(f"{BASE}/items", OWN_ITEM).status_code == 403
        assert other_department.post(f"{BASE}/items", OWN_ITEM).status_code == 201
        mine = OWN_ITEM | {"unit": "agriculture_rural", "after": 1}
        assert department.post(f"{BASE}/items", mine).status_code == 403
        assert item.newest("bathing")["version"] == 1

    def test_a_town_cancels_nothing_that_the_department_works_on(self, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        checked(town, department, one)
        answer = town.post(f"{BASE}/batches/{one}/cancel", {"reason": "不要了"})
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_batch_state_wrong")
        assert do(department, one, "cancel", reason="重复建批")["state"] == "cancelled"


class TestRowsThatComeAgain:
    def test_a_row_that_was_withdrawn_by_mistake_comes_in_again(self, town):
        one = opened(town)
        row = told(farmer()[0])
        first = town.post(f"{BASE}/batches/{one}/lines", row)
        assert town.post(f"{BASE}/lines/{first.json['id']}/withdraw", {}).status_code == 200
        again = town.post(f"{BASE}/batches/{one}/lines", row)
        assert (again.status_code, again.json["state"]) == (201, "collected")
        assert again.json["id"] > first.json["id"], "it does not take its old place before lines of other batches"
        assert town.post(f"{BASE}/batches/{one}/lines", row).json["id"] == again.json["id"]
        assert counted(one) == {"withdrawn": 1, "collected": 1}

    @pytest.mark.parametrize("changes", [{"amount_fen": True}, {"area": "３" * 9}, {"account": "６" * 16}])
    def test_what_no_text_or_amount_can_be_is_a_bad_request(self, town, changes):
        answer = town.post(f"{BASE}/batches/{opened(town)}/lines", {**told(resident_id()), **changes})
        assert answer.status_code == 400, answer.json


class TestChecksOfSeveralBatches:
    def test_items_exclude_each_other_whichever_of_them_says_so(self, town, department):
        made_item("fallow", exclusive_with=(ITEM,))
        number = farmer()[0]
        first, second = opened(town, "fallow"), opened(town)
        add(town, first, number)
        late = add(town, second, number)  # farmland itself excludes nothing
        checked(town, department, first)
        checked(town, department, second)
        assert (findings(late["id"]), state(late["id"])) == (["exclusive_item"], "blocked")

    def test_a_household_has_its_cap_in_whatever_order_batches_are_checked(self, town, department):
        made_item("cap", household_cap_fen=20_000)
        one, two = farmer(household="H-9")[0], farmer("刘二", household="H-9")[0]
        early, late = opened(town, "cap"), opened(town, "cap", part=2)
        first, second = add(town, early, one), add(town, late, two, "刘二")
        checked(town, department, late)
        checked(town, department, early)
        assert (state(second["id"]), findings(first["id"])) == ("ok", ["household_cap"])

    def test_checks_of_an_item_whose_rule_is_not_in_force_do_not_begin(self, town, department):
        made_item("ruleless", rule_set="not_written_yet")
        one = opened(town, "ruleless")
        add(town, one, farmer()[0])
        do(town, one, "submit")
        for what in ("check", "ask"):
            answer = department.post(f"{BASE}/batches/{one}/{what}")
            assert (answer.status_code, answer.json["code"]) == (422, "rule_not_in_force")
        assert batch.read(ObjectId(one))["state"] == "collecting", "it can still be sent back or cancelled"

    def test_an_objection_decided_while_the_checks_run_stays_decided(self, town, department, monkeypatch):
        """The checks read a line, somebody lets its objection go, then the checks write what they found."""
        one = opened(town)
        made = ObjectId(add(town, one, farmer()[0])["id"])
        mark = finding.found("objection", line.read(made)["collected_at"], about=1)
        BenefitLine._get_collection().update_one({"_id": made}, {"$set": {"findings": [mark], "state": "blocked"}})
        line.recount(ObjectId(one))
        real, left = finding.merged, [1]

        def late(new, old):
            if left:
                left.pop()
                told = {"findings": []}
                line.move(made, ("blocked",), "ok", pushed=line.history("test", "objection_rejected"), told=told)
            return real(new, old)

        monkeypatch.setattr(finding, "merged", late)
        checked(town, department, one)
        assert (left, findings(str(made)), state(str(made))) == ([], [], "ok")
        assert counted(one) == {"ok": 1}

    def test_the_scope_of_a_run_names_both_sides_of_an_exclusion(self, town):
        made_item("fallow", exclusive_with=(ITEM,))
        found = batch.read(ObjectId(opened(town)))
        assert scope.prepared(found)[0].exclusive == ("fallow",)


class TestAPageForEverybody:
    def test_the_public_list_names_nobody_in_any_state(self, client, town, department):
        one = opened(town)
        made = [add(town, one, farmer(name)[0], name) for name in ("刘大山", "王五")]
        published(town, department, one)
        page = client.get(f"/public/v1/benefits/publicity/{one}")
        rows = [line.read(ObjectId(each["id"])) for each in made]
        hidden = [text for row in rows for text in vars(line.opened(row)).values() if text]
        hidden += [str(row["person"]) for row in rows]
        assert not [text for text in hidden if text in page.text]
        do(department, one, "return", reason="名单有误")
        assert client.get(f"/public/v1/benefits/publicity/{one}").status_code == 404
        assert one not in client.get("/public/v1/benefits/publicity").text

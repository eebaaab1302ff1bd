"""Publicity: seven working days, masked names, objections that hold a line, and what comes after the last day."""

import pytest
from bson import ObjectId

from backend import clock, outbox
from models.affairs.case import Case
from models.benefits import batch, line, objection, publicity
from models.benefits.line import BenefitLine
from tests.onecard import benefits_kit as kit
from tests.onecard.benefits_kit import (
    BASE,
    VILLAGE,
    add,
    check_again,
    checked,
    counted,
    do,
    farmer,
    findings,
    opened,
    published,
    state,
)
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.queues import drain

pytestmark = pytest.mark.usefixtures("farmland")
admin, department, farmland, town = kit.admin, kit.department, kit.farmland, kit.town
PUBLIC = "/public/v1/benefits/publicity"
MONDAY, NEXT_WEDNESDAY, NEXT_THURSDAY = "2026-11-23", "2026-12-02", "2026-12-03"


@pytest.fixture
def monday(travel, client):
    """It is a Monday with no holiday near: the seventh working day after it is the Wednesday of the next week."""
    travel(MONDAY)


@pytest.fixture
def neighbour(client, seeded, sandbox):
    """A resident whose binding is sure."""
    return Phone(client, sandbox).ready().sure()


@pytest.fixture
def village(monday, town, department):
    """A published batch of three farmers; return its id and their lines."""
    one = opened(town)
    made = [add(town, one, farmer(name)[0], name) for name in ("刘大山", "欧阳小川", "王五")]
    published(town, department, one)
    return one, [each["id"] for each in made]


def object_to(phone, batch_id: str, line_id: str | None = None, text: str = "耕地已流转给他人", **more):
    return phone.post(f"/mini/v1/benefits/publicity/{batch_id}/objections", {"line_id": line_id, "text": text, **more})


def decide(department, case_id: str, outcome: str) -> None:
    assert department.post(f"/office/v1/cases/{case_id}/claim").status_code == 200
    answer = department.post(f"/office/v1/cases/{case_id}/decide", {"outcome": outcome, "reason": "已入户核查"})
    assert answer.status_code == 200, answer.json


class TestWhatIsPublic:
    def test_a_childs_name_is_not_told_at_all(self, client, monday, town, department):
        one, number = opened(town), farmer("苌小苗", birth="20190402")[0]
        add(town, one, number, "苌小苗")
        add(town, one, farmer("刘大山")[0])
        checked(town, department, one)
        BenefitLine.objects(batch=ObjectId(one)).update(state="ok")
        line.recount(ObjectId(one))
        do(department, one, "publish")
        answer = client.get(f"{PUBLIC}/{one}")
        assert [each["name_masked"] for each in answer.json["items"]] == [publicity.CHILD_ZH, "刘**"]
        assert "苌" not in answer.text

    def test_names_are_masked_and_no_number_is_told(self, client, village):
        one, lines = village
        (listed,) = client.get(PUBLIC).json["items"]
        assert (listed["id"], listed["lines"], listed["total_fen"]) == (one, 3, 36_150)
        assert (listed["unit_zh"], listed["last_day"]) == ("贡江镇人民政府", NEXT_WEDNESDAY)
        answer = client.get(f"{PUBLIC}/{one}")
        assert [each["name_masked"] for each in answer.json["items"]] == ["刘**", "欧阳**", "王*"]
        assert {tuple(sorted(each)) for each in answer.json["items"]} == {
            ("amount_fen", "area", "id", "name_masked", "state")
        }
        assert {each["area"] for each in answer.json["items"]} == {VILLAGE}
        rows = [line.opened(line.read(ObjectId(each))) for each in lines]
        assert not any(text in answer.text for row in rows for text in (row.name, row.number, row.account))

    def test_search_engines_and_caches_are_told_to_stay_away(self, client, village):
        for path in (PUBLIC, f"{PUBLIC}/{village[0]}", f"{PUBLIC}/{'0' * 24}"):
            answer = client.get(path)
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert answer.headers["Cache-Control"] == "no-store"

    def test_the_list_pages_through_all_lines(self, client, village):
        seen, cursor = [], ""
        while cursor is not None:
            page = client.get(f"{PUBLIC}/{village[0]}?limit=2{cursor and '&cursor='}{cursor}").json
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert seen == village[1]

    def test_who_does_not_get_it_is_not_in_the_list(self, client, monday, town, department):
        one = opened(town)
        add(town, one, farmer()[0])
        add(town, one, farmer(died="2026-01-01")[0])
        published(town, department, one)
        shown = client.get(f"{PUBLIC}/{one}").json
        assert (len(shown["items"]), shown["batch"]["lines"]) == (1, 1)

    def test_before_and_after_its_time_nothing_is_to_be_seen(self, client, monday, town, department, travel):
        one = opened(town)
        add(town, one, farmer()[0])
        checked(town, department, one)
        assert client.get(f"{PUBLIC}/{one}").status_code == 404
        do(department, one, "publish")
        travel(NEXT_WEDNESDAY, "23:59")
        assert client.get(f"{PUBLIC}/{one}").status_code == 200
        travel(NEXT_THURSDAY, "00:01")
        assert client.get(f"{PUBLIC}/{one}").status_code == 404
        assert client.get(PUBLIC).json["items"] == []
        assert batch.read(ObjectId(one))["state"] == "in_publicity", (
            "the time decides, not the entry that writes it down"
        )

    @pytest.mark.parametrize("batch_id", ["x", "0" * 24, "%24ne", "1" * 300])
    def test_what_is_no_batch_is_not_found(self, client, store, batch_id):
        assert client.get(f"{PUBLIC}/{batch_id}").status_code == 404


class TestItsTime:
    def test_weekends_do_not_count_and_then_it_moves_on_to_finance(self, village, department, travel):
        one, _ = village
        found = batch.read(ObjectId(one))
        assert clock.civil(found["publicity_until"]).isoformat() == "2026-12-03T00:00:00+08:00"
        travel(NEXT_WEDNESDAY, "23:59")
        drain("affairs")
        assert batch.read(ObjectId(one))["state"] == "in_publicity"
        travel(NEXT_THURSDAY, "00:01")
        drain("affairs")
        found = batch.read(ObjectId(one))
        assert (found["state"], found["step"]) == ("publicity_done", "finance")
        case = Case._get_collection().find_one({"_id": found["case"]})
        assert (case["work"]["step"], case["work"]["role"]) == ("finance", "finance_clerk")

    def test_the_end_may_be_written_down_twice(self, village, travel):
        one = ObjectId(village[0])
        travel(NEXT_THURSDAY)
        publicity.over(one)
        publicity.over(one)
        assert batch.read(one)["state"] == "publicity_done"

    def test_it_does_not_end_before_its_time(self, village):
        with pytest.raises(outbox.Later):
            publicity.over(ObjectId(village[0]))
        assert batch.read(ObjectId(village[0]))["state"] == "in_publicity"

    def test_the_national_day_holidays_do_not_count(self, travel, town, department):
        travel("2026-09-28")
        town.log_in(), department.log_in()
        one = opened(town)
        add(town, one, farmer()[0])
        told = published(town, department, one)
        assert told["publicity_until"] > "2026-10-12", (
            "between 28 September and 12 October lie ten days, seven of them off"
        )

    def test_who_submitted_it_does_not_publish_it(self, monday, client, admin):
        both = admin.hire("benefit_clerk", "benefit_manager", unit="town_360731100")
        kit.made_item("own_item", unit=kit.TOWN)
        one = opened(both, "own_item")
        add(both, one, farmer()[0])
        checked(both, both, one)
        answer = both.post(f"{BASE}/batches/{one}/publish", {})
        assert (answer.status_code, answer.json["code"]) == (422, "case_same_person")

    def test_unconfirmed_lines_are_confirmed_or_left_out(self, monday, town, department):
        one = opened(town)
        good, open_ = add(town, one, farmer()[0]), add(town, one, farmer(active=False)[0])
        checked(town, department, one)
        BenefitLine._get_collection().update_one({"_id": ObjectId(open_["id"])}, {"$set": {"state": "to_confirm"}})
        line.recount(ObjectId(one))
        answer = department.post(f"{BASE}/batches/{one}/publish", {})
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_lines_to_confirm")
        told = do(department, one, "publish", leave_out_unsettled=True)
        assert told["state"] == "in_publicity"
        assert counted(one) == {"ok": 1, "blocked": 1}
        assert findings(open_["id"])[-1] == "set_aside"
        assert state(good["id"]) == "ok"

    def test_a_batch_of_which_nobody_passed_is_not_published(self, monday, town, department):
        one = opened(town)
        add(town, one, farmer(died="2026-01-01")[0])
        checked(town, department, one)
        assert department.post(f"{BASE}/batches/{one}/publish", {}).json["code"] == "benefit_nothing_to_publish"

    def test_what_is_sent_back_is_not_public_any_more(self, client, village, town, department):
        one, _ = village
        assert do(department, one, "return", reason="名单有误")["state"] == "returned"
        assert client.get(f"{PUBLIC}/{one}").status_code == 404
        publicity.over(ObjectId(one))
        assert batch.read(ObjectId(one))["state"] == "returned"
        do(town, one, "submit")
        assert check_again(department, one)["counts"] == {"ok": 3}


class TestObjections:
    def test_an_objection_is_a_case_of_the_department_and_holds_the_line(self, client, village, neighbour, department):
        one, lines = village
        answer = object_to(neighbour, one, lines[0])
        assert (answer.status_code, answer.json["kind"]) == (201, "benefit_objection")
        assert answer.json["unit"] == "agriculture_rural"
        assert (state(lines[0]), findings(lines[0])) == ("blocked", ["objection"])
        assert counted(one) == {"ok": 2, "blocked": 1}
        shown = {each["id"]: each["state"] for each in client.get(f"{PUBLIC}/{one}").json["items"]}
        assert shown == {lines[0]: "objected", lines[1]: "published", lines[2]: "published"}
        (waiting,) = department.get("/office/v1/cases/inbox?kind=benefit_objection").json["items"]
        assert waiting["number"] == answer.json["number"]

    def test_upheld_the_line_is_not_paid_rejected_it_goes_on(self, village, neighbour, department):
        one, lines = village
        cases = [object_to(neighbour, one, each).json["id"] for each in lines[:2]]
        decide(department, cases[0], "upheld")
        decide(department, cases[1], "rejected")
        assert (state(lines[0]), findings(lines[0])) == ("blocked", ["objection_upheld"])
        assert (state(lines[1]), findings(lines[1])) == ("ok", [])
        assert counted(one) == {"ok": 2, "blocked": 1}
        own = neighbour.get(f"/mini/v1/cases/{cases[0]}").json
        assert own["decisions"][0]["outcome_zh"] == "异议成立"

    def test_a_withdrawn_objection_frees_the_line(self, village, neighbour):
        one, lines = village
        case = object_to(neighbour, one, lines[0]).json["id"]
        assert neighbour.post(f"/mini/v1/cases/{case}/withdraw").status_code == 200
        assert (state(lines[0]), findings(lines[0])) == ("ok", [])

    def test_of_two_objections_the_last_answer_frees_the_line(self, client, seeded, sandbox, village, department):
        one, lines = village
        phones = [Phone(client, sandbox).ready().sure() for _ in range(2)]
        cases = [object_to(each, one, lines[0]).json["id"] for each in phones]
        decide(department, cases[0], "rejected")
        assert (state(lines[0]), findings(lines[0])) == ("blocked", ["objection"])
        decide(department, cases[1], "rejected")
        assert (state(lines[0]), findings(lines[0])) == ("ok", [])

    def test_one_upheld_objection_is_enough(self, client, seeded, sandbox, village, department):
        one, lines = village
        phones = [Phone(client, sandbox).ready().sure() for _ in range(2)]
        cases = [object_to(each, one, lines[0]).json["id"] for each in phones]
        decide(department, cases[0], "upheld")
        decide(department, cases[1], "rejected")
        assert (state(lines[0]), findings(lines[0])) == ("blocked", ["objection_upheld"])

    def test_many_who_object_at_once_are_all_counted(self, client, seeded, sandbox, village):
        one, lines = village
        phones = [Phone(client, sandbox).ready().sure() for _ in range(4)]
        twins = [each.twin(client.application.test_client()) for each in phones]
        answers = at_once([lambda p=p: object_to(p, one, lines[0]) for p in twins])
        assert [answer.status_code for answer in answers] == [201] * 4
        row = line.read(ObjectId(lines[0]))
        assert [each["about"] for each in row["findings"]] == [4]
        assert counted(one) == {"ok": 2, "blocked": 1}

    def test_the_same_objection_again_names_the_open_case(self, village, neighbour):
        one, lines = village
        first = object_to(neighbour, one, lines[0]).json
        again = object_to(neighbour, one, lines[0])
        assert (again.status_code, again.json["code"]) == (409, "case_already_open")
        assert first["number"] in again.json["message"]
        assert line.read(ObjectId(lines[0]))["findings"][0]["about"] == 1

    def test_who_misses_themselves_says_so_without_a_line(self, village, neighbour, department):
        answer = object_to(neighbour, village[0], None, "我家有三亩地,名单里没有我")
        assert answer.status_code == 201
        assert counted(village[0]) == {"ok": 3}
        decide(department, answer.json["id"], "rejected")

    def test_nobody_objects_without_being_known(self, client, seeded, sandbox, village):
        one, lines = village
        stranger = Phone(client, sandbox).ready()
        answer = object_to(stranger, one, lines[0])
        assert (answer.status_code, state(lines[0])) == (403, "ok")
        assert client.post(f"/mini/v1/benefits/publicity/{one}/objections", json={"text": "x"}).status_code == 401

    def test_after_the_last_day_it_is_too_late(self, village, neighbour, travel):
        one, lines = village
        travel(NEXT_THURSDAY, "00:01")
        answer = object_to(neighbour.log_in(), one, lines[0])
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_publicity_over")
        assert state(lines[0]) == "ok"

    @pytest.mark.parametrize(
        ("line_id", "text", "status"),
        [("0" * 24, "x", 404), ("x", "x", 404), (None, " ", 400), (None, "x" * 2001, 400), ({"$ne": 1}, "x", 400)],
    )
    def test_odd_objections_are_refused(self, village, neighbour, line_id, text, status):
        assert object_to(neighbour, village[0], line_id, text).status_code == status

    def test_a_line_of_another_list_is_not_found(self, village, neighbour, town, department):
        other = opened(town, part=2)
        made = add(town, other, farmer()[0])
        published(town, department, other)
        assert object_to(neighbour, village[0], made["id"]).status_code == 404

    def test_case_and_line_change_together_or_not_at_all(self, village, neighbour, monkeypatch):
        one, lines = village

        def torn(*_given):
            raise KeyboardInterrupt

        monkeypatch.setattr(objection, "_hold", torn)
        with pytest.raises(KeyboardInterrupt):
            object_to(neighbour, one, lines[0])
        monkeypatch.undo()
        assert Case._get_collection().find_one({"once": {"$gt": "objection:"}, "kind": "benefit_objection"}) is None
        assert (state(lines[0]), counted(one)) == ("ok", {"ok": 3})

"""Staff with the registers, over HTTP: facts of a person, masked and with an access line; how each register is."""

import pytest
from bson import ObjectId

from models.affairs import kind_table, open_case
from models.affairs.open_case import Matter
from models.audit.access_line import AccessLine
from models.registers import fact
from tests.office.conftest import on_duty
from tests.support.phone import resident_id
from tests.trust.registers_kit import ALL, ask, ask_all, only, somebody

URL = "/office/v1/persons/{}/facts?kind=household.address&kind=household.members&kind=property.certificate"


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def handler(client, admin):
    return on_duty(client, "handler", lambda: admin.hire("case_handler", unit=kind_table.DATA_UNIT))


def case_of(person_id, *, unit=kind_table.DATA_UNIT) -> str:
    """Open a case of a person at the desk of the handlers of a unit, and return its number."""
    opener = open_case.Opener("resident:test", person_id)
    return open_case.open_case(opener, kind_table.PRIVACY["explain"], Matter(unit, "从哪里来?"))["number"]


@pytest.fixture
def known(box, admin):
    """A person of whom all registers were asked."""
    made, about = somebody(box, *ALL)
    ask_all(about)
    return made, about


class TestFactsOfAPerson:
    def test_they_come_with_source_dates_and_masks_after_an_access_line(self, handler, known, box):
        made, about = known
        number = case_of(about.person)
        answer = handler.get(URL.format(about.person) + f"&case={number}")
        assert answer.status_code == 200, answer.json
        kinds = {one["kind"] for one in answer.json["items"]}
        assert kinds == {"household.address", "household.members", "property.certificate"}
        assert all(one["unit_zh"] and one["fetched_at"].endswith("+08:00") for one in answer.json["items"])
        told = box.lookup(made["number"])
        secrets = [made["number"], made["name"], told["household"]["address"], told["property"][0]["certificate_no"]]
        assert [one for one in secrets if one in answer.text] == []
        (line,) = AccessLine._get_collection().find({"subjects": about.person})
        assert (line["who"], line["purpose"], line["case"]) == (f"staff:{handler.id}", "case_handling", number)
        assert line["fields"] == ["facts.value"]

    def test_only_the_kinds_that_were_named_are_shown(self, handler, known):
        _, about = known
        number = case_of(about.person)
        answer = handler.get(f"/office/v1/persons/{about.person}/facts?kind=person.sex&case={number}")
        assert [one["kind"] for one in answer.json["items"]] == ["person.sex"]
        assert [one["code"] for one in answer.json["sources"]] == ["household"]
        assert handler.get(f"/office/v1/persons/{about.person}/facts").status_code == 400
        assert handler.get(f"/office/v1/persons/{about.person}/facts?kind=shoe_size").status_code == 400

    def test_children_of_the_household_are_not_named(self, handler, known, box):
        made, about = known
        household = box.lookup(made["number"])["household"]
        for number, name in ((resident_id("20200801"), "欧阳小满"), (resident_id("19880801"), "司马大满")):
            box.change("people", number, number=number, name=name, birth=f"{number[6:10]}-08-01", sex="female")
            household["members"].append({"number": number, "relation": "child"})
        box.change("household", household["household_no"], members=household["members"])
        ask("household", about)
        items = handler.get(f"{URL.format(about.person)}&case={case_of(about.person)}").json["items"]
        (told,) = [one["value_zh"] for one in items if one["kind"] == "household.members"]
        assert ("欧阳" in told, "未满14周岁,需审批(子女)" in told, "司马**(子女)" in told or "司***(子女)" in told) == (
            False,
            True,
            True,
        )

    def test_a_dispute_is_shown(self, handler, known):
        _, about = known
        fact.dispute(only(about, "household.address").id, about)
        items = handler.get(f"{URL.format(about.person)}&case={case_of(about.person)}").json["items"]
        assert {one["state"] for one in items if one["kind"] == "household.address"} == {"disputed"}

    def test_nobody_is_not_found_and_leaves_no_line(self, handler, box):
        number = case_of(ObjectId())
        assert handler.get(f"{URL.format(ObjectId())}&case={number}").status_code == 404
        assert handler.get(URL.format("x")).status_code == 404
        assert AccessLine._get_collection().find_one({"who": f"staff:{handler.id}"}) is None

    def test_without_a_case_nobody_is_looked_at(self, handler, known):
        _, about = known
        answer = handler.get(URL.format(about.person))
        assert (answer.status_code, answer.json["code"]) == (422, "case_needed")
        assert AccessLine._get_collection().find_one({"subjects": about.person}) is None

    def test_a_case_of_somebody_else_or_of_another_desk_opens_nothing(self, handler, known, box):
        _, about = known
        _, other = somebody(box)
        for number in (case_of(other.person), case_of(about.person, unit="public_security"), "PIPL-20261123-999999"):
            answer = handler.get(f"{URL.format(about.person)}&case={number}")
            assert (answer.status_code, answer.json["code"]) == (404, "not_found")
        assert AccessLine._get_collection().find_one({"subjects": about.person}) is None

    def test_at_the_counter_whoever_stands_there_is_looked_at_and_nobody_else(self, counter, known, box):
        _, about = known
        _, other = somebody(box)
        standing = counter.standing(str(about.person))
        assert counter.clerk.get(URL.format(about.person), **standing).status_code == 200
        assert counter.clerk.get(URL.format(other.person), **standing).status_code == 404
        over = counter.clerk.get(URL.format(about.person), **{"Counter-Session": str(ObjectId())})
        assert over.json["code"] == "counter_session_over"

    def test_who_lacks_the_operation_is_refused(self, manager, auditor, known):
        _, about = known
        for member in (manager, auditor):
            assert member.get(URL.format(about.person)).status_code == 403
            assert member.get("/office/v1/registers").status_code == 403


class TestRegisters:
    def test_each_is_shown_with_its_state_and_its_last_hour(self, handler, box):
        _, about = somebody(box)
        ask("household", about)
        ask("property", about)
        box.fault("garbage", register="death")
        for _ in range(5):
            ask("death", about)
        items = {one["code"]: one for one in handler.get("/office/v1/registers").json["items"]}
        assert items["household"]["state"] == "up"
        assert items["household"]["last_hour"] == {"found": 1, "no_record": 0, "failed": 0}
        assert items["property"]["last_hour"]["no_record"] == 1
        assert (items["death"]["state"], items["death"]["reason"]) == ("away", "no JSON")
        assert items["death"]["away_since"] <= items["death"]["last_failure"]
        assert items["business"]["state"] == "never_asked"

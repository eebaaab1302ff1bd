"""The county's own items: one residents' matter and the appeals of firms run as data, from the form to the end."""

import pytest

from backend import clock
from bench.fuzz.firm_contents import APPEAL
from models.affairs import service_item_content
from models.affairs.service_item import ServiceItem
from models.identity import account
from models.registers import fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from seed import service_item_data
from tests.affairs import kit
from tests.affairs.kit import opened
from tests.selenium.grower_kit import firm
from tests.support import affairs
from tests.support.affairs import decide, move

CARD = {
    "sort": "lost",
    "lost_on": "2026-11-01",
    "town": kit.TOWN,
    "phone": "13800000000",
    "delivery": "counter",
    "true_and_whole": True,
}


def test_each_is_put_once_and_marked_as_a_sample(seeded):
    again = service_item_data.items()
    found = list(ServiceItem._get_collection().find({"state": "published"}))
    assert len(found) == again >= 2
    assert all(one["source"] for one in found)
    assert all(service_item_content.kind_of(one).zh for one in found)


@pytest.fixture
def known(resident):
    """The resident lets the household register be asked, which knows birth date and address."""
    assert resident.consent("facts").status_code == 204
    about = Subject(person=account.authenticate(resident.token).person_id)
    for kind, value in {
        "person.birth_date": {"birth": "1950-03-07"},
        "household.address": {"address": "于都县贡江镇长征大道1号"},
    }.items():
        fact.Fact._get_collection().insert_one(
            fact.draft(about, "household", Statement(kind, value, kind), clock.now())
        )
    return resident


def test_an_old_age_card_of_whom_the_registers_do_not_know_asks_for_the_papers(resident):
    refused = kit.applied(resident, "old_age_card", CARD)
    assert (refused.status_code, refused.json["code"]) == (422, "materials_missing")
    spared = resident.get("/mini/v1/service-items/old_age_card/materials").json["spared"]
    assert spared == 0


def test_an_old_age_card_goes_from_the_town_to_the_county_without_a_paper(client, known):
    town = affairs.seat(client, "case_handler", unit=f"town_{kit.TOWN}")
    county = affairs.seat(client, "case_handler", unit="civil_affairs")
    case_id = opened(known, "old_age_card", CARD)
    assert known.get(f"/mini/v1/cases/{case_id}/materials").json["spared"] == 2
    move(town, case_id, "claim")
    decide(town, case_id, "accepted")
    move(county, case_id, "claim")
    assert decide(county, case_id, "again")["step"] == "accept"
    move(town, case_id, "claim")
    decide(town, case_id, "accepted")
    move(county, case_id, "claim")
    assert decide(county, case_id, "granted")["state"] == "decided"


@pytest.fixture
def garments(client, sandbox, seeded):
    return firm(client, sandbox, name="于都县演示服装有限公司")


def test_an_appeal_of_a_firm_is_acknowledged_answered_and_looked_at_again(client, garments, shift_clock):
    handler = affairs.seat(client, "case_handler", unit="industry_information")
    supervisor = affairs.seat(client, "case_supervisor", unit="industry_information")
    told = garments.post("/service-items/enterprise_appeal/cases", {"version": 1, "answers": APPEAL})
    assert told.status_code == 201, told.json
    case_id = told.json["id"]
    assert (told.json["step_zh"], told.json["due_day"]) == ("签收分派", "2026-11-23")
    move(handler, case_id, "claim")
    answered = decide(handler, case_id, "accepted")
    assert (answered["step_zh"], answered["due_day"]) == ("办理答复", "2026-11-27")
    move(handler, case_id, "claim")
    decide(handler, case_id, "explained")
    again = garments.post(f"/cases/{case_id}/appeal", {"text": "问题没有解决"})
    assert (again.status_code, again.json["step_zh"]) == (200, "不满意重新办理")
    move(supervisor, case_id, "claim")
    assert decide(supervisor, case_id, "solved")["state"] == "closed"

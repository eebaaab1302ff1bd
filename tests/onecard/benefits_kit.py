"""What the tests of benefits share: an item, a town's clerk, the department, and farmers known to the registers."""

import itertools
from datetime import date, timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock, identity_documents
from models.benefits import batch, item, line
from models.benefits.item import Told
from models.benefits.line import BenefitLine
from models.identity import person
from models.onecard import card
from models.registers import inquiry, record
from models.registers.statement import Statement
from models.registers.subject import Subject
from tests.office import conftest as staff
from tests.office.conftest import on_duty
from tests.support.phone import resident_id
from tests.support.queues import drain

admin = staff.admin
TOWN, OTHER_TOWN = "town_360731100", "town_360731101"
VILLAGE = "360731100001"
PERIOD = "2026"
ITEM = "farmland"
BASE = "/office/v1/benefits"
_accounts = itertools.count(6_217_000_000_000_000)


@pytest.fixture
def town(client, admin):
    """The clerk of a town."""
    return on_duty(client, "benefit_town", lambda: admin.hire("benefit_clerk", unit=TOWN))


@pytest.fixture
def other_town(client, admin):
    """The clerk of another town."""
    return on_duty(client, "benefit_other_town", lambda: admin.hire("benefit_clerk", unit=OTHER_TOWN))


@pytest.fixture
def department(client, admin):
    """The department whose item it is."""
    return on_duty(client, "benefit_department", lambda: admin.hire("benefit_manager", unit="agriculture_rural"))


@pytest.fixture
def farmland(seeded):
    return made_item()


def made_item(code: str = ITEM, **more) -> dict:
    told = {
        "zh": "耕地地力保护补贴",
        "unit": "agriculture_rural",
        "period_kind": "year",
        "fund": f"fund:{code}",
        "basis": "财农〔2016〕26号",
        "valid_from": "2026-01-01",
        "most_fen": 1_000_000,
        **more,
    }
    assert item.seed(code, Told(**told), [])
    return item.newest(code)


def farmer(
    name: str = "刘大山", *, birth: str = "19700307", register_name: str = "", died: str = "", household="", active=True
):
    """Return number and person of somebody whom the registers know, with an active card unless told otherwise."""
    number = resident_id(birth)
    document = identity_documents.parse("resident_id", number)
    person_id = person.find_or_declare(document, name)
    known(person_id, register_name or name, died=died, household=household or f"H{number}")
    if active:
        give_card(person_id)
    return number, person_id


def known(person_id: ObjectId, name: str, *, died: str = "", household: str = "") -> None:
    """Let the registers of households and of deaths say something today."""
    told = [Statement("person.name", {"name": name})]
    told += [Statement("household.number", {"number": household, "type": "family"})] if household else []
    _answer("household", person_id, told)
    _answer("death", person_id, [Statement("death.date", {"died_on": died})] if died else [])


def _answer(source: str, person_id: ObjectId, told: list[Statement]) -> None:
    about, at = Subject(person=person_id), clock.now()
    turn = inquiry.take(source, about)
    note = partial(inquiry.answered, source, about, turn, "found" if told else "no_record", at=at)
    record.record(about, source, told, at=at, guard=lambda session: note(session=session))


def give_card(person_id: ObjectId, state: str = "active", **more) -> ObjectId:
    found = card.begin(person_id, card.pending("issue"), by="test") | {"state": state, "commands": [], "outbox": []}
    card.insert({**found, **({"live": False} if state == "cancelled" else {}), **more})
    return found["_id"]


def told(number: str, name: str = "刘大山", **more) -> dict:
    return {
        "name": name,
        "number": number,
        "account": str(next(_accounts)),
        "amount_fen": 12_050,
        "area": VILLAGE,
        **more,
    }


def opened(clerk, code: str = ITEM, period: str = PERIOD, **more) -> str:
    """Open a batch over HTTP and return its id."""
    body = {"item": code, "period": period, "unit": TOWN, **more}
    answer = clerk.post(f"{BASE}/batches", body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def add(clerk, batch_id: str, number: str, name: str = "刘大山", **more) -> dict:
    answer = clerk.post(f"{BASE}/batches/{batch_id}/lines", told(number, name, **more))
    assert answer.status_code == 201, answer.json
    return answer.json


def do(clerk, batch_id: str, what: str, **body) -> dict:
    answer = clerk.post(f"{BASE}/batches/{batch_id}/{what}", body)
    assert answer.status_code in {200, 202}, answer.json
    return answer.json


def checked(town, department, batch_id: str) -> dict:
    """Submit a batch, let it be checked, and return it."""
    do(town, batch_id, "submit")
    return check_again(department, batch_id)


def check_again(department, batch_id: str) -> dict:
    do(department, batch_id, "check")
    drain("reports")
    return department.get(f"{BASE}/batches/{batch_id}").json


def published(town, department, batch_id: str) -> dict:
    checked(town, department, batch_id)
    return do(department, batch_id, "publish")


def findings(line_id: str) -> list[str]:
    return [one["code"] for one in line.read(ObjectId(line_id))["findings"]]


def state(line_id: str) -> str:
    return line.read(ObjectId(line_id))["state"]


def counted(batch_id: str) -> dict:
    """Return counts and sums as the batch keeps them, after comparing them with its lines."""
    found = batch.read(ObjectId(batch_id))
    kept = {name: value for name, value in found["counts"].items() if value}
    counts, sums = {}, {}
    for row in BenefitLine._get_collection().find({"batch": found["_id"]}):
        counts[row["state"]] = counts.get(row["state"], 0) + 1
        sums[row["state"]] = sums.get(row["state"], 0) + row["amount_fen"]
    assert kept == counts
    assert {name: found["sums"][name] for name in counts} == sums
    return counts


def later(days: int) -> date:
    return clock.today() + timedelta(days=days)

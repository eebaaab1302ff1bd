"""A village with a clinic, its doctor, an elder and the daughter who acts for her; over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from models.eldercare import subject
from models.identity import account, relation
from models.identity.person import Person
from tests.office.conftest import on_duty
from tests.support.clerk import Clerk
from tests.support.phone import Phone
from tests.support.phone import person as papers

CLINIC, HOME, OTHER_CLINIC = "tantou_clinic", "tantou_home", "gongjiang_clinic"
UNITS = {
    CLINIC: ("潭头村卫生室", "360731105"),
    HOME: ("潭头敬老院", "360731105"),
    OTHER_CLINIC: ("贡江村卫生室", "360731100"),
}
BORN = "19480312"
ELDERS = "/office/v1/health/elders"


def units(admin: Clerk, *codes: str) -> None:
    """Make the units that care."""
    for code in codes or UNITS:
        name, area = UNITS[code]
        body = {"code": code, "name": name, "kind": "institution", "parent": "county_360731", "area": area}
        answer = admin.post("/office/v1/units", body)
        assert answer.status_code in {201, 409}, answer.json


def doctor(client, admin: Clerk, unit: str = CLINIC, role: str = "village_doctor") -> Clerk:
    """Return a member of the staff of a unit that cares, logged in."""
    units(admin, unit)
    return on_duty(client, f"{role}@{unit}", lambda: admin.hire(role, unit=unit))


def manager(client, admin: Clerk) -> Clerk:
    """Return who manages health in the county."""
    return on_duty(client, "health_manager", lambda: admin.hire("health_manager"))


@dataclass
class Elder:
    """An elder: `id` is the health subject, `person` the papers."""

    id: str
    papers: dict[str, str]
    told: dict[str, Any]

    @property
    def subject(self) -> ObjectId:
        return ObjectId(self.id)

    @property
    def path(self) -> str:
        return f"{ELDERS}/{self.id}"


def enrolled(clerk: Clerk, told: dict[str, str] | None = None, *, cares_as: str = "village_clinic", **more) -> Elder:
    """Let a member of the staff enrol an elder at their own unit."""
    known = told or papers("张桂英", BORN)
    body = {**known, "document_seen": "identity_card", "cares_as": cares_as, **more}
    answer = clerk.post(ELDERS, body)
    assert answer.status_code == 201, answer.json
    return Elder(answer.json["id"], known, answer.json)


def phone_of(client, sandbox, elder: Elder) -> Phone:
    """Return the elder's own phone, bound by a register."""
    phone = Phone(client, sandbox).log_in()
    phone.consent("document")
    answer = phone.post("/mini/v1/person", elder.papers)
    assert answer.status_code == 201, answer.json
    return phone.sure("verified")


@dataclass
class Daughter:
    """A relative's phone; every call acts for the elder."""

    phone: Phone
    relation_id: str

    def call(self, method: str, path: str, body=None, **headers):
        return self.phone.call(method, path, body, **{"Acting-For": self.relation_id, **headers})

    def get(self, path: str, **headers):
        return self.call("GET", path, **headers)

    def post(self, path: str, body=None, **headers):
        return self.call("POST", path, {} if body is None else body, **headers)


def daughter(client, sandbox, elder: Elder, *, scope: tuple[str, ...] = ("health",)) -> Daughter:
    """Return a daughter whom the elder lets act in these things, as a clerk established it."""

    person_id = subject.person_of(subject.read(elder.subject))
    phone = Phone(client, sandbox).ready("19750505").sure("verified")
    own = _person_of(phone)
    _proven(person_id)
    made = relation.establish(
        "helper", person_id, own, method="counter", evidence=["both_present"], by="staff:test", scope=scope,
        last_day=clock.today() + timedelta(days=300),
    )  # fmt: skip
    return Daughter(phone, str(made["_id"]))


def _person_of(phone: Phone) -> ObjectId:

    return account.authenticate(phone.token).document["person"]


def _proven(person_id: ObjectId) -> None:
    """Let a register have matched the elder."""

    Person._get_collection().update_one({"_id": person_id, "level": "declared"}, {"$set": {"level": "matched"}})


def pressure(systolic: float = 128, diastolic: float = 82, *, minutes_ago: int = 5, **more) -> dict[str, Any]:
    """Return a body that enters a blood pressure."""
    values = {"systolic": {"value": systolic, "unit": "mm[Hg]"}, "diastolic": {"value": diastolic, "unit": "mm[Hg]"}}
    return {"code": "blood_pressure", "values": values, "at": moment(minutes_ago), **more}


def value(code: str, number: float, unit: str, *, minutes_ago: int = 5, **more) -> dict[str, Any]:
    """Return a body that enters one value."""
    return {"code": code, "values": {code: {"value": number, "unit": unit}}, "at": moment(minutes_ago), **more}


def said(kind: str, title: str, *, minutes_ago: int = 5, source: str = "", **content) -> dict[str, Any]:
    """Return a body that enters a record."""
    told = {"kind": kind, "content": {"title_zh": title, **content}, "at": moment(minutes_ago)}
    return told | ({"source": source} if source else {})


def moment(minutes_ago: int) -> str:
    return clock.civil(clock.now() - timedelta(minutes=minutes_ago)).isoformat()


def observed(clerk: Clerk, elder: Elder, body: dict[str, Any]) -> dict[str, Any]:
    """Enter an observation and return it."""
    answer = clerk.post(f"{elder.path}/observations", body)
    assert answer.status_code == 201, answer.json
    return answer.json


def recorded(clerk: Clerk, elder: Elder, body: dict[str, Any]) -> dict[str, Any]:
    """Enter a record and return it."""
    answer = clerk.post(f"{elder.path}/records", body)
    assert answer.status_code == 201, answer.json
    return answer.json

"""Elders with units that care, findings about them, staff and relatives, for tests of the alert loop."""

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.identity_documents import parse
from models.eldercare import alert, finding, subject
from models.eldercare.alert import HealthAlert
from models.eldercare.finding import Found, HealthFinding
from models.eldercare.subject import HealthSubject
from models.identity import account, person, relation
from tests.support import affairs, queues
from tests.support.clerk import Clerk
from tests.support.counter import notices
from tests.support.phone import Phone, resident_id

UNIT, OTHER = "health_commission", "civil_affairs"
OFFICE, MINI = "/office/v1/health", "/mini/v1/health"
RULE = "bp_high"
_numbers = itertools.count(1)


def enrolled(*units: str, person_id: ObjectId | None = None) -> dict[str, Any]:
    """Return the subject of an elder for whom these units care."""
    who = person_id or person.find_or_declare(parse("resident_id", resident_id("19410308")), "赵奶奶")
    found = subject.enrol(who, by="staff:test", area="360731")
    cares = [{"unit": one, "as": "village_clinic", "since": clock.now()} for one in units]
    HealthSubject._get_collection().update_one({"_id": found["_id"]}, {"$set": {"units": cares}})
    return subject.read(found["_id"])


def found(elder: dict[str, Any], severity: str = "urgent", *, rule: str = RULE) -> dict[str, Any]:
    """Store a finding about an elder and return it; the queue makes the alert."""
    says = Found(rule, 1, severity, "收缩压 186 毫米汞柱,达到 A 类重要异常。")
    made = finding.made(elder["_id"], says, about=[ObjectId()], at=clock.now(), key=f"test:{next(_numbers)}")
    made["words"] = ["blood_pressure"]
    HealthFinding._get_collection().insert_one(made)
    outbox.wake("care")
    return made


def raised(elder: dict[str, Any], severity: str = "urgent", *, rule: str = RULE) -> dict[str, Any]:
    """Let a finding raise its alert and return that."""
    about = found(elder, severity, rule=rule)
    queues.drain()
    made = alert.of_finding(about["_id"])
    assert made is not None
    return made


def stored(alert_id: Any) -> dict[str, Any]:
    return alert.read(ObjectId(str(alert_id)))


def alerts_of(elder: dict[str, Any]) -> list[dict[str, Any]]:
    return list(HealthAlert._get_collection().find({"subject": elder["_id"]}).sort("raised_at", 1))


def doctor(client: Any, *, unit: str = UNIT) -> Clerk:
    return affairs.seat(client, "village_doctor", unit=unit)


def do(clerk: Clerk, alert_id: Any, verb: str, body: Any = None, *, status: int = 200) -> dict[str, Any]:
    """Do something with an alert and return the answer."""
    answer = clerk.post(f"{OFFICE}/alerts/{alert_id}/{verb}", body)
    assert answer.status_code == status, answer.json
    return answer.json


def acted(clerk: Clerk, alert_id: Any, kind: str = "home_visit") -> dict[str, Any]:
    return do(clerk, alert_id, "acts", {"kind": kind})


def closed(clerk: Clerk, alert_id: Any, outcome: str = "resolved", **more: Any) -> dict[str, Any]:
    return do(clerk, alert_id, "outcome", {"outcome": outcome, **more})


@dataclass
class Relative:
    """A relative at a phone who may see the elder's health; `headers` say for whom they act."""

    phone: Phone
    relation: ObjectId

    @property
    def headers(self) -> dict[str, str]:
        return {"Acting-For": str(self.relation)}

    def get(self, path: str):
        return self.phone.get(f"{MINI}{path}", **self.headers)

    def post(self, path: str, body: Any):
        return self.phone.post(f"{MINI}{path}", body, **self.headers)


def at_phone(client: Any, sandbox: Any, name: str, birth: str = "19410308", level: str = "matched") -> Phone:
    """Return the phone of a resident of whom the register is sure."""
    phone = Phone(client, sandbox).log_in()
    phone.consent("document")
    return phone.bind(name, birth).sure(level)


def told(phone: Phone) -> list[str]:
    """Return which notices about health lie in somebody's inbox, the newest first."""
    return [one for one in notices(phone) if one.startswith("health_")]


def own_person(phone: Phone) -> ObjectId:
    found = account.authenticate(phone.token).person_id
    assert found is not None
    return found


def relative(client: Any, sandbox: Any, elder_person: ObjectId, *, scope: tuple[str, ...] = ("health",)) -> Relative:
    """Return a daughter at her phone, who may do so much for the elder."""
    phone = at_phone(client, sandbox, "李明", "19700101")
    seen = {"method": "counter", "evidence": ["both_present"], "by": "staff:test"}
    last = date(2027, 10, 1)
    made = relation.establish("helper", elder_person, own_person(phone), scope=scope, last_day=last, **seen)
    return Relative(phone, made["_id"])

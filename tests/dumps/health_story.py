"""What the elder's health view adds to the story: facts of all sources, findings, an alert that ended, a live one."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mongoengine.connection import get_db

from backend import clock
from deploy.stack import Stack
from models.eldercare import figure_run
from models.eldercare.figure_run import HealthFigureRun
from models.eldercare.wearing import HealthWearing
from seed.demo.kiosk import REST_SECONDS, pressure
from tests.dumps import onecard_story
from tests.dumps.onecard_story import drawn, sent
from tests.support.clerk import Clerk
from tests.support.patience import until
from tests.support.phone import Phone

OFFICE, MINI, GATE = "/office/v1/health", "/mini/v1/health", "/gate/v1/health"
CLINIC, CODE = "tantou_clinic", "7K3M9Q2X"
STAFF = (("doctor", "village_doctor", CLINIC), ("manager", "health_manager", "health_commission"))
EMPTY = {"health_figure_runs"}
"""A run goes when its figures are put."""


class Story(onecard_story.Story):
    """A village with a clinic, its doctor, who manages health, and an elder with a card."""

    def __init__(self, stack: Stack, phone: Phone, admin: Clerk) -> None:
        super().__init__(stack, phone, admin)
        unit = {"code": CLINIC, "name": "潭头村卫生室", "kind": "institution", "parent": "county_360731"}
        sent(admin.post("/office/v1/units", unit | {"area": "360731105"}), 201)
        self.staff = {name: admin.hire(role, unit=unit) for name, role, unit in STAFF}
        self.doctor, self.manager = self.staff["doctor"], self.staff["manager"]
        self.holder = super().holder("张桂英", "19480312")
        seen = {"document_seen": "identity_card", "cares_as": "village_clinic"}
        self.elder = self.post("/elders", self.holder.body | seen, 201)["id"]
        self.path = f"/elders/{self.elder}"

    def post(self, path: str, body: Any = None, status: int = 200) -> dict:
        return sent(self.doctor.post(f"{OFFICE}{path}", {} if body is None else body), status)

    def device(self, kind: str, **more: Any) -> dict:
        """Register a device; its key is made up like everything here, so it may lie in the story."""
        private, name = Ed25519PrivateKey.generate(), f"{kind}-{secrets.token_hex(4)}"
        public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        body = {
            "id": name,
            "kind": kind,
            "name": "测量设备",
            "maker": "演示医疗器械",
            "model": "HK-900",
            "unit": CLINIC,
        }
        sent(self.manager.post(f"{OFFICE}/devices", body | {"public_key": public} | more), 201)
        return {"id": name, "private": base64.b64encode(private.private_bytes_raw()).decode()}


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    story = Story(stack, phone, admin)
    _on_duty(story)
    told = {"elder": story.elder, "record": _facts(story), "kiosk": _kiosk(story), "band": _band(story)}
    _managed(story)
    told |= {"alerts": _alerts(story), "wish": _hidden(story)}
    _figures()
    _nothing_left_out()
    told |= {"summary": sent(story.holder.get(f"{MINI}/summary")), "tokens": story.holder.log_in().tokens}
    staff = {name: {"login": one.login, "secret": one.secret} for name, one in story.staff.items()}
    return told | {"staff": staff}


def _on_duty(story: Story) -> None:
    begins = clock.at(clock.today(), 0)
    duty = {"login": story.doctor.login, "level": "first", "begins": _wire(begins)}
    duties = [duty | {"until": _wire(begins + timedelta(hours=24))}]
    sent(story.manager.call("PUT", f"{OFFICE}/roster", {"unit": CLINIC, "duties": duties}))


def _facts(story: Story) -> dict:
    """A problem that was corrected, an allergy by FHIR with where it comes from, a value that was deleted by it."""
    at = _wire(clock.now() - timedelta(hours=2))
    said = {"kind": "condition", "content": {"title_zh": "高血压", "text": "2019 年确诊"}, "at": at}
    made = story.post(f"{story.path}/records", said, 201)
    changed = said | {"content": {"title_zh": "高血压", "text": "2018 年确诊"}, "version": 1, "reason": "typo"}
    corrected = sent(story.doctor.call("PUT", f"{OFFICE}{story.path}/records/{made['id']}", changed))
    whose = {"reference": f"Patient/{story.elder}"}
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    allergy = {"resourceType": "AllergyIntolerance", "patient": whose, "code": {"text": "青霉素"}}
    allergy |= {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}
    stored = sent(story.doctor.post("/fhir/AllergyIntolerance", allergy), 201)
    source = {"resourceType": "Provenance", "target": [{"reference": f"AllergyIntolerance/{stored['id']}"}]}
    source |= {"recorded": at, "agent": [{"who": {"display": "县人民医院信息系统"}}]}
    sent(story.doctor.post("/fhir/Provenance", source), 201)
    pulse = {"code": "heart_rate", "values": {"heart_rate": {"value": 72, "unit": "/min"}}, "at": at}
    wrong = story.post(f"{story.path}/observations", pulse, 201)
    assert story.doctor.call("DELETE", f"/fhir/Observation/{wrong['id']}").status_code == 204
    return corrected


def _kiosk(story: Story) -> dict:
    """The elder measures at a kiosk twice, far too high."""
    today = clock.today()
    calibration = {"on": today - timedelta(days=90), "until": today + timedelta(days=275)}
    kiosk = story.device("kiosk", calibration={what: day.isoformat() for what, day in calibration.items()})
    opened = story.send(kiosk, f"{GATE}/sessions", {"code": drawn(story.holder.seeds, "medical")})
    assert opened["result"] == "accepted", opened
    for one in (pressure(192, 114, seconds_ago=REST_SECONDS), pressure(190, 112)):
        body = {"device_time": _wire(clock.now()), "readings": [one]}
        story.send(kiosk, f"{GATE}/sessions/{opened['session_id']}/readings", body)
    return kiosk


def _band(story: Story) -> dict:
    """The elder wears a band, which sampled some hours ago."""
    band = story.device("wearable", claim=CODE)
    sent(story.holder.post(f"{MINI}/wearables", {"device_id": band["id"], "code": CODE}), 201)
    # Nobody waits an hour for a story: the elder put it on this morning.
    since = {"$set": {"since": clock.now() - timedelta(hours=4)}}
    HealthWearing._get_collection().update_one({"device": band["id"], "live": True}, since)
    start = clock.now().replace(microsecond=0) - timedelta(hours=3)
    series = {
        "quantity": "heart_rate",
        "unit": "/min",
        "start": _wire(start),
        "seconds": [0, 1, 2],
        "values": [70, 71, 72],
    }
    story.send(band, f"{GATE}/samples", {"device_time": _wire(clock.now()), "series": [series]})
    return band


def _managed(story: Story) -> None:
    """A personal range, an illness under management with a visit, the check of the year."""
    day = (clock.today() + timedelta(days=90)).isoformat()
    story.post(f"{story.path}/ranges", {"quantity": "systolic", "high": 150, "until": day, "reason": "专科建议"}, 201)
    story.post(f"{story.path}/programmes", {"disease": "hypertension"}, 201)
    visit = {"at": _wire(clock.now()), "values": {"systolic": 138, "diastolic": 82}, "text": "按时服药"}
    story.post(f"{story.path}/programmes/hypertension/visits", visit, 201)
    story.post(f"{story.path}/checks/{clock.today().year}", {"items": []})


def _alerts(story: Story) -> dict:
    """Every alert of the kiosk's values ends with an outcome; one of a pulse is live when the store is kept."""

    def raised() -> list[dict]:
        items = sent(story.doctor.get(f"{OFFICE}{story.path}/alerts"))["items"]
        return [one for one in items if one["state"] not in {"closed", "linked"}]

    closed = []
    for one in until(raised, seconds=90, what="the alert", pause=0.5):
        story.post(f"/alerts/{one['id']}/acknowledge")
        story.post(f"/alerts/{one['id']}/acts", {"kind": "home_visit"})
        closed.append(story.post(f"/alerts/{one['id']}/outcome", {"outcome": "treated_at_home"}))
    pulse = {"code": "heart_rate", "values": {"heart_rate": {"value": 152, "unit": "/min"}}, "at": _wire(clock.now())}
    story.post(f"{story.path}/observations", pulse, 201)
    live = until(raised, seconds=90, what="the alert of the pulse", pause=0.5)
    return {"closed": closed[0], "live": live[0]}


def _hidden(story: Story) -> dict:
    sent(story.holder.post(f"{MINI}/hidden", {"word": "social_work", "family": True}), 201)
    body = {"word": "note", "family": True, "paper": "YD-2026-0117", "witness": "钟明"}
    return story.post(f"{story.path}/wishes", body, 201)


def _figures() -> None:
    """Reckon what the night reckons, now; where the queue is quicker, it does."""
    figure_run.begin()
    runs = HealthFigureRun._get_collection()
    until(lambda: not list(runs.find({}).hint("_id_")), seconds=90, what="the figures", pause=0.2)


def _nothing_left_out() -> None:
    """Check that each collection of health holds something: a dump is what later releases are tried with."""
    named = {one for one in get_db().list_collection_names() if one.startswith("health_")} - EMPTY

    def empty() -> list[str]:
        return sorted(one for one in named if get_db()[one].find_one({}, hint="_id_") is None)

    until(lambda: not empty(), seconds=90, what=f"something in {empty()}", pause=0.5)


def _wire(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")

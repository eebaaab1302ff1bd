"""An elder's health: measured at the kiosk of 潭头, an alert, the village doctor, the daughter, an outcome; figures."""

import io
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import openpyxl
import orjson

from backend import clock
from seed.demo.cardholders import Counter
from seed.demo.http import Caller, check
from seed.demo.kiosk import REST_SECONDS, Kiosk, pressure
from seed.demo.stage import Stage, somebody, until

OFFICE, MINI = "/office/v1/health", "/mini/v1/health"
CLINIC, TOWN = "demo_tantou_clinic", "360731105"
SECTIONS = {"11450-4", "48765-2", "10160-0"}
"""The sections that every international patient summary has: problems, allergies, medication."""
Told = dict[str, Any]


def measured_at_the_kiosk(stage: Stage) -> Iterator[str]:
    """An elder of 潭头 measures at the kiosk; the village doctor acts, the daughter sees it, an outcome is entered."""
    counter, doctor = Counter(stage), stage.clerk("xiong.demo")
    person = somebody("张桂英", 1938, 1950)
    pocket, child = counter.holder(person), counter.registered(somebody("张秀兰", 1965, 1980))
    daughter, acting = counter.phone_of(child), counter.helper(pocket.person_id, child, "health")
    yield "an elder with a card, and a daughter whom she lets see her health"
    elder = yield from _enrolled(doctor, person)
    _on_duty(stage)
    yield "the health commission puts the village doctor on duty"
    yield from _measured(Kiosk(stage, CLINIC), pocket)
    path = f"{OFFICE}/elders/{elder}/alerts"
    (alert, *_) = until(lambda: urgent(doctor.get(path)), bool, "the alert")
    yield f"the doctor's list: {alert['severity_zh']}, {alert['sentence_zh']}"
    seen = daughter.get(f"{MINI}/alerts/{alert['id']}", **acting)
    yield f"the daughter reads on her phone: {seen['state_zh']}; {';'.join(seen['phrases_zh'])}"
    yield from _handled(doctor, alert["id"])
    read = daughter.get(f"{MINI}/alerts/{alert['id']}", **acting)
    check(not read["live"], "it is over for the daughter as well")
    yield f"the daughter reads how it ended: {read['outcome_zh']}"
    told = until(lambda: _news(daughter), lambda kinds: "health_alert_closed" in kinds, "the notices")
    yield f"and was told of it: {len(told)} notices, none of which names anybody or a value"
    yield from _rest(doctor, path)
    yield from _looks(stage, pocket.phone, doctor, elder)


def _enrolled(doctor: Caller, person: dict[str, str]) -> Generator[str, None, str]:
    """Enrol the elder at the clinic; a wrong name is refused, and twice is once. Return the record's id."""
    body = {**person, "document_seen": "identity_card", "cares_as": "village_clinic"}
    wrong = doctor.post(f"{OFFICE}/elders", body | {"name": "张桂花"}, expect=409)
    yield f"a name that does not fit the document: {wrong['message']}"
    made, again = (doctor.post(f"{OFFICE}/elders", body, expect=201) for _ in range(2))
    check(made["id"] == again["id"], "enrolling twice is one record")
    yield f"the village doctor enrols her, twice by mistake, and there is one record: {made['units'][0]['unit_zh']}"
    return str(made["id"])


def _on_duty(stage: Stage) -> None:
    """Put the village doctor on duty for today; the same again changes nothing."""
    begins = clock.at(clock.today(), 0)
    duty = {"login": "xiong.demo", "level": "first", "begins": clock.civil(begins).isoformat()}
    duty |= {"until": clock.civil(begins + timedelta(hours=24)).isoformat()}
    stage.clerk("health_manager").call("PUT", f"{OFFICE}/roster", {"unit": CLINIC, "duties": [duty]})


def _measured(kiosk: Kiosk, pocket: Any) -> Iterator[str]:
    """Log in by a code and measure twice; what is wrong is said, and what is sent again is the same reading."""
    refused = kiosk.log_in(pocket.code("venue"))
    check(refused["result"] != "accepted", "the code of a gate opens no kiosk")
    yield f"kiosk, a code for gates: {refused['message']}"
    told = kiosk.log_in(pocket.code("medical"))
    check(told["result"] == "accepted", "the medical code opens it")
    yield f"kiosk, her medical code: {told['name']}, {told['message']}"
    first = pressure(188, 112, seconds_ago=REST_SECONDS)
    (broken,) = kiosk.measure({**first, "values": {}})
    check(broken["result"] == "malformed", "a reading without a value is none")
    (strange,) = kiosk.measure(pressure(25, 15, unit="bar"))
    check(strange["result"] == "held", "a unit that nobody knows is kept for a person, and not counted")
    yield f"a reading without a value: {broken['message']} One in an unknown unit: {strange['message']}"
    (begun,) = kiosk.measure(first)
    yield f"188/112: {begun['message']}"
    (again,) = kiosk.measure(first)
    check(again["result"] == "duplicate", "sent again, it is the same reading")
    (done,) = kiosk.measure(pressure(186, 110))
    check(bool(done.get("observation_id")), "two readings that agree are one value")
    yield f"186/110 after a rest: one value, {done['values']['systolic']:g}/{done['values']['diastolic']:g}"
    yield f"she leaves: {kiosk.leave()['state_zh']}"


def urgent(page: Told) -> list[Told]:
    """Return the live alerts of a page that are more than worth a look."""
    return [one for one in page["items"] if one["severity"] != "attention" and one["state"] == "raised"]


def _handled(doctor: Caller, alert_id: str) -> Iterator[str]:
    """Take the alert up, act, enter the outcome; the outcome does not come first, and twice is once."""
    path = f"{OFFICE}/alerts/{alert_id}"
    early = doctor.post(f"{path}/outcome", {"outcome": "resolved"}, expect=409)
    yield f"an outcome before anything was done: {early['message']}"
    taken = doctor.post(f"{path}/acknowledge")
    yield f"the doctor takes it up: {taken['state_zh']}"
    acted = doctor.post(f"{path}/acts", {"kind": "home_visit", "note": "已上门,静坐后复测 158/92,嘱按时服药"})
    yield f"and goes there: {acted['acts'][-1]['kind_zh']}, {acted['state_zh']}"
    body = {"outcome": "treated_at_home", "note": "服药后好转"}
    ended, again = (doctor.post(f"{path}/outcome", body) for _ in range(2))
    check(ended["seq"] == again["seq"] and ended["state"] == "closed", "an outcome entered twice is one")
    yield f"the outcome: {ended['outcome']['code_zh']}"


def _rest(doctor: Caller, path: str) -> Iterator[str]:
    """Give an outcome to what else the same measurement raised: no alert ends without one."""
    left = [one for one in doctor.get(path)["items"] if one["state"] == "raised"]
    for one in left:
        doctor.post(f"{OFFICE}/alerts/{one['id']}/acts", {"kind": "data_checked"})
        doctor.post(f"{OFFICE}/alerts/{one['id']}/outcome", {"outcome": "treated_at_home"})
    states = {one["state"] for one in doctor.get(path)["items"]}
    check(states == {"closed"}, "every alert has its outcome")
    yield f"every alert has an outcome; {len(left)} others of the same measurement are closed with it"


def _news(daughter: Caller) -> set[str]:
    return {one["kind"] for one in daughter.get("/mini/v1/notices")["items"] if one["kind"].startswith("health_")}


def _looks(stage: Stage, phone: Caller, doctor: Caller, elder: str) -> Iterator[str]:
    """See the view as the elder and as a document, that a doctor of elsewhere sees nothing, and who looked."""
    summary = phone.get(f"{MINI}/summary")
    yield f"the elder reads in big type: {';'.join(one['text_zh'] for one in summary['phrases'][:3])}"
    document = orjson.loads(doctor.get(f"/fhir/Patient/{elder}/$summary"))
    told = document["entry"][0]["resource"]["section"]
    check({one["code"]["coding"][0]["code"] for one in told} >= SECTIONS, "the summary has the three sections")
    yield f"her international patient summary: {len(document['entry'])} resources, {len(told)} sections"
    other = stage.clerk("luo.demo")
    for path in (f"{OFFICE}/elders/{elder}/summary", f"/fhir/Patient/{elder}"):
        check(other.status(path) == HTTPStatus.NOT_FOUND, "a doctor of another village finds nobody")
    looks = phone.get("/mini/v1/access-lines")["items"]
    yield f"a doctor of another village finds nobody; she reads who looked: {looks[0]['sentence']}"


def a_list_of_who_is_due(stage: Stage) -> Iterator[str]:
    """The health commission reads figures without names, and gets a list with names only by a second person."""
    doctor, manager = stage.clerk("xiong.demo"), stage.clerk("health_manager")
    person = somebody("曾玉莲", 1940, 1955)
    Counter(stage).registered(person)
    body = {**person, "document_seen": "identity_card", "cares_as": "village_clinic"}
    doctor.post(f"{OFFICE}/elders", body, expect=201)
    figures = manager.get(f"{OFFICE}/figures/yearly-checks")
    check(person["name"] not in str(figures), "figures name nobody")
    yield f"figures of {figures['year']}, as of {figures.get('as_of', 'the coming night')}; {figures['note_zh']}"
    asked = {"town": TOWN, "reason": "通知未体检老人"}
    wrong = manager.post(f"{OFFICE}/exports/due-checks", asked | {"town": "360732105"}, expect=404)
    yield f"a town of another county: {wrong['message']}"
    made = manager.post(f"{OFFICE}/exports/due-checks", asked, expect=202)
    path = f"{OFFICE}/exports/{made['approval_id']}/content.xlsx"
    yield f"alone the list does not leave: {manager.get(path, expect=409)['message']}"
    stage.clerk("privacy_officer").post(f"/office/v1/approvals/{made['approval_id']}/approve")
    first, again = (openpyxl.load_workbook(io.BytesIO(manager.get(path))).active for _ in range(2))
    rows = [list(sheet.iter_rows(values_only=True)) for sheet in (first, again) if sheet is not None]
    check(rows[0] == rows[1] and person["name"] in {row[0] for row in rows[0]}, "she is on the list, each time")
    yield f"after a second person agreed: {len(rows[0]) - 1} elders with village and missing items"


STORIES: list[Callable[[Stage], Iterator[str]]] = [measured_at_the_kiosk, a_list_of_who_is_due]

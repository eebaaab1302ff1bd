"""The part of the story that health plays: an elder's view, a kiosk, a band, an alert, a list, the standard's wire."""

import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend import clock
from seed.demo.cardholders import Pocket
from seed.demo.http import Caller
from seed.demo.kiosk import Kiosk, pressure
from seed.demo.stage import Gate
from tests.support.patience import until

OFFICE, MINI, GATE = "/office/v1/health", "/mini/v1/health", "/gate/v1/health"
ELDERS, CLINIC, TOWN = f"{OFFICE}/elders", "demo_tantou_clinic", "360731105"
DOCTOR, MANAGER = "xiong.demo", "deng.demo"
ILLNESS = "http://hl7.org/fhir/sid/icd-10"
EXISTS = {
    f"{ELDERS}/{{elder_id}}/programmes/disease": "hypertension",
    f"{ELDERS}/{{elder_id}}/units/unit_code": CLINIC,
    f"{OFFICE}/tools/code": "self_care",
    "/fhir/resource_type": "Observation",
    "/fhir/{resource_type}/{resource_id}/_history/version_id": "1",
}
"""What stands in a path, where a name means something else under another one."""


def made_up() -> dict[str, str]:
    """Return the secrets that this part enters."""
    return {
        "title of an illness": "双相情感障碍二型",
        "text about an illness": "患者自述去年在外省割腕",
        "corrected text about an illness": "更正为服安眠药洗胃一次",
        "stage of an illness": "重度伴精神病性症状",
        "reason for a medicine": "控制其夜间攻击家属行为",
        "note about an elder": "儿媳索某称老人藏有存折",
        "reason of a personal range": "透析患者专科建议放宽上限",
        "text of a visit": "老人坦言曾偷偷停药两周",
        "note to what was done about an alert": "破门而入时老人倒在浴室",
        "note to an alert": "邻居谷梁氏称其昨晚酗酒",
        "note to the outcome of an alert": "家属拒绝送医并签字",
        "note to a corrected outcome": "登记时误听司空医生口述",
        "reason of a look in an emergency": "老人昏倒疑似药物过量须查",
        "reason of a list of who is due": "因信访件反映漏检而核对",
        "reason of a new table": "依据车某教授未公开意见稿",
        "title of an illness by FHIR": "梅毒血清反应阳性待复核",
        "note of an illness by FHIR": "配偶左丘氏同意告知结果",
        "allergy by FHIR": "对碘伏棉签严重过敏史",
        "code in the box of a band": secrets.token_hex(8).upper(),
    }


class Health:
    """What the story tells of health; `story` holds the people."""

    def __init__(self, story):
        self.story, self.secret, self.known, self.ok = story, story.secret, story.known, story.ok
        self.doctor, self.manager = story.role(DOCTOR), story.role(MANAGER)

    def tell(self) -> None:
        self.secret |= made_up()
        self.known |= EXISTS
        self.enrolled()
        self.on_duty()
        for part in (
            self.records,
            self.by_fhir,
            self.ranges,
            self.kiosk,
            self.band,
            self.alert,
            self.lists,
            self.looks,
        ):
            part()

    def post(self, path: str, body: Any = None) -> Any:
        return self.ok(self.doctor.post(path, {} if body is None else body))

    def enrolled(self) -> None:
        told = self.secret
        me = {"name": told["name"], "document_kind": "resident_id", "document_number": told["identity number"]}
        body = {**me, "document_seen": "identity_card", "cares_as": "village_clinic"}
        elder = self.post(ELDERS, body)["id"]
        self.post(f"{ELDERS}/find", me)
        self.elder = f"{ELDERS}/{elder}"
        self.known |= {"elder_id": elder, "/fhir/Patient/patient_id": elder}
        self.known[f"{ELDERS}/{{elder_id}}/checks/year"] = str(clock.today().year)

    def on_duty(self) -> None:
        begins = clock.at(clock.today(), 0)
        duty = {"login": DOCTOR, "level": "first", "begins": _wire(begins)}
        body = {"unit": CLINIC, "duties": [duty | {"until": _wire(begins + timedelta(hours=24))}]}
        self.ok(self.manager.call("PUT", f"{OFFICE}/roster", body))
        listed = self.ok(self.manager.get(f"{OFFICE}/roster?unit={CLINIC}"))
        self.known["duty_id"] = listed["items"][0]["id"]

    def records(self) -> None:
        """Records with words of all kinds; one is corrected, which keeps what stood before."""
        told, at = self.secret, _wire(clock.now())
        content = {"title_zh": told["title of an illness"], "text": told["text about an illness"]}
        content |= {"stage_zh": told["stage of an illness"]}
        made = self.post(f"{self.elder}/records", {"kind": "condition", "content": content, "at": at})
        changed = {**content, "text": told["corrected text about an illness"]}
        body = {"kind": "condition", "content": changed, "at": at, "version": 1, "reason": "typo"}
        self.ok(self.doctor.call("PUT", f"{self.elder}/records/{made['id']}", body))
        medicine = {"title_zh": "奥氮平", "reason_zh": told["reason for a medicine"]}
        self.post(f"{self.elder}/records", {"kind": "medication", "content": medicine, "at": at})
        note = {"title_zh": told["note about an elder"]}
        spare = self.post(f"{self.elder}/records", {"kind": "note", "content": note, "at": at})
        pulse = {"code": "heart_rate", "values": {"heart_rate": {"value": 72, "unit": "/min"}}, "at": at}
        value = self.post(f"{self.elder}/observations", pulse)
        self.known |= {"record_id": spare["id"], "observation_id": value["id"]}
        self.known["/fhir/{resource_type}/resource_id"] = value["id"]

    def by_fhir(self) -> None:
        """An illness and an allergy by the standard, read again in a Bundle and a summary."""
        told, whose = self.secret, {"reference": f"Patient/{self.known['elder_id']}"}
        illness = {
            "resourceType": "Condition",
            "subject": whose,
            "note": [{"text": told["note of an illness by FHIR"]}],
        }
        coding = {"system": ILLNESS, "code": "A53.0"}
        illness["code"] = {"coding": [coding], "text": told["title of an illness by FHIR"]}
        self.post("/fhir/Condition", illness | _active("condition"))
        allergy = {"resourceType": "AllergyIntolerance", "patient": whose, "code": {"text": told["allergy by FHIR"]}}
        request = {"method": "POST", "url": "AllergyIntolerance"}
        entry = {"resource": allergy | _active("allergyintolerance"), "request": request}
        self.post("/fhir/", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
        for operation in ("$everything", "$summary"):
            found = self.doctor.get(f"/fhir/Patient/{self.known['elder_id']}/{operation}")
            assert told["title of an illness by FHIR"].encode() in found.data

    def ranges(self) -> None:
        """A range of the elder's own, a programme with a visit."""
        told, until_ = self.secret, (clock.today() + timedelta(days=90)).isoformat()
        body = {"quantity": "systolic", "high": 150, "until": until_, "reason": told["reason of a personal range"]}
        self.known["range_id"] = self.post(f"{self.elder}/ranges", body)["id"]
        self.post(f"{self.elder}/programmes", {"disease": "hypertension"})
        visit = {"at": _wire(clock.now()), "values": {"systolic": 138, "diastolic": 82}}
        self.post(f"{self.elder}/programmes/hypertension/visits", visit | {"text": told["text of a visit"]})

    def kiosk(self) -> None:
        """The elder measures at a kiosk with a code of the card; the value raises an alert."""
        caller = Caller(self.story.stack.base, self.story.phone.token)
        pocket = Pocket(caller, self.known["person_id"], self.known["card_id"])
        pocket.draw_seeds()
        kiosk = Kiosk(self.story.stage, CLINIC)
        self.secret["code of a card at a kiosk"] = pocket.code("medical")
        opened = kiosk.log_in(self.secret["code of a card at a kiosk"])
        assert opened["result"] == "accepted", opened
        kiosk.measure(pressure(192, 114, seconds_ago=75), pressure(190, 112))
        self.known[f"{GATE}/sessions/session_id"] = kiosk.session
        self.known[f"{OFFICE}/devices/health_device_id"] = Kiosk(self.story.stage, CLINIC).gate.name
        held = {"key": f"e-{secrets.token_hex(8)}", "at": _wire(clock.now()), "readings": [pressure(131, 80)]}
        upload = {"device_time": _wire(clock.now()), "entries": [held | {"code": pocket.code("venue")}]}
        kiosk.gate.send(f"{GATE}/uploads", upload)
        waits = self.ok(self.doctor.get(f"{OFFICE}/held-readings"))["items"]
        self.known["health_session_id"] = waits[0]["id"]
        self.story.scanners |= dict.fromkeys((f"{GATE}/sessions", f"{GATE}/uploads"), kiosk.gate)

    def band(self) -> None:
        """A band by the code in its box; what it sampled."""
        private, name, code = Ed25519PrivateKey.generate(), f"band-{secrets.token_hex(4)}", "code in the box of a band"
        public = b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        body = {"id": name, "kind": "wearable", "name": "健康手环", "maker": "演示医疗器械", "model": "B-1"}
        body |= {"unit": CLINIC, "public_key": public, "claim": self.secret[code]}
        self.ok(self.manager.post(f"{OFFICE}/devices", body))
        self.ok(self.story.phone.post(f"{MINI}/wearables", {"device_id": name, "code": self.secret[code]}))
        band = Gate(self.story.stack.base, name, private)
        self.story.scanners[f"{GATE}/samples"] = band
        self.known |= {f"{area}#{word}": name for area in (MINI, ELDERS) for word in ("device_id", "health_device_id")}

    def alert(self) -> None:
        """The first alert is acted on, closed and corrected; another one is left to the walk."""
        told = self.secret

        def raised() -> list[dict]:
            return self.ok(self.doctor.get(f"{self.elder}/alerts"))["items"]

        self.known["alert_id"] = until(raised, seconds=60, what="the alert")[0]["id"]
        path = f"{OFFICE}/alerts/{self.known['alert_id']}"
        self.post(f"{path}/acknowledge")
        act = {"kind": "home_visit", "note": told["note to what was done about an alert"]}
        self.post(f"{path}/acts", act)
        self.post(f"{path}/notes", {"note": told["note to an alert"]})
        closed = self.post(f"{path}/outcome", {"outcome": "resolved", "note": told["note to the outcome of an alert"]})
        right = {"outcome": "treated_at_home", "seq": closed["seq"], "note": told["note to a corrected outcome"]}
        self.post(f"{path}/outcome/correct", right)
        found = self.ok(self.doctor.get(f"{self.elder}/findings"))["items"]
        self.known["finding_id"] = found[0]["id"]
        assert told["note to an alert"] in str(self.ok(self.doctor.get(path)))

    def lists(self) -> None:
        """A list of who is due, a table to be changed, something that the elder hides."""
        told = self.secret
        body = {"town": TOWN, "reason": told["reason of a list of who is due"]}
        made = self.ok(self.manager.post(f"{OFFICE}/exports/due-checks", body))
        self.known[f"{OFFICE}/exports/approval_id"] = made["approval_id"]
        table = self.ok(self.doctor.get(f"{OFFICE}/tools/self_care"))
        day = (clock.today() + timedelta(days=400)).isoformat()
        change = {name: table[name] for name in ("zh", "source", "content")} | {"valid_from": day}
        editor = self.story.role("rule_editor")
        self.ok(editor.post(f"{OFFICE}/tools/self_care/versions", change | {"reason": told["reason of a new table"]}))
        hidden = self.ok(self.story.phone.post(f"{MINI}/hidden", {"word": "note", "family": True}))
        self.known["veil_id"] = hidden["items"][0]["id"] if "items" in hidden else hidden["id"]

    def looks(self) -> None:
        """The elder, the doctor, and in an emergency the doctor of another village read what was entered."""
        told = self.secret
        why = {"emergency": "life_safety", "reason": told["reason of a look in an emergency"]}
        other = self.story.role("luo.demo")
        self.ok(other.post(f"{OFFICE}/emergencies/{self.known['elder_id']}", why))
        emergency = f"{OFFICE}/emergencies/{self.known['elder_id']}"
        reads: list[tuple[Callable, str]] = [(self.doctor.get, self.elder), (other.get, emergency)]
        for read, path in [*reads, (self.story.phone.get, MINI)]:
            assert told["title of an illness"].encode() in read(f"{path}/timeline").data
            assert told["title of an illness"].encode() in read(f"{path}/summary").data


def _active(kind: str) -> dict[str, Any]:
    """Return that an illness or an allergy lasts, as FHIR says it."""
    system = f"http://terminology.hl7.org/CodeSystem/{kind}-clinical"
    return {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}


def _wire(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")

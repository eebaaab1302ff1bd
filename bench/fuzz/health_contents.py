"""What is sent to the routes of health: values with fitting units, words by the kind of a record, resources of FHIR."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from backend import clock
from bench.fuzz.measuring import CLINIC
from models.eldercare import subject
from models.eldercare.subject import HealthSubject

ABLE = dict.fromkeys(("meal", "washing", "dressing", "toilet", "activity"), "able")
RECORDS: dict[str, dict[str, Any]] = {
    "condition": {"title_zh": "高血压", "text": "2019 年确诊"},
    "medication": {"title_zh": "氨氯地平", "dosage_zh": "5 毫克", "frequency_zh": "每日一次"},
    "allergy": {"title_zh": "青霉素", "reaction_zh": "皮疹", "criticality": "high"},
    "nursing": {"title_zh": "翻身拍背", "minutes": 30},
    "note": {"title_zh": "女儿周末回家"},
}
MOST_ELDERS = 20
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def _ago(minutes: int = 0) -> str:
    return clock.civil(clock.now() - timedelta(minutes=minutes)).isoformat("T", "seconds")


def _elder() -> str:
    """Return one of the elders of the clinic."""
    found = HealthSubject._get_collection().find(subject.reached({CLINIC}), {"_id": 1}).sort("latest", -1)
    return str(secrets.choice(list(found.limit(MOST_ELDERS)))["_id"])


def _pressure() -> dict[str, Any]:
    high = 100 + secrets.randbelow(100)
    return {"systolic": {"value": high, "unit": "mm[Hg]"}, "diastolic": {"value": high - 40, "unit": "mm[Hg]"}}


def _measured(_case: Any) -> dict[str, Any]:
    return {"code": "blood_pressure", "values": _pressure(), "at": _ago(secrets.randbelow(9_000))}


def _by_hand(case: Any) -> dict[str, Any]:
    told = _measured(case)
    return told | {"values": [{"quantity": name, **one} for name, one in told["values"].items()]}


def _record(_case: Any) -> dict[str, Any]:
    kind = secrets.choice(list(RECORDS))
    return {"kind": kind, "content": RECORDS[kind], "at": _ago(secrets.randbelow(9_000))}


def _changed(told: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    return lambda case: {**told(case), "version": secrets.choice((1, 1, 2, 3)), "reason": "typo"}


def _range(_case: Any) -> dict[str, Any]:
    until = (clock.today() + timedelta(days=secrets.randbelow(80) + 1)).isoformat()
    return {"quantity": "systolic", "low": 100, "high": 150, "until": until, "reason": "专科建议"}


def _assessment(_case: Any) -> dict[str, Any]:
    return {"tool": "self_care", "at": _ago(1), "answers": ABLE | {"meal": secrets.choice(("able", "partial"))}}


def _visit(_case: Any) -> dict[str, Any]:
    values = {"systolic": 120 + secrets.randbelow(60), "diastolic": 82, "fasting_glucose": 6.5}
    return {"at": _ago(1), "values": values, "signs": []}


def _check(_case: Any) -> dict[str, Any]:
    return {"items": [{"item": "ecg", "at": _ago(1), "abnormal": secrets.choice((True, False))}]}


def _readings(_case: Any) -> list[dict[str, Any]]:
    key = f"r-{secrets.token_hex(8)}"
    return [{"key": key, "code": "blood_pressure", "at": _ago(), "values": _pressure()}]


def _upload(case: Any) -> dict[str, Any]:
    entry = {"key": f"e-{secrets.token_hex(8)}", "at": _ago(1), "code": "NOTHING", "readings": _readings(case)}
    return {"device_time": _ago(), "entries": [entry]}


def _samples(_case: Any) -> dict[str, Any]:
    seconds = list(range(0, 300, 5))
    values = [60 + secrets.randbelow(40) for _ in seconds]
    series = {"quantity": "heart_rate", "unit": "/min", "start": _ago(6), "seconds": seconds, "values": values}
    return {"device_time": _ago(), "series": [series]}


def _pulse() -> dict[str, Any]:
    value = {"value": 50 + secrets.randbelow(60), "unit": "/min", "system": UCUM, "code": "/min"}
    about = {"subject": {"reference": f"Patient/{_elder()}"}, "effectiveDateTime": _ago(secrets.randbelow(900))}
    code = {"coding": [{"system": LOINC, "code": "8867-4"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, "valueQuantity": value, **about}


def _resource(case: Any) -> dict[str, Any]:
    case.path_parameters["resource_type"] = "Observation"
    return _pulse()


def _bundle(_case: Any) -> dict[str, Any]:
    request = {"method": "POST", "url": "Observation"}
    entries = [{"resource": _pulse(), "request": request} for _ in range(1 + secrets.randbelow(3))]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


_ELDER = "/office/v1/health/elders/{elder_id}"
BODIES: dict[str, Callable[[Any], Any]] = {
    f"POST {_ELDER}/observations": _measured,
    f"PUT {_ELDER}/observations/{{observation_id}}": _changed(_measured),
    f"POST {_ELDER}/records": _record,
    f"PUT {_ELDER}/records/{{record_id}}": _changed(_record),
    f"POST {_ELDER}/ranges": _range,
    f"POST {_ELDER}/assessments": _assessment,
    f"POST {_ELDER}/programmes/{{disease}}/visits": _visit,
    f"POST {_ELDER}/checks/{{year}}": _check,
    "POST /mini/v1/health/measurements": _by_hand,
    "POST /gate/v1/health/uploads": _upload,
    "POST /gate/v1/health/samples": _samples,
    "POST /fhir/{resource_type}": _resource,
    "POST /fhir/": _bundle,
}
"""What is sent to these, made anew for each request."""

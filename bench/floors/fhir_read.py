"""The floor of reading an observation: a bare WSGI app, who asks and whose it is by one find each, one access line."""

import os
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import orjson
from bson import ObjectId
from pymongo import MongoClient

CIVIL = timezone(timedelta(hours=8))
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
client: Any = MongoClient(os.environ["MONGODB_URI"], w="majority", readConcernLevel="majority", tz_aware=True)
database = client.get_default_database()


def told(found: dict[str, Any]) -> dict[str, Any]:
    at, stored = (found[name].astimezone(CIVIL) for name in ("at", "recorded_at"))
    issued = stored.isoformat(timespec="milliseconds")
    source = {"display": "村卫生室", "identifier": {"system": "urn:yudu:unit", "value": found["source"]["unit"]}}
    return {
        "resourceType": "Observation",
        "id": str(found["_id"]),
        "meta": {"versionId": str(found["version"]), "lastUpdated": issued},
        "status": found["state"],
        "category": [{"coding": [{"system": CATEGORIES, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": LOINC, "code": "8867-4"}], "text": "心率"},
        "subject": {"reference": f"Patient/{found['subject']}"},
        "effectiveDateTime": at.isoformat(timespec="milliseconds" if at.microsecond else "seconds"),
        "issued": issued,
        "performer": [source],
        "valueQuantity": {"value": int(found["values"]["heart_rate"]), "unit": "/min", "system": UCUM, "code": "/min"},
    }


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    path, token = environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    if not token:
        start_response("200 OK", [])
        return [b""]
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    digest = sha256(token.encode()).digest()
    staff = database["staff"].find_one({"_id": ObjectId(raw[:12]), "sessions.digest": digest}, {"assignments": 1})
    found = database["health_observations"].find_one({"_id": ObjectId(path.rpartition("/")[2])}, {"outbox": 0})
    cares = {"_id": found["subject"], "units.unit": staff["assignments"][0]["unit"]}
    whose = database["health_subjects"].find_one(cares, {"_id": 1})
    line = {"at": datetime.now(UTC), "who": f"staff:{staff['_id']}", "unit": staff["assignments"][0]["unit"]}
    line |= {"purpose": "health_care", "subjects": [whose["_id"]], "fields": ["health.measurements"]}
    database["access_lines"].insert_one({**line, "request_id": "", "salt": os.urandom(16), "pending": True})
    start_response("200 OK", [("Content-Type", "application/fhir+json"), ("ETag", f'W/"{found["version"]}"')])
    return [orjson.dumps(told(found))]

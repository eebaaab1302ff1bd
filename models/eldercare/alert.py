"""An alert (健康提醒): something about an elder that a person must look at, and that ends only with an outcome.

    raised ─acknowledge─▶ acknowledged ─act─▶ acted ─outcome, by a person─▶ closed
      ▲  └───────────────────act────────────────▲
      └── a graver finding ──  from any live state
    linked: another finding of the same rule while an alert was live; it names the live one, and closes itself

While `live`, an elder has one alert of a rule. Each live state has a clock, `due`; `beat` numbers its runs, and an
outbox entry of that beat goes up the ladder (`escalate`) when it runs out, for as long as the state lasts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    FloatField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.eldercare import alert_clocks, alert_terms, subject

COLLECTION = "health_alerts"
SENTENCE, NOTE = "health_alerts.sentence", "health_alerts.events.note"
QUEUE = "care"
LOOK = "eldercare.look_at_alert"
"""The outbox task that goes up the ladder when a clock has run out."""
MOST_EVENTS = 200
outbox.carried_by(COLLECTION)
_LIVE = {"live": True}
OWN = {"repeats": {"$gte": 0}}
"""The query of alerts that are not linked to another: repeats are counted on these alone."""


class HealthAlert(Document):
    """`about` are the ids of what was measured, `words` their codes.

    `units` and `staff` are whom it asks, `desk` says that the county's duty desk was called. `events` tell
    everything that happened, notes sealed. `after` is what is still to be done once it is closed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["key"], "unique": True},
            {"fields": ["subject", "rule"], "unique": True, "partialFilterExpression": _LIVE},
            {"fields": ["subject", "-raised_at", "-_id"], "partialFilterExpression": OWN},
            {"fields": ["subject", "_id"]},
            {"fields": ["units", "due", "_id"], "partialFilterExpression": _LIVE},
            {"fields": ["staff", "due", "_id"], "partialFilterExpression": _LIVE},
            {"fields": ["desk", "due", "_id"], "partialFilterExpression": {"desk": True}},
            {"fields": ["due", "_id"], "partialFilterExpression": _LIVE},
            {"fields": ["units", "after.due", "_id"], "partialFilterExpression": {"after.open": True}},
            {"fields": ["after.due", "_id"], "partialFilterExpression": {"after.open": True}},
            outbox.INDEX,
        ],
    }
    subject = ObjectIdField(required=True)
    rule = StringField(required=True)
    rule_version = IntField(required=True)
    severity = StringField(choices=alert_terms.SEVERITIES, required=True)
    state = StringField(choices=tuple(alert_terms.STATE_ZH), required=True)
    live = BooleanField()
    finding = ObjectIdField(required=True)
    key = StringField(required=True)
    sentence = BinaryField(required=True)
    about = ListField(ObjectIdField())
    words = ListField(StringField())
    linked_to = ObjectIdField()
    repeats = IntField()
    found_at = DateTimeField(required=True)
    latest_found_at = DateTimeField()
    raised_at = DateTimeField(required=True)
    clocks = DictField(field=FloatField())
    due = DateTimeField()
    beat = IntField(required=True)
    rung = IntField(required=True)
    units = ListField(StringField())
    staff = ListField(ObjectIdField())
    desk = BooleanField()
    acknowledged_at = DateTimeField()
    acknowledged_by = StringField()
    acted_at = DateTimeField()
    acts = ListField(StringField())
    closed_at = DateTimeField()
    outcome = DictField()
    after = DictField()
    events = ListField(DictField())
    seq = IntField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康提醒和处置经过",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("sentence"), Sealed("events.note", record="{id}")),
        traces=("rule", "severity", "state", "acts", "outcome"),
        level="verified",
        at_deletion="restrict",
        because="医疗机构管理条例实施细则第五十三条: 门诊病历保存不少于十五年",
        busy=lambda: dict(_LIVE),
    )
)


class AlertOver(Conflict):
    """409: the alert has an outcome, or is part of another one."""

    code = "health_alert_over"
    zh = "该提醒{state_zh},请刷新后查看。"
    en = "This alert is over ({state}). Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=alert_terms.STATE_ZH[found["state"]])


class AlertMoved(Conflict):
    """409: the alert changed under one's hands; the call may be repeated."""

    code = "health_alert_moved"
    zh = "该提醒刚刚有新的情况,请刷新后再操作。"
    en = "Something happened to this alert just now. Refresh, then try again."


def made(finding: Mapping[str, Any], *, units: Sequence[str], staff: Sequence[ObjectId]) -> dict[str, Any]:
    """Return the alert of a finding, as `raised`; nothing is stored. Without a unit the duty desk is asked at once."""
    alert_id, now = ObjectId(), clock.now()
    clocks = alert_clocks.of_severity(finding["severity"])
    document = _begun(alert_id, finding, now) | {
        "state": "raised",
        "live": True,
        "repeats": 0,
        "latest_found_at": finding["at"],
        "clocks": clocks.stored(),
        "due": alert_clocks.due(clocks, "raised", now),
        "units": list(units),
        "staff": list(staff),
        "acts": [],
        "events": [event("raised", "system:eldercare", now, severity=finding["severity"])],
    }
    document |= {} if units else {"desk": True}
    document["outbox"] = [look_entry(document)]
    return document


def made_linked(finding: Mapping[str, Any], to: ObjectId) -> dict[str, Any]:
    """Return the alert of a finding whose rule has a live one; it is over as it begins."""
    now = clock.now()
    return _begun(ObjectId(), finding, now) | {"state": "linked", "linked_to": to, "closed_at": now}


def _begun(alert_id: ObjectId, finding: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "_id": alert_id,
        **{name: finding[name] for name in ("subject", "rule", "rule_version", "severity")},
        "finding": finding["_id"],
        "key": f"finding:{finding['_id']}",
        "about": list(finding.get("about", ())),
        "words": list(finding.get("words", ())),
        "sentence": sealed(alert_id, finding["sentence_zh"]),
        "found_at": finding["at"],
        "raised_at": now,
        "beat": 1,
        "rung": 0,
        "seq": 1,
    }


def event(what: str, by: str, at: datetime, *, note: str = "", **told: Any) -> dict[str, Any]:
    """Return one line of what happened; the note is sealed for that line."""
    line_id = str(ObjectId())
    line = {"id": line_id, "at": at, "what": what, "by": by, **told}
    return line | ({"note": runtime.current().sealer.seal(NOTE, line_id, note)} if note else {})


def look_entry(found: Mapping[str, Any], *, due: datetime | None = None) -> dict[str, Any]:
    """Return the outbox entry that looks at an alert when its clock has run out."""
    at = due or found["due"]
    return outbox.entry("care", "eldercare.look_at_alert", due=at, alert=str(found["_id"]), beat=found["beat"])


def telling(alert_id: ObjectId, news: str) -> dict[str, Any]:
    """Return the outbox entry that tells the elder and the family: `raised`, `graver`, `waiting:<beat>`, `closed`."""
    return outbox.entry("care", "eldercare.tell_of_alert", alert=str(alert_id), news=news)


def insert(document: dict[str, Any], session: ClientSession) -> None:
    """Store an alert, within a transaction.

    Raises:
        DuplicateKeyError: its finding has one, or the rule's alert is live.
    """
    HealthAlert._get_collection().insert_one(document, session=session)


def change(
    found: Mapping[str, Any],
    set_: Mapping[str, Any],
    line: Mapping[str, Any] | None,
    *,
    unset: Sequence[str] = (),
    follow: Sequence[Mapping[str, Any]] = (),
    more: Mapping[str, Any] | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any] | None:
    """Change an alert as it was read, with its event; None where it changed meanwhile. `follow` goes to the outbox."""
    pushed: dict[str, Any] = {"events": {"$each": [dict(line)], "$slice": -MOST_EVENTS}} if line else {}
    pushed |= {"outbox": {"$each": [dict(one) for one in follow]}} if follow else {}
    update: dict[str, Any] = {"$inc": {"seq": 1}}
    update |= {"$set": dict(set_)} if set_ else {}
    update |= {"$unset": dict.fromkeys(unset, "")} if unset else {}
    update |= {"$push": pushed} if pushed else {}
    for operator, told in (more or {}).items():
        update[operator] = {**update.get(operator, {}), **told}
    return HealthAlert._get_collection().find_one_and_update(
        {"_id": found["_id"], "seq": found["seq"]}, update, return_document=ReturnDocument.AFTER, session=session
    )


def moved(found: Mapping[str, Any], state: str, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what an alert gets as it enters a live state, and the entry that watches the new clock."""
    due = alert_clocks.due(alert_clocks.kept(found), state, now)
    told = {"state": state, "due": due, "beat": found["beat"] + 1, "rung": 0}
    return told, look_entry({**found, **told})


def require_live(found: Mapping[str, Any]) -> None:
    """Check that an alert is not over.

    Raises:
        AlertOver: it is.
    """
    if not found.get("live"):
        raise AlertOver(found)


def read(alert_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an alert.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthAlert, {"_id": alert_id}, session=session)


def of_finding(finding_id: ObjectId) -> dict[str, Any] | None:
    """Return the alert that a finding made, None where it has none yet."""
    return HealthAlert._get_collection().find_one({"key": f"finding:{finding_id}"})


def live_of(subject_id: ObjectId, rule: str) -> dict[str, Any] | None:
    """Return the live alert of a rule, None where there is none."""
    return HealthAlert._get_collection().find_one({"subject": subject_id, "rule": rule, **_LIVE})


def live_ones(subject_id: ObjectId, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return all live alerts of an elder: one a rule."""
    return list(HealthAlert._get_collection().find({"subject": subject_id, **_LIVE}, session=session))


def died(subject_id: ObjectId) -> bool:
    """Tell whether an alert of this elder ended with their death."""
    query = {"subject": subject_id, "outcome.code": "died", **OWN}
    return HealthAlert._get_collection().find_one(query, {"_id": 1}) is not None


def sealed(alert_id: ObjectId, text: str) -> bytes:
    """Return what a finding said, sealed for its alert."""
    return runtime.current().sealer.seal(SENTENCE, alert_id, text)


def sentence(found: Mapping[str, Any]) -> str:
    """Return what the finding said, opened."""
    return runtime.current().sealer.open(SENTENCE, found["_id"], found["sentence"])


def note(line: Mapping[str, Any]) -> str:
    """Return the note of an event, opened, empty where it has none."""
    return runtime.current().sealer.open(NOTE, line["id"], line["note"]) if "note" in line else ""

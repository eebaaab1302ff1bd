"""A finding (研判结果): what a rule made of measurements, with the rule's version, its inputs and one sentence.

    live ─the measurement was corrected or withdrawn─▶ superseded

A finding is made once for a rule and a version of what it is about: `key` says which. One that somebody must look at
asks in the same write for an alert, so that none is lost; what came of it is the alert's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.eldercare import subject
from models.rules.decision import Decision

COLLECTION = "health_findings"
RECORD = "health_findings.record"
SEVERITY_ZH = {"info": "提示", "attention": "需关注", "urgent": "紧急", "emergency": "危急"}
"""From the mildest to the gravest."""
SEVERITIES = tuple(SEVERITY_ZH)
CLASS_ZH = {"A": "A类重要异常", "B": "B类重要异常"}
STATE_ZH = {"live": "有效", "superseded": "测量已更正"}
QUEUE = "care"
MOST_LOOKED = 200
outbox.carried_by(COLLECTION)


class HealthFinding(Document):
    """`about` are the ids of the observations or records; `inputs` what the rule read; `class` of a 重要异常.

    `beside` are other measurements that were read, {id, version}; `words` the codes and kinds of all of them, so that
    what is hidden stays hidden. `record` is the sealed record of a decision of `models.rules`, from which it can be
    made again.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "strict": False,
        "indexes": [
            {"fields": ["key"], "unique": True},
            {"fields": ["subject", "-at", "-_id"]},
            {"fields": ["subject", "rule", "-at", "-_id"]},
            {"fields": ["about"]},
            {"fields": ["beside.id"], "sparse": True},
            outbox.INDEX,
        ],
    }
    subject = ObjectIdField(required=True)
    rule = StringField(required=True)
    rule_version = IntField(required=True)
    severity = StringField(choices=SEVERITIES, required=True)
    category = StringField(db_field="class", choices=tuple(CLASS_ZH))
    about = ListField(ObjectIdField())
    about_version = IntField()
    beside = ListField(DictField())
    words = ListField(StringField())
    inputs = DictField()
    sentence_zh = StringField(required=True)
    at = DateTimeField(required=True)
    made_at = DateTimeField(required=True)
    key = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    superseded_at = DateTimeField()
    record = BinaryField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 研判结果",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("record"),),
        traces=("rule", "severity", "class", "inputs", "sentence_zh", "at"),
        level="verified",
        at_deletion="keep",
        because="国家基本公共卫生服务规范: 健康档案须留存;已删除与本人的对应,不再指向任何人",
    )
)


@dataclass(frozen=True)
class Found:
    """What a rule says: `inputs` are plain values by name, `sentence_zh` explains them; `category` is A, B or none.

    `record` is what a decision's record holds, where the rule is one of `models.rules`; `words` and `beside` are those
    of the document.
    """

    rule: str
    rule_version: int
    severity: str
    sentence_zh: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    category: str = ""
    record: Mapping[str, Any] | None = field(default=None, repr=False)
    words: Sequence[str] = ()
    beside: Sequence[Mapping[str, Any]] = ()


def keep(
    subject_id: ObjectId,
    found: Found,
    *,
    about: Sequence[ObjectId],
    at: datetime,
    key: str,
    about_version: int = 1,
    asks: bool = True,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Store a finding and return it; one with this key that is stored already is returned as it stands.

    From `attention` on the same write asks for an alert, unless `asks` is false: what was measured long ago and is only
    entered now calls nobody. Within a transaction a stored key raises DuplicateKeyError.
    """
    document = made(subject_id, found, about=about, at=at, key=key) | {"about_version": about_version}
    if not asks:
        document.pop("outbox", None)
    try:
        HealthFinding._get_collection().insert_one(document, session=session)
    except DuplicateKeyError:
        if session is not None:
            raise
        return documents.one(HealthFinding, {"key": key})
    if "outbox" in document and session is None:
        outbox.wake(QUEUE)
    return document


def made(subject_id: ObjectId, found: Found, *, about: Sequence[ObjectId], at: datetime, key: str) -> dict[str, Any]:
    """Return the document of a finding; nothing is stored."""
    document: dict[str, Any] = {
        "_id": ObjectId(),
        "subject": subject_id,
        "rule": found.rule,
        "rule_version": found.rule_version,
        "severity": found.severity,
        "about": list(about),
        "inputs": dict(found.inputs),
        "sentence_zh": found.sentence_zh,
        "at": at,
        "made_at": clock.now(),
        "key": key,
        "state": "live",
    }
    more = {"class": found.category, "words": sorted(set(found.words)), "beside": [dict(one) for one in found.beside]}
    document |= {name: value for name, value in more.items() if value}
    if found.record is not None:
        told = orjson.dumps(found.record, default=str).decode()
        document["record"] = runtime.current().sealer.seal(RECORD, document["_id"], told)
    if calls_for_alert(found.severity):
        document["outbox"] = [outbox.entry("care", "eldercare.raise", finding=str(document["_id"]))]
    return document


def inputs_of(decision: Decision) -> dict[str, Any]:
    """Return what a decision read, as plain values by name."""
    return {one["name"].replace(".", "_"): _plain(one["value"]) for one in decision.kept["facts"] if "value" in one}


def _plain(told: Any) -> Any:
    return float(told["decimal"]) if isinstance(told, dict) and "decimal" in told else told


def calls_for_alert(severity: str) -> bool:
    """Tell whether a finding of this severity has somebody look at it."""
    return SEVERITIES.index(severity) >= SEVERITIES.index("attention")


def supersede(about: ObjectId, version: int) -> None:
    """Mark the live findings about a measurement as it stood before this version as made of what was corrected.

    An alert that one of them raised stays: a person gives its outcome.
    """
    change = {"$set": {"state": "superseded", "superseded_at": clock.now()}}
    earlier = {"$lt": version}
    for query in (
        {"about": about, "about_version": earlier},
        {"beside": {"$elemMatch": {"id": about, "version": earlier}}, "beside.id": about},
    ):
        HealthFinding._get_collection().update_many(query | {"state": "live"}, change)


def decision_record(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the record of the decision behind a finding, opened; None for one that a table made."""
    if "record" not in found:
        return None
    return dict(orjson.loads(runtime.current().sealer.open(RECORD, found["_id"], found["record"])))


def read(finding_id: ObjectId) -> dict[str, Any]:
    """Return a finding.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthFinding, {"_id": finding_id})


def live_days(subject_id: ObjectId, rule: str, *, since: datetime, until: datetime) -> int:
    """Return on how many days of a span a rule found something about an elder that still stands."""
    query = {"subject": subject_id, "rule": rule, "state": "live", "at": {"$gte": since, "$lte": until}}
    found = HealthFinding._get_collection().find(query, {"at": 1}).sort("at", -1).limit(MOST_LOOKED)
    return len({clock.civil(one["at"]).date() for one in found})

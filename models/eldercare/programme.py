"""A programme (慢病管理): one long illness of an elder that is managed, with its last visit and the day of the next.

    suspected ─confirm─▶ managed ─end─▶ ended          suspected ─dismiss─▶ ended

Findings and the yearly check open one as suspected; a doctor confirms or dismisses it. One lives for an elder and an
illness at a time. The illness stands in the clear under the subject's random id, because due lists and control rates
are read by it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import subject, view
from models.identity.actors import Staff

COLLECTION = "health_programmes"
OPERATION = "health.work"
DISEASES = {"hypertension": "高血压", "diabetes": "2型糖尿病"}
STATE_ZH = {"suspected": "疑似,待确认", "managed": "管理中", "ended": "已结束"}
TODO_ZH = {"managed": "随访", "suspected": "检查"}
BECAUSE_ZH = {"finding": "研判结果", "yearly_check": "年度体检异常", "doctor": "医务人员诊断"}
ENDED_ZH = {"dismissed": "排除", "moved": "迁出", "died": "死亡", "refused": "本人拒绝", "cured": "不再需要管理"}
MOST = 20


class HealthProgramme(Document):
    """`next_visit` is a day; `unreached` counts visits in a row that did not reach the target; `seq` guards changes."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["subject", "disease"],
                "unique": True,
                "partialFilterExpression": {"live": True},
                "name": "one_live",
            },
            {"fields": ["subject", "-live", "-opened_at"]},
            {"fields": ["live", "next_visit", "_id"]},
        ],
    }
    subject = ObjectIdField(required=True)
    disease = StringField(choices=tuple(DISEASES), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    live = BooleanField(required=True)
    because = StringField(choices=tuple(BECAUSE_ZH), required=True)
    about = ObjectIdField()
    opened_at = DateTimeField(required=True)
    opened_by = StringField(required=True)
    next_visit = StringField(required=True)
    unreached = IntField(required=True)
    last = DictField()
    ended_at = DateTimeField()
    ended_by = StringField()
    ended_as = StringField(choices=tuple(ENDED_ZH))
    seq = IntField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 慢病管理",
        via=(("subject", subject.COLLECTION),),
        traces=("disease", "state", "next_visit", "last"),
        level="verified",
        at_deletion="keep",
        because="国家基本公共卫生服务规范: 慢病管理记录须留存;已删除与本人的对应,不再指向任何人",
    )
)


class ProgrammeMoved(Conflict):
    """409: it is in another state, or somebody changed it at this moment."""

    code = "health_programme_moved"
    zh = "该慢病管理当前为「{state_zh}」,或刚被他人更新,请刷新后再办理。"
    en = "This programme is {state}, or was changed just now. Look at it again."


class AlreadyManaged(Unprocessable):
    """422: the elder is in this programme."""

    code = "health_already_managed"
    zh = "该老人已纳入{disease_zh}管理,请直接登记随访。"
    en = "The elder is in this programme already. Enter a visit."


def suspected(
    subject_id: ObjectId, disease: str, *, because: str, about: ObjectId, by: str, session: ClientSession | None = None
) -> None:
    """Open a programme that a doctor has to confirm; where one lives, nothing happens."""
    told = _made(subject_id, disease, state="suspected", because=because, by=by) | {"about": about}
    where = {"subject": subject_id, "disease": disease, "live": True}
    told = {name: value for name, value in told.items() if name not in where}
    try:
        HealthProgramme._get_collection().update_one(where, {"$setOnInsert": told}, upsert=True, session=session)
    except DuplicateKeyError:  # another one opened it at this moment
        if session is not None:
            raise


def _made(subject_id: ObjectId, disease: str, *, state: str, because: str, by: str) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "subject": subject_id,
        "disease": disease,
        "state": state,
        "live": True,
        "because": because,
        "opened_at": clock.now(),
        "opened_by": by,
        "next_visit": clock.today().isoformat(),
        "unreached": 0,
        "seq": 1,
    }


def confirm(actor: Staff, subject_id: ObjectId, disease: str) -> dict[str, Any]:
    """Take an elder into a programme, suspected before or not; the first visit is due today. Return it.

    Raises:
        NotFound: no such elder in the actor's reach.
        AlreadyManaged: the elder is in it.
    """
    view.of_staff(actor, subject_id, OPERATION)
    line = entry.line(actor.key, "health.manage", f"health_subject:{subject_id}", unit=actor.unit, disease=disease)
    collection = HealthProgramme._get_collection()

    def change(session: ClientSession) -> bool:
        where = {"subject": subject_id, "disease": disease, "live": True}
        found = collection.find_one(where, session=session)
        if found is None:
            collection.insert_one(
                _made(subject_id, disease, state="managed", because="doctor", by=actor.key), session=session
            )
        elif found["state"] == "managed":
            return False
        else:
            told = {"$set": {"state": "managed", "next_visit": clock.today().isoformat()}, "$inc": {"seq": 1}}
            collection.update_one({"_id": found["_id"], "seq": found["seq"]}, told, session=session)
        entry.write(line, session)
        return True

    try:
        taken = transactions.run(change)
    except DuplicateKeyError:
        taken = False
    if not taken:
        raise AlreadyManaged(disease_zh=DISEASES[disease])
    return documents.one(HealthProgramme, {"subject": subject_id, "disease": disease, "live": True})


def end(actor: Staff, subject_id: ObjectId, disease: str, *, ended_as: str) -> dict[str, Any]:
    """End a programme, or dismiss a suspicion; return it.

    Raises:
        NotFound: no such elder in the actor's reach, or not in this programme.
        ProgrammeMoved: somebody changed it at this moment.
    """
    view.of_staff(actor, subject_id, OPERATION)
    found = live(subject_id, disease)
    about = f"{COLLECTION}:{found['_id']}"
    line = entry.line(actor.key, "health.unmanage", about, unit=actor.unit, disease=disease, ended_as=ended_as)
    told = {"state": "ended", "live": False, "ended_at": clock.now(), "ended_by": actor.key, "ended_as": ended_as}

    def change(session: ClientSession) -> None:
        move(found, {"$set": told}, session)
        entry.write(line, session)

    transactions.run(change)
    return documents.one(HealthProgramme, {"_id": found["_id"]})


def move(found: Mapping[str, Any], change: Mapping[str, Any], session: ClientSession) -> None:
    """Change a programme within a transaction, if nobody did since it was read.

    Raises:
        ProgrammeMoved: somebody did.
    """
    guard = {"_id": found["_id"], "seq": found["seq"], "live": True}
    told = {**change, "$inc": {"seq": 1}}
    if not HealthProgramme._get_collection().update_one(guard, told, session=session).modified_count:
        raise ProgrammeMoved(state=found["state"], state_zh=STATE_ZH[found["state"]])


def live(subject_id: ObjectId, disease: str) -> dict[str, Any]:
    """Return the programme of an elder that lives.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthProgramme, {"subject": subject_id, "disease": disease, "live": True})


def managed(subject_id: ObjectId) -> frozenset[str]:
    """Return the illnesses for which an elder is managed."""
    query = {"subject": subject_id, "live": True}
    found = HealthProgramme._get_collection().find(query, {"disease": 1, "state": 1}).limit(MOST)
    return frozenset(one["disease"] for one in found if one["state"] == "managed")


def dismissed(subject_id: ObjectId, disease: str, *, since: datetime) -> bool:
    """Tell whether a doctor dismissed this suspicion lately, so that the next high value does not bring it back."""
    found = HealthProgramme._get_collection().find({"subject": subject_id, "live": False}).limit(MOST)
    return any(
        one["disease"] == disease and one["ended_as"] == "dismissed" and one["ended_at"] >= since for one in found
    )


def listed(subject_id: ObjectId) -> list[dict[str, Any]]:
    """Return the programmes of an elder, those that live first."""
    found = HealthProgramme._get_collection().find({"subject": subject_id})
    return list(found.sort([("live", -1), ("opened_at", -1)]).limit(MOST))


def due(subject_ids: Sequence[ObjectId] | None, until: date, most: int) -> list[dict[str, Any]]:
    """Return the live programmes of some elders, of all for None, with a next visit until a day, earliest first."""
    query: dict[str, Any] = {"live": True, "next_visit": {"$lte": until.isoformat()}}
    query |= {} if subject_ids is None else {"subject": {"$in": subject_ids}}
    return list(HealthProgramme._get_collection().find(query).sort([("next_visit", 1), ("_id", 1)]).limit(most))

"""A wish (本人意愿): what an elder without a phone told the staff of a unit that cares, to hide or to show again.

    in force ─lift─▶ lifted          in force ─the elder shows it on a phone, or says something else─▶ over

The staff only write down what the elder said: there is a signed paper, of which the wish names the reference, and a
witness. Each wish is in the audit, and the elder hears of it; the relatives do as well, unless it hides something from
them. A wish is never erased from the register, and only the elder's word lifts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging, transactions
from models.audit import entry
from models.eldercare import enter, hide, subject, tell_care, view
from models.eldercare.hide import Veil
from models.eldercare.reader import Reader
from models.identity.actors import Staff

COLLECTION = "health_wishes"
PLACE, LIFTED_PLACE = "health_wishes.witness", "health_wishes.lifted.witness"
OPERATION = enter.OPERATION


class HealthWish(Document):
    """`veil` is what it hides in the subject; `unit` wrote it down. A witness is a name, sealed."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["subject", "-_id"]}],
    }
    subject = ObjectIdField(required=True)
    veil = ObjectIdField(required=True)
    word = StringField(required=True)
    item = ObjectIdField()
    family = BooleanField(required=True)
    units = ListField(StringField())
    paper = StringField(required=True)
    witness = BinaryField(required=True)
    unit = StringField(required=True)
    by = StringField(required=True)
    at = DateTimeField(required=True)
    lifted = DictField()


personal_data.declare(
    Holding(
        COLLECTION,
        "健康档案: 本人意愿登记",
        via=(("subject", subject.COLLECTION),),
        sealed=(Sealed("witness"), Sealed("lifted.witness")),
        traces=("word", "family", "units", "paper", "unit", "at"),
        level="verified",
        at_deletion="keep",
        because="登记是隐藏或恢复显示的依据;已删除与本人的对应,不再指向任何人",
    )
)


@dataclass(frozen=True)
class Said:
    """How the elder's word is proven: the reference of the signed paper, and who was there."""

    paper: str
    witness: str = field(repr=False)


def record(actor: Staff, subject_id: ObjectId, veil: Veil, said: Said) -> dict[str, Any]:
    """Hide what the elder asks to hide, and return the wish.

    Raises:
        NotFound: no such elder in reach, or no such item that the actor sees.
        FromNobody, HiddenFull: see `hide.hide`.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    hide.check(reader.subject, veil)
    if veil.item and not reader.sees({"_id": veil.item, "code": hide.word_of(subject_id, veil.item)}):
        raise NotFound
    wish_id, now = ObjectId(), clock.now()
    made: dict[str, Any] = {
        "_id": wish_id,
        "subject": subject_id,
        "family": veil.family,
        "units": sorted(set(veil.units)),
        "paper": said.paper,
        "witness": runtime.current().sealer.seal(PLACE, wish_id, said.witness),
        "unit": _unit_of(reader),
        "by": actor.key,
        "at": now,
    }

    def write(session: ClientSession) -> dict[str, Any]:
        follow = tell_care.following(subject_id, "health_wish", made["unit"], private=veil.family)
        veiled = hide.put(subject_id, veil, written_by=made["unit"], follow=follow, session=session)
        whole = made | {"veil": veiled["id"], "word": veiled["word"], **({"item": veil.item} if veil.item else {})}
        HealthWish._get_collection().insert_one(whole, session=session)
        entry.write(_line(actor, "health.wish", whole, said), session)
        return whole

    stored = transactions.run(write)
    outbox.wake(tell_care.QUEUE)
    return stored


def lift(actor: Staff, subject_id: ObjectId, wish_id: ObjectId, said: Said) -> dict[str, Any]:
    """Show again what a wish hides, because the elder says so; one that is over already stays as it is.

    Raises:
        NotFound: no such elder in reach, or no wish that a unit of the actor's wrote down.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    found = documents.one(HealthWish, {"_id": wish_id, **_own(reader)})
    told = {"at": clock.now(), "by": actor.key, "paper": said.paper}
    told |= {"witness": runtime.current().sealer.seal(LIFTED_PLACE, wish_id, said.witness)}

    def write(session: ClientSession) -> None:
        follow = tell_care.following(subject_id, "health_wish_lifted", found["unit"], private=found["family"])
        if hide.drop(subject_id, found["veil"], follow=follow, session=session):
            HealthWish._get_collection().update_one({"_id": wish_id}, {"$set": {"lifted": told}}, session=session)
            entry.write(_line(actor, "health.wish_lifted", found, said), session)

    transactions.run(write)
    outbox.wake(tell_care.QUEUE)
    return documents.one(HealthWish, {"_id": wish_id})


def page(reader: Reader, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the wishes that the reader's units wrote down, the latest first; others' stay hidden."""
    return paging.page(HealthWish._get_collection(), _own(reader), sort=("_id", -1), cursor=cursor, limit=limit)


def witness_of(found: Mapping[str, Any]) -> str:
    """Return the witness of a wish, opened."""
    return runtime.current().sealer.open(PLACE, found["_id"], found["witness"])


def _own(reader: Reader) -> dict[str, Any]:
    return {"subject": reader.subject_id, "unit": {"$in": sorted(reader.units)}}


def _unit_of(reader: Reader) -> str:
    actor = reader.actor
    assert isinstance(actor, Staff)
    return actor.unit if actor.unit in reader.units else min(reader.units)


def _line(actor: Staff, action: str, wish: Mapping[str, Any], said: Said) -> dict[str, Any]:
    about = f"health_subject:{wish['subject']}"
    told = {"wish": str(wish["_id"]), "paper": said.paper, "family": wish["family"], "units": ",".join(wish["units"])}
    return entry.line(actor.key, action, about, unit=actor.unit, **told)

"""A sample and its chain of custody: from the field to the laboratory every hand is known, in order.

    held ──hand (its holder, to a named colleague)──▶ handed ──receive (that colleague, seal and weight right)──▶ held
                                                        │ ────receive (seal broken or weight off)──▶ broken (final)
    held by a laboratory ──result is confirmed──▶ tested (final)

Each line of `custody` says who, when, how many grams. A broken sample counts for nothing: another one is taken.
"""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import moving, staff
from models.identity.actors import Staff
from models.selenium import certification, producer

COLLECTION = "selenium_samples"
STATE_ZH = {"held": "保管中", "handed": "交接中", "broken": "封样失效", "tested": "已检测"}
SEAL = r"^[A-Z0-9][A-Z0-9-]{5,19}\Z"
MOST_GRAMS = 100_000
TOLERANCE_PERMILLE = 20
"""Fresh produce loses some water on the way; a house rule, no document gives a number."""


class Sample(Document):
    """The id is the number of the seal. `holder` is who has it, `to` who shall receive it, `unit` the holder's."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["certification"]}, {"fields": ["producer"]}],
    }
    id = StringField(primary_key=True)
    certification = ObjectIdField(required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    lot = StringField(required=True)
    grams = IntField(required=True)
    retained_grams = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    holder = StringField(required=True)
    unit = StringField(required=True)
    at_lab = BooleanField(required=True)
    to = StringField()
    taken_at = DateTimeField(required=True)
    custody = ListField()


personal_data.declare(
    Holding(
        COLLECTION,
        "认定抽样和样品交接",
        via=(("producer", "producers"),),
        traces=("village", "taken_at"),
        at_deletion="restrict",
        because="检验检测原始记录须依法留存不少于六年(检验检测机构资质认定管理办法)。",
    )
)


class SealTaken(Conflict):
    """409: a seal counts once."""

    code = "seal_taken"
    zh = "该封签号已使用,请换用新的封签。"
    en = "This seal was used before. Use another one."


class LotNotCertified(Unprocessable):
    """422: the sample is of a lot that the application does not name."""

    code = "sample_lot_wrong"
    zh = "样品须取自申请认定的批次。"
    en = "The sample must be of a lot that the application names."

    def __init__(self) -> None:
        super().__init__(fields={"lot": [self.zh]})


class ReceiverUnknown(Unprocessable):
    """422: there is no such colleague who handles samples."""

    code = "sample_receiver_unknown"
    zh = "接收人不存在或不负责样品,请核对。"
    en = "There is no such colleague who handles samples."

    def __init__(self) -> None:
        super().__init__(fields={"to": [self.zh]})


class CustodyWrong(Conflict):
    """409: a step out of order, or by somebody whose turn it is not."""

    code = "sample_custody"
    zh = "样品不在您手中,或当前状态不能这样交接,请核对交接记录。"
    en = "The sample is not in your hands, or cannot be handed over like this."


@dataclass(frozen=True)
class Taking:
    """What was taken: the sealed part and the one that stays behind for a second opinion."""

    seal: str
    lot: str
    grams: int
    retained_grams: int


def take(actor: Staff, certification_id: ObjectId, told: Taking) -> dict[str, Any]:
    """Take a sample of a certification whose documents are complete.

    Raises:
        NotAllowed, NotFound: the certification is out of the actor's reach.
        StateWrong: the documents are not checked, or there is a sample.
        LotNotCertified: it is of another lot.
        SealTaken: the seal was used.
    """
    found = certification.in_reach(actor, "certification.sample", certification_id)
    if told.lot not in found["lots"]:
        raise LotNotCertified
    certification.require_checked(found)
    at = clock.now()
    made: dict[str, Any] = {
        "_id": told.seal,
        "certification": certification_id,
        "producer": found["producer"],
        "village": found["village"],
        "lot": told.lot,
        "grams": told.grams,
        "retained_grams": told.retained_grams,
        "state": "held",
        "holder": actor.key,
        "unit": actor.unit,
        "at_lab": False,
        "taken_at": at,
        "custody": [{"what": "taken", "by": actor.key, "at": at, "grams": told.grams}],
    }
    line = _line(actor, "take", told.seal, grams=told.grams)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        certification.move(certification_id, ("applied",), {"state": "sampling", "sample": told.seal}, session)
        try:
            Sample._get_collection().insert_one(made, session=session)
        except DuplicateKeyError:
            raise SealTaken from None
        entry.write(line, session)

    transactions.run(change)
    return made


def hand(actor: Staff, seal: str, to: ObjectId) -> dict[str, Any]:
    """Hand a sample over to a colleague, who has to receive it; the same again changes nothing.

    Raises:
        NotFound: not a sample that is, or was, in the actor's hands.
        CustodyWrong: it is not in their hands.
        ReceiverUnknown: there is no such colleague.
    """
    found, receiver = near(actor, seal), _receiver(to)
    if found["state"] == "handed" and (found["holder"], found["to"]) == (actor.key, receiver):
        return found
    guard = {"_id": seal, "state": "held", "holder": actor.key}
    step = {"what": "handed", "by": actor.key, "to": receiver, "at": clock.now()}
    update = {"$set": {"state": "handed", "to": receiver}, "$push": {"custody": step}}
    return _changed(actor, guard, update, _line(actor, "hand", seal, to=receiver))


def receive(actor: Staff, seal: str, grams: int, *, intact: bool) -> dict[str, Any]:
    """Receive a sample that was handed to the actor; a broken seal or a wrong weight ends it.

    Raises:
        NotFound: it was not handed to the actor.
        CustodyWrong: it waits for somebody else, or was received before.
    """
    found = near(actor, seal)
    last = found["custody"][-1]
    if last["what"] == "received" and (last["by"], last["grams"]) == (actor.key, grams):
        return found
    whole = intact and abs(found["grams"] - grams) * 1000 <= found["grams"] * TOLERANCE_PERMILLE
    step = {"what": "received", "by": actor.key, "at": clock.now(), "grams": grams, "intact": intact}
    told = {"state": "held" if whole else "broken", "holder": actor.key, "unit": actor.unit}
    update = {
        "$set": told | {"at_lab": actor.may("lab.enter")},
        "$unset": {"to": ""},
        "$push": {"custody": step},
    }
    guard = {"_id": seal, "state": "handed", "to": actor.key}
    line = _line(actor, "receive" if whole else "broken", seal, grams=grams)
    return _changed(actor, guard, update, line, again=None if whole else found["certification"])


def _changed(
    actor: Staff, guard: dict[str, Any], update: dict[str, Any], line: dict[str, Any], again: ObjectId | None = None
) -> dict[str, Any]:
    def sample_anew(session: ClientSession) -> None:
        if again:
            certification.move(again, ("sampling",), {"state": "applied"}, session, sample=guard["_id"])

    moved = moving.move(Sample, guard, update, line, actor, also=sample_anew)
    if moved is None:
        raise CustodyWrong
    return moved


def _receiver(to: ObjectId) -> str:
    try:
        found = staff.read(to)
    except NotFound:
        raise ReceiverUnknown from None
    given = Staff(to, "", "", tuple(staff.assignments_of(found)))
    if found["state"] != "active" or not given.may("sample.hand"):
        raise ReceiverUnknown
    return given.key


def near(actor: Staff, seal: str) -> dict[str, Any]:
    """Return a sample that the actor handles, or whose certification they read in their area.

    Raises:
        NotFound: none, or out of the actor's reach.
    """
    found = documents.one(Sample, {"_id": seal})
    hands = {one.get(side) for one in found["custody"] for side in ("by", "to")}
    at_unit = actor.may("sample.read") and found["at_lab"] and found["unit"] == actor.unit
    if actor.key in hands or at_unit or producer.reaches(actor, "certification.read", found["village"]):
        return found
    raise NotFound


def _line(actor: Staff, verb: str, seal: str, **details: Any) -> dict[str, Any]:
    return entry.line(actor.key, f"sample.{verb}", f"sample:{seal}", unit=actor.unit, **details)

"""A producer: who grows and answers for what is sold, an organisation or a natural person.

    active ──suspend (town's or county's office)──▶ suspended ──resume──▶ active

A natural person is one producer, and so is an organisation. What the public reads is `shown_name`: the name of an
organisation; of a natural person the village, and the masked name only when the person says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DateTimeField, Document, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict, NotAllowed, NotFound, Unprocessable
from backend.identity_documents import mask_name
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.identity import levels, moving, person
from models.identity.actors import Member, Resident, Staff
from models.places.area import Area

COLLECTION = "producers"
KIND_ZH = {"organisation": "单位", "person": "农户"}
STATE_ZH = {"active": "正常", "suspended": "已停用"}
REASON_ZH = {"inspection": "监督检查发现问题", "false_data": "申报不实", "own_request": "生产主体申请停用"}


class Producer(Document):
    """`village` is the division code, `village_zh` town and village in words; `show_name` is the person's consent."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["organisation"],
                "unique": True,
                "partialFilterExpression": {"organisation": {"$exists": True}},
            },
            {"fields": ["person"], "unique": True, "partialFilterExpression": {"person": {"$exists": True}}},
            {"fields": ["village", "_id"]},
        ],
    }
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    organisation = ObjectIdField()
    person = ObjectIdField()
    shown_name = StringField(required=True)
    show_name = BooleanField()
    show_name_since = DateTimeField()
    village = StringField(required=True)
    village_zh = StringField(required=True)
    phone = BinaryField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    reason = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "生产主体(农户、单位)登记",
        persons=("person",),
        sealed=(Sealed("phone"),),
        traces=("shown_name", "village", "village_zh", "created_by"),
        of_person=True,
        at_deletion="restrict",
        because="农产品生产和承诺达标合格证记录须依法留存(农产品质量安全法第二十七条、第三十九条)。",
    )
)


class ProducerNeeded(Conflict):
    """409: who asks is no producer yet."""

    code = "producer_needed"
    zh = "请先登记为生产主体(填写所在村和联系电话)后再办理。"
    en = "Register as a producer first."


class ProducerSuspended(NotAllowed):
    """403: the office has suspended this producer."""

    code = "producer_suspended"
    zh = "该生产主体已被停用,请联系所在乡镇农业服务机构。"
    en = "This producer is suspended. Ask the agricultural office of the town."


class ProducerKnown(Conflict):
    """409: who asks is a producer already."""

    code = "producer_known"
    zh = "您(或您的单位)已登记为生产主体,无需重复登记。"
    en = "You, or your organisation, are registered as a producer."


class VillageUnknown(Unprocessable):
    """422: the county has no such village."""

    code = "village_unknown"
    zh = "没有这个村(社区),请在列表中选择。"
    en = "There is no such village. Choose one from the list."

    def __init__(self) -> None:
        super().__init__(fields={"village": [self.zh]})


@dataclass(frozen=True)
class Grower:
    """Who acts for a producer: every rule of growers takes one. `actor_key` is how history names them."""

    producer_id: ObjectId
    actor_key: str
    unit: str = ""
    producer: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def key(self) -> str:
        """Return how audit and access lines name them."""
        return self.actor_key


def acting(actor: Resident | Member) -> Grower:
    """Return who acts for the producer that a resident is, or that a member's organisation is.

    Raises:
        LevelNeeded: the resident's binding is only what the account says.
        ProducerNeeded: they are no producer.
        ProducerSuspended: the office has suspended it.
    """
    found = own(actor)
    if found is None:
        raise ProducerNeeded
    if found["state"] != "active":
        raise ProducerSuspended
    return Grower(found["_id"], actor.key, producer=found)


def theirs(grower: Grower, found: dict[str, Any]) -> dict[str, Any]:
    """Return a thing of the producer.

    Raises:
        NotFound: it is another producer's; that is answered like a missing one.
    """
    if found["producer"] != grower.producer_id:
        raise NotFound
    return found


def own(actor: Resident | Member) -> dict[str, Any] | None:
    """Return the producer that an actor acts for, None when there is none.

    Raises:
        LevelNeeded: the resident's binding is only what the account says.
    """
    return Producer._get_collection().find_one(_owner(actor))


def _owner(actor: Resident | Member) -> dict[str, ObjectId]:
    if isinstance(actor, Member):
        return {"organisation": actor.organisation_id}
    levels.require(actor.document["level"], "matched")
    assert actor.person_id is not None
    return {"person": actor.person_id}


def village(code: str) -> dict[str, Any]:
    """Return town and village of a division code.

    Raises:
        VillageUnknown: it is no village of the county.
    """
    areas = Area._get_collection()
    found = areas.find_one({"_id": code, "level": "village"})
    town = areas.find_one({"_id": found["parent"]}) if found else None
    if found is None or town is None:
        raise VillageUnknown
    return {"village": code, "village_zh": f"{town['name']}{_plain(found['name'])}"}


def _plain(name: str) -> str:
    """Return the village that a committee is called after."""
    for ending, plain in (("村委会", "村"), ("居委会", "社区"), ("村民委员会", "村")):
        if name.endswith(ending):
            return name.removesuffix(ending).removesuffix("村") + plain
    return name


def register(actor: Resident | Member, village_code: str, *, phone: str, show_name: bool = False) -> dict[str, Any]:
    """Register the resident, or the member's organisation, as a producer.

    Raises:
        LevelNeeded: the resident's binding is only what the account says.
        VillageUnknown: the county has no such village.
        ProducerKnown: they are one already.
    """
    owner, home, new_id = _owner(actor), village(village_code), ObjectId()
    made = {
        "_id": new_id,
        "kind": next(iter(owner)),
        **owner,
        **home,
        **_shown(actor, home["village_zh"], show_name=show_name),
        "phone": runtime.current().sealer.seal("producers.phone", new_id, phone),
        "state": "active",
        "created_at": clock.now(),
        "created_by": actor.key,
    }
    line = entry.line(actor.key, "producer.register", f"producer:{new_id}", village=village_code)

    def change(session: ClientSession) -> None:
        try:
            Producer._get_collection().insert_one(made, session=session)
        except DuplicateKeyError:
            raise ProducerKnown from None
        entry.write(line, session)

    transactions.run(change)
    return made


def _shown(actor: Resident | Member, village_zh: str, *, show_name: bool) -> dict[str, Any]:
    """Return what the public may read of who answers for the goods."""
    if isinstance(actor, Member):
        return {"shown_name": actor.organisation["name"]}
    if not show_name:
        return {"shown_name": f"{village_zh}种植户"}
    assert actor.person_id is not None
    masked = mask_name(person.read(actor.person_id).name)
    return {"shown_name": f"{village_zh}种植户{masked}", "show_name": True, "show_name_since": clock.now()}


def change(
    actor: Resident | Member,
    *,
    village_code: str | None = None,
    phone: str | None = None,
    show_name: bool | None = None,
) -> dict[str, Any]:
    """Change village, phone, and whether the public reads the masked name; what is not told stays.

    Raises:
        ProducerNeeded: they are no producer.
        ProducerSuspended: the office has suspended it.
        VillageUnknown: the county has no such village.
    """
    grower = acting(actor)
    found = dict(grower.producer)
    home = village(village_code or found["village"])
    shows = bool(found.get("show_name")) if show_name is None else show_name
    told = {**home, "show_name": False, **_shown(actor, home["village_zh"], show_name=shows)}
    if phone is not None:
        told["phone"] = runtime.current().sealer.seal("producers.phone", found["_id"], phone)
    line = entry.line(actor.key, "producer.change", f"producer:{found['_id']}", village=home["village"])
    return moving.move(Producer, {"_id": found["_id"], "state": "active"}, {"$set": told}, line) or found


def suspend(actor: Staff, producer_id: ObjectId, reason: str) -> dict[str, Any]:
    """Suspend a producer: nothing is registered, harvested or coded in its name; repeating it changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such producer in the actor's area.
    """
    update = {"$set": {"state": "suspended", "reason": reason}}
    return _move(actor, producer_id, "suspend", "active", update, reason=reason)


def resume(actor: Staff, producer_id: ObjectId) -> dict[str, Any]:
    """End a suspension; repeating it changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such producer in the actor's area.
    """
    return _move(actor, producer_id, "resume", "suspended", {"$set": {"state": "active"}, "$unset": {"reason": ""}})


def _move(
    actor: Staff, producer_id: ObjectId, verb: str, before: str, update: dict[str, Any], **details: str
) -> dict[str, Any]:
    in_reach(actor, "producer.suspend", producer_id)
    line = entry.line(actor.key, f"producer.{verb}", f"producer:{producer_id}", unit=actor.unit, **details)
    return moving.move(Producer, {"_id": producer_id, "state": before}, update, line, actor) or read(producer_id)


def read(producer_id: ObjectId) -> dict[str, Any]:
    """Return a producer.

    Raises:
        NotFound: no such producer.
    """
    return documents.one(Producer, {"_id": producer_id})


def several(producer_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return producers by their ids."""
    if not producer_ids:
        return {}
    found = Producer._get_collection().find({"_id": {"$in": producer_ids}})
    return {one["_id"]: one for one in found}


def in_reach(actor: Staff, operation: str, producer_id: ObjectId) -> dict[str, Any]:
    """Return a producer that `operation` of the actor reaches by its village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such producer, or outside the actor's area.
    """
    actor.require(operation)
    found = read(producer_id)
    if not reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def reaches(actor: Staff, operation: str, village_code: str) -> bool:
    """Tell whether `operation` of the actor reaches a village."""
    return any(village_code.startswith(one.area) for one in actor.giving(operation))


def areas(actor: Staff, operation: str) -> dict[str, Any]:
    """Return the query of what lies in the villages that `operation` of the actor reaches."""
    reached = sorted({one.area for one in actor.giving(operation)})
    if "" in reached:
        return {}
    spans = [{"village": {"$gte": area, "$lt": f"{area}~"}} for area in reached]
    return spans[0] if len(spans) == 1 else {"$or": spans}

"""A pack: labels n to m of a roll, stuck on packages of one lot. It moves all its packages at once, in one document.

    bound ──activate──▶ active ──sell──▶ sold
      │ ──void──▶ void                              (final; quota and lot get the weight back)
      └── bound, active, sold ──freeze (office)──▶ frozen ──release──▶ as before

Binding takes the weight out of the lot and the labels out of the roll, all or none: no label is bound twice, and no lot
yields more packages than it weighs. Packages go into boxes and shipments by number or by their labels: `taken` counts
those that did, and `spans` has their labels where they were told.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, LongField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.codes import product_code
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.selenium import buyer, code_quota, events, lot, producer, record, roll, uri
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_packs"
STATE_ZH = {"bound": "已绑定", "active": "已激活", "sold": "已售出", "frozen": "已冻结", "void": "已作废"}
_LONG = 10


class Pack(Document):
    """`village_zh` is where the lot grew; `frozen_from` is the state to which a release brings it back."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["roll", "first"]}, {"fields": ["lot"]}, {"fields": ["producer", "_id"]}],
    }
    id = StringField(primary_key=True)
    roll = StringField(required=True)
    first = IntField(required=True)
    last = IntField(required=True)
    lot = StringField(required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    village_zh = StringField(required=True)
    grams = LongField(required=True)
    taken = IntField()
    spans = ListField(DictField())
    state = StringField(choices=tuple(STATE_ZH), required=True)
    frozen_from = StringField()
    reason = StringField()
    bound_at = DateTimeField(required=True)
    activated_at = DateTimeField()
    sold_at = DateTimeField()
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "包装批(产品码与批次的绑定)",
        via=(("producer", "producers"),),
        traces=("village", "village_zh", "created_by"),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class LabelsTaken(Conflict):
    """409: some of these labels are bound or void already."""

    code = "labels_taken"
    zh = "这些标签中有的已绑定或已作废,请核对标签编号。"
    en = "Some of these labels are bound or void already. Check their numbers."


class LabelsOutside(Unprocessable):
    """422: the roll has no such labels."""

    code = "labels_outside"
    zh = "标签编号应在 1 到 {count} 之间,且起始不大于结束。"
    en = "The roll has labels 1 to {count}."


class LotMismatch(Unprocessable):
    """422: the roll was ordered for another product or season."""

    code = "roll_lot_mismatch"
    zh = "该卷标签是为其他产品或季节申请的,不能用于此批次,请选择相符的批次。"
    en = "This roll was ordered for another product or season."


class PackagesTaken(Conflict):
    """409: not so many packages of the pack are left, or some of these labels are in a box or shipment."""

    code = "packages_taken"
    zh = "该包装批剩余的件数不足,或这些标签的包装已装箱、发货,请核对。"
    en = "Not so many packages are left, or some with these labels are boxed or shipped already."


class PackMoved(Conflict):
    """409: the pack is in a state that does not allow this."""

    code = "pack_state"
    zh = "该包装批当前状态不能这样操作,请刷新后再试。"
    en = "The state of this pack does not allow this. Refresh and try again."


def bind(grower: Grower, roll_no: str, lot_no: str, first: int, last: int) -> dict[str, Any]:
    """Bind labels of a roll to a lot.

    Raises:
        NotFound: roll or lot are not the producer's.
        LabelsOutside, LotMismatch: they do not fit.
        LabelsTaken: some are bound already.
        LotNotOpen, LotTooSmall: the lot cannot give as much.
    """
    labels, goods = roll.own(grower, roll_no), lot.own(grower, lot_no)
    if not 1 <= first <= last <= labels["count"]:
        raise LabelsOutside(count=labels["count"])
    if (goods["product"], goods["season"]) != (labels["product"], labels["season"]):
        raise LotMismatch
    made = {
        "_id": "P" + "".join(secrets.choice(product_code.ALPHABET) for _ in range(_LONG)),
        "roll": roll_no,
        "first": first,
        "last": last,
        "lot": lot_no,
        "producer": grower.producer_id,
        **producer.village(goods["village"]),
        "grams": (last - first + 1) * labels["net_grams"],
        "state": "bound",
        "bound_at": clock.now(),
        "created_by": grower.actor_key,
    }
    line = entry.line(grower.actor_key, "pack.bind", f"pack:{made['_id']}", unit=grower.unit, grams=made["grams"])
    happened = events.packing(made, goods, labels.get("gtin", ""))
    told = {"packages": last - first + 1, "grams": made["grams"]}
    about = {"lots": [lot_no], "packs": [made["_id"]], "season": goods["season"], "told": told}
    drafted = record.draft(grower, "packing", clock.today(), [happened], **about)

    def change(session: ClientSession) -> None:
        _cover(made, session)
        lot.use(lot_no, made["grams"], session)
        Pack._get_collection().insert_one(dict(made), session=session)
        drafted.store(session)
        entry.write(dict(line), session)

    transactions.run(change)
    return made


def _cover(made: dict[str, Any], session: ClientSession | None = None) -> None:
    """Take labels out of a roll: one guarded update decides."""
    span = {"first": made["first"], "last": made["last"], "pack": made["_id"]}
    if not roll.cover(made["roll"], span, session, guard=roll.NOT_LOST):
        if "lost" in roll.read(made["roll"]):
            raise roll.RollLost
        raise LabelsTaken


def activate(grower: Grower, number: str) -> dict[str, Any]:
    """Let buyers find the packages genuine; a pack that is active stays so.

    Raises:
        NotFound: no such pack of the producer.
        PackMoved: it is frozen, sold or void.
    """
    return _moved(own(grower, number), "bound", "active", grower, activated_at=clock.now())


def sell(grower: Grower, number: str, to: dict[str, Any] | None = None) -> dict[str, Any]:
    """Say that the packages were sold, to a buyer where one is known; a pack that was sold stays so.

    Raises:
        NotFound: no such pack of the producer.
        PackMoved: it is not active.
        LotHeld: its lot is held or recalled.
    """
    found = own(grower, number)
    listed = [events.packages(uris([found])[number], size(found))]
    happened = events.selling(grower.producer_id, clock.today(), listed, buyer.parties(to) if to else ())
    about: dict[str, Any] = {"lots": [found["lot"]], "packs": [number], "told": {"packages": size(found)}}
    about |= {"season": lot.read(found["lot"])["season"]}
    about |= {"buyer": to["_id"]} if to else {}
    drafted = record.draft(grower, "selling", clock.today(), [happened], **about)

    def follows(session: ClientSession) -> None:
        lot.let_move([found["lot"]], session)
        drafted.store(session)

    return _moved(found, "active", "sold", grower, also=follows, sold_at=clock.now())


def void(grower: Grower, number: str) -> dict[str, Any]:
    """Destroy the labels of a bound pack; the weight goes back to the lot and the quota.

    Raises:
        NotFound: no such pack of the producer.
        PackMoved: it is active, sold or frozen.
        PackagesTaken: some of its packages are in boxes or shipments.
    """
    found = own(grower, number)
    labels = roll.read(found["roll"])
    quota = code_quota.key(found["producer"], labels["product"], labels["season"])
    packed = record.kept_about("packing", "packs", number)
    wrong = record.correction(grower, packed) if packed else None

    def returns(session: ClientSession) -> None:
        untouched = {"_id": number, "taken": {"$in": [None, 0]}}
        if not Pack._get_collection().find_one(untouched, {"_id": 1}, session=session):
            raise PackagesTaken
        lot.give_back(found["lot"], found["grams"], session)
        code_quota.give_back(quota, found["grams"], session)
        if wrong:
            wrong.store(session)

    return _moved(found, "bound", "void", grower, also=returns)


def take(part: Mapping[str, Any], session: ClientSession) -> None:
    """Take packages out of a pack into a box or a shipment: one guarded update decides.

    `part` has `pack`, `size` (of the whole pack) and `count`, and `first` and `last` where the labels are told.

    Raises:
        PackMoved: the pack is frozen, sold or void.
        PackagesTaken: not so many are left, or some of them are taken.
    """
    most = part["size"] - part["count"]
    guard: dict[str, Any] = {"_id": part["pack"], "state": {"$in": ["bound", "active"]}}
    guard |= {"$or": [{"taken": {"$exists": False}}, {"taken": {"$lte": most}}]}
    update: dict[str, Any] = {"$inc": {"taken": part["count"]}}
    if "first" in part:
        overlap = {"$elemMatch": {"first": {"$lte": part["last"]}, "last": {"$gte": part["first"]}}}
        guard |= {"spans": {"$not": overlap}, f"spans.{roll.MOST_SPANS - 1}": {"$exists": False}}
        update |= {"$push": {"spans": {"first": part["first"], "last": part["last"]}}}
    if not Pack._get_collection().update_one(guard, update, session=session).matched_count:
        found = Pack._get_collection().find_one({"_id": part["pack"]}, {"state": 1}, session=session)
        raise PackagesTaken if found and found["state"] in {"bound", "active"} else PackMoved


def put_back(part: Mapping[str, Any], session: ClientSession) -> None:
    """Put back what `take` took, in the transaction that undoes what it was taken for."""
    update: dict[str, Any] = {"$inc": {"taken": -part["count"]}}
    if "first" in part:
        update |= {"$pull": {"spans": {"first": part["first"], "last": part["last"]}}}
    Pack._get_collection().update_one({"_id": part["pack"]}, update, session=session)


def size(found: Mapping[str, Any]) -> int:
    """Return how many packages a pack has."""
    return found["last"] - found["first"] + 1


def uris(packs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the URI of each pack by its number: under the GTIN of its roll where that has one."""
    rolls = roll.Roll._get_collection().find({"_id": {"$in": [one["roll"] for one in packs]}}, {"gtin": 1})
    gtins = {one["_id"]: one.get("gtin", "") for one in rolls}
    return {one["_id"]: uri.pack(one["_id"], gtins.get(one["roll"], "")) for one in packs}


def several(numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return packs by their numbers."""
    return {one["_id"]: one for one in Pack._get_collection().find({"_id": {"$in": list(numbers)}})}


def freeze(actor: Staff, number: str, reason: str) -> dict[str, Any]:
    """Freeze the packages of a pack: who scans one is told not to eat it; a frozen one stays so.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such pack in the actor's area.
        PackMoved: it is void.
    """
    found = in_reach(actor, "lot.hold", number)
    told = {"frozen_from": found["state"], "reason": reason}
    return _moved(found, found["state"] if found["state"] != "void" else "bound", "frozen", actor, **told)


def release(actor: Staff, number: str) -> dict[str, Any]:
    """Bring a frozen pack back to what it was; one that is not frozen stays as it is.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such pack in the actor's area.
    """
    found = in_reach(actor, "lot.hold", number)
    return _moved(found, "frozen", found["frozen_from"], actor) if found["state"] == "frozen" else found


def _moved(
    found: dict[str, Any], before: str, after: str, actor: Grower | Staff, *, also: Any = None, **told: Any
) -> dict[str, Any]:
    """Move a pack between two states with its audit entry; one that is there already stays as it is."""
    line = entry.line(actor.key, f"pack.{after}", f"pack:{found['_id']}", unit=actor.unit)
    guard, update = {"_id": found["_id"], "state": before}, {"$set": {"state": after, **told}}
    if found["state"] == after:
        return found
    if (moved := moving.move(Pack, guard, update, line, actor, also=also)) is None:
        raise PackMoved
    return moved


def read(number: str) -> dict[str, Any]:
    """Return a pack.

    Raises:
        NotFound: no such pack.
    """
    return documents.one(Pack, {"_id": number})


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a pack of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def in_reach(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a pack that `operation` of the actor reaches by its village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such pack, or outside the actor's area.
    """
    actor.require(operation)
    found = read(number)
    if not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def stop(number: str, by: str, session: ClientSession) -> dict[str, Any]:
    """Freeze the packages of a pack whose lot is recalled; a frozen or void one stays as it is.

    Raises:
        NotFound: no such pack.
    """
    found = read(number)
    if found["state"] in {"frozen", "void"}:
        return found
    told = {"state": "frozen", "frozen_from": found["state"], "reason": "recall"}
    guard = {"_id": number, "state": found["state"]}
    line = entry.line(by, "pack.frozen", f"pack:{number}", reason="recall")
    if (stopped := moving.move(Pack, guard, {"$set": told}, line, session=session)) is None:
        raise PackMoved
    return stopped


def of_roll(number: str) -> list[dict[str, Any]]:
    """Return the packs of a roll by their labels; a roll has a bounded number."""
    return list(Pack._get_collection().find({"roll": number}).sort("first", 1))


def of_lot(number: str) -> list[ObjectId]:
    """Return the ids of the packs of a lot."""
    return [one["_id"] for one in Pack._get_collection().find({"lot": number}, {"_id": 1})]

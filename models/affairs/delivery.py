"""How a result paper reaches its applicant: electronically, at a counter by a code, or by post.

    electronic   available ──first download──▶ received
    counter      preparing ──printed, a code is told──▶ ready ──code shown──▶ received
    post         preparing ──handed to the carrier──▶ sent ──▶ received
                                                        └──came back──▶ returned ──chosen anew──▶ …

What has not been sent or received may be chosen anew; what belongs to a paper that was revoked is `stopped`. Of a code
there are five tries; then the applicant asks for another one.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed, declare
from backend.store import documents
from models.affairs import result_paper

COLLECTION = "result_deliveries"
outbox.carried_by(COLLECTION)
WAYS = {"electronic": "电子文书", "counter": "窗口领取", "post": "邮寄"}
STATES = {
    "available": "可下载",
    "preparing": "制作中",
    "ready": "可领取",
    "sent": "已寄出",
    "received": "已送达",
    "returned": "已退回",
    "stopped": "已停止",
}
BEGINS = {"electronic": "available", "counter": "preparing", "post": "preparing"}
CHANGEABLE = ("available", "preparing", "ready", "returned")
OPEN = ("available", "preparing", "ready", "sent", "returned")
CODE_DIGITS = 6
MOST_MOVES = 40


@dataclass(frozen=True)
class Address:
    """Where a paper goes by post."""

    name: str
    phone: str
    address: str


class ResultDelivery(Document):
    """The id is the paper's. `address` and `code` are sealed; `history` says when it came into which state, by whom."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["unit", "state", "_id"]},
            {"fields": ["case"]},
            {"fields": ["person"], "sparse": True},
            {"fields": ["account"], "sparse": True},
            outbox.INDEX,
        ],
    }
    id = ObjectIdField(primary_key=True)
    case = ObjectIdField(required=True)
    number = StringField(required=True)
    zh = StringField(required=True)
    unit = StringField(required=True)
    person = ObjectIdField()
    account = ObjectIdField()
    way = StringField(choices=tuple(WAYS), required=True)
    state = StringField(choices=tuple(STATES), required=True)
    address = BinaryField()
    code = BinaryField()
    tries = IntField()
    carrier = StringField()
    tracking = StringField()
    moves = IntField(required=True)
    history = ListField(DictField())
    chosen_at = DateTimeField(required=True)
    outbox = ListField(DictField())


declare(
    Holding(
        COLLECTION,
        "结果文书的送达",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        staff=("history.who",),
        sealed=(Sealed("address"), Sealed("code", secret=True)),
        at_deletion="restrict",
        because="《机关档案管理规定》:文书送达记录随办理事项归档保存",
    )
)


class WayNotOffered(Unprocessable):
    """422: results of this item do not go this way."""

    code = "delivery_way_not_offered"
    zh = "该事项的结果文书不支持这种送达方式,请从列出的方式中选择;邮寄须填写收件人、电话和地址。"
    en = "Results of this item do not go this way. Choose one of those listed; by post, give name, phone and address."

    def __init__(self) -> None:
        super().__init__(fields={"way": [self.zh]})


class DeliveryStateWrong(Conflict):
    """409: in its present state the delivery does not take this."""

    code = "delivery_state_wrong"
    zh = "送达状态为“{state_zh}”,不能进行此操作,请刷新后查看。"
    en = "The delivery is {state}; this is not possible now. Refresh it."


def read(paper_id: ObjectId) -> dict[str, Any] | None:
    """Return the delivery of a paper, None before its applicant has chosen one."""
    return ResultDelivery._get_collection().find_one({"_id": paper_id})


def choose(
    who: str, paper: Mapping[str, Any], offered: list[str], way: str, address: Address | None = None
) -> dict[str, Any]:
    """Choose how a paper goes, or choose anew, and return the delivery; the same choice again changes nothing.

    Raises:
        WayNotOffered: the item does not offer the way, or there is no address for the post.
        DeliveryStateWrong: it was sent or received.
    """
    if way not in offered or (way == "post") != (address is not None):
        raise WayNotOffered
    told = {"way": way, "state": BEGINS[way]} | _sealed_address(paper["_id"], address)
    met = read(paper["_id"])
    if met is None:
        begun = _begun(who, paper, told)
        try:
            ResultDelivery._get_collection().insert_one(begun)
        except DuplicateKeyError:
            met = read(paper["_id"])
        else:
            return begun
    assert met is not None
    if met["way"] == way != "post" and met["state"] in {BEGINS[way], "ready"}:
        return met
    gone = dict.fromkeys(("code", "tries", "carrier", "tracking", *(() if address else ("address",))), "")
    return _changed(met, CHANGEABLE, {"$set": told, "$unset": gone}, who)


def _begun(who: str, paper: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    owner = {name: paper[name] for name in ("person", "account") if paper.get(name)}
    kept = {name: paper[name] for name in ("case", "number", "zh", "unit")}
    now = clock.now()
    line = {"state": told["state"], "at": now, "who": who}
    return {"_id": paper["_id"], **kept, **owner, **told, "moves": 0, "history": [line], "chosen_at": now}


def _sealed_address(paper_id: ObjectId, address: Address | None) -> dict[str, bytes]:
    if address is None:
        return {}
    text = orjson.dumps(asdict(address)).decode()
    return {"address": runtime.current().sealer.seal(f"{COLLECTION}.address", paper_id, text)}


def address_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return where a paper goes by post, empty where it goes otherwise."""
    sealed = found.get("address")
    return dict(orjson.loads(_open(found, "address"))) if sealed else {}


def code_of(found: Mapping[str, Any]) -> str:
    """Return the code that the applicant shows at the counter, empty where there is none."""
    return _open(found, "code") if found.get("code") else ""


def _open(found: Mapping[str, Any], name: str) -> str:
    return runtime.current().sealer.open(f"{COLLECTION}.{name}", found["_id"], found[name])


def fresh_code(paper_id: ObjectId) -> dict[str, Any]:
    """Return the fields of a code that nobody has tried."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    return {"code": runtime.current().sealer.seal(f"{COLLECTION}.code", paper_id, code), "tries": 0}


def _changed(found: Mapping[str, Any], states: tuple[str, ...], update: dict[str, Any], who: str) -> dict[str, Any]:
    """Change a delivery that is in one of `states` and has not moved since it was read."""
    guard = {"_id": found["_id"], "state": {"$in": list(states)}, "moves": found["moves"]}
    if not ResultDelivery._get_collection().update_one(guard, noted(update, who)).matched_count:
        raise wrong(found["_id"])
    return documents.one(ResultDelivery, {"_id": found["_id"]})


def noted(update: dict[str, Any], who: str) -> dict[str, Any]:
    """Return an update that also counts the move and says it in the history."""
    line = {"state": update["$set"].get("state", "ready"), "at": clock.now(), "who": who}
    return {**update, "$inc": {"moves": 1}, "$push": {"history": {"$each": [line], "$slice": -MOST_MOVES}}}


def wrong(paper_id: ObjectId) -> DeliveryStateWrong:
    """Return why a delivery does not move."""
    state = documents.one(ResultDelivery, {"_id": paper_id}, {"state": 1})["state"]
    return DeliveryStateWrong(state=state, state_zh=STATES[state])


def downloaded(who: str, paper: Mapping[str, Any]) -> None:
    """Note that the applicant has taken the electronic paper; a second time changes nothing."""
    guard = {"_id": paper["_id"], "state": "available"}
    ResultDelivery._get_collection().update_one(guard, noted({"$set": {"state": "received"}}, who))


def new_code(who: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Give another code for a paper that is ready at the counter, and return the delivery.

    Raises:
        DeliveryStateWrong: it is not ready.
    """
    return _changed(found, ("ready",), {"$set": fresh_code(found["_id"])}, who)


def confirm(who: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Say, as the applicant, that the post has brought the paper; again changes nothing.

    Raises:
        DeliveryStateWrong: it was not sent.
    """
    if found["state"] == "received":
        return dict(found)
    return _changed(found, ("sent",), {"$set": {"state": "received"}}, who)


def stop(case_id: ObjectId, but: ObjectId | None) -> None:
    """Stop what brings revoked papers of a case; what belongs to its present decision goes on."""
    papers = [one["_id"] for one in result_paper.of_case(case_id) if one["decision"] != but]
    guard = {"case": case_id, "_id": {"$in": papers}, "state": {"$in": list(OPEN)}}
    ResultDelivery._get_collection().update_many(guard, noted({"$set": {"state": "stopped"}}, "system:affairs"))

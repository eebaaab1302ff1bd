"""A commitment certificate (承诺达标合格证): whoever grows goods says of a lot that it is fit, under order 4/2025.

    valid ──void (with a reason)──▶ voided      valid ──another one of the same lot takes its place──▶ replaced
    a valid one is shown as suspended while its lot is held, and as ended once that is recalled

In force since 2026-02-01: product, quantity, origin, time, who commits, contact, and at least one of four ticks. An
electronic one counts as the paper. After mixing or repacking a new one is issued, which names those it follows. All
valid ones of a lot never commit to more than the lot weighs. Records are kept six months at
least; nothing removes them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mongoengine import BinaryField, DateTimeField, Document, ListField, LongField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.selenium import lot, product
from models.selenium.producer import Grower, theirs

COLLECTION = "selenium_commitments"
TITLE_ZH = "承诺达标合格证"
STATE_ZH = {"valid": "有效", "voided": "已作废", "replaced": "已换开", "suspended": "已暂停", "recalled": "已召回"}
_BY_LOT = {"held": "suspended", "recalled": "recalled"}
TICK_ZH = {
    "entrusted_test": "委托检测",
    "self_test": "自我检测",
    "internal_control": "内部质量控制",
    "self_commitment": "自我承诺",
}
BECAUSE_ZH = {
    "new": "首次开具",
    "mixed": "混装后重新开具",
    "repacked": "分装后重新开具",
    "correction": "更正后重新开具",
}
VOID_ZH = {"wrong_data": "信息有误", "not_sold": "未销售", "recall": "产品召回", "failed_test": "检测不合格"}
PROMISES_ZH = (
    "不使用禁用农药兽药、停用兽药和非法添加物",
    "常规农药兽药残留不超标",
    "对承诺的真实性负责",
)
KEPT_MONTHS = 6
NUMBER = r"^HGZ[0-9]{8}[0-9A-HJKMNP-TV-Z]{8}\Z"
MOST_REPLACED = 20
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Commitment(Document):
    """The id is its number. Product, origin and who commits stay as they were when it was issued."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["producer", "_id"]}, {"fields": ["lot"]}],
    }
    id = StringField(primary_key=True)
    producer = ObjectIdField(required=True)
    lot = StringField(required=True)
    product_zh = StringField(required=True)
    grams = LongField(required=True)
    origin_zh = StringField(required=True)
    party_zh = StringField(required=True)
    phone = BinaryField()
    ticks = ListField(StringField())
    because = StringField(choices=tuple(BECAUSE_ZH), required=True)
    replaces = ListField(StringField())
    state = StringField(choices=("valid", "voided", "replaced"), required=True)
    reason = StringField()
    issued_at = DateTimeField(required=True)
    issued_by = StringField(required=True)


class CommittedGrams(Document):
    """How many grams of a lot valid commitments speak of; the id is the lot."""

    meta = {"collection": "selenium_committed_grams", "auto_create_index": False, "indexes": []}
    id = StringField(primary_key=True)
    grams = LongField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "承诺达标合格证",
        via=(("producer", "producers"),),
        sealed=(Sealed("phone"),),
        traces=("origin_zh", "party_zh", "issued_by"),
        at_deletion="restrict",
        because="承诺达标合格证须依法留存六个月以上(农产品质量安全法第三十九条、农业农村部令 2025 年第 4 号)。",
    )
)


class TooMuchCommitted(Conflict):
    """409: valid certificates would speak of more than the lot weighs."""

    code = "commitment_too_much"
    zh = "已开具的合格证数量合计超过该批次重量,请核对,或先作废有误的合格证。"
    en = "The certificates of this lot would speak of more than it weighs."


class BecauseWrong(Unprocessable):
    """422: what is mixed or repacked names what it follows, and a first one follows none."""

    code = "commitment_because_wrong"
    zh = "由多个批次混装、分装的产品须注明重新开具的原因并关联原合格证;首次开具不关联。"
    en = "A certificate after mixing or repacking names those it follows; a first one follows none."

    def __init__(self) -> None:
        super().__init__(fields={"because": [self.zh]})


class NotValid(Conflict):
    """409: it was voided or replaced before."""

    code = "commitment_state"
    zh = "该合格证已作废或已换开,不能再次操作。"
    en = "This certificate was voided or replaced."


@dataclass(frozen=True)
class Told:
    """What is committed to; `replaces` are those that it follows after mixing, repacking or a correction."""

    lot: str
    grams: int
    ticks: tuple[str, ...]
    because: str = "new"
    replaces: tuple[str, ...] = ()


def issue(grower: Grower, told: Told) -> dict[str, Any]:
    """Issue a certificate for a lot, or for a part of it.

    Raises:
        NotFound: the lot, or one that it follows, is another producer's.
        LotNotOpen: the lot is held or recalled.
        BecauseWrong: what it follows does not fit.
        NotValid: one of the same lot that it takes the place of is over.
        TooMuchCommitted: that is more than the lot weighs.
    """
    goods = lot.own(grower, told.lot)
    if goods["state"] not in {"open", "closed"}:
        raise lot.LotNotOpen
    before = _followed(grower, goods, told)
    made = _record(grower, goods, told)
    line = entry.line(grower.actor_key, "commitment.issue", f"commitment:{made['_id']}", unit=grower.unit, lot=told.lot)
    same_lot = [one for one in before if one["lot"] == told.lot]

    def change(session: ClientSession) -> None:
        for one in same_lot:
            if _end(one["_id"], "replaced", {}, session) is None:
                raise NotValid
        _commit(goods, told.grams, session)
        Commitment._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    transactions.run(change)
    return made


def _followed(grower: Grower, goods: dict[str, Any], told: Told) -> list[dict[str, Any]]:
    """Return what a certificate follows: earlier ones of the lot, or of those that it was graded out of."""
    first = told.because == "new"
    if first == bool(told.replaces) or (first and len(goods["parents"]) > 1):
        raise BecauseWrong
    found = [own(grower, one) for one in told.replaces]
    if any(one["lot"] not in {told.lot, *goods["parents"]} for one in found):
        raise BecauseWrong
    return found


def _record(grower: Grower, goods: dict[str, Any], told: Told) -> dict[str, Any]:
    number = f"HGZ{clock.today():%Y%m%d}" + "".join(secrets.choice(_LETTERS) for _ in range(8))
    sealer, who = runtime.current().sealer, grower.producer
    made = {
        "_id": number,
        "producer": grower.producer_id,
        "lot": told.lot,
        "product_zh": product.read(goods["product"])["name_zh"],
        "grams": told.grams,
        "origin_zh": f"江西省赣州市于都县{who['village_zh']}",
        "party_zh": who["shown_name"],
        "ticks": [one for one in TICK_ZH if one in told.ticks],
        "because": told.because,
        "replaces": list(told.replaces),
        "state": "valid",
        "issued_at": clock.now(),
        "issued_by": grower.actor_key,
    }
    if "phone" in who:
        phone = sealer.open("producers.phone", who["_id"], who["phone"])
        made["phone"] = sealer.seal(f"{COLLECTION}.phone", number, phone)
    return made


def _commit(goods: dict[str, Any], grams: int, session: ClientSession) -> None:
    guard = {"_id": goods["_id"], "grams": {"$lte": goods["grams"] - grams}}
    if grams > goods["grams"]:
        raise TooMuchCommitted
    try:
        CommittedGrams._get_collection().update_one(guard, {"$inc": {"grams": grams}}, upsert=True, session=session)
    except DuplicateKeyError:
        raise TooMuchCommitted from None


def void(grower: Grower, number: str, reason: str) -> dict[str, Any]:
    """Void a valid certificate; the same again changes nothing.

    Raises:
        NotFound: none, or another producer's.
        NotValid: it was replaced.
    """
    found = own(grower, number)
    line = entry.line(grower.actor_key, "commitment.void", f"commitment:{number}", unit=grower.unit, reason=reason)

    def change(session: ClientSession) -> dict[str, Any] | None:
        ended = _end(number, "voided", {"reason": reason}, session)
        if ended:
            entry.write(line, session)
        return ended

    ended = transactions.run(change)
    if ended is None:
        found = own(grower, number)
        if found["state"] != "voided":
            raise NotValid
        return found
    return ended


def _end(number: str, state: str, told: dict[str, str], session: ClientSession) -> dict[str, Any] | None:
    """End a valid certificate and give its grams back; None when it is not valid."""
    ended = Commitment._get_collection().find_one_and_update(
        {"_id": number, "state": "valid"},
        {"$set": {"state": state, **told}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if ended:
        CommittedGrams._get_collection().update_one(
            {"_id": ended["lot"]}, {"$inc": {"grams": -ended["grams"]}}, session=session
        )
    return ended


def read(number: str) -> dict[str, Any]:
    """Return a certificate.

    Raises:
        NotFound: no such number.
    """
    return documents.one(Commitment, {"_id": number})


def state(found: dict[str, Any], lot_state: str) -> str:
    """Return the state of a certificate whose lot is in a state."""
    return _BY_LOT.get(lot_state, "valid") if found["state"] == "valid" else str(found["state"])


def own(grower: Grower, number: str) -> dict[str, Any]:
    """Return a certificate of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(number))


def of_lots(numbers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the valid certificates of lots that are neither held nor recalled: a hundred at most."""
    stopped = lot.stopped(numbers)
    free = [one for one in numbers if one not in stopped]
    return list(Commitment._get_collection().find({"lot": {"$in": free}, "state": "valid"}).limit(100))

"""A certification: lots of one product, the standards wished for, a sample, a result, and what was decided.

    applied ──sample is taken──▶ sampling ──result is confirmed──▶ judged ──the case grants──▶ granted
       ▲                            │                                │ ─────the case refuses──▶ refused
       └────the sample is broken────┘        (from any of the three) ──withdrawn by the applicant──▶ withdrawn

The case of `affairs` carries the applicant, the clocks and the two persons who decide; what is said here changes with
it in one transaction, so that no case is granted without the certificate, and no certificate stands without its case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents
from models.affairs import carry_out, case, open_case
from models.affairs.carry_out import Turn
from models.affairs.open_case import Matter, Opener
from models.identity.actors import Member, Resident, Staff
from models.selenium import certificate, lot, producer, product, standard
from models.selenium.certification_kind import AWARD, CERTIFICATION, SETTLES, UNIT
from models.selenium.producer import Grower, acting, theirs

COLLECTION = "selenium_certifications"
STATE_ZH = {
    "applied": "材料审查或待抽样",
    "sampling": "抽样检测中",
    "judged": "已出检测结论,待审定",
    "granted": "已认定",
    "refused": "不予认定",
    "withdrawn": "已撤回",
}
RUNNING = ("applied", "sampling", "judged")
MOST_LOTS = 20


class Certification(Document):
    """`verdicts` are what the standards said when the result was confirmed; `met` those wished for that it passes."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "_id"]},
            {"fields": ["village", "_id"]},
            {"fields": ["case"], "unique": True},
        ],
    }
    case = ObjectIdField(required=True)
    case_number = StringField(required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    product = StringField(required=True)
    item_zh = StringField()
    lots = ListField(StringField())
    plots = ListField(ObjectIdField())
    standards = ListField(StringField())
    state = StringField(choices=tuple(STATE_ZH), required=True)
    sample = StringField()
    result = ObjectIdField()
    verdicts = ListField()
    met = ListField(StringField())
    unsafe = ListField(StringField())
    report = DictField()
    certificate = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "富硒认定申请",
        via=(("producer", "producers"),),
        traces=("village", "created_by"),
        at_deletion="restrict",
        because="认定档案须依法留存(档案法)。",
    )
)


class LotsWrong(Unprocessable):
    """422: lots of another producer or of several products, or some that are held or used up."""

    code = "certification_lots_wrong"
    zh = "请选择本生产主体同一产品的在用批次。"
    en = "Choose open lots of one product of this producer."

    def __init__(self) -> None:
        super().__init__(fields={"lots": [self.zh]})


class StandardsWrong(Unprocessable):
    """422: a standard that the county does not certify by, or that is not in force."""

    code = "certification_standards_wrong"
    zh = "所选标准须为本县适用并在有效期内的富硒农产品标准。"
    en = "Choose standards that apply in the county and are in force."

    def __init__(self) -> None:
        super().__init__(fields={"standards": [self.zh]})


class StateWrong(Conflict):
    """409: the certification is not in a state that allows this."""

    code = "certification_state"
    zh = "该认定申请当前状态不能这样操作,请刷新后再试。"
    en = "The state of this certification does not allow this. Refresh and try again."


class NotMet(Conflict):
    """409: no certificate without a confirmed result that meets a standard and is safe."""

    code = "certification_not_met"
    zh = "没有经复核的检测结果,或未达到任何所申请的标准,或安全指标不合格,不能认定。"
    en = "No confirmed result meets a standard applied for, or a safety analyte fails. It cannot be granted."


@dataclass(frozen=True)
class Wish:
    """What is to be certified, and by which standards; `item_zh` is the narrower kind where a standard names one."""

    lots: tuple[str, ...]
    standards: tuple[str, ...]
    item_zh: str = ""


def apply(actor: Resident | Member, wish: Wish) -> dict[str, Any]:
    """Apply for a certification and return it with the number of its case.

    Raises:
        LevelNeeded, ProducerNeeded, ProducerSuspended: nobody is sure to be a producer.
        NotFound: a lot is another producer's.
        LotsWrong, StandardsWrong, StandardUnknown: they cannot be certified so.
        AlreadyOpen: the same lots are being certified.
    """
    grower = acting(actor)
    lots = _lots(grower, wish.lots)
    _require_standards(wish.standards)
    made: dict[str, Any] = {
        "_id": ObjectId(),
        "producer": grower.producer_id,
        "village": lots[0]["village"],
        "product": lots[0]["product"],
        "item_zh": wish.item_zh,
        "lots": sorted(wish.lots),
        "plots": sorted({one for each in lots for one in each["plots"]}),
        "standards": list(wish.standards),
        "state": "applied",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
    }
    about = {"certification": made["_id"], "producer": grower.producer_id}
    once = f"certification:{grower.producer_id}:{'+'.join(made['lots'])}"
    # The case's area stays empty: certifying is the county's, whoever lies in the town's area.
    matter = Matter(UNIT, about=about, once=once)
    case_of: dict[str, Any] = {}

    def store(session: ClientSession) -> None:
        found = case.Case._get_collection().find_one({"once": once}, session=session)
        assert found is not None
        case_of.update(case=found["_id"], case_number=found["number"])
        Certification._get_collection().insert_one({**made, **case_of}, session=session)

    open_case.open_case(_opener(actor, grower), CERTIFICATION, matter, within=store)
    return made | case_of


def _opener(actor: Resident | Member, grower: Grower) -> Opener:
    if isinstance(actor, Member):
        return Opener(grower.actor_key, actor.person_id, actor.account_id)
    return open_case.by(actor)


def _lots(grower: Grower, numbers: Sequence[str]) -> list[dict[str, Any]]:
    found = [lot.own(grower, number) for number in numbers]
    one_product = len({one["product"] for one in found}) == 1
    if len(set(numbers)) < len(numbers) or not one_product or any(one["state"] != "open" for one in found):
        raise LotsWrong
    product.require(found[0]["product"])
    return found


def _require_standards(names: Sequence[str]) -> None:
    day = clock.today()
    found = standard.several(names)
    fits = [one for one in found if one["scope"] == "county" and standard.in_force(one, day)]
    if len(fits) < len(found):
        raise StandardsWrong


def read(certification_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a certification.

    Raises:
        NotFound: there is none.
    """
    return documents.one(Certification, {"_id": certification_id}, session=session)


def own(grower: Grower, certification_id: ObjectId) -> dict[str, Any]:
    """Return a certification of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    return theirs(grower, read(certification_id))


def in_reach(actor: Staff, operation: str, certification_id: ObjectId) -> dict[str, Any]:
    """Return a certification that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: none, or outside the actor's area.
    """
    actor.require(operation)
    found = read(certification_id)
    if not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def require_checked(found: dict[str, Any]) -> None:
    """Check that the documents were found complete: before, nobody takes a sample.

    Raises:
        StateWrong: the case is not that far, or over.
    """
    of_case = case.read(found["case"])
    if of_case["state"] not in case.RUNNING or of_case["work"]["step"] != AWARD:
        raise StateWrong


def move(
    certification_id: ObjectId, before: Sequence[str], told: dict[str, Any], session: ClientSession, *, sample: str = ""
) -> dict[str, Any]:
    """Move a certification out of one of some states within a transaction; with `sample` only while that is its sample.

    Raises:
        StateWrong: it is in another one.
    """
    guard = {"_id": certification_id, "state": {"$in": list(before)}, **({"sample": sample} if sample else {})}
    found = Certification._get_collection().find_one_and_update(
        guard, {"$set": told}, session=session, return_document=ReturnDocument.AFTER
    )
    if found is None:
        raise StateWrong
    return found


@carry_out.settles(SETTLES)
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the certification follow its case; a grant makes the certificate in the same transaction.

    Raises:
        NotMet: nothing that was measured allows to grant it.
        LotNotOpen: a lot was held or recalled since.
    """
    record = read(found["about"]["certification"], session)
    if turn.outcome != "granted":
        move(record["_id"], RUNNING, {"state": "withdrawn" if turn.outcome == "withdrawn" else "refused"}, session)
        return
    if record["state"] != "judged" or not record["met"] or record["unsafe"]:
        raise NotMet
    if any(lot.read(one, session)["state"] in {"held", "recalled"} for one in record["lots"]):
        raise lot.LotNotOpen
    made = certificate.issue(record, by=turn.by, session=session)
    move(record["_id"], ("judged",), {"state": "granted", "certificate": made["_id"]}, session)

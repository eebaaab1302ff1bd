"""The result of a case on paper (办理结果文书): one for each decision that grants something, with a number of its own.

    making ──made, once──▶ standing ──an appeal takes the decision back, or a later one comes──▶ revoked

`settle` follows each turn of the case from the queue and may run twice: the case says which decision stands, and a
paper of another one stands no longer. Whoever checks a paper is told by the case too, not only by `state`.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument

from backend import clock, outbox
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed, declare
from backend.store import documents
from models.affairs import service_item

COLLECTION = "result_papers"
outbox.carried_by(COLLECTION)
STATES = {"making": "制作中", "standing": "有效", "revoked": "已撤销"}
REASON_ZH = {"reopened": "原决定经复核撤销", "replaced": "已由新的决定取代"}
GRANTING = ("granted", "approved")
"""The outcomes that are put on paper where the item names none."""
UPHELD = "upheld"
"""The outcome of an appeal that leaves the decision as it was."""
MOST = 20


class ResultPaper(Document):
    """`decision` is the decision that it says, `file` its PDF; `firm` is the credit code where a firm applied.

    `holder` is the sealed name that stands on it.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["case", "decision"], "unique": True},
            {"fields": ["person", "kind", "-_id"], "sparse": True},
            {"fields": ["firm", "kind", "-_id"], "partialFilterExpression": {"firm": {"$exists": True}}},
            {"fields": ["account"], "sparse": True},
            outbox.INDEX,
        ],
    }
    case = ObjectIdField(required=True)
    decision = ObjectIdField(required=True)
    number = StringField(required=True)
    kind = StringField(required=True)
    item = StringField(required=True)
    zh = StringField(required=True)
    unit = StringField(required=True)
    person = ObjectIdField()
    account = ObjectIdField()
    firm = StringField()
    holder = BinaryField()
    file = ObjectIdField(required=True)
    sha256 = StringField()
    state = StringField(choices=tuple(STATES), required=True)
    reason = StringField(choices=tuple(REASON_ZH))
    made_at = DateTimeField(required=True)
    revoked_at = DateTimeField()
    outbox = ListField(DictField())


declare(
    Holding(
        COLLECTION,
        "办理结果文书",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        sealed=(Sealed("holder"),),
        at_deletion="restrict",
        because="《机关档案管理规定》:行政机关办理事项形成的文书按期限归档保存",
    )
)


class PaperNotThere(Conflict):
    """409: the case has no result on paper, or not yet."""

    code = "result_paper_not_there"
    zh = "这件事项没有可领取的结果文书,或文书正在制作,请稍后刷新;已撤销的文书不再提供。"
    en = "This case has no result on paper, or it is being made. Refresh in a moment; a revoked one is not given out."


def effective(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the decision of a case that counts now, None where there is none or an appeal took it back.

    An appeal that ends as `upheld` leaves the earlier decision; a correction stands in the place of what it corrects.
    """
    if found["state"] == "open":
        return None
    since = found.get("reopened_at")
    for one in reversed(found["decisions"]):
        if since is not None and one["at"] < since:
            return None
        if one["outcome"] != UPHELD:
            return dict(one)
    return None


def granted(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the decision of a case that counts now and is put on paper, None where there is none."""
    item, decision = service_item.of_case(found), effective(found)
    if item is None or not item.get("result") or decision is None:
        return None
    outcomes = item["result"].get("outcomes") or GRANTING
    return decision if decision["outcome"] in outcomes else None


def begin(found: Mapping[str, Any], decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the paper of a decision, begun now where there was none."""
    item = service_item.of_case(found)
    assert item is not None
    made = {
        "number": f"{found['number']}-{len(found['decisions']):02d}",
        "kind": found["kind"],
        "item": item["_id"],
        "zh": item["result"]["zh"],
        "unit": found["unit"],
        "file": ObjectId(),
        "state": "making",
        "made_at": clock.now(),
        **{name: found[name] for name in ("person", "account", "firm") if found.get(name)},
    }
    return ResultPaper._get_collection().find_one_and_update(
        {"case": found["_id"], "decision": decision["id"]},
        {"$setOnInsert": made},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )


def finish(paper_id: ObjectId, holder: bytes, sha256: str, follow: list[dict[str, Any]]) -> bool:
    """Let a paper stand whose file is kept; return whether this call did."""
    change = {"$set": {"state": "standing", "holder": holder, "sha256": sha256}, "$push": {"outbox": {"$each": follow}}}
    return bool(ResultPaper._get_collection().update_one({"_id": paper_id, "state": "making"}, change).matched_count)


def revoke_others(case_id: ObjectId, decision: ObjectId | None) -> int:
    """Revoke the papers of a case that say another decision than the one that counts; return how many."""
    guard = {"case": case_id, "decision": {"$ne": decision}, "state": {"$in": ["making", "standing"]}}
    told = {"state": "revoked", "reason": "replaced" if decision else "reopened", "revoked_at": clock.now()}
    return int(ResultPaper._get_collection().update_many(guard, {"$set": told}).modified_count)


def read(paper_id: ObjectId) -> dict[str, Any]:
    """Return a paper.

    Raises:
        NotFound: no such paper.
    """
    return documents.one(ResultPaper, {"_id": paper_id})


def of_case(case_id: ObjectId) -> list[dict[str, Any]]:
    """Return the papers of a case, newest first."""
    found = ResultPaper._get_collection().find({"case": case_id}, {"outbox": 0})
    return sorted(found.limit(MOST), key=lambda one: one["_id"], reverse=True)


def standing(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the paper of a case that counts now.

    Raises:
        PaperNotThere: there is none, or it is being made.
    """
    decision = granted(found)
    papers = of_case(found["_id"]) if decision else []
    one = next((one for one in papers if counts(one, found)), None)
    if one is None:
        raise PaperNotThere
    return one


def counts(paper: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether a paper counts, by itself and by its case as it is now."""
    decision = granted(found)
    return bool(paper["state"] == "standing" and decision and decision["id"] == paper["decision"])

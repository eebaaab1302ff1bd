"""A payment: one line of a batch in one payment file, with the account and name as they went to the bank.

    waiting ─▶ paid ─▶ reversed (冲正)
        ├────▶ failed
        └────▶ unsent (the bank took nothing of the file)

`live` stands while money may be under way or has arrived. It is unique for a line, so that no line is ever in two files
at once or paid twice, whoever opens files at the same moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.personal_data import Holding, Sealed, declare
from models.benefits import line

COLLECTION = "benefit_payments"
STATES = {
    "waiting": "待银行回盘",
    "paid": "已到账",
    "failed": "发放失败",
    "reversed": "已冲正",
    "unsent": "未送达银行",
}
LIVE = ("waiting", "paid")
TAIL = 4
WHAT_TO_DO = {
    "dormant": "请持本人身份证和银行卡到银行网点激活账户,再在此确认原账号;或改填本人其他账号。",
    "frozen": "请先联系开户银行了解冻结原因,或改填本人其他账号。",
    "limit": "请到开户银行调整账户类别或限额,再在此确认原账号;或改填本人其他账号。",
    "name_mismatch": "请核对账号是否为本人名下账户,并改填本人账号。",
}
CORRECT = "请核对并改填本人名下的银行账号;没有手机的可到乡镇便民服务中心窗口办理。"

LAPSED = "如仍应享受,请持身份证和本人银行卡到乡镇便民服务中心申请列入下一批次。"


class BenefitPayment(Document):
    """The id reads file and line. `seq` is the number in the file; `account_tail` is what persons are shown."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["line"],
                "unique": True,
                "partialFilterExpression": {"live": True},
                "name": "one_live_payment",
            },
            {"fields": ["file", "seq"]},
            {"fields": ["file", "state", "seq"]},
            {"fields": ["file", "line"]},
            {"fields": ["line", "-_id"], "name": "of_line"},
        ],
    }
    id = StringField(primary_key=True)
    file = StringField(required=True)
    line = ObjectIdField(required=True)
    batch = ObjectIdField(required=True)
    seq = IntField()
    name = BinaryField(required=True)
    account = BinaryField(required=True)
    account_tail = StringField(required=True)
    amount_fen = IntField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    live = BooleanField()
    code = StringField()
    serial = StringField()
    by = StringField()
    transfer = StringField()
    made_at = DateTimeField(required=True)
    settled_at = DateTimeField()


declare(
    Holding(
        COLLECTION,
        "惠民惠农资金代发记录",
        via=(("line", "benefit_lines"),),
        sealed=(Sealed("name"), Sealed("account")),
        traces=("account_tail", "amount_fen", "state", "code"),
        at_deletion="restrict",
        because="会计档案管理办法第十四条: 发放明细是记账凭证的附件,保存三十年",
    )
)


def record(number: str, found: Mapping[str, Any], told: line.Opened) -> dict[str, Any]:
    """Return the payment of a line in a file, not stored yet."""
    payment_id, sealer = f"{number}:{found['_id']}", runtime.current().sealer
    return {
        "_id": payment_id,
        "file": number,
        "line": found["_id"],
        "batch": found["batch"],
        "name": sealer.seal("benefit_payments.name", payment_id, told.name),
        "account": sealer.seal("benefit_payments.account", payment_id, told.account),
        "account_tail": told.account[-TAIL:],
        "amount_fen": found["amount_fen"],
        "state": "waiting",
        "live": True,
        "made_at": clock.now(),
    }


def opened(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return name and account of a payment."""
    sealer = runtime.current().sealer
    name = sealer.open("benefit_payments.name", found["_id"], found["name"])
    return name, sealer.open("benefit_payments.account", found["_id"], found["account"])


def number_all(file_no: str) -> int:
    """Give every payment of a file its number, in the order of the lines' ids; repeating it gives the same."""
    collection, pending, total = BenefitPayment._get_collection(), [], 0
    for total, found in enumerate(collection.find({"file": file_no}, {"_id": 1}).sort("line", 1), start=1):
        pending.append(UpdateOne({"_id": found["_id"]}, {"$set": {"seq": total}}))
        if len(pending) == 1000:  # noqa: PLR2004 - a round piece of work
            collection.bulk_write(pending, ordered=False)
            pending = []
    if pending:
        collection.bulk_write(pending, ordered=False)
    return total


def of_file(file_no: str, *, after: int = 0, most: int, **more: Any) -> list[dict[str, Any]]:
    """Return the next payments of a file by their numbers, for work in pieces."""
    query = {"file": file_no, "seq": {"$gt": after}, **more}
    return list(BenefitPayment._get_collection().find(query).sort("seq", 1).limit(most))


def numbered(file_no: str, numbers: Iterable[int], session: ClientSession | None = None) -> dict[int, dict[str, Any]]:
    """Return payments of a file by their numbers."""
    query = {"file": file_no, "seq": {"$in": sorted(set(numbers))}}
    return {one["seq"]: one for one in BenefitPayment._get_collection().find(query, session=session)}


def of_lines(lines: Iterable[ObjectId]) -> dict[ObjectId, list[dict[str, Any]]]:
    """Return the payments of lines, oldest first."""
    found: dict[ObjectId, list[dict[str, Any]]] = defaultdict(list)
    query = {"line": {"$in": list(lines)}}
    for one in BenefitPayment._get_collection().find(query).hint("of_line").sort("made_at", 1):
        found[one["line"]].append(one)
    return found


def what_to_do_zh(code: str) -> str:
    """Return what a person can do about it."""
    return WHAT_TO_DO.get(code, CORRECT)

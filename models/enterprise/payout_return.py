"""A return of the bank (回盘) that was applied: what it said in numbers, so that the same one again changes nothing."""

from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, LongField, StringField

from backend import clock
from backend.payout_file import Returned
from backend.personal_data import Holding, declare
from models.payments.return_match import Matched

COLLECTION = "enterprise_returns"


class FirmReturn(Document):
    """The id reads batch and number; `counts` by outcome or difference, `stated_fen` what it says was paid."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["payout", "number"], "unique": True}],
    }
    id = StringField(primary_key=True)
    payout = StringField(required=True)
    number = IntField(required=True)
    kind = StringField(required=True)
    digest = StringField(required=True)
    counts = DictField(required=True)
    stated_fen = LongField(required=True)
    by = StringField(required=True)
    received_at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "惠企资金银行回盘",
        staff=("by",),
        at_deletion="keep",
        because="会计档案管理办法: 银行回单, 只含编号和金额",
    )
)


def record(told: Returned, made: Matched, by: str) -> dict[str, Any]:
    """Return what is kept of a return that holds together, not stored yet."""
    return {
        "_id": f"{told.file_no}:{told.number}",
        "payout": told.file_no,
        "number": told.number,
        "kind": told.kind,
        "digest": told.digest,
        "counts": dict(made.counts),
        "stated_fen": made.stated_fen,
        "by": by,
        "received_at": clock.now(),
    }


def of_payout(number: str) -> list[dict[str, Any]]:
    """Return the returns of a batch by number."""
    return list(FirmReturn._get_collection().find({"payout": number}).sort("number", 1))

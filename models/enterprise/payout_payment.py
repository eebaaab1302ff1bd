"""A payment: one offer in one batch, with the account as it went to the bank.

    waiting ─▶ paid ─▶ reversed (冲正)
        ├────▶ failed
        └────▶ unsent (the batch was released)

`live` stands while money may be under way or has arrived. It is unique for an offer, so that no offer is ever in two
batches at once or paid twice, whoever proposes batches at the same moment.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    Document,
    IntField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.errors import Unprocessable
from backend.payout_file import Order
from backend.personal_data import Holding, Sealed, declare
from backend.store import paging
from models.enterprise import offer

COLLECTION = "enterprise_payments"
STATES = {
    "waiting": "待银行回盘",
    "paid": "已到账",
    "failed": "拨付失败",
    "reversed": "已冲正",
    "unsent": "未送达银行",
}
TAIL = 4


class FirmPayment(Document):
    """The id reads batch and number; `seq` is the number in the file, `account` sealed JSON of holder and number."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["offer"],
                "unique": True,
                "partialFilterExpression": {"live": True},
                "name": "one_live_payment",
            },
            {"fields": ["payout", "seq"], "unique": True},
            {"fields": ["offer", "-_id"], "name": "of_offer"},
        ],
    }
    id = StringField(primary_key=True)
    payout = StringField(required=True)
    offer = ObjectIdField(required=True)
    firm = StringField(required=True)
    seq = IntField(required=True)
    account = BinaryField(required=True)
    account_tail = StringField(required=True)
    amount_fen = LongField(required=True)
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
        "惠企资金拨付记录",
        sealed=(Sealed("account"),),
        staff=("by",),
        at_deletion="keep",
        because="会计档案管理办法第十四条: 拨付明细是记账凭证的附件, 保存三十年; 账户是单位的",
    )
)


class PaymentUnknown(Unprocessable):
    """422: the batch has no such payment."""

    code = "enterprise_payment_unknown"
    zh = "该批次没有这个序号的拨付,请按拨付明细核对序号。"
    en = "The batch has no payment of this number. Look it up in the list of payments."

    def __init__(self) -> None:
        super().__init__(fields={"seq": [self.zh]})


def record(number: str, seq: int, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payment of an offer in a batch, not stored yet."""
    account, payment_id = offer.account_of(found), f"{number}:{seq:06d}"
    text = orjson.dumps([account["holder"], account["number"]]).decode()
    return {
        "_id": payment_id,
        "payout": number,
        "offer": found["_id"],
        "firm": found["firm"],
        "seq": seq,
        "account": runtime.current().sealer.seal("enterprise_payments.account", payment_id, text),
        "account_tail": account["number"][-TAIL:],
        "amount_fen": found["amount_fen"],
        "state": "waiting",
        "live": True,
        "made_at": clock.now(),
    }


def opened(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return holder and number of a payment's account."""
    text = runtime.current().sealer.open("enterprise_payments.account", found["_id"], found["account"])
    holder, number = orjson.loads(text)
    return holder, number


def account_number(found: Mapping[str, Any]) -> str:
    """Return the number of a payment's account."""
    return opened(found)[1]


def of_payout(number: str, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return the payments of a batch by their numbers."""
    return list(FirmPayment._get_collection().find({"payout": number}, session=session).sort("seq", 1))


def orders(number: str) -> Iterator[Order]:
    """Return what stands in a batch's file."""
    for one in of_payout(number):
        holder, account = opened(one)
        yield Order(one["seq"], account, holder, one["amount_fen"])


def one_of(number: str, seq: int) -> dict[str, Any]:
    """Return a payment by its number in a file.

    Raises:
        PaymentUnknown: there is none.
    """
    found = FirmPayment._get_collection().find_one({"_id": f"{number}:{seq:06d}"})
    if found is None:
        raise PaymentUnknown
    return dict(found)


def paged(number: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the payments of a batch by their numbers, without accounts."""
    rows, shown = FirmPayment._get_collection(), {"account": 0}
    return paging.page(rows, {"payout": number}, sort=("seq", 1), cursor=cursor, limit=limit, projection=shown)


def update(found: Mapping[str, Any], told: Mapping[str, Any]) -> UpdateOne:
    """Return the guarded move of a payment from the state in which it was read; one that is not paid is not live."""
    change: dict[str, Any] = {"$set": dict(told)}
    if told["state"] != "paid":
        change["$unset"] = {"live": ""}
    return UpdateOne({"_id": found["_id"], "state": found["state"]}, change)


def write(updates: Iterable[UpdateOne], session: ClientSession) -> int:
    """Carry moves out; return how many there were."""
    told = list(updates)
    return FirmPayment._get_collection().bulk_write(told, session=session).matched_count if told else 0

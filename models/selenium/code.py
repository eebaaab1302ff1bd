"""A code: one package of one roll. Which lot it holds, and whether it is active, says the pack that covers its number.

    printed ──bind──▶ bound ──activate──▶ active ──sell──▶ sold        (all of them moves of the pack)
                        └──────────────┴──freeze / release──┘           void and recalled are final

A single code is frozen, released or made void by the office (`code_office`), labels on no package by their roll
(`unbound`).

The id is the code's head: key and serial, without the tag. The serial comes out of a counter of form and key, so that a
job that was killed makes the same codes again.
"""

from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, LongField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import clock, personal_data, runtime
from backend.codes import product_code
from backend.errors import CityError
from backend.personal_data import Holding

COLLECTION, COUNTERS = "selenium_codes", "selenium_code_counters"
_DUPLICATE = 11000


class Code(Document):
    """`scope` is what the tag was made over; `scans` and `first_scan` count who looked, and nothing about them.

    `mark` is what the office said of this one code: frozen or void, why, since when.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["roll", "n"], "unique": True}],
    }
    id = StringField(primary_key=True)
    roll = StringField(required=True)
    n = IntField(required=True)
    scope = StringField(required=True)
    scans = IntField()
    first_scan = DateTimeField()
    scratch_tries = IntField()
    scratch_opened = DateTimeField()
    mark = DictField()


class CodeCounter(Document):
    """How many serials a form and key have given out."""

    meta = {"collection": COUNTERS, "auto_create_index": False, "indexes": []}
    id = StringField(primary_key=True)
    next = LongField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "产品码和首次查验时间",
        via=(("roll", "selenium_rolls"),),
        traces=("first_scan", "scratch_opened"),
        at_deletion="restrict",
        because="产品码对应已售出的包装,追溯记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class SerialsTaken(CityError):
    """The codes of a roll are another's: the counter ran back, as after an old backup. A person must look."""

    code = "serials_taken"
    zh = "序列号已被占用,请联系系统管理员核对发码计数。"
    en = "The serials are taken. The counter of codes must be checked."


def scope(gtin: str, product: str, producer: ObjectId) -> str:
    """Return what the tags of a trade item's packages are made over."""
    return product_code.gtin_scope(gtin) if gtin else product_code.item_scope(product, str(producer))


def reserve(form: str, key_id: int, count: int, session: ClientSession) -> int:
    """Reserve serials and return the counter of the first."""
    found = CodeCounter._get_collection().find_one_and_update(
        {"_id": f"{form}:{key_id}"},
        {"$inc": {"next": count}},
        upsert=True,
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    return int(found["next"]) - count


def text(roll: dict[str, Any], n: int) -> str:
    """Return the code on label `n`, from 1, of a roll."""
    keys, form = runtime.current().product_keys, product_code.FORMS[roll["form"]]
    return keys.issue(form, roll["key_id"], roll["first_counter"] + n - 1, roll["scope"])


def scratch(key_id: int, head: str) -> str:
    """Return the secret under the scratch layer of a package."""
    return runtime.current().product_keys.scratch(key_id, head)


def mint(roll: dict[str, Any], numbers: range) -> list[str]:
    """Store the codes of some labels of a roll and return them; what is there already stays.

    Raises:
        SerialsTaken: another roll has one of them.
    """
    head = product_code.FORMS[roll["form"]].head
    made = [text(roll, n) for n in numbers]
    rows = [
        {"_id": one[:head], "roll": roll["_id"], "n": n, "scope": roll["scope"]}
        for n, one in zip(numbers, made, strict=True)
    ]
    codes = Code._get_collection()
    try:
        codes.insert_many(rows, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
            raise
        span = {"roll": roll["_id"], "n": {"$gte": numbers.start, "$lt": numbers.stop}}
        if codes.count_documents(span) != len(numbers):
            raise SerialsTaken from None
    return made


def read(head: str, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return a code by its head, None when none was issued."""
    return Code._get_collection().find_one({"_id": head}, session=session)


def count_scan(head: str, roll_no: str, n: int) -> dict[str, Any] | None:
    """Count a look at a code that is not void, and keep the time of the first; one update, durable before it is told.

    None when there is no such code of the roll, or it is void.
    """
    found: dict[str, Any] | None = Code._get_collection().find_one_and_update(
        {"_id": head, "roll": roll_no, "n": n, "mark.state": {"$ne": "void"}},
        {"$inc": {"scans": 1}, "$min": {"first_scan": clock.now()}},
        return_document=ReturnDocument.AFTER,
    )
    return found

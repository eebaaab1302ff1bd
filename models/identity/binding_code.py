"""The binding code: eight digits that a phone shows and a clerk types, to bind the phone that is at the counter."""

import secrets
from datetime import datetime, timedelta

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ObjectIdField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Unavailable, Unprocessable
from models.identity import consent
from models.identity.actors import Resident

LASTS = timedelta(minutes=5)
DIGITS = 8
_ATTEMPTS = 5


class BindingCode(Document):
    """The id is the account's: it has one code at a time. The code lies as a blind index only."""

    meta = {
        "collection": "binding_codes",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code_index"], "unique": True},
            {"fields": ["until"], "expireAfterSeconds": 24 * 3600},
        ],
    }
    id = ObjectIdField(primary_key=True)
    code_index = BinaryField(required=True)
    until = DateTimeField(required=True)


personal_data.declare(
    personal_data.Holding(
        "binding_codes",
        zh="绑定码",
        accounts=("_id",),
        blind=(personal_data.Blind("code_index", "binding_codes.code"),),
    )
)


class BindingCodeWrong(Unprocessable):
    """422: no phone shows this code now."""

    code = "binding_code_wrong"
    zh = "绑定码不正确、已使用或已超过 5 分钟,请让办事人在小程序里重新生成。"
    en = "This code is wrong, was used, or is older than five minutes. Let the person make a new one in the app."

    def __init__(self) -> None:
        super().__init__(fields={"code": [self.zh]})


def make(resident: Resident) -> tuple[str, datetime]:
    """Return a new code of the account and until when it holds; an earlier one ends.

    Raises:
        ConsentNeeded: no consent to use the identity document.
    """
    consent.require(resident, "document")
    until = clock.now() + LASTS
    for _ in range(_ATTEMPTS):
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        change = {"$set": {"code_index": _index(code), "until": until}}
        try:
            BindingCode._get_collection().update_one({"_id": resident.account_id}, change, upsert=True)
        except DuplicateKeyError:
            continue
        return code, until
    raise Unavailable


def _index(code: str) -> bytes:
    return runtime.current().sealer.blind("binding_codes.code", code)


def owner(code: str) -> ObjectId:
    """Return the account whose phone shows a code.

    Raises:
        BindingCodeWrong: none does.
    """
    query = {"code_index": _index(code), "until": {"$gt": clock.now()}}
    found = BindingCode._get_collection().find_one(query, {"_id": 1})
    if found is None:
        raise BindingCodeWrong
    return found["_id"]


def use(account_id: ObjectId, code: str, now: datetime, session: ClientSession) -> None:
    """Use a code up, within the transaction of what it allows.

    Raises:
        BindingCodeWrong: it was used meanwhile.
    """
    query = {"_id": account_id, "code_index": _index(code), "until": {"$gt": now}}
    if not BindingCode._get_collection().delete_one(query, session=session).deleted_count:
        raise BindingCodeWrong

"""How much a wallet may hold: dated data with its source, never a constant."""

from datetime import date
from typing import Any

from mongoengine import Document, IntField, StringField
from pymongo.client_session import ClientSession

from backend.errors import Unavailable


class LedgerLimit(Document):
    """The limit of a kind of account from a day on; the newest that has begun holds."""

    meta = {
        "collection": "ledger_limits",
        "auto_create_index": False,
        "indexes": [{"fields": ["kind", "-valid_from"], "unique": True}],
    }
    id = StringField(primary_key=True)
    kind = StringField(required=True)
    fen = IntField(required=True, min_value=0)
    valid_from = StringField(required=True)
    source = StringField(required=True)


class NoLimit(Unavailable):
    """503: nobody has said how much a wallet may hold, so none takes money."""

    code = "ledger_limit_missing"
    zh = "钱包限额尚未设置,暂不能充值,请联系管理员。"
    en = "No limit of wallets is set, so none takes money. Ask the administrator."


def put(kind: str, fen: int, *, valid_from: date, source: str) -> None:
    """State a limit from a day on."""
    record = {"kind": kind, "fen": fen, "valid_from": valid_from.isoformat(), "source": source}
    key = {"_id": f"{kind}:{valid_from.isoformat()}"}
    LedgerLimit._get_collection().update_one(key, {"$set": record}, upsert=True)


def of(kind: str, day: date, session: ClientSession | None = None) -> dict[str, Any]:
    """Return the limit that holds on a day.

    Raises:
        NoLimit: none has begun.
    """
    query = {"kind": kind, "valid_from": {"$lte": day.isoformat()}}
    found = LedgerLimit._get_collection().find_one(query, sort=[("valid_from", -1)], session=session)
    if found is None:
        raise NoLimit
    return found

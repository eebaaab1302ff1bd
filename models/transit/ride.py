"""A ride: one transit code at one validator, free by a concession or paid from the wallet. Amounts are integers of 分.

    board ──▶ free | paid
    late (told afterwards by the journal) ──▶ free | paid | owed ──pay──▶ paid

A ride and its money are one transaction. The id reads device and nonce, so a repeated request, and a journal entry of a
request whose answer was lost, is the same ride.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict
from backend.money import yuan
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.devices import conflict
from models.identity.actors import Device
from models.onecard import card, concession, entitlement, holder, verify
from models.onecard.entitlement import Entitlement
from models.onecard.verify import Verdict
from models.payments import ledger_account, transfer
from models.payments.ledger_account import AccountFrozen
from models.payments.posting import InsufficientFunds
from models.transit import bus_line

COLLECTION = "rides"
SETTLED_BY = "system:transit"
STATE_ZH = {"free": "免费乘车", "paid": "已付车费", "owed": "车费待补"}
SENTENCES = {
    "free": "请上车:{concession}。",
    "inspect": "请上车:{concession},请出示{document}。",
    "paid": "请上车,车费 {yuan} 元。",
    "insufficient_funds": "钱包余额不足,车费 {yuan} 元,请投币或在小程序充值后再刷。",
    "wallet_frozen": "钱包已冻结,不能付款,车费 {yuan} 元,请投币;如有疑问请拨打 12345。",
}


class Ride(Document):
    """`decision` is the sealed record by which a concession was given."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["person", "-at", "-_id"]}, {"fields": ["line", "-at", "-_id"]}],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    line = StringField(required=True)
    operator = StringField(required=True)
    person = ObjectIdField(required=True)
    card = ObjectIdField(required=True)
    at = DateTimeField(required=True)
    fare_fen = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    concession = StringField()
    document = StringField()
    decision = BinaryField()
    late = BooleanField()


personal_data.declare(
    Holding(
        COLLECTION,
        zh="公交乘车记录",
        persons=("person",),
        sealed=(Sealed("decision"),),
        traces=("concession", "document"),
        at_deletion="restrict",
        because="会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证保管 30 年",
        busy=lambda: {"state": "owed"},
    )
)


class NothingOwed(Conflict):
    """409: the ride is paid or was free."""

    code = "ride_not_owed"
    zh = "这次乘车没有待补的车费,请刷新后查看。"
    en = "Nothing is owed for this ride. Refresh and look again."


@dataclass(frozen=True)
class Boarding:
    """What a validator shows: result, sentence, fare in 分, age band, and which document the driver looks at."""

    result: str
    message: str
    fare_fen: int = 0
    inspect: str = ""
    age_band: str = ""


@dataclass(frozen=True)
class Fare:
    """What this person pays on this line, or by which concession nothing."""

    fen: int
    free_by: Entitlement | None = None


def board(device: Device, text: str) -> Boarding:
    """Decide on one code at a validator, and take the fare. The nonce makes a repeated request the same ride.

    Raises:
        KeyReused: the nonce came with another code before.
        LineUnknown, NoFare: the validator is registered at no line that has a fare.
    """
    line, at = bus_line.read(device.place), clock.now()
    verdict = verify.verify(
        device.scanner_class, text, at=at, device_id=device.device_id, nonce=device.nonce, online=True
    )
    if not verdict.accepted:
        return Boarding(verdict.result, verdict.message)
    band = holder.shown(device, verdict).get("age_band", "")
    if known := Ride._get_collection().find_one({"_id": f"{device.device_id}:{device.nonce}"}):
        return _shown(known, band)
    fare = fare_of(line, verdict, at)
    record = _record(f"{device.device_id}:{device.nonce}", line, verdict, fare, at)
    try:
        return _shown(_stored(record), band)
    except (InsufficientFunds, AccountFrozen) as refusal:
        result = "insufficient_funds" if isinstance(refusal, InsufficientFunds) else "wallet_frozen"
        return Boarding(result, SENTENCES[result].format(yuan=yuan(fare.fen)), fare.fen)


def _stored(record: dict[str, Any]) -> dict[str, Any]:
    def change(session: ClientSession) -> None:
        Ride._get_collection().insert_one(record, session=session)
        _take(record, session)

    open_wallet(record)
    try:
        transactions.run(change)
    except DuplicateKeyError:
        return Ride._get_collection().find_one({"_id": record["_id"]}) or record
    return record


def open_wallet(record: dict[str, Any]) -> None:
    """Open the wallet that a fare is taken from, unless it is there: inside a transaction none can be opened."""
    if record["fare_fen"]:
        ledger_account.open_account(ledger_account.wallet_of(record["person"]))


def _take(record: dict[str, Any], session: ClientSession) -> None:
    if record["state"] != "free":
        transfer.post(
            f"ride:{record['_id']}",
            ledger_account.wallet_of(record["person"]),
            _operator(record),
            record["fare_fen"],
            what="ride",
            about={"ride": record["_id"], "line": record["line"]},
            happened_at=record["at"],
            session=session,
        )


def fare_of(line: dict[str, Any], verdict: Verdict, at: datetime) -> Fare:
    """Return what the holder of an accepted code pays; what is known of them counts, no register is waited for."""
    day = clock.civil(at).date()
    whole = bus_line.fare_on(line, day)
    assert verdict.person_id is not None
    for code in line.get("concessions", []):
        found = entitlement.entitled(verdict.person_id, code, day=day, at=line["_id"], seconds=0)
        if found.state in {"verified", "to_inspect"}:
            return Fare(0, found)
    return Fare(whole)


def _record(ride_id: str, line: dict[str, Any], verdict: Verdict, fare: Fare, at: datetime) -> dict[str, Any]:
    record: dict[str, Any] = {
        "_id": ride_id,
        "device": ride_id.partition(":")[0],
        "line": line["_id"],
        "operator": line["operator"],
        "person": verdict.person_id,
        "card": verdict.card_id,
        "at": at,
        "fare_fen": fare.fen,
        "state": "paid" if fare.fen else "free",
    }
    if fare.free_by is None:
        return record
    decision = orjson.dumps(fare.free_by.record(), default=str).decode()
    return record | {
        "concession": fare.free_by.concession,
        "document": fare.free_by.document,
        "decision": runtime.current().sealer.seal(f"{COLLECTION}.decision", ride_id, decision),
    }


def late(found: dict[str, Any], line: dict[str, Any], verdict: Verdict, session: ClientSession) -> dict[str, Any]:
    """Store a ride that a validator admitted without network, in the transaction that settles it; return it.

    What the wallet does not hold, or the operator's account does not take, is owed.
    """
    if known := Ride._get_collection().find_one({"_id": found["_id"]}, session=session):
        return known
    fare = fare_of(line, verdict, found["at"])
    record = _record(found["_id"], line, verdict, fare, found["at"]) | {"late": True}
    if fare.fen and (_available(record, session) < fare.fen or not _operator_takes(record, session)):
        record["state"] = "owed"
    Ride._get_collection().insert_one(record, session=session)
    if record["state"] == "paid":
        _take(record, session)
    return record


def _available(record: dict[str, Any], session: ClientSession) -> int:
    parts = ledger_account.parts([ledger_account.wallet_of(record["person"])], session)
    usable = [one for one in parts if one["state"] == "open"]
    return sum(int(one["balance_fen"] - one["held_fen"]) for one in usable)


def _operator_takes(record: dict[str, Any], session: ClientSession) -> bool:
    """Tell whether the operator's account can be paid into: a refusal would leave the journal's entry for ever."""
    parts = ledger_account.parts([_operator(record)], session)
    return bool(parts) and parts[0]["state"] != "closed"


def _operator(record: dict[str, Any]) -> str:
    return f"merchant:{record['operator']}"


def pay_owed(person_id: ObjectId, ride_id: str) -> dict[str, Any]:
    """Pay what is owed for a ride from the wallet, once; return the ride.

    Raises:
        NotFound: no such ride of this person.
        NothingOwed: it is paid, or was free.
        CardNotActive: there is a card, and it cannot pay at the moment; who has none any more still pays a debt.
        InsufficientFunds: the wallet does not hold as much.
    """
    if card.of_person(person_id):
        card.require_active(person_id)
    found = documents.one(Ride, {"_id": ride_id, "person": person_id})
    if found["state"] != "owed":
        raise NothingOwed
    open_wallet(found)
    at = clock.now()

    def change(session: ClientSession) -> dict[str, Any] | None:
        guard = {"_id": ride_id, "state": "owed"}
        changed = Ride._get_collection().update_one(guard, {"$set": {"state": "paid"}}, session=session)
        if not changed.matched_count:
            return None
        _take(found, session)
        conflict.close_within(ride_id, SETTLED_BY, at, session)
        return found | {"state": "paid"}

    paid = transactions.run(change)
    if paid is None:
        raise NothingOwed
    return paid


def _shown(found: dict[str, Any], band: str) -> Boarding:
    if found["state"] != "free":
        sentence = SENTENCES["paid"].format(yuan=yuan(found["fare_fen"]))
        return Boarding("accepted", sentence, found["fare_fen"], age_band=band)
    document = found.get("document") or ""
    zh, document_zh = concession_words(found)
    sentence = SENTENCES["inspect" if document else "free"]
    return Boarding("accepted", sentence.format(concession=zh, document=document_zh), 0, document, band)


def concession_words(found: dict[str, Any]) -> tuple[str, str]:
    """Return the name of the concession by which a ride was free, and of the document that belongs to it."""
    told = concession.on(found["concession"], clock.civil(found["at"]).date())
    return told.zh, told.document_zh

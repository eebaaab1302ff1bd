"""A certificate: who may call which lots selenium-rich, by which standards and report, until when; signed.

    valid ──suspend (with a reason)──▶ suspended ──lift──▶ valid
      └──revoke──▶ revoked ◀──revoke── suspended        (final)
    a certificate is expired from the day after its last one, in whatever state; it is neither suspended nor lifted then

A certificate counts only while none of its lots is held or recalled: until then it is shown as suspended, whatever was
written on it, and counts again by itself when the last such lot is released.

The signature (Ed25519) covers the statement as canonical JSON: keys sorted, no white space, UTF-8, no numbers with a
fraction. It says what was certified; whether it still holds is on the public page only.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict, NotFound, Unavailable
from backend.personal_data import Holding
from backend.store import documents
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.selenium import lot, producer, product, standard_check

COLLECTION = "selenium_certificates"
STATE_ZH = {"valid": "有效", "suspended": "已暂停", "revoked": "已撤销", "expired": "已到期"}
REASON_ZH = {
    "failed_test": "监督抽检不合格",
    "recall": "产品召回",
    "misuse": "超范围使用证书",
    "inspection": "监督检查,核实中",
    "false_data": "申报材料不实",
    "own_request": "持有人申请",
}
LOT_REASON_ZH = {"held": "所列批次已冻结,核查中", "recalled": "所列批次已召回"}
DAYS = 365
"""How long a certificate holds: a house rule until the county's own is known."""
NUMBER = r"^FX[0-9]{8}[0-9A-HJKMNP-TV-Z]{8}\Z"
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Certificate(Document):
    """The id is the number. `statement` is what was signed, word for word; `history` who did what to it."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["producer", "_id"]},
            {"fields": ["village", "_id"]},
            {"fields": ["lots"]},
            {"fields": ["certification"], "unique": True},
        ],
    }
    id = StringField(primary_key=True)
    certification = ObjectIdField(required=True)
    producer = ObjectIdField(required=True)
    village = StringField(required=True)
    lots = ListField(StringField())
    statement = DictField(required=True)
    signature = BinaryField(required=True)
    key_id = IntField(required=True)
    valid_to = StringField(required=True)
    state = StringField(choices=("valid", "suspended", "revoked"), required=True)
    reason = StringField()
    history = ListField()
    issued_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "富硒认定证书",
        via=(("producer", "producers"),),
        traces=("village", "statement"),
        at_deletion="restrict",
        because="证书公开可查,须在有效期及其后依法留存(档案法)。",
    )
)


class SigningKeyMissing(Unavailable):
    """503: this deployment has no key to sign certificates with."""

    code = "certificate_key_missing"
    zh = "系统尚未配置证书签名密钥(CERTIFICATE_KEYS),请联系系统管理员。"
    en = "No key to sign certificates is set (CERTIFICATE_KEYS). Ask the administrator."


class CertificateMoved(Conflict):
    """409: the certificate is in a state that does not allow this, or expired."""

    code = "certificate_state"
    zh = "该证书当前状态不能这样操作(可能已撤销、到期,或所列批次已冻结、召回),请刷新后再试。"
    en = "The state of this certificate does not allow this; it may be revoked or expired, or a lot of it is held."


def canonical(statement: dict[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    return orjson.dumps(statement, option=orjson.OPT_SORT_KEYS)


def issue(record: dict[str, Any], *, by: str, session: ClientSession) -> dict[str, Any]:
    """Sign and store the certificate of a granted certification within the transaction of the grant.

    Raises:
        SigningKeyMissing: there is no key.
    """
    keys = runtime.current().certificate_keys
    if not keys.private:
        raise SigningKeyMissing
    number, now = _number(), clock.now()
    statement = _statement(record, number, keys.current)
    made: dict[str, Any] = {
        "_id": number,
        "certification": record["_id"],
        "producer": record["producer"],
        "village": record["village"],
        "lots": record["lots"],
        "statement": statement,
        "signature": keys.private[keys.current].sign(canonical(statement)),
        "key_id": keys.current,
        "valid_to": statement["valid_to"],
        "state": "valid",
        "history": [{"what": "issued", "by": by, "at": now}],
        "issued_at": now,
    }
    Certificate._get_collection().insert_one(made, session=session)
    return made


def _number() -> str:
    """Return a number that nobody can count from."""
    return f"FX{clock.today():%Y%m%d}" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def _statement(record: dict[str, Any], number: str, key_id: int) -> dict[str, Any]:
    grower, goods = producer.read(record["producer"]), product.read(record["product"])
    verdicts = {one["standard"]: one for one in record["verdicts"]}
    met = [verdicts[name] for name in record["met"]]
    return {
        "v": 1,
        "number": number,
        "holder": grower["shown_name"],
        "village": grower["village_zh"],
        "product": goods["name_zh"],
        "lots": record["lots"],
        "plots": [str(one) for one in record["plots"]],
        "standards": [
            {
                "number": one["number"],
                "table_from": one["table_from"] or "",
                "lower_mg_per_kg": standard_check.in_mg(one["row"]["lower_ug"]) or "",
                "upper_mg_per_kg": standard_check.in_mg(one["row"]["upper_ug"]) or "",
            }
            for one in met
        ],
        "report": record["report"],
        "valid_from": clock.today().isoformat(),
        "valid_to": (clock.today() + timedelta(days=DAYS)).isoformat(),
        "key_id": key_id,
    }


def read(number: str, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a certificate.

    Raises:
        NotFound: no such number.
    """
    return documents.one(Certificate, {"_id": number}, session=session)


def state(found: dict[str, Any], stopped: Collection[str] | None = None) -> str:
    """Return the state of today: what is revoked stays revoked, the others expire, and a stopped lot suspends.

    `stopped` are the lots that are held or recalled, for who has read them already.
    """
    if found["state"] != "revoked" and clock.today().isoformat() > found["valid_to"]:
        return "expired"
    if found["state"] != "valid":
        return str(found["state"])
    stopped = lot.stopped(found["lots"]) if stopped is None else stopped
    return "suspended" if any(one in stopped for one in found["lots"]) else "valid"


def reason_zh(found: dict[str, Any]) -> tuple[str, str]:
    """Return why a certificate does not count, as a code and in words: by a decision, else by its lots."""
    if written := found.get("reason", ""):
        return written, REASON_ZH[written]
    stopped = set(lot.stopped(found["lots"]).values()) if state(found) == "suspended" else set()
    if not stopped:
        return "", ""
    worst = "recalled" if "recalled" in stopped else "held"
    return f"lot_{worst}", LOT_REASON_ZH[worst]


def of_lot(number: str) -> list[dict[str, Any]]:
    """Return the certificates of a lot that hold today."""
    found = Certificate._get_collection().find({"lots": number}).limit(20)
    return [one for one in found if state(one) == "valid"]


def suspend(actor: Staff, number: str, reason: str) -> dict[str, Any]:
    """Suspend a valid certificate; suspending it again changes nothing.

    Raises:
        NotAllowed, NotFound: out of the actor's reach.
        CertificateMoved: it is revoked or expired.
    """
    return _move(actor, number, "suspend", ("valid",), "suspended", reason)


def lift(actor: Staff, number: str) -> dict[str, Any]:
    """Lift a suspension; lifting it again changes nothing.

    Raises:
        NotAllowed, NotFound: out of the actor's reach.
        CertificateMoved: it is revoked or expired.
    """
    return _move(actor, number, "lift", ("suspended",), "valid", "")


def revoke(actor: Staff, number: str, reason: str) -> dict[str, Any]:
    """Revoke a certificate for good; revoking it again changes nothing.

    Raises:
        NotAllowed, NotFound: out of the actor's reach.
        CertificateMoved: it is expired.
    """
    return _move(actor, number, "revoke", ("valid", "suspended"), "revoked", reason)


def in_reach(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a certificate that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: none, or outside the actor's area.
    """
    actor.require(operation)
    found = read(number)
    if not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def _move(  # noqa: PLR0917 - a row of the table of states
    actor: Staff, number: str, verb: str, before: tuple[str, ...], after: str, reason: str
) -> dict[str, Any]:
    in_reach(actor, "certificate.suspend", number)
    told = {"reason": reason} if reason else {}
    line = entry.line(actor.key, f"certificate.{verb}", f"certificate:{number}", unit=actor.unit, **told)
    step = {"what": verb, "by": actor.key, "at": clock.now(), **told}
    update: dict[str, Any] = {"$set": {"state": after, **told}, "$push": {"history": step}}
    if not reason:
        update["$unset"] = {"reason": ""}
    guard = {"_id": number, "state": {"$in": list(before)}, "valid_to": {"$gte": clock.today().isoformat()}}

    if moved := moving.move(Certificate, guard, update, line, actor):
        return moved
    found = read(number)
    if state(found) != after:
        raise CertificateMoved
    return found


def that_hold(producer_id: ObjectId, most: int) -> list[dict[str, Any]]:
    """Return a producer's newest certificates that hold today, out of the newest hundred; one read of their lots."""
    found = producer_certificates(producer_id)
    stopped = lot.stopped(sorted({each for one in found for each in one["lots"]}))
    return [one for one in found if state(one, stopped) == "valid"][:most]


def producer_certificates(producer_id: ObjectId) -> list[dict[str, Any]]:
    """Return the newest hundred certificates of a producer."""
    return list(Certificate._get_collection().find({"producer": producer_id}).sort("_id", -1).limit(100))

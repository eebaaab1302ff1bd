"""Taking in a return file, from the bank's queue or from a clerk's hands: stored whole, applied by the queue."""

from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, metrics, outbox, payout_file
from backend.errors import Conflict, NotFound
from backend.payout_file import Returned
from backend.store import transactions
from models.audit import entry
from models.benefits import batch, payment_file, return_file
from models.benefits.payment_file import FileStateWrong
from models.benefits.return_file import BenefitReturn, BenefitReturnPart
from models.identity.actors import Staff


class ReturnNumberUsed(Conflict):
    """409: another return file came with this number."""

    code = "return_number_used"
    zh = "该序号的回盘文件此前已收到,且内容不同;未作处理,请向银行核实。"
    en = "Another return file came with this number. Nothing was done; ask the bank."


class OtherFile(Conflict):
    """409: the return belongs to another payment file."""

    code = "return_of_other_file"
    zh = "这是代发文件 {number} 的回盘,请到该文件下上传。"
    en = "This return belongs to the payment file {number}."


def upload(actor: Staff, file_no: str, data: bytes) -> dict[str, Any]:
    """Take in a return file that a clerk got from the bank; the same file again changes nothing.

    Raises:
        NotFound: no such payment file within the actor's scope.
        ReturnFileRefused: it does not hold together.
        OtherFile, ReturnNumberUsed, FileStateWrong: it does not belong here.
    """
    found = payment_file.read(file_no)
    batch.reach(actor, "benefit.pay", found["batch"])
    about = f"benefit_file:{file_no}"
    return receive(data, by=actor.key, file_no=file_no, audit=entry.line(actor.key, "benefit.upload_return", about))


def receive(data: bytes, *, by: str, file_no: str, audit: dict[str, Any] | None = None) -> dict[str, Any]:
    """Store a return file of a payment file; return it as it is stored.

    Raises:
        ReturnFileRefused: it does not hold together.
        OtherFile, ReturnNumberUsed, FileStateWrong: it does not belong here.
    """
    told = payout_file.read(data)
    if told.file_no != file_no:
        raise OtherFile(number=told.file_no)
    found = payment_file.read(file_no)
    if found["state"] not in payment_file.AT_BANK:
        raise FileStateWrong(found)
    made = return_file.record(told, found["batch"], by=by)
    if known := _known(made["_id"], told):
        return known
    parts = return_file.sealed_parts(told)
    try:
        transactions.run(lambda session: _store(made, parts, audit, session))
    except DuplicateKeyError:
        return _known(made["_id"], told) or made
    outbox.wake("bills")
    return made


def _known(ret: str, told: Returned) -> dict[str, Any] | None:
    try:
        found = return_file.read(ret)
    except NotFound:
        return None
    if found["state"] == "refused":
        return None
    if found["digest"] != told.digest:
        metrics.ALARMS.labels("benefit_return_number_used").inc()
        raise ReturnNumberUsed
    return found


def _store(
    made: dict[str, Any], parts: list[dict[str, Any]], audit: dict[str, Any] | None, session: ClientSession
) -> None:
    """Store rows and file together; a refused one of the number gives way."""
    BenefitReturn._get_collection().delete_one({"_id": made["_id"], "state": "refused"}, session=session)
    BenefitReturn._get_collection().insert_one(made, session=session)
    if parts:
        BenefitReturnPart._get_collection().insert_many(parts, session=session)
    if audit:
        entry.write(audit, session)


def note_refused(file_no: str, number: int, reason: str) -> None:
    """Note that the bank gave a return file that does not hold together; finance asks for it again."""
    metrics.ALARMS.labels("benefit_return_refused").inc()
    found = payment_file.read(file_no)
    made = {
        "file": file_no,
        "batch": found["batch"],
        "number": number,
        "state": "refused",
        "reason": reason,
        "parts": 0,
        "applied": 0,
        "counts": {},
        "differences": [],
        "by": "system:bank",
        "received_at": clock.now(),
        "outbox": [],
    }
    known = {"_id": return_file.return_id(file_no, number)}
    BenefitReturn._get_collection().update_one(known, {"$setOnInsert": made}, upsert=True)

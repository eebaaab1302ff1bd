"""A firm (企业) that policies are to find: known by its unified social credit code, whether or not it has joined here.

What the registers say of it are facts of `models/registers` about the same code; this document only says that it is
there. A firm comes in when it looks at its own file, when the office enters it, and with the job that takes in every
organisation that has joined and has the registers asked again.
"""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, StringField
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, credit_code, jobs, outbox
from backend.errors import Unprocessable
from backend.store import documents, paging, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Member, Staff
from models.identity.organisation import Organisation
from models.registers import fact, fetch
from models.registers.own_organisation import KIND, SOURCE, BusinessRegisterAway
from models.registers.subject import Subject

COLLECTION = "enterprise_firms"
BATCH = 100
NOT_ANSWERED = ("away", "asking", "not_connected")


class Firm(Document):
    """The id is the credit code; `division` is that of the office that registered the firm."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": []}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    division = StringField(required=True)
    since = DateTimeField(required=True)


class FirmUnknown(Unprocessable):
    """422: the business register knows no firm by this code."""

    code = "enterprise_firm_unknown"
    zh = "市场主体登记中没有这个统一社会信用代码,请按营业执照核对后再录入。"
    en = "The business register knows no firm by this credit code. Compare it with the licence."

    def __init__(self) -> None:
        super().__init__(fields={"credit_code": [self.zh]})


def _noting(code: str, name: str) -> UpdateOne:
    told = {"division": credit_code.division(code), "since": clock.now()}
    return UpdateOne({"_id": code}, {"$set": {"name": name}, "$setOnInsert": told}, upsert=True)


def refresh(member: Member) -> list[fetch.Answer]:
    """Take the member's firm in, and have the workers ask every register whose answer is not fresh."""
    told = member.organisation
    Firm._get_collection().bulk_write([_noting(told["credit_code"], told["name"])])
    return fetch.refresh_firm(told["credit_code"])


def add(actor: Staff, text: str) -> dict[str, Any]:
    """Take a firm in that the business register knows, and have the other registers asked; return it.

    Raises:
        CreditCodeWrong: this is no credit code.
        BusinessRegisterAway: the register did not answer.
        FirmUnknown: it knows no such firm.
    """
    actor.require("policy.run")
    code = credit_code.parse(text)
    about = Subject(organisation=code)
    if fetch.ask(SOURCE, about).result in NOT_ANSWERED:
        raise BusinessRegisterAway
    held = fact.current(about, [KIND], clock.today().isoformat())
    licence = next((one for one in held if not one.absent), None)
    if licence is None:
        raise FirmUnknown
    line = entry.line(actor.key, "enterprise_firm.add", f"firm:{code}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        Firm._get_collection().bulk_write([_noting(code, licence.value["name"])], session=session)
        entry.write(line, session)

    transactions.run(change)
    fetch.refresh_firm(code)
    return read(code)


def read(code: str) -> dict[str, Any]:
    """Return a firm.

    Raises:
        NotFound: no such firm was taken in.
    """
    return documents.one(Firm, {"_id": code})


def several(codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return firms by their codes."""
    found = Firm._get_collection().find({"_id": {"$in": list(codes)}}) if codes else ()
    return {one["_id"]: one for one in found}


def after(code: str | None, limit: int) -> list[str]:
    """Return the codes that follow one, in their order; the first ones for None."""
    query = {"_id": {"$gt": code or ""}}
    return [one["_id"] for one in Firm._get_collection().find(query, {"_id": 1}).sort("_id", 1).limit(limit)]


def count() -> int:
    """Return about how many firms there are, without looking at each."""
    return int(Firm._get_collection().estimated_document_count())


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of firms by credit code."""
    return paging.page(Firm._get_collection(), {"_id": {"$gte": ""}}, sort=("_id", 1), cursor=cursor, limit=limit)


def collect(actor: Staff) -> dict[str, Any]:
    """Begin to take in every organisation that has joined, and to have the registers asked about it; return the job."""
    actor.require("policy.run")
    line = entry.line(actor.key, "enterprise_firm.collect", "firms:all", unit=actor.unit)
    total = int(Organisation._get_collection().estimated_document_count())

    def begin(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        args: dict[str, Any] = {}
        job = jobs.start(
            "enterprise.collect", args=args, total=total, started_by=actor.key, unit=actor.unit, session=session
        )  # fmt: skip
        entry.write(line, session)
        return job

    job = transactions.run(begin)
    outbox.wake("reports")
    return job


def work(job_id: ObjectId) -> None:
    """Take in the next organisations.

    Raises:
        outbox.Later: more follow.
    """
    known: dict[str, dict[str, Any]] = {}

    def following(position: str | None) -> list[str]:
        query = {"_id": {"$gt": ObjectId(position)}} if position else {"_id": {"$gte": ObjectId("0" * 24)}}
        shown = {"credit_code": 1, "name": 1}
        found = list(Organisation._get_collection().find(query, shown).sort("_id", 1).limit(BATCH))
        known.clear()
        known.update({str(one["_id"]): one for one in found})
        return list(known)

    def step(item: str) -> None:
        told = known[item]
        Firm._get_collection().bulk_write([_noting(told["credit_code"], told["name"])])
        fetch.refresh_firm(told["credit_code"])

    jobs.work(job_id, following, step)

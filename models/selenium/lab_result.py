"""A laboratory's result: what was measured in a sample, entered by one person and confirmed by another.

    entered ──confirm (another person of the laboratory)──▶ confirmed    the standards judge, in the same transaction
       └──return (another person)──▶ returned                            it is entered anew

A sample has one result that counts, and a report is used for one sample: a report number that comes twice is refused.
Selenium is in µg/kg; for the others the laboratory says whether they conform; limits are its matter.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotAllowed, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.selenium import certification, product, sample, standard, standard_check
from models.selenium.sample import CustodyWrong, Sample
from models.selenium.standard_check import Measured

COLLECTION = "selenium_lab_results"
STATE_ZH = {"entered": "待复核", "confirmed": "已复核", "returned": "已退回"}
ANALYTE_ZH = {"Se": "硒(总量)", "Cd": "镉", "Pb": "铅", "As": "砷", "Hg": "汞", "Cr": "铬", "pesticides": "农药残留"}
CMA = r"^[0-9]{11,12}\Z"


class LabResult(Document):
    """`live` is the sample, and missing once the result was returned, so that one result of a sample counts."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["live"], "unique": True, "partialFilterExpression": {"live": {"$exists": True}}},
            {
                "fields": ["cma", "report_number"],
                "unique": True,
                "partialFilterExpression": {"live": {"$exists": True}},
            },
            {"fields": ["producer"]},
        ],
    }
    sample = StringField(required=True)
    live = StringField()
    producer = ObjectIdField(required=True)
    unit = StringField(required=True)
    lab_zh = StringField(required=True)
    cma = StringField(required=True)
    report_number = StringField(required=True)
    report_date = StringField(required=True)
    analytes = ListField()
    basis = StringField(required=True)
    moisture_permille = IntField()
    organic_permille = IntField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    entered_by = StringField(required=True)
    entered_at = DateTimeField(required=True)
    settled_by = StringField()
    settled_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "认定检测结果",
        via=(("producer", "producers"),),
        at_deletion="restrict",
        because="检验检测原始记录须依法留存不少于六年(检验检测机构资质认定管理办法)。",
    )
)


class ResultTaken(Conflict):
    """409: the sample has a result, or the report was used for another sample."""

    code = "lab_result_taken"
    zh = "该样品已有检测结果,或该报告编号已用于其他样品,请核对。"
    en = "The sample has a result, or this report was used for another sample."


class SamePerson(NotAllowed):
    """403: who entered a result does not confirm it."""

    code = "lab_same_person"
    zh = "录入人不能复核自己录入的结果,请由另一人复核。"
    en = "Another person than who entered the result must confirm it."


class ResultSettled(Conflict):
    """409: the result was confirmed or returned before."""

    code = "lab_result_settled"
    zh = "该结果已复核或退回,请刷新后再看。"
    en = "The result is confirmed or returned already."


class ResultWrong(Unprocessable):
    """422: no selenium, an analyte twice, a contaminant without a statement, or an impossible day."""

    code = "lab_result_wrong"
    zh = "检测项目须含硒且不重复,其他项目须注明是否符合;报告日期不得早于抽样、晚于今天。"
    en = "Selenium must be among the analytes, each once; the others state conformity; the day lies after sampling."


@dataclass(frozen=True)
class Analyte:
    """What was measured; without `ug_per_kg` it was not detected."""

    code: str
    ug_per_kg: int | None
    method: str
    conforms: bool | None = None


@dataclass(frozen=True)
class Report:
    """A report of a laboratory with its CMA number."""

    lab_zh: str
    cma: str
    report_number: str
    report_date: date
    analytes: tuple[Analyte, ...]
    basis: str = "fresh"
    moisture_permille: int | None = None
    organic_permille: int | None = None


def enter(actor: Staff, seal: str, told: Report) -> dict[str, Any]:
    """Enter the result of a sample that lies at the actor's laboratory.

    Raises:
        NotAllowed, NotFound: the sample is not at the actor's laboratory.
        CustodyWrong: it is not held there, or was tested.
        ResultWrong: it cannot be so.
        ResultTaken: there is a result, or the report is another sample's.
    """
    actor.require("lab.enter")
    found = _at_lab(actor, seal)
    if found["state"] != "held":
        raise CustodyWrong
    _require_sound(told, found)
    made = _record(actor, found, told)
    line = entry.line(actor.key, "lab_result.enter", f"lab_result:{made['_id']}", unit=actor.unit, sample=seal)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        try:
            LabResult._get_collection().insert_one(made, session=session)
        except DuplicateKeyError:
            raise ResultTaken from None
        entry.write(line, session)

    transactions.run(change)
    return made


def _at_lab(actor: Staff, seal: str) -> dict[str, Any]:
    found = sample.near(actor, seal)
    if not found["at_lab"] or found["unit"] != actor.unit:
        raise NotFound
    return found


def _require_sound(told: Report, of_sample: dict[str, Any]) -> None:
    codes = [one.code for one in told.analytes]
    others = [one for one in told.analytes if one.code != "Se"]
    se = next((one for one in told.analytes if one.code == "Se"), None)
    taken = clock.civil(of_sample["taken_at"]).date()
    if (
        se is None
        or len(set(codes)) < len(codes)
        or any(one.conforms is None for one in others)
        or not taken <= told.report_date <= clock.today()
    ):
        raise ResultWrong


def _record(actor: Staff, of_sample: dict[str, Any], told: Report) -> dict[str, Any]:
    shares = {"moisture_permille": told.moisture_permille, "organic_permille": told.organic_permille}
    return {
        "_id": ObjectId(),
        "sample": of_sample["_id"],
        "live": of_sample["_id"],
        "producer": of_sample["producer"],
        "unit": actor.unit,
        "lab_zh": told.lab_zh,
        "cma": told.cma,
        "report_number": told.report_number,
        "report_date": told.report_date.isoformat(),
        "analytes": [asdict(one) for one in told.analytes],
        "basis": told.basis,
        **{name: value for name, value in shares.items() if value is not None},
        "state": "entered",
        "entered_by": actor.key,
        "entered_at": clock.now(),
    }


def confirm(actor: Staff, result_id: ObjectId) -> dict[str, Any]:
    """Confirm a result as another person; the standards judge it at once. Confirming again changes nothing.

    Raises:
        NotAllowed, NotFound: not of the actor's laboratory.
        SamePerson: they entered it.
        ResultSettled: it was returned.
        StateWrong: the certification is over.
    """
    found = of_lab(actor, result_id)
    if found["entered_by"] == actor.key:
        raise SamePerson
    of_sample = sample.near(actor, found["sample"])
    record = certification.read(of_sample["certification"])
    told = {"state": "judged", "result": result_id} | _judged(record, found)
    line = entry.line(actor.key, "lab_result.confirm", f"lab_result:{result_id}", unit=actor.unit)

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        settled = _settled(actor, result_id, {"$set": {"state": "confirmed"}}, session)
        if settled is None:
            return _repeated(actor, result_id, "confirmed", session)
        certification.move(record["_id"], ("sampling",), told, session, sample=found["sample"])
        held = {"_id": found["sample"], "state": "held"}
        if not Sample._get_collection().update_one(held, {"$set": {"state": "tested"}}, session=session).matched_count:
            raise CustodyWrong
        entry.write(line, session)
        return settled

    return transactions.run(change)


def _judged(record: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return what all standards say by the day of the report, which of those wished for are met, and what is unsafe."""
    se = next(one for one in found["analytes"] if one["code"] == "Se")
    measured = Measured(
        se["ug_per_kg"] or 0, found["basis"], found.get("moisture_permille"), found.get("organic_permille")
    )
    group, day = product.read(record["product"])["group"], date.fromisoformat(found["report_date"])
    verdicts = standard_check.side_by_side(standard.listed(), measured, group, day, record["item_zh"])
    met = [one["standard"] for one in verdicts if one["outcome"] == "pass" and one["standard"] in record["standards"]]
    unsafe = [one["code"] for one in found["analytes"] if one["conforms"] is False]
    return {"verdicts": verdicts, "met": met, "unsafe": unsafe, "report": _report(found, se["ug_per_kg"])}


def _report(found: dict[str, Any], se_ug: int | None) -> dict[str, Any]:
    told = {name: found[name] for name in ("lab_zh", "cma", "report_number", "report_date", "basis")}
    return told | {"se_mg_per_kg": standard_check.in_mg(se_ug) or ""}


def send_back(actor: Staff, result_id: ObjectId) -> dict[str, Any]:
    """Return a result that has a slip, as another person; it is entered anew. Returning again changes nothing.

    Raises:
        NotAllowed, NotFound: not of the actor's laboratory.
        SamePerson: they entered it.
        ResultSettled: it was confirmed.
    """
    found = of_lab(actor, result_id)
    if found["entered_by"] == actor.key:
        raise SamePerson
    line = entry.line(actor.key, "lab_result.return", f"lab_result:{result_id}", unit=actor.unit)

    def change(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        update = {"$set": {"state": "returned"}, "$unset": {"live": ""}}
        settled = _settled(actor, result_id, update, session)
        if settled is None:
            return _repeated(actor, result_id, "returned", session)
        entry.write(line, session)
        return settled

    return transactions.run(change)


def _settled(
    actor: Staff, result_id: ObjectId, update: dict[str, Any], session: ClientSession
) -> dict[str, Any] | None:
    told = {**update, "$set": {**update["$set"], "settled_by": actor.key, "settled_at": clock.now()}}
    return LabResult._get_collection().find_one_and_update(
        {"_id": result_id, "state": "entered"}, told, session=session, return_document=ReturnDocument.AFTER
    )


def _repeated(actor: Staff, result_id: ObjectId, state: str, session: ClientSession) -> dict[str, Any]:
    found = LabResult._get_collection().find_one({"_id": result_id}, session=session)
    if found is None or found["state"] != state or found["settled_by"] != actor.key:
        raise ResultSettled
    return found


def of_lab(actor: Staff, result_id: ObjectId) -> dict[str, Any]:
    """Return a result of the actor's laboratory.

    Raises:
        NotAllowed: no role of the actor confirms results.
        NotFound: none, or another laboratory's.
    """
    actor.require("lab.confirm")
    found = LabResult._get_collection().find_one({"_id": result_id})
    if found is None or found["unit"] != actor.unit:
        raise NotFound
    return found


def read(result_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a result.

    Raises:
        NotFound: there is none.
    """
    return documents.one(LabResult, {"_id": result_id}, session=session)

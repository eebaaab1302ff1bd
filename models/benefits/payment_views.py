"""What is shown of payments: to the person whose line it is, and to finance. Plain dicts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.store import documents, paging
from models.audit import access_line
from models.benefits import batch, explain, item, line, payment, payment_file, repair, return_file
from models.benefits.batch import BenefitBatch
from models.benefits.line import BenefitLine
from models.benefits.payment import BenefitPayment
from models.identity import person
from models.identity.actors import Resident, Staff
from models.identity.counter import Serving
from models.payments import bank_codes, return_match

HISTORY_ZH = {
    "collected": "乡镇采集",
    "checked": "核验",
    "cleared": "核实通过",
    "approved": "财政批准",
    "sent": "送银行发放",
    "paid": "银行已入账",
    "failed": "银行未能入账",
    "repaired": "账号已确认或更正",
    "resent": "再次送银行发放",
    "reversed": "银行入账后退回",
    "unsent": "银行未接收,等待重新送出",
    "lapsed": "未更正账户,退回资金专户",
    "withdrawn": "乡镇撤销",
    "objected": "公示期内有异议",
    "set_aside": "暂不列入本批发放",
    "objection_upheld": "异议成立",
    "objection_rejected": "异议不成立",
    "objection_withdrawn": "异议撤回",
}


def of_resident(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lines of the person for whom the resident acts, newest first."""
    assert resident.subject_id is not None
    repair.note_look(resident)
    return _of_person(resident.subject_id, cursor=cursor, limit=limit)


def at_counter(
    actor: Staff, here: Serving, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lines of who stands at a clerk's counter, or for whom they may act."""
    access_line.record(actor, purpose="counter_service", subjects=[here.for_person_id], fields=repair.SHOWN)
    return _of_person(here.for_person_id, cursor=cursor, limit=limit)


def _of_person(person_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    number = person.read(person_id).number
    query = {"number_index": {"$in": runtime.current().sealer.blinds(line.NUMBER, number)}}
    lines, following = paging.page(
        BenefitLine._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    batches, payments = _batches(lines), payment.of_lines([one["_id"] for one in lines])
    return [_brief(one, batches[one["batch"]], payments.get(one["_id"], [])) for one in lines], following


def _batches(lines: list[dict[str, Any]]) -> dict[ObjectId, dict[str, Any]]:
    query = {"_id": {"$in": sorted({one["batch"] for one in lines})}}
    return {one["_id"]: one for one in BenefitBatch._get_collection().find(query, {"outbox": 0})}


def one_of_resident(resident: Resident, line_id: ObjectId) -> dict[str, Any]:
    """Return one line of the person for whom the resident acts, with what happened to it and why.

    Raises:
        NotFound: it is somebody else's.
    """
    assert resident.subject_id is not None
    found, _ = repair.own(resident.subject_id, line_id)
    repair.note_look(resident)
    told, payments = batch.read(found["batch"]), payment.of_lines([line_id]).get(line_id, [])
    basis, why = item.read(told["item_id"])["basis"], explain.of_line(found)
    reasons = [{name: one[name] for name in ("code", "zh", "todo_zh")} for one in why["reasons"]]
    words = {"why_zh": why["sentence_zh"], "rule_zh": why["rule_zh"], "reasons": reasons, "basis_zh": basis}
    return {**_brief(found, told, payments), **words, "timeline": _timeline(found)}


def why_of_item(resident: Resident, code: str, period: str) -> dict[str, Any]:
    """Return why the person for whom the resident acts gets or does not get an item.

    Raises:
        NotFound, PeriodWrong: there is no such item, or it is no period of it.
    """
    assert resident.subject_id is not None
    repair.note_look(resident)
    told = explain.why(resident.subject_id, code, period)
    lines = [{"line": one["line"], "state": one["state"], "why_zh": one["sentence_zh"]} for one in told["lines"]]
    return {"in_list": told["in_list"], "why_zh": told["sentence_zh"], "rule_zh": told["rule_zh"], "lines": lines}


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line as its person sees it."""
    payments = payment.of_lines([found["_id"]]).get(found["_id"], [])
    return _brief(found, batch.read(found["batch"]), payments)


def _brief(found: Mapping[str, Any], told: Mapping[str, Any], payments: list[dict[str, Any]]) -> dict[str, Any]:
    account = line.opened(found).account
    shown = {
        "id": str(found["_id"]),
        "item": found["item"],
        "item_zh": told["item_zh"],
        "period": found["period"],
        "batch_number": told["number"],
        "amount_fen": found["amount_fen"],
        "state": found["state"],
        "state_zh": line.STATES[found["state"]],
        "at": _wire(found["history"][-1]["at"]),
        "account_tail": account[-payment.TAIL :],
        "repairable": found["state"] in repair.REPAIRABLE,
    }
    if found["state"] == "failed":
        code = str(payments[-1].get("code", "other")) if payments else "no_account"
        shown |= {"why_failed_zh": bank_codes.why_zh(code), "what_to_do_zh": payment.what_to_do_zh(code)}
    if found["state"] == "lapsed":
        shown |= {"what_to_do_zh": payment.LAPSED}
    return shown


def _timeline(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what happened, in words; who of the staff did it is told by the audit, not here."""
    return [
        {
            "at": _wire(one["at"]),
            "what": one["what"],
            "what_zh": HISTORY_ZH.get(one["what"], line.STATES.get(one["what"], "处理")),
            **({"why_zh": bank_codes.why_zh(one["code"])} if "code" in one else {}),
        }
        for one in found["history"]
    ]


def files(
    actor: Staff, *, state: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of payment files for finance, newest number first."""
    actor.require("benefit.pay")
    found, following = payment_file.listed(state=state, cursor=cursor, limit=limit)
    return [file(one) for one in found], following


def file(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payment file as finance sees it."""
    told = {
        "file_no": found["_id"],
        "batch_id": str(found["batch"]),
        "round": found["round"],
        "state": found["state"],
        "state_zh": payment_file.STATES[found["state"]],
        "counts": _filled(found["counts"]),
        "sums_fen": _filled(found["sums"]),
        "waits_for_fund": found.get("waits") == "fund",
        "returns": found["returns"],
        "opened_at": _wire(found["opened_at"]),
        **{name: _wire(found[name]) for name in ("tried_at", "accepted_at", "settled_at") if found.get(name)},
        **{name: found[name] for name in ("digest", "reason") if found.get(name)},
    }
    return told | ({"job_id": str(found["job"])} if found.get("job") else {})


def _filled(told: Mapping[str, int]) -> dict[str, int]:
    return {state: int(told.get(state, 0)) for state in payment.STATES}


def of_batch(actor: Staff, batch_id: ObjectId) -> dict[str, Any]:
    """Return how the payment of a batch stands: its files, their returns and every difference that has a name.

    Raises:
        NotFound: no such batch within the actor's scope.
    """
    found = batch.reach(actor, "benefit.list", batch_id)
    made = payment_file.of_batch(batch_id)
    return {
        "batch_id": str(batch_id),
        "number": found["number"],
        "state": found["state"],
        "state_zh": batch.STATES[found["state"]],
        "counts": {state: found["counts"].get(state, 0) for state in line.STATES},
        "sums_fen": {state: found["sums"].get(state, 0) for state in line.STATES},
        "files": [file(one) for one in made],
        "returns": [returned(one) for each in made for one in return_file.of_file(each["_id"])],
        "differences": differences(made),
    }


def returned(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a return file as finance sees it."""
    told = {
        "file_no": found["file"],
        "number": found["number"],
        "state": found["state"],
        "state_zh": return_file.STATES[found["state"]],
        "counts": dict(found["counts"]),
        "received_at": _wire(found["received_at"]),
    }
    return told | {name: found[name] for name in ("kind", "digest", "reason") if found.get(name)}


def differences(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the bank's files and ours say differently, by name; a line the bank left out counts as missing."""
    told = [
        _difference(each["_id"], one["number"], difference)
        for each in made
        for one in return_file.of_file(each["_id"])
        for difference in one["differences"]
    ]
    for each in made:
        if each.get("bank_done") and each["counts"].get("waiting"):
            missing = payment.of_file(each["_id"], most=return_file.MOST_DIFFERENCES, state="waiting")
            told += [
                _difference(each["_id"], 0, {"what": "missing", "seq": one["seq"], "here_fen": one["amount_fen"]})
                for one in missing
            ]
    return told


def _difference(number: str, ret: int, found: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "file_no": number,
        "return_number": ret,
        "what": found["what"],
        "what_zh": return_match.DIFFERENCES[found["what"]],
        "seq": found["seq"],
    }
    return told | {name: found[name] for name in ("here_fen", "there_fen") if name in found}


def failed(
    actor: Staff, batch_id: ObjectId, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the failed lines of a batch, without names: number in the file, amount, tail and reason.

    Raises:
        NotFound: no such batch within the actor's scope.
    """
    batch.reach(actor, "benefit.read", batch_id)
    query = {"batch": batch_id, "state": {"$in": ["failed", "repaired"]}}
    shown = {"outbox": 0, "findings": 0}
    lines, following = paging.page(
        BenefitLine._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=shown
    )
    people = [one["person"] for one in lines if one.get("person")]
    access_line.record(actor, purpose="benefit_payment", subjects=people, fields=repair.SHOWN)
    payments = payment.of_lines([one["_id"] for one in lines])
    return [_failed(one, payments.get(one["_id"], [])) for one in lines], following


def _failed(found: Mapping[str, Any], made: list[dict[str, Any]]) -> dict[str, Any]:
    last = made[-1] if made else {}
    code = str(last.get("code", "other")) if last else "no_account"
    told = {
        "line_id": str(found["_id"]),
        "amount_fen": found["amount_fen"],
        "state": found["state"],
        "state_zh": line.STATES[found["state"]],
        "code": code,
        "why_zh": bank_codes.why_zh(code),
    }
    if last:
        told |= {"file_no": last["file"], "seq": last.get("seq", 0), "account_tail": last["account_tail"]}
    return told


def payment_of(file_no: str, seq: int) -> dict[str, Any]:
    """Return a payment by its number in a file.

    Raises:
        NotFound: no such payment.
    """
    return documents.one(BenefitPayment, {"file": file_no, "seq": seq})


def _wire(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")

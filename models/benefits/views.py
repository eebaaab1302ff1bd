"""Batches and lines as screens of the staff show them. Whoever sees lines leaves an access line first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask, mask_name
from backend.store import paging
from models.audit import access_line
from models.benefits import batch, explain, finding, line
from models.benefits.line import BenefitLine
from models.identity import minor_approval
from models.identity.actors import Staff

PURPOSE = "benefit_payment"
FIELDS = ("benefit_lines.name", "benefit_lines.number", "benefit_lines.account", "benefit_lines.amount")


def of_batch(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a batch with its counts; it shows no personal data."""
    number, fen = batch.total(found)
    shown = {
        "id": str(found["_id"]),
        "number": found["number"],
        "item": found["item"],
        "item_zh": found["item_zh"],
        "period": found["period"],
        "unit": found["unit"],
        "unit_zh": found["unit_zh"],
        "part": found["part"],
        "state": found["state"],
        "state_zh": batch.STATES[found["state"]],
        "step": found["step"],
        "step_zh": batch.STEPS[found["step"]],
        "case_id": str(found["case"]),
        "lines": number,
        "total_fen": fen,
        "counts": {name: value for name, value in found["counts"].items() if value},
        "sums": {name: value for name, value in found["sums"].items() if found["counts"].get(name)},
        "findings": found.get("findings") or {},
        "created_at": wire(found["created_at"]),
    }
    times = ("checked_at", "publicity_from", "publicity_until", "approved_at", "paid_at", "closed_at")
    shown |= {name: wire(found[name]) for name in times if found.get(name)}
    return shown | ({"job_id": str(found["job"])} if found.get("job") else {})


def lines(
    actor: Staff, batch_id: ObjectId, *, state: str | None, finding_code: str | None, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a batch's lines with masked names, after an access line.

    Raises:
        NotFound: no such batch within the actor's scope.
    """
    found = batch.reach(actor, "benefit.read", batch_id)
    query: dict[str, Any] = {"batch": batch_id}
    query |= {"state": state} if state else {}
    query |= {"findings.code": finding_code} if finding_code else {}
    rows, following = paging.page(
        BenefitLine._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit,
        projection={"outbox": 0, "decision": 0},
    )  # fmt: skip
    hidden = _looked(actor, found, rows)
    return [of_line(row, hidden) for row in rows], following


def one_line(actor: Staff, line_id: ObjectId) -> dict[str, Any]:
    """Return a whole line with why, after an access line; the name is told whole, to be compared with a document.

    Raises:
        NotFound: no such line within the actor's scope.
    """
    row = line.read(line_id)
    found = batch.reach(actor, "benefit.read", row["batch"])
    hidden = _looked(actor, found, [row])
    told = explain.of_line(row)
    name = minor_approval.HIDDEN if row.get("person") in hidden else line.name_of(row)
    shown = of_line(row, hidden) | {"name": name, "sentence_zh": told["sentence_zh"]}
    shown["rule_zh"] = "" if hidden else told["rule_zh"]
    return shown | {"history": [_moved(one) for one in row["history"]]}


def mine(actor: Staff, line_id: ObjectId) -> dict[str, Any]:
    """Return a line that the actor has just changed, as lists show it.

    Raises:
        NotFound: no such line within the actor's scope.
    """
    row = line.read(line_id)
    hidden = _looked(actor, batch.reach(actor, "benefit.list", row["batch"]), [row])
    return of_line(row, hidden)


def _looked(actor: Staff, found: Mapping[str, Any], rows: list[dict[str, Any]]) -> set[ObjectId]:
    """Store the access line; return the children whom the actor may not see."""
    people = [row["person"] for row in rows if row.get("person")]
    hidden = minor_approval.hidden(actor, people)
    seen = [one for one in people if one not in hidden]
    access_line.record(actor, purpose=PURPOSE, subjects=seen, fields=FIELDS, case=found["number"])
    return hidden


def of_line(row: Mapping[str, Any], hidden: set[ObjectId]) -> dict[str, Any]:
    """Return a line as lists show it: names and numbers masked, of a child that is `hidden` none at all."""
    told = line.opened(row)
    if row.get("person") in hidden:
        told = line.Opened(minor_approval.HIDDEN, "", "")
    shown = {
        "id": str(row["_id"]),
        "batch_id": str(row["batch"]),
        "item": row["item"],
        "period": row["period"],
        "area": row.get("area", ""),
        "name_masked": told.name if row.get("person") in hidden else mask_name(told.name),
        "number_masked": mask("resident_id", told.number) if told.number else "",
        "account_masked": f"****{told.account[-4:]}" if told.account else "",
        "amount_fen": row["amount_fen"],
        "facts": dict(row.get("facts") or {}),
        "state": row["state"],
        "state_zh": line.STATES[row["state"]],
        "findings": [finding.shown(one) for one in row["findings"]],
    }
    return shown | ({"decided_fen": row["decided_fen"]} if "decided_fen" in row else {})


def _moved(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("finding", "reason") if one.get(name)}
    return {"at": wire(one["at"]), "who": one["who"], "what": one["what"], **told}


def wire(moment: datetime) -> str:
    """Return a time as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")

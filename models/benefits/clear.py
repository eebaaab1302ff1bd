"""A clerk sets a finding aside, with a reason, where its kind allows that; nothing else held, the line is free then."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store import transactions
from models.audit import entry
from models.benefits import batch, finding, line
from models.benefits.line import BenefitLine
from models.identity.actors import Staff

REASONS = {
    "document_seen": "已查验原件",
    "register_confirmed": "已向登记部门核实",
    "village_confirmed": "村(社区)已核实",
    "department_decided": "主管部门集体研究决定",
    "name_variant": "同一人姓名的不同写法",
}


class NotClearable(Conflict):
    """409: this finding goes only with its cause."""

    code = "benefit_finding_not_clearable"
    zh = "“{zh_of}”不能人工放行:{todo},然后重新核验。"
    en = "This finding cannot be set aside. Remove its cause and check again."


def clear(actor: Staff, line_id: ObjectId, code: str, reason: str) -> dict[str, Any]:
    """Set one finding of a line aside, while its batch is checked and not published; again changes nothing.

    Raises:
        NotFound: no such line within the actor's scope, or it has no such finding.
        NotClearable: its kind does not allow that.
        BatchStateWrong: the batch is elsewhere.
    """
    found = line.read(line_id)
    batch.reach(actor, "benefit.check", found["batch"])
    one = next((one for one in found["findings"] if one["code"] == code), None)
    if one is None:
        raise NotFound
    if "cleared_by" in one:
        return found
    kind = finding.KINDS[code]
    if not kind.clearable:
        raise NotClearable(zh_of=kind.zh, todo=kind.todo)
    return _cleared(actor, line_id, code, reason)


def _cleared(actor: Staff, line_id: ObjectId, code: str, reason: str) -> dict[str, Any]:
    at = clock.now()
    told = {"finding": code, "reason": reason}
    audit = entry.line(actor.key, "benefit.clear", f"benefit_line:{line_id}", unit=actor.unit, **told)
    pushed = line.history(actor.key, "cleared", **told)

    def change(session: ClientSession) -> dict[str, Any]:
        # Read inside: two clerks who clear two findings of one line at once collide, and both count.
        row = line.read(line_id, session)
        mark = {"cleared_by": actor.key, "cleared_at": at, "reason": reason}
        findings = [{**one, **mark} if one["code"] == code else one for one in row["findings"]]
        return line.move(
            line_id,
            ("to_confirm", "blocked"),
            finding.state_of(findings),
            pushed=pushed,
            told={"findings": findings},
            batch_states=("checked",),
            audit=audit,
            session=session,
        )

    return transactions.run(change)


def waiting(batch_id: ObjectId) -> bool:
    """Tell whether a batch still has lines that no check has seen."""
    query = {"batch": batch_id, "state": "collected"}
    return BenefitLine._get_collection().find_one(query, {"_id": 1}) is not None

"""Settling the differences of a bill: asking WeChat again, saying why, or letting the ledger take the difference.

Saying why takes one person. Where the ledger's money moves, one of the finance staff proposes and another approves.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.errors import CityError, Conflict, NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import approval, staff
from models.identity.actors import Staff
from models.payments import bill, bill_line, bill_match, ledger_account, payment, receipt, refund, refund_send, transfer
from models.payments.bill_line import MatchedLine

KIND = "bill_line"
WHY_ZH = {
    "timing": "跨日入账,已在相邻账单核实",
    "wechat_error": "微信支付侧差错,已联系处理",
    "booked_elsewhere": "已在其他账务登记",
    "handled_at_wechat": "已在商户平台直接办理",
}


class LineSettled(Conflict):
    """409: the line has no difference that waits."""

    code = "bill_line_not_open"
    zh = "这一行当前为“{standing_zh}”,无需或不能再处理,请刷新后查看。"
    en = "This line is {standing}; there is nothing to settle. Refresh and look again."


class NothingToPost(Conflict):
    """409: both sides have the same amount."""

    code = "bill_line_nothing_to_post"
    zh = "双方金额一致,没有需要入账的差额,请填写说明。"
    en = "Both sides have the same amount, so there is nothing to post. Say why instead."


def ask_again(actor: Staff, line_id: str) -> dict[str, Any]:
    """Ask WeChat what it knows of a line's payment or refund, take note of it, and match the line again.

    Raises:
        NotFound: no such line.
        PaymentUnknown: WeChat did not answer.
    """
    found = _read(actor, "bill.match", line_id)
    if found["kind"] == "payment" and ObjectId.is_valid(found["number"]):
        _if_known(payment.check, ObjectId(found["number"]))
    elif found["kind"] == "refund":
        _if_known(refund_send.look, refund.id_of(found["number"]))
    return _counted(found, bill_match.match_one(line_id))


def _if_known(look: Any, record: Any) -> None:
    try:
        look(record)
    except NotFound:
        return


def _counted(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Count a line that came right by itself, and return it as it is."""
    if before["standing"] == "open" and after["standing"] in {"none", "resolved"}:
        transactions.run(lambda session: bill.settled_one(after["day"], session))
    return after


def explain(actor: Staff, line_id: str, why: str, note: str) -> dict[str, Any]:
    """Say why a line differs, where no money of the ledger has to move; return the line.

    Raises:
        NotFound: no such line.
        LineSettled: it does not wait for anybody.
    """
    found = _read(actor, "bill.match", line_id)
    told = _resolution(found, why, actor.key, note)
    line = entry.line(actor.key, "bill.explain", f"bill_line:{line_id}", unit=actor.unit, why=why)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        if not bill_line.move(line_id, "open", "resolved", session=session, resolution=told):
            raise _settled(bill_line.read(line_id))
        bill.settled_one(found["day"], session)
        entry.write(line, session)

    transactions.run(change)
    return bill_line.read(line_id)


def propose(actor: Staff, line_id: str, *, reason: str) -> dict[str, Any]:
    """Propose that the ledger takes the difference of a line, to be explained from suspense; return the proposal.

    Raises:
        NotFound: no such line.
        LineSettled: it does not wait for anybody.
        NothingToPost: the amounts are the same.
    """
    found = _read(actor, "ledger.propose", line_id)
    difference = bill_line.of(found)
    if not difference["fen"]:
        raise NothingToPost
    made = ObjectId()
    effect = outbox.entry("bills", "payments.post_bill_line", approval=str(made))
    otherwise = outbox.entry("bills", "payments.drop_bill_line", approval=str(made))
    record = approval.record(
        actor, KIND, f"bill_line:{line_id}", reason=reason, approval_id=made, effect=effect,
        otherwise=otherwise, details={"line": line_id, **difference},
    )  # fmt: skip

    def change(session: ClientSession) -> None:
        if not bill_line.move(line_id, "open", "proposed", session=session, approval=made):
            raise _settled(bill_line.read(line_id))
        approval.store(actor, record, session)

    transactions.run(change)
    return record


def carry_out(approval_id: ObjectId) -> None:
    """Post what two persons agreed on, once, if the difference is still the same; the outcome tells."""
    found = approval.read(approval_id)
    if found["state"] != "approved" or found.get("outcome"):
        return
    line = bill_line.read(found["details"]["line"])
    same = bill_line.of(line) == {name: found["details"][name] for name in ("outcome", "fen")}
    try:
        if not same:
            raise _settled(line)
        _post(f"approval:{approval_id}", line, found["details"]["fen"])
    except CityError as refusal:
        if refusal.passing:
            raise
        approval.finish(approval_id, refusal.code)
        _open_again(line["_id"], approval_id)
        return
    _conclude(found, line)


def drop(approval_id: ObjectId) -> None:
    """Let a line wait again whose proposal was refused, withdrawn or ran out."""
    _open_again(approval.read(approval_id)["details"]["line"], approval_id)


def _open_again(line_id: str, approval_id: ObjectId) -> None:
    guard = {"_id": line_id, "standing": "proposed", "approval": approval_id}
    MatchedLine._get_collection().update_one(guard, {"$set": {"standing": "open"}, "$unset": {"approval": ""}})


def _post(key: str, line: dict[str, Any], fen: int) -> None:
    """Move what WeChat has more (or less) than the ledger between its clearing account and suspense."""
    ledger_account.open_account(payment.UNASSIGNED)
    ledger_account.open_account(receipt.CLEARING)
    ends = (receipt.CLEARING, payment.UNASSIGNED) if fen > 0 else (payment.UNASSIGNED, receipt.CLEARING)
    told = {"reference": line["number"], "statement": receipt.statement_of(clock.date_of(line["day"]))}
    try:
        transfer.post(key, *ends, abs(fen), what="bill_difference", about={"bill_line": line["_id"]}, **told)
    except transfer.KeyReused:  # posted before, on another day
        return


def _conclude(found: dict[str, Any], line: dict[str, Any]) -> None:
    by = f"staff:{found['decided_by']}"
    note = runtime.current().sealer.open("approvals.reason", found["_id"], found["reason"])
    told = _resolution(line, "posted", by, note, approval_id=found["_id"])
    audited = entry.line(
        by, "bill.post", f"bill_line:{line['_id']}", unit=found["unit"], approval=str(found["_id"]),
        fen=found["details"]["fen"],
    )  # fmt: skip

    def change(session: ClientSession) -> None:
        if approval.finish(found["_id"], "done", session):
            bill_line.move(line["_id"], "proposed", "resolved", session=session, resolution=told)
            bill.settled_one(line["day"], session)
            entry.write(audited, session)

    transactions.run(change)


def _read(actor: Staff, operation: str, line_id: str) -> dict[str, Any]:
    actor.require(operation)
    found = bill_line.read(line_id)
    if found["standing"] != "open":
        raise _settled(found)
    return found


def _settled(found: dict[str, Any]) -> LineSettled:
    return LineSettled(standing=found["standing"], standing_zh=bill_line.STANDING_ZH[found["standing"]])


def _resolution(
    found: dict[str, Any], how: str, by: str, note: str, *, approval_id: ObjectId | None = None
) -> dict[str, Any]:
    sealed = runtime.current().sealer.seal(f"{bill_line.COLLECTION}.resolution.note", found["_id"], note)
    told: dict[str, Any] = bill_line.resolution(
        found, how=how, by=by, at=clock.now(), note=sealed, approval=approval_id
    )
    return told

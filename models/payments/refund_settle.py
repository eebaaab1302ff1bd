"""What a person does about a refund that does not arrive: take it, ask for it again, send it on, pay it another way.

Asking again carries out the decision that was made before, for the same payer and amount, and takes one person. Where
money goes somewhere else, one proposes and another approves. First, WeChat is asked what it knows of the number.
"""

from collections.abc import Callable
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.errors import CityError, Conflict, Unprocessable
from backend.store import transactions
from backend.wechat.errors import PaymentRefused
from backend.wechat.pay_values import BankCard
from models.audit import entry
from models.identity import approval, staff, unit
from models.identity.actors import Staff
from models.payments import cash_box, refund, refund_send, refund_work
from models.payments.receipt import BANK
from models.payments.refund_work import RefundWork

KIND = "refund_settlement"
OPERATION = "refund.propose"
HOW_ZH = {"cash": "窗口现金", "bank": "银行转账"}
ACTIONS = {
    "abnormal": ("send_to_card", "send_to_merchant", "refresh"),
    "closed": ("retry", "pay_elsewhere", "refresh"),
    "refused": ("retry", "pay_elsewhere", "refresh"),
    "returned": ("pay_elsewhere",),
    "not_enough": ("refresh",),
    "given_up": ("resume", "refresh"),
}


class ActionImpossible(Conflict):
    """409: not what can be done about this refund."""

    code = "refund_action_impossible"
    zh = "这笔退款当前不能这样办理,请按页面列出的办法处理。"
    en = "That cannot be done about this refund now. Choose one of the listed actions."


class CardWrong(Unprocessable):
    """422: no bank card."""

    code = "bank_card_wrong"
    zh = "银行卡号不正确,请核对后重新填写。"
    en = "This is no number of a bank card. Check it."


def take(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Take an item, so that its list shows who works on it; taking it again changes nothing.

    Raises:
        NotFound, WorkTaken, WorkUnderWay: it cannot be taken.
    """
    found = refund_work.reached(actor, OPERATION, refund_id)
    if found.get("assignee") != actor.staff_id:
        _change(actor, refund_id, "refund.take", to="open")
    return refund_work.reached(actor, OPERATION, refund_id)


def retry(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Ask for a refund again under a new number, when WeChat proves that it has closed the old one.

    Raises:
        NotFound, WorkTaken, WorkUnderWay, ActionImpossible: it cannot be done.
        RefundNotClosed: WeChat has not given the old number up.
        TooManyParts: it was tried too often.
        PaymentUnknown: WeChat did not answer; nothing was changed.
    """
    _require(actor, refund_id, "retry")
    found = refund_send.require_given_up(refund_id)

    def again(session: ClientSession) -> None:
        if not refund.again(found, session):
            raise ActionImpossible

    tell = outbox.entry("notify", "payments.tell_refund", refund=refund_id, what="refund_sent_again")
    told = _change(actor, refund_id, "refund.retry", to="under_way", also=again, follow=[tell])
    outbox.wake("checkout")
    return told


def resume(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Let the queue try a refund again that it had given up, under the same number.

    Raises:
        NotFound, WorkTaken, WorkUnderWay, ActionImpossible: it cannot be done.
    """
    _require(actor, refund_id, "resume")
    told = _change(actor, refund_id, "refund.resume", to="under_way")
    outbox.try_again(refund.COLLECTION, refund_id)
    outbox.wake("checkout")
    return told


def refresh(actor: Staff, refund_id: str) -> dict[str, Any]:
    """Ask WeChat what became of a refund, and return its item as it is then.

    Raises:
        NotFound: no such item in the actor's scope.
        PaymentUnknown: WeChat did not answer.
    """
    refund_work.reached(actor, OPERATION, refund_id)
    refund_send.look(refund_id)
    refund_work.follow(refund_id)
    return refund_work.reached(actor, OPERATION, refund_id)


def propose_card(actor: Staff, refund_id: str, card: BankCard, *, reason: str) -> dict[str, Any]:
    """Propose to send an abnormal refund on to a bank card of the payer; return the proposal.

    The card is kept sealed until the other person decided, and shown by its last four digits.

    Raises:
        NotFound, WorkTaken, WorkUnderWay, ActionImpossible: it cannot be done.
        CardWrong: the number's check digit is wrong.
    """
    _require(actor, refund_id, "send_to_card")
    if not _luhn(card.number):
        raise CardWrong
    seal = runtime.current().sealer.seal
    kept = {
        "bank": card.bank,
        "number": seal(f"{refund_work.COLLECTION}.card.number", refund_id, card.number),
        "holder": seal(f"{refund_work.COLLECTION}.card.holder", refund_id, card.holder),
    }
    details = {"how": "card", "bank": card.bank, "tail": card.number[-4:]}
    return _propose(actor, refund_id, details, reason=reason, card=kept)


def propose_merchant(actor: Staff, refund_id: str, *, reason: str) -> dict[str, Any]:
    """Propose to let an abnormal refund go to the county's own bank account, to be paid another way from there.

    Raises:
        NotFound, WorkTaken, WorkUnderWay, ActionImpossible: it cannot be done.
    """
    _require(actor, refund_id, "send_to_merchant")
    return _propose(actor, refund_id, {"how": "merchant"}, reason=reason)


def propose_elsewhere(
    actor: Staff, refund_id: str, how: str, *, unit_code: str, number: str, reason: str
) -> dict[str, Any]:
    """Propose to record that the payer has the money in cash at a unit's counter, or by a bank transfer.

    `number` is that of the receipt or of the transfer at the bank.

    Raises:
        NotFound, WorkTaken, WorkUnderWay, ActionImpossible: it cannot be done.
        RefundNotClosed: WeChat has not given the refund up.
        PaymentUnknown: WeChat did not answer; nothing was proposed.
    """
    _require(actor, refund_id, "pay_elsewhere")
    refund_send.require_given_up(refund_id)
    if how == "cash":
        unit.read(unit_code)
    account = cash_box.box_of(unit_code) if how == "cash" else BANK
    details = {"how": how, "account": account, "number": number}
    return _propose(actor, refund_id, details, reason=reason)


def carry_out(approval_id: ObjectId) -> None:
    """Do what two persons agreed on, once; a refusal of WeChat becomes the outcome, and the item is open again."""
    found = approval.read(approval_id)
    if found["state"] != "approved" or found.get("outcome"):
        return
    told = found["details"]
    try:
        act = _pay_elsewhere(found) if told["how"] in HOW_ZH else _send_on(found)
    except CityError as problem:
        if problem.passing:
            raise
        _conclude(found, problem.code)
        return
    _conclude(found, "done", act)


def drop(approval_id: ObjectId) -> None:
    """Open the item again whose proposal was refused, withdrawn or ran out."""
    found = approval.read(approval_id)
    guard = {"_id": found["details"]["refund"], "approval": approval_id}
    line = refund_work.event(found["state"], "system:payments", approval=str(approval_id))
    change = {"$unset": {"approval": "", "card": ""}, "$push": {"history": line}}
    RefundWork._get_collection().update_one(guard, change)
    refund_work.follow(found["details"]["refund"])


def _require(actor: Staff, refund_id: str, action: str) -> dict[str, Any]:
    found = refund_work.reached(actor, OPERATION, refund_id)
    if found["state"] != "open" or found.get("approval") or found.get("assignee") not in {None, actor.staff_id}:
        raise refund_work.refusal(refund_id, actor)
    if action not in ACTIONS[found["why"]]:
        raise ActionImpossible
    return found


def _change(
    actor: Staff,
    refund_id: str,
    action: str,
    *,
    to: str,
    also: Callable[[ClientSession], None] | None = None,
    **more: Any,
) -> dict[str, Any]:
    line = entry.line(actor.key, action, f"refund:{refund_id}", unit=actor.unit)
    told = refund_work.event(action.partition(".")[2], actor.key)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        refund_work.change(refund_id, actor, session, to=to, line=told, **more)
        if also:
            also(session)
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("notify")
    return refund_work.reached(actor, OPERATION, refund_id)


def _propose(actor: Staff, refund_id: str, details: dict[str, Any], *, reason: str, **more: Any) -> dict[str, Any]:
    made, work = ObjectId(), refund_work.reached(actor, OPERATION, refund_id)
    effect = outbox.entry("checkout", "payments.do_refund_settlement", approval=str(made))
    otherwise = outbox.entry("checkout", "payments.drop_refund_settlement", approval=str(made))
    told = {"refund": refund_id, "fen": work["fen"], **details}
    record = approval.record(
        actor, KIND, f"refund:{refund_id}", reason=reason, approval_id=made, effect=effect,
        otherwise=otherwise, details=told,
    )  # fmt: skip
    line = refund_work.event("proposed", actor.key, approval=str(made), how=details["how"])
    audited = entry.line(actor.key, "refund.settle", f"refund:{refund_id}", unit=actor.unit, how=details["how"])

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, audited, session)
        refund_work.change(refund_id, actor, session, to="open", line=line, approval=made, **more)
        approval.store(actor, record, session)
        entry.write(audited, session)

    transactions.run(change)
    return record


def _send_on(found: dict[str, Any]) -> Callable[[ClientSession], None]:
    """Send an abnormal refund on at WeChat; the same again while it is under way is the same there."""
    refund_id = found["details"]["refund"]
    known, work = refund.read(refund_id), RefundWork._get_collection().find_one({"_id": refund_id}) or {}
    card = _card(refund_id, work["card"]) if found["details"]["how"] == "card" else None
    pay, number = runtime.current().pay, refund.number_of(known)
    try:
        pay.apply_abnormal(known["refund_id"], number, card)
    except PaymentRefused:
        answer = pay.query_refund(number)
        if answer is None or answer.status not in {"PROCESSING", "SUCCESS"}:  # it was not sent on before either
            raise
    to = found["details"]["how"]

    def act(session: ClientSession) -> None:
        refund.sent_on(refund_id, to, session)

    return act


def _card(refund_id: str, kept: dict[str, Any]) -> BankCard:
    names = ("number", "holder")
    place = f"{refund_work.COLLECTION}.card"
    number, holder = (runtime.current().sealer.open(f"{place}.{name}", refund_id, kept[name]) for name in names)
    return BankCard(kept["bank"], number, holder)


def _pay_elsewhere(found: dict[str, Any]) -> Callable[[ClientSession], None]:
    told = found["details"]
    known = refund_send.require_given_up(told["refund"])
    elsewhere = {name: told[name] for name in ("how", "account", "number")}
    elsewhere |= {"at": clock.now(), "approval": found["_id"]}

    def act(session: ClientSession) -> None:
        if not refund.pay_elsewhere(known, elsewhere, session):
            raise ActionImpossible

    return act


def _conclude(found: dict[str, Any], outcome: str, act: Callable[[ClientSession], None] | None = None) -> None:
    refund_id = found["details"]["refund"]
    told = {"approval": str(found["_id"]), "fen": found["details"]["fen"], "outcome": outcome}
    by = f"staff:{found['decided_by']}"
    line = entry.line(by, "refund.settled", f"refund:{refund_id}", unit=found["unit"], **told)
    event = refund_work.event("settled" if outcome == "done" else "failed", by, code=outcome)
    sent = outbox.entry("notify", "payments.tell_refund", refund=refund_id, what="refund_sent_again")
    follow = [sent] if outcome == "done" and found["details"]["how"] == "card" else []

    def change(session: ClientSession) -> None:
        if not approval.finish(found["_id"], outcome, session):
            return
        if act:
            act(session)
            under_way = {"_id": refund_id, "state": "open"}
            RefundWork._get_collection().update_one(under_way, {"$set": {"state": "under_way"}}, session=session)
        told = {"$unset": {"approval": "", "card": ""}, "$push": {"history": event, "outbox": {"$each": follow}}}
        RefundWork._get_collection().update_one({"_id": refund_id, "approval": found["_id"]}, told, session=session)
        entry.write(line, session)

    transactions.run(change)
    refund_work.follow(refund_id)
    for queue in ("checkout", "bills", "notify"):
        outbox.wake(queue)


def _luhn(number: str) -> bool:
    digits = [int(one) for one in reversed(number)]
    return sum(digits[::2]) % 10 == -sum(sum(divmod(2 * one, 10)) for one in digits[1::2]) % 10

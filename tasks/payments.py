"""The payment functions that follow a write."""

from datetime import date, timedelta

import structlog
from bson import ObjectId

from backend import clock, outbox, periodic
from backend.errors import CityError
from backend.money import yuan
from models.identity import account
from models.messaging import inbox
from models.payments import (
    account_state,
    bill,
    bill_job,
    bill_match,
    bill_resolve,
    cash_top_up,
    ledger_account,
    ledger_day,
    ledger_verify,
    manual_transfer,
    receipt,
    reconciliation,
    refund_send,
    refund_settle,
    refund_work,
    top_up,
    transfer_hold,
)
from models.payments import notice as notices
from models.payments import payment as payments
from models.payments import refund as refunds
from models.payments import transfer as transfers

log = structlog.get_logger()

CHECK_AGAIN_SECONDS = 60
REPORT_LATE = timedelta(hours=1)
HOLD_OVERDUE = timedelta(minutes=5)
WALLET_MOVES = {"freeze": "wallet_frozen", "unfreeze": "wallet_unfrozen"}


@outbox.function("payments.apply_notice")
def apply_notice(notice: str) -> None:
    """Carry out a stored notice."""
    notices.apply(notice)


@outbox.function("payments.check")
def check(payment: str) -> None:
    """Ask WeChat about a payment whose notice may be lost, until its time is over."""
    payment_id = ObjectId(payment)
    state = payments.check(payment_id)
    if state == "prepaid" and payments.read(payment_id)["expires_at"] > clock.now():
        raise outbox.Later(CHECK_AGAIN_SECONDS)


@outbox.function("payments.send_refund")
def send_refund(refund: str) -> None:
    """Send a refund, or ask how far it is."""
    refund_send.send(refund)


@outbox.function("payments.require_shipping")
def require_shipping(payment: str) -> None:
    """Note that WeChat must be told of the delivery."""
    payments.require_shipping(ObjectId(payment))


@outbox.function("payments.report_shipping")
def report_shipping(payment: str) -> None:
    """Tell WeChat of the delivery."""
    payments.report_shipping(ObjectId(payment))


@periodic.every("payments.reconcile_shipping", queue="bills", seconds=3600)
def reconcile_shipping() -> None:
    """Report again what WeChat was not told of within an hour."""
    for payment_id in payments.unreported_shipping(clock.now() - REPORT_LATE):
        try:
            payments.report_shipping(payment_id)
        except CityError as error:
            log.warning("shipping_not_reported", payment=str(payment_id), code=error.code)


@periodic.daily("payments.match_bill", queue="bills", hour=10, minute=30)
def match_bill() -> None:
    """Fetch yesterday's bill and match it, and those of the last week that were late; a long one becomes a job.

    While WeChat has none of yesterday, ask again in half an hour.
    """
    yesterday = clock.today() - timedelta(days=1)
    for day in bill.late(clock.today()):
        if not _match(day) and bill_match.nothing_here(day):
            bill.nothing(day)
    if not _match(yesterday):
        raise outbox.Later(1800)


def _match(day: date) -> bool:
    try:
        return bill.fetch_and_match(day) is not None
    except bill.BillTooLong:
        bill_job.start(day, who="system:payments")
        return True


@outbox.function("payments.match_bill_lines")
def match_bill_lines(job: str) -> None:
    """Work on a job that matches a long bill."""
    bill_job.work(ObjectId(job))


@outbox.function("payments.post_bill_line")
def post_bill_line(approval: str) -> None:
    """Post the difference of a bill's line as two of the finance staff agreed."""
    bill_resolve.carry_out(ObjectId(approval))


@outbox.function("payments.drop_bill_line")
def drop_bill_line(approval: str) -> None:
    """Let a line wait again whose proposal came to nothing."""
    bill_resolve.drop(ObjectId(approval))


@outbox.function("payments.refund_work")
def follow_refund(refund: str) -> None:
    """Give a refund that needs a person to the office, or take it off the list."""
    refund_work.follow(refund)


@outbox.function("payments.refund_work_due")
def refund_work_due(refund: str) -> None:
    """Let an overdue refund be seen."""
    refund_work.escalate(refund)


@outbox.function("payments.do_refund_settlement")
def do_refund_settlement(approval: str) -> None:
    """Do about a refund what two of the finance staff agreed on."""
    refund_settle.carry_out(ObjectId(approval))


@outbox.function("payments.drop_refund_settlement")
def drop_refund_settlement(approval: str) -> None:
    """Let a refund wait again whose proposal came to nothing."""
    refund_settle.drop(ObjectId(approval))


@outbox.function("payments.tell_refund")
def tell_refund(refund: str, what: str) -> None:
    """Tell the payer that a refund takes longer, and how it went on."""
    found = refunds.read(refund)
    told = {"yuan": yuan(found["amount_fen"])}
    if what == "refund_paid_elsewhere":
        told |= {"how": refund_settle.HOW_ZH[found["elsewhere"]["how"]], "number": found["elsewhere"]["number"]}
    key = f"{refund}:{len(found.get('former', ()))}"
    inbox.put(payments.read(found["payment"])["account"], what, key=key, **told)


@periodic.every("payments.sweep_refund_work", queue="bills", seconds=600)
def sweep_refund_work() -> None:
    """Bring every refund that needs a person to the office, also what an earlier release or a queue had given up."""
    given_up = [found["_id"] for found in outbox.given_up(refunds.COLLECTION)]
    for refund in {*given_up, *(found["_id"] for found in refunds.needing_a_person(most=1000))}:
        refund_work.follow(refund)


@outbox.function("payments.post_receipt")
def post_receipt(payment: str) -> None:
    """Post what was paid to the ledger."""
    receipt.post(ObjectId(payment))


@outbox.function("payments.post_refund")
def post_refund(refund: str) -> None:
    """Post what WeChat gave back to the ledger."""
    receipt.post_refund(refund)


@outbox.function("payments.top_up_paid")
def top_up_paid(hold: str) -> None:
    """Post a top-up that was paid."""
    top_up.paid(hold)


@outbox.function("payments.expire_top_up")
def expire_top_up(hold: str) -> None:
    """End a top-up that nobody paid."""
    top_up.expire(hold)


@outbox.function("payments.expire_hold")
def expire_hold(hold: str) -> None:
    """Let go of a promise whose time is over."""
    transfers.expire_hold(hold)


@outbox.function("payments.approved_transfer")
def approved_transfer(approval: str) -> None:
    """Post what two of the finance staff agreed on."""
    manual_transfer.carry_out(ObjectId(approval))


@outbox.function("payments.approved_account_state")
def approved_account_state(approval: str) -> None:
    """Freeze, unfreeze or close an account as two of the finance staff agreed; whose wallet it is, is told."""
    if done := account_state.carry_out(ObjectId(approval)):
        person_id, move = done
        for account_id in account.of_person(person_id):
            inbox.put(account_id, WALLET_MOVES[move], key=approval)


@outbox.function("payments.tell_wallet")
def tell_wallet(transfer: str) -> None:
    """Tell whose wallet it is of cash that was taken or handed back at a counter."""
    found = transfers.read(transfer)
    taken = found["what"] == cash_top_up.WHAT
    person_id = ledger_account.person_of(found["target" if taken else "source"])
    told = {"yuan": yuan(found["fen"]), "number": found["reference"]}
    kind = "wallet_topped_up" if taken else "wallet_cash_returned"
    for account_id in account.of_person(person_id) if person_id else ():
        inbox.put(account_id, kind, key=transfer, **told)


@periodic.every("payments.sweep_holds", queue="checkout", seconds=300)
def sweep_holds() -> None:
    """End the holds that are over and whose own entry was lost or given up."""
    for found in transfer_hold.overdue(clock.now() - HOLD_OVERDUE):
        try:
            (top_up.expire if found["what"] == top_up.WHAT else transfers.expire_hold)(found["_id"])
        except CityError as error:
            log.warning("hold_not_ended", hold=found["_id"], code=error.code)


@periodic.every("payments.close_ledger_days", queue="bills", seconds=900)
def close_ledger_days() -> None:
    """Close every day that is over, so that what was posted on it can be proved."""
    for day in ledger_day.close_due():
        log.info("ledger_day_closed", day=day)


@periodic.daily("payments.verify_ledger", queue="reports", hour=2, minute=30)
def verify_ledger() -> None:
    """Compute the whole ledger again every night; what is wrong is the alarm `ledger_broken`, for a person to look."""
    if found := ledger_verify.findings():
        log.error("ledger_broken", findings=len(found), first=found[0])


@periodic.daily("payments.reconcile_wechat", queue="bills", hour=10, minute=45)
def reconcile_wechat() -> None:
    """Compare yesterday's WeChat bill with the ledger; ask again in half an hour while WeChat has none."""
    if reconciliation.of_wechat(clock.today() - timedelta(days=1)) is None:
        raise outbox.Later(1800)

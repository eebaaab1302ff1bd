"""A batch at the bank: handing its file in, asking how far it is, giving its offers back where nothing was taken."""

import structlog

from backend import clock, metrics, outbox, payout_file
from backend.errors import Conflict
from backend.payout_bank import BankRefusedFile, Standing
from backend.payout_file import ReturnFileRefused
from models.enterprise import payout, payout_apply, payout_propose
from models.enterprise.payout_apply import OtherPayout, PayoutReturnUsed
from models.payments import bank_channel

log = structlog.get_logger()


class PayoutChanged(Conflict):
    """409: the payments give other bytes than those that were agreed on."""

    code = "enterprise_payout_changed"
    zh = "代发文件内容与批准时不一致,已停止发送,请联系运维人员。"
    en = "The file differs from what was agreed on. It was not sent; tell the operators."


def send(number: str) -> None:
    """Hand a batch's file in, once. Where an earlier try had no answer, the bank is asked first whether it has it.

    Raises:
        BankUnknown: no believable answer came; the queue asks again.
        PayoutChanged: the payments are not those any more that were agreed on.
    """
    found = payout.read(number)
    if found["state"] == "released" and found.get("hold"):
        payout_propose.release(number, (), "bank_refused")
    if found["state"] != "ready":
        return
    try:
        standing = bank_channel.handed_in(
            number,
            tried=bool(found.get("tried_at")),
            trying=lambda: payout.move(number, ("ready",), {"tried_at": clock.now()}),
            content=lambda: _content(number),
        )
    except BankRefusedFile as refusal:
        _refused(number, refusal.reason)
        return
    accept(number, standing)


def _content(number: str) -> bytes:
    found = payout.read(number)
    data = payout_propose.content(found)
    if payout_file.digest(data) != found["digest"]:
        metrics.ALARMS.labels("enterprise_payout_changed").inc()
        raise PayoutChanged
    return data


def accept(number: str, standing: Standing) -> None:
    """Note that the bank has a file, and go on asking for what comes back."""
    if standing.digest != payout.read(number)["digest"]:
        _contested(number, "digest")
        return
    told = {"state": "accepted", "accepted_at": clock.now()}
    if payout.move(number, ("ready",), told, follow=(outbox.entry("bills", "enterprise.ask_bank", payout=number),)):
        outbox.wake("bills")
        log.info("enterprise_payout_accepted", payout=number)


def _refused(number: str, reason: str) -> None:
    """Give the offers back of which the bank took nothing; where another file has the number, a person must look."""
    metrics.ALARMS.labels("enterprise_payout_refused").inc()
    if reason == "number used":
        _contested(number, "number_used")
        return
    payout.move(number, ("ready",), {"reason": reason})
    payout_propose.release(number, ("ready",), "bank_refused")


def _contested(number: str, reason: str) -> None:
    metrics.ALARMS.labels("enterprise_payout_contested").inc()
    payout.move(number, ("ready",), {"state": "contested", "reason": reason})


def ask(number: str) -> None:
    """Ask the bank how far a file is and apply what came back; go on asking while more may come.

    Raises:
        BankUnknown: no believable answer came.
        outbox.Later: more may come.
    """
    found = payout.read(number)
    if found["state"] not in ("accepted", "settled"):
        return
    done, returns = bank_channel.standing(number, found["returns"])
    for one, data in returns:
        _fetched(number, one, data)
        payout.move(number, payout.AT_BANK, {"returns": one})
    payout.move(number, payout.AT_BANK, {"polls": found["polls"] + 1, "bank_done": done})
    if payout.still_asked(found, bank_channel.LATE_DAYS):
        raise outbox.Later(bank_channel.again_in(found["polls"], settled=found["state"] == "settled"))


def _fetched(number: str, count: int, data: bytes) -> None:
    """Apply a return; one that does not count is noted, and keeps no later one from coming."""
    try:
        payout_apply.receive(data, by=payout_propose.SYSTEM, number=number)
    except (ReturnFileRefused, OtherPayout, PayoutReturnUsed) as refusal:
        metrics.ALARMS.labels("enterprise_return_refused").inc()
        payout.differ(number, [{"what": "refused", "return": count, "reason": refusal.code}])

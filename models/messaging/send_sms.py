"""One try of a notice's SMS, and what its receipts say.

no template, number or service  none
the day's cap is reached        capped; the service's own cap too
accepted                        sent, then delivered or failed by its receipt
no answer                       unknown: after a minute the receipts are asked for our id, then it is repeated
refused                         failed, with a problem for a person unless it is the number's
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from bson import ObjectId

from backend import clock, outbox, runtime
from backend.sms import Receipt, Sms, SmsBusy, SmsRefused, SmsRefusedUs, SmsUnknown
from models.messaging import notice, sms_day, sms_template
from models.messaging.notice_kinds import NoticeKind

log = structlog.get_logger()

CHANNEL = "sms"
UNSURE = timedelta(seconds=60)
ASK_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=12))
"""When receipts are asked for that nobody pushed."""
_MAINLAND = 11


@dataclass(frozen=True)
class _Message:
    number: str = field(repr=False)
    template_id: str
    parameters: list[str] = field(repr=False)


def send(found: dict[str, Any], kind: NoticeKind, most: int) -> None:
    """Try to send a notice as an SMS and note what came of it; `most` is the cap of the account's day.

    Raises:
        outbox.Later: another worker is at it, or it is to be repeated.
        SmsRefusedUs: the service refuses this customer; the queue repeats it until an operator looks.
    """
    provider = runtime.current().sms
    about = sms_template.named(kind.sms) if kind.sms else None
    number = _international(notice.number_of(found)) if provider and about else None
    if provider is None or about is None or number is None:
        notice.end(found, CHANNEL, "none")
    elif not sms_day.take(found["account"], found["_id"], most):
        notice.end(found, CHANNEL, "capped")
    else:
        message = _Message(number, about["template_id"], sms_template.filled(about, kind, found["values"]))
        _try(provider, found, notice.claim(found, CHANNEL), message)


def _international(number: str | None) -> str | None:
    """Return a number of mainland China as the service takes it, None for one of elsewhere."""
    fits = number and len(number) == _MAINLAND and number.isascii() and number.isdigit() and number[0] == "1"
    return f"+86{number}" if fits else None


def _came(provider: Sms, found: dict[str, Any], number: str) -> bool:
    """Tell whether a try whose answer was lost arrived after all; its receipt is taken then."""
    taken = [take(one) for one in _asked(provider, found, number)]
    return any(taken)


def _asked(provider: Sms, found: dict[str, Any], number: str) -> list[Receipt]:
    since = found["at"] - timedelta(minutes=1)
    return [one for one in provider.receipts(number, since) if one.message_id == str(found["_id"])]


def _try(provider: Sms, found: dict[str, Any], before: dict[str, Any], message: _Message) -> None:
    last, sent = before["tries"] >= notice.MOST_TRIES, str(found["_id"])
    try:
        if before.get("state") in ("sending", "unknown") and _came(provider, found, message.number):
            return
        serial = provider.send(message.number, message.template_id, message.parameters, message_id=sent)
    except SmsRefused as refusal:
        _refused(found, refusal)
    except SmsBusy as busy:
        _repeat(found, before, "busy", last=last, reason=busy.reason)
    except SmsUnknown as unknown:
        _repeat(found, before, "unknown", last=last, reason=unknown.reason)
    except SmsRefusedUs:
        notice.again(found, CHANNEL, "busy")
        raise
    else:
        ask = outbox.entry("push", "messaging.ask_receipt", due=clock.now() + ASK_AFTER[0], notice=sent)
        notice.end(found, CHANNEL, "sent", serial=serial, follow=[ask])


def _refused(found: dict[str, Any], refusal: SmsRefused) -> None:
    sms_day.give_back(found["account"], found["_id"])
    problem = {"code": refusal.code, "field": refusal.reason} if refusal.kind == "setup" else None
    state = "capped" if refusal.kind == "capped" else "failed"
    notice.end(found, CHANNEL, state, problem=problem, reason=refusal.reason)


def _repeat(found: dict[str, Any], before: dict[str, Any], state: str, *, last: bool, reason: str) -> None:
    if last:
        if state == "busy":
            sms_day.give_back(found["account"], found["_id"])
        notice.end(found, CHANNEL, "failed", reason=reason)
        return
    pause = UNSURE if state == "unknown" else timedelta(seconds=outbox.backoff(before["tries"]))
    notice.again(found, CHANNEL, state, after=pause, reason=reason)
    raise outbox.Later(pause.total_seconds())


def take(receipt: Receipt) -> bool:
    """Take a receipt, once however often it comes; return whether it is about a notice of ours.

    A receipt of a message that nobody knows is only noted.
    """
    found = notice.find(ObjectId(receipt.message_id)) if ObjectId.is_valid(receipt.message_id) else None
    if found is None or CHANNEL not in found["channels"]:
        log.info("sms_receipt_of_nobody")
        return False
    state = "delivered" if receipt.delivered else "failed"
    notice.receive(found, state, serial=receipt.serial, reason=receipt.reason)
    return True


def ask_receipt(notice_id: ObjectId) -> None:
    """Ask for the receipt of an SMS that nobody pushed.

    Raises:
        outbox.Later: there is none yet; it is asked for again, so many times.
        SmsFailure: the service did not answer.
    """
    found, provider = notice.find(notice_id), runtime.current().sms
    if found is None or provider is None or found["channels"][CHANNEL]["state"] != "sent":
        return
    number = _international(notice.number_of(found))
    if number is None or _came(provider, found, number):
        return
    sent = found["channels"][CHANNEL]["at"]
    waits = [sent + after - clock.now() for after in ASK_AFTER]
    if coming := [one for one in waits if one > timedelta()]:
        raise outbox.Later(coming[0].total_seconds())

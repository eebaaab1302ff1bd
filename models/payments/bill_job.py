"""A long bill as a job: a thousand lines a step, first taken in, then matched; at the end what of ours is missing.

A step's name holds phase, hash of the file, number of the step and how many the phase has, so that a job that was
killed goes on from the name alone; where WeChat gave out another file meanwhile, it begins again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock, jobs, runtime
from backend.errors import Conflict
from backend.wechat.pay_bill import BillLine, TradeBill
from models.payments import bill, bill_match

BATCH = 25
TAKE, MATCH, CLOSE = "take", "match", "close"


class BillGone(Conflict):
    """409: the bill is not there any more, so the job asks later."""

    code = "bill_gone"
    passing = True
    zh = "微信支付还没有这一天的账单,请在次日 10 点后再试。"
    en = "WeChat Pay has no bill of this day yet. Try after 10:00 on the next day."


def start(day: date, *, who: str, unit: str = "") -> dict[str, Any]:
    """Start to match the bill of a day and return the job; its steps are counted when the file is there."""
    return jobs.start("payments.match_bill_lines", args={"bill": day.isoformat()}, total=1, started_by=who, unit=unit)


def work(job_id: ObjectId) -> None:
    """Work on the job.

    Raises:
        outbox.Later: a batch is done and more may follow.
        BillGone, PaymentUnknown, PaymentGatewayFailure: the file could not be had.
    """
    day = clock.date_of(jobs.read(job_id)["args"]["bill"])
    lines: dict[int, Iterator[BillLine]] = {}
    opened: list[TradeBill] = []

    def batch(position: str | None) -> list[str]:
        phase, digest, done, steps = _read(position)
        if phase == TAKE:
            opened.append(_fetch(day))
            if digest != opened[0].digest:
                digest, done, steps = opened[0].digest, 0, -(-opened[0].count() // bill_match.CHUNK)
                jobs.expect(job_id, steps * 2 + 1)
            if done < steps:
                return [_name(TAKE, digest, n, steps) for n in range(done, min(done + BATCH, steps))]
            phase, done = MATCH, 0
        if phase == MATCH and done < steps:
            return [_name(MATCH, digest, n, steps) for n in range(done, min(done + BATCH, steps))]
        return [] if phase == CLOSE else [_name(CLOSE, digest, 0, steps)]

    def step(item: str) -> None:
        phase, digest, after, _ = _read(item)
        first = (after - 1) * bill_match.CHUNK
        if phase == TAKE:
            source = lines.setdefault(0, opened[0].lines(skip=first))
            some = [line for _, line in zip(range(bill_match.CHUNK), source, strict=False)]
            bill_match.take_in(day, digest, some, first=first)
        elif phase == MATCH:
            bill_match.match(day, digest, first=first)
        else:
            bill_match.name_missing(day, digest)
            with _file(day) as file:
                bill.conclude(day, file)

    try:
        jobs.work(job_id, batch, step)
    finally:
        for file in opened:
            file.close()


def _fetch(day: date) -> TradeBill:
    file = runtime.current().pay.trade_bill_file(day)
    if file is None:
        raise BillGone
    return file


@contextmanager
def _file(day: date) -> Iterator[TradeBill]:
    file = _fetch(day)
    try:
        yield file
    finally:
        file.close()


def _name(phase: str, digest: str, number: int, steps: int) -> str:
    return f"{phase}:{digest}:{number}:{steps}"


def _read(position: str | None) -> tuple[str, str, int, int]:
    """Return phase, file, how many steps of the phase are done with this one, and how many there are."""
    if position is None:
        return TAKE, "", 0, 0
    phase, digest, number, steps = position.split(":")
    return phase, digest, int(number) + 1, int(steps)

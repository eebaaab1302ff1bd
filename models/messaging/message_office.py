"""What staff do about messages: try again what was put right, and read the figures."""

from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import BadInput
from models.audit import entry
from models.identity.actors import Staff
from models.messaging import notice, notice_day

OPERATION = "message.manage"
LONGEST_DAYS = 92


class SpanWrong(BadInput):
    """400: the days are in the wrong order, or too many."""

    code = "message_span_wrong"
    zh = "统计区间须从前到后,且不超过 92 天,请重新选择。"
    en = "The span runs from a day to a later one, 92 days at most."

    def __init__(self) -> None:
        super().__init__(fields={"from": [self.zh]})


def retry(actor: Staff, notice_id: ObjectId) -> None:
    """Try a notice again.

    Raises:
        NotFound: no such notice.
        NothingWrong: it has no problem, or somebody was quicker.
    """
    actor.require(OPERATION)
    entry.write(entry.line(actor.key, "message.retry", f"notice:{notice_id}", unit=actor.unit))
    notice.try_again(notice_id)


def figures(actor: Staff, first: date | None, last: date | None) -> list[dict[str, Any]]:
    """Return the figures of a span of days, of the last thirty by default.

    Raises:
        SpanWrong: the days are in the wrong order, or too many.
    """
    actor.require(OPERATION)
    ends = last or clock.today()
    begins = first or ends - timedelta(days=min(30, (ends - date.min).days))
    if not timedelta() <= ends - begins <= timedelta(days=LONGEST_DAYS):
        raise SpanWrong
    return notice_day.figures(begins, ends)

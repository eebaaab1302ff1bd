"""Telling applicants that their case waits for them or was decided: in the app, and by WeChat where they granted it."""

from contextlib import suppress
from typing import Any

from bson import ObjectId

from backend import outbox
from backend.errors import NotFound
from models.affairs import case, kind
from models.messaging import inbox, send

NEWS_ZH = {"case_asked": "请您补充或答复", "case_decided": "已作出决定", "case_result": "结果文书已出具"}


def entries(found: dict[str, Any], news: str) -> tuple[dict[str, Any], ...]:
    """Return the outbox entry that tells the applicant, none where no account of theirs is known."""
    if not _account(found):
        return ()
    return (outbox.entry("affairs", "affairs.tell", case=str(found["_id"]), news=news, seq=found["seq"] + 1),)


def _account(found: dict[str, Any]) -> ObjectId | None:
    return found.get("account") or found.get("sender")


def tell(case_id: ObjectId, news: str, seq: int) -> None:
    """Leave the message and send it; repeating it leaves one message.

    Raises:
        WeChatFailure: WeChat did not take it; the queue repeats it.
    """
    found = case.read(case_id)
    account = _account(found)
    if not account:
        return
    inbox.put(account, news, key=f"{case_id}:{seq}", number=found["number"])
    told = kind.read(found["kind"], found["kind_version"])
    fields = {"character_string1": found["number"], "thing2": told.zh, "thing3": NEWS_ZH[news]}
    with suppress(NotFound):  # who closed the account is not told
        send.notify(account, "case_progress", fields)

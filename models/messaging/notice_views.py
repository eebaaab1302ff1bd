"""Notices as staff see them: what was told to a person or about an order, and by which channel it came. Plain dicts."""

from collections.abc import Iterable
from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.audit import access_line
from models.identity import account, minor_approval, person
from models.identity.actors import Staff
from models.messaging import notice, notice_kinds

READ, FIND, MANAGE = "message.read", "message.find", "message.manage"
FIELDS = ("notices.kind", "notices.text", "notices.channels")
CHANNEL_ZH = {"in_app": "站内消息", "subscribe": "订阅消息", "sms": "短信"}
STATE_ZH = {
    "put": "已放入",
    "sending": "发送中",
    "busy": "等待重试",
    "unknown": "结果待确认",
    "sent": "已发送",
    "delivered": "已送达",
    "not_granted": "未授权",
    "failed": "未发出",
    "capped": "超出当日上限",
    "none": "不适用",
    "off": "本人已关闭",
}


def of_person(
    actor: Staff, person_id: ObjectId, *, purpose: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what was told to the accounts that surely are a person's; the access line is stored before.

    Raises:
        NotFound: no such person.
        MinorApprovalNeeded: a child below fourteen, and no approval.
    """
    actor.require(FIND)
    person.read(person_id)
    minor_approval.require(actor, person_id)
    accounts = account.of_person(person_id)
    query = {"account": accounts[0] if accounts else None}
    return _page(actor, query, [person_id], purpose=purpose, cursor=cursor, limit=limit)


def about(
    actor: Staff, about_id: str, persons: Iterable[ObjectId], *, purpose: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what was told about something whose scope the caller has checked, to `persons`."""
    actor.require(READ)
    return _page(actor, {"about": about_id}, persons, purpose=purpose, cursor=cursor, limit=limit)


def _page(
    actor: Staff,
    query: dict[str, Any],
    persons: Iterable[ObjectId],
    *,
    purpose: str,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    found, following = paging.page(
        notice.Notice._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    access_line.record(actor, purpose=purpose, subjects=persons, fields=FIELDS)
    return [_shown(one) for one in found], following


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    kind = notice_kinds.KINDS[found["kind"]]
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "title_zh": kind.zh,
        "text_zh": kind.sentence.format_map(found["values"]),
        "urgent": found["urgent"],
        "at": _time(found["at"]),
        "state": found["state"],
        "channels": [_channel(name, kept) for name in CHANNEL_ZH if (kept := found["channels"].get(name))],
    }


def _channel(name: str, kept: dict[str, Any]) -> dict[str, Any]:
    told = {
        "channel": name,
        "channel_zh": CHANNEL_ZH[name],
        "state": kept["state"],
        "state_zh": STATE_ZH[kept["state"]],
    }
    told |= {"at": _time(kept["at"])} if "at" in kept else {}
    return told | ({"receipt_at": _time(kept["receipt_at"])} if "receipt_at" in kept else {})


def problems(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of notices that a template or the setup kept from going out; of persons it shows nothing."""
    actor.require(MANAGE)
    wrong = {"problem.channel": {"$in": ["sms", "subscribe"]}}
    found, following = paging.page(
        notice.Notice._get_collection(), wrong, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return [_problem(one) for one in found], following


def _problem(found: dict[str, Any]) -> dict[str, Any]:
    channel = found["problem"]["channel"]
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "kind_zh": notice_kinds.KINDS[found["kind"]].zh,
        "channel": channel,
        "channel_zh": CHANNEL_ZH[channel],
        "code": found["problem"]["code"],
        "field": found["problem"].get("field", ""),
        "at": _time(found["at"]),
    }


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")

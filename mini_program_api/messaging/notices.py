"""What the county told the resident, in the app itself."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.messaging import schemas
from models.messaging import inbox

notices = Surface("notices", __name__, url_prefix="/mini/v1", description="站内消息")


@notices.get("/notices", access=resident())
@notices.arguments(schemas.NoticeQuery, location="query")
@notices.answer(200, schemas.NoticeList)
def list_notices(query: dict[str, Any]) -> dict[str, Any]:
    """One's messages, newest first."""
    items, following = inbox.listed(g.actor.account_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@notices.post("/notices/<notice_id>/read", access=resident())
@notices.response(204)
def mark_read(notice_id: str) -> None:
    """Note that a message was read."""
    inbox.mark_read(g.actor.account_id, object_ids.read(notice_id))

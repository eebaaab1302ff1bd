"""What was told to whom, what could not be told, and the figures."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.messaging import schemas
from models.messaging import message_office, notice_views
from models.places import told_office

messages = Surface("office messages", __name__, url_prefix="/office/v1", description="消息查询与统计")
PURPOSE = "booking_service"


@messages.get("/orders/<order_id>/notices", access=staff("message.read", PURPOSE))
@messages.arguments(schemas.MessagePageQuery, location="query")
@messages.answer(200, schemas.ToldList)
def list_of_order(query: dict[str, Any], order_id: str) -> dict[str, Any]:
    """What the owner of an order was told about it, and by which channel it came."""
    page = {"cursor": query.get("cursor"), "limit": query["limit"]}
    items, following = told_office.listed(g.actor, object_ids.read(order_id), purpose=PURPOSE, **page)
    return {"items": items, "next": following}


@messages.get("/persons/<person_id>/notices", access=staff("message.find", PURPOSE))
@messages.arguments(schemas.MessagePageQuery, location="query")
@messages.answer(200, schemas.ToldList)
def list_of_person(query: dict[str, Any], person_id: str) -> dict[str, Any]:
    """What a person was told, and by which channel it came."""
    page = {"cursor": query.get("cursor"), "limit": query["limit"]}
    items, following = notice_views.of_person(g.actor, object_ids.read(person_id), purpose=PURPOSE, **page)
    return {"items": items, "next": following}


@messages.get("/message-problems", access=staff("message.manage"))
@messages.arguments(schemas.MessagePageQuery, location="query")
@messages.answer(200, schemas.ProblemList)
def list_problems(query: dict[str, Any]) -> dict[str, Any]:
    """Notices that a template or the setup kept from going out."""
    items, following = notice_views.problems(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@messages.post("/message-problems/<notice_id>/retry", access=staff("message.manage"))
@messages.response(204)
def retry(notice_id: str) -> None:
    """Try a notice again whose template or setup was put right."""
    message_office.retry(g.actor, object_ids.read(notice_id))


@messages.get("/message-figures", access=staff("message.manage"))
@messages.arguments(schemas.FiguresQuery, location="query")
@messages.answer(200, schemas.FigureList)
def list_figures(query: dict[str, Any]) -> dict[str, Any]:
    """How often each channel came to each end, by kind, between two days."""
    return {"items": message_office.figures(g.actor, query.get("first"), query.get("last")), "next": None}

"""Events: one captured by itself, one read, many asked for by the simple event query."""

from collections.abc import Mapping
from typing import Any

from flask import Response, g, request

from backend.errors import NotFound
from blueprints.epcis import described
from blueprints.epcis.surface import CAPTURE, READ, answer, body, epcis, me, next_page
from blueprints.epcis.versions import MOST_BODY_BYTES
from models.audit import entry
from models.epcis import capture, envelope, query
from models.epcis import event as events_


def found(more: Mapping[str, Any] | None = None) -> Response:
    """Answer with the page of events that the request's parameters ask for."""
    asked = query.read(request.args.items(multi=True))
    page, after = query.run(asked, me(), more)
    return next_page(answer(envelope.query_document(page)), after)


@epcis.get("/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_events() -> Response:
    """Events by the parameters of the simple event query; further types by EQ_bizTransaction_{type} and the like."""
    return found()


@epcis.post("/events", access=CAPTURE, most_body_bytes=MOST_BODY_BYTES)
@epcis.doc(requestBody=described.EVENT)
@epcis.response(201, content_type="application/json")
def capture_one() -> Response:
    """Capture one event; `Location` is where it can be read."""
    told = body()
    if described.is_staff(g.actor):
        entry.write(entry.line(g.actor.key, "epcis.capture", "epcis_event", unit=g.actor.unit, events=1))
    event_id = capture.put_one(told, me().party)
    stored = query.one(event_id, me())
    mine = next(one for one in stored if one["_id"].endswith(events_.DECLARED) == ("errorDeclaration" in told))
    return answer(events_.shown(mine), 201, Location=f"/epcis/events/{described.quoted(event_id)}")


@epcis.get("/events/<path:event_id>", access=READ)
@epcis.response(200, content_type="application/json")
def read_event(event_id: str) -> Response:
    """One event by its eventID, and the error declaration about it where there is one."""
    stored = query.one(event_id, me())
    if not stored:
        raise NotFound
    return answer(envelope.query_document(stored))

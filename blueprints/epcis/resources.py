"""The resources of the standard: what kinds of things there are, and the events about one of them."""

from flask import Response

from backend.errors import NotFound
from backend.http.access import ANYONE
from blueprints.epcis import described
from blueprints.epcis.events import found
from blueprints.epcis.surface import READ, answer, epcis
from models.epcis import context, keys, query, vocabulary
from models.epcis.schema import EVENTS

TOP = ("bizLocations", "bizSteps", "capture", "dispositions", "epcs", "eventTypes", "events", "readPoints")


def _collection(members: list[str]) -> Response:
    return answer({"@context": context.STANDARD, "type": "Collection", "member": members})


@epcis.get("/context.jsonld", access=ANYONE)
@epcis.response(200, content_type="application/ld+json")
def read_context() -> Response:
    """The JSON-LD context of EPCIS 2.0 and the CBV, served from this host."""
    response = answer(context.document())
    response.mimetype = "application/ld+json"
    return response


@epcis.get("/", access=READ)
@epcis.response(200, content_type="application/json")
def list_top() -> Response:
    """What there is to ask for."""
    return _collection(list(TOP))


@epcis.get("/eventTypes", access=READ)
@epcis.response(200, content_type="application/json")
def list_event_types() -> Response:
    """The types of events."""
    return _collection(list(EVENTS))


@epcis.get("/eventTypes/<string:event_type>", access=READ)
@epcis.response(200, content_type="application/json")
def read_event_type(event_type: str) -> Response:
    """What there is of one type of events."""
    if event_type not in EVENTS:
        raise NotFound
    return _collection(["events"])


@epcis.get("/eventTypes/<string:event_type>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_event_type(event_type: str) -> Response:
    """Events of one type."""
    if event_type not in EVENTS:
        raise NotFound
    return found({"words": f"type={event_type}"})


@epcis.get("/epcs/<path:epc>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_epc(epc: str) -> Response:
    """Events about one thing or class of things, in whatever part."""
    return found(query.any_thing(epc))


@epcis.get("/bizSteps", access=READ)
@epcis.response(200, content_type="application/json")
def list_biz_steps() -> Response:
    """The business steps of the vocabulary."""
    return _collection(sorted(vocabulary.BIZ_STEPS.words))


@epcis.get("/bizSteps/<path:biz_step>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_biz_step(biz_step: str) -> Response:
    """Events of one business step."""
    return found({"words": keys.step(biz_step)})


@epcis.get("/dispositions", access=READ)
@epcis.response(200, content_type="application/json")
def list_dispositions() -> Response:
    """The dispositions of the vocabulary."""
    return _collection(sorted(vocabulary.DISPOSITIONS.words))


@epcis.get("/dispositions/<path:disposition>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_disposition(disposition: str) -> Response:
    """Events of one disposition."""
    return found({"words": keys.disposition(disposition)})


@epcis.get("/readPoints/<path:read_point>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_read_point(read_point: str) -> Response:
    """Events at one read point."""
    return found({"words": f"read={read_point}"})


@epcis.get("/bizLocations/<path:biz_location>/events", access=READ)
@epcis.doc(parameters=described.QUERY)
@epcis.response(200, content_type="application/json")
def list_of_biz_location(biz_location: str) -> Response:
    """Events after which things were at one location."""
    return found({"words": f"at={biz_location}"})

"""Elders and the units that care for them, for the staff: enrol, find, list, place."""

from typing import Any

from flask import g

from backend import identity_documents
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import schemas
from models.eldercare import enrol, place, subject, subject_views
from models.eldercare.enrol import Seen
from models.eldercare.item_forms import HealthElderView
from models.eldercare.view import PURPOSE

elders = Surface(
    "office health elders", __name__, url_prefix="/office/v1/health", description="老年健康档案建档与照护单位"
)
READ = staff("health.read", PURPOSE)
ENROL = staff("health.enrol", PURPOSE)
FIND_LIMIT = "120/hour"
"""A member who finds more elders by their documents in an hour is trying documents."""


@elders.post("/elders", access=ENROL, parameters=[PARAMETER])
@idempotent
@elders.arguments(schemas.HealthEnrolBody)
@elders.answer(201, HealthElderView)
def enrol_elder(body: dict[str, str]) -> dict[str, Any]:
    """Enrol an elder whose document was seen; one whom another unit enrolled is cared for by both."""
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    told = place.wanted(g.actor, body["unit"], body["cares_as"])
    found = enrol.enrol(g.actor, Seen(document, body["name"], body["document_seen"]), told)
    return subject_views.one(g.actor, found)


@elders.get("/elders", access=READ)
@elders.arguments(schemas.HealthElderQuery, location="query")
@elders.answer(200, schemas.HealthElderList)
def list_elders(query: dict[str, Any]) -> dict[str, Any]:
    """The elders for whom one's units care, the latest change first."""
    items, following = subject_views.listed(
        g.actor, query["unit"], cursor=query.get("cursor"), limit=query["limit"]
    )  # fmt: skip
    return {"items": items, "next": following}


@elders.post("/elders/find", access=READ)
@elders.arguments(schemas.HealthDocumentBody)
@elders.answer(200, HealthElderView)
def find_elder(body: dict[str, str]) -> dict[str, Any]:
    """Find an elder of one's units by document and name."""
    strictly(FIND_LIMIT, "health-find", g.actor.key)
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    return subject_views.one(g.actor, enrol.find(g.actor, document, body["name"]))


@elders.get("/elders/<elder_id>", access=READ)
@elders.answer(200, HealthElderView)
def read_elder(elder_id: str) -> dict[str, Any]:
    """One elder of one's units."""
    found = subject.in_reach(object_ids.read(elder_id), g.actor.units_for("health.read"))
    return subject_views.one(g.actor, found)


@elders.post("/elders/<elder_id>/units", access=ENROL, parameters=[PARAMETER])
@idempotent
@elders.arguments(schemas.HealthPlaceBody)
@elders.answer(200, HealthElderView)
def add_unit(body: dict[str, str], elder_id: str) -> dict[str, Any]:
    """Let one more unit care for an elder."""
    told = place.wanted(g.actor, body["unit"], body["cares_as"])
    return subject_views.one(g.actor, place.add(g.actor, object_ids.read(elder_id), told))


@elders.delete("/elders/<elder_id>/units/<unit_code>", access=ENROL)
@elders.response(204)
def end_unit(elder_id: str, unit_code: str) -> None:
    """End the care of a unit."""
    place.end(g.actor, object_ids.read(elder_id), unit_code)

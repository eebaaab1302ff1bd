"""The elder's view before staff: summary, timeline, earlier versions; in an emergency by a broken glass."""

from typing import Any

from flask import g

from backend import identity_documents
from backend.errors import NotFound
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import documents, object_ids
from blueprints.eldercare import schemas
from models.eldercare import correct, emergency, item_forms, summary_views, timeline_views, view
from models.eldercare.emergency import Why
from models.eldercare.reader import Reader
from models.eldercare.timeline_views import Wanted

views = Surface("office health view", __name__, url_prefix="/office/v1/health", description="老人健康视图")
READ = staff("health.read", view.PURPOSE)
GLASS = staff("break_glass.open", view.PURPOSE)
GLASS_LIMIT = "5/hour"
"""An emergency is about a few elders; more is a search."""


@views.get("/elders/<elder_id>/summary", access=READ)
@views.answer(200, item_forms.HealthSummaryView)
def read_summary(elder_id: str) -> dict[str, Any]:
    """The whole view of an elder of one's units, without what they hide from them."""
    return summary_views.whole(view.of_staff(g.actor, object_ids.read(elder_id)))


@views.get("/elders/<elder_id>/timeline", access=READ)
@views.arguments(schemas.HealthTimelineQuery, location="query")
@views.answer(200, item_forms.HealthTimelineView)
def read_timeline(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Everything that was told about an elder, the newest first."""
    return _page(view.of_staff(g.actor, object_ids.read(elder_id)), query)


@views.get("/elders/<elder_id>/observations/<observation_id>/versions", access=READ)
@views.answer(200, item_forms.HealthVersionList)
def list_observation_versions(elder_id: str, observation_id: str) -> dict[str, Any]:
    """What a measured value read before it was corrected."""
    return _versions(elder_id, "observation", observation_id)


@views.get("/elders/<elder_id>/records/<record_id>/versions", access=READ)
@views.answer(200, item_forms.HealthVersionList)
def list_record_versions(elder_id: str, record_id: str) -> dict[str, Any]:
    """What a record said before it was corrected."""
    return _versions(elder_id, "record", record_id)


def _versions(elder_id: str, of: str, item_id: str) -> dict[str, Any]:
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = documents.one(correct.KEEPS[of], {"_id": object_ids.read(item_id), "subject": reader.subject_id})
    if not reader.sees(found):
        raise NotFound
    return {"items": timeline_views.versions(reader, found), "next": None}


def _page(reader: Reader, query: dict[str, Any]) -> dict[str, Any]:
    wanted = Wanted(query["word"], query["withdrawn"])
    items, following = timeline_views.page(reader, wanted, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@views.post("/emergencies", access=GLASS, parameters=[PARAMETER])
@idempotent
@views.arguments(schemas.HealthEmergencyFindBody)
@views.answer(201, schemas.HealthEmergencyView)
def open_found(body: dict[str, str]) -> dict[str, Any]:
    """Open the record of an elder by the document that they carry, for an hour; it is reviewed afterwards."""
    strictly(GLASS_LIMIT, "break-glass", g.actor.key)
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    return emergency.open_found(g.actor, document, body["name"], Why(body["emergency"], body["reason"]))


@views.post("/emergencies/<elder_id>", access=GLASS, parameters=[PARAMETER])
@idempotent
@views.arguments(schemas.HealthEmergencyBody)
@views.answer(201, schemas.HealthEmergencyView)
def open_elder(body: dict[str, str], elder_id: str) -> dict[str, Any]:
    """Open the record of an elder, for an hour; it is reviewed afterwards."""
    strictly(GLASS_LIMIT, "break-glass", g.actor.key)
    return emergency.open_elder(g.actor, object_ids.read(elder_id), Why(body["emergency"], body["reason"]))


@views.get("/emergencies/<elder_id>/summary", access=GLASS)
@views.answer(200, item_forms.HealthSummaryView)
def read_emergency_summary(elder_id: str) -> dict[str, Any]:
    """The whole view of an elder whose record one has opened, with what they hide."""
    return summary_views.whole(view.of_emergency(g.actor, object_ids.read(elder_id)))


@views.get("/emergencies/<elder_id>/timeline", access=GLASS)
@views.arguments(schemas.HealthTimelineQuery, location="query")
@views.answer(200, item_forms.HealthTimelineView)
def read_emergency_timeline(query: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Everything that was told about an elder whose record one has opened."""
    return _page(view.of_emergency(g.actor, object_ids.read(elder_id)), query)

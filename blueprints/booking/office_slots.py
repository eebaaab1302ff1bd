"""Closing and reopening slots, and how far a closing is."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.booking import schemas
from models.booking import order_views
from models.places import slot_office

slots = Surface("office slots", __name__, url_prefix="/office/v1", description="时段管理与任务进度")


@slots.post("/slots/<slot_id>/close", access=staff("slot.close"), parameters=[PARAMETER])
@idempotent
@slots.arguments(schemas.SlotCloseBody)
@slots.answer(202, schemas.JobView)
def close(body: dict[str, str], slot_id: str) -> dict[str, Any]:
    """Stop sales at once; a job cancels the orders and gives all money back."""
    return shown(slot_office.close(g.actor, slot_id, body["reason"]))


@slots.post("/slots/<slot_id>/reopen", access=staff("slot.open"))
@slots.answer(200, schemas.OfficeSlotState)
def reopen(slot_id: str) -> dict[str, Any]:
    """Sell a closed slot again; what the closing cancelled stays cancelled."""
    return order_views.slot_shown(slot_office.reopen(g.actor, slot_id))


@slots.get("/jobs/<job_id>", access=staff("job.read"))
@slots.answer(200, schemas.JobView)
def read_job(job_id: str) -> dict[str, Any]:
    """How far a job is, and what it could not do."""
    return shown(slot_office.job(g.actor, object_ids.read(job_id)))


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a job ready for the wire."""
    told = {name: found[name] for name in ("task", "state", "done", "total", "failures", "started_by")}
    times = {name: found[name] for name in ("started_at", "finished_at") if found.get(name)}
    shown = {name: clock.civil(at).isoformat(timespec="seconds") for name, at in times.items()}
    about = {"slot_id": found["args"]["slot"]} if "slot" in found["args"] else {}
    return {"id": str(found["_id"]), **about, **told, **shown}

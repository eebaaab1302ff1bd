"""Batches: from the town's list through checks and publicity."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.benefits import schemas
from models.benefits import ask, batch, check_job, progress, publicity, views

batches = Surface(
    "office benefit batches", __name__, url_prefix="/office/v1/benefits/batches", description="惠民惠农资金发放批次"
)


@batches.get("", access=staff("benefit.list"))
@batches.arguments(schemas.BenefitBatchQuery, location="query")
@batches.answer(200, schemas.BenefitBatchList)
def list_batches(query: dict[str, Any]) -> dict[str, Any]:
    """The batches of one's units, newest first."""
    found, following = batch.listed(g.actor, state=query.get("state"), cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [views.of_batch(one) for one in found], "next": following}


@batches.post("", access=staff("benefit.collect"), parameters=[PARAMETER])
@idempotent
@batches.arguments(schemas.BenefitBatchBody)
@batches.answer(201, schemas.BenefitBatchView)
def create(body: dict[str, Any]) -> dict[str, Any]:
    """Open a batch of an item for a period and a town."""
    return views.of_batch(progress.create(g.actor, body["item"], body["period"], body["unit"], body["part"]))


@batches.get("/<batch_id>", access=staff("benefit.list"))
@batches.answer(200, schemas.BenefitBatchView)
def read(batch_id: str) -> dict[str, Any]:
    """One batch with its counts."""
    return views.of_batch(batch.reach(g.actor, "benefit.list", object_ids.read(batch_id)))


@batches.post("/<batch_id>/submit", access=staff("benefit.collect"))
@batches.answer(200, schemas.BenefitBatchView)
def submit(batch_id: str) -> dict[str, Any]:
    """Hand a collected batch to the department."""
    return views.of_batch(progress.submit(g.actor, object_ids.read(batch_id)))


@batches.post("/<batch_id>/ask", access=staff("benefit.check"), parameters=[PARAMETER])
@idempotent
@batches.answer(202, schemas.BenefitJobView)
def ask_registers(batch_id: str) -> dict[str, Any]:
    """Have the registers asked about everybody in a batch."""
    return _job(ask.start(g.actor, object_ids.read(batch_id)))


@batches.post("/<batch_id>/check", access=staff("benefit.check"), parameters=[PARAMETER])
@idempotent
@batches.answer(202, schemas.BenefitJobView)
def check(batch_id: str) -> dict[str, Any]:
    """Begin the checks of a submitted batch, or begin them again."""
    return _job(check_job.start(g.actor, object_ids.read(batch_id)))


@batches.get("/<batch_id>/checks", access=staff("benefit.list"))
@batches.answer(200, schemas.BenefitJobView)
def checks(batch_id: str) -> dict[str, Any]:
    """How far the checks are."""
    return _job(check_job.running(g.actor, object_ids.read(batch_id)))


@batches.post("/<batch_id>/publish", access=staff("benefit.publish"))
@batches.arguments(schemas.BenefitPublishBody)
@batches.answer(200, schemas.BenefitBatchView)
def publish(body: dict[str, bool], batch_id: str) -> dict[str, Any]:
    """Make a checked batch public for seven working days."""
    found = publicity.publish(g.actor, object_ids.read(batch_id), leave_out_unsettled=body["leave_out_unsettled"])
    return views.of_batch(found)


@batches.post("/<batch_id>/return", access=staff("benefit.check"))
@batches.arguments(schemas.BenefitReasonBody)
@batches.answer(200, schemas.BenefitBatchView)
def send_back(body: dict[str, str], batch_id: str) -> dict[str, Any]:
    """Send a batch back to its town, with the reason."""
    return views.of_batch(progress.send_back(g.actor, object_ids.read(batch_id), body["reason"]))


@batches.post("/<batch_id>/cancel", access=staff("benefit.cancel"))
@batches.arguments(schemas.BenefitReasonBody)
@batches.answer(200, schemas.BenefitBatchView)
def cancel(body: dict[str, str], batch_id: str) -> dict[str, Any]:
    """Cancel a batch before it is published."""
    return views.of_batch(progress.cancel(g.actor, object_ids.read(batch_id), body["reason"]))


def _job(found: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(found["_id"]), **{name: found[name] for name in ("state", "done", "total")}}

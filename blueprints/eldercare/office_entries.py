"""What staff write down about an elder: measured values and records."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import schemas
from models.eldercare import correct, enter, item_views, record_forms, settle, source
from models.eldercare.correct import Change
from models.eldercare.enter import Written
from models.eldercare.item_forms import HealthFactView
from models.eldercare.observation import Measured
from models.eldercare.view import PURPOSE

entries = Surface("office health entries", __name__, url_prefix="/office/v1/health", description="健康记录录入与更正")
WRITE = staff("health.write", PURPOSE)
SETTLE = staff("health.settle", PURPOSE)


def _change(body: dict[str, Any]) -> Change:
    return Change(body["version"], body["reason"])


def _written(body: dict[str, Any]) -> Written:
    return Written(body["kind"], record_forms.plain(body["content"]), body["at"], body.get("until"))


@entries.post("/elders/<elder_id>/observations", access=WRITE, parameters=[PARAMETER])
@idempotent
@entries.arguments(schemas.HealthObservationBody)
@entries.answer(201, HealthFactView)
def enter_observation(body: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Enter a measured value; one outside of what is usual is flagged and kept."""
    told = Measured(**schemas.measured(body))
    made = enter.measured(g.actor, object_ids.read(elder_id), told, source_kind=body["source"])
    return item_views.one(made)


@entries.post("/elders/<elder_id>/records", access=WRITE, parameters=[PARAMETER])
@idempotent
@entries.arguments(schemas.HealthRecordBody)
@entries.answer(201, HealthFactView)
def enter_record(body: dict[str, Any], elder_id: str) -> dict[str, Any]:
    """Enter a record: a problem, a medicine, an allergy, a visit, a plan, a service."""
    made = enter.written(g.actor, object_ids.read(elder_id), _written(body), source_kind=body["source"])
    return item_views.one(made)


@entries.put("/elders/<elder_id>/observations/<observation_id>", access=WRITE)
@entries.arguments(schemas.HealthObservationChangeBody)
@entries.answer(200, HealthFactView)
def correct_observation(body: dict[str, Any], elder_id: str, observation_id: str) -> dict[str, Any]:
    """Correct a measured value of one's unit; what stood before is kept."""
    found = correct.reach(g.actor, object_ids.read(elder_id), "observation", object_ids.read(observation_id))
    return item_views.one(correct.observation(g.actor, found, Measured(**schemas.measured(body)), _change(body)))


@entries.put("/elders/<elder_id>/records/<record_id>", access=WRITE)
@entries.arguments(schemas.HealthRecordChangeBody)
@entries.answer(200, HealthFactView)
def correct_record(body: dict[str, Any], elder_id: str, record_id: str) -> dict[str, Any]:
    """Correct a record of one's unit, or end it; what stood before is kept."""
    found = correct.reach(g.actor, object_ids.read(elder_id), "record", object_ids.read(record_id))
    return item_views.one(correct.record(g.actor, found, _written(body), _change(body)))


@entries.post("/elders/<elder_id>/observations/<observation_id>/withdraw", access=WRITE)
@entries.arguments(schemas.HealthChangeBody)
@entries.answer(200, HealthFactView)
def withdraw_observation(body: dict[str, Any], elder_id: str, observation_id: str) -> dict[str, Any]:
    """Mark a measured value as entered in error; it is kept, and no list shows it."""
    found = correct.reach(g.actor, object_ids.read(elder_id), "observation", object_ids.read(observation_id))
    return item_views.one(correct.withdraw(g.actor, found, _change(body)))


@entries.post("/elders/<elder_id>/records/<record_id>/withdraw", access=WRITE)
@entries.arguments(schemas.HealthChangeBody)
@entries.answer(200, HealthFactView)
def withdraw_record(body: dict[str, Any], elder_id: str, record_id: str) -> dict[str, Any]:
    """Mark a record as entered in error; it is kept, and no list shows it."""
    found = correct.reach(g.actor, object_ids.read(elder_id), "record", object_ids.read(record_id))
    return item_views.one(correct.withdraw(g.actor, found, _change(body)))


@entries.post("/elders/<elder_id>/observations/<observation_id>/settle", access=SETTLE)
@entries.answer(200, schemas.HealthSettledView)
def settle_observation(elder_id: str, observation_id: str) -> dict[str, Any]:
    """Decide that this value is used where another source says something else of the same hour."""
    return _settled(elder_id, "observation", observation_id)


@entries.post("/elders/<elder_id>/records/<record_id>/settle", access=SETTLE)
@entries.answer(200, schemas.HealthSettledView)
def settle_record(elder_id: str, record_id: str) -> dict[str, Any]:
    """Decide that this record is used where another source says something else about the same."""
    return _settled(elder_id, "record", record_id)


def _settled(elder_id: str, of: str, item_id: str) -> dict[str, Any]:
    reader = settle.reach(g.actor, object_ids.read(elder_id))
    reader.looked("health.timeline")
    used, *same = item_views.several(settle.settle(g.actor, reader, of, object_ids.read(item_id)))
    return {"used": used, "same": same, "rule_zh": source.RULE_ZH}

"""Long illnesses under management, their visits, and the yearly check, for the staff."""

import re
from datetime import UTC
from typing import Any

from flask import g

from backend.errors import NotFound
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.eldercare import programme_schemas as schemas
from models.eldercare import (
    follow_up,
    knowing_work,  # noqa: F401 - adds its part to the work list of the day
    programme,
    programme_views,
    view,
    yearly_check,
)
from models.eldercare.follow_up import Visit
from models.eldercare.view import PURPOSE
from models.eldercare.yearly_check import Done

programmes = Surface(
    "office health programmes", __name__, url_prefix="/office/v1/health", description="慢病管理、随访与年度体检"
)
READ = staff("health.read", PURPOSE)
WORK = staff("health.work", PURPOSE)
ASSESS = staff("health.assess", PURPOSE)


@programmes.get("/elders/<elder_id>/programmes", access=READ)
@programmes.answer(200, schemas.HealthProgrammeList)
def list_programmes(elder_id: str) -> dict[str, Any]:
    """The long illnesses for which an elder is managed, or suspected."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = programme_views.programmes(reader)
    reader.looked("health.programmes")
    return {"items": found, "next": None}


@programmes.post("/elders/<elder_id>/programmes", access=WORK, parameters=[PARAMETER])
@idempotent
@programmes.arguments(schemas.HealthProgrammeBody)
@programmes.answer(201, schemas.HealthProgrammeView)
def confirm_programme(body: dict[str, str], elder_id: str) -> dict[str, Any]:
    """Take an elder into a programme, suspected before or not; the first visit is due today."""
    return programme_views.one_programme(programme.confirm(g.actor, object_ids.read(elder_id), body["disease"]))


@programmes.post("/elders/<elder_id>/programmes/<disease>/end", access=WORK)
@programmes.arguments(schemas.HealthProgrammeEndBody)
@programmes.answer(200, schemas.HealthProgrammeView)
def end_programme(body: dict[str, str], elder_id: str, disease: str) -> dict[str, Any]:
    """End a programme, or dismiss a suspicion."""
    found = programme.end(g.actor, object_ids.read(elder_id), disease, ended_as=body["ended_as"])
    return programme_views.one_programme(found)


@programmes.post("/elders/<elder_id>/programmes/<disease>/visits", access=WORK, parameters=[PARAMETER])
@idempotent
@programmes.arguments(schemas.HealthVisitBody)
@programmes.answer(201, schemas.HealthVisitView)
def enter_visit(body: dict[str, Any], elder_id: str, disease: str) -> dict[str, Any]:
    """Enter a visit: what was measured; the rule says how it went and when the next one is due."""
    at, signs = body["at"].astimezone(UTC), frozenset(body["signs"])
    told = Visit(disease, at, body["values"], signs, body.get("text", ""))
    return programme_views.visited(*follow_up.visit(g.actor, object_ids.read(elder_id), told))


@programmes.get("/elders/<elder_id>/checks", access=READ)
@programmes.answer(200, schemas.HealthCheckList)
def list_checks(elder_id: str) -> dict[str, Any]:
    """The yearly checks of an elder: what was done, abnormal, missing."""
    reader = view.of_staff(g.actor, object_ids.read(elder_id))
    found = programme_views.checks(reader)
    reader.looked("health.checks")
    return {"items": found, "next": None}


@programmes.post("/elders/<elder_id>/checks/<year>", access=ASSESS)
@programmes.arguments(schemas.HealthCheckBody)
@programmes.answer(200, schemas.HealthCheckView)
def note_check(body: dict[str, Any], elder_id: str, year: str) -> dict[str, Any]:
    """Open the check of a year, and note what was done; the same again changes nothing."""
    done = [Done(one["item"], one["at"].astimezone(UTC), one["abnormal"]) for one in body["items"]]
    return programme_views.check(yearly_check.put(g.actor, object_ids.read(elder_id), _year(year), done))


def _year(told: str) -> int:
    """Return the year that a path spells.

    Raises:
        NotFound: it spells none.
    """
    if not re.fullmatch(r"20[0-9]{2}", told, re.ASCII):
        raise NotFound
    return int(told)

"""Rounds in the hands of the bureau: made, checked, announced, taken back; and where a home belongs in one."""

from typing import Any

from flask import g

from backend import geo
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.school import schemas
from models.school import district_report, district_views, locate, report_day, round_announce, round_end, round_views
from models.school import round as rounds

office_rounds = Surface(
    "office school rounds", __name__, url_prefix="/office/v1/school", description="义务教育招生批次"
)


@office_rounds.get("/rounds", access=staff("school.read"))
@office_rounds.answer(200, schemas.OfficeRoundList)
def list_rounds() -> dict[str, Any]:
    """All rounds, the latest first."""
    return {"items": [round_views.office(one) for one in rounds.listed()], "next": None}


@office_rounds.post("/rounds", access=staff("school.plan"), parameters=[PARAMETER])
@idempotent
@office_rounds.arguments(schemas.RoundBody)
@office_rounds.answer(201, schemas.OfficeRoundView)
def create_round(body: dict[str, Any]) -> dict[str, Any]:
    """Make a round."""
    return round_views.office(rounds.create(g.actor, body.pop("id"), _told(body)))


@office_rounds.get("/rounds/<round_id>", access=staff("school.read"))
@office_rounds.answer(200, schemas.OfficeRoundView)
def read_round(round_id: str) -> dict[str, Any]:
    """A round with what was done to it."""
    return round_views.office(rounds.read(round_id))


@office_rounds.put("/rounds/<round_id>", access=staff("school.plan"))
@office_rounds.arguments(schemas.RoundChangeBody)
@office_rounds.answer(200, schemas.OfficeRoundView)
def change_round(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Change a round that was not announced."""
    return round_views.office(rounds.change(g.actor, round_id, _told(body)))


@office_rounds.put("/rounds/<round_id>/report-day", access=staff("school.plan"))
@office_rounds.arguments(schemas.RoundReportDayBody)
@office_rounds.answer(200, schemas.OfficeRoundView)
def put_report_day(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Say on which day children report to their school, announced or not; after the publication families are told."""
    return round_views.office(report_day.put(g.actor, round_id, body["report_day"].isoformat()))


@office_rounds.get("/rounds/<round_id>/report", access=staff("school.plan"))
@office_rounds.answer(200, schemas.RoundReportView)
def read_report(round_id: str) -> dict[str, Any]:
    """What is wrong with a round before it opens: overlaps, gaps, house numbers, plans, rules."""
    return round_views.report(district_report.read(g.actor, round_id))


@office_rounds.post("/rounds/<round_id>/announce", access=staff("school.plan"))
@office_rounds.arguments(schemas.RoundAnnounceBody)
@office_rounds.answer(200, schemas.OfficeRoundView)
def announce(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Announce a round that nothing blocks; its warnings are accepted by name."""
    return round_views.office(round_announce.announce(g.actor, round_id, accept_warnings=body["accept_warnings"]))


@office_rounds.post("/rounds/<round_id>/recall", access=staff("school.plan"))
@office_rounds.answer(200, schemas.OfficeRoundView)
def recall(round_id: str) -> dict[str, Any]:
    """Take an announcement back whose window has not begun."""
    return round_views.office(round_announce.recall(g.actor, round_id))


@office_rounds.post("/rounds/<round_id>/end", access=staff("school.plan"))
@office_rounds.answer(200, schemas.OfficeRoundView)
def end_round(round_id: str) -> dict[str, Any]:
    """End a published round in which no offer waits and no appeal is open; unused properties become free."""
    return round_views.office(round_end.end(g.actor, round_id))


@office_rounds.post("/rounds/<round_id>/where", access=staff("school.read"))
@office_rounds.arguments(schemas.WhereBody)
@office_rounds.answer(200, schemas.LocatedView)
def where(body: dict[str, Any], round_id: str) -> dict[str, Any]:
    """Where a home belongs in a round, and why; nothing is stored."""
    return located(round_id, body)


def located(round_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return where a home belongs, from a body of `where`."""
    point = (body["lon"], body["lat"]) if "lon" in body else None
    if point and body["datum"] == "gcj02":
        point = geo.to_wgs84(*point)
    found = locate.locate(round_id, address=body["address"], village=body["village"], point=point)
    return district_views.located(found, round_id)


def _told(body: dict[str, Any]) -> dict[str, Any]:
    day = body["report_day"]
    return body | {"rule_day": body["rule_day"].isoformat(), "report_day": day.isoformat() if day else None}

"""Live figures of the places of one's scope: a day by place and slot, a month by day, and the same as a workbook."""

from datetime import date
from typing import Any

from flask import Response, g

from backend import clock
from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from blueprints.tourism import figures_schemas as schemas
from models.tourism import day_figures, month_figures

figures = Surface("office figures", __name__, url_prefix="/office/v1", description="实时经营数据")
ACCESS = staff("figures.read")


@figures.get("/places/<place_id>/today", access=ACCESS)
@figures.arguments(schemas.DayFigureDayQuery, location="query")
@figures.answer(200, schemas.DayFigurePlaceWhole)
def read_place(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """A day of a place by slot: sold, held, entered, inside, no-shows, waiting, money."""
    return day_figures.of_place(g.actor, place_id, query.get("day") or clock.today())


@figures.get("/places/<place_id>/month", access=ACCESS)
@figures.arguments(schemas.DayFigureMonthQuery, location="query")
@figures.answer(200, schemas.DayFigureMonth)
def read_month(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """A month of a place by day: what is offered and how full it is."""
    first = date.fromisoformat(f"{query['month']}-01")
    return {"items": month_figures.read(g.actor, place_id, first, query["resource"]), "next": None}


@figures.get("/figures", access=ACCESS)
@figures.arguments(schemas.DayFigureDayQuery, location="query")
@figures.answer(200, schemas.DayFigureList)
def read_all(query: dict[str, Any]) -> dict[str, Any]:
    """A day of every place of one's scope."""
    return {"items": day_figures.of_all(g.actor, query.get("day") or clock.today()), "next": None}


@figures.get("/figures.xlsx", access=ACCESS)
@figures.arguments(schemas.DayFigureDayQuery, location="query")
@figures.response(200, content_type=writing.MEDIA_TYPE)
def export_all(query: dict[str, Any]) -> Response:
    """The same by slot as a workbook."""
    day = query.get("day") or clock.today()
    data = writing.table(day_figures.HEADERS, day_figures.lines(g.actor, day), title="经营数据")
    return attachment(data, name=f"经营数据-{day.isoformat()}.xlsx", media_type=writing.MEDIA_TYPE)

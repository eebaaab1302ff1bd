"""The day sheet of a venue, and how much of it is used."""

from typing import Any

from flask import Response, g

from backend import clock
from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from blueprints.sport import schemas
from models.sport import day_sheet, utilisation

venues = Surface("office venues", __name__, url_prefix="/office/v1/sport", description="场馆日程与利用率")
PURPOSE = "booking_service"


@venues.get("/venues/<place_id>/day-sheet", access=staff("order.list", PURPOSE))
@venues.arguments(schemas.SportDayQuery, location="query")
@venues.answer(200, schemas.SportDaySheet)
def read_day_sheet(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Who is on which court at which hour; names are masked."""
    return day_sheet.read(g.actor, place_id, query.get("day") or clock.today(), purpose=PURPOSE)


@venues.get("/venues/<place_id>/utilisation", access=staff("place.read"))
@venues.arguments(schemas.SportSpanQuery, location="query")
@venues.answer(200, schemas.SportUtilisation)
def read_utilisation(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """How much of each court and hour of the day is used."""
    return utilisation.read(g.actor, place_id, query["first"], query["last"])


@venues.get("/venues/<place_id>/utilisation.xlsx", access=staff("place.read"))
@venues.arguments(schemas.SportSpanQuery, location="query")
@venues.response(200, content_type=writing.MEDIA_TYPE)
def export_utilisation(query: dict[str, Any], place_id: str) -> Response:
    """The same as a workbook."""
    found = utilisation.read(g.actor, place_id, query["first"], query["last"])
    data = writing.table(utilisation.HEADERS, utilisation.table(found), title="利用率")
    return attachment(data, name="场馆利用率.xlsx", media_type=writing.MEDIA_TYPE)

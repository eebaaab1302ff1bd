"""Venues of sport: what they let, at which price, and booking it."""

from typing import Any

from flask import g

from backend import clock
from backend.errors import NotFound
from backend.http.access import ANYONE, resident
from backend.http.idempotency import PARAMETER, key_and_body
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.sport import schemas
from models.booking import order
from models.sport import book, venue_views

venues = Surface("sport", __name__, url_prefix="/mini/v1/sport", description="体育场馆:场地、时段、预订")


@venues.get("/venues", access=ANYONE)
@venues.answer(200, schemas.SportVenueList)
def list_venues() -> dict[str, Any]:
    """All venues, and how crowded each is where somebody counts."""
    return {"items": venue_views.listed(), "next": None}


@venues.get("/venues/<place_id>/board", access=ANYONE)
@venues.arguments(schemas.SportBoardQuery, location="query")
@venues.answer(200, schemas.SportBoardView)
def read_board(query: dict[str, Any], place_id: str) -> dict[str, Any]:
    """All courts, lanes and pools of a venue with their slots and prices of one day."""
    return venue_views.board(place_id, query.get("day") or clock.today())


@venues.get("/public-hours", access=ANYONE)
@venues.answer(200, schemas.SportPublicHourList)
def list_public_hours() -> dict[str, Any]:
    """The free public hours of the coming week, with what their own share has left."""
    return {"items": venue_views.public_hours(), "next": None}


@venues.get("/quote", access=ANYONE)
@venues.arguments(schemas.SportQuoteQuery, location="query")
@venues.answer(200, schemas.SportQuoteView)
def read_quote(query: dict[str, Any]) -> dict[str, Any]:
    """The price before booking, and what cancelling gives back until when."""
    return venue_views.quote(query["slot_id"], query["ticket_type"])


@venues.post("/bookings", access=resident("declared"), parameters=[PARAMETER])
@venues.arguments(schemas.SportBookingBody)
@venues.answer(201, schemas.SportBookingView)
def book_venue(body: dict[str, Any]) -> dict[str, Any]:
    """Book one to four hours of a court in a row, or a session, for everybody who comes; all or nothing.

    A court has one price an hour, whoever plays; a concession is that of who books and plays along. Unpaid, the hours
    are held for 15 minutes; what is free is issued at once.
    """
    key, digest = key_and_body()
    players = [
        book.Player(one["companion_id"], one["ticket_type"], one["deep_water_certificate"]) for one in body["players"]
    ]
    wish = book.Wish(body["slots"], players, body["ticket_type"])
    return venue_views.booked(book.book(g.actor, wish, key=bytes.fromhex(key), body=digest))


@venues.get("/bookings/<order_id>", access=resident())
@venues.answer(200, schemas.SportBookingView)
def read_booking(order_id: str) -> dict[str, Any]:
    """One's own booking, with what cancelling gives back now and until when."""
    found = order.read(object_ids.read(order_id), account=g.actor.account_id)
    if not found.get("resource"):
        raise NotFound
    return venue_views.booking(found)

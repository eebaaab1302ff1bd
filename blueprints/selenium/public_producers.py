"""The page behind the poster at a farm gate, and behind the address of a producer in events."""

from flask import Response, request

from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from backend.store import object_ids
from models.selenium import producer_page

LIMIT = 240
"""Requests of one address in a minute: many phones share the address of their mobile network."""

producers = Surface("producers", __name__, url_prefix="", description="生产者公示页", template_folder="templates")


@producers.get("/party/<party_id>", access=ANYONE)
@producers.response(200, content_type="text/html")
def read_party(party_id: str) -> Response:
    """Who grows here, what, and with which certificates."""
    guard(f"party:{request.remote_addr}", per_minute=LIMIT)
    return pages.page("producer.html", one=producer_page.shown(object_ids.read(party_id)))

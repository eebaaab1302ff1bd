"""The seed by which a phone draws a ticket's codes."""

from base64 import b64encode
from typing import Any

from flask import g

from backend import clock
from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.booking import ticket_schemas as schemas
from models.booking import ticket_seed as rules

seeds = Surface("ticket seeds", __name__, url_prefix="/mini/v1", description="动态门票码")
LIMIT = "60/hour"


@seeds.get("/tickets/<ticket_id>/seed", access=resident())
@seeds.answer(200, schemas.TicketSeedView)
def read(ticket_id: str) -> dict[str, Any]:
    """What a phone needs to draw a ticket's codes without network; kept nowhere, derived at each call."""
    strictly(LIMIT, "ticket-seeds", str(g.actor.account_id))
    made = rules.package(ticket_id, g.actor.account_id)
    return {
        "package": made.text,
        "signature": b64encode(made.signature).decode(),
        "key_id": made.key_id,
        "server_time": clock.civil(clock.now()).isoformat(timespec="milliseconds"),
    }

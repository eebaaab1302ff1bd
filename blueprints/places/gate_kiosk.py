"""A kiosk gives free tickets against an ID card."""

import hashlib
from typing import Any

from flask import g, request

from backend import identity_documents
from backend.http.access import device
from backend.http.limits import strictly
from backend.http.surface import Surface
from blueprints.places import window_schemas as schemas
from models.places import kiosk as rules
from models.places.counter_sale import Guest

kiosk = Surface("kiosk", __name__, url_prefix="/gate/v1", description="自助取票机")
LIMIT = "20/minute"
"""A visitor takes longer to choose."""


@kiosk.post("/kiosk-orders", access=device("venue"))
@kiosk.arguments(schemas.KioskOrderBody)
@kiosk.answer(201, schemas.KioskTicketView)
def give(body: dict[str, Any]) -> dict[str, Any]:
    """A free ticket for whose card lies on the reader. The nonce of the signature makes a repeated request the same."""
    told = body["document"]
    document = identity_documents.parse(told["kind"], told["number"], field="document.number")
    strictly(LIMIT, "kiosk-orders", g.actor.device_id)
    digest = hashlib.sha256(request.get_data(cache=True)).digest()
    return rules.give(g.actor, body["slot_id"], Guest(document, body["name"], body["ticket_type"]), digest)

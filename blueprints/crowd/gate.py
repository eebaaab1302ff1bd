"""Where cameras, counting lines and car parks hand in what they measured."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import device
from backend.http.surface import Surface
from blueprints.crowd import schemas
from models.crowd import reading
from models.identity.device import AT_PLACES

sensors = Surface("gate crowd", __name__, url_prefix="/gate/v1", description="客流读数")


@sensors.post("/crowd-readings", access=device(*AT_PLACES))
@sensors.arguments(schemas.CrowdReadingsBody)
@sensors.answer(200, schemas.CrowdReceiptList)
def hand_in(body: dict[str, Any]) -> dict[str, Any]:
    """Hand in readings; each gets its own receipt, and repeating an upload is harmless."""
    receipts = reading.take_in(g.actor, body["readings"], device_time=body["device_time"])
    items = [{name: value for name, value in vars(one).items() if value or name == "seq"} for one in receipts]
    return {"items": items, "next": None, "server_time": clock.civil(clock.now()).isoformat(timespec="milliseconds")}

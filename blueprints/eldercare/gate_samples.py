"""Where wearables hand in what they sampled."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import device
from backend.http.surface import Surface
from blueprints.eldercare import gate_schemas as schemas
from models.eldercare import samples

wearables = Surface("gate health samples", __name__, url_prefix="/gate/v1/health", description="穿戴设备采样")


@wearables.post("/samples", access=device("wearable"))
@wearables.arguments(schemas.HealthSamplesBody)
@wearables.answer(200, schemas.HealthSeriesReceiptList)
def hand_in(body: dict[str, Any]) -> dict[str, Any]:
    """Hand in series of samples; each gets its own receipt, and a sample that comes again is stored once."""
    receipts = samples.take_in(g.actor, body["series"], body["device_time"])
    items = [{name: value for name, value in vars(one).items() if name != "reason" or value} for one in receipts]
    return {"items": items, "next": None, "server_time": clock.civil(clock.now()).isoformat(timespec="milliseconds")}

"""Delivery receipts of the SMS service. The signature over the raw body is the proof."""

import orjson
from flask import Response, request

from backend import runtime
from backend.http.access import SIGNED
from backend.http.surface import Surface
from backend.sms import ReceiptRefused
from models.messaging import send_sms

receipts = Surface("sms receipts", __name__, url_prefix="/open/v1/sms", description="短信回执")


@receipts.post("/receipts", access=SIGNED)
@receipts.response(200)
def take_receipts() -> Response:
    """Take receipts before they are answered; the same ones again change nothing."""
    provider = runtime.current().sms
    if provider is None:
        raise ReceiptRefused
    for one in provider.read_receipts(dict(request.headers), request.get_data(cache=True)):
        send_sms.take(one)
    return Response(orjson.dumps({"result": 0, "errmsg": "OK"}), mimetype="application/json")

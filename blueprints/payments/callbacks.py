"""WeChat Pay's notices. The signature over the raw body is the proof; the answer is WeChat's own form."""

import orjson
from flask import Response, request

from backend.errors import CityError
from backend.http.access import SIGNED
from backend.http.surface import Surface
from models.payments import notice

callbacks = Surface("wechat pay", __name__, url_prefix="/open/v1/wechat/pay", description="微信支付通知")


@callbacks.post("/notice", access=SIGNED)
@callbacks.response(204)
def take_notice() -> Response:
    """Take a payment or refund notice: stored before it is answered."""
    try:
        notice.receive(dict(request.headers), request.get_data(cache=True))
    except CityError as error:
        body = {"code": "FAIL", "message": error.code}
        return Response(orjson.dumps(body), status=error.status, mimetype="application/json")
    return Response(status=204)

"""WeChat's message push: the address check, the events, and the files that WeChat wants at the domain's root."""

from typing import Any

import orjson
from flask import Response, request

from backend import runtime
from backend.errors import NotFound
from backend.http.access import ANYONE, SIGNED
from backend.http.surface import Surface
from models.messaging import push_event

push = Surface("wechat push", __name__, url_prefix="/open/v1/wechat", description="微信消息推送")
root_files = Surface("wechat files", __name__, description="微信域名校验文件")


@push.get("/push", access=SIGNED)
@push.response(200)
def verify() -> Response:
    """Answer WeChat's check of this address."""
    asked = request.args
    names = ("signature", "timestamp", "nonce", "echostr")
    return Response(runtime.current().push.verify_url(*(asked.get(n, "") for n in names)), mimetype="text/plain")


@push.post("/push", access=SIGNED)
@push.response(200)
def receive() -> Response:
    """Store an event for the queue; a customer's message is handed over to the hotline's service when so set."""
    parts = runtime.current()
    signature, timestamp, nonce = (request.args.get(n, "") for n in ("msg_signature", "timestamp", "nonce"))
    event = parts.push.read(signature, timestamp, nonce, request.get_data(cache=True))
    push_event.receive(event)
    if parts.settings.customer_service_transfer and event.get("MsgType") in {"text", "image", "miniprogrampage"}:
        return Response(orjson.dumps(_transfer(event)), mimetype="application/json")
    return Response("success", mimetype="text/plain")


def _transfer(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "ToUserName": event.get("FromUserName"),
        "FromUserName": event.get("ToUserName"),
        "CreateTime": event.get("CreateTime"),
        "MsgType": "transfer_customer_service",
    }


@root_files.get("/<name>.txt", access=ANYONE)
@root_files.response(200)
def verify_file(name: str) -> Response:
    """A file that WeChat wants at the root of the domain, from the settings."""
    content = runtime.current().settings.wechat_verify_files.get(f"{name}.txt")
    if content is None:
        raise NotFound
    return Response(content, mimetype="text/plain")

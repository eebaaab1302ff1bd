"""Subscribe messages: one grant of the user, one message."""

import re
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.mini import fields, pages
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import MiniError, Request, Response, ok

STATES = ("developer", "trial", "formal")
LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")

routes = Router()


@routes.on("POST", "/cgi-bin/message/subscribe/send")
def send(box: Sandbox, request: Request) -> Response:
    """Deliver a message and use up the grant."""
    message = request.json()
    openid, template_id = str(message.get("touser")), str(message.get("template_id"))
    if not box.journal.get("openids", openid):
        raise MiniError(40003, "invalid openid")
    template = box.journal.get("templates", template_id)
    if not template:
        raise MiniError(40037, "invalid template_id")
    _check_page(box, message.get("page"))
    _check_settings(message)
    _check_data(message.get("data"), template.get("keys"))
    key = f"{openid}/{template_id}"
    granted = box.journal.get("grants", key) or 0
    if not granted:
        raise MiniError(43101, "user refuse to accept the msg")
    box.journal.put("grants", key, granted - 1)
    number = len(box.journal.all("messages")) + 1
    box.journal.put("messages", str(number), {**message, "delivered": clock.rfc3339(clock.now())})
    return ok(msgid=number)


def _check_page(box: Sandbox, page: Any) -> None:
    # Here the page may carry a query, unlike the page of a code.
    if page and not pages.published(box.journal, re.sub(r"\?.*", "", str(page))):
        raise MiniError(41030, "invalid page")


def _check_settings(message: dict[str, Any]) -> None:
    if message.get("miniprogram_state", "formal") not in STATES or message.get("lang", "zh_CN") not in LANGUAGES:
        raise MiniError(47003, "argument invalid! miniprogram_state or lang")


def _check_data(data: Any, keys: list[str] | None) -> None:
    if not isinstance(data, dict) or not data:
        raise MiniError(47003, "argument invalid! data is empty")
    if name := fields.fault(data, keys):
        raise MiniError(47003, f"argument invalid! data.{name}.value invalid")

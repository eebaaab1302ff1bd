"""The user with the phone: opens the mini-program, presses buttons, allows messages, reads them."""

import base64
import hashlib
import secrets
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import ControlError, Request, Response, as_json

routes = Router()


@routes.on("POST", "/sandbox/users")
def create(box: Sandbox, request: Request) -> Response:
    """A user; the same name is the same user, with the same openid, in every run with these credentials."""
    wanted = request.json()
    digest = hashlib.sha256(f"{box.appid}/{wanted.get('name') or secrets.token_hex(16)}".encode()).digest()
    user_id = f"u{digest.hex()[:16]}"
    user = box.journal.get("users", user_id) or {
        "user_id": user_id,
        "openid": "o" + base64.urlsafe_b64encode(digest).decode()[:27],
        "phone": f"199{int.from_bytes(digest[:6]) % 10**8:08d}",
        "seen": 0,
    }
    user |= {key: wanted[key] for key in ("name", "phone", "unionid", "blocked") if key in wanted}
    box.journal.put("users", user_id, user)
    box.journal.put("openids", user["openid"], user_id)
    return as_json(user)


@routes.on("GET", "/sandbox/users/{user_id}")
def show(box: Sandbox, request: Request) -> Response:
    """A user as created."""
    return as_json(_user(box, request))


@routes.on("POST", "/sandbox/users/{user_id}/js_code")
def js_code(box: Sandbox, request: Request) -> Response:
    """What wx.login hands to the mini-program."""
    user = _user(box, request)
    box.journal.put("users", user["user_id"], {**user, "seen": clock.now()})
    return _issue(box, user, {"kind": "js"})


@routes.on("POST", "/sandbox/users/{user_id}/phone_code")
def phone_code(box: Sandbox, request: Request) -> Response:
    """What the phone-number button hands to the mini-program."""
    user = _user(box, request)
    return _issue(box, user, {"kind": "phone", "phone": request.json().get("phone") or user["phone"]})


@routes.on("POST", "/sandbox/users/{user_id}/grants")
def grant(box: Sandbox, request: Request) -> Response:
    """The user allows `count` messages of a template, which so becomes a known template."""
    user, wanted = _user(box, request), request.json()
    template_id, count = wanted.get("template_id"), wanted.get("count", 1)
    if not isinstance(template_id, str) or not template_id or type(count) is not int or count < 0:
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_grant", "template_id and a count are needed")
    if not box.journal.get("templates", template_id):
        box.journal.put("templates", template_id, {"template_id": template_id})
    key = f"{user['openid']}/{template_id}"
    total = (box.journal.get("grants", key) or 0) + count
    box.journal.put("grants", key, total)
    return as_json({"template_id": template_id, "granted": total})


@routes.on("GET", "/sandbox/users/{user_id}/messages")
def messages(box: Sandbox, request: Request) -> Response:
    """The messages that reached the user, oldest first."""
    openid = _user(box, request)["openid"]
    return as_json({"messages": [message for message in box.journal.all("messages") if message["touser"] == openid]})


@routes.on("POST", "/sandbox/templates")
def template(box: Sandbox, request: Request) -> Response:
    """Make a template known; with `keys`, messages must have exactly these."""
    wanted = request.json()
    if not isinstance(wanted.get("template_id"), str) or not isinstance(wanted.get("keys", []), list):
        raise ControlError(HTTPStatus.BAD_REQUEST, "bad_template", "template_id, and keys as a list")
    kept = {key: wanted[key] for key in ("template_id", "keys", "title") if key in wanted}
    box.journal.put("templates", kept["template_id"], kept)
    return as_json(kept)


@routes.on("POST", "/sandbox/pages")
def pages(box: Sandbox, request: Request) -> Response:
    """The published pages; null means that any well-formed page is published, as at first."""
    published = request.json().get("pages")
    box.journal.put("settings", "pages", published)
    return as_json({"pages": published})


def _user(box: Sandbox, request: Request) -> dict[str, Any]:
    user: dict[str, Any] | None = box.journal.get("users", request.args["user_id"])
    if user is None:
        raise ControlError(HTTPStatus.NOT_FOUND, "no_such_user")
    return user


def _issue(box: Sandbox, user: dict[str, Any], fields: dict[str, Any]) -> Response:
    code = f"0{secrets.token_hex(15)}"
    issued = {**fields, "user_id": user["user_id"], "issued": clock.now(), "used": False}
    box.journal.put("codes", code, issued)
    return as_json({"code": code})

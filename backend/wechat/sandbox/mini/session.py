"""Login, access tokens and phone numbers: what proves who is calling."""

import base64
import os
import secrets
from collections import deque
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import MiniError, Request, Response, as_json, ok

CODE_SECONDS = 300
TOKEN_SECONDS, RENEWAL_SECONDS = 7200, 300
FORCED_PER_DAY, FORCED_GAP = 20, 30
LOGINS_PER_MINUTE = 100

open_routes, routes = Router(), Router()


@open_routes.on("GET", "/sns/jscode2session")
def code2session(box: Sandbox, request: Request) -> Response:
    """Trade a login code for the user's openid."""
    _check_app(box, request.query)
    if request.query.get("grant_type") != "authorization_code":
        raise MiniError(40002, "invalid grant_type")
    user = spend_code(box, "js", request.query.get("js_code", ""))
    if user.get("blocked"):
        raise MiniError(40226, "code blocked")
    _check_login_rate(box, user["user_id"])
    session_key = base64.b64encode(os.urandom(16)).decode()
    answer = {"openid": user["openid"], "session_key": session_key}
    if user.get("unionid"):
        answer["unionid"] = user["unionid"]
    return as_json(answer)


@open_routes.on("POST", "/cgi-bin/stable_token")
def stable_token(box: Sandbox, request: Request) -> Response:
    """The access token: the same one until its last minutes, or a fresh one by force."""
    wanted = request.json()
    _check_app(box, wanted)
    if wanted.get("grant_type") != "client_credential":
        raise MiniError(40002, "invalid grant_type")
    moment, state = clock.now(), box.journal.get("token", "current")
    force = bool(wanted.get("force_refresh")) and _may_force(box, moment)
    if force or not state or state["expires"] - moment <= RENEWAL_SECONDS:
        if state and force:
            box.journal.put("tokens", state["token"], 0)
        state = {
            "token": f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(120)}",
            "expires": moment + TOKEN_SECONDS,
        }
        box.journal.put("token", "current", state)
        box.journal.put("tokens", state["token"], state["expires"])
    return as_json({"access_token": state["token"], "expires_in": int(state["expires"] - moment)})


@routes.on("POST", "/wxa/business/getuserphonenumber")
def phone_number(box: Sandbox, request: Request) -> Response:
    """Trade the code of the phone button for the number."""
    user = spend_code(box, "phone", str(request.json().get("code", "")))
    watermark = {"timestamp": int(clock.now()), "appid": box.appid}
    phone = {
        "phoneNumber": user["phone"],
        "purePhoneNumber": user["phone"],
        "countryCode": "86",
        "watermark": watermark,
    }
    return ok(phone_info=phone)


def check_token(box: Sandbox, request: Request) -> None:
    """Refuse a call without a valid access token."""
    token = request.query.get("access_token", "")
    if not token:
        raise MiniError(41001, "access_token missing")
    expires = box.journal.get("tokens", token)
    if not expires or box.faults.strike("token_invalid", request.path):
        raise MiniError(40001, "invalid credential, access_token is invalid or not latest")
    if clock.now() >= expires:
        raise MiniError(42001, "access_token expired")


def spend_code(box: Sandbox, kind: str, code: str) -> dict[str, Any]:
    """Use up a login or phone code; the user whose it is."""
    known = box.journal.get("codes", code)
    if not known or known["kind"] != kind or clock.now() - known["issued"] >= CODE_SECONDS:
        raise MiniError(40029, "invalid code")
    if known["used"]:
        raise MiniError(40163, "code been used") if kind == "js" else MiniError(40029, "invalid code")
    box.journal.put("codes", code, {**known, "used": True})
    return {**box.journal.get("users", known["user_id"]), "phone": known.get("phone")}


def _check_app(box: Sandbox, fields: dict[str, Any]) -> None:
    if fields.get("appid") != box.appid:
        raise MiniError(40013, "invalid appid")
    if fields.get("secret") != box.keys.credentials["secret"]:
        raise MiniError(40125, "invalid appsecret")


def _check_login_rate(box: Sandbox, user_id: str) -> None:
    moment, recent = clock.now(), box.logins.setdefault(user_id, deque())
    while recent and moment - recent[0] > 60:  # noqa: PLR2004 - the limit is per minute
        recent.popleft()
    if len(recent) >= LOGINS_PER_MINUTE:
        raise MiniError(45011, "api minute-quota reach limit  mustslower  retry next minute")
    recent.append(moment)


def _may_force(box: Sandbox, moment: float) -> bool:
    today = clock.local(moment).date().isoformat()
    forced = box.journal.get("token", "forced") or {"day": today, "count": 0, "last": 0}
    # Within 30 seconds of the last refresh WeChat answers with the current token.
    if moment - forced["last"] < FORCED_GAP:
        return False
    count = forced["count"] if forced["day"] == today else 0
    if count >= FORCED_PER_DAY:
        raise MiniError(45009, "reach max api daily quota limit")
    box.journal.put("token", "forced", {"day": today, "count": count + 1, "last": moment})
    return True

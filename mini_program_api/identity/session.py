"""Login, refresh, logout, consent, phone."""

from dataclasses import replace
from typing import Any

from bson import ObjectId
from flask import g, request

from backend import clock, runtime
from backend.http.access import ANYONE, Access, bearer_token, resident
from backend.http.limits import guard, strictly
from backend.http.surface import Surface
from mini_program_api.identity import schemas
from models.identity import account, levels, phone, privacy_text, relation
from models.identity.actors import Resident
from models.identity.consent import ConsentNeeded
from models.identity.relation import ActingRefused, OwnActOnly

session = Surface("session", __name__, url_prefix="/mini/v1", description="登录、同意与手机号")
ACTING_FOR = "Acting-For"
ACTING_PARAMETER = {
    "name": ACTING_FOR,
    "in": "header",
    "required": False,
    "description": "代他人办理时填写代办或监护关系的编号;须在授权范围内",
    "schema": {"type": "string", "example": "673ec0a5c0ffee0123456789"},
}
"""How a route that may be used for another person describes it."""
LOGIN_LIMIT = "120/minute"
"""Per address: a village shares one behind its carrier's NAT."""


class BindingNeeded(ConsentNeeded):
    """403: this needs a person bound to the account."""

    code = "binding_needed"
    zh = "请先完成实名登记后再继续。"
    en = "Bind your identity first."


def authenticate(access: Access) -> Resident:
    """Return the resident of the request's bearer token, at the level that the route needs.

    Raises:
        NotLoggedIn, SessionEnded: no token, or one that does not hold.
        BindingNeeded, LevelNeeded: the account has not reached the level.
        OwnActOnly, ActingRefused, ScopeMissing: it is not to be done for another, or not by this relation.
    """
    actor = account.authenticate(bearer_token())
    guard(actor.key)
    level = actor.document["level"]
    if access.level != "account" and level == "account":
        raise BindingNeeded("document")
    levels.require(level, access.level)
    told = request.headers.get(ACTING_FOR)
    return actor if told is None else _acting(actor, told, access.scope)


def _acting(actor: Resident, told: str, scope: str) -> Resident:
    """Return the resident as one who acts for another; a route that names no scope is for oneself only."""
    if not scope:
        raise OwnActOnly
    if not ObjectId.is_valid(told):
        raise ActingRefused
    acting = replace(actor, acting=relation.acting(actor, ObjectId(told)))
    acting.require_scope(scope)
    return acting


@session.get("/privacy-text", access=ANYONE)
@session.response(200, schemas.PrivacyView)
def read_privacy_text() -> dict[str, Any]:
    """The privacy text to accept at login."""
    text = privacy_text.newest()
    return {"version": text["_id"], "body": text.get("body", ""), "digest": text.get("digest", "")}


@session.post("/login", access=ANYONE)
@session.arguments(schemas.LoginBody)
@session.response(200, schemas.TokensView)
def log_in(body: dict[str, str]) -> dict[str, str]:
    """Exchange a js_code for tokens; the WeChat session key stays on the server."""
    strictly(LOGIN_LIMIT, "login", request.remote_addr or "")
    privacy_text.require_newest(body["privacy_version"])
    wechat = runtime.current().mini_program.code_to_session(body["js_code"])
    _, tokens = account.log_in(wechat.openid, wechat.session_key, body["privacy_version"])
    return _shown(tokens)


@session.post("/session/refresh", access=ANYONE)
@session.arguments(schemas.RefreshBody)
@session.response(200, schemas.TokensView)
def refresh(body: dict[str, str]) -> dict[str, str]:
    """Exchange a refresh token for a new pair."""
    return _shown(account.refresh(body["refresh_token"]))


@session.post("/logout", access=resident())
@session.response(204)
def log_out() -> None:
    """End this session."""
    account.log_out(g.actor)


@session.post("/logout-everywhere", access=resident())
@session.response(204)
def log_out_everywhere() -> None:
    """End all sessions of the account."""
    account.log_out(g.actor, everywhere=True)


@session.get("/account", access=resident())
@session.response(200, schemas.AccountView)
def read_account() -> dict[str, Any]:
    """The account as its owner sees it."""
    document = g.actor.document
    level = document["level"]
    consents = sorted(document.get("consents", {}))
    told = {"level": level, "level_zh": levels.LEVEL_ZH[level], "has_phone": "phone" in consents, "consents": consents}
    if method := document.get("method"):
        told |= {"method": method, "method_zh": levels.METHOD_ZH[method]}
    return told


@session.post("/phone", access=resident())
@session.arguments(schemas.PhoneBody)
@session.response(200, schemas.PhoneView)
def take_phone(body: dict[str, str]) -> dict[str, str]:
    """Take the phone number by WeChat's phone code."""
    strictly("10/minute", "phone", str(g.actor.account_id))
    return {"phone": phone.take(g.actor, body["code"])}


def _shown(tokens: account.Tokens) -> dict[str, str]:
    return {
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "access_until": clock.civil(tokens.access_until).isoformat(timespec="seconds"),
        "refresh_until": clock.civil(tokens.refresh_until).isoformat(timespec="seconds"),
    }

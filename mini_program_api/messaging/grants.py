"""Subscribe messages on the phone: what to ask for, what the user answered, and what they do not want to be told."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface
from mini_program_api.messaging import grant_schemas
from models.messaging import opt_out, taps

grants = Surface("message grants", __name__, url_prefix="/mini/v1", description="订阅消息授权与接收设置")


@grants.get("/message-templates", access=resident())
@grants.arguments(grant_schemas.MomentQuery, location="query")
@grants.answer(200, grant_schemas.TemplateList)
def list_templates(query: dict[str, Any]) -> dict[str, Any]:
    """Which templates to ask for at a moment: at most three, as `wx.requestSubscribeMessage` takes."""
    return {"items": taps.wanted(g.actor, query.get("moment")), "next": None}


@grants.post("/message-grants", access=resident(), parameters=[PARAMETER])
@idempotent
@grants.arguments(grant_schemas.GrantsBody)
@grants.answer(201, grant_schemas.BalanceList)
def report_grants(body: dict[str, Any]) -> dict[str, Any]:
    """What `wx.requestSubscribeMessage` came to, for each template of one tap."""
    key, _ = key_and_body()
    results = [(one["template_id"], one["result"]) for one in body["results"]]
    left = taps.report(g.actor, results, key=key, moment=body.get("moment", ""), always=body["always"])
    return {"items": left, "next": None}


@grants.get("/message-settings", access=resident())
@grants.answer(200, grant_schemas.SettingList)
def list_settings() -> dict[str, Any]:
    """Which kinds of notices come by WeChat or SMS; the inbox keeps them all."""
    return {"items": opt_out.listed(g.actor.account_id), "next": None}


@grants.put("/message-settings/<kind>", access=resident())
@grants.arguments(grant_schemas.SettingBody)
@grants.response(204)
def set_kind(body: dict[str, bool], kind: str) -> None:
    """Switch a kind on or off; closures cannot be switched off."""
    opt_out.set_kind(g.actor.account_id, kind, on=body["on"])

"""What the registers say about oneself."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.registers import schemas
from models.identity import consent
from models.registers import fact_views, fetch
from models.registers import forget as forgetting
from models.registers.source import SOURCES

facts = Surface("facts", __name__, url_prefix="/mini/v1", description="我的登记信息")
REFRESH_LIMIT = "6/hour"


@facts.get("/facts", access=resident("matched"))
@facts.answer(200, schemas.FactList)
def list_facts() -> dict[str, Any]:
    """One's own facts: each with source, dates and state. Addresses and numbers are whole from `verified` on."""
    return fact_views.of_resident(g.actor)


@facts.post("/facts/refresh", access=resident("matched"))
@facts.answer(202, schemas.AskedList)
def refresh() -> dict[str, Any]:
    """Have the registers asked again; look at the facts a little later."""
    consent.require(g.actor, "facts")
    strictly(REFRESH_LIMIT, "facts_refresh", str(g.actor.account_id))
    answers = fetch.refresh(g.actor.person_id)
    return {"items": [_asked(one) for one in answers], "next": None}


@facts.delete("/facts", access=resident("matched"))
@facts.response(204)
def forget() -> None:
    """Delete what was fetched from the registers; a disputed fact stays until its case is decided."""
    forgetting.forget(g.actor.person_id)


def _asked(one: fetch.Answer) -> dict[str, Any]:
    told = {"code": one.source, "zh": SOURCES[one.source].zh}
    return {**told, "result": one.result, "result_zh": fetch.RESULT_ZH[one.result]}

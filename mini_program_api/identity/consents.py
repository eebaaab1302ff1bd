"""What the resident agreed to: look, agree, say no, withdraw."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from mini_program_api.identity import consent_schemas as schemas
from models.identity import consent

consents = Surface("consents", __name__, url_prefix="/mini/v1", description="授权同意")


@consents.get("/consents", access=resident())
@consents.answer(200, schemas.ConsentList)
def list_consents() -> dict[str, Any]:
    """Every purpose, its text, and whether it is agreed to."""
    return {"items": consent.overview(g.actor), "next": None}


@consents.get("/consents/records", access=resident())
@consents.arguments(schemas.ConsentPageQuery, location="query")
@consents.answer(200, schemas.ConsentRecordList)
def list_records(query: dict[str, Any]) -> dict[str, Any]:
    """What was agreed to, when, under which text, and when it ended."""
    items, following = consent.history(g.actor, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@consents.post("/consents", access=resident())
@consents.arguments(schemas.ConsentBody)
@consents.response(204)
def give_consent(body: dict[str, Any]) -> None:
    """Agree to one purpose; several at once only where none is sensitive."""
    consent.give(g.actor, body["purposes"], body["text_version"])


@consents.post("/consents/<purpose>/refusal", access=resident())
@consents.response(204)
def refuse_consent(purpose: str) -> None:
    """Say no; the app does not ask again for two days."""
    consent.refuse(g.actor, purpose)


@consents.delete("/consents/<purpose>", access=resident())
@consents.response(204)
def withdraw_consent(purpose: str) -> None:
    """Withdraw a consent, and with it what was collected under it."""
    consent.withdraw(g.actor, purpose)

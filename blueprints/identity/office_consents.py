"""Consents on paper: what somebody without a phone, or a guardian for a child, signs and withdraws at a counter."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import counter_schemas as schemas
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.identity import paper_consent, person
from models.identity.counter import Serving
from models.identity.paper_consent import PURPOSE

consents = Surface("office consents", __name__, url_prefix="/office/v1/persons", description="窗口:书面授权同意")
SERVE = staff("person.serve", PURPOSE)


@consents.get("/<person_id>/consents", access=SERVE, parameters=[SESSION_PARAMETER])
@consents.answer(200, schemas.PaperConsentList)
def list_consents(person_id: str) -> dict[str, Any]:
    """What who stands here may agree to on paper, with the texts, and what holds."""
    return {"items": paper_consent.overview(g.actor, _here(person_id)), "next": None}


@consents.post("/<person_id>/consents", access=SERVE, parameters=[SESSION_PARAMETER])
@consents.arguments(schemas.PaperConsentBody)
@consents.response(204)
def give_consent(body: dict[str, str], person_id: str) -> None:
    """Record one consent that was signed here, under the newest text."""
    paper_consent.give(g.actor, _here(person_id), body["purpose"], body["text_version"])


@consents.delete("/<person_id>/consents/<purpose>", access=SERVE, parameters=[SESSION_PARAMETER])
@consents.response(204)
def withdraw_consent(person_id: str, purpose: str) -> None:
    """Withdraw a consent for who stands here, and with it what was collected under it."""
    paper_consent.withdraw(g.actor, _here(person_id), purpose)


def _here(person_id: str) -> Serving:
    """Return who stands at the clerk's counter for a person that there is."""
    return standing_here(person.read(object_ids.read(person_id)).id)

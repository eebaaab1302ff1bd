"""What one is entitled to."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.surface import Surface
from mini_program_api.identity.session import ACTING_PARAMETER
from mini_program_api.onecard import entitlement_schemas
from models.onecard import entitlement_views

entitlements = Surface("entitlements", __name__, url_prefix="/mini/v1", description="我的优待资格")


@entitlements.get("/card/entitlements", access=resident("matched", scope="card"), parameters=[ACTING_PARAMETER])
@entitlements.answer(200, entitlement_schemas.EntitlementList)
def list_entitlements() -> dict[str, Any]:
    """Every concession with one's state, the reason, the rule in words, and source and date of each fact.

    Registers are asked where one consents and their answer is not fresh; the screen waits 2.5 seconds at most.
    """
    return entitlement_views.of_resident(g.actor)

"""Family cards: relatives who carry one's codes, and whose codes one carries."""

from typing import Any

from flask import g, request

from backend import identity_documents
from backend.http.access import resident
from backend.http.idempotency import HEADER, PARAMETER, idempotent, key_and_body
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.identity.session import ACTING_PARAMETER
from mini_program_api.onecard import card_schemas as schemas
from mini_program_api.onecard import seed_package
from mini_program_api.onecard.code_schemas import SeedPackageView
from models.onecard import family_views, give_family

family = Surface("family cards", __name__, url_prefix="/mini/v1", description="一卡通:亲情卡")
FOR_ANOTHER = resident("matched", scope="card")
OFFER_LIMIT = "20/day"
SEEDS_LIMIT = "60/day"


@family.get("/family-cards", access=FOR_ANOTHER, parameters=[ACTING_PARAMETER])
@family.answer(200, schemas.FamilyCardList)
def list_family_cards() -> dict[str, Any]:
    """What one's phone carries or is offered, and who carries one's own codes."""
    return family_views.of_resident(g.actor)


@family.post("/family-cards", access=resident("verified"), parameters=[PARAMETER])
@idempotent
@family.arguments(schemas.FamilyOfferBody)
@family.answer(201, schemas.FamilyCardView)
def offer(body: dict[str, Any]) -> dict[str, Any]:
    """Ask a relative to carry one's codes; it takes effect when they accept on their own phone."""
    strictly(OFFER_LIMIT, "family-card", str(g.actor.account_id))
    document = identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")
    made = give_family.offer(g.actor, document, body["name"], kinds=body["kinds"], last_day=body["last_day"])
    return family_views.one(made, g.actor)


@family.post(
    "/family-cards/carried", access=resident("verified", scope="card"), parameters=[PARAMETER, ACTING_PARAMETER]
)
@idempotent
@family.arguments(schemas.FamilyCarryBody)
@family.answer(201, schemas.FamilyCardView)
def carry(body: dict[str, Any]) -> dict[str, Any]:
    """Carry the codes of one's child, or of an elder whom one helps by a relation that a counter has seen."""
    made = give_family.carry(g.actor, kinds=body["kinds"], last_day=body["last_day"])
    return family_views.one(made, g.actor)


@family.post("/family-cards/<family_card_id>/acceptance", access=resident("matched"))
@family.answer(200, schemas.FamilyCardView)
def accept(family_card_id: str) -> dict[str, Any]:
    """Take an offered family card onto one's phone; repeating it changes nothing."""
    return family_views.one(give_family.accept(g.actor, object_ids.read(family_card_id)), g.actor)


@family.delete("/family-cards/<family_card_id>", access=FOR_ANOTHER, parameters=[ACTING_PARAMETER])
@family.response(204)
def withdraw(family_card_id: str) -> None:
    """End a family card from either side, at once; its codes end with it."""
    give_family.withdraw(g.actor, object_ids.read(family_card_id))


@family.post("/family-cards/<family_card_id>/seeds", access=resident("matched"), parameters=[PARAMETER])
@family.answer(201, SeedPackageView)
def draw_seeds(family_card_id: str) -> dict[str, Any]:
    """Draw the seeds of a family card that one carries; the same key gives the same seeds, which are kept nowhere."""
    key_and_body()
    strictly(SEEDS_LIMIT, "family-seeds", str(g.actor.account_id))
    return seed_package.shown(give_family.draw_codes(g.actor, object_ids.read(family_card_id), request.headers[HEADER]))

"""Cards for staff: at the counter, at the hotline, and for the managers of the cards."""

from typing import Any

from bson import ObjectId
from flask import g, request

from backend import identity_documents
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from backend.identity_documents import IdentityDocument
from backend.store import object_ids
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from blueprints.onecard import card_schemas as schemas
from models.identity.counter import HEADER, Serving
from models.onecard import card, card_views, family_views, give_family, issue_card, stop_card
from models.onecard.card_views import PURPOSE

cards = Surface("office cards", __name__, url_prefix="/office/v1", description="一卡通:社会保障卡业务")
FIND_LIMIT = "60/hour"
LOSS_LIMIT = "60/hour"
AT_COUNTER = [SESSION_PARAMETER]
MAY_BE_AT_COUNTER = [{**SESSION_PARAMETER, "required": False}]


@cards.post("/cards/find", access=staff("card.find", PURPOSE))
@cards.arguments(schemas.CardFindBody)
@cards.answer(200, schemas.OfficeCardView)
def find(body: dict[str, str]) -> dict[str, Any]:
    """The card of the person with this document and name; a wrong name is answered as nobody."""
    strictly(FIND_LIMIT, "card-find", g.actor.key)
    return card_views.found_by(g.actor, _document(body), body["name"])


@cards.get("/cards/<card_id>", access=staff("card.read", PURPOSE))
@cards.answer(200, schemas.OfficeCardWhole)
def read(card_id: str) -> dict[str, Any]:
    """One card with its history."""
    return card_views.by_id(g.actor, card.read(object_ids.read(card_id)))


@cards.post("/cards", access=staff("card.issue", PURPOSE), parameters=[PARAMETER, *AT_COUNTER])
@idempotent
@cards.arguments(schemas.CardIssueBody)
@cards.answer(201, schemas.OfficeCardView)
def issue(body: dict[str, str]) -> dict[str, Any]:
    """Apply for a card for who stands here, or for whom they act in card matters."""
    serving = standing_here(object_ids.read(body["person_id"]), scope="card")
    return card_views.for_staff(g.actor, issue_card.issue(g.actor, serving))


@cards.post("/cards/<card_id>/activation", access=staff("card.issue", PURPOSE), parameters=AT_COUNTER)
@cards.answer(200, schemas.OfficeCardView)
def activate(card_id: str) -> dict[str, Any]:
    """Hand the physical card over to who stands here, and activate it; repeating it changes nothing."""
    wanted = object_ids.read(card_id)
    return card_views.for_staff(g.actor, issue_card.hand_over(g.actor, wanted, _at_counter(wanted)))


@cards.post("/cards/<card_id>/loss", access=staff("card.lose", PURPOSE))
@cards.arguments(schemas.CardFindBody)
@cards.answer(200, schemas.OfficeCardView)
def report_loss(body: dict[str, str], card_id: str) -> dict[str, Any]:
    """Report a card lost for who calls; name and number must be the holder's. The holder is told."""
    strictly(LOSS_LIMIT, "card-loss", g.actor.key)
    lost = stop_card.lose_by_clerk(g.actor, object_ids.read(card_id), _document(body), body["name"])
    return card_views.for_staff(g.actor, lost)


@cards.post("/cards/<card_id>/freeze", access=staff("card.freeze", PURPOSE))
@cards.arguments(schemas.CardFreezeBody)
@cards.answer(200, schemas.OfficeCardView)
def freeze(body: dict[str, str], card_id: str) -> dict[str, Any]:
    """Freeze a card; its holder alone does not lift that."""
    return card_views.for_staff(g.actor, stop_card.freeze_by_staff(g.actor, object_ids.read(card_id), body["reason"]))


@cards.post("/cards/<card_id>/unfreeze", access=staff("card.unfreeze", PURPOSE), parameters=MAY_BE_AT_COUNTER)
@cards.answer(200, schemas.OfficeCardView)
def unfreeze(card_id: str) -> dict[str, Any]:
    """Give a card back to its holder who stands here; what an office froze, the managers lift."""
    wanted = object_ids.read(card_id)
    serving = _at_counter(wanted) if HEADER in request.headers else None
    return card_views.for_staff(g.actor, stop_card.unfreeze_by_staff(g.actor, wanted, serving))


@cards.post("/cards/<card_id>/replacement", access=staff("card.replace", PURPOSE), parameters=[PARAMETER, *AT_COUNTER])
@idempotent
@cards.answer(201, schemas.OfficeCardView)
def replace(card_id: str) -> dict[str, Any]:
    """Put a card with another number in the place of this one, for its holder who stands here."""
    wanted = object_ids.read(card_id)
    return card_views.for_staff(g.actor, issue_card.replace(g.actor, wanted, _at_counter(wanted)))


@cards.post("/cards/<card_id>/cancellation", access=staff("card.cancel", PURPOSE), parameters=AT_COUNTER)
@cards.answer(200, schemas.OfficeCardView)
def cancel(card_id: str) -> dict[str, Any]:
    """Cancel a card for its holder who stands here; repeating it changes nothing."""
    wanted = object_ids.read(card_id)
    return card_views.for_staff(g.actor, stop_card.cancel(g.actor, wanted, _at_counter(wanted)))


@cards.post("/cards/<card_id>/family", access=staff("card.family", PURPOSE), parameters=[PARAMETER, *AT_COUNTER])
@idempotent
@cards.arguments(schemas.OfficeFamilyBody)
@cards.answer(201, schemas.OfficeFamilyView)
def give_family_card(body: dict[str, Any], card_id: str) -> dict[str, Any]:
    """Let a relative carry the codes of the holder who stands here."""
    wanted = object_ids.read(card_id)
    strictly(FIND_LIMIT, "card-find", g.actor.key)
    carrier = give_family.relative(_document(body), body["name"])
    terms = {"kinds": body["kinds"], "last_day": body["last_day"]}
    made = give_family.give_at_counter(g.actor, wanted, _at_counter(wanted), carrier, **terms)
    return family_views.for_staff(g.actor, made)


@cards.delete("/family-cards/<family_card_id>", access=staff("card.family", PURPOSE), parameters=AT_COUNTER)
@cards.response(204)
def end_family_card(family_card_id: str) -> None:
    """End a family card for one of its sides who stands here."""
    give_family.end_at_counter(g.actor, object_ids.read(family_card_id), standing_here())


def _at_counter(card_id: ObjectId) -> Serving:
    """Return who stands here for a card: its holder, or who acts for them in card matters."""
    return standing_here(card.read(card_id)["person"], scope="card")


def _document(body: dict[str, str]) -> IdentityDocument:
    return identity_documents.parse(body["document_kind"], body["document_number"], field="document_number")

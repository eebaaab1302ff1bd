"""One's own card, or that of whom one acts for: apply, activate, report lost, freeze."""

from typing import Any

from flask import g

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.limits import strictly
from backend.http.surface import Surface
from mini_program_api.identity.session import ACTING_PARAMETER
from mini_program_api.onecard import card_schemas as schemas
from models.onecard import card as cards
from models.onecard import card_death, card_views, issue_card, stop_card

card = Surface("card", __name__, url_prefix="/mini/v1", description="一卡通:社会保障卡")
FOR_ANOTHER = resident("matched", scope="card")
APPLY_LIMIT = "10/day"


@card.get("/card", access=FOR_ANOTHER, parameters=[ACTING_PARAMETER])
@card.answer(200, schemas.CardView)
def read_card() -> dict[str, Any]:
    """The card, physical and electronic together."""
    return card_views.own(g.actor, cards.require(g.actor.subject_id))


@card.post("/card", access=FOR_ANOTHER, parameters=[PARAMETER, ACTING_PARAMETER])
@idempotent
@card.answer(201, schemas.CardView)
def apply() -> dict[str, Any]:
    """Apply for one's card, or as guardian for a child's; one that was issued elsewhere before is taken over."""
    strictly(APPLY_LIMIT, "card-apply", str(g.actor.account_id))
    return card_views.own(g.actor, issue_card.apply(g.actor))


@card.post("/card/activation", access=resident("verified", scope="card"), parameters=[ACTING_PARAMETER])
@card.answer(200, schemas.CardView)
def activate() -> dict[str, Any]:
    """Activate the card and have the e-card signed on; repeating it changes nothing."""
    return card_views.own(g.actor, issue_card.activate(g.actor))


@card.post("/card/loss", access=FOR_ANOTHER, parameters=[ACTING_PARAMETER])
@card.answer(200, schemas.CardView)
def report_loss() -> dict[str, Any]:
    """Report the card lost by one tap: every code ends at once, the balance stays. A counter gives it back."""
    return card_views.own(g.actor, stop_card.lose(g.actor))


@card.post("/card/freeze", access=FOR_ANOTHER, parameters=[ACTING_PARAMETER])
@card.answer(200, schemas.CardView)
def freeze() -> dict[str, Any]:
    """Freeze the card: every code ends at once. Who froze their own lifts that themselves."""
    return card_views.own(g.actor, stop_card.freeze(g.actor))


@card.post("/card/unfreeze", access=resident("verified"))
@card.answer(200, schemas.CardView)
def unfreeze() -> dict[str, Any]:
    """Lift what one froze oneself; codes are drawn anew."""
    return card_views.own(g.actor, stop_card.unfreeze(g.actor))


@card.post("/card/death-objection", access=resident("matched"))
@card.answer(200, schemas.DeathObjectionView)
def object_to_death() -> dict[str, Any]:
    """“I am alive”: say so against a death that is being looked into."""
    told = card_views.death_line(card_death.object_to(g.actor))
    return {name: told[name] for name in ("state", "state_zh", "objected")}

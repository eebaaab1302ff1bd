"""Offers to one's children: read, accept, decline, the admission notice, the wish to move to another school."""

from typing import Any

from flask import Response, g

from backend.http.access import resident
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.affairs.schemas import OwnCaseBrief
from mini_program_api.school import schemas_offers as schemas
from models.affairs import case_views
from models.school import notice_paper, offer_answer, offer_views, transfer
from models.school.offer_forms import SchoolOfferView

offers = Surface("school offers", __name__, url_prefix="/mini/v1/school", description="入学录取")
OWN = resident("matched")


@offers.get("/applications/<application_id>/offers", access=OWN)
@offers.answer(200, schemas.SchoolOfferList)
def list_offers(application_id: str) -> dict[str, Any]:
    """The offers of one's application, newest first."""
    return {"items": offer_views.own(g.actor, object_ids.read(application_id)), "next": None}


@offers.get("/offers/<offer_id>", access=OWN)
@offers.answer(200, SchoolOfferView)
def read_offer(offer_id: str) -> dict[str, Any]:
    """One offer with the day until which it waits."""
    return offer_views.one_own(offer_answer.own(g.actor, object_ids.read(offer_id)))


@offers.post("/offers/<offer_id>/accept", access=OWN)
@offers.answer(200, SchoolOfferView)
def accept(offer_id: str) -> dict[str, Any]:
    """Accept an offer; a lower one that one has is released."""
    return offer_views.one_own(offer_answer.accept(g.actor, object_ids.read(offer_id)))


@offers.post("/offers/<offer_id>/decline", access=OWN)
@offers.arguments(schemas.SchoolDeclineBody)
@offers.answer(200, SchoolOfferView)
def decline(body: dict[str, bool], offer_id: str) -> dict[str, Any]:
    """Give up an offer, answered or not; its place goes to who waits."""
    return offer_views.one_own(offer_answer.decline(g.actor, object_ids.read(offer_id), confirmed=body["confirmed"]))


@offers.get("/offers/<offer_id>/notice.pdf", access=OWN)
@offers.response(200, content_type="application/pdf")
def download_notice(offer_id: str) -> Response:
    """The admission notice of one's child as a paper, once the offer was accepted."""
    number, paper = notice_paper.own(g.actor, object_ids.read(offer_id))
    return attachment(paper, name=f"{number}.pdf", media_type="application/pdf")


@offers.post("/offers/<offer_id>/transfers", access=OWN, parameters=[PARAMETER])
@idempotent
@offers.arguments(schemas.SchoolTransferBody)
@offers.answer(201, OwnCaseBrief)
def ask_for_transfer(body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Ask that one's child moves from an accepted place to another school."""
    files = tuple(body["attachments"])
    return case_views.brief(transfer.ask(g.actor, object_ids.read(offer_id), body["school"], body["text"], files))

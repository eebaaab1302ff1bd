"""The offers of a school: who has a place, who came on the day, the line behind it, transfers, the list."""

from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from blueprints.school import offer_schemas as schemas
from models.school import (
    notice_paper,
    offer_answer,
    offer_export,
    offer_views,
    seats,
    transfer,
    waiting_office,
)
from models.school.notice_paper import PURPOSE

offers = Surface("office school offers", __name__, url_prefix="/office/v1/school", description="入学录取与报到")
READ = staff("school.offer", PURPOSE)


@offers.get("/rounds/<round_code>/schools/<school_code>/offers", access=READ)
@offers.arguments(schemas.SchoolOfferQuery, location="query")
@offers.answer(200, schemas.OfficeOfferList)
def list_school_offers(query: dict[str, Any], round_code: str, school_code: str) -> dict[str, Any]:
    """The offers of one school, with names masked until the place was accepted."""
    items, following = offer_views.of_school(
        g.actor, round_code, school_code, state=query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@offers.get("/offers/<offer_id>", access=READ)
@offers.answer(200, schemas.OfficeOfferView)
def read_school_offer(offer_id: str) -> dict[str, Any]:
    """One offer of one's school."""
    found = offer_answer.reach(g.actor, "school.offer", object_ids.read(offer_id))
    return offer_views.one_of_school(g.actor, found)


@offers.post("/offers/<offer_id>/enrol", access=READ)
@offers.answer(200, schemas.OfficeOfferView)
def enrol(offer_id: str) -> dict[str, Any]:
    """Note that a child with an accepted place came to school."""
    return offer_views.one_of_school(g.actor, offer_answer.enrol(g.actor, object_ids.read(offer_id)))


@offers.get("/offers/<offer_id>/notice.pdf", access=READ)
@offers.response(200, content_type="application/pdf")
def print_notice(offer_id: str) -> Response:
    """The admission notice for a family that has no phone."""
    number, paper = notice_paper.for_school(g.actor, object_ids.read(offer_id))
    return attachment(paper, name=f"{number}.pdf", media_type="application/pdf")


@offers.get("/rounds/<round_code>/schools/<school_code>/waiting", access=staff("school.offer"))
@offers.answer(200, schemas.SchoolLineView)
def read_line(round_code: str, school_code: str) -> dict[str, Any]:
    """The line of one school as it is now: the first hundred, without names."""
    return waiting_office.line(g.actor, round_code, school_code)


@offers.post("/rounds/<round_code>/schools/<school_code>/seats", access=staff("school.plan"), parameters=[PARAMETER])
@idempotent
@offers.arguments(schemas.SchoolMoreSeatsBody)
@offers.answer(200, schemas.SchoolSeatsView)
def add_seats(body: dict[str, int], round_code: str, school_code: str) -> dict[str, Any]:
    """Give a school more places after the publication; who waits moves up."""
    found = seats.increase(g.actor, round_code, school_code, body["more"])
    names = ("round", "school", "places", "taken")
    return {**{name: found[name] for name in names}, "over": found.get("over", 0)}


@offers.get("/rounds/<round_code>/schools/<school_code>/transfers", access=staff("school.offer"))
@offers.arguments(schemas.SchoolPageQuery, location="query")
@offers.answer(200, schemas.SchoolTransferList)
def list_transfers(query: dict[str, Any], round_code: str, school_code: str) -> dict[str, Any]:
    """The transfers away from one school, newest first."""
    found, following = transfer.leaving(
        g.actor, round_code, school_code, cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": [offer_views.transfer_shown(one) for one in found], "next": following}


@offers.post("/transfers/<transfer_id>/consent", access=staff("school.offer"))
@offers.arguments(schemas.SchoolTransferConsentBody)
@offers.answer(200, schemas.SchoolTransferView)
def consent_to_transfer(body: dict[str, bool], transfer_id: str) -> dict[str, Any]:
    """Say for the sending school whether it lets a child go."""
    found = transfer.consent(g.actor, object_ids.read(transfer_id), agrees=body["agrees"])
    return offer_views.transfer_shown(found)


@offers.post("/rounds/<round_code>/offers/exports", access=READ, parameters=[PARAMETER])
@idempotent
@offers.arguments(schemas.SchoolExportBody)
@offers.answer(202, schemas.SchoolExportView)
def propose_export(body: dict[str, str], round_code: str) -> dict[str, Any]:
    """Propose to export offers with names; a second person decides at /office/v1/approvals."""
    made = offer_export.propose(g.actor, round_code, body["school"], reason=body["reason"])
    return {"approval_id": str(made["_id"]), "rows": made["details"]["rows"]}


@offers.get("/offers/exports/<approval_id>/content.xlsx", access=READ)
@offers.response(200, content_type=writing.MEDIA_TYPE)
def fetch_export(approval_id: str) -> Response:
    """One's own export, for a day after it was approved."""
    rows = offer_export.approved_rows(g.actor, object_ids.read(approval_id))
    data = writing.table(offer_export.HEADERS, rows, title="录取名单")
    return attachment(data, name="录取名单.xlsx", media_type=writing.MEDIA_TYPE)

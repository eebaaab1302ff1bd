"""Results, deliveries, ratings and materials of one's cases, asked for over HTTP: the same for residents and firms."""

from typing import Any

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from backend.store import object_ids
from models.affairs import material_views, rating_views, result_views, return_visit
from models.affairs import matter_forms as schemas
from models.affairs.rating import Told

ROUTES = RouteSet()


@ROUTES.get("/cases/<case_id>/result", answers=schemas.CaseResultView)
def read_result(caller: Caller, case_id: str) -> dict[str, Any]:
    """The result of one's case on paper: where anybody checks it, and how it comes."""
    return result_views.own(caller.actor, object_ids.read(case_id))


@ROUTES.get("/cases/<case_id>/result.pdf", file="application/pdf")
def download_result(caller: Caller, case_id: str) -> Any:
    """The result of one's case as PDF."""
    found = result_views.own_pdf(caller.actor, object_ids.read(case_id))
    return attachment(found.data, name=found.name, media_type=found.media_type)


@ROUTES.put("/cases/<case_id>/result/delivery", takes=schemas.ResultDeliveryBody, answers=schemas.ResultDeliveryView)
def choose_delivery(caller: Caller, body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Choose how the result comes: electronically, at the counter or by post."""
    return result_views.choose(caller.actor, object_ids.read(case_id), body["way"], body["address"])


@ROUTES.post("/cases/<case_id>/result/delivery/code", answers=schemas.ResultDeliveryView)
def renew_pick_up_code(caller: Caller, case_id: str) -> dict[str, Any]:
    """Get another pick-up code for the result at the counter; the one before ends."""
    return result_views.renew_code(caller.actor, object_ids.read(case_id))


@ROUTES.post("/cases/<case_id>/result/delivery/received", answers=schemas.ResultDeliveryView)
def confirm_delivery(caller: Caller, case_id: str) -> dict[str, Any]:
    """Say that the post has brought the result."""
    return result_views.confirm(caller.actor, object_ids.read(case_id))


@ROUTES.get("/cases/<case_id>/rating", answers=schemas.CaseRatingView)
def read_rating(caller: Caller, case_id: str) -> dict[str, Any]:
    """One's rating of a case, and how far its return visit has come."""
    return rating_views.own(caller.actor, object_ids.read(case_id))


@ROUTES.post(
    "/cases/<case_id>/rating", takes=schemas.CaseRatingBody, answers=schemas.CaseRatingView, status=201, once=True
)
def rate(caller: Caller, body: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Rate one's decided case, once; who rates 1 or 2 is called back."""
    told = Told(body["stars"], tuple(body["tags"]), body["text"])
    return rating_views.shown(return_visit.rate(caller.actor, object_ids.read(case_id), told))


@ROUTES.get("/cases/<case_id>/materials", answers=schemas.CaseMaterialList)
def read_materials(caller: Caller, case_id: str) -> dict[str, Any]:
    """What one's case was opened with: from registers, from earlier cases, uploaded."""
    return material_views.own(caller.actor, object_ids.read(case_id))


@ROUTES.get("/service-items/<item_code>/materials", answers=schemas.CaseMaterialList)
def list_materials(caller: Caller, item_code: str) -> dict[str, Any]:
    """The materials of an item: which need not be brought, with source and day, and which are to be uploaded."""
    return material_views.listed(caller.actor, item_code)

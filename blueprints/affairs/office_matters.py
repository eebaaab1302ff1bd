"""Results on paper, their delivery, return visits and the figures of ratings, for the staff."""

from datetime import date
from typing import Any

from flask import Response, g

from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.affairs import matter_schemas as schemas
from models.affairs import delivery_handle, material_views, rating_figure, rating_views, result_views
from models.affairs.matter_forms import CaseMaterialList, ReturnVisitView

PURPOSE = "case_handling"
READ, DELIVER = staff("case.read", PURPOSE), staff("delivery.handle")

matters = Surface("office matters", __name__, url_prefix="/office/v1", description="结果文书、送达、差评回访")


@matters.get("/cases/<case_id>/result.pdf", access=READ)
@matters.response(200, content_type="application/pdf")
def download_result(case_id: str) -> Response:
    """The result of a case as PDF, to be printed."""
    found = result_views.staff_pdf(g.actor, object_ids.read(case_id), purpose=PURPOSE)
    return attachment(found.data, name=found.name, media_type=found.media_type)


@matters.get("/cases/<case_id>/materials", access=READ)
@matters.answer(200, CaseMaterialList)
def read_materials(case_id: str) -> dict[str, Any]:
    """What a case was opened with, and whether it still holds."""
    return material_views.for_staff(g.actor, object_ids.read(case_id), purpose=PURPOSE)


@matters.get("/cases/<case_id>/materials/files/<file_id>", access=READ)
@matters.response(200, content_type="application/octet-stream")
def download_material(case_id: str, file_id: str) -> Response:
    """A file that a case uses, also one of an earlier case."""
    found = material_views.file_for_staff(g.actor, object_ids.read(case_id), object_ids.read(file_id), purpose=PURPOSE)
    return attachment(found.data, name=found.name, media_type=found.media_type)


@matters.get("/result-deliveries", access=DELIVER)
@matters.arguments(schemas.ResultDeliveryQuery, location="query")
@matters.answer(200, schemas.ResultDeliveryList)
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """The results to be printed, handed over or sent, longest waiting first."""
    items, following = result_views.waiting(g.actor, query["state"], cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@matters.get("/result-deliveries/<paper_id>", access=staff("delivery.handle", PURPOSE))
@matters.answer(200, schemas.OfficeDelivery)
def read_delivery(paper_id: str) -> dict[str, Any]:
    """A delivery with its address."""
    return result_views.for_staff(g.actor, object_ids.read(paper_id), purpose=PURPOSE)


@matters.post("/result-deliveries/<paper_id>/ready", access=DELIVER)
@matters.answer(200, schemas.ResultDeliveryBrief)
def make_ready(paper_id: str) -> dict[str, Any]:
    """Say that the result lies at the counter; its applicant gets a code."""
    return result_views.brief(delivery_handle.make_ready(g.actor, object_ids.read(paper_id)))


@matters.post("/result-deliveries/<paper_id>/hand-over", access=DELIVER)
@matters.arguments(schemas.PickUpBody)
@matters.answer(200, schemas.ResultDeliveryBrief)
def hand_over(body: dict[str, str], paper_id: str) -> dict[str, Any]:
    """Hand the result to whoever shows its code."""
    return result_views.brief(delivery_handle.hand_over(g.actor, object_ids.read(paper_id), body["code"]))


@matters.post("/result-deliveries/<paper_id>/send", access=DELIVER)
@matters.arguments(schemas.PostBody)
@matters.answer(200, schemas.ResultDeliveryBrief)
def send(body: dict[str, str], paper_id: str) -> dict[str, Any]:
    """Say that a carrier has the result, and its tracking number."""
    moved = delivery_handle.send(g.actor, object_ids.read(paper_id), body["carrier"], body["tracking"])
    return result_views.brief(moved)


@matters.post("/result-deliveries/<paper_id>/settle", access=DELIVER)
@matters.arguments(schemas.PostSettledBody)
@matters.answer(200, schemas.ResultDeliveryBrief)
def settle(body: dict[str, str], paper_id: str) -> dict[str, Any]:
    """Say that the post has delivered the result, or brought it back."""
    return result_views.brief(delivery_handle.settle(g.actor, object_ids.read(paper_id), body["state"]))


@matters.get("/return-visits/<case_id>", access=READ)
@matters.answer(200, ReturnVisitView)
def read_visit(case_id: str) -> dict[str, Any]:
    """What a return visit is about, and how to reach who rated."""
    return rating_views.for_visit(g.actor, object_ids.read(case_id), purpose=PURPOSE)


@matters.get("/rating-figures", access=staff("rating.read"))
@matters.arguments(schemas.RatingFigureQuery, location="query")
@matters.answer(200, schemas.RatingFigureList)
def read_figures(query: dict[str, str]) -> dict[str, Any]:
    """The ratings of one's units in a month."""
    return {"items": rating_figure.of_month(g.actor, date.fromisoformat(f"{query['month']}-01")), "next": None}

"""The review in the hands of the staff: how far it is, one application, the one point that a reviewer checks."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from models.school import property_lock_views, reopen, review_forms, review_views

PURPOSE = "school_enrolment"
reviews = Surface("office school reviews", __name__, url_prefix="/office/v1/school", description="入学申请审核")


@reviews.get("/rounds/<round_id>/reviews", access=staff("school.review"))
@reviews.answer(200, review_forms.ReviewBoardView)
def read_board(round_id: str) -> dict[str, Any]:
    """How far the review of a round is, by point and unit."""
    return review_views.board(g.actor, round_id)


@reviews.get("/rounds/<round_id>/undecided", access=staff("school.review"))
@reviews.arguments(review_forms.ReviewPageQuery, location="query")
@reviews.answer(200, review_forms.UndecidedReviewList)
def list_undecided(query: dict[str, Any], round_id: str) -> dict[str, Any]:
    """The applications of a round that nobody decided yet, with the points that are open."""
    items, following = review_views.undecided(g.actor, round_id, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@reviews.get("/applications/<application_id>/locks", access=staff("school.review", PURPOSE))
@reviews.answer(200, review_forms.LockList)
def list_locks(application_id: str) -> dict[str, Any]:
    """Who uses the property that an application rests on, in all cycles."""
    items = property_lock_views.of_application(g.actor, object_ids.read(application_id), purpose=PURPOSE)
    return {"items": items, "next": None}


@reviews.get("/applications/<application_id>/review", access=staff("school.review", PURPOSE))
@reviews.answer(200, review_forms.ReviewView)
def read_review(application_id: str) -> dict[str, Any]:
    """The points, signals and the decision of an application."""
    return review_views.one(g.actor, object_ids.read(application_id))


@reviews.post("/applications/<application_id>/reopen", access=staff("school.review", PURPOSE), parameters=[PARAMETER])
@idempotent
@reviews.arguments(review_forms.ReopenBody)
@reviews.answer(200, review_forms.ReviewView)
def reopen_points(body: dict[str, Any], application_id: str) -> dict[str, Any]:
    """Have points of a decided application checked again, before the list is frozen."""
    found = reopen.reopen(g.actor, object_ids.read(application_id), body["points"], body["reason"])
    return review_views.one(g.actor, found["_id"])


@reviews.get("/points/<case_id>", access=staff("case.read", "case_handling"))
@reviews.answer(200, review_forms.CasePointView)
def read_point(case_id: str) -> dict[str, Any]:
    """The point that a case checks: question, papers, words, and which facts may be told in its decision."""
    return review_views.of_case(g.actor, object_ids.read(case_id))

"""Shapes of reviews on the wire."""

import marshmallow as ma
from marshmallow import validate

from models.school import fact_forms, points

_ID = {"example": "0123456789abcdef01234567"}


class ReviewCountView(ma.Schema):
    """How many applications stand somewhere."""

    state = ma.fields.String(metadata={"example": "submitted"})
    state_zh = ma.fields.String(metadata={"example": "已提交,审核中"})
    count = ma.fields.Integer(metadata={"example": 42})


class ReviewPointCountView(ReviewCountView):
    """How many points of one kind stand somewhere, and at which unit."""

    point = ma.fields.String(metadata={"example": "property"})
    point_zh = ma.fields.String(metadata={"example": "不动产"})
    unit = ma.fields.String(metadata={"example": "natural_resources"})


class ReviewBoardView(ma.Schema):
    """How far the review of a round is."""

    round = ma.fields.String(metadata={"example": "2027-primary"})
    review_until = ma.fields.String(metadata={"example": "2027-07-25 18:00"})
    late = ma.fields.Boolean(metadata={"example": False})
    states = ma.fields.List(ma.fields.Nested(ReviewCountView))
    points = ma.fields.List(ma.fields.Nested(ReviewPointCountView))


class SignalView(ma.Schema):
    """What a reviewer should look at; never a verdict."""

    code = ma.fields.String(metadata={"example": "permit_issued_late"})
    zh = ma.fields.String(metadata={"example": "居住证签发日期距报名开始较近,请核对实际居住时间。"})
    weight = ma.fields.Integer(metadata={"example": 1})
    point = ma.fields.String(metadata={"example": "residence"})


class ReviewPointView(ma.Schema):
    """A point, why it is checked, and where it stands."""

    point = ma.fields.String(metadata={"example": "property"})
    point_zh = ma.fields.String(metadata={"example": "不动产"})
    unit = ma.fields.String(metadata={"example": "natural_resources"})
    state = ma.fields.String(metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "待核验"})
    why_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["家长自行填报,需核对材料"]})
    case_id = ma.fields.String(metadata=_ID)


class ReviewDecisionView(ma.Schema):
    """How an application was decided, by which rule."""

    outcome = ma.fields.String(metadata={"example": "qualified"})
    rule = ma.fields.String(metadata={"example": "school_primary_tier"})
    rule_number = ma.fields.String(metadata={"example": "第3条"})
    version = ma.fields.Integer(metadata={"example": 1})
    text_zh = ma.fields.String(metadata={"example": "符合第3条,列入第 1 梯次。"})


class ReopenedView(ma.Schema):
    """Which points were checked again, and why."""

    points = ma.fields.List(ma.fields.String(), metadata={"example": ["property"]})
    reason = ma.fields.String(metadata={"example": "产权份额核对有误,需重新核验"})
    at = ma.fields.String(metadata={"example": "2027-07-20 10:00"})


class _Head(ma.Schema):
    application_id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata={"example": "2027-primary"})
    receipt = ma.fields.String(metadata={"example": "RX-2027-000417-3"})
    state = ma.fields.String(metadata={"example": "submitted"})
    state_zh = ma.fields.String(metadata={"example": "已提交,审核中"})


class ReviewView(_Head):
    """The review of an application."""

    points = ma.fields.List(ma.fields.Nested(ReviewPointView))
    signals = ma.fields.List(ma.fields.Nested(SignalView))
    sampled = ma.fields.Boolean(metadata={"example": False})
    reopened = ma.fields.List(ma.fields.Nested(ReopenedView))
    facts = ma.fields.List(ma.fields.Nested(fact_forms.SchoolFactBrief))
    decision = ma.fields.Nested(ReviewDecisionView, allow_none=True)


class AskableView(ma.Schema):
    """A fact that a reviewer may tell in `value` of the decision."""

    fact = ma.fields.String(metadata={"example": "property.in_district"})
    zh = ma.fields.String(metadata={"example": "房产在学区内"})


class PaperView(ma.Schema):
    """A paper of the point."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "购房合同.jpg"})


class CasePointView(_Head, ReviewPointView):
    """The one point that a case checks, with what is needed for it and nothing else."""

    guardian = ma.fields.String(metadata={"example": "王*"})
    child = ma.fields.String(metadata={"example": "(未经批准,不显示)"})
    told = ma.fields.List(ma.fields.String())
    files = ma.fields.List(ma.fields.Nested(PaperView))
    facts = ma.fields.List(ma.fields.Nested(fact_forms.SchoolFactBrief))
    signals = ma.fields.List(ma.fields.Nested(SignalView))
    askable = ma.fields.List(ma.fields.Nested(AskableView))


class UndecidedReviewView(_Head):
    """An application that nobody decided yet, with the points that are open."""

    late = ma.fields.Boolean(metadata={"example": True})
    points = ma.fields.List(ma.fields.Nested(ReviewPointView))


class UndecidedReviewList(ma.Schema):
    """A page of them."""

    items = ma.fields.List(ma.fields.Nested(UndecidedReviewView))
    next = ma.fields.String(allow_none=True, metadata={"example": None})


class ReviewPageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=50, validate=validate.Range(1, 100), metadata={"example": 50})


class LockUseView(ma.Schema):
    """An application that rests, or rested, on the property."""

    application_id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata={"example": "2027-primary"})
    school_year = ma.fields.Integer(metadata={"example": 2027})
    until = ma.fields.Integer(metadata={"example": 2033})
    freed = ma.fields.Boolean(metadata={"example": False})


class LockView(ma.Schema):
    """Who uses a property, in one cycle."""

    stage = ma.fields.String(metadata={"example": "primary"})
    kind = ma.fields.String(metadata={"example": "property"})
    kind_zh = ma.fields.String(metadata={"example": "不动产"})
    live = ma.fields.Boolean(metadata={"example": True})
    school_year = ma.fields.Integer(metadata={"example": 2027})
    until = ma.fields.Integer(metadata={"example": 2033})
    holders = ma.fields.List(ma.fields.String(), metadata={"example": ["王*"]})
    uses = ma.fields.List(ma.fields.Nested(LockUseView))


class LockList(ma.Schema):
    """The locks of the property of one application, of all families and cycles, the latest first."""

    items = ma.fields.List(ma.fields.Nested(LockView))
    next = ma.fields.String(allow_none=True, metadata={"example": None})


class ReopenBody(ma.Schema):
    """Which points are checked again, and why."""

    points = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(points.POINT_ZH))),
        required=True,
        validate=validate.Length(1, len(points.POINT_ZH)),
        metadata={"example": ["property"]},
    )
    reason = ma.fields.String(
        required=True, validate=validate.Length(2, 500), metadata={"example": "产权份额核对有误,需重新核验"}
    )

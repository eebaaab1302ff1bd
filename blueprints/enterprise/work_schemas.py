"""Shapes of work lists, figures and exports of policies."""

import marshmallow as ma
from marshmallow import validate

from blueprints.enterprise.policy_schemas import PolicyLack, PolicyQuery
from blueprints.enterprise.run_schemas import PolicyOffer
from models.enterprise import export, figure, judge, offer, work_views

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_POLICY = {"example": "patent_invention"}
_CODE = {"example": "91360731MA35FAKE0P"}
_NAME = {"example": "于都县演示服装有限公司"}
_COUNT = {"example": 12}
_FEN = {"example": 200000}
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z"
_OF = r"^[a-z0-9_-]{1,64}\Z"


class PolicyWorkQuery(PolicyQuery):
    """A page of the policies that wait in one state."""

    state = ma.fields.String(
        load_default="approved", validate=validate.OneOf(work_views.TO_DO), metadata={"example": "approved"}
    )


class OverdueOffer(PolicyOffer):
    """An offer that should have been paid by now."""

    pay_by = ma.fields.String(metadata=_TIME)


class OverdueOfferList(ma.Schema):
    """A page of overdue offers, the longest first."""

    items = ma.fields.List(ma.fields.Nested(OverdueOffer))
    next = ma.fields.String(allow_none=True)


class LackingData(ma.Schema):
    """A firm of which a run lacked data."""

    run_id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata=_NAME)
    lacks = ma.fields.List(ma.fields.Nested(PolicyLack))
    at = ma.fields.String(metadata=_TIME)


class LackingDataList(ma.Schema):
    """A page of firms that lack data, of the newest runs first."""

    items = ma.fields.List(ma.fields.Nested(LackingData))
    next = ma.fields.String(allow_none=True)


class PolicyFigureQuery(PolicyQuery):
    """The figures of a month, by policy, by unit or of the county."""

    month = ma.fields.String(required=True, validate=validate.Regexp(_MONTH), metadata={"example": "2026-11"})
    by = ma.fields.String(load_default="policy", validate=validate.OneOf(figure.BY), metadata={"example": "unit"})


class PolicyFigureView(ma.Schema):
    """What one policy, unit or the county gave in a month."""

    code = ma.fields.String(metadata=_POLICY)
    name = ma.fields.String(metadata={"example": "纺织服装企业专利资助"})
    unit = ma.fields.String(metadata={"example": "market_supervision"})
    offered = ma.fields.Integer(metadata=_COUNT)
    confirmed = ma.fields.Integer(metadata=_COUNT)
    confirmed_fen = ma.fields.Integer(metadata=_FEN)
    paid = ma.fields.Integer(metadata=_COUNT)
    paid_fen = ma.fields.Integer(metadata=_FEN)
    paid_unasked = ma.fields.Integer(metadata={"description": "未经申请即拨付的件数", "example": 12})
    paid_late = ma.fields.Integer(metadata={"description": "超过承诺时限才拨付的件数", "example": 0})
    fell_overdue = ma.fields.Integer(metadata={"description": "当月到期未拨付的件数", "example": 1})
    percent_unasked = ma.fields.Float(allow_none=True, metadata={"example": 98.5})
    median_hours = ma.fields.Integer(allow_none=True, metadata={"description": "从确认到拨付的中位用时", "example": 52})
    p90_hours = ma.fields.Integer(allow_none=True, metadata={"description": "90% 在此时间内拨付", "example": 118})
    as_of = ma.fields.String(metadata=_TIME)


class PolicyFigureList(ma.Schema):
    """A page of figures."""

    items = ma.fields.List(ma.fields.Nested(PolicyFigureView))
    next = ma.fields.String(allow_none=True)


class PolicyExportQuery(ma.Schema):
    """Which table: of a run (verdict), of a policy's offers (state), of a month's figures."""

    what = ma.fields.String(required=True, validate=validate.OneOf(tuple(export.WHAT_ZH)), metadata={"example": "run"})
    of = ma.fields.String(required=True, validate=validate.Regexp(_OF), metadata=_ID)
    part = ma.fields.String(
        load_default="",
        validate=validate.OneOf(["", *judge.JUDGED, *offer.STATES]),
        metadata={"example": "eligible"},
    )


class PolicyExportBody(PolicyExportQuery):
    """The same, with the reason for whoever decides."""

    reason = ma.fields.String(required=True, validate=validate.Length(2, 500), metadata={"example": "季度公示"})


class PolicyExportView(ma.Schema):
    """Whether a second person must agree."""

    approval_needed = ma.fields.Boolean(metadata={"example": True})
    approval_id = ma.fields.String(metadata=_ID)
    rows = ma.fields.Integer(metadata={"example": 320})

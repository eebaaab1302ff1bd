"""Shapes of comparisons of two versions of a policy's conditions."""

import marshmallow as ma
from marshmallow import validate

from blueprints.enterprise.policy_schemas import PolicyLack
from models.enterprise import comparison

_ID = {"example": "673ec0a5c0ffee0123456789"}
_DAY = {"example": "2026-11-23"}
_POLICY = {"example": "patent_invention"}
_VERSION = {"example": "enterprise_patent_invention:1"}
_CODE = {"example": "91360731MA35FAKE0P"}
_FEN = {"example": 200000}


class PolicyCompareBody(ma.Schema):
    """Which versions."""

    before = ma.fields.String(required=True, validate=validate.Length(1, 80), metadata=_VERSION)
    after = ma.fields.String(required=True, validate=validate.Length(1, 80), metadata=_VERSION)
    day = ma.fields.Date(allow_none=True, load_default=None, metadata=_DAY)


class PolicyChangeCount(ma.Schema):
    """How many firms change in one way."""

    change = ma.fields.String(validate=validate.OneOf(tuple(comparison.CHANGES)), metadata={"example": "gains"})
    change_zh = ma.fields.String(metadata={"example": "由不符合变为符合"})
    count = ma.fields.Integer(metadata={"example": 12})


class PolicyComparisonBrief(ma.Schema):
    """A comparison of two versions."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    before = ma.fields.String(metadata=_VERSION)
    after = ma.fields.String(metadata=_VERSION)
    day = ma.fields.String(metadata=_DAY)
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "done"})
    counts = ma.fields.List(ma.fields.Nested(PolicyChangeCount))
    more_fen = ma.fields.Integer(metadata={"description": "改用后多支出的金额(可为负)", "example": 200000})
    looked_at = ma.fields.Integer(metadata={"example": 1200})


class PolicyComparisonList(ma.Schema):
    """A page of comparisons."""

    items = ma.fields.List(ma.fields.Nested(PolicyComparisonBrief))
    next = ma.fields.String(allow_none=True)


class PolicyChange(ma.Schema):
    """A firm that changes."""

    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata={"example": "于都县演示服装有限公司"})
    change = ma.fields.String(metadata={"example": "gains"})
    change_zh = ma.fields.String(metadata={"example": "由不符合变为符合"})
    before_fen = ma.fields.Integer(metadata={"example": 0})
    after_fen = ma.fields.Integer(metadata=_FEN)
    lacks = ma.fields.List(ma.fields.Nested(PolicyLack))


class PolicyComparisonView(PolicyComparisonBrief):
    """A comparison with the first firms that change."""

    changed = ma.fields.List(ma.fields.Nested(PolicyChange))

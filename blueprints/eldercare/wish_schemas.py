"""Shapes of what staff write down in the name of an elder without a phone."""

import marshmallow as ma
from marshmallow import validate

from blueprints.eldercare.schemas import ID, TIME
from models.eldercare.hide_forms import HealthHideBody

_NAME = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"
_PAPER = {"description": "签名书面意愿的编号", "example": "YD-2026-0117"}


class HealthSaidBody(ma.Schema):
    """How the elder's word is proven: a signed paper and who was there."""

    paper = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9/_-]{0,39}\Z"), metadata=_PAPER
    )
    witness = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 40), validate.Regexp(_NAME)),
        metadata={"description": "在场见证人姓名", "example": "钟明"},
    )


class HealthWishBody(HealthSaidBody, HealthHideBody):
    """What the elder wants hidden, and how their word is proven."""


class HealthWishView(ma.Schema):
    """A wish that one's unit wrote down; `in_force` as long as it hides something."""

    id = ma.fields.String(metadata=ID)
    word = ma.fields.String(metadata={"example": "condition"})
    word_zh = ma.fields.String(metadata={"example": "健康问题"})
    item_id = ma.fields.String(metadata=ID)
    family = ma.fields.Boolean(metadata={"example": True})
    units = ma.fields.List(ma.fields.String(), metadata={"example": ["tantou_clinic"]})
    units_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["潭头村卫生室"]})
    paper = ma.fields.String(metadata=_PAPER)
    witness = ma.fields.String(metadata={"example": "钟明"})
    unit = ma.fields.String(metadata={"example": "tantou_clinic"})
    unit_zh = ma.fields.String(metadata={"example": "潭头村卫生室"})
    at = ma.fields.String(metadata=TIME)
    in_force = ma.fields.Boolean(metadata={"example": True})
    lifted_at = ma.fields.String(metadata=TIME)
    lifted_paper = ma.fields.String(metadata=_PAPER)


class HealthWishList(ma.Schema):
    """A page of wishes, the latest first."""

    items = ma.fields.List(ma.fields.Nested(HealthWishView))
    next = ma.fields.String(allow_none=True)

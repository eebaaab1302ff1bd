"""Shapes of what staff write down in the name of an elder without a phone."""

import marshmallow as ma
from marshmallow import validate

from blueprints.eldercare.schemas import ID, TIME
from models.eldercare import hide
from models.identity import unit

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


class HealthWishBody(HealthSaidBody):
    """What the elder wants hidden, a whole `word` or one `item_id`, and from whom: the family, units, or both."""

    word = ma.fields.String(
        load_default="", validate=validate.OneOf(("", *hide.WORDS_ZH)), metadata={"example": "condition"}
    )
    item_id = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata={"example": ""})
    family = ma.fields.Boolean(load_default=False, metadata={"example": True})
    units = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(unit.CODE)),
        load_default=list,
        validate=validate.Length(0, 12),
        metadata={"example": []},
    )

    @ma.validates_schema
    def one_of_both(self, data: dict[str, str], **_kwargs: object) -> None:
        """Exactly one of kind and item is named."""
        if bool(data["word"]) == bool(data["item_id"]):
            raise ma.ValidationError("请填写 word 或 item_id 其中一项。", "word")


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

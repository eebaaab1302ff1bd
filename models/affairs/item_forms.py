"""What is sent and seen of service items by who applies, the same for residents and firms."""

import marshmallow as ma
from marshmallow import validate

from models.affairs import form
from models.affairs.matter_forms import material_files, text

_ID = validate.Length(1, 64)
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ANSWERS = {"description": "字段名 → 填写内容,字段见办事指南中的 form", "example": {}}


def _answers() -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 40)),
        required=True,
        validate=validate.Length(0, form.MOST_FIELDS),
        metadata=_ANSWERS,
    )


class OwnItemDraftBody(ma.Schema):
    """A half filled form."""

    answers = _answers()


class OwnItemSubmitBody(OwnItemDraftBody):
    """A filled form, and the version whose form it is."""

    version = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 100_000), metadata={"example": 1}
    )
    attachments = ma.fields.List(
        ma.fields.String(validate=_ID), load_default=[], validate=validate.Length(0, 10), metadata={"example": []}
    )
    materials = material_files()
    text = text("", 2000, load_default="")


class OwnItemDraft(ma.Schema):
    """One's half filled form."""

    code = ma.fields.String(metadata={"example": "old_age_card"})
    version = ma.fields.Integer(metadata={"example": 1})
    answers = ma.fields.Dict(metadata=_ANSWERS)
    saved_at = ma.fields.String(metadata=_TIME)


class OwnItem(ma.Schema):
    """An item in a list."""

    code = ma.fields.String(metadata={"example": "old_age_card"})
    version = ma.fields.Integer(metadata={"example": 1})
    zh = ma.fields.String(metadata={"example": "老年人优待证办理"})
    intro_zh = ma.fields.String()
    applicants = ma.fields.List(ma.fields.String())
    applicants_zh = ma.fields.String(metadata={"example": "个人"})
    law = ma.fields.String(metadata={"example": "老年人权益保障法第五十三条"})
    unit = ma.fields.String(metadata={"example": "civil_affairs"})
    limit_zh = ma.fields.String(metadata={"example": "10个工作日"})
    demo = ma.fields.Boolean()


class OwnItemList(ma.Schema):
    """A page of items."""

    items = ma.fields.List(ma.fields.Nested(OwnItem))
    next = ma.fields.String(allow_none=True)


class OwnItemDelivery(ma.Schema):
    """A way in which the result comes."""

    code = ma.fields.String(metadata={"example": "electronic"})
    zh = ma.fields.String(metadata={"example": "电子送达"})


class OwnItemGuide(OwnItem):
    """The guide of an item: who answers, how long it takes, the form, what is needed."""

    unit_zh = ma.fields.String(metadata={"example": "县民政局"})
    form = ma.fields.Dict(metadata={"description": "表单:JSON Schema 子集(type、title、enum、x-when 等)"})
    materials = ma.fields.List(ma.fields.Dict())
    slot = ma.fields.Dict(allow_none=True)
    delivery = ma.fields.List(ma.fields.Nested(OwnItemDelivery))
    steps_zh = ma.fields.List(ma.fields.String())
    rating = ma.fields.Boolean()

"""Shapes of offers, waiting lists and appeals on the phone."""

import marshmallow as ma
from marshmallow import validate

from models.school import appeal, offer_forms

_CODE = {"example": "chengguan_primary"}
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
_TEXT = validate.And(validate.Length(1, 2000), validate.Regexp(_WORDS))
_SCHOOL = validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z")


def _papers() -> ma.fields.List:
    return ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 64)),
        load_default=[],
        validate=validate.Length(0, 10),
        metadata={"example": []},
    )


class SchoolOfferList(ma.Schema):
    """The offers of an application, newest first: a few."""

    items = ma.fields.List(ma.fields.Nested(offer_forms.SchoolOfferView))
    next = ma.fields.String(allow_none=True)


class SchoolDeclineBody(ma.Schema):
    """That one means it, where a child tied to this one stays in the school."""

    confirmed = ma.fields.Boolean(load_default=False, metadata={"example": False}, truthy={True}, falsy={False})


class SchoolTransferBody(ma.Schema):
    """To which school, and why."""

    school = ma.fields.String(required=True, validate=_SCHOOL, metadata=_CODE)
    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "全家已搬到贡江镇居住"})
    attachments = _papers()


class SchoolWaitingView(ma.Schema):
    """Where an application waits, and by what its position is counted; who came after the draw has no `lot`."""

    school = ma.fields.String(metadata=_CODE)
    school_zh = ma.fields.String(metadata={"example": "于都县城关小学"})
    choice = ma.fields.Integer(metadata={"example": 1})
    position = ma.fields.Integer(metadata={"example": 3})
    total = ma.fields.Integer(metadata={"example": 12})
    priority = ma.fields.Integer(metadata={"example": 101})
    lot = ma.fields.Integer(metadata={"example": 57})
    words_zh = ma.fields.String(metadata={"example": "您在“于都县城关小学”的候补名单中排第 3 位(共 12 人)。"})


class SchoolWaitingList(ma.Schema):
    """The lines in which an application stands, by choice."""

    items = ma.fields.List(ma.fields.Nested(SchoolWaitingView))
    next = ma.fields.String(allow_none=True)


class SchoolWaitsBody(ma.Schema):
    """Whether the application waits for the school."""

    waits = ma.fields.Boolean(required=True, metadata={"example": False}, truthy={True}, falsy={False})


class SchoolAppealOpenBody(ma.Schema):
    """Against what, and why; an appeal against a result names the choice that should have admitted the child."""

    what = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(appeal.WHAT_ZH)), metadata={"example": "refusal"}
    )
    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "居住证满一年,审核时未计入"})
    school = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([a-z][a-z0-9_]{1,63})?\Z"), metadata={"example": ""}
    )
    attachments = _papers()


class SchoolOwnAppealList(ma.Schema):
    """The appeals of an application, newest first."""

    items = ma.fields.List(ma.fields.Nested(offer_forms.SchoolOwnAppealView))
    next = ma.fields.String(allow_none=True)

"""Shapes of what happens after the result, for the bureau and the schools."""

import marshmallow as ma
from marshmallow import validate

from backend import small_numbers
from models.school import appeal, offer, offer_forms, transfer

_TIME = {"example": "2027-07-20T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}
_CODE = {"example": "chengguan_primary"}
_ROUND = {"example": "2027-primary"}
_COUNT = {"example": 120}
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
_REASON = validate.And(validate.Length(1, 500), validate.Regexp(_WORDS))


class SchoolPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class SchoolOfferQuery(SchoolPageQuery):
    """A page of a school's offers, of one state where it is named."""

    state = ma.fields.String(load_default="", validate=validate.OneOf(("", *offer.STATES)))


class SchoolAppealQuery(SchoolPageQuery):
    """A page of appeals, of one state where it is named."""

    state = ma.fields.String(load_default="", validate=validate.OneOf(("", *appeal.STATES)))


class OfficeOfferView(offer_forms.SchoolOfferView):
    """An offer of a school; the name is masked until the place was accepted."""

    name = ma.fields.String(metadata={"example": "李*"})


class OfficeOfferList(ma.Schema):
    """A page of a school's offers, by state."""

    items = ma.fields.List(ma.fields.Nested(OfficeOfferView))
    next = ma.fields.String(allow_none=True)


class SchoolExportBody(ma.Schema):
    """Of which school, or of all with none named, and what for."""

    school = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([a-z][a-z0-9_]{1,63})?\Z"), metadata={"example": ""}
    )
    reason = ma.fields.String(required=True, validate=_REASON, metadata={"example": "报到日核对名单"})


class SchoolExportView(ma.Schema):
    """The proposal that a second person decides on."""

    approval_id = ma.fields.String(metadata=_ID)
    rows = ma.fields.Integer(metadata=_COUNT)


class SchoolLineEntryView(ma.Schema):
    """One application in the line of a school."""

    application_id = ma.fields.String(metadata=_ID)
    position = ma.fields.Integer(metadata={"example": 1})
    choice = ma.fields.Integer(metadata={"example": 1})
    priority = ma.fields.Integer(metadata={"example": 101})
    lot = ma.fields.Integer(metadata={"example": 57})


class SchoolLineView(ma.Schema):
    """The line of a school as it is at this moment, the first hundred; it names nobody."""

    total = ma.fields.Integer(metadata=_COUNT)
    items = ma.fields.List(ma.fields.Nested(SchoolLineEntryView))
    next = ma.fields.String(allow_none=True)


class SchoolMoreSeatsBody(ma.Schema):
    """How many places more."""

    more = ma.fields.Integer(required=True, validate=validate.Range(1, 500), metadata={"example": 5})


class SchoolSeatsView(ma.Schema):
    """The places of a school: `over` are those above the plan that appeals brought."""

    round = ma.fields.String(metadata=_ROUND)
    school = ma.fields.String(metadata=_CODE)
    places = ma.fields.Integer(metadata=_COUNT)
    taken = ma.fields.Integer(metadata=_COUNT)
    over = ma.fields.Integer(metadata={"example": 0})


class SchoolOfficeAppealView(offer_forms.SchoolOwnAppealView):
    """An appeal with its clock; words and files are in its case."""

    due = ma.fields.String(metadata=_TIME)
    urgency = ma.fields.String(metadata={"example": "normal"})
    overdue = ma.fields.Boolean(metadata={"example": False})
    taken = ma.fields.Boolean(metadata={"example": True})


class SchoolOfficeAppealList(ma.Schema):
    """A page of appeals."""

    items = ma.fields.List(ma.fields.Nested(SchoolOfficeAppealView))
    next = ma.fields.String(allow_none=True)


class SchoolTransferView(ma.Schema):
    """A transfer; it names nobody. `agrees` is what the sending school said."""

    id = ma.fields.String(metadata=_ID)
    case_id = ma.fields.String(metadata=_ID)
    number = ma.fields.String(metadata={"example": "RXZX-20270801-000001"})
    offer_id = ma.fields.String(metadata=_ID)
    from_school = ma.fields.String(metadata=_CODE)
    to_school = ma.fields.String(metadata={"example": "gongjiang_primary"})
    state = ma.fields.String(validate=validate.OneOf(tuple(transfer.STATES)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "办理中"})
    opened_at = ma.fields.String(metadata=_TIME)
    agrees = ma.fields.Boolean(metadata={"example": True})


class SchoolTransferList(ma.Schema):
    """A page of the transfers away from a school."""

    items = ma.fields.List(ma.fields.Nested(SchoolTransferView))
    next = ma.fields.String(allow_none=True)


class SchoolTransferConsentBody(ma.Schema):
    """What the sending school says."""

    agrees = ma.fields.Boolean(required=True, metadata={"example": True}, truthy={True}, falsy={False})


class SchoolNumberedCount(ma.Schema):
    """How many of a choice (0: none of the family's) or of a tier; null where a small number is hidden."""

    number = ma.fields.Integer(metadata={"example": 1})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class SchoolRow(ma.Schema):
    """One school of the dashboard."""

    school = ma.fields.String(metadata=_CODE)
    school_zh = ma.fields.String(metadata={"example": "于都县城关小学"})
    places = ma.fields.Integer(metadata=_COUNT)
    taken = ma.fields.Integer(allow_none=True, metadata=_COUNT)
    over = ma.fields.Integer(allow_none=True, metadata={"example": 0})
    offered = ma.fields.Integer(allow_none=True, metadata={"example": 20})
    accepted = ma.fields.Integer(allow_none=True, metadata={"example": 95})
    enrolled = ma.fields.Integer(allow_none=True, metadata={"example": 0})
    waiting = ma.fields.Integer(allow_none=True, metadata={"example": 31})


def _counts(**example: int) -> ma.fields.Dict:
    """Return a field of numbers by name."""
    return ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Integer(allow_none=True), metadata={"example": example}
    )


class SchoolBoardView(ma.Schema):
    """The dashboard of a round; a school sees its own row, the bureau everything, an auditor figures alone.

    Null stands for a number too small to tell.
    """

    round = ma.fields.String(metadata=_ROUND)
    state = ma.fields.String(metadata={"example": "published"})
    state_zh = ma.fields.String(metadata={"example": "已公布"})
    schools = ma.fields.List(ma.fields.Nested(SchoolRow))
    funnel = _counts(applied=3000, qualified=2900)
    offers = _counts(offered=20, accepted=2700)
    by_choice = ma.fields.List(ma.fields.Nested(SchoolNumberedCount))
    by_tier = ma.fields.List(ma.fields.Nested(SchoolNumberedCount))
    reviews_overdue = ma.fields.Integer(allow_none=True, metadata={"example": 0})
    appeals = _counts(appeals=9, appeals_open=2, appeals_won=1)
    open_appeals = ma.fields.List(ma.fields.Nested(SchoolOfficeAppealView))
    note_zh = ma.fields.String(metadata={"example": small_numbers.NOTE_ZH})


class RoundFiguresView(ma.Schema):
    """The figures of a published round for anybody; null stands for a number too small to tell."""

    round = ma.fields.String(metadata=_ROUND)
    applied = ma.fields.Integer(allow_none=True, metadata={"example": 3000})
    qualified = ma.fields.Integer(allow_none=True, metadata={"example": 2900})
    refused = ma.fields.Integer(allow_none=True, metadata={"example": 80})
    in_review = ma.fields.Integer(allow_none=True, metadata={"example": 20})
    placed = ma.fields.Integer(allow_none=True, metadata={"example": 2800})
    by_choice = ma.fields.List(ma.fields.Nested(SchoolNumberedCount))
    by_tier = ma.fields.List(ma.fields.Nested(SchoolNumberedCount))
    offers = _counts(accepted=2700, lapsed=12)
    waiting = ma.fields.Integer(allow_none=True, metadata={"example": 310})
    appeals_won = ma.fields.Integer(allow_none=True, metadata={"example": 6})
    note_zh = ma.fields.String(metadata={"example": "少于 5 人的数字不予公布(以空值表示)。"})

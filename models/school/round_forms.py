"""What every surface shows of a round."""

import marshmallow as ma
from marshmallow import validate

from models.school import round as rounds

_TIME = {"example": "2027-07-01T09:00:00+08:00"}


class RoundHeadView(ma.Schema):
    """A round by name, where it stands, and when one may apply."""

    name = ma.fields.String(metadata={"example": "2027 年秋季小学一年级招生"})
    state = ma.fields.String(validate=validate.OneOf(tuple(rounds.STATES)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "已公告"})
    opens_at = ma.fields.String(metadata=_TIME)
    closes_at = ma.fields.String(metadata={"example": "2027-07-10T18:00:00+08:00"})


class RoundTermsView(RoundHeadView):
    """A round with its stage, year and terms."""

    stage = ma.fields.String(metadata={"example": "primary"})
    stage_zh = ma.fields.String(metadata={"example": "小学"})
    school_year = ma.fields.Integer(metadata={"example": 2027})
    review_until = ma.fields.String(metadata={"example": "2027-07-25T18:00:00+08:00"})
    most_choices = ma.fields.Integer(metadata={"example": 5})

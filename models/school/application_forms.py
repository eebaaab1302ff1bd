"""What is seen of an application: where it stands, its choices, papers, checks and history, and the receipt."""

import marshmallow as ma
from marshmallow import validate

from models.school import precheck
from models.school.application_states import STATES

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2027-07-02T09:30:00+08:00"}
_POINT = {"example": "residence"}


class SchoolStandingView(ma.Schema):
    """Where an application stands and what happens next."""

    id = ma.fields.String(metadata=_ID)
    round_zh = ma.fields.String(metadata={"example": "2027 年秋季小学一年级招生"})
    receipt = ma.fields.String(metadata={"example": "RX-2027-04817263-553019"})
    submitted_at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata={"example": "submitted"})
    state_zh = ma.fields.String(metadata={"example": "已提交,审核中"})
    next_zh = ma.fields.String(metadata={"example": "各单位正在核验,到期日见各核验要点;需要补充时会通知您。"})
    seq = ma.fields.Integer(metadata={"example": 3})


class SchoolApplicationBrief(SchoolStandingView):
    """An application in a list."""

    round = ma.fields.String(metadata={"example": "2027-primary"})
    child_name = ma.fields.String(metadata={"example": "李*"})
    tied = ma.fields.Boolean(metadata={"example": False})


class SchoolChoiceView(ma.Schema):
    """One choice."""

    position = ma.fields.Integer(metadata={"example": 1})
    school = ma.fields.String(metadata={"example": "shiyan_primary"})
    name = ma.fields.String(metadata={"example": "于都县实验小学"})


class SchoolMaterialView(ma.Schema):
    """A paper of an application; an `earlier` one was named by an earlier submission alone."""

    id = ma.fields.String(metadata=_ID)
    point = ma.fields.String(metadata=_POINT)
    point_zh = ma.fields.String(metadata={"example": "居住证"})
    earlier = ma.fields.Boolean(metadata={"example": False})
    name = ma.fields.String(metadata={"example": "居住证.jpg"})
    media_type = ma.fields.String(metadata={"example": "image/jpeg"})
    size = ma.fields.Integer(metadata={"example": 183204})
    created_at = ma.fields.String(metadata=_TIME)


class SchoolPointView(ma.Schema):
    """How far one check is, at which unit, and until when."""

    point = ma.fields.String(metadata=_POINT)
    point_zh = ma.fields.String(metadata={"example": "居住证"})
    unit_zh = ma.fields.String(metadata={"example": "于都县公安局"})
    why_zh = ma.fields.String(metadata={"example": "登记部门暂时没有答复"})
    state = ma.fields.String(metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "核验中"})
    due_day = ma.fields.String(metadata={"example": "2027-07-16"})


class SchoolHistoryLine(ma.Schema):
    """What happened to an application, and through whom."""

    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "saved"})
    what_zh = ma.fields.String(metadata={"example": "保存"})
    who_zh = ma.fields.String(metadata={"example": "监护人"})
    parts_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["志愿"]})


class SchoolReceiptBrief(SchoolStandingView):
    """The receipt of a submission, to be printed."""

    submission = ma.fields.Integer(metadata={"example": 1})
    choices = ma.fields.List(ma.fields.Nested(SchoolChoiceView))
    accepts_coordination = ma.fields.Boolean(metadata={"example": True})
    progress = ma.fields.List(ma.fields.Nested(SchoolPointView))
    no_advantage_zh = ma.fields.String(metadata={"example": precheck.NO_ADVANTAGE_ZH})

"""Shapes of applications in the office and at the counter."""

import marshmallow as ma
from marshmallow import validate

from models.school import application_forms, apply_forms
from models.school.application_states import STATES
from models.school.basis import KIND_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_ROUND = {"example": "2027-primary"}
_UNNAMED = {"example": "未满14周岁,需审批"}
_SHOWN = [one for one in STATES if one != "draft"]


class OfficeApplicationQuery(ma.Schema):
    """Which applications of a round."""

    round = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ROUND)
    state = ma.fields.String(validate=validate.OneOf(_SHOWN), metadata={"example": "submitted"})
    school = ma.fields.String(
        validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z"), metadata={"example": "shiyan_primary"}
    )
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class OfficeApplicationLine(ma.Schema):
    """An application in a list; children below fourteen are not named without an approval."""

    id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata=_ROUND)
    receipt = ma.fields.String(metadata={"example": "RX-2027-04817263-553019"})
    child_name = ma.fields.String(metadata=_UNNAMED)
    guardian_name = ma.fields.String(metadata={"example": "李*"})
    state = ma.fields.String(validate=validate.OneOf(_SHOWN), metadata={"example": "submitted"})
    state_zh = ma.fields.String(metadata={"example": "已提交,审核中"})
    choices = ma.fields.List(ma.fields.Nested(application_forms.SchoolChoiceView))
    open_points = ma.fields.List(ma.fields.String(), metadata={"example": ["residence"]})
    tied = ma.fields.Boolean(metadata={"example": False})
    channel = ma.fields.String(validate=validate.OneOf(("mini", "counter")), metadata={"example": "mini"})
    tier = ma.fields.Integer(metadata={"example": 1})


class OfficeApplicationList(ma.Schema):
    """A page of a round's applications."""

    items = ma.fields.List(ma.fields.Nested(OfficeApplicationLine))
    next = ma.fields.String(allow_none=True)


class OfficeToldView(ma.Schema):
    """What the family said to one point."""

    point = ma.fields.String(metadata={"example": "residence"})
    text = ma.fields.String(metadata={"example": "居住证上周刚刚签注"})


class OfficeBasisView(ma.Schema):
    """On what the district rests, without the address."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "household"})
    districts = ma.fields.List(ma.fields.String(), metadata={"example": ["d1"]})
    certain = ma.fields.Boolean(metadata={"example": True})
    why_zh = ma.fields.String(metadata={"example": "长征大道1至99号属于城东片区。"})


class OfficeApplicationView(OfficeApplicationLine):
    """One application as the bureau or one of its schools sees it."""

    progress = ma.fields.List(ma.fields.Nested(application_forms.SchoolPointView))
    files = ma.fields.List(ma.fields.Nested(application_forms.SchoolMaterialView))
    told = ma.fields.List(ma.fields.Nested(OfficeToldView))
    history = ma.fields.List(ma.fields.Nested(application_forms.SchoolHistoryLine))
    basis = ma.fields.Nested(OfficeBasisView)
    accepts_coordination = ma.fields.Boolean(metadata={"example": True})


class CounterApplyBody(ma.Schema):
    """For which child of who stands here, and which consent text they signed."""

    round = apply_forms.round_code()
    person_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)
    text_version = ma.fields.String(
        required=True,
        validate=validate.Length(1, 32),
        metadata={"description": "监护人当场签署的“未成年人信息”授权说明版本", "example": "2026-11"},
    )


class CounterForm(apply_forms.SchoolFormBody):
    """A whole form at the counter, where the telephone is shown masked and may be sent back so."""

    phone = ma.fields.String(validate=validate.Regexp(r"^(1[0-9*]{10})?\Z"), metadata={"example": "13900000000"})


class CounterFormBody(apply_forms.SchoolSeqBody):
    """A form, and the `seq` of the application on which it was written."""

    form = ma.fields.Nested(CounterForm, required=True)


class CounterApplicationView(application_forms.SchoolApplicationBrief):
    """An application as it stands at the counter."""

    child_name = ma.fields.String(metadata=_UNNAMED)
    form = ma.fields.Nested(CounterForm)

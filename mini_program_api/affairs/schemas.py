"""Shapes of a resident's cases."""

import marshmallow as ma
from marshmallow import validate

from models.affairs import case, kind_table
from models.affairs.case_views import WHAT_ZH

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = validate.Length(1, 64)
_TEXT = validate.And(
    validate.Length(1, 2000), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z")
)


class CasePageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class AnswerBody(ma.Schema):
    """The answer to a question."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "已补充身份证照片"})
    attachments = ma.fields.List(
        ma.fields.String(validate=_ID), load_default=[], validate=validate.Length(0, 10), metadata={"example": []}
    )


class AppealBody(ma.Schema):
    """Why the decision is wrong."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "户口簿上的日期与登记不一致"})


class QuestionBody(ma.Schema):
    """What one wants to know about a look at one's data."""

    text = ma.fields.String(
        load_default="", validate=validate.Length(0, 2000), metadata={"example": "我没有办过这件事"}
    )


class PrivacyRequestBody(ma.Schema):
    """Which right, and what about."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(list(kind_table.PRIVACY)), metadata={"example": "copy"}
    )
    text = ma.fields.String(
        load_default="", validate=validate.Length(0, 2000), metadata={"example": "请提供我全部订单的副本"}
    )


class DisputeBody(ma.Schema):
    """What is wrong about a fact."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "出生日期登记错误"})


class StaffApplicationBody(ma.Schema):
    """For which work an account is asked."""

    unit = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z"), metadata={"example": "culture_tourism"}
    )
    role = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[a-z_]{1,64}\Z"), metadata={"example": "case_handler"}
    )
    area = ma.fields.String(
        load_default="",
        validate=validate.Regexp(r"^([0-9]{6}|[0-9]{9}|[0-9]{12})?\Z"),
        metadata={"example": "360731100"},
    )
    reason = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "新到岗,负责异议核查"})


class OwnCaseBrief(ma.Schema):
    """A case in one's list."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    number = ma.fields.String(metadata={"example": "PIPL-20261123-000001"})
    kind = ma.fields.String(metadata={"example": "privacy_copy"})
    kind_zh = ma.fields.String(metadata={"example": "查阅、复制个人信息"})
    state = ma.fields.String(metadata={"example": "open", "enum": list(case.STATES)})
    state_zh = ma.fields.String(metadata={"example": "办理中"})
    unit = ma.fields.String(metadata={"example": "culture_tourism"})
    opened_at = ma.fields.String(metadata=_TIME)
    closed_at = ma.fields.String(metadata=_TIME)
    appeal_until = ma.fields.String(metadata=_TIME)
    step = ma.fields.String(metadata={"example": "handle"})
    step_zh = ma.fields.String(metadata={"example": "办理"})
    due = ma.fields.String(metadata={"description": "到期时刻,即到期日次日零时", **_TIME})
    due_day = ma.fields.String(metadata={"example": "2026-12-23"})
    waits_for_me = ma.fields.Boolean(metadata={"description": "等待您答复"})


class OwnCaseList(ma.Schema):
    """A page of one's cases."""

    items = ma.fields.List(ma.fields.Nested(OwnCaseBrief))
    next = ma.fields.String(allow_none=True)


class OwnHistoryLine(ma.Schema):
    """What happened."""

    at = ma.fields.String(metadata=_TIME)
    who = ma.fields.String(metadata={"example": "staff"})
    what = ma.fields.String(metadata={"example": "asked", "enum": list(WHAT_ZH)})
    what_zh = ma.fields.String(metadata={"example": "请申请人答复"})
    unit = ma.fields.String()
    step = ma.fields.String()
    outcome = ma.fields.String()
    to = ma.fields.String()
    reason = ma.fields.String()
    role = ma.fields.String()
    text = ma.fields.String()
    attachments = ma.fields.List(ma.fields.String())


class OwnDecision(ma.Schema):
    """A decision; `corrects` names the one whose slip it corrects."""

    id = ma.fields.String()
    outcome = ma.fields.String(metadata={"example": "refused"})
    outcome_zh = ma.fields.String(metadata={"example": "不予办理并说明理由"})
    reason = ma.fields.String()
    rule = ma.fields.String()
    attachments = ma.fields.List(ma.fields.String())
    unit = ma.fields.String()
    at = ma.fields.String(metadata=_TIME)
    corrects = ma.fields.String()


class OwnPause(ma.Schema):
    """Why the clocks stand still, and until when at the latest."""

    reason = ma.fields.String(metadata={"example": "waiting_for_applicant"})
    reason_zh = ma.fields.String(metadata={"example": "等待申请人答复"})
    until = ma.fields.String(metadata=_TIME)


class OwnFormAnswer(ma.Schema):
    """One answer of the form, in the words of the form."""

    name = ma.fields.String(metadata={"example": "phone"})
    zh = ma.fields.String(metadata={"example": "联系电话"})
    answer = ma.fields.Raw(metadata={"example": "13800000000"})
    answer_zh = ma.fields.String(metadata={"example": "13800000000"})


class OwnCase(OwnCaseBrief):
    """One's case with what was said and decided."""

    text = ma.fields.String()
    about = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    form = ma.fields.List(ma.fields.Nested(OwnFormAnswer))
    firm = ma.fields.String(metadata={"description": "统一社会信用代码,仅企业事项", "example": "91360731MA35FAKE0P"})
    total_due_day = ma.fields.String(metadata={"example": "2026-12-23"})
    pause = ma.fields.Nested(OwnPause)
    result = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    history = ma.fields.List(ma.fields.Nested(OwnHistoryLine))
    decisions = ma.fields.List(ma.fields.Nested(OwnDecision))

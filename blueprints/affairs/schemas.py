"""Shapes of cases as the staff handle them."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.affairs import case, case_views, kind_table

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = validate.Length(1, 64)
_TEXT = validate.And(
    validate.Length(1, 2000), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z")
)
_CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,63}\Z")


class InboxQuery(ma.Schema):
    """Which work, and which page of it."""

    scope = ma.fields.String(
        load_default="desk",
        validate=validate.OneOf(["desk", "mine", "unit"]),
        metadata={"description": "desk 本岗位待办,mine 我认领的,unit 我督办的本单位事项"},
    )
    kind = ma.fields.String(validate=_CODE, metadata={"example": "fact_dispute"})
    state = ma.fields.String(validate=validate.OneOf(list(case.WORK_STATES)), metadata={"example": "waiting"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class AssignBody(ma.Schema):
    """Who shall work on it."""

    staff_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "673ec0a5c0ffee0123456789"})


class TransferBody(ma.Schema):
    """To which unit, and why."""

    unit = ma.fields.String(required=True, validate=_CODE, metadata={"example": "culture_tourism"})
    reason = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "该信息由文旅部门采集"})


class AskBody(ma.Schema):
    """A question to the applicant, or once what is missing."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "请补充身份证正反面照片"})
    supplement = ma.fields.Boolean(
        load_default=False, metadata={"description": "一次性补正告知", "example": False}, truthy={True}, falsy={False}
    )


class DecideBody(ma.Schema):
    """The outcome of the step, its reason and provision."""

    outcome = ma.fields.String(required=True, validate=_CODE, metadata={"example": "confirmed"})
    reason = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "经与原始档案核对,登记信息无误。"})
    rule = ma.fields.String(
        load_default="", validate=validate.Length(0, 200), metadata={"example": "个人信息保护法第四十六条"}
    )
    attachments = ma.fields.List(
        ma.fields.String(validate=_ID), load_default=[], validate=validate.Length(0, 10), metadata={"example": []}
    )
    value = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 64)),
        allow_none=True,
        load_default=None,
        validate=validate.Length(0, 30),
        metadata={"description": "更正后的内容,仅用于更正登记信息", "example": {"date": "1990-03-07"}},
    )


class PauseBody(ma.Schema):
    """Why the clocks stand still."""

    reason = ma.fields.String(required=True, validate=_CODE, metadata={"example": "waiting_for_other_unit"})
    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "已函请公安部门协助核对"})


class CorrectBody(ma.Schema):
    """The wording that the last decision should have had; its outcome stays."""

    reason = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "经与原始档案核对,登记信息无误。"})
    rule = ma.fields.String(
        load_default="", validate=validate.Length(0, 200), metadata={"example": "个人信息保护法第四十六条"}
    )


class InvitationBody(ma.Schema):
    """The login of the account that was agreed to."""

    login = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_.-]{2,31}\Z"), metadata={"example": "liu.fang"}
    )


class CounterCaseBody(ma.Schema):
    """What the person at the counter asks for; a dispute names the fact."""

    kind = ma.fields.String(
        required=True,
        validate=validate.OneOf([*kind_table.PRIVACY, "fact_dispute"]),
        metadata={"example": "explain"},
    )
    fact_id = ma.fields.String(validate=validate.Length(1, 64), metadata={"example": "673ec0a5c0ffee0123456789"})
    text = ma.fields.String(
        load_default="", validate=validate.Length(0, 2000), metadata={"example": "想知道我的住址从哪里来"}
    )

    @ma.validates_schema
    def a_dispute_names_its_fact(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A dispute is about one fact."""
        if (data.get("kind") == "fact_dispute") != ("fact_id" in data):
            raise ma.ValidationError("对登记信息有异议时须指明是哪一条,其他申请不用。", "fact_id")


class CaseBrief(ma.Schema):
    """A case in a list; nothing in it says whose it is."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    number = ma.fields.String(metadata={"example": "FACT-20261123-000001"})
    kind = ma.fields.String(metadata={"example": "fact_dispute"})
    kind_zh = ma.fields.String(metadata={"example": "对登记信息的异议"})
    state = ma.fields.String(metadata={"example": "open", "enum": list(case.STATES)})
    state_zh = ma.fields.String(metadata={"example": "办理中"})
    unit = ma.fields.String(metadata={"example": "culture_tourism"})
    opened_at = ma.fields.String(metadata=_TIME)
    closed_at = ma.fields.String(metadata=_TIME)
    appeal_until = ma.fields.String(metadata=_TIME)
    step = ma.fields.String(metadata={"example": "handle"})
    step_zh = ma.fields.String(metadata={"example": "核查"})
    due = ma.fields.String(metadata={"description": "到期时刻,即到期日次日零时", **_TIME})
    due_day = ma.fields.String(metadata={"example": "2026-12-04"})
    waits_for_me = ma.fields.Boolean(metadata={"description": "等待申请人答复"})
    work_state = ma.fields.String(metadata={"example": "waiting", "enum": list(case.WORK_STATES)})
    work_state_zh = ma.fields.String(metadata={"example": "待认领"})
    work_unit = ma.fields.String(metadata={"example": "culture_tourism"})
    urgency = ma.fields.String(metadata={"example": "normal", "enum": list(case_views.URGENCY_ZH)})
    urgency_zh = ma.fields.String(metadata={"example": "正常"})
    mine = ma.fields.Boolean()
    holder = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})


class CaseList(ma.Schema):
    """A page of cases."""

    items = ma.fields.List(ma.fields.Nested(CaseBrief))
    next = ma.fields.String(allow_none=True)


class HistoryLine(ma.Schema):
    """What happened."""

    at = ma.fields.String(metadata=_TIME)
    who = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    what = ma.fields.String(metadata={"example": "asked", "enum": list(case_views.WHAT_ZH)})
    what_zh = ma.fields.String(metadata={"example": "请申请人答复"})
    unit = ma.fields.String()
    step = ma.fields.String()
    outcome = ma.fields.String()
    to = ma.fields.String()
    reason = ma.fields.String()
    role = ma.fields.String()
    holder = ma.fields.String()
    text = ma.fields.String()
    attachments = ma.fields.List(ma.fields.String())


class DecisionView(ma.Schema):
    """A decision; `corrects` names the one whose slip it corrects."""

    id = ma.fields.String()
    outcome = ma.fields.String(metadata={"example": "confirmed"})
    outcome_zh = ma.fields.String(metadata={"example": "信息无误,不予更正"})
    reason = ma.fields.String()
    rule = ma.fields.String()
    attachments = ma.fields.List(ma.fields.String())
    by = ma.fields.String()
    unit = ma.fields.String()
    at = ma.fields.String(metadata=_TIME)
    corrects = ma.fields.String()


class PauseView(ma.Schema):
    """Why the clocks stand still, and until when at the latest."""

    reason = ma.fields.String(metadata={"example": "waiting_for_applicant"})
    reason_zh = ma.fields.String(metadata={"example": "等待申请人答复"})
    until = ma.fields.String(metadata=_TIME)


class FormAnswer(ma.Schema):
    """One answer of the form, in the words of the form."""

    name = ma.fields.String(metadata={"example": "phone"})
    zh = ma.fields.String(metadata={"example": "联系电话"})
    answer = ma.fields.Raw(metadata={"example": "13800000000"})
    answer_zh = ma.fields.String(metadata={"example": "13800000000"})


class ChoiceView(ma.Schema):
    """A code and its words."""

    code = ma.fields.String(metadata={"example": "confirmed"})
    zh = ma.fields.String(metadata={"example": "信息无误,不予更正"})


class OwnCaseView(CaseBrief):
    """A case as its applicant sees it."""

    text = ma.fields.String()
    about = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    form = ma.fields.List(ma.fields.Nested(FormAnswer))
    firm = ma.fields.String(metadata={"description": "统一社会信用代码,仅企业事项", "example": "91360731MA35FAKE0P"})
    total_due_day = ma.fields.String(metadata={"example": "2026-12-11"})
    pause = ma.fields.Nested(PauseView)
    result = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    history = ma.fields.List(ma.fields.Nested(HistoryLine))
    decisions = ma.fields.List(ma.fields.Nested(DecisionView))


class CaseView(OwnCaseView):
    """A whole case as the staff see it: also which outcomes and stops its step has."""

    applicant = ma.fields.String(metadata={"example": "张**"})
    law = ma.fields.String()
    seq = ma.fields.Integer()
    outcomes = ma.fields.List(ma.fields.Nested(ChoiceView))
    stops = ma.fields.List(ma.fields.Nested(ChoiceView))


class CaseInvitationView(ma.Schema):
    """The one-time link; hand it to its owner yourself, it is shown only here."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    link = ma.fields.String()
    until = ma.fields.String(metadata=_TIME)

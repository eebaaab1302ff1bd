"""Shapes of applications on the phone."""

import marshmallow as ma
from marshmallow import validate

from models.school import application_forms, apply_forms, fact_forms, precheck, precheck_forms, round_forms

_ID = {"example": "673ec0a5c0ffee0123456789"}
_WINDOW = {"example": "报名时间 2027年7月1日 09:00 至 2027年7月10日 18:00"}
_NO_ADVANTAGE = {"example": precheck.NO_ADVANTAGE_ZH}


def _flag(*, example: bool) -> ma.fields.Boolean:
    return ma.fields.Boolean(metadata={"example": example})


class SchoolApplyRoundView(round_forms.RoundTermsView):
    """A round that was announced, with its window; `phase` is before, open or over."""

    round = ma.fields.String(metadata={"example": "2027-primary"})
    phase = ma.fields.String(validate=validate.OneOf(("before", "open", "over")), metadata={"example": "open"})
    drafts = _flag(example=True)
    window_zh = ma.fields.String(metadata=_WINDOW)
    no_advantage_zh = ma.fields.String(metadata=_NO_ADVANTAGE)


class SchoolApplyRoundList(ma.Schema):
    """The rounds that were announced: a few."""

    items = ma.fields.List(ma.fields.Nested(SchoolApplyRoundView))
    next = ma.fields.String(allow_none=True)


class SchoolBeginBody(ma.Schema):
    """For which child in which round: one whose guardian one is by a relation, or one on one's list of companions."""

    round = apply_forms.round_code()
    relation_id = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata=_ID)
    companion_id = ma.fields.String(
        load_default="",
        validate=validate.Length(0, 64),
        metadata={"description": "家庭成员编号;尚无监护关系时由户籍比对建立,与 relation_id 二选一", "example": ""},
    )

    @ma.validates_schema
    def one_child(self, data: dict[str, str], **_: object) -> None:
        """Refuse none of the two, and both."""
        if bool(data["relation_id"]) == bool(data["companion_id"]):
            raise ma.ValidationError("请选择一个孩子:监护关系或家庭成员,二者填一项。", "relation_id")


class SchoolTieBody(apply_forms.SchoolSeqBody):
    """With which other applications one is tied."""

    applications = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 64)),
        required=True,
        validate=validate.Length(1, 3),
        metadata={"example": ["673ec0a5c0ffee012345678a"]},
    )


class SchoolSeqQuery(ma.Schema):
    """The `seq` of the application that one saw; without it whatever is there counts."""

    seq = ma.fields.Integer(validate=validate.Range(1, 1_000_000), metadata={"example": 1})


class SchoolApplicationList(ma.Schema):
    """The applications for one's children, newest first."""

    items = ma.fields.List(ma.fields.Nested(application_forms.SchoolApplicationBrief))
    next = ma.fields.String(allow_none=True)


class SchoolFormView(apply_forms.SchoolFormBody):
    """A form as it was saved."""


class SchoolPointProgress(application_forms.SchoolPointView):
    """How far one check is, and what the family is asked until when."""

    ask_zh = ma.fields.String(metadata={"example": "请补充近三个月的参保缴费证明。"})
    answer_by = ma.fields.String(metadata={"example": "2027-07-20"})


class SchoolCanView(ma.Schema):
    """What one may do with an application at this moment."""

    edit = _flag(example=True)
    submit = _flag(example=True)
    correct = _flag(example=False)
    withdraw = _flag(example=True)


class SchoolDecisionView(ma.Schema):
    """What was decided, and by which article."""

    outcome = ma.fields.String(metadata={"example": "qualified"})
    rule = ma.fields.String(metadata={"example": "school_primary_tier"})
    rule_number = ma.fields.String(metadata={"example": "第3条"})
    text_zh = ma.fields.String(metadata={"example": "户籍与房产一致,第1梯次。"})
    at = ma.fields.String(metadata={"example": "2027-07-20T10:00:00+08:00"})


class SchoolApplicationView(application_forms.SchoolApplicationBrief):
    """A whole application as a guardian sees it."""

    form = ma.fields.Nested(SchoolFormView)
    choices = ma.fields.List(ma.fields.Nested(application_forms.SchoolChoiceView))
    files = ma.fields.List(ma.fields.Nested(application_forms.SchoolMaterialView))
    tied_with = ma.fields.List(ma.fields.Nested(application_forms.SchoolApplicationBrief))
    progress = ma.fields.List(ma.fields.Nested(SchoolPointProgress))
    history = ma.fields.List(ma.fields.Nested(application_forms.SchoolHistoryLine))
    can = ma.fields.Nested(SchoolCanView)
    tier = ma.fields.Integer(metadata={"example": 1})
    tier_zh = ma.fields.String(metadata={"example": "第1梯次"})
    basis_why_zh = ma.fields.String(metadata={"example": "长征大道1至99号属于城东片区。"})
    decision = ma.fields.Nested(SchoolDecisionView)
    window_zh = ma.fields.String(metadata=_WINDOW)
    no_advantage_zh = ma.fields.String(metadata=_NO_ADVANTAGE)


class SchoolOptionList(ma.Schema):
    """Where the child may go by its address, and on which entries of the registers that may rest."""

    items = ma.fields.List(ma.fields.Nested(precheck_forms.SchoolOptionView))
    bases = ma.fields.List(ma.fields.Nested(precheck_forms.SchoolBasisView))
    facts = ma.fields.List(ma.fields.Nested(fact_forms.SchoolFactView))
    next = ma.fields.String(allow_none=True)


class SchoolMissingView(ma.Schema):
    """What the registers leave open."""

    fact = ma.fields.String(metadata={"example": "insurance.months"})
    point = ma.fields.String(metadata={"example": "insurance"})
    point_zh = ma.fields.String(metadata={"example": "社会保险"})
    why = ma.fields.String(metadata={"example": "away"})
    why_zh = ma.fields.String(metadata={"example": "登记部门暂时没有答复"})


class SchoolPrecheckView(precheck_forms.SchoolPrecheckBrief):
    """What would come out if the family submitted now, with what the registers say and leave open."""

    eligible = ma.fields.String(validate=validate.OneOf(("yes", "no", "unknown")), metadata={"example": "yes"})
    rule_numbers = ma.fields.List(ma.fields.String(), metadata={"example": ["第1条", "第3条"]})
    tier = ma.fields.Integer(metadata={"example": 1})
    missing = ma.fields.List(ma.fields.Nested(SchoolMissingView))
    property_free = _flag(example=True)
    facts = ma.fields.List(ma.fields.Nested(fact_forms.SchoolFactView))
    tied_zh = ma.fields.String(metadata={"example": ""})
    no_advantage_zh = ma.fields.String(metadata=_NO_ADVANTAGE)


class SchoolReceiptView(application_forms.SchoolReceiptBrief):
    """The receipt of a submission, with what the family is asked."""

    progress = ma.fields.List(ma.fields.Nested(SchoolPointProgress))

"""Shapes of what is known of an elder: tables, findings, the screen, assessments, personal ranges."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import codes, finding, personal_range, tool

TIME = {"example": "2026-11-20T09:30:00+08:00"}
ID = {"example": "673ec0a5c0ffee0123456789"}
DAY = {"example": "2027-02-20"}
SENTENCE = {"example": "血压186/104毫米汞柱,达到重要异常A类标准,请静坐后复测,仍高请立即转诊。"}
VERSION = {"example": 1}
CODE = validate.Regexp(r"^[a-z][a-z0-9_]{0,63}\Z")
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
WORDS = validate.And(validate.Length(1, 500), validate.Regexp(_WORDS))


class HealthPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HealthToolView(ma.Schema):
    """A scoring table, an assessment or a checklist in force, with its source."""

    code = ma.fields.String(metadata={"example": "self_care"})
    version = ma.fields.Integer(metadata=VERSION)
    kind = ma.fields.String(validate=validate.OneOf(tuple(tool.KINDS)), metadata={"example": "choices"})
    kind_zh = ma.fields.String(metadata={"example": "评估量表"})
    zh = ma.fields.String(metadata={"example": "老年人生活自理能力评估表"})
    source = ma.fields.Dict(metadata={"example": {"title": "国家基本公共卫生服务规范(第三版)", "edition": "2017"}})
    valid_from = ma.fields.String(metadata={"example": "2017-02-28"})


class HealthToolContentView(HealthToolView):
    """A table with its items, options and points."""

    content = ma.fields.Dict(metadata={"example": {"items": [], "grades": []}})


class HealthToolList(ma.Schema):
    """The tables in force."""

    items = ma.fields.List(ma.fields.Nested(HealthToolView))
    next = ma.fields.String(allow_none=True)


class HealthToolBody(ma.Schema):
    """The next version of a table, from a day on; `content` as that of the version in force."""

    zh = ma.fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "老年人年度健康体检"})
    source = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(("title", "edition", "clause", "url"))),
        values=ma.fields.String(validate=validate.And(validate.Length(0, 200), validate.Regexp(r"^[^\x00]*\Z"))),
        required=True,
        validate=validate.Length(1, 4),
        metadata={"example": {"title": "国家基本公共卫生服务规范(第三版)", "edition": "2017"}},
    )
    valid_from = ma.fields.Date(required=True, metadata={"example": "2027-01-01"})
    content = ma.fields.Dict(required=True, metadata={"example": {"items": [], "groups": [], "plans": {}}})
    reason = ma.fields.String(required=True, validate=WORDS, metadata={"example": "按 2027 年通知增加项目"})


class HealthToolProposalView(ma.Schema):
    """The version that waits for a second person."""

    code = ma.fields.String(metadata={"example": "yearly_check"})
    version = ma.fields.Integer(metadata={"example": 3})
    approval_id = ma.fields.String(metadata=ID)


class HealthFindingView(ma.Schema):
    """What a rule found, by which version, from what, and in one sentence why."""

    id = ma.fields.String(metadata=ID)
    rule = ma.fields.String(metadata={"example": "health_a_blood_pressure"})
    rule_version = ma.fields.Integer(metadata=VERSION)
    severity = ma.fields.String(validate=validate.OneOf(finding.SEVERITIES), metadata={"example": "urgent"})
    severity_zh = ma.fields.String(metadata={"example": "紧急"})
    category = ma.fields.String(validate=validate.OneOf(tuple(finding.CLASS_ZH)), metadata={"example": "A"})
    category_zh = ma.fields.String(metadata={"example": "A类重要异常"})
    about = ma.fields.List(ma.fields.String(metadata=ID))
    inputs = ma.fields.Dict(metadata={"example": {"vital_systolic": 186, "vital_diastolic": 104}})
    sentence_zh = ma.fields.String(metadata=SENTENCE)
    at = ma.fields.String(metadata=TIME)
    state = ma.fields.String(validate=validate.OneOf(tuple(finding.STATE_ZH)), metadata={"example": "live"})
    state_zh = ma.fields.String(metadata={"example": "有效"})


class HealthFindingList(ma.Schema):
    """A page of findings, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthFindingView))
    next = ma.fields.String(allow_none=True)


class HealthParameterView(ma.Schema):
    """A figure that the rule read, and since when it counts."""

    code = ma.fields.String(metadata={"example": "health_systolic_danger"})
    zh = ma.fields.String(metadata={"example": "收缩压危险值"})
    value = ma.fields.String(metadata={"example": "180"})
    valid_from = ma.fields.String(metadata={"example": "2017-02-28"})


class HealthFindingReasonView(HealthFindingView):
    """A finding with its reasons; `replayed` says that the rule made again from its record finds the same."""

    why_zh = ma.fields.String(metadata={"example": "符合“血压重要异常A类”:满足“收缩压不低于收缩压危险值(180)”。"})
    replayed = ma.fields.Boolean(metadata={"example": True})
    source = ma.fields.Dict(
        metadata={"example": {"title": "健康体检重要异常结果管理专家共识(试行版)", "edition": "2019"}}
    )
    parameters = ma.fields.List(ma.fields.Nested(HealthParameterView))


class HealthScreenPointView(ma.Schema):
    """The points of one vital sign."""

    name = ma.fields.String(metadata={"example": "respiratory_rate"})
    name_zh = ma.fields.String(metadata={"example": "呼吸频率"})
    points = ma.fields.Integer(metadata={"example": 2})


class HealthScreenView(ma.Schema):
    """NEWS2 of the last vital signs: a screen. With something `missing` the total is a lower bound."""

    rule = ma.fields.String(metadata={"example": "news2"})
    rule_version = ma.fields.Integer(metadata=VERSION)
    total = ma.fields.Integer(metadata={"example": 5})
    is_complete = ma.fields.Boolean(metadata={"example": True})
    points = ma.fields.List(ma.fields.Nested(HealthScreenPointView))
    missing = ma.fields.List(ma.fields.String(metadata={"example": "temperature"}))
    assumed = ma.fields.List(ma.fields.String(metadata={"example": "oxygen"}))
    severity = ma.fields.String(validate=validate.OneOf(finding.SEVERITIES), metadata={"example": "urgent"})
    severity_zh = ma.fields.String(metadata={"example": "紧急"})
    risk_zh = ma.fields.String(metadata={"example": "中风险"})
    sentence_zh = ma.fields.String(metadata={"example": "早期预警筛查5分(中风险),请一小时内由医生查看。"})
    at = ma.fields.String(metadata=TIME)


class HealthAssessmentBody(ma.Schema):
    """The answers to an assessment: option by item, and the signs for which it asks."""

    tool = ma.fields.String(required=True, validate=CODE, metadata={"example": "self_care"})
    at = ma.fields.AwareDateTime(required=True, metadata=TIME)
    answers = ma.fields.Dict(
        keys=ma.fields.String(validate=CODE),
        values=ma.fields.String(validate=validate.Regexp(r"^[a-z0-9_]{1,32}\Z")),
        required=True,
        validate=validate.Length(1, 60),
        metadata={
            "example": {
                "meal": "partial",
                "washing": "able",
                "dressing": "able",
                "toilet": "slight",
                "activity": "able",
            }
        },
    )
    signs = ma.fields.Dict(
        keys=ma.fields.String(validate=CODE),
        values=ma.fields.Raw(),
        load_default=dict,
        validate=validate.Length(0, 20),
        metadata={"example": {"risk_events": 0}},
    )


class HealthAssessmentView(ma.Schema):
    """An assessment with its answers, total and grade; `by_total` is the grade before signs changed it."""

    id = ma.fields.String(metadata=ID)
    tool = ma.fields.String(metadata={"example": "self_care"})
    tool_version = ma.fields.Integer(metadata=VERSION)
    title_zh = ma.fields.String(metadata={"example": "老年人生活自理能力评估表"})
    value_zh = ma.fields.String(metadata={"example": "4分,轻度依赖"})
    sentence_zh = ma.fields.String(metadata={"example": "老年人生活自理能力评估表共4分,为轻度依赖。"})
    total = ma.fields.Integer(metadata={"example": 4})
    groups = ma.fields.Dict(metadata={"example": {"movement": 15}})
    grade = ma.fields.String(metadata={"example": "slight"})
    by_total = ma.fields.String(metadata={"example": "slight"})
    answers = ma.fields.Dict(metadata={"example": {"meal": "partial"}})
    signs = ma.fields.Dict(metadata={"example": {"risk_events": 0}})
    at = ma.fields.String(metadata=TIME)
    state = ma.fields.String(metadata={"example": "active"})


class HealthAssessmentList(ma.Schema):
    """The assessments of an elder, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HealthAssessmentView))
    next = ma.fields.String(allow_none=True)


class HealthPersonalRangeBody(ma.Schema):
    """A range for one elder, in the quantity's own unit; an open side is left out."""

    quantity = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(codes.QUANTITIES)), metadata={"example": "oxygen_saturation"}
    )
    low = ma.fields.Float(validate=validate.Range(-1e6, 1e6), metadata={"example": 86})
    high = ma.fields.Float(validate=validate.Range(-1e6, 1e6), metadata={"example": 96})
    scale = ma.fields.Integer(
        validate=validate.OneOf(tuple(personal_range.SCALES)),
        metadata={"description": "血氧评分量表,仅用于血氧饱和度", "example": 2},
    )
    until = ma.fields.Date(required=True, metadata=DAY)
    reason = ma.fields.String(required=True, validate=WORDS, metadata={"example": "近期头晕,专科建议放宽"})


class HealthPersonalRangeView(ma.Schema):
    """A personal range: who set it, until when, and why."""

    id = ma.fields.String(metadata=ID)
    quantity = ma.fields.String(metadata={"example": "systolic"})
    quantity_zh = ma.fields.String(metadata={"example": "收缩压"})
    low = ma.fields.Float(metadata={"example": 100})
    high = ma.fields.Float(metadata={"example": 145})
    scale = ma.fields.Integer(metadata={"example": 2})
    until = ma.fields.String(metadata=DAY)
    state = ma.fields.String(validate=validate.OneOf(("live", "expired", "ended")), metadata={"example": "live"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    set_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    unit = ma.fields.String(metadata={"example": "tantou_clinic"})
    set_at = ma.fields.String(metadata=TIME)
    reason = ma.fields.String(metadata={"example": "近期头晕,专科建议放宽"})


class HealthPersonalRangeList(ma.Schema):
    """The personal ranges of an elder, those that stand first."""

    items = ma.fields.List(ma.fields.Nested(HealthPersonalRangeView))
    next = ma.fields.String(allow_none=True)

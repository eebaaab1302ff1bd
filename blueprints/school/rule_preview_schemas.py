"""Shapes of previews of a round's rules on the applications of another round."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import StaffPageQuery
from models.rules.grammar import CODE
from models.school import round as rounds
from models.school.rule_preview_views import APART_ZH, KIND_ZH, STATE_ZH, WHY_ZH
from models.school.rule_tally import CHANGES, PRIORITY_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-24T10:30:00+08:00"}
_RULE_SET = {"example": "school_primary_tier:2"}
_STANDING = {"description": "梯次;none 不符合,unknown 尚不能判断", "example": "2"}
_COUNT = {"description": "无权查看申请的人员看不到少于 5 人的数字(空值)", "example": 12}


class RulePreviewBody(ma.Schema):
    """Which version or draft, and the round on whose applications it is tried."""

    rule_set = ma.fields.String(
        required=True, validate=validate.Regexp(rf"^{CODE}:[1-9][0-9]{{0,5}}\Z"), metadata=_RULE_SET
    )
    source = ma.fields.String(
        required=True, validate=validate.Regexp(rounds.CODE), metadata={"example": "2026-primary"}
    )  # fmt: skip


class RulePreviewQuery(StaffPageQuery):
    """A page."""


class RulePreviewBrief(ma.Schema):
    """A preview, and how far it is."""

    id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata={"example": "2027-primary"})
    source = ma.fields.String(metadata={"example": "2026-primary"})
    rule_set = ma.fields.String(metadata=_RULE_SET)
    kinds = ma.fields.List(ma.fields.String(validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "tier"}))
    kinds_zh = ma.fields.List(ma.fields.String(metadata={"example": "梯次"}))
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "done"})
    state_zh = ma.fields.String(metadata={"example": "已完成"})
    total = ma.fields.Integer(metadata={"example": 12000})
    looked_at = ma.fields.Integer(metadata={"example": 12000})
    started_at = ma.fields.String(metadata=_TIME)
    finished_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata={"description": "此后自动删除", "example": "2027-05-23T10:30:00+08:00"})


class RulePreviewList(ma.Schema):
    """A page of previews."""

    items = ma.fields.List(ma.fields.Nested(RulePreviewBrief))
    next = ma.fields.String(allow_none=True)


class RulePreviewChange(ma.Schema):
    """How many applications change in one way."""

    change = ma.fields.String(validate=validate.OneOf(tuple(CHANGES)), metadata={"example": "gained"})
    change_zh = ma.fields.String(metadata={"example": "由不符合变为符合"})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class RulePreviewCell(ma.Schema):
    """How many applications come from one tier to another."""

    before = ma.fields.String(metadata=_STANDING)
    before_zh = ma.fields.String(metadata={"example": "第 2 梯次"})
    after = ma.fields.String(metadata={**_STANDING, "example": "3"})
    after_zh = ma.fields.String(metadata={"example": "第 3 梯次"})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class RulePreviewPriority(ma.Schema):
    """How many applications keep a tier and change their priority, or do not."""

    change = ma.fields.String(validate=validate.OneOf(tuple(PRIORITY_ZH)), metadata={"example": "better"})
    change_zh = ma.fields.String(metadata={"example": "优先级提前"})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class RulePreviewApart(ma.Schema):
    """Applications that are not compared."""

    why = ma.fields.String(validate=validate.OneOf(tuple(APART_ZH)), metadata={"example": "otherwise"})
    why_zh = ma.fields.String(metadata={"example": "决定不由规则作出(如监护关系、申诉改变)"})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class RulePreviewOpenFact(ma.Schema):
    """A fact that leaves applications open under the version."""

    fact = ma.fields.String(metadata={"example": "sibling.enrolled"})
    zh = ma.fields.String(metadata={"example": "兄弟姐妹在同校就读"})
    why = ma.fields.String(validate=validate.OneOf(tuple(WHY_ZH)), metadata={"example": "not_kept"})
    why_zh = ma.fields.String(metadata={"example": "当时的规则没有用到,没有留存"})
    count = ma.fields.Integer(allow_none=True, metadata=_COUNT)


class RulePreviewTier(ma.Schema):
    """How many of a tier wish for a school first."""

    tier = ma.fields.Integer(metadata={"example": 1})
    before = ma.fields.Integer(metadata={"example": 60})
    after = ma.fields.Integer(metadata={"example": 72})


class RulePreviewSchool(ma.Schema):
    """Qualified applications that wish for a school first, beside its places in the round looked at."""

    school = ma.fields.String(metadata={"example": "shiyan_primary"})
    school_zh = ma.fields.String(metadata={"example": "于都县实验小学"})
    places = ma.fields.Integer(metadata={"example": 180})
    before = ma.fields.Integer(metadata={"example": 210})
    after = ma.fields.Integer(metadata={"example": 236})
    unclear = ma.fields.Integer(metadata={"description": "试算后尚不能判断的", "example": 3})
    tiers = ma.fields.List(ma.fields.Nested(RulePreviewTier))


class RulePreviewView(RulePreviewBrief):
    """A preview; its numbers once it is done, schools for who reads applications."""

    changes = ma.fields.List(ma.fields.Nested(RulePreviewChange))
    tiers = ma.fields.List(ma.fields.Nested(RulePreviewCell))
    priorities = ma.fields.List(ma.fields.Nested(RulePreviewPriority))
    apart = ma.fields.List(ma.fields.Nested(RulePreviewApart))
    open_facts = ma.fields.List(ma.fields.Nested(RulePreviewOpenFact))
    schools = ma.fields.List(ma.fields.Nested(RulePreviewSchool))
    listed = ma.fields.Integer(metadata={"description": "可逐条查看的变化申请数(最多 200)", "example": 200})
    note_zh = ma.fields.String(metadata={"example": "少于 5 人的数字不予显示(以空值表示)。"})


class RulePreviewSide(ma.Schema):
    """Where an application stood, or would stand, and why."""

    standing = ma.fields.String(metadata=_STANDING)
    standing_zh = ma.fields.String(metadata={"example": "第 2 梯次"})
    rule_numbers = ma.fields.List(ma.fields.String(metadata={"example": "第4条"}))
    why_zh = ma.fields.String(metadata={"example": "符合“小学入学梯次”:满足“第4条:随祖父母居住”。"})


class RulePreviewLine(ma.Schema):
    """An application that changes; nobody is named."""

    id = ma.fields.String(metadata=_ID)
    receipt = ma.fields.String(metadata={"example": "RX-7K2M9QXA"})
    school_zh = ma.fields.String(metadata={"description": "第一志愿", "example": "于都县实验小学"})
    before = ma.fields.Nested(RulePreviewSide)
    after = ma.fields.Nested(RulePreviewSide)
    decided_since = ma.fields.Boolean(metadata={"description": "试算后又重新作出了决定", "example": False})


class RulePreviewLines(ma.Schema):
    """A page of applications that change."""

    items = ma.fields.List(ma.fields.Nested(RulePreviewLine))
    next = ma.fields.String(allow_none=True)

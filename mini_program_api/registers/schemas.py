"""Shapes of facts as the person whom they are about sees them."""

import marshmallow as ma

_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class FactView(ma.Schema):
    """What one source says about one matter."""

    id = ma.fields.String(required=True, metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(required=True, metadata={"example": "household.address"})
    kind_zh = ma.fields.String(required=True, metadata={"example": "户籍地址"})
    value_zh = ma.fields.String(required=True, metadata={"example": "于都县贡江镇红旗****"})
    absent = ma.fields.Boolean(required=True, metadata={"description": "登记部门没有记录"})
    source = ma.fields.String(required=True, metadata={"example": "household"})
    source_zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    unit = ma.fields.String(required=True, metadata={"example": "public_security"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县公安局"})
    stated_on = ma.fields.String(metadata={"description": "登记部门注明的日期", "example": "2019-05-06"})
    fetched_at = ma.fields.String(required=True, metadata=_TIME)
    trust = ma.fields.String(required=True, metadata={"example": "authoritative"})
    trust_zh = ma.fields.String(required=True, metadata={"example": "权威登记"})
    state = ma.fields.String(required=True, metadata={"example": "current"})
    state_zh = ma.fields.String(required=True, metadata={"example": "有效"})
    stale = ma.fields.Boolean(required=True, metadata={"description": "超过有效期,登记部门尚未答复"})
    lagging = ma.fields.Boolean(required=True, metadata={"description": "已核实更正,登记部门的系统尚未更新"})
    chosen = ma.fields.Boolean(required=True, metadata={"description": "办事时采用这一条"})
    rule = ma.fields.String(required=True, metadata={"example": "more_trusted"})
    rule_zh = ma.fields.String(required=True, metadata={"example": "以权威登记为准"})
    contradicted = ma.fields.Boolean(required=True, metadata={"description": "不同部门的登记不一致"})


class SourceView(ma.Schema):
    """How one register stands to this person."""

    code = ma.fields.String(required=True, metadata={"example": "household"})
    zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    unit_zh = ma.fields.String(required=True, metadata={"example": "县公安局"})
    asks_zh = ma.fields.String(required=True, metadata={"example": "查询您的户籍登记和同户人员"})
    state = ma.fields.String(required=True, metadata={"example": "answered"})
    state_zh = ma.fields.String(required=True, metadata={"example": "已查询"})
    answered_at = ma.fields.String(metadata=_TIME)


class FactList(ma.Schema):
    """All facts; the list is bounded, so there is no next page."""

    items = ma.fields.List(ma.fields.Nested(FactView), required=True)
    sources = ma.fields.List(ma.fields.Nested(SourceView), required=True)
    next = ma.fields.String(allow_none=True)


class AskedView(ma.Schema):
    """Whether a register is being asked."""

    code = ma.fields.String(required=True, metadata={"example": "household"})
    zh = ma.fields.String(required=True, metadata={"example": "户籍登记"})
    result = ma.fields.String(required=True, metadata={"example": "asking"})
    result_zh = ma.fields.String(required=True, metadata={"example": "正在查询"})


class AskedList(ma.Schema):
    """All registers."""

    items = ma.fields.List(ma.fields.Nested(AskedView), required=True)
    next = ma.fields.String(allow_none=True)


class MatchView(ma.Schema):
    """What a match came to."""

    raised = ma.fields.Boolean(required=True, metadata={"description": "本次提升了身份等级"})
    level = ma.fields.String(required=True, metadata={"example": "matched"})


class GuardianView(ma.Schema):
    """The relation that the register proved."""

    relation_id = ma.fields.String(required=True, metadata={"example": "673ec0a5c0ffee0123456789"})
    state = ma.fields.String(required=True, metadata={"example": "active"})
    until = ma.fields.String(required=True, metadata={"example": "2031-05-06T00:00:00+08:00"})

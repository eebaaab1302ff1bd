"""What families and staff see of what the registers say of a child."""

import marshmallow as ma

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2027-07-02T09:30:00+08:00"}


class SchoolFactBrief(ma.Schema):
    """What a register said, masked, with its source and date."""

    about_zh = ma.fields.String(metadata={"example": "孩子"})
    kind = ma.fields.String(metadata={"example": "household.address"})
    kind_zh = ma.fields.String(metadata={"example": "户籍地址"})
    words_zh = ma.fields.String(metadata={"example": "贡江镇长征大道****"})
    source_zh = ma.fields.String(metadata={"example": "户籍登记"})
    date = ma.fields.String(metadata={"example": "2027-06-30"})
    state_zh = ma.fields.String(metadata={"example": "有效"})


class SchoolFactView(SchoolFactBrief):
    """An entry of a register about the child or a guardian: source, date, and whether it can be disputed."""

    fact = ma.fields.String(metadata=_ID)
    about = ma.fields.String(metadata={"example": "child"})
    source = ma.fields.String(metadata={"example": "household"})
    unit_zh = ma.fields.String(metadata={"example": "于都县公安局"})
    fetched_at = ma.fields.String(metadata=_TIME)
    state = ma.fields.String(metadata={"example": "current"})
    disputable = ma.fields.Boolean(metadata={"example": True})


class SchoolLackView(ma.Schema):
    """What is not known of a child, and why."""

    name = ma.fields.String(metadata={"example": "property.in_district"})
    zh = ma.fields.String(metadata={"example": "房产所在学区"})
    why_zh = ma.fields.String(metadata={"example": "登记部门的系统暂时没有响应"})

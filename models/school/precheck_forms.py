"""What is seen before a submission: where the child may go, on what that rests, and what a person would check."""

import marshmallow as ma
from marshmallow import validate

from models.school.basis import KIND_ZH


class SchoolOptionView(ma.Schema):
    """A school that may be chosen, and why."""

    school = ma.fields.String(metadata={"example": "shiyan_primary"})
    name = ma.fields.String(metadata={"example": "于都县实验小学"})
    ownership = ma.fields.String(metadata={"example": "public"})
    ownership_zh = ma.fields.String(metadata={"example": "公办"})
    address = ma.fields.String(metadata={"example": "贡江镇长征大道"})
    places = ma.fields.Integer(metadata={"example": 270})
    of_district = ma.fields.Boolean(metadata={"example": True})
    why_zh = ma.fields.String(metadata={"example": "长征大道1至99号属于城东片区。"})
    point = ma.fields.List(ma.fields.Float(), metadata={"example": [115.409, 25.955]})


class SchoolBasisView(ma.Schema):
    """On what the district may rest, as the registers show it, and where it lies."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "household"})
    kind_zh = ma.fields.String(metadata={"example": "户籍"})
    fact_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    certain = ma.fields.Boolean(metadata={"example": True})
    why_zh = ma.fields.String(metadata={"example": "长征大道1至99号属于城东片区。"})


class SchoolProblemView(ma.Schema):
    """What must be put right first, by field."""

    field = ma.fields.String(metadata={"example": "choices.0"})
    zh = ma.fields.String(metadata={"example": "第1志愿“于都县第六小学”不能填报:不在您的学区。"})


class SchoolCheckView(ma.Schema):
    """What a person will check, where and why, and whether the family must bring a paper."""

    point = ma.fields.String(metadata={"example": "residence"})
    point_zh = ma.fields.String(metadata={"example": "居住证"})
    unit = ma.fields.String(metadata={"example": "public_security"})
    unit_zh = ma.fields.String(metadata={"example": "于都县公安局"})
    why = ma.fields.List(ma.fields.String(), metadata={"example": ["by_hand"]})
    why_zh = ma.fields.String(metadata={"example": "家长自行填报,需核对材料"})
    paper_needed = ma.fields.Boolean(metadata={"example": True})
    uploaded = ma.fields.Integer(metadata={"example": 0})
    paper_zh = ma.fields.String(metadata={"example": "居住证正反面照片"})


class SchoolPrecheckBrief(ma.Schema):
    """What would come out if the family submitted now; nothing is stored by it."""

    passes = ma.fields.Boolean(metadata={"example": True})
    problems = ma.fields.List(ma.fields.Nested(SchoolProblemView))
    eligible_zh = ma.fields.String(metadata={"example": "符合报名条件"})
    why_zh = ma.fields.String(metadata={"example": "第1条:至当年8月31日年满6周岁。第2条:户籍在本县。"})
    tier_zh = ma.fields.String(metadata={"example": "第1梯次"})
    checks = ma.fields.List(ma.fields.Nested(SchoolCheckView))
    property_zh = ma.fields.String(metadata={"example": "所选户籍可以使用;提交后按公布的周期为您家保留。"})
    schools = ma.fields.List(ma.fields.Nested(SchoolOptionView))
    bases = ma.fields.List(ma.fields.Nested(SchoolBasisView))
    zero_uploads = ma.fields.Boolean(metadata={"example": True})
    seq = ma.fields.Integer(metadata={"example": 2})

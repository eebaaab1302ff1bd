"""Shapes of finding the children of a round, and of families who cannot be reached."""

import marshmallow as ma
from marshmallow import validate

from models.school import reach
from models.school.candidate import OUTCOME_ZH, REACH_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-24T10:30:00+08:00"}
_VILLAGE = {"description": "村(社区)的统计用区划代码", "example": "360731100001"}
_WORDS = r"^[^\x00]*\Z"


class SchoolFindBody(ma.Schema):
    """The first and the last birth day of those who are looked for."""

    born_from = ma.fields.Date(required=True, metadata={"example": "2020-09-01"})
    born_to = ma.fields.Date(required=True, metadata={"example": "2021-08-31"})


class SchoolJobView(ma.Schema):
    """A job that began; how far it is stands under `/office/v1/school/jobs/{id}`."""

    id = ma.fields.String(metadata=_ID)
    task = ma.fields.String(metadata={"example": "school.find"})
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 240})
    failed = ma.fields.Integer(metadata={"description": "需要再次查找的儿童数(最多 200)", "example": 2})
    reasons = ma.fields.List(ma.fields.String(metadata={"example": "register_away"}))
    started_at = ma.fields.String(metadata=_TIME)
    finished_at = ma.fields.String(metadata=_TIME)


class UnreachedQuery(ma.Schema):
    """A page of families, of one village or town where it is named."""

    village = ma.fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{6,12})?\Z"), metadata=_VILLAGE)
    visited = ma.fields.Boolean(load_default=False, metadata={"example": False})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class UnreachedSheetQuery(ma.Schema):
    """Of which village or town the list is."""

    village = ma.fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{6,12})?\Z"), metadata=_VILLAGE)


class SchoolVisitView(ma.Schema):
    """How a visit went."""

    outcome = ma.fields.String(validate=validate.OneOf(tuple(OUTCOME_ZH)), metadata={"example": "told"})
    outcome_zh = ma.fields.String(metadata={"example": "已当面告知"})
    at = ma.fields.String(metadata=_TIME)
    note = ma.fields.String(metadata={"example": "家长在外务工,由奶奶转告"})


class UnreachedView(ma.Schema):
    """A family that nothing reached: guardians masked, the whole address, what they would be told."""

    id = ma.fields.String(metadata=_ID)
    village = ma.fields.String(metadata=_VILLAGE)
    address = ma.fields.String(metadata={"example": "于都县贡江镇长征大道12号"})
    guardians = ma.fields.List(ma.fields.String(metadata={"example": "刘*"}))
    child = ma.fields.String(metadata={"example": "未满14周岁,需审批"})
    schools_zh = ma.fields.String(metadata={"example": "于都县实验小学"})
    tier_zh = ma.fields.String(metadata={"example": "第 1 梯次"})
    missing_zh = ma.fields.String(metadata={"example": "无"})
    reach = ma.fields.String(validate=validate.OneOf(tuple(REACH_ZH)), metadata={"example": "no_account"})
    reach_zh = ma.fields.String(metadata={"example": "监护人均未使用小程序"})
    visit = ma.fields.Nested(SchoolVisitView)


class UnreachedList(ma.Schema):
    """A page of families; `note_zh` tells who has no area what to do."""

    items = ma.fields.List(ma.fields.Nested(UnreachedView))
    note_zh = ma.fields.String(metadata={"example": reach.NO_AREA_ZH})
    next = ma.fields.String(allow_none=True)


class SchoolVisitBody(ma.Schema):
    """How a visit went, with a note where one is worth it."""

    outcome = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(OUTCOME_ZH)), metadata={"example": "told"}
    )  # fmt: skip
    note = ma.fields.String(
        load_default="",
        validate=[validate.Length(0, 500), validate.Regexp(_WORDS)],
        metadata={"example": "家长在外务工,由奶奶转告"},
    )


class UnreachedExportBody(ma.Schema):
    """Why a long list is exported, and of which village or town."""

    village = ma.fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{6,12})?\Z"), metadata=_VILLAGE)
    reason = ma.fields.String(
        required=True,
        validate=[validate.Length(2, 200), validate.Regexp(r"^[^\x00]*\S[^\x00]*\Z")],
        metadata={"example": "打印后交各村逐户告知"},
    )


class UnreachedExportView(ma.Schema):
    """Whether a second person has to agree, and to which proposal."""

    approval_needed = ma.fields.Boolean(metadata={"example": True})
    approval_id = ma.fields.String(metadata=_ID)
    rows = ma.fields.Integer(metadata={"example": 320})

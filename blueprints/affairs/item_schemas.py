"""Shapes of service items as offices write and read them."""

import marshmallow as ma
from marshmallow import validate

from models.affairs import form, service_item
from models.affairs.service_item_content import APPLICANTS, DELIVERY
from models.registers.catalogue import EVERY_KIND

_CODE = validate.Regexp(service_item.CODE)
_NAME = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z")
_WORDS = r"^[^\x00-\x1f\x7f]*\Z"
_MOST_DAYS = 365
_ITEM = {"example": "old_age_card:1"}


def _words(longest: int, least: int = 1) -> validate.Validator:
    return validate.And(validate.Length(least, longest), validate.Regexp(_WORDS))


def _flag(zh: str) -> ma.fields.Boolean:
    return ma.fields.Boolean(
        load_default=False, truthy={True}, falsy={False}, metadata={"description": zh, "example": False}
    )


def _number(least: int, most: int, example: int) -> ma.fields.Integer:
    return ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(least, most), metadata={"example": example}
    )


class ItemLimit(ma.Schema):
    """So many working or calendar days."""

    days = _number(1, _MOST_DAYS, 5)
    counted = ma.fields.String(
        load_default="working", validate=validate.OneOf(["working", "calendar"]), metadata={"example": "working"}
    )


class ItemOutcome(ma.Schema):
    """One way out of a step: to another step, also an earlier one, or, with an empty `to`, to the decision."""

    code = ma.fields.String(required=True, validate=_NAME, metadata={"example": "agreed"})
    zh = ma.fields.String(required=True, validate=_words(60), metadata={"example": "同意办理"})
    to = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([a-z][a-z0-9_]{0,39})?\Z"), metadata={"example": ""}
    )
    carry_out = ma.fields.String(load_default="", validate=validate.Length(0, 60), metadata={"example": ""})


class ItemStep(ma.Schema):
    """A piece of work of a role, at a fixed unit, the item's own or that of the applicant's town."""

    code = ma.fields.String(required=True, validate=_NAME, metadata={"example": "review"})
    zh = ma.fields.String(required=True, validate=_words(40), metadata={"example": "审核"})
    role = ma.fields.String(required=True, validate=_NAME, metadata={"example": "case_handler"})
    limit = ma.fields.Nested(ItemLimit, required=True, metadata={"example": {"days": 5}})
    outcomes = ma.fields.List(
        ma.fields.Nested(ItemOutcome),
        required=True,
        validate=validate.Length(1, 10),
        metadata={"example": [{"code": "agreed", "zh": "同意办理"}]},
    )
    unit = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata={"example": ""})
    another_person = _flag("须由另一人办理")
    by_area = _flag("由申请人所在乡镇办理")


class ItemStop(ma.Schema):
    """A reason for which the clocks stand still, and for how long at most."""

    code = ma.fields.String(required=True, validate=_NAME, metadata={"example": "supplement"})
    zh = ma.fields.String(required=True, validate=_words(60), metadata={"example": "等待申请人补正材料"})
    longest = ma.fields.Nested(ItemLimit, required=True, metadata={"example": {"days": 15}})
    asks = _flag("由申请人的答复结束")
    once = _flag("一件事项只能用一次")
    carry_out = ma.fields.String(load_default="", validate=validate.Length(0, 60), metadata={"example": ""})


class ItemLevel(ma.Schema):
    """Who gets overdue work as well, so many working days after the due time."""

    after = _number(0, 60, 0)
    role = ma.fields.String(required=True, validate=_NAME, metadata={"example": "case_supervisor"})


class ItemAppeal(ma.Schema):
    """Within which time an applicant may appeal, once, and to which step."""

    limit = ma.fields.Nested(ItemLimit, required=True, metadata={"example": {"days": 15, "counted": "calendar"}})
    step = ma.fields.String(required=True, validate=_NAME, metadata={"example": "appeal"})


class ItemSource(ma.Schema):
    """Where a material may come from: a register, an earlier case, a file of the applicant."""

    register = ma.fields.String(
        validate=validate.OneOf(sorted(EVERY_KIND)),
        metadata={"description": "登记信息的种类", "example": "business.licence"},
    )
    case = ma.fields.String(validate=_CODE)
    file = ma.fields.Boolean(truthy={True}, falsy={False})

    @ma.validates_schema
    def one_of_them(self, data: dict[str, object], **_kwargs: object) -> None:
        """A source is one of the three."""
        if len(data) != 1:
            raise ma.ValidationError("每个来源只写 register、case、file 之一。", "register")


class ItemMaterial(ma.Schema):
    """A material, and where it may come from, the best source first."""

    code = ma.fields.String(required=True, validate=_NAME, metadata={"example": "household_page"})
    zh = ma.fields.String(required=True, validate=_words(100), metadata={"example": "居民户口簿"})
    required = ma.fields.Boolean(required=True, truthy={True}, falsy={False}, metadata={"example": True})
    sources = ma.fields.List(
        ma.fields.Nested(ItemSource),
        required=True,
        data_key="from",
        attribute="from",
        validate=validate.Length(1, 5),
        metadata={"example": [{"register": "household.address"}, {"file": True}]},
    )


class ItemResult(ma.Schema):
    """The paper at the end: its title and paragraphs with places for values."""

    zh = ma.fields.String(required=True, validate=_words(60), metadata={"example": "办理结果通知书"})
    paragraphs = ma.fields.List(
        ma.fields.String(validate=_words(1000)),
        required=True,
        validate=validate.Length(1, 30),
        metadata={"example": ["您申请的事项已办结。"]},
    )
    outcomes = ma.fields.List(
        ma.fields.String(validate=_NAME),
        validate=validate.Length(1, 10),
        metadata={"description": "哪些结果出具结果文书", "example": ["agreed"]},
    )


class ItemSlot(ma.Schema):
    """At which place a time is booked."""

    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "hall"})


class ItemBody(ma.Schema):
    """What a version says."""

    zh = ma.fields.String(required=True, validate=_words(60), metadata={"example": "老年人优待证办理"})
    intro_zh = ma.fields.String(load_default="", validate=_words(1000, 0), metadata={"example": ""})
    applicants = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(APPLICANTS))),
        required=True,
        validate=validate.Length(1, 2),
        metadata={"example": ["resident"]},
    )
    area = ma.fields.String(
        load_default="",
        validate=validate.Length(0, 40),
        metadata={"description": "表单中填写所在地区划代码的字段", "example": ""},
    )
    once = _flag("同一申请人同时只能有一件在办")
    prefix = ma.fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{2,8}\Z"), metadata={"example": "LNYD"})
    law = ma.fields.String(required=True, validate=_words(200), metadata={"example": "老年人权益保障法第五十三条"})
    limit = ma.fields.Nested(ItemLimit, required=True, metadata={"example": {"days": 10}})
    steps = ma.fields.List(ma.fields.Nested(ItemStep), required=True, validate=validate.Length(1, 20))
    stops = ma.fields.List(
        ma.fields.Nested(ItemStop), load_default=list, validate=validate.Length(0, 10), metadata={"example": []}
    )
    remind = _number(0, 30, 1)
    levels = ma.fields.List(
        ma.fields.Nested(ItemLevel),
        required=True,
        validate=validate.Length(1, 5),
        metadata={"example": [{"after": 0, "role": "case_supervisor"}, {"after": 2, "role": "privacy_officer"}]},
    )
    appeal = ma.fields.Nested(ItemAppeal, load_default=None, allow_none=True, metadata={"example": None})
    form = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 40)),
        load_default=dict,
        validate=validate.Length(0, 10),
        metadata={
            "description": "表单:JSON Schema 子集",
            "example": {"type": "object", "required": [], "properties": {}},
        },
    )
    materials = ma.fields.List(
        ma.fields.Nested(ItemMaterial), load_default=list, validate=validate.Length(0, 20), metadata={"example": []}
    )
    result = ma.fields.Nested(ItemResult, load_default=None, allow_none=True, metadata={"example": None})
    delivery = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(DELIVERY))),
        load_default=list,
        validate=validate.Length(0, 3),
        metadata={"example": ["electronic"]},
    )
    slot = ma.fields.Nested(ItemSlot, load_default=None, allow_none=True, metadata={"example": None})
    rating = _flag("办结后请申请人评价")
    demo = _flag("演示样例")
    source = ma.fields.String(load_default="", validate=_words(300, 0), metadata={"example": ""})


class NewItemBody(ItemBody):
    """A new item, or the next version of one."""

    code = ma.fields.String(required=True, validate=_CODE, metadata={"example": "old_age_card"})


class ItemProposeBody(ma.Schema):
    """Why this version shall be published."""

    reason = ma.fields.String(required=True, validate=_words(200), metadata={"example": "按新办法调整"})


class ItemTryBody(ma.Schema):
    """A filled form, to see what would be refused."""

    answers = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 40)),
        required=True,
        validate=validate.Length(0, form.MOST_FIELDS),
        metadata={"example": {}},
    )


class ItemPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ItemDifferenceQuery(ma.Schema):
    """From which other version."""

    before = ma.fields.String(required=True, validate=validate.Length(3, 64), metadata=_ITEM)


class ItemBrief(ma.Schema):
    """A version in a list."""

    id = ma.fields.String(metadata=_ITEM)
    code = ma.fields.String(metadata={"example": "old_age_card"})
    version = ma.fields.Integer(metadata={"example": 1})
    zh = ma.fields.String(metadata={"example": "老年人优待证办理"})
    state = ma.fields.String(metadata={"example": "draft", "enum": list(service_item.STATES)})
    state_zh = ma.fields.String(metadata={"example": "草稿"})
    unit = ma.fields.String(metadata={"example": "civil_affairs"})
    prefix = ma.fields.String(metadata={"example": "LNYD"})
    demo = ma.fields.Boolean()
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    published_at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})


class ItemView(ItemBrief):
    """A whole version."""

    intro_zh = ma.fields.String()
    applicants = ma.fields.List(ma.fields.String())
    area = ma.fields.String()
    once = ma.fields.Boolean()
    law = ma.fields.String()
    limit = ma.fields.Dict()
    steps = ma.fields.List(ma.fields.Dict())
    stops = ma.fields.List(ma.fields.Dict())
    remind = ma.fields.Integer()
    levels = ma.fields.List(ma.fields.Dict())
    appeal = ma.fields.Dict(allow_none=True)
    form = ma.fields.Dict()
    materials = ma.fields.List(ma.fields.Dict())
    result = ma.fields.Dict(allow_none=True)
    delivery = ma.fields.List(ma.fields.String())
    slot = ma.fields.Dict(allow_none=True)
    rating = ma.fields.Boolean()
    source = ma.fields.String()


class ItemList(ma.Schema):
    """A page of versions."""

    items = ma.fields.List(ma.fields.Nested(ItemBrief))
    next = ma.fields.String(allow_none=True)


class ItemFieldProblem(ma.Schema):
    """What is wrong with one field."""

    field = ma.fields.String(metadata={"example": "form.phone"})
    code = ma.fields.String(metadata={"example": "missing"})
    zh = ma.fields.String(metadata={"example": "此项必填。"})


class ItemTried(ma.Schema):
    """What a filled form would be refused for; empty when it would be taken."""

    problems = ma.fields.List(ma.fields.Nested(ItemFieldProblem))
    fields_ = ma.fields.Integer(data_key="fields", attribute="fields", metadata={"example": 6})


class ItemChange(ma.Schema):
    """A place that two versions differ in."""

    path = ma.fields.String(metadata={"example": "steps.review.limit.days"})
    before = ma.fields.Raw(allow_none=True, metadata={"example": 5})
    after = ma.fields.Raw(allow_none=True, metadata={"example": 3})


class ItemDifference(ma.Schema):
    """What changed from one version to another."""

    before = ma.fields.String(metadata=_ITEM)
    after = ma.fields.String(metadata={"example": "old_age_card:2"})
    items = ma.fields.List(ma.fields.Nested(ItemChange))
    next = ma.fields.String(allow_none=True)

"""What is sent and seen about results, deliveries, ratings and materials, the same for residents and firms."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.affairs import delivery, material_views, rating, result_code, result_paper
from models.affairs.delivery import Address

_TIME, _ID = {"example": "2026-11-20T09:30:00+08:00"}, {"example": "673ec0a5c0ffee0123456789"}
_DAY = {"example": "2026-11-20"}
_NO_NUL = validate.Regexp(r"^[^\x00]*\Z")
_SAID = validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z")
WAYS = list(delivery.WAYS)


def text(example: str, longest: int, **options: Any) -> ma.fields.String:
    """Return a field of words that somebody sends."""
    checks = _SAID if options.get("required") else _NO_NUL
    return ma.fields.String(
        validate=validate.And(validate.Length(0, longest), checks), metadata={"example": example}, **options
    )


def word(example: str) -> ma.fields.String:
    """Return a field that is shown."""
    return ma.fields.String(metadata={"example": example})


class MaterialFiles(ma.Schema):
    """The files that were uploaded for one material."""

    code = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z"), metadata={"example": "licence"}
    )
    files = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 64)),
        required=True,
        validate=validate.Length(1, 10),
        metadata={"example": ["673ec0a5c0ffee0123456789"]},
    )


class _ByMaterial(ma.fields.List):
    """A list of files by material that is read as a mapping."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        told = super()._deserialize(value, attr, data, **kwargs) or []
        return {one["code"]: tuple(one["files"]) for one in told if one}


def material_files() -> ma.fields.List:
    """Return the field of the files that go with a form, for each material that is not known."""
    return _ByMaterial(
        ma.fields.Nested(MaterialFiles), load_default=dict, validate=validate.Length(0, 20), metadata={"example": []}
    )


class ResultDeliveryAddress(ma.Schema):
    """Where a result goes by post."""

    name = text("李小满", 40, required=True)
    phone = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[0-9+][0-9-]{5,19}\Z"), metadata={"example": "13800000000"}
    )
    address = text("江西省赣州市于都县贡江镇红军大道1号", 200, required=True)


class ResultDeliveryBody(ma.Schema):
    """How the result shall come; by post with an address."""

    way = ma.fields.String(required=True, validate=validate.OneOf(WAYS), metadata={"example": "post"})
    address = ma.fields.Nested(ResultDeliveryAddress)

    @ma.post_load
    def _told(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {"way": data["way"], "address": Address(**data["address"]) if "address" in data else None}


class ResultDeliveryLine(ma.Schema):
    """Into which state a delivery came, and when."""

    state = ma.fields.String(metadata={"example": "sent", "enum": list(delivery.STATES)})
    state_zh = word("已寄出")
    at = ma.fields.String(metadata=_TIME)


class ResultDeliveryBrief(ma.Schema):
    """A delivery in a list; nothing in it says whose it is."""

    id = ma.fields.String(metadata=_ID)
    number = word("LAW-20261120-000001-01")
    zh = word("法律咨询意见书")
    way = ma.fields.String(metadata={"example": "post", "enum": WAYS})
    way_zh = word("邮寄")
    state = ma.fields.String(metadata={"example": "sent", "enum": list(delivery.STATES)})
    state_zh = word("已寄出")
    chosen_at = ma.fields.String(metadata=_TIME)
    carrier = word("中国邮政EMS")
    tracking = word("1234567890123")


class ResultDeliveryView(ResultDeliveryBrief):
    """A delivery with its address, and the code that its applicant shows at the counter."""

    address = ma.fields.Nested(ResultDeliveryAddress)
    pick_up_code = word("042917")
    history = ma.fields.List(ma.fields.Nested(ResultDeliveryLine))


class ResultDeliveryWay(ma.Schema):
    """A way in which results of an item go."""

    code = ma.fields.String(metadata={"example": "electronic", "enum": WAYS})
    zh = word("电子文书")


class CaseResultView(ma.Schema):
    """The result of a case on paper."""

    id = ma.fields.String(metadata=_ID)
    number = word("LAW-20261120-000001-01")
    zh = word("法律咨询意见书")
    state = ma.fields.String(metadata={"example": "standing", "enum": list(result_paper.STATES)})
    state_zh = word("有效")
    unit = word("justice")
    made_at = ma.fields.String(metadata=_TIME)
    sha256 = word("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    verify_url = word("https://city.example.test/r/UgFnPs…")
    ways = ma.fields.List(ma.fields.Nested(ResultDeliveryWay))
    delivery = ma.fields.Nested(ResultDeliveryView, allow_none=True)


class ResultCheck(ma.Schema):
    """What anybody may know of the paper behind a code."""

    state = ma.fields.String(metadata={"example": "authentic", "enum": list(result_code.STATE_ZH)})
    state_zh = word("真实有效")
    zh = word("法律咨询意见书")
    unit = word("justice")
    unit_zh = word("县司法局")
    day = ma.fields.String(metadata=_DAY)
    holder = word("李**")
    number_tail = word("000001-01")
    sha256 = word("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    reason_zh = word("原决定经复核撤销")


class CaseRatingBody(ma.Schema):
    """One to five, with tags and words of one's own."""

    stars = ma.fields.Integer(
        required=True, strict=True, validate=validate.OneOf(sorted(rating.STARS_ZH)), metadata={"example": 4}
    )
    tags = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(rating.TAGS_ZH))),
        load_default=[],
        validate=validate.Length(0, len(rating.TAGS_ZH)),
        metadata={"example": ["fast"]},
    )
    text = text("一次就办好了", 1000, load_default="")


class RatingTag(ma.Schema):
    """A tag and its words."""

    code = ma.fields.String(metadata={"example": "fast", "enum": list(rating.TAGS_ZH)})
    zh = word("办得快")


class CaseRatingView(ma.Schema):
    """A rating, and how far its return visit has come."""

    case = ma.fields.String(metadata=_ID)
    number = word("LAW-20261120-000001")
    stars = ma.fields.Integer(metadata={"example": 4})
    stars_zh = word("满意")
    tags = ma.fields.List(ma.fields.Nested(RatingTag))
    text = word("一次就办好了")
    visit = ma.fields.String(metadata={"description": "回访结果,visiting 为回访中", "example": "visiting"})
    visit_zh = word("回访中")
    at = ma.fields.String(metadata=_TIME)


class ReturnVisitView(CaseRatingView):
    """What is to be visited for, and how to reach who rated."""

    unit = word("justice")
    kind = word("law_consultation")
    name = word("李小满")
    phone = word("13800000000")


class CaseMaterialView(ma.Schema):
    """A material: known with source and day, or why it is to be uploaded; later, whether it still holds."""

    code = word("licence")
    zh = word("营业执照")
    required = ma.fields.Boolean()
    takes_file = ma.fields.Boolean()
    known = ma.fields.Boolean(metadata={"description": "免交"})
    origin = ma.fields.String(metadata={"example": "register", "enum": list(material_views.ORIGIN_ZH)})
    origin_zh = word("部门登记信息")
    source_zh = word("县市场监督管理局市场主体登记")
    day = ma.fields.String(metadata=_DAY)
    number = word("LAW-20261120-000001-01")
    value_zh = word("在营")
    files = ma.fields.List(ma.fields.String(metadata=_ID))
    why = word("no_record")
    why_zh = word("登记部门没有您的这项记录,请上传。")
    now = ma.fields.String(metadata={"example": "same", "enum": list(material_views.NOW_ZH)})
    now_zh = word("与提交时一致")


class CaseMaterialList(ma.Schema):
    """Materials, and how many of them need not be brought."""

    items = ma.fields.List(ma.fields.Nested(CaseMaterialView))
    spared = ma.fields.Integer(metadata={"description": "免交份数", "example": 2})
    next = ma.fields.String(allow_none=True)

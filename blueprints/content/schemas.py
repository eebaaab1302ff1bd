"""Shapes of content as staff see it: lists, revisions, reviews."""

import marshmallow as ma
from marshmallow import validate

from models.content import review
from models.content.errors import STATES
from models.content.fields import text

_ITEM = {"example": "guide_point:ferry_dongmen"}
_AT = {"example": "2026-11-23T09:30:00+08:00"}
_NUMBER = validate.Range(1, 1_000_000)
_STAFF = {"example": "staff:673ec0a5c0ffee0123456789"}
_CONTENT = {"title_zh": "东门渡口(长征第一渡)", "text_zh": "中央机关、军委机关由此过河。"}


class ContentQuery(ma.Schema):
    """Filters of the list."""

    kind = ma.fields.String(validate=validate.Regexp(r"^[a-z_]{2,40}\Z"), metadata={"example": "guide_point"})
    place = ma.fields.String(validate=validate.Length(1, 64), metadata={"example": "park"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class WorkQuery(ma.Schema):
    """Which page of the work."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class LiveView(ma.Schema):
    """A revision that is shown, or will be."""

    revision = ma.fields.Integer(metadata={"example": 3})
    imported = ma.fields.Boolean(metadata={"description": "随基础数据导入,按来源核对,未经三审", "example": False})
    begins = ma.fields.String(data_key="from", metadata=_AT)
    ends = ma.fields.String(data_key="to", metadata=_AT)


class ContentView(ma.Schema):
    """An item in a few words."""

    id = ma.fields.String(metadata=_ITEM)
    kind = ma.fields.String(metadata={"example": "guide_point"})
    kind_zh = ma.fields.String(metadata={"example": "讲解点"})
    title_zh = ma.fields.String(metadata={"example": "东门渡口(长征第一渡)"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    area = ma.fields.String(metadata={"example": "360731100"})
    place = ma.fields.String(metadata={"example": "park"})
    revision = ma.fields.Integer(metadata={"description": "最新版本号", "example": 3})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata={"example": "first_review"})
    state_zh = ma.fields.String(metadata={"example": "待初审"})
    at = ma.fields.String(metadata=_AT)
    live = ma.fields.List(ma.fields.Nested(LiveView))


class ContentList(ma.Schema):
    """A page of items."""

    items = ma.fields.List(ma.fields.Nested(ContentView))
    next = ma.fields.String(allow_none=True)


class RevisionView(ma.Schema):
    """A revision, without what it says."""

    number = ma.fields.Integer(metadata={"example": 3})
    at = ma.fields.String(metadata=_AT)
    author = ma.fields.String(metadata=_STAFF)
    imported = ma.fields.Boolean(metadata={"example": False})
    of = ma.fields.Integer(metadata={"description": "回退自第几版", "example": 1})


class ActView(ma.Schema):
    """What somebody did with a revision."""

    revision = ma.fields.Integer(metadata={"example": 3})
    step = ma.fields.String(metadata={"example": "first_review"})
    act = ma.fields.String(validate=validate.OneOf(tuple(review.ACTS)), metadata={"example": "return"})
    act_zh = ma.fields.String(metadata={"example": "退回"})
    by = ma.fields.String(metadata=_STAFF)
    at = ma.fields.String(metadata=_AT)
    reason = ma.fields.String(metadata={"example": "第二段日期与来源不符,请核对。"})


class ContentWhole(ContentView):
    """An item with its last revisions and acts."""

    revisions = ma.fields.List(ma.fields.Nested(RevisionView))
    acts = ma.fields.List(ma.fields.Nested(ActView))


class RevisionWhole(RevisionView):
    """A revision with what it says."""

    content = ma.fields.Dict(metadata={"example": _CONTENT})


class RevisionBody(ma.Schema):
    """A further revision on the last one."""

    base = ma.fields.Integer(required=True, validate=_NUMBER, metadata={"description": "改自第几版", "example": 2})
    content = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 40)), required=True, metadata={"example": _CONTENT}
    )


class RollbackBody(ma.Schema):
    """Which revision to take back."""

    base = ma.fields.Integer(required=True, validate=_NUMBER, metadata={"description": "最新版本号", "example": 3})
    revision = ma.fields.Integer(
        required=True, validate=_NUMBER, metadata={"description": "回退到第几版", "example": 1}
    )


class NumberBody(ma.Schema):
    """Which revision is meant, so that nobody passes on what they have not seen."""

    revision = ma.fields.Integer(required=True, validate=_NUMBER, metadata={"example": 3})


class VerdictBody(NumberBody):
    """A verdict on a revision; sent back with a reason."""

    verdict = ma.fields.String(required=True, validate=validate.OneOf(("pass", "return")), metadata={"example": "pass"})
    reason = text(500, "第二段日期与来源不符,请核对。")

    @ma.validates_schema
    def reasoned(self, data: dict[str, str], **_kwargs: object) -> None:
        """Who gets it back must know why."""
        if data["verdict"] == "return" and not data.get("reason"):
            raise ma.ValidationError("退回须说明理由。", "reason")


class ReturnBody(NumberBody):
    """Sent back before it was published."""

    reason = text(500, "节后再发布,请修改开放时间。", required=True)


class PublishBody(NumberBody):
    """At once, or from a moment on; until a moment, or without an end."""

    begins = ma.fields.AwareDateTime(data_key="from", metadata=_AT)
    ends = ma.fields.AwareDateTime(data_key="to", metadata={"example": "2026-12-23T18:00:00+08:00"})


class WithdrawBody(ma.Schema):
    """Why it is taken off."""

    reason = text(500, "史实存疑,待核。", required=True)


class DifferenceQuery(ma.Schema):
    """Which two revisions; without `before`, the one before."""

    before = ma.fields.Integer(validate=validate.Range(0, 1_000_000), metadata={"example": 2})
    after = ma.fields.Integer(required=True, validate=_NUMBER, metadata={"example": 3})


class RevisionDifferenceView(ma.Schema):
    """A place in which two revisions differ."""

    path = ma.fields.String(metadata={"example": "facts.0.text_zh"})
    change = ma.fields.String(validate=validate.OneOf(("changed", "added", "removed")), metadata={"example": "changed"})
    before = ma.fields.Raw(metadata={"example": "1934 年 9 月"})
    after = ma.fields.Raw(metadata={"example": "1934 年 10 月"})


class DifferenceList(ma.Schema):
    """All differences."""

    items = ma.fields.List(ma.fields.Nested(RevisionDifferenceView))

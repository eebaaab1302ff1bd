"""Shapes of messages and templates as staff see them."""

import marshmallow as ma
from marshmallow import validate

from models.messaging.sms_template import LONGEST_PARAMETER, MOST_PARAMETERS

_DAY = {"example": "2026-11-24"}
_AT = {"example": "2026-11-24T09:30:00+08:00"}
_KIND = {"example": "visit_reminder"}
_TEXT = validate.Length(1, 100)


class MessagePageQuery(ma.Schema):
    """Which page."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ToldChannel(ma.Schema):
    """How a notice fared on one channel."""

    channel = ma.fields.String(metadata={"example": "sms"})
    channel_zh = ma.fields.String(metadata={"example": "短信"})
    state = ma.fields.String(metadata={"example": "delivered"})
    state_zh = ma.fields.String(metadata={"example": "已送达"})
    at = ma.fields.String(metadata=_AT)
    receipt_at = ma.fields.String(metadata=_AT)


class ToldView(ma.Schema):
    """A notice as it was told."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(metadata=_KIND)
    title_zh = ma.fields.String(metadata={"example": "游览提醒"})
    text_zh = ma.fields.String(metadata={"example": "您预约了“屏山牧场”,2026-11-24 09:00~11:00,共 2 人。"})
    urgent = ma.fields.Boolean()
    at = ma.fields.String(metadata=_AT)
    state = ma.fields.String(metadata={"example": "done"})
    channels = ma.fields.List(ma.fields.Nested(ToldChannel))


class ToldList(ma.Schema):
    """A page of notices."""

    items = ma.fields.List(ma.fields.Nested(ToldView))
    next = ma.fields.String(allow_none=True)


class ProblemView(ma.Schema):
    """A notice that did not go out on a channel, and why."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(metadata=_KIND)
    kind_zh = ma.fields.String(metadata={"example": "游览提醒"})
    channel = ma.fields.String(metadata={"example": "subscribe"})
    channel_zh = ma.fields.String(metadata={"example": "订阅消息"})
    code = ma.fields.String(metadata={"example": "message_field_unfit"})
    field = ma.fields.String(metadata={"example": "number3"})
    at = ma.fields.String(metadata=_AT)


class ProblemList(ma.Schema):
    """A page of problems."""

    items = ma.fields.List(ma.fields.Nested(ProblemView))
    next = ma.fields.String(allow_none=True)


class FiguresQuery(ma.Schema):
    """Two days, inclusive; the last thirty by default."""

    first = ma.fields.Date(data_key="from", metadata=_DAY)
    last = ma.fields.Date(data_key="to", metadata={"example": "2026-12-24"})


class FigureView(ma.Schema):
    """How often the channels of a kind came to each end."""

    kind = ma.fields.String(metadata=_KIND)
    kind_zh = ma.fields.String(metadata={"example": "游览提醒"})
    counts = ma.fields.Dict(metadata={"example": {"in_app.put": 120, "subscribe.sent": 80, "sms.delivered": 31}})


class FigureList(ma.Schema):
    """The figures of all kinds that were told."""

    items = ma.fields.List(ma.fields.Nested(FigureView))
    next = ma.fields.String(allow_none=True)


_TEMPLATE_ID = validate.Regexp(r"^[\w-]{1,64}\Z", error="模板编号只能含字母、数字、下划线和短横线。")


class OfficeTemplateBody(ma.Schema):
    """The template at WeChat, the page that it opens, and what fills its fields; without fields those of the kind."""

    template_id = ma.fields.String(required=True, validate=_TEMPLATE_ID, metadata={"example": "tmpl_visit_reminder"})
    page = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[\w/-]{1,128}\Z"), metadata={"example": "pages/order/index"}
    )
    fields_ = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Length(1, 40)),
        values=ma.fields.String(validate=_TEXT),
        validate=validate.Length(0, 10),
        data_key="fields",
        metadata={"example": {"thing1": "{place}", "time2": "{day} {time}"}},
    )


class OfficeTemplateView(ma.Schema):
    """A name of ours and the template behind it."""

    name = ma.fields.String(metadata={"example": "visit_reminder"})
    name_zh = ma.fields.String(metadata={"example": "游览提醒"})
    values = ma.fields.List(ma.fields.String(), metadata={"example": ["day", "place", "places", "time"]})
    template_id = ma.fields.String(metadata={"example": "tmpl_visit_reminder"})
    page = ma.fields.String(metadata={"example": "pages/order/index"})
    fields_ = ma.fields.Dict(data_key="fields", metadata={"example": {"thing1": "{place}"}})


class OfficeTemplateList(ma.Schema):
    """All names."""

    items = ma.fields.List(ma.fields.Nested(OfficeTemplateView))
    next = ma.fields.String(allow_none=True)


class OfficeSmsTemplateBody(ma.Schema):
    """The template at the SMS service, and its parameters in order; without parameters those of the kind."""

    template_id = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{1,20}\Z"), metadata={"example": "1900001"}
    )
    parameters = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, LONGEST_PARAMETER)),
        load_default=list,
        validate=validate.Length(0, MOST_PARAMETERS),
        metadata={"example": ["{place}", "{day} {time}"]},
    )


class OfficeSmsTemplateView(ma.Schema):
    """A name of ours and the SMS template behind it."""

    name = ma.fields.String(metadata={"example": "visit_reminder"})
    name_zh = ma.fields.String(metadata={"example": "游览提醒短信"})
    values = ma.fields.List(ma.fields.String(), metadata={"example": ["day", "place", "places", "time"]})
    template_id = ma.fields.String(metadata={"example": "1900001"})
    parameters = ma.fields.List(ma.fields.String(), metadata={"example": ["{place}", "{day} {time}"]})


class OfficeSmsTemplateList(ma.Schema):
    """All names."""

    items = ma.fields.List(ma.fields.Nested(OfficeSmsTemplateView))
    next = ma.fields.String(allow_none=True)

"""Shapes of figures: what is sold, entered, waited for and earned. Nobody is named."""

import marshmallow as ma
from marshmallow import validate

_DAY = {"example": "2026-11-24"}


class DayFigureDayQuery(ma.Schema):
    """Which day, today by default."""

    day = ma.fields.Date(metadata=_DAY)


class DayFigureMonthQuery(ma.Schema):
    """Which month, of the place as a whole or of one of its resources."""

    month = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z"),
        metadata={"example": "2026-11"},
    )
    resource = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([a-z][a-z0-9_]{0,63})?\Z"), metadata={"example": ""}
    )


class DayFigureChannelView(ma.Schema):
    """How many are booked by a channel."""

    channel = ma.fields.String(metadata={"example": "mini"})
    channel_zh = ma.fields.String(metadata={"example": "小程序"})
    visitors = ma.fields.Integer(metadata={"example": 120})


class DayFigureShareView(ma.Schema):
    """How much of a share is sold."""

    share = ma.fields.String(metadata={"example": "group"})
    share_zh = ma.fields.String(metadata={"example": "团队"})
    quota = ma.fields.Integer(metadata={"example": 40})
    sold = ma.fields.Integer(metadata={"example": 28})


class DayFigureTicketView(ma.Schema):
    """How many are booked with a ticket type, and at which price together."""

    code = ma.fields.String(metadata={"example": "adult"})
    name_zh = ma.fields.String(metadata={"example": "成人"})
    visitors = ma.fields.Integer(metadata={"example": 96})
    fen = ma.fields.Integer(metadata={"example": 576000})


class _Figures(ma.Schema):
    quota = ma.fields.Integer(metadata={"example": 500})
    sold = ma.fields.Integer(metadata={"description": "已占用名额, 含待支付", "example": 128})
    held = ma.fields.Integer(metadata={"description": "待支付人数", "example": 4})
    left = ma.fields.Integer(metadata={"example": 372})
    kept = ma.fields.Integer(metadata={"description": "为候补保留的名额", "example": 0})
    waiting = ma.fields.Integer(metadata={"description": "候补单数", "example": 0})
    visitors = ma.fields.Integer(metadata={"description": "预约人数, 含待支付", "example": 128})
    entered = ma.fields.Integer(metadata={"example": 88})
    inside = ma.fields.Integer(metadata={"description": "按门票进出, 现在在内的人数", "example": 61})
    no_shows = ma.fields.Integer(metadata={"description": "已释放的免费票, 以及时段结束仍未到的票", "example": 3})
    taken_fen = ma.fields.Integer(metadata={"description": "该参观日订单已付金额", "example": 768000})
    cash_fen = ma.fields.Integer(metadata={"description": "其中窗口现金", "example": 60000})
    refunded_fen = ma.fields.Integer(metadata={"description": "决定退还的金额", "example": 12000})
    refunds_open_fen = ma.fields.Integer(metadata={"description": "其中尚未退到的金额", "example": 0})
    channels = ma.fields.List(ma.fields.Nested(DayFigureChannelView))
    shares = ma.fields.List(ma.fields.Nested(DayFigureShareView))
    ticket_types = ma.fields.List(ma.fields.Nested(DayFigureTicketView))


class DayFigureSlotView(_Figures):
    """A slot in figures."""

    slot_id = ma.fields.String(metadata={"example": "museum-20261124-0900"})
    start = ma.fields.String(metadata={"example": "09:00"})
    end = ma.fields.String(metadata={"example": "11:00"})
    state = ma.fields.String(metadata={"example": "open"})
    resource = ma.fields.String(metadata={"example": "court_1"})
    resource_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})


class DayFigureCapView(ma.Schema):
    """The cap of the day."""

    quota = ma.fields.Integer(metadata={"example": 5000})
    sold = ma.fields.Integer(metadata={"example": 3120})
    waiting = ma.fields.Integer(metadata={"example": 0})


class DayFigureCrowdView(ma.Schema):
    """The live state of the crowd, where it is counted."""

    level = ma.fields.String(metadata={"example": "green"})
    level_zh = ma.fields.String(metadata={"example": "舒适"})
    inside = ma.fields.Integer(metadata={"example": 640})
    at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})
    load_percent = ma.fields.Float(metadata={"example": 42.7})
    sales_stopped = ma.fields.Boolean()


class DayFigurePlaceView(_Figures):
    """A place in figures."""

    place_id = ma.fields.String(metadata={"example": "museum"})
    name = ma.fields.String(metadata={"example": "中央红军长征出发纪念馆"})
    day = ma.fields.String(metadata=_DAY)
    at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})
    cap = ma.fields.Nested(DayFigureCapView)
    crowd = ma.fields.Nested(DayFigureCrowdView)


class DayFigurePlaceWhole(DayFigurePlaceView):
    """A place in figures, with its slots."""

    slots = ma.fields.List(ma.fields.Nested(DayFigureSlotView))


class DayFigureList(ma.Schema):
    """Every place of one's scope that has slots on the day."""

    items = ma.fields.List(ma.fields.Nested(DayFigurePlaceView))
    next = ma.fields.String(allow_none=True)


class DayFigureDayView(ma.Schema):
    """A day of a month: what is offered and how full it is. Closed slots are counted apart."""

    day = ma.fields.String(metadata=_DAY)
    open = ma.fields.Boolean(metadata={"description": "按开放时间当天开放"})
    day_kind = ma.fields.String(metadata={"example": "workday"})
    holiday_zh = ma.fields.String(metadata={"example": "国庆节"})
    slots = ma.fields.Integer(metadata={"example": 4})
    closed_slots = ma.fields.Integer(metadata={"example": 0})
    paused_slots = ma.fields.Integer(metadata={"example": 0})
    quota = ma.fields.Integer(metadata={"example": 2000})
    sold = ma.fields.Integer(metadata={"example": 812})
    waiting = ma.fields.Integer(metadata={"example": 0})
    cap = ma.fields.Integer(metadata={"example": 1500})
    cap_left = ma.fields.Integer(metadata={"example": 688})
    load_percent = ma.fields.Float(metadata={"example": 54.1})
    over = ma.fields.Boolean()


class DayFigureMonth(ma.Schema):
    """Every day of a month."""

    items = ma.fields.List(ma.fields.Nested(DayFigureDayView))
    next = ma.fields.String(allow_none=True)

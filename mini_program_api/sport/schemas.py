"""Shapes of sport for the mini-program."""

import marshmallow as ma
from marshmallow import validate

from mini_program_api.booking.schemas import OrderView
from mini_program_api.places.schemas import SlotWhole, TicketTypeView
from models.sport.venue import KIND_ZH, MOST_HOURS, MOST_PLAYERS, USE_ZH

_ID = validate.Length(1, 64)
_DAY = {"example": "2026-11-24"}
_SLOT = {"example": "sport_gymnasium.badminton_1-20261124-1800"}


class SportPlayerBody(ma.Schema):
    """Somebody who comes; a ticket type of their own only for a session by person."""

    companion_id = ma.fields.String(required=True, validate=_ID, metadata={"example": "9f3c1d6a9b20"})
    ticket_type = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata={"example": "adult"})
    deep_water_certificate = ma.fields.Boolean(
        load_default=False, metadata={"description": "声明持有深水合格证,入场时查验", "example": False}
    )


class SportBookingBody(ma.Schema):
    """One to four hours of one court in a row, or one session, and everybody who comes."""

    slots = ma.fields.List(
        ma.fields.String(validate=_ID, metadata=_SLOT), required=True, validate=validate.Length(1, MOST_HOURS)
    )
    players = ma.fields.List(
        ma.fields.Nested(SportPlayerBody), required=True, validate=validate.Length(1, MOST_PLAYERS)
    )
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "standard"})


class SportRefundStep(ma.Schema):
    """Until when one may cancel for which percentage."""

    until = ma.fields.String(metadata={"example": "2026-11-24T16:00:00+08:00"})
    percent = ma.fields.Integer(metadata={"example": 100})


class SportBookingView(OrderView):
    """An order of a court or session, with what it gives back until when."""

    resource_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    refund_steps = ma.fields.List(ma.fields.Nested(SportRefundStep))


class SportQuoteQuery(ma.Schema):
    """What would be booked: the same slots and ticket type as in the booking."""

    slot_id = ma.fields.List(
        ma.fields.String(validate=_ID),
        required=True,
        validate=validate.Length(1, MOST_HOURS),
        metadata={"example": [_SLOT["example"]]},
    )
    ticket_type = ma.fields.String(required=True, validate=_ID, metadata={"example": "standard"})


class SportHourPrice(ma.Schema):
    """One hour and its price."""

    slot_id = ma.fields.String(metadata=_SLOT)
    start = ma.fields.String(metadata={"example": "18:00"})
    end = ma.fields.String(metadata={"example": "19:00"})
    price_fen = ma.fields.Integer(metadata={"example": 3000})
    left = ma.fields.Integer(metadata={"example": 1})


class SportQuoteView(ma.Schema):
    """The price before booking, who may come, when one may enter, and what cancelling gives back until when."""

    place_id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    resource = ma.fields.String(metadata={"example": "badminton_1"})
    resource_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    day = ma.fields.String(metadata=_DAY)
    use = ma.fields.String(validate=validate.OneOf(tuple(USE_ZH)), metadata={"example": "whole"})
    use_zh = ma.fields.String(metadata={"example": "整场预订"})
    hours = ma.fields.List(ma.fields.Nested(SportHourPrice))
    price_fen = ma.fields.Integer(metadata={"description": "整场为总价,按人为每人价", "example": 6000})
    players_least = ma.fields.Integer(metadata={"example": 2})
    players_most = ma.fields.Integer(metadata={"example": 6})
    guardian_below = ma.fields.Integer(metadata={"example": 14})
    deep_water = ma.fields.Boolean()
    booker_plays = ma.fields.Boolean(metadata={"description": "优惠价须预订人本人在人员名单中"})
    enter_from = ma.fields.String(metadata={"example": "2026-11-24T17:45:00+08:00"})
    enter_until = ma.fields.String(metadata={"example": "2026-11-24T20:00:00+08:00"})
    refund_steps = ma.fields.List(ma.fields.Nested(SportRefundStep))


class SportLevelView(ma.Schema):
    """How crowded a venue is, where somebody counts."""

    level = ma.fields.String(metadata={"example": "green"})
    level_zh = ma.fields.String(metadata={"example": "舒适"})
    number = ma.fields.Integer(metadata={"example": 41})


class SportVenueView(ma.Schema):
    """A venue of sport."""

    id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    name = ma.fields.String(metadata={"example": "演示体育馆"})
    kind = ma.fields.String(validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "sport_gymnasium"})
    kind_zh = ma.fields.String(metadata={"example": "体育馆"})
    address = ma.fields.String()
    phone = ma.fields.String()
    open_today = ma.fields.Boolean()
    demo = ma.fields.Boolean(metadata={"description": "演示数据"})
    resources = ma.fields.Integer(metadata={"description": "在用场地数", "example": 6})
    crowd = ma.fields.Nested(SportLevelView)


class SportVenueList(ma.Schema):
    """All venues."""

    items = ma.fields.List(ma.fields.Nested(SportVenueView))
    next = ma.fields.String(allow_none=True)


class SportBoardQuery(ma.Schema):
    """Which day, today by default."""

    day = ma.fields.Date(metadata=_DAY)


class SportBoardSlot(SlotWhole):
    """A slot with its prices."""

    ticket_types = ma.fields.List(ma.fields.Nested(TicketTypeView))


class SportBoardResource(ma.Schema):
    """A court, lane or pool and its slots of the day."""

    resource = ma.fields.String(metadata={"example": "badminton_1"})
    kind = ma.fields.String(metadata={"example": "court"})
    kind_zh = ma.fields.String(metadata={"example": "场地"})
    name_zh = ma.fields.String(metadata={"example": "1 号羽毛球场"})
    use = ma.fields.String(validate=validate.OneOf(tuple(USE_ZH)), metadata={"example": "whole"})
    use_zh = ma.fields.String(metadata={"example": "整场预订"})
    players_least = ma.fields.Integer(metadata={"example": 2})
    players_most = ma.fields.Integer(metadata={"example": 6})
    hours_most = ma.fields.Integer(metadata={"example": 4})
    outdoor = ma.fields.Boolean()
    guardian_below = ma.fields.Integer(metadata={"example": 0})
    deep_water = ma.fields.Boolean()
    water = ma.fields.String(metadata={"example": "main"})
    demo = ma.fields.Boolean()
    slots = ma.fields.List(ma.fields.Nested(SportBoardSlot))


class SportBoardView(ma.Schema):
    """Everything that a venue lets on a day."""

    place_id = ma.fields.String(metadata={"example": "sport_gymnasium"})
    day = ma.fields.String(metadata=_DAY)
    items = ma.fields.List(ma.fields.Nested(SportBoardResource))


class SportPublicHourList(ma.Schema):
    """Sessions of the coming week that have a share for everybody, free of charge."""

    items = ma.fields.List(ma.fields.Nested(SportBoardSlot))
    next = ma.fields.String(allow_none=True)

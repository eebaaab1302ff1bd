"""What growers send and see, the same in the mini-program and for enterprises: the forms of one set of rules."""

import marshmallow as ma
from marshmallow import validate

from models.selenium import lot, plot, producer, product, trade_item

_ID = {"example": "673ec0a5c0ffee0123456789"}
_LOT = {"example": "20261120K7M3Q9X2"}
_TIME = {"example": "2026-11-20T09:30:00+08:00"}
_DAY = {"example": "2026-11-18"}
_PRODUCT = {"example": "navel_orange"}
_VILLAGE = {"description": "村(社区)的统计用区划代码", "example": "360731105002"}
_SHOWN = validate.Regexp(r"^([^\S\x00-\x1f]|[\x85\ufeff])*[^\s\x00-\x1f\x7f\x85\ufeff][^\x00-\x1f\x7f]*\Z")
NAME = validate.And(validate.Length(1, 40), _SHOWN)
LONG_NAME = validate.And(validate.Length(2, 200), _SHOWN)
_CODE = validate.Regexp(product.CODE)


def village(*, required: bool = True) -> ma.fields.String:
    """Return the field of a village."""
    return ma.fields.String(required=required, validate=validate.Regexp(r"^[0-9]{12}\Z"), metadata=_VILLAGE)


def phone(*, required: bool = True) -> ma.fields.String:
    """Return the field of a phone number at which buyers and the office reach the producer."""
    return ma.fields.String(
        required=required,
        validate=validate.Regexp(r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})\Z"),
        metadata={"example": "13800000000"},
    )


def area_mu() -> ma.fields.String:
    """Return the field of an area in mu, with two decimals at most."""
    return ma.fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{1,6}(\.[0-9]{1,2})?\Z"), metadata={"example": "12.5"}
    )


class PageQuery(ma.Schema):
    """Which page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ProducerBody(ma.Schema):
    """Where one grows, how one is reached, and whether the public may read the masked name of a natural person."""

    village = village()
    phone = phone()
    show_name = ma.fields.Boolean(load_default=False, metadata={"example": False})


class ProducerChangeBody(ma.Schema):
    """What is to be changed; what is missing stays."""

    village = village(required=False)
    phone = phone(required=False)
    show_name = ma.fields.Boolean(metadata={"example": True})


class ProducerView(ma.Schema):
    """A producer as its own people see it."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(validate=validate.OneOf(list(producer.KIND_ZH)), metadata={"example": "person"})
    kind_zh = ma.fields.String(metadata={"example": "农户"})
    shown_name = ma.fields.String(metadata={"example": "梓山镇潭头社区种植户"})
    show_name = ma.fields.Boolean(metadata={"example": False})
    village = ma.fields.String(metadata=_VILLAGE)
    village_zh = ma.fields.String(metadata={"example": "梓山镇潭头社区"})
    phone = ma.fields.String(metadata={"example": "138****0000"})
    state = ma.fields.String(validate=validate.OneOf(list(producer.STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})


class CeilingView(ma.Schema):
    """How much a mu may yield at present, and by which source; `demo` is made up for the demonstration."""

    kg_per_mu = ma.fields.Integer(metadata={"example": 2000})
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    source = ma.fields.String(metadata={"example": "县农业农村局通知"})
    demo = ma.fields.Boolean(metadata={"example": False})


class ProductView(ma.Schema):
    """A product of the county."""

    id = ma.fields.String(metadata=_PRODUCT)
    name_zh = ma.fields.String(metadata={"example": "富硒脐橙"})
    group = ma.fields.String(validate=validate.OneOf(list(product.GROUP_ZH)), metadata={"example": "fruit"})
    group_zh = ma.fields.String(metadata={"example": "水果"})
    ceiling = ma.fields.Nested(CeilingView)


class ProductList(ma.Schema):
    """The products of the county; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(ProductView))
    next = ma.fields.String(allow_none=True)


class PlotBody(ma.Schema):
    """A plot: where it lies, how large it is, what grows there."""

    name = ma.fields.String(required=True, validate=NAME, metadata={"example": "村东一号园"})
    village = village()
    area_mu = area_mu()
    products = ma.fields.List(
        ma.fields.String(validate=_CODE),
        required=True,
        validate=validate.Length(1, 10),
        metadata={"example": ["navel_orange"]},
    )


class PlotView(ma.Schema):
    """A plot; `confirmed_mu` is what the office found, and all that counts for codes."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "村东一号园"})
    village = ma.fields.String(metadata=_VILLAGE)
    village_zh = ma.fields.String(metadata={"example": "梓山镇潭头社区"})
    area_mu = ma.fields.String(metadata={"example": "12.50"})
    confirmed_mu = ma.fields.String(metadata={"example": "12.30"})
    products = ma.fields.List(ma.fields.String(), metadata={"example": ["navel_orange"]})
    state = ma.fields.String(validate=validate.OneOf(list(plot.STATE_ZH)), metadata={"example": "declared"})
    state_zh = ma.fields.String(metadata={"example": "待核实"})
    reason = ma.fields.String(metadata={"example": "area_wrong"})
    reason_zh = ma.fields.String(metadata={"example": "面积与实际不符"})


class PlotList(ma.Schema):
    """A page of plots."""

    items = ma.fields.List(ma.fields.Nested(PlotView))
    next = ma.fields.String(allow_none=True)


class TradeItemBody(ma.Schema):
    """What one package is."""

    product = ma.fields.String(required=True, validate=_CODE, metadata=_PRODUCT)
    name_zh = ma.fields.String(required=True, validate=NAME, metadata={"example": "富硒脐橙 5 kg 礼盒"})
    net_grams = ma.fields.Integer(
        required=True, validate=validate.Range(1, trade_item.MOST_GRAMS), metadata={"example": 5000}
    )
    gtin = ma.fields.String(
        load_default="", validate=validate.Length(0, 14), metadata={"description": "商品条码,没有则不填", "example": ""}
    )


class TradeItemView(ma.Schema):
    """A trade item."""

    id = ma.fields.String(metadata=_ID)
    product = ma.fields.String(metadata=_PRODUCT)
    name_zh = ma.fields.String(metadata={"example": "富硒脐橙 5 kg 礼盒"})
    net_grams = ma.fields.Integer(metadata={"example": 5000})
    gtin = ma.fields.String(metadata={"example": "06901234500016"})
    state = ma.fields.String(validate=validate.OneOf(list(trade_item.STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "在用"})


class TradeItemList(ma.Schema):
    """A page of trade items."""

    items = ma.fields.List(ma.fields.Nested(TradeItemView))
    next = ma.fields.String(allow_none=True)


class LotView(ma.Schema):
    """A lot; `left_grams` is what was not yet graded, packed or sold."""

    id = ma.fields.String(metadata=_LOT)
    uri = ma.fields.String(metadata={"example": "https://example.com/lot/20261120K7M3Q9X2"})
    kind = ma.fields.String(validate=validate.OneOf(list(lot.KIND_ZH)), metadata={"example": "harvest"})
    kind_zh = ma.fields.String(metadata={"example": "采收批次"})
    product = ma.fields.String(metadata=_PRODUCT)
    grade = ma.fields.String(metadata={"example": "一级"})
    season = ma.fields.String(metadata={"example": "2026-autumn"})
    plots = ma.fields.List(ma.fields.String(), metadata={"example": [_ID["example"]]})
    parents = ma.fields.List(ma.fields.String(), metadata={"example": []})
    grams = ma.fields.Integer(metadata={"example": 1_500_000})
    left_grams = ma.fields.Integer(metadata={"example": 1_500_000})
    harvested_on = ma.fields.String(metadata=_DAY)
    state = ma.fields.String(validate=validate.OneOf(list(lot.STATE_ZH)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "在用"})
    reason = ma.fields.String(metadata={"example": "failed_test"})
    reason_zh = ma.fields.String(metadata={"example": "检测不合格"})
    created_at = ma.fields.String(metadata=_TIME)


class LotList(ma.Schema):
    """A page of lots, newest first."""

    items = ma.fields.List(ma.fields.Nested(LotView))
    next = ma.fields.String(allow_none=True)

"""Shapes of what the agricultural offices see and decide."""

import marshmallow as ma
from marshmallow import validate

from models.selenium import grower_forms, lot, plot, producer, product, seasons

_ID = {"example": "673ec0a5c0ffee0123456789"}


class PlotQuery(grower_forms.PageQuery):
    """The plots of a state: those that wait to be confirmed."""

    state = ma.fields.String(validate=validate.OneOf(list(plot.STATE_ZH)), metadata={"example": "declared"})


class OfficeProducerView(grower_forms.ProducerView):
    """A producer as the office sees it."""

    organisation_id = ma.fields.String(metadata=_ID)
    reason = ma.fields.String(metadata={"example": "inspection"})
    reason_zh = ma.fields.String(metadata={"example": "监督检查发现问题"})


class OfficeProducerList(ma.Schema):
    """A page of producers."""

    items = ma.fields.List(ma.fields.Nested(OfficeProducerView))
    next = ma.fields.String(allow_none=True)


class ProducerSuspendBody(ma.Schema):
    """Why a producer is suspended."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(producer.REASON_ZH)), metadata={"example": "inspection"}
    )


class OfficePlotView(grower_forms.PlotView):
    """A plot as the office sees it."""

    producer_id = ma.fields.String(metadata=_ID)
    producer_name = ma.fields.String(metadata={"example": "梓山镇潭头社区种植户"})
    evidence = ma.fields.String(metadata={"example": "measured"})


class OfficePlotList(ma.Schema):
    """A page of plots."""

    items = ma.fields.List(ma.fields.Nested(OfficePlotView))
    next = ma.fields.String(allow_none=True)


class ConfirmBody(ma.Schema):
    """The area that the office found, and what shows it."""

    area_mu = grower_forms.area_mu()
    evidence = ma.fields.String(
        required=True, validate=validate.OneOf(list(plot.EVIDENCE_ZH)), metadata={"example": "measured"}
    )


class RefuseBody(ma.Schema):
    """Why a plot is not confirmed."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(plot.REASON_ZH)), metadata={"example": "area_wrong"}
    )


class OfficeLotView(grower_forms.LotView):
    """A lot as the office sees it."""

    producer_id = ma.fields.String(metadata=_ID)
    producer_name = ma.fields.String(metadata={"example": "梓山镇潭头社区种植户"})


class OfficeLotList(ma.Schema):
    """A page of lots."""

    items = ma.fields.List(ma.fields.Nested(OfficeLotView))
    next = ma.fields.String(allow_none=True)


class HoldBody(ma.Schema):
    """Why a lot is held."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(lot.HOLD_ZH)), metadata={"example": "failed_test"}
    )


class ProductBody(ma.Schema):
    """Name and group of a product; a retired one is grown no more."""

    name_zh = ma.fields.String(required=True, validate=grower_forms.NAME, metadata={"example": "富硒脐橙"})
    group = ma.fields.String(
        required=True, validate=validate.OneOf(list(product.GROUP_ZH)), metadata={"example": "fruit"}
    )
    retired = ma.fields.Boolean(load_default=False, metadata={"example": False})


class YieldBody(ma.Schema):
    """How much a mu may yield from a day on, and where that is written."""

    kg_per_mu = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, product.MOST_KG_PER_MU), metadata={"example": 2000}
    )
    valid_from = ma.fields.Date(required=True, metadata={"example": "2026-12-01"})
    source = ma.fields.String(
        required=True,
        validate=grower_forms.LONG_NAME,
        metadata={"description": "文件名称、文号", "example": "县农业农村局 2026 年单产测定通报"},
    )


class YieldView(grower_forms.CeilingView):
    """A row of a yield table."""

    valid_to = ma.fields.String(metadata={"example": "2026-11-30"})


class SeasonStart(ma.Schema):
    """Name of a season, and the day on which it begins each year; it ends where the next one begins."""

    name = ma.fields.String(
        required=True, validate=validate.OneOf(list(seasons.NAME_ZH)), metadata={"example": "autumn"}
    )
    begins = ma.fields.String(
        required=True,
        data_key="from",
        validate=validate.Regexp(seasons.MONTH_DAY),
        metadata={"description": "月-日", "example": "09-01"},
    )


class SeasonsBody(ma.Schema):
    """When the seasons of a product begin, from which day to come on, and where that is written."""

    starts = ma.fields.List(ma.fields.Nested(SeasonStart), required=True, validate=validate.Length(1, 4))
    valid_from = ma.fields.Date(required=True, metadata={"example": "2027-09-01"})
    source = ma.fields.String(
        required=True,
        validate=grower_forms.LONG_NAME,
        metadata={"description": "文件名称、文号", "example": "县农业农村局 2027 年产季通知"},
    )


class SeasonsView(ma.Schema):
    """A row of the table of seasons, which holds until the next row."""

    starts = ma.fields.List(ma.fields.Nested(SeasonStart))
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    source = ma.fields.String(metadata={"example": "县农业农村局通知"})


class OfficeProductView(grower_forms.ProductView):
    """A product with its whole yield table, the season of today and the table of its seasons."""

    state = ma.fields.String(validate=validate.OneOf(("active", "retired")), metadata={"example": "active"})
    yields = ma.fields.List(ma.fields.Nested(YieldView))
    season = ma.fields.String(metadata={"example": "2026-autumn"})
    seasons = ma.fields.List(ma.fields.Nested(SeasonsView))


class OfficeProductList(ma.Schema):
    """All products; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(OfficeProductView))
    next = ma.fields.String(allow_none=True)

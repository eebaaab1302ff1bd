"""What growers send and see of their records of production: inputs, harvests, samples, grading, sales."""

import marshmallow as ma
from marshmallow import validate

from models.selenium import growing, lot, record, seasons
from models.selenium.grower_forms import NAME, LotView, PageQuery

_ID = {"example": "673ec0a5c0ffee0123456789"}
_LOT = {"example": "20261120K7M3Q9X2"}
_DAY = {"example": "2026-11-18"}
_SEASON = {"description": "年份-季", "example": "2026-autumn"}
HEX = validate.Regexp(r"^[0-9a-f]{24}\Z")
LOT_NO = validate.Regexp(r"^[0-9A-Z]{16}\Z")
SEASON = validate.Regexp(seasons.TEXT)
GRAMS = validate.Range(1, lot.MOST_GRAMS)
_AMOUNT = validate.Regexp(r"^(?!0+(\.0+)?\Z)[0-9]{1,7}(\.[0-9]{1,3})?\Z")
_REGISTRATION = validate.Regexp(r"^[A-Za-z0-9()()\u4e00-\u9fff-]{1,30}\Z")


def day() -> ma.fields.Date:
    """Return the field of the day on which something was done."""
    return ma.fields.Date(required=True, metadata=_DAY)


def grams() -> ma.fields.Integer:
    """Return the field of a weight in grams."""
    return ma.fields.Integer(required=True, strict=True, validate=GRAMS, metadata={"example": 600_000})


def lot_no() -> ma.fields.String:
    """Return the field of a lot."""
    return ma.fields.String(required=True, validate=LOT_NO, metadata=_LOT)


def plots() -> ma.fields.List:
    """Return the field of plots."""
    one = ma.fields.String(validate=HEX)
    return ma.fields.List(one, required=True, validate=validate.Length(1, 50), metadata={"example": [_ID["example"]]})


class HarvestBody(ma.Schema):
    """What was harvested from which plots."""

    product = ma.fields.String(required=True, validate=validate.Length(2, 40), metadata={"example": "navel_orange"})
    plots = plots()
    grams = grams()
    harvested_on = day()


class InputBody(ma.Schema):
    """What was put on plots; `interval_days` is what the label of a pesticide says."""

    input = ma.fields.String(
        required=True, validate=validate.OneOf(list(growing.INPUT_ZH)), metadata={"example": "pesticide"}
    )
    plots = plots()
    day = day()
    name = ma.fields.String(required=True, validate=NAME, metadata={"example": "矿物油乳油"})
    amount = ma.fields.String(required=True, validate=_AMOUNT, metadata={"example": "2.5"})
    unit = ma.fields.String(
        required=True, validate=validate.OneOf(list(growing.UNIT_ZH)), metadata={"example": "kg_per_mu"}
    )
    source = ma.fields.String(validate=NAME, metadata={"example": "县农资供应站"})
    target = ma.fields.String(validate=NAME, metadata={"example": "红蜘蛛"})
    registration = ma.fields.String(
        validate=_REGISTRATION, metadata={"description": "农药、肥料登记证号", "example": "PD20095618"}
    )
    interval_days = ma.fields.Integer(
        strict=True, validate=validate.Range(0, growing.MOST_INTERVAL_DAYS), metadata={"example": 15}
    )
    replaces = ma.fields.String(validate=HEX, metadata={"description": "更正哪一条记录", **_ID})


class SamplingBody(ma.Schema):
    """A sample that one took oneself."""

    lot = lot_no()
    day = day()
    grams = grams()
    lab_zh = ma.fields.String(validate=NAME, metadata={"example": "赣州市检测中心"})


class TakenBody(ma.Schema):
    """Grams that went out of a lot."""

    lot = lot_no()
    grams = grams()


class GradeBody(ma.Schema):
    """A grade and what it weighs."""

    grade = ma.fields.String(required=True, validate=NAME, metadata={"example": "一级"})
    grams = grams()


class GradingBody(ma.Schema):
    """Which lots were graded into what; what is missing is loss."""

    taken = ma.fields.List(ma.fields.Nested(TakenBody), required=True, validate=validate.Length(1, 50))
    into = ma.fields.List(ma.fields.Nested(GradeBody), required=True, validate=validate.Length(1, 20))
    day = day()


class SaleBody(ma.Schema):
    """Loose produce that was sold, and to whom where that is known."""

    grams = grams()
    day = day()
    buyer = ma.fields.String(validate=HEX, metadata=_ID)


class RecordQuery(PageQuery):
    """Which records: of a kind, of a season, about a lot."""

    kind = ma.fields.String(validate=validate.OneOf(list(record.KIND_ZH)), metadata={"example": "input"})
    season = ma.fields.String(validate=SEASON, metadata=_SEASON)
    lot = ma.fields.String(validate=LOT_NO, metadata=_LOT)


class SheetQuery(ma.Schema):
    """Of a season, or of one lot with all from which it came."""

    season = ma.fields.String(validate=SEASON, metadata=_SEASON)
    lot = ma.fields.String(validate=LOT_NO, metadata=_LOT)


class EarlyHarvestView(ma.Schema):
    """A harvest that was too early after a pesticide."""

    lot = ma.fields.String(metadata=_LOT)
    harvested_on = ma.fields.String(metadata=_DAY)
    safe_from = ma.fields.String(metadata={"example": "2026-12-01"})
    message_zh = ma.fields.String(metadata={"example": "该批次采收时安全间隔期未满,请勿销售,并联系乡镇农业服务机构。"})


class ProductionRecordView(ma.Schema):
    """A record of production; `what_zh` says it in words."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(validate=validate.OneOf(list(record.KIND_ZH)), metadata={"example": "input"})
    kind_zh = ma.fields.String(metadata={"example": "投入品使用"})
    day = ma.fields.String(metadata=_DAY)
    season = ma.fields.String(metadata=_SEASON)
    place_zh = ma.fields.String(metadata={"example": "梓山镇潭头社区"})
    what_zh = ma.fields.String(metadata={"example": "用药:矿物油乳油 2.5 千克/亩,安全间隔期 15 天"})
    lots = ma.fields.List(ma.fields.String(), metadata={"example": [_LOT["example"]]})
    plots = ma.fields.List(ma.fields.String(), metadata={"example": [_ID["example"]]})
    packs = ma.fields.List(ma.fields.String(), metadata={"example": ["PK7M3Q9X2AB"]})
    boxes = ma.fields.List(ma.fields.String(), metadata={"example": ["BK7M3Q9X2AB"]})
    shipment = ma.fields.String(metadata={"example": "SK7M3Q9X2AB"})
    buyer = ma.fields.String(metadata=_ID)
    event_ids = ma.fields.List(
        ma.fields.String(), metadata={"example": ["urn:uuid:01934f7e-0d5b-7b57-9b5e-0d1f6f1d7a10"]}
    )
    state = ma.fields.String(validate=validate.OneOf(list(record.STATE_ZH)), metadata={"example": "kept"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    replaced_by = ma.fields.String(metadata=_ID)
    created_at = ma.fields.String(metadata={"example": "2026-11-20T09:30:00+08:00"})


class WarnedRecordView(ProductionRecordView):
    """A record, and the harvests that it shows to have been too early."""

    warnings = ma.fields.List(ma.fields.Nested(EarlyHarvestView))


class GradingView(ma.Schema):
    """The record of a grading, and the lots that it made."""

    record = ma.fields.Nested(ProductionRecordView)
    lots = ma.fields.List(ma.fields.Nested(LotView))


class ProductionRecordList(ma.Schema):
    """A page of records, newest day first."""

    items = ma.fields.List(ma.fields.Nested(ProductionRecordView))
    next = ma.fields.String(allow_none=True)

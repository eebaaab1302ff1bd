"""What growers send and see about codes, the same in the mini-program and for enterprises."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.selenium import code_office, pack, roll, seasons, unbound, verdict
from models.selenium.grower_forms import PageQuery  # noqa: F401 - the same page of every list of growers

_ITEM = {"example": "673ec0a5c0ffee0123456789"}
_ROLL, _PACK, _LOT = {"example": "RK7M3Q9X2AB"}, {"example": "PK7M3Q9X2AB"}, {"example": "20261120K7M3Q9X2"}
_SEASON = {"description": "年份-季", "example": "2026-autumn"}
_HEX = validate.Regexp(r"^[0-9a-f]{24}\Z")
_NUMBER = validate.Range(1, roll.MOST)


def _millimetres(example: float, **options: Any) -> ma.fields.Float:
    return ma.fields.Float(allow_nan=False, metadata={"example": example}, **options)


class PrinterBody(ma.Schema):
    """How the ruler page came out: its two lines in millimetres, how far the print must move, dots an inch."""

    across_mm = _millimetres(149.6, validate=validate.Range(100, 220))
    along_mm = _millimetres(199.5, validate=validate.Range(100, 260))
    right_mm = _millimetres(0.8, validate=validate.Range(-20, 20))
    down_mm = _millimetres(-0.5, validate=validate.Range(-20, 20))
    dpi = ma.fields.Integer(strict=True, validate=validate.Range(0, 2400), metadata={"example": 300})


class PrinterQuery(PrinterBody):
    """The same in an address, where everything is text."""

    dpi = ma.fields.Integer(validate=validate.Range(0, 2400), metadata={"example": 300})


class LabelSheetView(ma.Schema):
    """A sheet of labels; millimetres."""

    name = ma.fields.String(metadata={"example": "a4_40"})
    zh = ma.fields.String(metadata={"example": "A4 40 格(45.7×25.4 毫米)"})
    width = ma.fields.Float(metadata={"example": 45.7})
    height = ma.fields.Float(metadata={"example": 25.4})
    per_page = ma.fields.Integer(metadata={"example": 40})
    source = ma.fields.String(metadata={"example": "Avery L7654 / L4770"})


class LabelSheetList(ma.Schema):
    """The sheets there are."""

    items = ma.fields.List(ma.fields.Nested(LabelSheetView))
    next = ma.fields.String(allow_none=True)


class PosterQuery(ma.Schema):
    """On which paper."""

    size = ma.fields.String(load_default="A3", validate=validate.OneOf(("A4", "A3", "A2")), metadata={"example": "A3"})


class RollBody(ma.Schema):
    """How many labels of which trade item, on which sheet, from which of its labels on."""

    item = ma.fields.String(required=True, validate=_HEX, metadata=_ITEM)
    count = ma.fields.Integer(required=True, strict=True, validate=_NUMBER, metadata={"example": 200})
    sheet = ma.fields.String(
        load_default="a4_40",
        validate=validate.Length(1, 20),
        metadata={"description": "标签纸,见 label-sheets;卷筒标签写宽×高,如 roll_50x30", "example": "a4_40"},
    )
    printer = ma.fields.Nested(PrinterBody, load_default=dict)
    start = ma.fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 65), metadata={"example": 1})
    season = ma.fields.String(load_default="", validate=validate.Length(0, 12), metadata=_SEASON)
    scratch = ma.fields.Boolean(load_default=False, metadata={"description": "是否印刮刮码", "example": False})


class RollView(ma.Schema):
    """A roll; `bound` labels belong to a lot already, `void` ones were destroyed before."""

    id = ma.fields.String(metadata=_ROLL)
    item = ma.fields.String(metadata=_ITEM)
    item_zh = ma.fields.String(metadata={"example": "富硒脐橙 5 kg 礼盒"})
    product = ma.fields.String(metadata={"example": "navel_orange"})
    product_zh = ma.fields.String(metadata={"example": "富硒脐橙"})
    net_grams = ma.fields.Integer(metadata={"example": 5000})
    season = ma.fields.String(metadata=_SEASON)
    count = ma.fields.Integer(metadata={"example": 200})
    bound = ma.fields.Integer(metadata={"example": 0})
    void = ma.fields.Integer(metadata={"example": 0})
    lost = ma.fields.Boolean(metadata={"description": "是否已报失", "example": False})
    sheet = ma.fields.String(metadata={"example": "a4_40"})
    start = ma.fields.Integer(metadata={"example": 1})
    scratch = ma.fields.Boolean(metadata={"example": False})
    state = ma.fields.String(validate=validate.OneOf(list(roll.STATE_ZH)), metadata={"example": "making"})
    state_zh = ma.fields.String(metadata={"example": "制作中"})
    job_id = ma.fields.String(metadata=_ITEM)
    created_at = ma.fields.String(metadata={"example": "2026-11-20T09:30:00+08:00"})


class RollList(ma.Schema):
    """A page of rolls."""

    items = ma.fields.List(ma.fields.Nested(RollView))
    next = ma.fields.String(allow_none=True)


class PackBody(ma.Schema):
    """Which labels of the roll were stuck on packages of which lot."""

    lot = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9A-Z]{16}\Z"), metadata=_LOT)
    first = ma.fields.Integer(required=True, strict=True, validate=_NUMBER, metadata={"example": 1})
    last = ma.fields.Integer(required=True, strict=True, validate=_NUMBER, metadata={"example": 100})


class PackSaleBody(ma.Schema):
    """To whom the packages were sold, where that is known."""

    buyer = ma.fields.String(validate=_HEX, metadata=_ITEM)


class UnboundVoidBody(ma.Schema):
    """Which unbound labels were destroyed or are lost, and why."""

    first = ma.fields.Integer(required=True, strict=True, validate=_NUMBER, metadata={"example": 101})
    last = ma.fields.Integer(required=True, strict=True, validate=_NUMBER, metadata={"example": 120})
    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(unbound.REASON_ZH)), metadata={"example": "spoilt"}
    )


class CodeReasonBody(ma.Schema):
    """Why a single code is frozen or void."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(code_office.REASON_ZH)), metadata={"example": "copied"}
    )


class CodeEventView(ma.Schema):
    """What happened to a code, or to the roll or pack that it belongs to."""

    at = ma.fields.String(metadata={"example": "2026-11-20T09:30:00+08:00"})
    what = ma.fields.String(metadata={"example": "code.freeze"})
    what_zh = ma.fields.String(metadata={"example": "单码冻结"})
    reason_zh = ma.fields.String(metadata={"example": "疑似被复制"})
    unit = ma.fields.String(metadata={"example": "agriculture_rural"})


class CodeView(ma.Schema):
    """A code as the office sees it; without `label` it was reserved and never issued."""

    code = ma.fields.String(metadata={"example": "01K7M3Q9X2AB4T8ZC5D6E7Z"})
    head = ma.fields.String(metadata={"example": "01K7M3Q9X2"})
    verdict = ma.fields.String(validate=validate.OneOf(list(verdict.ZH)), metadata={"example": "frozen"})
    verdict_zh = ma.fields.String(metadata={"example": "暂停销售,请勿食用"})
    roll = ma.fields.String(metadata=_ROLL)
    label = ma.fields.Integer(metadata={"example": 12})
    product_zh = ma.fields.String(metadata={"example": "富硒脐橙"})
    item_zh = ma.fields.String(metadata={"example": "富硒脐橙 5 kg 礼盒"})
    season = ma.fields.String(metadata=_SEASON)
    pack = ma.fields.String(metadata=_PACK)
    pack_state_zh = ma.fields.String(metadata={"example": "已激活"})
    lot = ma.fields.String(metadata=_LOT)
    scans = ma.fields.Integer(metadata={"example": 3})
    scratch_tries = ma.fields.Integer(metadata={"example": 0})
    mark = ma.fields.String(validate=validate.OneOf(("frozen", "void")), metadata={"example": "frozen"})
    mark_zh = ma.fields.String(metadata={"example": "已冻结"})
    reason_zh = ma.fields.String(metadata={"example": "疑似被复制"})
    history = ma.fields.List(ma.fields.Nested(CodeEventView))


class PackView(ma.Schema):
    """Labels that are stuck on packages of one lot."""

    id = ma.fields.String(metadata=_PACK)
    roll = ma.fields.String(metadata=_ROLL)
    lot = ma.fields.String(metadata=_LOT)
    first = ma.fields.Integer(metadata={"example": 1})
    last = ma.fields.Integer(metadata={"example": 100})
    grams = ma.fields.Integer(metadata={"example": 500_000})
    state = ma.fields.String(validate=validate.OneOf(list(pack.STATE_ZH)), metadata={"example": "bound"})
    state_zh = ma.fields.String(metadata={"example": "已绑定"})


class RollWhole(RollView):
    """A roll with its progress and its packs."""

    parts = ma.fields.Integer(metadata={"example": 1})
    parts_done = ma.fields.Integer(metadata={"example": 1})
    packs = ma.fields.List(ma.fields.Nested(PackView))


class QuotaQuery(ma.Schema):
    """Of which product, in which season; this one when none is told."""

    product = ma.fields.String(required=True, validate=validate.Length(2, 40), metadata={"example": "navel_orange"})
    season = ma.fields.String(validate=validate.Regexp(seasons.TEXT), metadata=_SEASON)


class QuotaView(ma.Schema):
    """What confirmed plots may yield, what has codes, and what is left; grams."""

    product = ma.fields.String(metadata={"example": "navel_orange"})
    season = ma.fields.String(metadata=_SEASON)
    ceiling_grams = ma.fields.Integer(metadata={"example": 25_000_000})
    issued_grams = ma.fields.Integer(metadata={"example": 1_000_000})
    left_grams = ma.fields.Integer(metadata={"example": 24_000_000})

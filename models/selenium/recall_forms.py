"""What is sent and seen about recalls, the same for the office, in the mini-program and for enterprises."""

import marshmallow as ma
from marshmallow import validate

from models.selenium import lot, recall, recall_item, recall_reach
from models.selenium.grower_forms import PageQuery

_LOT, _NUMBER = {"example": "20261120K7M3Q9X2"}, {"example": "RC20261120K7M3Q9X2"}
_TIME, _GRAMS = {"example": "2026-11-20T09:30:00+08:00"}, {"example": 500_000}
_ID = {"example": "673ec0a5c0ffee0123456789"}
_MOST_GRAMS = validate.Range(0, lot.MOST_GRAMS)


def _one_of(table: dict[str, str], example: str, **options: object) -> ma.fields.String:
    return ma.fields.String(validate=validate.OneOf(list(table)), metadata={"example": example}, **options)  # type: ignore[arg-type]


def _text(example: str) -> ma.fields.String:
    return ma.fields.String(metadata={"example": example})


def _time() -> ma.fields.String:
    return ma.fields.String(metadata=_TIME)


def _count() -> ma.fields.Integer:
    return ma.fields.Integer(metadata={"example": 3})


def _grams() -> ma.fields.Integer:
    return ma.fields.Integer(metadata=_GRAMS)


class RecallReachQuery(ma.Schema):
    """Which way, and how many things at most."""

    direction = _one_of(recall.DIRECTION_ZH, "forward", load_default="forward")
    most = ma.fields.Integer(
        load_default=recall_reach.MOST, validate=validate.Range(1, recall_reach.MOST), metadata={"example": 10_000}
    )


class RecallBody(ma.Schema):
    """What is to be recalled, which way, how serious it is, and why."""

    lot = ma.fields.String(required=True, validate=validate.Length(1, 20), metadata=_LOT)
    direction = _one_of(recall.DIRECTION_ZH, "forward", load_default="forward")
    level = _one_of(recall.LEVEL_ZH, "two", required=True)
    reason = _one_of(recall.REASON_ZH, "residue", required=True)


class RecallStartBody(ma.Schema):
    """Why the recall is to be started, for the second person."""

    reason = ma.fields.String(
        required=True, validate=validate.Length(2, 500), metadata={"example": "监督抽检农残超标,报告已核实"}
    )


class RecallReturnBody(ma.Schema):
    """What came back from a buyer, or was destroyed there; `unknown` for one whom no event names."""

    buyer = ma.fields.String(
        required=True,
        validate=validate.Length(1, 300),
        metadata={"description": "接收方标识(uri),名单以外填 unknown", "example": "unknown"},
    )
    returned_grams = ma.fields.Integer(load_default=0, strict=True, validate=_MOST_GRAMS, metadata=_GRAMS)
    destroyed_grams = ma.fields.Integer(load_default=0, strict=True, validate=_MOST_GRAMS, metadata={"example": 0})
    day = ma.fields.Date(required=True, metadata={"example": "2026-11-20"})

    @ma.validates_schema
    def not_nothing(self, told: dict[str, int], **_: object) -> None:
        """Refuse an entry about nothing."""
        if not told.get("returned_grams") and not told.get("destroyed_grams"):
            raise ma.ValidationError("请填写收回或销毁的数量。", "returned_grams")


class RecallCloseBody(ma.Schema):
    """Why a recall is closed though less came back than went out; empty when everything did."""

    short = _one_of(recall.SHORT_ZH, "eaten")


class RecallItemQuery(PageQuery):
    """The things of a kind."""

    kind = _one_of(recall_item.KIND_ZH, "lot")


class RecallCountsView(ma.Schema):
    """The figures of what is reached: `left` and `unsold` are here, `gone` went out."""

    lots = _count()
    source_lots = _count()
    packs = _count()
    packages = _count()
    boxes = _count()
    things = _count()
    buyers = _count()
    left_grams = _grams()
    unsold_grams = _grams()
    gone_grams = _grams()


class RecallItemView(ma.Schema):
    """A thing that a recall reaches; `sources` names what it came from, `parts` what a buyer received."""

    kind = _one_of(recall_item.KIND_ZH, "lot")
    kind_zh = _text("批次")
    name = ma.fields.String(metadata=_LOT)
    uri = _text("https://example.com/lot/20261120K7M3Q9X2")
    role = _one_of(recall_item.ROLE_ZH, "forward")
    role_zh = _text("去向")
    steps = _count()
    sources = ma.fields.List(ma.fields.String(), metadata={"example": []})
    parts = ma.fields.List(ma.fields.String(), metadata={"example": []})
    product = _text("navel_orange")
    producer_name = _text("梓山镇潭头社区种植户")
    party_name = _text("于都县测试超市")
    amounts_unknown = ma.fields.Boolean(metadata={"example": False})
    lot = ma.fields.String(metadata=_LOT)
    roll = _text("RK7M3Q9X2AB")
    first = _count()
    last = _count()
    packages = _count()
    grams = _grams()
    left_grams = _grams()
    gone_grams = _grams()
    was = _text("open")
    was_zh = _text("在用")
    lot_state = _text("recalled")
    lot_state_zh = _text("已召回")
    outcome = _one_of(recall_item.OUTCOME_ZH, "recalled")
    outcome_zh = _text("已召回")
    told = _count()
    returned_grams = _grams()
    destroyed_grams = _grams()


class RecallItemList(ma.Schema):
    """A page of what a recall reaches, kind by kind."""

    items = ma.fields.List(ma.fields.Nested(RecallItemView))
    next = ma.fields.String(allow_none=True)


class RecallReachView(ma.Schema):
    """What would be reached: the figures of all, of each kind the first two hundred; `cut` when there is more."""

    lot = ma.fields.String(metadata=_LOT)
    cut = ma.fields.Boolean(metadata={"example": False})
    counts = ma.fields.Nested(RecallCountsView)
    lots = ma.fields.List(ma.fields.Nested(RecallItemView))
    packs = ma.fields.List(ma.fields.Nested(RecallItemView))
    boxes = ma.fields.List(ma.fields.Nested(RecallItemView))
    things = ma.fields.List(ma.fields.Nested(RecallItemView))
    buyers = ma.fields.List(ma.fields.Nested(RecallItemView))


class RecallView(ma.Schema):
    """A recall; `open_grams` is what went out and is neither back nor destroyed."""

    id = ma.fields.String(metadata=_NUMBER)
    lot = ma.fields.String(metadata=_LOT)
    lot_uri = _text("https://example.com/lot/20261120K7M3Q9X2")
    product = _text("navel_orange")
    product_zh = _text("富硒脐橙")
    producer_name = _text("梓山镇潭头社区种植户")
    village = _text("360731105002")
    village_zh = _text("梓山镇潭头社区")
    direction = _one_of(recall.DIRECTION_ZH, "forward")
    direction_zh = _text("向下(去向)")
    level = _one_of(recall.LEVEL_ZH, "two")
    level_zh = _text("二级召回")
    reason = _one_of(recall.REASON_ZH, "residue")
    reason_zh = _text("农药兽药残留超标")
    state = _one_of(recall.STATE_ZH, "under_way")
    state_zh = _text("召回中")
    by_grower = ma.fields.Boolean(metadata={"example": False})
    cut = ma.fields.Boolean(metadata={"example": False})
    counts = ma.fields.Nested(RecallCountsView)
    returned_grams = _grams()
    destroyed_grams = _grams()
    open_grams = _grams()
    drawn_at = _time()
    start_by = _time()
    started_at = _time()
    reached_at = _time()
    done_by = _time()
    closed_at = _time()
    approval_id = ma.fields.String(metadata=_ID)
    parts = _count()
    parts_done = _count()
    short = _one_of(recall.SHORT_ZH, "eaten")
    short_zh = _text("已被食用")


class RecallList(ma.Schema):
    """A page of recalls."""

    items = ma.fields.List(ma.fields.Nested(RecallView))
    next = ma.fields.String(allow_none=True)


class RecallReturnView(ma.Schema):
    """What came back."""

    buyer = _text("unknown")
    returned_grams = _grams()
    destroyed_grams = _grams()
    day = _text("2026-11-20")
    at = _time()


class RecallReturnList(ma.Schema):
    """What came back of a recall, in the order in which it was registered; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(RecallReturnView))
    next = ma.fields.String(allow_none=True)


class RecallChannelView(ma.Schema):
    """How a notice went by one channel."""

    channel = _text("sms")
    state = _text("delivered")


class RecallReceiptView(ma.Schema):
    """A notice to somebody who received the goods."""

    buyer_id = ma.fields.String(metadata=_ID)
    at = _time()
    state = _text("done")
    channels = ma.fields.List(ma.fields.Nested(RecallChannelView))


class RecallReceiptList(ma.Schema):
    """A page of notices, newest first."""

    items = ma.fields.List(ma.fields.Nested(RecallReceiptView))
    next = ma.fields.String(allow_none=True)


class PublicRecallView(ma.Schema):
    """A recall as everybody reads it."""

    number = ma.fields.String(metadata=_NUMBER)
    product_zh = _text("富硒脐橙")
    lots = ma.fields.List(ma.fields.String(), metadata={"example": ["20261120K7M3Q9X2"]})
    lots_more = _count()
    producer_name = _text("于都县测试种植专业合作社")
    village_zh = _text("梓山镇潭头社区")
    level_zh = _text("二级召回")
    reason_zh = _text("农药兽药残留超标")
    state = _one_of(recall.STATE_ZH, "under_way")
    state_zh = _text("召回中")
    started_on = _text("2026-11-20")
    closed_on = _text("2026-12-01")
    advice_zh = _text("该批产品已召回。请勿食用,持包装到购买处退货。")


class PublicRecallList(ma.Schema):
    """A page of recalls, newest first."""

    items = ma.fields.List(ma.fields.Nested(PublicRecallView))
    next = ma.fields.String(allow_none=True)

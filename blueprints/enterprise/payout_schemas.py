"""Shapes of publicity, the terms of paying, batches."""

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

from blueprints.enterprise.policy_schemas import PolicyQuery
from models.enterprise import payout, payout_payment, payout_terms, publicity

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_DAY = {"example": "2026-11-30"}
_POLICY = {"example": "patent_invention"}
_TITLE = {"example": "纺织服装企业专利资助"}
_NUMBER = {"example": "QYDF-20261124-000001"}
_CODE = {"example": "91360731MA35FAKE0P"}
_NAME = {"example": "于都县演示服装有限公司"}
_FEN = {"example": 500000}
_UNIT = {"example": "industry_information"}
_PAPER = validate.Regexp(r"^[A-Za-z0-9-]{4,40}\Z", error="请填写银行凭证编号,只含字母、数字和短横线。")
_WORDS = validate.Regexp(r"^[^\x00-\x1f\x7f]*\Z")
PUBLIC_STATES = ("published", "objected", "ended")


class PayoutTime(ma.Schema):
    """So many days."""

    days = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, 60), metadata={"example": 5})
    counted = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(payout_terms.COUNTED_ZH)), metadata={"example": "working"}
    )


class PromiseTime(ma.Schema):
    """How long a firm promises: so many months from the confirmation, or until a day."""

    months = ma.fields.Integer(strict=True, validate=validate.Range(1, 120), metadata={"example": 12})
    until = ma.fields.Date(metadata={"example": "2027-12-31"})


class PayoutTermsBody(ma.Schema):
    """The terms on which a policy pays; what is left out counts as the county usually has it."""

    publicity = ma.fields.Nested(
        PayoutTime, allow_none=True, load_default=None, metadata={"example": {"days": 5, "counted": "working"}}
    )
    skip_publicity = ma.fields.Boolean(
        load_default=False, metadata={"description": "即申即享事项可不经公示直接拨付", "example": False}
    )
    pay_within = ma.fields.Integer(
        allow_none=True,
        load_default=None,
        strict=True,
        validate=validate.Range(1, 250),
        metadata={"description": "自确认之日起多少个工作日内拨付", "example": 10},
    )
    fund = ma.fields.String(
        load_default="",
        validate=validate.Regexp(r"^(|fund:[A-Za-z0-9_.-]{1,64})\Z"),
        metadata={"example": "fund:enterprise"},
    )
    promise = ma.fields.Nested(PromiseTime, allow_none=True, load_default=None, metadata={"example": {"months": 12}})


class PayoutTermsView(ma.Schema):
    """The terms on which a policy pays."""

    publicity = ma.fields.Nested(PayoutTime)
    publicity_zh = ma.fields.String(metadata={"example": "5个工作日"})
    own_publicity = ma.fields.Boolean(metadata={"description": "政策自定的公示时间", "example": False})
    skip_publicity = ma.fields.Boolean(metadata={"example": False})
    pay_within = ma.fields.Integer(metadata={"example": 10})
    fund = ma.fields.String(metadata={"example": "fund:enterprise"})
    promise = ma.fields.Dict(metadata={"example": {"months": 12}})


class FirmPublicity(ma.Schema):
    """A list of firms that are to be paid."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    title = ma.fields.String(metadata=_TITLE)
    unit = ma.fields.String(metadata=_UNIT)
    state = ma.fields.String(validate=validate.OneOf(tuple(publicity.STATES)), metadata={"example": "public"})
    state_zh = ma.fields.String(metadata={"example": "公示中"})
    firms = ma.fields.Integer(metadata={"example": 12})
    total_fen = ma.fields.Integer(metadata=_FEN)
    since = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata={"description": "公示期满时刻,即最后一日次日零时", **_TIME})
    last_day = ma.fields.String(metadata=_DAY)
    time_zh = ma.fields.String(metadata={"example": "5个工作日"})


class FirmPublicityList(ma.Schema):
    """A page of lists."""

    items = ma.fields.List(ma.fields.Nested(FirmPublicity))
    next = ma.fields.String(allow_none=True)


class FirmPublicLine(ma.Schema):
    """A firm in a list."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata=_NAME)
    amount_fen = ma.fields.Integer(metadata=_FEN)
    state = ma.fields.String(validate=validate.OneOf(PUBLIC_STATES), metadata={"example": "published"})


class FirmPublicLineList(ma.Schema):
    """A list with a page of its firms."""

    publicity = ma.fields.Nested(FirmPublicity)
    items = ma.fields.List(ma.fields.Nested(FirmPublicLine))
    next = ma.fields.String(allow_none=True)


class FirmObjectionBody(ma.Schema):
    """Against which line of the list, and why."""

    line_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)
    text = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(2, 2000), _WORDS),
        metadata={"example": "该企业的参保人数与申报不符"},
    )


class PayoutProposeBody(ma.Schema):
    """Why the money is to be paid now."""

    reason = ma.fields.String(
        required=True, validate=validate.And(validate.Length(2, 500), _WORDS), metadata={"example": "公示期满无异议"}
    )


class PayoutQuery(PolicyQuery):
    """Which batches."""

    state = ma.fields.String(validate=validate.OneOf(tuple(payout.STATES)), metadata={"example": "accepted"})


class PayoutBrief(ma.Schema):
    """A batch; `counts` and `sums_fen` by payment state."""

    number = ma.fields.String(metadata=_NUMBER)
    policy = ma.fields.String(metadata=_POLICY)
    title = ma.fields.String(metadata=_TITLE)
    unit = ma.fields.String(metadata=_UNIT)
    fund = ma.fields.String(metadata={"example": "fund:enterprise"})
    state = ma.fields.String(validate=validate.OneOf(tuple(payout.STATES)), metadata={"example": "accepted"})
    state_zh = ma.fields.String(metadata={"example": "银行已接收"})
    lines = ma.fields.Integer(metadata={"example": 12})
    total_fen = ma.fields.Integer(metadata=_FEN)
    counts = ma.fields.Dict(metadata={"example": {"waiting": 0, "paid": 11, "failed": 1}})
    sums_fen = ma.fields.Dict(metadata={"example": {"waiting": 0, "paid": 5500000, "failed": 500000}})
    approval_id = ma.fields.String(metadata=_ID)
    proposed_at = ma.fields.String(metadata=_TIME)
    approved_at = ma.fields.String(metadata=_TIME)
    accepted_at = ma.fields.String(metadata=_TIME)
    settled_at = ma.fields.String(metadata=_TIME)
    posted_fen = ma.fields.Integer(metadata=_FEN)
    digest = ma.fields.String(metadata={"example": "f4fd8ea7aa2d56b7495a38361c985c6a1914675bf70966c6e8652bba6503882b"})
    reason = ma.fields.String(metadata={"example": "number_used"})
    released_for = ma.fields.String(
        validate=validate.OneOf(tuple(payout.RELEASED_ZH)), metadata={"example": "fund_short"}
    )
    released_for_zh = ma.fields.String(metadata={"example": "资金专户余额不足"})


class PayoutList(ma.Schema):
    """A page of batches."""

    items = ma.fields.List(ma.fields.Nested(PayoutBrief))
    next = ma.fields.String(allow_none=True)


class PayoutReturnView(ma.Schema):
    """A return of the bank."""

    number = ma.fields.Integer(metadata={"example": 1})
    kind = ma.fields.String(validate=validate.OneOf(("result", "reversal")), metadata={"example": "result"})
    counts = ma.fields.Dict(metadata={"example": {"paid": 11, "failed": 1}})
    received_at = ma.fields.String(metadata=_TIME)


class PayoutDifference(ma.Schema):
    """Where a return does not fit; `return_number` 0 where a line is in none."""

    what = ma.fields.String(metadata={"example": "amount_differs"})
    what_zh = ma.fields.String(metadata={"example": "回盘金额与送出金额不一致"})
    return_number = ma.fields.Integer(metadata={"example": 1})
    seq = ma.fields.Integer(metadata={"example": 3})
    here_fen = ma.fields.Integer(metadata=_FEN)
    there_fen = ma.fields.Integer(metadata={"example": 500100})


class PayoutView(PayoutBrief):
    """A batch with what the bank said."""

    returns = ma.fields.List(ma.fields.Nested(PayoutReturnView))
    differences = ma.fields.List(ma.fields.Nested(PayoutDifference))


class PayoutPayment(ma.Schema):
    """One firm in a batch."""

    seq = ma.fields.Integer(metadata={"example": 3})
    offer_id = ma.fields.String(metadata=_ID)
    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata=_NAME)
    amount_fen = ma.fields.Integer(metadata=_FEN)
    account_tail = ma.fields.String(metadata={"example": "0123"})
    state = ma.fields.String(validate=validate.OneOf(tuple(payout_payment.STATES)), metadata={"example": "paid"})
    state_zh = ma.fields.String(metadata={"example": "已到账"})
    code = ma.fields.String(metadata={"example": "account_closed"})
    why_zh = ma.fields.String(metadata={"example": "账户已销户"})


class PayoutPaymentList(ma.Schema):
    """A page of payments."""

    items = ma.fields.List(ma.fields.Nested(PayoutPayment))
    next = ma.fields.String(allow_none=True)


class PayoutReturnForm(ma.Schema):
    """A return that the bank gave by hand."""

    file = Upload(metadata={"description": "银行回盘文件", "example": "QYDF-20261124-000001-1.txt"})


class PayoutResolutionBody(ma.Schema):
    """The bank's word on a payment that its returns leave open; `evidence` is the number of its paper."""

    seq = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, payout.MOST), metadata={"example": 3}
    )
    outcome = ma.fields.String(required=True, validate=validate.OneOf(("paid", "failed")), metadata={"example": "paid"})
    evidence = ma.fields.String(required=True, validate=_PAPER, metadata={"example": "HD20261124-0017"})


class PayoutReleaseBody(ma.Schema):
    """The number of the bank's paper that says that it paid nothing of a contested file."""

    evidence = ma.fields.String(required=True, validate=_PAPER, metadata={"example": "HD20261124-0018"})

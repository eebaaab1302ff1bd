"""Shapes of approval, payment files, returns and repairs at the office."""

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

from models.benefits import batch, payment_file, return_file
from models.benefits.line import STATES
from models.payments import return_match

_TIME = {"example": "2026-11-24T10:30:00+08:00"}
_FILE = {"example": "BTFF-20261124-000012-01"}


class ProposalBody(ma.Schema):
    """Why a batch is to be paid now."""

    reason = ma.fields.String(
        required=True, validate=validate.Length(2, 500), metadata={"example": "公示期满无异议,申请发放"}
    )


class ProposalView(ma.Schema):
    """The proposal that waits for a second person."""

    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    batch_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456788"})
    lines = ma.fields.Integer(metadata={"example": 320})
    total_fen = ma.fields.Integer(metadata={"example": 4800000})
    held_lines = ma.fields.Integer(
        metadata={"description": "公示异议未办结的明细,办结后可发放的随后发放", "example": 1}
    )
    held_fen = ma.fields.Integer(metadata={"example": 15000})
    expires_at = ma.fields.String(metadata=_TIME)


class FileQuery(ma.Schema):
    """Which payment files."""

    state = ma.fields.String(validate=validate.OneOf(tuple(payment_file.STATES)), metadata={"example": "accepted"})
    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class LinePageQuery(ma.Schema):
    """A page of lines."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class ForPersonQuery(ma.Schema):
    """For whom who stands at the counter acts; nobody else when it is left out."""

    for_person = ma.fields.String(
        validate=validate.Length(1, 40),
        metadata={"description": "为谁办理:办事人是代办人或监护人时填写", "example": "673ec0a5c0ffee0123456789"},
    )


class CounterLineQuery(LinePageQuery, ForPersonQuery):
    """A page of the lines of who stands at the counter, or for whom they act."""


class PaymentFileView(ma.Schema):
    """A payment file; `counts` and `sums_fen` by payment state."""

    file_no = ma.fields.String(metadata=_FILE)
    batch_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456788"})
    round = ma.fields.Integer(metadata={"example": 1})
    state = ma.fields.String(validate=validate.OneOf(tuple(payment_file.STATES)), metadata={"example": "accepted"})
    state_zh = ma.fields.String(metadata={"example": "银行已接收"})
    counts = ma.fields.Dict(metadata={"example": {"waiting": 0, "paid": 318, "failed": 2, "reversed": 0, "unsent": 0}})
    sums_fen = ma.fields.Dict(
        metadata={"example": {"waiting": 0, "paid": 4770000, "failed": 30000, "reversed": 0, "unsent": 0}}
    )
    waits_for_fund = ma.fields.Boolean(metadata={"example": False})
    returns = ma.fields.Integer(metadata={"example": 1})
    job_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456787"})
    opened_at = ma.fields.String(metadata=_TIME)
    tried_at = ma.fields.String(metadata=_TIME)
    accepted_at = ma.fields.String(metadata=_TIME)
    settled_at = ma.fields.String(metadata=_TIME)
    digest = ma.fields.String(metadata={"example": "f4fd8ea7aa2d56b7495a38361c985c6a1914675bf70966c6e8652bba6503882b"})
    reason = ma.fields.String(metadata={"example": "digest"})


class PaymentFileList(ma.Schema):
    """A page of payment files."""

    items = ma.fields.List(ma.fields.Nested(PaymentFileView))
    next = ma.fields.String(allow_none=True)


class ReturnView(ma.Schema):
    """A return file of the bank."""

    file_no = ma.fields.String(metadata=_FILE)
    number = ma.fields.Integer(metadata={"example": 1})
    kind = ma.fields.String(validate=validate.OneOf(("result", "reversal")), metadata={"example": "result"})
    state = ma.fields.String(validate=validate.OneOf(tuple(return_file.STATES)), metadata={"example": "applied"})
    state_zh = ma.fields.String(metadata={"example": "已处理"})
    counts = ma.fields.Dict(metadata={"example": {"paid": 318, "failed": 2}})
    digest = ma.fields.String(metadata={"example": "ce82a3adaf8406548f675b0c14d60e73c215d264737a23a6a432ee38631fa094"})
    reason = ma.fields.String(metadata={"example": "digest"})
    received_at = ma.fields.String(metadata=_TIME)


class DifferenceView(ma.Schema):
    """One line on which the bank's files and ours differ; `return_number` 0 where it is in none."""

    file_no = ma.fields.String(metadata=_FILE)
    return_number = ma.fields.Integer(metadata={"example": 1})
    what = ma.fields.String(
        validate=validate.OneOf(tuple(return_match.DIFFERENCES)), metadata={"example": "amount_differs"}
    )
    what_zh = ma.fields.String(metadata={"example": "回盘金额与送出金额不一致"})
    seq = ma.fields.Integer(metadata={"example": 17})
    here_fen = ma.fields.Integer(metadata={"example": 15000})
    there_fen = ma.fields.Integer(metadata={"example": 15100})


class BatchPaymentView(ma.Schema):
    """How the payment of a batch stands."""

    batch_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456788"})
    number = ma.fields.String(metadata={"example": "BTFF-20261124-000012"})
    state = ma.fields.String(validate=validate.OneOf(tuple(batch.STATES)), metadata={"example": "paying"})
    state_zh = ma.fields.String(metadata={"example": "发放中"})
    counts = ma.fields.Dict(metadata={"example": {"paid": 318, "failed": 2}})
    sums_fen = ma.fields.Dict(metadata={"example": {"paid": 4770000, "failed": 30000}})
    files = ma.fields.List(ma.fields.Nested(PaymentFileView))
    returns = ma.fields.List(ma.fields.Nested(ReturnView))
    differences = ma.fields.List(ma.fields.Nested(DifferenceView))


class FailedLineView(ma.Schema):
    """A line that failed, or was repaired and waits for the next file."""

    line_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456786"})
    file_no = ma.fields.String(metadata=_FILE)
    seq = ma.fields.Integer(metadata={"example": 17})
    amount_fen = ma.fields.Integer(metadata={"example": 15000})
    account_tail = ma.fields.String(metadata={"example": "0042"})
    state = ma.fields.String(validate=validate.OneOf(("failed", "repaired")), metadata={"example": "failed"})
    state_zh = ma.fields.String(metadata={"example": "发放失败"})
    code = ma.fields.String(metadata={"example": "account_closed"})
    why_zh = ma.fields.String(metadata={"example": "账户已销户"})


class FailedLineList(ma.Schema):
    """A page of failed lines."""

    items = ma.fields.List(ma.fields.Nested(FailedLineView))
    next = ma.fields.String(allow_none=True)


class ReturnForm(ma.Schema):
    """A return file that the bank gave by hand."""

    file = Upload(metadata={"description": "银行回盘文件", "example": "BTFF-20261124-000012-01-1.txt"})


class ResolutionBody(ma.Schema):
    """The bank's word on a payment that its files leave open; `evidence` is the number of its paper."""

    seq = ma.fields.Integer(required=True, validate=validate.Range(1, 999_999), metadata={"example": 17})
    outcome = ma.fields.String(required=True, validate=validate.OneOf(("paid", "failed")), metadata={"example": "paid"})
    evidence = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9-]{4,40}\Z", error="请填写银行凭证编号,只含字母、数字和短横线。"),
        metadata={"example": "HD20261124-0017"},
    )


class ReleaseBody(ma.Schema):
    """The number of the bank's paper that says that it paid nothing of a contested file."""

    evidence = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9-]{4,40}\Z", error="请填写银行凭证编号,只含字母、数字和短横线。"),
        metadata={"example": "HD20261124-0018"},
    )


class RepairBody(ma.Schema):
    """The account of a line that failed; an empty one confirms the account as it is."""

    account = ma.fields.String(
        load_default="", validate=validate.Length(max=40), metadata={"example": "6217001234567890007"}
    )


class CounterLineView(ma.Schema):
    """A line as its person sees it."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456786"})
    item = ma.fields.String(metadata={"example": "farmland"})
    item_zh = ma.fields.String(metadata={"example": "耕地地力保护补贴"})
    period = ma.fields.String(metadata={"example": "2026"})
    batch_number = ma.fields.String(metadata={"example": "BTFF-20261124-000012"})
    amount_fen = ma.fields.Integer(metadata={"example": 15000})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata={"example": "failed"})
    state_zh = ma.fields.String(metadata={"example": "发放失败"})
    at = ma.fields.String(metadata=_TIME)
    account_tail = ma.fields.String(metadata={"example": "0042"})
    repairable = ma.fields.Boolean(metadata={"example": True})
    why_failed_zh = ma.fields.String(metadata={"example": "账户已销户"})
    what_to_do_zh = ma.fields.String(metadata={"example": "请核对并改填本人名下的银行账号。"})


class CounterLineList(ma.Schema):
    """A page of the lines of who stands at the counter."""

    items = ma.fields.List(ma.fields.Nested(CounterLineView))
    next = ma.fields.String(allow_none=True)

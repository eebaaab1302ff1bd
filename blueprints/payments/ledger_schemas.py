"""Shapes of the ledger, for finance and auditors."""

import marshmallow as ma
from marshmallow import validate

from models.payments.account_state import MOVES
from models.payments.ledger_account import KIND_ZH
from models.payments.ledger_account import STATE_ZH as ACCOUNT_ZH
from models.payments.merchant import STATE_ZH as MERCHANT_ZH
from models.payments.reconciliation import WHAT_ZH
from models.payments.transfer_record import STATE_ZH

_TIME = {"example": "2026-11-24T10:30:00.000+08:00"}
_ACCOUNT = {"example": "merchant:changzhengyuan"}
_NAME = validate.Length(1, 80)
_DIGEST = {"example": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}


class LedgerPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class LedgerAccountQuery(LedgerPageQuery):
    """Which accounts; those of residents are not listed."""

    kind = ma.fields.String(
        required=True,
        validate=validate.OneOf([kind for kind in KIND_ZH if kind != "wallet"]),
        metadata={"example": "merchant"},
    )


class LedgerTransferQuery(LedgerPageQuery):
    """The transfers of which account."""

    account = ma.fields.String(required=True, validate=_NAME, metadata=_ACCOUNT)


class ReconciliationQuery(LedgerPageQuery):
    """The reconciliations of which clearing account; of all without one."""

    clearing = ma.fields.String(validate=_NAME, metadata={"example": "clearing:wechat"})


class LedgerAccountView(ma.Schema):
    """An account as the sum of its parts."""

    id = ma.fields.String(metadata=_ACCOUNT)
    kind = ma.fields.String(validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "merchant"})
    kind_zh = ma.fields.String(metadata={"example": "商户"})
    parts = ma.fields.Integer(metadata={"example": 1})
    balance_fen = ma.fields.Integer(metadata={"example": 120000})
    held_fen = ma.fields.Integer(metadata={"example": 0})
    expected_fen = ma.fields.Integer(metadata={"example": 0})
    available_fen = ma.fields.Integer(metadata={"example": 120000})
    state = ma.fields.String(validate=validate.OneOf(tuple(ACCOUNT_ZH)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "正常"})


class LedgerAccountList(ma.Schema):
    """A page of accounts."""

    items = ma.fields.List(ma.fields.Nested(LedgerAccountView))
    next = ma.fields.String(allow_none=True)


class LedgerTransferView(ma.Schema):
    """A transfer; a wallet goes by its mark."""

    id = ma.fields.String(metadata={"example": "receipt:673ec0a5c0ffee0123456789"})
    source = ma.fields.String(metadata={"example": "clearing:wechat"})
    target = ma.fields.String(metadata=_ACCOUNT)
    amount_fen = ma.fields.Integer(metadata={"example": 12000})
    refunded_fen = ma.fields.Integer(metadata={"example": 0})
    refund_of = ma.fields.String(metadata={"example": "receipt:673ec0a5c0ffee0123456789"})
    reference = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    what = ma.fields.String(metadata={"example": "receipt"})
    what_zh = ma.fields.String(metadata={"example": "收款"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "posted"})
    state_zh = ma.fields.String(metadata={"example": "已入账"})
    happened_at = ma.fields.String(metadata=_TIME)
    posted_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)


class LedgerTransferList(ma.Schema):
    """A page of transfers, newest first."""

    items = ma.fields.List(ma.fields.Nested(LedgerTransferView))
    next = ma.fields.String(allow_none=True)


class ManualTransferBody(ma.Schema):
    """A posting by hand that another person must approve."""

    source = ma.fields.String(required=True, validate=_NAME, metadata={"example": "suspense:unassigned"})
    target = ma.fields.String(required=True, validate=_NAME, metadata=_ACCOUNT)
    amount_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 10**13), metadata={"example": 12000}
    )
    reason = ma.fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "款项归属已查明"})


class TransferRefundBody(ma.Schema):
    """How much of a wallet payment goes back; another person must approve."""

    amount_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 10**13), metadata={"example": 200}
    )
    reason = ma.fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "商品退货"})


class LedgerDayView(ma.Schema):
    """A closed day; `digest` is the end of its chain, `previous` that of the day before."""

    day = ma.fields.String(metadata={"example": "2026-11-23"})
    previous = ma.fields.String(metadata=_DIGEST)
    digest = ma.fields.String(metadata=_DIGEST)
    transfers = ma.fields.Integer(metadata={"example": 212})
    moved_fen = ma.fields.Integer(metadata={"example": 1272000})
    accounts = ma.fields.Integer(metadata={"example": 180})
    closed_at = ma.fields.String(metadata=_TIME)


class LedgerDayList(ma.Schema):
    """A page of closed days, newest first."""

    items = ma.fields.List(ma.fields.Nested(LedgerDayView))
    next = ma.fields.String(allow_none=True)


class LedgerCheckView(ma.Schema):
    """What a check of the whole ledger found."""

    whole = ma.fields.Boolean(metadata={"example": True})
    total_fen = ma.fields.Integer(metadata={"example": 0, "description": "所有账户余额之和,应为 0"})
    findings = ma.fields.List(ma.fields.String(), metadata={"example": []})


class ReconciliationDifferenceView(ma.Schema):
    """One line that does not agree; an amount is absent where the line is missing."""

    what = ma.fields.String(validate=validate.OneOf(tuple(WHAT_ZH)), metadata={"example": "amount_differs"})
    what_zh = ma.fields.String(metadata={"example": "金额不符"})
    number = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    statement_fen = ma.fields.Integer(metadata={"example": 12000})
    ledger_fen = ma.fields.Integer(metadata={"example": 12001})
    state = ma.fields.String(metadata={"example": "done"})


class ReconciliationView(ma.Schema):
    """A statement compared with the ledger."""

    statement = ma.fields.String(metadata={"example": "wechat:2026-11-23"})
    clearing = ma.fields.String(metadata={"example": "clearing:wechat"})
    lines = ma.fields.Integer(metadata={"example": 212})
    matched = ma.fields.Integer(metadata={"example": 212})
    statement_fen = ma.fields.Integer(metadata={"example": 1260000})
    ledger_fen = ma.fields.Integer(metadata={"example": 1260000})
    differences = ma.fields.List(ma.fields.Nested(ReconciliationDifferenceView))
    made_at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})


class ReconciliationList(ma.Schema):
    """A page of reconciliations, newest first."""

    items = ma.fields.List(ma.fields.Nested(ReconciliationView))
    next = ma.fields.String(allow_none=True)


class MerchantBody(ma.Schema):
    """A merchant that wallets may pay."""

    code = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9][a-z0-9_-]{1,39}\Z"),
        metadata={"example": "changzheng-canteen"},
    )
    name = ma.fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "长征源食堂"})
    unit = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "changzhengyuan"})


class MerchantStateBody(ma.Schema):
    """Whether a merchant may be paid."""

    state = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(MERCHANT_ZH)), metadata={"example": "suspended"}
    )


class MerchantView(ma.Schema):
    """A merchant."""

    code = ma.fields.String(metadata={"example": "changzheng-canteen"})
    name = ma.fields.String(metadata={"example": "长征源食堂"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    account = ma.fields.String(metadata={"example": "merchant:changzheng-canteen"})
    state = ma.fields.String(validate=validate.OneOf(tuple(MERCHANT_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})
    registered_at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})


class MerchantList(ma.Schema):
    """A page of merchants."""

    items = ma.fields.List(ma.fields.Nested(MerchantView))
    next = ma.fields.String(allow_none=True)


class AccountStateBody(ma.Schema):
    """What is done to an account, and why; another person must approve."""

    move = ma.fields.String(required=True, validate=validate.OneOf(tuple(MOVES)), metadata={"example": "freeze"})
    reason = ma.fields.String(
        required=True, validate=validate.Length(1, 200), metadata={"example": "法院协助冻结通知书(2026)赣0731执12号"}
    )


class CashTopUpBody(ma.Schema):
    """Whose wallet, and how much cash was handed over."""

    person_id = ma.fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"example": "673ec0a5c0ffee0123456789"}
    )
    amount_fen = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 10**9), metadata={"example": 5000}
    )


class CashReceiptView(ma.Schema):
    """What the receipt says that is handed over."""

    receipt_number = ma.fields.String(metadata={"example": "5F3C1D6A9B5F3C1D"})
    amount_fen = ma.fields.Integer(metadata={"example": 5000})
    unit = ma.fields.String(metadata={"example": "administrative_approval"})
    at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})


class CashBoxQuery(LedgerPageQuery):
    """Of which day; today's without one."""

    day = ma.fields.Date(metadata={"example": "2026-11-24"})


class CashBoxView(ma.Schema):
    """A unit's cash box: what was taken and handed over on the day, its difference `day_fen`, and what lies in it."""

    unit = ma.fields.String(metadata={"example": "administrative_approval"})
    account = ma.fields.String(metadata={"example": "clearing:cash-administrative_approval"})
    day = ma.fields.String(metadata={"example": "2026-11-24"})
    top_ups = ma.fields.Integer(metadata={"example": 12})
    taken_fen = ma.fields.Integer(metadata={"example": 60000})
    returns = ma.fields.Integer(metadata={"description": "退还充值笔数", "example": 1})
    ticket_sales = ma.fields.Integer(metadata={"description": "现金售票笔数", "example": 30})
    ticket_returns = ma.fields.Integer(metadata={"description": "现金退票笔数", "example": 2})
    refunds = ma.fields.Integer(metadata={"description": "以现金办结的异常退款笔数", "example": 0})
    returned_fen = ma.fields.Integer(metadata={"example": 5000})
    day_fen = ma.fields.Integer(metadata={"example": 55000})
    box_fen = ma.fields.Integer(metadata={"example": 55000})


class CashBoxList(ma.Schema):
    """A page of the cash boxes, by unit."""

    items = ma.fields.List(ma.fields.Nested(CashBoxView))
    next = ma.fields.String(allow_none=True)

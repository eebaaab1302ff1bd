"""Shapes of the wallet."""

import marshmallow as ma
from marshmallow import validate

from models.payments.ledger_account import STATE_ZH as ACCOUNT_ZH
from models.payments.transfer_record import STATE_ZH

MOST_FEN = 100_000_000
"""Bounds the form; how much a wallet may hold is dated data (`ledger_limit`)."""
_FEN = validate.Range(1, MOST_FEN)


class WalletView(ma.Schema):
    """What is in a wallet; `available_fen` can be spent, `expected_fen` is being topped up."""

    balance_fen = ma.fields.Integer(metadata={"example": 12000})
    available_fen = ma.fields.Integer(metadata={"example": 12000})
    held_fen = ma.fields.Integer(metadata={"example": 0})
    expected_fen = ma.fields.Integer(metadata={"example": 0})
    limit_fen = ma.fields.Integer(metadata={"example": 500000})
    limit_source = ma.fields.String(metadata={"example": "单用途商业预付卡管理办法(试行)第十八条"})
    state = ma.fields.String(validate=validate.OneOf(tuple(ACCOUNT_ZH)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "正常"})


class WalletTransferView(ma.Schema):
    """What went in or out."""

    id = ma.fields.String(metadata={"example": "receipt:673ec0a5c0ffee0123456789"})
    direction = ma.fields.String(validate=validate.OneOf(("in", "out")), metadata={"example": "out"})
    amount_fen = ma.fields.Integer(metadata={"example": 200})
    refunded_fen = ma.fields.Integer(metadata={"example": 200})
    what = ma.fields.String(metadata={"example": "wallet_payment"})
    what_zh = ma.fields.String(metadata={"example": "付款"})
    other_account = ma.fields.String(metadata={"example": "merchant:changzhengyuan"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "posted"})
    state_zh = ma.fields.String(metadata={"example": "已入账"})
    at = ma.fields.String(metadata={"example": "2026-11-24T10:30:00+08:00"})
    note = ma.fields.String(metadata={"example": "两碗米粉"})


class WalletTransferList(ma.Schema):
    """A page of what went in and out, newest first."""

    items = ma.fields.List(ma.fields.Nested(WalletTransferView))
    next = ma.fields.String(allow_none=True)


class WalletPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class TopUpBody(ma.Schema):
    """How much to top up."""

    amount_fen = ma.fields.Integer(required=True, strict=True, validate=_FEN, metadata={"example": 5000})


class WalletPaymentArguments(ma.Schema):
    """The arguments of wx.requestPayment."""

    appId = ma.fields.String(metadata={"example": "wx0123456789abcdef"})
    timeStamp = ma.fields.String(metadata={"example": "1795500000"})
    nonceStr = ma.fields.String(metadata={"example": "5f3c1d6a9b5f3c1d6a9b5f3c1d6a9b00"})
    package = ma.fields.String(metadata={"example": "prepay_id=wx201410272009395522657a690389285100"})
    signType = ma.fields.String(metadata={"example": "RSA"})
    paySign = ma.fields.String(metadata={"example": "oR9d8PuhnIc+YZ8cBHFCwfgpaK9gd7vaRvkYD7rthRAZ"})


class TopUpView(ma.Schema):
    """A top-up; `payment` only when it was begun."""

    id = ma.fields.String(metadata={"example": "5f3c1d6a9b5f3c1d6a9b5f3c1d6a9b005f3c1d6a9b5f3c1d6a9b5f3c1d6a9b00"})
    amount_fen = ma.fields.Integer(metadata={"example": 5000})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "pending"})
    state_zh = ma.fields.String(metadata={"example": "待确认"})
    payment = ma.fields.Nested(WalletPaymentArguments)


class WalletPaymentBody(ma.Schema):
    """Whom to pay, how much, and a word to it."""

    payee = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"(merchant|fund):[A-Za-z0-9_.-]{1,64}\Z"),
        metadata={"example": "merchant:changzhengyuan"},
    )
    amount_fen = ma.fields.Integer(required=True, strict=True, validate=_FEN, metadata={"example": 200})
    note = ma.fields.String(validate=validate.Length(1, 50), metadata={"example": "两碗米粉"})

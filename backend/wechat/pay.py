"""WeChat Pay v3 for a direct merchant. Amounts are integers of 分, times aware UTC."""

import gzip
import hashlib
import re
import tempfile
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import IO, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from wechatpayv3 import WeChatPay as Sdk
from wechatpayv3 import WeChatPayType

from backend import clock
from backend.wechat.errors import PaymentGatewayFailure, PaymentRefused
from backend.wechat.pay_bill import BillLine, TradeBill, parse_trade_bill
from backend.wechat.pay_core import PIECE, PayCore, object_of
from backend.wechat.pay_notice import Notice, NoticeReader
from backend.wechat.pay_values import BankCard, Refund, Transaction, reading, refund_of, transaction_of

TIMEOUT_SECONDS = (2.0, 5.0)
TRADE_NUMBER = re.compile(r"[0-9A-Za-z_\-*]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-*@]{1,64}")
NO_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
NO_REFUND = frozenset({"RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS", "REFUNDNOTEXIST"})
NO_BILL = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING"})
PAID, CLOSED = frozenset({"SUCCESS", "REFUND"}), frozenset({"CLOSED", "REVOKED"})
DESCRIPTION_BYTES, REASON_BYTES = 127, 80
GZIP = b"\x1f\x8b"


class _Sdk(Sdk):
    """The SDK's calls on a core of ours, which its own constructor cannot be given."""

    def __init__(self, core: PayCore, *, appid: str, mchid: str) -> None:
        self._core, self._appid, self._mchid = core, appid, mchid
        self._type, self._partner_mode, self._notify_url = WeChatPayType.JSAPI, False, None


class WeChatPay:
    """One merchant. `public_keys` maps key id to PEM, the one in use first. Threads may share an instance.

    The constructor does no network and raises ValueError for a key that cannot be read. Every call may raise
    PaymentRefused (answered no, nothing was done; `errcode` says why), PaymentUnknown (no proved answer) and,
    before any network, ValueError for a number of ours that is not of WeChat Pay's form.
    """

    def __init__(
        self,
        *,
        appid: str,
        mchid: str,
        merchant_private_key: str,
        merchant_serial: str,
        apiv3_key: str,
        public_keys: Mapping[str, str],
        pay_base: str,
        timeout: tuple[float, float] = TIMEOUT_SECONDS,
        session: requests.Session | None = None,
    ) -> None:
        self._appid = appid
        self._core = PayCore(
            mchid=mchid,
            merchant_serial=merchant_serial,
            merchant_private_key=merchant_private_key,
            apiv3_key=apiv3_key,
            public_keys=public_keys,
            pay_base=pay_base,
            timeout=timeout,
            session=session,
        )
        self._sdk = _Sdk(self._core, appid=appid, mchid=mchid)
        self._notices = NoticeReader(platform=self._core.platform, apiv3_key=apiv3_key, appid=appid, mchid=mchid)

    def order_jsapi(
        self,
        *,
        out_trade_no: str,
        description: str,
        total_fen: int,
        openid: str,
        notify_url: str,
        expires_at: datetime,
    ) -> str:
        """Place an order and return its prepay_id; the same order again gives the same one.

        `expires_at` is the last moment to pay and cannot be changed later; it does not close the order.
        `description` is cut to 127 bytes.
        """
        _, body = self._sdk.pay(
            description=_cut(description, DESCRIPTION_BYTES),
            out_trade_no=_checked(out_trade_no, TRADE_NUMBER),
            amount={"total": total_fen, "currency": "CNY"},
            payer={"openid": openid},
            time_expire=clock.civil(expires_at).isoformat(timespec="seconds"),
            notify_url=notify_url,
        )
        with reading():
            return str(object_of(body)["prepay_id"])

    def pay_sign(self, prepay_id: str) -> dict[str, str]:
        """Return the arguments of wx.requestPayment, signed; no network."""
        timestamp, nonce, package = str(int(clock.timestamp())), uuid4().hex, f"prepay_id={prepay_id}"
        return {
            "appId": self._appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._core.sign([self._appid, timestamp, nonce, package]),
        }

    def query(self, out_trade_no: str) -> Transaction | None:
        """Return the order, or None when WeChat Pay does not know it."""
        try:
            _, body = self._sdk.query(out_trade_no=_checked(out_trade_no, TRADE_NUMBER))
        except PaymentRefused as refusal:
            if refusal.errcode in NO_ORDER:
                return None
            raise
        return transaction_of(object_of(body))

    def close(self, out_trade_no: str) -> Literal["closed", "already_paid"]:
        """Close an order so that it can no longer be paid; closing it again does no harm.

        Raises:
            PaymentRefused: also when WeChat Pay does not know the order.
        """
        try:
            self._sdk.close(_checked(out_trade_no, TRADE_NUMBER))
        except PaymentRefused:
            # The code of this refusal is spelled in several ways; the order's state is not.
            order = self.query(out_trade_no)
            if order is None or order.state not in PAID | CLOSED:
                raise
            return "already_paid" if order.state in PAID else "closed"
        return "closed"

    def refund(
        self,
        *,
        transaction_id: str,
        out_refund_no: str,
        refund_fen: int,
        total_fen: int,
        reason: str,
        notify_url: str,
    ) -> Refund:
        """Ask for a refund; the same `out_refund_no` is refunded once. Accepted is not yet done.

        `reason` is shown to the payer and cut to 80 bytes.

        Raises:
            PaymentRefused: NOT_ENOUGH, INVALID_REQUEST; RESOURCE_NOT_EXISTS can pass: repeat it later.
        """
        _, body = self._sdk.refund(
            out_refund_no=_checked(out_refund_no, REFUND_NUMBER),
            amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
            transaction_id=transaction_id,
            reason=_cut(reason, REASON_BYTES),
            notify_url=notify_url,
        )
        return refund_of(object_of(body))

    def query_refund(self, out_refund_no: str) -> Refund | None:
        """Return the refund, or None when WeChat Pay does not know it."""
        try:
            _, body = self._sdk.query_refund(_checked(out_refund_no, REFUND_NUMBER))
        except PaymentRefused as refusal:
            if refusal.errcode in NO_REFUND:
                return None
            raise
        return refund_of(object_of(body))

    def apply_abnormal(self, refund_id: str, out_refund_no: str, card: BankCard | None = None) -> Refund:
        """Take a refund on that ended ABNORMAL: to a card of the payer, without one to the merchant's bank account.

        Raises:
            PaymentRefused: it is not abnormal, or the card cannot be used.
        """
        told: dict[str, str] = {"type": "MERCHANT_BANK_CARD"}
        if card:
            told = {"type": "USER_BANK_CARD", "bank_type": card.bank}
            told |= {"bank_account": card.number, "real_name": card.holder}
        _, body = self._sdk.abnormal_refund(refund_id, _checked(out_refund_no, REFUND_NUMBER), **told)
        return refund_of(object_of(body))

    def trade_bill(self, day: date) -> list[BillLine] | None:
        """Return all payments and refunds of a civil day; None while there is no bill (it comes after 10:00 next day).

        Raises:
            PaymentGatewayFailure: the file is damaged or of another form.
        """
        try:
            _, body = self._sdk.trade_bill(day.isoformat())
        except PaymentRefused as refusal:
            if refusal.errcode in NO_BILL:
                return None
            raise
        with reading():
            answer = object_of(body)
            return parse_trade_bill(self._download(answer["download_url"], answer["hash_type"], answer["hash_value"]))

    def trade_bill_file(self, day: date) -> TradeBill | None:
        """Return the bill of a civil day as a file proved by its hash, to be closed; None while there is no bill.

        Raises:
            PaymentGatewayFailure: the file is damaged.
        """
        try:
            _, body = self._sdk.trade_bill(day.isoformat(), tar_type="GZIP")
        except PaymentRefused as refusal:
            if refusal.errcode in NO_BILL:
                return None
            raise
        with reading():
            answer = object_of(body)
            parts = urlsplit(answer["download_url"])
            wanted, kind = answer["hash_value"].lower(), answer["hash_type"]
        with tempfile.TemporaryFile() as packed:
            # Our base and not the URL's: a signed request never goes to a host that an answer names.
            self._core.download(f"{parts.path}?{parts.query}", packed)
            plain: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller, who closes it
            digest = _unpack(packed, plain)
        if kind != "SHA1" or digest != wanted:
            plain.close()
            raise PaymentGatewayFailure(reason="trade bill: wrong hash")
        return TradeBill(plain, digest)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return a notice after proof: header form, probe, key, age (300 s), signature, content, recipient.

        Raises:
            NoticeRefused: for anything that is wrong with it, and nothing else.
        """
        return self._notices.read(headers, body)

    def _download(self, url: str, hash_type: str, hash_value: str) -> bytes:
        parts = urlsplit(url)
        # Our base and not the URL's: a signed request never goes to a host that an answer names.
        _, data = self._core.request(f"{parts.path}?{parts.query}", skip_verify=True)
        try:
            data = gzip.decompress(data) if data.startswith(GZIP) else data
        except (OSError, EOFError, zlib.error) as error:
            raise PaymentGatewayFailure(reason="trade bill: damaged archive") from error
        if hash_type != "SHA1" or hashlib.sha1(data, usedforsecurity=False).hexdigest() != hash_value.lower():
            raise PaymentGatewayFailure(reason="trade bill: wrong hash")
        return data


def _unpack(packed: IO[bytes], plain: IO[bytes]) -> str:
    """Write the unzipped file and return its hash; what is not zipped is taken as it is."""
    packed.seek(0)
    zipped, digest = packed.read(2) == GZIP, hashlib.sha1(usedforsecurity=False)
    packed.seek(0)
    try:
        source = gzip.GzipFile(fileobj=packed) if zipped else packed
        while piece := source.read(PIECE):
            digest.update(piece)
            plain.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        plain.close()
        raise PaymentGatewayFailure(reason="trade bill: damaged archive") from error
    return digest.hexdigest()


def _checked(number: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(number):
        raise ValueError("an order or refund number has a wrong form")
    return number


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")

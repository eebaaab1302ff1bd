"""An SMS service in the form of Tencent Cloud SMS (version 2021-01-11): templates with parameters, signed both ways.

    POST <base>/  X-TC-Action: SendSms                          one message of an approved template under a sign name
    POST <base>/  X-TC-Action: PullSmsSendStatusByPhoneNumber   the receipts of a number, as often as one asks
    POST <ours>   [{…}] with X-Sms-Timestamp, X-Sms-Signature   receipts, pushed

    SmsFailure 502
    ├── SmsBusy        nothing was sent; later it may work
    ├── SmsUnknown     no trustworthy answer: it may have been sent; ask for receipts before sending again
    └── SmsRefusedUs   the service refuses this customer: somebody must look at the credentials
    SmsRefused 422     it said no to this message: `kind` is capped, number or setup
    ReceiptRefused 401 receipts that are not proved to be the service's

The service does not know repeated messages. `SessionContext` carries our id of the message into its receipts: by it a
message whose answer was lost is found again. Numbers and parameters stand in bodies only, never in an error.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
import requests

from backend import clock, sms_signature
from backend.errors import NotLoggedIn, OutsideFailure, Unprocessable
from backend.sms_credentials import SmsCredentials
from backend.wechat.transport import pooled_session

VERSION, REGION = "2021-01-11", "ap-guangzhou"
MOST_REPORTS = 100
WINDOW_SECONDS = 300
SECONDS = 10.0
_OK = 200
_BUSY = ("RequestLimitExceeded", "LimitExceeded.PhoneNumberThirtySecondLimit")
_CAPPED = "LimitExceeded."
_NUMBER = (
    "FailedOperation.PhoneNumberInBlacklist",
    "InvalidParameterValue.IncorrectPhoneNumber",
    "UnsupportedOperation.",
)


class SmsFailure(OutsideFailure):
    """502: a call of the SMS service failed; `reason` is its word, or a short one of ours."""

    code = "sms_failed"
    zh = "短信服务暂时没有响应,请稍后再试。"
    en = "The SMS service did not answer. Please try again later."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} ({self.reason})"


class SmsBusy(SmsFailure):
    """502: nothing was sent; later it may work."""

    code = "sms_busy"


class SmsUnknown(SmsFailure):
    """502: whether the message was sent is unknown."""

    code = "sms_unknown"


class SmsRefusedUs(SmsFailure):
    """502: the service refuses this customer."""

    passing = False
    code = "sms_refused_us"
    zh = "短信服务拒绝了本系统的请求,请联系运维人员核对短信账号。"
    en = "The SMS service refuses this system's requests. Tell the operators."


class SmsRefused(Unprocessable):
    """422: the service sends no such message; repeating it changes nothing."""

    code = "sms_refused"
    zh = "短信没有发出({reason}),请核对短信签名、模板或号码。"
    en = "The message was not sent ({reason}). Check sign name, template or number."

    def __init__(self, reason: str, kind: Literal["capped", "number", "setup"]) -> None:
        super().__init__(reason=reason)
        self.reason, self.kind = reason, kind


class ReceiptRefused(NotLoggedIn):
    """401: receipts that cannot be proved to come from the SMS service."""

    code = "sms_receipt_refused"
    zh = "短信回执未通过验证。"
    en = "The receipts could not be verified."


@dataclass(frozen=True)
class Receipt:
    """What became of a message: `message_id` is ours, `serial` the service's."""

    message_id: str
    serial: str
    delivered: bool
    reason: str = ""


class Sms:
    """The one SMS service of this deployment; threads may share it."""

    def __init__(self, base: str, credentials: SmsCredentials) -> None:
        self._base, self._credentials = base.rstrip("/") + "/", credentials
        self._host = urlsplit(base).netloc
        self._session = pooled_session()
        self._session.trust_env = False  # no proxy and no .netrc of the machine stands between

    def send(self, number: str, template_id: str, parameters: Sequence[str], *, message_id: str) -> str:
        """Send one message and return the service's serial number of it.

        Raises:
            SmsBusy, SmsUnknown, SmsRefusedUs, SmsRefused: it is not known to be sent.
        """
        body = {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": self._credentials.sdk_app_id,
            "SignName": self._credentials.sign_name,
            "TemplateId": template_id,
            "TemplateParamSet": list(parameters),
            "SessionContext": message_id,
        }
        told = self._call("SendSms", body).get("SendStatusSet")
        one = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
        if one.get("Code") != "Ok":
            raise _refusal(str(one.get("Code") or "no status"))
        return _word(one.get("SerialNo"))

    def receipts(self, number: str, since: datetime) -> list[Receipt]:
        """Return the receipts of a number's messages since a moment; asking takes nothing away.

        Raises:
            SmsFailure: no trustworthy answer came.
        """
        body = {
            "BeginTime": int(since.timestamp()),
            "Offset": 0,
            "Limit": MOST_REPORTS,
            "PhoneNumber": number,
            "SmsSdkAppId": self._credentials.sdk_app_id,
        }
        told = self._call("PullSmsSendStatusByPhoneNumber", body).get("PullSmsSendStatusSet") or []
        if not isinstance(told, list):
            raise SmsUnknown("no list of receipts")
        names = ("SessionContext", "SerialNo", "ReportStatus", "Description")
        return [_receipt(*(one.get(name) for name in names)) for one in told if isinstance(one, dict)]

    def read_receipts(self, headers: Mapping[str, str], body: bytes) -> list[Receipt]:
        """Return the receipts that the service pushed.

        Raises:
            ReceiptRefused: they are not signed for this moment, or cannot be read.
        """
        timestamp = headers.get("X-Sms-Timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > len("9999999999"):
            raise ReceiptRefused
        wanted = sms_signature.of_receipts(self._credentials.callback_key, timestamp, body)
        given = headers.get("X-Sms-Signature", "").encode("latin-1", "replace")
        if not hmac.compare_digest(wanted.encode(), given):
            raise ReceiptRefused
        if abs(int(timestamp) - clock.timestamp()) > WINDOW_SECONDS:
            raise ReceiptRefused
        return _pushed(body)

    def _call(self, action: str, content: Mapping[str, Any]) -> dict[str, Any]:
        body, mine = orjson.dumps(content), self._credentials
        timestamp = int(clock.timestamp())
        proof = sms_signature.authorization(
            mine.secret_id, mine.secret_key, host=self._host, action=action, body=body, timestamp=timestamp
        )
        headers = {
            "Authorization": proof,
            "Content-Type": sms_signature.CONTENT_TYPE,
            "Host": self._host,
            "X-TC-Action": action,
            "X-TC-Version": VERSION,
            "X-TC-Region": REGION,
            "X-TC-Timestamp": str(timestamp),
        }
        try:
            answer = self._session.post(self._base, data=body, headers=headers, timeout=SECONDS, allow_redirects=False)
            status, text = answer.status_code, answer.content
        except requests.RequestException as error:
            reason = type(error).__name__
        else:
            return _response(status, text)
        raise SmsUnknown(reason)  # outside the handler: the error above holds the request, and the request the number


def _response(status: int, text: bytes) -> dict[str, Any]:
    if status != _OK:
        raise SmsUnknown(f"HTTP {status}")
    try:
        told = orjson.loads(text)["Response"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise SmsUnknown("no JSON answer") from None
    if not isinstance(told, dict):
        raise SmsUnknown("no JSON answer")
    if error := told.get("Error"):
        raise _refusal(str(error.get("Code") if isinstance(error, dict) else error))
    return told


def _refusal(code: str) -> SmsFailure | SmsRefused:
    """Return the error for a word of the service; only words of its own lists say that nothing was sent."""
    word = _word(code)
    if word.startswith("AuthFailure"):
        return SmsRefusedUs(word)
    if word.startswith(_BUSY):
        return SmsBusy(word)
    if word.startswith(_CAPPED):
        return SmsRefused(word, "capped")
    if word.startswith(_NUMBER):
        return SmsRefused(word, "number")
    if word.startswith(("FailedOperation", "InvalidParameter", "MissingParameter", "UnauthorizedOperation")):
        return SmsRefused(word, "setup")
    return SmsUnknown(word)


def _pushed(body: bytes) -> list[Receipt]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ReceiptRefused from None
    if not isinstance(told, list):
        raise ReceiptRefused
    names = ("session_context", "sid", "report_status", "errmsg")
    return [_receipt(*(one.get(name) for name in names)) for one in told if isinstance(one, dict)]


def _receipt(message_id: Any, serial: Any, status: Any, reason: Any) -> Receipt:
    return Receipt(_word(message_id), _word(serial), status == "SUCCESS", _word(reason))


def _word(told: Any) -> str:
    """Return a short word of the service fit for a log: letters, digits and a few signs, so that no number hides."""
    text = told if isinstance(told, str) else ""
    return "".join(one for one in text if one.isascii() and (one.isalnum() or one in "._:-"))[:64]

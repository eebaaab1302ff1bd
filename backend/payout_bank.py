r"""A bank that takes payment files: signed calls, signed answers, and nothing else is believed.

    PUT <base>/bank/v1/files/<no>               the file; repeating it pays once        Authorization: CITY-ED25519 …
    GET <base>/bank/v1/files/<no>               how far it is
    GET <base>/bank/v1/files/<no>/returns/<n>   what came back

Each answer carries an `Exchange-Signature` over `status \n path \n timestamp \n nonce \n hex SHA-256 of the body \n`,
as `backend.exchange` has it. No answer, or one that cannot be believed, says nothing about whether the file was taken.
"""

import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
import requests

from backend import payout_file, signed_requests
from backend.errors import OutsideFailure, Unprocessable
from backend.exchange import Credentials, read_body, verify_answer
from backend.wechat.transport import pooled_session

_CODE = re.compile(r"[a-z_]{1,40}", re.ASCII)
_FILE_NO = re.compile(r"[\w-]{1,40}", re.ASCII)
_OK, _NO_SUCH_FILE, _NUMBER_USED, _REFUSED = 200, 404, 409, 422
SECONDS = 60.0


class BankUnknown(OutsideFailure):
    """502: no trustworthy answer came; whether the call was carried out is unknown."""

    code = "bank_unknown"
    zh = "银行暂时没有响应,系统将先查询结果再处理,不会重复发放。"
    en = "The bank did not answer. Its state is asked first; nothing is paid twice."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code} ({self.reason})"


class BankRefusedUs(BankUnknown):
    """502: the bank refuses this customer; somebody must look at the credentials."""

    passing = False
    code = "bank_refused_us"
    zh = "银行接口拒绝了本系统的请求,请联系运维人员。"
    en = "The bank refuses this system's requests. Tell the operators."


class BankRefusedFile(Unprocessable):
    """422: the bank took nothing of this file; `reason` is its word for why."""

    code = "bank_refused_file"
    zh = "银行未接收该代发文件({reason}),没有付款;请核对后重新生成。"
    en = "The bank did not take this file ({reason}). Nothing was paid."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


@dataclass(frozen=True)
class Standing:
    """What the bank says of a file that it has; `done` when every line of it has its result."""

    digest: str
    count: int
    total_fen: int
    returns: int
    done: bool = False


class Bank:
    """The one bank of this deployment; threads may share it."""

    def __init__(self, base: str, credentials: Credentials) -> None:
        self._base, self._credentials = base.rstrip("/"), credentials
        self._prefix = urlsplit(self._base).path
        self._session = pooled_session()
        self._session.trust_env = False  # no proxy and no .netrc of the machine stands between

    def hand_in(self, file_no: str, data: bytes) -> Standing:
        """Hand in a payment file, once however often it is called with the same bytes.

        Raises:
            BankUnknown: whether the bank has it is unknown; ask for its standing.
            BankRefusedFile: the bank has nothing of it, or another file under the number.
        """
        status, body = self._call("PUT", _path(file_no), data)
        if status in (_NUMBER_USED, _REFUSED):
            told = _object(body)
            raise BankRefusedFile("number used" if status == _NUMBER_USED else _code(told))
        return _standing(status, body, file_no)

    def standing(self, file_no: str) -> Standing | None:
        """Return how far a file is, None where the bank says that it never got it.

        Raises:
            BankUnknown: no trustworthy answer came.
        """
        status, body = self._call("GET", _path(file_no), b"")
        if status == _NO_SUCH_FILE and _object(body).get("code") == "no_such_file":
            return None
        return _standing(status, body, file_no)

    def returned(self, file_no: str, number: int) -> bytes:
        """Return the bytes of a return file.

        Raises:
            BankUnknown: no trustworthy answer came.
        """
        status, body = self._call("GET", f"{_path(file_no)}/returns/{number}", b"")
        if status != _OK:
            raise BankUnknown(f"HTTP {status}")
        return body

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        failure: BankUnknown
        try:
            status, answer = self._sent(method, path, body)
        except requests.RequestException as error:
            failure = BankUnknown(type(error).__name__)
        except OutsideFailure as error:
            failure = BankUnknown(str(error))
        else:
            return status, answer
        raise failure  # outside the handler: the error above holds the request, and the request the file

    def _sent(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        mine, nonce, deadline = self._credentials, secrets.token_hex(16), time.monotonic() + SECONDS
        told = self._prefix + path
        signed = signed_requests.header(mine.app_id, mine.private_key, method=method, path=told, body=body, nonce=nonce)
        headers = {"Authorization": signed, "Content-Type": "application/octet-stream", "Accept-Encoding": "identity"}
        with self._session.request(
            method, self._base + path, data=body, headers=headers, timeout=SECONDS, stream=True, allow_redirects=False
        ) as response:
            answer = read_body(response, deadline, most=payout_file.MOST_BYTES)
            if response.status_code in (400, 401, 403):
                raise BankRefusedUs(f"HTTP {response.status_code}")
            signature = response.headers.get("Exchange-Signature", "")
            verify_answer(mine, told, nonce, (response.status_code, signature, answer))
            return response.status_code, answer


def _path(file_no: str) -> str:
    if not _FILE_NO.fullmatch(file_no):
        raise ValueError(file_no)
    return f"/bank/v1/files/{file_no}"


def _code(told: dict[str, object]) -> str:
    """Return the bank's stable word for a refusal; its sentences may name accounts and are not kept."""
    code = str(told.get("code", ""))
    return code if _CODE.fullmatch(code) else "other"


def _object(body: bytes) -> dict[str, object]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BankUnknown("no JSON") from None
    return told if isinstance(told, dict) else {}


def _standing(status: int, body: bytes, file_no: str) -> Standing:
    told = _object(body) if status == _OK else {}
    try:
        if told.get("file_no") != file_no:
            raise BankUnknown(f"HTTP {status}")
        count, total_fen, returns = (int(str(told[name])) for name in ("count", "total_fen", "returns"))
        return Standing(str(told["digest"]), count, total_fen, returns, told.get("state") == "returned")
    except (KeyError, ValueError):
        raise BankUnknown("no standing") from None

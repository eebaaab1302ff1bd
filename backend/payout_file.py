"""Payment lists for a bank (代发) and what it returns: text in GB18030, `|` between fields, CR LF after each line.

    H|DF01|file no|batch no|payer|count|total|remark          R|DF01|file no|return no|result or reversal|count|paid|sum
    D|seq|account|name|amount|remark                          D|seq|account|amount|S, F or R|code|words|bank serial
    T|count|total|digest                                      T|count|digest

Amounts are 元 with two decimals; the digest is the SHA-256 of all bytes before the last line. The same content gives
the same bytes. Nothing of a return file counts unless all of it holds together.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from backend.errors import Unprocessable
from backend.money import yuan

ENCODING = "gb18030"
FORM = "DF01"
MOST_BYTES = 32 * 1024 * 1024
_BREAKING = re.compile(r"[|\x00-\x1f\x7f\x85\u2028\u2029]")
_YUAN = re.compile(r"(0|[1-9][0-9]{0,12})\.([0-9]{2})", re.ASCII)
_HEAD = re.compile(
    r"R\|DF01\|([\w-]{1,40})\|([1-9][0-9]{0,3})\|(result|reversal)\|([0-9]{1,7})\|([0-9]{1,7})\|([0-9.]+)", re.ASCII
)
_ROW = re.compile(
    r"D\|([0-9]{1,9})\|([0-9]{1,30})\|([0-9.]+)\|([SFR])\|([a-z_]{0,40})\|([^|\r\n]{0,80})\|([\w-]{0,40})", re.ASCII
)
_TRAILER = re.compile(r"T\|([0-9]{1,7})\|([0-9a-f]{64})", re.ASCII)
Outcome = Literal["paid", "failed", "reversed"]
_OUTCOMES: dict[str, Outcome] = {"S": "paid", "F": "failed", "R": "reversed"}


class ReturnFileRefused(Unprocessable):
    """422: the file does not hold together; `reason` is a short English word for the log."""

    code = "return_file_refused"
    zh = "回盘文件不完整或已被改动,未作任何处理;请向银行重新索取。"
    en = "The return file is not whole or was changed. Nothing was done; ask the bank for it again."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Order:
    """One amount to one account."""

    seq: int
    account: str = field(repr=False)
    name: str = field(repr=False)
    fen: int


@dataclass(frozen=True)
class Row:
    """What became of one order."""

    seq: int
    account: str = field(repr=False)
    fen: int
    outcome: Outcome
    code: str = ""
    serial: str = ""


@dataclass(frozen=True)
class Returned:
    """A return file that holds together."""

    file_no: str
    number: int
    kind: Literal["result", "reversal"]
    rows: tuple[Row, ...]
    digest: str


def _fen(text: str) -> int:
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ReturnFileRefused("amount")
    return int(match[1]) * 100 + int(match[2])


def digest(data: bytes) -> str:
    """Return what a file is told apart by."""
    return hashlib.sha256(data).hexdigest()


def _text(value: str) -> str:
    return _BREAKING.sub(" ", value)


def write(file_no: str, batch_no: str, payer: str, remark: str, orders: Iterable[Order]) -> bytes:
    """Return the bytes of a payment file; the same orders give the same bytes."""
    told = list(orders)
    sums = f"{len(told)}|{yuan(sum(one.fen for one in told))}"
    lines = [f"H|{FORM}|{file_no}|{batch_no}|{_text(payer)}|{sums}|{_text(remark)}"]
    lines += [f"D|{one.seq:06d}|{one.account}|{_text(one.name)}|{yuan(one.fen)}|{_text(remark)}" for one in told]
    covered = "".join(f"{line}\r\n" for line in lines).encode(ENCODING)
    return covered + f"T|{sums}|{hashlib.sha256(covered).hexdigest()}\r\n".encode(ENCODING)


def read(data: bytes) -> Returned:
    """Read a return file whole.

    Raises:
        ReturnFileRefused: it is too long, or its form, counts, sum or digest do not hold.
    """
    if len(data) > MOST_BYTES:
        raise ReturnFileRefused("too long")
    try:
        lines = data.decode(ENCODING).split("\r\n")
    except UnicodeDecodeError:
        raise ReturnFileRefused("encoding") from None
    head, trailer = _HEAD.fullmatch(lines[0]), _TRAILER.fullmatch(lines[-2]) if len(lines) > 2 else None  # noqa: PLR2004
    if head is None or trailer is None or lines[-1]:
        raise ReturnFileRefused("form")
    if hashlib.sha256(data[: data.rindex(b"T|", 0, len(data) - 2)]).hexdigest() != trailer[2]:
        raise ReturnFileRefused("digest")
    rows = tuple(_row(line) for line in lines[1:-2])
    _require_sums(head, trailer, rows)
    kind: Literal["result", "reversal"] = "result" if head[3] == "result" else "reversal"
    if any((row.outcome == "reversed") != (kind == "reversal") for row in rows):
        raise ReturnFileRefused("kind")
    return Returned(head[1], int(head[2]), kind, rows, digest(data))


def _row(line: str) -> Row:
    match = _ROW.fullmatch(line)
    if match is None:
        raise ReturnFileRefused("line")
    return Row(int(match[1]), match[2], _fen(match[3]), _OUTCOMES[match[4]], match[5], match[7])


def _require_sums(head: re.Match[str], trailer: re.Match[str], rows: tuple[Row, ...]) -> None:
    paid = [row for row in rows if row.outcome == "paid"]
    said = (int(head[4]), int(head[5]), _fen(head[6]), int(trailer[1]))
    if said != (len(rows), len(paid), sum(row.fen for row in paid), len(rows)):
        raise ReturnFileRefused("sums")

"""The text files that the bank takes and gives: `|` between fields, GB18030, one line ends with CR LF.

Written from README.md, without the product's code.
"""

import hashlib
import re
from http import HTTPStatus
from typing import Any

from seed.simulators.registers.wire import Refusal

ENCODING = "gb18030"
WORDS = {
    "account_not_found": "账号不存在",
    "account_closed": "账户已销户",
    "dormant": "账户为睡眠户",
    "frozen": "账户已冻结",
    "name_mismatch": "户名不符",
    "limit": "超过账户限额",
    "reversed": "已冲正",
    "": "",
}
_YUAN = re.compile(r"(0|[1-9]\d{0,12})\.(\d\d)", re.ASCII)


def refuse(reason: str) -> Refusal:
    """Return the refusal of a file, with its reason."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "file_refused", reason)


def fen(text: str) -> int:
    """Read an amount in yuan."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise refuse("amount")
    return int(match[1]) * 100 + int(match[2])


def yuan(amount: int) -> str:
    """Write an amount in yuan."""
    return f"{amount // 100}.{amount % 100:02d}"


def read(data: bytes) -> dict[str, Any]:
    """Read a payment file, checking its count, its sum and its digest."""
    try:
        text = data.decode(ENCODING)
    except UnicodeDecodeError:
        raise refuse("encoding") from None
    lines = text.split("\r\n")
    if len(lines) < 3 or lines[-1]:  # noqa: PLR2004 - head, trailer and the end after it
        raise refuse("format")
    head, trailer = lines[0].split("|"), lines[-2].split("|")
    body = [line.split("|") for line in lines[1:-2]]
    if len(head) != 8 or head[:2] != ["H", "DF01"] or len(trailer) != 4 or trailer[0] != "T":  # noqa: PLR2004
        raise refuse("format")
    covered = text[: text.rindex("T|", 0, len(text) - 2)].encode(ENCODING)
    if hashlib.sha256(covered).hexdigest() != trailer[3]:
        raise refuse("digest")
    return _checked(head, trailer, [_line(one) for one in body])


def _line(fields: list[str]) -> dict[str, Any]:
    if len(fields) != 6 or fields[0] != "D" or not fields[2].isdigit():  # noqa: PLR2004
        raise refuse("line")
    return {"seq": fields[1], "account": fields[2], "name": fields[3], "fen": fen(fields[4]), "remark": fields[5]}


def _checked(head: list[str], trailer: list[str], lines: list[dict[str, Any]]) -> dict[str, Any]:
    total = sum(line["fen"] for line in lines)
    said = [head[5], head[6], trailer[1], trailer[2]]
    if said != [str(len(lines)), yuan(total)] * 2:
        raise refuse("sum")
    if len({line["seq"] for line in lines}) != len(lines):
        raise refuse("sequence")
    return {"file_no": head[2], "batch_no": head[3], "payer": head[4], "total_fen": total, "lines": lines}


def write(file_no: str, number: int, kind: str, results: list[dict[str, Any]]) -> bytes:
    """Write a return file."""
    paid = [one for one in results if one["state"] == "S"]
    sums = f"{len(results)}|{len(paid)}|{yuan(sum(one['fen'] for one in paid))}"
    lines = [f"R|DF01|{file_no}|{number}|{kind}|{sums}"]
    lines += [
        f"D|{one['seq']}|{one['account']}|{yuan(one['fen'])}|{one['state']}|{one['code']}|{WORDS[one['code']]}|"
        f"{one['serial']}"
        for one in results
    ]
    covered = "".join(f"{line}\r\n" for line in lines).encode(ENCODING)
    return covered + f"T|{len(results)}|{hashlib.sha256(covered).hexdigest()}\r\n".encode(ENCODING)

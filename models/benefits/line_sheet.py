"""The list of a town as a sheet: one person a row, each row naming its batch."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import identity_documents
from backend.errors import NotAllowed, NotFound
from backend.identity_documents import BadDocument
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.benefits import batch, collect, item
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows

DECIMAL = r"[0-9]{1,9}(\.[0-9]{1,4})?"
ACCOUNT = r"[0-9]{9,25}"
NUMBER_OF_BATCH = r"[A-Z]{4}-[0-9]{8}-[0-9]{6,9}"


def _number(text: str) -> str:
    try:
        return identity_documents.parse("resident_id", text).number
    except BadDocument as wrong:
        raise CellWrong(wrong.message()) from None


def _account(text: str) -> str:
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(ACCOUNT, digits, re.ASCII):
        raise CellWrong("银行账号应为 9 至 25 位数字;请把该列设为“文本”格式后重新填写。")
    return digits


def _fact(key: str, zh: str) -> Column:
    return Column(key, zh, "code", pattern=DECIMAL, pattern_zh="应为数值,最多 4 位小数。", example="3.25")


SHEET = Sheet(
    "benefit-lines",
    "惠民惠农资金发放名单",
    (
        Column(
            "batch", "批次编号", "code", required=True, aliases=("批次",), pattern=NUMBER_OF_BATCH,
            pattern_zh="应为批次编号,例如 BTFF-20261123-000001。", example="BTFF-20261123-000001",
        ),
        Column("name", "姓名", required=True, most=40, personal=True, example="刘芳"),
        Column(
            "number", "身份证号码", "code", required=True, aliases=("身份证号", "证件号码", "公民身份号码"),
            read=_number, personal=True, example="11010119900307002X",
        ),
        Column(
            "account", "社保卡银行账号", "code", aliases=("银行账号", "卡号", "社保卡账号"), read=_account,
            personal=True, example="6217000000000000000",
        ),
        Column(
            "amount_fen", "金额", "fen", required=True, aliases=("补贴金额", "发放金额"), most=item.MOST_FEN,
            example="120.50",
        ),
        _fact("area_mu", "面积"),
        _fact("months", "月数"),
        _fact("quantity", "数量"),
        Column(
            "area", "村代码", "code", aliases=("村(社区)代码", "区划代码"), pattern=r"\d{9}|\d{12}",
            pattern_zh="应为 9 或 12 位区划代码。", example="360731100001",
        ),
    ),
    unique=("batch", "number"),
)  # fmt: skip


def check(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose batch is not the actor's or takes no lines, and amounts and facts that its item does not have."""
    batches = {number: _open_batch(actor, number) for number in {told["batch"] for _, told in rows}}
    items = {one["item_id"]: item.read(one["item_id"]) for one in batches.values() if one}
    for row, told in rows:
        found = batches[told["batch"]]
        if found is None:
            yield row, "batch", "没有这个批次,或该批次已提交,不能再导入。"
            continue
        yield from _wrong(row, told, items[found["item_id"]])


def _open_batch(actor: Staff, number: str) -> dict[str, Any] | None:
    try:
        found = batch.reach_number(actor, "benefit.collect", number)
    except (NotFound, NotAllowed):
        return None
    takes = found["state"] in batch.OPEN_FOR_LINES and found["step"] == "town_review"
    return found if takes else None


def _wrong(row: int, told: dict[str, Any], known: dict[str, Any]) -> Iterator[Problem]:
    if not known["least_fen"] <= told["amount_fen"] <= known["most_fen"]:
        least, most = known["least_fen"] / 100, known["most_fen"] / 100
        yield row, "amount_fen", f"该项目的金额应在 {least:.2f} 元到 {most:.2f} 元之间。"
    for name in item.FACTS:
        if told.get(name) is not None and name not in known["facts"]:
            yield row, name, "该补贴项目不填这一列。"
        if told.get(name) is None and name in known["facts"]:
            yield row, name, "该补贴项目须填这一列。"


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Add one row's line; again, it changes nothing."""
    found = batch.reach_number(actor, "benefit.collect", told["batch"])
    facts = {name: told[name] for name in item.FACTS if told.get(name) is not None}
    collect.add(actor, found, {**told, "facts": facts})


KIND = Kind(SHEET, "benefit.collect", check, apply, sheet_actor.acting, sheet_actor.audit)

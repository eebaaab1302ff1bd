"""The roster (名册) of a round as a sheet, where the household register cannot be asked: one child a row."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import identity_documents
from backend.errors import NotFound
from backend.identity_documents import BadDocument
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows
from models.school import candidate, find
from models.school import round as rounds

RUN = "roster"
SHEET_OPERATION = "school.find"


def _number(text: str) -> str:
    try:
        return identity_documents.parse("resident_id", text).number
    except BadDocument as wrong:
        raise CellWrong(wrong.message()) from None


def _name(key: str, zh: str, example: str, *, required: bool = False) -> Column:
    return Column(key, zh, required=required, most=40, personal=True, example=example)


def _id(key: str, zh: str, example: str, *, required: bool = False) -> Column:
    return Column(key, zh, "code", required=required, read=_number, personal=True, example=example)


SHEET = Sheet(
    "school-roster",
    "适龄儿童名册",
    (
        Column(
            "round", "批次代码", "code", required=True, aliases=("批次",), pattern=r"[0-9]{4}-[a-z][a-z0-9_]{1,30}",
            pattern_zh="应为招生批次代码,例如 2027-primary。", example="2027-primary",
        ),
        _name("name", "儿童姓名", "刘小芳", required=True),
        _id("number", "儿童身份证号码", "360731202103070029", required=True),
        _name("guardian_name", "监护人姓名", "刘芳"),
        _id("guardian_number", "监护人身份证号码", "11010119900307002X"),
        _name("other_name", "另一监护人姓名", "李明"),
        _id("other_number", "另一监护人身份证号码", "11010119900307301X"),
        Column(
            "village", "村代码", "code", aliases=("村(社区)代码", "区划代码"), pattern=r"\d{12}",
            pattern_zh="应为 12 位村(社区)代码。", example="360731100001",
        ),
        Column("address", "住址", most=200, personal=True, example="于都县贡江镇长征大道12号"),
    ),
    unique=("round", "number"),
)  # fmt: skip
_GUARDIANS = (("guardian_name", "guardian_number"), ("other_name", "other_number"))


def check(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows of rounds that take no children any more, halves of guardians, and who cannot be a child's guardian."""
    actor.require(SHEET_OPERATION)
    open_rounds = {code for code in {told["round"] for _, told in rows} if _takes(code)}
    for row, told in rows:
        if told["round"] not in open_rounds:
            yield row, "round", "没有这个批次,或名单已封存,不能再导入。"
        for name, number in _GUARDIANS:
            if bool(told.get(name)) != bool(told.get(number)):
                yield row, number if told.get(name) else name, "监护人的姓名和身份证号码须同时填写。"
            if told.get(number) and told[number] == told["number"]:
                yield row, number, "监护人不能是儿童本人。"


def _takes(code: str) -> bool:
    try:
        return rounds.read(code)["state"] in find.STATES
    except NotFound:
        return False


def apply(_actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Enter one row's child; again, it changes nothing."""
    known = find.known_as(told["number"], told["name"])
    assert known is not None
    guardians = [
        one
        for name, number in _GUARDIANS
        if told.get(number) and (one := find.known_as(told[number], told[name])) is not None
    ]
    home = {"address": told.get("address") or "", "village": told.get("village") or "", "household": ""}
    made = candidate.found(told["round"], known, guardians, home=home, source="roster", run=RUN)
    find.look(told["round"], made["_id"])


KIND = Kind(SHEET, SHEET_OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)

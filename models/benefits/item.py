"""A benefit item (补贴项目): what is paid to whom, by which rule, from which fund, in which periods.

One document a version, `_id` is `<code>:<version>`. A version is never edited: a change is the next version, and a
batch keeps the version with which it began.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import Conflict, NotAllowed, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.identity import unit
from models.identity.actors import Staff

PERIODS = {"month": "按月", "season": "按季", "year": "按年"}
_PERIOD_FORMS = {
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    "season": re.compile(r"(\d{4})-Q([1-4])"),
    "year": re.compile(r"(\d{4})"),
}
FACTS = {"area_mu": "面积(亩)", "months": "月数", "quantity": "数量"}
"""What a line may tell besides the amount, as numbers; a rule set reads them as `claim.<code>`."""
MOST_FEN = 100_000_000
_YEARS = range(2000, 3000)
CODE = r"^[a-z][a-z0-9_]{1,39}\Z"


class BenefitItem(Document):
    """`newest` marks the last version of a code. `rule_set` is empty where nobody wrote a rule yet.

    `household_cap_fen` bounds what one household gets of this item in one period; 0 is no bound. `fund` is the account
    in the ledger. `demo` marks values that no document supports.
    """

    meta = {
        "collection": "benefit_items",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code"], "unique": True, "partialFilterExpression": {"newest": True}, "name": "newest"},
            {"fields": ["newest", "code"]},
        ],
    }
    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    newest = BooleanField()
    zh = StringField(required=True)
    unit = StringField(required=True)
    rule_set = StringField()
    period_kind = StringField(choices=tuple(PERIODS), required=True)
    exclusive_with = ListField(StringField())
    household_cap_fen = IntField(required=True)
    least_fen = IntField(required=True)
    most_fen = IntField(required=True)
    facts = ListField(StringField())
    fund = StringField(required=True)
    basis = StringField(required=True)
    source = ListField(DictField())
    valid_from = StringField(required=True)
    valid_to = StringField()
    demo = BooleanField()
    created_by = StringField(required=True)
    created_at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "benefit_items",
        "惠民惠农补贴项目",
        staff=("created_by",),
        at_deletion="keep",
        because="补贴项目是公开的政策依据,只含录入人员编号",
    )
)


class VersionTaken(Conflict):
    """409: somebody else made the next version meanwhile."""

    code = "benefit_item_version_taken"
    zh = "该补贴项目刚被其他人修改,请刷新后在最新版本上再改。"
    en = "Somebody else made the next version meanwhile. Refresh and change that one."


class ItemWrong(Unprocessable):
    """422: bounds or days do not fit together."""

    code = "benefit_item_wrong"
    zh = "补贴项目的金额上下限或有效期前后矛盾,请核对后再提交。"
    en = "The bounds or days of the item contradict each other."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: [self.zh]})


class PeriodWrong(Unprocessable):
    """422: not a period of this item."""

    code = "benefit_period_wrong"
    zh = "发放期次应为「{form}」的形式,且在该项目的有效期内,请核对。"
    en = "The period must read like {form} and lie within the item's validity."

    def __init__(self, kind: str) -> None:
        form = {"month": "2026-11", "season": "2026-Q4", "year": "2026"}[kind]
        super().__init__(form=form, fields={"period": [self.zh.format(form=form)]})


@dataclass(frozen=True)
class Told:
    """What staff say about a version."""

    zh: str
    unit: str
    period_kind: str
    fund: str
    basis: str
    valid_from: str
    valid_to: str = ""
    rule_set: str = ""
    exclusive_with: tuple[str, ...] = ()
    household_cap_fen: int = 0
    least_fen: int = 1
    most_fen: int = MOST_FEN
    facts: tuple[str, ...] = ()
    demo: bool = False


def put(actor: Staff, code: str, told: Told, *, after: int) -> dict[str, Any]:
    """Store the next version of an item, after version `after` (0 for a new one), and return it.

    It is one of the actor's department, and so was the version before.

    Raises:
        NotAllowed: the item is, or was, another department's.
        ItemWrong: bounds or days do not fit together.
        UnitUnknown: there is no such unit.
        VersionTaken: `after` is not the newest version.
    """
    actor.require("benefit.item")
    _require_whole(told)
    made = _record(code, after + 1, told, by=actor.key)
    line = entry.line(actor.key, "benefit.item", f"benefit_item:{made['_id']}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        unit.hold({"unit": told.unit}, session)
        _require_own(actor, code, told.unit, after)
        _step_down(code, after, session)
        BenefitItem._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise VersionTaken from None
    return made


def _require_own(actor: Staff, code: str, owner: str, after: int) -> None:
    before = BenefitItem._get_collection().find_one({"_id": f"{code}:{after}"}, {"unit": 1}) or {"unit": owner}
    if not all(actor.covers("benefit.item", unit=one, area="") for one in (owner, before["unit"])):
        raise NotAllowed


def _require_whole(told: Told) -> None:
    if not 0 < told.least_fen <= told.most_fen <= MOST_FEN:
        raise ItemWrong("most_fen")
    if told.valid_to and told.valid_to < told.valid_from:
        raise ItemWrong("valid_to")


def _step_down(code: str, after: int, session: ClientSession) -> None:
    last = {"_id": f"{code}:{after}", "newest": True}
    if (
        after
        and not BenefitItem._get_collection()
        .update_one(last, {"$unset": {"newest": ""}}, session=session)
        .matched_count
    ):
        raise VersionTaken


def _record(code: str, version: int, told: Told, *, by: str) -> dict[str, Any]:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(told).items()}
    return {
        "_id": f"{code}:{version}",
        "code": code,
        "version": version,
        "newest": True,
        **plain,
        "source": [],
        "created_by": by,
        "created_at": clock.now(),
    }


def seed(code: str, told: Told, source: list[dict[str, Any]]) -> bool:
    """Put the first version of an item that nobody made yet; what staff changed stays. Return whether it was put."""
    made = _record(code, 1, told, by="system:seed") | {"source": source}
    try:
        BenefitItem._get_collection().insert_one(made)
    except DuplicateKeyError:
        return False
    return True


def newest(code: str) -> dict[str, Any]:
    """Return the newest version of an item.

    Raises:
        NotFound: no such item.
    """
    return _one({"code": code, "newest": True})


def read(item_id: str) -> dict[str, Any]:
    """Return a version by its id, `<code>:<version>`.

    Raises:
        NotFound: no such version.
    """
    return _one({"_id": item_id})


def _one(query: Mapping[str, Any]) -> dict[str, Any]:
    return documents.one(BenefitItem, query)


def of_codes(codes: list[str]) -> dict[str, dict[str, Any]]:
    """Return the newest versions of some items by their codes."""
    query = {"newest": True, "code": {"$in": sorted(codes)}}
    return {one["code"]: one for one in BenefitItem._get_collection().find(query)}


def exclusive_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the items that nobody gets together with this one, whichever of the two says so."""
    saying = BenefitItem._get_collection().find({"newest": True, "exclusive_with": found["code"]}, {"code": 1})
    return tuple(sorted({*found["exclusive_with"], *(one["code"] for one in saying)} - {found["code"]}))


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the newest versions, by code."""
    return paging.page(BenefitItem._get_collection(), {"newest": True}, sort=("code", 1), cursor=cursor, limit=limit)


def require_period(found: dict[str, Any], period: str) -> None:
    """Check that a text is a period of an item, and lies within its validity.

    Raises:
        PeriodWrong: it does not.
    """
    kind = found["period_kind"]
    if not _PERIOD_FORMS[kind].fullmatch(period) or not _valid(found, *days(kind, period)):
        raise PeriodWrong(kind)


def days(kind: str, period: str) -> tuple[date, date]:
    """Return the first day of a period and of the next one.

    Raises:
        PeriodWrong: it is no period of this kind.
    """
    match = _PERIOD_FORMS[kind].fullmatch(period)
    if match is None or int(match[1]) not in _YEARS:
        raise PeriodWrong(kind)
    year, number = int(match[1]), int(match[2]) if kind != "year" else 1
    months = {"month": 1, "season": 3, "year": 12}[kind]
    first = (number - 1) * months
    end = first + months
    return date(year, first + 1, 1), date(year + end // 12, end % 12 + 1, 1)


def _valid(found: dict[str, Any], first: date, following: date) -> bool:
    ends = found.get("valid_to") or "9999-12-31"
    return bool(found["valid_from"] < following.isoformat() and first.isoformat() <= ends)

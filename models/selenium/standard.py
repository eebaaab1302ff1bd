"""A standard of selenium in produce: which content makes a product "selenium-rich", by group, as dated tables.

    a standard is one edition: "DB36/T 566-2009" and "DB36/T 566-2017" are two, each in force from a day to a day
    its tables are dated too: the last one counts from its `valid_from` on, those before stay for what they judged

Numbers are whole µg/kg. An edition whose text nobody here has read stands in the list without numbers: by it nothing
can be judged, and that is what a check says. Upper bounds count as lower ones do.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from mongoengine import BooleanField, Document, ListField, StringField
from pymongo.client_session import ClientSession

from backend.errors import Conflict, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.selenium.product import GROUP_ZH

COLLECTION = "selenium_standards"
BASIS_ZH = {"fresh": "以产品(鲜样)计", "dry": "以干物质计"}
KIND_ZH = {"produce": "富硒农产品标准", "label_claim": "食品标签营养声称"}
SCOPE_ZH = {"county": "本县适用", "reference": "仅供对照"}
CONFIDENCE_ZH = {"high": "已核对", "medium": "据二手资料,待核对", "unread": "文本未取得"}
CODE = r"^[a-z][a-z0-9_]{1,39}\Z"
MOST_UG = 100_000_000
MOST_ROWS = 60


class Standard(Document):
    """`tables` are {valid_from, valid_to, rows, source, confidence}, oldest first; days are ISO text, None is open.

    A row is {group, item_zh, basis, lower_ug, upper_ug, organic_percent}; `item_zh` narrows the group, "" is all of it.
    """

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["number"]}]}
    id = StringField(primary_key=True)
    number = StringField(required=True)
    title_zh = StringField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    scope = StringField(choices=tuple(SCOPE_ZH), required=True)
    valid_from = StringField()
    valid_to = StringField()
    tables = ListField()
    note_zh = StringField()
    kept = BooleanField()


class StandardUnknown(Unprocessable):
    """422: there is no such standard."""

    code = "standard_unknown"
    zh = "没有这个标准,请在标准目录中选择。"
    en = "There is no such standard. Choose one from the list."

    def __init__(self, field: str = "standards") -> None:
        super().__init__(fields={field: [self.zh]})


class TablePast(Unprocessable):
    """422: a table is only added from the last one on."""

    code = "standard_table_past"
    zh = "生效日期不能早于该标准上一张指标表的生效日期;已作出的判定保持原版本。"
    en = "A table cannot begin before the last one of its standard. What was judged keeps its own."

    def __init__(self) -> None:
        super().__init__(fields={"valid_from": [self.zh]})


class BoundsWrong(Unprocessable):
    """422: bounds contradict one another, or one product has two rows."""

    code = "standard_bounds_wrong"
    zh = "指标有误:下限不能高于上限,同一分组、品目和计量基准只能有一行。"
    en = "A lower bound lies above its upper one, or a group has two rows of one basis."

    def __init__(self) -> None:
        super().__init__(fields={"rows": [self.zh]})


@dataclass(frozen=True)
class Row:
    """What a standard asks of a group; without bounds its text is known to name the group, but not the numbers."""

    group: str
    basis: str = "fresh"
    lower_ug: int | None = None
    upper_ug: int | None = None
    organic_percent: int | None = None
    item_zh: str = ""


@dataclass(frozen=True)
class Edition:
    """What an edition is and when it is in force; the last day counts."""

    number: str
    title_zh: str
    kind: str
    scope: str
    valid_from: str | None = None
    valid_to: str | None = None
    note_zh: str = ""


@dataclass(frozen=True)
class Table:
    """Rows that count from a day on, where they are written and how sure they are."""

    valid_from: date
    rows: tuple[Row, ...]
    source: str
    confidence: str


def read(standard_id: str) -> dict[str, Any]:
    """Return a standard.

    Raises:
        NotFound: no such standard.
    """
    return documents.one(Standard, {"_id": standard_id})


def listed() -> list[dict[str, Any]]:
    """Return all editions by number; the list is bounded by what staff enter."""
    return list(Standard._get_collection().find({"number": {"$gt": ""}}).sort("number", 1))


def several(standard_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return standards by their ids.

    Raises:
        StandardUnknown: one is none.
    """
    found = {one["_id"]: one for one in Standard._get_collection().find({"_id": {"$in": list(standard_ids)}})}
    if len(found) != len(set(standard_ids)):
        raise StandardUnknown
    return [found[one] for one in dict.fromkeys(standard_ids)]


def in_force(found: dict[str, Any], day: date) -> bool:
    """Tell whether an edition is in force on a day."""
    text = day.isoformat()
    return (found.get("valid_from") or "") <= text <= (found.get("valid_to") or "9999")


def table(found: dict[str, Any], day: date) -> dict[str, Any] | None:
    """Return the table of a standard that counts on a day, None when it has none."""
    text = day.isoformat()
    rows = [one for one in found.get("tables", []) if (one["valid_from"] or "") <= text]
    return rows[-1] if rows else None


def put(actor: Staff, standard_id: str, told: Edition) -> dict[str, Any]:
    """Enter an edition, or change its title and when it is in force; the same again writes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("standard.edit")
    wanted = asdict(told)
    before = Standard._get_collection().find_one({"_id": standard_id}) or {}
    if before and all(before.get(name) == value for name, value in wanted.items()):
        return before
    dates = {"since": told.valid_from or "", "until": told.valid_to or ""}
    line = entry.line(actor.key, "standard.put", f"standard:{standard_id}", unit=actor.unit, **dates)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        update = {"$set": wanted | {"kept": True}, "$setOnInsert": {"tables": []}}
        Standard._get_collection().update_one({"_id": standard_id}, update, upsert=True, session=session)
        entry.write(line, session)

    transactions.run(change)
    return read(standard_id)


def set_table(actor: Staff, standard_id: str, wanted: Table) -> dict[str, Any]:
    """Set the rows that count from a day on; the same again writes nothing, and verdicts keep what judged them.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such standard.
        BoundsWrong: rows contradict one another.
        TablePast: it begins before the last table does.
        Conflict: a colleague changed the standard meanwhile.
    """
    actor.require("standard.edit")
    found = read(standard_id)
    tables = with_table(found["tables"], wanted)
    if tables == found["tables"]:
        return found
    line = entry.line(
        actor.key,
        "standard.table",
        f"standard:{standard_id}",
        unit=actor.unit,
        since=wanted.valid_from.isoformat(),
        rows=len(wanted.rows),
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": standard_id, "tables": found["tables"]}
        update = {"$set": {"tables": tables, "kept": True}}
        if not Standard._get_collection().update_one(guard, update, session=session).matched_count:
            raise Conflict
        entry.write(line, session)

    transactions.run(change)
    return found | {"tables": tables}


def with_table(tables: list[dict[str, Any]], wanted: Table) -> list[dict[str, Any]]:
    """Return tables with another last one; one that begins on the same day takes the last one's place.

    Raises:
        BoundsWrong: rows contradict one another.
        TablePast: it begins before the last table does.
    """
    _require_bounds(wanted.rows)
    day, kept = wanted.valid_from.isoformat(), [dict(one) for one in tables]
    if kept and (kept[-1]["valid_from"] or "") > day:
        raise TablePast
    if kept and kept[-1]["valid_from"] == day:
        kept.pop()
    if kept:
        kept[-1]["valid_to"] = date.fromordinal(wanted.valid_from.toordinal() - 1).isoformat()
    rows = [asdict(one) for one in wanted.rows]
    made = {"valid_from": day, "valid_to": None, "rows": rows}
    return [*kept, made | {"source": wanted.source, "confidence": wanted.confidence}]


def _require_bounds(rows: Sequence[Row]) -> None:
    keys = [(one.group, one.item_zh, one.basis) for one in rows]
    upside_down = any(
        one.lower_ug is not None and one.upper_ug is not None and one.lower_ug > one.upper_ug for one in rows
    )
    if upside_down or len(set(keys)) < len(keys) or any(one.group not in GROUP_ZH for one in rows):
        raise BoundsWrong

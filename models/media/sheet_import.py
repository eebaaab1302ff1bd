"""An import of a sheet: every row is checked first, and written by a job only when somebody says so.

    checked ──commit──▶ committed (the job shows how far) ──▶ the result, where there is one, is handed out once

The rows lie sealed beside the import, in the order of the sheet, and go when the job is done or a day has passed. A row
may be applied twice after a kill; the rule of its kind makes that change nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox, personal_data, runtime
from backend.errors import CityError, Conflict
from backend.personal_data import Holding, Sealed
from backend.sheets import importing, reading
from backend.sheets.columns import Sheet
from backend.store import documents, transactions

COLLECTION = "sheet_imports"
outbox.carried_by(COLLECTION)
LASTS = timedelta(hours=24)
CHUNK = 100
"""Rows in one sealed document, and in one batch of the job: seconds of work, within the lease."""


class Importer(Protocol):
    """Who imports."""

    @property
    def key(self) -> str:
        """Return the actor's name in audits."""

    @property
    def unit(self) -> str:
        """Return the unit that the actor works for."""

    def require(self, operation: str) -> None:
        """Check that the actor holds an operation."""


Rows = list[tuple[int, dict[str, Any]]]
Problem = tuple[int, str, str]
"""Row, key of the column (or nothing for the whole row), and what to do."""


@dataclass(frozen=True)
class Kind:
    """What a domain says about one sheet.

    `check` looks at all rows that are right by themselves and names problems with what is in the store. `apply` writes
    one row by the actor's own rights and may return a line for the result; it is told when the import was committed, so
    that it knows what it may have made itself before a kill; `refused` returns the line for a row that a rule refused.
    `ahead` looks at some rows together before they are applied side by side; without it row comes after row.
    `acting` returns the actor of a key as they are when the
    job works, `audit` writes the entry of the commit.
    """

    sheet: Sheet
    operation: str
    check: Callable[[Any, Rows], Iterable[Problem]]
    apply: Callable[[Any, dict[str, Any], datetime], tuple[str, ...] | None]
    acting: Callable[[str], Any]
    audit: Callable[[Any, str, dict[str, Any], ClientSession], None]
    result: tuple[str, ...] = ()
    refused: Callable[[dict[str, Any], CityError], tuple[str, ...]] | None = None
    ahead: Callable[[Any, Sequence[Mapping[str, Any]]], None] | None = None


class SheetImport(Document):
    """`report` is the sealed outcome of the checks. `position` in the job is the row's number in the sheet."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["owner", "kind", "-_id"]}, outbox.INDEX],
    }
    kind = StringField(required=True)
    owner = StringField(required=True)
    unit = StringField()
    sha256 = StringField(required=True)
    mapping = StringField(required=True)
    counts = DictField(required=True)
    report = BinaryField()
    state = StringField(choices=("checked", "committed"), required=True)
    job = ObjectIdField()
    result_taken = BooleanField()
    created_at = DateTimeField(required=True)
    committed_at = DateTimeField()
    outbox = ListField(DictField())


class RowChunk(Document):
    """Some rows of an import, from `first` to `last`, and the results of those that are done.

    `at` is there until the commit: what nobody commits goes by time.
    """

    meta = {
        "collection": "sheet_rows",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["import_id", "last"], "unique": True},
            {"fields": ["at"], "expireAfterSeconds": int(2 * LASTS.total_seconds())},
        ],
    }
    id = StringField(primary_key=True)
    import_id = ObjectIdField(required=True)
    first = IntField(required=True)
    last = IntField(required=True)
    rows = BinaryField()
    results = ListField(DictField())
    at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "表格导入记录",
        sealed=(Sealed("report"),),
        at_deletion="keep",
        because="只记工作人员何时导入何表,表内内容一天内清除",
    )
)
personal_data.declare(
    Holding(
        "sheet_rows",
        "导入中的表格内容(一天内清除)",
        sealed=(Sealed("rows"), Sealed("results.line", record="{_id}:{row}")),
        at_deletion="keep",
        because="等待写入的表格内容,加密存放,一天内清除",
    )
)


class ImportOld(Conflict):
    """409: the checks are older than a day."""

    code = "import_old"
    zh = "这次检查已超过 24 小时,请重新上传表格。"
    en = "This check is older than a day. Upload the sheet again."


class RowsWrong(Conflict):
    """409: some rows are wrong, and nobody said to leave them out."""

    code = "import_rows_wrong"
    zh = "还有 {wrong} 行有误:请改正后重新上传,或选择跳过有误的行再导入。"
    en = "{wrong} rows are wrong. Correct them, or say that they shall be left out."


class NothingToImport(Conflict):
    """409: not one row is right."""

    code = "import_nothing"
    zh = "没有可导入的行,请按错误提示改正后重新上传。"
    en = "Not one row can be imported. Correct them first."


def check(
    actor: Importer, kind: Kind, content: bytes, form: str, *, given: Mapping[str, str], sha256: str
) -> dict[str, Any]:
    """Check all rows of a file and return the import; the last file again, sent the same way, is the same import.

    Raises:
        NotAllowed: not this actor's.
        FileBroken, SheetTooLong, SheetEmpty, HeadersWrong: there are no rows to check.
    """
    actor.require(kind.operation)
    mapping = orjson.dumps(dict(given), option=orjson.OPT_SORT_KEYS).decode()
    last = _last(actor.key, kind)
    if (
        last
        and (last["sha256"], last["mapping"]) == (sha256, mapping)
        and (last["state"] == "committed" and not _old(last))
    ):
        return last
    found = reading.rows(content, form)
    headers = importing.mapped(kind.sheet, found[0], given)
    result = importing.checked(kind.sheet, found[1:], headers)
    _check_in_store(actor, kind, result)
    return _store(actor, kind, result, {"sha256": sha256, "mapping": mapping}, headers)


def _last(owner: str, kind: Kind) -> dict[str, Any] | None:
    query = {"owner": owner, "kind": kind.sheet.name}
    return SheetImport._get_collection().find_one(query, {"outbox": 0}, sort=[("_id", -1)])


def _old(found: dict[str, Any]) -> bool:
    return bool(found["created_at"] + LASTS <= clock.now())


def _check_in_store(actor: Importer, kind: Kind, result: importing.Result) -> None:
    told: dict[int, list[importing.RowError]] = {}
    values = dict(result.rows)
    for row, key, message in kind.check(actor, result.rows):
        column = kind.sheet.column(key) if key else None
        value = importing.shown(values[row][key], personal=column.personal) if column else ""
        told.setdefault(row, []).append(importing.RowError(row, column.zh if column else "", value, message))
    for errors in told.values():
        result.refuse(errors)
    result.rows = [one for one in result.rows if one[0] not in told]
    result.errors.sort(key=lambda error: error.row)


def _store(
    actor: Importer, kind: Kind, result: importing.Result, told: dict[str, str], headers: importing.Headers
) -> dict[str, Any]:
    import_id, now = ObjectId(), clock.now()
    columns = {str(position): key for position, key in headers.positions.items()}
    report = {"errors": [asdict(error) for error in result.errors], "unknown": headers.unknown, "columns": columns}
    record = {
        "_id": import_id,
        "kind": kind.sheet.name,
        "owner": actor.key,
        "unit": actor.unit,
        **told,
        "counts": {"rows": len(result.rows) + result.wrong, "right": len(result.rows), "wrong": result.wrong},
        "report": seal("sheet_imports.report", import_id, report),
        "state": "checked",
        "created_at": now,
        "outbox": [outbox.entry("reports", "media.forget_import", due=now + LASTS, import_id=str(import_id))],
    }
    for start in range(0, len(result.rows), CHUNK):
        some = result.rows[start : start + CHUNK]
        name = f"{import_id}:{start // CHUNK}"
        chunk = {
            "_id": name,
            "import_id": import_id,
            "first": some[0][0],
            "last": some[-1][0],
            "results": [],
            "at": now,
        }
        RowChunk._get_collection().insert_one(chunk | {"rows": seal("sheet_rows.rows", name, some)})
    # Last, so that no import is ever seen without its rows; rows without an import go by time.
    SheetImport._get_collection().insert_one(record)
    return record


def seal(place: str, record: object, told: Any) -> bytes:
    """Seal what can be told as JSON."""
    return runtime.current().sealer.seal(place, record, orjson.dumps(told).decode())


def open_sealed(place: str, record: object, sealed: bytes) -> Any:
    """Return what was sealed."""
    return orjson.loads(runtime.current().sealer.open(place, record, sealed))


def read(actor: Importer, kind: Kind, import_id: ObjectId) -> dict[str, Any]:
    """Return one's own import.

    Raises:
        NotFound: no such import of theirs.
    """
    actor.require(kind.operation)
    query = {"_id": import_id, "owner": actor.key, "kind": kind.sheet.name}
    return documents.one(SheetImport, query, {"outbox": 0})


def report_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the checks found: errors, unknown headers, columns; nothing after a day."""
    empty: dict[str, Any] = {"errors": [], "unknown": [], "columns": {}}
    return open_sealed("sheet_imports.report", found["_id"], found["report"]) if found.get("report") else empty


def commit(actor: Importer, kind: Kind, import_id: ObjectId, *, leave_out_wrong: bool) -> dict[str, Any]:
    """Start the job that writes the rows, once, and return the import; repeating it changes nothing.

    Raises:
        NotFound: no such import of theirs.
        ImportOld, RowsWrong, NothingToImport: it cannot be written like this.
    """
    found = read(actor, kind, import_id)
    if found["state"] == "committed":
        return found
    if _old(found):
        raise ImportOld
    if not found["counts"]["right"]:
        raise NothingToImport
    if found["counts"]["wrong"] and not leave_out_wrong:
        raise RowsWrong(wrong=found["counts"]["wrong"])
    now = clock.now()
    args = {"import_id": str(import_id), "kind": kind.sheet.name}

    def change(session: ClientSession) -> None:
        guard = {"_id": import_id, "state": "checked"}
        started = {"state": "committed", "committed_at": now}
        if SheetImport._get_collection().update_one(guard, {"$set": started}, session=session).matched_count:
            job = jobs.start(
                "media.import_rows", args=args, total=found["counts"]["right"], started_by=actor.key,
                unit=actor.unit, session=session,
            )  # fmt: skip
            SheetImport._get_collection().update_one({"_id": import_id}, {"$set": {"job": job["_id"]}}, session=session)
            _keep_rows(import_id, session)
            kind.audit(actor, f"import:{import_id}", {"kind": kind.sheet.name, **found["counts"]}, session)

    transactions.run(change)
    outbox.wake("reports")
    return read(actor, kind, import_id)


def _keep_rows(import_id: ObjectId, session: ClientSession) -> None:
    """Take the rows out of the cleaning by time: a job that waits for days must find them. `forget` deletes them."""
    rows = {"import_id": import_id, "last": {"$gte": 0}}
    RowChunk._get_collection().update_many(rows, {"$unset": {"at": ""}}, session=session)

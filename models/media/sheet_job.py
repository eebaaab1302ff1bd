"""The job of an import: rows applied one by one, the result handed out once, and what is forgotten after a day."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from backend import clock, jobs, outbox
from backend.errors import CityError, NotFound
from backend.side_by_side import side_by_side
from models.media import sheet_import
from models.media.sheet_import import LASTS, Importer, Kind, RowChunk, SheetImport

AT_A_TIME = 20


class ResultGone(NotFound):
    """404: there is no result, or it was handed out."""

    code = "import_result_gone"
    zh = "结果文件不存在、已下载过或已超过 24 小时;如未收到激活链接,请在账号管理中重新邀请。"
    en = "There is no result, or it was downloaded before. Invite the persons again if their links were lost."


def work(job_id: ObjectId, kinds: Mapping[str, Kind]) -> None:
    """Work on the job of an import: apply the next rows by the rights that its owner has at this moment.

    Raises:
        outbox.Later: a batch is done and more may follow.
    """
    job = jobs.read(job_id)
    kind, import_id = kinds[job["args"]["kind"]], ObjectId(job["args"]["import_id"])
    batch = _Batch(kind, import_id, job)
    if kind.ahead:
        jobs.work(job_id, batch.items, batch.step, ahead=batch.ahead, at_a_time=AT_A_TIME)
    else:
        jobs.work(job_id, batch.items, batch.step)
    RowChunk._get_collection().update_many({"import_id": import_id, "last": {"$gte": 0}}, {"$unset": {"rows": ""}})


@dataclass(frozen=True)
class _Applied:
    """What became of a row: its line of the result, the code of a refusal, or why it cannot be said at this moment."""

    line: tuple[str, ...] | None = None
    failure: str | None = None
    passing: CityError | None = None


class _Batch:
    """The rows of one call of the job."""

    def __init__(self, kind: Kind, import_id: ObjectId, job: dict[str, Any]) -> None:
        self._kind, self._import, self._owner, self._since = kind, import_id, job["started_by"], job["started_at"]
        self._rows: dict[str, dict[str, Any]] = {}
        self._done: set[int] = set()
        self._applied: dict[str, _Applied] = {}
        self._chunk = ""

    def items(self, position: str | None) -> list[str]:
        after = int(position or 0)
        query = {"import_id": self._import, "last": {"$gt": after}}
        found = RowChunk._get_collection().find_one(query, sort=[("last", 1)])
        if found is None or "rows" not in found:
            return []
        self._chunk, self._done = found["_id"], {one["row"] for one in found["results"]}
        rows = sheet_import.open_sealed("sheet_rows.rows", found["_id"], found["rows"])
        self._rows = {str(row): told for row, told in rows if row > after}
        return list(self._rows)

    def ahead(self, items: Sequence[str]) -> None:
        """Apply rows side by side that are independent of each other, after a look at all of them."""
        undone = [item for item in items if int(item) not in self._done]
        with suppress(CityError):  # who may not do it any more is told so row by row
            assert self._kind.ahead is not None
            self._kind.ahead(self._kind.acting(self._owner), [self._rows[item] for item in undone])
        applied = dict(zip(undone, side_by_side(self._apply, undone), strict=True))
        # What was in the way for a passing reason may have been the row beside it: such a row is tried by itself.
        self._applied = {item: one for item, one in applied.items() if not one.passing}
        self._keep({int(item): one.line for item, one in self._applied.items() if one.line})

    def step(self, item: str) -> str | None:
        if int(item) in self._done:
            return None
        if item in self._applied:
            return self._applied[item].failure
        applied = self._apply(item)
        if applied.passing:
            raise applied.passing
        if applied.line:
            self._keep({int(item): applied.line})
        return applied.failure

    def _apply(self, item: str) -> _Applied:
        try:
            return _Applied(self._kind.apply(self._kind.acting(self._owner), self._rows[item], self._since))
        except CityError as error:
            if error.passing:
                return _Applied(passing=error)
            line = self._kind.refused(self._rows[item], error) if self._kind.refused else None
            return _Applied(line, error.code)

    def _keep(self, told: Mapping[int, tuple[str, ...]]) -> None:
        """Keep lines of the result, each row's once, whoever works on the same rows."""
        if told and not self._push(list(told), told):
            for row in told:
                self._push([row], told)

    def _push(self, rows: Sequence[int], told: Mapping[int, tuple[str, ...]]) -> bool:
        """Keep the lines of some rows together, if none of them was kept; return whether it was so."""
        place = "sheet_rows.results.line"
        lines = [{"row": row, "line": sheet_import.seal(place, f"{self._chunk}:{row}", told[row])} for row in rows]
        guard = {"_id": self._chunk, "results.row": {"$nin": list(rows)}}
        return bool(
            RowChunk._get_collection().update_one(guard, {"$push": {"results": {"$each": lines}}}).matched_count
        )


def take_result(actor: Importer, kind: Kind, import_id: ObjectId) -> list[list[str]]:
    """Return the lines of the result, once; they are deleted with it.

    Raises:
        NotFound: no such import of theirs.
        ResultGone: there is none, it was handed out, or a day has passed.
    """
    found = sheet_import.read(actor, kind, import_id)
    if not kind.result or not found.get("job") or jobs.read(found["job"])["state"] != "done" or _old_result(found):
        raise ResultGone
    guard = {"_id": import_id, "result_taken": {"$ne": True}}
    if not SheetImport._get_collection().update_one(guard, {"$set": {"result_taken": True}}).matched_count:
        raise ResultGone
    chunks = list(RowChunk._get_collection().find({"import_id": import_id}).sort("last", 1))
    lines = [
        sheet_import.open_sealed("sheet_rows.results.line", f"{one['_id']}:{told['row']}", told["line"])
        for one in chunks
        for told in sorted(one["results"], key=lambda told: told["row"])
    ]
    _drop_rows(import_id)
    return lines


def _old_result(found: dict[str, Any]) -> bool:
    return bool(found["committed_at"] + LASTS <= clock.now())


def forget(import_id: ObjectId) -> None:
    """Delete what an import holds of its sheet once a day has passed; the record of it stays.

    Raises:
        outbox.Later: its job or its result still has time.
    """
    found = SheetImport._get_collection().find_one({"_id": import_id})
    if found is None:
        return
    if found["state"] == "committed" and (jobs.read(found["job"])["state"] != "done" or not _old_result(found)):
        raise outbox.Later(3600)
    SheetImport._get_collection().update_one({"_id": import_id}, {"$unset": {"report": ""}})
    _drop_rows(import_id)


def _drop_rows(import_id: ObjectId) -> None:
    RowChunk._get_collection().delete_many({"import_id": import_id})

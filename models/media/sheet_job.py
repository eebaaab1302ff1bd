"""The job of an import: rows applied one by one, the result handed out once, and what is forgotten after a day."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock, jobs, outbox
from backend.errors import CityError, NotFound
from models.media import sheet_import
from models.media.sheet_import import LASTS, Importer, Kind, RowChunk, SheetImport


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
    jobs.work(job_id, batch.items, batch.step)
    RowChunk._get_collection().update_many({"import_id": import_id, "last": {"$gte": 0}}, {"$unset": {"rows": ""}})


class _Batch:
    """The rows of one call of the job."""

    def __init__(self, kind: Kind, import_id: ObjectId, job: dict[str, Any]) -> None:
        self._kind, self._import, self._owner, self._since = kind, import_id, job["started_by"], job["started_at"]
        self._rows: dict[str, dict[str, Any]] = {}
        self._done: set[int] = set()
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

    def step(self, item: str) -> str | None:
        if int(item) in self._done:
            return None
        try:
            told = self._kind.apply(self._kind.acting(self._owner), self._rows[item], self._since)
        except CityError as error:
            if error.passing:
                raise
            return error.code
        if told:
            self._keep(int(item), told)
        return None

    def _keep(self, row: int, told: tuple[str, ...]) -> None:
        line = sheet_import.seal("sheet_rows.results.line", f"{self._chunk}:{row}", told)
        change = {"$push": {"results": {"row": row, "line": line}}}
        RowChunk._get_collection().update_one({"_id": self._chunk, "results.row": {"$ne": row}}, change)


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

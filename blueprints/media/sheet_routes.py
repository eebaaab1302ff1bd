"""The routes of one sheet kind: template, checks, commit, progress, result. A domain adds them to its own surface."""

import os
from typing import Any

import orjson
from flask import Response, g, request
from werkzeug.datastructures import FileStorage

from backend import clock, jobs
from backend.errors import BadInput
from backend.http.access import staff
from backend.http.downloads import attachment
from backend.http.surface import Surface
from backend.sheets import writing
from backend.store import object_ids
from backend.uploads import check
from blueprints.media import sheet_schemas as schemas
from models.media import file, sheet_import, sheet_job
from models.media.sheet_import import Kind

MOST_BODY = check.MOST_BYTES + (1 << 16)


class SheetMissing(BadInput):
    """400: neither a file nor the id of one."""

    code = "sheet_missing"
    zh = "请选择要导入的表格文件,或提供已上传文件的 file_id。"
    en = "Send the sheet as `file`, or name an uploaded one by `file_id`."

    def __init__(self) -> None:
        super().__init__(fields={"file": [self.zh]})


class MappingWrong(BadInput):
    """400: the mapping is no JSON object of texts."""

    code = "sheet_mapping_wrong"
    zh = '列对应关系应为 JSON 对象,例如 {{"馆名": "name"}}。'
    en = "The mapping must be a JSON object of header to column key."


def add(surface: Surface, kind: Kind) -> None:
    """Add the routes of a kind to a surface, each with a name and a summary of its own."""
    name, zh, access = kind.sheet.name, kind.sheet.zh, staff(kind.operation)
    base = f"/sheets/{name}"

    def template() -> Response:
        data = writing.template(kind.sheet)
        return attachment(data, name=f"{zh}模板.xlsx", media_type=writing.MEDIA_TYPE)

    def begin(form: dict[str, Any]) -> dict[str, Any]:
        passed = _sheet(request.files.get("file"), form.get("file_id"))
        made = sheet_import.check(
            g.actor, kind, passed.content, passed.kind, given=_mapping(form["mapping"]), sha256=passed.sha256
        )
        return _shown(kind, made)

    def read(import_id: str) -> dict[str, Any]:
        return _shown(kind, sheet_import.read(g.actor, kind, object_ids.read(import_id)))

    def commit(body: dict[str, Any], import_id: str) -> dict[str, Any]:
        wanted = object_ids.read(import_id)
        return _shown(kind, sheet_import.commit(g.actor, kind, wanted, leave_out_wrong=body["leave_out_wrong"]))

    def result(import_id: str) -> Response:
        lines = sheet_job.take_result(g.actor, kind, object_ids.read(import_id))
        data = writing.table(kind.result, lines, title="结果")
        return attachment(data, name=f"{zh}导入结果.xlsx", media_type=writing.MEDIA_TYPE)

    def named(view: Any, what: str, summary: str) -> Any:
        view.__name__, view.__doc__ = f"{what}_{name.replace('-', '_')}", f"{summary} ({name})."
        return view

    xlsx = surface.response(200, content_type=writing.MEDIA_TYPE)
    answer = schemas.SheetImportView
    surface.get(f"{base}/template.xlsx", access=access)(xlsx(named(template, "template", "An empty sheet to fill in")))
    checked = surface.answer(200, answer)(named(begin, "check", "Check a sheet without writing anything"))
    # The file is in the schema for the description only: a form and its files are two places to webargs.
    checked = surface.arguments(schemas.SheetForm, location="form", content_type="multipart/form-data")(checked)
    surface.post(f"{base}/imports", access=access, most_body_bytes=MOST_BODY)(checked)
    shown = surface.answer(200, answer)(named(read, "read", "An import and how far it is"))
    surface.get(f"{base}/imports/<import_id>", access=access)(shown)
    started = surface.answer(202, answer)(named(commit, "commit", "Write the rows of an import"))
    started = surface.arguments(schemas.SheetCommitBody)(started)
    surface.post(f"{base}/imports/<import_id>/commit", access=access)(started)
    if kind.result:
        once = surface.response(200, content_type=writing.MEDIA_TYPE)
        taken = once(named(result, "result", "The result of an import, handed out once"))
        surface.get(f"{base}/imports/<import_id>/result.xlsx", access=access)(taken)


def _sheet(sent: FileStorage | None, file_id: str | None) -> check.Checked:
    if sent is not None:
        told = sent.filename or ""
        csv = os.path.splitext(told)[1].lower() == ".csv"  # noqa: PTH122 - a client's name is no path
        media_type = "text/csv" if csv else sent.mimetype
        return check.check(sent.read(), media_type=media_type, name=told, allowed=check.SHEETS)
    if not file_id:
        raise SheetMissing
    found = file.content(object_ids.read(file_id), owner=g.actor.key)
    return check.check(found.data, media_type=found.media_type, name=found.name, allowed=check.SHEETS)


def _mapping(text: str) -> dict[str, str]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise MappingWrong(fields={"mapping": [MappingWrong().message()]})
    return told


def _shown(kind: Kind, found: dict[str, Any]) -> dict[str, Any]:
    report = sheet_import.report_of(found)
    told = {
        "id": str(found["_id"]),
        "kind": kind.sheet.name,
        "state": found["state"],
        "counts": found["counts"],
        "columns": report["columns"],
        "unknown_headers": report["unknown"],
        "errors": report["errors"],
        "has_result": bool(kind.result),
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    return told | ({"job": _job(jobs.read(found["job"]))} if found.get("job") else {})


def _job(found: dict[str, Any]) -> dict[str, Any]:
    failures = [{"row": int(one["item"]), "code": one["reason"]} for one in found["failures"]]
    counts = {name: found[name] for name in ("state", "done", "total")}
    return {"id": str(found["_id"]), **counts, "failures": failures}

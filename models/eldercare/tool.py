"""A tool (评分表): a scoring, an assessment table or a list of what a check holds, as dated data with its source.

    proposed ──a second person agrees──▶ active        └── refused, withdrawn, expired ──▶ dropped

Each version is one document, `<code>:<version>`, which never changes once it is active, so that what was scored by it
can be scored again. On a day that version counts which began last. What a content holds is told by its `kind`:

    bands       points by value of a measured quantity, and what a total calls for (NEWS2)
    choices     items with options and points, grades by total, signs that lower a grade
    checklist   items that are done or missing in a year
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from mongoengine import DictField, Document, IntField, ObjectIdField, StringField

from backend import clock
from backend.errors import BadInput, Unprocessable
from backend.store import documents, read_once
from models.eldercare.tool_checking import errors_in

KINDS = {"bands": "测量评分", "choices": "评估量表", "checklist": "项目清单"}
STATE_ZH = {"proposed": "待审批", "active": "已启用"}
MOST = 50


class HealthTool(Document):
    """One version of a table; `approval` is the proposal that brought it."""

    meta = {
        "collection": "health_tools",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code", "-version"], "unique": True},
            {"fields": ["code", "state", "-valid_from", "-version"]},
            {"fields": ["approval"], "sparse": True},
            {"fields": ["state", "code", "-version"]},
        ],
    }
    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    zh = StringField(required=True)
    source = DictField(required=True)
    valid_from = StringField(required=True)
    content = DictField(required=True)
    approval = ObjectIdField()


class ToolWrong(BadInput):
    """400: the table does not give exactly one result for every answer; `fields` names each place."""

    code = "health_tool_wrong"
    zh = "评分表有误:{first}请按各处提示修改后再提交。"
    en = "The table is not well formed. Correct the places named."


class ToolUnknown(Unprocessable):
    """422: no version of this table counts on that day."""

    code = "health_tool_unknown"
    zh = "没有适用于 {day} 的这种评分表,请在评分表目录中选择。"
    en = "No version of such a table counts on {day}. Choose one from the list."


def in_force(code: str, day: date) -> dict[str, Any]:
    """Return the version of a tool that counts on a day; it is shared: do not change it.

    Raises:
        ToolUnknown: none does.
    """
    found = _in_force(code, day)
    if found is None:
        raise ToolUnknown(day=day.isoformat())
    return found


@read_once.within_span
def _in_force(code: str, day: date) -> dict[str, Any] | None:
    query = {"code": code, "state": "active", "valid_from": {"$lte": day.isoformat()}}
    return HealthTool._get_collection().find_one(query, sort=[("valid_from", -1), ("version", -1)])


@read_once.within_span
def read(code: str, version: int) -> dict[str, Any]:
    """Return one version, to score again or to show what was asked.

    Raises:
        NotFound: there is none.
    """
    return documents.one(HealthTool, {"_id": f"{code}:{version}"})


def listed() -> list[dict[str, Any]]:
    """Return the versions that count today, one for each code, by code."""
    today = clock.today().isoformat()
    newest: dict[str, dict[str, Any]] = {}
    query = {"state": "active", "valid_from": {"$lte": today}}
    for one in HealthTool._get_collection().find(query).sort([("code", 1), ("version", 1)]).limit(MOST):
        if one["code"] not in newest or one["valid_from"] >= newest[one["code"]]["valid_from"]:
            newest[one["code"]] = one
    return list(newest.values())


def checked(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version says, where every answer has exactly one result.

    Raises:
        ToolWrong: one has none, or several.
    """
    if errors := errors_in(told["kind"], told["content"]):
        raise ToolWrong(first=next(iter(errors.values()))[0], fields=errors)
    return {name: told[name] for name in ("kind", "zh", "source", "valid_from", "content")}


def seed(record: Mapping[str, Any]) -> None:
    """Put one version of the county's reference tables as active, where it is not there.

    Raises:
        ToolWrong: see `checked`.
    """
    about = {"code": record["code"], "version": record["version"], "state": "active"}
    where = {"_id": f"{record['code']}:{record['version']}"}
    HealthTool._get_collection().update_one(where, {"$setOnInsert": about | checked(record)}, upsert=True)

"""Shapes of sheet imports."""

import marshmallow as ma
from flask_smorest.fields import Upload
from marshmallow import validate

_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class SheetForm(ma.Schema):
    """A sheet, in this request or uploaded before, and which header means which column."""

    file = Upload(metadata={"description": "xlsx 或 csv 文件,最大 10 MB", "example": "places.xlsx"})
    file_id = ma.fields.String(
        validate=validate.Length(1, 64),
        metadata={"description": "已分片上传的文件(用途 sheet_import)", "example": "673ec0a5c0ffee0123456789"},
    )
    mapping = ma.fields.String(
        load_default="{}",
        validate=validate.Length(2, 8_000),
        metadata={
            "description": "JSON:表头文字 → 列的 key;空值表示忽略。不填则按表头自动识别",
            "example": '{"馆名": "name", "备注": ""}',
        },
    )


class SheetCommitBody(ma.Schema):
    """Whether wrong rows are left out."""

    leave_out_wrong = ma.fields.Boolean(load_default=False, metadata={"description": "跳过有误的行", "example": False})


class RowErrorView(ma.Schema):
    """What is wrong in one row."""

    row = ma.fields.Integer(metadata={"description": "Excel 中的行号", "example": 17})
    column = ma.fields.String(metadata={"example": "价格"})
    value = ma.fields.String(metadata={"description": "个人信息列已打码", "example": "十二元"})
    message = ma.fields.String(metadata={"example": "应为以元为单位的金额,例如 12.50。"})


class SheetCountsView(ma.Schema):
    """How many rows."""

    rows = ma.fields.Integer(metadata={"example": 120})
    right = ma.fields.Integer(metadata={"example": 118})
    wrong = ma.fields.Integer(metadata={"example": 2})


class RowFailureView(ma.Schema):
    """A row that could not be written."""

    row = ma.fields.Integer(metadata={"example": 17})
    code = ma.fields.String(metadata={"example": "unit_unknown"})


class SheetJobView(ma.Schema):
    """How far the writing is."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 60})
    total = ma.fields.Integer(metadata={"example": 118})
    failures = ma.fields.List(ma.fields.Nested(RowFailureView))


class SheetImportView(ma.Schema):
    """An import: what the checks found, and how far the writing is."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    kind = ma.fields.String(metadata={"example": "prices"})
    state = ma.fields.String(
        validate=validate.OneOf(("checked", "committed")),
        metadata={"description": "checked 已检查未写入;committed 已确认写入", "example": "checked"},
    )
    counts = ma.fields.Nested(SheetCountsView)
    columns = ma.fields.Dict(metadata={"description": "列序号(从 0 起)→ 列的 key", "example": {"0": "place"}})
    unknown_headers = ma.fields.List(ma.fields.String(), metadata={"example": ["备注"]})
    errors = ma.fields.List(ma.fields.Nested(RowErrorView), metadata={"description": "最多 200 条"})
    has_result = ma.fields.Boolean(metadata={"description": "写入完成后可下载一次结果文件"})
    created_at = ma.fields.String(metadata=_TIME)
    job = ma.fields.Nested(SheetJobView)

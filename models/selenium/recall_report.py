"""The one report of a recall, as a sheet and as PDF: the same rows, bounded by what a recall reaches at most."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from bson import ObjectId

from backend import clock
from backend.documents.document import Document
from backend.documents.table import Column
from backend.sheets import writing
from models.selenium import recall_item, recall_views

HEADERS = (
    "类别", "编号", "关系", "来自", "产品", "生产主体/接收方", "所属批次", "标签", "包装数", "重量(kg)", "剩余(kg)",
    "已流出(kg)", "召回前状态", "处理结果", "收回(kg)", "就地销毁(kg)",
)  # fmt: skip
TITLE_ZH = "产品召回报告"
_AT_A_TIME = 500


def rows(found: dict[str, Any], kind: str | None = None, reader: ObjectId | None = None) -> Iterator[list[Any]]:
    """Yield a line for each thing that a recall reaches, without holding all of them."""
    some: list[dict[str, Any]] = []
    for one in recall_item.each(found["_id"], kind):
        some.append(one)
        if len(some) == _AT_A_TIME:
            yield from map(_line, recall_views.items_shown(some, reader))
            some = []
    yield from map(_line, recall_views.items_shown(some, reader))


def sheet(found: dict[str, Any], reader: ObjectId | None = None) -> bytes:
    """Return the report as a workbook: a row for each thing that the recall reaches."""
    return writing.table(HEADERS, rows(found, reader=reader), title=found["_id"])


def _line(one: dict[str, Any]) -> list[Any]:
    labels = f"{one['first']}-{one['last']}" if "first" in one else ""
    who = one.get("producer_name", "") or one.get("party_name", "") or ("未登记" if one["kind"] == "buyer" else "")
    sources = one.get("parts") if one["kind"] == "buyer" else one.get("sources")
    return [
        one["kind_zh"],
        one["name"],
        one["role_zh"],
        "、".join(sources or []),
        one.get("product", ""),
        who,
        one.get("lot", ""),
        labels,
        one.get("packages"),
        *(_kg(one.get(name)) for name in ("grams", "left_grams", "gone_grams")),
        one.get("was_zh", ""),
        one.get("outcome_zh", "未处理"),
        *(_kg(one.get(name)) for name in ("returned_grams", "destroyed_grams")),
    ]


def _kg(grams: int | None) -> float | None:
    return None if grams is None else grams / 1000


def paper(found: dict[str, Any], reader: ObjectId | None = None) -> bytes:
    """Return the report as PDF."""
    out, told = BytesIO(), recall_views.shown(found)
    running = f"召回编号 {found['_id']}"
    with Document(out, title=TITLE_ZH, created=clock.now(), running=running, landscape=True) as page:
        page.heading(TITLE_ZH, align="center")
        page.table([Column("项目"), Column("内容", 4)], _facts(told))
        if found["cut"]:
            page.paragraph("注意:追溯范围超过上限,本报告不完整,须对下游批次另行召回。", bold=True)
        for kind, zh in recall_item.KIND_ZH.items():
            _part(page, found, kind, zh, reader)
        if came := recall_views.returns_shown(found):
            page.heading("回收登记", 2)
            lines = [(one["day"], one["buyer"], *map(_plain, _amounts(one))) for one in came]
            page.table([Column("日期"), Column("接收方", 4), Column("收回(kg)"), Column("就地销毁(kg)")], lines)
    return out.getvalue()


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    counts = told["counts"]
    facts = [
        ("召回编号", told["id"]),
        ("起点批次", told["lot"]),
        ("产品", told["product_zh"]),
        ("生产主体", f"{told['producer_name']}({told['village_zh']})"),
        ("级别、方向", f"{told['level_zh']},{told['direction_zh']}"),
        ("原因", told["reason_zh"]),
        ("状态", told["state_zh"]),
        ("启动时间、完成期限", f"{told.get('started_at', '未启动')},{told.get('done_by', '')}"),
        ("批次、来源批次", f"{counts['lots']},{counts['source_lots']}"),
        ("包装批、包装、箱", f"{counts['packs']},{counts['packages']},{counts['boxes']}"),
        ("未售(kg)", f"批次剩余 {_plain(counts['left_grams'])},包装未售 {_plain(counts['unsold_grams'])}"),
        ("已流出(kg)", _plain(counts["gone_grams"])),
        ("收回、就地销毁(kg)", f"{_plain(told['returned_grams'])},{_plain(told['destroyed_grams'])}"),
        ("未收回(kg)", _plain(told["open_grams"])),
    ]
    return facts + ([("未收回原因", told["short_zh"])] if "short" in told else [])


def _part(page: Document, found: dict[str, Any], kind: str, zh: str, reader: ObjectId | None) -> None:
    columns = _COLUMNS[kind]
    lines = rows(found, kind, reader)
    first = next(lines, None)
    if first is None:
        return
    page.heading(zh, 2)
    page.table([Column(head, share) for head, share, _ in columns], _cells(columns, first, lines))


def _cells(columns: Any, first: list[Any], lines: Iterator[list[Any]]) -> Iterator[list[str]]:
    places = [HEADERS.index(name) for _, _, name in columns]
    yield [_text(first[place]) for place in places]
    for line in lines:
        yield [_text(line[place]) for place in places]


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _amounts(one: dict[str, Any]) -> tuple[int, int]:
    return one["returned_grams"], one["destroyed_grams"]


def _plain(grams: int) -> str:
    return f"{grams / 1000:g}"


def _same(*told: tuple[str, float]) -> list[tuple[str, float, str]]:
    return [(name, share, name) for name, share in told]


_COLUMNS: dict[str, list[tuple[str, float, str]]] = {
    "lot": _same(
        ("编号", 2.6), ("关系", 1), ("来自", 3), ("产品", 1.8), ("生产主体/接收方", 3), ("重量(kg)", 1.4),
        ("剩余(kg)", 1.4), ("召回前状态", 1.4), ("处理结果", 2),
    ),
    "pack": _same(
        ("编号", 2), ("所属批次", 2.6), ("标签", 1.8), ("包装数", 1.1), ("重量(kg)", 1.4), ("已流出(kg)", 1.4),
        ("召回前状态", 1.4), ("处理结果", 2),
    ),
    "box": _same(("编号", 2), ("来自", 5), ("处理结果", 1.4)),
    "thing": _same(("编号", 5), ("来自", 3), ("处理结果", 1.4)),
    "buyer": _same(
        ("生产主体/接收方", 3), ("编号", 4), ("来自", 3), ("重量(kg)", 1.4), ("处理结果", 2), ("收回(kg)", 1.4),
        ("就地销毁(kg)", 1.6),
    ),
}  # fmt: skip

"""Units of the county as a sheet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend.sheets.columns import Column, Sheet
from models.identity import sheet_actor, unit
from models.identity.actors import Staff
from models.identity.unit import Unit
from models.media.sheet_import import Kind, Problem, Rows

AREA_ZH = "应为 6、9 或 12 位区划代码。"
SHEET = Sheet(
    "units",
    "组织机构",
    (
        Column(
            "code",
            "单位代码",
            "code",
            required=True,
            aliases=("代码", "机构代码"),
            pattern=r"[a-z][a-z0-9_]{1,63}",
            pattern_zh="应为小写字母开头,只含小写字母、数字和下划线,2 至 64 位。",
            example="town_gongjiang",
            help="本系统自定的代码,一经使用不再更改。",
        ),
        Column("name", "单位名称", required=True, aliases=("名称", "机构名称"), most=60, example="贡江镇人民政府"),
        Column(
            "kind",
            "单位类别",
            "choice",
            required=True,
            aliases=("类别", "机构类型"),
            choices={zh: kind for kind, zh in unit.KINDS.items()},
            example="乡镇",
        ),
        Column(
            "parent",
            "上级单位代码",
            "code",
            aliases=("上级代码", "上级单位"),
            pattern=r"[a-z][a-z0-9_]{1,63}",
            pattern_zh="应为已有的单位代码。",
            example="county_government",
            help="须已存在,或排在本表前面。",
        ),
        Column(
            "area",
            "区划代码",
            "code",
            aliases=("行政区划代码",),
            pattern=r"\d{6}|\d{9}|\d{12}",
            pattern_zh=AREA_ZH,
            example="360731100",
        ),
    ),
    unique=("code",),
)


def check(_actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose parent is neither there nor before them in the sheet."""
    parents = {told["parent"] for _, told in rows if told["parent"]}
    query = {"_id": {"$in": sorted(parents)}, "state": "active"}
    known = {one["_id"] for one in Unit._get_collection().find(query, {"_id": 1})}
    for row, told in rows:
        if told["parent"] and told["parent"] not in known:
            yield row, "parent", "没有这个上级单位;如果它也在本表中,请排到前面。"
        known.add(told["code"])


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Make, rename or move one unit; again, it changes nothing."""
    unit.put(actor, told["code"], told["name"], told["kind"], told["parent"] or "", told["area"] or "")


KIND = Kind(SHEET, "sheet.units", check, apply, sheet_actor.acting, sheet_actor.audit)

"""Address points (门牌点) as a sheet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import shapely

from backend import geo
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows
from models.places import area
from models.places.area import Area
from models.school import address_point, address_text
from models.school.address_point import DATUM_ZH, MOST_ROWS

_STREET = r"[^\s\d号]{2,30}"


def degrees(text: str) -> float:
    """Return a longitude or latitude.

    Raises:
        CellWrong: it is no number of degrees.
    """
    try:
        told = float(text)
    except ValueError:
        told = float("nan")
    if not -180 <= told <= 180:  # noqa: PLR2004 - degrees
        raise CellWrong("应为以度为单位的小数,例如 115.412345。")
    return told


def number(text: str) -> str:
    """Return a house number as addresses hold it: 12, or 12-3 for 12号附3.

    Raises:
        CellWrong: it is none.
    """
    found = address_text.parse(f"门牌街{text.removesuffix('号')}号", {"门牌街"})
    if found is None:
        raise CellWrong("应为门牌号,例如 12、12-3 或 12号附3。")
    return found.label


ADDRESSES = Sheet(
    "address-points",
    "门牌点",
    (
        Column(
            "town", "乡镇代码", "code", required=True, pattern=r"[0-9]{9}", pattern_zh="应为 9 位乡镇代码。",
            example="360731100",
        ),
        Column(
            "village", "村代码", "code", aliases=("村(社区)代码",), pattern=r"[0-9]{12}",
            pattern_zh="应为 12 位村(社区)代码。", example="360731100003",
        ),
        Column(
            "street", "街道名", required=True, aliases=("街路巷", "路名"), most=30, pattern=_STREET,
            pattern_zh="应为 2–30 字的街道名,不含门牌号和空格。", example="长征大道",
        ),
        Column("number", "门牌号", required=True, most=20, read=number, example="12"),
        Column("lon", "经度", required=True, most=20, read=degrees, example="115.412345"),
        Column("lat", "纬度", required=True, most=20, read=degrees, example="25.954321"),
        Column(
            "datum", "坐标系", "choice", choices={zh: code for code, zh in DATUM_ZH.items()}, example="WGS-84",
            help="不填为 WGS-84;从手机地图抄录的填 GCJ-02。",
        ),
        Column("source", "来源", most=100, example="县民政局门牌库"),
    ),
    unique=("town", "street", "number"),
)  # fmt: skip


def _check(_actor: Staff, rows: Rows) -> Iterator[Problem]:
    if len(rows) > MOST_ROWS:
        yield rows[-1][0], "", f"一次最多导入 {MOST_ROWS} 行,请分次导入。"
    named = {code for _, told in rows for code in (told["town"], told["village"]) if code}
    known = {one["_id"] for one in Area._get_collection().find({"_id": {"$in": sorted(named)}}, {"_id": 1})}
    outline = area.outline()
    inside = _inside(rows, shapely.geometry.shape(outline)) if outline else [True] * len(rows)
    for (row, told), fits in zip(rows, inside, strict=True):
        if told["town"] not in known:
            yield row, "town", "没有这个乡镇,请核对区划代码。"
        if told["village"] and (told["village"] not in known or not told["village"].startswith(told["town"])):
            yield row, "village", "没有这个村(社区),或不属于该乡镇。"
        if not fits:
            yield row, "lon", "位置不在县界内,请核对经纬度(经度约 115、纬度约 25)和坐标系。"


def _inside(rows: Rows, outline: Any) -> list[bool]:
    shapely.prepare(outline)
    return [bool(one) for one in shapely.intersects_xy(outline, [_position(told) for _, told in rows])]


def _position(told: dict[str, Any]) -> tuple[float, float]:
    lon, lat = float(told["lon"]), float(told["lat"])
    return geo.to_wgs84(lon, lat) if told["datum"] == "gcj02" else (lon, lat)


def _put(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    address_point.put(actor, told | {"point": [told["lon"], told["lat"]]})


KIND = Kind(ADDRESSES, "school.plan", _check, _put, sheet_actor.acting, sheet_actor.audit)

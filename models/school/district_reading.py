"""Reading districts from GeoJSON: each feature becomes a district, or lines that say what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from backend import geo, plane
from backend.plane import ShapeWrong
from models.places import area
from models.places.area import Area
from models.school import district, school
from models.school.district import CODE, GREATEST_NUMBER, MOST, MOST_SCHOOLS, MOST_STREETS, MOST_VILLAGES, SIDES_ZH

MOST_POSITIONS = 200_000
MOST_NAME = 60
MOST_SOURCE = 300
MOST_ERRORS = 500
STREET_LENGTHS = range(2, 31)
DATUMS = ("wgs84", "gcj02")
CRS = ("CRS84", "4326", "4490")
"""WGS-84, and CGCS2000, which lies within a decimetre of it."""
_OUTSIDE = 0.05
"""The county's boundary is simplified: only a district of which more than this part lies outside is refused."""


@dataclass(frozen=True)
class RowError:
    """What is wrong with a feature: its number from 1 (0 for the whole file), the property, and what to do."""

    row: int
    code: str
    field: str
    message: str


@dataclass
class Reading:
    """Districts that were read, and what is wrong; `positions` counts all of the file."""

    found: list[dict[str, Any]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    positions: int = 0

    def wrong(self, row: int, code: str, name: str, message: str) -> None:
        """Note an error, up to a number that a person can look at."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(RowError(row, code, name, message))


@dataclass(frozen=True)
class Known:
    """What districts may name: schools of the stage, villages, and the county's outline in degrees."""

    schools: frozenset[str]
    villages: frozenset[str]
    outline: BaseGeometry | None


def read(told: Mapping[str, Any], stage: str) -> Reading:
    """Return the districts of a feature collection and what is wrong with it; nothing is written."""
    reading, features = Reading(), told.get("features")
    if told.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        reading.wrong(0, "", "features", "应为 GeoJSON FeatureCollection,至少含一个学区。")
        return reading
    if len(features) > MOST:
        reading.wrong(0, "", "features", f"一个批次最多 {MOST} 个学区。")
        return reading
    if "crs" in told and not any(name in str(told["crs"]) for name in CRS):
        words = "坐标系须为 WGS-84(EPSG:4326)或国家 2000 的经纬度(EPSG:4490);火星坐标请在属性 datum 中写 gcj02。"
        reading.wrong(0, "", "crs", words)
    known = _known(features, stage)
    for row, feature in enumerate(features, start=1):
        _Feature(reading, known, row, feature).read()
    if reading.positions > MOST_POSITIONS:
        reading.wrong(0, "", "features", f"边界点合计最多 {MOST_POSITIONS} 个,请先简化边界。")
    _require_once(reading)
    return reading


def _known(features: list[Any], stage: str) -> Known:
    active = (one["_id"] for one in school.listed(stage) if one["state"] == "active")
    named = {code for one in features for code in _texts(_property(one, "villages"))}
    query = {"_id": {"$in": sorted(named)}, "level": "village"}
    villages = frozenset(one["_id"] for one in Area._get_collection().find(query, {"_id": 1}))
    outline = area.outline()
    return Known(frozenset(active), villages, shapely.geometry.shape(outline) if outline else None)


def _require_once(reading: Reading) -> None:
    seen: dict[str, int] = {}
    for number, one in enumerate(reading.found, start=1):
        if one["code"] in seen:
            reading.wrong(number, one["code"], "code", f"学区代码 {one['code']} 重复。")
        seen[one["code"]] = number


def _property(feature: object, name: str) -> object:
    told = feature.get("properties") if isinstance(feature, Mapping) else None
    return told.get(name) if isinstance(told, Mapping) else None


def _texts(told: object) -> list[str]:
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []


class _Feature:
    """One feature while it is read."""

    def __init__(self, reading: Reading, known: Known, row: int, told: object) -> None:
        self._reading, self._known, self._row, self._told = reading, known, row, told
        code = _property(told, "code")
        self._code = code if isinstance(code, str) and re.fullmatch(CODE, code) else ""

    def read(self) -> None:
        before = len(self._reading.errors)
        if not self._code:
            self._wrong("code", "学区代码须为 1–32 位小写字母、数字或下划线。")
        made = {
            "code": self._code,
            "name": self._text("name", MOST_NAME, required=True),
            "schools": self._codes("schools", self._known.schools, MOST_SCHOOLS, "本学段在办学校", required=True),
            "villages": self._codes("villages", self._known.villages, MOST_VILLAGES, "村(社区)"),
            "streets": self._streets(),
            "overflow": self._codes("overflow", self._known.schools, MOST_SCHOOLS, "本学段在办学校"),
            "made_up": _property(self._told, "made_up") is True,
            "source": self._text("source", MOST_SOURCE),
            "polygon": self._polygon(),
        }
        if len(self._reading.errors) == before:
            self._reading.found.append(made)

    def _wrong(self, name: str, message: str) -> None:
        self._reading.wrong(self._row, self._code, name, message)

    def _text(self, name: str, most: int, *, required: bool = False) -> str:
        told = _property(self._told, name)
        if told is None and not required:
            return ""
        if not isinstance(told, str) or len(told) > most or (required and not told.strip()):
            self._wrong(name, f"须为{'不空的' if required else ''}文字,最多 {most} 个字。")
            return ""
        return told.strip()

    def _codes(
        self, name: str, known: frozenset[str], most: int, what: str, *, required: bool = False
    ) -> list[str]:  # fmt: skip
        told = _property(self._told, name)
        if told is None and not required:
            return []
        if not isinstance(told, list) or len(_texts(told)) != len(told) or (required and not told):
            self._wrong(name, f"须为代码的清单{',至少一个' if required else ''}。")
            return []
        if len(told) > most:
            self._wrong(name, f"最多 {most} 个。")
        for one in sorted(set(told) - known):
            self._wrong(name, f"{one[:40]} 不是已登记的{what}。")
        return list(dict.fromkeys(told))

    def _streets(self) -> list[dict[str, Any]]:
        told = _property(self._told, "streets")
        if told is None:
            return []
        if not isinstance(told, list) or len(told) > MOST_STREETS:
            self._wrong("streets", f"须为街道门牌规则的清单,最多 {MOST_STREETS} 条。")
            return []
        return [rule for one in told if (rule := self._street(one))]

    def _street(self, told: object) -> dict[str, Any] | None:
        street = told.get("street") if isinstance(told, Mapping) else None
        if not isinstance(told, Mapping) or not isinstance(street, str) or len(street) not in STREET_LENGTHS:
            self._wrong("streets", "每条规则须写明 street(街道名,2–30 字)。")
            return None
        first, last, side = told.get("from", 1), told.get("to", GREATEST_NUMBER), told.get("side", "all")
        if not (_is_count(first) and _is_count(last) and 1 <= first <= last <= GREATEST_NUMBER):
            self._wrong("streets", f"{street}:门牌号 from、to 须为整数,且 1 ≤ from ≤ to ≤ {GREATEST_NUMBER}。")
            return None
        if side not in SIDES_ZH:
            self._wrong("streets", f"{street}:side 须为 all、odd(单号)、even(双号)之一。")
            return None
        return {"street": street, "from": first, "to": last, "side": side}

    def _polygon(self) -> dict[str, Any]:
        datum = _property(self._told, "datum") or "wgs84"
        if datum not in DATUMS:
            self._wrong("datum", "须为 wgs84 或 gcj02。")
            return {}
        geometry = self._told.get("geometry") if isinstance(self._told, Mapping) else None
        try:
            shape = plane.read(geometry)
        except ShapeWrong as told:
            self._wrong("geometry", str(told))
            return {}
        self._reading.positions += int(shapely.get_num_coordinates(shape))
        if datum == "gcj02":
            shape = shapely.transform(shape, _to_wgs84)
        self._require_inside(shape)
        return plane.geojson(shapely.force_2d(shape))

    def _require_inside(self, shape: BaseGeometry) -> None:
        if self._known.outline is None:
            return
        outside = shapely.area(shapely.difference(shape, self._known.outline))
        if outside > _OUTSIDE * shapely.area(shape):
            self._wrong("geometry", "超出县界:请核对坐标系(经度在前)和坐标;火星坐标请在属性 datum 中写 gcj02。")


def _to_wgs84(positions: Any) -> Any:
    return [[round(part, 7) for part in geo.to_wgs84(lon, lat)] for lon, lat in positions]


def _is_count(told: Any) -> bool:
    return isinstance(told, int) and not isinstance(told, bool)


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what districts are compared by: everything but where they are stored."""
    return {name: found.get(name) for name in district.SHOWN}

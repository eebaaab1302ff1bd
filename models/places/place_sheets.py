"""Places, hours and prices as sheets."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from backend import geo
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.identity.unit import Unit
from models.media.sheet_import import Kind, Problem, Rows
from models.places import place_change, scope
from models.places.area import Area, outline
from models.places.opening import WEEKDAYS
from models.places.place import Place

DEAREST_FEN = 1_000_000
LARGEST_QUOTA = 100_000
OLDEST = 150
LONGEST_ALIAS = 60
LEVELS = ("1A", "2A", "3A", "4A", "5A", "国家一级博物馆", "国家二级博物馆", "国家三级博物馆", "三级综合医院")
_DEGREES = r"\d{1,3}(\.\d{1,10})?"
_DEGREES_ZH = "应为十进制度数,例如 115.410000。"
_AROUND_DEG = 0.05
_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)[-~至—–](\d{1,2}):([0-5]\d)")
_CLOSED = {"闭馆", "关闭", "休息", "不开放", "闭园", "无"}
_DAYS_ZH = dict(zip(WEEKDAYS, ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True))


def week_day_spans(text: str) -> list[dict[str, str]]:
    """Return the spans of one day: `09:00-12:00、14:30-17:30`, or none for a word that says closed.

    Raises:
        CellWrong: they cannot be read, end before they begin, or overlap.
    """
    told = unicodedata.normalize("NFKC", text)
    if told in _CLOSED:
        return []
    parts = [_SPAN.fullmatch(part.strip()) for part in re.split(r"[、,;\s]+", told)]
    spans = [(int(p[1]) * 60 + int(p[2]), int(p[3]) * 60 + int(p[4])) for p in parts if p]
    last = -1
    for start, end in spans:
        if not last < start < end < 24 * 60 or len(spans) < len(parts):
            raise CellWrong("时段应从早到晚且不重叠,最晚 23:59。")
        last = end
    if len(spans) < len(parts):
        raise CellWrong("应为 09:00-12:00 这样的时段,多个时段用顿号分开;不开放填“闭馆”。")
    return [{"open": _clock(start), "close": _clock(end)} for start, end in spans]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _names(text: str) -> list[str]:
    names = [one.strip() for one in re.split(r"[、,,;;]", text)]
    if any(len(one) > LONGEST_ALIAS for one in names):
        raise CellWrong(f"每个别名最多 {LONGEST_ALIAS} 个字。")
    return list(dict.fromkeys(one for one in names if one))


def _season_day(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?", text)
    try:
        day = datetime(2000, int(found[1]), int(found[2])) if found else None  # noqa: DTZ001 - a day of any leap year
    except ValueError:
        day = None
    if day is None:
        raise CellWrong("应为月和日,例如 05-01。")
    return f"{day.month:02d}-{day.day:02d}"


PLACE = Column(
    "place",
    "景点编码",
    "code",
    required=True,
    aliases=("编码", "景点代码"),
    pattern=r"[a-z][a-z0-9_]{1,63}",
    pattern_zh="应为小写字母开头,只含小写字母、数字和下划线。",
    example="museum",
)
PLACES = Sheet(
    "places",
    "景点",
    (
        PLACE,
        Column("name", "名称", required=True, aliases=("景点名称",), most=60, example="中央红军长征出发纪念馆"),
        Column(
            "category",
            "场所类别",
            "choice",
            choices={"景点": "sight", "场馆": "venue", "便民服务": "service"},
            example="场馆",
            help="文化、体育场馆填“场馆”;医院、车站、办事机构填“便民服务”;不填按景点。",
        ),
        Column("kind", "类型", aliases=("类别",), most=30, example="纪念馆"),
        Column(
            "level",
            "等级",
            "choice",
            aliases=("A级",),
            choices={one: one for one in LEVELS},
            example="4A",
        ),
        Column("aliases", "别名", read=_names, most=200, example="善山、罗田岩森林公园", help="多个别名用顿号分开。"),
        Column(
            "phone",
            "电话",
            "code",
            aliases=("联系电话", "咨询电话"),
            pattern=r"[0-9+][0-9 \-]{4,19}",
            pattern_zh="应为单位对外公布的电话,例如 0797-6232374。",
            example="0797-6232374",
            help="只填单位对外公布的电话,不填个人手机。",
        ),
        Column("lon", "经度", "code", pattern=_DEGREES, pattern_zh=_DEGREES_ZH, example="115.410000"),
        Column("lat", "纬度", "code", pattern=_DEGREES, pattern_zh=_DEGREES_ZH, example="25.956000"),
        Column(
            "datum",
            "坐标系",
            "choice",
            choices={"WGS-84": "WGS-84", "GCJ-02": "GCJ-02", "不清楚": "unknown"},
            example="GCJ-02",
            help="微信、腾讯、高德地图上取的点填 GCJ-02,会自动换算;没有坐标就都不填,请勿估计。",
        ),
        Column(
            "town_code",
            "乡镇区划代码",
            "code",
            aliases=("乡镇代码",),
            pattern=r"\d{9}",
            pattern_zh="应为 9 位区划代码。",
            example="360731100",
        ),
        Column("address", "地址", most=120, example="贡江镇长征大道"),
        Column(
            "unit",
            "管理单位代码",
            "code",
            aliases=("单位代码",),
            pattern=r"[a-z0-9_]{1,64}",
            pattern_zh="应为单位代码。",
            example="long_march_museum",
        ),
        Column(
            "bookable",
            "开放预约",
            "choice",
            choices={"是": "yes", "否": "no"},
            example="是",
            help="填“是”之前请先导入开放时间、门票价格和时段方案。",
        ),
    ),
    unique=("place",),
)
HOURS = Sheet(
    "hours",
    "开放时间",
    (
        PLACE,
        Column("season_from", "季节起", aliases=("起",), read=_season_day, example="05-01", help="全年一致可不填。"),
        Column("season_to", "季节止", aliases=("止",), read=_season_day, example="10-31"),
        *(
            Column(
                day,
                zh,
                required=True,
                aliases=(zh.replace("周", "星期"),),
                read=week_day_spans,
                example="09:00-12:00、14:30-17:30",
                help="不开放填“闭馆”。",
            )
            for day, zh in _DAYS_ZH.items()
        ),
    ),
    unique=("place", "season_from", "season_to"),
)
PRICES = Sheet(
    "prices",
    "门票价格",
    (
        PLACE,
        Column(
            "code",
            "票种代码",
            "code",
            required=True,
            pattern=r"[a-z][a-z0-9_]{1,31}",
            pattern_zh="应为小写字母开头,只含小写字母、数字和下划线。",
            example="adult",
        ),
        Column("name_zh", "票种名称", required=True, aliases=("票种",), most=30, example="成人"),
        Column(
            "price_fen",
            "价格",
            "fen",
            required=True,
            aliases=("票价", "价格(元)", "金额"),
            most=DEAREST_FEN,
            example="12.50",
            help="单位为元,最多两位小数;免费填 0。",
        ),
        Column("min_age", "最小年龄", "int", most=OLDEST, example="18", help="周岁,含本数。"),
        Column("max_age", "最大年龄", "int", most=OLDEST, help="周岁,含本数;不限可不填。"),
        Column(
            "document_to_inspect",
            "查验证件",
            "choice",
            choices={"预约证件": "booked_document", "居民身份证": "resident_id", "学生证": "student_card"},
        ),
        Column(
            "valid_from",
            "生效日期",
            "date",
            aliases=("执行日期",),
            example="2027-01-01",
            help="从这一天的时段起执行,不填为立即。已售订单不变;已开放的时段在“套用到已开放时段”后更新。",
        ),
    ),
    unique=("place", "code", "valid_from"),
)


def _check_places(_actor: Staff, rows: Rows) -> Iterator[Problem]:
    towns = sorted({told["town_code"] for _, told in rows if told["town_code"]})
    known_towns = {one["_id"] for one in Area._get_collection().find({"_id": {"$in": towns}}, {"_id": 1})}
    units = sorted({told["unit"] for _, told in rows if told["unit"]})
    known_units = {one["_id"] for one in Unit._get_collection().find({"_id": {"$in": units}}, {"_id": 1})}
    for row, told in rows:
        if told["town_code"] and told["town_code"] not in known_towns:
            yield row, "town_code", "没有这个乡镇区划代码。"
        if told["unit"] and told["unit"] not in known_units:
            yield row, "unit", "没有这个单位,请先导入组织机构。"
    yield from _check_positions(rows)


def _check_positions(rows: Rows) -> Iterator[Problem]:
    """A position is two numbers with their datum, and lies in the county or close by."""
    corners = [point for polygon in outline().get("coordinates", []) for ring in polygon for point in ring]
    for row, told in rows:
        given = [name for name in ("lon", "lat", "datum") if told[name]]
        if given and len(given) < 3:  # noqa: PLR2004 - two numbers and their datum
            yield row, "datum", "经度、纬度和坐标系要一起填写。"
        elif given and corners:
            at = (float(told["lon"]), float(told["lat"]))
            if any(
                not min(one[n] for one in corners) - _AROUND_DEG
                <= at[n]
                <= max(one[n] for one in corners) + _AROUND_DEG
                for n in (0, 1)
            ):
                yield row, "lon", "坐标不在本县范围内,请检查经纬度是否填反。"


def check_known(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name the rows whose place is not there, or outside the actor's scope."""
    named = sorted({told["place"] for _, told in rows})
    found = Place._get_collection().find({"_id": {"$in": named}}, {"unit": 1, "town_code": 1, "village_code": 1})
    known = {one["_id"] for one in found if scope.reaches(actor, place_change.OPERATION, one)}
    for row, told in rows:
        if told["place"] not in known:
            yield row, "place", "没有这个景点,或不在您的管理范围内。"


def _check_hours(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from check_known(actor, rows)
    for row, told in rows:
        if (told["season_from"] is None) != (told["season_to"] is None):
            yield row, "season_to", "季节起止要么都填,要么都不填。"


def _check_prices(actor: Staff, rows: Rows) -> Iterator[Problem]:
    yield from check_known(actor, rows)
    for row, told in rows:
        if None not in {told["min_age"], told["max_age"]} and told["min_age"] > told["max_age"]:
            yield row, "max_age", "最大年龄不能小于最小年龄。"


def _put_place(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    named = {name: value for name, value in told.items() if name not in {"place", "lon", "lat", "datum"}}
    bookable = {"yes": True, "no": False}.get(told["bookable"] or "")
    place_change.put(actor, told["place"], named | {"bookable": bookable, "geo": _position(told)})


def _position(told: dict[str, Any]) -> dict[str, Any] | None:
    """Return a position in WGS-84 as a place holds it; what is unsure stays as it was told."""
    if not told["datum"]:
        return None
    at, datum = (float(told["lon"]), float(told["lat"])), told["datum"]
    lon, lat = geo.to_wgs84(*at) if datum == "GCJ-02" else at
    trusted = {"datum": "unknown", "confidence": "low"} if datum == "unknown" else {"datum": "WGS-84"}
    return {"lon": lon, "lat": lat, "confidence": "high", "told_in": datum, **trusted}


def _put_hours(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    season = (told["season_from"], told["season_to"]) if told["season_from"] else None
    place_change.put_hours(actor, told["place"], {day: told[day] for day in WEEKDAYS}, season=season)


def _put_price(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    place_change.put_price(actor, told["place"], told)


def _kind(sheet: Sheet, check: Callable[..., Iterator[Problem]], apply: Callable[..., None]) -> Kind:
    return Kind(sheet, place_change.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)


KINDS = (
    _kind(PLACES, _check_places, _put_place),
    _kind(HOURS, _check_hours, _put_hours),
    _kind(PRICES, _check_prices, _put_price),
)

"""Shapes of the guide: points, routes, exhibits, what a code opens."""

import marshmallow as ma
from marshmallow import validate

from models.content.fields import ID
from models.tourism import exhibit

_PLACE = {"example": "park"}
_TITLE = {"example": "东门渡口(长征第一渡)"}
_ID = {"example": "ferry_dongmen"}


class GuideQuery(ma.Schema):
    """Of which place."""

    place = ma.fields.String(validate=validate.Length(1, 64), metadata=_PLACE)
    cursor = ma.fields.String(validate=validate.Regexp(ID), metadata=_ID)


class ExhibitQuery(ma.Schema):
    """Of which place; a number that somebody typed finds one."""

    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})
    number = ma.fields.Integer(validate=validate.Range(1, exhibit.LARGEST_NUMBER), metadata={"example": 12})
    cursor = ma.fields.Integer(validate=validate.Range(1, exhibit.LARGEST_NUMBER), metadata={"example": 500})


class NearbyQuery(ma.Schema):
    """Where the phone is, as WeChat gives it (GCJ-02), how surely, and at which point it was."""

    lon = ma.fields.Float(required=True, validate=validate.Range(-180, 180), metadata={"example": 115.417})
    lat = ma.fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"example": 25.951})
    accuracy_m = ma.fields.Float(required=True, validate=validate.Range(0, 100_000), metadata={"example": 15})
    current = ma.fields.String(
        validate=validate.Regexp(ID), metadata={"description": "上次返回的讲解点", "example": "ferry_dongmen"}
    )


class GuideSource(ma.Schema):
    """Where a fact is from."""

    title = ma.fields.String(metadata={"example": "中央红军长征渡口遗址(江西篇), 中国共产党历史网 2012-10-24"})
    url = ma.fields.String(metadata={"example": "https://www.dswxyjy.org.cn/BIG5/n/2012/1024/c222137-19366804.html"})
    note = ma.fields.String(metadata={"example": "公开文件, 索引未给出网址"})


class GuideFact(ma.Schema):
    """One fact and its sources."""

    text_zh = ma.fields.String(metadata={"example": "1934 年 10 月架有浮桥, 昼拆夜搭"})
    sources = ma.fields.List(ma.fields.Nested(GuideSource))
    demo = ma.fields.Boolean()


class GuideMedia(ma.Schema):
    """A picture, or a voice with its words."""

    url = ma.fields.String(metadata={"example": "/mini/v1/content/media/673ec0a5c0ffee0123456789"})
    role = ma.fields.String(metadata={"example": "audio"})
    caption_zh = ma.fields.String(metadata={"example": "东门渡口旧址"})
    language = ma.fields.String(metadata={"example": "zh"})
    version = ma.fields.String(metadata={"description": "standard 标准;elder 适老简明", "example": "standard"})
    transcript = ma.fields.String(metadata={"description": "文字稿", "example": "1934 年 10 月, 东门渡口架有浮桥。"})


class GuideGeo(ma.Schema):
    """Where a point lies, and its geofence."""

    lon = ma.fields.Float(metadata={"example": 115.417})
    lat = ma.fields.Float(metadata={"example": 25.951})
    datum = ma.fields.String(metadata={"example": "GCJ-02"})
    radius_m = ma.fields.Integer(metadata={"example": 30})
    confidence = ma.fields.String(metadata={"example": "high"})
    triggers = ma.fields.Boolean(metadata={"description": "到达时是否自动播放", "example": True})
    demo = ma.fields.Boolean(metadata={"description": "演示用的位置"})


class GuideBrief(ma.Schema):
    """Content in a few words."""

    id = ma.fields.String(metadata=_ID)
    title_zh = ma.fields.String(metadata=_TITLE)
    title_en = ma.fields.String(metadata={"example": "Dongmen Ferry"})
    summary_zh = ma.fields.String(metadata={"example": "中央机关、军委机关由此过河。"})
    place = ma.fields.String(metadata=_PLACE)
    demo = ma.fields.Boolean(metadata={"description": "演示用的虚构内容"})


class PointView(GuideBrief):
    """A point in a list."""

    geo = ma.fields.Nested(GuideGeo)


class PointAround(PointView):
    """A point and how far it is."""

    distance_m = ma.fields.Integer(metadata={"example": 42})


class PointList(ma.Schema):
    """Points."""

    items = ma.fields.List(ma.fields.Nested(PointView))
    next = ma.fields.String(allow_none=True)


class GuideWhole(GuideBrief):
    """All of a content."""

    text_zh = ma.fields.String(metadata={"example": "中央机关、军委机关由此过河。"})
    text_en = ma.fields.String(metadata={"example": "The central organs crossed the river here."})
    text_elder_zh = ma.fields.String(metadata={"description": "适老简明文字", "example": "中央机关由这里过河。"})
    facts = ma.fields.List(ma.fields.Nested(GuideFact))
    red_heritage = ma.fields.Boolean()
    media = ma.fields.List(ma.fields.Nested(GuideMedia))
    revision = ma.fields.Integer(metadata={"example": 1})
    imported = ma.fields.Boolean(metadata={"description": "随基础数据导入,按来源核对,未经三审"})
    published_at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})


class PointWhole(GuideWhole):
    """A point with its position."""

    geo = ma.fields.Nested(GuideGeo)


class NearbyView(ma.Schema):
    """At which point somebody is, and what lies around."""

    change = ma.fields.String(
        validate=validate.OneOf(("entered", "stays", "left", "none")),
        metadata={"description": "entered 到达,播放;stays 仍在;left 离开;none 不在任何讲解点", "example": "entered"},
    )
    point = ma.fields.Nested(PointWhole)
    around = ma.fields.List(ma.fields.Nested(PointAround))


class RouteView(GuideBrief):
    """A route in a list."""

    mode = ma.fields.String(metadata={"example": "walk"})
    mode_zh = ma.fields.String(metadata={"example": "步行"})
    stop_count = ma.fields.Integer(metadata={"example": 8})


class RouteList(ma.Schema):
    """Routes."""

    items = ma.fields.List(ma.fields.Nested(RouteView))
    next = ma.fields.String(allow_none=True)


class LegView(ma.Schema):
    """The way from the stop before; what nobody measured is estimated, or not told."""

    distance_m = ma.fields.Integer(metadata={"example": 350})
    minutes = ma.fields.Integer(metadata={"example": 6})
    estimated = ma.fields.Boolean(metadata={"example": True})


class StopView(ma.Schema):
    """A point of a route, the way to it and what is told on that way."""

    point = ma.fields.Nested(PointWhole)
    story_zh = ma.fields.String(metadata={"example": "沿江向西, 下一处是……"})
    story_en = ma.fields.String(metadata={"example": "Along the river to the west …"})
    leg = ma.fields.Nested(LegView)


class GeofenceView(ma.Schema):
    """The numbers of the geofence rule (docs/guide.md), which the phone applies alone."""

    most_accuracy_m = ma.fields.Float(metadata={"example": 80})
    accuracy_share = ma.fields.Float(metadata={"example": 0.5})
    leave_factor = ma.fields.Float(metadata={"example": 1.5})
    nearer_by_m = ma.fields.Float(metadata={"example": 10})


class RoutePackage(GuideWhole):
    """A route with all that a phone needs to walk it."""

    mode = ma.fields.String(metadata={"example": "walk"})
    mode_zh = ma.fields.String(metadata={"example": "步行"})
    distance_m = ma.fields.Integer(metadata={"example": 1200})
    minutes = ma.fields.Integer(metadata={"example": 20})
    estimated = ma.fields.Boolean(metadata={"description": "里程或时间含估算值"})
    stops = ma.fields.List(ma.fields.Nested(StopView))
    geofence = ma.fields.Nested(GeofenceView)
    version = ma.fields.String(metadata={"description": "内容有变即变", "example": "5f3c1d6a9b5f3c1d"})


class ExhibitView(GuideBrief):
    """An exhibit in a list."""

    number = ma.fields.Integer(metadata={"description": "展品旁的编号", "example": 12})


class ExhibitList(ma.Schema):
    """Exhibits by number."""

    items = ma.fields.List(ma.fields.Nested(ExhibitView))
    next = ma.fields.String(allow_none=True)


class ExhibitWhole(GuideWhole):
    """All of an exhibit."""

    number = ma.fields.Integer(metadata={"example": 12})
    period_zh = ma.fields.String(metadata={"example": "1934 年"})
    origin_zh = ma.fields.String(metadata={"example": "于都县征集"})
    point = ma.fields.String(metadata={"example": "museum"})


class SceneView(ma.Schema):
    """What a code stands for."""

    kind = ma.fields.String(validate=validate.OneOf(("exhibit", "place")), metadata={"example": "exhibit"})
    id = ma.fields.String(metadata={"example": "museum_sewing_machine"})
    page = ma.fields.String(metadata={"example": "pages/guide/exhibit"})

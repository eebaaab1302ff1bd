"""The public page: large type, a word and a shape beside every colour, no script, fresh by itself every half minute."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from models.crowd.level import LEVEL_ZH

MOST = 80
REFRESH_SECONDS = 30
SHAPES = {"green": "●", "amber": "▲", "red": "■", "unknown": "?"}
_STYLE = (
    "body{font:1.4rem/1.5 sans-serif;margin:0 auto;max-width:44rem;padding:.8rem;color:#111;background:#fff}"
    "h1{font-size:1.8rem;margin:.2rem 0}ul{list-style:none;padding:0;margin:0}"
    "li{border-left:.7rem solid;padding:.4rem .8rem;margin:.6rem 0;background:#f6f6f6}"
    "b{font-size:1.7rem}small{color:#333;display:block}"
    ".green{border-color:#1a7f37}.amber{border-color:#b35900}.red{border-color:#b00020}.unknown{border-color:#555}"
    ".green b{color:#126128}.amber b{color:#8a4400}.red b{color:#b00020}.unknown b{color:#333}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = Markup(
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta http-equiv="refresh" content="{refresh}"><title>{title}</title><style>{style}</style></head>'
    "<body><h1>{title}</h1><p>{at} 更新,每 {refresh} 秒自动刷新。● 舒适 ▲ 较拥挤 ■ 已达上限 ? 暂无数据</p>"
    "<ul>{rows}</ul>{more}</body></html>"
)
_ROW = Markup('<li class="{level}"><b>{shape} {word}</b> {name}<small>{told}</small></li>')


def page(items: Iterable[dict[str, Any]], at: datetime, *, title: str) -> str:
    """Return the page of the live states."""
    found = list(items)
    more = Markup("<p>其余景区请见小程序。</p>") if len(found) > MOST else ""
    return str(
        _PAGE.format(
            title=title,
            style=Markup(_STYLE),  # noqa: S704 - a constant of this module
            refresh=REFRESH_SECONDS,
            at=f"{at:%m-%d %H:%M:%S}",
            rows=Markup("").join(_row(one) for one in found[:MOST]),
            more=more,
        )
    )


def _row(one: dict[str, Any]) -> Markup:
    level = one["level"]
    return _ROW.format(level=level, shape=SHAPES[level], word=LEVEL_ZH[level], name=one["name"], told=_told(one))


def _told(one: dict[str, Any]) -> str:
    if "inside" in one:
        about = "约" if one["estimate"] else ""
        load = f",占承载量 {one['load_percent']:.0f}%" if "load_percent" in one else ""
        told = f"在园{about} {one['inside']} 人{load}。数据时间 {one['at'][11:16]}({_age(one['age_seconds'])})。"
    elif "last_at" in one:
        told = f"现场数据中断,最近一次 {one['last_at'][5:16].replace('T', ' ')}。"
    else:
        told = "尚无现场数据。"
    return told + ("当日门票暂停预约。" if one["sales_stopped"] else "")


def _age(seconds: int) -> str:
    return "刚刚" if seconds < 60 else f"{seconds // 60} 分钟前"  # noqa: PLR2004 - seconds of a minute

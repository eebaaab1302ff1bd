"""The duty roster as a sheet: one duty a row, of any units; a sheet that comes again changes nothing."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from backend import clock
from backend.sheets.columns import Column, Sheet
from models.eldercare import duty_roster
from models.eldercare.duty_roster import LEVEL_ZH, Duty
from models.identity import sheet_actor, unit
from models.identity.actors import Staff
from models.identity.unit import Unit
from models.media.sheet_import import Kind, Problem, Rows

SHEET = Sheet(
    "health-duties",
    "健康值班表",
    (
        Column(
            "unit", "单位代码", "code", required=True, aliases=("单位",), pattern=unit.CODE,
            pattern_zh="应为单位代码。", example="tantou_clinic",
        ),
        Column(
            "login", "账号", "code", required=True, aliases=("账号名", "登录名", "值班人员账号"),
            pattern=r"[a-z][a-z0-9_.-]{2,31}", pattern_zh="应为工作人员的登录账号。", example="liu.fang",
        ),
        Column(
            "level", "班次", "choice", required=True, aliases=("主备班",),
            choices={zh: level for level, zh in LEVEL_ZH.items()}, example="主班",
        ),
        Column("day", "值班日期", "date", required=True, aliases=("日期", "开始日期"), example="2026-11-24"),
        Column("begins", "开始时间", "time", required=True, aliases=("开始",), example="08:00"),
        Column("until", "结束时间", "time", required=True, aliases=("结束",), example="20:00"),
        Column(
            "last_day", "结束日期", "date", example="2026-11-24",
            help="不填:结束时间不晚于开始时间的,为次日;否则为值班当日。",
        ),
    ),
    unique=("unit", "login", "day", "begins"),
)  # fmt: skip


def check(_actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose unit or member is not there, and times that cannot be."""
    query = {"_id": {"$in": sorted({told["unit"] for _, told in rows})}, "state": "active"}
    units = {one["_id"] for one in Unit._get_collection().find(query, {"_id": 1})}
    known = duty_roster.members(told["login"] for _, told in rows)
    for row, told in rows:
        if told["unit"] not in units:
            yield row, "unit", "没有这个单位,或该单位已停用。"
        elif found := duty_roster.problem(_duty(told), known, told["unit"]):
            yield row, *found


def _duty(told: dict[str, Any]) -> Duty:
    day = clock.date_of(told["day"])
    begins, until = (clock.at(day, _minute(told[name])) for name in ("begins", "until"))
    if told["last_day"]:
        until = clock.at(clock.date_of(told["last_day"]), _minute(told["until"]))
    elif until <= begins:
        until += timedelta(days=1)
    return Duty(told["login"], told["level"], begins, until)


def _minute(told: str) -> int:
    at = time.fromisoformat(told)
    return at.hour * 60 + at.minute


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Put one row's duty; again, it changes nothing."""
    duty_roster.put(actor, told["unit"], [_duty(told)])


KIND = Kind(SHEET, duty_roster.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)

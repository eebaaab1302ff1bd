"""Measured values as a sheet: an elder and a moment a row, a column for each quantity that a clinic measures."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.errors import NotFound
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.eldercare import codes, enter, sheet_elders
from models.eldercare.enter import SourceNotYours
from models.eldercare.observation import AHEAD_SECONDS, HealthObservation, Measured
from models.eldercare.reader import Reader
from models.eldercare.sheet_elders import FactStands
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows

PRESSURE = codes.PANELS["blood_pressure"][2]
SINGLE = (
    "heart_rate", "temperature", "respiratory_rate", "oxygen_saturation", "fasting_glucose", "random_glucose", "hba1c",
    "weight", "height", "waist", "total_cholesterol", "creatinine",
)  # fmt: skip
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,4})?")
_EXAMPLES = {"systolic": "138", "diastolic": "86", "heart_rate": "72", "temperature": "36.5"}


def _value(text: str) -> float:
    told = unicodedata.normalize("NFKC", text)
    if not _NUMBER.fullmatch(told):
        raise CellWrong("应为数字,例如 138 或 36.5。")
    return float(told)


def _quantity(name: str) -> Column:
    told = codes.QUANTITIES[name]
    return Column(name, f"{told.zh}({told.unit_zh})", read=_value, most=12, example=_EXAMPLES.get(name, ""))


SHEET = Sheet(
    "health-observations",
    "健康测量值",
    (
        sheet_elders.NUMBER,
        sheet_elders.NAME,
        Column("day", "测量日期", "date", required=True, aliases=("日期",), example="2026-11-20"),
        Column("time", "测量时间", "time", required=True, aliases=("时间",), example="08:30"),
        *(_quantity(name) for name in (*PRESSURE, *SINGLE)),
        sheet_elders.SOURCE,
    ),
    unique=("number", "day", "time"),
)


def check(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose elder is not in one's care, which measure nothing, or say something else than before."""
    found = sheet_elders.readers(actor, [told for _, told in rows])
    for (row, told), reader in zip(rows, found, strict=True):
        if reader is None:
            yield row, "number", sheet_elders.NOT_YOURS
        elif problem := _problem(actor, reader, told):
            yield row, *problem


def _problem(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> tuple[str, str] | None:
    if _at(told) > clock.now() + timedelta(seconds=AHEAD_SECONDS):
        return "day", "测量时间晚于现在,请核对。"
    if (told["systolic"] is None) != (told["diastolic"] is None):
        return "diastolic" if told["diastolic"] is None else "systolic", "收缩压和舒张压须同时填写。"
    try:
        wanted = _measured(actor, reader, told)
    except SourceNotYours as refused:
        return "source", refused.message()
    if not wanted:
        return "", "请至少填写一项测量值。"
    for one in wanted:
        if (stands := _stands(one)) and (why := _why(stands, one)):
            return one.code if one.code in SINGLE else PRESSURE[0], why
    return None


def _at(told: Mapping[str, Any]) -> datetime:
    at = time.fromisoformat(told["time"])
    return clock.at(clock.date_of(told["day"]), at.hour * 60 + at.minute)


def _measured(actor: Staff, reader: Reader, told: Mapping[str, Any]) -> list[Measured]:
    """Return what a row measured, each with the key under which the unit tells it."""
    unit, at = enter.source_of(actor, reader, told["source"] or "").unit, _at(told)
    panels = {"blood_pressure": PRESSURE} | {name: (name,) for name in SINGLE}
    return [
        Measured(
            code,
            {name: (told[name], codes.QUANTITIES[name].unit) for name in names},
            at,
            key=f"sheet:{reader.subject_id}:{unit}:{code}:{int(at.timestamp())}",
        )
        for code, names in panels.items()
        if told[names[0]] is not None
    ]


def _stands(wanted: Measured) -> dict[str, Any] | None:
    return HealthObservation._get_collection().find_one({"key": wanted.key}, {"values": 1, "state": 1})


def _why(stands: Mapping[str, Any], wanted: Measured) -> str:
    """Return why what stands is not the same as what is told, empty where it is."""
    if stands["state"] == "entered_in_error":
        return sheet_elders.WITHDRAWN
    return "" if stands["values"] == {name: told[0] for name, told in wanted.values.items()} else sheet_elders.DIFFERS


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> None:
    """Enter one row's values; those that stand already are left as they are.

    Raises:
        NotFound: the elder is not in one's care any more.
        FactStands: another value was entered meanwhile.
    """
    (reader,) = sheet_elders.readers(actor, [told])
    if reader is None:
        raise NotFound
    for one in _measured(actor, reader, told):
        try:
            if not (stands := _stands(one)):
                enter.measured(actor, reader.subject_id, one, source_kind=told["source"] or "")
        except DuplicateKeyError:  # the same sheet is worked on at this moment
            stands = _stands(one)
        if stands and _why(stands, one):
            raise FactStands


KIND = Kind(SHEET, enter.OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit)

"""Readings of pool water, by a device that signs its requests or by the staff; kept with the limits that judged them.

A device's reading is known by device, water and instant, so sending it again is harmless. A reading that comes late is
kept for the history; only the newest one counts for sales.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.identity.actors import Device, Staff
from models.places import scope
from models.sport import venue, water_limits, water_state
from models.sport.water_limits import INDICATORS, MILLI

COLLECTION = "water_readings"
LATEST = timedelta(hours=48)
AHEAD = timedelta(minutes=5)


class WaterReading(Document):
    """`values` are thousandths of each indicator's unit; `limits` those of the day, `wrong` what was outside them."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "water", "-at", "-_id"]}],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    water = StringField(required=True)
    at = DateTimeField(required=True)
    received_at = DateTimeField(required=True)
    values = DictField(required=True)
    limits = DictField()
    wrong = ListField(StringField())
    device = StringField()
    by = ObjectIdField()


personal_data.declare(
    Holding(
        COLLECTION,
        "池水水质读数",
        staff=("by",),
        at_deletion="keep",
        because="公共场所卫生管理条例: 卫生检测记录; 只记录入人员编号",
    )
)


class TimeWrong(Unprocessable):
    """422: a reading of the future, or older than two days."""

    code = "water_reading_time"
    zh = "检测时间有误:不能晚于现在,最早 48 小时以内,请核对设备时钟。"
    en = "The time of the reading lies in the future or more than 48 hours ago. Check the clock."

    def __init__(self) -> None:
        super().__init__(fields={"at": [self.zh]})


class ValueWrong(Unprocessable):
    """422: a value that no water has."""

    code = "water_value_wrong"
    zh = "{name}的数值超出可测范围({least} 到 {most}),请核对后再提交。"
    en = "The value of {name} cannot have been measured ({least} to {most}). Check it."


class WaterUnknown(NotFound):
    """404: the venue has no such water."""

    code = "water_unknown"
    zh = "该场馆没有这个泳池,请核对编码。"
    en = "This venue has no such water."

    def __init__(self) -> None:
        super().__init__(fields={"water": [self.zh]})


@dataclass(frozen=True)
class Told:
    """What was measured of which water, and when; values in the units of the indicators."""

    water: str
    at: datetime
    values: Mapping[str, float]


def by_device(device: Device, told: Told) -> dict[str, Any]:
    """Take in what a device of the venue measured; the same again is the same reading.

    Raises:
        WaterUnknown, TimeWrong, ValueWrong: it cannot be.
    """
    at = told.at.replace(microsecond=told.at.microsecond // 1000 * 1000)
    made = f"{device.device_id}:{told.water}:{int(at.timestamp() * 1000)}"
    return _take(made, device.place, told, {"device": device.device_id})


def by_staff(actor: Staff, place_id: str, told: Told) -> dict[str, Any]:
    """Take in what a member of the staff measured, with an entry in the audit.

    Raises:
        NotFound: no such venue in the actor's scope.
        WaterUnknown, TimeWrong, ValueWrong: it cannot be.
    """
    unit = scope.place(actor, "sport.water", place_id).get("unit") or ""
    made = str(ObjectId())
    line = entry.line(actor.key, "sport.water", f"water_reading:{made}", unit=unit, water=told.water)
    return _take(made, place_id, told, {"by": actor.staff_id}, line)


def _take(
    reading_id: str, place: str, told: Told, source: dict[str, Any], line: dict[str, Any] | None = None
) -> dict[str, Any]:
    known = {venue.terms_of(one).water for one in venue.resources(place)} - {""}
    if told.water not in known:
        raise WaterUnknown
    record = _record(reading_id, place, told) | source
    figures = water_limits.on(clock.civil(record["at"]).date())
    record |= {"wrong": figures.wrong(record["values"]), "limits": _kept(figures, record["values"])}
    water_state.ensure(place, told.water)
    state_id = water_state.water_id(place, told.water)

    def change(session: ClientSession) -> bool:
        readings = WaterReading._get_collection()
        if readings.find_one({"_id": reading_id}, {"_id": 1}, session=session):
            return False
        readings.insert_one(dict(record), session=session)
        water_state.take(state_id, record, figures, session)
        if line:
            entry.write(line, session)
        return True

    if transactions.run(change):
        water_state.alarm(record["wrong"])
        outbox.wake("gates")
    return read(reading_id)


def _record(reading_id: str, place: str, told: Told) -> dict[str, Any]:
    now = clock.now()
    if not now - LATEST <= told.at <= now + AHEAD:
        raise TimeWrong
    at = min(told.at, now)
    for code, value in told.values.items():
        one = INDICATORS[code]
        if not one.least <= value <= one.most:
            told_zh: dict[str, Any] = {"name": one.zh, "least": one.least, "most": one.most}
            raise ValueWrong(**told_zh, fields={f"values.{code}": [ValueWrong.zh.format(**told_zh)]})
    values = {code: round(value * MILLI) for code, value in told.values.items()}
    return {"_id": reading_id, "place": place, "water": told.water, "at": at, "received_at": now, "values": values}


def _kept(figures: water_limits.Figures, values: Mapping[str, int]) -> dict[str, Any]:
    found = {code: figures.limits[code] for code in values if code in figures.limits}
    return {
        code: {"least": one.least, "most": one.most, "standard": one.source.get("title", "")}
        for code, one in found.items()
    }


def read(reading_id: str) -> dict[str, Any]:
    """Return a reading.

    Raises:
        NotFound: no such reading.
    """
    return documents.one(WaterReading, {"_id": reading_id})


def listed(place: str, water: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the readings of a body of water, newest first."""
    query = {"place": place, "water": water}
    return paging.page(WaterReading._get_collection(), query, sort=("at", -1), cursor=cursor, limit=limit)

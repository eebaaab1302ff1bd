"""Walking in: one scan, one answer. The nonce of the signed request makes a repeated scan the same scan."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mongoengine import BooleanField, DateTimeField, Document, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.codes import gate_check
from backend.codes.compact import BadCode
from backend.errors import KeyReused
from backend.personal_data import Holding
from models.booking import ticket
from models.identity.actors import Device
from models.onecard import code_use, holder, verify
from models.onecard.code_use import Use


class GateScan(Document):
    """What a gate was told; the id reads device and nonce."""

    meta = {
        "collection": "gate_scans",
        "auto_create_index": False,
        "indexes": [{"fields": ["ticket"], "sparse": True}, {"fields": ["place", "-at"]}],
    }
    id = StringField(primary_key=True)
    device = StringField(required=True)
    place = StringField(required=True)
    ticket = StringField()
    result = StringField(required=True)
    offline = BooleanField()
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "gate_scans", "闸机扫码记录", via=(("ticket", "tickets"),), at_deletion="keep", because="只含票号、闸机和时间"
    )
)


@dataclass(frozen=True)
class Answer:
    """What the gate shows: result, a sentence, and what the clerk should look at."""

    result: str
    message: str
    ticket: str = ""
    age_band: str = ""
    inspect: str = ""
    ticket_class: str = ""
    first_scan_at: datetime | None = None
    first_scan_gate: str = ""
    valid_day: str = ""
    enter_from: datetime | None = None
    enter_until: datetime | None = None


SENTENCES = {
    "admitted": "请进。",
    "already_used": "此票已使用。首次入园:{first}。",
    "other_day": "此票是 {day} 的,今天不能入园。",
    "other_time": "此票入园时间为 {window},请在该时段入园。",
    "other_place": "此票不是本景点的。",
    "cancelled": "此票已取消。",
    "not_ours": "不是本平台的有效门票,请到游客中心核实。",
    "no_ticket": "一卡通有效,但没有今天本景点的预约,请到游客中心办理。",
}


def scan(device: Device, text: str) -> Answer:
    """Decide on one scan and use the ticket when it is good, once. Repeating the request gives the same answer.

    Raises:
        KeyReused: the nonce came with another ticket or code before.
    """
    if gate_check.is_card(text):
        return _by_card(device, text)
    told = GateScan._get_collection().find_one({"_id": _scan_id(device)}, {"ticket": 1, "result": 1})
    found = _ticket(text)  # read after what was told, so that it shows at least what was told of it
    if told:
        if told.get("ticket") != (found or {}).get("_id"):
            raise KeyReused
        return _answer(told["result"], found)
    answer = _judge(device, found) if found else _answer("not_ours", None)
    _note(device, answer)
    return answer


def note_late(entry: dict[str, Any], found: dict[str, Any], session: ClientSession | None) -> None:
    """Take down an entry without network, so that the same scan sent online is the same scan."""
    told = {name: entry[name] for name in ("device", "place", "at")}
    record = {**told, "ticket": found["_id"], "result": "admitted", "offline": True}
    change = {"$setOnInsert": record}
    GateScan._get_collection().update_one({"_id": entry["_id"]}, change, upsert=True, session=session)


def _by_card(device: Device, text: str) -> Answer:
    """Let the holder of a card's venue code in by the ticket that was booked for them.

    The code is used up under the nonce, and so is the ticket: a repeated request finds both as its own.
    """
    use = Use(device.device_id, device.nonce, text, clock.now())
    if not code_use.told(use) and GateScan._get_collection().find_one({"_id": _scan_id(device)}, {"_id": 1}):
        raise KeyReused
    verdict = verify.verify(
        device.scanner_class,
        text,
        at=use.at,
        device_id=device.device_id,
        nonce=device.nonce,
        online=True,
    )
    if not verdict.accepted or verdict.person_id is None:
        return Answer(verdict.result, verdict.message)
    holder.shown(device, verdict)
    found = ticket.of_person(verdict.person_id, device.place, clock.today().isoformat(), _scan_id(device))
    answer = _judge(device, found) if found else _answer("no_ticket", None)
    _note(device, answer)
    return answer


def _ticket(text: str) -> dict[str, Any] | None:
    try:
        return ticket.read(ticket.identify(text))
    except BadCode:
        return None


def _judge(device: Device, found: dict[str, Any]) -> Answer:
    if found["place"] != device.place:
        return _answer("other_place", found)
    if found["state"] == "valid" and (wrong := _wrong_time(found)):
        return _answer(wrong, found)
    first = {"at": clock.now(), "device": device.device_id, "gate": device.name, "nonce": device.nonce}
    if used := ticket.use(found["_id"], first):
        return _answer("admitted", used)
    changed = ticket.read(found["_id"]) or found
    return _answer("cancelled", changed) if changed["state"] == "void" else _used(device, changed)


def _wrong_time(found: dict[str, Any]) -> str:
    now = clock.now()
    if clock.civil(now).date() != clock.date_of(found["day"]):
        return "other_day"
    return "" if found["enter_from"] <= now <= found["enter_until"] else "other_time"


def _used(device: Device, found: dict[str, Any]) -> Answer:
    first = found["first_scan"]
    again = first["device"] == device.device_id and first["nonce"] == device.nonce
    return _answer("admitted" if again else "already_used", found)


def _answer(result: str, found: dict[str, Any] | None) -> Answer:
    if found is None:
        return Answer(result, SENTENCES[result])
    first = found.get("first_scan") or {}
    facts = {
        "day": found["day"],
        "window": f"{clock.civil(found['enter_from']):%H:%M}-{clock.civil(found['enter_until']):%H:%M}",
        "first": f"{clock.civil(first['at']):%m-%d %H:%M} {first['gate']}" if first else "",
    }
    return Answer(
        result,
        SENTENCES[result].format(**facts),
        ticket=found["_id"],
        age_band=found["age_band"],
        inspect=found.get("inspect") or "",
        ticket_class=found["ticket_class"],
        first_scan_at=first.get("at"),
        first_scan_gate=first.get("gate", ""),
        valid_day=found["day"],
        enter_from=found["enter_from"],
        enter_until=found["enter_until"],
    )


def _scan_id(device: Device) -> str:
    return f"{device.device_id}:{device.nonce}"


def _note(device: Device, answer: Answer) -> None:
    record = {
        "_id": _scan_id(device),
        "device": device.device_id,
        "place": device.place,
        "result": answer.result,
        "at": clock.now(),
    }
    if answer.ticket:
        record["ticket"] = answer.ticket
    with contextlib.suppress(DuplicateKeyError):  # the same scan came twice at once: both were judged alike
        GateScan._get_collection().insert_one(record)

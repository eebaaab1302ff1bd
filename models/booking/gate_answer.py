"""What a gate shows: a result, a sentence for the visitor, and what the clerk should look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend import clock
from models.booking import gate_places, gate_rule, gate_terms, ticket

ANY_DOCUMENT = "booked_document"
"""The document that the visit was booked with."""


@dataclass(frozen=True)
class Answer:
    """`entries` counts those to the zone of the gate, this one included; `entries_left` is None for any number.

    `shown_by` says what was shown: static or rotating code, card, document. `places_left` is told of a released ticket:
    how many its slot still has.
    """

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
    zone: str = ""
    direction: str = ""
    shown_by: str = ""
    entries: int | None = None
    entries_left: int | None = None
    places_left: int | None = None


@dataclass(frozen=True)
class Numbers:
    """How often the holder was let into the zone of a gate, and how often more; None for any number."""

    entries: int
    left: int | None


SENTENCES = {
    "admitted": "请进。",
    "exited": "请慢走。",
    "already_used": "此票已使用。首次入园:{first}。",
    "entries_used_up": "此票在本处的入园次数已用完(共 {entries} 次)。首次入园:{first}。",
    "already_inside": "此票持有人已在园内,须先出园才能再次入园。",
    "zone_not_included": "此票不含本区域,请到游客中心办理。",
    "other_day": "此票是 {day} 的,今天不能入园。",
    "other_time": "此票入园时间为 {window},请在该时段入园。",
    "other_place": "此票不是本景点的。",
    "cancelled": "此票已取消。",
    "released": "此票因超过入园时限未到场,名额已释放;{again}",
    "code_stale": "此码已过期(截屏无效),请打开小程序“我的门票”出示实时二维码。",
    "code_ahead": "手机时钟偏快,请打开自动设置时间后,在小程序“我的门票”刷新二维码再试。",
    "code_used": "此码刚刚用过,请等待二维码刷新后再出示。",
    "static_code_refused": "本景点须出示小程序“我的门票”的实时二维码;没有手机的游客请持身份证到人工通道。",
    "not_ours": "不是本平台的有效门票,请到游客中心核实。",
    "no_ticket": "没有今天本景点的预约,请到游客中心办理。",
}
AGAIN = "本时段还有 {places} 个名额,请到窗口重新办理(免费)后入园。"
FULL = "本时段已无名额,请到窗口改约其他时段。"
LOOK = "请核对本人身份证件。"
NO_ENTRY = "请慢走(没有入园记录)。"


def without(result: str, message: str = "") -> Answer:
    """Return the answer to what names no ticket."""
    return Answer(result, message or SENTENCES[result])


def left(shown_by: str = "") -> Answer:
    """Return the answer to who leaves by what names no ticket: open, and recorded as what it is."""
    return Answer("exited", NO_ENTRY, shown_by=shown_by)


def about(
    result: str,
    found: dict[str, Any],
    scan: gate_rule.Scan,
    numbers: Numbers,
    *,
    shown_by: str,
    static: str = "",
    places: int | None = None,
) -> Answer:
    """Return the answer to a scan of the ticket `found`; `static` is the rule for codes that do not change.

    `places` is what was told before of a released ticket's slot.
    """
    if result == "released" and places is None:
        places = gate_places.left(found)
    first = found.get("first_scan") or {}
    look = result == "admitted" and shown_by == "static" and static == "inspect"
    inspect = found.get("inspect") or ""
    return Answer(
        result,
        _sentence(result, found, numbers, places) + (LOOK if look else ""),
        ticket=found["_id"],
        age_band=found["age_band"],
        inspect=inspect or (ANY_DOCUMENT if look else ""),
        ticket_class=found["ticket_class"],
        first_scan_at=first.get("at"),
        first_scan_gate=first.get("gate", ""),
        valid_day=found["day"],
        enter_from=found["enter_from"],
        enter_until=found["enter_until"],
        zone=scan["zone"],
        direction=scan["direction"],
        shown_by=shown_by,
        entries=numbers.entries,
        entries_left=numbers.left,
        places_left=places,
    )


def _sentence(result: str, found: dict[str, Any], numbers: Numbers, places: int | None) -> str:
    first = found.get("first_scan") or {}
    if result == "exited" and not numbers.entries:
        return NO_ENTRY
    facts = {
        "day": found["day"],
        "window": f"{clock.civil(found['enter_from']):%H:%M}-{clock.civil(found['enter_until']):%H:%M}",
        "first": f"{clock.civil(first['at']):%m-%d %H:%M} {first['gate']}" if first else "",
        "entries": numbers.entries,
        "again": AGAIN.format(places=places) if places else FULL,
    }
    return SENTENCES[result].format(**facts)


def numbers_at(
    found: dict[str, Any], scans: list[gate_rule.Scan], scan: gate_rule.Scan, terms: gate_terms.GateTerms
) -> Numbers:
    """Return the numbers of the zone of a scan, with all scans up to it."""
    until = [one for one in scans if gate_rule.place_in_time(one) <= gate_rule.place_in_time(scan)]
    way = ticket.course(found, until, terms)
    return Numbers(way.count(scan["zone"]).entries, way.left(scan["zone"]))

"""Service items written, agreed on and applied for, over HTTP."""

import copy
import itertools

from tests.support import affairs, queues
from tests.support.clerk import Clerk

OFFICE = "/office/v1/service-items"
UNIT = "civil_affairs"
TOWN = "360731100"
_numbers = itertools.count(1)

FORM = {
    "type": "object",
    "required": ["name", "sort", "town", "agreed"],
    "properties": {
        "name": {"type": "string", "title": "姓名", "maxLength": 20},
        "sort": {
            "type": "string",
            "title": "办理方式",
            "enum": ["first", "again"],
            "x-zh": ["首次", "补办"],
            "x-sealed": False,
        },
        "lost_on": {
            "type": "string",
            "format": "date",
            "title": "遗失日期",
            "x-when": {"field": "sort", "in": ["again"]},
        },
        "phone": {
            "type": "string",
            "title": "电话",
            "maxLength": 11,
            "pattern": "^1[0-9]{10}$",
            "examples": ["13800000000"],
        },
        "copies": {"type": "integer", "title": "份数", "minimum": 1, "maximum": 3},
        "town": {"type": "string", "title": "所在乡镇", "maxLength": 12},
        "agreed": {"type": "boolean", "title": "承诺属实", "const": True},
    },
}
FILLED = {"name": "张三丰", "sort": "first", "copies": 2, "town": TOWN, "agreed": True}


def step(code: str, *outcomes: tuple[str, str], role: str = "case_handler", **more) -> dict:
    told = [{"code": name, "zh": name, "to": to} for name, to in outcomes]
    return {"code": code, "zh": code, "role": role, "limit": {"days": 3}, "outcomes": told, **more}


ITEM = {
    "zh": "老年人优待证办理",
    "applicants": ["resident"],
    "area": "town",
    "once": True,
    "prefix": "LNYD",
    "law": "老年人权益保障法第五十三条",
    "limit": {"days": 10},
    "steps": [
        step("accept", ("accepted", "check"), ("refused", ""), by_area=True),
        step("check", ("agreed", ""), ("again", "accept"), role="case_supervisor", another_person=True),
    ],
    "stops": [
        {"code": "supplement", "zh": "等待补正", "longest": {"days": 15}, "asks": True, "once": True},
        {"code": "other_unit", "zh": "等待其他单位", "longest": {"days": 5}},
    ],
    "remind": 1,
    "levels": [{"after": 0, "role": "case_supervisor"}, {"after": 2, "role": "privacy_officer"}],
    "form": FORM,
    "delivery": ["electronic"],
}


def new_code() -> str:
    return f"item_{next(_numbers)}"


def told(code: str, **changed) -> dict:
    return {"code": code, **copy.deepcopy(ITEM), **copy.deepcopy(changed)}


def editor(client, unit: str = UNIT) -> Clerk:
    return affairs.seat(client, "item_clerk", unit=unit)


def manager(client) -> Clerk:
    return affairs.seat(client, "item_manager")


def offices(client, *, unit: str = UNIT, town: str = f"town_{TOWN}") -> dict[str, Clerk]:
    """Seat everybody whom the item needs."""
    return {
        "town": affairs.seat(client, "case_handler", unit=town),
        "supervisor": affairs.seat(client, "case_supervisor", unit=unit),
        "officer": affairs.seat(client, "privacy_officer"),
    }


def drafted(by: Clerk, code: str, **changed) -> str:
    answer = by.post(OFFICE, told(code, **changed))
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def proposed(by: Clerk, item_id: str) -> str:
    answer = by.post(f"{OFFICE}/{item_id}/propose", {"reason": "按新办法编制"})
    assert answer.status_code == 200, answer.json
    return answer.json["approval_id"]


def published(by: Clerk, other: Clerk, code: str, **changed) -> str:
    """Draft, propose and agree; return the version's id."""
    item_id = drafted(by, code, **changed)
    answer = other.post(f"/office/v1/approvals/{proposed(by, item_id)}/approve")
    assert answer.status_code == 200, answer.json
    queues.drain("trust")
    return item_id


def applied(who, code: str, answers: dict | None = None, *, version: int = 1, surface: str = "/mini/v1", **more):
    body = {"version": version, "answers": FILLED if answers is None else answers, **more.pop("body", {})}
    return who.post(f"{surface}/service-items/{code}/cases", body, **more)


def opened(who, code: str, answers: dict | None = None, **more) -> str:
    answer = applied(who, code, answers, **more)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]

"""Clerks at their desks and cases to work on, without the long way through invitations."""

import itertools
from datetime import timedelta

from bson import ObjectId

from backend import clock, runtime
from models.affairs.case import Case
from models.identity import opaque_token
from models.identity.staff import StaffMember
from tests.support.clerk import Clerk

_numbers = itertools.count(1)
DATA_UNIT = "big_data_centre"


def seat(client, role: str, *, unit: str = DATA_UNIT, area: str = "") -> Clerk:
    """Return a member of the staff with an open session."""
    member_id, now, login = ObjectId(), clock.now(), f"seat-{next(_numbers)}"
    token = opaque_token.make(member_id)
    session = {"id": "seat", "digest": opaque_token.digest(token), "at": now, "last_seen": now}
    session["until"] = now + timedelta(days=400)
    member = {
        "_id": member_id,
        "login": login,
        "name": runtime.current().sealer.seal("staff.name", member_id, "刘芳"),
        "state": "active",
        "assignments": [{"role": role, "unit": unit, "area": area}],
        "sessions": [session],
        "created_by": "staff:test",
        "created_at": now,
        "activated_at": now,
        "password_changed_at": now,
    }
    StaffMember._get_collection().insert_one(member)
    clerk = Clerk(client, "", login)
    clerk.token, clerk.member_id = token, member_id
    return clerk


def stay_awake() -> None:
    """Keep all sessions alive after a journey of the clock."""
    now = clock.now()
    change = {"$set": {"sessions.$[].last_seen": now, "sessions.$[].until": now + timedelta(days=400)}}
    StaffMember._get_collection().update_many({"login": {"$gte": "seat-"}}, change)


def move(clerk: Clerk, case_id: str, verb: str, body=None, *, status: int = 200) -> dict:
    """Do something with a case and return the answer."""
    answer = clerk.post(f"/office/v1/cases/{case_id}/{verb}", body)
    assert answer.status_code == status, answer.json
    return answer.json


def decide(clerk: Clerk, case_id: str, outcome: str, *, status: int = 200, **more) -> dict:
    return move(clerk, case_id, "decide", {"outcome": outcome, "reason": "经核对。", **more}, status=status)


def inbox(clerk: Clerk, query: str = "") -> list[dict]:
    answer = clerk.get(f"/office/v1/cases/inbox{query}")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def stored(case_id: str) -> dict:
    return Case._get_collection().find_one({"_id": ObjectId(case_id)})


def ask_privacy(phone, kind: str = "explain", text: str = "请说明如何使用我的信息") -> str:
    """Open a privacy request and return its id."""
    answer = phone.post("/mini/v1/privacy-requests", {"kind": kind, "text": text})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]

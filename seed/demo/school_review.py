"""The review in the play: cases at the desks of several units, one refusal, the rest confirmed; then all is decided."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from seed.demo.http import Caller, check
from seed.demo.school_families import Families
from seed.demo.stage import until

DESKS = ("qian.demo", "lang.demo", "lu.demo", "shu.demo", "pan.demo", "ge.demo", "su.demo", "pu.demo")
"""Public security, property, insurance, market supervision; managers of the bureau, and two who review samples."""
WAIT_SECONDS = 900
NAMED = {"property.family_share": 1, "insurance.months": 24, "household.head_relation": "child", "district": "d1"}
"""What a reviewer finds out where a yes does not say enough."""


def reviewed(this: Any, families: Families) -> Iterator[str]:
    """Settle every point at every desk until no application waits."""
    settled: dict[str, int] = {}

    def waiting() -> int:
        for login in DESKS:
            settled[login] = settled.get(login, 0) + _work(this, this.stage.clerk(login))
        states = {one["state"]: one["count"] for one in this.bureau.get(f"{this.path}/reviews")["states"]}
        return int(states.get("submitted", 0) + states.get("to_correct", 0))

    until(waiting, lambda left: not left, "the review", seconds=WAIT_SECONDS, pause=1.0)
    states = {one["state_zh"]: one["count"] for one in this.bureau.get(f"{this.path}/reviews")["states"]}
    done = ", ".join(f"{zh} {count}" for zh, count in states.items() if count)
    yield f"{sum(settled.values())} points settled at {len(DESKS)} desks; {done}"
    mine = [one.get("") for one in families.parents]
    check(all(one["state"] == "qualified" for one in mine), "who has nothing to show is decided by the rules alone")
    decision = mine[0]["decision"]
    yield f"a parent reads the decision: {decision['text_zh']}"


def _work(this: Any, desk: Caller) -> int:
    """Settle what waits at a desk for this round; return how many."""
    items = desk.get("/office/v1/cases/inbox?limit=100")["items"]
    done = 0
    for one in items:
        if not one["kind"].startswith("school_check_"):
            continue
        if desk.get(f"/office/v1/school/points/{one['id']}")["round"] != this.code:
            continue
        desk.answer(f"/office/v1/cases/{one['id']}/claim", {})
        done += decided(desk, one["id"])
    return done


def decided(desk: Caller, case_id: str) -> bool:
    """Confirm a point, naming the facts that it must name; False where a colleague was quicker."""
    path, value = f"/office/v1/cases/{case_id}/decide", dict[str, Any]()
    body = {"outcome": "confirmed", "reason": "经与原始登记核对,与申请一致。"}
    for _ in range(len(NAMED) + 1):
        answer = desk.answer(path, body | ({"value": value} if value else {}))
        if answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
            return answer.ok
        asked = [name.removeprefix("value.") for name in answer.json()["fields"]]
        value |= {name: NAMED[name] for name in asked}
    return False

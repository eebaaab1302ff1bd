"""What one of the staff proposes and another one decides: a lost phone, money back beyond the rule."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from backend import clock
from seed.demo import accounts
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, until
from seed.demo.visit import PAID_PLACE, first_slot, new_family, pay

EVENING_PLACE = "theatre"
GIVEN_BACK = 100


def a_lost_phone(stage: Stage) -> Iterator[str]:
    """A gate clerk lost the phone with the second factor; two administrators give a new start."""
    office, second = stage.clerk("system_admin"), stage.clerk("security_admin")
    login = f"lost-{secrets.token_hex(4)}.demo"
    given = [{"role": "gate_clerk", "unit": "changzhengyuan"}]
    body = {"login": login, "name": "演示检票员", "assignments": given, "reason": "新到岗"}
    made = office.post("/office/v1/staff", body, expect=201)
    old = accounts.logged_in(stage.base, accounts.enrolled(stage.base, made["link"], login, "gate_clerk"))
    yield f"{login} works as {given[0]['role']}"
    proposal = office.post(f"/office/v1/staff/{made['id']}/totp-reset", {"reason": "手机遗失"}, expect=201)
    alone = office.post(f"/office/v1/approvals/{proposal['approval_id']}/approve", expect=403)
    yield f"the system administrator proposes a reset and cannot approve it: {alone['message']}"
    pin = accounts.agreed(second, proposal["approval_id"])
    old.get("/office/v1/me", expect=401)
    yield "the security administrator approves: the old sessions end, a PIN is told"
    back = accounts.enrolled(stage.base, proposal["link"], login, "gate_clerk", pin)
    check("order.read" in accounts.logged_in(stage.base, back).get("/office/v1/me")["operations"], "back at work")
    yield "link of the one and PIN of the other, new password, new second factor: back at work"
    office.post(f"/office/v1/staff/{made['id']}/disable", expect=204)


def money_beyond_the_rule(stage: Stage) -> Iterator[str]:
    """One of the finance staff proposes a refund beyond the rule, another one approves it."""
    phone, _ = stage.tourist()
    first, second = stage.clerk("chen.demo"), stage.clerk("chu.demo")
    order, late = _cancelled(stage, phone)
    body = {"order_id": order["id"], "fen": GIVEN_BACK, "reason": "景区当日停电,经协商退款"}
    if not late:
        refused = first.post("/office/v1/refunds/proposals", body, expect=409)
        yield f"no paid place is open today any more: cancelled in time, {order['total_fen'] / 100:.2f} 元 are refunded"
        yield f"more never goes back: {refused['message']}"
        return
    yield f"cancelled on the day of the visit: by the rule {order['total_fen'] / 100:.2f} 元 are kept"
    proposal = first.post("/office/v1/refunds/proposals", body, expect=201)
    own = first.post(f"/office/v1/approvals/{proposal['id']}/approve", expect=409)
    yield f"proposed {GIVEN_BACK / 100:.2f} 元; the proposer's own approval: {own['message']}"
    second.post(f"/office/v1/approvals/{proposal['id']}/approve")
    read = f"/office/v1/approvals/{proposal['id']}"
    until(lambda: second.get(read).get("outcome"), lambda outcome: outcome == "done", "the refund")
    yield "a second clerk of the finance staff approves: the money is on its way"


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_lost_phone, money_beyond_the_rule]


def _cancelled(stage: Stage, phone: Caller) -> tuple[dict[str, Any], bool]:
    """Return an order that was paid and cancelled, on the day of its visit if any paid place is still open."""
    visitors, slot = new_family(phone)[:1], _slot_of_today(stage)
    body = {"slot_id": slot or first_slot(stage, PAID_PLACE, 1), "visitors": visitors}
    order = phone.post("/mini/v1/orders", body, expect=201)
    pay(stage, phone, order)
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")
    if not slot:
        read = f"/mini/v1/orders/{order['id']}"
        until(lambda: phone.get(read), lambda found: found["refund"]["state"] == "succeeded", "the refund")
    return order, bool(slot)


def _slot_of_today(stage: Stage) -> str | None:
    today = clock.today().isoformat()
    found = [stage.anybody.get(f"/mini/v1/places/{place}/slots")["items"] for place in (PAID_PLACE, EVENING_PLACE)]
    return next((str(one["id"]) for slots in found for one in slots if one["day"] == today and one["left"] > 1), None)

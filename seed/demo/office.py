"""Stories of the staff, and of what goes wrong in real life."""

import uuid
from collections.abc import Iterator

from seed.demo.http import check
from seed.demo.stage import Stage, until
from seed.demo.visit import PAID_PLACE, first_slot, new_family, pay


def closing_a_slot(stage: Stage) -> Iterator[str]:
    """The tourism office closes a slot for bad weather; its bookings are refunded by a job."""
    phone, _ = stage.tourist()
    slot = first_slot(stage, PAID_PLACE, 9)
    order = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": new_family(phone)[:1]}, expect=201)
    pay(stage, phone, order)
    office = stage.clerk("tourism_office")
    seen = office.get(f"/office/v1/orders/{order['id']}")
    check("history" in seen, "the office sees the order with its history")
    yield f"the office looks at the order: {', '.join(line['what'] for line in seen['history'])}"
    job = office.post(f"/office/v1/slots/{slot}/close", {"reason": "暴雨,景区临时关闭"}, expect=202)
    done = until(lambda: office.get(f"/office/v1/jobs/{job['id']}"), lambda j: j["state"] == "done", "the job")
    yield f"closed {slot}: {done['done']} of {done['total']} orders cancelled"
    read = f"/mini/v1/orders/{order['id']}"
    ended = until(lambda: phone.get(read), lambda o: o.get("refund", {}).get("state") == "succeeded", "the refund")
    check(ended["refund"]["fen"] == order["total_fen"], "all money returned")
    yield f"refunded {ended['refund']['fen'] / 100:.2f} 元"
    office.post(f"/office/v1/slots/{slot}/reopen")
    lines = stage.clerk("auditor").get("/office/v1/audit/access-lines")["items"]
    check(bool(lines), "who looked is written down")
    yield f"the auditor reads who looked: {lines[0]['purpose']}"


def what_goes_wrong(stage: Stage) -> Iterator[str]:
    """A second tap, a changed body, a forged notice and a token that was made up."""
    phone, _ = stage.tourist()
    slot, family = first_slot(stage, PAID_PLACE, 3), new_family(phone)
    body = {"slot_id": slot, "visitors": family[:1]}
    tap = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (phone.post("/mini/v1/orders", body, expect=201, **tap) for _ in range(2))
    check(first == second, "a second tap is the same order")
    yield "tapped twice: one order"
    other = phone.post("/mini/v1/orders", {**body, "visitors": family}, expect=422, **tap)
    yield f"same key, other content: {other['message']}"
    forged = stage.anybody.post("/open/v1/wechat/pay/notice", {"id": "x"}, expect=401)
    check(forged["code"] == "FAIL", "a forged notice is refused")
    yield "a forged payment notice: refused"
    stranger = stage.anybody.get("/mini/v1/orders", expect=401, Authorization="Bearer made-up")
    yield f"a made-up token: {stranger['message']}"
    phone.post(f"/mini/v1/orders/{first['id']}/cancel")
    yield "cancelled before paying: the place is free again"

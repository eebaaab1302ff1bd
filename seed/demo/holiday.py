"""A holiday at the memorial park, before one is there: sold out, a waiting list, a window, a kiosk, a guide."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo import holiday_crowd, holiday_gate, holiday_words
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, somebody, until
from seed.demo.visit import OPEN_PLACE, first_slot, new_family, pay

DAYS_AHEAD = 6
INDIVIDUAL, GROUP, IN_ALL = 4, 3, 5
"""What is still for sale on the holiday: for those who come alone, for groups, and by the limit of the day."""
GUIDE, GUIDE_FEN = "guide_1", 8000
PLACES = f"/office/v1/places/{OPEN_PLACE}"


def sold_out(stage: Stage) -> Iterator[str]:
    """A holiday at the memorial park is sold out; a family waits, two others give back, and it comes in."""
    manager = stage.clerk("lv.demo")
    slot, told = _few_places(stage, manager)
    yield told
    (first, one), (second, other) = (_booked(stage, slot) for _ in range(2))
    yield f"two families book: {_left(stage, slot)}"
    family, _ = stage.tourist()
    party = new_family(family)
    refused = family.post("/mini/v1/orders", {"slot_id": slot, "visitors": party}, expect=409)
    check(refused["code"] == "share_sold_out", "places for groups are not for those who come alone")
    yield f"a third family: {refused['message']}"
    yield from _groups(stage, slot)
    waits = family.post("/mini/v1/waiting", {"slot_id": slot, "visitors": party}, expect=201)
    check((waits["state"], waits["places"]) == ("waiting", 2), "they wait together")
    yield f"it joins the waiting list with {waits['places']} visitors, position {waits['position']}"
    kept = first.post(f"/mini/v1/orders/{one['id']}/cancel", {"visitors": [1]})
    check([each["state"] for each in kept["visitors"]] == ["booked", "cancelled"], "one visitor is cancelled alone")
    check(_entry(family, waits)["state"] == "waiting", "one place is not enough for both")
    yield "another family cancels the grandfather: one place is kept for the line, too few for the two who wait"
    second.post(f"/mini/v1/orders/{other['id']}/cancel")
    offered = until(lambda: _entry(family, waits), lambda entry: entry["state"] == "offered", "the offer")
    notice = until(lambda: _notice(family, "waiting_offer"), bool, "word of the offer")
    yield f"the second family gives up its visit, and the line is told: {notice['text_zh']}"
    taken = family.post(f"/mini/v1/waiting/{waits['id']}/accept")
    tickets = family.get(f"/mini/v1/orders/{offered['order_id']}")["tickets"]
    check((taken["state"], len(tickets)) == ("taken", 2), "one tap, and both have their tickets")
    yield f"one tap: {taken['state_zh']}, {len(tickets)} tickets"
    _without_limit(manager, slot)
    yield "the limit of the day is taken away again"


def without_a_phone(stage: Stage) -> Iterator[str]:
    """Elders without a phone get a ticket at the window and at a kiosk, and enter by ID card and by paper."""
    slot, clerk = first_slot(stage, OPEN_PLACE, 0), stage.clerk("shi.demo")
    check(slot.split("-")[1] == clock.today().strftime("%Y%m%d"), "the park sells tickets of today")
    before = _slot(stage, slot)["left"]
    wife, husband = somebody("谢桂英", 1938, 1955), somebody("谢水生", 1938, 1955)
    guest = _guest(wife) | {"inspected": True}
    sold = clerk.post("/office/v1/window-orders", {"slot_id": slot, "visitors": [guest], "paid_fen": 0}, expect=201)
    check((sold["state"], sold["channel"]) == ("issued", "window"), "the window issues at once")
    slip = clerk.get(f"/office/v1/window-tickets/{sold['tickets'][0]['id']}/slip.png")
    check(slip[:4] == b"\x89PNG", "there is a slip to print")
    yield f"window: {sold['visitors'][0]['name']}, free from 65 on, papers seen, a paper slip of {len(slip)} bytes"
    kiosk = stage.reader(OPEN_PLACE, "游客中心自助机")
    given = kiosk.send("/gate/v1/kiosk-orders", {"slot_id": slot, **_guest(husband)}, expect=201)
    yield f"kiosk: {given['message']}"
    check(_slot(stage, slot)["left"] == before - 2, "window, kiosk and phones sell from the same counter")
    yield f"both came from the counter of the phones: {before} → {before - 2}"
    gate = stage.reader(OPEN_PLACE, "正门闸机")
    seen = gate.send("/gate/v1/scans", {"document": _document(wife)})
    check((seen["result"], seen.get("inspect", "")) == ("admitted", ""), "the ID card is the ticket")
    yield f"gate, her ID card: {seen['message']}"
    paper = gate.scan(given["code"])
    check((paper["result"], paper["inspect"]) == ("admitted", "resident_id"), "the paper of the kiosk opens it")
    yield f"gate, his paper: {paper['message']} look at: {paper['inspect']}"
    again = gate.send("/gate/v1/scans", {"document": _document(husband)})
    check(again["result"] == "already_used", "card and paper are one ticket")
    yield f"gate, his ID card after the paper: {again['message']}"


def with_a_guide(stage: Stage) -> Iterator[str]:
    """A family books the visit and a guide together; where the guide is taken, the visit is not taken either."""
    tour = _free_tour(stage)
    day = tour["day"]
    slot = next(one["id"] for one in _slots(stage) if one["day"] == day)
    phone, _ = stage.tourist()
    extras = [{"slot_id": tour["id"], "ticket_type": "guided_tour"}]
    body = {"slot_id": slot, "visitors": new_family(phone), "extras": extras}
    order = phone.post("/mini/v1/orders", body, expect=201)
    check(order["total_fen"] == GUIDE_FEN, "the visit is free, the guide is not")
    tickets = pay(stage, phone, order)
    (guide,) = order["extras"]
    yield f"{day} {tour['start']}: {len(tickets)} tickets with {guide['title_zh']}, {guide['price_fen'] / 100:.2f} 元"
    late, _ = stage.tourist()
    before = _slot(stage, slot)["left"]
    refused = late.post("/mini/v1/orders", {**body, "visitors": new_family(late)}, expect=409)
    check((refused["code"], _slot(stage, slot)["left"]) == ("slot_sold_out", before), "all or nothing")
    yield f"another family, same guide: {refused['message']} Their visit was not taken either: {before} as before"
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")
    read = f"/mini/v1/orders/{order['id']}"
    back = until(lambda: phone.get(read), lambda one: one["refund"]["state"] == "succeeded", "the refund")
    check(_slot(stage, tour["id"])["left"] == 1, "the guide is free again")
    yield f"cancelled: {back['refund']['fen'] / 100:.2f} 元 go back, the guide is free again"


STORIES: list[Callable[[Stage], Iterator[str]]] = [
    sold_out,
    without_a_phone,
    with_a_guide,
    *holiday_words.STORIES,
    *holiday_crowd.STORIES,
    *holiday_gate.STORIES,
]


def _few_places(stage: Stage, manager: Caller) -> tuple[str, str]:
    """Let a day in the coming week have few places left, in shares and by a limit of the day."""
    first = (clock.today() + timedelta(days=DAYS_AHEAD)).isoformat()
    slot = next(one["id"] for one in _slots(stage) if one["day"] >= first)
    _done(manager, manager.post(f"{PLACES}/renewal", {"from_day": _slot(stage, slot)["day"]}, expect=202))
    _without_limit(manager, slot)
    found = _slot(stage, slot)
    sold = found["quota"] - found["left"]
    taken = {one["share"]: one["quota"] - one["left"] for one in found.get("shares", [])}
    shares = {"individual": taken.get("individual", 0) + INDIVIDUAL, "group": taken.get("group", 0) + GROUP}
    numbers = {"quota": max(sold + INDIVIDUAL + GROUP, *shares.values()), "shares": shares}
    manager.call("PUT", f"/office/v1/slots/{slot}/quota", numbers)
    cap = {"places": sold + IN_ALL, "valid_to": found["day"]}
    seen = manager.post(f"{PLACES}/preview", {"from_day": found["day"], "to_day": found["day"], "cap": cap})
    check(seen["cap_days"] == 1, "the look before tells that one day is affected")
    _done(manager, manager.call("PUT", f"{PLACES}/daily-caps", {"from_day": found["day"], **cap}, expect=202))
    left = until(lambda: _slot(stage, slot)["left"], lambda number: number == IN_ALL, "the limit of the day")
    return slot, f"{found['day']}: {left} places left by the limit of the day, {_left(stage, slot)}"


def _without_limit(manager: Caller, slot: str) -> None:
    day = f"{clock.date_of(_day_of(slot)).isoformat()}"
    body = {"from_day": day, "valid_to": day, "places": None}
    _done(manager, manager.call("PUT", f"{PLACES}/daily-caps", body, expect=202))


def _day_of(slot: str) -> str:
    day = slot.split("-")[1]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _done(clerk: Caller, told: dict[str, Any]) -> None:
    """Wait until a change has reached the open slots; a second look comes later, when bookings under way have ended."""
    if told.get("job_id"):
        read = f"/office/v1/jobs/{told['job_id']}"
        until(lambda: clerk.get(read), lambda job: 2 * job["done"] >= job["total"], "the change of the open slots")


def _slots(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.anybody.get(f"/mini/v1/places/{OPEN_PLACE}/slots")["items"])


def _slot(stage: Stage, slot: str) -> dict[str, Any]:
    return dict(stage.anybody.get(f"/mini/v1/slots/{slot}"))


def _left(stage: Stage, slot: str) -> str:
    return ", ".join(f"{one['share_zh']} {one['left']}" for one in _slot(stage, slot)["shares"])


def _booked(stage: Stage, slot: str) -> tuple[Caller, dict[str, Any]]:
    phone, _ = stage.tourist()
    return phone, phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": new_family(phone)}, expect=201)


def _groups(stage: Stage, slot: str) -> Iterator[str]:
    """One of a group still books; then the limit of the day is reached, though the group's share is not."""
    phone, _ = stage.tourist()
    leader, guest = ({**one, "ticket_type": "group_visitor"} for one in new_family(phone))
    made = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": [leader]}, expect=201)
    check(made["state"] == "issued", "groups have a share of their own")
    refused = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": [guest]}, expect=409)
    check(refused["code"] == "day_sold_out", "the limit of the day is not the sum of the shares")
    yield f"a group still gets a ticket; the next one: {refused['message']}"


def _entry(phone: Caller, waits: dict[str, Any]) -> Any:
    return next(one for one in phone.get("/mini/v1/waiting")["items"] if one["id"] == waits["id"])


def _notice(phone: Caller, kind: str) -> Any:
    return next((one for one in phone.get("/mini/v1/notices")["items"] if one["kind"] == kind), None)


def _document(person: dict[str, str]) -> dict[str, str]:
    return {"kind": person["document_kind"], "number": person["document_number"]}


def _guest(person: dict[str, str]) -> dict[str, Any]:
    return {"name": person["name"], "document": _document(person), "ticket_type": "senior_65"}


def _free_tour(stage: Stage) -> dict[str, Any]:
    """Return a tour that is still free, of the guide whom the tourism office lets once."""
    office = stage.clerk("wang.demo")
    known = {one["resource"] for one in office.get(f"{PLACES}/resources")["items"]}
    if GUIDE not in known:
        _let_guide(office)
    read = f"/mini/v1/places/{OPEN_PLACE}/slots?resource={GUIDE}"
    first = (clock.today() + timedelta(days=1)).isoformat()

    def free() -> Any:
        return next((one for one in stage.anybody.get(read)["items"] if one["day"] >= first and one["left"]), None)

    return dict(until(free, bool, "a tour that is free"))


def _let_guide(office: Caller) -> None:
    base, today = f"{PLACES}/resources/{GUIDE}", clock.today().isoformat()
    office.call("PUT", base, {"kind": "guide", "name_zh": "1 号讲解员(演示)", "days_ahead": 14})
    price = {"code": "guided_tour", "name_zh": "人工讲解(演示)", "price_fen": GUIDE_FEN, "from_day": today}
    _done(office, office.call("PUT", f"{base}/prices", price, expect=202))
    lines = [{"start": start, "end": end, "quota": 1} for start, end in (("09:00", "10:30"), ("14:30", "16:00"))]
    _done(office, office.call("PUT", f"{base}/plan", {"from_day": today, "lines": lines}, expect=202))

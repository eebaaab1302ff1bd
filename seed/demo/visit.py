"""The main job as stories: a family books, pays and walks in; somebody changes their mind; things go wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, somebody, until

PAID_PLACE, FREE_PLACE, OPEN_PLACE = "pingshan", "museum", "park"
Story = Callable[[Stage], Iterator[str]]


def looking(stage: Stage) -> Iterator[str]:
    """Anybody looks around without logging in."""
    places = stage.anybody.get("/mini/v1/places?lon=115.41&lat=25.95&limit=100")["items"]
    check(len(places) > 30, "the county's places are there")  # noqa: PLR2004 - 33 were sourced
    distances = [place["distance_m"] for place in places if "distance_m" in place]
    check(distances == sorted(distances), "places come by distance")
    yield f"{len(places)} places, nearest {places[0]['name']} ({distances[0]} m)"
    found = stage.anybody.get(f"/mini/v1/places/{PAID_PLACE}")
    check(bool(found["next_slots"]), "there are free slots")
    yield f"{found['name']}: next slot {found['next_slots'][0]['day']} {found['next_slots'][0]['start']}"


def a_family_visits(stage: Stage) -> Iterator[str]:
    """A mother books for herself and her father, and pays."""
    phone, _ = stage.tourist()
    yield "logged in with WeChat"
    visitors = new_family(phone)
    yield "gave consent, bound herself, added her father (over 65)"
    slot = first_slot(stage, PAID_PLACE, 1)
    order = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": visitors}, expect=201)
    check(order["state"] == "held", "the order holds its places")
    yield f"booked {order['slot_id']} for {order['total_fen'] / 100:.2f} 元, held until {order['hold_until'][11:16]}"
    tickets = pay(stage, phone, order)
    yield f"paid; {len(tickets)} tickets issued"
    picture = phone.get(f"/mini/v1/tickets/{tickets[0]['id']}/code.png")
    check(picture[:4] == b"\x89PNG", "the ticket has a picture")
    yield f"ticket code of {len(tickets[0]['code'])} characters, readable without network"
    early = stage.gate(PAID_PLACE).scan(tickets[0]["code"])
    check(early["result"] == "other_day", "a ticket of tomorrow does not open the gate today")
    yield f"gate: {early['message']}"


def walking_in(stage: Stage) -> Iterator[str]:
    """The same family walks into the memorial park, which is open day and night."""
    phone, _ = stage.tourist()
    visitors = new_family(phone)
    order = phone.post(
        "/mini/v1/orders", {"slot_id": first_slot(stage, OPEN_PLACE, 0), "visitors": visitors}, expect=201
    )
    mother, father = phone.get(f"/mini/v1/orders/{order['id']}")["tickets"]
    gate = stage.gate(OPEN_PLACE)
    first = gate.scan(father["code"])
    check((first["result"], first["age_band"]) == ("admitted", "senior"), "the father walks in")
    check(first["inspect"] == "resident_id", "the gate clerk is told to look at his identity card")
    yield f"gate: {first['message']} {first['age_band']}, look at: {first['inspect']}"
    again = gate.scan(father["code"])
    check(again["result"] == "already_used", "a ticket works once")
    yield f"gate, second time: {again['message']}"
    check(gate.scan(mother["code"])["result"] == "admitted", "the mother walks in")
    other = stage.gate(FREE_PLACE).scan(mother["code"])
    check(other["result"] == "other_place", "a ticket of another place is told so")
    yield f"gate of the museum: {other['message']}"
    strange = gate.scan("HELLO")
    check(strange["result"] == "not_ours", "a foreign code is refused")
    yield f"gate, a foreign code: {strange['message']}"


def somebody_cancels(stage: Stage) -> Iterator[str]:
    """A tourist cancels the day before and gets the money back."""
    phone, _ = stage.tourist()
    visitors = new_family(phone)[:1]
    slot = first_slot(stage, PAID_PLACE, 2)
    before = _left(stage, slot)
    order = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": visitors}, expect=201)
    pay(stage, phone, order)
    yield "booked and paid"
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")
    check(_left(stage, slot) == before, "the place returned once, though cancelled twice")
    yield "cancelled twice; the place returned once"
    read = f"/mini/v1/orders/{order['id']}"
    ended = until(
        lambda: phone.get(read), lambda found: found.get("refund", {}).get("state") == "succeeded", "the refund"
    )
    yield f"refunded {ended['refund']['fen'] / 100:.2f} 元"


def a_free_place(stage: Stage) -> Iterator[str]:
    """A free visit is issued at once, and one person books a place once a day."""
    phone, _ = stage.tourist()
    visitors = new_family(phone)[:1]
    slot = first_slot(stage, FREE_PLACE, 1)
    order = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": visitors}, expect=201)
    tickets = phone.get(f"/mini/v1/orders/{order['id']}")["tickets"]
    check(len(tickets) == 1, "the ticket is there at once")
    yield "booked, ticket issued"
    refused = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": visitors}, expect=409)
    check(refused["code"] == "visitor_already_booked", "one person, one ticket")
    yield f"a second booking: {refused['message']}"


STORIES: list[Story] = [looking, a_family_visits, walking_in, somebody_cancels, a_free_place]


def new_family(phone: Caller) -> list[dict[str, str]]:
    """Bind a mother to the phone, add her father, and return both as visitors."""
    phone.post("/mini/v1/consents", {"purposes": ["document"], "text_version": "2026-11"}, expect=204)
    mother = phone.post("/mini/v1/person", somebody("王小红", 1980, 1995), expect=201)
    father = phone.post("/mini/v1/companions", somebody("王大山", 1940, 1958), expect=201)
    return [
        {"companion_id": mother["id"], "ticket_type": "adult"},
        {"companion_id": father["id"], "ticket_type": "senior_65"},
    ]


def first_slot(stage: Stage, place: str, days_ahead: int) -> str:
    """Return the first slot with room at least `days_ahead` civil days from today."""
    first = (clock.today() + timedelta(days=days_ahead)).isoformat()
    slots = stage.anybody.get(f"/mini/v1/places/{place}/slots")["items"]
    return str(next(one["id"] for one in slots if one["day"] >= first and one["left"] > 1))


def _left(stage: Stage, slot: str) -> int:
    place = slot.rsplit("-", 2)[0]
    return int(next(s["left"] for s in stage.anybody.get(f"/mini/v1/places/{place}/slots")["items"] if s["id"] == slot))


def pay(stage: Stage, phone: Caller, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Pay as the user at WeChat, wait for the tickets and return them."""
    arguments = phone.post(f"/mini/v1/orders/{order['id']}/payment")
    stage.play(f"/payments/{arguments['package'].removeprefix('prepay_id=')}/pay", arguments)
    read = f"/mini/v1/orders/{order['id']}"
    issued = until(lambda: phone.get(read), lambda found: found["state"] == "issued", "the ticket")
    return list(issued["tickets"])

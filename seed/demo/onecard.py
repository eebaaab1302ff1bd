"""The one-card: an elder without a phone, a card that is lost, a clock that is wrong, and who is entitled to what."""

from collections.abc import Callable, Iterator
from typing import Any

from backend import clock
from seed.demo import lists, subsidies
from seed.demo.cardholders import Counter
from seed.demo.http import Caller, check
from seed.demo.offline_gate import OfflineGate
from seed.demo.rights import known_resident
from seed.demo.stage import Stage, somebody, until
from seed.demo.visit import OPEN_PLACE, PAID_PLACE, first_slot

BUS_LINE, BUS_UNIT = "yudu-1", "transport"
TOPPED_UP, FARE = 5000, 200
FAST_SECONDS = 600
CODE_SECONDS = 30


def an_elder_without_a_phone(stage: Stage) -> Iterator[str]:
    """A couple without phones gets cards; they enter, ride and receive a subsidy; the daughter sees who looked."""
    counter, finance = Counter(stage), stage.clerk("chen.demo")
    listed = lists.ready(stage, finance)
    mother = listed["elders"][0] if listed else somebody("钟桂兰", *lists.OF_AGE)
    father, daughter = somebody("李大山", *lists.OF_AGE), somebody("李秋菊", 1965, 1980)
    parents = [counter.registered(one) for one in (mother, father)]
    printed = [counter.printed(one, counter.card(one)) for one in parents]
    yield f"registered at the counter, cards issued and activated, signed cards printed: {len(printed[0])} characters"
    child = counter.registered(daughter)
    phone = counter.phone_of(child)
    acting = [counter.helper(one, child, "book", "affairs", "card") for one in parents]
    yield "their daughter acts for them: to book, in affairs, for the card"
    order = _booked(stage, phone, acting)
    yield f"she books for both, free from 65 on: {order['slot_id']}, {order['total_fen'] / 100:.2f} 元"
    yield from _enter(stage, phone, order, printed)
    bus = stage.scanner("transit", BUS_LINE, unit=BUS_UNIT)
    ride = bus.send("/gate/v1/rides", {"code": printed[0]})
    check((ride["result"], ride["fare_fen"]) == ("accepted", 0), "the bus is free")
    yield f"bus: {ride['message']}"
    if listed:
        yield from subsidies.paid_out(stage, listed)
        yield from _received(phone, acting[0])
    else:
        yield from subsidies.waiting(stage)
    yield from _who_looked(phone, acting[0])


def a_card_is_lost(stage: Stage) -> Iterator[str]:
    """A resident pays, rides, and reports the card lost by one tap; a gate without network learns it by one sync."""
    counter = Counter(stage)
    pocket = counter.holder(somebody("肖志强", 1970, 1995))
    pocket.top_up(stage, TOPPED_UP)
    bus = stage.scanner("transit", BUS_LINE, unit=BUS_UNIT)
    ride = bus.send("/gate/v1/rides", {"code": pocket.code("transit")})
    check(ride["fare_fen"] == FARE, "who is no elder pays")
    yield f"bus: {ride['message']}"
    wrong = bus.send("/gate/v1/rides", {"code": pocket.code("medical")})
    check(wrong["result"] in {"wrong_kind", "wrong_scanner"}, "a medical code does not pay")
    yield f"bus, another code: {wrong['message']}"
    gate = stage.offline_gate(OPEN_PLACE)
    gate.sync()
    lost = pocket.phone.post("/mini/v1/card/loss")
    yield f"one tap: {lost['state_zh']}"
    before = gate.read(pocket.code("venue"))
    check(before.admitted, "a gate without network does not know it yet")
    gate.sync()
    after = gate.read(pocket.code("venue", later=CODE_SECONDS))
    check(after.result == "revoked", "after one sync it does")
    yield f"gate without network: {before.message} After one sync: {after.message}"
    refused = bus.send("/gate/v1/rides", {"code": pocket.code("transit", later=CODE_SECONDS)})
    check(refused["result"] in {"revoked", "card_not_active"}, "nothing is paid by a lost card")
    check(pocket.wallet()["balance_fen"] == TOPPED_UP - FARE, "the balance stays")
    yield f"bus: {refused['message']} The balance stays: {pocket.wallet()['balance_fen'] / 100:.2f} 元"
    here = counter.standing(pocket.person_id)
    made = counter.clerk.post(f"/office/v1/cards/{pocket.card_id}/replacement", expect=201, **here)
    pocket.card_id = counter.handed_over(made["id"], here)
    pocket.draw_seeds()
    again = bus.send("/gate/v1/rides", {"code": pocket.code("transit")})
    check(again["result"] == "accepted", "the new card rides, on the same wallet")
    yield f"replaced at the counter, codes drawn anew; bus: {again['message']}"


def a_loss_by_telephone(stage: Stage) -> Iterator[str]:
    """Somebody calls the hotline; the clerk finds the card by number and name, and every code ends."""
    person = somebody("邱玉珍", 1950, 1975)
    pocket, hotline = Counter(stage).holder(person), stage.clerk("hotline_clerk")
    desk = stage.scanner("identity", "service-hall", unit="administrative_approval")
    shown = desk.send("/gate/v1/codes", {"code": pocket.code("identity")})
    check(shown["result"] == "accepted", "the code proves who it is")
    yield f"identity code at the service hall: {shown['name']}, {shown['message']}"
    stranger = hotline.post("/office/v1/cards/find", {**person, "name": "邱玉真"}, expect=404)
    yield f"a name that does not fit: {stranger['message']}"
    found = hotline.post("/office/v1/cards/find", person)
    lost = hotline.post(f"/office/v1/cards/{found['id']}/loss", person)
    check(lost["state"] == "lost", "the hotline may report a loss")
    yield f"the clerk sees {found['holder']['name']} {found['holder']['document_tail']}: {lost['state_zh']}"
    again = desk.send("/gate/v1/codes", {"code": pocket.code("identity", later=CODE_SECONDS)})
    check(again["result"] in {"revoked", "card_not_active"}, "every code has ended")
    yield f"the same phone a moment later: {again['message']}"
    kinds = [one["kind"] for one in pocket.phone.get("/mini/v1/notices")["items"]]
    check(any("card" in one for one in kinds), "the holder is told")
    yield "the holder is told on the phone that it happened"


def a_clock_that_is_wrong(stage: Stage) -> Iterator[str]:
    """A phone's clock is ten minutes fast: the person is told so, calibrates once, and every gate reads the codes."""
    pocket = Counter(stage).holder(somebody("温晓燕", 1985, 2003))
    desk = stage.scanner("identity", "service-hall", unit="administrative_approval")
    pocket.fast = FAST_SECONDS
    told = desk.send("/gate/v1/codes", {"code": pocket.code("identity")})
    check((told["result"], round(told["offset_seconds"] / 60)) == ("clock_off", 10), "it is told by how much")
    yield f"scanner: {told['message']}"
    gate = stage.offline_gate(OPEN_PLACE)
    gate.sync()
    alone = gate.read(pocket.code("venue"))
    check(alone.result == "clock_off", "a gate without network tells it as well")
    yield f"gate without network: {alone.message}"
    pocket.calibrate()
    right = desk.send("/gate/v1/codes", {"code": pocket.code("identity")})
    check(right["result"] == "accepted", "after calibrating it works, the clock still wrong")
    check(gate.read(pocket.code("venue")).admitted, "and without network")
    yield f"calibrated by {pocket.offset:+.0f} s, the clock left as it is: {right['message']}"


def what_one_is_entitled_to(stage: Stage) -> Iterator[str]:
    """A student sees every concession with the reason; somebody of 64 is refused what begins at 65, in words."""
    phone, _ = known_resident(stage, "陈思远", "students")
    before = {one["concession"]: one for one in phone.get("/mini/v1/card/entitlements")["items"]}
    student = before["student"]
    yield f"before consenting: {student['concession_zh']}: {student['state_zh']}; {student['why_zh']}"
    phone.post("/mini/v1/consents", {"purposes": ["entitlements"], "text_version": "2026-11"}, expect=204)
    after = {one["concession"]: one for one in phone.get("/mini/v1/card/entitlements")["items"]}
    check(after["student"]["state"] == "verified", "the register of pupils knows the student")
    for one in after.values():
        yield f"{one['concession_zh']}: {one['state_zh']}; {one['why_zh']}"
    yield from _too_young(stage)


STORIES: list[Callable[[Stage], Iterator[str]]] = [
    an_elder_without_a_phone,
    a_card_is_lost,
    a_loss_by_telephone,
    a_clock_that_is_wrong,
    what_one_is_entitled_to,
]


def _too_young(stage: Stage) -> Iterator[str]:
    year = clock.today().year - 64
    phone, me = known_resident(stage, "方建国", born=(year, year))
    told = {one["concession"]: one for one in phone.get("/mini/v1/card/entitlements")["items"]}
    scenic = told["senior_65_scenic"]
    check(scenic["state"] == "refused", "free entry begins at 65")
    yield f"somebody not yet 65: {scenic['state_zh']}; {scenic['why_zh']}"
    body = {"slot_id": first_slot(stage, PAID_PLACE, 1), "visitors": [_senior(me)]}
    refused = phone.post("/mini/v1/orders", body, expect=422)
    check(refused["code"] in {"ticket_type_age", "concession_refused"}, "and nobody books it before")
    yield f"and books a free ticket all the same: {refused['message']}"


def _booked(stage: Stage, phone: Caller, acting: list[dict[str, Any]]) -> Any:
    add = "/mini/v1/companions/from-relation"
    visitors = [_senior(phone.post(add, {"relation_id": one["Acting-For"]}, expect=201)) for one in acting]
    body = {"slot_id": first_slot(stage, OPEN_PLACE, 0), "visitors": visitors}
    order = phone.post("/mini/v1/orders", body, expect=201)
    check((order["state"], order["total_fen"]) == ("issued", 0), "their tickets are free")
    return order


def _senior(companion: dict[str, Any]) -> dict[str, str]:
    return {"companion_id": companion["id"], "ticket_type": "senior_65"}


def _enter(stage: Stage, phone: Caller, order: dict[str, Any], printed: list[str]) -> Iterator[str]:
    """One walks in at a gate with network, the other at one without, which hands that in later."""
    seen = stage.gate(OPEN_PLACE).scan(printed[0])
    check((seen["result"], seen["age_band"]) == ("admitted", "senior"), "the printed card opens the gate")
    look = f", look at: {seen['inspect']}" if seen.get("inspect") else ", nothing to look at: verified"
    yield f"gate, the mother's printed card: {seen['message']} {seen['age_band']}{look}"
    gate: OfflineGate = stage.offline_gate(OPEN_PLACE)
    gate.sync()
    alone, again = gate.read(printed[1]), gate.read(printed[1])
    check((alone.admitted, again.result) == (True, "replayed"), "a gate without network reads it as well, once")
    yield f"gate without network, the father's: {alone.message} Shown again: {again.message}"
    gate.upload()
    read = f"/mini/v1/orders/{order['id']}"
    until(lambda: phone.get(read), lambda one: all(ticket["state"] == "used" for ticket in one["tickets"]), "the entry")
    yield "the gate hands in what it did: both tickets are used"


def _received(phone: Caller, acting: dict[str, Any]) -> Iterator[str]:
    def lines() -> list[dict[str, Any]]:
        return list(phone.get("/mini/v1/benefits", **acting)["items"])

    (line,) = until(lines, lambda found: [one["state"] for one in found] == ["paid"], "the money")
    yield f"the daughter reads: {line['item_zh']} {line['amount_fen'] / 100:.2f} 元, account …{line['account_tail']}"


def _who_looked(phone: Caller, acting: dict[str, Any]) -> Iterator[str]:
    looks = phone.get("/mini/v1/access-lines", **acting)["items"]
    check({"counter_service", "card_use", "acting_for"} <= {one["purpose"] for one in looks}, "every look is there")
    for one in looks:
        yield f"who looked: {one['sentence']}"

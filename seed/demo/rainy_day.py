"""A rainy day at the sports ground: courts and prices, water out of limits, a closing, and money that goes back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo.http import Caller, StoryFailed, check
from seed.demo.rights import known_resident
from seed.demo.stage import Stage, somebody, until
from seed.demo.visit import new_family, pay

GROUND, POOL = "sport_ground", "sport_pool"
COURT, OTHER, THIRD = "basketball_1", "tennis_1", "basketball_2"
DAYS_AHEAD = 2
COUPLES = ("15:00", "16:00", "17:00")
EVENING_FEN, SESSION_FEN = 6000, 3000
GOOD = {"free_chlorine": 0.5, "ph": 7.4, "turbidity": 0.4}
WRONG = {"free_chlorine": 0.1, "ph": 7.4, "turbidity": 1.6}
SENT_SECONDS = 60


def a_rainy_day(stage: Stage) -> Iterator[str]:
    """It rains on the courts: staff look at whom it affects, close, all money goes back, everybody is told."""
    manager = stage.clerk("kong.demo")
    day = _free_day(stage)
    phone, user = stage.tourist()
    yield from _prices(stage, day)
    order = _with_friends(stage, phone, day)
    number = _number(stage, phone, user)
    yield f"four friends book two hours: {order['total_fen'] / 100:.2f} 元, {len(order['tickets'])} tickets"
    student, half = _a_student(stage, day)
    yield f"a student books tennis with a friend at half the price: {half['total_fen'] / 100:.2f} 元"
    for start in COUPLES:
        _couple(stage, day, start)
    body = {"place_id": GROUND, "from_day": day, "to_day": day, "start": "14:00", "outdoor": True, "reason": "rain"}
    seen = manager.post("/office/v1/sport/closures", body, expect=201)
    figures = seen["figures"]
    check(
        (figures["orders"], figures["people"]) == (2 + len(COUPLES), 6 + 2 * len(COUPLES)),
        "the look before tells whom it affects",
    )
    check(_state(stage, day) == "open", "nothing is closed yet")
    yield f"preview: {', '.join(f'{number} {what}' for what, number in figures.items())}"
    read = f"/office/v1/sport/closures/{seen['id']}"
    began = manager.post(f"{read}/confirm", expect=202)["job"]
    yield f"confirmed: {began['done']} of {began['total']} orders cancelled, {began['state']}"
    done = until(lambda: manager.get(read)["job"], lambda job: job["state"] == "done", "the refunds")
    check((done["done"], done["failures"]) == (figures["orders"], []), "every order was cancelled")
    yield f"a moment later: {done['done']} of {done['total']}, {done['state']}"
    for one, made in ((phone, order), (student, half)):
        ended = _refunded(one, made["id"])
        check(ended["refund"]["fen"] == made["total_fen"], "all money goes back")
    yield "all money is back at WeChat"
    notice = until(lambda: _notice(phone, "weather_closed"), bool, "word of the closing")
    yield f"inbox: {notice['text_zh']}"
    text = until(lambda: _texts(stage, number), bool, "the SMS", seconds=SENT_SECONDS)[-1]
    yield f"SMS to …{number[-4:]}: template {text['template']}, {', '.join(text['parameters'])}"
    yield from _for_the_staff(manager, day)
    manager.post(f"{read}/reopen")
    check(_state(stage, day) == "open", "the courts are let again")
    yield "the rain is over: reopened; what was cancelled stays cancelled"


def the_pool(stage: Stage) -> Iterator[str]:
    """The water of the pool is out of limits, and good again; one of two swimmers stays at home and is paid back."""
    hours = stage.anybody.get("/mini/v1/sport/public-hours")["items"]
    free = next(one for one in hours if one["left"] and one["day"] > clock.today().isoformat())
    swimmer, _ = stage.tourist()
    guest = new_family(swimmer)[0]["companion_id"]
    public = {"slots": [free["id"]], "players": [{"companion_id": guest}], "ticket_type": "public"}
    booked = swimmer.post("/mini/v1/sport/bookings", public, expect=201)
    check((booked["total_fen"], booked["state"]) == (0, "issued"), "public hours are free")
    yield f"free public hours: {free['day']} {free['start']}, {booked['resource_zh']}"
    yield from _water(stage)
    phone, _ = stage.tourist()
    two = [{"companion_id": one["companion_id"]} for one in new_family(phone)]
    session = _session(stage, DAYS_AHEAD)
    body = {"slots": [session], "players": two, "ticket_type": "adult"}
    order = phone.post("/mini/v1/sport/bookings", body, expect=201)
    pay(stage, phone, order)
    phone.post(f"/mini/v1/orders/{order['id']}/cancel", {"visitors": [1]})
    read = f"/mini/v1/orders/{order['id']}"
    kept = until(lambda: phone.get(read), lambda one: one["partial_refunds"][0]["state"] == "succeeded", "the money")
    (part,) = kept["partial_refunds"]
    check((part["fen"], kept["state"]) == (SESSION_FEN, "issued"), "one is paid back, the other one still swims")
    check([one["state"] for one in kept["visitors"]] == ["booked", "cancelled"], "one of two stays at home")
    yield f"of two who booked, one stays at home: {part['fen'] / 100:.2f} of {order['total_fen'] / 100:.2f} 元 go back"
    phone.post(f"/mini/v1/orders/{order['id']}/cancel")


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_rainy_day, the_pool]


def _board(stage: Stage, place: str, day: str) -> dict[str, list[dict[str, Any]]]:
    items = stage.anybody.get(f"/mini/v1/sport/venues/{place}/board?day={day}")["items"]
    return {one["resource"]: one["slots"] for one in items}


def _free_day(stage: Stage) -> str:
    """Return a day of the coming week for which nobody has booked yet.

    Raises:
        StoryFailed: there is none.
    """
    for ahead in range(DAYS_AHEAD, 7):
        day = (clock.today() + timedelta(days=ahead)).isoformat()
        board = _board(stage, GROUND, day)
        if all(one["left"] for court in (COURT, OTHER, THIRD) for one in board[court]):
            return day
    raise StoryFailed("no evening of the coming week is free")


def _slot(stage: Stage, court: str, day: str, start: str) -> str:
    return str(next(one["id"] for one in _board(stage, GROUND, day)[court] if one["start"] == start))


def _state(stage: Stage, day: str) -> str:
    return str(next(one["state"] for one in _board(stage, GROUND, day)[COURT] if one["start"] == "19:00"))


def _prices(stage: Stage, day: str) -> Iterator[str]:
    hours = "&".join(f"slot_id={_slot(stage, COURT, day, start)}" for start in ("18:00", "19:00"))
    told = {}
    for kind in ("standard", "student", "county_resident"):
        quote = stage.anybody.get(f"/mini/v1/sport/quote?{hours}&ticket_type={kind}")
        told[kind] = quote["price_fen"]
    check(told["student"] * 2 == told["standard"] == 2 * EVENING_FEN, "the price hangs on the class")
    first = quote["refund_steps"][0]
    named = ", ".join(f"{kind} {fen / 100:.2f} 元" for kind, fen in told.items())
    yield f"{day} 18:00–20:00, {quote['resource_zh']}: {named}; {first['percent']} % back until {first['until'][11:16]}"


def _with_friends(stage: Stage, phone: Caller, day: str) -> dict[str, Any]:
    """Book two hours in a row for four, and pay."""
    family = [one["companion_id"] for one in new_family(phone)]
    friends = [
        phone.post("/mini/v1/companions", somebody(name, 1985, 2000), expect=201)["id"] for name in ("罗林", "孙一")
    ]
    body = {
        "slots": [_slot(stage, COURT, day, start) for start in ("18:00", "19:00")],
        "players": [{"companion_id": one} for one in (*family, *friends)],
        "ticket_type": "standard",
    }
    made = phone.post("/mini/v1/sport/bookings", body, expect=201)
    pay(stage, phone, made)
    return dict(phone.get(f"/mini/v1/sport/bookings/{made['id']}"))


def _couple(stage: Stage, day: str, start: str) -> None:
    """Let two book an hour of another court, and pay."""
    phone, _ = stage.tourist()
    players = [{"companion_id": one["companion_id"]} for one in new_family(phone)]
    body = {"slots": [_slot(stage, THIRD, day, start)], "players": players, "ticket_type": "standard"}
    pay(stage, phone, phone.post("/mini/v1/sport/bookings", body, expect=201))


def _a_student(stage: Stage, day: str) -> tuple[Caller, dict[str, Any]]:
    """Let a student whom the register knows book an hour with a friend."""
    phone, me = known_resident(stage, "陈思远", "students")
    phone.post("/mini/v1/consents", {"purposes": ["entitlements"], "text_version": "2026-11"}, expect=204)
    friend = phone.post("/mini/v1/companions", somebody("罗晓", 1985, 2000), expect=201)
    players = [{"companion_id": one["id"]} for one in (me, friend)]
    body = {"slots": [_slot(stage, OTHER, day, "16:00")], "players": players, "ticket_type": "student"}
    made = phone.post("/mini/v1/sport/bookings", body, expect=201)
    pay(stage, phone, made)
    return phone, made


def _number(stage: Stage, phone: Caller, user: dict[str, Any]) -> str:
    """Let the account learn the phone number from WeChat, for SMS."""
    phone.post("/mini/v1/consents", {"purposes": ["phone"], "text_version": "2026-11"}, expect=204)
    phone.post("/mini/v1/phone", {"code": stage.play(f"/users/{user['user_id']}/phone_code", {})["code"]})
    return str(user["phone"])


def _refunded(phone: Caller, order_id: str) -> dict[str, Any]:
    def read() -> Any:
        return phone.get(f"/mini/v1/orders/{order_id}")

    return dict(until(read, lambda one: one.get("refund", {}).get("state") == "succeeded", "the refund"))


def _notice(phone: Caller, kind: str) -> Any:
    return next((one for one in phone.get("/mini/v1/notices")["items"] if one["kind"] == kind), None)


def _texts(stage: Stage, number: str) -> list[dict[str, Any]]:
    return [one for one in stage.texts() if one["number"].endswith(number)]


def _for_the_staff(manager: Caller, day: str) -> Iterator[str]:
    base = f"/office/v1/sport/venues/{GROUND}/utilisation"
    used = manager.get(f"{base}?from={day}&to={day}")["items"]
    closed = sum(one["closed"] for one in used)
    check(closed > 0, "what was closed is no use that was missed")
    sheet = manager.get(f"{base}.xlsx?from={day}&to={day}")
    check(sheet[:2] == b"PK", "the utilisation is a workbook")
    yield f"utilisation of {day}: {len(used)} courts, {closed} hours closed; a workbook of {len(sheet)} bytes"


def _session(stage: Stage, ahead: int) -> str:
    day = (clock.today() + timedelta(days=ahead)).isoformat()
    return str(next(one["id"] for one in _board(stage, POOL, day)["main"] if one["start"] == "14:00"))


def _water(stage: Stage) -> Iterator[str]:
    """A sensor tells that the water is out of limits, twice, then good: sales stop and go on by themselves."""
    sensor, tomorrow = stage.gate(POOL), _session(stage, 1)

    def measure(values: dict[str, float]) -> dict[str, Any]:
        at = clock.civil(clock.now()).isoformat(timespec="milliseconds")
        return dict(sensor.send("/gate/v1/sport/water-readings", {"water": "main", "at": at, "values": values}))

    def state() -> Any:
        return stage.anybody.get(f"/mini/v1/slots/{tomorrow}")["state"]

    measure(GOOD)
    told = [measure(WRONG) for _ in range(2)][-1]
    wrong = next(one for one in told["values"] if not one["good"])
    until(state, lambda one: one == "paused", "the stop of sales")
    shown = stage.anybody.get(f"/public/v1/sport/venues/{POOL}/water")["items"]
    check(next(one["halted"] for one in shown if one["water"] == "main"), "everybody may see it")
    yield f"two readings out of limits, {wrong['indicator_zh']} {wrong['value']} ({wrong['standard'][:13]}): sales stop"
    measure(GOOD)
    until(state, lambda one: one == "open", "sales")
    yield "a good reading: sales go on"

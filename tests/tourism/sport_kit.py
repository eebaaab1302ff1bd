"""What the tests of sport share: the hours of the seed, and booking them with a phone."""

from datetime import timedelta

from backend import clock
from models.booking import slot, sweeper
from tests.support.phone import Phone

HALL, POOL, GROUND = "sport_gymnasium", "sport_pool", "sport_ground"


def day(days: int = 2) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def hour(start: int, resource: str = "badminton_1", *, place: str = HALL, days: int = 2) -> str:
    return slot.slot_id(place, day(days), start * 60, resource)


def players(*who: str, **more) -> list[dict]:
    return [{"companion_id": one, **more} for one in who]


def book(phone: Phone, slots, who, kind: str = "standard", *, key: str | None = None):
    body = {"slots": [slots] if isinstance(slots, str) else slots, "players": who, "ticket_type": kind}
    return phone.post("/mini/v1/sport/bookings", body, key=key)


def booked(answer) -> dict:
    assert answer.status_code == 201, answer.json
    return answer.json


def issued(phone: Phone, slots, who, kind: str = "standard") -> dict:
    """Book, pay where there is something to pay, and return the issued booking."""
    made = booked(book(phone, slots, who, kind))
    if made["total_fen"]:
        phone.pay(made)
        phone.post(f"/mini/v1/orders/{made['id']}/payment-check")
    found = phone.get(f"/mini/v1/sport/bookings/{made['id']}").json
    assert found["state"] == "issued", found
    return found


def left(*slots: str) -> list[int]:
    return [slot.read(one)["left"] for one in slots]


def drift(*slots: str) -> set[int]:
    return {sweeper.recount(one) for one in slots}


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def partner(phone: Phone) -> list[dict]:
    """Return the booker and a companion as players."""
    return players(phone.me, phone.companion())

"""Cards of a test: phones of verified persons, a card in hand, and the clerks who deal with cards."""

from bson import ObjectId
from mongoengine.connection import get_db

from tests.support import queues
from tests.support.clerk import Clerk
from tests.support.counter import Counter, in_days
from tests.support.phone import Phone

NAME = "张三丰"


def holder(client, sandbox, *, level: str = "verified", name: str = NAME) -> Phone:
    """Return a phone whose person is sure to a level."""
    phone = Phone(client, sandbox).log_in()
    phone.consent("document")
    phone.bind(name)
    phone.name = name
    return phone.sure(level) if level != "declared" else phone


def applied(phone: Phone) -> Phone:
    answer = phone.post("/mini/v1/card")
    assert answer.status_code == 201, answer.json
    phone.card = answer.json["id"]
    return phone


def issued(phone: Phone) -> Phone:
    applied(phone)
    queues.drain("cards", "notify")
    assert seen(phone)["state"] == "issued"
    return phone


def active(phone: Phone) -> Phone:
    issued(phone)
    assert phone.post("/mini/v1/card/activation").status_code == 200
    queues.drain("cards", "notify")
    assert seen(phone)["state"] == "active"
    return phone


def seen(phone: Phone, **headers) -> dict:
    answer = phone.get("/mini/v1/card", **headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def stored(card_id: str) -> dict:
    return get_db().cards.find_one({"_id": ObjectId(card_id)})


def credentials(card_id: str, state: str = "live") -> list[dict]:
    return [one for one in get_db().credentials.find({"card": ObjectId(card_id)}) if one["state"] == state]


def account_of(phone: Phone) -> dict:
    return get_db().accounts.find_one({"person": stored(phone.card)["person"]})


def differences() -> list[dict]:
    return list(get_db().card_differences.find({"state": {"$in": ["open", "settled"]}}))


def clerk(admin: Clerk, *roles: str) -> Clerk:
    return admin.hire(*roles, unit="human_resources")


def papers(phone: Phone) -> dict:
    return {"name": phone.name, "document_kind": "resident_id", "document_number": phone.document}


def person_of(phone: Phone) -> str:
    return str(stored(phone.card)["person"])


def standing(counter: Counter, phone: Phone) -> dict[str, str]:
    return counter.standing(person_of(phone))


def offered(phone: Phone, to: Phone, *, kinds=("medical", "transit"), days: int = 30, key: str | None = None):
    body = {**papers(to), "kinds": list(kinds), "last_day": in_days(days)}
    return phone.post("/mini/v1/family-cards", body, key=key)

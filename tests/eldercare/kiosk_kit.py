"""Elders with cards at a kiosk, and what the store holds of them."""

from typing import Any

import pytest
from bson import ObjectId

from backend import clock
from models.eldercare import subject
from models.eldercare.observation import HealthObservation
from tests.onecard.codes_kit import Wallet, give_card, person_of
from tests.support.kiosk import Kiosk, Wearable


class Elder(Wallet):
    """A phone with a card, whose codes a kiosk reads."""

    def __init__(self, phone):
        phone.sure("verified")
        self.person = person_of(phone)
        phone.card = give_card(self.person)
        super().__init__(phone)
        assert self.draw_seeds().status_code == 201

    def code(self, *, later: float = 0.0) -> str:
        return super().code("medical", later=later)

    @property
    def subject(self) -> ObjectId | None:
        found = subject.of_person(self.person)
        return found["_id"] if found else None

    def measured(self, code: str = "") -> list[dict[str, Any]]:
        return observations(self.subject, code)


def observations(subject_id: ObjectId | None, code: str = "") -> list[dict[str, Any]]:
    """Return what is stored of a subject, the oldest first."""
    query = {"subject": subject_id} | ({"code": code} if code else {})
    return list(HealthObservation._get_collection().find(query).sort([("at", 1), ("_id", 1)]))


@pytest.fixture
def elder(phone):
    return Elder(phone)


@pytest.fixture
def kiosk(client, seeded):
    return Kiosk(client)


@pytest.fixture
def band(client, seeded):
    return Wearable(client)


def cared(person_id: ObjectId, unit: str) -> ObjectId:
    """Enrol a person and let a unit care for them; return the subject."""
    found = subject.enrol(person_id, by="staff:test")
    change = {"$addToSet": {"units": {"unit": unit, "as": "village_clinic", "since": clock.now()}}}
    subject.HealthSubject._get_collection().update_one({"_id": found["_id"]}, change)
    return ObjectId(found["_id"])

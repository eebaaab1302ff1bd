"""The service counter of a test: a clerk with a person in front of them, over HTTP."""

from datetime import date, timedelta

from backend import clock
from tests.support.clerk import Clerk
from tests.support.phone import Phone, person


class Counter:
    def __init__(self, clerk: Clerk):
        self.clerk = clerk

    def twin(self, client) -> "Counter":
        """Return the same clerk on another connection, for threads."""
        return Counter(self.clerk.twin(client))

    def find(self, body: dict):
        return self.clerk.post("/office/v1/persons/find", body)

    def register(self, body: dict, *, seen: str = "identity_card", key: str | None = None, **more):
        return self.clerk.post("/office/v1/persons", {**body, "document_seen": seen, **more}, key=key)

    def registered(self, body: dict | None = None, *, birth: str = "19900307", **more) -> str:
        """Register a person, by default one without a phone, and return the id."""
        answer = self.register(body or person(birth=birth), **more)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    def bind(self, person_id: str, code: str, *, seen: str = "identity_card", key: str | None = None):
        body = {"code": code, "document_seen": seen}
        return self.clerk.post(f"/office/v1/persons/{person_id}/binding", body, key=key)

    def serve(self, person_id: str, *, seen: str = "identity_card"):
        return self.clerk.post(f"/office/v1/persons/{person_id}/counter-sessions", {"document_seen": seen})

    def standing(self, person_id: str) -> dict[str, str]:
        """Begin to serve somebody and return the header that says so."""
        answer = self.serve(person_id)
        assert answer.status_code == 201, answer.json
        return {"Counter-Session": answer.json["id"]}

    def relate(self, kind: str, for_person: str, agent: str, *, present: str | None = None, **more):
        """Verify a relation with the agent present, or who is named."""
        evidence = {"guardian": "household_register", "helper": "both_present"}[kind]
        body = {"kind": kind, "for_person_id": for_person, "agent_id": agent, "evidence": evidence, **more}
        return self.clerk.post("/office/v1/relations", body, **self.standing(present or agent))

    def verified(self, phone: Phone, body: dict) -> str:
        """Bind a phone to a person at the counter, as verified, and return the person's id."""
        person_id = self.registered(body)
        answer = self.bind(person_id, code(phone))
        assert answer.status_code == 201, answer.json
        return person_id


def resident(client, sandbox, body: dict | None = None) -> Phone:
    """Return a phone that is logged in and has agreed to the use of the document; `body` is who it declares to be."""
    phone = Phone(client, sandbox).log_in()
    assert phone.consent("document").status_code == 204
    if body:
        answer = phone.post("/mini/v1/person", body)
        assert answer.status_code == 201, answer.json
        phone.me = answer.json["id"]
    return phone


def code(phone: Phone) -> str:
    answer = phone.post("/mini/v1/binding-code")
    assert answer.status_code == 201, answer.json
    return answer.json["code"]


def level(phone: Phone) -> str:
    return phone.get("/mini/v1/account").json["level"]


def notices(phone: Phone) -> list[str]:
    return [one["kind"] for one in phone.get("/mini/v1/notices").json["items"]]


def in_days(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def born(birthday: date, years: int) -> str:
    """Return the birth date, as a document writes it, of who completes so many years on a day."""
    return birthday.replace(year=birthday.year - years).strftime("%Y%m%d")


def again(counter: Counter, *phones: Phone) -> None:
    """Log in anew after a journey in time."""
    counter.clerk._step = 0
    counter.clerk.log_in()
    for phone in phones:
        phone.log_in()

"""A resident's phone: what the mini-program does, over HTTP."""

import itertools
import uuid
from datetime import date

from backend import clock
from backend.identity_documents import age_on, check_character
from models.identity import account, binding
from models.identity.person import CHILD_BELOW

_numbers = itertools.count(1)
AREAS = ("360731", "360702", "360703", "360704", "360722", "360723", "360724", "360726", "360728", "360729", "360730")
"""The county and others of its city, GB/T 2260: one area has but a thousand numbers for a day of birth."""


def resident_id(birth: str = "19900307") -> str:
    area, running = divmod(next(_numbers), 1000)
    body = f"{AREAS[area]}{birth}{running:03d}"
    return body + check_character(body)


class Phone:
    def __init__(self, client, sandbox, name: str | None = None):
        self.client, self.sandbox = client, sandbox
        self.user = sandbox.user(name or f"user-{uuid.uuid4().hex[:12]}")
        self.token = ""

    def call(self, method: str, path: str, body=None, *, key: str | None = None, **headers):
        given = {"Idempotency-Key": key or uuid.uuid4().hex} if method == "POST" else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        return self.client.open(path, method=method, json=body, headers={**given, **headers})

    def get(self, path: str, **headers):
        return self.call("GET", path, **headers)

    def post(self, path: str, body=None, *, key: str | None = None, **headers):
        return self.call("POST", path, {} if body is None else body, key=key, **headers)

    def log_in(self):
        version = self.get("/mini/v1/privacy-text").json["version"]
        body = {"js_code": self.sandbox.js_code(self.user), "privacy_version": version}
        answer = self.post("/mini/v1/login", body)
        assert answer.status_code == 200, answer.json
        self.tokens = answer.json
        self.token = answer.json["access_token"]
        return self

    def consent(self, kind: str):
        return self.post("/mini/v1/consents", {"purposes": [kind], "text_version": "2026-11"})

    def ready(self, birth: str = "19900307"):
        self.log_in().consent("document")
        return self.bind("张三丰", birth)

    def bind(self, name: str, birth: str = "19900307"):
        told = person(name, birth)
        answer = self.post("/mini/v1/person", told)
        assert answer.status_code == 201, answer.json
        self.me, self.document = answer.json["id"], told["document_number"]
        return self

    def sure(self, level: str = "matched"):
        """Let a register make the binding surer, as its rule does."""
        document = account.authenticate(self.token).document
        told = {"method": "register", "evidence": ["test"], "by": "system:test"}
        binding.raise_level(document["_id"], document["person"], level, **told)
        return self

    def companion(self, birth: str = "19900307") -> str:
        if age_on(date.fromisoformat(birth), clock.today()) < CHILD_BELOW:
            assert self.consent("minor").status_code == 204
        answer = self.post("/mini/v1/companions", person("李四", birth))
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    def free_slot(self, place: str, *, later: int = 1) -> str:
        slots = self.get(f"/mini/v1/places/{place}/slots").json["items"]
        days = sorted({slot["day"] for slot in slots})
        return next(slot["id"] for slot in slots if slot["day"] == days[later] and slot["left"] >= 5)

    def book(self, slot: str, *visitors: tuple[str, str], key: str | None = None):
        chosen = visitors or ((self.me, "adult"),)
        body = {"slot_id": slot, "visitors": [{"companion_id": c, "ticket_type": t} for c, t in chosen]}
        return self.post("/mini/v1/orders", body, key=key)

    def slot(self, slot_id: str) -> dict:
        """Return what the API shows of a slot."""
        return self.get(f"/mini/v1/slots/{slot_id}").json

    def issued(self, slot: str, *visitors: tuple[str, str]) -> dict:
        """Book, pay where there is something to pay, and return the issued order."""
        answer = self.book(slot, *visitors)
        assert answer.status_code == 201, answer.json
        order = answer.json
        if order["total_fen"]:
            self.pay(order)
            self.post(f"/mini/v1/orders/{order['id']}/payment-check")
        order = self.order(order["id"])
        assert order["state"] == "issued", order
        return order

    def cancel(self, order_id: str):
        return self.post(f"/mini/v1/orders/{order_id}/cancel")

    def twin(self, client) -> "Phone":
        """Return the same phone on another connection, for threads."""
        other = object.__new__(type(self))
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def pay(self, order: dict, **options):
        arguments = self.post(f"/mini/v1/orders/{order['id']}/payment").json
        return self.sandbox.pay(arguments["package"], **options)

    def order(self, order_id: str) -> dict:
        return self.get(f"/mini/v1/orders/{order_id}").json


def person(name: str = "张三丰", birth: str = "19900307") -> dict:
    return {"name": name, "document_kind": "resident_id", "document_number": resident_id(birth)}

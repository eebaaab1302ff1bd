"""Who captures and asks: staff of the agriculture office, a partner's device, a stranger's."""

import json
from urllib.parse import urlencode

import pytest

from models.identity import device
from models.selenium import uri
from tests.epcis.events import document
from tests.support.clerk import first_admin
from tests.support.gate import Gate


def named(headers: dict) -> dict:
    return {name.replace("_", "-"): told for name, told in headers.items()}


class Teller:
    """Somebody who speaks EPCIS."""

    def __init__(self, send, party: str):
        self.send, self.party = send, party

    def get(self, path: str, **headers):
        return self.send("GET", f"/epcis{path}", None, headers)

    def post(self, path: str, body, **headers):
        return self.send("POST", f"/epcis{path}", body, headers)

    def captured(self, document, **headers) -> dict:
        """Capture and return the job."""
        answer = self.post("/capture", document, **headers)
        assert answer.status_code == 202, answer.json
        return self.get(answer.headers["Location"].removeprefix("/epcis")).json

    def stored(self, *events, **more) -> None:
        job = self.captured(document(*events, **more))
        assert job["success"], job["errors"]

    def found(self, **query) -> list[dict]:
        answer = self.ask(**query)
        assert answer.status_code == 200, answer.json
        return answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]

    def ask(self, **query):
        return self.get(f"/events?{urlencode(query, doseq=True)}" if query else "/events")

    def ids(self, **query) -> list[str]:
        return [one["eventID"] for one in self.found(**query)]


@pytest.fixture
def office(client, seeded):
    clerk = first_admin(client).hire("agriculture_office", unit="agriculture_rural")

    def send(method, path, body, headers):
        told = {"Authorization": f"Bearer {clerk.token}", **named(headers)}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = told.pop("Content-Type", "application/json")
        return client.open(path, method=method, data=raw, content_type=kind if raw is not None else None, headers=told)

    return Teller(send, uri.party("unit-agriculture_rural"))


def signer(client, place: str) -> Teller:
    gate = Gate(client, place)
    device.Device._get_collection().update_one({"_id": gate.id}, {"$set": {"scanner_class": "sensor"}})

    def send(method, path, body, headers):
        raw = b"" if body is None else json.dumps(body).encode()
        told = {"Authorization": gate.signed(raw, method=method, path=path), **named(headers)}
        return client.open(path, method=method, data=raw, content_type="application/json", headers=told)

    return Teller(send, uri.party(place))


@pytest.fixture
def seller(client, seeded):
    return signer(client, "seller")


@pytest.fixture
def buyer(client, seeded):
    return signer(client, "buyer")

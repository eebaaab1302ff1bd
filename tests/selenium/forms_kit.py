"""A grower's year over HTTP: fields, harvests, boxes, buyers, shipments; and the events that came of it."""

from backend import clock
from models.selenium import uri
from tests.selenium.code_kit import Packing
from tests.selenium.grower_kit import ORANGE, Firm, credit_code

DAY = "2026-11-20"


def today() -> str:
    return clock.today().isoformat()


def harvest_body(plot, grams: int = 1_000_000, **told) -> dict:
    return {"product": ORANGE, "plots": [str(plot)], "grams": grams, "harvested_on": DAY, **told}


def input_body(plot, **told) -> dict:
    body = {
        "input": "fertiliser",
        "plots": [str(plot)],
        "day": DAY,
        "name": "有机肥",
        "amount": "50",
        "unit": "kg_per_mu",
    }
    return {**body, **told}


def made(answer, status: int = 201) -> dict:
    assert answer.status_code == status, answer.json
    return answer.json


class Farm(Packing):
    """A co-operative that packs, with the ways of its year."""

    def post(self, path: str, body=None, **headers):
        return self.firm.post(f"/selenium{path}", body, **headers)

    def get(self, path: str):
        return self.firm.get(f"/selenium{path}")

    def brought_in(self, grams: int = 1_000_000, **told) -> str:
        return made(self.post("/lots", harvest_body(self.plot, grams, **told)))["id"]

    def buyer(self, **told) -> str:
        return made(self.post("/buyers", {"name": "测试水果店", "phone": "13811112222", **told}))["id"]

    def boxed(self, *parts: dict) -> str:
        return made(self.post("/boxes", {"packs": list(parts), "day": DAY}))["id"]

    def ship(self, buyer: str, **told):
        return self.post("/shipments", {"buyer": buyer, "day": DAY, **told})

    def records(self, **asked) -> list[dict]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return made(self.get(f"/records?{query}"), 200)["items"]

    def record(self, kind: str) -> dict:
        return self.records(kind=kind)[0]

    def withdraw(self, record: dict):
        return self.post(f"/records/{record['id']}/withdraw")

    def events(self, query: str = "") -> list[dict]:
        """Return the events that the owner reads over the standard's own interface."""
        return read_events(self.firm, query)

    def event(self, record: dict) -> dict:
        """Return the event of a record."""
        (event_id,) = record["event_ids"]
        (found,) = [one for one in self.events(f"EQ_eventID={event_id}") if "errorDeclaration" not in one]
        return found


def read_events(firm: Firm, query: str = "") -> list[dict]:
    answer = firm.phone.client.get(
        f"/epcis/events?perPage=100&{query}",
        headers={"Authorization": f"Bearer {firm.phone.token}", "X-Organisation-Id": firm.id},
    )
    assert answer.status_code == 200, answer.json
    return answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def party(told) -> str:
    return uri.party(told)


__all__ = ["DAY", "Farm", "credit_code", "harvest_body", "input_body", "made", "party", "read_events", "today"]

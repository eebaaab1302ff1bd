"""A firm of made-up people: known to the business register, owned by whom a counter clerk has seen, spoken for."""

import secrets
from collections.abc import Iterator
from typing import Any

from seed.demo.counter import CARD
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, somebody

TOWN, VILLAGE = "360731105", "360731105002"
MOBILES = ("136", "137", "139", "158", "188")


class Firm:
    """An organisation and one of its people, whose phone speaks for it; `owner` is the number of who represents it."""

    def __init__(self, phone: Caller, organisation: dict[str, Any], owner: str = "") -> None:
        self.owner, self.phone, self.id = owner, phone, str(organisation["id"])
        self.name, self.credit_code = str(organisation["name"]), str(organisation["credit_code"])

    def get(self, path: str, *, expect: int = 200) -> Any:
        """Read in the name of the organisation."""
        return self.phone.get(_where(path), expect=expect, **self._named)

    def post(self, path: str, body: Any = None, *, expect: int = 201) -> Any:
        """Write in the name of the organisation."""
        return self.phone.post(_where(path), body, expect=expect, **self._named)

    @property
    def _named(self) -> dict[str, str]:
        return {"X-Organisation-Id": self.id}


def founded(stage: Stage, name: str, representative: str) -> Iterator[str | Firm]:
    """Let somebody of 梓山 become the owner of a firm by the business register; the firm comes last."""
    phone, person = _matched(stage, representative)
    code = _in_business(stage, f"于都县梓山镇{name}", person)
    claim = {"credit_code": code}
    early = phone.post("/enterprise/v1/organisations", claim, expect=403)
    yield f"{representative} of 梓山, known to the registers, wants to act for the firm: {early['message']}"
    _seen(stage, phone, person)
    made = phone.post("/enterprise/v1/organisations", claim, expect=201)
    check(made["credit_code"] == code, "the register names the legal representative")
    own = Firm(phone, made, person["document_number"])
    check(own.get("/organisation")["role"] == "owner", "who represents it owns it here")
    yield f"seen at the counter, named by the business register: owner of {own.name}, {own.credit_code}"
    yield own


def joined(stage: Stage, own: Firm, name: str) -> Firm:
    """Let a neighbour join a firm by an invitation, and speak for it."""
    code = own.post("/invitations", {"role": "clerk"})["code"]
    phone, _ = _matched(stage, name)
    phone.post("/enterprise/v1/invitations/accept", {"code": code}, expect=201)
    return Firm(phone, own.get("/organisation"))


def mobile() -> str:
    """Return a mobile number that the next run does not use again."""
    return f"{secrets.choice(MOBILES)}{secrets.randbelow(10**8):08d}"


def _where(path: str) -> str:
    return path if path.startswith("/epcis") else f"/enterprise/v1{path}"


def _matched(stage: Stage, name: str) -> tuple[Caller, dict[str, str]]:
    """Return the phone of somebody whom the household register knows, and who they are."""
    phone, _ = stage.tourist()
    person = somebody(name, 1960, 1995)
    stage.register("/people", {"number": person["document_number"], "name": name})
    for purpose in ("document", "facts"):
        phone.post("/mini/v1/consents", {"purposes": [purpose], "text_version": "2026-11"}, expect=204)
    phone.post("/mini/v1/person", person, expect=201)
    check(phone.post("/mini/v1/person/match")["level"] == "matched", "the register knows the resident")
    return phone, person


def _seen(stage: Stage, phone: Caller, person: dict[str, str]) -> None:
    """Let a counter clerk see the identity card, and bind the phone for sure."""
    clerk = stage.clerk("counter_clerk")
    found = clerk.post("/office/v1/persons", {**person, **CARD}, expect=201)
    code = phone.post("/mini/v1/binding-code", expect=201)["code"]
    clerk.post(f"/office/v1/persons/{found['id']}/binding", {"code": code, **CARD}, expect=201)
    check(phone.get("/mini/v1/account")["level"] == "verified", "the phone is bound for sure")


def _in_business(stage: Stage, name: str, person: dict[str, str]) -> str:
    """Let the register know a firm of somebody under a name; return its credit code."""
    number = person["document_number"]
    stage.register("/people", {"number": number, "name": person["name"], "with": ["business"]})
    (firm,) = stage.register("/lookups", {"number": number})["business"]
    record = {"name": name, "industry": "农业"}
    changed = stage.register("/records", {"register": "business", "key": firm["credit_code"], "record": record})
    return str(changed["credit_code"])

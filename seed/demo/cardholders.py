"""Who holds a card in the stories: seen at a counter, with a card in hand, and a phone that draws codes by itself."""

import base64
import json
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import clock
from backend.codes import dynamic
from backend.codes.dynamic import Seed
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, until

SEEN = {"document_seen": "identity_card"}
RELATION_DAYS = 180
MADE_WITHIN_SECONDS = 60
"""The card centre is asked by a queue that may have other things to do."""


class Counter:
    """The window of the service hall; its clerk sees the identity card of whoever comes."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.clerk = stage, stage.clerk("counter_clerk")

    def registered(self, person: dict[str, str]) -> str:
        """Register somebody whom the household register knows, and return the id."""
        told = {"number": person["document_number"], "name": person["name"]}
        self.stage.register("/people", told)
        return str(self.clerk.post("/office/v1/persons", {**person, **SEEN}, expect=201)["id"])

    def standing(self, person_id: str) -> dict[str, Any]:
        """Begin to serve somebody who stands here, and return the header that says so."""
        made = self.clerk.post(f"/office/v1/persons/{person_id}/counter-sessions", SEEN, expect=201)
        return {"Counter-Session": made["id"]}

    def phone_of(self, person_id: str) -> Caller:
        """Bind a new phone to somebody who stands here, and return it."""
        phone, _ = self.stage.tourist()
        phone.post("/mini/v1/consents", {"purposes": ["document"], "text_version": "2026-11"}, expect=204)
        code = phone.post("/mini/v1/binding-code", expect=201)["code"]
        self.clerk.post(f"/office/v1/persons/{person_id}/binding", {"code": code, **SEEN}, expect=201)
        check(phone.get("/mini/v1/account")["level"] == "verified", "seen at the counter, the binding is sure")
        return phone

    def helper(self, elder: str, agent: str, *scope: str) -> dict[str, Any]:
        """Let somebody act for an elder, both standing here, and return the header with which they do."""
        body = {
            "kind": "helper",
            "for_person_id": elder,
            "agent_id": agent,
            "evidence": "both_present",
            "scope": list(scope),
            "last_day": (clock.today() + timedelta(days=RELATION_DAYS)).isoformat(),
        }
        made = self.clerk.post("/office/v1/relations", body, expect=201, **self.standing(agent))
        return {"Acting-For": made["id"]}

    def card(self, person_id: str) -> str:
        """Issue and hand over a card to somebody who stands here, and return its id."""
        here = self.standing(person_id)
        made = self.clerk.post("/office/v1/cards", {"person_id": person_id}, expect=201, **here)
        return self.handed_over(made["id"], here)

    def handed_over(self, card_id: str, here: dict[str, Any]) -> str:
        """Wait until the card centre has issued a card, and activate it."""
        read = f"/office/v1/cards/{card_id}"
        until(
            lambda: self.clerk.get(read), lambda one: one["state"] == "issued", "the card", seconds=MADE_WITHIN_SECONDS
        )
        done = self.clerk.post(f"{read}/activation", **here)
        check(done["state"] == "active", "the card is active")
        return card_id

    def printed(self, person_id: str, card_id: str) -> str:
        """Print the signed card of somebody without a phone, and return the text of its picture."""
        made = self.clerk.post(f"/office/v1/cards/{card_id}/printed", expect=201, **self.standing(person_id))
        check(base64.b64decode(made["picture"])[:4] == b"\x89PNG", "the card has a picture")
        return str(made["text"])

    def holder(self, person: dict[str, str]) -> "Pocket":
        """Return the phone of somebody with a card in hand, its codes drawn."""
        person_id = self.registered(person)
        phone = self.phone_of(person_id)
        pocket = Pocket(phone, person_id, self.card(person_id))
        pocket.draw_seeds()
        return pocket


class Pocket:
    """What the mini-program does on a phone: takes seeds and the clock's offset once, then draws without network.

    `fast` is by how many seconds the phone's own clock is ahead.
    """

    def __init__(self, phone: Caller, person_id: str, card_id: str, *, fast: float = 0.0) -> None:
        self.phone, self.person_id, self.card_id = phone, person_id, card_id
        self.fast, self.offset = fast, 0.0
        self._seeds: dict[str, Seed] = {}

    def draw_seeds(self) -> None:
        """Take the seeds after checking that the service signed them; those of another phone end."""
        told = self.phone.post("/mini/v1/card/seeds", expect=201)
        keys = self.phone.get("/public/v1/card-keys")["items"]
        wanted = ("seed_package", told["key_id"])
        public = next(one["public_key"] for one in keys if (one["use"], one["key_id"]) == wanted)
        text = told["package"].encode()
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(told["signature"]), text)
        package = json.loads(text)
        self._seeds = {one["kind"]: _seed(package, one) for one in package["seeds"] if _usual(one)}

    def calibrate(self) -> None:
        """Learn from the service by how much the phone's clock is wrong."""
        sent = self._clock()
        told = self.phone.get("/mini/v1/server-time")["server_unix_ms"] / 1000
        self.offset = told - (sent + self._clock()) / 2

    def code(self, kind: str, *, later: float = 0.0) -> str:
        """Draw the code of this half minute, or of a later one, without asking anybody."""
        return dynamic.draw(self._seeds[kind], self._clock() + self.offset + later)

    def wallet(self) -> dict[str, Any]:
        """Return what is in the wallet."""
        told: dict[str, Any] = self.phone.get("/mini/v1/wallet")
        return told

    def top_up(self, stage: Stage, fen: int) -> None:
        """Fill the wallet by WeChat Pay, as its user taps."""
        begun = self.phone.post("/mini/v1/wallet/top-ups", {"amount_fen": fen}, expect=201)
        arguments = begun["payment"]
        stage.play(f"/payments/{arguments['package'].removeprefix('prepay_id=')}/pay", arguments)
        done = self.phone.post(f"/mini/v1/wallet/top-ups/{begun['id']}/check")
        check(done["state"] == "posted", "the top-up is in the wallet")

    def _clock(self) -> float:
        return clock.timestamp() + self.fast


def _usual(one: dict[str, Any]) -> bool:
    """Tell whether a seed is for the scanners that its kind is named after."""
    return bool(one["kind"] == one["scanner_class"])


def _seed(package: dict[str, Any], one: dict[str, Any]) -> Seed:
    return Seed(
        package["key_id"],
        one["kind"],
        one["scanner_class"],
        bytes.fromhex(package["handle"]),
        package["last_day_number"],
        base64.b64decode(one["seed"]),
    )

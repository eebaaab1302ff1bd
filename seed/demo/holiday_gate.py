"""A holiday at the memorial park, at a gate without network: who gets in, what it hands in later, what disagrees."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import clock
from backend.codes import rotating
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, until
from seed.demo.visit import OPEN_PLACE, first_slot, new_family

SCREENSHOT_SECONDS = 300
CONFLICTS = "/office/v1/journal/conflicts"
LIMITS = f"/office/v1/places/{OPEN_PLACE}/limits"
RELEASED_MINUTES = 30


def a_gate_without_network(stage: Stage) -> Iterator[str]:
    """A gate without network lets people in, refuses a screenshot, and hands its journal in; staff see a conflict."""
    phone, _ = stage.tourist()
    body = {"slot_id": first_slot(stage, OPEN_PLACE, 0), "visitors": new_family(phone)}
    order = phone.get(f"/mini/v1/orders/{phone.post('/mini/v1/orders', body, expect=201)['id']}")
    mother, father = order["tickets"]
    cut, other = stage.offline_gate(OPEN_PLACE), stage.gate(OPEN_PLACE)
    cut.sync()
    screen = Screen(phone, mother["id"])
    old = screen.code(earlier=SCREENSHOT_SECONDS)
    online, alone = other.scan(old), cut.read(old)
    check((online["result"], alone.result) == ("code_stale", "code_stale"), "a picture of the screen is worth nothing")
    yield f"a screenshot of five minutes ago, with network and without: {alone.message}"
    fresh = cut.read(screen.code())
    check(fresh.admitted, "the code on the phone opens the gate")
    again = cut.read(screen.code(later=30))
    check(again.result == "already_used", "once")
    yield f"the phone itself, without network: {fresh.message} Once more: {again.message}"
    paper = other.scan(father["code"])
    check(paper["result"] == "admitted", "paper works as well")
    copied = cut.read(father["code"])
    check(copied.admitted, "what another gate has seen, a gate without network cannot know")
    yield f"the grandfather's paper at another gate: {paper['message']} A copy, without network: {copied.message}"
    cut.upload()
    read = f"/mini/v1/orders/{order['id']}"
    used = until(
        lambda: phone.get(read)["tickets"], lambda all_: all(one["state"] == "used" for one in all_), "the journal"
    )
    check(used[0]["used_gate"] == "西门离线闸机", "the ticket knows the gate that had no network")
    yield f"the network is back, the journal handed in: used {used[0]['used_at'][11:19]}, {used[0]['used_gate']}"
    yield from _conflict(stage, father["id"])


def nobody_came(stage: Stage) -> Iterator[str]:
    """The park may release free tickets that nobody uses; the clock of a story is real, so it only says when."""
    clerk, resident = stage.clerk("lv.demo"), stage.tourist()[0]
    before = clerk.get(LIMITS)
    told = {"limits": before["limits"], "release_after_minutes": RELEASED_MINUTES}
    changed = clerk.call("PUT", LIMITS, told)
    check(changed["release_after_minutes"] == RELEASED_MINUTES, "the manager sets it")
    yield f"set by the manager: free places of who has not come go on {RELEASED_MINUTES} minutes after the slot began"
    clerk.call("PUT", LIMITS, {"limits": before["limits"]})
    check("release_after_minutes" not in clerk.get(LIMITS), "and takes it back")
    refused = resident.get("/mini/v1/no-shows", expect=403)
    yield f"one's own no-shows are shown to who is known by a register: {refused['message']}"
    yield "not played: ten minutes are the least, and nobody moves this clock; tests/tourism/test_no_show.py does"


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_gate_without_network, nobody_came]


class Screen:
    """The ticket on a phone: its seed taken once, after checking who signed it; codes drawn without asking anybody."""

    def __init__(self, phone: Caller, ticket_id: str) -> None:
        told = phone.get(f"/mini/v1/tickets/{ticket_id}/seed")
        keys = phone.get("/public/v1/card-keys")["items"]
        wanted = ("seed_package", told["key_id"])
        public = next(one["public_key"] for one in keys if (one["use"], one["key_id"]) == wanted)
        signature = base64.b64decode(told["signature"])
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(signature, told["package"].encode())
        self.package: dict[str, Any] = json.loads(told["package"])

    def code(self, *, later: float = 0.0, earlier: float = 0.0) -> str:
        """Return what the screen shows, some seconds later or earlier."""
        seed = base64.b64decode(self.package["seed"])
        at = clock.timestamp() + later - earlier
        return rotating.draw(self.package["code"], self.package["key_id"], seed, at)


def _conflict(stage: Stage, ticket_id: str) -> Iterator[str]:
    clerk = stage.clerk("lv.demo")

    def of_it() -> list[dict[str, Any]]:
        found = clerk.get(f"{CONFLICTS}?state=open&limit=100")["items"]
        return [one for one in found if one.get("ticket") == ticket_id]

    (found,) = until(of_it, bool, "the conflict")
    yield f"the manager sees: {found['happened_zh']}"
    settled = clerk.post(f"{CONFLICTS}/{found['id']}/settle", {"note": "核对监控,系同一家人误用复印件"})
    check(of_it() == [], "it is settled")
    yield f"looked at the camera's film and settled: {settled['state_zh']}"

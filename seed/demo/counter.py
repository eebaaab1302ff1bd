"""At the service counter: somebody without a phone is registered, and a helper acts for her."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo.http import Caller, check
from seed.demo.stage import Stage, somebody
from seed.demo.visit import FREE_PLACE, first_slot

CARD = {"document_seen": "identity_card"}


def a_grandmother_without_a_phone(stage: Stage) -> Iterator[str]:
    """A grandmother comes to the counter with her grandson, who becomes her helper and books for her."""
    clerk = stage.clerk("counter_clerk")
    grandmother = clerk.post("/office/v1/persons", {**somebody("钟桂兰", 1936, 1948), **CARD}, expect=201)
    yield f"the clerk saw her identity card and registers her without a phone: {grandmother['level_zh']}"
    phone, _ = stage.tourist()
    phone.post("/mini/v1/consents", {"purposes": ["document"], "text_version": "2026-11"}, expect=204)
    grandson = clerk.post("/office/v1/persons", {**somebody("钟志远", 1985, 2000), **CARD}, expect=201)
    code = phone.post("/mini/v1/binding-code", expect=201)["code"]
    clerk.post(f"/office/v1/persons/{grandson['id']}/binding", {"code": code, **CARD}, expect=201)
    check(phone.get("/mini/v1/account")["level"] == "verified", "the grandson is bound for sure")
    yield "the grandson's phone shows a code, the clerk types it: bound, seen at the counter"
    relation = _helper(clerk, grandmother["id"], grandson["id"])
    yield f"he may {', '.join(relation['scope'])} for her until {relation['until'][:10]}"
    acting = {"Acting-For": relation["id"]}
    check(phone.get("/mini/v1/person", **acting)["name"].startswith("钟"), "he sees for whom he acts")
    visitor = phone.post("/mini/v1/companions/from-relation", {"relation_id": relation["id"]}, expect=201)
    body = {
        "slot_id": first_slot(stage, FREE_PLACE, 1),
        "visitors": [{"companion_id": visitor["id"], "ticket_type": "senior_65"}],
    }
    order = phone.post("/mini/v1/orders", body, expect=201)
    check(order["state"] == "issued", "her ticket is there")
    yield f"he books for her without typing her number: {order['slot_id']}"
    other = phone.get("/mini/v1/facts", expect=403, **acting)
    yield f"what she did not allow stays closed: {other['message']}"
    with_her = _standing(clerk, grandmother["id"])
    clerk.post(f"/office/v1/relations/{relation['id']}/end", expect=204, **with_her)
    ended = phone.get("/mini/v1/person", expect=403, **acting)
    yield f"she ends it at the counter, at once: {ended['message']}"


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_grandmother_without_a_phone]


def _helper(clerk: Caller, grandmother: str, grandson: str) -> Any:
    body = {
        "kind": "helper",
        "for_person_id": grandmother,
        "agent_id": grandson,
        "evidence": "both_present",
        "scope": ["book", "affairs"],
        "last_day": (clock.today() + timedelta(days=180)).isoformat(),
    }
    return clerk.post("/office/v1/relations", body, expect=201, **_standing(clerk, grandson))


def _standing(clerk: Caller, person_id: str) -> dict[str, str]:
    made = clerk.post(f"/office/v1/persons/{person_id}/counter-sessions", CARD, expect=201)
    return {"Counter-Session": made["id"]}

"""A holiday at the memorial park, when it fills up: counted at the gates and by a camera, amber, and green again."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from backend import clock
from seed.demo.http import Caller, check
from seed.demo.stage import Gate, Stage, until
from seed.demo.visit import OPEN_PLACE, first_slot, new_family

CROWD = f"/office/v1/places/{OPEN_PLACE}/crowd"
LOOKED_SECONDS = 90
"""The watch looks every twenty seconds, when no other work of its queue is before it."""
AMBER_PERCENT, COMING = 80, 2
"""Of the limit, and families who walk in while everybody watches."""


def too_many_people(stage: Stage) -> Iterator[str]:
    """The park fills up to amber: sales of today stop, everybody is told; it empties, and sales go on."""
    clerk = stage.clerk("lv.demo")
    _quiet(stage, clerk)
    try:
        yield from _fills_up(stage, clerk)
    finally:
        _quiet(stage, clerk)


def _fills_up(stage: Stage, clerk: Caller) -> Iterator[str]:
    limit = _limit(clerk)
    amber = limit * AMBER_PERCENT // 100
    holder, slot = stage.tourist()[0], first_slot(stage, OPEN_PLACE, 0)
    mine = _book(holder, slot)
    families = [_book(stage.tourist()[0], slot) for _ in range(COMING)]
    counted, camera, gate = amber - 2 * COMING + 1, Camera(stage.gate(OPEN_PLACE)), stage.gate(OPEN_PLACE)
    _count(clerk, counted, "开园清点")
    camera.see(amber)
    yield f"{counted} counted inside by hand, {amber} seen by a camera; amber begins at {amber} of {limit}"
    for family in families:
        for ticket in family["tickets"]:
            check(gate.scan(ticket["code"])["result"] == "admitted", "who has a ticket walks in")
    _level(stage, "amber")
    found = until(
        lambda: _live(stage), lambda told: told["inside"] >= amber, "the gates' count", seconds=LOOKED_SECONDS
    )
    full = f"{found['inside']} inside, {found['load_percent']} %, {found['level_zh']}"
    yield f"{COMING} families walk in at the gate: {full}"
    yield from _what_follows(stage, holder, slot)
    check(gate.scan(mine["tickets"][0]["code"])["result"] == "admitted", "what was sold stays sold")
    yield "who holds a ticket still walks in"
    camera.see(limit // 2)
    _count(clerk, limit // 2, "清场后清点")
    _level(stage, "green")
    again = until(lambda: stage.anybody.get(f"/mini/v1/slots/{slot}")["state"], lambda state: state == "open", "sales")
    check(_notices(stage) == [], "the notice is gone")
    yield f"people leave, {limit // 2} are counted: green, the slots of today are {again} again, the notice is gone"
    yield from _for_the_regulator(clerk)


STORIES: list[Callable[[Stage], Iterator[str]]] = [too_many_people]


class Camera:
    """A camera that counts the people in its view, and signs what it sends like a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._boot, self._seq = gate, secrets.token_hex(4), 0

    def see(self, people: int) -> None:
        """Send a reading."""
        self._seq += 1
        at = clock.civil(clock.now()).isoformat(timespec="milliseconds")
        reading = {"channel": "square", "kind": "inside", "boot": self._boot, "seq": self._seq, "at": at}
        body = {"device_time": at, "readings": [reading | {"inside": people}]}
        told = self._gate.send("/gate/v1/crowd-readings", body)
        check([one["result"] for one in told["items"]] == ["received"], "the reading counts")


def _quiet(stage: Stage, clerk: Caller) -> None:
    """Take out the cameras of a play, and let nobody be inside."""
    for source in clerk.get(CROWD).get("sources", []):
        if source["kind"] == "camera" and source["state"] == "active":
            clerk.call("PUT", f"{CROWD}/sources/{source['id']}", {"state": "retired"}, expect=204)
    _count(clerk, 0, "演示清零")
    _level(stage, "green")


def _limit(clerk: Caller) -> int:
    values = clerk.get(f"{CROWD}/limits")["items"][0]["values"]
    return int(values[-1]["instantaneous"])


def _book(phone: Caller, slot: str) -> dict[str, Any]:
    made = phone.post("/mini/v1/orders", {"slot_id": slot, "visitors": new_family(phone)}, expect=201)
    return dict(phone.get(f"/mini/v1/orders/{made['id']}"))


def _count(clerk: Caller, people: int, reason: str) -> None:
    clerk.post(f"{CROWD}/headcounts", {"people": people, "reason": reason}, expect=201)


def _level(stage: Stage, wanted: str) -> dict[str, Any]:
    live = until(
        lambda: _live(stage), lambda told: told["level"] == wanted, f"level {wanted}", seconds=LOOKED_SECONDS, pause=1
    )
    return dict(live)


def _live(stage: Stage) -> Any:
    return stage.anybody.get(f"/public/v1/crowd/{OPEN_PLACE}")


def _notices(stage: Stage) -> list[str]:
    return [
        one["text"] for one in stage.anybody.get(f"/mini/v1/places/{OPEN_PLACE}")["notices"] if "景区" in one["text"]
    ]


def _what_follows(stage: Stage, holder: Caller, slot: str) -> Iterator[str]:
    paused = until(
        lambda: stage.anybody.get(f"/mini/v1/slots/{slot}")["state"], lambda state: state == "paused", "a stop"
    )
    other, _ = stage.tourist()
    refused = other.post("/mini/v1/orders", {"slot_id": slot, "visitors": new_family(other)}, expect=409)
    check(refused["code"] == "slot_paused", "sales of today stop by themselves")
    yield f"the slot of today is {paused}: {refused['message']}"
    (notice,) = until(lambda: _notices(stage), bool, "the notice")
    yield f"notice at the place: {notice}"
    told = until(lambda: _warning(holder), bool, "word to who holds a ticket", seconds=LOOKED_SECONDS)
    yield f"who holds a ticket of today is told: {told}"
    page = stage.anybody.get("/public/v1/crowd/page").decode()
    check("较拥挤" in page, "the public page shows it in words")
    yield f"the public page, without login or script: {len(page)} characters, the park 较拥挤"


def _warning(phone: Caller) -> Any:
    found = phone.get("/mini/v1/notices")["items"]
    return next((one["text_zh"] for one in found if one["kind"] == "crowd_warning"), "")


def _for_the_regulator(clerk: Caller) -> Iterator[str]:
    records = clerk.get(f"{CROWD}/records?limit=20")["items"]
    levels = [one for one in records if one["what"] == "level"][:2]
    check([one["details"]["to"] for one in levels] == ["green", "amber"], "each change is on record")
    today = clock.today().isoformat()
    sheet = clerk.get(f"/office/v1/crowd/reports.xlsx?from={today}&to={today}&place={OPEN_PLACE}")
    check(sheet[:2] == b"PK", "the report is a workbook")
    at, number = levels[1]["at"][11:19], levels[1]["details"]["number"]
    yield f"for the regulator: {levels[1]['what_zh']} {at}, {number} inside; a workbook of the day"

"""Goods that split and merge, as growers' forms write them: lots, packs, boxes, shipments with their events."""

import itertools
from datetime import timedelta

from bson import ObjectId

from backend import clock
from backend.store import transactions
from models.epcis import capture
from models.identity import account
from models.selenium import harvesting, pack, roll, trade_item, uri
from models.selenium.harvesting import Harvest
from models.selenium.producer import acting
from tests.selenium.code_kit import ceiling
from tests.selenium.grower_kit import ORANGE, Firm, confirmed_plot
from tests.support import queues
from tests.support.clerk import Clerk

PUBLIC = "/public/v1/selenium/recalls"
OFFICE = "/office/v1/recalls"
_numbers = itertools.count(1)


def put(events: list[dict], party: ObjectId) -> None:
    """Capture events as a form does."""
    capture.put(capture.named(events), uri.party(party), context={uri.PREFIX: uri.namespace()})


def event(kind: str, **told) -> dict:
    moment = clock.civil(clock.now() - timedelta(hours=1)).isoformat(timespec="milliseconds")
    return {"type": kind, "eventTime": moment, "eventTimeZoneOffset": "+08:00", **told}


def weight(number: str, grams: int) -> dict:
    return {"epcClass": uri.lot(number), "quantity": grams / 1000, "uom": "KGM"}


def pieces(number: str, count: int) -> dict:
    return {"epcClass": uri.pack(number), "quantity": count}


class Farm:
    """A producer with a confirmed plot and packages of 5 kg."""

    def __init__(self, firm, clerk: Clerk):
        ceiling()
        self.firm, self.clerk = firm, clerk
        self.grower = firm.grower() if isinstance(firm, Firm) else acting(account.authenticate(firm.token))
        self.id = self.grower.producer_id
        self.plot = ObjectId(confirmed_plot(firm, clerk))
        self.item = trade_item.create(self.grower, trade_item.Told(ORANGE, "富硒脐橙 5 kg 礼盒", 5000))["_id"]

    def harvested(self, kg: int = 1000) -> str:
        number = harvesting.create(self.grower, Harvest(ORANGE, (self.plot,), kg * 1000, clock.today()))["_id"]
        told = {"action": "ADD", "bizStep": "commissioning", "quantityList": [weight(number, kg * 1000)]}
        put([event("ObjectEvent", **told)], self.id)
        return number

    def graded(self, taken: dict[str, int], *into: int, events: bool = True) -> list[str]:
        """Grade kilograms of lots into others; return the numbers of those."""
        draft = harvesting.grade(
            self.grower, {one: kg * 1000 for one, kg in taken.items()}, [("一级", kg * 1000) for kg in into]
        )
        transactions.run(draft.store)
        made = [one["_id"] for one in draft.lots]
        if events:
            inputs = [weight(one, kg * 1000) for one, kg in taken.items()]
            outputs = [weight(one, kg * 1000) for one, kg in zip(made, into, strict=True)]
            told = {"bizStep": "creating_class_instance"}
            put([event("TransformationEvent", inputQuantityList=inputs, outputQuantityList=outputs, **told)], self.id)
        return made

    def labels(self, count: int) -> str:
        """Order labels and make them; return the roll."""
        number = roll.order(self.grower, roll.Wanted(self.item, count))["_id"]
        queues.drain("reports")
        return number

    def packed(self, number: str, count: int, *, state: str = "active", events: bool = True, labels: str = "") -> dict:
        """Pack packages of 5 kg of a lot; return the pack, with its roll."""
        made = pack.bind(self.grower, labels or self.labels(count), number, 1, count)
        if events:
            told = {"inputQuantityList": [weight(number, count * 5000)], "bizStep": "packing"}
            put([event("TransformationEvent", outputQuantityList=[pieces(made["_id"], count)], **told)], self.id)
        if state in {"active", "sold"}:
            made = pack.activate(self.grower, made["_id"])
        return pack.sell(self.grower, made["_id"]) if state == "sold" else made

    def boxed(self, contents: dict[str, int]) -> str:
        number = f"B{next(_numbers):09}"
        listed = [pieces(one, count) for one, count in contents.items()]
        told = {"action": "ADD", "bizStep": "packing", "parentID": uri.box(number), "childQuantityList": listed}
        put([event("AggregationEvent", **told)], self.id)
        return number

    def moved(self, to: list[str], *, step: str = "shipping", boxes=(), packs=None, lots=None) -> None:
        """Ship boxes, packages and kilograms of lots to the parties of a buyer."""
        listed = [pieces(one, count) for one, count in (packs or {}).items()]
        listed += [weight(one, kg * 1000) for one, kg in (lots or {}).items()]
        ends = {"sourceList": [{"type": "owning_party", "source": uri.party(self.id)}]}
        ends["destinationList"] = [{"type": "owning_party", "destination": one} for one in to]
        told = {"action": "OBSERVE", "bizStep": step, "disposition": "in_transit", **ends}
        told |= {"epcList": [uri.box(one) for one in boxes]} if boxes else {}
        put([event("ObjectEvent", **told, **({"quantityList": listed} if listed else {}))], self.id)


def body(number: str, **told) -> dict:
    return {"lot": number, "level": "two", "reason": "residue", "direction": "forward", **told}


def drawn(clerk: Clerk, number: str, **told) -> dict:
    answer = clerk.post(OFFICE, body(number, **told))
    assert answer.status_code == 201, answer.json
    return answer.json


def proposed(clerk: Clerk, number: str) -> dict:
    answer = clerk.post(f"{OFFICE}/{number}/start", {"reason": "监督抽检不合格"})
    assert answer.status_code == 202, answer.json
    return answer.json


def started(first: Clerk, second: Clerk, number: str, *, run: bool = True, **told) -> dict:
    """Bring a recall of a lot under way by two persons, and let the queues work."""
    made = drawn(first, number, **told)
    asked = proposed(first, made["id"])
    answer = second.post(f"/office/v1/approvals/{asked['approval_id']}/approve")
    assert answer.status_code == 200, answer.json
    queues.drain("trust")
    if run:
        queues.drain("reports")
    return first.get(f"{OFFICE}/{made['id']}").json


def items(who, path: str, kind: str) -> list[dict]:
    answer = who.get(f"{path}/items?kind={kind}&limit=100")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def names(told: list[dict], **like) -> set[str]:
    return {one["name"] for one in told if all(one.get(name) == value for name, value in like.items())}

"""What a recall under way does, thing by thing, as a job that goes on after a kill and doubles nothing.

    lot      start, forward: recalled, with an EPCIS event and word to its producer        one transaction
             backward:       held until a person decides (release it, or recall it by a recall of its own)
    pack     frozen: not sold any more
    buyer    told once, by the keys of the notices

When everything is done one looks again: what was packed or graded meanwhile is added, until nothing is. A recalled lot
yields nothing further, so that ends. A grower's recall changes the grower's own lots only: a trace may lead, by events
that somebody else captured, to lots of others, and those are for the office.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.store import transactions
from models.epcis import capture
from models.selenium import (
    events,
    lot,
    lot_notices,
    pack,
    recall,
    recall_item,
    recall_parties,
    recall_reach,
    uri,
)

BATCH = 50
_LATER_STATES = {"recalled": "recalled", "closed": "left", "held": "left"}


def work(job_id: ObjectId) -> None:
    """Work on the job of a recall.

    Raises:
        outbox.Later: some things are done and more may follow.
    """
    number = jobs.read(job_id)["args"]["recall"]
    found = recall.read(number)

    def batch(_position: str | None) -> list[str]:
        return recall_item.todo(number, BATCH) or _look_again(found)

    def step(item_id: str) -> None:
        item = recall_item.read(item_id)
        _STEPS[item["kind"]](found, item)

    try:
        jobs.work(job_id, batch, step, lambda: recall.note(number, at=clock.now()))
    finally:
        outbox.wake("push")


def _look_again(found: dict[str, Any]) -> list[str]:
    """Add what is reached by now; return the ids of what is to be done."""
    drawn = recall_reach.draw(lot.read(found["lot"]), found["direction"])
    recall_item.put(found["_id"], recall_reach.items(drawn))
    recall.note(found["_id"], counts=recall_reach.counts(drawn), cut=drawn.cut)
    return recall_item.todo(found["_id"], BATCH)


def _others(found: dict[str, Any], item: dict[str, Any]) -> bool:
    return bool(found["by_grower"] and item["producer"] != found["producer"])


def _lot(found: dict[str, Any], item: dict[str, Any]) -> None:
    if _others(found, item):
        recall_item.done(item["_id"], "other_producer")
    elif item["role"] == "backward":
        transactions.run(lambda session: _hold(found, item, session))
    else:
        transactions.run(lambda session: _recall(found, item, session))


def _recall(found: dict[str, Any], item: dict[str, Any], session: ClientSession) -> None:
    if not recall_item.done(item["_id"], "recalled", session):
        return
    moved = lot.recall(item["name"], by=found["started_by"], session=session)
    party = uri.party(item["producer"])
    capture.put([events.recalled(found, item)], party, session, context=events.context())
    lot_notices.recalled(moved, found["_id"], recall.REASON_ZH[found["reason"]], session)


def _hold(found: dict[str, Any], item: dict[str, Any], session: ClientSession) -> None:
    """Hold a lot that went into the goods; one that is used up, held or recalled stays as it is."""
    state = lot.read(item["name"], session)["state"]
    if not recall_item.done(item["_id"], _LATER_STATES.get(state, "held"), session) or state != "open":
        return
    lot_notices.held(lot.hold(item["name"], "recall", by=found["started_by"], session=session), session)


def _pack(found: dict[str, Any], item: dict[str, Any]) -> None:
    if _others(found, item):
        recall_item.done(item["_id"], "other_producer")
        return

    def change(session: ClientSession) -> None:
        if recall_item.done(item["_id"], "stopped", session):
            pack.stop(item["name"], found["started_by"], session)

    transactions.run(change)


def _noted(_found: dict[str, Any], item: dict[str, Any]) -> None:
    recall_item.done(item["_id"], "noted")


def _buyer(found: dict[str, Any], item: dict[str, Any]) -> None:
    party = recall_parties.known(item["uri"])
    reason_zh = recall.REASON_ZH[found["reason"]]
    values = {"product": found["product_zh"], "lot": found["lot"], "recall": found["_id"], "reason": reason_zh}
    told = 0
    if party:
        key = f"{found['_id']}:{party.id}"
        told = recall_parties.tell(party, "goods_recalled", key=key, values=values, urgent=True)
    more: dict[str, Any] = {"producer": party.producer} if party and party.producer else {}
    recall_item.done(item["_id"], "told" if told else "unknown", told=told, **more)


_STEPS = {"lot": _lot, "pack": _pack, "box": _noted, "thing": _noted, "buyer": _buyer}

"""Drawing a recall: what would be reached is looked up and kept; nothing else changes.

The things are stored first and the recall that they belong to after them, so that a kill between leaves what nobody
reads.
"""

from dataclasses import dataclass
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.selenium import lot, lot_office, producer, product, recall, recall_item, recall_level, recall_reach
from models.selenium.producer import Grower
from models.selenium.recall import Recall
from models.selenium.recall_reach import Drawn


@dataclass(frozen=True)
class Wish:
    """What is to be recalled, why, and how serious it is."""

    lot: str
    direction: str
    level: str
    reason: str


def preview(actor: Staff, number: str, direction: str, most: int) -> Drawn:
    """Return what a recall of a lot would reach.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such lot in the actor's area.
    """
    return recall_reach.draw(lot_office.in_reach(actor, "recall.read", number), direction, most)


def own_preview(grower: Grower, number: str, direction: str, most: int) -> Drawn:
    """Return what a recall of one's own lot would reach.

    Raises:
        NotFound: no such lot of the producer.
    """
    return recall_reach.draw(lot.own(grower, number), direction, most)


def by_office(actor: Staff, wish: Wish) -> dict[str, Any]:
    """Draw a recall as the county's office.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such lot in the actor's area.
    """
    found = lot_office.in_reach(actor, "recall.start", wish.lot)
    return _drawn(found, wish, actor)


def by_grower(grower: Grower, wish: Wish) -> dict[str, Any]:
    """Draw a recall of one's own lot.

    Raises:
        NotFound: no such lot of the producer.
    """
    return _drawn(lot.own(grower, wish.lot), wish, grower)


def _drawn(found: dict[str, Any], wish: Wish, actor: Staff | Grower) -> dict[str, Any]:
    drawn = recall_reach.draw(found, wish.direction)
    made = _record(found, wish, actor, drawn)
    recall_item.put(made["_id"], recall_reach.items(drawn))
    line = entry.line(actor.key, "recall.draw", f"recall:{made['_id']}", unit=actor.unit, lot=wish.lot)

    def change(session: ClientSession) -> None:
        if isinstance(actor, Staff):
            staff.require_acting(actor, line, session)
        Recall._get_collection().insert_one(dict(made), session=session)
        entry.write(line, session)

    transactions.run(change)
    return made


def _record(found: dict[str, Any], wish: Wish, actor: Staff | Grower, drawn: Drawn) -> dict[str, Any]:
    now, grower = clock.now(), producer.read(found["producer"])
    return {
        "_id": recall.new_number(),
        "lot": wish.lot,
        "lot_uri": found["uri"],
        "producer": found["producer"],
        **producer.village(found["village"]),
        "shown_name": grower["shown_name"],
        "product": found["product"],
        "product_zh": product.read(found["product"])["name_zh"],
        "harvested_on": found["harvested_on"],
        "direction": wish.direction,
        "level": wish.level,
        "reason": wish.reason,
        "state": "drawn",
        "by_grower": isinstance(actor, Grower),
        "cut": drawn.cut,
        "counts": recall_reach.counts(drawn),
        "returned_grams": 0,
        "destroyed_grams": 0,
        "drawn_at": now,
        "start_by": recall_level.terms(wish.level).start_by(now),
        "started_by": actor.key,
        "history": [recall.step("draw", actor.key)],
    }

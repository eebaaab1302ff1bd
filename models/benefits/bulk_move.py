"""Many lines of one batch moved in one transaction, each by its own guard, with counts and sums of the batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend.errors import Unavailable
from models.benefits.batch import BenefitBatch
from models.benefits.line import BenefitLine


class LinesMoved(Unavailable):
    """503: somebody moved a line meanwhile; nothing was written."""

    code = "benefit_lines_moved"


@dataclass(frozen=True)
class LineMove:
    """One line from the state in which it was read to another; `pushed` comes from `line.history`.

    `guard` names what else must be as it was read.
    """

    line: Mapping[str, Any]
    to: str
    pushed: Mapping[str, Any]
    follow: tuple[dict[str, Any], ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Any] = field(default_factory=dict)

    def update(self) -> UpdateOne:
        """Return the guarded update of the line."""
        push = dict(self.pushed) | ({"outbox": {"$each": list(self.follow)}} if self.follow else {})
        guard = {"_id": self.line["_id"], "state": self.line["state"], **self.guard}
        return UpdateOne(guard, {"$set": {"state": self.to, **self.told}, "$push": push})


def write(batch_id: ObjectId, moves: Iterable[LineMove], session: ClientSession) -> dict[str, Any]:
    """Write moves of lines of one batch; return the batch's counts as they are then.

    Raises:
        LinesMoved: one of them is not where it was read.
    """
    told = list(moves)
    if told:
        done = BenefitLine._get_collection().bulk_write([one.update() for one in told], ordered=False, session=session)
        if done.matched_count < len(told):
            raise LinesMoved
    change: dict[str, int] = {"moves": 1}
    for one in told:
        for state, sign in ((one.line["state"], -1), (one.to, 1)):
            change[f"counts.{state}"] = change.get(f"counts.{state}", 0) + sign
            change[f"sums.{state}"] = change.get(f"sums.{state}", 0) + sign * one.line["amount_fen"]
    collection = BenefitBatch._get_collection()
    collection.update_one({"_id": batch_id}, {"$inc": change}, session=session)
    found = collection.find_one({"_id": batch_id}, {"counts": 1, "sums": 1, "state": 1}, session=session)
    assert found is not None
    return dict(found)

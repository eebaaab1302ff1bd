"""Steps of several clerks at the same moment share one transaction: guarded updates and their audit entries.

All guards hold, as they nearly always do, and the group is three commands; one does not, or the store refuses, and each
step is tried for itself. Either way a step and its entry are there together or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from backend.errors import CityError
from backend.store import transactions
from backend.store.combining import Combiner
from models.audit import entry


@dataclass(frozen=True)
class Step:
    """An update that is done if its guard holds, and what the audit says of it then."""

    guard: dict[str, Any]
    update: dict[str, Any]
    audit: dict[str, Any]


class _NotAll(CityError):
    """Aborts the transaction of a group in which one guard does not hold."""


class Steps:
    """Takes steps in the documents of one collection."""

    def __init__(self, collection: Callable[[], Collection[dict[str, Any]]]) -> None:
        self._collection = collection
        self._combiner: Combiner[Step] = Combiner(self._apply)

    def take(self, step: Step) -> bool:
        """Take a step, alone or in company; return whether its guard held."""
        return bool(self._combiner.run(0, step))

    def _apply(self, _key: object, steps: Sequence[Step]) -> list[Any]:
        if len(steps) > 1 and self._together(steps):
            return [True] * len(steps)
        return [self._alone(step) for step in steps]

    def _together(self, steps: Sequence[Step]) -> bool:
        def change(session: ClientSession) -> None:
            updates = [UpdateOne(step.guard, step.update) for step in steps]
            if self._collection().bulk_write(updates, session=session).matched_count < len(steps):
                raise _NotAll
            entry.write_all([step.audit for step in steps], session)

        try:
            transactions.run(change)
        except (_NotAll, PyMongoError):
            return False
        return True

    def _alone(self, step: Step) -> bool | BaseException:
        def change(session: ClientSession) -> bool:
            if not self._collection().update_one(step.guard, step.update, session=session).matched_count:
                return False
            entry.write(step.audit, session)
            return True

        try:
            return transactions.run(change)
        except PyMongoError as failure:
            return failure

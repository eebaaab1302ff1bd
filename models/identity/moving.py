"""How a thing moves from one state to another: one guarded update with its audit entry, all or none."""

from collections.abc import Callable
from typing import Any

from mongoengine import Document
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff


def move(
    things: type[Document],
    guard: dict[str, Any],
    update: dict[str, Any],
    line: dict[str, Any],
    actor: object = None,
    *,
    also: Callable[[ClientSession], None] | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any] | None:
    """Return the one thing that fits a guard, moved; None when none does, and then nothing is written.

    None leaves to the caller whether the thing is there already or may not go there. `also` is what follows, in the
    same transaction, which may run twice; `session` is that of a transaction that is open already.

    Raises:
        SessionEnded: the actor is of the staff, and was disabled or got other roles meanwhile.
    """

    def change(within: ClientSession) -> dict[str, Any] | None:
        if isinstance(actor, Staff):
            staff.require_acting(actor, line, within)
        moved: dict[str, Any] | None = things._get_collection().find_one_and_update(
            guard, update, session=within, return_document=ReturnDocument.AFTER
        )
        if moved is not None:
            if also:
                also(within)
            entry.write(dict(line), within)
        return moved

    return change(session) if session else transactions.run(change)

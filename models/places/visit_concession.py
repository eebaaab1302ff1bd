"""A visitor's concession: whoever books for somebody they surely are or may act for is judged by what registers say.

Of other companions only the document that was given is known: their age may be judged, and the gate looks.
"""

import time
from dataclasses import replace
from typing import Any

from backend import clock
from backend.errors import Unprocessable
from models.audit import access_line
from models.identity import purposes, relation
from models.identity.actors import Resident
from models.identity.companion import Companion
from models.onecard import entitlement
from models.onecard.entitlement import Entitlement
from models.onecard.entitlement_views import FIELDS
from models.registers import fetch


class ConcessionRefused(Unprocessable):
    """422: the visitor is not entitled to the concession of this ticket type; `why` says it in words."""

    code = "concession_refused"
    zh = "{why}请改选其他票种。"
    en = "This visitor is not entitled to the concession of this ticket type. Choose another one."


class Patience:
    """How long all visitors of one booking may wait for registers together."""

    def __init__(self, seconds: float = fetch.SCREEN_SECONDS) -> None:
        self._until: float | None = None
        self._seconds = seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left; they begin to count when they are first asked for."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
        return max(0.0, self._until - now)


def ask(
    resident: Resident, chosen: Companion, kind: dict[str, Any], wanted: dict[str, Any], patience: Patience
) -> Entitlement:
    """Return the entitlement of a visitor to the concession that a ticket type names.

    Who is asked about by somebody who may act for them sees afterwards that it was looked at.

    Raises:
        ConcessionUnknown: the ticket type names none that exists.
    """
    if chosen.relation_id is not None:
        acting = replace(resident, acting=relation.acting(resident, chosen.relation_id))
        access_line.record(acting, purpose=purposes.ACTING, subjects=[chosen.person_id], fields=FIELDS)
    return entitlement.entitled(
        chosen.person_id,
        kind["concession"],
        day=clock.date_of(wanted["day"]),
        at=wanted["place"],
        sure=is_sure(resident, chosen),
        seconds=patience.left,
    )


def is_sure(resident: Resident, chosen: Companion) -> bool:
    """Tell whether a visitor is surely the account's own person, or somebody whom a relation lets it act for."""
    own = chosen.is_self and chosen.person_id == resident.sure_person_id
    return own or chosen.relation_id is not None


def refusal(found: Entitlement, where: str) -> ConcessionRefused:
    """Return the error that tells a visitor why the concession is not given."""
    return ConcessionRefused(why=found.why_zh, fields={where: [found.why_zh]})

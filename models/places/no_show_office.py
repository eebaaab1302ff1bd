"""No-shows as the staff of a place see them, and lifting one for a good reason."""

from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store import transactions
from models.audit import access_line, entry
from models.booking import no_show
from models.identity import minor_approval
from models.identity.actors import Staff
from models.places import scope

FIELDS = ("no_shows",)
LIST, LIFT = "order.list", "slot.open"
"""Who may look, and who may say that it counts no longer: whoever opens the slots of the place."""


class NotStanding(Conflict):
    """409: the mark counts no longer."""

    code = "no_show_not_standing"
    zh = "这条爽约记录已撤销或解除,无需再次办理。"
    en = "This no-show counts no longer."


def of_place(
    actor: Staff, place_id: str, day: date, *, purpose: str, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the no-shows of a place and day, by ticket and without names; of children only with an approval.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, LIST, place_id)
    everybody, following = no_show.of_place(place_id, day.isoformat(), cursor=cursor)
    hidden = minor_approval.hidden(actor, [one["person"] for one in everybody if one.get("person")])
    found = [one for one in everybody if one.get("person") not in hidden]
    persons = [one["person"] for one in found if one.get("person")]
    access_line.record(actor, purpose=purpose, subjects=persons, fields=FIELDS)
    return [shown(one) for one in found], following


def lift(actor: Staff, mark: str, reason: str) -> dict[str, Any]:
    """Let a no-show count no longer, for a reason; return it.

    Raises:
        NotFound: no such mark in the actor's scope.
        NotStanding: it counts no longer.
    """
    actor.require(LIFT)
    try:
        found = no_show.read(mark)
        place = scope.place(actor, LIFT, found["place"])
    except NotFound:
        raise NotFound from None
    line = entry.line(actor.key, "no_show.lift", f"no_show:{mark}", unit=place.get("unit") or "")

    def change(session: ClientSession) -> bool:
        if not no_show.lift(mark, actor.key, reason, session):
            return False
        entry.write(line, session)
        return True

    if not transactions.run(change):
        raise NotStanding
    return shown(no_show.read(mark))


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a mark as it is shown: the ticket, and whether it counts."""
    return {
        "id": found["_id"],
        "place_id": found["place"],
        "day": found["day"],
        "released_at": clock.civil(found["at"]).isoformat(timespec="seconds"),
        "state": found["state"],
        "state_zh": no_show.STATE_ZH[found["state"]],
    }

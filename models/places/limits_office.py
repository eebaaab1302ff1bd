"""How often one person may book a place, and when unused free tickets are released: set by the staff of the place.

It holds for slots that are opened from then on, and from the day named for those that are open too. Orders keep what
they were made with: who has booked more often than a new limit allows keeps that, and what was booked before a limit of
the week or month existed does not count for it.
"""

from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.booking import slot_terms
from models.identity.actors import Staff
from models.places import scope
from models.places.place import Place

OPERATION = "slot.open"
"""Who may open slots says for whom they are."""
PERIODS = ("day", "week", "month")
MOST = 31
MINUTES = (10, 240)


class LimitsWrong(Unprocessable):
    """422: a period comes twice, or a longer one allows less than a shorter one."""

    code = "limits_wrong"
    zh = "预约次数限制有误:{what}。"
    en = "The limits do not fit together: {what}."


def read(actor: Staff, place_id: str) -> dict[str, Any]:
    """Return the limits of a place.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    return _shown(scope.place(actor, "place.read", place_id))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"limits": found.get("limits") or []}
    minutes = (found.get("terms") or {}).get("release_after_minutes")
    return told | ({"release_after_minutes": minutes} if minutes else {})


def preview(actor: Staff, place_id: str, from_day: date) -> int:
    """Return how many slots that are open would change.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, "place.read", place_id)
    return slot_terms.count_coming(place_id, _first(from_day))


def put(
    actor: Staff, place_id: str, limits: list[dict[str, Any]], minutes: int | None, *, from_day: date | None
) -> dict[str, Any]:
    """Set the limits and the release of a place, and return them with how many open slots changed.

    No limits leave the rule of the house: one booking a person and day. No minutes release nothing. Limits of a share
    or a single hour stay as they are. Open slots change after the place; who is cut off between the two sends it again.

    Raises:
        NotFound: no such place in the actor's scope.
        LimitsWrong: they do not fit together.
    """
    found = scope.place(actor, OPERATION, place_id)
    _check(limits)
    others = [one for one in found.get("limits") or [] if one["period"] not in PERIODS or set(one) - {"period", "most"}]
    update = slot_terms.change_of([*limits, *others], minutes)
    first = _first(from_day) if from_day else ""
    unit = found.get("unit") or ""
    told = {"limits": [f"{one['period']}:{one['most']}" for one in limits], "minutes": minutes or 0, "from_day": first}
    line = entry.line(actor.key, "place.limits", f"place:{place_id}", unit=unit, **told)
    kept = {"$addToSet": {"kept": {"$each": ["limits", "terms"]}}}

    def change(session: ClientSession) -> None:
        Place._get_collection().update_one({"_id": place_id}, update | kept, session=session)
        entry.write(line, session)

    transactions.run(change)
    slots = slot_terms.change_coming(place_id, first, update) if first else 0
    return read(actor, place_id) | {"slots": slots}


def _first(day: date) -> str:
    return max(day, clock.today()).isoformat()


def _check(limits: list[dict[str, Any]]) -> None:
    by_period = {one["period"]: one["most"] for one in limits}
    if len(by_period) < len(limits):
        raise LimitsWrong(what="同一周期重复", fields={"limits": ["period"]})
    numbers = [by_period[one] for one in PERIODS if one in by_period]
    if numbers != sorted(numbers):
        raise LimitsWrong(what="较长周期的次数不能少于较短周期", fields={"limits": ["most"]})

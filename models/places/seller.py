"""What sells slots: a place as a whole, or one of its resources. Both have a plan, prices, and days that they sell."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend import clock
from backend.calendar import WorkCalendar
from models.booking import slot
from models.booking.slot import Slot
from models.places import opening, place, resource

MOST_DAYS = 400
MOST_SLOTS = 4_000
_SHAPE = ("slots", "ticket_types", "refund_versions", "limits", "terms", "opening", "closing", "daily_caps", "bookable")


@dataclass(frozen=True)
class Seller:
    """`found` holds plan and prices: the place `owner` itself, or a resource of it, whose `code` is not empty then."""

    owner: dict[str, Any]
    found: dict[str, Any]
    code: str = slot.WHOLE

    @property
    def opens(self) -> bool:
        """Tell whether slots are opened that are not there yet."""
        return bool(self.found["state"] == "active" if self.code else self.owner.get("bookable"))

    @property
    def shape(self) -> list[Any]:
        """Return what the slots are made of, to see whether it has changed."""
        return [one.get(name) for one in (self.owner, self.found) for name in (*_SHAPE, "state", "name_zh")]

    def slots_on(self, day: date, days: WorkCalendar) -> list[dict[str, Any]]:
        """Return the slots of a day by hours and plan."""
        if not self.code:
            return place.slots_on(self.owner, day, days)
        hours = opening.spans(self.owner.get("opening") or {}, self.owner.get("closing") or {}, day, days)
        return resource.slots_on(self.owner, self.found, day, days) if hours and self.opens else []

    def days(self, first: date, last: date | None = None) -> list[str]:
        """Return the days from one on (to another) that are sold by now, and later ones that have slots."""
        own = self.found.get("days_ahead") if self.code else None
        ahead = min(place.DAYS_AHEAD, own or place.DAYS_AHEAD)
        today = clock.today().toordinal()
        near = range(max(first.toordinal(), today), today + ahead)
        days = {date.fromordinal(number).isoformat() for number in near} if self.opens else set()
        until = last.isoformat() if last else "9999-12-31"
        query = {"place": self.owner["_id"], "resource": self.code, "day": {"$gte": first.isoformat(), "$lte": until}}
        rows = Slot._get_collection().aggregate(
            [{"$match": query}, {"$group": {"_id": "$day"}}, {"$sort": {"_id": 1}}, {"$limit": MOST_DAYS}]
        )
        return sorted({one for one in days if one <= until} | {one["_id"] for one in rows})[:MOST_DAYS]

    def there(self, day: str) -> dict[str, dict[str, Any]]:
        """Return the slots of a day that there are, by id."""
        query = {"place": self.owner["_id"], "resource": self.code, "day": day, "kind": {"$ne": "day"}}
        return {one["_id"]: one for one in Slot._get_collection().find(query).limit(MOST_SLOTS)}


def read(place_id: str, code: str = slot.WHOLE) -> Seller:
    """Return a place as a whole, or one of its resources.

    Raises:
        NotFound: no such place or resource.
    """
    owner = place.read(place_id)
    return Seller(owner, resource.read(resource.resource_id(place_id, code)) if code else owner, code)


def all_of(place_id: str) -> list[Seller]:
    """Return a place as a whole and all its active resources.

    Raises:
        NotFound: no such place.
    """
    owner = place.read(place_id)
    return [Seller(owner, owner), *(Seller(owner, one, one["code"]) for one in resource.of_place(place_id))]

"""Bringing open slots to plan, prices, hours and daily limits, day by day; and looking first at whom that affects.

A job does it, so a kill resumes at the day where it stood, and a day that is done again changes nothing. Who has booked
keeps hours, price and rules. A change that is made while a day is worked on makes that day begin again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.calendar import WorkCalendar
from models.booking import close_many, day_counter, slot, slot_quota, slot_renewal
from models.places import opening, place, seller, slot_plan
from models.places.seller import Seller

BATCH = 7
SHOWN = 20
MOST_TRIES = 5
Found = dict[str, Any]


def start(
    sellers: Sequence[Seller], first: date, *, who: str, unit: str, session: ClientSession, again: bool = False
) -> Found | None:
    """Store the job that brings the slots of sellers of one place to what they are; None where there are no days.

    With `again` the days are looked at once more when every booking that was under way has ended.
    """
    days = sorted({day for one in sellers for day in one.days(first)})
    if not days:
        return None
    args = {"place": sellers[0].owner["_id"], "resources": [one.code for one in sellers], "days": days, "again": again}
    total = len(days) * (2 if again else 1)
    return jobs.start("places.renew_slots", args=args, total=total, started_by=who, unit=unit, session=session)


def work(job_id: ObjectId) -> None:
    """Work on the job: bring the next days to plans and limits as they stand then.

    Raises:
        outbox.Later: a batch is done and more may follow.
    """
    job = jobs.read(job_id)
    args, turns = job["args"], ("1", "2") if job["args"]["again"] else ("1",)
    items = [f"{turn}:{day}" for turn in turns for day in args["days"]]

    def batch(position: str | None) -> list[str]:
        found = [one for one in items if position is None or one > position][:BATCH]
        if found and found[0].startswith("2:"):
            left = job["started_at"] + day_counter.UNDER_WAY - clock.now()
            if left.total_seconds() > 0:
                raise outbox.Later(left.total_seconds())
        return [one for one in found if one[0] == found[0][0]]

    def step(item: str) -> str | None:
        kept = renew(args["place"], args["resources"], item.partition(":")[2])
        return f"kept:{kept}" if kept else None

    jobs.work(job_id, batch, step)


def renew(place_id: str, codes: Iterable[str], day: str) -> int:
    """Bring one day of a place and its resources to their plans; return how many slots keep their size as it is sold.

    Whoever changes a plan meanwhile starts a job of their own after it; this one must not undo that.
    """
    return sum(_renew(place_id, code, day) for code in codes)


def _renew(place_id: str, code: str, day: str) -> int:
    known, kept = seller.read(place_id, code), 0
    for _ in range(MOST_TRIES):
        kept = _bring(known, day)
        now = seller.read(place_id, code)
        if now.shape == known.shape:
            break
        known = now
    return kept


def _bring(known: Seller, day: str) -> int:
    outcomes: Counter[str] = Counter()
    if counter := _counter(known, day):
        outcomes[day_counter.bring(counter)] += 1
    for was, wanted in _pairs(known, known, day, opening.calendar()):
        if was is None:
            slot.open_up(wanted or {})
        elif wanted is None:
            outcomes[slot_renewal.withdraw(was)] += 1
        else:
            outcomes[slot_renewal.renew(was, wanted)] += 1
    outbox.wake("checkout")
    return outcomes["kept"]


def _counter(known: Seller, day: str) -> Found | None:
    """Return the counter that a day needs; one whose limit was taken away limits nothing more."""
    if known.code:
        return None
    if wanted := place.day_counter_of(known.owner, day):
        return wanted
    there = slot.Slot._get_collection().find_one({"_id": slot.day_id(known.owner["_id"], day)}, {"_id": 1})
    return slot_plan.day_record(known.owner["_id"], day, day_counter.NO_LIMIT) if there else None


def _pairs(
    known: Seller, changed: Seller, day: str, calendar: WorkCalendar
) -> Iterator[tuple[Found | None, Found | None]]:
    """Yield each slot of a day as it is and as the changed seller wants it; those that have ended are left alone."""
    at, now = clock.date_of(day), clock.now()
    there = known.there(day)
    wanted = {one["_id"]: one for one in changed.slots_on(at, calendar)}
    for slot_id in sorted({*there, *(wanted if changed.opens else ())}):
        told = there.get(slot_id) or wanted[slot_id]
        if clock.at(at, told["end"]) > now:
            yield there.get(slot_id), wanted.get(slot_id)


def preview(pairs: Sequence[tuple[Seller, Seller]], first: date, last: date | None = None) -> Found:
    """Return what bringing sellers from a day on to what they would be comes to; nothing is written.

    Orders, visitors and money are those of slots that change or that are sold and no longer in the plan: who has booked
    keeps what was agreed; `refund_orders` had to be given their money if these slots were closed.
    """
    counts, calendar = Counter[str](), opening.calendar()
    days, touched, shown = set[str](), list[str](), list[Found]()
    for known, changed in pairs:
        for day in changed.days(first, last):
            days.add(day)
            for was, wanted in _pairs(known, changed, day, calendar):
                effect = "new" if was is None else slot_renewal.foresee(was, wanted)
                counts[effect] += 1
                if was is not None and effect != "same":
                    touched.append(was["_id"])
                if effect != "same":
                    shown.append(_shown(was, wanted, effect))
    return {
        "days": len(days),
        **{f"{name}_slots": counts[name] for name in ("new", "changed", "kept", "withdrawn")},
        **_affected(touched),
        **_caps(pairs, sorted(days)),
        "first": shown[:SHOWN],
    }


def _affected(touched: Sequence[str]) -> dict[str, int]:
    told = asdict(close_many.affected(list(touched)))
    paid = told["orders"] - told["free_orders"] - told["unpaid_orders"]
    names = ("orders", "visitors", "free_orders", "unpaid_orders", "fen")
    return {name: told[name] for name in names} | {"refund_orders": paid}


def _shown(was: Found | None, wanted: Found | None, effect: str) -> Found:
    told = was or wanted or {}
    shown = {
        "slot_id": told["_id"],
        "day": told["day"],
        "start": clock_time(told["start"]),
        "end": clock_time(told["end"]),
        "effect": effect,
    }
    if was:
        shown |= {"quota": was["quota"], "sold": slot_quota.sold(was)}
    if wanted and not (was or {}).get("by_hand"):
        shown |= {"new_end": clock_time(wanted["end"]), "new_quota": wanted["quota"]}
    return shown


def clock_time(minute: int) -> str:
    """Return a minute of the day as `HH:MM`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _caps(pairs: Sequence[tuple[Seller, Seller]], days: Sequence[str]) -> dict[str, int]:
    """Return on how many days the limit changes, and on how many more is sold already than it allows."""
    counts = Counter[str]()
    for _known, changed in pairs:
        for day in days:
            if counter := _counter(changed, day):
                counts[day_counter.foresee(counter)[0]] += 1
    return {"cap_days": counts["changed"], "cap_kept_days": counts["kept"]}

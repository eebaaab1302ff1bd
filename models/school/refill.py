"""A free place is offered to the first of the line: place and offer in one transaction, until none is free or waits.

Tied children get their places at once, or none of them does: while fewer are free than they need, the next in line gets
what is free. Each step looks at the line anew and asks again inside the transaction who still waits there, so that two
refills at once, an answer or a withdrawal in between cannot give a place twice or to nobody. What an accepted higher
choice frees elsewhere is refilled by the entry of the offer that ended. A kill is healed by the entry, which comes
again, and by the daily look at every school with a free place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.errors import NotFound
from backend.store import transactions
from models.school import application as applications
from models.school import group, offer, offer_answer, offer_make, placed, seat_plan, seats, waiting
from models.school import round as rounds
from models.school.offer import NotPlaceable
from models.school.waiting import Waiting

AT_ONCE, TRIES = 25, 40
Given = Literal["given", "full", "changed"]


def refill(round_code: str, school: str) -> int:
    """Offer the free places of a school to who waits; return how many offers were made.

    Raises:
        outbox.Later: more may be free.
    """
    made = tries = 0
    while made < AT_ONCE and tries < TRIES:
        found = rounds.read(round_code)
        if not open_for(found) or not (free := _free(round_code, school)):
            return made
        line = waiting.together(waiting.ranked(found, school))
        first = next((several for several in line if len(several) <= free), None)
        if first is None:
            return made
        given = give(found, school, first)
        made, tries = made + len(first) * (given == "given"), tries + (given != "given")
    raise outbox.Later(0 if made else 1)


def open_for(found_round: Mapping[str, Any]) -> bool:
    """Tell whether free places of a round are given out: once all offers were made, until the round ends."""
    return found_round["state"] == "published" and offer_make.made(found_round)


def _free(round_code: str, school: str) -> int:
    try:
        plan = seat_plan.read(round_code, school)
    except NotFound:
        return 0
    return max(int(plan["places"] - plan["taken"]), 0)


def give(found_round: Mapping[str, Any], school: str, first: Sequence[Waiting]) -> Given:
    """Offer their places to one child or to those tied together, to all or to none.

    `given`; `full` when fewer are free; `changed` when not just these wait as they did when the line was made.
    """
    now = clock.now()

    def change(session: ClientSession) -> Given:
        try:
            for one in sorted(one.application for one in first):
                offer.hold(one, session)
        except NotPlaceable:
            return "changed"
        several = _still(found_round, first, school, session)
        if several is None:
            return "changed"
        seats.take(found_round["_id"], school, session, len(several))
        for application in several:
            offer.add(offer.record(found_round, application, school, "waiting", now=now), session)
        return "given"

    try:
        given = transactions.run(change)
    except seat_plan.SeatsGone:
        return "full"
    except DuplicateKeyError:  # an offer of this application that was made meanwhile
        return "changed"
    outbox.wake("affairs")
    return given


def _still(
    found_round: Mapping[str, Any], first: Sequence[Waiting], school: str, session: ClientSession
) -> list[dict[str, Any]] | None:
    """Return the applications where they, and no other of their group, wait as they did when the line was made."""
    found = applications.read(first[0].application, session)
    several = [found, *group.members(found, session)]
    entries = {one["_id"]: _entry(found_round, one, school, session) for one in several}
    waits = [one for one in entries.values() if one is not None]
    if sorted(waits, key=lambda one: one.order) != sorted(first, key=lambda one: one.order):
        return None
    return [one for one in several if entries[one["_id"]] is not None]


def _entry(
    found_round: Mapping[str, Any], application: Mapping[str, Any], school: str, session: ClientSession
) -> Waiting | None:
    draw = placed.published(found_round)
    assert draw is not None
    result = placed.one(draw, application["_id"], session)
    offers = offer.of_application(application["_id"], session)
    if school not in waiting.wished(application, result, offers):
        return None
    return waiting.entry(application, school, result, draw)


def look() -> int:
    """Look at every published round: release what withdrawn applications hold, and refill schools with free places."""
    made = 0
    for found in rounds.listed(public_only=True):
        if open_for(found):
            offer_answer.release_withdrawn(found["_id"])
            made += sum(_all(found["_id"], one["school"]) for one in seat_plan.of_round(found["_id"]))
    return made


def _all(round_code: str, school: str) -> int:
    made = 0
    while True:
        try:
            return made + refill(round_code, school)
        except outbox.Later:
            made += AT_ONCE
            if made > seat_plan.MOST_PLACES:
                return made


def of_application(application_id: ObjectId) -> list[dict[str, Any]]:
    """Return the entries that refill the choices of an application: after its criteria changed, it may be first."""
    found = applications.read(application_id)
    return [seats.refill_entry(found["round"], code) for code in found["choices"]]

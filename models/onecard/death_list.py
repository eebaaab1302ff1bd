"""The daily death list of the card centre, and the registers' word: who is named has the card frozen at once.

A day's list is read when the day is over, and once; a kill in between reads it again, which changes nothing.
"""

from datetime import date, timedelta

import structlog
from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, StringField

from backend import clock
from backend.errors import NotFound
from backend.exchange import ExchangeAnswerRefused
from backend.identity_documents import BadDocument, parse
from models.identity import person
from models.onecard import card, card_centre, card_commands, card_death, tell_centre
from models.onecard.card_centre import Death
from models.registers import fact
from models.registers.subject import Subject

log = structlog.get_logger()
DAYS_BACK = 7
"""A list that could not be read for so long is asked for by a person."""
CHECK_AFTER = timedelta(days=1)
BATCH = 100


class DeathList(Document):
    """One day's list that was read."""

    meta = {"collection": "death_lists", "auto_create_index": False, "indexes": []}
    id = StringField(primary_key=True)
    entries = IntField(required=True)
    reports = IntField(required=True)
    read_at = DateTimeField(required=True)


def read_all() -> int:
    """Read the lists of the last days that were not read; return how many.

    Raises:
        ExchangeFailure, CentreNotConnected: the centre is away; the schedule comes back.
    """
    today = clock.today()
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    lists = DeathList._get_collection()
    done = {one["_id"] for one in lists.find({"_id": {"$in": [day.isoformat() for day in days]}}, {"_id": 1})}
    wanted = [day for day in days if day.isoformat() not in done]
    for day in wanted:
        _read(day)
    return len(wanted)


def _read(day: date) -> None:
    entries = card_centre.current().deaths(day)
    reports = sum(_report(one) for one in entries)
    record = {"entries": len(entries), "reports": reports, "read_at": clock.now()}
    DeathList._get_collection().update_one({"_id": day.isoformat()}, {"$set": record}, upsert=True)


def _report(one: Death) -> bool:
    try:
        found = person.find(parse("resident_id", one.number))
    except BadDocument:
        return False  # no number: the centre's list is not ours to correct
    held = card.of_person(found["_id"]) if found else None
    if found is None or held is None:
        return False
    differs = not person.same_name(person.opened(found).name, one.name)
    return card_death.report(held, "card_centre", one.died_on, name_differs=differs)


def check_due() -> int:
    """Compare cards with the centre and with the registers' word on deaths, those of longest ago first.

    Raises:
        ExchangeFailure, CentreNotConnected: the centre is away; the schedule comes back.
    """
    due = card_commands.due_for_check(clock.now() - CHECK_AFTER, BATCH)
    for card_id in due:
        try:
            check(card_id)
        except NotFound:
            continue  # it was deleted meanwhile
        except ExchangeAnswerRefused as refused:  # about this one card: the others must not wait for it
            log.warning("card_check_refused", reason=refused.reason)
            card_commands.checked(card_id, clock.now())
    return len(due)


def check(card_id: ObjectId) -> None:
    """Compare one card.

    Raises:
        NotFound: it was deleted meanwhile.
        ExchangeFailure, CentreNotConnected: the centre is away.
    """
    held = card.read(card_id)
    for one in fact.current(Subject(person=held["person"]), ["death.date"], clock.today().isoformat()):
        if not one.absent:
            card_death.report(held, "registers", date.fromisoformat(one.value["died_on"]))
    tell_centre.check(card_id)

"""Telling of an alert: the elder and the relatives whom the elder lets see their health, in the app, by WeChat and SMS.

The message names no one and no value: what it is about is read in the app. Each account is told each news once. After
the elder's death nobody is told by a machine.
"""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from models.eldercare import alert, alert_hidden, subject
from models.identity import account, relation
from models.identity.relation import Relation
from models.messaging import notice

SCOPE = "health"
MOST_RELATIVES = 20
ELDER = {"raised": "health_alert", "graver": "health_alert"}
FAMILY = {"raised": "health_alert_family", "graver": "health_alert_family"} | {
    "waiting": "health_alert_waiting",
    "closed": "health_alert_closed",
}
ELDER_ALONE = ("attention",)
"""How grave an alert is that at first only the elder hears of; the ladder brings the family."""


def tell(alert_id: ObjectId, news: str) -> None:
    """Tell who should hear of an alert: `raised`, `graver`, `waiting:<beat>` or `closed`; again tells nobody twice."""
    found = alert.read(alert_id)
    what = news.partition(":")[0]
    if (what != "closed" and not found.get("live")) or alert.died(found["subject"]):
        return
    try:
        elder = subject.read(found["subject"])
    except NotFound:  # the elder was erased: there is nobody to tell any more
        return
    person = subject.person_of(elder)
    if kind := ELDER.get(what):
        _tell(found, account.of_person(person), kind, news)
    family = what != "raised" or found["severity"] not in ELDER_ALONE
    if family and not alert_hidden.from_family(elder, found):
        _tell(found, relatives(person), FAMILY[what], news)


def relatives(person_id: ObjectId) -> list[ObjectId]:
    """Return the accounts of those who may see this person's health now."""
    query = {"for_person": person_id, "scope": SCOPE, "live": True, **relation.in_force()}
    found = Relation._get_collection().find(query, {"agent": 1}).sort("_id", -1).limit(MOST_RELATIVES)
    agents = sorted({one["agent"] for one in found})
    return [one for agent in agents for one in account.of_person(agent)]


def _tell(found: dict[str, Any], accounts: list[ObjectId], kind: str, news: str) -> None:
    civil = clock.civil(found["raised_at"])
    values = {"day": civil.date().isoformat(), "time": civil.strftime("%H:%M")}
    urgent = found["severity"] != "attention" and news != "closed"
    for one in accounts:
        key = f"{found['_id']}:{news}:{found['severity']}"
        notice.tell(one, kind, key=key, values=values, urgent=urgent)

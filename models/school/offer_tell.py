"""What a family is told of an offer: that it came, that its time is nearly over, that it lapsed, the day of school."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from models.identity import account
from models.messaging import notice
from models.school import application as applications
from models.school import offer, school

KINDS = {"offered": "school_offered", "reminder": "school_reminder", "lapsed": "school_lapsed"}
_WHEN = {"offered": "offered", "reminder": "offered", "lapsed": "lapsed"}


def tell(offer_id: ObjectId, news: str) -> None:
    """Tell the guardian's accounts, once each; what is no longer so is not told."""
    found = offer.read(offer_id)
    if found["state"] != _WHEN[news]:
        return
    _tell(found, KINDS[news], news, until=until_zh(found["respond_by"]))


def tell_day(found: Mapping[str, Any], day: str) -> None:
    """Tell the guardian's accounts on which day the child of an offer reports to the school, once for each day."""
    _tell(found, "school_report_day", f"report_day:{day}", day=day)


def _tell(found: Mapping[str, Any], kind: str, key: str, **values: str) -> None:
    try:
        application = applications.read(found["application"])
    except NotFound:
        return
    values |= {
        "number": application.get("receipt") or str(application["_id"]),
        "school": school.names([found["school"]])[found["school"]],
    }
    accounts = set(account.of_person(application["guardian"]))
    accounts |= {application["account"]} if application.get("account") else set()
    for one in sorted(accounts):
        notice.tell(one, kind, key=f"{found['_id']}:{key}", values=values)


def until_zh(moment: datetime) -> str:
    """Return a civil midnight as the end of the day before it, which is how people say it."""
    last = clock.civil(moment)
    if (last.hour, last.minute) == (0, 0):
        return f"{(last - timedelta(days=1)).date().isoformat()} 24:00"
    return last.strftime("%Y-%m-%d %H:%M")

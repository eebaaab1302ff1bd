"""Whether a property brought a child its place; where it did not, the end of the round frees it.

One property serves one family for a cycle, and what serves is a place: a lock stays for a child who holds a place by
the district that the property gave it. Who is unplaced, was coordinated to another school or goes to a private one
used nothing, so that another family may use the property in the next round.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from models.school import application as applications
from models.school import offer, property_lock, school
from models.school import round as rounds

CHOSEN = ("drawn", "waiting", "appeal")


def let_go(application_id: ObjectId, session: ClientSession) -> None:
    """Free the property of an application of a round that ended, unless it brought the place that the child holds."""
    found = applications.read(application_id, session)
    if rounds.read(found["round"], session)["state"] != "ended":
        return
    standing = [one for one in offer.of_application(application_id, session) if one.get("open")]
    if not any(_by_property(one, found) for one in standing):
        property_lock.free(application_id, session)


def _by_property(one: Mapping[str, Any], application: Mapping[str, Any]) -> bool:
    """Tell whether a place was given by the district: at one of its schools, or at a public one that was chosen."""
    own: Iterable[str] = (application.get("basis") or {}).get("schools", ())
    if one["school"] in own:
        return True
    ownership = school.several([one["school"]]).get(one["school"], {}).get("ownership")
    return one["kind"] in CHOSEN and ownership != "private"

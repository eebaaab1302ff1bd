"""What an elder hides: a whole kind, or one item, from the family, from the staff of units that care, or from both.

Only the elder hides and shows again, on their own phone, or by a word that staff write down (`wish`). In an emergency a
broken glass shows it all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound, Unprocessable
from models.eldercare import codes, record, subject, view
from models.eldercare.observation import HealthObservation
from models.eldercare.record import HealthRecord
from models.eldercare.subject import HealthSubject
from models.identity.actors import Resident

MOST = 100
WORDS_ZH = record.KINDS | {name: codes.zh(name) for name in codes.NAMES} | {"alert": "健康提醒"}
"""What may be hidden as a whole: kinds of records, codes of observations, alerts."""


class FromNobody(Unprocessable):
    """422: it says from nobody, or from a unit that does not care for the elder."""

    code = "health_hidden_from_nobody"
    zh = "请选择对家属隐藏,或选择正在为您服务的单位。"
    en = "Say from whom: the family, or units that care for you."


class HiddenFull(Conflict):
    """409: more than a record holds is hidden."""

    code = "health_hidden_full"
    zh = "单独隐藏的内容已达上限,请改为隐藏整个类别。"
    en = "You hide as many things as a record holds. Hide whole kinds instead."


@dataclass(frozen=True)
class Veil:
    """What is hidden: `word` is a kind or a code, `item` one observation or record of it; and from whom."""

    word: str = ""
    item: ObjectId | None = None
    family: bool = False
    units: Sequence[str] = ()


def hide(resident: Resident, veil: Veil) -> dict[str, Any]:
    """Hide something; hiding the same again replaces from whom. Return the subject.

    Raises:
        NotEnrolled: nobody keeps a record for this person.
        NotFound: no such item of theirs.
        FromNobody: it says from nobody, or names a unit that does not care for them.
        HiddenFull: more than a record holds.
    """
    found = view.of_resident(resident).subject
    check(found, veil)
    put(found["_id"], veil)
    return subject.read(found["_id"])


def check(found: Mapping[str, Any], veil: Veil) -> None:
    """Check from whom something is hidden.

    Raises:
        FromNobody: it says from nobody, or names a unit that does not care for them.
    """
    if not (veil.family or veil.units) or not set(veil.units) <= {one["unit"] for one in found["units"]}:
        raise FromNobody


def put(
    subject_id: ObjectId,
    veil: Veil,
    *,
    written_by: str = "",
    follow: Sequence[Mapping[str, Any]] = (),
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Store what is hidden and return it; `written_by` is the unit that wrote it down, `follow` goes to the outbox.

    Raises:
        NotFound: no such item of theirs.
        HiddenFull: more than a record holds.
    """
    word = word_of(subject_id, veil.item) if veil.item else veil.word
    same: dict[str, Any] = {"word": word, "item": veil.item or {"$exists": False}}
    told = {"id": ObjectId(), "word": word, "family": veil.family, "units": sorted(set(veil.units)), "at": clock.now()}
    told |= {"item": veil.item} if veil.item else {}
    told |= {"unit": written_by} if written_by else {}
    collection, first = HealthSubject._get_collection(), {"_id": subject_id}
    # Two updates, each whole: between them it is hidden twice at worst, and never less than before.
    full = {f"hidden.{MOST - 1}": {"$exists": False}}
    change = {"$push": {"hidden": told, "outbox": {"$each": list(follow)}}, "$inc": {"seq": 1}}
    if not collection.update_one(first | full, change, session=session).modified_count:
        raise HiddenFull
    collection.update_one(first, {"$pull": {"hidden": {**same, "id": {"$ne": told["id"]}}}}, session=session)
    return told


def word_of(subject_id: ObjectId, item: ObjectId) -> str:
    """Return the code of an observation or the kind of a record.

    Raises:
        NotFound: no such item of this elder.
    """
    query = {"_id": item, "subject": subject_id}
    if found := HealthObservation._get_collection().find_one(query, {"code": 1}):
        return str(found["code"])
    if found := HealthRecord._get_collection().find_one(query, {"kind": 1}):
        return str(found["kind"])
    raise NotFound


def show(resident: Resident, veil_id: ObjectId) -> None:
    """Show something again; a veil that is gone already changes nothing.

    Raises:
        NotEnrolled: nobody keeps a record for this person.
        NotFound: no such veil.
    """
    if not drop(view.of_resident(resident).subject["_id"], veil_id):
        raise NotFound


def drop(
    subject_id: ObjectId,
    veil_id: ObjectId,
    *,
    follow: Sequence[Mapping[str, Any]] = (),
    session: ClientSession | None = None,
) -> bool:
    """Show something again; tell whether it was hidden until now."""
    change = {"$pull": {"hidden": {"id": veil_id}}, "$push": {"outbox": {"$each": list(follow)}}, "$inc": {"seq": 1}}
    guard = {"_id": subject_id, "hidden.id": veil_id}
    return bool(HealthSubject._get_collection().update_one(guard, change, session=session).modified_count)

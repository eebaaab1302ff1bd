"""What an elder hides: a whole kind, or one item, from the family, from the staff of units that care, or from both.

Only the elder hides and shows again, on their own phone. In an emergency a broken glass shows it all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

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
    if not (veil.family or veil.units) or not set(veil.units) <= {one["unit"] for one in found["units"]}:
        raise FromNobody
    word = _word_of(found["_id"], veil.item) if veil.item else veil.word
    same: dict[str, Any] = {"word": word, "item": veil.item or {"$exists": False}}
    told = {"id": ObjectId(), "word": word, "family": veil.family, "units": sorted(set(veil.units)), "at": clock.now()}
    told |= {"item": veil.item} if veil.item else {}
    collection, first = HealthSubject._get_collection(), {"_id": found["_id"]}
    # Two updates, each whole: between them it is hidden twice at worst, and never less than before.
    full = {f"hidden.{MOST - 1}": {"$exists": False}}
    if not collection.update_one(first | full, {"$push": {"hidden": told}, "$inc": {"seq": 1}}).modified_count:
        raise HiddenFull
    collection.update_one(first, {"$pull": {"hidden": {**same, "id": {"$ne": told["id"]}}}})
    return subject.read(found["_id"])


def _word_of(subject_id: ObjectId, item: ObjectId) -> str:
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
    found = view.of_resident(resident).subject
    change = {"$pull": {"hidden": {"id": veil_id}}, "$inc": {"seq": 1}}
    guard = {"_id": found["_id"], "hidden.id": veil_id}
    if not HealthSubject._get_collection().update_one(guard, change).modified_count:
        raise NotFound

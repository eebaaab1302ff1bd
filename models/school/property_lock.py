"""A property lock (房产锁定): one property, one family, for one cycle of a stage.

    taken at submission ──▶ held until the cycle ends ──▶ the next taker ends it
                              └── withdrawn, refused, unplaced at the end: freed (and taken again if that is overturned)

The certificate's number or the household is never stored: only its blind index, in an index space of its own. While a
lock is live the unique index allows no second one; siblings (a common guardian or the same household) share it, so a
younger child follows the older one (长幼随学). Each use keeps its own end, and a lock lasts as long as its last use.
How long a cycle is stands in dated parameters of the rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict, Unavailable
from backend.personal_data import Blind, Holding
from models.rules import facts, parameters
from models.school import round as rounds

COLLECTION = "property_locks"
KEY, HOUSEHOLD = "property_locks.key", "property_locks.household"
YEARS = "school_property_lock_years"
KIND_ZH = {"property": "不动产", "household": "户籍地址", "residence": "居住地址"}
MOST = 20


class PropertyLock(Document):
    """`key` is the blind index of the property; `people` and `households` (blind too) are the family that holds it.

    `uses` are the applications that rest on it: {application, round, school_year, until, at, freed}. `until` is the
    first school year that is free again.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["stage", "key"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["key", "-_id"]},
            {"fields": ["uses.application"]},
            {"fields": ["people"]},
        ],
    }
    stage = StringField(choices=tuple(rounds.STAGE_ZH), required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    key = ListField(BinaryField(), required=True)
    live = BooleanField()
    school_year = IntField(required=True)
    until = IntField(required=True)
    people = ListField(ObjectIdField())
    households = ListField(BinaryField())
    uses = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "入学房产锁定",
        persons=("people",),
        blind=(Blind("key", KEY), Blind("households", HOUSEHOLD)),
        traces=("kind", "uses"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法第十二条: 就近入学的学位使用记录须保存至锁定周期结束",
    )
)


class PropertyLocked(Conflict):
    """409: another family uses this property in the running cycle."""

    code = "school_property_locked"
    zh = (
        "该{kind_zh}在本周期内已有其他家庭用于入学登记(至 {until} 年秋季前)。"
        "可改用其他入学依据;有疑问请联系县教科体局核实。"
    )
    en = "Another family uses this property until autumn {until}. Choose another basis, or ask the bureau about it."

    def __init__(self, kind: str, until: int) -> None:
        super().__init__(kind_zh=KIND_ZH[kind], until=until)


class LockYearsMissing(Unavailable):
    """503: nobody set how long a cycle lasts."""

    code = "school_lock_years_missing"
    zh = "招生参数(房产锁定年限)尚未设置,请联系县教科体局。"
    en = "The bureau has not set how long a property is locked. Ask the education bureau."


@dataclass(frozen=True)
class _Wish:
    """A use of a property by a family; `keys` are blind."""

    stage: str
    kind: str
    keys: list[bytes]
    people: list[ObjectId]
    households: list[bytes]
    use: Mapping[str, Any]


def take(
    key: str,
    *,
    round: Mapping[str, Any] | str,  # noqa: A002 - the domain's word
    family: Iterable[ObjectId | str],
    application: ObjectId,
    kind: str,
    session: ClientSession,
) -> None:
    """Take a property for an application within the transaction that submits it; taking it again changes nothing.

    `round` is the round or its code; `family` are the ids of the guardians, and numbers of households as text. What the
    application held before, on another property, is freed.

    Raises:
        PropertyLocked: another family uses it in the running cycle.
        LockYearsMissing: no parameter says how long a cycle lasts.
    """
    sealer, told = runtime.current().sealer, [family] if isinstance(family, str) else list(family)
    found = rounds.read(round) if isinstance(round, str) else round
    year = found["school_year"]
    use = {"application": application, "round": found["_id"], "school_year": year, "at": clock.now()}
    wish = _Wish(
        found["stage"],
        kind,
        sealer.blinds(KEY, f"{kind}:{key}"),
        [one for one in told if isinstance(one, ObjectId)],
        [blind for one in told if isinstance(one, str) for blind in sealer.blinds(HOUSEHOLD, one)],
        use | {"until": year + years(found)},
    )
    for other in _of(application, session):
        if other["stage"] != wish.stage or set(other["key"]).isdisjoint(wish.keys):
            _free(other, application, session)
    _take(wish, session)


def years(found: Mapping[str, Any]) -> int:
    """Return how many school years a property is locked for, by the rules of the round.

    Raises:
        LockYearsMissing: no parameter says it.
    """
    code = f"{YEARS}_{found['stage']}"
    kept = parameters.in_force([code], rounds.rule_day(found)).get(code)
    if kept is None:
        raise LockYearsMissing
    return int(facts.decode(kept["value"]))


def _take(wish: _Wish, session: ClientSession) -> None:
    locks = PropertyLock._get_collection()
    held = {"stage": wish.stage, "key": {"$in": wish.keys}, "live": True}
    found = locks.find_one(held, session=session)
    if found is not None and found["until"] <= wish.use["school_year"]:
        locks.update_one({"_id": found["_id"]}, {"$unset": {"live": ""}}, session=session)
        found = None
    if found is None:
        locks.insert_one(_made(wish), session=session)
        return
    if not _same_family(found, wish):
        raise PropertyLocked(wish.kind, found["until"])
    mine = wish.use["application"]
    uses = [one for one in found["uses"] if one["application"] != mine]
    locks.update_one(
        {"_id": found["_id"]},
        {
            "$set": {"uses": [*uses, dict(wish.use)], "until": _until([*uses, wish.use])},
            "$addToSet": {"people": {"$each": wish.people}, "households": {"$each": wish.households}},
        },
        session=session,
    )


def _made(wish: _Wish) -> dict[str, Any]:
    return {
        "stage": wish.stage,
        "kind": wish.kind,
        "key": wish.keys,
        "live": True,
        "school_year": wish.use["school_year"],
        "until": wish.use["until"],
        "people": wish.people,
        "households": wish.households,
        "uses": [dict(wish.use)],
    }


def _same_family(found: Mapping[str, Any], wish: _Wish) -> bool:
    households = {bytes(one) for one in found["households"]}
    return not (set(found["people"]).isdisjoint(wish.people) and households.isdisjoint(wish.households))


def _related(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    households = {bytes(blind) for blind in one["households"]} & {bytes(blind) for blind in other["households"]}
    return bool(households or set(one["people"]) & set(other["people"]))


def _until(uses: Iterable[Mapping[str, Any]]) -> int:
    return max((one["until"] for one in uses if "freed" not in one), default=0)


def free(application: ObjectId, session: ClientSession | None = None) -> None:
    """Free what an application holds: it was withdrawn or refused, or found no place at the end; again is no harm."""
    for found in _of(application, session):
        _free(found, application, session)


def _free(found: Mapping[str, Any], application: ObjectId, session: ClientSession | None) -> None:
    now = clock.now()
    uses = [
        one | {"freed": now} if one["application"] == application and "freed" not in one else one
        for one in found["uses"]
    ]
    held = any("freed" not in one for one in uses)
    change: dict[str, Any] = {"$set": {"uses": uses} | ({"until": _until(uses)} if held else {})}
    if not held:
        change["$unset"] = {"live": ""}
    guard = {"_id": found["_id"], "uses": found["uses"]}
    PropertyLock._get_collection().update_one(guard, change, session=session)


def take_again(application: ObjectId, session: ClientSession) -> None:
    """Take what was freed last when an application was refused, because the refusal does not stand.

    Raises:
        PropertyLocked: another family took it meanwhile.
    """
    found = next(iter(_of(application, session)), None)
    if found is None:
        return
    use = next(one for one in found["uses"] if one["application"] == application)
    if "freed" in use:
        again = {name: value for name, value in use.items() if name != "freed"}
        keys = [bytes(one) for one in found["key"]]
        _take(_Wish(found["stage"], found["kind"], keys, found["people"], found["households"], again), session)


def _of(application: ObjectId, session: ClientSession | None) -> list[dict[str, Any]]:
    query = {"uses.application": application}
    return list(PropertyLock._get_collection().find(query, session=session).sort("_id", -1).limit(MOST))


def of_application(application: ObjectId) -> list[dict[str, Any]]:
    """Return the locks of the property that an application rests on, of all families and cycles, the latest first."""
    own = _of(application, None)
    if not own:
        return []
    query = {"key": {"$in": own[0]["key"]}}
    return list(PropertyLock._get_collection().find(query).sort("_id", -1).limit(MOST))


def used_before_by_others(application: ObjectId) -> bool:
    """Tell whether another family used the same property for an earlier application that was not freed."""
    found = of_application(application)
    own = next((one for one in found if any(use["application"] == application for use in one["uses"])), None)
    if own is None:
        return False
    others = [one for one in found if one["_id"] != own["_id"] and not _related(one, own)]
    return any("freed" not in use for one in others for use in one["uses"])

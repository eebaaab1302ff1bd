"""A candidate (适龄儿童): a child of school age whom a register or a roster names for a round, found before its window.

One document a round and child; what is found again updates it. What the family is told is named by `digest`, so
that a second run tells only those for whom something changed. `home` is sealed; facts stay with the registers.

    reach   ""  not told yet    told  brought to somebody    no_account, undelivered  a person has to go there
            visited  somebody went there and said how it was
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed

COLLECTION = "school_candidates"
outbox.carried_by(COLLECTION)
REACH_ZH = {
    "": "尚未通知",
    "told": "已通知",
    "no_account": "监护人均未使用小程序",
    "undelivered": "通知未送达",
    "visited": "已上门",
}
UNREACHED = ("no_account", "undelivered")
OUTCOME_ZH = {"told": "已当面告知", "moved": "已搬离", "wrong": "地址或人员有误", "refused": "拒绝接受告知"}
SOURCES = ("register", "roster")
MOST_DOUBLES = 1000


class SchoolCandidate(Document):
    """`guardians` are whom register or roster name; `run` is the job that saw the child last.

    `households` tells where the register lists the child, each by a blind mark with the run that saw it, and `double`
    that there are several. `basis` says on what the district rests: {kind, fact}; `missing` are names of facts, `why`
    the reason of each. `asking` says that a register did not answer, so that another run is needed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["round", "child"], "unique": True},
            {"fields": ["round", "reach", "_id"]},
            {"fields": ["round", "double", "_id"], "partialFilterExpression": {"double": True}},
            {"fields": ["round", "_id"]},
            {"fields": ["guardians", "-_id"]},
            {"fields": ["child", "-_id"]},
            outbox.INDEX,
        ],
    }
    round = StringField(required=True)
    child = ObjectIdField(required=True)
    guardians = ListField(ObjectIdField())
    source = StringField(choices=SOURCES, required=True)
    village = StringField()
    households = ListField(DictField())
    double = BooleanField()
    home = BinaryField()
    basis = DictField()
    located = DictField()
    eligible = StringField(choices=("yes", "no", "unknown"))
    tier = IntField()
    missing = ListField(StringField())
    why = DictField()
    rule_numbers = ListField(StringField())
    asking = BooleanField()
    digest = StringField()
    told = StringField()
    told_at = DateTimeField()
    reach = StringField(choices=tuple(REACH_ZH), required=True)
    seen_at = DateTimeField()
    visit = DictField()
    run = StringField()
    found_at = DateTimeField(required=True)
    judged_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "适龄儿童名册",
        persons=("child", "guardians"),
        staff=("visit.by",),
        sealed=(Sealed("home"), Sealed("visit.note")),
        traces=("village", "basis", "located", "eligible", "tier", "missing", "why", "reach"),
        at_deletion="restrict",
        because="义务教育法第十三条: 县级教育行政部门、乡镇人民政府组织和督促适龄儿童入学,招生结束后随批次材料归档",
    )
)


def read(candidate_id: ObjectId) -> dict[str, Any]:
    """Return a candidate.

    Raises:
        NotFound: no such candidate.
    """
    found = SchoolCandidate._get_collection().find_one({"_id": candidate_id}, {"outbox": 0})
    if found is None:
        raise NotFound
    return found


def of_child(round_code: str, child_id: ObjectId) -> dict[str, Any] | None:
    """Return a child's candidate in a round, None where nobody found the child."""
    query = {"round": round_code, "child": child_id}
    return SchoolCandidate._get_collection().find_one(query, {"outbox": 0})


def of_children(round_code: str, children: Iterable[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return the candidates of some children in a round, by child."""
    query = {"round": round_code, "child": {"$in": list(children)}}
    return {one["child"]: one for one in SchoolCandidate._get_collection().find(query, {"outbox": 0})}


def is_double(round_code: str, child_id: ObjectId) -> bool:
    """Tell whether the household register lists a child in two households."""
    found = of_child(round_code, child_id)
    return bool(found and found.get("double"))


def found(
    round_code: str,
    child_id: ObjectId,
    guardians: Sequence[ObjectId],
    *,
    home: Mapping[str, str],
    source: str,
    run: str,
) -> dict[str, Any]:
    """Note that a child was found for a round, once, and return it; a second household is added, never lost.

    `home` is {address, village, household}: a roster does not write over what the register said. `run` names what
    found it: another run of the register says anew who the guardians are.
    """
    known = of_child(round_code, child_id) or _made(round_code, child_id, source, run)
    if source == "roster" and known["source"] == "register":
        return known
    told: dict[str, Any] = {"run": run, "source": source}
    if home.get("address") and home_of(known) != dict(home):
        told |= {"village": home.get("village", ""), "home": sealed_home(known["_id"], home)}
    same = {"$eq": [{"$ifNull": ["$run", ""]}, run]}
    before = {"$cond": [same, {"$ifNull": ["$guardians", []]}, []]}
    ids = list(dict.fromkeys(guardians))
    told["guardians"] = {"$concatArrays": [before, {"$setDifference": [{"$literal": ids}, before]}]}
    stages: list[dict[str, Any]] = [{"$set": told}]
    if home.get("household"):
        stages += _household(home["household"], run)
    return dict(
        SchoolCandidate._get_collection().find_one_and_update(
            {"_id": known["_id"]}, stages, projection={"outbox": 0}, return_document=ReturnDocument.AFTER
        )
    )


def _made(round_code: str, child_id: ObjectId, source: str, run: str) -> dict[str, Any]:
    made = {"_id": ObjectId(), "reach": "", "source": source, "run": run, "found_at": clock.now(), "outbox": []}
    query = {"round": round_code, "child": child_id}
    with suppress(DuplicateKeyError):  # another worker found the same child at this moment
        SchoolCandidate._get_collection().update_one(
            query, {"$setOnInsert": made | {"guardians": [], "households": []}}, upsert=True
        )
    stored = of_child(round_code, child_id)
    assert stored is not None
    return stored


def _household(number: str, run: str) -> list[dict[str, Any]]:
    """Return the stages that note one household of the child, as seen by a run."""
    mark = runtime.current().sealer.blind("school_candidates.households", number).hex()
    others = {"$filter": {"input": {"$ifNull": ["$households", []]}, "cond": {"$ne": ["$$this.mark", mark]}}}
    kept = {"$concatArrays": [others, [{"mark": mark, "run": run}]]}
    return [{"$set": {"households": kept}}, {"$set": {"double": {"$gt": [{"$size": "$households"}, 1]}}}]


def doubles(round_code: str) -> list[dict[str, Any]]:
    """Return the candidates of a round whom the register listed in several households."""
    query = {"round": round_code, "double": True}
    return list(SchoolCandidate._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(MOST_DOUBLES))


def prune(one: Mapping[str, Any], run: str) -> bool:
    """Take out households that a run, which saw this child, did not list any more; return whether there were any."""
    stale = [home for home in one["households"] if home["run"] != run]
    if not stale or len(stale) == len(one["households"]):
        return False
    kept = [home for home in one["households"] if home["run"] == run]
    guard = {"households": one["households"]}
    return change(one["_id"], {"households": kept, "double": len(kept) > 1}, guard=guard) is not None


def sealed_home(candidate_id: ObjectId, home: Mapping[str, str]) -> bytes:
    """Return the sealed address of a candidate."""
    return runtime.current().sealer.seal(f"{COLLECTION}.home", candidate_id, orjson.dumps(dict(home)).decode())


def home_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the address of a candidate, opened; empty where nobody told one."""
    if not found.get("home"):
        return {}
    return dict(orjson.loads(runtime.current().sealer.open(f"{COLLECTION}.home", found["_id"], found["home"])))


def change(
    candidate_id: ObjectId, told: Mapping[str, Any], *, guard: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Change a candidate where `guard` holds and return it, None where it does not."""
    return SchoolCandidate._get_collection().find_one_and_update(
        {"_id": candidate_id, **(guard or {})},
        {"$set": dict(told)},
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
    )

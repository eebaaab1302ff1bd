"""Importing the districts of a round: checked whole, then replaced whole.

The new generation is written beside the old one, and one guarded update of the round makes it count: before it every
reader sees the old districts, after it the new ones. A kill between the two leaves a generation that counts for nobody;
the next import of the round deletes it, as it deletes the one that it replaced.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from bson import ObjectId
from pymongo.collection import Collection

from backend import clock
from backend.errors import Conflict, Unprocessable
from models.identity.actors import Staff
from models.school import district_reading
from models.school import round as rounds
from models.school.district import SchoolDistrict
from models.school.district_reading import Reading

OPERATION = "school.plan"


class DistrictsWrong(Unprocessable):
    """422: the file holds errors, so nothing of it is taken."""

    code = "school_districts_wrong"
    zh = "学区文件有 {wrong} 处错误,未作任何修改;请按提示改正后重新导入。"
    en = "The file of districts holds {wrong} errors, and nothing was changed. Correct them and import it again."

    def __init__(self, reading: Reading) -> None:
        fields: dict[str, list[str]] = {}
        for one in reading.errors:
            where = f"features.{one.row}.{one.field}" if one.row else one.field
            fields.setdefault(where, []).append(one.message)
        super().__init__(wrong=len(reading.errors), fields=fields)


class DistrictsReplaced(Conflict):
    """409: somebody else replaced the districts meanwhile."""

    code = "school_districts_replaced"
    zh = "学区刚被其他人更新,请重新查看后再导入。"
    en = "Somebody replaced the districts a moment ago. Look again before you import."


@dataclass(frozen=True)
class Outcome:
    """What an import did: how many districts count, and whether it changed anything."""

    generation: str
    count: int
    changed: bool


def check(actor: Staff, round_code: str, told: Mapping[str, Any]) -> Reading:
    """Return what an import would take and what is wrong with it; nothing is written.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
    """
    actor.require(OPERATION)
    return district_reading.read(told, rounds.read(round_code)["stage"])


def apply(actor: Staff, round_code: str, told: Mapping[str, Any]) -> Outcome:
    """Replace all districts of a round that is being prepared; the same file again changes nothing.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundStateWrong: the round was announced.
        DistrictsWrong: the file holds errors.
        DistrictsReplaced: somebody else replaced them meanwhile.
    """
    actor.require(OPERATION)
    found = rounds.read(round_code)
    rounds.require_state(found, rounds.EDITABLE)
    reading = district_reading.read(told, found["stage"])
    if reading.errors:
        raise DistrictsWrong(reading)
    return replace(actor, round_code, reading.found)


def replace(actor: Staff | None, round_code: str, found: list[dict[str, Any]]) -> Outcome:
    """Make some districts those of a round that is being prepared; reference data come without an actor.

    Raises:
        NotFound: no such round.
        RoundStateWrong: the round was announced.
        DistrictsReplaced: somebody else replaced them meanwhile.
    """
    found = sorted(found, key=lambda one: str(one["code"]))
    sha256 = hashlib.sha256(orjson.dumps(found, option=orjson.OPT_SORT_KEYS)).hexdigest()
    before = rounds.read(round_code).get("districts") or {}
    if before.get("sha256") == sha256:
        return Outcome(before["generation"], before["count"], changed=False)
    generation = f"{_number(before.get('generation', '')) + 1:06d}-{ObjectId()}"
    _write(round_code, generation, found)
    _switch(actor, round_code, before, {"generation": generation, "count": len(found), "sha256": sha256})
    clean(round_code)
    return Outcome(generation, len(found), changed=True)


def _number(generation: str) -> int:
    return int(generation.split("-", maxsplit=1)[0] or 0)


def _write(round_code: str, generation: str, found: list[dict[str, Any]]) -> None:
    common = {"round": round_code, "generation": generation}
    rows = [{"_id": f"{round_code}:{generation}:{one['code']}", **common, **one} for one in found]
    SchoolDistrict._get_collection().insert_many(rows)


def _switch(actor: Staff | None, round_code: str, before: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    try:
        rounds.move(
            round_code,
            rounds.EDITABLE,
            "",
            actor=actor,
            what="districts",
            guard={"districts.generation": before.get("generation")},
            noted={"count": told["count"], "generation": told["generation"]},
            told={"districts": {**told, "at": clock.now()}},
        )
    except rounds.RoundStateWrong:
        rounds.require_state(rounds.read(round_code), rounds.EDITABLE)
        raise DistrictsReplaced from None


def clean(round_code: str) -> int:
    """Delete the districts of generations that do not count and never can; return how many.

    An import that still runs has read the generation that counts, so its own has a greater number.
    """
    current = (rounds.read(round_code).get("districts") or {}).get("generation", "")
    stored: Collection[dict[str, Any]] = SchoolDistrict._get_collection()
    stages = [{"$match": {"round": round_code}}, {"$group": {"_id": "$generation"}}]
    names = [one["_id"] for one in stored.aggregate(stages)]
    old = [one for one in names if one != current and _number(one) <= _number(current)]
    return stored.delete_many({"round": round_code, "generation": {"$in": old}}).deleted_count

"""The waiting list (候补): who is qualified waits by itself for every choice above the place that it has.

Nobody joins and nobody queues: the list of a school is made anew from applications, results and offers whenever a place
is free or somebody looks. It is ranked by the priority at that school, which the criteria of the day decide, then by
the lot. So an appeal, a brother or sister who was admitted or a status that was confirmed moves a child up, and the
order of arrival never does. Who came after the draw has no lot in it and stands behind those of the same priority, in
the order of a hash keyed by the draw. Places that the draw reserved for a tier are open to everybody here.

Children who are tied together move up together: they stand where the first of them stands, and while fewer places are
free than they need, these go on to the next in line and their own place stays.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from backend.errors import Unprocessable
from models.identity.actors import Resident
from models.school import offer, offer_answer, placed, school
from models.school import round as rounds
from models.school.application import SchoolApplication, event

LAST = 1_000_000
"""The priority of who has none at a school."""
_WANTED = {
    "child": 1, "choices": 1, "priorities": 1, "state": 1, "waits_not": 1, "tier": 1, "round": 1, "guardian": 1,
    "group": 1,
}  # fmt: skip
TIED_ZH = "捆绑的孩子在该校同时有足够名额时一并录取;名额不够时先给后面的家庭,您的位次保留。"
_OWN_END = frozenset({"declined", "lapsed"})


@dataclass(frozen=True)
class Waiting:
    """One child in the line of a school; `place` is which choice the school is for the family, `group` who is tied."""

    application: ObjectId
    child: ObjectId
    place: int
    priority: int
    late: bool
    lot: int
    group: ObjectId | None = None

    @property
    def order(self) -> tuple[int, bool, int, ObjectId]:
        """Return by what the line is sorted."""
        return self.priority, self.late, self.lot, self.application


class NoSuchChoice(Unprocessable):
    """422: the school is none of the application's choices."""

    code = "school_not_chosen"
    zh = "该学校不在这份申请的志愿中,请选择已填报的学校。"
    en = "The application does not name this school. Choose one of its choices."

    def __init__(self) -> None:
        super().__init__(fields={"school": [self.zh]})


def wished(
    application: Mapping[str, Any], result: Mapping[str, Any] | None, offers: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the schools for which an application waits: above what it has, never given up, not opted out of.

    Who came to school, or moved to another one by a wish of its own, waits for none.
    """
    standing = [one for one in offers if one.get("open")]
    settled = any(one["state"] == "enrolled" or one["kind"] == "transfer" for one in standing)
    if application["state"] != "qualified" or settled:
        return []
    drawn = result["rank"] if result and result.get("school") and result.get("rank") else offer.UNRANKED
    best = min((offer.place_of(one) for one in standing), default=drawn)
    given_up = {one["school"] for one in offers if one["state"] in _OWN_END}
    closed = given_up | set(application.get("waits_not", ())) | {one["school"] for one in standing}
    return [code for code in application["choices"][: best - 1] if code not in closed]


def entry(application: Mapping[str, Any], code: str, result: Mapping[str, Any] | None, draw: ObjectId) -> Waiting:
    """Return how an application stands in the line of a school."""
    lot = result["position"] if result else None
    return Waiting(
        application["_id"],
        application["child"],
        application["choices"].index(code) + 1,
        application.get("priorities", {}).get(code, LAST),
        lot is None,
        lot if lot is not None else late_lot(draw, application["_id"]),
        application.get("group"),
    )


def late_lot(draw: ObjectId, application_id: ObjectId) -> int:
    """Return the order of who has no lot of the draw: nobody can choose it, and it is the same each time."""
    return int.from_bytes(hashlib.blake2b(application_id.binary, key=draw.binary, digest_size=7).digest())


def ranked(found_round: Mapping[str, Any], code: str) -> list[Waiting]:
    """Return the line of a school as it is now: three indexed reads of those who name the school."""
    draw = placed.published(found_round)
    if draw is None:
        return []
    query = {"round": found_round["_id"], "choices": code, "state": "qualified"}
    named = list(SchoolApplication._get_collection().find(query, _WANTED))
    ids = [one["_id"] for one in named]
    results, offers = placed.several(draw, ids), offer.of_applications(ids)
    line = [
        entry(one, code, results.get(one["_id"]), draw)
        for one in named
        if code in wished(one, results.get(one["_id"]), offers.get(one["_id"], ()))
    ]
    return sorted(line, key=lambda one: one.order)


def together(line: Sequence[Waiting]) -> list[tuple[Waiting, ...]]:
    """Return a line as those who move up at once: one child, or all of a group that wait, where its first stands."""
    tied: dict[ObjectId, list[Waiting]] = {}
    for one in line:
        tied.setdefault(one.group or one.application, []).append(one)
    return [tuple(several) for several in tied.values()]


def rank_of(found_round: Mapping[str, Any], application_id: ObjectId, code: str) -> dict[str, Any] | None:
    """Return the position of an application in the line of a school, in numbers and words; None where it is in none."""
    line = ranked(found_round, code)
    for position, one in enumerate(line, 1):
        if one.application == application_id:
            return _told(one, position, len(line), code)
    return None


def _told(one: Waiting, position: int, total: int, code: str) -> dict[str, Any]:
    name = school.names([code])[code]
    lot_zh = "派位后补入,同优先级排在有摇号序号者之后" if one.late else f"再看摇号序号 {one.lot}"
    words = (
        f"您在“{name}”的候补名单中排第 {position} 位(共 {total} 人)。排序先看优先级({one.priority},小者在前),"
        f"{lot_zh};与报名和候补的先后无关,条件变化时会重新排序。"
    )
    words += TIED_ZH if one.group else ""
    told: dict[str, Any] = {"school": code, "school_zh": name, "choice": one.place, "position": position}
    told |= {"total": total, "priority": one.priority, "words_zh": words}
    return told if one.late else {**told, "lot": one.lot}


def own(resident: Resident, application_id: ObjectId) -> list[dict[str, Any]]:
    """Return where one's application waits, and which of its choices it was taken out of.

    Raises:
        NotFound: not one's own.
    """
    application = offer_answer.own_application(resident, application_id)
    found = rounds.read(application["round"])
    lines = [rank_of(found, application_id, code) for code in application["choices"]]
    return [one for one in lines if one is not None]


def want(resident: Resident, application_id: ObjectId, code: str, *, waits: bool) -> dict[str, Any]:
    """Let an application wait for one of its choices, or not; the same again changes nothing.

    Raises:
        NotFound: not one's own.
        NoSuchChoice: it does not name the school.
    """
    application = offer_answer.own_application(resident, application_id)
    if code not in application["choices"]:
        raise NoSuchChoice
    told = event("waits" if waits else "waits_not", resident.key, school=code)
    update = {
        ("$pull" if waits else "$addToSet"): {"waits_not": code},
        "$push": {"history": {"$each": [told], "$slice": -60}},
    }
    changes = {"waits_not": code} if waits else {"waits_not": {"$ne": code}}
    changed = SchoolApplication._get_collection().find_one_and_update(
        {"_id": application_id, **changes}, update, projection=_WANTED, return_document=ReturnDocument.AFTER
    )
    return changed or application

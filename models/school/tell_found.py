"""Telling the families that were found, before the window: a job over the candidates of an announced round.

Each guardian with an account that surely is theirs gets one notice for a content (`digest`); a second run tells only
those for whom something changed. A day later it is looked whether anything arrived; who has no account, or whom nothing
reached, stands on the village's list. A kill may tell twice: the notice's key makes that one.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox
from backend.identity_documents import mask_name
from backend.side_by_side import side_by_side
from backend.store import transactions
from models.audit import entry
from models.identity import account, person, staff
from models.identity.actors import Staff
from models.messaging import notice
from models.messaging.notice import Notice
from models.school import candidate, found_words
from models.school import round as rounds
from models.school.candidate import SchoolCandidate

AT_ONCE, AT_A_TIME = 200, 50
LOOK_AFTER = timedelta(days=1)
ARRIVED = ("sent", "delivered")
MOST_NOTICES = 20


def start(actor: Staff, round_code: str) -> dict[str, Any]:
    """Begin to tell the families of a round; return the job.

    Raises:
        NotAllowed: no role of the actor finds children.
        NotFound: no such round.
        RoundStateWrong: it was not announced, or its list is frozen.
    """
    actor.require("school.find")
    rounds.require_state(rounds.read(round_code), ("open",))
    audit = entry.line(actor.key, "school_round.tell", f"school_round:{round_code}", unit=actor.unit)

    def begin(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, audit, session)
        job = jobs.start(
            "school.tell_found",
            args={"round": round_code},
            total=0,
            started_by=actor.key,
            unit=actor.unit,
            session=session,
        )
        entry.write(audit, session)
        return job

    job = transactions.run(begin)
    outbox.wake("reports")
    return job


def work(job_id: ObjectId) -> None:
    """Tell the next families.

    Raises:
        outbox.Later: more follow.
    """
    telling = _Telling(rounds.read(jobs.read(job_id)["args"]["round"]))
    jobs.work(job_id, telling.following, telling.step, ahead=telling.ahead, at_a_time=AT_A_TIME)


class _Telling:
    """One call of the job; an item is the id of a candidate."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._round = found
        self._some: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        self._results: dict[str, str | None] = {}

    def following(self, position: str | None) -> list[str]:
        query: dict[str, Any] = {"round": self._round["_id"]}
        if position:
            query["_id"] = {"$gt": ObjectId(position)}
        some = SchoolCandidate._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(AT_ONCE)
        self._some = {str(one["_id"]): one for one in some}
        self._names = found_words.schools(self._some.values())
        return list(self._some)

    def ahead(self, items: Sequence[str]) -> None:
        """Tell some families side by side."""
        self._results = dict(zip(items, side_by_side(self._told, items), strict=True))

    def step(self, item: str) -> str | None:
        return self._results[item]

    def _told(self, item: str) -> str | None:
        if self._round["state"] != "open":
            return "round_closed"
        return tell(self._round, self._some[item], self._names)


def tell(found: Mapping[str, Any], one: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    """Tell a family what was found, once for each content; return why it was not told, None where it was told."""
    if one.get("eligible") in (None, "no") or one.get("asking"):
        return None if one.get("eligible") == "no" else "register_away"
    if one.get("told") == content(found, one):
        return None
    accounts = [account_id for guardian in one["guardians"] for account_id in account.of_person(guardian)]
    values = _values(found, one, names) if accounts else {}
    for account_id in dict.fromkeys(accounts):
        notice.tell(account_id, "school_found", key=f"{one['_id']}:{content(found, one)}", values=values)
    _note(found, one, reached=bool(accounts))
    return None


def content(found: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """Return the name of what a family is told now: what was found, and the window."""
    window = f"{found['opens_at'].timestamp():.0f}-{found['closes_at'].timestamp():.0f}"
    return f"{one['digest']}.{window}"


def _values(found: Mapping[str, Any], one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {
        "child": mask_name(person.read(one["child"]).name),
        "school": found_words.schools_zh(one, names),
        "tier": found_words.tier_zh(one),
        "missing": found_words.missing_zh(one),
        "window": found_words.window_zh(found),
    }


def _note(found: Mapping[str, Any], one: Mapping[str, Any], *, reached: bool) -> None:
    """Note what was told; who had a visit and still has no account is not put on the list again."""
    told: dict[str, Any] = {"told": content(found, one), "told_at": clock.now()}
    change: dict[str, Any] = {"$set": told}
    if reached:
        told["reach"] = "told"
        look = outbox.entry("affairs", "school.look_reached", due=clock.now() + LOOK_AFTER, candidate=str(one["_id"]))
        change["$push"] = {"outbox": look}
    elif one["reach"] != "visited":
        told["reach"] = "no_account"
    SchoolCandidate._get_collection().update_one({"_id": one["_id"]}, change)


def look_reached(candidate_id: ObjectId) -> None:
    """Put a family on the village's list whom nothing reached: no message went out, and nobody opened the page."""
    one = candidate.read(candidate_id)
    if one["reach"] != "told" or one.get("seen_at"):
        return
    query = {"about": str(candidate_id)}
    found = Notice._get_collection().find(query, {"channels": 1}).sort("_id", -1).limit(MOST_NOTICES)
    states = {channel.get("state") for each in found for channel in each["channels"].values()}
    if states.isdisjoint(ARRIVED):
        candidate.change(candidate_id, {"reach": "undelivered"}, guard={"reach": "told", "told": one["told"]})


def seen(found: Mapping[str, Any]) -> None:
    """Note that a guardian opened what was found, once."""
    if not found.get("seen_at"):
        candidate.change(found["_id"], {"seen_at": clock.now()}, guard={"seen_at": None})
    if found["reach"] in candidate.UNREACHED:
        candidate.change(found["_id"], {"reach": "told"}, guard={"reach": {"$in": list(candidate.UNREACHED)}})

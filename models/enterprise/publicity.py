"""Publicity (公示): the confirmed offers of a policy in a list that anybody may see, before they are paid.

    public ──its time is over, by the outbox──▶ over

Who gets how much of which policy is public: the firm's name and the amount, never the account nor who confirmed. The
day of the publication does not count. The time decides: the public list ends at its end, the entry only writes that
down and makes payable what no open objection holds. Raising an objection, settling one and the end all count a move of
the list in their transaction, so that two of them at one moment collide and the later one sees the earlier.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, LongField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.affairs import clock as legal
from models.affairs.kind import Limit
from models.audit import entry
from models.enterprise import firm, offer, payout_terms, policy
from models.enterprise.offer import Offer
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "enterprise_publicities"
outbox.carried_by(COLLECTION)
STATES = {"public": "公示中", "over": "公示期满"}
MOST = 500
"""So many firms stand in one list; who is left goes into the next."""
NO_OBJECTION = {"objections": {"$in": [None, 0]}}


class Publicity(Document):
    """`days` and `counted` are the time that counted when it was published."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["policy", "-_id"]},
            {"fields": ["state", "until", "_id"]},
            outbox.INDEX,
        ],
    }
    policy = StringField(required=True)
    unit = StringField(required=True)
    title = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    firms = IntField(required=True)
    total_fen = LongField(required=True)
    days = IntField(required=True)
    counted = StringField(choices=tuple(payout_terms.COUNTED_ZH), required=True)
    since = DateTimeField(required=True)
    until = DateTimeField(required=True)
    by = StringField(required=True)
    moves = IntField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企资金公示",
        staff=("by",),
        at_deletion="keep",
        because="公示是公开的信息(政府信息公开条例第二十条), 不含个人信息",
    )
)


class NothingToPublish(Conflict):
    """409: no firm waits for publicity."""

    code = "enterprise_nothing_to_publish"
    zh = "该政策目前没有待公示的企业,请待企业确认后再公示。"
    en = "No firm that confirmed waits to be published."


def publish(actor: Staff, code: str) -> dict[str, Any]:
    """Publish the confirmed offers of a policy, at most `MOST`; return the list.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyWrong: it pays nothing, or nobody says how long it is public.
        NothingToPublish: nobody waits, or another member published them at this moment.
    """
    terms = policy.within(actor, "policy.publish", code)
    waiting = offer.of_policy(code, "confirmed", cursor=None, limit=MOST)[0] if policy.pays(terms) else []
    if not waiting:
        raise NothingToPublish
    made = _record(actor, terms, waiting)
    line = entry.line(
        actor.key, "enterprise_publicity.publish", f"publicity:{made['_id']}", unit=actor.unit, firms=len(waiting)
    )
    change = {"$set": {"state": "in_publicity", "publicity": made["_id"], "objections": 0}}

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        query = {"_id": {"$in": [one["_id"] for one in waiting]}}
        if offer.move(query, ("confirmed",), change, session) < len(waiting):
            raise NothingToPublish
        Publicity._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    transactions.run(write)
    return made


def _record(actor: Staff, terms: Mapping[str, Any], waiting: list[dict[str, Any]]) -> dict[str, Any]:
    made, now = ObjectId(), clock.now()
    limit = payout_terms.publicity(terms, clock.today())
    until = legal.deadline(now, limit)
    return {
        "_id": made,
        "policy": terms["_id"],
        "unit": terms["unit"],
        "title": terms["title"],
        "state": "public",
        "firms": len(waiting),
        "total_fen": sum(one["amount_fen"] for one in waiting),
        "days": limit.days,
        "counted": limit.counted,
        "since": now,
        "until": until,
        "by": actor.key,
        "moves": 0,
        "outbox": [outbox.entry("affairs", "enterprise.publicity_over", due=until, publicity_id=str(made))],
    }


def over(publicity_id: ObjectId) -> None:
    """End a list whose time is over: what no open objection holds is payable. Repeating it changes nothing.

    Raises:
        outbox.Later: a year's holidays came in meanwhile, so the end lies later.
    """
    found = read(publicity_id)
    if found["state"] != "public":
        return
    until, now = legal.deadline(found["since"], Limit(found["days"], found["counted"])), clock.now()
    if now < until:
        moved = {"$set": {"until": until}}
        Publicity._get_collection().update_one({"_id": publicity_id, "state": "public"}, moved)
        raise outbox.Later((until - now).total_seconds())

    def write(session: ClientSession) -> None:
        if moved_on(publicity_id, session, before="public", to="over") is not None:
            query = {"publicity": publicity_id, **NO_OBJECTION}
            offer.move(query, ("in_publicity",), {"$set": {"state": "payable"}}, session)

    transactions.run(write)


def moved_on(
    publicity_id: ObjectId, session: ClientSession, *, before: str = "", to: str = ""
) -> dict[str, Any] | None:
    """Count a move of a list, from the state `before` to `to` where they are given; None where it is elsewhere."""
    guard = {"_id": publicity_id, **({"state": before} if before else {})}
    change: dict[str, Any] = {"$inc": {"moves": 1}} | ({"$set": {"state": to}} if to else {})
    return Publicity._get_collection().find_one_and_update(guard, change, session=session)


def is_public(found: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether a list is public at a moment."""
    return bool(found["state"] == "public" and clock.civil(found["until"]) > now)


def read(publicity_id: ObjectId) -> dict[str, Any]:
    """Return a list.

    Raises:
        NotFound: no such list.
    """
    return documents.one(Publicity, {"_id": publicity_id}, {"outbox": 0})


def read_public(publicity_id: ObjectId) -> dict[str, Any]:
    """Return a list that is public at this moment.

    Raises:
        NotFound: no such list, or its time is over.
    """
    found = read(publicity_id)
    if not is_public(found, clock.now()):
        raise NotFound
    return found


def public(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lists that are public at this moment, what ends first at the top."""
    query = {"state": "public", "until": {"$gt": clock.now()}}
    rows = Publicity._get_collection()
    return paging.page(rows, query, sort=("until", 1), cursor=cursor, limit=limit, projection={"outbox": 0})


def of_policy(actor: Staff, code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the lists of a policy, newest first.

    Raises:
        NotFound: no such policy of the actor's unit.
    """
    policy.within(actor, "policy.read", code)
    rows = Publicity._get_collection()
    return paging.page(rows, {"policy": code}, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0})


def lines(publicity_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a list as anybody may see it: the firm's name, the amount, whether it is objected to."""
    shown = {"firm": 1, "amount_fen": 1, "state": 1, "objections": 1}
    query = {"publicity": publicity_id}
    rows, following = paging.page(
        Offer._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=shown
    )
    names = firm.several([one["firm"] for one in rows])
    return [_line(one, names) for one in rows], following


def _line(found: Mapping[str, Any], names: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    state = "ended" if found["state"] == "ended" else "objected" if found.get("objections") else "published"
    name = names[found["firm"]]["name"] if found["firm"] in names else ""
    return {"id": str(found["_id"]), "name": name, "amount_fen": found["amount_fen"], "state": state}


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what anybody may see of a list."""
    same = ("policy", "title", "unit", "state", "firms", "total_fen")
    told = {"id": str(found["_id"]), **{name: found[name] for name in same}}
    told |= {"state_zh": STATES[found["state"]], "last_day": legal.last_day(found["until"]).isoformat()}
    told |= {"time_zh": f"{found['days']}{payout_terms.COUNTED_ZH[found['counted']]}"}
    return told | {name: clock.civil(found[name]).isoformat(timespec="seconds") for name in ("since", "until")}

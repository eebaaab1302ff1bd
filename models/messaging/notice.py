"""A notice (通知): something that an account is told, once, by the channels that reach it.

    waiting ──every channel has come to an end──▶ done

    in_app     put
    subscribe  sending ▶ sent ▶ delivered | not_granted | failed       busy, unknown: tried again
               sending ▶ not_granted | failed | none | off
    sms        sending ▶ sent ▶ delivered | failed | capped | none | off

`tell` is one write; its outbox carries the notice on (`deliver`). Each channel is claimed before the outside call and
its end is noted by a guarded update, so that two workers send once. What a worker that was killed inside the call did
is not known: when its claim runs out the call is made again, at most `MOST_TRIES` times in all, so there it is at least
once. WeChat knows no request id; the grant that the first message used up at WeChat bounds it. An SMS carries our id:
the receipts are asked for it before another one is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict, NotFound
from backend.store import transactions
from models.identity import phone
from models.messaging import notice_day, notice_kinds

COLLECTION = "notices"
SENDING = timedelta(seconds=90)
"""A claim without an end belongs to a worker that was killed; the call itself takes at most a fraction of it."""
MOST_TRIES = 6
KEPT = timedelta(days=400)
ENDS = frozenset({"put", "sent", "delivered", "not_granted", "failed", "capped", "none", "off"})
outbox.carried_by(COLLECTION)


class Notice(Document):
    """`about` is the id of what it is about, the key's first part. `problem` names what a person must put right.

    Who has no account and left a `number` has the id of what they bought for an `account`.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["key"], "unique": True},
            {"fields": ["account", "-_id"]},
            {"fields": ["about", "-_id"]},
            {"fields": ["problem.channel", "-_id"], "sparse": True},
            {"fields": ["channels.subscribe.msgid"], "sparse": True},
            {"fields": ["at"], "expireAfterSeconds": int(KEPT.total_seconds())},
            outbox.INDEX,
        ],
    }
    key = StringField(required=True)
    account = ObjectIdField(required=True)
    kind = StringField(choices=tuple(notice_kinds.KINDS), required=True)
    about = StringField(required=True)
    values = DictField()
    urgent = BooleanField()
    state = StringField(choices=("waiting", "done"), required=True)
    channels = DictField()
    problem = DictField()
    at = DateTimeField(required=True)
    number = BinaryField()
    outbox = ListField(DictField())


personal_data.declare(
    personal_data.Holding(
        COLLECTION, zh="发给您的通知", accounts=("account",), sealed=(personal_data.Sealed("number"),)
    )
)


class NothingWrong(Conflict):
    """409: there is no problem with this notice that could be tried again."""

    code = "notice_without_problem"
    zh = "该通知没有待处理的问题,请刷新后查看。"
    en = "Nothing is wrong with this notice. Refresh and look again."


def tell(
    account: ObjectId,
    kind: str,
    *,
    key: str,
    values: Mapping[str, str],
    urgent: bool = False,
    session: ClientSession | None = None,
    number: str = "",
) -> None:
    """Tell an account something once for each (kind, account, key); an outbox entry brings it to the person.

    The key begins with the id of what it is about (an order's, for example), before the first colon if there is one.
    What is urgent does not wait for the end of the quiet hours. With a `number` it goes there as an SMS and nowhere
    else; `account` is the id of what was bought then. Inside a transaction, who began it wakes `push` after.

    Raises:
        KeyError: a value that the kind's texts name is missing.
    """
    told = notice_kinds.KINDS[kind]
    filled = {**told.given, **values}
    if missing := told.names - set(filled):
        raise KeyError(*sorted(missing))
    notice_id = ObjectId()
    record = {
        "_id": notice_id,
        "account": account,
        "kind": kind,
        "about": key.partition(":")[0],
        "values": {name: filled[name] for name in sorted(told.names)},
        "urgent": urgent or told.prompt,
        "state": "waiting",
        "channels": {},
        "at": clock.now(),
        "outbox": [outbox.entry("push", "messaging.deliver", notice=str(notice_id))],
    }
    if number:
        record["number"] = runtime.current().sealer.seal("notices.number", notice_id, number)
    query = {"key": f"{kind}:{account}:{key}"}
    try:
        Notice._get_collection().update_one(query, {"$setOnInsert": record}, upsert=True, session=session)
    except DuplicateKeyError:
        if session is not None:
            raise  # the transaction is lost: it begins again, and finds the notice
        return
    if session is None:
        outbox.wake("push")


def find(notice_id: ObjectId) -> dict[str, Any] | None:
    """Return a notice, None where it went with its account."""
    return Notice._get_collection().find_one({"_id": notice_id})


def number_of(found: Mapping[str, Any]) -> str | None:
    """Return the telephone number that a notice goes to, None where there is none."""
    if kept := found.get("number"):
        return runtime.current().sealer.open("notices.number", found["_id"], kept)
    return phone.of_account(found["account"])


def ended(found: Mapping[str, Any], channel: str) -> bool:
    """Tell whether a channel has come to an end."""
    return found["channels"].get(channel, {}).get("state") in ENDS


def claim(found: Mapping[str, Any], channel: str) -> dict[str, Any]:
    """Take a channel for one try and return what it was before; `state` there tells how the last try was left.

    Raises:
        outbox.Later: another worker has it, or the time for another try has not come.
    """
    kept, now = dict(found["channels"].get(channel, {})), clock.now()
    if kept.get("until", now) > now:
        raise outbox.Later((kept["until"] - now).total_seconds())
    path = f"channels.{channel}"
    guard = {"_id": found["_id"], f"{path}.tries": kept.get("tries"), f"{path}.state": kept.get("state")}
    taken = {"$set": {f"{path}.state": "sending", f"{path}.until": now + SENDING}, "$inc": {f"{path}.tries": 1}}
    if not Notice._get_collection().update_one(guard, taken).matched_count:
        raise outbox.Later(1.0)
    return kept | {"tries": kept.get("tries", 0) + 1}


def end(
    found: Mapping[str, Any],
    channel: str,
    state: str,
    *,
    problem: Mapping[str, str] | None = None,
    follow: Sequence[dict[str, Any]] = (),
    also: Callable[[ClientSession], object] | None = None,
    **more: Any,
) -> bool:
    """Note how a channel ended, once, and count it; return whether this call did.

    `also` is a change of the same transaction: the refund of what was not used.
    """
    now = clock.now()
    line = notice_day.ready(clock.civil(now).date().isoformat(), found["kind"])
    path = f"channels.{channel}"
    set_: dict[str, Any] = {f"{path}.state": state, f"{path}.at": now}
    set_ |= {f"{path}.{name}": value for name, value in more.items()}
    change: dict[str, Any] = {"$set": set_, "$unset": {f"{path}.until": ""}}
    if problem:
        set_["problem"] = {"channel": channel, **problem}
    if follow:
        change["$push"] = {"outbox": {"$each": list(follow)}}
    guard = {"_id": found["_id"], f"{path}.state": {"$nin": sorted(ENDS)}}

    def once(session: ClientSession) -> bool:
        if not Notice._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        notice_day.count(line, channel, state, session)
        if also:
            also(session)
        return True

    return transactions.run(once)


def again(
    found: Mapping[str, Any],
    channel: str,
    state: str,
    *,
    after: timedelta = timedelta(),
    also: Callable[[ClientSession], object] | None = None,
    **more: Any,
) -> None:
    """Note that a try came to nothing (`busy`) or nobody knows (`unknown`), and from when on it may be repeated."""
    path = f"channels.{channel}"
    told = {f"{path}.state": state, f"{path}.until": clock.now() + after}
    told |= {f"{path}.{name}": value for name, value in more.items()}
    guard = {"_id": found["_id"], f"{path}.state": "sending"}

    def once(session: ClientSession) -> None:
        if Notice._get_collection().update_one(guard, {"$set": told}, session=session).matched_count and also:
            also(session)

    transactions.run(once)


def receive(found: Mapping[str, Any], state: str, *, serial: str, reason: str) -> bool:
    """Take a receipt of an SMS, once; return whether this call did. It may come before its sender noted anything."""
    now, path = clock.now(), "channels.sms"
    line = notice_day.ready(clock.civil(now).date().isoformat(), found["kind"])
    guard = {"_id": found["_id"], f"{path}.state": {"$in": ["sending", "unknown", "sent"]}}
    told = {f"{path}.state": state, f"{path}.serial": serial, f"{path}.receipt": reason, f"{path}.receipt_at": now}

    def once(session: ClientSession) -> bool:
        change = {"$set": told, "$unset": {f"{path}.until": ""}}
        if not Notice._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        notice_day.count(line, "sms", state, session)
        return True

    return transactions.run(once)


def by_message(msgid: str) -> dict[str, Any] | None:
    """Return the notice whose subscribe message WeChat knows by an id, None where none does."""
    return Notice._get_collection().find_one({"channels.subscribe.msgid": msgid}, sort=[("_id", -1)])


def came(found: Mapping[str, Any]) -> bool:
    """Note that a subscribe message reached its user, once; return whether this call did."""
    return _settle_sent(found, "delivered", {}, {})


def came_back(found: Mapping[str, Any], state: str, *, reason: str) -> bool:
    """Note that a subscribe message did not reach its user, once; the notice goes on by its other channels."""
    deliver = outbox.entry("push", "messaging.deliver", notice=str(found["_id"]))
    told = {"channels.subscribe.reason": reason, "state": "waiting"}
    done = _settle_sent(found, state, told, {"$push": {"outbox": deliver}})
    if done:
        outbox.wake("push")
    return done


def _settle_sent(found: Mapping[str, Any], state: str, told: dict[str, Any], more: dict[str, Any]) -> bool:
    now, path = clock.now(), "channels.subscribe"
    line = notice_day.ready(clock.civil(now).date().isoformat(), found["kind"])
    guard = {"_id": found["_id"], f"{path}.state": "sent"}
    change = {"$set": {f"{path}.state": state, f"{path}.result_at": now, **told}, **more}

    def once(session: ClientSession) -> bool:
        if not Notice._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        notice_day.count(line, "subscribe", state, session)
        return True

    return transactions.run(once)


def close(notice_id: ObjectId) -> None:
    """Note that every channel has come to an end."""
    Notice._get_collection().update_one({"_id": notice_id}, {"$set": {"state": "done"}})


def try_again(notice_id: ObjectId) -> None:
    """Make the channel due again that a person has put right.

    Raises:
        NotFound: no such notice.
        NothingWrong: it has no problem, or somebody was quicker.
    """
    found = find(notice_id)
    if found is None:
        raise NotFound
    channel = found.get("problem", {}).get("channel")
    guard = {"_id": notice_id, "problem.channel": channel, f"channels.{channel}.state": "failed"}
    change = {
        "$unset": {"problem": "", f"channels.{channel}": ""},
        "$set": {"state": "waiting"},
        "$push": {"outbox": outbox.entry("push", "messaging.deliver", notice=str(notice_id))},
    }
    if channel is None or not Notice._get_collection().update_one(guard, change).matched_count:
        raise NothingWrong
    outbox.wake("push")

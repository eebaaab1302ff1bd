"""Erasure: an account is closed, and what is held about its person ends in every collection.

    running ──every collection done──▶ done

What becomes of a record says its collection's declaration: deleted, moved to the restricted records, or kept because
it names nobody. The work goes collection by collection in the outbox of one document; a kill resumes, and each step may
run twice. The account itself ends first for its holder (its sessions end) and last in the store.
"""

from collections.abc import Callable
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from mongoengine.connection import get_db
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import Conflict
from backend.personal_data import Holding
from backend.store import transactions
from models.audit import entry
from models.identity import account, binding, restricted_record
from models.identity.account import Account
from models.identity.binding import Binding
from models.identity.levels import ONE_ACCOUNT, reaches
from models.identity.own_data import Scope, openids_of

COLLECTION = "erasures"
BATCH = 200
LAST = ("persons", "accounts")
"""Others are found through these, so they end last, after what only links a person to an id."""
UNTIL_TOLD_SECONDS = 5.0
BY = "system:privacy"
outbox.carried_by(COLLECTION)


class Erasure(Document):
    """The id is the account's, or the person's who has none; what remains is that it was closed, and when."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["person"], "sparse": True}, outbox.INDEX],
    }
    id = ObjectIdField(primary_key=True)
    person = ObjectIdField()
    case = StringField()
    state = StringField(choices=("running", "done"), required=True)
    counts = DictField()
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(COLLECTION, zh="注销记录", accounts=("_id",), persons=("person",), at_deletion="keep", because="证明已注销")
)


class StillBusy(Conflict):
    """409: something is not over: a visit to come, a payment on its way."""

    code = "account_still_busy"
    zh = "还有未了结的{what},请先使用、取消或等待办结后再注销。"
    en = "Something is not finished yet ({what}). Cancel it or wait, then close the account."


def require_free(scope: Scope) -> None:
    """Check that nothing of this account is under way.

    Raises:
        StillBusy: something is.
    """
    for holding in personal_data.holdings():
        query = scope.query(holding)
        if (
            holding.busy
            and query
            and get_db()[holding.collection].find_one({"$and": [query, holding.busy()]}, {"_id": 1})
        ):
            raise StillBusy(what=holding.zh)


def nothing(_person_id: ObjectId) -> None:
    """Settle nothing before an erasure."""


def begin(account_id: ObjectId, *, case: str, by: str, settle: Callable[[ObjectId], None] = nothing) -> None:
    """End the account for its holder at once and put the erasure to work; repeating it changes nothing.

    The person's data go with it where the binding is sure; a declared one may name somebody else. `settle` is called
    for such a person before anything ends: what it raises leaves everything as it was.

    Raises:
        StillBusy: something of it is under way.
    """
    found = Account._get_collection().find_one({"_id": account_id}, {"person": 1, "level": 1})
    if found is None:
        return
    person_id = found.get("person") if reaches(found["level"], "matched") else None
    require_free(Scope(account_id, person_id, openids_of(account_id)))
    if person_id:
        settle(person_id)
    Account._get_collection().update_one({"_id": account_id}, {"$set": {"sessions": [], "closing": True}})
    _put_to_work(account_id, person_id, case=case, by=by)


def may_end(account_id: ObjectId, asked_by: ObjectId | None) -> bool:
    """Tell whether an account still is whose end was asked for: nobody else is surely bound to it by now."""
    others = {"_id": account_id, "person": {"$nin": [None, asked_by]}, "level": {"$in": list(ONE_ACCOUNT)}}
    return asked_by is None or Account._get_collection().find_one(others, {"_id": 1}) is None


def begin_for_person(person_id: ObjectId, *, case: str, by: str, settle: Callable[[ObjectId], None] = nothing) -> None:
    """Erase what is held about a person who came to a counter; an account that surely is theirs ends with it.

    Raises:
        StillBusy: something of theirs is under way.
    """
    if accounts := account.of_person(person_id):
        begin(accounts[0], case=case, by=by, settle=settle)
        return
    require_free(Scope(person_id, person_id))
    settle(person_id)
    _put_to_work(person_id, person_id, case=case, by=by)


def _put_to_work(account_id: ObjectId, person_id: ObjectId | None, *, case: str, by: str) -> None:
    record: dict[str, Any] = {
        "_id": account_id,
        "case": case,
        "state": "running",
        "counts": {},
        "started_at": clock.now(),
        "outbox": [outbox.entry("trust", "privacy.erase", account=str(account_id))],
    }
    entry.write(entry.line(by, "account.erase", f"account:{account_id}", case=case))
    try:
        Erasure._get_collection().insert_one(record | ({"person": person_id} if person_id else {}))
    except DuplicateKeyError:
        return
    outbox.wake("trust")


def work(account_id: ObjectId) -> None:
    """Do a part of the erasure.

    Raises:
        outbox.Later: there is more.
    """
    erasures = Erasure._get_collection()
    found = erasures.find_one({"_id": account_id, "state": "running"})
    if found is None:
        return
    if "person" in found:
        _let_go(account_id, found["person"])
    scope = Scope(account_id, found.get("person"), openids_of(account_id))
    for holding in _in_order():
        if ended := _end_batch(scope, holding):
            erasures.update_one({"_id": account_id}, {"$inc": {f"counts.{holding.collection}": ended}})
            raise outbox.Later(0)
    done = {"$set": {"state": "done", "finished_at": clock.now()}}
    erasures.update_one({"_id": account_id, "state": "running"}, done)


def _let_go(account_id: ObjectId, person_id: ObjectId) -> None:
    """End what other accounts only declared to be; they stay, and are told before the record of their binding goes.

    Raises:
        outbox.Later: they are not told yet.
    """
    others = {"person": person_id, "_id": {"$ne": account_id}}
    if Account._get_collection().find_one(others, {"_id": 1}):
        now = clock.now()
        transactions.run(lambda session: binding.end_others(person_id, account_id, now, by=BY, session=session))
        outbox.wake("notify")
    waiting = {"person": person_id, "outbox": {"$elemMatch": {"failed_at": None}}}
    if Binding._get_collection().find_one(waiting, {"_id": 1}):
        raise outbox.Later(UNTIL_TOLD_SECONDS)


def _in_order() -> list[Holding]:
    found = {one.collection: one for one in personal_data.holdings() if one.at_deletion != "keep"}
    links = [one.collection for one in found.values() if one.linked and one.linked[0] == "_id"]
    last = [found.pop(name) for name in (*links, *LAST) if name in found]
    return [*found.values(), *last]


def _end_batch(scope: Scope, holding: Holding) -> int:
    query = scope.query(holding)
    if query is None:
        return 0
    documents = list(get_db()[holding.collection].find(query).limit(BATCH))
    for document in documents:
        _end(scope, holding, document)
    return len(documents)


def _end(scope: Scope, holding: Holding, document: dict[str, Any]) -> None:
    if not scope.owns(holding, document):
        _take_out(scope, holding, document)
    elif holding.at_deletion == "restrict":
        restricted_record.restrict(holding, document, scope.person)
    else:
        get_db()[holding.collection].delete_one({"_id": document["_id"]})


def _take_out(scope: Scope, holding: Holding, document: dict[str, Any]) -> None:
    """Take the person out of a record that is somebody else's.

    Where the record as such is deleted with its owner, the element goes; where it is kept, the person becomes nobody:
    an id of its own, and no sealed value.
    """
    if holding.at_deletion == "delete":
        _pull(scope, holding, document)
        return
    nobody = ObjectId()
    change: dict[str, dict[str, Any]] = {"$set": {}, "$unset": {}}
    for path in holding.persons:
        head, _, name = path.partition(".")
        kept = document.get(head)
        for number, one in enumerate(kept if isinstance(kept, list) else []):
            if not name and one == scope.person:
                change["$set"][f"{head}.{number}"] = nobody
            elif name and one.get(name) == scope.person:
                change["$set"][f"{head}.{number}.{name}"] = nobody
                change["$unset"] |= {f"{head}.{number}.{field}": "" for field in _telling(holding, head)}
    used = {operator: fields for operator, fields in change.items() if fields}
    get_db()[holding.collection].update_one({"_id": document["_id"]}, used)


def _pull(scope: Scope, holding: Holding, document: dict[str, Any]) -> None:
    lists = [path.partition(".") for path in holding.persons if "." in path]
    pulled = {head: {name: scope.person} for head, _, name in lists}
    get_db()[holding.collection].update_one({"_id": document["_id"]}, {"$pull": pulled})


def _telling(holding: Holding, head: str) -> list[str]:
    """Return the fields of a list's elements that tell something about a person."""
    paths = [*(one.path for one in holding.sealed), *(one.path for one in holding.blind), *holding.traces]
    return [path.removeprefix(f"{head}.") for path in paths if path.startswith(f"{head}.")]

"""A case: a matter of a person that a unit must settle in time.

    open ──decide──▶ decided ──time to appeal over──▶ closed
     │                  └──appeal, once──▶ appealed ──decide──▶ closed
     ├── withdraw ──▶ withdrawn
     └── work: waiting ◀──release── taken ──pause──▶ paused ──answer, resume, longest──▶ taken or waiting

One document carries the case, its current piece of work, clocks and history, so that a step is one guarded update; what
staff do is written with its audit entry in one transaction. `seq` counts the moves and guards each of them.
`work.desks` lists who sees it, as role@unit/area with every area above the case's: an inbox is one index scan.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.errors import NotFound
from backend.personal_data import Holding, Sealed, declare
from backend.store import transactions
from backend.store.combining import Reads
from models.affairs import afterwards, case_history
from models.affairs.case_errors import CaseMoved
from models.affairs.steps import Step, Steps
from models.audit import entry

COLLECTION = "cases"
outbox.carried_by(COLLECTION)
STATES = {"open": "办理中", "decided": "已决定", "appealed": "复核中", "closed": "已办结", "withdrawn": "已撤回"}
WORK_STATES = {"waiting": "待认领", "taken": "办理中", "paused": "暂停计时"}
RUNNING = ("open", "appealed")
ENDING = ("privacy_close_account", "privacy_delete")
"""The kinds that end an account: all others must be settled or withdrawn before it ends."""
TRIES = 5
LINES_KEPT = 40
"""When the history is longer than this, its older half moves to `case_history`."""
_AT_WORK = {"work.desks": {"$exists": True}}


class Case(Document):
    """`once` is unique while the matter is open, and `matter` keeps it for an appeal.

    `desks` are all role@unit that had the case, `beat` names the running clock.
    `reopened_at` is when an appeal took the decision back.
    Whoever acts for another leaves no account: the case is the person's.
    A firm's case names the firm by its credit code and no person; `sender` is the account that sent it, for the news.
    `form` are the sealed answers of a service item, `answers` those of them that its form says need no seal. `did` is
    who settled which step.
    Who only declared to be somebody leaves that as `declared_person`: staff read the name, the case is the account's.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["number"], "unique": True},
            {"fields": ["once"], "unique": True, "sparse": True},
            {"fields": ["person", "-_id"]},
            {"fields": ["account", "-_id"], "sparse": True},
            {"fields": ["firm", "-_id"], "sparse": True},
            {"fields": ["work.desks", "work.state", "work.due", "_id"], "partialFilterExpression": _AT_WORK},
            {"fields": ["work.desks", "kind", "work.state", "work.due", "_id"], "partialFilterExpression": _AT_WORK},
            {
                "fields": ["work.holder", "work.due", "_id"],
                "partialFilterExpression": {"work.holder": {"$exists": True}},
            },
            outbox.INDEX,
        ],
    }
    number = StringField(required=True)
    kind = StringField(required=True)
    kind_version = IntField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    seq = IntField(required=True)
    person = ObjectIdField()
    declared_person = ObjectIdField()
    account = ObjectIdField()
    firm = StringField()
    sender = ObjectIdField()
    about = DictField()
    text = BinaryField()
    form = BinaryField()
    answers = DictField()
    unit = StringField(required=True)
    area = StringField()
    once = StringField()
    matter = StringField()
    desks = ListField(StringField())
    work = DictField()
    clock = DictField()
    pause = DictField()
    stops = ListField(StringField())
    beat = ObjectIdField()
    workers = ListField(StringField())
    did = ListField(DictField())
    decisions = ListField(DictField())
    appeal_until = DateTimeField()
    appealed_at = DateTimeField()
    reopened_at = DateTimeField()
    result = DictField()
    history = ListField(DictField())
    opened_at = DateTimeField(required=True)
    closed_at = DateTimeField()
    outbox = ListField(DictField())


declare(
    Holding(
        COLLECTION,
        "办理事项",
        persons=("person",),
        accounts=("account",),
        of_person=True,
        staff=("work.holder", "history.who", "decisions.by", "workers", "did.by"),
        sealed=(
            Sealed("text"),
            Sealed("form"),
            Sealed("history.text", record="{_id}:{id}"),
            Sealed("decisions.reason", record="{_id}:{id}"),
            Sealed("decisions.value", record="{_id}:{id}"),
        ),
        traces=("sender",),
        at_deletion="restrict",
        because="《机关档案管理规定》:行政机关办理事项形成的记录按期限归档保存",
        busy=lambda: {"state": {"$in": list(RUNNING)}, "kind": {"$nin": list(ENDING)}},
    )
)


@dataclass(frozen=True)
class Move:
    """One change of a case: what its history says, which fields change, what follows, the audit entry of staff.

    `within` are changes elsewhere that go into the same transaction.
    """

    what: str
    who: str
    set: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    push: dict[str, Any] = field(default_factory=dict)
    add: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    follow: tuple[dict[str, Any], ...] = ()
    audit: dict[str, Any] | None = None
    within: tuple[Callable[[ClientSession], None] | None, ...] = ()


def subjects(found: dict[str, Any]) -> list[ObjectId]:
    """Return whose data staff see with a case: its person, or who its account only declared to be."""
    told = found.get("person") or found.get("declared_person")
    return [told] if told else []


def read(case_id: ObjectId) -> dict[str, Any]:
    """Return a case.

    Raises:
        NotFound: no such case.
    """
    found = _reads.find(case_id)
    if found is None:
        raise NotFound
    return found


_reads = Reads(Case._get_collection, {"outbox": 0})
_steps = Steps(Case._get_collection)


def change(case_id: ObjectId, decide: Callable[[dict[str, Any]], Move | None]) -> dict[str, Any]:
    """Move a case as `decide` says of what it is now; None changes nothing. Return the case as it is then.

    A move that comes in between makes `decide` look again, so its refusals are about the case as it really is.

    Raises:
        NotFound: no such case.
        CaseMoved: it moved again and again meanwhile.
    """
    for _ in range(TRIES):
        found = read(case_id)
        move = decide(found)
        if move is None:
            return found
        move = _with_what_follows(found, move)
        if moved := _apply(found, move):
            for follow in move.follow:
                if follow["due"] <= clock.now():
                    outbox.wake(follow["queue"])
            return moved
    raise CaseMoved


def _with_what_follows(found: dict[str, Any], move: Move) -> Move:
    state = move.set.get("state", found["state"])
    more = afterwards.entries(found, state, decided="decisions" in move.push)
    return replace(move, follow=(*move.follow, *more)) if more else move


def _apply(found: dict[str, Any], move: Move) -> dict[str, Any] | None:
    """Carry a move out if nobody came in between; return the case as it is then."""
    moved, update = _update(found, move)
    overflow = case_history.overflow(found, LINES_KEPT)
    guard = {"_id": found["_id"], "seq": found["seq"], "state": found["state"]}
    if move.audit and not overflow and not any(move.within):
        return moved if _steps.take(Step(guard, update, move.audit)) else None

    def write(session: ClientSession | None) -> bool:
        if not Case._get_collection().update_one(guard, update, session=session).matched_count:
            return False
        if move.audit:
            entry.write(move.audit, session)
        case_history.keep(overflow, session)
        for more in filter(None, move.within):
            assert session is not None
            more(session)
        return True

    several = move.audit or overflow or any(move.within)
    return moved if (transactions.run(write) if several else write(None)) else None


def _update(found: dict[str, Any], move: Move) -> tuple[dict[str, Any], dict[str, Any]]:
    line = history_line(found["_id"], move.what, move.who, text=move.text, **move.told)
    kept = len(found["history"]) if len(found["history"]) < LINES_KEPT else LINES_KEPT // 2
    history = {"$each": [line], "$slice": -(kept + 1)}
    pushed = {"history": history, **move.push, **({"outbox": {"$each": list(move.follow)}} if move.follow else {})}
    update: dict[str, Any] = {"$inc": {"seq": 1}, "$push": pushed}
    if move.set:
        update["$set"] = move.set
    if move.unset:
        update["$unset"] = dict.fromkeys(move.unset, "")
    if move.add:
        update["$addToSet"] = {name: {"$each": values} for name, values in move.add.items()}
    return _foreseen(found, move, line), update


def _foreseen(found: dict[str, Any], move: Move, line: dict[str, Any]) -> dict[str, Any]:
    """Return the case as the update leaves it, which spares reading it again."""
    moved = {**found, "seq": found["seq"] + 1, "history": [*found["history"], line]}
    for name, value in move.push.items():
        moved[name] = [*found.get(name, []), value]
    for name, values in move.add.items():
        moved[name] = [*found.get(name, []), *(value for value in values if value not in found.get(name, []))]
    for path, value in move.set.items():
        head, _, rest = path.partition(".")
        moved[head] = {**moved.get(head, {}), rest: value} if rest else value
    for path in move.unset:
        head, _, rest = path.partition(".")
        if rest:
            moved[head] = {name: value for name, value in moved.get(head, {}).items() if name != rest}
        else:
            moved.pop(head, None)
    return moved


def history_line(case_id: ObjectId, what: str, who: str, *, text: str = "", **told: Any) -> dict[str, Any]:
    """Return a line of the history; its text is sealed."""
    line: dict[str, Any] = {"id": ObjectId(), "at": clock.now(), "who": who, "what": what, **told}
    if text:
        line["text"] = seal(case_id, "history.text", line["id"], text)
    return line


def seal(case_id: ObjectId, path: str, part: ObjectId, text: str) -> bytes:
    """Seal a text of one part of a case."""
    return runtime.current().sealer.seal(f"{COLLECTION}.{path}", f"{case_id}:{part}", text)


def opened(case_id: ObjectId, path: str, part: dict[str, Any]) -> str:
    """Return the text of one part of a case, empty when it has none."""
    sealed = part.get(path.rpartition(".")[2])
    return runtime.current().sealer.open(f"{COLLECTION}.{path}", f"{case_id}:{part['id']}", sealed) if sealed else ""


def text_of(found: dict[str, Any]) -> str:
    """Return what the applicant wrote, empty when it was nothing."""
    return runtime.current().sealer.open(f"{COLLECTION}.text", found["_id"], found["text"]) if found.get("text") else ""

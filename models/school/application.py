"""An application (入学申请): a guardian asks for a place in a school for a child, in one round.

    draft ─submit─▶ submitted ─qualify─▶ qualified      to_correct ─submit─▶ submitted
      │                │  └────refuse──▶ refused ─overturn (appeal won)─▶ qualified
      │                └────────ask────▶ to_correct
      └───────────── withdraw ─────────▶ withdrawn      (`application_states.MOVES`)

While the window is open a family may also take back to `to_correct` what it submitted (`correct`).

A child has one live application a round. `seq` grows with each change, so that a form that was opened twice cannot
overwrite what it did not see. `form` is what the family said (sealed: notes, addresses); `facts` name the rows of the
registers that were used, never their values. `points` are what a person must check, each with the case that does.
"""

from collections.abc import Mapping, Sequence
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
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents
from models.school.application_states import LIVE, MOVES, STATES

COLLECTION = "school_applications"
outbox.carried_by(COLLECTION)
HISTORY = 60


class SchoolApplication(Document):
    """`choices` are codes of schools in the order of wish; `accepts_coordination` says that any further place will do.

    `basis` says on what the district rests: a household, a property or a residence (`kind`, the fact's id), with the
    districts found and whether that is certain. `tier` and `priorities` (school → integer) come from the rules.
    `group` ties twins: the id of the application that leads it. `pseudonym` is set when the list is frozen.
    `submission` counts the submissions, `submitted_seq` is the `seq` that the last one was made from; `versions` are
    the latest of the forms that were submitted.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["round", "child"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["receipt"], "unique": True, "sparse": True},
            {"fields": ["account", "-_id"]},
            {"fields": ["child", "-_id"]},
            {"fields": ["guardian", "-_id"]},
            {"fields": ["round", "state", "_id"]},
            {"fields": ["round", "choices", "state", "_id"]},
            {"fields": ["round", "group"], "sparse": True},
            {"fields": ["round", "pseudonym"], "unique": True, "partialFilterExpression": {"frozen": True}},
            {"fields": ["points.case"], "sparse": True},
            outbox.INDEX,
        ],
    }
    round = StringField(required=True)
    child = ObjectIdField(required=True)
    guardian = ObjectIdField(required=True)
    account = ObjectIdField()
    relation = ObjectIdField()
    channel = StringField(choices=("mini", "counter"), required=True)
    live = BooleanField()
    state = StringField(choices=tuple(STATES), required=True)
    seq = IntField(required=True)
    receipt = StringField()
    submitted_at = DateTimeField()
    submission = IntField()
    submitted_seq = IntField()
    decided_at = DateTimeField()
    form = BinaryField()
    versions = BinaryField()
    choices = ListField(StringField())
    accepts_coordination = BooleanField()
    basis = DictField()
    facts = ListField(ObjectIdField())
    files = ListField(DictField())
    consent = DictField()
    group = ObjectIdField()
    points = ListField(DictField())
    signals = ListField(DictField())
    tier = IntField()
    priorities = DictField()
    reserve = StringField()
    decision = DictField()
    record = BinaryField()
    frozen = BooleanField()
    pseudonym = StringField()
    history = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "义务教育入学申请",
        persons=("child", "guardian"),
        accounts=("account",),
        sealed=(Sealed("form"), Sealed("versions"), Sealed("record")),
        traces=("basis", "choices", "tier", "priorities", "signals", "decision"),
        level="matched",
        at_deletion="restrict",
        because="义务教育法、档案法: 招生材料须留存备查至申诉、复核期满",
    )
)


class ApplicationMoved(Conflict):
    """409: somebody else changed the application, or it stands elsewhere."""

    code = "school_application_moved"
    zh = "该申请目前为「{state_zh}」,或刚刚被更新;请刷新后查看最新内容再办理。"
    en = "The application is in the state {state}, or was changed a moment ago. Refresh and look again."

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__(state=found["state"], state_zh=STATES[found["state"]])


def new_id() -> ObjectId:
    """Return the id of an application to be made."""
    return ObjectId()


def read(application_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return an application, its form sealed.

    Raises:
        NotFound: no such application.
    """
    return documents.one(SchoolApplication, {"_id": application_id}, {"outbox": 0}, session=session)


def sealed(application_id: ObjectId, path: str, content: Mapping[str, Any]) -> bytes:
    """Return the sealed bytes of `form`, `versions` or `record`."""
    return runtime.current().sealer.seal(f"{COLLECTION}.{path}", application_id, orjson.dumps(content).decode())


def opened(found: Mapping[str, Any], path: str = "form") -> dict[str, Any]:
    """Return what was sealed at `path`, empty where nothing is there."""
    if not found.get(path):
        return {}
    return dict(orjson.loads(runtime.current().sealer.open(f"{COLLECTION}.{path}", found["_id"], found[path])))


def event(what: str, by: str, **told: Any) -> dict[str, Any]:
    """Return one line of the history: ids, codes and numbers only."""
    return {"at": clock.now(), "what": what, "by": by, **told}


def move(
    application_id: ObjectId,
    what: str,
    *,
    by: str,
    seq: int | None = None,
    guard: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    unset: Sequence[str] = (),
    follow: Sequence[Mapping[str, Any]] = (),
    line: Mapping[str, Any] | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Move an application by one of `MOVES` and return it; with `seq` only if nobody changed it since.

    `guard` is what must hold besides.

    Raises:
        NotFound: no such application.
        ApplicationMoved: it stands elsewhere, or was changed.
    """
    states, to = MOVES[what]
    return change(
        application_id,
        {"state": {"$in": list(states)}, **(guard or {})} | ({} if seq is None else {"seq": seq}),
        {**(told or {}), "state": to},
        unset=[*unset, *(["live"] if to not in LIVE else [])],
        line=event(what, by) | dict(line or {}),
        follow=follow,
        session=session,
    )


def change(
    application_id: ObjectId,
    guard: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    unset: Sequence[str] = (),
    line: Mapping[str, Any] | None = None,
    follow: Sequence[Mapping[str, Any]] = (),
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Change an application where `guard` holds and return it.

    Raises:
        NotFound: no such application.
        ApplicationMoved: the guard does not hold.
    """
    update: dict[str, Any] = {"$set": dict(told), "$inc": {"seq": 1}, "$push": {}}
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
    if line:
        update["$push"]["history"] = {"$each": [dict(line)], "$slice": -HISTORY}
    update["$push"]["outbox"] = {"$each": [dict(one) for one in follow]}
    found = SchoolApplication._get_collection().find_one_and_update(
        {"_id": application_id, **guard},
        update,
        projection={"outbox": 0},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if found is None:
        raise ApplicationMoved(read(application_id, session))
    return dict(found)

"""A preview of a rule (规则试算): a draft or a version of a round's rule on the decided applications of another round.

A job goes through the applications by their ids, a batch at a time. One guarded update adds a batch to the tally and
moves the position, so a batch that is begun twice after a kill counts once. Nothing of the applications changes, and
what is kept of them is which changed, for the first ones. The version is kept as it was when the preview began.
Ages and spans count on the rule day of the round looked at; parameters and further rules are those of the round's own
rule day.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, jobs, outbox, personal_data
from backend.errors import NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.rules import evaluate, rule_set
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.rule_replay import Replay
from models.school.rule_tally import Tally

COLLECTION = "school_rule_previews"
OPERATION = "rule.try"
DECIDED = ("qualified", "refused")
LOOKED_AT = ("frozen", "drawn", "published", "ended")
"""Where the round must stand on which a rule is tried: its decisions are made."""
BATCH = 100
MOST_LISTED = 200
KEPT = timedelta(days=180)
_READ = {"state": 1, "tier": 1, "choices": 1, "record": 1, "decided_at": 1}


class RulePreview(Document):
    """`rule` is the version with all that it reads; `tally` the counts; `changed` names the first that change."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["round", "-_id"]},
            {"fields": ["changed.application"], "sparse": True},
            {"fields": ["until"], "expireAfterSeconds": 0},
        ],
    }
    round = StringField(required=True)
    source = StringField(required=True)
    rule_set = StringField(required=True)
    kinds = ListField(StringField(), required=True)
    rule = DictField(required=True)
    total = IntField(required=True)
    state = StringField(choices=("running", "done"), required=True)
    position = ObjectIdField()
    tally = DictField()
    changed = ListField(DictField())
    started_by = StringField(required=True)
    started_at = DateTimeField(required=True)
    finished_at = DateTimeField()
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "招生规则试算",
        via=(("changed.application", "school_applications"),),
        staff=("started_by",),
        traces=("changed.before", "changed.after"),
        at_deletion="restrict",
        because="义务教育法、档案法: 所指入学申请须留存备查; 试算只记申请编号和梯次, 180 天后自动删除",
    )
)


class PreviewRuleWrong(Unprocessable):
    """422: the round does not name this rule."""

    code = "school_preview_rule"
    zh = "该规则不是本批次的资格、梯次或优先级规则,请选择本批次所用规则的版本或草稿。"
    en = "The round names no such rule. Choose a version or the draft of one of its rules."

    def __init__(self) -> None:
        super().__init__(fields={"rule_set": [self.zh]})


class PreviewSourceWrong(Unprocessable):
    """422: a rule is tried on another round of the same stage whose decisions are made."""

    code = "school_preview_source"
    zh = "请选择同一学段、名单已封存的另一批次(例如上一年)作为试算数据。"
    en = "Choose another round of the same stage whose list was frozen, for example last year's."

    def __init__(self) -> None:
        super().__init__(fields={"source": [self.zh]})


def start(actor: Staff, round_code: str, *, rule_set_id: str, source: str) -> dict[str, Any]:
    """Begin to try a version of a round's rule on another round's applications; return the preview.

    Raises:
        NotAllowed: no role of the actor tries rules.
        NotFound: no such round or version.
        PreviewRuleWrong: the round names another rule.
        PreviewSourceWrong: the other round is of another stage, the same one, or not decided.
        RuleCircle, RuleChainTooLong: the version cannot be asked.
    """
    actor.require(OPERATION)
    found, version = rounds.read(round_code), rule_set.read(rule_set_id)
    kinds = [kind for kind in rounds.RULES if found["rules"].get(kind) == version["code"]]
    if not kinds:
        raise PreviewRuleWrong
    looked_at = _source(found, source)
    bound = evaluate.bind(version, rounds.rule_day(looked_at), taken_on=rounds.rule_day(found))
    now = clock.now()
    made = {
        "_id": ObjectId(),
        "round": round_code,
        "source": source,
        "rule_set": rule_set_id,
        "kinds": kinds,
        "rule": evaluate.frozen(bound),
        "total": SchoolApplication._get_collection().count_documents(_query(source)),
        "state": "running",
        "tally": Tally().stored(),
        "changed": [],
        "started_by": actor.key,
        "started_at": now,
        "until": now + KEPT,
    }
    _store(actor, made)
    return made


def _source(found: Mapping[str, Any], source: str) -> dict[str, Any]:
    try:
        other = rounds.read(source)
    except NotFound:
        raise PreviewSourceWrong from None
    if other["_id"] == found["_id"] or other["stage"] != found["stage"] or other["state"] not in LOOKED_AT:
        raise PreviewSourceWrong
    return other


def _query(source: str) -> dict[str, Any]:
    return {"round": source, "state": {"$in": list(DECIDED)}}


def _store(actor: Staff, made: Mapping[str, Any]) -> None:
    told = {"rule_set": made["rule_set"], "source": made["source"]}
    audit = entry.line(actor.key, "school_round.try_rule", f"school_round:{made['round']}", unit=actor.unit, **told)
    batches = -(-made["total"] // BATCH)
    args = {"preview": str(made["_id"])}

    def begin(session: ClientSession) -> None:
        staff.require_acting(actor, audit, session)
        RulePreview._get_collection().insert_one(dict(made), session=session)
        jobs.start(
            "school.try_rule", args=args, total=batches, started_by=actor.key, unit=actor.unit, session=session
        )  # fmt: skip
        entry.write(audit, session)

    transactions.run(begin)
    outbox.wake("reports")


def read(round_code: str, preview_id: ObjectId) -> dict[str, Any]:
    """Return a preview of a round.

    Raises:
        NotFound: no such preview of it.
    """
    return documents.one(RulePreview, {"_id": preview_id, "round": round_code})


def replay_of(found: Mapping[str, Any]) -> Replay:
    """Return what a preview asks its applications."""
    return Replay(found["kinds"], evaluate.thawed(found["rule"]))


def work(job_id: ObjectId) -> None:
    """Look at the next applications.

    Raises:
        outbox.Later: more follow.
    """
    work_on = _Preview(ObjectId(jobs.read(job_id)["args"]["preview"]))
    jobs.work(job_id, work_on.following, work_on.step, work_on.last)


class _Preview:
    """One call of the job; an item is the id of a batch's last application, the preview itself says what was done."""

    def __init__(self, preview_id: ObjectId) -> None:
        self._found = documents.one(RulePreview, {"_id": preview_id})
        self._batch: list[dict[str, Any]] = []

    def following(self, _position: str | None) -> list[str]:
        self._found = documents.one(RulePreview, {"_id": self._found["_id"]})
        after = self._found.get("position")
        query = _query(self._found["source"]) | ({"_id": {"$gt": after}} if after else {})
        self._batch = list(SchoolApplication._get_collection().find(query, _READ).sort("_id", 1).limit(BATCH))
        return [str(self._batch[-1]["_id"])] if self._batch else []

    def step(self, item: str) -> None:
        replay, tally, changed = replay_of(self._found), Tally(self._found["tally"]), []
        for one in self._batch:
            row = replay.row(one)
            if tally.add(row) and not isinstance(row, str):
                told = {"application": row.application, "decided_at": one["decided_at"]}
                changed.append(told | {"before": row.before.standing, "after": row.after.standing})
        guard = {"_id": self._found["_id"], "position": self._found.get("position")}
        kept = {"$each": changed, "$slice": MOST_LISTED}
        moved = {"position": ObjectId(item), "tally": tally.stored()}
        RulePreview._get_collection().update_one(guard, {"$set": moved, "$push": {"changed": kept}})

    def last(self) -> None:
        done = {"$set": {"state": "done", "finished_at": clock.now()}}
        RulePreview._get_collection().update_one({"_id": self._found["_id"], "state": "running"}, done)

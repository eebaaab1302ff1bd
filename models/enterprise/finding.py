"""What a run found of one firm: the verdict, the amount, what is lacking and whose it is, and the sealed facts.

With the head of its run a finding makes the decision again (`record_of`, `evaluate.replay`).
"""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    LongField,
    ObjectIdField,
    StringField,
)

from backend import clock, outbox, personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging
from models.enterprise import firm_facts, judge
from models.enterprise.judge import Judged
from models.rules import evaluate, facts
from models.rules.evaluate import Bound
from models.rules.facts import NOT_TOLD, Fact, Known, Missing

COLLECTION = "enterprise_findings"
outbox.carried_by(COLLECTION)


class Finding(Document):
    """The id is `<run>:<credit code>`; `why_zh` says of a firm that is not eligible which condition it does not meet.

    `whose` are the units that would have what is lacking, `outbox` lets the firm hear of it. `decision` holds the facts
    of the firm; it names no value outside of the seal.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["run", "verdict", "_id"]}, {"fields": ["whose", "-_id"], "sparse": True}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    run = ObjectIdField(required=True)
    policy = StringField(required=True)
    firm = StringField(required=True)
    verdict = StringField(choices=judge.JUDGED, required=True)
    amount_fen = LongField(required=True)
    lacks = ListField(DictField())
    whose = ListField(StringField())
    why_zh = StringField()
    decision = BinaryField(required=True)
    at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策筛查结果",
        sealed=(Sealed("decision"),),
        at_deletion="keep",
        because="行政给付的决定依据须留存备查(档案法); 只有企业数据, 不含个人信息",
    )
)


def record(run: Mapping[str, Any], code: str, made: Judged, rule: Bound, given: Mapping[str, Fact]) -> dict[str, Any]:
    """Return the finding of a firm, not stored yet."""
    assert made.light is not None
    finding_id = f"{run['_id']}:{code}"
    told = {
        "outcome": made.light.outcome,
        "missing": list(made.light.missing),
        "values": facts.encode(dict(made.light.values)),
        "facts": [_told(name, given.get(name, NOT_TOLD), kinds) for name, kinds in sorted(rule.plan.kinds.items())],
    }
    text = orjson.dumps(told).decode()
    why = evaluate.decided(rule, given).why_zh if made.verdict == "not_eligible" else ""
    return (
        {
            "_id": finding_id,
            "run": run["_id"],
            "policy": run["policy"],
            "firm": code,
            "verdict": made.verdict,
            "amount_fen": made.amount_fen,
            "lacks": list(made.lacks),
            "decision": runtime.current().sealer.seal("enterprise_findings.decision", finding_id, text),
            "at": clock.now(),
        }
        | ({"why_zh": why} if why else {})
        | _whose(made)
    )


def _whose(made: Judged) -> dict[str, list[str]]:
    units = sorted({unit for one in made.lacks if (unit := firm_facts.unit_of(one["name"]))})
    return {"whose": units} if units else {}


def of_units(units: Collection[str], *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the findings that lack data of some units, those of the newest runs first."""
    query = {"whose": {"$in": sorted(units)}}
    shown = {"decision": 0}
    return paging.page(Finding._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection=shown)


def _told(name: str, fact: Fact, kinds: frozenset[str]) -> dict[str, Any]:
    if isinstance(fact, Known) and all(facts.READERS[kind](fact.value) is None for kind in kinds):
        fact = Missing(facts.WRONG_KIND, fact.source)
    return {"name": name, **facts.told(fact)}


def record_of(run: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole record of a decision, from which `evaluate.replay` makes it again."""
    text = runtime.current().sealer.open("enterprise_findings.decision", found["_id"], found["decision"])
    return {**orjson.loads(run["head"]), **orjson.loads(text)}


def read(run_id: ObjectId, code: str) -> dict[str, Any]:
    """Return the finding of a firm in a run.

    Raises:
        NotFound: there is none.
    """
    return documents.one(Finding, {"_id": f"{run_id}:{code}"})


def listed(
    run_id: ObjectId, verdict: str, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one of the three lists of a run, by credit code."""
    query = {"run": run_id, "verdict": verdict}
    shown = {"decision": 0}
    return paging.page(Finding._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection=shown)

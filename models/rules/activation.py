"""From draft to active: who proposes a version and who agrees are two persons.

    propose ──▶ proposed ──approve──▶ activate (outbox, once) ──▶ active
                        └──refuse, withdraw, expire──▶ reopen ──▶ draft

References are checked again where the version becomes active. All rules that it reaches are touched in that write, so
two versions that would close a circle together collide.
"""

from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.audit import entry
from models.identity import approval, staff
from models.identity.actors import Staff
from models.rules import evaluate, grammar, rule_set
from models.rules.rule_set import RuleCircle, RuleSet

MOST_REACHED = 50


@dataclass(frozen=True)
class Way:
    """Under which kind of approval a version is proposed, and what follows.

    `effect` and `otherwise` are outbox entries whose functions call `activate` and `reopen`.
    """

    approval_id: ObjectId
    kind: str
    effect: dict[str, Any]
    otherwise: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)


def _usual_way() -> Way:
    made = ObjectId()
    return Way(
        made,
        "rule_activation",
        outbox.entry("trust", "rules.activate", approval=str(made)),
        outbox.entry("trust", "rules.reopen", approval=str(made)),
    )


def propose(actor: Staff, rule_set_id: str, reason: str, way: Way | None = None) -> tuple[dict[str, Any], ObjectId]:
    """Propose a draft; return the version and the approval's id. Who edited it last cannot approve it either.

    `way` is that of a scene whose versions other persons approve than those who approve all rules.

    Raises:
        NotFound: no such version.
        NotADraft: it is proposed or active.
        RuleWrong, RuleCircle: what it names is gone, or it reaches itself.
        RuleChainTooLong: too many rules stand in a row below it.
    """
    found = rule_set.read(rule_set_id)
    if found["state"] != "draft":
        raise rule_set.refused(rule_set_id)
    rule_set.checked(found["code"], found)
    evaluate.bind(found, max(clock.today(), clock.date_of(found["valid_from"])))
    way = way or _usual_way()
    made = way.approval_id
    waiting = approval.record(
        actor,
        way.kind,
        f"rule_set:{rule_set_id}",
        reason=reason,
        approval_id=made,
        member=found["edited_by"],
        effect=way.effect,
        otherwise=way.otherwise,
        details={"rule_set": rule_set_id, "hash": found["hash"], "valid_from": found["valid_from"], **way.details},
    )
    guard = {"_id": rule_set_id, "state": "draft", "hash": found["hash"]}
    change = {"$set": {"state": "proposed", "approval": made}}

    def move(session: ClientSession) -> bool:
        staff.require_acting(actor, {"at": waiting["proposed_at"]}, session)
        if not RuleSet._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        require_acyclic(found["code"], found, session)
        approval.store(actor, waiting, session)
        return True

    if not transactions.run(move):
        raise rule_set.refused(rule_set_id)
    return rule_set.read(rule_set_id), made


def activate(approval_id: ObjectId) -> None:
    """Put a version in force that two persons agreed on, once; one that would close a circle goes back to a draft."""
    found = approval.read(approval_id)
    rule_set_id, by = found["details"]["rule_set"], f"staff:{found['decided_by']}"
    told = {"approval": str(approval_id), "hash": found["details"]["hash"]}
    line = entry.line(by, "rule.activate", found["about"], unit=found["unit"], **told)
    guard = {"_id": rule_set_id, "state": "proposed", "approval": approval_id, "hash": told["hash"]}
    change = {"$set": {"state": "active", "active_at": line["at"]}, "$unset": {"open": ""}}

    def move(session: ClientSession) -> None:
        if not approval.finish(approval_id, "done", session):
            return
        version = RuleSet._get_collection().find_one_and_update(guard, change, session=session)
        if version is None:  # reopened for a circle, by a run that ended before it noted so
            raise RuleCircle
        require_acyclic(version["code"], version, session)
        entry.write(line, session)

    try:
        transactions.run(move)
    except RuleCircle:
        reopen(approval_id)
        approval.finish(approval_id, "superseded")


def reopen(approval_id: ObjectId) -> None:
    """Turn a version that was not agreed on into a draft again."""
    rule_set_id = approval.read(approval_id)["details"]["rule_set"]
    guard = {"_id": rule_set_id, "state": "proposed", "approval": approval_id}
    change = {"$set": {"state": "draft"}, "$unset": {"approval": ""}}
    RuleSet._get_collection().update_one(guard, change)


def require_acyclic(code: str, version: dict[str, Any], session: ClientSession) -> None:
    """Check inside a transaction that no active version of a rule that this one reaches leads back to it.

    Raises:
        RuleCircle: one does.
    """
    reached: set[str] = set()
    coming = _referred(version)
    while coming:
        if code in coming or len(reached) > MOST_REACHED:
            raise RuleCircle
        reached |= coming
        query = {"code": {"$in": sorted(coming)}, "state": "active"}
        found = RuleSet._get_collection().find(query, {"condition": 1, "outputs": 1}, session=session)
        coming = set().union(*(_referred(one) for one in found)) - reached
    touched = {"code": {"$in": sorted(reached | {code})}}
    RuleSet._get_collection().update_many(touched, {"$inc": {"touched": 1}}, session=session)


def _referred(version: dict[str, Any]) -> set[str]:
    return grammar.mentions(version["condition"], "rule") | grammar.mentions(version["outputs"], "rule")

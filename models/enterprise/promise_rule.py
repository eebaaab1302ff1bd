"""What firms promise under a policy: versions of a rule of its own, written in a form, agreed on by a second person."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import outbox
from models.enterprise import payout_terms, policy, policy_rule
from models.enterprise.policy_errors import NothingToPropose
from models.identity.actors import Staff
from models.rules import activation, rule_set
from models.rules.rule_set import RuleSet

_NO_MONEY = {"kind": "other"}


def write(actor: Staff, code: str, form: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """Write what firms promise: into its open draft, or as the next version; return the version.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyStateWrong: it is closed.
        ConditionsWrong: the form cannot be turned into a rule.
        NotADraft: a version waits for the second person.
    """
    found = policy.within(actor, "policy.edit", code)
    if found["state"] == "closed":
        raise policy.refused(code)
    told = policy_rule.content(found, form, {**frame, "money": _NO_MONEY})
    rule, standing = payout_terms.promise_code(code), _standing(code)
    if standing is None:
        return rule_set.draft(actor, rule, told)
    return rule_set.edit(actor, standing["_id"], told)


def propose(actor: Staff, code: str, reason: str) -> dict[str, Any]:
    """Propose the draft of what firms promise; return the version.

    Raises:
        NotFound: no such policy of the actor's unit.
        NothingToPropose: nothing was written since the last version.
        NotADraft: it is proposed already.
    """
    policy.within(actor, "policy.edit", code)
    standing, made = _standing(code), ObjectId()
    if standing is None:
        raise NothingToPropose
    way = activation.Way(
        made,
        "policy_version",
        outbox.entry("trust", "rules.activate", approval=str(made)),
        outbox.entry("trust", "rules.reopen", approval=str(made)),
        {"policy": code},
    )
    return activation.propose(actor, standing["_id"], reason, way)[0]


def _standing(code: str) -> dict[str, Any] | None:
    return RuleSet._get_collection().find_one({"code": payout_terms.promise_code(code), "open": True})

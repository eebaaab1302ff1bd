"""The conditions of a policy: versions of its rule, written in a form, agreed on by a second person.

The first version that comes into force makes a draft policy approved; later ones change what an open policy asks for
from their day on.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import outbox
from models.enterprise import conditions, policy
from models.enterprise.policy import Policy
from models.enterprise.policy_errors import NothingToPropose
from models.identity import approval
from models.identity.actors import Staff
from models.rules import activation, rule_set
from models.rules.rule_set import RuleSet


def write(actor: Staff, code: str, form: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """Write the conditions of a policy: into its open draft, or as the next version; return the version.

    `frame` holds the days from and to which the version counts and, for another money than the policy's, `money`.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyStateWrong: it is closed.
        ConditionsWrong: the form cannot be turned into a rule.
        NotADraft: a version waits for the second person.
    """
    found = policy.within(actor, "policy.edit", code)
    if found["state"] == "closed":
        raise policy.refused(code)
    told = content(found, form, frame)
    rule, standing = policy.rule_code(code), standing_draft(code)
    if standing is None:
        return rule_set.draft(actor, rule, told)
    return rule_set.edit(actor, standing["_id"], told)


def content(found: Mapping[str, Any], form: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version of a policy's rule says.

    Raises:
        ConditionsWrong: the form cannot be turned into a rule.
    """
    source = {name: str(found["source"].get(name) or "") for name in ("title", "clause", "url")}
    source["edition"] = str(found["source"].get("document") or "")
    told = {
        "zh": found["title"],
        "source": source,
        "valid_from": frame.get("valid_from") or found["valid_from"],
        "valid_to": frame.get("valid_to") or found.get("valid_to"),
        "demo": False,
    }
    return conditions.content(form, frame.get("money") or found["money"], told)


def standing_draft(code: str) -> dict[str, Any] | None:
    """Return the version of a policy's conditions that is not active yet, None where there is none."""
    return RuleSet._get_collection().find_one({"code": policy.rule_code(code), "open": True})


def propose(actor: Staff, code: str, reason: str) -> tuple[dict[str, Any], ObjectId]:
    """Propose the draft of a policy's conditions; return the version and the approval's id.

    Raises:
        NotFound: no such policy of the actor's unit.
        NothingToPropose: nothing was written since the last version.
        NotADraft: it is proposed already.
    """
    policy.within(actor, "policy.edit", code)
    standing = standing_draft(code)
    if standing is None:
        raise NothingToPropose
    made = ObjectId()
    way = activation.Way(
        made,
        "policy_version",
        outbox.entry("trust", "enterprise.activate", approval=str(made)),
        outbox.entry("trust", "enterprise.reopen", approval=str(made)),
        {"policy": code},
    )
    return activation.propose(actor, standing["_id"], reason, way)


def activate(approval_id: ObjectId) -> None:
    """Put a version in force that two persons agreed on, and its policy with the first one; again changes nothing."""
    activation.activate(approval_id)
    told = approval.read(approval_id)["details"]
    if RuleSet._get_collection().find_one({"_id": told["rule_set"], "state": "active"}, {"_id": 1}):
        guard = {"_id": told["policy"], "state": "draft"}
        Policy._get_collection().update_one(guard, {"$set": {"state": "approved"}, "$inc": {"moves": 1}})


def versions(code: str, limit: int = 50) -> list[dict[str, Any]]:
    """Return the versions of a policy's conditions, the newest first."""
    query = {"code": policy.rule_code(code)}
    return list(RuleSet._get_collection().find(query).sort("version", -1).limit(limit))

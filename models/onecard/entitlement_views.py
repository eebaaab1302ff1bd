"""What residents see of their entitlements, and staff of the concessions. Plain dicts."""

from typing import Any

from backend import clock
from models.audit import access_line
from models.identity import purposes
from models.identity.actors import Resident
from models.onecard import concession, entitlement, facts_for
from models.onecard.concession import InForce
from models.onecard.entitlement import STATE_ZH, Entitlement
from models.onecard.facts_for import MEANINGS, Gathered
from models.onecard.register_answers import keeper
from models.registers.source import SOURCES
from models.rules import grammar, in_words, parameters, rule_set

FIELDS = ("entitlements.state",)


def of_resident(resident: Resident) -> dict[str, Any]:
    """Return every concession with how the resident, or the person acted for, stands to it today.

    Registers that are not fresh are asked, as far as a screen waits; a helper's look leaves an access line.
    """
    person_id, today = resident.subject_id, clock.today()
    if person_id is None:
        return {"items": [], "consents_missing": [], "next": None}
    found = concession.all_on(today)
    names = [name for one in found for name in one.facts]
    sure = resident.acting is not None or resident.sure_person_id is not None
    gathered = facts_for.gather(person_id, names, day=today, sure=sure)
    rules = _rules([one.rule for one in found])
    judged = [(one, entitlement.judge(one, gathered, day=today)) for one in found]
    items = [_shown(one, told, gathered, rules.get(one.rule, "")) for one, told in judged]
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[person_id], fields=FIELDS)
    return {"items": items, "consents_missing": _consents_missing(gathered), "next": None}


def _rules(codes: list[str]) -> dict[str, str]:
    """Return the rules in words."""
    versions = rule_set.in_force(dict.fromkeys(codes), clock.today())
    trees = [one["condition"] for one in versions.values()]
    named = parameters.in_force(grammar.mentions(trees, "param"), clock.today())
    others = rule_set.in_force(sorted(grammar.mentions(trees, "rule")), clock.today())
    names = parameters.words(named.values()), {code: one["zh"] for code, one in others.items()}
    return {code: in_words.sentence(one["condition"], in_words.words(one, *names)) for code, one in versions.items()}


def _shown(found: InForce, told: Entitlement, gathered: Gathered, rule_zh: str) -> dict[str, Any]:
    shown = {
        "concession": found.code,
        "concession_zh": found.zh,
        "version": found.version,
        "state": told.state,
        "state_zh": STATE_ZH[told.state],
        "why_zh": told.why_zh,
        "rule_zh": rule_zh,
        "basis_zh": str(found.basis.get("document") or ""),
        "facts": entitlement.facts_shown(gathered, found.facts),
    }
    return shown | ({"document": told.document, "document_zh": found.document_zh} if told.document else {})


def _consents_missing(gathered: Gathered) -> list[str]:
    """Return the purposes to which the person would have to consent for registers to be asked."""
    kinds = [MEANINGS[name].kind for name, why in gathered.why.items() if why == "no_consent"]
    return sorted({SOURCES[keeper(kind)].consent for kind in kinds})


def concessions() -> dict[str, Any]:
    """Return every version of every concession, for staff."""
    stored = concession.stored()
    rules = _rules([one["rule"] for one in stored])
    return {"items": [_version(one, rules.get(one["rule"], "")) for one in stored], "next": None}


def _version(found: dict[str, Any], rule_zh: str) -> dict[str, Any]:
    names = ("code", "version", "zh", "rule", "facts", "document", "document_zh", "basis", "valid_from", "valid_to")
    shown = {name: found[name] for name in names if found.get(name) is not None}
    today = clock.today().isoformat()
    holds = found["valid_from"] <= today <= (found.get("valid_to") or today)
    return {**shown, "places": found.get("places", []), "rule_zh": rule_zh, "in_force": holds}

"""What a family that was found can be told: school(s), 梯次 and what is missing, from as few registers as that takes.

Household and properties are looked at first; only where these leave the 梯次 open are permits, insurance and
licences asked for, as far as the rules of the round read them. The priority within a 梯次 is not looked at here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from bson import ObjectId

from backend import clock
from models.onecard.register_answers import UNANSWERED
from models.rules import evaluate
from models.school import candidate, child_facts, eligibility
from models.school import round as rounds
from models.school.basis import Basis
from models.school.child_facts import Gathered
from models.school.eligibility import Judged

SECONDS, AHEAD_SECONDS = 5.0, 10.0
FIRST = frozenset(child_facts.CHILD)
KINDS_OF = {
    "residence.permit": ("residence.permit", "residence.address"),
    "residence.in_district": ("residence.permit", "residence.address"),
    "insurance.months": ("social_insurance.pension", "social_insurance.medical"),
    "business.operating": ("business.licence",),
    "child.disability": ("status.disability",),
    "guardian.veteran": ("status.veteran",),
    "guardian.serving_military": ("status.serving_military",),
}
"""Further kinds of entries, by the fact of the rules that is read from them."""


@dataclass(frozen=True)
class Found:
    """What came out for one child: the basis that serves it best, and what the rules say of it."""

    gathered: Gathered
    basis: Basis | None
    judged: Judged

    @property
    def asking(self) -> bool:
        """Tell whether what is missing may only be a register that did not answer."""
        return any(self.gathered.why_missing.get(name) in UNANSWERED for name in self.judged.missing)


def ask_ahead(several: Sequence[Mapping[str, Any]]) -> None:
    """Ask the registers about some candidates together, so that looking at each of them finds fresh answers."""
    families = [(one["child"], one["guardians"]) for one in several]
    child_facts.ask_ahead(families, seconds=AHEAD_SECONDS, kinds=FIRST)


def judge(round_code: str, candidate_id: ObjectId, *, ask: bool = True) -> dict[str, Any]:
    """Look at a candidate and store what the family can be told; return it. Looking again changes nothing.

    Raises:
        NotFound: no such round or candidate, or one of the persons is not known any more.
        NotInForce: a rule of the round has no version on its rule day.
    """
    found, one = rounds.read(round_code), candidate.read(candidate_id)
    result = _found(found, one, ask=ask)
    told = _told(result)
    kept = {name: one.get(name) for name in told}
    if kept == told:
        return one
    stored = candidate.change(candidate_id, told | {"judged_at": clock.now()})
    assert stored is not None
    return stored


def require_rules(found: Mapping[str, Any]) -> None:
    """Check that the rules of a round can be asked.

    Raises:
        NotInForce: one has no version on the rule day.
    """
    _read_by(found)


def _found(found: Mapping[str, Any], one: Mapping[str, Any], *, ask: bool) -> Found:
    first = _best(found, _gathered(found, one, FIRST, ask=ask))
    if first.judged.tier is not None and first.judged.eligible != "unknown":
        return first
    names = set(first.judged.missing) | _read_by(found)
    further = {kind for name in names for kind in KINDS_OF.get(name, ())}
    return _best(found, _gathered(found, one, FIRST | further, ask=ask)) if further else first


def _gathered(found: Mapping[str, Any], one: Mapping[str, Any], kinds: frozenset[str], *, ask: bool) -> Gathered:
    return child_facts.gather(found, one["child"], one["guardians"], seconds=SECONDS, ask=ask, kinds=kinds)


def _best(found: Mapping[str, Any], gathered: Gathered) -> Found:
    """Return the basis with the first 梯次; of equal ones in the order household, property, residence."""
    looked = [Found(gathered, basis, eligibility.judge(found, gathered, basis)) for basis in gathered.bases]
    looked = looked or [Found(gathered, None, eligibility.judge(found, gathered, None))]
    return min(looked, key=_rank)


def _rank(one: Found) -> tuple[bool, int, bool]:
    tier, certain = one.judged.tier, bool(one.basis and one.basis.located.certain)
    return tier is None, tier or 0, not certain


def _read_by(found: Mapping[str, Any]) -> set[str]:
    """Return the facts that the rules on who may apply, and in which 梯次, read."""
    day = rounds.rule_day(found)
    bound = [evaluate.many(found["rules"][name], day).bound for name in ("eligible", "tier")]
    return {name for one in bound for name in one.plan.kinds}


def _told(result: Found) -> dict[str, Any]:
    judged, basis = result.judged, result.basis
    located = basis.located if basis else None
    missing = list(judged.missing)
    told: dict[str, Any] = {
        "basis": {"kind": basis.kind, "fact": basis.fact_id} if basis else {},
        "located": {
            "districts": list(located.districts),
            "schools": list(located.schools),
            "certain": located.certain,
            "how": located.how,
        }
        if located
        else {},
        "eligible": judged.eligible,
        "tier": judged.tier,
        "missing": missing,
        "why": {name.replace(".", "_"): result.gathered.why_missing.get(name, "") for name in missing},
        "rule_numbers": list(judged.rule_numbers),
        "asking": result.asking,
    }
    return told | {"digest": digest(told)}


def digest(told: Mapping[str, Any]) -> str:
    """Return the name of what a family is told: the same content has the same one."""
    content = [told["located"].get("schools", []), told["eligible"], told["tier"], sorted(told["missing"])]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()[:24]

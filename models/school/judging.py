"""Judging an application by what is known: the stored words of the registers, and what persons found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.rules import facts
from models.school import application, district, eligibility, locality, review, school, told_facts
from models.school import round as rounds
from models.school.basis import Basis
from models.school.child_facts import Gathered
from models.school.eligibility import Judged
from models.school.locate import Located

PRIVATE = 500
ELSEWHERE = 900
STEP = 100


@dataclass(frozen=True)
class Judging:
    """`told_json` is what persons found out, as the record keeps it; `number` names the articles that decided."""

    judged: Judged
    rule: str
    version: int
    number: str
    priorities: Mapping[str, int]
    told_json: Mapping[str, Any] = field(repr=False)
    points: list[dict[str, Any]] = field(default_factory=list)


def judge(
    found: Mapping[str, Any],
    held: Mapping[str, Any] | None,
    *,
    ask: bool = False,
    corrected: Mapping[str, Any] | None = None,
    tier: int | None = None,
) -> Judging:
    """Return what the rules of the round say of an application, the findings of its review counting first.

    With `ask` the registers are asked where what they said is too old to count. `corrected` facts count over those of
    the review; a `tier` that was decided otherwise stands in place of the rules', and priorities follow from it.
    """
    told_round = rounds.read(found["round"])
    gathered = gathered_for(found, told_round, ask=ask)
    told = review.told(held, found["points"]) | dict(corrected or {})
    chosen = _decided_place(basis_of(found, gathered, told_round), found["round"], told.pop(told_facts.DISTRICT, ""))
    judged = eligibility.judge(told_round, gathered, chosen, told=told)
    judged = replace(judged, tier=tier) if tier else judged
    deciding = judged.decisions[0 if judged.eligible != "yes" else 1]
    return Judging(
        judged,
        deciding.rule,
        deciding.version,
        "、".join(judged.rule_numbers) or f"{deciding.rule}(第 {deciding.version} 版)",
        priorities(judged, found, chosen.located if chosen else None),
        {name: facts.encode(value) for name, value in told.items()},
        [{name: one[name] for name in ("code", "state")} for one in found["points"]],
    )


def gathered_for(found: Mapping[str, Any], told_round: Mapping[str, Any], *, ask: bool = False) -> Gathered:
    """Return what the registers said about the family of an application, asked anew only with `ask`."""
    return locality.gathered(told_round, found, ask=ask)


def basis_of(found: Mapping[str, Any], gathered: Gathered, told_round: Mapping[str, Any]) -> Basis | None:
    """Return the basis on which an application rests: an entry of a register, or what was written by hand."""
    return locality.basis(told_round, gathered, application.opened(found).get("basis"))


def _decided_place(chosen: Basis | None, round_code: str, code: str) -> Basis | None:
    """Return a basis with the district that a person decided on."""
    if chosen is None or not code:
        return chosen
    told = district.read(round_code, code)
    located = Located(
        districts=(code,),
        schools=tuple(told["schools"]),
        certain=True,
        how="by_hand",
        distance_m=None,
        why_zh="经人工核验确定学区。",
        overflow=tuple(told.get("overflow", ())),
    )
    return replace(chosen, located=located)


def priorities(judged: Judged, found: Mapping[str, Any], located: Located | None) -> dict[str, int]:
    """Return the priority at each school that an application may come to: own district by tier, private alike."""
    own = set(located.schools) if located else set()
    codes = sorted({*found.get("choices", ()), *own, *(located.overflow if located else ())})
    known, tier = school.several(codes), judged.tier or 0
    given = {}
    for code in codes:
        if known.get(code, {}).get("ownership") == "private":
            given[code] = PRIVATE
        else:
            given[code] = (tier * STEP if code in own else ELSEWHERE) + judged.priority
    return given

"""The checks of one line: what is known goes in, findings and the rule's answer come out. Nothing is read here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.benefits import claim_facts
from models.benefits.evidence import About, Row, Scope
from models.benefits.finding import found
from models.identity.person import same_name
from models.rules import facts
from models.rules.decision import Light
from models.rules.evaluate import Many
from models.rules.facts import Fact, Missing

AMOUNT = "amount_fen"
"""The output of a rule set that says what a line should get."""


@dataclass(frozen=True)
class Rule:
    """The item's rule, ready to be asked, with the names of the facts that it reads.

    `head` is what the records of all its decisions on this day have in common: trees and parameters, no facts.
    """

    names: tuple[str, ...]
    ask: Many
    head: Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """What came out for one line."""

    findings: list[dict[str, Any]]
    record: dict[str, Any] | None = field(default=None, repr=False)
    decided_fen: int | None = None


def check(scope: Scope, rule: Rule | None, row: Row, about: About, *, given: int, at: datetime) -> Checked:
    """Check one line; `given` is what earlier lines give to its household."""
    told = [
        *_person(about, at),
        *_card(about, at),
        *_others(scope, row, about, at),
        *_household(scope, row, about, given, at),
        *_amount(scope, row, at),
    ]
    if rule is None or about.document is None:
        return Checked(told)
    given_facts = claim_facts.told(rule.names, row, about.document, about.stated, scope.day)
    answer = rule.ask(given_facts)
    decided = answer.values.get(AMOUNT)
    fen = int(decided) if decided is not None else None
    return Checked(
        [*told, *_decided(rule, answer, given_facts, row=row, fen=fen, at=at)],
        record_of(rule, answer, given_facts),
        fen,
    )


def record_of(rule: Rule, answer: Light, given: Mapping[str, Fact]) -> dict[str, Any]:
    """Return what, with the rule's head, makes the decision again."""
    told = [{"name": name, **facts.told(given[name])} for name in rule.names]
    return {"outcome": answer.outcome, "values": facts.encode(dict(answer.values)), "facts": told}


def _person(about: About, at: datetime) -> Iterator[dict[str, Any]]:
    if about.document is None:
        yield found("number_wrong", at)
        return
    if about.person is None:
        yield found("person_unknown", at)
        return
    if any(not one.absent for one in about.stated.get("death.date", ())):
        yield found("died", at)
    if about.stale:
        yield found("facts_stale", at, about=",".join(about.stale))
    yield from _name(about, at)


def _name(about: About, at: datetime) -> Iterator[dict[str, Any]]:
    names = [one for one in about.stated.get("person.name", ()) if one.source == "household"]
    named = [one.value["name"] for one in names if not one.absent]
    if named:
        if not any(same_name(name, about.opened.name) for name in named):
            yield found("name_mismatch", at)
    elif "household" not in about.stale:
        yield found("no_household_record", at)


def _card(about: About, at: datetime) -> Iterator[dict[str, Any]]:
    if about.person is None:
        return
    live = next((one for one in about.cards if one.get("live")), None)
    if any(one.get("before_death") for one in about.cards[:1]):
        yield found("card_of_dead", at)
    elif live is None:
        yield found("card_closed" if about.cards else "no_card", at)
    elif live["state"] in {"lost", "frozen"}:
        yield found("card_stopped", at, whose="resident")
    elif live["state"] != "active":
        yield found("card_not_active", at)


def _others(scope: Scope, row: Row, about: About, at: datetime) -> Iterator[dict[str, Any]]:
    """Name other lines of the same person: the earliest line stands, so that checks in any order agree on one.

    The earliest has the smallest id, an ObjectId: it was entered first, to the second, by the clock of the machine that
    took it. Among lines of one second the rest of the id decides: the same at every check, and nothing but an order.
    """
    earlier = [one for one in about.others if one["_id"] < row["_id"]]
    same = [one for one in earlier if one["item"] == row["item"]]
    if any(one["batch"] == row["batch"] for one in same):
        yield found("duplicate_in_batch", at)
    if elsewhere := [one for one in same if one["batch"] != row["batch"]]:
        yield found("duplicate_other_batch", at, about=str(elsewhere[0]["batch"]))
    if excluding := [one for one in earlier if one["item"] in scope.exclusive]:
        yield found("exclusive_item", at, about=excluding[0]["item"])
    if about.shares_account:
        yield found("account_shared", at)


def _household(scope: Scope, row: Row, about: About, given: int, at: datetime) -> Iterator[dict[str, Any]]:
    cap = scope.item["household_cap_fen"]
    if cap and about.household and given + row["amount_fen"] > cap:
        yield found("household_cap", at, about=given)


def _amount(scope: Scope, row: Row, at: datetime) -> Iterator[dict[str, Any]]:
    if not scope.item["least_fen"] <= row["amount_fen"] <= scope.item["most_fen"]:
        yield found("amount_out_of_bounds", at)


def _decided(
    rule: Rule, answer: Light, given: Mapping[str, Fact], *, row: Row, fen: int | None, at: datetime
) -> Iterator[dict[str, Any]]:
    if answer.outcome == "no":
        yield found("not_eligible", at)
    elif answer.outcome == "unknown":
        missing = rule.ask.explain(given).missing
        lacking = [given[name] for name in missing if name in given]
        whose = next((one.whose for one in lacking if isinstance(one, Missing) and one.whose), "")
        yield found("eligibility_unknown", at, whose=whose, about=",".join(missing))
    elif fen is not None and fen != row["amount_fen"]:
        yield found("amount_differs", at, about=fen)

"""What persons and staff see of facts: each with its source, its dates, its state, and in words."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import BadDocument, age_on, parse
from models.audit import access_line
from models.identity import minor_approval, person
from models.identity.actors import Resident, Staff
from models.identity.levels import reaches
from models.registers import fact, firm_kind, inquiry, settle
from models.registers.catalogue import EVERY_KIND, EVERY_SOURCE, OF_FIRMS, asked_about
from models.registers.fact import Stated
from models.registers.fact_kind import KINDS
from models.registers.source import TRUST_ZH
from models.registers.subject import Subject

FIELD = "facts.value"
NOTHING_ZH = "登记部门没有记录"


def of_resident(resident: Resident) -> dict[str, Any]:
    """Return one's own facts by kind, and how each source stands; whole only for who was seen by a clerk or a face.

    A match proves that name and number belong together, not that the person holds the phone.
    """
    if resident.person_id is None:
        return {"items": [], "sources": [], "next": None}
    whole = reaches(resident.document["level"], "verified")
    return {**_about(Subject(person=resident.person_id), list(KINDS), whole=whole), "next": None}


def of_firm(code: str) -> dict[str, Any]:
    """Return the facts of the firm with a credit code by kind, each field in words, and how each source stands."""
    about = Subject(organisation=code)
    told = _about(about, list(OF_FIRMS), whole=True)
    values = {str(one.id): one for one in fact.current(about, list(OF_FIRMS), clock.today().isoformat())}
    items = [one | {"fields": _fields(values[one["id"]])} for one in told["items"]]
    return {**told, "items": items}


def _fields(one: Stated) -> list[dict[str, str]]:
    words = firm_kind.FIELDS.get(one.kind, {})
    return [
        {"field": name, "zh": zh, "value_zh": firm_kind.field_words(name, one.value[name])}
        for name, zh in words.items()
        if not one.absent
    ]


def for_staff(
    actor: Staff, person_id: ObjectId, kinds: list[str], *, purpose: str, case: str | None = None
) -> dict[str, Any]:
    """Return some kinds of facts of a person, masked, with an access line.

    Children who stand in the person's household are not named: what may be seen of them is asked for them.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such person.
        MinorApprovalNeeded: a child below fourteen, and there is no approval.
    """
    actor.require("fact.read")
    person.read(person_id)
    minor_approval.require(actor, person_id)
    shown = _about(Subject(person=person_id), kinds, whole=False, seen=without_children)
    fields = {FIELD} if shown["items"] else {"facts.state"}
    access_line.record(actor, purpose=purpose, subjects=[person_id], fields=fields, case=case)
    return {**shown, "next": None}


def without_children(one: Stated) -> Stated:
    """Return a fact without the names of children below fourteen."""
    if one.kind != "household.members" or one.absent:
        return one
    members = [
        {**member, "in_place_of_name": minor_approval.HIDDEN} if _is_child(member) else member
        for member in one.value["members"]
    ]
    return replace(one, value={**one.value, "members": members})


def _is_child(member: Mapping[str, Any]) -> bool:
    birth = date.fromisoformat(str(member["birth"])) if member.get("birth") else None
    if birth is None:
        with suppress(BadDocument):
            birth = parse("resident_id", member["number"]).birth_date
    return birth is not None and age_on(birth, clock.today()) < person.CHILD_BELOW


def _about(
    subject: Subject, kinds: list[str], *, whole: bool, seen: Callable[[Stated], Stated] = lambda one: one
) -> dict[str, Any]:
    asked, now = inquiry.of(subject), clock.now()
    held = fact.current(subject, kinds, clock.today().isoformat())
    by_kind = {kind: [one for one in held if one.kind == kind] for kind in kinds}
    choices = {kind: settle.choose(kind, found) for kind, found in by_kind.items()}
    items = []
    for one in held:
        choice = choices[one.kind]
        stale = not inquiry.is_fresh(asked.get(one.source), now)
        told = shown(seen(one), whole=whole) | {"stale": stale, "chosen": one in choice.chosen, "rule": choice.rule}
        items.append(told | {"rule_zh": settle.RULE_ZH[choice.rule], "contradicted": choice.contradicted})
    wanted = [code for code in asked_about(subject) if set(EVERY_SOURCE[code].gives) & set(kinds)]
    return {"items": items, "sources": [_source(code, asked.get(code, {})) for code in wanted]}


def shown(one: Stated, *, whole: bool) -> dict[str, Any]:
    """Return a fact in words, with source and dates."""
    source = EVERY_SOURCE[one.source]
    told = {
        "id": str(one.id),
        "kind": one.kind,
        "kind_zh": EVERY_KIND[one.kind].zh,
        "absent": one.absent,
        "value_zh": in_words(one, whole=whole),
        "source": one.source,
        "source_zh": source.zh,
        "unit": source.unit,
        "unit_zh": source.unit_zh,
        "fetched_at": clock.civil(one.fetched_at).isoformat(timespec="seconds"),
        "trust": one.trust,
        "trust_zh": TRUST_ZH[one.trust],
        "state": one.state,
        "state_zh": fact.STATE_ZH[one.state],
        "lagging": one.lagging,
    }
    return told | ({"stated_on": one.stated_on} if one.stated_on else {})


def in_words(one: Stated, *, whole: bool) -> str:
    """Return a fact's value as a person reads it."""
    return NOTHING_ZH if one.absent else EVERY_KIND[one.kind].words(one.value, whole)


def _source(code: str, asked: dict[str, Any]) -> dict[str, Any]:
    source, now = EVERY_SOURCE[code], clock.now()
    asking = inquiry.asking(asked, now)
    failed = "failed_at" in asked
    state = "asking" if asking else "failed" if failed else "answered" if "answered_at" in asked else "never_asked"
    words = {
        "asking": "正在查询",
        "failed": "上次查询没有成功,显示的是更早的结果",
        "answered": "已查询",
        "never_asked": "尚未查询",
    }
    told = {"code": code, "zh": source.zh, "unit_zh": source.unit_zh, "asks_zh": source.asks_zh}
    told |= {"state": state, "state_zh": words[state]}
    if "answered_at" in asked:
        told["answered_at"] = clock.civil(asked["answered_at"]).isoformat(timespec="seconds")
    return told

"""Matching with the household register: is the declared name that of the number, and who is a child's parent?

The register's word raises a declared binding to `matched`. Whoever asks learns only yes or no, so that nobody fishes
for names; nothing of a register is stored where the name differs.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound, OutsideFailure, Unprocessable
from backend.store import transactions
from models.identity import binding, companion, consent, person, relation
from models.identity.actors import Resident
from models.identity.companion import Companion
from models.registers import fact, fetch
from models.registers.fact import Stated
from models.registers.subject import Subject

PARENTS = ("head", "spouse")


class RegisterAway(OutsideFailure):
    """502: the register did not answer; nothing was changed."""

    code = "register_away"
    zh = "户籍登记系统暂时没有响应,请稍后再试;急需办理可持身份证到政务服务窗口核验。"
    en = "The household register does not answer. Try later, or bring your identity card to a service counter."


class NotMatched(Unprocessable):
    """422: the register does not know this name under this number."""

    code = "identity_not_matched"
    zh = "填报的姓名、证件号码与户籍登记不一致或没有登记,请核对;确认无误的,请持身份证到政务服务窗口核验。"
    en = "Name and number do not match the household register. Check them, or visit a service counter."


class GuardianNotFound(Unprocessable):
    """422: the household register does not show this child as one's own."""

    code = "guardian_not_in_register"
    zh = "户籍登记中没有显示您是该儿童的父母,请持户口簿或出生医学证明到政务服务窗口办理。"
    en = "The household register does not show you as this child's parent. Visit a service counter with the papers."


def match(resident: Resident) -> bool:
    """Compare the resident's declared name and number with the household register; return whether the level rose.

    Raises:
        ConsentNeeded: no consent to ask the registers.
        NotMatched: the register says otherwise, or that the person died.
        RegisterAway: it did not answer.
        PersonHeld: another account holds the person surely.
    """
    consent.require(resident, "facts")
    mine = next((one for one in companion.listed(resident) if one.is_self), None)
    if mine is None:
        raise NotFound
    stated = _confirmed(mine)
    person.correct_name(person.read(mine.person_id), mine.name)
    return binding.raise_level(
        resident.account_id,
        mine.person_id,
        "matched",
        method="register",
        evidence=[f"fact:{stated.id}"],
        by=resident.key,
    )


def _confirmed(mine: Companion) -> Stated:
    """Return the register's word on the name, asked for now."""
    about = Subject(person=mine.person_id)

    def same(record: Mapping[str, Any]) -> bool:
        return person.same_name(str(record["name"]), mine.name) and "cancelled" not in record

    answer = fetch.ask("household", about, again=True, accept=same)
    if answer.result in ("away", "asking", "not_connected"):
        raise RegisterAway
    stated = _said(about, "person.name") if answer.result == "found" else None
    if stated is None:
        raise NotMatched
    return stated


def _said(about: Subject, kind: str) -> Stated | None:
    """Return what the household register says at present."""
    held = fact.current(about, [kind], clock.today().isoformat())
    return next((one for one in held if one.source == "household" and not one.absent), None)


def become_guardian(resident: Resident, child_id: ObjectId) -> dict[str, Any]:
    """Establish that the resident is the guardian of a child of the same household, as its head or the head's spouse.

    A kill between the child's level and the relation heals by the same call.

    Raises:
        ConsentNeeded: no consent to ask the registers.
        GuardianNotFound: the register does not show it.
        RegisterAway: it did not answer and said nothing before.
        TermsWrong, NotSureEnough: the terms of a relation are not met.
    """
    consent.require(resident, "facts")
    if resident.person_id is None:
        raise NotFound
    about = Subject(person=resident.person_id)
    answer = fetch.ask("household", about)
    members = _said(about, "household.members")
    if members is None:
        raise GuardianNotFound if answer.result in ("fresh", "found", "no_record") else RegisterAway
    if not _is_child_of(members.value["members"], resident.person_id, child_id):
        raise GuardianNotFound
    transactions.run(lambda session: person.raise_level(child_id, "matched", session))
    evidence = [f"fact:{members.id}"]
    return relation.establish(
        "guardian", child_id, resident.person_id, method="register", evidence=evidence, by=resident.key
    )


def shown_child(about: Subject, child_id: ObjectId) -> Stated | None:
    """Return the household register's stored word that a child is one's own, None where it does not say so."""
    members = _said(about, "household.members")
    if members is None or about.person is None:
        return None
    return members if _is_child_of(members.value["members"], about.person, child_id) else None


def _is_child_of(members: list[dict[str, Any]], parent_id: ObjectId, child_id: ObjectId) -> bool:
    by_number = {one["number"]: one for one in members}
    parent, child = by_number.get(person.read(parent_id).number), by_number.get((known := person.read(child_id)).number)
    if parent is None or child is None or not person.same_name(child["name"], known.name):
        return False
    return parent["relation"] in PARENTS and child["relation"] == "child"

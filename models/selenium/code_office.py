"""Single codes in the hands of the offices: what somebody asks about, or has copied.

    any state ──freeze──▶ frozen ──release──▶ as before        any state ──void──▶ void (final)

The mark stands in the code's own document, so that a scan sees it without a further read. It moves neither weight nor
quota: the package is what it was, only this label is not to be trusted.
"""

from dataclasses import dataclass
from typing import Any

from backend import clock
from backend.codes import product_code
from backend.codes.product_code import NoCode, Read
from backend.errors import Conflict, NotFound
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.selenium import code, ordered, producer, roll, verdict
from models.selenium.code import Code

REASON_ZH = {
    "copied": "疑似被复制",
    "lost": "标签遗失或被盗",
    "suspected": "疑似质量安全问题",
    "inspection": "监督抽查",
    "printed_wrong": "印制有误",
}


class CodeVoid(Conflict):
    """409: the code is void, for good."""

    code = "code_void"
    zh = "该码已作废,不能再冻结或解除。"
    en = "This code is void and stays so."


@dataclass(frozen=True)
class Asked:
    """What a text is: its head, the roll that it belongs to, its record when one was issued, and the verdict."""

    told: Read
    roll: dict[str, Any]
    stored: dict[str, Any]
    verdict: verdict.Verdict


def find(actor: Staff, text: str) -> Asked:
    """Return what a code is that somebody holds in the hand; it counts no scan.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no code, or none of a roll in the actor's area.
    """
    return _find(actor, "lot.read", text)


def _find(actor: Staff, operation: str, text: str) -> Asked:
    actor.require(operation)
    try:
        told = product_code.read(text)
    except NoCode:
        raise NotFound from None
    reserved = ordered.fresh(told, ordered.counter(told))
    found = roll.read(reserved["_id"]) if reserved else None
    if found is None or not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return Asked(told, found, code.read(told.head) or {}, verdict.look(told.text, found.get("gtin", "")))


def freeze(actor: Staff, text: str, reason: str) -> Asked:
    """Freeze a code: who scans it is warned; a frozen one stays so.

    Raises:
        NotAllowed, NotFound: out of the actor's reach, or the text is none that was issued.
        CodeVoid: it is void.
    """
    return _marked(actor, text, "freeze", {"$set": {"mark": {"state": "frozen", "reason": reason, "at": clock.now()}}})


def void(actor: Staff, text: str, reason: str) -> Asked:
    """Make a code void for good; a void one stays so.

    Raises:
        NotAllowed, NotFound: out of the actor's reach, or the text is none that was issued.
    """
    return _marked(actor, text, "void", {"$set": {"mark": {"state": "void", "reason": reason, "at": clock.now()}}})


def release(actor: Staff, text: str) -> Asked:
    """Release a frozen code; one that is not frozen stays as it is.

    Raises:
        NotAllowed, NotFound: out of the actor's reach, or the text is none that was issued.
        CodeVoid: it is void.
    """
    return _marked(actor, text, "release", {"$unset": {"mark": ""}})


_BEFORE: dict[str, dict[str, Any]] = {
    "freeze": {"mark": {"$exists": False}},
    "void": {"mark.state": {"$ne": "void"}},
    "release": {"mark.state": "frozen"},
}


def _marked(actor: Staff, text: str, verb: str, update: dict[str, Any]) -> Asked:
    """Change the mark of a code of which the whole text was read: a guessed tag moves nothing."""
    asked = _find(actor, "lot.hold", text)
    if not asked.verdict.head:
        raise NotFound
    head, reason = asked.told.head, update.get("$set", {}).get("mark", {}).get("reason")
    told = {"reason": reason} if reason else {}
    line = entry.line(actor.key, f"code.{verb}", f"code:{head}", unit=actor.unit, **told)

    moved = moving.move(Code, {"_id": head, **_BEFORE[verb]}, update, line, actor)
    if not moved and verb != "void" and (code.read(head) or {}).get("mark", {}).get("state") == "void":
        raise CodeVoid
    return _find(actor, "lot.hold", text)

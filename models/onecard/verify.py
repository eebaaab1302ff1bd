"""Verifying a code: what a gate checks alone, then whether the credential and the card hold, then its one use."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import runtime
from backend.codes import gate_check
from backend.codes.code_kinds import NOT_OURS, Checked, Medium
from backend.errors import KeyReused
from models.identity.account import Account
from models.onecard import card, code_use, credential, verdict
from models.onecard.code_use import Use
from models.onecard.verdict import Verdict


def late(found: dict[str, Any]) -> Verdict:
    """Decide on a journal entry's code as of its moment; one of another kind than the entry says is not used up."""
    if found["received_at"] - found["at"] > code_use.KEPT:  # nobody could tell any more who took the same code
        return verdict.of("too_late", NOT_OURS, found["scanner_class"])
    try:
        return verify(
            found["scanner_class"],
            found["code"],
            at=found["at"],
            device_id=found["device"],
            nonce=found["nonce"],
            online=False,
            kind=found["code_kind"],
        )
    except KeyReused:  # for a person to look at: trying again would never settle the entry
        return verdict.of(KeyReused.code, NOT_OURS, found["scanner_class"])


def verify(
    scanner_class: str, text: str, *, at: datetime, device_id: str, nonce: str, online: bool, kind: str = ""
) -> Verdict:
    """Decide on one code at an instant of the scanner's corrected clock, and use it up when it is good.

    The same device and nonce get the same answer again. `online=False` settles what a gate decided alone at `at`:
    whether the credential held then, and whether another gate took the same code. `kind` is the only one wanted, if
    one is.

    Raises:
        KeyReused: the nonce came with another code.
    """
    use = Use(device_id, nonce, text, at)
    if told := code_use.told(use):
        return _again(told["_id"], told["kind"], scanner_class)
    checked = gate_check.check(text, runtime.current().code_keys.gate(scanner_class), at)
    if checked.result != "accepted":
        return verdict.of(checked.result, checked, scanner_class)
    if kind and checked.kind != kind:
        return verdict.of("wrong_kind", checked, scanner_class)
    found = credential.by_handle(checked.handle)
    if found is None or (found["medium"] == "printed") != (checked.medium == "printed"):
        return verdict.of("not_ours", NOT_OURS, scanner_class)
    wrong = _wrong(found, checked, at, online=online)
    if not wrong and (before := code_use.take(use, checked, found["_id"])):
        wrong = "limit_reached" if checked.medium == "printed" else "replayed"
        return verdict.whose(verdict.of(wrong, checked, scanner_class, first=before["uses"][0]["at"]), found)
    return verdict.whose(verdict.of(wrong or "accepted", checked, scanner_class), found)


def whose(verdict: Verdict) -> ObjectId | None:
    """Return whose genuine code it was, be it good or not; None where nothing tells."""
    if verdict.person_id or not verdict.handle:
        return verdict.person_id
    found = credential.by_handle(bytes.fromhex(verdict.handle))
    return found["person"] if found else None


def _wrong(found: dict[str, Any], checked: Checked, at: datetime, *, online: bool) -> str:
    if checked.kind not in found["kinds"]:
        return "wrong_kind"
    if not credential.usable(found, at, online=online) or (online and not _still_theirs(found)):
        return "revoked"
    held = card.of_person(found["person"]) if online else None
    stopped = online and (held is None or (held["_id"], held["state"]) != (found["card"], "active"))
    return "card_not_active" if stopped else ""


def _still_theirs(found: dict[str, Any]) -> bool:
    """Tell whether the phone is still the one of the account that is bound to the person."""
    mine = {"_id": found.get("account"), "person": found["person"]}
    return found["medium"] != "phone" or bool(Account._get_collection().find_one(mine, {"_id": 1}))


def _again(use_id: str, kind: str, scanner_class: str) -> Verdict:
    handle = bytes.fromhex(use_id.partition(":")[0])
    found = credential.by_handle(handle)
    medium: Medium = "printed" if found and found["medium"] == "printed" else "dynamic"
    told = verdict.of("accepted", Checked("accepted", medium, kind, scanner_class, handle), scanner_class)
    return verdict.whose(told, found) if found else told

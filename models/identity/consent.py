"""Consent of an account: separate for phone and for document, as easy to withdraw as to give."""

from typing import Any

from backend import clock
from backend.errors import NotAllowed, NotFound
from models.identity.account import Account
from models.identity.actors import Resident

KINDS = ("phone", "document")


class ConsentNeeded(NotAllowed):
    """403: this needs a consent that was not given, or was withdrawn."""

    code = "consent_needed"
    zh = "需要您单独同意使用{what}后才能继续。"
    en = "This needs your separate consent to use your {kind}."

    def __init__(self, kind: str) -> None:
        super().__init__(
            kind=kind, what={"phone": "手机号", "document": "身份证件信息"}[kind], fields={"consent": [kind]}
        )


def give(resident: Resident, kind: str, text_version: str) -> None:
    """Record a consent to one kind of data under one version of the text."""
    record = {"version": text_version, "at": clock.now()}
    Account._get_collection().update_one({"_id": resident.account_id}, {"$set": {f"consents.{kind}": record}})


def withdraw(resident: Resident, kind: str) -> None:
    """Withdraw a consent; what was collected under it is taken out with it.

    Raises:
        NotFound: no such kind.
    """
    if kind not in KINDS:
        raise NotFound
    removed: dict[str, Any] = {f"consents.{kind}": ""}
    if kind == "phone":
        removed |= {"phone": "", "phone_index": ""}
    change: dict[str, Any] = {"$unset": removed}
    if kind == "document":
        removed["person"] = ""
        change["$set"] = {"companions": [], "level": "account"}
    Account._get_collection().update_one({"_id": resident.account_id}, change)


def require(resident: Resident, kind: str) -> None:
    """Check a consent.

    Raises:
        ConsentNeeded: it is not there.
    """
    if kind not in resident.document.get("consents", {}):
        raise ConsentNeeded(kind)

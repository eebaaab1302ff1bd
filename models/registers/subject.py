"""Whom facts are about: a person by their id, or an organisation by its unified social credit code."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId


@dataclass(frozen=True)
class Subject:
    """One of the two."""

    person: ObjectId | None = None
    organisation: str = ""

    def __post_init__(self) -> None:
        if bool(self.person) == bool(self.organisation):
            raise ValueError("one of person and organisation")

    @property
    def where(self) -> dict[str, Any]:
        """Return the fields that say so in a document."""
        return {"person": self.person} if self.person else {"organisation": self.organisation}

    @property
    def key(self) -> str:
        """Return the subject in one word."""
        return f"person:{self.person}" if self.person else f"organisation:{self.organisation}"


def of(document: dict[str, Any]) -> Subject:
    """Return whom a document is about."""
    return Subject(document.get("person"), document.get("organisation") or "")

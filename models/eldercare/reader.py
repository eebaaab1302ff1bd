"""Who reads an elder's health view, and what the elder has hidden from them.

The elder reads everything; who breaks the glass in an emergency does too. The family and the staff of a unit do not
read what was hidden from them: no list, summary or figure of a reader holds it, nor tells that there is something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bson import ObjectId

from models.audit import access_line
from models.audit.access_line import Reader as Actor
from models.eldercare import subject
from models.eldercare.observation import BY_CODE, HealthObservation
from models.eldercare.record import BY_KIND, HealthRecord

Kind = Literal["self", "family", "staff", "emergency"]
NOT_WRONG = {"$ne": "entered_in_error"}


@dataclass(frozen=True)
class Reader:
    """One who reads one subject: `units` are those through which a member of the staff reaches it.

    `purpose` is that of the access lines, none for the elder; `case` names the broken glass.
    """

    actor: Actor
    subject: Mapping[str, Any] = field(repr=False)
    kind: Kind
    purpose: str = ""
    case: str | None = None
    units: frozenset[str] = frozenset()

    @property
    def subject_id(self) -> ObjectId:
        """Return the subject's id."""
        found: ObjectId = self.subject["_id"]
        return found

    @property
    def person_id(self) -> ObjectId:
        """Return the person, for access lines and names."""
        return subject.person_of(self.subject)

    def looked(self, *fields: str) -> None:
        """Store the access line of this look; call it before the answer leaves. One's own look leaves none."""
        if self.purpose:
            access_line.record(
                self.actor, purpose=self.purpose, subjects=[self.person_id], fields=fields, case=self.case
            )

    def _hidden(self) -> Iterable[Mapping[str, Any]]:
        if self.kind in {"self", "emergency"}:
            return ()
        hidden = self.subject.get("hidden", ())
        if self.kind == "family":
            return [one for one in hidden if one["family"]]
        return [one for one in hidden if self.units & set(one["units"])]

    @property
    def hidden_words(self) -> frozenset[str]:
        """Return the kinds of records and codes of observations that are hidden as a whole."""
        return frozenset(one["word"] for one in self._hidden() if "item" not in one)

    @property
    def hidden_items(self) -> frozenset[ObjectId]:
        """Return the single observations and records that are hidden."""
        return frozenset(one["item"] for one in self._hidden() if "item" in one)

    def sees(self, found: Mapping[str, Any]) -> bool:
        """Tell whether an observation or a record of this subject is shown to this reader."""
        word = found["kind"] if "kind" in found else found["code"]
        return word not in self.hidden_words and found["_id"] not in self.hidden_items

    def sees_word(self, word: str) -> bool:
        """Tell whether a kind of records or a code of observations is shown to this reader."""
        return word not in self.hidden_words

    def shown(self, word_field: str, item_field: str = "_id") -> dict[str, Any]:
        """Return the query of what is shown of this subject; `word_field` is `kind` or `code`.

        What tells about facts names them in fields of its own.
        """
        query: dict[str, Any] = {"subject": self.subject_id}
        if words := self.hidden_words:
            query[word_field] = {"$nin": sorted(words)}
        if items := self.hidden_items:
            query[item_field] = {"$nin": sorted(items)}
        return query

    def observations(self, code: str, most: int = 1) -> list[dict[str, Any]]:
        """Return the last observations of a code that are shown and were not entered in error, the newest first."""
        if not self.sees_word(code):
            return []
        query = self.shown("code") | {"code": code, "state": NOT_WRONG}
        found = HealthObservation._get_collection().find(query, {"outbox": 0})
        return list(found.sort([("at", -1), ("_id", -1)]).hint(BY_CODE).limit(most))

    def records(self, kind: str, most: int = 50, *, active: bool = False) -> list[dict[str, Any]]:
        """Return the last records of a kind that are shown and were not entered in error, the newest first.

        `active` leaves out what has ended, so that a long past does not push out what goes on.
        """
        if not self.sees_word(kind):
            return []
        query = self.shown("kind") | {"kind": kind, "state": "active" if active else NOT_WRONG}
        found = HealthRecord._get_collection().find(query, {"outbox": 0})
        return list(found.sort([("at", -1), ("_id", -1)]).hint(BY_KIND).limit(most))

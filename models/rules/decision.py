"""A decision with its reasons, and the record from which it can be made again.

The record holds everything: the trees, the parameters' values, the facts that the trees read. It therefore holds
personal data: the caller seals it. Nothing else of this engine stores a fact, and no log, error or audit entry names
one; `Decision.summary` and `why_zh` are free of values.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import orjson

from models.rules import facts

Outcome = Literal["yes", "no", "unknown"]
FORM = 1
"""Of the record; a later form is read beside this one."""


class Light(NamedTuple):
    """A decision without reasons."""

    outcome: Outcome
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """`values` are the outputs of a yes; `missing` names what keeps the outcome or an output unknown."""

    outcome: Outcome
    rule: str
    version: int
    day: date
    trace: dict[str, Any] = field(repr=False)
    missing: tuple[str, ...]
    values: Mapping[str, Any] = field(repr=False)
    why_zh: str
    kept: Mapping[str, Any] = field(repr=False)
    """Sets, parameters and facts as the record holds them."""

    def record(self) -> dict[str, Any]:
        """Return what makes the decision again, as JSON; it holds the facts, so its keeper seals it."""
        told = {
            **self.summary(),
            "form": FORM,
            "values": facts.encode(dict(self.values)),
            **self.kept,
        }
        return told | {"hash": digest(told)}

    def summary(self) -> dict[str, Any]:
        """Return what may stand in the clear: codes, numbers and names of facts, no value of any."""
        return {
            "rule": self.rule,
            "version": self.version,
            "day": self.day.isoformat(),
            "outcome": self.outcome,
            "missing": list(self.missing),
        }


def digest(record: Mapping[str, Any]) -> str:
    """Return the hash over the trees and the parameters of a record."""
    told = [record[name] for name in ("form", "rule", "day", "sets", "parameters")]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()

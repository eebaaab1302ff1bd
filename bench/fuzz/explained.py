"""What schemathesis finds and the project keeps, each with its reason: one literal list, read by the run."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Explained:
    """`failure` is schemathesis's class of it, `code` the error's code, `where` a pattern of `METHOD /path`."""

    failure: str
    reason: str
    code: str = ""
    where: str = ""

    @property
    def name(self) -> str:
        """What the report calls it."""
        return " ".join(part for part in (self.failure, self.code, self.where) if part)

    def covers(self, failure: str, label: str, code: str) -> bool:
        """Tell whether it is this one."""
        named = (not self.code or self.code == code) and (not self.where or re.fullmatch(self.where, label))
        return failure == self.failure and bool(named)


EXPLAINED: tuple[Explained, ...] = ()


def why(failure: str, label: str, response: Any) -> Explained | None:
    """Return the explanation of a failure, None when there is none."""
    code = code_of(response)
    return next((one for one in EXPLAINED if one.covers(failure, label, code)), None)


def code_of(response: Any) -> str:
    """Return the code of an answer that is an error of ours, "" of any other."""
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""

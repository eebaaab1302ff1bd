"""What a decision sets going, by name. Who can do it registers a function.

    after it, from the queue      privacy.export   privacy.delete   privacy.close_account   school.asked
    with it, in one transaction   registers.dispute   benefits.objection   selenium.certification   school.point

Until somebody registers the first, the queue waits and an alarm rings; without the second nothing is decided.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import metrics
from backend.errors import Unavailable
from models.affairs import case, kind

Function = Callable[[dict[str, Any]], None]
_functions: dict[str, Function] = {}


@dataclass(frozen=True)
class Turn:
    """What became of a case: the code of the outcome, or `withdrawn`, or `appealed`; and the new value of a fact.

    `rule` is the provision that the decision names.
    """

    outcome: str
    by: str
    value: Mapping[str, Any] | None = None
    rule: str = ""


Settling = Callable[[dict[str, Any], Turn, ClientSession], None]
_settlings: dict[str, Settling] = {}


class NobodyCarriesOut(Unavailable):
    """503: nothing does what was decided yet; the queue asks again."""

    code = "case_not_carried_out"
    zh = "决定尚未执行,系统将自动重试。"
    en = "What was decided has not been carried out yet. The system will repeat it."


def does(name: str) -> Callable[[Function], Function]:
    """Register the decorated function under `name`; it gets the case, and may be called twice."""

    def register(target: Function) -> Function:
        _functions[name] = target
        return target

    return register


def settles(name: str) -> Callable[[Settling], Settling]:
    """Register the decorated function under `name`; it takes part in the transaction of each turn of a case."""

    def register(target: Settling) -> Settling:
        _settlings[name] = target
        return target

    return register


def within(found: dict[str, Any], turn: Turn) -> Callable[[ClientSession], None] | None:
    """Return what changes together with a turn of a case, None when nothing does.

    Raises:
        NobodyCarriesOut: nobody registered it.
    """
    name = kind.read(found["kind"], found["kind_version"]).settles
    if not name:
        return None
    if name not in _settlings:
        raise NobodyCarriesOut
    return lambda session: _settlings[name](found, turn, session)


def carry_out(case_id: ObjectId, name: str) -> None:
    """Do what a decision or a withdrawal named.

    Raises:
        NobodyCarriesOut: nobody registered it.
    """
    if name not in _functions:
        metrics.ALARMS.labels("case_not_carried_out").inc()
        raise NobodyCarriesOut
    _functions[name](case.read(case_id))

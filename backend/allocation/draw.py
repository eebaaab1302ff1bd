"""The mechanisms by name, so that a published rule says which one ran."""

from collections.abc import Callable, Mapping

from backend.allocation import deferred, immediate
from backend.allocation.problem import Outcome, Problem
from backend.allocation.ranked import Ranked

MECHANISMS: Mapping[str, Callable[[Ranked], list[int]]] = {deferred.NAME: deferred.met, immediate.NAME: immediate.met}
"""By name: the number of the place by unit of a ranked problem."""
_PLACING = {deferred.NAME: deferred.place, immediate.NAME: immediate.place}


def place(mechanism: str, problem: Problem, seed: str) -> Outcome:
    """Return the outcome of a problem under a mechanism by its name.

    Raises:
        KeyError: no mechanism has this name.
    """
    return _PLACING[mechanism](problem, seed)

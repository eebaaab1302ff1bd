"""Lots that everyone can compute again: HMAC-SHA256 of the pseudonym under a seed that nobody knew beforehand.

A lot is a number of 256 bits, so nothing is reduced to an index and no remainder favours anybody. It depends on the
seed and the own pseudonym alone: neither the order of the list nor who else stands there changes it.
"""

import hmac
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from backend.allocation.problem import Applicant


class Tied(NamedTuple):
    """Those who are placed together by one lot: a group or one alone, by pseudonym; `first` is the smallest."""

    lot: str
    first: str
    members: tuple[Applicant, ...]


def number(seed: str, pseudonym: str) -> str:
    """Return the lot of a pseudonym: 64 hexadecimal digits; smaller is better."""
    return hmac.digest(seed.encode(), pseudonym.encode(), "sha256").hex()


def order(seed: str, applicants: Iterable[Applicant]) -> list[Tied]:
    """Return everybody in the order of the lots, best first.

    The lot of a group is that of its smallest pseudonym, in the order of the characters' codes. Should two lots be
    equal, the smaller pseudonym comes first.
    """
    groups: dict[str, list[Applicant]] = {}
    tied = []
    for one in applicants:
        if one.group:
            groups.setdefault(one.group, []).append(one)
        else:
            tied.append(Tied(number(seed, one.id), one.id, (one,)))
    for members in groups.values():
        members.sort(key=lambda one: one.id)
        tied.append(Tied(number(seed, members[0].id), members[0].id, tuple(members)))
    tied.sort(key=itemgetter(0, 1))
    return tied


def ranks(seed: str, applicants: Iterable[Applicant]) -> dict[str, int]:
    """Return by pseudonym which lot counts, 0 for the best; those of a group share one."""
    return {one.id: rank for rank, unit in enumerate(order(seed, applicants)) for one in unit.members}

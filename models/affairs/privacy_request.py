"""Requests under 个人信息保护法: a copy, a correction, a deletion, an explanation, the end of the account."""

from typing import Any

from models.affairs import kind_table, open_case
from models.affairs.open_case import Matter
from models.identity.actors import Resident, Staff
from models.identity.counter import Serving


def request(resident: Resident, name: str, text: str) -> dict[str, Any]:
    """Open a request and return it; one of each kind is open at a time for an account.

    It is about the account, and about its person as far as the binding is sure: whoever carries it out looks at that.

    Raises:
        AlreadyOpen: the same request is being worked on.
    """
    told, owner = kind_table.PRIVACY[name], resident.account_id
    matter = Matter(kind_table.DATA_UNIT, text, once=f"{told.code}:{owner}")
    return open_case.open_case(open_case.by(resident), told, matter)


def request_at_counter(actor: Staff, serving: Serving, name: str, text: str) -> dict[str, Any]:
    """Open a request of whoever stands at the counter and return it; one of each kind is open at a time for a person.

    Raises:
        NotAllowed: the clerk opens no cases.
        AlreadyOpen: the same request is being worked on.
    """
    opener, told = open_case.at_counter(actor, serving), kind_table.PRIVACY[name]
    matter = Matter(kind_table.DATA_UNIT, text, once=f"{told.code}:{serving.for_person_id}")
    return open_case.open_case(opener, told, matter)

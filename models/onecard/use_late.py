"""Codes that identify somebody, read without network and handed in later: the use is noted, and nothing else follows.

A payment code is never good without network, so such an entry is refused whatever it says.
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend.errors import KeyReused
from models.devices import journal
from models.devices.journal import Settled
from models.onecard import verify

_FOR_A_PERSON = {"replayed", "limit_reached", "too_late", KeyReused.code}


@journal.settles("identity")
@journal.settles("medical")
def settle(found: dict[str, Any], _session: ClientSession | None) -> Settled:
    """Note the use, or say why the code was none; a code that another scanner took as well is a conflict."""
    verdict = verify.late(found)
    if verdict.accepted:
        return Settled("applied", person=verdict.person_id)
    if verdict.result in _FOR_A_PERSON:
        return Settled("conflict", verdict.result, person=verdict.person_id)
    return Settled("refused", verdict.result)


@journal.settles("payment")
def refuse(_found: dict[str, Any], _session: ClientSession | None) -> Settled:
    """Refuse: a till asks online."""
    return Settled("refused", "online_only")

"""Rides that validators admitted without network and handed in later."""

from typing import Any

from pymongo.client_session import ClientSession

from models.devices import journal
from models.devices.journal import Settled
from models.onecard import verify
from models.payments import ledger_account
from models.transit import bus_line, ride
from models.transit.bus_line import LineUnknown, NoFare


@journal.settles("transit")
def settle(found: dict[str, Any], session: ClientSession | None) -> Settled:
    """Store the ride of an entry: what the wallet does not hold is owed, and shown to staff and to the person."""
    assert session is not None
    try:
        line = bus_line.read(found["place"])
    except LineUnknown:
        return Settled("refused", LineUnknown.code)
    verdict = verify.late(found)
    if not verdict.accepted or verdict.person_id is None:
        return Settled("refused", verdict.result)
    ledger_account.open_account(ledger_account.wallet_of(verdict.person_id))
    try:
        made = ride.late(found, line, verdict, session)
    except NoFare:  # trying again would not change it
        return Settled("conflict", NoFare.code, person=verdict.person_id)
    if made["state"] != "owed":
        return Settled("applied", person=verdict.person_id)
    details = {"ride": made["_id"], "fare_fen": made["fare_fen"]}
    return Settled("conflict", "fare_owed", person=verdict.person_id, details=details)

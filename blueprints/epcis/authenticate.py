"""Who captures and who asks: a member of an organisation, the staff, or an app or device that signs its requests."""

from flask import request

from backend import signed_requests
from backend.http.access import ORGANISATION, Access
from blueprints.booking import gate
from blueprints.identity import authenticate
from models.epcis.readers import Reader
from models.identity.actors import Device, Member, Staff
from models.selenium import producer, uri

Party = Staff | Member | Device


def party(access: Access) -> Party:
    """Return who proves themselves, by the kind of the proof.

    Raises:
        NotLoggedIn, SessionEnded, SignatureRefused, ClockWrong: it proves nothing.
        NotAllowed: no role of a member of the staff holds the operation, or the device is of another class.
        NotFound: not a member of the organisation that the request names.
    """
    if request.headers.get("Authorization", "").startswith(signed_requests.SCHEME):
        return gate.authenticate(access)
    if request.headers.get(ORGANISATION):
        return authenticate.member(access)
    return authenticate.staff(access)


def reader(actor: Party) -> Reader:
    """Return as which party somebody captures and reads; the county's staff read everything.

    An organisation that grows is the party of its producer, another one its own; an app or device captures for the
    party that it was registered for.
    """
    if isinstance(actor, Staff):
        return Reader(uri.party(f"unit-{actor.unit}"), all=True)
    if isinstance(actor, Device):
        return Reader(uri.party(actor.place))
    if producer.own(actor) is None:
        return Reader(uri.party(actor.organisation_id))
    return Reader(uri.party(producer.acting(actor).producer_id))

r"""The signature on what scanners are told, so that nobody between can change it, keep it back or play an old one.

    City-Proof: 1=<base64>,2=<base64>

One Ed25519 signature for each key of use `answer` over `CITY-ANSWER \n device \n nonce of the request \n status \n hex
SHA-256 of the body \n`. A scanner believes the answer if a key that it holds has signed it; so it takes over the keys
that follow.
"""

import hashlib
from base64 import b64encode

from flask import Response, g

from backend import runtime
from models.identity.actors import Device

HEADER = "City-Proof"


def signed(response: Response) -> Response:
    """Add the proof to the answer to a device; one that proved nothing gets none."""
    actor = g.get("actor")
    if isinstance(actor, Device):
        message = _message(actor, response.status_code, response.get_data())
        keys = sorted(runtime.current().ticket_keys.private.items())
        proofs = [f"{key_id}={b64encode(key.sign(message)).decode()}" for key_id, key in keys]
        response.headers[HEADER] = ",".join(proofs)
    return response


def _message(actor: Device, status: int, body: bytes) -> bytes:
    return f"CITY-ANSWER\n{actor.device_id}\n{actor.nonce}\n{status}\n{hashlib.sha256(body).hexdigest()}\n".encode()

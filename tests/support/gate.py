"""A gate: signs its requests as docs/decisions/0004 says, written apart from the product's own code."""

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from models.identity import device
from tests.support import timeline

SCANS = "/gate/v1/scans"


class Gate:
    def __init__(self, client, place: str, *, name: str = "东门"):
        self.client, self.name = client, name
        self.id = f"gate-{secrets.token_hex(4)}"
        self.private = Ed25519PrivateKey.generate()
        device.register(
            "staff:test", self.id, name=name, place=place, public_key=self.private.public_key().public_bytes_raw()
        )

    def scan(self, code: str, **options):
        """Scan a code; `options` change the proof, see `signed`."""
        body = json.dumps({"code": code}).encode()
        return self.send(body, self.signed(body, **options))

    def send(self, body: bytes, authorization: str, path: str = SCANS):
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        return self.client.post(path, data=body, headers=headers)

    def signed(self, body: bytes, *, nonce="", late=0, private=None, key=None, method="POST", path=SCANS) -> str:
        nonce, timestamp = nonce or secrets.token_hex(12), int(clock.timestamp()) + late
        message = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n"
        signature = base64.b64encode((private or self.private).sign(message.encode())).decode()
        return f'CITY-ED25519 key="{key or self.id}",timestamp="{timestamp}",nonce="{nonce}",signature="{signature}"'

    def twin(self, client) -> "Gate":
        """Return the same gate on another connection, for threads."""
        other = object.__new__(Gate)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other


def shift_to(day: str, clock_time: str) -> float:
    """Return the seconds by which the clock must be moved to stand at a civil day and time."""
    hour, minute = map(int, clock_time.split(":"))
    return clock.at(clock.date_of(day), hour * 60 + minute).timestamp() - timeline.unshifted()

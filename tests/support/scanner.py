"""A scanner of any class with network: signs its requests, and checks that the service's answer is proven."""

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend import clock, runtime
from models.identity import device
from tests.support.gate import Gate

JOURNAL = "/gate/v1/journal"
UNIT = "changzhengyuan"


class Scanner(Gate):
    def __init__(self, client, place: str = "pingshan", *, scanner_class="venue", unit=UNIT, area="", name="东门"):
        self.client, self.name, self.place, self.scanner_class = client, name, place, scanner_class
        self.id = f"scanner-{secrets.token_hex(4)}"
        self.private = Ed25519PrivateKey.generate()
        device.register(
            "staff:test",
            self.id,
            name=name,
            place=place,
            public_key=self.private.public_key().public_bytes_raw(),
            scanner_class=scanner_class,
            unit=unit,
            area=area,
        )

    def twin(self, client) -> "Scanner":
        other = object.__new__(Scanner)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def call(self, method: str, path: str, body=None, **options):
        raw = b"" if body is None else json.dumps(body).encode()
        proof = self.signed(raw, method=method, path=path, **options)
        headers = {"Authorization": proof, "Content-Type": "application/json"}
        answer = self.client.open(path, method=method, data=raw, headers=headers)
        self.nonce = re.search('nonce="([^"]+)"', proof)[1]
        return answer

    def get(self, path: str, **options):
        return self.call("GET", path, **options)

    def feed(self, cursor: str = "") -> dict:
        answer = self.get("/gate/v1/revocations" + (f"?cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.json
        return answer.json

    def walk(self, cursor: str = "") -> tuple[set[str], str]:
        """Walk the feed to its end; return the keys and the cursor to keep."""
        keys = set()
        while True:
            page = self.feed(cursor)
            keys |= {one["key"] for one in page["items"]}
            cursor = page["next"]
            if not page["more"]:
                return keys, cursor

    def hand_in(self, *entries, device_time: str = ""):
        return self.call("POST", JOURNAL, {"device_time": device_time or now(), "entries": list(entries)})

    def results(self, *entries, **options) -> list[str]:
        answer = self.hand_in(*entries, **options)
        assert answer.status_code == 200, answer.json
        return [one["result"] for one in answer.json["items"]]

    def secret_keys(self) -> list[dict]:
        """Ask for the secret keys of the class and open them."""
        ours = X25519PrivateKey.generate()
        own = ours.public_key().public_bytes_raw()
        answer = self.call("POST", "/gate/v1/keys", {"public_key": b64encode(own).decode()})
        assert answer.status_code == 200, answer.json
        theirs = b64decode(answer.json["public_key"])
        shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
        info = f"city gate keys v1 {self.id} {self.scanner_class}".encode()
        key = HKDF(algorithm=SHA256(), length=32, salt=theirs + own, info=info).derive(shared)
        return json.loads(AESGCM(key).decrypt(bytes(12), b64decode(answer.json["sealed"]), info))["keys"]

    def proven(self, answer, *, nonce: str = "", body: bytes | None = None) -> bool:
        """Tell whether an answer is the service's own to the last request (or one with `nonce`)."""
        content = answer.data if body is None else body
        digest = hashlib.sha256(content).hexdigest()
        message = f"CITY-ANSWER\n{self.id}\n{nonce or self.nonce}\n{answer.status_code}\n{digest}\n".encode()
        key_id, _, proof = answer.headers["City-Proof"].partition(",")[0].partition("=")
        raw = runtime.current().ticket_keys.public[int(key_id)].public_bytes_raw()
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(b64decode(proof), message)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it proves nothing
            return False
        return True


def now(**shift) -> str:
    return later(**shift).isoformat(timespec="milliseconds")


def later(**shift):
    return clock.now() + timedelta(**shift)


def line(**changes) -> dict:
    """Return an entry as a scanner makes it; a change to None takes the field out."""
    told = {
        "nonce": secrets.token_hex(12),
        "at": now(),
        "code_kind": "library",
        "code": "5R80:8 9WE",
        "decision": "admitted",
        "direction": "in",
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}

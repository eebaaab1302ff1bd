"""How a gate of the demonstration talks to the service: signs requests, checks who answered (docs/devices.md)."""

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Answer = tuple[int, Mapping[str, str], bytes]
Send = Callable[[str, str, bytes, dict[str, str]], Answer]
_OK, _AWAY = 200, 500


class NoNetwork(Exception):
    """Nothing came back."""


class NotTheService(Exception):
    """The answer does not carry the service's proof: somebody between changed it or made it up."""


class Refused(Exception):
    """The service answered with an error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body.get("code", status))
        self.status, self.body = status, body


def over_http(base: str) -> Send:
    """Return what sends over the network."""
    session = requests.Session()

    def send(method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            answer = session.request(method, base + path, data=body, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise NoNetwork from error
        return answer.status_code, answer.headers, answer.content

    return send


class Link:
    """`known` are the public keys of use `answer`, by id; the first ones are put in when the gate is set up."""

    def __init__(self, device_id: str, private: Ed25519PrivateKey, send: Send, now: Callable[[], float]) -> None:
        self.device_id, self._private, self._send, self._now = device_id, private, send, now

    def call(self, method: str, path: str, body: Any = None, *, known: Mapping[str, str]) -> dict[str, Any]:
        """Return the answer, proven to be the service's and meant for this very request.

        Raises:
            NoNetwork: nothing came back.
            NotTheService: the answer is not the service's.
            Refused: the service refused, or did not know us well enough to prove anything.
        """
        raw, nonce = b"" if body is None else json.dumps(body).encode(), secrets.token_hex(16)
        headers = {"Authorization": self._signature(method, path, raw, nonce), "Content-Type": "application/json"}
        status, told, content = self._send(method, path, raw, headers)
        if status != _OK:
            raise Refused(status, _json(content))
        message = f"CITY-ANSWER\n{self.device_id}\n{nonce}\n{status}\n{hashlib.sha256(content).hexdigest()}\n".encode()
        if not proven(told.get("City-Proof", ""), message, known):
            raise NotTheService
        return _json(content)

    def ask(self, method: str, path: str, body: Any, *, nonce: str) -> dict[str, Any]:
        """Return the answer to a request whose nonce is the caller's: the same nonce is the same scan.

        Raises:
            NoNetwork: nothing came back, or only that the service is away.
            Refused: the service refused.
        """
        raw = json.dumps(body).encode()
        headers = {"Authorization": self._signature(method, path, raw, nonce), "Content-Type": "application/json"}
        status, _, content = self._send(method, path, raw, headers)
        if status >= _AWAY:
            raise NoNetwork
        if status != _OK:
            raise Refused(status, _json(content))
        return _json(content)

    def _signature(self, method: str, path: str, body: bytes, nonce: str) -> str:
        timestamp = int(self._now())
        message = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n"
        proof = b64encode(self._private.sign(message.encode())).decode()
        return f'CITY-ED25519 key="{self.device_id}",timestamp="{timestamp}",nonce="{nonce}",signature="{proof}"'


def proven(header: str, message: bytes, known: Mapping[str, str]) -> bool:
    """Tell whether one of the known keys has signed."""
    for part in filter(None, header.split(",")):
        key_id, _, proof = part.partition("=")
        try:
            Ed25519PublicKey.from_public_bytes(b64decode(known[key_id])).verify(b64decode(proof), message)
        except (KeyError, ValueError, InvalidSignature):
            continue
        return True
    return False


def secret_keys(link: Link, scanner_class: str, known: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Fetch the verification keys of the gate's class, and those of drawn tickets, under a key that serves once."""
    ours = X25519PrivateKey.generate()
    told = link.call("POST", "/gate/v1/keys", {"public_key": _public(ours)}, known=known)
    found = _opened(ours, told, f"city gate keys v1 {link.device_id} {scanner_class}")
    return {"secret": found["keys"], "ticket_keys": found["ticket_keys"]}


def opened_list(link: Link, day: date, cursor: str) -> dict[str, Any]:
    """Fetch the next page of today's list of documents."""
    ours = X25519PrivateKey.generate()
    body = {"public_key": _public(ours)} | ({"cursor": cursor} if cursor else {})
    told = link.ask("POST", "/gate/v1/documents", body, nonce=secrets.token_hex(16))
    return _opened(ours, told, f"city gate documents v1 {link.device_id} {day.isoformat()}")


def _public(ours: X25519PrivateKey) -> str:
    return b64encode(ours.public_key().public_bytes_raw()).decode()


def _opened(ours: X25519PrivateKey, told: dict[str, Any], context: str) -> dict[str, Any]:
    theirs, own, info = b64decode(told["public_key"]), ours.public_key().public_bytes_raw(), context.encode()
    shared = ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    key = HKDF(algorithm=SHA256(), length=32, salt=theirs + own, info=info).derive(shared)
    return dict(json.loads(AESGCM(key).decrypt(bytes(12), b64decode(told["sealed"]), info)))


def entry_proof(private: Ed25519PrivateKey, entry: Mapping[str, str]) -> str:
    """Return the gate's signature on a journal entry."""
    code = hashlib.sha256(entry["code"].encode()).hexdigest()
    lines = ["CITY-ENTRY", *(entry.get(name, "") for name in ("device", "nonce", "at", "offline_since", "code_kind"))]
    lines += [code, *(entry.get(name, "") for name in ("decision", "reason", "zone", "direction"))]
    return b64encode(private.sign("".join(f"{one}\n" for one in lines).encode())).decode()


def _json(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}

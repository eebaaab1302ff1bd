"""WeChat's side of the wire with keys of its own: it signs and seals without a line of the product."""

import base64
import hashlib
import json
import os
import secrets
import struct
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

APPID, MCHID, APIV3_KEY = "wx0123456789abcdef", "1900000109", "0123456789abcdef0123456789abcdef"


def private_pem(key: rsa.RSAPrivateKey, form=serialization.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class Platform:
    """One signing key of WeChat Pay."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = self.key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()

    def headers(self, body: bytes, now: float, *, age: float = 0) -> dict[str, str]:
        timestamp, nonce = str(int(now - age)), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self.key_id,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }


def sealed(plain: bytes, key: str = APIV3_KEY, associated: str = "transaction") -> dict[str, str]:
    nonce = secrets.token_hex(6)
    cipher = AESGCM(key.encode()).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "original_type": associated,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(cipher).decode(),
        "associated_data": associated,
        "nonce": nonce,
    }


def notice(content: Any, kind: str = "TRANSACTION.SUCCESS", /, **changes: Any) -> bytes:
    envelope = {
        "id": secrets.token_hex(16),
        "create_time": datetime(2026, 5, 1, 1, 0, tzinfo=UTC).isoformat(),
        "resource_type": "encrypt-resource",
        "event_type": kind,
        "summary": "支付成功",
        "resource": sealed(json.dumps(content, ensure_ascii=False).encode()),
        **changes,
    }
    return json.dumps(envelope, ensure_ascii=False).encode()


class Scripted:
    """A payment gateway on loopback that gives each request the next of its prepared answers."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.requests: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append(f"{self.command} {self.path}")
                status, headers, body = outer.answers.pop(0)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name is http.server's

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def push_digest(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def push_sealed(aes_key: str, plain: bytes, appid: str) -> str:
    key = base64.b64decode(aes_key + "=")
    text = os.urandom(16) + struct.pack(">I", len(plain)) + plain + appid.encode()
    pad = 32 - len(text) % 32
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(text + bytes([pad]) * pad) + cipher.finalize()).decode()

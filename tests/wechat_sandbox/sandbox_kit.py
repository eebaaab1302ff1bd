"""The tests' own reading of the published protocols: a process to call, a merchant that signs, a shop."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROOT = Path(__file__).parents[2]
SCHEME = "WECHATPAY2-SHA256-RSA2048"


def eventually(probe, seconds=8):
    """The first true answer of the probe, within the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.01)
    raise AssertionError("the deadline has passed")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Process:
    """A running sandbox."""

    def __init__(self, folder, *options):
        self.folder, self.options = Path(folder), options
        self.shift_file = self.folder / "shift"
        self.shift = 0
        self.start()

    def start(self):
        command = [sys.executable, "-m", "backend.wechat.sandbox", "--port", "0", "--state-dir", str(self.folder)]
        environment = {**os.environ, "CLOCK_SHIFT_FILE": str(self.shift_file)}
        self.process = subprocess.Popen(
            [*command, *self.options], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.first_line = self.process.stdout.readline()
        self.base_url = json.loads(self.first_line)["base_url"]
        self.credentials = json.loads((self.folder / "credentials.json").read_text())
        pem = self.credentials["merchant_private_key"].encode()
        self.merchant_key = serialization.load_pem_private_key(pem, None)

    def stop(self, *, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(5)
        self.process.stdout.close()

    def set_clock(self, seconds):
        self.shift = seconds
        self.shift_file.write_text(str(seconds))

    def now(self):
        return time.time() + self.shift

    def call(self, method, target, body=None, headers=None, timeout=10):
        url = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def control(self, path, body=None, *, method=None, status=200):
        answer = self.call(method or ("GET" if body is None else "POST"), f"/sandbox/{path}", _dump(body))
        assert answer.status == status, answer.body
        return answer.json

    def user(self, **fields):
        return self.control("users", fields)

    def fault(self, name, **fields):
        self.control("faults", {"name": name, **({"count": 1} | fields)})

    def token(self, **fields):
        wanted = {key: self.credentials[key] for key in ("appid", "secret")}
        body = {"grant_type": "client_credential", **wanted, **fields}
        return self.call("POST", "/cgi-bin/stable_token", _dump(body)).json

    def mini(self, path, body, token=None):
        token = token or self.token()["access_token"]
        return self.call("POST", f"{path}?access_token={token}", _dump(body)).json

    def login(self, code, **changes):
        given = {key: self.credentials[key] for key in ("appid", "secret")}
        query = {**given, "js_code": code, "grant_type": "authorization_code", **changes}
        return self.call("GET", f"/sns/jscode2session?{urlencode(query)}").json


class Merchant:
    """Signs requests and checks answers, by the rules as published."""

    def __init__(self, process, shop_url):
        self.process, self.shop_url = process, shop_url
        self.public_keys = {}
        self.learn(process.credentials["pay_public_key_id"], process.credentials["pay_public_key"])
        self.openid = process.user(name="payer")["openid"]

    def learn(self, serial, public_pem):
        self.public_keys[serial] = serialization.load_pem_public_key(public_pem.encode())

    def authorization(self, method, target, body=b"", **changes):
        fields = {"timestamp": str(int(self.process.now())), "nonce_str": secrets.token_hex(16)} | changes
        message = b"\n".join(
            [method.encode(), target.encode(), fields["timestamp"].encode(), fields["nonce_str"].encode(), body, b""]
        )
        mine = {"mchid": self.process.credentials["mchid"], "serial_no": self.process.credentials["merchant_serial"]}
        fields = {**mine, "signature": self.sign(message), **fields}
        return f"{SCHEME} " + ",".join(f'{key}="{value}"' for key, value in fields.items())

    def sign(self, message):
        return base64.b64encode(self.process.merchant_key.sign(message, PKCS1v15(), hashes.SHA256())).decode()

    def call(self, method, target, body=None, *, verify=True, timeout=10):
        raw = _dump(body) or b""
        headers = {"Authorization": self.authorization(method, target, raw), "Content-Type": "application/json"}
        answer = self.process.call(method, target, raw or None, headers, timeout)
        if verify:
            self.check(answer.headers, answer.body)
        return answer

    def check(self, headers, body):
        """Raises unless the platform has signed this answer or notice; the serial it was signed with."""
        message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
        assert abs(self.process.now() - int(headers["Wechatpay-Timestamp"])) < 300
        assert headers["Wechatpay-Signature-Type"] == SCHEME
        signature = base64.b64decode(headers["Wechatpay-Signature"])
        self.public_keys[headers["Wechatpay-Serial"]].verify(signature, message, PKCS1v15(), hashes.SHA256())
        return headers["Wechatpay-Serial"]

    def open(self, resource):
        """The plain text of a sealed resource."""
        cipher = AESGCM(self.process.credentials["apiv3_key"].encode())
        ciphertext = base64.b64decode(resource["ciphertext"])
        return cipher.decrypt(resource["nonce"].encode(), ciphertext, resource["associated_data"].encode())

    def order_body(self, **changes):
        body = {
            "appid": self.process.credentials["appid"],
            "mchid": self.process.credentials["mchid"],
            "description": "门票",
            "out_trade_no": secrets.token_hex(12),
            "notify_url": self.shop_url,
            "amount": {"total": 1000, "currency": "CNY"},
            "payer": {"openid": self.openid},
        }
        return body | changes

    def order(self, **changes):
        body = self.order_body(**changes)
        answer = self.call("POST", "/v3/pay/transactions/jsapi", body)
        assert answer.status == 200, answer.body
        return body["out_trade_no"], answer.json["prepay_id"]

    def paid(self, *, notify=False, **changes):
        _, prepay_id = self.order(**changes)
        return self.process.control(f"payments/{prepay_id}/pay", {"notify": notify})

    def query(self, number):
        return self.call("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.process.credentials['mchid']}")

    def close(self, number):
        body = {"mchid": self.process.credentials["mchid"]}
        return self.call("POST", f"/v3/pay/transactions/out-trade-no/{number}/close", body)

    def refund(self, order, fen, number=None, **changes):
        body = {
            "transaction_id": order["transaction_id"],
            "out_refund_no": number or secrets.token_hex(10),
            "notify_url": self.shop_url,
            "amount": {"refund": fen, "total": 1000, "currency": "CNY"},
        }
        return self.call("POST", "/v3/refund/domestic/refunds", body | changes)

    def refund_status(self, number):
        return self.call("GET", f"/v3/refund/domestic/refunds/{number}").json["status"]


@dataclass
class Delivery:
    method: str
    target: str
    headers: http.client.HTTPMessage
    body: bytes


class Shop:
    """An HTTP server that takes what it is sent; `statuses` are its next answers by path, then 204."""

    def __init__(self):
        self.deliveries, self.statuses, self.reply = [], {}, lambda _delivery: b""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                delivery = Delivery(self.command, self.path, self.headers, body)
                shop.deliveries.append(delivery)
                answer = shop.reply(delivery)
                statuses = shop.statuses.get(self.path)
                self.send_response(statuses.pop(0) if statuses else 200 if answer else 204)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = handle_any  # noqa: N815 - the names are http.server's

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def at(self, path):
        return [delivery for delivery in self.deliveries if delivery.target == path]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def sha1(data):
    return hashlib.sha1(data).hexdigest()


def _dump(body):
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()

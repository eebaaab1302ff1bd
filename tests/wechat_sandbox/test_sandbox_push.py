"""Message push, taken by a receiver that follows the published rules."""

import base64
import hashlib
import json
import struct
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

EVENT = {"Event": "subscribe_msg_sent_event", "FromUserName": "o_user"}


class Receiver:
    """The product's side: checks the signatures, opens the envelope, answers."""

    def __init__(self, credentials):
        self.credentials, self.messages = credentials, []

    def __call__(self, delivery):
        query = {key: values[0] for key, values in parse_qs(urlsplit(delivery.target).query).items()}
        if delivery.method == "GET":
            return query["echostr"].encode() if self.digest(query) == query["signature"] else b"no"
        cipher = json.loads(delivery.body)["Encrypt"]
        if query["encrypt_type"] != "aes" or self.digest(query, cipher) != query["msg_signature"]:
            return b"no"
        self.messages.append(self.open(cipher))
        return b"success"

    def digest(self, query, *more):
        parts = sorted([self.credentials["push_token"], query["timestamp"], query["nonce"], *more])
        return hashlib.sha1("".join(parts).encode()).hexdigest()

    def open(self, cipher):
        key = base64.b64decode(self.credentials["push_aes_key"] + "=")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = decryptor.update(base64.b64decode(cipher)) + decryptor.finalize()
        assert len(plain) % 32 == 0
        plain = plain[: -plain[-1]]
        length = struct.unpack(">I", plain[16:20])[0]
        return json.loads(plain[20 : 20 + length]), plain[20 + length :].decode()


@pytest.fixture
def receiver(sandbox, shop):
    shop.reply = Receiver(sandbox.credentials)
    return shop.reply


def test_an_event_comes_sealed_and_the_answer_goes_back(sandbox, shop, receiver):
    answer = sandbox.control("push", {"url": f"{shop.url}/push", "event": EVENT})
    assert answer == {"status": 200, "body": "success"}
    message, appid = receiver.messages[0]
    assert appid == sandbox.credentials["appid"]
    assert message.items() >= {**EVENT, "MsgType": "event"}.items()
    assert abs(message["CreateTime"] - sandbox.now()) < 5


def test_a_badly_signed_event_is_bad(sandbox, shop, receiver):
    answer = sandbox.control("push", {"url": f"{shop.url}/push", "event": EVENT, "bad_signature": True})
    assert answer["body"] == "no"


def test_an_event_for_another_appid_is_sealed_for_it(sandbox, shop, receiver):
    sandbox.control("push", {"url": f"{shop.url}/push", "event": EVENT, "other_appid": True})
    assert receiver.messages[0][1] not in {"", sandbox.credentials["appid"]}


@pytest.mark.parametrize(("bad", "echoed"), [(False, True), (True, False)])
def test_the_url_is_verified_by_an_echo(sandbox, shop, receiver, bad, echoed):
    answer = sandbox.control("push/verify", {"url": f"{shop.url}/push?app=1", "bad_signature": bad})
    assert answer["echoed"] is echoed


def test_a_product_that_is_gone_is_reported(sandbox):
    answer = sandbox.control("push", {"url": "http://127.0.0.1:9/push", "event": EVENT}, status=502)
    assert answer["error"] == "product_unreachable"
    assert sandbox.control("push", {"url": "nowhere"}, status=400)["error"] == "bad_url"

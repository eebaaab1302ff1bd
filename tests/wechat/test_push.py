import base64
import itertools
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from backend.wechat.errors import PushRefused
from backend.wechat.push import MessagePush, event_key
from tests.wechat.wechat_side import push_digest, push_sealed

TOKEN, APPID = "a-push-token", "wx0123456789abcdef"
AES_KEY = base64.b64encode(bytes(range(32))).decode()[:43]
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode()[:43]
TIMESTAMP, NONCE = "1777600000", "nonce-1"
EVENT = {"ToUserName": "gh_1", "FromUserName": "oabc", "CreateTime": 1777600000, "MsgType": "event", "Event": "x"}
XML = "<xml><FromUserName><![CDATA[oabc]]></FromUserName><CreateTime>1777600000</CreateTime><Event>x</Event></xml>"


@pytest.fixture(scope="module")
def push():
    return MessagePush(token=TOKEN, aes_key=AES_KEY, appid=APPID)


def message(plain=None, *, aes_key=AES_KEY, appid=APPID):
    plain = json.dumps(EVENT, ensure_ascii=False).encode() if plain is None else plain
    return push_sealed(aes_key, plain, appid)


def read(push, sealed, body=None):
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode() if body is None else body
    return push.read(push_digest(TOKEN, TIMESTAMP, NONCE, sealed), TIMESTAMP, NONCE, body)


def refusal(call, *arguments):
    with pytest.raises(PushRefused) as caught:
        call(*arguments)
    assert caught.value.status == 401
    return caught.value.reason


def test_the_address_is_proved_by_the_echo(push):
    signature = push_digest(TOKEN, TIMESTAMP, NONCE)
    assert push.verify_url(signature, TIMESTAMP, NONCE, "4711") == "4711"


@pytest.mark.parametrize(
    "change", [{"signature": ""}, {"signature": "零\ud800"}, {"timestamp": "1"}, {"nonce": "\ud800"}]
)
def test_an_echo_without_proof_is_refused(push, change):
    given = {"signature": push_digest(TOKEN, TIMESTAMP, NONCE), "timestamp": TIMESTAMP, "nonce": NONCE}
    assert refusal(lambda: push.verify_url(**{**given, **change}, echostr="4711")) == "signature"


def test_json_and_xml_are_read(push):
    assert read(push, message()) == EVENT
    sealed = message(XML.encode())
    outer = f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    assert read(push, sealed, outer) == {"FromUserName": "oabc", "CreateTime": "1777600000", "Event": "x"}


def test_a_long_chinese_text_is_read(push):
    event = {**EVENT, "Content": "于都" * 5000}
    assert read(push, message(json.dumps(event, ensure_ascii=False).encode())) == event


def test_the_signature_covers_everything(push):
    sealed = message()
    body = json.dumps({"Encrypt": sealed}).encode()
    good = push_digest(TOKEN, TIMESTAMP, NONCE, sealed)
    forged = push_digest("another token", TIMESTAMP, NONCE, sealed)
    for signature, timestamp, nonce in (
        (forged, TIMESTAMP, NONCE),
        (good.upper(), TIMESTAMP, NONCE),
        ("", TIMESTAMP, NONCE),
        (good, "1777600001", NONCE),
        (good, TIMESTAMP, "nonce-2"),
    ):
        assert refusal(push.read, signature, timestamp, nonce, body) == "signature"
    other = json.dumps({"Encrypt": message()}).encode()
    assert refusal(push.read, good, TIMESTAMP, NONCE, other) == "signature"


def test_a_message_for_another_mini_program_is_refused(push):
    assert refusal(read, push, message(appid="wxffffffffffffffff")) == "recipient"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b"<xml></xml>",
        b"<xml>",
        b"<other><Encrypt>x</Encrypt></other>",
        b"[" * 100_000,
        b'{"Encrypt": null}',
        b'{"Encrypt": [1]}',
        b'{"Encrypt": {"a": 1}}',
        b'<!DOCTYPE x [<!ENTITY e "boom">]><xml><Encrypt>&e;</Encrypt></xml>',
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
    ],
    ids=lambda body: ascii(body)[:24],
)
def test_a_body_of_wrong_form_is_refused(push, body):
    assert refusal(push.read, "0" * 40, TIMESTAMP, NONCE, body) == "body"


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "%%%",
        "A",
        base64.b64encode(b"x" * 16).decode(),
        base64.b64encode(b"x" * 32).decode(),
        base64.b64encode(b"x" * 33).decode(),
        base64.b64encode(b"x" * 64).decode(),
        message(b"\xff\xff"),
        message(b"{"),
        message(b"[]"),
        message(b"<xml>"),
        message(b"<other/>"),
        message(b""),
        message(aes_key=OTHER_KEY),
    ],
    ids=itertools.count(),
)
def test_a_message_that_does_not_open_is_refused_though_rightly_signed(push, sealed):
    assert refusal(read, push, sealed) in ("body", "recipient")


def test_bytes_at_random_are_refused(push):
    for size in range(0, 300, 16):
        assert refusal(read, push, base64.b64encode(secrets.token_bytes(size)).decode()) in ("body", "recipient")


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "x" * 22])
def test_a_wrong_aes_key_is_found_at_the_start(key):
    with pytest.raises(ValueError):
        MessagePush(token=TOKEN, aes_key=key, appid=APPID)


def test_a_repeated_event_has_the_same_key_in_json_and_xml(push):
    assert event_key(read(push, message())) == event_key(read(push, message())) == "event:oabc:1777600000:x"
    sealed = message(XML.encode())
    outer = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    assert event_key(read(push, sealed, outer)) == event_key(EVENT)


def test_a_message_is_known_by_its_number():
    assert event_key({**EVENT, "MsgId": 24}) == event_key({"MsgId": "24"}) == "msg:24"


def test_two_picture_checks_in_one_second_are_two_events():
    first, second = ({**EVENT, "Event": "wxa_media_check", "trace_id": trace} for trace in ("t1", "t2"))
    assert event_key(first) != event_key(second)


def test_an_event_without_a_sender_has_no_key():
    assert refusal(event_key, {"Event": "x", "CreateTime": 1}) == "event"


@pytest.fixture
def receiver(settings):
    """A web server of the test's own that hands WeChat's calls to the adapter."""
    push = MessagePush(token=settings.push_token, aes_key=settings.push_aes_key, appid=settings.appid)
    events = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._answer(lambda: push.verify_url(*(query[k] for k in ("signature", "timestamp", "nonce", "echostr"))))

        def do_POST(self):
            query = dict(parse_qsl(urlsplit(self.path).query))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arguments = (query["msg_signature"], query["timestamp"], query["nonce"], body)
            self._answer(lambda: events.append(push.read(*arguments)) or "success")

        def _answer(self, work):
            try:
                status, text = 200, work()
            except PushRefused as error:
                status, text = error.status, error.code
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/push", events
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_sandbox_pushes_and_the_adapter_reads(sandbox, receiver):
    url, events = receiver
    assert sandbox.do("push", url=url, event={"FromUserName": "oabc", "Event": "subscribe_msg_popup_event"}) == {
        "status": 200,
        "body": "success",
    }
    assert events[0]["Event"] == "subscribe_msg_popup_event"
    assert sandbox.do("push/verify", url=url)["echoed"]


@pytest.mark.parametrize("flaw", ["bad_signature", "other_appid"])
def test_what_the_sandbox_spoils_is_refused(sandbox, receiver, flaw):
    url, events = receiver
    assert sandbox.do("push", url=url, event={"FromUserName": "oabc"}, **{flaw: True})["status"] == 401
    assert events == []

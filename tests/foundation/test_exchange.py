"""The exchange platform's client: what it signs, what it believes, and which platform it may talk to."""

import base64
import hashlib
import http.server
import json
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, exchange, signed_requests
from backend.exchange import Credentials, Exchange, ExchangeAnswerRefused, ExchangeFailure, ExchangeRefusedUs

MINE, THEIRS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
QUESTION = {"number": "made-up"}


def signed(request: dict, status: int, body: bytes, changes: dict | None = None) -> str:
    """Return a platform's signature; `changes` say what it is made over, or with, in place of the answer's own."""
    told = {"key": "p1", "timestamp": int(clock.timestamp()), "nonce": request["nonce"], "path": request["path"]}
    told |= {"status": status, "body": body, "private": THEIRS} | (changes or {})
    digest = hashlib.sha256(told["body"]).hexdigest()
    text = f"{told['status']}\n{told['path']}\n{told['timestamp']}\n{told['nonce']}\n{digest}\n"
    signature = base64.b64encode(told["private"].sign(text.encode())).decode()
    start = f'CITY-ED25519 key="{told["key"]}",timestamp="{told["timestamp"]}"'
    return f'{start},nonce="{told["nonce"]}",signature="{signature}"'


class Platform:
    """A platform in this process; `answer(request)` gives status, headers and body, or writes to the socket itself."""

    def __init__(self):
        self.seen, platform = [], self
        self.answer = self.found

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proof = signed_requests.read(self.headers["Authorization"])
                request = {"path": self.path, "nonce": proof.nonce, "body": body, "proof": proof, "handler": self}
                platform.seen.append(request)
                if told := platform.answer(request):
                    status, headers, content = told
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(content)), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def found(self, request, body=b'{"record":{"a":1}}', status=200, changes=None):
        return status, {"Exchange-Signature": signed(request, status, body, changes)}, body

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def served():
    platform = Platform()
    yield platform
    platform.stop()


@pytest.fixture
def platform(served):
    served.seen.clear()
    served.answer = served.found
    return served


@pytest.fixture
def client(platform):
    return Exchange(platform.base + "/county/", credentials())


def credentials(*, simulator: bool = False) -> Credentials:
    return Credentials("app-1", MINE, {"p1": THEIRS.public_key().public_bytes_raw()}, simulator)


def test_a_question_is_signed_and_travels_in_the_body_only(platform, client):
    assert client.ask("household", QUESTION, seconds=5) == {"a": 1}
    (seen,) = platform.seen
    assert seen["path"] == "/county/exchange/v1/household/query"
    public = MINE.public_key().public_bytes_raw()
    signed_requests.verify(seen["proof"], public, method="POST", path=seen["path"], body=seen["body"])
    assert json.loads(seen["body"]) == QUESTION


def test_no_record_is_believed_only_when_it_is_signed(platform, client):
    platform.answer = lambda request: platform.found(request, b'{"code":"no_record"}', 404)
    assert client.ask("death", QUESTION, seconds=5) is None
    platform.answer = lambda request: (404, {}, b'{"code":"no_record"}')
    with pytest.raises(ExchangeAnswerRefused):
        client.ask("death", QUESTION, seconds=5)
    platform.answer = lambda request: platform.found(request, b'{"code":"other"}', 404)
    with pytest.raises(ExchangeAnswerRefused):
        client.ask("death", QUESTION, seconds=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"private": MINE},
        {"nonce": "0" * 32},
        {"path": "/county/exchange/v1/death/query"},
        {"status": 404},
        {"body": b"{}"},
        {"timestamp": 1},
    ],
    ids=["key", "nonce", "path", "status", "body", "time"],
)
def test_an_answer_that_was_signed_for_something_else_is_refused(platform, client, changes):
    platform.answer = lambda request: platform.found(request, changes=changes)
    with pytest.raises(ExchangeAnswerRefused):
        client.ask("household", QUESTION, seconds=5)


def test_a_key_that_is_not_known_is_refused(platform):
    other = Credentials("app-1", MINE, {"p2": THEIRS.public_key().public_bytes_raw()}, simulator=False)
    with pytest.raises(ExchangeAnswerRefused):
        Exchange(platform.base, other).ask("household", QUESTION, seconds=5)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"record":[]}', b'{"record":""}', b"\xff", b"NaN", b'{"r'])
def test_a_signed_body_that_holds_no_record_is_refused(platform, client, body):
    platform.answer = lambda request: platform.found(request, body)
    with pytest.raises(ExchangeAnswerRefused):
        client.ask("household", QUESTION, seconds=5)


def test_a_huge_answer_is_not_read_to_its_end(platform, client):
    platform.answer = lambda request: platform.found(request, b'{"record":{"a":"' + b"x" * exchange.MOST_BYTES + b'"}}')
    with pytest.raises(ExchangeAnswerRefused, match="too long"):
        client.ask("household", QUESTION, seconds=5)


def test_an_answer_that_drips_ends_with_its_time(platform, client):
    def drip(request):
        wire = request["handler"].wfile
        wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        deadline = time.monotonic() + 3
        try:
            while time.monotonic() < deadline:
                wire.write(b"x" * 20_000)
                wire.flush()
                threading.Event().wait(0.1)
        except OSError:
            pass

    platform.answer = drip
    started = time.monotonic()
    with pytest.raises(ExchangeFailure, match=r"too slow|too long"):
        client.ask("household", QUESTION, seconds=0.4)
    assert time.monotonic() - started < 2


def test_a_redirect_is_not_followed(platform, client):
    platform.answer = lambda request: (302, {"Location": platform.base + "/county/exchange/v1/death/query"}, b"")
    with pytest.raises(ExchangeFailure, match="302"):
        client.ask("household", QUESTION, seconds=5)
    assert len(platform.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_of_ours_does_not_pass_by_itself(platform, client, status):
    platform.answer = lambda request: (status, {}, b"{}")
    with pytest.raises(ExchangeRefusedUs) as refused:
        client.ask("household", QUESTION, seconds=5)
    assert not refused.value.passing


def test_a_platform_that_is_away_is_a_failure_that_holds_no_word_of_the_question():
    nowhere = Exchange("http://127.0.0.1:9", credentials())
    with pytest.raises(ExchangeFailure) as failed:
        nowhere.ask("household", QUESTION, seconds=1)
    assert failed.value.passing
    assert failed.value.__context__ is None
    assert "made-up" not in str(failed.value)


@pytest.mark.parametrize("service", ["", "a/b", "../x", "A", "x" * 41, "a?b"])
def test_a_service_is_a_plain_word(client, platform, service):
    with pytest.raises(ValueError):
        client.ask(service, QUESTION, seconds=1)
    assert platform.seen == []


@pytest.mark.parametrize(
    ("base", "production", "simulator", "word"),
    [
        ("https://exchange.example.cn", True, False, ""),
        ("https://exchange.example.cn/x", True, True, "simulator"),
        ("http://exchange.example.cn", False, False, "https"),
        ("http://127.0.0.1:8001", False, True, ""),
        ("http://127.0.0.1:8001", True, False, "https"),
        ("ftp://exchange.example.cn", False, False, "address"),
        ("https://user:pass@exchange.example.cn", False, False, "address"),
        ("https://exchange.example.cn?x=1", False, False, "address"),
        ("", False, False, "address"),
    ],
)
def test_which_platform_may_be_used(base, production, simulator, word):
    found = exchange.problems(base, credentials(simulator=simulator), production=production)
    assert bool(found) == bool(word)
    assert word in "".join(found)
    assert "pass" not in "".join(found)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"app_id":"x","private_key":"!","platform_keys":{}}'])
def test_credentials_that_cannot_be_read_are_refused_without_a_word_of_them(tmp_path, content):
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(exchange.BadCredentials):
        exchange.read_credentials(path)
    with pytest.raises(exchange.BadCredentials):
        exchange.read_credentials(tmp_path / "missing.json")


def test_credentials_count_as_a_simulators_unless_they_say_otherwise(tmp_path):
    raw = base64.b64encode(MINE.private_bytes_raw()).decode()
    public = base64.b64encode(THEIRS.public_key().public_bytes_raw()).decode()
    told = {"app_id": "app-1", "private_key": raw, "platform_keys": {"p1": public}}
    path = tmp_path / "credentials.json"
    for more, simulator in (({}, True), ({"simulator": True}, True), ({"simulator": False}, False)):
        path.write_text(json.dumps(told | more))
        read = exchange.read_credentials(path)
        assert read.simulator == simulator
        assert raw not in repr(read)

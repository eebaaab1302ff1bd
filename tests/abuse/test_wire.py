"""Attacks on the wire itself, against the real HTTP server: what no client library would send."""

import os
import socket
import sys

import pytest

from backend.embedded.process import Child, free_port, wait_until
from deploy.stack import answers
from tests.abuse.evidence import refused, unchanged
from tests.architecture.house import ROOT
from tests.support.phone import Phone
from tests.support.remote import RemoteClient

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def served(environment, module_settings, parts, tmp_path_factory):
    """The app in the server that production uses, on the store of this module."""
    port, folder = free_port(), tmp_path_factory.mktemp("granian")
    env = {**os.environ, **environment, "MONGODB_URI": module_settings.mongodb_uri, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    child = Child([*command, "--no-access-log", "--log-level", "warning", "wsgi:app"], folder / "api.log", env=env)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/ready"), seconds=40, what="the server")
        yield port
    finally:
        child.stop()


@pytest.fixture
def victim(served, seeded, sandbox) -> Phone:
    return Phone(RemoteClient(f"http://127.0.0.1:{served}"), sandbox).ready()


def spoken(port: int, *lines: bytes, body: bytes = b"") -> list[int]:
    """Send bytes as they are, and return the statuses of what came back until the server hung up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        got = b""
        try:
            while chunk := wire.recv(65536):
                got += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


def logout(*headers: bytes) -> tuple[bytes, ...]:
    head = b"POST /mini/v1/logout-everywhere HTTP/1.1"
    return (head, b"Host: x", b"Connection: close", b"Content-Length: 0", *headers)


def bearer(token: str) -> bytes:
    return b"Authorization: Bearer " + token.encode()


def lives(victim: Phone) -> bool:
    return victim.get("/mini/v1/account").status_code == 200


def test_the_request_as_it_should_be_is_obeyed(served, victim):
    """The control of the attacks below."""
    assert spoken(served, *logout(bearer(victim.token))) == [204]
    assert not lives(victim)


@pytest.mark.parametrize("first", ["forged", "true"])
def test_two_headers_of_authorization_are_refused(served, victim, first):
    pair = [bearer(victim.token), bearer("A" * 59)]
    with unchanged():
        assert spoken(served, *logout(*(pair if first == "true" else reversed(pair)))) in ([400], [401])
    assert lives(victim)


def test_a_header_folded_over_two_lines_is_refused(served, victim):
    with unchanged():
        statuses = spoken(served, *logout(b"Authorization: Bearer", b" " + victim.token.encode()))
        assert statuses in ([400], [401])
    assert lives(victim)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\x00", b"\x0b", b"\x85"])
def test_a_control_character_in_a_header_is_refused(served, victim, end):
    with unchanged():
        statuses = spoken(served, *logout(bearer(victim.token) + end + b"X"))
        assert statuses in ([400], [401]), statuses
    assert lives(victim)


def test_a_header_behind_a_line_break_in_a_value_is_no_header(served, victim):
    smuggled = b"X-Note: a%0d%0aAuthorization: Bearer " + victim.token.encode()
    with unchanged():
        assert spoken(served, *logout(smuggled)) == [401]
    assert lives(victim)


@pytest.mark.parametrize("name", [b"Authorization ", b" Authorization", b"Authorization\t", b"Author\x00ization"])
def test_a_name_of_a_header_with_odd_characters_is_refused(served, victim, name):
    with unchanged():
        assert spoken(served, *logout(name + b": Bearer " + victim.token.encode())) in ([400], [401])
    assert lives(victim)


def test_an_underscore_for_a_hyphen_makes_no_trusted_header(served, victim):
    with unchanged():
        assert spoken(served, *logout(b"HTTP_AUTHORIZATION: Bearer " + victim.token.encode())) == [401]
    assert lives(victim)


@pytest.mark.parametrize("size", [70_000, 1 << 20])
def test_a_token_of_a_megabyte_is_refused(served, victim, size):
    with unchanged():
        statuses = spoken(served, *logout(bearer("A" * size)))
        assert statuses in ([400], [401], [431], [414], []), statuses
    assert lives(victim)


def test_thousands_of_headers_are_refused(served, victim):
    many = [b"X-%d: y" % number for number in range(5000)]
    with unchanged():
        assert spoken(served, *logout(*many, bearer(victim.token))) in ([400], [431], [])
    assert lives(victim)


@pytest.mark.parametrize(
    "headers",
    [(b"Content-Length: 0", b"Content-Length: 60"), (b"Content-Length: 60", b"Transfer-Encoding: chunked"),
     (b"Transfer-Encoding: xchunked",), (b"Content-Length: +60",), (b"Content-Length: 0x3c",)],
)  # fmt: skip
def test_a_second_request_inside_the_first_is_not_obeyed(served, victim, headers):
    """Request smuggling: two readings of where a body ends."""
    inner = b"\r\n".join(logout(bearer(victim.token))) + b"\r\n\r\n"
    body = b"0\r\n\r\n" + inner
    with unchanged():
        statuses = spoken(served, b"POST /mini/v1/logout HTTP/1.1", b"Host: x", *headers, body=body)
        assert 204 not in statuses, statuses
    assert lives(victim)


def test_a_token_in_the_target_of_a_request_is_no_login(served, victim):
    target = f"POST http://user:{victim.token}@x/mini/v1/logout-everywhere HTTP/1.1".encode()
    with unchanged():
        assert spoken(served, target, b"Host: x", b"Connection: close", b"Content-Length: 0") in ([400], [401])
    assert lives(victim)


@pytest.mark.parametrize("path", ["/mini/v1/account/", "/mini/v1//account", "/mini/v1/%61ccount", "/MINI/v1/account"])
def test_other_spellings_of_a_path_open_nothing_without_a_token(served, victim, path):
    with unchanged():
        refused_or_gone = spoken(served, f"GET {path} HTTP/1.1".encode(), b"Host: x", b"Connection: close")
        assert refused_or_gone in ([401], [404], [308])


def test_a_refusal_of_the_real_server_has_the_form_of_all(served, victim):
    refused(RemoteClient(f"http://127.0.0.1:{served}").get("/mini/v1/account"), 401, "not_logged_in")

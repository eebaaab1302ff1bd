import base64
import hashlib
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from backend import clock
from backend.signed_requests import ClockWrong, SignatureRefused, header, read, verify

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
NONCE = "7f3a91c2d4e5f607"
ASKED = {"method": "POST", "path": "/gate/v1/scans?x=1", "body": b'{"code":"X"}'}


def fresh():
    return header("gate-1", PRIVATE, **ASKED, nonce=NONCE)


def at(seconds):
    """Return a header whose timestamp lies `seconds` beside ours."""
    return re.sub(r'timestamp="\d+"', f'timestamp="{int(clock.timestamp()) + seconds}"', fresh())


@given(st.binary(max_size=300), st.sampled_from(["GET", "POST", "DELETE"]), st.text(max_size=30))
def test_what_was_signed_is_verified(body, method, path):
    asked = {"method": method, "path": path, "body": body}
    proof = read(header("gate-1", PRIVATE, **asked, nonce=NONCE))
    assert (proof.key, proof.nonce) == ("gate-1", NONCE)
    assert verify(proof, PUBLIC, **asked) is None


def test_the_signed_text_is_the_published_one():
    sent = fresh()
    proof = read(sent)
    digest = hashlib.sha256(ASKED["body"]).hexdigest()
    text = f"POST\n/gate/v1/scans?x=1\n{proof.timestamp}\n{NONCE}\n{digest}\n"
    assert PRIVATE.public_key().verify(proof.signature, text.encode()) is None
    assert f'signature="{base64.b64encode(PRIVATE.sign(text.encode())).decode()}"' in sent


@pytest.mark.parametrize(
    "change",
    [{"method": "GET"}, {"path": "/gate/v1/scans"}, {"path": "/gate/v1/scans?x=2"}, {"body": b'{"code":"Y"}'}],
)
def test_a_proof_of_another_request_is_refused(change):
    with pytest.raises(SignatureRefused):
        verify(read(fresh()), PUBLIC, **(ASKED | change))


def test_nonce_and_timestamp_are_signed_too():
    for changed in (fresh().replace('nonce="7', 'nonce="8'), at(5), at(-5)):
        with pytest.raises(SignatureRefused):
            verify(read(changed), PUBLIC, **ASKED)


def test_another_key_is_refused():
    with pytest.raises(SignatureRefused):
        verify(read(fresh()), Ed25519PrivateKey.generate().public_key().public_bytes_raw(), **ASKED)


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_timestamp_within_the_window_is_read(seconds):
    assert read(at(seconds)).nonce == NONCE


@pytest.mark.parametrize("seconds", [-100_000, -302, 302, 600])
def test_a_timestamp_outside_the_window_is_told_by_how_much(seconds):
    with pytest.raises(ClockWrong) as caught:
        read(at(seconds))
    assert abs(caught.value.details["seconds"] - abs(seconds)) <= 1
    assert str(caught.value.details["seconds"]) in caught.value.message("en")


MALFORMED = [
    lambda h: "",
    lambda h: "CITY-ED25519",
    lambda h: h.lower(),
    lambda h: h + "\n",
    lambda h: " " + h,
    lambda h: h.replace('key="gate-1"', 'key=""'),
    lambda h: h.replace('key="gate-1"', 'key="a b"'),
    lambda h: h.replace('key="gate-1"', f'key="{"k" * 65}"'),
    lambda h: h.replace(NONCE, NONCE[:-1]),
    lambda h: h.replace(NONCE, "n" * 65),
    lambda h: h.replace(NONCE, NONCE[:-1] + "é"),
    lambda h: re.sub(r'timestamp="\d+"', 'timestamp="1e9"', h),
    lambda h: re.sub(r'timestamp="\d+"', 'timestamp="１７６３７９８４００"', h),
    lambda h: re.sub(r'signature="[^"]+"', f'signature="{"=" * 88}"', h),
    lambda h: re.sub(r'signature="[^"]+"', 'signature="QUJD"', h),
    lambda h: h.replace(',nonce="', ', nonce="'),
    lambda h: h + h,
]


@pytest.mark.parametrize("change", MALFORMED)
def test_a_header_of_another_form_is_refused(change):
    with pytest.raises(SignatureRefused):
        verify(read(change(fresh())), PUBLIC, **ASKED)

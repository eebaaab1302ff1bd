import base45
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.codes.compact import (
    BadCode,
    BadSignature,
    UnknownKey,
    WrongFormat,
    WrongKind,
    base45_decode,
    base45_encode,
    sign,
    verify,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TICKET, CARD = 1, 2
KEY_ID = 7
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEYS = {KEY_ID: PRIVATE.public_key()}

payloads, octets = st.binary(max_size=60), st.integers(0, 255)
CODE = sign(TICKET, KEY_ID, b"slot 4711", PRIVATE)


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]
)
def test_the_examples_of_rfc_9285(data, text):
    assert base45_encode(data) == text
    assert base45_decode(text) == data


@given(st.binary(max_size=200))
def test_our_base45_is_that_of_the_package(data):
    text = base45_encode(data)
    assert text == base45.b45encode(data).decode()
    assert base45_decode(text) == data


@given(st.text(ALPHABET, max_size=30))
def test_a_text_is_refused_or_is_the_only_one_for_its_bytes(text):
    try:
        data = base45_decode(text)
    except WrongFormat:
        return
    assert base45_encode(data) == text


@pytest.mark.parametrize("text", ["GGW", ":::", "::", "V5", "A", "ABCD", "bb8", "BB8\n", "BB=", "ＢＢ８", "中文字"])
def test_strangers_overflows_and_dangling_characters_are_refused(text):
    with pytest.raises(WrongFormat):
        base45_decode(text)


def test_the_greatest_groups_are_still_read():
    assert base45_decode("FGW") == b"\xff\xff"
    assert base45_decode("U5") == b"\xff"


@given(octets, octets, payloads)
def test_what_was_signed_is_verified(kind, key_id, payload):
    code = sign(kind, key_id, payload, PRIVATE)
    assert verify(code, {key_id: PRIVATE.public_key()}, kind) == payload


@given(payloads, st.data())
def test_a_flipped_bit_is_always_detected(payload, data):
    code = bytearray(base45_decode(sign(TICKET, KEY_ID, payload, PRIVATE)))
    bit = data.draw(st.integers(0, len(code) * 8 - 1))
    code[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCode):
        verify(base45_encode(bytes(code)), KEYS, TICKET)


@given(st.integers(0, len(CODE) - 1), st.sampled_from(ALPHABET))
def test_a_changed_character_is_always_detected(place, other):
    assume(other != CODE[place])
    with pytest.raises(BadCode):
        verify(CODE[:place] + other + CODE[place + 1 :], KEYS, TICKET)


@given(st.text(max_size=200))
def test_no_text_is_a_code_by_chance_or_breaks_the_verifier(text):
    with pytest.raises(BadCode):
        verify(text, KEYS, TICKET)


@pytest.mark.parametrize(
    ("code", "kind", "error", "reason"),
    [
        (base45_encode(base45_decode(CODE)[:-1]), TICKET, BadSignature, "bad_signature"),
        (base45_encode(bytes(65)), 0, WrongFormat, "wrong_format"),
        ("https://example.com/t/1", TICKET, WrongFormat, "wrong_format"),
        ("", TICKET, WrongFormat, "wrong_format"),
        (CODE, CARD, WrongKind, "wrong_kind"),
        (sign(TICKET, 8, b"slot 4711", PRIVATE), TICKET, UnknownKey, "unknown_key"),
        (sign(TICKET, KEY_ID, b"slot 4711", OTHER), TICKET, BadSignature, "bad_signature"),
    ],
)
def test_every_refusal_is_not_ours_and_has_its_reason(code, kind, error, reason):
    with pytest.raises(error) as caught:
        verify(code, KEYS, kind)
    assert (caught.value.code, caught.value.reason, caught.value.status) == ("not_ours", reason, 400)


def test_a_card_cannot_be_made_from_a_ticket_by_changing_its_first_byte():
    forged = bytes([CARD]) + base45_decode(CODE)[1:]
    with pytest.raises(BadSignature):
        verify(base45_encode(forged), KEYS, CARD)


def test_codes_of_an_old_and_a_new_key_are_verified_side_by_side():
    keys = {1: OTHER.public_key(), **KEYS}
    assert verify(sign(TICKET, 1, b"old", OTHER), keys, TICKET) == b"old"
    assert verify(sign(TICKET, KEY_ID, b"new", PRIVATE), keys, TICKET) == b"new"


@pytest.mark.parametrize(("kind", "key_id"), [(256, 0), (0, 256), (-1, 0)])
def test_kind_and_key_id_must_be_bytes(kind, key_id):
    with pytest.raises(ValueError):
        sign(kind, key_id, b"", PRIVATE)

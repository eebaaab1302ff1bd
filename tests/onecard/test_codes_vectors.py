"""Published vectors: RFC 6238, 4231 and 8949, COSE's own examples, the EU health pass, Claim 169."""

import base64
import hashlib
import hmac
import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import cbor2
import pyotp
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from backend.codes import card_token, cbor, compact, cose_sign1, dynamic
from backend.codes.compact import WrongFormat

FOLDER = Path(__file__).parent / "vectors"
ES256 = -7
SECRET = b"1234567890" * 7
TOTP = [
    (59, 0x1, ("94287082", "46119246", "90693936")),
    (1111111109, 0x23523EC, ("07081804", "68084774", "25091201")),
    (1111111111, 0x23523ED, ("14050471", "67062674", "99943326")),
    (1234567890, 0x273EF07, ("89005924", "91819424", "93441116")),
    (2000000000, 0x3F940AA, ("69279037", "90698825", "38618901")),
    (20000000000, 0x27BC86AA, ("65353130", "77737706", "47863826")),
]
"""RFC 6238, appendix B: time, step, code by SHA-1, SHA-256, SHA-512."""


@pytest.mark.parametrize(("time", "step", "codes"), TOTP)
def test_our_time_step_gives_the_codes_of_rfc_6238_as_pyotp_does(time, step, codes):
    assert dynamic.time_step(time) == step
    for (digest, length), code in zip(
        ((hashlib.sha1, 20), (hashlib.sha256, 32), (hashlib.sha512, 64)), codes, strict=True
    ):
        maker = pyotp.TOTP(base64.b32encode(SECRET[:length]).decode(), digits=8, digest=digest)
        assert maker.generate_otp(dynamic.time_step(time)) == code == maker.at(time)
        raw = hmac.digest(SECRET[:length], struct.pack(">Q", dynamic.time_step(time)), digest)
        begin = raw[-1] & 15
        assert f"{(int.from_bytes(raw[begin : begin + 4], 'big') & 0x7FFFFFFF) % 10**8:08}" == code


@given(st.integers(0, 1 << 33), st.floats(0, 0.999))
def test_time_steps_are_those_of_pyotp(second, part):
    assert dynamic.time_step(second + part) == pyotp.TOTP("A" * 32).timecode(datetime.fromtimestamp(second, UTC))


def test_the_truncated_mac_is_that_of_rfc_4231():
    told = dynamic.mac(b"\x0c" * 20, b"Test With Truncation")
    assert told.hex() == "a3b6167473100ee06e0c796c2955552b"


CBOR = [
    (0, "00"), (10, "0a"), (23, "17"), (24, "1818"), (100, "1864"), (1000, "1903e8"), (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"), (18446744073709551615, "1bffffffffffffffff"), (-1, "20"), (-10, "29"),
    (-100, "3863"), (-1000, "3903e7"), (-18446744073709551616, "3bffffffffffffffff"), (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"), ("", "60"), ("a", "6161"), ("IETF", "6449455446"), ('"\\', "62225c"),
    ("ü", "62c3bc"), ("水", "63e6b0b4"), ([], "80"), ([1, 2, 3], "83010203"), ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"), ({1: 2, 3: 4}, "a201020304"), ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (["a", {"b": "c"}], "826161a161626163"), (cbor.Tag(1, 1363896240), "c11a514b67b0"),
]  # fmt: skip
REFUSED = [
    "1800", "190010", "1a00000100", "1b0000000000000001", "5800", "f4", "f6", "f90000", "fb3ff199999999999a", "ff", "",
    "5f4101ff", "7f6161ff", "9fff", "bfff", "a203040102", "a201020103", "a1f401", "a18001", "61ff", "4201", "8201",
    "1c", "1f", "0000", "9b7fffffffffffffff", "81" * 9 + "00", "d8" , "c1", "bb00000000ffffffff",
]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), CBOR)
def test_cbor_is_written_and_read_as_in_appendix_a_of_rfc_8949(value, written):
    assert cbor.encode(value).hex() == written
    assert cbor.decode(bytes.fromhex(written)) == value


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_not_deterministic_or_not_needed_is_refused(written):
    with pytest.raises(WrongFormat):
        cbor.decode(bytes.fromhex(written))


plain = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(plain)
def test_cbor2_reads_what_is_written_here(value):
    assert cbor2.loads(cbor.encode(value)) == value


leaves = st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=20)


@given(st.dictionaries(st.integers(-300, 300) | st.text(max_size=3), leaves | st.lists(leaves, max_size=4), max_size=5))
def test_what_is_written_is_read_again(value):
    assert cbor.decode(cbor.encode(value)) == value


@given(st.binary(max_size=60))
def test_bytes_are_refused_or_are_the_one_encoding_of_their_value(data):
    try:
        value = cbor.decode(data)
    except WrongFormat:
        return
    assert cbor.encode(value) == data


def load(name: str) -> list[dict]:
    return json.loads((FOLDER / name).read_text())["vectors"]


def number(key: dict, name: str) -> int:
    if f"{name}_hex" in key:
        return int(key[f"{name}_hex"], 16)
    return int.from_bytes(base64.urlsafe_b64decode(key[name] + "=" * (-len(key[name]) % 4)), "big")


def check(message: cose_sign1.Message, public) -> None:
    """Verify with another algorithm than our tokens have, over the bytes that our code says are signed."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        half = len(message.signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (message.signature[:half], message.signature[half:]))
        public.verify(utils.encode_dss_signature(r, s), message.signed, ec.ECDSA(hashes.SHA256()))
    else:
        public.verify(
            message.signature, message.signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
        )


def test_the_eddsa_example_of_cose_is_made_and_verified_byte_for_byte():
    (vector,) = [one for one in load("cose.json") if one["name"].startswith("eddsa")]
    message = cose_sign1.read(bytes.fromhex(vector["cbor"]))
    assert message.signed.hex() == vector["to_be_signed"].lower()
    assert message.header == {1: cose_sign1.EDDSA, 3: 0}
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["key"]["d_hex"]))
    assert private.sign(message.signed) == message.signature
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(vector["key"]["x_hex"])).verify(message.signature, message.signed)


def test_the_signed_cwt_of_rfc_8392_is_verified():
    (vector,) = [one for one in load("cose.json") if one["name"] == "CWT/A_3.json"]
    message = cose_sign1.read(bytes.fromhex(vector["cbor"]))
    numbers = ec.EllipticCurvePublicNumbers(number(vector["key"], "x"), number(vector["key"], "y"), ec.SECP256R1())
    check(message, numbers.public_key())
    assert cbor.decode(message.payload)[2] == "erikw"


UNSUPPORTED = {"sign1-tests/sign-pass-02.json": "external data", "sign1-tests/sign-pass-03.json": "no tag"}


@pytest.mark.parametrize(
    "vector", [one for one in load("cose.json") if one["name"].startswith("sign1")], ids=lambda one: one["title"]
)
def test_the_sign1_examples_of_cose_pass_and_fail_as_they_should(vector):
    numbers = ec.EllipticCurvePublicNumbers(number(vector["key"], "x"), number(vector["key"], "y"), ec.SECP256R1())
    try:
        message = cose_sign1.read(bytes.fromhex(vector["cbor"]))
        known = message.header.get(1, message.unprotected.get(1)) == ES256
        check(message, numbers.public_key())
        passed = known
    except (WrongFormat, InvalidSignature):
        passed = False
    assert passed == (not vector["fail"] and vector["name"] not in UNSUPPORTED)


STRICTER = {"common/CO20.json": "COSE without its tag"}


@pytest.mark.parametrize("vector", load("dgc.json"), ids=lambda one: one["name"])
def test_a_health_pass_of_the_eu_goes_through_the_same_stack(vector):
    told, expected = {}, vector["expected"]
    try:
        told["unprefix"] = vector["text"].startswith("HC1:")
        packed = compact.base45_decode(vector["text"].removeprefix("HC1:")) if told["unprefix"] else b""
        told["b45decode"], told["compression"] = True, False
        unpacked = card_token.inflate(packed)
        told["compression"], told["verify"] = True, False
        message = cose_sign1.read(unpacked)
        check(message, x509.load_der_x509_certificate(base64.b64decode(vector["certificate"])).public_key())
        assert isinstance(cbor2.loads(message.payload)[-260], dict)
        told["verify"] = True
    except (WrongFormat, InvalidSignature):
        told = {"b45decode": False, "compression": False, "verify": False} | told
    wanted = expected | ({"verify": False} if vector["name"] in STRICTER else {})
    assert {name: told[name] for name in wanted} == wanted


def test_the_vectors_hold_both_good_and_bad_passes():
    told = [one["expected"].get("verify") for one in load("dgc.json")]
    assert (told.count(True) > 15, told.count(False) >= 3) == (True, True)


def test_the_example_of_claim_169_is_written_as_cbor2_writes_it():
    """draft-id-claim-169, "CBOR Map Structure Example", without pictures; MOSIP publishes no key for its samples."""
    identity = {1: "11110000324013", 2: "1.0", 3: "EN", 4: "Peter M Jhon", 8: "19880102", 9: 1, 13: "US", 18: [1, 2]}
    claims = {1: "COUN", 6: 1665980929, 8: {3: bytes.fromhex("dfd1aa976d8d4575a0fe34b96de2bfad")}, 169: identity}
    assert cbor.encode(claims) == cbor2.dumps(claims, canonical=True)
    assert cbor.decode(cbor2.dumps(claims, canonical=True)) == claims

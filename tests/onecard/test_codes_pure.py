"""What a gate decides alone: a hundred thousand bad codes, of which it may accept none."""

import random
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.codes import card_token, cbor, compact, cose_sign1, dynamic, gate_check
from backend.codes.card_token import Token
from backend.codes.code_keys import CodeKeys
from backend.codes.code_kinds import ACCEPTS, KINDS, PAIRS, PRINTED_KINDS, SCANNER_CLASSES
from tests.onecard.codes_kit import LoneGate

KEYS = CodeKeys({1: bytes(range(32)), 2: bytes(range(100, 132))})
STRANGER = CodeKeys({1: bytes(32 * [9]), 2: bytes(range(7, 39))})
NOW = datetime(2026, 11, 22, 4, 0, 15, tzinfo=UTC)
LAST = date(2026, 11, 29)
BAD = 100_000
CLASSES = tuple(ACCEPTS)


def seeds(chance: random.Random, keys: CodeKeys = KEYS, last: date = LAST, handle: bytes = b"") -> dict:
    key_id, handle = chance.choice((1, 2)), handle or chance.randbytes(8)
    return {(one.kind, one.scanner_class): one for one in keys.seeds(key_id, handle, last, tuple(KINDS))}


def good(chance: random.Random, scanner: str, **options) -> str:
    return dynamic.draw(seeds(chance, **options)[chance.choice(ACCEPTS[scanner]), scanner], NOW.timestamp())


def mutated(chance: random.Random, scanner: str) -> str:
    text = good(chance, scanner)
    code, place = bytearray(compact.base45_decode(text)), chance.randrange(dynamic.LENGTH)
    how = chance.randrange(5)
    if how == 0:
        code[place] ^= 1 << chance.randrange(8)
    elif how == 1:
        code[place] = (code[place] + chance.randrange(1, 256)) % 256
    elif how == 2:
        del code[place]
    elif how == 3:
        code.insert(place, chance.randrange(256))
    else:
        letters = list(text)
        at = chance.randrange(len(letters))
        letters[at] = chance.choice([one for one in compact._ALPHABET if one != letters[at]])
        return "".join(letters)
    return compact.base45_encode(bytes(code))


def expired(chance: random.Random, scanner: str) -> str:
    return good(chance, scanner, last=date(2026, 11, 21) - timedelta(days=chance.randrange(300)))


def of_another_time(chance: random.Random, scanner: str) -> str:
    off = chance.choice((-1, 1)) * chance.randrange(2, 20_000)
    seed = seeds(chance)[chance.choice(ACCEPTS[scanner]), scanner]
    return dynamic.draw_step(seed, dynamic.time_step(NOW.timestamp()) + off)


def of_another_use(chance: random.Random, scanner: str) -> str:
    kind, other = chance.choice([pair for pair in PAIRS if pair[1] != scanner])
    text = dynamic.draw(seeds(chance)[kind, other], NOW.timestamp())
    if chance.random() < 0.5:
        return text
    code = bytearray(compact.base45_decode(text))  # and one that claims to be of this use
    code[2], code[3] = KINDS[ACCEPTS[scanner][0]], SCANNER_CLASSES[scanner]
    return compact.base45_encode(bytes(code))


def of_a_stranger(chance: random.Random, scanner: str) -> str:
    return good(chance, scanner, keys=STRANGER)


MAKERS = {
    "mutated": (mutated, {"not_ours", "wrong_kind", "wrong_scanner"}),
    "expired": (expired, {"expired"}),
    "of another time": (of_another_time, {"clock_off"}),
    "of another use": (of_another_use, {"wrong_kind", "wrong_scanner", "not_ours"}),
    "of a stranger": (of_a_stranger, {"not_ours"}),
}


def test_of_a_hundred_thousand_bad_codes_none_is_accepted():
    chance, found = random.Random(20261122), {}
    gates = {scanner: LoneGate(KEYS.gate(scanner)) for scanner in CLASSES}
    for number in range(BAD):
        name = ("mutated", "replayed", "revoked", *MAKERS)[number % 8]
        scanner = chance.choice(CLASSES)
        gate = gates[scanner]
        if name in MAKERS:
            text = MAKERS[name][0](chance, scanner)
        else:
            handle = chance.randbytes(8)
            text = good(chance, scanner, handle=handle)
            if name == "revoked":
                gate.revoked.add(handle)
            else:
                assert gate.decide(text, NOW) == "accepted"
        told = gate.decide(text, NOW)
        found.setdefault(name, {}).setdefault(told, 0)
        found[name][told] += 1
    assert sum(sum(one.values()) for one in found.values()) == BAD
    assert {name: set(told) for name, told in found.items()} == {
        **{name: told for name, (_, told) in MAKERS.items()},
        "replayed": {"replayed"},
        "revoked": {"revoked"},
    }


@pytest.mark.parametrize("scanner", CLASSES)
def test_the_same_makers_without_the_fault_are_accepted(scanner):
    chance, gate = random.Random(1), LoneGate(KEYS.gate(scanner))
    assert {gate.decide(good(chance, scanner), NOW) for _ in range(200)} == {"accepted"}


@given(st.integers(0, 10**9), st.integers(-(10**5), 10**5), st.sampled_from(PAIRS))
def test_a_code_holds_exactly_one_step_around_its_own(second, off, pair):
    at = NOW + timedelta(seconds=second % 500_000)
    seed = {(one.kind, one.scanner_class): one for one in KEYS.seeds(1, bytes(8), LAST, tuple(KINDS))}[pair]
    told = gate_check.check(dynamic.draw_step(seed, dynamic.time_step(at.timestamp()) + off), KEYS.gate(pair[1]), at)
    assert told.result == ("accepted" if abs(off) <= 1 else "clock_off")
    assert told.offset_seconds == (0 if abs(off) <= 1 else off * 30)


@given(st.sampled_from(PAIRS), st.sampled_from(CLASSES))
def test_a_code_passes_at_the_class_it_was_drawn_for_and_nowhere_else(pair, scanner):
    seed = {(one.kind, one.scanner_class): one for one in KEYS.seeds(2, bytes(8), LAST, tuple(KINDS))}[pair]
    told = gate_check.check(dynamic.draw(seed, NOW.timestamp()), KEYS.gate(scanner), NOW).result
    wrong = "wrong_scanner" if pair[0] in ACCEPTS[scanner] else "wrong_kind"
    assert told == ("accepted" if pair[1] == scanner else wrong)


@given(st.text(max_size=80) | st.text(compact._ALPHABET, max_size=80).map(lambda text: card_token.PREFIX + text))
def test_no_text_breaks_the_check(text):
    assert gate_check.check(text, KEYS.gate("venue"), NOW).result in {"not_ours", "wrong_kind", "wrong_scanner"}


def test_the_seeds_of_all_uses_and_handles_differ():
    told = [one.secret for handle in (bytes(8), b"\1" * 8) for one in KEYS.seeds(1, handle, LAST, tuple(KINDS))]
    told += [one.secret for one in KEYS.seeds(1, bytes(8), LAST + timedelta(days=1), tuple(KINDS))]
    told += [key for name in CLASSES for keys in KEYS.gate(name).dynamic.values() for key in keys.values()]
    assert len(set(told)) == len(told) == 3 * len(PAIRS) + 2 * len(PAIRS)


def test_a_gate_holds_no_key_of_another_class():
    for name in CLASSES:
        others = {
            k for other in CLASSES if other != name for keys in KEYS.gate(other).dynamic.values() for k in keys.values()
        }
        assert not {k for keys in KEYS.gate(name).dynamic.values() for k in keys.values()} & others


def test_a_code_fits_a_small_picture():
    text = good(random.Random(3), "venue")
    assert (len(compact.base45_decode(text)), len(text)) == (34, 51)


TOKEN = Token(
    b"\x01\x02\x03\x04\x05\x06\x07\x08", 3, PRINTED_KINDS, int(NOW.timestamp()), int(NOW.timestamp()) + 86_400
)


def printed(token: Token = TOKEN, keys: CodeKeys = KEYS) -> str:
    return card_token.sign(token, 2, keys.printed[2])


def test_a_printed_card_says_what_was_signed_and_nothing_of_the_person():
    assert card_token.read(printed(), KEYS.printed_public) == TOKEN
    claims = cbor.decode(cose_sign1.read(card_token.inflate(compact.base45_decode(printed()[4:]))).payload)
    assert claims == {4: TOKEN.expires_at, 6: TOKEN.issued_at, 169: {1: "0102030405060708", 2: "3", 75: [1, 2, 3, 4]}}


@pytest.mark.parametrize("scanner", CLASSES)
def test_a_printed_card_passes_everywhere_but_at_a_till(scanner):
    told = gate_check.check(printed(), KEYS.gate(scanner), NOW)
    assert told.result == ("wrong_kind" if scanner == "payment" else "accepted")


def test_a_printed_card_never_pays_even_if_it_was_signed_so():
    wrong = replace(TOKEN, kinds=tuple(KINDS))
    assert gate_check.check(printed(wrong), KEYS.gate("payment"), NOW).result == "wrong_kind"


def test_a_printed_card_ends_at_its_instant():
    def told(seconds: int) -> str:
        at = datetime.fromtimestamp(TOKEN.expires_at + seconds, UTC)
        return gate_check.check(printed(), KEYS.gate("venue"), at).result

    assert (told(-1), told(0)) == ("accepted", "expired")


def test_of_many_mutated_printed_cards_none_is_accepted():
    chance, text, gate = random.Random(7), printed(), KEYS.gate("venue")
    body = compact.base45_decode(text[4:])
    for number in range(6000):
        place = chance.randrange(len(body))
        if number % 3:
            wrong = bytearray(body)
            wrong[place] ^= 1 << chance.randrange(8)
            packed = bytes(wrong)
        else:  # a good stream around a wrong message, so that the signature has to tell
            message = bytearray(card_token.inflate(body))
            message[chance.randrange(len(message))] ^= 1 << chance.randrange(8)
            packed = card_token.stored(bytes(message))
        assert gate_check.check("CT1:" + compact.base45_encode(packed), gate, NOW).result == "not_ours"
    assert gate_check.check(printed(keys=STRANGER), gate, NOW).result == "not_ours"


def test_one_token_has_one_text():
    message = card_token.inflate(compact.base45_decode(printed()[4:]))
    for level in (-1, 6, 9):
        other = zlib.compress(message, level)
        with pytest.raises(compact.WrongFormat):
            card_token.read("CT1:" + compact.base45_encode(other), KEYS.printed_public)
    with pytest.raises(compact.WrongFormat):
        card_token.read(printed() + "00", KEYS.printed_public)


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = zlib.compress(bytes(50_000_000), 9)[:300]
    with pytest.raises(compact.WrongFormat):
        card_token.inflate(bomb)
    with pytest.raises(compact.WrongFormat):
        card_token.inflate(zlib.compress(bytes(card_token.MOST_BYTES + 1)))
    assert len(card_token.inflate(zlib.compress(bytes(card_token.MOST_BYTES)))) == card_token.MOST_BYTES


@pytest.mark.parametrize(
    "header",
    [
        {1: -8},
        {4: b"\2"},
        {1: -7, 4: b"\2"},
        {1: -8, 4: b"\2\2"},
        {1: -8, 4: 2},
        {1: -8, 4: b"\2", 2: [1]},
        {1: -8, 4: b"\7"},
    ],
)
def test_another_algorithm_key_or_header_is_refused_however_well_signed(header):
    protected, payload = cbor.encode(header), cbor.encode({4: 1})
    signature = KEYS.printed[2].sign(cose_sign1.signed_bytes(protected, payload))
    packed = card_token.stored(cose_sign1.write(protected, payload, signature))
    with pytest.raises(compact.BadCode):
        card_token.read("CT1:" + compact.base45_encode(packed), KEYS.printed_public)


@pytest.mark.parametrize(
    "claims",
    [
        {}, [], 5, {4: 1, 6: 1}, {4: 1, 6: 1, 169: []}, {4: 1, 6: 1, 169: {1: "00", 2: "1", 75: [1]}},
        {4: "x", 6: 1, 169: {1: "00" * 8, 2: "1", 75: [1]}}, {4: 1, 6: 1, 169: {1: "00" * 8, 2: "x", 75: [1]}},
        {4: 1, 6: 1, 169: {1: "00" * 8, 2: "1", 75: [9]}}, {4: 1, 6: 1, 169: {1: "00" * 8, 2: "1", 75: [[1]]}},
    ],
)  # fmt: skip
def test_claims_of_another_form_are_refused_though_we_signed_them(claims):
    protected = cbor.encode({1: -8, 4: b"\2"})
    payload = cbor.encode(claims)
    signature = KEYS.printed[2].sign(cose_sign1.signed_bytes(protected, payload))
    packed = card_token.stored(cose_sign1.write(protected, payload, signature))
    with pytest.raises(compact.WrongFormat):
        card_token.read("CT1:" + compact.base45_encode(packed), KEYS.printed_public)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sealing import SealBroken, Sealer

KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}
INDEX_KEY = bytes(range(64, 96))
SEALER = Sealer({1: KEYS[1]}, INDEX_KEY)
PLACE, RECORD, TEXT = "persons.profile", "6b0304ffe4c978e13a5b0b8e", "欧阳小明 440524188001010014"
SEALED = SEALER.seal(PLACE, RECORD, TEXT)


@given(st.text())
def test_every_text_opens_again_in_its_place(text):
    assert SEALER.open(PLACE, RECORD, SEALER.seal(PLACE, RECORD, text)) == text


def test_a_sealed_text_shows_nothing_of_it_and_is_another_one_every_time():
    again = SEALER.seal(PLACE, RECORD, TEXT)
    assert again != SEALED
    assert all(part.encode() not in SEALED + again for part in TEXT.split())


@pytest.mark.parametrize(
    ("place", "record"),
    [("persons.document", RECORD), ("accounts.profile", RECORD), (PLACE, RECORD[:-1] + "f"), (PLACE, "")],
)
def test_a_sealed_text_that_was_moved_does_not_open(place, record):
    with pytest.raises(SealBroken):
        SEALER.open(place, record, SEALED)


@pytest.mark.parametrize("position", [0, 1, 2, 13, 14, 20, -16, -1])
def test_a_changed_byte_anywhere_is_noticed(position):
    changed = bytearray(SEALED)
    changed[position] ^= 1
    with pytest.raises(SealBroken):
        SEALER.open(PLACE, RECORD, bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 2, 13, 14, 15, 29, len(SEALED) - 1])
def test_a_cut_text_is_noticed(length):
    with pytest.raises(SealBroken):
        SEALER.open(PLACE, RECORD, SEALED[:length])


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens():
    rotated = Sealer(KEYS, INDEX_KEY)
    assert (SEALED[1], rotated.seal(PLACE, RECORD, TEXT)[1]) == (1, 2)
    assert rotated.open(PLACE, RECORD, SEALED) == TEXT


def test_a_text_whose_key_was_retired_does_not_open():
    with pytest.raises(SealBroken):
        Sealer({2: KEYS[2]}, INDEX_KEY).open(PLACE, RECORD, SEALED)


def test_another_key_under_the_same_id_does_not_open():
    with pytest.raises(SealBroken):
        Sealer({1: KEYS[2]}, INDEX_KEY).open(PLACE, RECORD, SEALED)


def test_the_blind_index_finds_equal_values_whatever_key_seals():
    assert SEALER.blind("accounts.phone", "13800138000") == Sealer(KEYS, INDEX_KEY).blind(
        "accounts.phone", "13800138000"
    )
    assert len(SEALER.blind("accounts.phone", "13800138000")) == 32


@pytest.mark.parametrize(
    ("field", "value"),
    [("accounts.phone", "13800138001"), ("accounts.openid", "13800138000"), ("accounts.phone\x0013800138000", "")],
)
def test_another_value_or_field_has_another_index(field, value):
    assert SEALER.blind(field, value) != SEALER.blind("accounts.phone", "13800138000")


def test_without_its_key_an_index_cannot_be_guessed():
    other = Sealer({1: KEYS[1]}, bytes(32))
    assert other.blind("accounts.phone", "13800138000") != SEALER.blind("accounts.phone", "13800138000")


def test_errors_hold_no_text():
    with pytest.raises(SealBroken) as caught:
        SEALER.open(PLACE, "other", SEALED)
    assert "欧阳" not in f"{caught.value!r} {caught.value.message()} {caught.value.details}"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import sealing
from backend.keys.algorithms import AES_256_GCM, SM4_GCM
from backend.sealing import KeyMissing, OpenedKey, SealBroken, Sealer

DIRECT = {1: bytes(range(32)), 2: bytes(range(32, 64))}
INDEX = {1: bytes(range(64, 96)), 2: bytes(range(96, 128))}
PLACE, RECORD, TEXT = "persons.profile", "6b0304ffe4c978e13a5b0b8e", "欧阳小明 440524188001010014"


def aes(number=1, *, active=True, first=0):
    return OpenedKey(number, AES_256_GCM, bytes(range(first, first + 32)), active=active)


def sm4(number=2, *, active=True, first=100):
    return OpenedKey(number, SM4_GCM, bytes(range(first, first + 16)), active=active)


def sealer(*keys, direct=DIRECT, index=INDEX):
    return Sealer(direct, index, lambda: list(keys))


def sealed_directly(text=TEXT, key_id=1):
    """Seal as version 1 did, written down here once more."""
    nonce = bytes(range(12))
    body = AES_256_GCM.cipher(DIRECT[key_id]).encrypt(nonce, text.encode(), f"{PLACE}:{RECORD}".encode())
    return bytes((1, key_id)) + nonce + body


AES, SM4 = sealer(aes()), sealer(sm4())
BY = {"direct": sealed_directly(), "aes": AES.seal(PLACE, RECORD, TEXT), "sm4": SM4.seal(PLACE, RECORD, TEXT)}
ALL = sealer(aes(active=False), sm4())
every_form = pytest.mark.parametrize("sealed", list(BY.values()), ids=list(BY))


@given(st.text())
def test_every_text_opens_again_in_its_place(text):
    for one in (AES, SM4):
        assert one.open(PLACE, RECORD, one.seal(PLACE, RECORD, text)) == text


def test_three_forms_open_side_by_side():
    assert [sealed[:6].hex() for sealed in (BY["aes"], BY["sm4"])] == ["020100000001", "020200000002"]
    assert BY["direct"][:2].hex() == "0101"
    assert {ALL.open(PLACE, RECORD, sealed) for sealed in BY.values()} == {TEXT}


def test_the_active_key_seals_with_its_algorithm():
    assert ALL.seal(PLACE, RECORD, TEXT)[:6] == ALL.head == bytes((2, 2, 0, 0, 0, 2))
    assert sealer(aes(), sm4(active=False)).head == bytes((2, 1, 0, 0, 0, 1))


def test_a_sealed_text_shows_nothing_of_it_and_is_another_one_every_time():
    for one in (AES, SM4):
        first, again = (one.seal(PLACE, RECORD, TEXT) for _ in range(2))
        assert first != again
        assert all(part.encode() not in first + again for part in TEXT.split())


@every_form
@pytest.mark.parametrize(
    ("place", "record"),
    [("persons.document", RECORD), ("accounts.profile", RECORD), (PLACE, RECORD[:-1] + "f"), (PLACE, "")],
)
def test_a_sealed_text_that_was_moved_does_not_open(sealed, place, record):
    with pytest.raises(SealBroken):
        ALL.open(place, record, sealed)


@every_form
@pytest.mark.parametrize("position", [0, 1, 2, 3, 5, 6, 13, 14, 20, -16, -1])
def test_a_changed_byte_anywhere_is_noticed(sealed, position):
    changed = bytearray(sealed)
    changed[position] ^= 1
    with pytest.raises(SealBroken):
        ALL.open(PLACE, RECORD, bytes(changed))


@every_form
@pytest.mark.parametrize("length", [0, 1, 2, 5, 6, 13, 14, 17, 18, 19, 30, -1])
def test_a_cut_text_is_noticed(sealed, length):
    with pytest.raises(SealBroken):
        ALL.open(PLACE, RECORD, sealed[:length])


def test_a_head_that_names_another_algorithm_does_not_open():
    """Both keys are known; the one of the head must be the one that sealed."""
    same = bytes(range(16)) * 2
    keys = OpenedKey(1, AES_256_GCM, same, active=True), OpenedKey(1, SM4_GCM, same[:16])
    both = sealer(*keys)
    sealed = bytearray(both.seal(PLACE, RECORD, TEXT))
    sealed[1] = SM4_GCM.number
    with pytest.raises(SealBroken):
        both.open(PLACE, RECORD, bytes(sealed))


def test_a_text_whose_key_is_gone_does_not_open():
    without = sealer(aes(7, first=50), direct={})
    for sealed in BY.values():
        with pytest.raises(SealBroken):
            without.open(PLACE, RECORD, sealed)


def test_another_key_under_the_same_id_does_not_open():
    with pytest.raises(SealBroken):
        sealer(aes(first=9)).open(PLACE, RECORD, BY["aes"])
    with pytest.raises(SealBroken):
        sealer(aes(), direct={1: DIRECT[2]}).open(PLACE, RECORD, BY["direct"])


def test_a_store_without_an_active_key_is_refused():
    with pytest.raises(KeyMissing):
        sealer(aes(active=False))
    with pytest.raises(KeyMissing):
        sealer(direct={})


def test_a_store_that_has_no_data_key_yet_goes_on_with_the_newest_direct_key():
    sealed = sealer().seal(PLACE, RECORD, "王芳")
    assert sealed[:2] == bytes((1, max(DIRECT)))
    assert sealer(aes()).open(PLACE, RECORD, sealed) == "王芳"


# Other processes rotate


class Shelf:
    """What lies in the store, and how often it was read."""

    def __init__(self, *keys):
        self.keys, self.reads = list(keys), 0

    def __call__(self):
        self.reads += 1
        return list(self.keys)


def test_a_key_that_another_process_made_is_loaded_at_first_use():
    shelf = Shelf(aes())
    slow = Sealer({}, INDEX, shelf)
    shelf.keys = [aes(active=False), sm4()]
    assert slow.open(PLACE, RECORD, BY["sm4"]) == TEXT
    assert (shelf.reads, slow.head) == (2, sm4().head)


def test_an_unknown_key_is_asked_for_once_a_second_and_each_for_itself():
    shelf = Shelf(aes())
    one = Sealer({}, INDEX, shelf)
    for _ in range(50):
        with pytest.raises(SealBroken):
            one.open(PLACE, RECORD, BY["sm4"])
    assert shelf.reads == 2
    late = sm4(3)
    shelf.keys.append(OpenedKey(3, SM4_GCM, late.secret))
    assert one.open(PLACE, RECORD, sealer(late).seal(PLACE, RECORD, TEXT)) == TEXT
    one._unknown = dict.fromkeys(one._unknown, -1e9)  # a second has gone by
    shelf.keys.append(sm4(active=False))
    assert one.open(PLACE, RECORD, BY["sm4"]) == TEXT


def test_a_process_seals_with_a_new_key_soon_after_it_was_made(monkeypatch):
    shelf = Shelf(aes())
    one = Sealer({}, INDEX, shelf)
    shelf.keys = [aes(active=False), sm4()]
    assert one.seal(PLACE, RECORD, TEXT)[:6] == aes().head
    monkeypatch.setattr(one, "_stale_at", 0.0)  # as after REFRESH_SECONDS
    assert one.seal(PLACE, RECORD, TEXT)[:6] == sm4().head
    assert shelf.reads == 2
    assert sealing.REFRESH_SECONDS <= 10


# The blind index


def test_the_blind_index_finds_equal_values_whatever_key_seals():
    assert AES.blinds("accounts.phone", "13800138000") == SM4.blinds("accounts.phone", "13800138000")
    assert [len(value) for value in AES.blinds("accounts.phone", "13800138000")] == [32, 32]


def test_there_is_one_value_for_each_key_and_ids_hang_on_the_oldest():
    both = AES.blinds("accounts.phone", "13800138000")
    old, new = (sealer(aes(), index={n: INDEX[n]}).blinds("accounts.phone", "13800138000") for n in (1, 2))
    assert both == old + new
    assert [AES.blind("accounts.phone", "13800138000")] == old


@pytest.mark.parametrize(
    ("field", "value"),
    [("accounts.phone", "13800138001"), ("accounts.openid", "13800138000"), ("accounts.phone\x0013800138000", "")],
)
def test_another_value_or_field_has_another_index(field, value):
    assert not set(AES.blinds(field, value)) & set(AES.blinds("accounts.phone", "13800138000"))


def test_without_its_key_an_index_cannot_be_guessed():
    other = sealer(aes(), index={1: bytes(32)})
    assert other.blind("accounts.phone", "13800138000") not in AES.blinds("accounts.phone", "13800138000")


def test_errors_and_keys_in_memory_show_nothing():
    with pytest.raises(SealBroken) as caught:
        AES.open(PLACE, "other", BY["aes"])
    assert "欧阳" not in f"{caught.value!r} {caught.value.message()} {caught.value.details}"
    assert repr(aes().secret) not in repr(aes())

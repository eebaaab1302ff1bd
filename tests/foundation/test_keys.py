"""Key service, data keys and index keys: what wraps what, and what a start refuses."""

import base64
import json
from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from mongoengine.connection import get_db

from backend import clock
from backend.keys import data_key, index_key
from backend.keys.algorithms import AES_256_GCM, SM4_GCM
from backend.keys.index_key import IndexKeys, IndexKeysRefused
from backend.keys.service import EnvironmentKeys, FileKeys, KeyBroken, KeyFileRefused, KeyUnknown
from backend.sealing import KeyMissing, Sealer
from backend.settings import BadSettings, load
from tests.foundation.test_settings import COUNTED, GOOD
from tests.support.crowd import at_once

SECRET = bytes(range(200, 232))
ABOUT = b"data key 1"
ENVIRONMENT = EnvironmentKeys({1: bytes(range(32)), 2: bytes(range(1, 33))})


def random_key(length=32, start=7):
    return base64.b64encode(bytes((start + n * n * 5) % 256 for n in range(length))).decode()


@pytest.fixture
def key_file(tmp_path):
    """Write a key file; without arguments a good one."""
    path = tmp_path / "keys.json"

    def write(content=None, mode=0o600):
        told = content or {
            "current": "2026-2",
            "keys": {
                "2026-1": {"kind": "aes-256-gcm", "key": random_key()},
                "2026-2": {"kind": "sm4-gcm", "key": random_key(16)},
            },
        }
        path.write_text(told if isinstance(told, str) else json.dumps(told))
        path.chmod(mode)
        return path

    return write


# Algorithms


def test_sm4_gives_the_block_of_its_standard():
    """GB/T 32907-2016, appendix A.1."""
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()
    assert (encryptor.update(block) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_gives_the_vector_of_rfc_8998():
    """RFC 8998, appendix A.1."""
    secret = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    about = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd")
    plain += bytes.fromhex("eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa")
    sealed = bytes.fromhex("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735")
    sealed += bytes.fromhex("d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d")
    tag = bytes.fromhex("83de3541e4c2b58177e065a9bf7b62ec")
    cipher = SM4_GCM.cipher(secret)
    assert cipher.encrypt(nonce, plain, about) == sealed + tag
    assert cipher.decrypt(nonce, sealed + tag, about) == plain


def test_aes_gcm_gives_a_vector_of_its_specification():
    """McGrew and Viega, test case 16."""
    secret = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce, about = bytes.fromhex("cafebabefacedbaddecaf888"), bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72")
    plain += bytes.fromhex("1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    assert AES_256_GCM.cipher(secret).encrypt(nonce, plain, about)[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"


@pytest.mark.parametrize("algorithm", [AES_256_GCM, SM4_GCM], ids=lambda one: one.name)
@pytest.mark.parametrize("cut", [0, 1, 15, 16])
def test_a_text_shorter_than_its_tag_does_not_open(algorithm, cut):
    cipher = algorithm.cipher(bytes(range(algorithm.key_bytes)))
    with pytest.raises(InvalidTag):
        cipher.decrypt(bytes(12), cipher.encrypt(bytes(12), b"x", b"")[:cut], b"")


# The key service


def services(key_file):
    return [ENVIRONMENT, FileKeys(key_file())]


def test_what_a_key_wraps_it_unwraps_for_the_same_data_key_only(key_file):
    for service in services(key_file):
        kek = service.current()
        wrapped = service.wrap(kek, SECRET, ABOUT)
        assert SECRET not in wrapped
        assert service.unwrap(kek, wrapped, ABOUT) == SECRET
        with pytest.raises(KeyBroken):
            service.unwrap(kek, wrapped, b"data key 2")


def test_the_highest_key_of_the_environment_and_the_current_one_of_the_file_wrap(key_file):
    assert [service.current() for service in services(key_file)] == ["env-2", "2026-2"]


def test_an_unknown_key_and_another_key_are_told_apart():
    wrapped = ENVIRONMENT.wrap("env-1", SECRET, ABOUT)
    with pytest.raises(KeyBroken, match="env-2 does not open"):
        ENVIRONMENT.unwrap("env-2", wrapped, ABOUT)
    with pytest.raises(KeyUnknown, match="no key-encryption key env-3"):
        ENVIRONMENT.unwrap("env-3", wrapped, ABOUT)


def test_a_wrapping_key_is_not_the_key_that_sealed_fields_directly():
    wrapped = ENVIRONMENT.wrap("env-1", SECRET, ABOUT)
    with pytest.raises(InvalidTag):
        AES_256_GCM.cipher(bytes(range(32))).decrypt(wrapped[:12], wrapped[12:], ABOUT)


def test_behind_a_key_file_the_keys_of_the_environment_still_unwrap(key_file):
    wrapped = ENVIRONMENT.wrap("env-1", SECRET, ABOUT)
    assert FileKeys(key_file(), {1: bytes(range(32))}).unwrap("env-1", wrapped, ABOUT) == SECRET
    with pytest.raises(KeyUnknown):
        FileKeys(key_file()).unwrap("env-1", wrapped, ABOUT)


def test_a_key_added_to_the_file_needs_no_restart(key_file):
    service = FileKeys(key_file())
    told = json.loads(key_file().read_text())
    told["keys"]["2027-1"] = {"kind": "sm4-gcm", "key": random_key(16, 99)}
    key_file(told | {"current": "2027-1"})
    assert service.current() == "2027-1"
    assert service.unwrap("2027-1", service.wrap("2027-1", SECRET, ABOUT), ABOUT) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o660, 0o610])
def test_a_key_file_that_others_can_read_or_change_is_refused_at_the_start(key_file, mode):
    env = {**GOOD, "FIELD_KEYS": "", "KEY_FILE": str(key_file(mode=mode))}
    with pytest.raises(BadSettings, match=r"KEY_FILE is refused: others than its owner .* chmod 600"):
        load(env)
    key_file(mode=0o600)
    assert load(env).key_file == env["KEY_FILE"]


def test_a_key_file_that_is_opened_up_later_is_refused_too(key_file):
    service = FileKeys(key_file())
    key_file(mode=0o644)
    with pytest.raises(KeyFileRefused):
        service.current()


def one_key(**told):
    return {"current": "a", "keys": {"a": {"kind": "aes-256-gcm", "key": random_key(), **told}}}


WRONG_FILES = [
    ("", "not of the form"),
    ("{", "not of the form"),
    ("[]", "not of the form"),
    ('{"current": "a"}', "not of the form"),
    ('{"current": "a", "keys": []}', "not of the form"),
    ('{"current": "a", "keys": {"a": "x"}}', "not of the form"),
    ("\udcff", "not of the form"),
    (one_key(key="no base64!"), "not of the form"),
    (one_key(key=7), "not of the form"),
    (one_key() | {"current": "b"}, "current key b is not among"),
    (one_key(kind="des"), "unknown kind"),
    (one_key(key=random_key(31)), "key a is not 32 bytes"),
    (one_key(kind="sm4-gcm"), "key a is not 16 bytes"),
    (one_key(key=base64.b64encode(bytes(32)).decode()), "key a repeats its bytes"),
    (one_key(key=COUNTED), "key a counts up its bytes"),
    ({"current": "env-1", "keys": {"env-1": one_key()["keys"]["a"]}}, "choose another id"),
]


@pytest.mark.parametrize(("content", "reason"), WRONG_FILES)
def test_a_key_file_that_says_nothing_usable_is_refused_without_showing_it(key_file, content, reason):
    path = key_file("{}")
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadSettings) as caught:
        load({**GOOD, "KEY_FILE": str(path)})
    assert reason in str(caught.value)
    assert random_key() not in str(caught.value)


def test_a_key_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSettings, match=r"cannot be read \(FileNotFoundError\)"):
        load({**GOOD, "KEY_FILE": str(tmp_path / "nowhere")})


# Data keys in the store


@pytest.fixture
def empty(store):
    """A store without keys; those of the process are put back."""
    kept = {name: list(one.find({"_id": {"$exists": True}}).hint("_id_")) for name, one in collections().items()}
    clear()
    yield
    clear()
    for name, documents in kept.items():
        collections()[name].insert_many(documents)


def collections():
    return {"data": data_key.DataKey._get_collection(), "index": IndexKeys._get_collection()}


def clear():
    for one in collections().values():
        one.delete_many({})


def sealer(service=ENVIRONMENT):
    return Sealer({}, {1: SECRET}, lambda: data_key.opened(service))


@pytest.mark.parametrize("algorithm", ["aes-256-gcm", "sm4-gcm"])
def test_the_first_process_makes_a_key_and_all_use_it(empty, algorithm):
    at_once([lambda: data_key.ensure(ENVIRONMENT, algorithm, direct=True)] * 8)
    (made,) = data_key.listed()
    assert (made["_id"], made["state"], made["algorithm"], made["kek"]) == (1, "active", algorithm, "env-2")
    data_key.ensure(ENVIRONMENT, "aes-256-gcm", direct=True)
    assert data_key.listed() == [made]
    assert sealer().open("a.b", 1, sealer().seal("a.b", 1, "王芳")) == "王芳"


def sealed_by(head: bytes) -> bytes:
    return head + bytes(40)


@pytest.mark.parametrize(("direct", "made"), [(True, 0), (False, 1)])
def test_a_store_of_an_earlier_release_gets_no_data_key_while_its_own_keys_are_given(empty, direct, made):
    persons = get_db()["persons"]
    persons.insert_one({"document": sealed_by(bytes((1, 1))), "document_index": []})
    try:
        data_key.ensure(ENVIRONMENT, "aes-256-gcm", direct=direct)
    finally:
        persons.delete_many({"_id": {"$exists": True}})
    assert len(data_key.listed()) == made


def test_values_under_data_keys_that_are_gone_stop_the_start(empty):
    persons = get_db()["persons"]
    persons.insert_one({"document": sealed_by(bytes((2, 1))), "document_index": []})
    try:
        with pytest.raises(KeyMissing):
            data_key.ensure(ENVIRONMENT, "aes-256-gcm", direct=True)
    finally:
        persons.delete_many({"_id": {"$exists": True}})


def test_the_store_holds_no_key_that_opens_anything(empty):
    data_key.ensure(ENVIRONMENT, "aes-256-gcm", direct=True)
    (opened,) = data_key.opened(ENVIRONMENT)
    (kept,) = data_key.listed()
    assert opened.secret not in kept["wrapped"]
    for other in (EnvironmentKeys({2: bytes(range(9, 41))}), EnvironmentKeys({3: bytes(range(1, 33))})):
        with pytest.raises((KeyBroken, KeyUnknown)):
            data_key.opened(other)


def test_a_wrapped_key_cannot_stand_in_for_another(empty):
    now = clock.now()
    first, second = (data_key.record(n, "aes-256-gcm", ENVIRONMENT, now) for n in (1, 2))
    keys = data_key.DataKey._get_collection()
    keys.insert_many([first, second | {"state": "retiring", "wrapped": first["wrapped"]}])
    with pytest.raises(KeyBroken):
        data_key.opened(ENVIRONMENT)


def test_a_key_is_wrapped_anew_and_stays_the_same_key(empty, key_file):
    data_key.ensure(ENVIRONMENT, "sm4-gcm", direct=True)
    sealed = sealer().seal("a.b", 1, "王芳")
    file = FileKeys(key_file(), {1: bytes(range(32)), 2: bytes(range(1, 33))})
    assert data_key.under_other(file.current()) == [1]
    assert [data_key.rewrap(1, file, file.current()) for _ in range(2)] == [True, False]
    assert data_key.under_other(file.current()) == []
    assert sealer(FileKeys(key_file())).open("a.b", 1, sealed) == "王芳"


# Index keys in the store

OLD, NEW, OTHER = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))


def test_a_store_notes_the_lowest_key_of_its_first_start(empty):
    index_key.require({2: NEW, 1: OLD})
    assert index_key.complete() == [1]


def test_the_key_that_records_are_indexed_by_must_be_given(empty):
    index_key.require({1: OLD})
    with pytest.raises(IndexKeysRefused, match="indexed by key 1; keep it until a rotation is done"):
        index_key.require({2: NEW})
    index_key.require({1: OLD, 2: NEW})
    with pytest.raises(IndexKeysRefused):
        index_key.require({2: NEW})
    index_key.note_complete([1, 2])
    index_key.require({2: NEW})


def test_a_key_that_a_process_lacks_is_complete_no_more(empty):
    index_key.require({1: OLD})
    index_key.note_complete([1, 2])
    index_key.require({2: NEW})
    assert index_key.complete() == [2]
    with pytest.raises(IndexKeysRefused):
        index_key.require({1: OLD})


def test_another_key_under_a_known_id_is_refused(empty):
    index_key.require({1: OLD, 2: NEW})
    for wrong in ({1: OTHER}, {1: OLD, 2: OTHER}):
        with pytest.raises(IndexKeysRefused, match="is another one than before"):
            index_key.require(wrong)


def test_the_store_holds_no_index_key(empty):
    index_key.require({1: OLD})
    kept = IndexKeys._get_collection().find_one({"_id": "blind_index"})
    assert SimpleNamespace(**kept).checks == {"1": kept["checks"]["1"]}
    assert len(kept["checks"]["1"]) == 16
    assert OLD.hex() not in str(kept)

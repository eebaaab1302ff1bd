"""A backup is one moment of the whole store, opens only whole and with its key, and comes back as it was."""

import base64
import random
import struct
from datetime import UTC, datetime

import pytest
from pymongo.errors import DuplicateKeyError, WriteError

from backend.store import backup, migrations, restore, sealed_file
from backend.store.backup import BackupFailed, back_up, catalogue
from backend.store.backup_file import BadBackupKey, Tally, batches, read_key
from backend.store.lease import Lease, LeaseHeld
from backend.store.restore import RestoreRefused
from backend.store.sealed_file import FileBroken
from tests.support.crowd import at_once

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECRET = "张三丰-36073119900307"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "county.backup"


@pytest.fixture
def filled(database):
    """A store with everything that collections can be."""
    database.create_collection("people", validator={"$jsonSchema": {"required": ["name"]}}, validationAction="error")
    database.people.insert_many(
        [{"_id": n, "name": SECRET, "raw": random.Random(n).randbytes(50)} for n in range(3000)]
    )
    database.people.create_index([("name", 1), ("_id", -1)])
    database.people.create_index("raw", unique=True, partialFilterExpression={"name": {"$exists": True}})
    database.expiring.create_index("at", expireAfterSeconds=60)
    database.expiring.insert_one({"at": NOW})
    database.create_collection("measurements", timeseries={"timeField": "at", "metaField": "of"})
    database.measurements.insert_many([{"at": NOW, "of": {"sensor": n % 3}, "value": n} for n in range(500)])
    database.create_collection("first", viewOn="people", pipeline=[{"$match": {"_id": 1}}])
    database.schema_state.insert_one({"_id": "schema", "applied": [{"number": 1, "name": "x", "at": NOW}]})
    return database


def content(db) -> dict[str, dict]:
    """Return a tally of every collection, buckets of time series included."""
    found = {}
    for name in [one["name"] for one in catalogue(db) if one["type"] == "collection"]:
        tally = Tally()
        for batch in batches(db[name]):
            tally.add(batch)
        found[name] = tally.told()
    return {name: tally for name, tally in found.items() if tally["count"] or name != "schema_state"}


def test_everything_comes_back_as_it_was(filled, other, path):
    told = back_up(filled, path, KEY)
    assert told["people"]["count"] == 3000
    assert restore.restore(other, path, KEY) == told
    assert catalogue(other) == catalogue(filled)
    assert content(other) == content(filled)
    assert [one["value"] for one in other.measurements.find().sort("value", 1)] == list(range(500))
    assert other.first.find_one({"_id": 1})["name"] == SECRET


def test_what_comes_back_has_its_rules(filled, other, path):
    back_up(filled, path, KEY)
    restore.restore(other, path, KEY)
    with pytest.raises(WriteError):
        other.people.insert_one({"_id": 9000})
    with pytest.raises(DuplicateKeyError):
        other.people.insert_one({"name": "x", "raw": other.people.find_one({"_id": 7})["raw"]})
    assert other.expiring.index_information()["at_1"]["expireAfterSeconds"] == 60


def test_a_backup_of_what_came_back_holds_the_same(filled, other, path):
    told = back_up(filled, path, KEY)
    restore.restore(other, path, KEY)
    assert back_up(other, path.with_name("second.backup"), KEY) == told


def moving(db):
    """Return a progress that moves a document from a later collection to one that was read already."""

    def move(_what, _done, _total):
        for found in db.zebras.find({"_id": 1}):
            db.zebras.delete_one({"_id": 1})
            db.antelopes.insert_one(found)

    return move


@pytest.fixture
def herds(database):
    database.antelopes.insert_one({"_id": 0})
    database.zebras.insert_many([{"_id": 1}, {"_id": 2}])
    return database


def test_all_collections_are_read_at_one_moment(herds, path):
    told = back_up(herds, path, KEY, moving(herds))
    assert herds.antelopes.find_one({"_id": 1})
    assert (told["antelopes"]["count"], told["zebras"]["count"]) == (1, 2)


def test_read_one_after_the_other_they_would_lose_what_moves(herds):
    seen = []
    for name in ("antelopes", "zebras"):
        seen += [batch for batch in batches(herds[name]) if batch]
        moving(herds)("", 0, 0)
    tally = Tally()
    tally.add(b"".join(seen))
    assert tally.count == 2


def test_what_is_written_meanwhile_is_not_in_it(herds, other, path):
    back_up(herds, path, KEY, lambda *_told: herds.zebras.insert_one({}))
    restore.restore(other, path, KEY)
    assert sorted(one["_id"] for one in other.zebras.find()) == [1, 2]


def test_a_collection_that_appears_meanwhile_spoils_the_backup_and_leaves_no_file(herds, path):
    with pytest.raises(BackupFailed, match="run it again"):
        back_up(herds, path, KEY, lambda *_told: herds.lions.insert_one({}))
    assert list(path.parent.iterdir()) == []


def test_a_collection_that_cannot_be_read_at_a_moment_is_named(herds, path):
    herds.create_collection("few", capped=True, size=4096)
    herds.few.insert_one({"_id": 1})
    with pytest.raises(BackupFailed, match=r"few .* capped"):
        back_up(herds, path, KEY)
    assert list(path.parent.iterdir()) == []


def test_the_store_keeps_the_moment_while_it_is_read_and_not_longer(herds, path):
    admin, seen = herds.client.admin, []

    def kept():
        return admin.command("getParameter", 1, **{backup.HISTORY: 1})[backup.HISTORY]

    before = kept()
    back_up(herds, path, KEY, lambda *_told: seen.append(kept()))
    assert set(seen) == {backup.HISTORY_SECONDS}
    assert kept() == before < backup.HISTORY_SECONDS


# The file


def test_the_file_is_its_owners_alone_and_replaces_none(herds, path):
    back_up(herds, path, KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    whole = path.read_bytes()
    with pytest.raises(BackupFailed, match="there already"):
        back_up(herds, path, KEY)
    assert path.read_bytes() == whole
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_nothing_of_the_store_can_be_read_in_the_file(filled, path):
    back_up(filled, path, KEY)
    whole = path.read_bytes()
    for text in (SECRET.encode(), b"people", b"schema", KEY):
        assert text not in whole
    second = path.with_name("second.backup")
    back_up(filled, second, KEY)
    assert second.read_bytes()[:200] != whole[:200]


@pytest.fixture(scope="module")
def long_file(still, tmp_path_factory):
    """A file of several chunks."""
    client = backup.MongoClient(still.uri("long"))
    noise = random.Random(1)
    client.long.things.insert_many([{"_id": n, "noise": noise.randbytes(100_000)} for n in range(40)])
    path = tmp_path_factory.mktemp("long") / "long.backup"
    back_up(client.long, path, KEY)
    client.drop_database("long")
    client.close()
    return path.read_bytes()


def chunks(whole: bytes) -> list[bytes]:
    head = len(sealed_file.MAGIC) + 32
    found, position = [whole[:head]], head
    while position < len(whole):
        length = struct.unpack_from(">I", whole, position)[0] + 4
        found.append(whole[position : position + length])
        position += length
    return found


def flipped(whole: bytes, position: int) -> bytes:
    return whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]


DAMAGES = {
    "cut off in the middle": lambda whole: whole[: len(whole) // 2],
    "cut off behind a part": lambda whole: b"".join(chunks(whole)[:-1]),
    "without its last byte": lambda whole: whole[:-1],
    "only its beginning": lambda whole: whole[:40],
    "empty": lambda _whole: b"",
    "a part left out": lambda whole: b"".join(part for n, part in enumerate(chunks(whole)) if n != 2),
    "two parts changed places": lambda whole: b"".join(
        chunks(whole)[n] for n in (0, 2, 1, *range(3, len(chunks(whole))))
    ),
    "a part twice": lambda whole: b"".join(chunks(whole)[n] for n in (0, 1, 1, *range(2, len(chunks(whole))))),
    "something behind it": lambda whole: whole + b"\x00" * 40,
    "its last part twice": lambda whole: whole + chunks(whole)[-1],
    "another kind of file": lambda whole: b"PK" + whole,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_is_refused_before_anything_is_written_when_it_is(long_file, other, path, damage):
    assert len(chunks(long_file)) > 4
    path.write_bytes(DAMAGES[damage](long_file))
    with pytest.raises(FileBroken):
        restore.restore(other, path, KEY)
    assert other.list_collection_names() == []


def test_a_changed_bit_anywhere_is_seen(long_file, path):
    for position in random.Random(7).sample(range(len(long_file)), 60):
        path.write_bytes(flipped(long_file, position))
        with pytest.raises(FileBroken):
            restore.verify(path, KEY)
    path.write_bytes(long_file)
    assert restore.verify(path, KEY)["things"]["count"] == 40


def test_another_key_opens_nothing_and_the_sentence_names_the_key(long_file, path):
    path.write_bytes(long_file)
    with pytest.raises(FileBroken, match="BACKUP_KEY"):
        restore.verify(path, OTHER_KEY)


# The key


def told(key: bytes) -> str:
    return base64.b64encode(key).decode()


REFUSED = [
    ({}, "not set"),
    ({"BACKUP_KEY": told(KEY[:31])}, "not 32 bytes"),
    ({"BACKUP_KEY": "no base64"}, "not 32 bytes"),
    ({"BACKUP_KEY": told(bytes(32))}, "repeats its bytes"),
    ({"BACKUP_KEY": told(KEY), "FIELD_KEYS": f"1:{told(OTHER_KEY)},2:{told(KEY)}"}, "also a key of the service"),
    ({"BACKUP_KEY": told(KEY), "BLIND_INDEX_KEY": told(KEY)}, "also a key of the service"),
    ({"BACKUP_KEY": told(KEY), "TICKET_KEYS": f"1:{told(KEY)}"}, "also a key of the service"),
]


@pytest.mark.parametrize(("env", "reason"), REFUSED)
def test_a_key_that_would_not_protect_is_refused_without_showing_it(env, reason):
    with pytest.raises(BadBackupKey, match=reason) as refused:
        read_key(env)
    assert not any(value and value in str(refused.value) for value in env.values())


def test_a_good_key_is_taken():
    assert read_key({"BACKUP_KEY": told(KEY), "FIELD_KEYS": f"1:{told(OTHER_KEY)}"}) == KEY


# Where it goes


def test_a_store_that_holds_anything_is_left_as_it_is(herds, filled, other, path):
    back_up(filled, path, KEY)
    other.lions.insert_one({"_id": 1})
    before = content(other)
    with pytest.raises(RestoreRefused, match="not empty"):
        restore.restore(other, path, KEY)
    assert content(other) == before


def test_a_store_that_was_upgraded_is_not_empty(herds, other, path):
    back_up(herds, path, KEY)
    other.schema_state.insert_one({"_id": "schema"})
    with pytest.raises(RestoreRefused, match="not empty"):
        restore.restore(other, path, KEY)
    assert other.schema_state.find_one({"_id": "restore"}) is None


def test_what_was_not_written_by_the_broken_restore_is_not_taken_away(herds, other, path):
    back_up(herds, path, KEY)
    other.schema_state.insert_one({"_id": "restore", "collections": ["antelopes", "zebras"]})
    other.antelopes.insert_one({"_id": "half"})
    other.lions.insert_one({"_id": "another's"})
    with pytest.raises(RestoreRefused, match="not empty"):
        restore.restore(other, path, KEY)
    assert other.lions.find_one({"_id": "another's"})
    other.lions.drop()
    restore.restore(other, path, KEY)
    assert [one["_id"] for one in other.antelopes.find()] == [0]
    assert other.schema_state.find_one({"_id": "restore"}) is None


def test_a_half_restored_store_is_not_backed_up(herds, path):
    herds.schema_state.insert_one({"_id": "restore", "collections": []})
    with pytest.raises(BackupFailed, match="not restored to its end"):
        back_up(herds, path, KEY)
    assert not path.exists()


def test_of_two_restores_at_once_one_fills_the_store(filled, other, path):
    back_up(filled, path, KEY)

    def attempt():
        try:
            restore.restore(other, path, KEY)
        except RestoreRefused as refusal:
            return str(refusal)
        return "done"

    got = at_once([attempt] * 2)
    assert "done" in got
    assert content(other) == content(filled)
    assert not migrations.half_restored(other)


def test_a_restore_waits_for_nobody_who_is_at_work_for_long(herds, other, path, monkeypatch):
    back_up(herds, path, KEY)
    monkeypatch.setattr(restore, "WAIT_SECONDS", 0)
    with Lease(other.schema_state, "restore").held(wait_seconds=0), pytest.raises(LeaseHeld):
        restore.restore(other, path, KEY)


def test_documents_that_arrive_changed_are_seen(herds, other, path):
    back_up(herds, path, KEY)

    def spoil(what, _done, _total):
        if what == "writing documents":
            other.zebras.update_one({"_id": 2}, {"$set": {"stripes": 3}})

    with pytest.raises(RestoreRefused, match="zebras in the store is not what the file holds"):
        restore.restore(other, path, KEY, spoil)
    assert other.schema_state.find_one({"_id": "restore"})
    restore.restore(other, path, KEY)
    assert content(other) == content(herds)

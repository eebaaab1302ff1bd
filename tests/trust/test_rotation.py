"""Paragraph 7: keys rotate while the service runs; readers and writers go on, and nothing is lost."""

import contextlib
import threading
from collections import Counter

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import jobs, outbox, personal_data, runtime
from backend.identity_documents import parse
from backend.keys import data_key, index_key, moving, rotation
from backend.sealing import Sealer, head_of
from models.audit import entry
from models.identity import account, person
from models.identity.account import Account
from models.identity.person import Person
from models.messaging import grant
from tests.foundation.test_sealing import DIRECT
from tests.support.crowd import at_once
from tests.support.phone import Phone, resident_id
from tests.support.queues import drain
from tests.support.rotating import after_start, begin, finish, install, keys_kept, rotated

OLD_INDEX, NEW_INDEX = bytes((2 + n) % 256 for n in range(32)), bytes((77 + n * n) % 256 for n in range(32))
RECORDS = 2_000


@pytest.fixture
def keys(store):
    with keys_kept() as parts:
        yield parts


def people(count):
    """Store persons who were declared with documents of their own; return their ids by number."""
    made = {}
    while len(made) < count:
        number = resident_id(f"{1960 + len(made) // 900:04d}0307")
        if number not in made:
            document = parse("resident_id", number)
            made[number] = person._declared(document, "张三丰", person._indexes(document))
    Person._get_collection().insert_many(list(made.values()))
    return {number: one["_id"] for number, one in made.items()}


def heads():
    """Count the persons' values by the key that they lie under."""
    found = Person._get_collection().find({"_id": {"$exists": True}}).hint("_id_")
    return Counter(head_of(one[name]) for one in found for name in ("document", "profile"))


def states():
    return [(one["_id"], one["state"]) for one in data_key.listed()]


def told():
    found = rotation.latest()
    return {name: found.get(name) for name in ("running", "number", "seen", "found", "broken", "moved", "ended_clean")}


# Field keys


def test_a_rotation_seals_everything_anew_and_retires_the_old_key(keys, shift_clock):
    ids = people(40)
    assert heads() == {bytes((2, 1, 0, 0, 0, 1)): 80}
    rotated(shift_clock)
    assert heads() == {bytes((2, 1, 0, 0, 0, 2)): 80}
    assert states() == [(1, "retired"), (2, "active")]
    assert told() == {
        "running": None, "number": 2, "seen": 40, "found": 0, "broken": 0, "moved": 80, "ended_clean": True,
    }  # fmt: skip
    assert {person.read(one).number for one in ids.values()} == set(ids)


def test_values_of_three_forms_become_one(keys, shift_clock):
    people(6)
    first, second = list(Person._get_collection().find({"_id": {"$exists": True}}).hint("_id_"))[:2]
    old = sealed_directly(first)
    rotated(shift_clock)
    install(field_algorithm="sm4-gcm", field_keys={**keys.settings.field_keys, 9: DIRECT[1]})
    Person._get_collection().update_one({"_id": first["_id"]}, {"$set": {"document": old}})
    Person._get_collection().update_one({"_id": second["_id"]}, {"$set": {"document": second["document"]}})
    data_key.DataKey._get_collection().update_one({"_id": 1}, {"$set": {"state": "retiring"}})
    assert len(heads()) == 3
    assert person.read(first["_id"]).number == number_of(keys, first)
    rotated(shift_clock)
    assert heads() == {bytes((2, 2, 0, 0, 0, 3)): 12}
    assert [state for _, state in states()] == ["retired", "retired", "active"]
    assert person.read(first["_id"]).number == number_of(keys, first)


def number_of(parts, found):
    return parts.sealer.open("persons.document", found["_id"], found["document"])


def sealed_directly(found):
    """Seal a person's number as version 1 did, under the key 9 of FIELD_KEYS."""
    number, nonce = number_of(runtime.current(), found), bytes(12)
    about = f"persons.document:{found['_id']}".encode()
    return (
        bytes((1, 9))
        + nonce
        + data_key.ALGORITHMS["aes-256-gcm"].cipher(DIRECT[1]).encrypt(nonce, number.encode(), about)
    )


def test_readers_and_writers_see_no_error_while_two_thousand_records_are_rotated(keys, shift_clock):
    ids = people(RECORDS)
    every, over, errors, reads, writes = list(ids.values()), threading.Event(), [], Counter(), {}

    def read(first):
        while not over.is_set():
            for one in every[first::37]:
                reads[first] += bool(person.read(one).name)

    def write(first):
        sealer = runtime.current().sealer
        for number, one in enumerate(every[first::40]):
            if over.is_set():
                return
            profile = f'{{"name":"李{number}","birth":null,"sex":null}}'
            sealed = sealer.seal("persons.profile", one, profile)
            Person._get_collection().update_one({"_id": one}, {"$set": {"profile": sealed}})
            writes[one] = f"李{number}"

    def watched(work, first):
        try:
            work(first)
        except Exception as error:
            errors.append(error)
            raise

    begin()
    threads = [threading.Thread(target=watched, args=pair) for pair in [(read, 0), (read, 1), (write, 2), (write, 3)]]
    for thread in threads:
        thread.start()
    finish(shift_clock)
    over.set()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert min(reads[0], reads[1]) > 10
    assert len(writes) > 50
    assert heads() == {bytes((2, 1, 0, 0, 0, 2)): 2 * RECORDS}
    assert rotation.latest()["ended_clean"]
    assert {
        one: person.read(one).name for one in writes
    } == writes  # no writer was overwritten by what was there before
    assert {person.read(one).number for one in every} == set(ids)


def test_a_writer_who_is_faster_wins(keys, monkeypatch):
    (one,) = people(1).values()
    begin()
    sealer = keys.sealer
    move = moving.Move(sealer, personal_data.holdings(), blinds=False)
    (holding,) = [held for held in personal_data.holdings() if held.collection == "persons"]
    written = moving.Move._write
    newer = sealer.seal("persons.profile", one, '{"name":"新","birth":null,"sex":null}')

    def late(self, *arguments):
        Person._get_collection().update_one({"_id": one}, {"$set": {"profile": newer}})
        monkeypatch.setattr(moving.Move, "_write", written)
        return written(self, *arguments)

    monkeypatch.setattr(moving.Move, "_write", late)
    move.work(holding, (one, one))
    found = Person._get_collection().find_one({"_id": one})
    assert found["profile"] == newer
    assert (head_of(found["document"]), person.read(one).name) == (sealer.head, "新")


def test_without_its_guard_a_rotation_would_overwrite_a_faster_writer(keys, monkeypatch):
    """The control: the race of the test before is there."""
    monkeypatch.setattr(
        moving,
        "_update",
        lambda one, changes: moving.UpdateOne({"_id": one}, {"$set": {k: v[1] for k, v in changes.items()}}),
    )
    with pytest.raises(AssertionError):
        test_a_writer_who_is_faster_wins(keys, monkeypatch)


def test_nobody_seals_with_the_old_key_before_the_walk_begins(keys, shift_clock):
    people(3)
    begin()
    outbox.drain("reports")
    assert told()["seen"] == 0
    shift_clock(after_start(rotation.SETTLED.total_seconds() - 2))
    outbox.drain("reports")
    assert told()["seen"] == 0
    finish(shift_clock)
    assert told()["ended_clean"]


def test_a_straggler_under_the_old_key_costs_one_more_pass(keys, shift_clock, monkeypatch):
    ids = people(3)
    late = Person._get_collection().find_one({"_id": min(ids.values())})
    another = rotation._another

    def straggle(rotation_id, number):
        if number == 1 and told()["number"] == 1:  # behind the walk's back, as its first pass is over
            Person._get_collection().update_one({"_id": late["_id"]}, {"$set": {"profile": late["profile"]}})
        return another(rotation_id, number)

    monkeypatch.setattr(rotation, "_another", straggle)
    rotated(shift_clock)
    assert (told()["number"], told()["moved"], told()["ended_clean"]) == (3, 7, True)
    assert heads() == {bytes((2, 1, 0, 0, 0, 2)): 6}


def test_a_rotation_whose_worker_was_killed_resumes(keys, shift_clock, monkeypatch):
    monkeypatch.setattr(moving, "MOST", 10)
    ids = people(95)
    job = begin()
    step, done = rotation._Walk.step, []

    def dies(self, item):
        done.append(step(self, item))
        if len(done) in {3, 4, 9}:
            raise KeyboardInterrupt  # as a kill: after the records were written, before the job knew

    monkeypatch.setattr(rotation._Walk, "step", dies)
    for number in range(4):
        lease = outbox.LEASE.total_seconds() + 1
        shift_clock(after_start(rotation.SETTLED.total_seconds() + 1 + number * lease))
        with contextlib.suppress(KeyboardInterrupt):
            drain("reports")
    assert len(done) > 9
    assert jobs.read(job)["state"] == "done"
    assert states() == [(1, "retired"), (2, "active")]
    assert heads() == {bytes((2, 1, 0, 0, 0, 2)): 190}
    assert {person.read(one).number for one in ids.values()} == set(ids)


def test_what_does_not_open_is_named_and_the_old_key_stays(keys, shift_clock):
    good, bad = people(2).values()
    value = Person._get_collection().find_one({"_id": bad})["profile"]
    changed = value[:-1] + bytes((value[-1] ^ 1,))
    Person._get_collection().update_one({"_id": bad}, {"$set": {"profile": changed}})
    job = begin()
    finish(shift_clock)
    assert states() == [(1, "retiring"), (2, "active")]
    assert (told()["broken"], told()["ended_clean"]) == (1, False)
    assert {one["reason"] for one in jobs.read(job)["failures"]} == {f"persons:{bad}"}
    assert person.read(good).name == "张三丰"
    Person._get_collection().update_one({"_id": bad}, {"$set": {"profile": value}})
    rotated(shift_clock)
    assert states() == [(1, "retired"), (2, "retired"), (3, "active")]


def test_of_rotations_at_once_one_begins(keys):
    def attempt():
        try:
            return begin()
        except rotation.RotationRunning:
            return None

    begun = [job for job in at_once([attempt] * 6) if job]
    assert len(begun) == 1
    assert states() == [(1, "retiring"), (2, "active")]
    assert jobs.Job._get_collection().count_documents({"_id": {"$gte": ObjectId("0" * 24)}}) == 1


def test_every_kind_of_rotation_waits_for_the_one_that_runs(keys, shift_clock):
    begin()
    for what in rotation.WHAT:
        with pytest.raises(rotation.RotationRunning):
            begin(what)
    assert len(states()) == 2
    finish(shift_clock)
    assert rotated(shift_clock, "blind_index")["ended_clean"]


def test_a_rotation_of_a_store_that_holds_nobody_ends(keys, shift_clock):
    rotated(shift_clock)
    assert (told()["seen"], told()["ended_clean"]) == (0, True)


def test_a_worker_that_lacks_a_declaration_does_not_rotate(keys, shift_clock, monkeypatch):
    people(1)
    job = begin()
    monkeypatch.setattr(personal_data, "_holdings", {"orders": personal_data._holdings["orders"]})
    finish(shift_clock)
    assert (jobs.read(job)["state"], told()["running"]) == ("running", True)


# The blind index


def test_an_index_key_is_added_filled_in_and_the_old_one_taken_out(keys, shift_clock):
    number = next(iter(ids := people(30)))
    document = parse("resident_id", number)
    install(blind_index_keys={1: OLD_INDEX, 2: NEW_INDEX})
    assert person.find(document)["_id"] == ids[number]
    rotated(shift_clock, "blind_index")
    assert (index_key.complete(), told()["moved"]) == ([1, 2], 30)
    install(blind_index_keys={2: NEW_INDEX})
    assert person.find(document)["_id"] == ids[number]
    rotated(shift_clock, "blind_index")
    assert index_key.complete() == [2]
    (want,) = person._indexes(document)
    assert person.find(document)["document_index"] == [want]


def test_the_old_index_key_cannot_be_taken_away_too_early(keys):
    people(1)
    install(blind_index_keys={1: OLD_INDEX, 2: NEW_INDEX})
    with pytest.raises(index_key.IndexKeysRefused):
        install(blind_index_keys={2: NEW_INDEX})


def test_processes_that_know_one_key_more_or_less_make_no_double(keys):
    """In the middle of a restart some know both keys: a person whom both meet first is still one person."""
    document = parse("resident_id", resident_id())
    both = install(blind_index_keys={1: OLD_INDEX, 2: NEW_INDEX})
    one = person.find_or_declare(document, "张三")
    runtime.install(keys)
    assert person.find_or_declare(document, "张三") == one
    other = parse("resident_id", resident_id())
    one = person.find_or_declare(other, "李四")
    runtime.install(type(keys)(**{**vars(keys), "sealer": both}))
    assert person.find_or_declare(other, "李四") == one


def test_first_logins_at_once_give_one_account(keys):
    install(blind_index_keys={1: OLD_INDEX, 2: NEW_INDEX})
    made = at_once([lambda: account.log_in("openid-1", "key", "2026-11")[0]] * 12)
    assert len(set(made)) == 1
    (found,) = Account._get_collection().find(
        {"openid_index": {"$in": keys.sealer.blinds("accounts.openid", "openid-1")}}
    )
    assert len(found["openid_index"]) == 2


def test_records_with_one_plain_value_are_found_and_become_lists(keys, shift_clock):
    made, _ = account.log_in("openid-1", "key", "2026-11")
    accounts, grants = Account._get_collection(), grant.Grant._get_collection()
    value = keys.sealer.blind("accounts.openid", "openid-1")
    accounts.update_one({"_id": made}, {"$set": {"openid_index": value}})
    grants.insert_one({"openid_index": value, "template": "t", "left": 2})
    assert account.log_in("openid-1", "key", "2026-11")[0] == made
    assert grant.use("openid-1", "t")
    grant.add("openid-1", "t")
    install(blind_index_keys={1: OLD_INDEX, 2: NEW_INDEX})
    rotated(shift_clock, "blind_index")
    want = runtime.current().sealer.blinds("accounts.openid", "openid-1")
    assert accounts.find_one({"_id": made})["openid_index"] == want
    assert [one["openid_index"] for one in grants.find({"openid_index": value})] == [want]
    install(blind_index_keys={2: NEW_INDEX})
    rotated(shift_clock, "blind_index")
    assert account.log_in("openid-1", "key", "2026-11")[0] == made
    assert [grant.use("openid-1", "t") for _ in range(3)] == [True, True, False]
    assert grants.find_one({"openid_index": value}) is None


def test_grants_counted_at_once_are_all_counted_once(keys):
    at_once([lambda: grant.add("openid-2", "t")] * 12)
    assert [grant.use("openid-2", "t") for _ in range(13)] == [True] * 12 + [False]


# Key-encryption keys


def test_data_keys_are_wrapped_anew_and_the_data_stay_as_they_are(keys, shift_clock):
    ids = people(3)
    before = heads()
    rotated(shift_clock)
    service = type(keys.keys)({**keys.settings.field_keys, 2: DIRECT[2]})
    runtime.install(type(keys)(**{**vars(keys), "keys": service}))
    rotated(shift_clock, "key_encryption_key")
    assert ({one["kek"] for one in data_key.listed()}, len(data_key.listed())) == ({"env-2"}, 2)
    assert told()["ended_clean"]
    assert heads() != before
    alone = Sealer({}, {1: OLD_INDEX}, lambda: data_key.opened(type(service)({2: DIRECT[2]})))
    for number, one in ids.items():
        found = Person._get_collection().find_one({"_id": one})
        assert alone.open("persons.document", one, found["document"]) == number


def test_a_data_key_that_cannot_be_unwrapped_is_named(keys, shift_clock):
    rotated(shift_clock)
    runtime.install(type(keys)(**{**vars(keys), "keys": type(keys.keys)({2: DIRECT[2]})}))
    job = begin("key_encryption_key")
    finish(shift_clock)
    assert [one["reason"] for one in jobs.read(job)["failures"]] == ["key_unknown"] * 2
    assert (told()["broken"], told()["ended_clean"]) == (2, False)
    assert {one["kek"] for one in data_key.listed()} == {"env-1"}


# Over HTTP, with everything that the service stores


def test_everything_a_visit_leaves_behind_is_rotated(keys, seeded, client, sandbox, shift_clock):
    phone = Phone(client, sandbox).ready()
    phone.consent("phone")
    phone.post("/mini/v1/phone", {"code": sandbox.call(f"/users/{phone.user['user_id']}/phone_code", {})["code"]})
    friend = phone.companion()
    order = phone.issued(phone.free_slot("pingshan"), (phone.me, "adult"), (friend, "adult"))
    entry.write(entry.line("system:test", "staff.login", "staff:1"))
    rotated(shift_clock)
    assert told()["ended_clean"]
    head, seen = keys.sealer.head, set()
    for holding in personal_data.holdings():
        for document in get_db()[holding.collection].find({}).hint("_id_"):
            opened = personal_data.open_all(keys.sealer, holding, document)
            seen |= {holding.collection} if opened else set()
            for sealed in holding.sealed:
                values = [one for one in personal_data.values(document, sealed.path) if one]
                assert {head_of(one) for one in values} <= {head}
    assert {"accounts", "persons", "orders", "idempotency_keys"} <= seen
    assert [one["name"] for one in phone.order(order["id"])["visitors"]]

"""The journal: what scanners decided without network is kept once, answered one by one, never in the way of others."""

import secrets
from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock, outbox, runtime
from backend.store import transactions
from models.devices import entry_form, journal, settle
from models.devices.conflict import JournalConflict
from models.devices.journal import JournalEntry, Settled
from models.devices.quarantine import Quarantined
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.scanner import JOURNAL, Scanner, later, line, now


@pytest.fixture
def scanner(client, seeded):
    return Scanner(client)


@pytest.fixture
def library(monkeypatch):
    """A kind of code of this test, and what its handler was given; a code that says `fail` breaks it."""
    told = []

    def handle(entry, session):
        told.append(entry)
        if entry["code"] == "fail":
            raise RuntimeError("broken")
        if entry["code"] == "conflict":
            return Settled("conflict", "used_twice", details={"other": "x"})
        get_db().shelf.insert_one({"_id": entry["_id"]}, session=session)
        return Settled("refused", "expired") if entry["code"] == "refused" else Settled("applied")

    get_db().shelf.drop()
    get_db().create_collection("shelf")  # a transaction does not make one beside others that do
    monkeypatch.setitem(journal._handlers, "library", handle)
    return told


def stored(entry, scanner):
    return JournalEntry._get_collection().find_one({"_id": f"{scanner.id}:{entry['nonce']}"})


def state(entry, scanner):
    return stored(entry, scanner)["state"]


# Taking in


def test_an_entry_is_kept_with_all_that_was_said_of_it(scanner):
    entry = line(zone="A 区", offline_since=now(hours=-2))
    assert scanner.results(entry) == ["received"]
    found = stored(entry, scanner)
    assert (found["device"], found["place"], found["unit"]) == (scanner.id, "pingshan", "changzhengyuan")
    assert (found["zone"], found["direction"], found["decision"]) == ("A 区", "in", "admitted")
    assert abs(found["at"] - clock.now()) < timedelta(seconds=5)
    assert abs(found["offline_since"] - later(hours=-2)) < timedelta(seconds=5)


def test_a_code_lies_sealed_in_the_journal(scanner):
    entry = line(code="SECRET-CODE-1234")
    scanner.hand_in(entry)
    assert b"SECRET-CODE-1234" not in stored(entry, scanner)["code"]


def test_handing_in_again_is_harmless(scanner, library):
    entries = [line() for _ in range(5)]
    assert scanner.results(*entries) == ["received"] * 5
    queues.drain("gates")
    assert scanner.results(*entries) == ["duplicate"] * 5
    queues.drain("gates")
    assert len(library) == 5
    assert get_db().shelf.estimated_document_count() == 5


def test_the_order_of_fields_makes_no_other_entry(scanner):
    entry = line()
    scanner.hand_in(entry)
    assert scanner.results(dict(reversed(entry.items()))) == ["duplicate"]


def test_one_nonce_with_other_content_is_told_and_both_are_kept(scanner):
    entry = line()
    other = {**entry, "code": "OTHER"}
    assert scanner.results(entry) == ["received"]
    assert scanner.results(other, line()) == ["key_reused", "received"]
    assert scanner.results(other) == ["key_reused"]
    (kept,) = Quarantined._get_collection().find({"unit": scanner_unit()})
    assert kept["reason"] == "key_reused"
    opened = runtime.current().sealer.open("journal_quarantine.content", kept["_id"], kept["content"])
    assert '"OTHER"' in opened


def test_a_device_that_sends_only_nonsense_fills_no_store_and_is_told_so(scanner, client, monkeypatch):
    monkeypatch.setattr("models.devices.quarantine.MOST_OF_DEVICE", 3)
    bad = [{**line(), "decision": "perhaps"} for _ in range(5)]
    told = scanner.hand_in(*bad, line()).json["items"]
    assert [one["result"] for one in told] == ["malformed"] * 5 + ["received"], "no bad entry holds up a good one"
    assert [one.get("quarantine") for one in told] == ["kept"] * 3 + ["full"] * 2 + [None]
    again = scanner.hand_in(*bad).json["items"]
    assert [one["quarantine"] for one in again] == ["kept"] * 3 + ["full"] * 2
    assert len(list(Quarantined._get_collection().find({"device": scanner.id}))) == 3
    other = Scanner(client)
    assert other.hand_in(bad[0]).json["items"][0]["quarantine"] == "kept", "each device has a part of its own"


def test_the_quarantine_is_forgotten_in_time(scanner):
    scanner.hand_in({**line(), "decision": "perhaps"})
    found = Quarantined._get_collection().index_information()
    (kept,) = [one["expireAfterSeconds"] for one in found.values() if "expireAfterSeconds" in one]
    assert kept == 180 * 24 * 3600
    (entry,) = Quarantined._get_collection().find({"device": scanner.id})
    assert clock.now() - entry["received_at"] < timedelta(minutes=1)


def scanner_unit():
    return "changzhengyuan"


def test_within_one_upload_too_an_entry_counts_once(scanner):
    entry = line()
    assert scanner.results(entry, entry, {**entry, "code": "OTHER"}) == ["received", "duplicate", "key_reused"]


def test_two_scanners_may_use_the_same_nonce(client, scanner):
    entry = line()
    assert scanner.results(entry) == Scanner(client).results(entry) == ["received"]


MALFORMED = [
    (7, "form"),
    (None, "form"),
    ([], "form"),
    ({}, "nonce"),
    (line(nonce="short"), "nonce"),
    (line(nonce="x" * 65), "nonce"),
    (line(nonce={"$ne": 1}), "nonce"),
    (line(at=None), "at"),
    (line(at="yesterday"), "at"),
    (line(at="2026-11-23T09:30:00"), "at"),
    (line(at="0001-01-01T00:00:00+08:00"), "at"),
    (line(at="9999-12-31T23:59:59-23:59"), "at"),
    (line(at=1763890000), "at"),
    (line(offline_since="x"), "offline_since"),
    (line(code_kind="Ticket"), "code_kind"),
    (line(code_kind=["ticket"]), "code_kind"),
    (line(code=""), "code"),
    (line(code="A" * (entry_form.MOST_CODE + 1)), "code"),
    (line(code=None), "code"),
    (line(decision="maybe"), "decision"),
    (line(decision=[]), "decision"),
    (line(reason="free text!"), "reason"),
    (line(zone="a\x00b"), "zone"),
    (line(direction="up"), "direction"),
    (line(name="张三"), "form"),
]


@pytest.mark.parametrize(("bad", "part"), MALFORMED)
def test_a_malformed_entry_in_the_middle_holds_up_no_other(scanner, library, bad, part):
    before, after = line(), line()
    answer = scanner.hand_in(before, bad, after)
    assert [one["result"] for one in answer.json["items"]] == ["received", "malformed", "received"]
    assert answer.json["items"][1]["reason"] == part
    queues.drain("gates")
    assert [state(one, scanner) for one in (before, after)] == ["applied"] * 2
    assert scanner.results(bad) == ["malformed"]
    (kept,) = Quarantined._get_collection().find({"unit": scanner_unit()})
    assert (kept["reason"], kept["device"]) == (part, scanner.id)


BODIES = [
    {"entries": []},
    {"entries": [line()] * 201},
    {"entries": "x"},
    {"entries": {"0": 1}},
    {"device_time": "x"},
    {"device_time": "2026-11-23T09:30:00"},
    {"device_time": "0001-01-01T00:00:00+00:00"},
    {"device_time": "9999-12-31T23:59:59-14:00"},
    {"more": 1},
]


@pytest.mark.parametrize("changes", BODIES)
def test_an_upload_of_a_wrong_form_is_a_400_and_nothing_is_kept(scanner, changes):
    answer = scanner.call("POST", JOURNAL, {"device_time": now(), "entries": [line()], **changes})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
    assert JournalEntry._get_collection().estimated_document_count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"entries":[NaN]}', b'{"entries":["\\ud800"],"device_time":"x"}'])
def test_what_is_no_json_is_a_400(scanner, body):
    headers = {"Authorization": scanner.signed(body, path=JOURNAL), "Content-Type": "application/json"}
    assert scanner.client.post(JOURNAL, data=body, headers=headers).status_code == 400


# Clocks


def test_a_clock_that_is_off_is_corrected_by_what_it_says_itself(scanner):
    entry = line(at=now(minutes=-40))  # by a clock that is ten minutes slow: half an hour ago
    assert scanner.results(entry, device_time=now(minutes=-10)) == ["received"]
    found = stored(entry, scanner)
    assert abs(found["at"] - later(minutes=-30)) < timedelta(seconds=5)
    assert found["told_at"] < found["at"]
    assert found["flags"] == ["clock"]
    assert abs(found["offset_seconds"] - 600) <= 2


TIMES = [
    ({"minutes": 0}, []),
    ({"minutes": 1}, []),
    ({"minutes": 5}, ["future"]),
    ({"days": 400}, ["future"]),
    ({"hours": -167}, []),
    ({"hours": -169}, ["late"]),
    ({"days": -2000}, ["late"]),
]


@pytest.mark.parametrize(("shift", "flags"), TIMES)
def test_an_entry_of_a_doubtful_time_is_marked_and_not_lost(scanner, library, shift, flags):
    entry = line(at=now(**shift))
    assert scanner.results(entry) == ["received"]
    queues.drain("gates")
    found = stored(entry, scanner)
    assert (found.get("flags", []), found["state"]) == (flags, "applied")
    assert found["at"] <= found["received_at"]


# Settling


def test_a_handler_gets_the_entry_with_its_code_and_decides(scanner, library):
    entries = [line(code=code) for code in ("good", "refused", "conflict")]
    scanner.hand_in(*entries)
    queues.drain("gates")
    assert [state(one, scanner) for one in entries] == ["applied", "refused", "conflict"]
    assert {one["code"] for one in library} == {"good", "refused", "conflict"}
    (found,) = JournalConflict._get_collection().find({"unit": scanner_unit()})
    assert (found["_id"], found["reason"], found["state"]) == (
        f"{scanner.id}:{entries[2]['nonce']}",
        "used_twice",
        "open",
    )


def test_what_a_scanner_refused_is_noted_and_nothing_follows(scanner, library):
    entry = line(decision="refused", reason="revoked")
    scanner.hand_in(entry)
    queues.drain("gates")
    assert state(entry, scanner) == "noted"
    assert library == []


def test_a_handler_that_fails_holds_up_no_other_and_its_entry_is_tried_again(
    scanner, library, monkeypatch, shift_clock
):
    bad, good = line(code="fail"), [line() for _ in range(3)]
    scanner.hand_in(good[0], bad, *good[1:])
    queues.drain("gates")
    assert [state(one, scanner) for one in good] == ["applied"] * 3
    assert state(bad, scanner) == "waiting"
    monkeypatch.setitem(journal._handlers, "library", lambda _entry, _session: Settled("applied", "mended"))
    shift_clock(600)
    queues.drain("gates")
    assert (state(bad, scanner), stored(bad, scanner)["reason"]) == ("applied", "mended")
    assert len(library) == 5 - 1


def test_what_a_failing_handler_had_written_is_undone(scanner, monkeypatch):
    def handle(entry, session):
        get_db().shelf.insert_one({"_id": entry["_id"]}, session=session)
        raise RuntimeError("broken")

    get_db().shelf.drop()
    get_db().create_collection("shelf")
    monkeypatch.setitem(journal._handlers, "library", handle)
    entry = line()
    scanner.hand_in(entry)
    queues.drain("gates")
    assert state(entry, scanner) == "waiting"
    assert get_db().shelf.estimated_document_count() == 0


def test_a_kind_that_nobody_knows_waits_and_is_settled_once_somebody_does(scanner, library):
    entry = line(code_kind="sports_court")
    scanner.hand_in(entry)
    queues.drain("gates")
    assert state(entry, scanner) == "unsettled"
    settle.waiting_kinds()
    assert state(entry, scanner) == "unsettled"
    journal._handlers["sports_court"] = journal._handlers["library"]
    try:
        settle.waiting_kinds()
    finally:
        del journal._handlers["sports_court"]
    assert state(entry, scanner) == "applied"


def test_a_kind_has_one_handler():
    def another(_entry, _session):
        return Settled("applied")

    with pytest.raises(ValueError, match="ticket"):
        journal.settles("ticket")(another)
    assert journal.handlers()["ticket"] is not another


# Many at once, and kills


def test_one_upload_sent_ten_times_at_once_is_kept_once(client, scanner, library):
    entries = [line() for _ in range(20)]
    twins = [scanner.twin(client.application.test_client()) for _ in range(10)]
    answers = at_once([lambda one=one: one.results(*entries) for one in twins])
    assert sum(answer.count("received") for answer in answers) == 20
    assert sum(answer.count("duplicate") for answer in answers) == 180
    queues.drain("gates")
    assert len(library) == 20
    assert JournalEntry._get_collection().estimated_document_count() == 20


def test_overlapping_uploads_at_once_keep_each_entry_once(client, scanner):
    entries = [line() for _ in range(60)]
    parts = [entries[start : start + 30] for start in (0, 10, 20, 30)]
    twins = [scanner.twin(client.application.test_client()) for _ in parts]
    answers = at_once([lambda one=one, part=part: one.results(*part) for one, part in zip(twins, parts, strict=True)])
    assert sum(answer.count("received") for answer in answers) == 60


def test_two_workers_at_one_upload_settle_each_entry_once(scanner, library):
    scanner.hand_in(*(line() for _ in range(30)))
    upload = JournalEntry._get_collection().find_one({"state": "waiting"})["upload"]
    at_once([lambda: settle.upload(upload) for _ in range(4)])
    assert get_db().shelf.estimated_document_count() == 30
    assert JournalEntry._get_collection().count_documents({"state": "applied"}) == 30


def test_killed_between_keeping_and_answering_the_upload_is_settled_all_the_same(scanner, library, monkeypatch):
    """The entries and what settles them are one transaction, so there is no gap for a kill to fall into."""

    def killed(_queue):
        raise KeyboardInterrupt

    entry = line()
    monkeypatch.setattr(outbox, "wake", killed)
    with pytest.raises(KeyboardInterrupt):
        scanner.hand_in(entry)
    monkeypatch.undo()
    monkeypatch.setitem(journal._handlers, "library", lambda _entry, _session: Settled("applied"))
    queues.drain("gates")
    assert state(entry, scanner) == "applied"
    assert scanner.results(entry) == ["duplicate"]


def test_killed_before_the_commit_nothing_is_kept_and_the_scanner_sends_again(scanner, library, monkeypatch):
    def killed(change):
        with pytest.raises(ZeroDivisionError):
            run(lambda session: (change(session), 1 / 0))
        raise KeyboardInterrupt

    run, entry = transactions.run, line()
    monkeypatch.setattr(transactions, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        scanner.hand_in(entry, line())
    monkeypatch.setattr(transactions, "run", run)
    assert JournalEntry._get_collection().estimated_document_count() == 0
    assert scanner.results(entry) == ["received"]


def test_a_worker_killed_in_the_middle_goes_on_where_it_stood(scanner, library, monkeypatch, shift_clock):
    entries = [line(at=now(seconds=-number), code="kill" if number == 5 else "good") for number in range(10)]
    handle, turns = journal._handlers["library"], []

    def killed_once(entry, session):
        if entry["code"] == "kill" and not turns:
            turns.append(1)
            raise KeyboardInterrupt
        return handle(entry, session)

    monkeypatch.setitem(journal._handlers, "library", killed_once)
    scanner.hand_in(*entries)
    with pytest.raises(KeyboardInterrupt):
        queues.drain("gates")
    assert 0 < get_db().shelf.estimated_document_count() < 10
    shift_clock(120)
    queues.drain("gates")
    assert get_db().shelf.estimated_document_count() == 10
    assert {state(one, scanner) for one in entries} == {"applied"}


def test_a_backlog_of_ten_thousand_entries_comes_in_and_again_without_harm(scanner):
    entries = [line(nonce=secrets.token_hex(12), code_kind="sports_court") for _ in range(10_000)]
    entries[5_000] = {"nonce": "x"}
    for wanted in ("received", "duplicate"):
        results = []
        for start in range(0, len(entries), journal.MOST_ENTRIES):
            results += scanner.results(*entries[start : start + journal.MOST_ENTRIES])
        assert (results.count(wanted), results.count("malformed")) == (9_999, 1)
    queues.drain("gates")
    found = JournalEntry._get_collection()
    assert found.count_documents({"state": "unsettled"}) == 9_999
    assert found.count_documents({"state": "waiting"}) == 0

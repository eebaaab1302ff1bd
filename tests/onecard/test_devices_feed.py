"""The revocation feed: nothing is missed, nobody can alter it, each scanner hears only what concerns it."""

import base64
import threading
from datetime import timedelta

import pytest
from mongoengine.connection import get_connection, get_db

from backend import clock, runtime
from backend.store import transactions
from models.devices import offline_limit, revocation
from models.devices.revocation import Revocation
from tests.support.crowd import at_once
from tests.support.scanner import Scanner, now

DAY = timedelta(days=1)


def revoke(*keys, kind="credential", scope="", until=None, reason="lost"):
    told = {"reason": reason, "scope": scope, "until": until or clock.now() + DAY}
    transactions.run(lambda session: revocation.append(kind, list(keys), **told, session=session))


@pytest.fixture
def scanner(client, seeded):
    return Scanner(client)


def test_a_fresh_scanner_gets_everything_that_still_matters(scanner):
    revoke("a1", "a2")
    revoke("old", until=clock.now() - timedelta(seconds=1))
    page = scanner.feed()
    assert [(one["kind"], one["key"], one["reason"]) for one in page["items"]] == [
        ("credential", "a1", "lost"),
        ("credential", "a2", "lost"),
    ]
    assert page["more"] is False
    assert page["next"]


def test_each_scanner_hears_of_everywhere_of_its_place_and_of_its_class_only(client, seeded):
    gate, bus = Scanner(client), Scanner(client, "line-1", scanner_class="transit", unit="transport")
    revoke("all")
    revoke("here", scope="pingshan", kind="ticket")
    revoke("there", scope="museum", kind="ticket")
    revoke("buses", scope="transit")
    revoke("line", scope="line-1")
    assert gate.walk()[0] == {"all", "here"}
    assert bus.walk()[0] == {"all", "buses", "line"}


def test_a_later_sync_brings_what_came_since(scanner):
    revoke("first")
    _, cursor = scanner.walk()
    revoke("second")
    keys, again = scanner.walk(cursor)
    assert "second" in keys
    assert scanner.walk(again)[0] >= {"second"}


def test_what_was_said_long_ago_is_not_said_again(scanner):
    revoke("long ago")
    Revocation._get_collection().update_many(
        {"scope": ""}, {"$set": {"noted_at": clock.now() - 2 * revocation.OVERLAP}}
    )
    keys, cursor = scanner.walk()
    assert keys == {"long ago"}
    assert scanner.walk(cursor)[0] == set()


def test_pages_are_bounded_and_a_walk_through_them_misses_nothing(scanner):
    wanted = {f"{number:04d}" for number in range(1203)}
    revoke(*sorted(wanted))
    page = scanner.feed()
    assert (len(page["items"]), page["more"]) == (revocation.MOST, True)
    assert scanner.walk()[0] == wanted


def test_repeating_a_revocation_makes_one_entry_and_never_shortens_it(scanner):
    late, soon = clock.now() + 3 * DAY, clock.now() + DAY
    revoke("a1", until=late)
    revoke("a1", until=soon)
    (item,) = scanner.feed()["items"]
    assert item["until"] == clock.civil(late).isoformat(timespec="seconds")


def test_a_revocation_whose_transaction_is_undone_is_never_heard_of(scanner):
    def change(session):
        revocation.append("credential", ["undone"], reason="lost", until=clock.now() + DAY, session=session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transactions.run(change)
    assert scanner.walk()[0] == set()


def test_one_code_revoked_by_many_at_once_is_one_entry(scanner):
    at_once([lambda: revoke("same") for _ in range(8)])
    assert [one["key"] for one in scanner.feed()["items"]] == ["same"]


class Slow:
    """A transaction that has written and not committed; others commit before it."""

    def __init__(self, key: str):
        self.session = get_connection().start_session()
        self.session.start_transaction()
        told = {"reason": "lost", "until": clock.now() + DAY, "session": self.session}
        revocation.append("credential", [key], **told)

    def commit(self):
        self.session.commit_transaction()
        self.session.end_session()


def test_what_commits_after_a_later_one_was_read_comes_with_the_next_sync(scanner):
    slow = Slow("slow")
    revoke("quick")
    keys, cursor = scanner.walk()
    assert keys == {"quick"}
    slow.commit()
    assert "slow" in scanner.walk(cursor)[0]


def test_without_the_overlap_the_late_commit_would_be_missed(scanner, monkeypatch):
    monkeypatch.setattr(revocation, "OVERLAP", timedelta(0))
    slow = Slow("slow")
    revoke("quick")
    _, cursor = scanner.walk()
    slow.commit()
    assert "slow" not in scanner.walk(cursor)[0]


def test_no_scanner_that_walks_while_many_commit_out_of_order_misses_one(client, seeded):
    """Writers hold their transactions open over later ones; readers walk all the time, from where they stood."""
    app, writers, each = client.application, 6, 15
    scanners = [Scanner(app.test_client()) for _ in range(3)]
    wanted = {f"{writer}-{number}" for writer in range(writers) for number in range(each)}
    ended = threading.Event()

    def write(writer):
        held = []
        for number in range(each):
            held.append(Slow(f"{writer}-{number}"))
            if len(held) > 1 + writer % 3:
                held.pop(0 if number % 2 else -1).commit()
        for one in held:
            one.commit()

    def read(scanner):
        seen, cursor, last = set(), "", False
        while not last:
            last = ended.is_set()
            keys, cursor = scanner.walk(cursor)
            seen |= keys
        return seen

    def write_all():
        try:
            at_once([lambda writer=writer: write(writer) for writer in range(writers)])
        finally:
            ended.set()

    results = at_once([write_all, *(lambda one=one: read(one) for one in scanners)])
    assert results[1:] == [wanted] * 3


ODD = ["x", "====", "é", "A" * 512, base64.b64encode(b"[]").decode(), base64.b64encode(b'["2026","",null]').decode()]
ODD += [base64.urlsafe_b64encode(text).decode().rstrip("=") for text in (b"{}", b"null", b'["x",1,2]', b'[1,"",null]')]
ODD += [base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00",7,null]').decode().rstrip("=")]
ODD += [base64.urlsafe_b64encode(b'["0001-01-01T00:00:00+23:59","a",null]').decode().rstrip("=")]


@pytest.mark.parametrize("cursor", ODD)
def test_an_odd_cursor_is_a_bad_request(scanner, cursor):
    answer = scanner.get(f"/gate/v1/revocations?cursor={cursor}")
    assert answer.status_code in {200, 400, 401}
    if answer.status_code == 200:
        assert cursor == ODD[5]


# The signature


def test_what_a_scanner_is_told_is_proven_for_this_request_and_no_other(scanner):
    revoke("a1")
    answer = scanner.get("/gate/v1/revocations")
    assert scanner.proven(answer)
    assert not scanner.proven(answer, nonce="another-nonce-of-later")
    assert not scanner.proven(answer, body=answer.data.replace(b"a1", b"a2"))
    assert not scanner.proven(answer, body=b'{"items":[],"next":"","more":false}')


def test_every_answer_to_a_scanner_is_proven_errors_too(scanner):
    for method, path, body in (
        ("GET", "/gate/v1/sync", None),
        ("GET", "/gate/v1/revocations?cursor=x", None),
        ("POST", "/gate/v1/keys", {"public_key": "x"}),
        ("POST", "/gate/v1/journal", {"entries": [1], "device_time": now()}),
    ):
        assert scanner.proven(scanner.call(method, path, body)), path


def test_who_proves_nothing_is_told_nothing_and_gets_no_proof(scanner):
    answer = scanner.client.get("/gate/v1/sync")
    assert answer.status_code == 401
    assert "City-Proof" not in answer.headers


# What a sync says


def test_a_sync_tells_time_class_keys_limits_and_the_first_revocations(scanner):
    revoke("a1")
    told = scanner.get("/gate/v1/sync").json
    own = {"id": scanner.id, "name": "东门", "scanner_class": "venue", "place": "pingshan"}
    post = {"zone": "", "direction": "in", "reads_documents": False, "signs_entries": False}
    assert told["device"] == own | post
    assert {one["use"] for one in told["keys"]} == {"answer", "ticket", "card"}
    assert told["limits"]["max_offline_hours"] == 24
    assert told["limits"]["source"]
    assert [one["key"] for one in told["revocations"]["items"]] == ["a1"]
    assert (told["clock_offset_seconds"], told["clock_advice"]) in {(0, ""), (1, "")}


def test_the_next_sync_goes_on_where_the_last_one_ended(scanner):
    revoke("a1")
    Revocation._get_collection().update_many(
        {"scope": ""}, {"$set": {"noted_at": clock.now() - 2 * revocation.OVERLAP}}
    )
    cursor = scanner.get("/gate/v1/sync").json["revocations"]["next"]
    assert scanner.get(f"/gate/v1/sync?cursor={cursor}").json["revocations"]["items"] == []


def test_a_scanner_hears_by_how_much_its_clock_is_off(scanner):
    told = scanner.get("/gate/v1/sync", late=-120).json
    assert told["clock_offset_seconds"] in {120, 121}
    assert "慢" in told["clock_advice"]
    answer = scanner.get("/gate/v1/sync", late=600)
    assert answer.json["code"] == "device_clock_wrong"
    assert answer.json["fields"]["server_time"][0].endswith("+08:00")


def test_only_gates_of_places_are_given_the_keys_of_tickets(client, seeded):
    bus = Scanner(client, "line-1", scanner_class="transit", unit="transport")
    assert {one["use"] for one in bus.get("/gate/v1/sync").json["keys"]} == {"answer", "card"}


def test_limits_follow_the_day(scanner, shift_clock):
    changed = dict.fromkeys(offline_limit.FIGURES, 1)
    tomorrow = (clock.today() + DAY).isoformat()
    offline_limit.seed({**changed, "scanner_class": "venue", "valid_from": tomorrow, "source": "县人社局 2026 年通知"})
    assert scanner.get("/gate/v1/sync").json["limits"]["max_offline_hours"] == 24
    shift_clock(24 * 3600)
    assert scanner.get("/gate/v1/sync").json["limits"]["max_offline_hours"] == 1


def test_a_class_without_limits_may_accept_nothing_offline(client, store):
    limits = Scanner(client).get("/gate/v1/sync").json["limits"]
    assert limits == {**dict.fromkeys(offline_limit.FIGURES, 0), "valid_from": "", "source": ""}


# Secret keys


def test_a_scanner_gets_the_keys_of_its_own_class_and_of_no_other(client, seeded):
    hospital = Scanner(client, "county-hospital", scanner_class="medical", unit="health_commission")
    gate = Scanner(client)
    assert {one["kind"] for one in hospital.secret_keys()} == {"medical", "identity"}
    assert {one["kind"] for one in gate.secret_keys()} == {"venue"}
    held = seeded.code_keys.gate("venue").dynamic[1]["venue"]
    assert [base64.b64decode(one["key"]) for one in gate.secret_keys()] == [held]


def test_a_till_gets_none_because_what_pays_is_asked_for_online(client, seeded):
    till = Scanner(client, "noodle-shop", scanner_class="payment", unit="culture_tourism")
    answer = till.call("POST", "/gate/v1/keys", {"public_key": base64.b64encode(bytes(31) + b"\x09").decode()})
    assert (answer.status_code, answer.json["code"]) == (403, "online_only")


def test_the_keys_go_out_sealed_anew_each_time_and_stand_in_the_audit(scanner):
    own = base64.b64encode(bytes(31) + b"\x09").decode()
    bodies = [scanner.call("POST", "/gate/v1/keys", {"public_key": own}).json["sealed"] for _ in range(2)]
    assert bodies[0] != bodies[1]
    secret = base64.b64encode(next(iter(_held(scanner).values())))
    assert secret not in base64.b64decode(bodies[0])
    lines = list(get_db().audit_entries.find({"object": f"device:{scanner.id}"}))
    assert [(one["action"], one["details"]["keys"]) for one in lines] == [("device.keys", [1])] * 2


def _held(scanner):
    return runtime.current().code_keys.gate(scanner.scanner_class).dynamic[1]


@pytest.mark.parametrize(
    "key", ["", "x" * 44, base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(32)).decode(), 7]
)
def test_a_key_that_gives_no_secret_is_refused(scanner, key):
    answer = scanner.call("POST", "/gate/v1/keys", {"public_key": key})
    assert answer.status_code == 400
    assert "public_key" in answer.json["fields"]

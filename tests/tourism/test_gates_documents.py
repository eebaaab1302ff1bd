"""The ID card as a ticket: found by its blind index, shown to nobody, limited; and without network by today's list."""

import json
from base64 import b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from mongoengine.connection import get_db

from backend import clock
from blueprints.booking import gate as surface
from models.audit.access_line import AccessLine
from models.booking import gate_day_list
from models.booking.gate_scan import GateScan
from models.identity import device
from models.identity.device import Duty
from seed.demo.gate_link import NoNetwork, Refused
from seed.demo.offline_gate import OfflineGate
from tests.onecard.codes_kit import person_of
from tests.support import slots
from tests.support.phone import resident_id
from tests.tourism import gates_kit
from tests.tourism.gates_kit import ZoneGate, agree, nonce, stored, zone


@pytest.fixture
def visit(phone, travel):
    """Issue tickets and go to the hour of the visit; return the order."""

    def go(*visitors, at="18:30"):
        order = phone.issued(slots.make(9), *visitors)
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


@pytest.fixture
def reader(client, seeded):
    return ZoneGate(client, direction="both", reads_documents=True)


# With network


def test_the_card_lets_in_like_the_ticket_of_its_holder(reader, visit, phone):
    order = visit()
    shown = reader.read_card(phone.document).json
    assert (shown["result"], shown["shown_by"]) == ("admitted", "document")
    assert shown["ticket"] == order["tickets"][0]["id"]
    assert reader.result(order["tickets"][0]["code"]) == "already_used"
    assert reader.read_card(phone.document).json["result"] == "already_used"
    assert stored(order)["first_scan"]["gate"] == "东门"


def test_small_letters_and_wide_figures_are_the_same_number(reader, visit, phone):
    visit()
    wide = phone.document.translate({ord(one): ord(one) + 0xFEE0 for one in "0123456789"}).lower()
    assert reader.read_card(wide).json["result"] == "admitted"


def test_a_repeated_request_is_the_same_scan(reader, visit, phone):
    order, mine = visit(), nonce()
    first = reader.read_card(phone.document, nonce=mine).json
    assert reader.read_card(phone.document, nonce=mine).json == first
    assert stored(order)["zones"]["_"]["in"] == 1
    other = reader.read_card(resident_id(), nonce=mine)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_one_leaves_by_the_card_too(reader, visit, phone):
    visit()
    reader.read_card(phone.document)
    body = {"document": {"kind": "resident_id", "number": phone.document}, "direction": "out"}
    assert reader.call("POST", "/gate/v1/scans", body).json["result"] == "exited"


def test_nobody_is_told_whether_a_person_is_known(reader, visit, phone, client, sandbox):
    visit()
    known = type(phone)(client, sandbox).ready()
    stranger, without = reader.read_card(resident_id()), reader.read_card(known.document)
    assert stranger.json == without.json == {"result": "no_ticket", "message": stranger.json["message"]}
    assert "游客中心" in stranger.json["message"]


def test_a_look_at_somebodys_age_band_is_written_down_before_it_is_shown(reader, visit, phone):
    visit()
    assert reader.read_card(phone.document).json["age_band"] == "adult"
    (line,) = AccessLine.objects(subjects=person_of(phone))
    assert (line.who, line.unit, line.fields) == (f"device:{reader.id}", "changzhengyuan", ["person.age_band"])
    reader.read_card(resident_id())
    assert AccessLine.objects.count() == 1 or len(AccessLine.objects(who=f"device:{reader.id}")) == 1


def test_a_gate_without_a_reader_may_not_ask(client, visit, phone):
    visit()
    answer = ZoneGate(client).read_card(phone.document)
    assert (answer.status_code, answer.json["code"]) == (403, "device_reads_no_documents")
    body = {"public_key": b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()}
    assert ZoneGate(client).call("POST", "/gate/v1/documents", body).status_code == 403


@pytest.mark.parametrize(
    "told",
    [
        {"document": {"kind": "resident_id", "number": "11010519491231002A"}},
        {"document": {"kind": "library_card", "number": "1"}},
        {"document": {"kind": "resident_id"}},
        {"document": {"kind": "resident_id", "number": "11010519491231002X"}, "code": "X"},
        {"document": "11010519491231002X"},
        {"direction": "in"},
    ],
)
def test_odd_documents_are_bad_requests_that_repeat_no_number(reader, told):
    answer = reader.call("POST", "/gate/v1/scans", told)
    assert answer.status_code == 400
    assert "11010519491231002" not in answer.get_data(as_text=True)


def test_the_number_lies_nowhere_and_in_no_log(reader, visit, phone, capfd):
    visit()
    reader.read_card(phone.document)
    assert phone.document not in capfd.readouterr().out
    (record,) = GateScan._get_collection().find({"place": slots.PLACE})
    assert phone.document not in str(record)
    assert record["shown_by"] == "document"


def test_who_tries_numbers_is_stopped_and_hits_with_them(reader, visit, phone, monkeypatch):
    visit()
    monkeypatch.setattr(surface, "MISSES_LIMIT", "3/hour")
    told = [reader.read_card(resident_id()).status_code for _ in range(5)]
    assert told == [200, 200, 200, 429, 429]
    assert reader.read_card(phone.document).status_code == 429
    assert stored_of(phone)["state"] == "valid"


def test_a_reader_that_may_not_ask_any_more_still_opens_on_the_way_out(reader, visit, phone, monkeypatch):
    visit()
    assert reader.read_card(phone.document).json["result"] == "admitted"
    monkeypatch.setattr(surface, "MISSES_LIMIT", "1/hour")
    told = [leaving(reader, resident_id()).json for _ in range(3)]
    assert [one["result"] for one in told] == ["exited"] * 3
    assert all("没有入园记录" in one["message"] for one in told)
    assert reader.read_card(resident_id()).status_code == 429
    assert leaving(reader, phone.document).json == told[0], "who is known is not told"
    kept = GateScan._get_collection().find({"place": slots.PLACE, "direction": "out"})
    assert [(one["result"], one["uncounted"]) for one in kept] == [("exited", True)] * 4


def leaving(reader, number: str):
    body = {"document": {"kind": "resident_id", "number": number}, "direction": "out"}
    return reader.call("POST", "/gate/v1/scans", body)


def stored_of(phone):
    return get_db().tickets.find_one({"person": person_of(phone)})


def test_no_reader_reads_faster_than_cards_can_be_laid_on(reader, visit, phone, monkeypatch):
    visit()
    monkeypatch.setattr(surface, "DOCUMENTS_LIMIT", "2/minute")
    assert [reader.read_card(phone.document).status_code for _ in range(3)] == [200, 200, 429]


# Without network


class Network:
    def __init__(self, client):
        self.client, self.up, self.bytes = client, True, 0

    def __call__(self, method, path, body, headers):
        if not self.up:
            raise NoNetwork
        answer = self.client.open(path, method=method, data=body, headers=headers)
        self.bytes = len(answer.data)
        return answer.status_code, dict(answer.headers), answer.data


@pytest.fixture
def make(client, seeded, tmp_path):
    """Put up a gate with a reader that also works without network."""
    keys = {str(one): b64encode(key.public_bytes_raw()).decode() for one, key in seeded.ticket_keys.public.items()}

    def new(zone="", direction="both", place=slots.PLACE, *, reads_documents=True):
        name, private = f"gate-{nonce()}", Ed25519PrivateKey.generate()
        duty = Duty(zone, direction, reads_documents, signs_entries=True)
        public = private.public_key().public_bytes_raw()
        told = {"name": "东门", "place": place, "public_key": public, "unit": "changzhengyuan"}
        device.register("staff:test", name, duty=duty, **told)
        gate = OfflineGate(name, private, tmp_path / name, Network(client), keys)
        gate.id, gate.network = name, gate._link._send
        gate.sync()
        return gate

    return new


def test_by_todays_list_a_card_opens_a_gate_without_network(make, visit, phone):
    order = visit((phone.me, "adult"), (phone.companion(), "adult"))
    gate = make()
    gate.fetch_documents()
    gate.network.up = False
    assert gate.read_document("resident_id", phone.document).result == "admitted"
    assert gate.read_document("resident_id", phone.document).result == "already_used"
    assert gate.read_document("resident_id", resident_id()).result == "no_ticket"
    assert gate.read_document("resident_id", phone.document, direction="out").result == "exited"
    gate.network.up = True
    gate.sync()
    gates_kit.settle()
    found = stored(order)
    assert (found["state"], found["zones"]["_"]["in"], found["zones"]["_"]["out"]) == ("used", 1, 1)
    assert sorted(gates_kit.outcome()["entries"].values()) == [("applied", "")] * 2 + [("noted", "")] * 2
    assert stored(order, 1)["state"] == "valid"


def test_the_list_holds_no_number_and_is_another_one_at_every_gate_and_day(make, visit, phone, travel):
    order = visit()
    one, other = make(), make()
    for gate in (one, other):
        gate.fetch_documents()
    matches = [set(gate._documents["by_match"]) for gate in (one, other)]
    assert len(matches[0]) == len(matches[1]) == 1
    assert matches[0] != matches[1]
    assert phone.document not in json.dumps([one._documents, other._documents])
    assert phone.document not in json.dumps(one.state)
    one.network.up = False
    one._documents["key"] = other._documents["key"]
    assert one.read_document("resident_id", phone.document).result == "no_ticket"
    travel((clock.date_of(order["day"]) + timedelta(days=1)).isoformat(), "10:00")
    other.network.up = False
    assert other.read_document("resident_id", phone.document).result in {"no_ticket", "offline_too_long"}


def listed(gate) -> set[str]:
    return {ticket for items in gate._documents["by_match"].values() for ticket in items}


def test_a_list_is_brought_up_to_date_by_what_was_issued_since(make, visit, phone, client, sandbox):
    order = visit()
    gate = make()
    gate.fetch_documents()
    whole = gate.network.bytes
    gate.fetch_documents()
    assert gate.network.bytes < whole, "what was issued long before does not come again"
    late = type(phone)(client, sandbox).ready()
    again = late.issued(order["slot_id"])
    gate.fetch_documents()
    assert listed(gate) == {order["tickets"][0]["id"], again["tickets"][0]["id"]}
    late.cancel(again["id"])
    gate.sync()
    gate.fetch_documents()
    gate.network.up = False
    assert gate.read_document("resident_id", late.document).result == "revoked"


def test_a_long_list_comes_in_pages_and_what_is_issued_meanwhile_is_not_missed(
    make, visit, phone, client, sandbox, monkeypatch
):
    order = visit((phone.me, "adult"), (phone.companion(), "adult"), (phone.companion(), "adult"))
    monkeypatch.setattr(gate_day_list, "MOST", 1)
    gate, asked = make(), []
    send, late = gate.network, []

    def counted(method, path, body, headers):
        if path.endswith("/documents"):
            asked.append(path)
            if len(asked) == 2:  # in the middle of the walk; the order is older than its tickets
                found = type(phone)(client, sandbox).ready().issued(order["slot_id"])
                tickets = get_db().tickets
                made = tickets.find_one_and_delete({"_id": found["tickets"][0]["id"]})
                late.append({**made, "_id": f"{'0' * 24}-0"})
                tickets.insert_one(late[0])
        return send(method, path, body, headers)

    gate._link._send = counted
    gate.fetch_documents()
    assert {one["id"] for one in order["tickets"]} <= listed(gate)
    assert late[0]["_id"] not in listed(gate), "the walk was behind it"
    assert len(asked) >= 3
    gate.fetch_documents()
    assert {late[0]["_id"], *(one["id"] for one in order["tickets"])} == listed(gate)


def test_tickets_of_an_older_release_are_listed_and_a_new_day_begins_anew(make, visit, travel):
    order = visit()
    get_db().tickets.update_one({"_id": order["tickets"][0]["id"]}, {"$unset": {"issued_at": ""}})
    gate = make()
    gate.fetch_documents()
    assert listed(gate) == {order["tickets"][0]["id"]}
    cursor = gate._documents["next"]
    travel((clock.date_of(order["day"]) + timedelta(days=1)).isoformat(), "10:00")
    gate.fetch_documents()
    assert listed(gate) == set()
    assert gate._documents["next"] != cursor


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsMiwzLDRd", "WyIyMDI2LTExLTIwIiwiIiwieCIsbnVsbF0", "é" * 3])
def test_a_cursor_that_was_not_made_here_is_a_bad_request(reader, cursor):
    key = b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    answer = reader.call("POST", "/gate/v1/documents", {"public_key": key, "cursor": cursor})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor")


def test_a_zone_of_some_ticket_types_knows_them_by_the_list(make, phone, travel):
    agree(zone("hall_a", ticket_types=["senior_65"]))
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    phone.log_in()
    gate = make("hall_a")
    gate.fetch_documents()
    gate.network.up = False
    assert gate.read_document("resident_id", phone.document).result == "zone_not_included"
    assert gate.read(order["tickets"][0]["code"]).result == "zone_needs_network"


def test_a_claim_of_a_ticket_without_its_hash_is_not_acknowledged(client, visit, phone):
    order, gate = visit(), ZoneGate(client, reads_documents=True)
    ticket_id = order["tickets"][0]["id"]
    for code in (f"{ticket_id}:0000000000000000", ticket_id, f"{ticket_id[:-1]}9:00", "x:é", "?"):
        gate.hand_in(gates_kit.passed(code, code_kind=gate_day_list.KIND))
    gates_kit.settle()
    reasons = sorted(reason for _, reason in gates_kit.outcome()["entries"].values())
    assert reasons == ["document_unknown"] * 2 + ["unknown_ticket"] * 3
    assert stored(order)["state"] == "valid"


def test_a_gate_whose_reader_was_taken_away_gets_no_list(make, visit):
    visit()
    gate = make(reads_documents=False)
    with pytest.raises(Refused):
        gate.fetch_documents()

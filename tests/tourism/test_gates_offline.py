"""The reference gate without network: zones, directions, drawn codes, the place's rule for paper, its own memory."""

import secrets
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from models.identity import device
from models.identity.device import Duty
from seed.demo.gate_link import NoNetwork
from seed.demo.offline_gate import OfflineGate
from tests.support import slots
from tests.tourism.gates_kit import WHOLE, DrawnTicket, agree, outcome, settle, stored, zone


class Network:
    """The way to the service: it can be cut, and it can lose the answers."""

    def __init__(self, client):
        self.client, self.up, self.lost = client, True, False

    def __call__(self, method, path, body, headers):
        if not self.up:
            raise NoNetwork
        answer = self.client.open(path, method=method, data=body, headers=headers)
        if self.lost:
            raise NoNetwork
        return answer.status_code, dict(answer.headers), answer.data


@pytest.fixture
def make(client, seeded, tmp_path):
    """Put up a gate, synced."""
    keys = {str(one): b64encode(key.public_bytes_raw()).decode() for one, key in seeded.ticket_keys.public.items()}

    def new(zone="", direction="in", name="东门", **options):
        gate_id, private = f"gate-{secrets.token_hex(4)}", Ed25519PrivateKey.generate()
        told = {"name": name, "place": slots.PLACE, "public_key": private.public_key().public_bytes_raw()}
        duty = Duty(zone, direction, signs_entries=True)
        device.register("staff:test", gate_id, duty=duty, unit="changzhengyuan", **told)
        network = Network(client)
        gate = OfflineGate(gate_id, private, tmp_path / f"{gate_id}.json", network, keys, **options)
        gate.network, gate.id = network, gate_id
        gate.sync()
        return gate

    return new


@pytest.fixture
def visit(phone, travel):
    """Agree on zones, issue a ticket, go to the hour of the visit; return the order."""

    def go(*zones, at="18:30", **terms):
        agree(*zones, **terms)
        order = phone.issued(slots.make(9))
        travel(order["day"], at)
        phone.log_in()
        return order

    return go


def code(order):
    return order["tickets"][0]["code"]


def test_a_gate_goes_by_what_todays_tickets_agreed(make, visit):
    order = visit({**WHOLE, "most_entries": 2}, zone("hall_a"))
    gate, hall, cellar = make(direction="both"), make("hall_a"), make("cellar")
    for one in (gate, hall, cellar):
        one.network.up = False
    told = [gate.read(code(order), direction=way).result for way in ("in", "in", "out", "in", "out", "in")]
    assert told == ["admitted", "already_inside", "exited", "admitted", "exited", "entries_used_up"]
    assert [hall.read(code(order)).result for _ in range(2)] == ["admitted", "already_used"]
    assert cellar.read(code(order)).result == "zone_not_included"
    for one in (gate, hall, cellar):
        one.network.up = True
        one.sync()
    settle()
    assert outcome()["conflicts"] == {}
    counts = {name: (one["in"], one["out"]) for name, one in stored(order)["zones"].items()}
    assert counts == {"_": (2, 2), "hall_a": (1, 0)}


def test_a_drawn_code_is_read_alone_and_an_old_picture_of_it_is_not(make, visit, phone):
    order, gate = visit({**WHOLE, "most_entries": 0, "again": "free"}), make()
    mine = DrawnTicket(phone, order["tickets"][0]["id"])
    gate.network.up = False
    fresh = mine.draw()
    assert [gate.read(fresh).result for _ in range(2)] == ["admitted", "code_used"]
    old = gate.read(mine.draw(-120))
    assert (old.result, "小程序" in old.message) == ("code_stale", True)
    assert gate.read(mine.draw(120)).result == "code_ahead"
    assert gate.read(mine.draw(30)).result == "admitted"
    gate.network.up = True
    gate.sync()
    settle()
    assert stored(order)["zones"]["_"]["in"] == 2
    assert outcome()["conflicts"] == {}


@pytest.mark.parametrize(
    ("policy", "result", "look"),
    [("accept", "admitted", False), ("inspect", "admitted", True), ("refuse", "static_code_refused", False)],
)
def test_paper_is_worth_alone_what_the_place_says(make, visit, policy, result, look):
    order, gate = visit(static_code=policy), make()
    gate.network.up = False
    told = gate.read(code(order))
    assert (told.result, "证件" in told.message and told.admitted) == (result, look)


def test_a_scan_whose_answer_was_lost_is_decided_alone_under_the_same_nonce_and_counts_once(make, visit):
    order, gate = visit(), make()
    gate.network.lost = True
    told = gate.scan(code(order))
    assert told.admitted
    gate.network.lost = False
    gate.sync()
    settle()
    assert [one["nonce"] for one in stored(order)["scans"]] == [told.nonce]
    assert set(outcome()["entries"].values()) == {("applied", "")}
    assert outcome()["conflicts"] == {}


def test_a_gate_remembers_alone_whom_it_let_in_with_network(make, visit):
    order, gate = visit(), make()
    assert gate.scan(code(order)).admitted
    gate.network.up = False
    assert gate.scan(code(order)).result == "already_used"


@pytest.mark.parametrize("off", [-240, 240])
def test_two_gates_with_wrong_clocks_are_put_in_their_true_order(make, visit, travel, off):
    """By their own clocks the second one was first, or both were hours apart."""
    order = visit(at="18:30")
    early = make(name="东门", now=lambda: clock.timestamp() + off)
    late = make(name="西门", now=lambda: clock.timestamp() - off)
    for one, at in ((early, "18:31"), (late, "18:32")):
        travel(order["day"], at)
        one.network.up = False
        assert one.read(code(order)).admitted
    for one in (late, early):
        one.network.up = True
        one.sync()
    settle()
    assert stored(order)["first_scan"]["device"] == early.id
    (conflict,) = outcome()["conflicts"].values()
    assert (conflict["device"], conflict["details"]["other"]["device"]) == (late.id, early.id)


def test_what_a_gate_signs_is_what_the_service_checks(make, visit):
    order, gate = visit(zone("hall_a")), make("hall_a")
    gate.network.up = False
    gate.read(code(order))
    gate.read("X")
    assert {entry["device"] for entry in gate.state["queue"]} == {gate.id}
    gate.network.up = True
    gate.sync()
    settle()
    assert sorted(outcome()["entries"].values()) == [("applied", ""), ("noted", "")]

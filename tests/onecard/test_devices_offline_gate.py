"""A gate without network, from its sync to its upload: the reference program against the service, over HTTP only."""

import json
import secrets
from base64 import b64encode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from backend.codes import card_token, dynamic
from backend.codes.card_token import Token
from backend.store import transactions
from models.booking import ticket
from models.devices import offline_limit, revocation
from models.devices.conflict import JournalConflict
from models.devices.journal import JournalEntry
from models.identity import device
from seed.demo.gate_link import NoNetwork, NotTheService, Refused
from seed.demo.offline_gate import OfflineGate
from tests.support import queues, slots
from tests.support.scanner import UNIT

HOUR = 3600


class Network:
    """The way between gate and service: it can be cut, and somebody on it can change what passes."""

    def __init__(self, client):
        self.client, self.up, self.change, self.lost = client, True, None, False
        self.calls = 0

    def __call__(self, method, path, body, headers):
        if not self.up:
            raise NoNetwork
        self.calls += 1
        answer = self.client.open(path, method=method, data=body, headers=headers)
        if self.lost:
            raise NoNetwork
        told = answer.status_code, dict(answer.headers), answer.data
        return self.change(*told) if self.change else told


@pytest.fixture
def network(client, seeded):
    return Network(client)


@pytest.fixture
def answer_keys(seeded):
    return {str(one): b64encode(key.public_bytes_raw()).decode() for one, key in seeded.ticket_keys.public.items()}


@pytest.fixture
def make(network, answer_keys, tmp_path):
    """Register a gate and put it up; `again` starts the same one from its file."""

    def new(place="pingshan", scanner_class="venue", name="东门", **options):
        gate_id, private = f"gate-{secrets.token_hex(4)}", Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        told = {"name": name, "place": place, "public_key": public, "scanner_class": scanner_class, "unit": UNIT}
        device.register("staff:test", gate_id, **told)
        file = tmp_path / f"{gate_id}.json"

        def start():
            gate = OfflineGate(gate_id, private, file, network, answer_keys, **options)
            gate.again = start
            gate.id = gate_id
            return gate

        return start()

    return new


@pytest.fixture
def gate(make):
    ready = make()
    ready.sync()
    return ready


@pytest.fixture
def card(seeded):
    """What a phone holds: seeds of one credential; `draw` gives the code of an instant."""

    class Card:
        handle = secrets.token_bytes(8)

        def draw(self, *, kind="venue", scanner="venue", shift=0.0):
            last = clock.today() + timedelta(days=30)
            kinds = ("identity", "medical", "transit", "venue", "payment")
            seeds = seeded.code_keys.seeds(1, self.handle, last, kinds)
            seed = next(one for one in seeds if (one.kind, one.scanner_class) == (kind, scanner))
            return dynamic.draw(seed, clock.timestamp() + shift)

        def lose(self):
            told = {"reason": "lost", "until": clock.now() + timedelta(days=30)}
            keys = [self.handle.hex()]
            transactions.run(lambda session: revocation.append("credential", keys, **told, session=session))

    return Card()


def entries(gate):
    return list(
        JournalEntry._get_collection().find({"_id": {"$gte": gate.id, "$lt": gate.id + "~"}}).sort("told_at", 1)
    )


# Cards


def test_a_code_is_read_without_network_and_handed_in_once_there_is_some(gate, network, card):
    network.up = False
    assert gate.read(card.draw()).admitted
    with pytest.raises(NoNetwork):
        gate.sync()
    network.up = True
    gate.sync()
    (one,) = entries(gate)
    assert (one["code_kind"], one["decision"], one["direction"]) == ("venue", "admitted", "in")
    assert gate.state["queue"] == []


def test_one_code_lets_in_once_and_the_next_one_again(gate, network, card):
    network.up = False
    code = card.draw()
    assert [gate.read(code).result for _ in range(2)] == ["admitted", "replayed"]
    assert gate.read(card.draw(shift=30)).admitted


def test_a_code_lets_in_once_even_after_the_gate_lost_its_power(gate, network, card):
    network.up = False
    code = card.draw()
    assert gate.read(code).admitted
    risen = gate.again()
    assert risen.read(code).result == "replayed"
    assert [one["decision"] for one in risen.state["queue"]] == ["admitted", "refused"]


def test_a_lost_card_opens_nothing_after_one_sync(gate, network, card):
    assert gate.read(card.draw()).admitted
    card.lose()
    gate.sync()
    network.up = False
    found = gate.read(card.draw(shift=30))
    assert (found.result, found.message) == ("revoked", "此码已作废,请到服务窗口办理。")


def test_what_was_revoked_stays_so_over_later_syncs_until_the_code_has_expired(gate, card, shift_clock):
    card.lose()
    gate.sync()
    gate.sync()
    assert gate.read(card.draw()).result == "revoked"
    shift_clock(31 * 24 * HOUR)
    gate.sync()
    assert gate.state["revoked"] == {}


OTHERS = [("medical", "medical"), ("payment", "payment"), ("transit", "transit"), ("identity", "identity")]


@pytest.mark.parametrize(("kind", "scanner"), OTHERS)
def test_a_code_for_another_use_opens_nothing(gate, card, kind, scanner):
    assert gate.read(card.draw(kind=kind, scanner=scanner)).result == "wrong_kind"


@pytest.mark.parametrize("minutes", [-10, 7])
def test_a_phone_whose_clock_is_off_is_told_by_how_much(gate, card, minutes):
    found = gate.read(card.draw(shift=60 * minutes))
    assert found.result == "clock_off"
    assert f"{abs(minutes)} 分钟" in found.message
    assert ("快" if minutes > 0 else "慢") in found.message


def test_a_printed_card_is_read_by_the_same_gate(gate, network, seeded):
    handle, now = secrets.token_bytes(8), int(clock.timestamp())
    token = Token(handle, 1, ("identity", "venue"), now, now + 24 * HOUR)
    text = card_token.sign(token, 1, seeded.code_keys.printed[1])
    network.up = False
    assert [gate.read(text).result, gate.read(text).result] == ["admitted", "replayed"]
    assert gate.read(text[:-1] + ("1" if text[-1] == "0" else "0")).result == "not_ours"


def test_a_copy_of_a_printed_card_does_not_pass_within_five_minutes(make, seeded):
    """Nor where the clock's minute changes in between."""
    at = [clock.timestamp() // 60 * 60 + 59]
    gate, handle = make(now=lambda: at[0]), secrets.token_bytes(8)
    gate.sync()
    started = int(gate.now())
    text = card_token.sign(Token(handle, 1, ("venue",), started, started + HOUR), 1, seeded.code_keys.printed[1])
    results = []
    for seconds in (0, 2, 298, 1):
        at[0] += seconds
        results.append(gate.read(text).result)
    assert results == ["admitted", "replayed", "admitted", "replayed"]


def test_the_offset_is_that_of_the_moment_at_which_the_time_was_told(make, network):
    """A slow line between the parts of a sync does not make the clock slow."""
    late = [0.0]

    def slow(*told):
        late[0] += 30
        return told

    gate = make(now=lambda: clock.timestamp() + late[0])
    network.change = slow
    gate.sync()
    assert abs(gate.now() - late[0] - clock.timestamp()) < 35, "as far off as one answer took, not all of them"


# The gate's own clock


@pytest.mark.parametrize("off", [-20 * 60, -120, 120, 20 * 60])
def test_a_gate_whose_own_clock_is_off_takes_the_offset_and_reads_right(make, network, card, off):
    gate = make(now=lambda: clock.timestamp() + off)
    gate.sync()
    network.up = False
    assert gate.read(card.draw()).admitted
    network.up = True
    gate.sync()
    (one,) = entries(gate)
    assert abs(one["at"] - clock.now()) < timedelta(seconds=5)
    assert "flags" not in one


def test_a_false_hint_of_the_time_moves_no_clock(make, network):
    gate = make()
    gate.sync()
    before = gate.now() - clock.timestamp()
    false = json.dumps({"code": "device_clock_wrong", "fields": {"server_time": ["2036-01-01T00:00:00+08:00"]}})
    network.change = lambda _status, _headers, _body: (401, {}, false.encode())
    with pytest.raises(Refused):
        gate.sync()
    assert abs(gate.now() - clock.timestamp() - before) < 1


# Who is on the line


def test_a_relay_that_leaves_a_revocation_out_is_noticed_and_changes_nothing(gate, network, card):
    card.lose()

    def without(status, headers, body):
        told = json.loads(body)
        told["revocations"]["items"] = []
        return status, headers, json.dumps(told).encode()

    network.change = without
    before = json.dumps(gate.state)
    with pytest.raises(NotTheService):
        gate.sync()
    assert json.dumps(gate.state) == before


def test_a_relay_that_plays_an_old_answer_is_noticed(gate, network, card):
    kept = []
    network.change = lambda *told: kept.append(told) or told
    gate.sync()
    card.lose()
    network.change = lambda *_told: kept[0]
    with pytest.raises(NotTheService):
        gate.sync()


def test_a_service_without_the_key_put_in_at_the_start_is_believed_nothing(make, network):
    gate = make()
    gate._pinned = {"1": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    with pytest.raises(NotTheService):
        gate.sync()
    assert gate.read("X").result == "never_synced"


# Limits


def test_a_gate_that_never_had_network_accepts_nothing(make, card):
    found = make().read(card.draw())
    assert (found.result, found.message) == ("never_synced", "本机尚未与平台同步,不能离线验码,请联网后再用。")


def test_after_its_hours_without_network_a_gate_accepts_nothing_and_says_why(gate, network, card, shift_clock):
    network.up = False
    shift_clock(24 * HOUR - 60)
    assert gate.read(card.draw()).admitted
    shift_clock(24 * HOUR + 60)
    found = gate.read(card.draw())
    assert (found.result, found.message) == ("offline_too_long", "本机离线已超过 24 小时,请联网同步后再验码。")
    network.up = True
    gate.sync()
    assert gate.read(card.draw()).admitted


def limits(**changes):
    figures = {"max_offline_hours": 24, "max_accepted": 100, "max_accepted_per_handle": 100, "accept_late_hours": 24}
    day = clock.today().isoformat()
    offline_limit.seed({**figures, **changes, "scanner_class": "venue", "valid_from": day, "source": "县人社局通知"})


def test_a_gate_accepts_so_many_without_network_and_no_more(make, network, card):
    limits(max_accepted=2)
    gate = make()
    gate.sync()
    network.up = False
    results = [gate.read(card.draw(shift=shift)).result for shift in (-30, 0, 30)]
    assert results == ["admitted", "admitted", "limit_reached"]


def test_one_card_is_accepted_so_often_without_network_and_no_more(make, network, card):
    limits(max_accepted_per_handle=1)
    gate = make()
    gate.sync()
    network.up = False
    assert [gate.read(card.draw(shift=shift)).result for shift in (0, 30)] == ["admitted", "handle_limit"]
    network.up = True
    gate.sync()
    assert gate.read(card.draw(shift=30)).admitted


# The queue


def test_an_upload_whose_answer_was_lost_is_sent_again_and_counts_once(gate, network, card):
    network.up = False
    gate.read(card.draw())
    network.up, network.lost = True, True
    with pytest.raises(NoNetwork):
        gate.upload()
    assert len(gate.state["queue"]) == 1
    network.lost = False
    gate.upload()
    assert gate.state["queue"] == []
    assert len(entries(gate)) == 1


def test_a_bad_entry_in_the_queue_does_not_stay_there(gate, network, card):
    network.up = False
    gate.read(card.draw())
    gate.state["queue"].insert(0, {**gate.state["queue"][0], "nonce": secrets.token_hex(12), "at": "broken"})
    network.up = True
    gate.upload()
    assert gate.state["queue"] == []
    assert len(entries(gate)) == 1


def test_a_long_queue_goes_up_in_parts(gate, network):
    network.up = False
    for _ in range(450):
        gate.state["queue"].append(
            {
                "nonce": secrets.token_hex(12),
                "at": clock.now().isoformat(),
                "code_kind": "library",
                "code": "X",
                "decision": "refused",
            }
        )
    network.up, before = True, network.calls
    gate.upload()
    assert network.calls - before == 3
    assert len(entries(gate)) == 450


# Tickets


def test_tickets_are_read_without_network_cancelled_ones_refused_and_uses_settled(make, network, phone, travel):
    slot = slots.make(9)
    order = phone.issued(slot, (phone.me, "adult"), (phone.companion(), "adult"))
    codes = [one["code"] for one in order["tickets"]]
    gate, other, elsewhere = make(), make(name="西门"), make("museum")
    travel(order["day"], "17:00")
    for one in (gate, other, elsewhere):
        one.sync()
    network.up = False
    assert gate.read(codes[0]).result == "other_time"
    travel(order["day"], "18:30")
    assert elsewhere.read(codes[0]).result == "other_place"
    assert [gate.read(codes[0]).result, gate.read(codes[0]).result] == ["admitted", "already_used"]
    assert gate.read(codes[1]).admitted
    travel(order["day"], "18:31")
    assert other.read(codes[0]).admitted
    network.up = True
    for one in (other, gate, elsewhere):
        one.sync()
    queues.drain("gates")
    assert [ticket.read(one["id"])["state"] for one in order["tickets"]] == ["used"] * 2
    assert ticket.read(order["tickets"][0]["id"])["first_scan"]["gate"] == "东门"
    (conflict,) = JournalConflict._get_collection().find({"state": "open"})
    assert conflict["reason"] == "used_twice"


def test_a_cancelled_ticket_is_refused_offline_after_one_sync(gate, network, phone, travel):
    order = phone.issued(slots.make(9))
    phone.cancel(order["id"])
    gate.sync()
    network.up = False
    travel(order["day"], "18:30")
    gate.state["synced_at"] = gate.now()
    assert gate.read(order["tickets"][0]["code"]).result == "revoked"

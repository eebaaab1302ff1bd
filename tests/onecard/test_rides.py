"""Bus rides by transit code: free by a concession, paid from the wallet, or owed when the wallet was short off line."""

import json
import secrets
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.store import transactions
from models.audit.entry import AuditEntry
from models.onecard.card import Card
from models.payments import ledger_account, transfer
from models.transit.bus_line import BusLine
from models.transit.ride import Ride
from tests.office.conftest import on_duty
from tests.onecard.codes_kit import Scanner, Wallet, give_card, person_of
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.phone import Phone

RIDES, JOURNAL, MINE = "/gate/v1/rides", "/gate/v1/journal", "/mini/v1/rides"


class Validator(Scanner):
    """A bus validator of the demonstration's line 1, whose ride costs two yuan."""

    def __init__(self, client):
        super().__init__(client, "transit", unit="transport")
        from models.identity.device import Device  # noqa: PLC0415 - the post of this one device

        Device._get_collection().update_one({"_id": self.id}, {"$set": {"place": "yudu-1"}})

    def board(self, code, **options):
        body = json.dumps({"code": code}).encode()
        return self.send(body, self.signed(body, path=RIDES, **options), path=RIDES)

    def hand_in(self, *entries):
        body = json.dumps({"entries": entries, "device_time": told(clock.now())}).encode()
        return self.send(body, self.signed(body, path=JOURNAL), path=JOURNAL)


def told(at):
    return clock.civil(at).isoformat(timespec="seconds")


def entry(code, nonce=""):
    return {
        "nonce": nonce or secrets.token_hex(12),
        "at": told(clock.now()),
        "code_kind": "transit",
        "code": code,
        "decision": "admitted",
    }


@pytest.fixture
def validator(client, seeded):
    return Validator(client)


@pytest.fixture
def rider(client, seeded, sandbox):
    """Return a function that makes a rider with an active card, money, and seeds on the phone."""

    def make(*, birth="19900307", fen=1000):
        phone = Phone(client, sandbox).ready(birth).sure("verified")
        phone.card = give_card(person_of(phone))
        wallet = ledger_account.wallet_of(person_of(phone))
        ledger_account.open_account(wallet)
        if fen:
            transfer.post(f"test:{wallet}", "clearing:county", wallet, fen, what="manual", about={})
        carried = Wallet(phone)
        assert carried.draw_seeds().status_code == 201
        return carried

    return make


def balance(carried):
    return carried.phone.get("/mini/v1/wallet").json["balance_fen"]


def test_an_adult_pays_the_fare_from_the_wallet(validator, rider):
    carried = rider()
    answer = validator.board(carried.code("transit"))
    assert answer.json["result"] == "accepted"
    assert (answer.json["fare_fen"], balance(carried)) == (200, 800)
    assert ledger_account.read("merchant:yudu-bus")["balance_fen"] == 200
    assert [(one["state"], one["fare_fen"]) for one in carried.phone.get(MINE).json["items"]] == [("paid", 200)]


def test_an_elder_of_65_rides_free_and_one_of_64_does_not(validator, rider):
    year = clock.today().year
    old, younger = rider(birth=f"{year - 66}0101"), rider(birth=f"{year - 64}1231")
    assert validator.board(old.code("transit")).json["fare_fen"] == 0
    assert validator.board(younger.code("transit")).json["fare_fen"] == 200
    (ride,) = old.phone.get(MINE).json["items"]
    assert ride["state"] == "free"
    assert "65" in ride["concession_zh"]


def test_the_same_request_is_the_same_ride_and_the_same_code_is_no_second_one(validator, rider):
    carried, nonce = rider(), secrets.token_hex(12)
    code = carried.code("transit")
    first, again = validator.board(code, nonce=nonce), validator.board(code, nonce=nonce)
    assert first.json == again.json
    assert validator.board(code).json["result"] == "replayed"
    assert balance(carried) == 800


def test_one_code_at_two_validators_at_once_is_one_ride(app, validator, rider):
    carried, other = rider(), Validator(app.test_client())
    code = carried.code("transit")
    twins = [validator, other] * 3
    answers = at_once([lambda v=v: v.twin(app.test_client()).send(*proof(v, code), path=RIDES).json for v in twins])
    assert sorted(one["result"] for one in answers).count("accepted") == 1
    assert balance(carried) == 800


def proof(validator, code):
    body = json.dumps({"code": code}).encode()
    return body, validator.signed(body, path=RIDES)


def test_an_empty_wallet_is_refused_online_and_nothing_is_stored(validator, rider):
    carried = rider(fen=100)
    answer = validator.board(carried.code("transit")).json
    assert answer["result"] == "insufficient_funds"
    assert "2.00" in answer["message"]
    assert (balance(carried), Ride.objects.count()) == (100, 0)


def test_another_kind_of_code_does_not_ride_and_says_which_one_to_show(validator, rider):
    answer = validator.board(rider().code("medical")).json
    assert answer["result"] in {"wrong_kind", "wrong_scanner"}
    assert "乘车" in answer["message"]


def test_a_gate_of_a_scenic_place_takes_no_fares(client, seeded, rider):
    gate = Scanner(client)
    body = json.dumps({"code": rider().code("venue")}).encode()
    answer = gate.send(body, gate.signed(body, path=RIDES), path=RIDES)
    assert (answer.status_code, answer.json["code"]) == (403, "not_a_validator")


def test_a_lost_card_rides_no_more(validator, rider):
    carried = rider()
    code = carried.code("transit")
    Card._get_collection().update_one({"_id": carried.phone.card}, {"$set": {"state": "lost"}})
    assert validator.board(code).json["result"] in {"revoked", "card_not_active"}
    assert balance(carried) == 1000


def test_a_ride_without_network_is_taken_later_once(validator, rider):
    carried = rider()
    told_once = entry(carried.code("transit"))
    for result in ("received", "duplicate"):
        assert validator.hand_in(told_once).json["items"][0]["result"] == result
        queues.drain()
    assert balance(carried) == 800
    assert [one["late"] for one in carried.phone.get(MINE).json["items"]] == [True]


def test_a_ride_whose_answer_was_lost_is_the_same_ride_in_the_journal(validator, rider):
    carried, nonce = rider(), secrets.token_hex(12)
    code = carried.code("transit")
    validator.board(code, nonce=nonce)
    validator.hand_in(entry(code, nonce))
    queues.drain()
    assert balance(carried) == 800
    assert Ride.objects.count() == 1


def test_what_the_wallet_could_not_pay_is_owed_shown_and_paid_once(app, validator, rider):
    carried = rider(fen=50)
    validator.hand_in(entry(carried.code("transit")))
    queues.drain()
    (owed,) = carried.phone.get(MINE).json["items"]
    assert (owed["state"], owed["state_zh"]) == ("owed", "车费待补")
    short = carried.phone.post(f"{MINE}/{owed['id']}/payment")
    assert short.json["code"] == "insufficient_funds"
    wallet = ledger_account.wallet_of(person_of(carried.phone))
    transfer.post("test:more", "clearing:county", wallet, 500, what="manual", about={})
    paying = [lambda: carried.phone.post(f"{MINE}/{owed['id']}/payment").status_code] * 4
    assert sorted(at_once(paying)) == [200, 409, 409, 409]
    assert balance(carried) == 350


def test_a_made_up_code_in_the_journal_is_refused_and_the_rest_goes_on(validator, rider):
    carried = rider()
    validator.hand_in(entry("NOT A CODE"), entry(carried.code("transit")))
    queues.drain()
    assert (balance(carried), Ride.objects.count()) == (800, 1)


def test_another_persons_ride_is_not_found(validator, rider):
    one, other = rider(fen=0), rider()
    validator.hand_in(entry(one.code("transit")))
    queues.drain()
    (owed,) = one.phone.get(MINE).json["items"]
    assert other.phone.post(f"{MINE}/{owed['id']}/payment").status_code == 404


# The operator


@pytest.fixture
def operator(client, admin):
    return on_duty(client, "transit", lambda: admin.hire("transit_manager", unit="transport"))


def line_rides(clerk, line="yudu-1", **query):
    told = "&".join(f"{name}={value}" for name, value in query.items())
    return clerk.get(f"/office/v1/bus-lines/{line}/rides?{told}")


def test_the_operator_sees_the_days_rides_and_what_is_owed_and_no_person(validator, rider, operator):
    payer, short = rider(), rider(fen=0)
    validator.board(payer.code("transit"))
    validator.hand_in(entry(short.code("transit")))
    queues.drain()
    answer = line_rides(operator)
    assert answer.status_code == 200, answer.json
    sums = answer.json["sums"]
    assert sums == {"free_rides": 0, "paid_rides": 1, "owed_rides": 1, "paid_fen": 200, "owed_fen": 200}
    assert sorted(one["state"] for one in answer.json["items"]) == ["owed", "paid"]
    for carried in (payer, short):
        assert str(person_of(carried.phone)) not in answer.text
    assert set(answer.json["items"][0]) == {"id", "at", "fare_fen", "state", "state_zh", "late"}
    yesterday = clock.today() - timedelta(days=1)
    assert line_rides(operator, day=yesterday).json["items"] == []


def test_the_rides_of_a_line_come_in_pages(validator, rider, operator):
    carried = rider()
    at = clock.now()
    one = {"device": "d", "line": "yudu-1", "operator": "yudu-bus", "card": ObjectId(), "fare_fen": 200, "at": at}
    one |= {"person": person_of(carried.phone), "state": "paid"}
    Ride._get_collection().insert_many({"_id": f"d:{n}", **one} for n in range(5))
    seen, following = [], ""
    while following is not None:
        page = line_rides(operator, limit=2, **({"cursor": following} if following else {})).json
        seen += [one["id"] for one in page["items"]]
        following = page["next"]
    assert sorted(seen) == [f"d:{n}" for n in range(5)]
    assert line_rides(operator, cursor="x").status_code == 400
    assert line_rides(operator, day="2026-13-01").status_code == 400


def test_a_line_of_another_unit_is_not_there(client, admin, validator):
    other = on_duty(client, "transit-2", lambda: admin.hire("transit_manager", unit="culture_tourism"))
    assert line_rides(other).json["code"] == "bus_line_unknown"
    assert line_rides(other, line="nowhere").json["code"] == "bus_line_unknown"


def test_what_was_owed_and_is_paid_is_no_conflict_any_more(validator, rider, operator):
    carried = rider(fen=0)
    validator.hand_in(entry(carried.code("transit")))
    queues.drain()
    (owed,) = carried.phone.get(MINE).json["items"]
    conflicts = "/office/v1/journal/conflicts"
    assert [one["id"] for one in operator.get(f"{conflicts}?state=open").json["items"]] == [owed["id"]]
    wallet = ledger_account.wallet_of(person_of(carried.phone))
    transfer.post("test:more", "clearing:county", wallet, 500, what="manual", about={})
    assert carried.phone.post(f"{MINE}/{owed['id']}/payment").status_code == 200
    assert operator.get(f"{conflicts}?state=open").json["items"] == []
    (settled,) = operator.get(f"{conflicts}?state=settled").json["items"]
    assert settled["settled_by"] == "system:transit"


def test_who_gave_the_card_back_still_pays_a_debt_and_a_frozen_card_does_not(validator, rider):
    carried = rider(fen=0)
    validator.hand_in(entry(carried.code("transit")))
    queues.drain()
    (owed,) = carried.phone.get(MINE).json["items"]
    person = person_of(carried.phone)
    transfer.post("test:more", "clearing:county", ledger_account.wallet_of(person), 500, what="manual", about={})
    Card._get_collection().update_one({"person": person, "live": True}, {"$set": {"state": "frozen"}})
    assert carried.phone.post(f"{MINE}/{owed['id']}/payment").status_code == 409
    Card._get_collection().update_one(
        {"person": person, "live": True}, {"$set": {"state": "cancelled"}, "$unset": {"live": ""}}
    )
    assert carried.phone.post(f"{MINE}/{owed['id']}/payment").status_code == 200
    assert balance(carried) == 300


def test_a_late_ride_to_a_closed_operator_is_owed_and_blocks_nothing(validator, rider):
    one, other = rider(), rider()
    ledger_account.close("merchant:yudu-bus")
    validator.hand_in(entry(one.code("transit")), entry(other.code("transit")))
    queues.drain()
    assert [ride.state for ride in Ride.objects] == ["owed", "owed"]
    assert (balance(one), balance(other)) == (1000, 1000)


def test_a_ride_of_a_day_without_a_fare_is_shown_to_staff_and_not_tried_for_ever(validator, rider, operator):
    carried = rider()
    BusLine._get_collection().update_one({"_id": "yudu-1"}, {"$set": {"fares.0.valid_from": "2099-01-01"}})
    validator.hand_in(entry(carried.code("transit")))
    queues.drain()
    (found,) = operator.get("/office/v1/journal/conflicts?state=open").json["items"]
    assert (found["reason"], found["reason_zh"]) == ("bus_fare_missing", "线路在乘车当天没有登记票价")
    assert balance(carried) == 1000


def test_a_fare_begins_today_or_later_and_is_audited_once(validator, operator):
    path, body = "/office/v1/bus-lines/yudu-1/fares", {"fen": 300, "source": "批复"}
    past = operator.post(path, body | {"valid_from": (clock.today() - timedelta(days=1)).isoformat()})
    assert (past.status_code, past.json["code"]) == (400, "bus_fare_begun")
    days = [(clock.today() + timedelta(days=n)).isoformat() for n in range(4)]
    answers = at_once([lambda d=d: operator.post(path, body | {"valid_from": d}).status_code for d in days])
    assert answers == [200] * 4
    assert {one["valid_from"] for one in BusLine.objects.get(id="yudu-1").fares} >= set(days)
    entries = AuditEntry._get_collection().find({"object": "bus_line:yudu-1"})
    assert len([one for one in entries if one["action"] == "transit.fare"]) == 4


def test_a_frozen_wallet_is_told_at_the_validator_and_pays_nothing(validator, rider):
    carried = rider()
    wallet = ledger_account.wallet_of(person_of(carried.phone))
    transactions.run(lambda session: ledger_account.freeze(wallet, session))
    answer = validator.board(carried.code("transit"))
    assert (answer.status_code, answer.json["result"]) == (200, "wallet_frozen")
    assert "投币" in answer.json["message"]
    assert (balance(carried), Ride.objects.count()) == (1000, 0)

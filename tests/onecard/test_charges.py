"""Paying at a till with a payment code: one code, one amount, once."""

import json
import secrets

import pytest

from backend.store import transactions
from models.identity.device import Device
from models.onecard.card import Card
from models.payments import ledger_account, merchant, transfer
from tests.onecard.codes_kit import Scanner, Wallet, give_card, person_of
from tests.support.crowd import at_once

CHARGES = "/gate/v1/charges"


class Till(Scanner):
    def __init__(self, client):
        super().__init__(client, "payment")
        Device._get_collection().update_one({"_id": self.id}, {"$set": {"place": "noodle-shop"}})

    def take(self, code, fen, **options):
        body = json.dumps({"code": code, "amount_fen": fen}).encode()
        return self.send(body, self.signed(body, path=CHARGES, **options), path=CHARGES)


@pytest.fixture
def till(client, seeded):
    merchant.seed("noodle-shop", name="面馆", unit="culture_tourism")
    return Till(client)


@pytest.fixture
def carried(phone):
    """The phone of somebody with an active card and ten yuan."""
    phone.sure("verified")
    phone.card = give_card(person_of(phone))
    wallet = ledger_account.wallet_of(person_of(phone))
    ledger_account.open_account(wallet)
    transfer.post("test:money", "clearing:county", wallet, 1000, what="manual", about={})
    made = Wallet(phone)
    assert made.draw_seeds().status_code == 201
    return made


def balances(carried):
    taken = ledger_account.read("merchant:noodle-shop")["balance_fen"]
    return carried.phone.get("/mini/v1/wallet").json["balance_fen"], taken


def test_a_code_pays_an_amount_to_the_tills_merchant(till, carried):
    answer = till.take(carried.code("payment"), 650).json
    assert (answer["result"], answer["amount_fen"]) == ("accepted", 650)
    assert "6.50" in answer["message"]
    assert balances(carried) == (350, 650)


def test_a_repeated_request_pays_once_and_a_repeated_code_never(till, carried):
    code, nonce = carried.code("payment"), secrets.token_hex(12)
    first, again = till.take(code, 300, nonce=nonce), till.take(code, 300, nonce=nonce)
    assert first.json == again.json
    assert till.take(code, 300).json["result"] == "replayed"
    assert balances(carried) == (700, 300)


def test_the_nonce_with_another_amount_is_refused(till, carried):
    code, nonce = carried.code("payment"), secrets.token_hex(12)
    till.take(code, 300, nonce=nonce)
    assert till.take(code, 900, nonce=nonce).status_code == 409
    assert balances(carried) == (700, 300)


def test_one_code_at_two_tills_at_once_pays_one_of_them(app, till, carried):
    code, other = carried.code("payment"), Till(app.test_client())
    tills = [(one, one.twin(app.test_client())) for one in (till, other) * 3]
    body = json.dumps({"code": code, "amount_fen": 300}).encode()
    answers = at_once([lambda s=s, t=t: t.send(body, s.signed(body, path=CHARGES), path=CHARGES) for s, t in tills])
    answers = [one.json["result"] for one in answers]
    assert sorted(answers).count("accepted") == 1
    assert balances(carried) == (700, 300)


def test_more_than_the_wallet_holds_is_refused_whole(till, carried):
    assert till.take(carried.code("payment"), 1001).json["result"] == "insufficient_funds"
    assert balances(carried) == (1000, 0)


@pytest.mark.parametrize("kind", ["identity", "medical", "transit", "venue"])
def test_no_other_kind_of_code_pays(till, carried, kind):
    assert till.take(carried.code(kind), 100).json["result"] in {"wrong_kind", "wrong_scanner"}
    assert balances(carried) == (1000, 0)


def test_a_frozen_card_pays_nothing_and_keeps_its_money(till, carried):
    code = carried.code("payment")
    Card._get_collection().update_one({"_id": carried.phone.card}, {"$set": {"state": "frozen"}})
    assert till.take(code, 100).json["result"] == "card_not_active"
    assert balances(carried) == (1000, 0)


def test_a_frozen_wallet_is_told_at_the_till_and_pays_nothing(till, carried):
    before = balances(carried)
    wallet = ledger_account.wallet_of(person_of(carried.phone))
    transactions.run(lambda session: ledger_account.freeze(wallet, session))
    answer = till.take(carried.code("payment"), 100)
    assert (answer.status_code, answer.json["result"]) == (200, "wallet_frozen")
    assert balances(carried) == before


def test_a_till_of_nobody_and_a_gate_take_nothing(client, till, carried):
    Device._get_collection().update_one({"_id": till.id}, {"$set": {"place": "nobody"}})
    assert till.take(carried.code("payment"), 100).status_code == 404
    gate = Scanner(client, "venue")
    body = json.dumps({"code": carried.code("payment"), "amount_fen": 100}).encode()
    answer = gate.send(body, gate.signed(body, path=CHARGES), path=CHARGES)
    assert (answer.status_code, answer.json["code"]) == (403, "not_a_till")


@pytest.mark.parametrize("fen", [0, -1, 100_000_001, 1.5, "100", None, True])
def test_what_is_no_amount_is_refused(till, carried, fen):
    assert till.take(carried.code("payment"), fen).status_code == 400
    assert balances(carried) == (1000, 0)

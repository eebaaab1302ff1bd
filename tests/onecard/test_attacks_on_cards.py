"""Attacks on cards: ways around an office that stops one, helpers of other matters, decisions on stale readings."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.identity import erasure
from models.onecard import card, card_death, death_list, family, tell_centre
from tests.onecard.codes_kit import Scanner, Wallet
from tests.support import cards, queues
from tests.support.cards import offered, seen, standing, stored
from tests.support.counter import in_days
from tests.support.crowd import at_once
from tests.support.phone import person

KINDS = ["medical", "transit"]


@pytest.fixture
def daughter(client, seeded, sandbox):
    return cards.holder(client, sandbox, name="张小红")


def held(phone, card_manager, reason: str = "court_order"):
    answer = card_manager.post(f"/office/v1/cards/{phone.card}/freeze", {"reason": reason})
    assert answer.status_code == 200, answer.json


# An office's stop


def test_what_an_office_stopped_is_not_cancelled_at_the_counter_to_get_another_card(mine, counter, card_manager):
    cards.active(mine)
    held(mine, card_manager)
    path = f"/office/v1/cards/{mine.card}/cancellation"
    answer = counter.clerk.post(path, **standing(counter, mine))
    assert (answer.status_code, answer.json["code"]) == (403, "card_manager_needed")
    assert seen(mine)["state"] == "frozen"


def test_an_office_stops_a_lost_card_too(mine, counter, card_manager):
    cards.active(mine)
    mine.post("/mini/v1/card/loss")
    held(mine, card_manager)
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("lost", "staff")
    back = counter.clerk.post(f"/office/v1/cards/{mine.card}/unfreeze", **standing(counter, mine))
    assert back.json["code"] == "card_manager_needed"
    lifted = card_manager.post(f"/office/v1/cards/{mine.card}/unfreeze")
    assert (lifted.status_code, lifted.json["state"]) == (200, "active")


def meanwhile(monkeypatch, phone, card_manager, name: str):
    """An office stops the card after a decision has read it and before it is moved."""
    prepared = card.prepared

    def slow(card_id, move, **more):
        change = prepared(card_id, move, **more)
        if move == name:
            monkeypatch.setattr(card, "prepared", prepared)
            held(phone, card_manager)
        return change

    monkeypatch.setattr(card, "prepared", slow)


def test_an_office_that_stops_a_card_while_its_holder_unfreezes_it_has_the_last_word(mine, card_manager, monkeypatch):
    cards.active(mine)
    mine.post("/mini/v1/card/freeze")
    meanwhile(monkeypatch, mine, card_manager, "unfreeze")
    assert mine.post("/mini/v1/card/unfreeze").status_code in {403, 409}
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "staff")


@pytest.mark.parametrize(("move", "path"), [("replace", "replacement"), ("cancel", "cancellation")])
def test_nor_does_a_counter_put_another_in_the_place_of_a_card_that_is_being_stopped(
    mine, counter, card_manager, monkeypatch, move, path
):
    cards.active(mine)
    here = standing(counter, mine)
    meanwhile(monkeypatch, mine, card_manager, move)
    assert counter.clerk.post(f"/office/v1/cards/{mine.card}/{path}", **here).status_code in {403, 409}
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "staff")


def test_a_loss_reported_while_an_office_stops_the_card_takes_the_stop_with_it(mine, card_manager, monkeypatch):
    cards.active(mine)
    meanwhile(monkeypatch, mine, card_manager, "lose")
    assert mine.post("/mini/v1/card/loss").json["state"] == "lost"
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("lost", "staff")


# Helpers


def test_who_helps_in_other_matters_gets_no_printed_card(mine, counter):
    elder = counter.registered(person("刘桂英", "19480203"))
    cards.active(mine)
    made = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **counter.standing(elder)).json["id"]
    queues.drain("cards")
    counter.clerk.post(f"/office/v1/cards/{made}/activation", **counter.standing(elder))
    helper = cards.person_of(mine)
    counter.relate("helper", elder, helper, scope=["affairs"], last_day=in_days(30))
    answer = counter.clerk.post(f"/office/v1/cards/{made}/printed", **counter.standing(helper))
    assert (answer.status_code, answer.json["code"]) == (409, "person_not_at_counter")


def test_who_helps_in_card_matters_gets_the_printed_card(mine, counter):
    elder = counter.registered(person("刘桂英", "19480203"))
    cards.active(mine)
    made = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **counter.standing(elder)).json["id"]
    queues.drain("cards")
    counter.clerk.post(f"/office/v1/cards/{made}/activation", **counter.standing(elder))
    helper = cards.person_of(mine)
    counter.relate("helper", elder, helper, scope=["card"], last_day=in_days(30))
    answer = counter.clerk.post(f"/office/v1/cards/{made}/printed", **counter.standing(helper))
    assert answer.status_code == 201, answer.json


# Deaths


def yesterday() -> str:
    return (clock.today() - timedelta(days=1)).isoformat()


def test_killed_between_issue_and_freeze_the_queue_freezes_the_card_of_who_is_said_to_be_dead(
    mine, card_centre_box, monkeypatch, shift_clock
):
    card_centre_box.forget()
    cards.applied(mine)
    card_centre_box.died({"number": mine.document, "name": mine.name, "died_on": yesterday()}, day=yesterday())
    death_list.read_all()

    def killed(_card_id):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(card_death, "freeze_issued", killed)
        with pytest.raises(KeyboardInterrupt):
            queues.drain("cards")
    assert seen(mine)["state"] == "issued"
    shift_clock(120)
    queues.drain("cards")
    assert (seen(mine.log_in())["state"], seen(mine)["stopped_by"]) == ("frozen", "death")


def test_a_death_reported_while_the_card_is_being_issued_freezes_it(mine, card_centre_box):
    """The report has read the card as applied for; by the time it is written the card is issued."""
    card_centre_box.forget()
    cards.applied(mine)
    before = stored(mine.card)
    queues.drain("cards")
    assert seen(mine)["state"] == "issued"
    assert card_death.report(before, "card_centre", clock.today() - timedelta(days=1))
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "death")


def test_issuing_and_reporting_a_death_at_once_always_end_frozen(client, seeded, sandbox, card_centre_box):
    died_on = clock.today() - timedelta(days=1)
    for _ in range(4):
        phone = cards.applied(cards.holder(client, sandbox))
        before = stored(phone.card)
        at_once(
            [
                lambda one=before: tell_centre.work(one["_id"]),
                lambda one=before: card_death.report(one, "card_centre", died_on),
            ]
        )
        queues.drain("cards")
        assert seen(phone)["state"] == "frozen"


def test_a_report_on_a_card_that_the_centre_refuses_is_no_work_for_ever(mine, card_centre_box):
    card_centre_box.forget()
    cards.applied(mine)
    card_centre_box.died({"number": mine.document, "name": mine.name, "died_on": yesterday()}, day=yesterday())
    death_list.read_all()
    card_centre_box.fault("refuse", reason="not_insured", count=1, register="issue")
    queues.drain("cards")
    assert stored(mine.card)["state"] == "cancelled"
    assert [one for one in stored(mine.card)["outbox"] if one["queue"] == "cards"] == []


# Family cards


def test_offering_twice_tells_nothing_of_who_is_known_either(mine, daughter):
    cards.active(mine)
    body = {**person("王五", "19700101"), "kinds": KINDS, "last_day": in_days(30)}
    nobody = [mine.post("/mini/v1/family-cards", body) for _ in range(2)]
    known = [offered(mine, daughter) for _ in range(2)]
    wrong = [
        mine.post(
            "/mini/v1/family-cards",
            {**cards.papers(daughter), "name": name, "kinds": KINDS, "last_day": in_days(30)},
        )
        for name in ("王五", " 王 五")
    ]
    told = [[(one.status_code, one.json.get("code")) for one in pair] for pair in (nobody, known, wrong)]
    assert told == [[(201, None), (409, "family_card_exists")]] * 3


def test_offers_to_nobody_stand_beside_each_other(mine, daughter):
    cards.active(mine)
    for name, birth in (("王五", "19700101"), ("赵六", "19700102")):
        body = {**person(name, birth), "kinds": KINDS, "last_day": in_days(30)}
        assert mine.post("/mini/v1/family-cards", body).status_code == 201
    assert len(mine.get("/mini/v1/family-cards").json["given"]) == 2


def carried(mine, daughter) -> str:
    cards.active(mine)
    grant = offered(mine, daughter).json["id"]
    assert daughter.post(f"/mini/v1/family-cards/{grant}/acceptance").status_code == 200
    return grant


def test_a_carrier_who_closes_the_account_leaves_no_codes_behind(mine, daughter, client):
    grant, wallet = carried(mine, daughter), Wallet(daughter)
    drawn = daughter.post(f"/mini/v1/family-cards/{grant}/seeds")
    wallet.take(drawn.json)
    scanner, code = Scanner(client, "medical"), wallet.code("medical")
    account = get_db().accounts.find_one({"person": family.read(ObjectId(grant))["carrier"]})["_id"]
    erasure.begin(account, case="C1", by="system:test")
    queues.drain("trust", "notify")
    assert get_db().accounts.find_one({"_id": account}) is None
    assert scanner.result(code) == "revoked"

"""Paragraph 3, Entitlements at the gate: booking asks them, the ticket carries what to look at, the order why."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, runtime
from models.audit.access_line import AccessLine
from models.booking import order, slot
from models.booking.slot import Slot
from models.onecard import concession, entitlement
from models.places import place
from models.places.place import Place
from models.places.visit_concession import Patience
from models.rules.rule_set import RuleSet
from tests.onecard.entitlement_kit import NAME, Holder
from tests.support import slots
from tests.support.counter import in_days, resident
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.phone import Phone
from tests.support.phone import person as somebody
from tests.trust import conftest as trust

admin, counter = trust.admin, trust.counter
DISABLED = {
    "code": "disabled",
    "name_zh": "残疾人",
    "name_en": "Disabled",
    "price_fen": 0,
    "min_age": None,
    "max_age": None,
    "identity_documents": ["resident_id"],
    "document_to_inspect": "disability_card",
    "concession": "disabled",
}


@pytest.fixture
def box(registers_box, seeded):
    registers_box.forget()
    Place._get_collection().update_one({"_id": slots.PLACE}, {"$push": {"ticket_types": DISABLED}})
    yield registers_box
    registers_box.clear()


@pytest.fixture
def holder(client, sandbox, box):
    def make(*registers, **options) -> Holder:
        return Holder(client, sandbox, box, *registers, **options)

    return make


@pytest.fixture
def scanned(client, box, travel):
    """Go to the hour of the visit and scan the tickets of an order; return what the gate is told of each."""
    gate = Gate(client, slots.PLACE)

    def scan(shown: dict) -> list[dict]:
        travel(shown["day"], "18:30")
        answers = [gate.scan(one["code"]) for one in shown["tickets"]]
        assert [one.json["result"] for one in answers] == ["admitted"] * len(answers)
        return [one.json for one in answers]

    return scan


def kept(shown: dict, number: int = 0) -> dict | None:
    return order.evidence(order.read(ObjectId(shown["id"])), number)


def booked(phone: Phone, *visitors: tuple[str, str]) -> dict:
    return phone.issued(slots.make(9), *visitors)


# The four states


def test_whom_the_registers_prove_walks_in_and_nobody_asks_for_a_card(holder, scanned):
    elder = holder(birth="19500101")
    shown = booked(elder.phone, (elder.phone.me, "senior_65"))
    assert shown["visitors"][0]["inspect"] == ""
    (told,) = scanned(shown)
    assert (told["ticket_class"], told["age_band"]) == ("senior_65", "senior")
    assert "inspect" not in told


def test_a_register_proves_a_disability_and_the_gate_learns_nothing_of_it(holder, scanned):
    one = holder("disability")
    shown = booked(one.phone, (one.phone.me, "disabled"))
    (told,) = scanned(shown)
    assert "inspect" not in told
    certificate = one.box.lookup(one.number)["disability"]["certificate_no"]
    assert [text for text in (certificate, "grade", "残疾人证") if text in str(told)] == []


def test_who_only_declared_themselves_shows_the_card(client, sandbox, box, scanned):
    phone = Phone(client, sandbox).ready("19500101")
    (told,) = scanned(booked(phone, (phone.me, "senior_65")))
    assert told["inspect"] == "resident_id"


def test_a_companion_shows_the_card_and_no_register_is_asked_about_them(holder, scanned, client, sandbox):
    """The other one's own account consents, but whoever books only knows their number."""
    other = holder("disability", birth="19500101")
    booker = Phone(client, sandbox).ready().sure()
    told = {"name": NAME, "document_kind": "resident_id", "document_number": other.number}
    guest = booker.post("/mini/v1/companions", told).json["id"]
    shown = booked(booker, (guest, "disabled"))
    assert kept(shown)["why"] == {"status.disability": "not_asked"}
    assert other.box.calls("disability") == 0
    (seen,) = scanned(shown)
    assert seen["inspect"] == "disability_card"


def test_who_is_refused_hears_why_and_no_place_is_taken(holder):
    one = holder("disability")
    one.change("disability", valid_to=(clock.today() - timedelta(days=9)).isoformat())
    made = slots.make(9)
    answer = one.phone.book(made, (one.phone.me, "disabled"))
    assert (answer.status_code, answer.json["code"]) == (422, "concession_refused")
    assert "不满足“持有效的残疾人证”" in answer.json["message"]
    assert answer.json["message"].endswith("请改选其他票种。")
    assert list(answer.json["fields"]) == ["visitors.0.ticket_type"]
    assert slots.left(made) == 9
    assert one.phone.book(made).status_code == 201


def test_the_age_by_the_rule_of_the_concession_is_refused_with_its_reason(holder):
    Place._get_collection().update_one(
        {"_id": slots.PLACE, "ticket_types.code": "senior_65"}, {"$set": {"ticket_types.$.min_age": 60}}
    )
    one = holder(birth=f"{clock.today().year - 62}0101")
    answer = one.phone.book(slots.make(9), (one.phone.me, "senior_65"))
    assert (answer.status_code, answer.json["code"]) == (422, "concession_refused")
    assert "不满足“年龄(周岁)不低于老年人免费优待年龄(65)”" in answer.json["message"]


@pytest.mark.parametrize("fault", ["error_500", "garbage", "timeout"])
def test_while_the_register_does_not_answer_the_concession_is_given_and_the_card_looked_at(holder, scanned, fault):
    one = holder("disability")
    one.box.fault(fault, register="disability", seconds=4.0)
    shown = booked(one.phone, (one.phone.me, "disabled"))
    one.box.clear()
    assert kept(shown)["state"] == "unknown"
    (told,) = scanned(shown)
    assert told["inspect"] == "disability_card"


@pytest.mark.parametrize(("fault", "why"), [("missing", "no_record"), ("contradicting", "not_matched")])
def test_what_the_register_lacks_or_confuses_is_looked_at(holder, scanned, fault, why):
    one = holder("disability")
    one.box.fault(fault, register="disability")
    shown = booked(one.phone, (one.phone.me, "disabled"))
    assert kept(shown)["why"] == {"status.disability": why}
    (told,) = scanned(shown)
    assert told["inspect"] == "disability_card"


def test_without_consent_the_card_is_looked_at(holder, scanned):
    one = holder("disability", consents=False)
    (told,) = scanned(booked(one.phone, (one.phone.me, "disabled")))
    assert told["inspect"] == "disability_card"
    assert one.box.calls("disability") == 0


def test_visitors_of_one_order_are_each_judged_for_themselves(holder, scanned):
    one = holder("disability", birth="19500101")
    friend = one.phone.companion("19480101")
    shown = booked(one.phone, (one.phone.me, "disabled"), (friend, "senior_65"))
    assert [kept(shown, number)["state"] for number in range(2)] == ["verified", "to_inspect"]
    assert [told.get("inspect") for told in scanned(shown)] == [None, "resident_id"]


def test_the_day_of_the_visit_decides(holder):
    one = holder("disability")
    one.change("disability", valid_to=in_days(3))
    before, after = slots.make(9, days=3), slots.make(9, days=4)
    shown = [one.phone.issued(made, (one.phone.me, "disabled"))["visitors"][0]["inspect"] for made in (before, after)]
    assert shown == ["", "disability_card"]


def test_whoever_may_act_for_an_elder_books_for_them_as_proven(holder, counter, client, sandbox, scanned):
    elder = holder("disability", birth="19500101")
    counter.registered({**somebody(NAME, "19500101"), "document_number": elder.number})
    phone = resident(client, sandbox)
    agent = counter.verified(phone, somebody("李明"))
    terms = {"scope": ["book"], "last_day": in_days(30), "present": str(elder.id)}
    relation_id = counter.relate("helper", str(elder.id), agent, **terms).json["id"]
    phone.consent("document")
    added = phone.post("/mini/v1/companions/from-relation", {"relation_id": relation_id})
    assert added.status_code == 201, added.json
    (told,) = scanned(booked(phone, (added.json["id"], "disabled")))
    assert "inspect" not in told
    (look,) = AccessLine._get_collection().find({"subjects": elder.id, "fields": "entitlements.state"})
    assert (look["purpose"], f":for:{relation_id}" in look["who"]) == ("acting_for", True)


# The record


def test_the_order_keeps_the_decision_sealed_and_it_replays(holder):
    one = holder("disability")
    shown = booked(one.phone, (one.phone.me, "disabled"))
    (stored,) = order.read(ObjectId(shown["id"]))["visitors"]
    assert isinstance(stored["evidence"], bytes)
    assert b"disabled" not in stored["evidence"]
    RuleSet._get_collection().delete_many({"_id": {"$gt": ""}})
    told = entitlement.replay(kept(shown))
    assert (told.concession, told.state, told.at) == ("disabled", "verified", slots.PLACE)
    (row,) = get_db().facts.find({"person": one.id, "kind": "status.disability"})
    assert told.evidence == (str(row["_id"]),)


def test_the_evidence_opens_in_its_own_order_only(holder):
    one = holder("disability")
    shown = booked(one.phone, (one.phone.me, "disabled"))
    found = order.read(ObjectId(shown["id"]))
    sealer, sealed = runtime.current().sealer, found["visitors"][0]["evidence"]
    assert "disabled" in sealer.open("orders.visitors.evidence", f"{found['_id']}:0", sealed)
    with pytest.raises(Exception, match="seal"):
        sealer.open("orders.visitors.evidence", f"{ObjectId()}:0", sealed)


def test_who_books_for_others_exports_no_decision_about_them(holder, client, sandbox):
    other = holder("disability", birth="19500101")
    booker = Phone(client, sandbox).ready("19490101").sure()
    told = {"name": NAME, "document_kind": "resident_id", "document_number": other.number}
    guest = booker.post("/mini/v1/companions", told).json["id"]
    booked(booker, (booker.me, "senior_65"), (guest, "disabled"))
    (mine,) = booker.get("/mini/v1/my-data/orders").json["items"]
    assert ["evidence" in one for one in mine["visitors"]] == [True, False]
    (theirs,) = other.phone.get("/mini/v1/my-data/orders").json["items"]
    assert ["evidence" in one for one in theirs["visitors"]] == [True]
    assert "not_asked" in theirs["visitors"][0]["evidence"]


def test_the_same_request_again_is_the_same_order_though_the_register_has_changed(holder):
    one, made = holder("disability"), slots.make(9)
    first = one.phone.book(made, (one.phone.me, "disabled"), key="k1")
    one.change("disability", valid_to="2020-01-28")
    get_db().register_inquiries.delete_many({"person": one.id})
    again_ = one.phone.book(made, (one.phone.me, "disabled"), key="k1")
    assert (first.status_code, again_.status_code) == (201, 201)
    assert again_.json == first.json
    assert slots.left(made) == 8


def test_neither_screen_nor_staff_are_shown_the_decision(holder, client, admin):
    one = holder("disability")
    shown = booked(one.phone, (one.phone.me, "disabled"))
    assert "evidence" not in str(shown)
    manager = admin.hire("scenic_manager", unit="changzhengyuan")
    answer = manager.get(f"/office/v1/orders/{shown['id']}")
    assert answer.status_code == 200, answer.json
    assert "evidence" not in answer.text


# Speed and races


def reads(*collections: str) -> int:
    """Return how often the store was asked for anything of these collections."""
    total = 0
    for name in collections:
        (told,) = get_db()[name].aggregate([{"$collStats": {"latencyStats": {}}}])
        total += told["latencyStats"]["reads"]["ops"]
    return total


def test_a_ticket_without_a_concession_asks_nothing_more(holder):
    one, asked = holder("disability"), ("concessions", "rule_sets", "facts", "register_inquiries", "persons")
    made, other = slots.make(9), slots.make(9, days=3)
    before = reads(*asked)
    shown = one.phone.book(made, (one.phone.me, "adult")).json
    plain = reads(*asked) - before
    assert kept(shown) is None
    before = reads(*asked)
    assert one.phone.book(other, (one.phone.me, "disabled")).status_code == 201
    assert reads(*asked) - before > plain + 5
    before = reads(*asked)
    reads(*asked)
    assert plain == reads(*asked) - before - len(asked)


def test_all_visitors_of_a_booking_wait_together_no_longer_than_a_screen():
    patience = Patience(0.2)
    assert patience.left == pytest.approx(0.2, abs=0.05)
    assert 0 < patience.left <= 0.2
    assert Patience(0.0).left == 0


def test_the_last_place_goes_to_one_of_many_with_a_concession(holder, app):
    holders = [holder(birth="19500101") for _ in range(6)]
    made = slots.make(1)
    twins = [(one.phone.twin(app.test_client()), one.phone.me) for one in holders]
    codes = [
        answer.status_code
        for answer in at_once([lambda p=p, me=me: p.book(made, (me, "senior_65")) for p, me in twins])
    ]
    assert sorted(codes) == [201] + [409] * 5
    assert (slots.left(made), slots.drift(made)) == (0, 0)


def test_many_taps_at_once_with_a_cold_register_are_one_booking(holder, app):
    one = holder("disability")
    one.box.fault("slow", register="disability", seconds=0.3)
    made = slots.make(9)
    twins = [one.phone.twin(app.test_client()) for _ in range(6)]
    calls = [lambda p=p: p.book(made, (one.phone.me, "disabled"), key="tap") for p in twins]
    answers = at_once(calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert one.box.calls("disability") == 1
    assert slots.left(made) == 8


# The demonstration's data


def test_every_type_that_names_a_concession_names_one_that_applies_there(seeded):
    seen = set()
    for found in Place._get_collection().find({"rank": {"$gte": 0}}):
        for kind in place.ticket_types_on(found, clock.today().isoformat()):
            if name := kind.get("concession"):
                seen.add(name)
                assert concession.on(name, clock.today()).applies_at(found["_id"]), (found["_id"], name)
    assert seen == {"senior_65_scenic", "senior_60_culture", "student"}


def test_the_phone_is_told_which_types_are_judged_by_a_concession(phone):
    types = phone.get(f"/mini/v1/slots/{slots.make(9)}").json["ticket_types"]
    assert {one["code"]: one.get("concession") for one in types} == {
        **dict.fromkeys(("adult", "child_6", "minor")),
        "student": "student",
        "senior_65": "senior_65_scenic",
    }


def test_a_slot_opened_before_a_type_had_a_concession_is_booked_as_before(holder, scanned):
    elder, made = holder(birth="19500101"), slots.make(9)
    Slot._get_collection().update_one({"_id": made}, {"$unset": {"classes.$[].concession": ""}})
    assert "concession" not in str(slot.read(made)["classes"])
    shown = elder.phone.issued(made, (elder.phone.me, "senior_65"))
    assert kept(shown) is None
    assert scanned(shown)[0]["inspect"] == "resident_id"

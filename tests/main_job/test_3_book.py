"""Paragraph 3, Book: one quota for several types, named visitors, holds, the sweeper, the same request twice."""

import threading
import uuid
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock, metrics
from models.booking import order, slot, sweeper
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.phone import Phone, person

MINUTE = 60


def booked(answer):
    assert answer.status_code == 201, answer.json
    return answer.json


def refused(answer):
    return answer.status_code, answer.json["code"]


def family(phone, count):
    """Return oneself and companions, all adults, as wishes."""
    return [(phone.me, "adult"), *((phone.companion(), "adult") for _ in range(count - 1))]


def strangers(client, sandbox, count, person_body=None):
    """Return that many other phones, each on a connection of its own."""
    phones = [Phone(client.application.test_client(), sandbox).log_in() for _ in range(count)]
    for phone in phones:
        phone.consent("document")
        phone.me = phone.post("/mini/v1/person", person_body or person()).json["id"]
    return phones


def orders():
    return order.Order._get_collection()


# Places, types and prices


def test_a_booking_holds_its_places_at_once(phone):
    made = slots.make(10)
    answer = booked(phone.book(made, *family(phone, 3)))
    assert (answer["state"], answer["state_zh"], answer["total_fen"]) == ("held", "待支付", 18000)
    assert phone.slot(made)["left"] == 7


def test_a_hold_lasts_fifteen_minutes(phone):
    until = booked(phone.book(slots.make(10)))["hold_until"]
    minutes = (clock.datetime.fromisoformat(until) - clock.now()).total_seconds() / MINUTE
    assert 14.5 < minutes <= 15
    assert until.endswith("+08:00")


def test_several_ticket_types_share_one_quota(phone):
    made = slots.make(3)
    visitors = [
        (phone.me, "adult"),
        (phone.companion("20220101"), "child_6"),
        (phone.companion("19500101"), "senior_65"),
    ]
    assert booked(phone.book(made, *visitors))["total_fen"] == 6000
    assert phone.slot(made)["left"] == 0
    assert refused(phone.book(made, (phone.companion("20150101"), "minor"))) == (409, "slot_sold_out")


def test_a_slot_that_has_too_few_places_says_how_many(phone):
    made = slots.make(2)
    answer = phone.book(made, *family(phone, 3))
    assert refused(answer) == (409, "slot_sold_out")
    assert "剩 2 个名额" in answer.json["message"]
    assert slots.left(made) == 2


@pytest.mark.parametrize("count", [1, 5])
def test_a_booking_names_its_visitors_masked(phone, count):
    answer = booked(phone.book(slots.make(10), *family(phone, count)))
    assert [one["name"] for one in answer["visitors"]] == ["张**", *["李*"] * (count - 1)]
    assert all(one["document_tail"].startswith("*" * 14) for one in answer["visitors"])


@pytest.mark.parametrize("count", [0, 6])
def test_no_visitor_or_six_are_refused(phone, count):
    visitors = [{"companion_id": phone.me, "ticket_type": "adult"}] * count
    answer = phone.post("/mini/v1/orders", {"slot_id": slots.make(10), "visitors": visitors})
    assert refused(answer) == (400, "bad_input")
    assert answer.json["fields"] == {"visitors": ["数量或长度应在 1 到 5 之间。"]}


def test_a_free_booking_takes_quota_and_is_issued_at_once(phone):
    made = slots.make(3, place_id="museum")
    answer = booked(phone.book(made))
    assert (answer["state"], answer["total_fen"]) == ("issued", 0)
    assert slots.left(made) == 2
    assert [one["state"] for one in phone.order(answer["id"])["tickets"]] == ["valid"]


def test_places_whose_price_is_zero_sell_out_too(phone):
    made = slots.make(1, place_id="museum")
    booked(phone.book(made))
    assert refused(phone.book(made, (phone.companion(), "adult"))) == (409, "slot_sold_out")


def test_a_paid_booking_is_issued(phone):
    made = slots.make(3)
    found = phone.issued(made)
    assert (found["state_zh"], found["total_fen"]) == ("已出票", 6000)
    assert [one["ticket_class"] for one in found["tickets"]] == ["adult"]
    assert slots.drift(made) == 0


def test_orders_are_listed_newest_first_page_by_page_and_only_to_their_owner(phone, client, sandbox):
    made = [booked(phone.book(slots.make(9, days=day)))["id"] for day in (2, 3, 4)]
    first = phone.get("/mini/v1/orders?limit=2").json
    second = phone.get(f"/mini/v1/orders?limit=2&cursor={first['next']}").json
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
    (other,) = strangers(client, sandbox, 1)
    assert other.get("/mini/v1/orders").json["items"] == []
    assert other.get(f"/mini/v1/orders/{made[0]}").status_code == 404


# One person, one ticket per place and day


def test_one_person_gets_one_ticket_a_place_and_day(phone):
    morning, evening = slots.make(9, start=7 * 60), slots.make(9)
    booked(phone.book(morning))
    assert refused(phone.book(evening)) == (409, "visitor_already_booked")
    assert slots.left(evening) == 9
    assert slots.drift(evening) == 0


def test_the_same_person_twice_in_one_booking_is_refused(phone):
    made = slots.make(9)
    answer = phone.book(made, (phone.me, "adult"), (phone.me, "student"))
    assert refused(answer) == (409, "visitor_already_booked")
    assert "每人每天每景点限约一次" in answer.json["fields"]["visitors"][0]
    assert slots.left(made) == 9


def test_the_same_person_booked_by_another_account_is_refused_too(client, seeded, sandbox):
    body, made = person(), slots.make(9)
    first, second = strangers(client, sandbox, 2, body)
    booked(first.book(made))
    assert refused(second.book(made)) == (409, "visitor_already_booked")


@pytest.mark.parametrize("other", [{"days": 3}, {"place_id": "theatre"}], ids=["another day", "another place"])
def test_the_same_person_may_book(phone, other):
    booked(phone.book(slots.make(9)))
    assert booked(phone.book(slots.make(9, **other)))["state"] == "held"


def test_a_cancelled_booking_releases_its_person(phone):
    made = slots.make(9)
    assert phone.cancel(booked(phone.book(made))["id"]).json["state"] == "cancelled"
    assert booked(phone.book(made))["state"] == "held"
    assert slots.left(made) == 8


def test_two_cancelled_bookings_may_coexist_and_a_third_live_one(phone):
    made = slots.make(9)
    for _ in range(2):
        phone.cancel(booked(phone.book(made))["id"])
    booked(phone.book(made))
    assert sorted(one["state"] for one in phone.get("/mini/v1/orders").json["items"]) == [
        "cancelled",
        "cancelled",
        "held",
    ]


def test_a_booking_of_several_gives_all_places_back_when_one_visitor_is_booked(phone):
    made, visitors = slots.make(9), family(phone, 3)
    booked(phone.book(made, visitors[2]))
    assert refused(phone.book(made, *visitors)) == (409, "visitor_already_booked")
    assert slots.left(made) == 8
    assert booked(phone.book(made, *visitors[:2]))["state"] == "held"


# Wrong input


def wish(phone, **changes):
    return {"companion_id": phone.me, "ticket_type": "adult", **changes}


WRONG = [
    ("no slot", lambda p, s: {"visitors": [wish(p)]}, "slot_id", 400, "bad_input"),
    ("an unknown slot", lambda p, s: {"slot_id": "x", "visitors": [wish(p)]}, "slot_id", 404, "not_found"),
    ("a number as slot", lambda p, s: {"slot_id": 7, "visitors": [wish(p)]}, "slot_id", 400, "bad_input"),
    ("an object as slot", lambda p, s: {"slot_id": {"$ne": 1}, "visitors": [wish(p)]}, "slot_id", 400, "bad_input"),
    ("null visitors", lambda p, s: {"slot_id": s, "visitors": None}, "visitors", 400, "bad_input"),
    ("an unknown field", lambda p, s: {"slot_id": s, "visitors": [wish(p)], "fen": 1}, "fen", 400, "bad_input"),
    (
        "a visitor without a type",
        lambda p, s: {"slot_id": s, "visitors": [wish(p), {"companion_id": p.me}]},
        "visitors.1.ticket_type",
        400,
        "bad_input",
    ),
    (
        "a stranger",
        lambda p, s: {"slot_id": s, "visitors": [wish(p, companion_id="0" * 12)]},
        "visitors.0.companion_id",
        404,
        "visitor_unknown",
    ),
    (
        "a type that is none",
        lambda p, s: {"slot_id": s, "visitors": [wish(p, ticket_type="vip")]},
        "visitors.0.ticket_type",
        422,
        "ticket_type_unknown",
    ),
    (
        "a type for other ages",
        lambda p, s: {"slot_id": s, "visitors": [wish(p, ticket_type="senior_65")]},
        "visitors.0.ticket_type",
        422,
        "ticket_type_age",
    ),
]


@pytest.mark.parametrize(("_what", "body", "field", "status", "code"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong_input_is_refused_with_code_field_and_sentence(phone, _what, body, field, status, code):
    made = slots.make(9)
    answer = phone.post("/mini/v1/orders", body(phone, made))
    assert refused(answer) == (status, code)
    assert list(answer.json["fields"]) == [field]
    assert all(
        any("\u4e00" <= c <= "\u9fff" for c in said) for said in (answer.json["message"], *answer.json["fields"][field])
    )
    assert slots.left(made) == 9


def test_the_companion_of_another_account_is_a_stranger(phone, client, sandbox):
    (other,) = strangers(client, sandbox, 1)
    assert refused(phone.book(slots.make(9), (other.me, "adult"))) == (404, "visitor_unknown")


def test_sentences_are_english_when_the_phone_asks_for_english(phone):
    answer = phone.post("/mini/v1/orders", {"visitors": [wish(phone)]}, **{"Accept-Language": "en-US,en;q=0.8"})
    assert answer.json["fields"] == {"slot_id": ["Missing data for required field."]}
    sold = phone.post(
        "/mini/v1/orders", {"slot_id": slots.make(0), "visitors": [wish(phone)]}, **{"Accept-Language": "en"}
    )
    assert sold.json["message"].startswith("Only 0 places are left in this slot.")


def test_the_field_of_a_rule_says_in_english_what_the_error_says(phone):
    body = {"slot_id": slots.make(9), "visitors": [wish(phone), wish(phone)]}
    answer = phone.post("/mini/v1/orders", body, **{"Accept-Language": "en"})
    assert answer.json["fields"] == {"visitors": [answer.json["message"]]}
    assert answer.json["message"].isascii()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"slot_id":"\\ud800"}', b'{"slot_id":NaN}'])
def test_what_is_no_json_object_is_a_400(phone, body):
    headers = {"Authorization": f"Bearer {phone.token}", "Idempotency-Key": "k"}
    answer = phone.client.post("/mini/v1/orders", data=body, headers=headers, content_type="application/json")
    assert refused(answer) == (400, "bad_input")
    assert answer.json["fields"]


AGES = [
    ("20210601", "child_6", 201, "six"),
    ("20200601", "child_6", 422, "seven"),
    ("20200601", "minor", 201, "seven"),
    ("20090601", "minor", 422, "eighteen"),
    ("20090601", "adult", 201, "eighteen"),
    ("19620601", "senior_65", 201, "sixty-five"),
    ("19630601", "senior_65", 422, "sixty-four"),
]


@pytest.mark.parametrize(("birth", "kind", "status", "_age"), AGES, ids=[f"{row[3]} {row[1]} {row[2]}" for row in AGES])
def test_the_age_in_years_decides_on_the_ticket_type(phone, travel, birth, kind, status, _age):
    travel("2027-05-30")
    phone.log_in()
    made = slots.make(9, days=4)
    assert phone.book(made, (phone.companion(birth), kind)).status_code == status


def test_the_day_of_the_visit_counts_and_not_the_day_of_the_booking(phone, travel):
    travel("2027-05-20")
    phone.log_in()
    child = phone.companion("20200601")
    assert booked(phone.book(slots.make(9, days=11), (child, "child_6")))["visitors"][0]["age_band"] == "child"
    assert refused(phone.book(slots.make(9, days=12), (child, "child_6"))) == (422, "ticket_type_age")


def test_a_document_that_states_no_age_is_taken_for_all_but_the_old_age_types(phone):
    passport = {"name": "Ann", "document_kind": "passport", "document_number": "E12345678"}
    guest = phone.post("/mini/v1/companions", passport).json["id"]
    assert refused(phone.book(slots.make(9), (guest, "senior_65"))) == (422, "ticket_type_document")
    shown = booked(phone.book(slots.make(9, days=3), (guest, "student")))["visitors"][0]
    assert (shown["age_band"], shown["inspect"], shown["price_fen"]) == ("unknown", "student_card", 3000)


def test_a_slot_that_is_closed_or_over_is_refused(phone, travel):
    made = slots.make(9)
    slot.close(made, "test")
    assert refused(phone.book(made)) == (409, "slot_closed")
    slot.reopen(made)
    travel((clock.today() + timedelta(days=2)).isoformat(), "20:00")
    phone.log_in()
    assert refused(phone.book(made)) == (409, "slot_over")
    assert slots.left(made) == 9


# Holds


def test_an_unpaid_hold_ends_after_fifteen_minutes_and_returns_its_places(phone, shift_clock):
    made = slots.make(9)
    found = booked(phone.book(made, *family(phone, 2)))
    shift_clock(14 * MINUTE)
    queues.drain()
    assert (phone.order(found["id"])["state"], slots.left(made)) == ("held", 7)
    shift_clock(15 * MINUTE + 1)
    queues.drain()
    assert (phone.order(found["id"])["state"], slots.left(made)) == ("expired", 9)
    assert slots.drift(made) == 0


def test_after_an_expired_hold_the_person_may_book_again(phone, shift_clock):
    made = slots.make(9)
    booked(phone.book(made))
    shift_clock(15 * MINUTE + 1)
    queues.drain()
    assert booked(phone.book(made))["state"] == "held"


def test_a_hold_without_an_order_is_given_back_once_by_the_sweeper(seeded, shift_clock):
    made = slots.make(9)
    slot.take(slot.Take(made, 3), ObjectId())
    assert (slots.left(made), slots.drift(made)) == (6, 0)
    assert sweeper.sweep() == 0
    shift_clock(61)
    assert sweeper.sweep() == 1
    assert sweeper.sweep() == 0
    assert (slots.left(made), slots.drift(made)) == (9, 0)


def test_without_the_sweeper_a_lost_hold_would_stay_lost(seeded, shift_clock):
    made = slots.make(9)
    slot.take(slot.Take(made, 3), ObjectId())
    shift_clock(24 * 60 * MINUTE)
    queues.drain()
    assert slots.left(made) == 6


def test_the_sweeper_leaves_the_places_of_stored_orders(phone, shift_clock):
    made = slots.make(9)
    booked(phone.book(made, *family(phone, 2)))
    shift_clock(61)
    assert sweeper.sweep() == 0
    assert slots.left(made) == 7
    assert slot.Slot._get_collection().find_one({"_id": made})["pending"] == {}
    assert slots.drift(made) == 0


def test_an_order_that_comes_after_its_hold_was_swept_is_refused(seeded, shift_clock):
    made, hold = slots.make(9), ObjectId()
    slot.take(slot.Take(made, 1), hold)
    shift_clock(61)
    sweeper.sweep()
    with pytest.raises(order.DuplicateKeyError) as met:
        order.insert({"_id": hold, "slot": made, "places": 1, "takes": [{"slot": made, "places": 1}], "state": "held"})
    assert order.duplicate_of(met.value) == "_id"
    assert slots.left(made) == 9


def test_eight_sweepers_at_once_give_a_hold_back_once(seeded, shift_clock):
    made = slots.make(9)
    for _ in range(3):
        slot.take(slot.Take(made, 2), ObjectId())
    shift_clock(61)
    assert sum(at_once([sweeper.sweep] * 8)) == 3
    assert (slots.left(made), slots.drift(made)) == (9, 0)


def test_the_notes_of_a_slot_are_bounded(seeded):
    made = slots.make(9)
    notes = {str(ObjectId()): [1, clock.now()] for _ in range(1600)}
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"pending": notes, "has_pending": True}})
    with pytest.raises(slot.SlotBusy):
        slot.take(slot.Take(made, 1), ObjectId())
    assert slots.left(made) == 9


def test_the_recount_sees_a_counter_that_drifted(phone):
    made = slots.make(9, days=90)
    day = booked(phone.book(made))["day"]
    assert sweeper.recount_all(day) == {}
    slot.Slot._get_collection().update_one({"_id": made}, {"$inc": {"left": 1}})
    assert sweeper.recount_all(day) == {made: -1}
    assert metrics.DRIFT._value.get() == 1


# The same request twice


def test_the_same_request_twice_is_one_booking_and_the_same_answer_byte_for_byte(phone):
    made, key = slots.make(9), uuid.uuid4().hex
    first, second = phone.book(made, key=key), phone.book(made, key=key)
    assert (second.status_code, second.data) == (first.status_code, first.data)
    assert (orders().estimated_document_count(), slots.left(made)) == (1, 8)


@pytest.mark.parametrize("what", ["paid", "cancelled", "closed", "over"])
def test_the_answer_stays_the_same_when_the_booking_or_its_slot_has_moved_on(phone, travel, what):
    made, key = slots.make(9), uuid.uuid4().hex
    first = phone.book(made, key=key)
    if what == "paid":
        phone.pay(first.json)
        phone.post(f"/mini/v1/orders/{first.json['id']}/payment-check")
    elif what == "cancelled":
        phone.cancel(first.json["id"])
    elif what == "closed":
        slot.close(made, "test")
    else:
        travel((clock.today() + timedelta(days=2)).isoformat(), "20:00")
        phone.log_in()
    assert phone.book(made, key=key).data == first.data


def test_a_repetition_after_the_slot_sold_out_gives_the_booking_and_not_the_refusal(phone):
    made, key = slots.make(1), uuid.uuid4().hex
    first = phone.book(made, key=key)
    assert refused(phone.book(made, (phone.companion(), "adult"))) == (409, "slot_sold_out")
    assert phone.book(made, key=key).data == first.data


def test_a_free_bookings_answer_is_repeated_too(phone):
    made, key = slots.make(2, place_id="museum"), uuid.uuid4().hex
    first = phone.book(made, key=key)
    assert phone.book(made, key=key).data == first.data
    assert slots.left(made) == 1


def test_the_same_key_with_another_body_is_a_422_and_books_nothing(phone):
    made, other, key = slots.make(9), slots.make(9, days=3), uuid.uuid4().hex
    booked(phone.book(made, key=key))
    assert refused(phone.book(other, key=key)) == (422, "idempotency_key_reused")
    assert slots.left(other) == 9


@pytest.mark.parametrize("key", [None, "", "k" * 256], ids=["no key", "an empty key", "a key of 256 characters"])
def test_a_booking_without_a_usable_key_is_a_400(phone, key):
    body = {"slot_id": slots.make(9), "visitors": [wish(phone)]}
    headers = {"Authorization": f"Bearer {phone.token}", **({} if key is None else {"Idempotency-Key": key})}
    answer = phone.client.post("/mini/v1/orders", json=body, headers=headers)
    assert refused(answer) == (400, "idempotency_key_missing")
    assert orders().estimated_document_count() == 0


def test_the_same_key_of_two_accounts_is_two_bookings(client, seeded, sandbox):
    made, key = slots.make(9), uuid.uuid4().hex
    first, second = (booked(phone.book(made, key=key)) for phone in strangers(client, sandbox, 2))
    assert first["id"] != second["id"]


def test_a_refusal_is_not_kept_the_same_key_works_when_there_is_room_again(phone):
    made, key = slots.make(1), uuid.uuid4().hex
    taken = booked(phone.book(made, (phone.companion(), "adult")))
    assert refused(phone.book(made, key=key)) == (409, "slot_sold_out")
    phone.cancel(taken["id"])
    assert booked(phone.book(made, key=key))["state"] == "held"


def test_twelve_taps_at_once_are_one_booking(phone):
    made, key = slots.make(12), uuid.uuid4().hex
    taps = [phone.twin(phone.client.application.test_client()) for _ in range(12)]
    answers = at_once([lambda tap=tap: tap.book(made, key=key) for tap in taps])
    assert {(one.status_code, one.data) for one in answers} == {(201, answers[0].data)}
    assert (orders().estimated_document_count(), slots.left(made), slots.drift(made)) == (1, 11, 0)


# The concurrency pairs of design section 3


@pytest.mark.parametrize("place_id", ["pingshan", "museum"], ids=["with a price", "free"])
def test_sixteen_people_after_five_places_leave_exactly_five_winners(client, seeded, sandbox, place_id):
    made, phones = slots.make(5, place_id=place_id), strangers(client, sandbox, 16)
    answers = at_once([lambda phone=phone: phone.book(made) for phone in phones])
    assert sorted(one.status_code for one in answers) == [201] * 5 + [409] * 11
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"slot_sold_out"}
    assert (slots.left(made), slots.drift(made)) == (0, 0)


def take_unguarded(slot_id, all_have_read):
    """Take a place as one must not: read, compare, save."""
    found = slot.Slot._get_collection().find_one({"_id": slot_id}, {"left": 1})
    if found["left"] < 1:
        return False
    all_have_read.wait(20)
    slot.Slot._get_collection().update_one({"_id": slot_id}, {"$set": {"left": found["left"] - 1}})
    return True


def test_the_same_rush_without_the_guard_oversells(seeded):
    made, all_have_read = slots.make(5), threading.Barrier(16)
    assert sum(at_once([lambda: take_unguarded(made, all_have_read)] * 16)) > 5


def test_twelve_accounts_that_book_the_same_person_at_once_get_one_ticket(client, seeded, sandbox):
    made, phones = slots.make(20), strangers(client, sandbox, 12, person())
    answers = at_once([lambda phone=phone: phone.book(made) for phone in phones])
    assert sorted(one.status_code for one in answers) == [201] + [409] * 11
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"visitor_already_booked"}
    assert (slots.left(made), slots.drift(made)) == (19, 0)


def book_unguarded(slot_id, person_id, all_have_read):
    """Book a person as one must not: look whether they have an order, then store one without a claim."""
    query = {"slot": slot_id, "state": "held", "visitors.person": person_id}
    if orders().find_one(query):
        return False
    all_have_read.wait(20)
    orders().insert_one({"slot": slot_id, "state": "held", "places": 1, "visitors": [{"person": person_id}]})
    return True


def test_the_same_person_at_once_without_the_claim_gets_several_tickets(seeded):
    made, person_id, all_have_read = slots.make(20), ObjectId(), threading.Barrier(12)
    assert sum(at_once([lambda: book_unguarded(made, person_id, all_have_read)] * 12)) > 1

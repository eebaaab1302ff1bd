"""Paragraph 1: slot quota, daily limit, shares, several bookings a person, and what is taken all or none."""

import threading
import uuid
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.booking import order, slot, slot_errors, sweeper, takes
from models.booking.slot import Take
from models.places import opening, place, resource, slot_plan
from tests.main_job.test_3_book import booked, family, refused, strangers
from tests.support import queues, slots
from tests.support.crowd import at_once


def day_of(slot_id):
    return slot.read(slot_id)["day"]


@pytest.fixture
def capped(seeded):
    """Return two slots of ten places of one day that may sell twelve in all, and the counter of that day."""
    day = (clock.today() + timedelta(days=2)).isoformat()
    assert slot.open_up(slot_plan.day_record("museum", day, 12))
    counter = slot.day_id("museum", day)
    return [slots.make(10, place_id="museum", start=h * 60 + 7, counters=[counter]) for h in (18, 20)], counter


def book_with(phone, slot_id, visitors, extras):
    body = {
        "slot_id": slot_id,
        "visitors": [{"companion_id": who, "ticket_type": kind} for who, kind in visitors],
        "extras": [{"slot_id": one, "ticket_type": "guided_tour"} for one in extras],
    }
    return phone.post("/mini/v1/orders", body)


# The daily limit


def test_the_daily_limit_ends_sales_although_the_slots_have_places(client, sandbox, capped):
    (early, late), counter = capped
    phones = strangers(client, sandbox, 3)
    booked(phones[0].book(early, *family(phones[0], 5)))
    booked(phones[1].book(late, *family(phones[1], 5)))
    answer = phones[2].book(late, *family(phones[2], 3))
    assert refused(answer) == (409, "day_sold_out")
    assert "剩 2 个" in answer.json["message"]
    booked(phones[2].book(late, *family(phones[2], 2)))
    assert [slots.left(one) for one in (early, late, counter)] == [5, 3, 0]
    assert [slots.drift(one) for one in (early, late, counter)] == [0, 0, 0]


def test_the_calendar_shows_no_more_than_the_day_has_left(client, sandbox, capped):
    (early, late), _counter = capped
    for phone in strangers(client, sandbox, 2):
        booked(phone.book(early, *family(phone, 5)))
    day = day_of(early)
    answer = client.get(f"/mini/v1/places/museum/slots?from={day}&to={day}").json["items"]
    shown = {one["id"]: (one["quota"], one["left"]) for one in answer}
    assert (shown[early], shown[late]) == ((10, 0), (10, 2))
    assert slot.day_id("museum", day) not in shown
    assert client.get(f"/mini/v1/slots/{late}").json["left"] == 2


def test_cancelling_gives_back_to_the_slot_and_to_the_day(phone, capped):
    (early, _late), counter = capped
    made = booked(phone.book(early, *family(phone, 4)))
    assert (slots.left(early), slots.left(counter)) == (6, 8)
    assert phone.cancel(made["id"]).json["state"] == "cancelled"
    assert (slots.left(early), slots.left(counter)) == (10, 12)
    assert (slots.drift(early), slots.drift(counter)) == (0, 0)


def test_sixteen_people_over_two_slots_never_pass_the_daily_limit(client, sandbox, capped):
    (early, late), counter = capped
    phones = strangers(client, sandbox, 16)
    answers = at_once([lambda n=n, one=one: one.book((early, late)[n % 2]) for n, one in enumerate(phones)])
    assert sorted(one.status_code for one in answers) == [201] * 12 + [409] * 4
    assert slots.left(counter) == 0
    assert slots.left(early) + slots.left(late) == 8
    assert [slots.drift(one) for one in (early, late, counter)] == [0, 0, 0]


def take_day_unguarded(counter, all_have_read):
    """Take of the day as one must not: read, compare, save."""
    if slot.read(counter)["left"] < 1:
        return False
    all_have_read.wait(20)
    slot.Slot._get_collection().update_one({"_id": counter}, {"$inc": {"left": -1}})
    return True


def test_without_the_guard_the_day_oversells(seeded):
    day, all_have_read = (clock.today() + timedelta(days=3)).isoformat(), threading.Barrier(12)
    slot.open_up(slot_plan.day_record("museum", day, 3))
    counter = slot.day_id("museum", day)
    assert sum(at_once([lambda: take_day_unguarded(counter, all_have_read)] * 12)) > 3


# Shares


SHARED = {"shares": {"individual": 6, "group": 4}}


def with_share(share):
    return [{**one, "share": share} for one in place.read("museum")["ticket_types"]]


def test_a_share_sells_out_while_the_slot_has_places(client, sandbox, seeded):
    made = slots.make(10, place_id="museum", classes=with_share("group"), **SHARED)
    phones = strangers(client, sandbox, 2)
    booked(phones[0].book(made, *family(phones[0], 3)))
    answer = phones[1].book(made, *family(phones[1], 2))
    assert refused(answer) == (409, "share_sold_out")
    assert "团队名额不足(剩 1 个)" in answer.json["message"]
    assert slot.read(made)["shares"] == {"individual": {"quota": 6, "left": 6}, "group": {"quota": 4, "left": 1}}
    shown = client.get(f"/mini/v1/slots/{made}").json
    assert [(one["share_zh"], one["left"]) for one in shown["shares"]] == [("团队", 1), ("散客", 6)]
    assert slots.drift(made) == 0


def test_cancelling_gives_the_share_back(phone):
    made = slots.make(10, place_id="museum", classes=with_share("group"), **SHARED)
    phone.cancel(booked(phone.book(made, *family(phone, 3)))["id"])
    assert slot.read(made)["shares"]["group"] == {"quota": 4, "left": 4}
    assert (slots.left(made), slots.drift(made)) == (10, 0)


def test_sixteen_after_a_share_of_four_leave_exactly_four(client, sandbox, seeded):
    made = slots.make(10, place_id="museum", classes=with_share("group"), **SHARED)
    answers = at_once([lambda one=one: one.book(made) for one in strangers(client, sandbox, 16)])
    assert sorted(one.status_code for one in answers) == [201] * 4 + [409] * 12
    assert (slots.left(made), slot.read(made)["shares"]["group"]["left"], slots.drift(made)) == (6, 0, 0)


def test_the_sweeper_returns_a_lost_hold_with_its_share(seeded, shift_clock):
    made = slots.make(10, place_id="museum", **SHARED)
    slot.take(Take(made, 3, {"group": 2, "individual": 1}), ObjectId())
    assert slots.drift(made) == 0
    shift_clock(61)
    assert sweeper.sweep() == 1
    found = slot.read(made)["shares"]
    assert (slots.left(made), found["group"]["left"], found["individual"]["left"]) == (10, 4, 6)


def test_a_recount_sees_a_share_that_drifted(seeded):
    made = slots.make(10, place_id="museum", **SHARED)
    slot.Slot._get_collection().update_one({"_id": made}, {"$inc": {"shares.group.left": -1}})
    assert slots.drift(made) == 1


# Bundles: a visit and a guide


def test_a_guide_is_booked_with_the_visit_and_paid_with_it(phone):
    visit, guide = slots.make(5, place_id="museum"), slots.guide()
    made = booked(book_with(phone, visit, family(phone, 2), [guide]))
    assert (made["state"], made["total_fen"]) == ("held", 8000)
    assert made["extras"] == [{"slot_id": guide, "units": 1, "price_fen": 8000, "what": "guide", "title_zh": "讲解员"}]
    assert (slots.left(visit), slots.left(guide)) == (3, 0)
    phone.pay(made)
    found = phone.post(f"/mini/v1/orders/{made['id']}/payment-check").json
    assert (found["state"], len(found["tickets"])) == ("issued", 2)
    assert phone.cancel(made["id"]).json["state"] == "cancelled"
    assert (slots.left(visit), slots.left(guide)) == (5, 1)
    assert (slots.drift(visit), slots.drift(guide)) == (0, 0)


def test_without_the_guide_there_is_no_visit(client, sandbox, seeded):
    visit, guide = slots.make(9, place_id="museum"), slots.guide(1)
    answers = at_once(
        [lambda one=one: book_with(one, visit, [(one.me, "adult")], [guide]) for one in strangers(client, sandbox, 8)]
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    assert (slots.left(visit), slots.left(guide)) == (8, 0)
    assert (slots.drift(visit), slots.drift(guide)) == (0, 0)


def test_a_process_that_dies_between_visit_and_guide_leaves_neither_taken(seeded, shift_clock):
    visit, guide, hold = slots.make(5, place_id="museum"), slots.guide(), ObjectId()
    slot.take(Take(visit, 2), hold)
    assert slots.left(visit) == 3
    shift_clock(61)
    sweeper.sweep()
    assert (slots.left(visit), slots.left(guide)) == (5, 1)
    takes.take_all([Take(visit, 2), Take(guide, 1)], ObjectId())
    shift_clock(122)
    sweeper.sweep()
    assert (slots.left(visit), slots.left(guide)) == (5, 1)
    assert (slots.drift(visit), slots.drift(guide)) == (0, 0)


def test_a_bundle_that_is_refused_midway_gives_all_back_at_once(seeded):
    visit, guide = slots.make(5, place_id="museum"), slots.guide(0)
    with pytest.raises(slot_errors.SlotSoldOut):
        takes.take_all([Take(visit, 2), Take(guide, 1)], ObjectId())
    assert (slots.left(visit), slots.drift(visit)) == (5, 0)


def test_an_unpaid_bundle_expires_whole(phone, shift_clock):
    visit, guide = slots.make(5, place_id="museum"), slots.guide()
    booked(book_with(phone, visit, family(phone, 1), [guide]))
    shift_clock(15 * 60 + 1)
    queues.drain()
    assert (slots.left(visit), slots.left(guide)) == (5, 1)


@pytest.mark.parametrize("other", ["of another place", "of another day", "itself", "of no resource"])
def test_only_a_resource_of_the_same_place_and_day_is_taken_along(phone, other):
    visit = slots.make(5, place_id="museum")
    extra = {
        "of another place": lambda: slots.guide(place_id="pingshan"),
        "of another day": lambda: slots.guide(days=3),
        "itself": lambda: visit,
        "of no resource": lambda: slots.make(5, place_id="museum", start=20 * 60),
    }[other]()
    answer = book_with(phone, visit, family(phone, 1), [extra])
    assert refused(answer) == (422, "extra_wrong")
    assert list(answer.json["fields"]) == ["extras.0.slot_id"]
    assert slots.left(visit) == 5


# How often one person may book


TWICE = [{"period": "day", "most": 2}]


def test_where_two_a_day_are_allowed_the_third_is_refused(phone):
    made = [slots.make(5, place_id="museum", start=h * 60 + 7, limits=TWICE) for h in (16, 18, 20)]
    for one in made[:2]:
        booked(phone.book(one))
    answer = phone.book(made[2])
    assert refused(answer) == (409, "visitor_booked_too_often")
    assert "本日内的预约已达 2 次上限" in answer.json["message"]
    assert slots.left(made[2]) == 5


def test_a_cancelled_booking_counts_no_longer(phone):
    made = [slots.make(5, place_id="museum", start=h * 60 + 7, limits=TWICE) for h in (16, 18, 20)]
    first = booked(phone.book(made[0]))
    booked(phone.book(made[1]))
    phone.cancel(first["id"])
    booked(phone.book(made[2]))


def test_a_limit_of_the_month_holds_over_its_days(phone, shift_clock):
    limits = [{"period": "day", "most": 1}, {"period": "month", "most": 1}]
    days = [n for n in range(1, 40) if (clock.today() + timedelta(days=n)).day in {10, 11}][:2]
    made = [slots.make(5, place_id="museum", days=n, limits=limits) for n in days]
    booked(phone.book(made[0]))
    answer = phone.book(made[1])
    assert answer.status_code == 409
    assert answer.json["code"] == "visitor_booked_too_often"
    assert "本月内的预约已达 1 次上限" in answer.json["message"]


def test_eight_bookings_of_one_person_at_once_stay_within_the_limit(phone):
    made = [slots.make(5, place_id="museum", start=h * 60 + 7, limits=TWICE) for h in range(10, 18)]
    twins = [phone.twin(phone.client.application.test_client()) for _ in made]
    answers = at_once([lambda one=one, at=at: one.book(at) for one, at in zip(twins, made, strict=True)])
    assert sorted(one.status_code for one in answers) == [201] * 2 + [409] * 6
    assert sum(slots.left(one) for one in made) == 8 * 5 - 2
    assert {slots.drift(one) for one in made} == {0}


def test_the_same_request_twice_is_one_booking_where_several_are_allowed(phone):
    made, key = slots.make(5, place_id="museum", limits=TWICE), uuid.uuid4().hex
    first, second = phone.book(made, key=key), phone.book(made, key=key)
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert slots.left(made) == 4


# A pause


def test_a_paused_place_sells_nothing_and_cancels_nothing(phone, client):
    made = slots.make(5, place_id="museum", days=2)
    first = booked(phone.book(made))
    day = day_of(made)
    assert slot.pause("museum", day, "crowd") > 0
    answer = phone.book(made, (phone.companion(), "adult"))
    assert refused(answer) == (409, "slot_paused")
    shown = client.get(f"/mini/v1/slots/{made}").json
    assert (shown["state"], shown["left"]) == ("paused", 0)
    assert phone.order(first["id"])["state"] == "issued"
    assert slot.pause("museum", day, "crowd") == 0
    assert slot.resume("museum", day) > 0
    booked(phone.book(made, (phone.companion(), "adult")))


def test_resuming_does_not_reopen_what_staff_closed(seeded):
    made = slots.make(5, place_id="museum", days=2)
    slot.close(made, "维修")
    slot.pause("museum", day_of(made), "crowd")
    slot.resume("museum", day_of(made))
    assert slot.read(made)["state"] == "closed"


# Plans


def test_a_plan_opens_slots_by_weekday_share_and_price(seeded):
    plan = [
        {"start": "07:00", "end": "08:00", "quota": 9, "weekdays": ["sat", "sun"], "prices": {"adult": 500}},
        {"start": "08:00", "end": "09:00", "quota": 8, "day_kind": "workday", "shares": {"public": 3}},
        {"start": "09:00", "end": "10:00", "quota": 7, "valid_to": "2020-01-01"},
        {"start": "10:00", "end": "11:00", "quota": 6, "ticket_types": ["adult"]},
    ]
    calendar = opening.calendar()
    saturday = next(d for d in (clock.today() + timedelta(days=n) for n in range(1, 9)) if d.weekday() == 5)
    monday = saturday + timedelta(days=2)
    starts = [[one["start"] for one in slot_plan.lines_on(plan, day, calendar)] for day in (saturday, monday)]
    assert starts == [["07:00", "10:00"], ["08:00", "10:00"]]
    types = place.read("pingshan")["ticket_types"]
    made = slot_plan.record("pingshan", plan[0], saturday.isoformat(), types, {})
    assert next(one for one in made["classes"] if one["code"] == "adult")["price_fen"] == 500
    assert [one["code"] for one in slot_plan.record("pingshan", plan[3], "2027-01-01", types, {})["classes"]] == [
        "adult"
    ]


def test_a_place_with_a_daily_limit_opens_its_counter_with_its_slots(seeded):
    caps = [{"valid_from": "2020-01-01", "valid_to": None, "places": 77}]
    place.Place._get_collection().update_one({"_id": "pingshan"}, {"$set": {"daily_caps": caps}})
    first = clock.today() + timedelta(days=200)
    assert place.open_slots("pingshan", first, 3) > 0
    counters = list(slot.Slot._get_collection().find({"place": "pingshan", "resource": "", "kind": "day"}))
    assert {one["quota"] for one in counters} == {77}
    mine = slot.Slot._get_collection().find_one(
        {"place": "pingshan", "resource": "", "day": counters[0]["day"], "start": {"$gte": 0}}
    )
    assert mine["counters"] == [counters[0]["_id"]]


def test_a_resource_opens_slots_of_its_own_beside_those_of_its_place(seeded, client):
    record = {
        "_id": "pingshan.guide_1",
        "place": "pingshan",
        "code": "guide_1",
        "kind": "guide",
        "name_zh": "讲解员甲",
        "rank": 1,
        "state": "active",
        "slots": [{"start": "09:00", "end": "10:00", "quota": 1}],
        "ticket_types": [{"code": "guided_tour", "name_zh": "讲解服务", "price_fen": 100, "identity_documents": []}],
    }
    resource.Resource._get_collection().insert_one(record)
    first = clock.today() + timedelta(days=1)
    made = resource.open_slots(resource.read("pingshan.guide_1"), first, 7)
    assert 0 < made <= 7
    assert resource.open_slots(resource.read("pingshan.guide_1"), first, 7) == 0
    shown = client.get("/mini/v1/places/pingshan/resources").json["items"]
    assert [(one["resource"], one["kind_zh"]) for one in shown] == [("guide_1", "讲解员")]
    span = f"from={first.isoformat()}&to={(first + timedelta(days=6)).isoformat()}"
    mine = client.get(f"/mini/v1/places/pingshan/slots?{span}&resource=guide_1").json["items"]
    assert {one["resource"] for one in mine} == {"guide_1"}
    assert len(mine) == made
    general = client.get(f"/mini/v1/places/pingshan/slots?{span}").json["items"]
    assert [one for one in general if "resource" in one] == []


def test_an_order_of_an_earlier_release_gives_back_its_one_slot(phone):
    made = slots.make(5, place_id="museum")
    found = booked(phone.book(made, *family(phone, 2)))
    order.Order._get_collection().update_one({"_id": ObjectId(found["id"])}, {"$unset": {"takes": ""}})
    phone.cancel(found["id"])
    assert slots.left(made) == 5


def test_the_next_slots_leave_out_days_whose_limit_is_reached(look):
    day = look("/mini/v1/places/museum")["next_slots"][0]["day"]
    counter = slot.day_id("museum", day)
    slot.open_up(slot_plan.day_record("museum", day, 0))
    own = {"place": "museum", "resource": "", "day": day, "kind": {"$ne": "day"}}
    slot.Slot._get_collection().update_many(own, {"$set": {"counters": [counter]}})
    assert day not in {one["day"] for one in look("/mini/v1/places/museum")["next_slots"]}
    slot.Slot._get_collection().update_one({"_id": counter}, {"$set": {"quota": 3, "left": 3}})
    assert {one["left"] for one in look("/mini/v1/places/museum")["next_slots"] if one["day"] == day} == {3}


def test_the_counter_of_a_day_is_no_slot_for_anybody(client, phone):
    day = clock.today().isoformat()
    slot.open_up(slot_plan.day_record("museum", day, 10))
    assert client.get(f"/mini/v1/slots/{slot.day_id('museum', day)}").status_code == 404
    assert phone.book(slot.day_id("museum", day)).status_code in {404, 422}


def test_the_recount_goes_on_when_a_slot_was_taken_away_meanwhile(seeded, monkeypatch):
    made = slots.make(5)
    slot.Slot._get_collection().delete_one({"_id": made})
    assert sweeper.recount(made) == 0

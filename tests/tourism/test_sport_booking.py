"""Sport: hours of a court in a row, sessions by person, who pays which price, and who may come."""

import threading
import uuid

import pytest
from bson import ObjectId

from backend import clock
from models.booking import claim, issuing, order, slot, sweeper, takes
from models.booking.slot import Take
from models.places.resource import Resource
from tests.main_job.test_3_book import strangers
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.tourism.sport_kit import (
    GROUND,
    POOL,
    book,
    booked,
    day,
    drift,
    hour,
    issued,
    left,
    partner,
    players,
    refused,
)


@pytest.fixture
def evening(seeded):
    return [hour(n) for n in (18, 19, 20)]


# A court


def test_three_hours_in_a_row_are_one_order_at_the_price_of_each_hour(phone, seeded):
    hours = [hour(n) for n in (17, 18, 19)]
    made = booked(book(phone, hours, partner(phone)))
    assert (made["state"], made["total_fen"], made["resource_zh"]) == ("held", 2000 + 3000 + 3000, "1 号羽毛球场")
    assert [one["price_fen"] for one in made["visitors"]] == [2000, 0]
    assert [one["ticket_class"] for one in made["visitors"]] == ["standard", "player"]
    assert [(one["slot_id"], one["what"], one["price_fen"]) for one in made["extras"]] == [
        (hours[1], "further_hour", 3000),
        (hours[2], "further_hour", 3000),
    ]
    assert (made["start"][11:16], made["end"][11:16]) == ("17:00", "20:00")
    assert (left(*hours), drift(*hours)) == ([0, 0, 0], {0})


def test_hours_may_be_named_in_any_order(phone, evening):
    made = booked(book(phone, [evening[2], evening[0], evening[1]], partner(phone)))
    assert made["slot_id"] == evening[0]


def test_everybody_enters_with_a_ticket_of_their_own_over_all_hours(phone, evening, travel):
    found = issued(phone, evening[:2], partner(phone))
    windows = {(one["enter_from"][11:16], one["enter_until"][11:16]) for one in found["tickets"]}
    assert (len(found["tickets"]), windows) == (2, {("17:45", "20:00")})
    gate = Gate(phone.client, "sport_gymnasium")
    travel(found["day"], "17:30")
    assert gate.scan(found["tickets"][0]["code"]).json["result"] != "admitted"
    travel(found["day"], "19:40")
    assert [gate.scan(one["code"]).json["result"] for one in found["tickets"]] == ["admitted", "admitted"]


def test_cancelling_gives_all_hours_back(phone, evening):
    found = issued(phone, evening, partner(phone))
    assert phone.cancel(found["id"]).json["state"] == "cancelled"
    assert (left(*evening), drift(*evening)) == ([1, 1, 1], {0})


def test_an_unpaid_booking_expires_with_all_its_hours(phone, evening, shift_clock):
    booked(book(phone, evening, partner(phone)))
    shift_clock(15 * 60 + 1)
    queues.drain()
    assert left(*evening) == [1, 1, 1]


WRONG_HOURS = {
    "a gap": lambda: [hour(18), hour(20)],
    "two courts": lambda: [hour(18), hour(19, "badminton_2")],
    "two days": lambda: [hour(18), hour(19, days=3)],
    "twice the same": lambda: [hour(18), hour(18)],
    "two places": lambda: [hour(18), hour(19, "basketball_1", place=GROUND)],
}


@pytest.mark.parametrize("which", WRONG_HOURS)
def test_only_hours_of_one_court_in_a_row_are_booked(phone, seeded, which):
    answer = book(phone, WRONG_HOURS[which](), partner(phone))
    assert refused(answer) == (422, "sport_hours_not_in_a_row")
    assert list(answer.json["fields"]) == ["slots"]
    assert left(hour(18)) == [1]


def test_more_hours_than_the_court_allows_are_refused(phone, seeded):
    hours = [hour(n, "pitch", place="sport_stadium") for n in (14, 15, 16)]
    answer = book(phone, hours, partner(phone))
    assert refused(answer) == (422, "sport_too_many_hours")
    assert "最多预订 2 个时段" in answer.json["message"]


@pytest.mark.parametrize("slot_id", ["nothing", "museum-20261124-0900", "sport_gymnasium.badminton_9-20261124-0900"])
def test_a_slot_that_is_none_of_a_court_is_not_found(phone, slot_id):
    answer = book(phone, slot_id, partner(phone))
    assert refused(answer) == (404, "sport_slot_unknown")
    assert list(answer.json["fields"]) == ["slots.0"]


def test_a_guide_is_no_court(phone):
    assert refused(book(phone, slots.guide(), partner(phone))) == (404, "sport_slot_unknown")


def test_a_court_is_not_booked_as_a_visit_nor_beside_one(phone, evening):
    assert refused(phone.book(evening[0], (phone.me, "standard"))) == (422, "slot_of_sport")
    visit = slots.make(5, place_id="sport_gymnasium", classes=slot.read(slots.make(1))["classes"])
    body = {
        "slot_id": visit,
        "visitors": [{"companion_id": phone.me, "ticket_type": "adult"}],
        "extras": [{"slot_id": evening[0], "ticket_type": "standard"}],
    }
    assert refused(phone.post("/mini/v1/orders", body)) == (422, "extra_wrong")
    assert left(evening[0]) == [1]


@pytest.mark.parametrize("number", [1, 7])
def test_as_many_play_as_the_court_takes(phone, evening, number):
    who = players(phone.me, *(phone.companion() for _ in range(number - 1)))
    answer = book(phone, evening[0], who)
    assert refused(answer) == (422, "sport_players_wrong")
    assert "2 至 6 人" in answer.json["fields"]["players"][0]


def test_a_player_is_named_once(phone, evening):
    assert refused(book(phone, evening[0], players(phone.me, phone.me))) == (422, "sport_player_twice")


def test_a_player_whom_the_account_does_not_know_is_named(phone, evening):
    answer = book(phone, evening[0], players(phone.me, "f" * 12))
    assert refused(answer) == (404, "visitor_unknown")
    assert list(answer.json["fields"]) == ["players.1.companion_id"]


def test_a_single_player_has_no_price_of_their_own_on_a_court(phone, evening):
    who = [{"companion_id": phone.me, "ticket_type": "student"}, *players(phone.companion())]
    answer = book(phone, evening[0], who)
    assert refused(answer) == (422, "sport_type_per_player")
    assert list(answer.json["fields"]) == ["players.0.ticket_type"]


def test_an_unknown_ticket_type_names_the_hour(phone, evening):
    answer = book(phone, evening[:2], partner(phone), "golden")
    assert (refused(answer), list(answer.json["fields"])) == ((422, "ticket_type_unknown"), ["slots.0"])


@pytest.mark.parametrize(
    "change",
    [{"slots": []}, {"slots": ["x"] * 5}, {"players": []}, {"players": [{}] * 13}, {"ticket_type": ""},
     {"players": [{"companion_id": "a", "deep_water_certificate": "maybe"}]}, {"slots": "x"}, {"more": 1}],
)  # fmt: skip
def test_an_odd_booking_is_a_bad_request(phone, change):
    body = {"slots": ["x"], "players": [{"companion_id": "a"}], "ticket_type": "standard"} | change
    assert phone.post("/mini/v1/sport/bookings", body).status_code == 400


# Whose standing sets the price


def test_the_concession_is_that_of_the_booker_who_plays_along(phone, evening):
    made = booked(book(phone, evening[:2], partner(phone), "student"))
    assert made["total_fen"] == 2 * 1500
    assert [one["inspect"] for one in made["visitors"]] == ["student_card", ""]


def test_who_does_not_play_gives_no_concession_to_others(phone, evening):
    others = players(phone.companion(), phone.companion())
    answer = book(phone, evening[0], others, "student")
    assert refused(answer) == (422, "sport_booker_missing")
    assert list(answer.json["fields"]) == ["ticket_type"]
    assert booked(book(phone, evening[0], others))["visitors"][0]["price_fen"] == 3000


def test_a_concession_that_registers_refuse_is_refused_by_the_field_of_this_booking(phone, evening):
    kinds = [{**one, "concession": "senior_65_scenic"} for one in slot.read(evening[0])["classes"]]
    slot.Slot._get_collection().update_one({"_id": evening[0]}, {"$set": {"classes": kinds}})
    answer = book(phone, evening[0], partner(phone), "student")
    assert refused(answer) == (422, "concession_refused")
    assert list(answer.json["fields"]) == ["ticket_type"]


# Two courts at once


def test_nobody_plays_on_two_courts_at_once(phone, seeded):
    who = partner(phone)
    booked(book(phone, [hour(18), hour(19)], who))
    answer = book(phone, hour(19, "badminton_2"), who)
    assert refused(answer) == (409, "visitor_booked_elsewhere")
    elsewhere = book(phone, hour(18, "basketball_1", place=GROUND), who)
    assert refused(elsewhere) == (409, "visitor_booked_elsewhere")
    booked(book(phone, hour(20, "badminton_2"), who))
    assert (left(hour(19, "badminton_2")), drift(hour(19, "badminton_2"))) == ([1], {0})


def test_who_cancelled_may_play_elsewhere(phone, seeded):
    who = partner(phone)
    phone.cancel(booked(book(phone, hour(18), who))["id"])
    booked(book(phone, hour(18, "badminton_2"), who))


def test_of_two_courts_asked_for_at_once_one_person_gets_one(phone, seeded):
    who = partner(phone)
    courts = [hour(18, f"badminton_{n}") for n in (1, 2, 3)]
    twins = [phone.twin(phone.client.application.test_client()) for _ in courts]
    answers = at_once([lambda one=one, at=at: book(one, at, who) for one, at in zip(twins, courts, strict=True)])
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert (sum(left(*courts)), drift(*courts)) == (2, {0})


def test_a_fourth_booking_of_the_day_is_refused_by_the_days_limit(phone, seeded):
    who = partner(phone)
    for n in (14, 15, 16):
        booked(book(phone, hour(n), who))
    answer = book(phone, hour(18), who)
    assert refused(answer) == (409, "visitor_booked_too_often")
    assert "本日内的预约已达 3 次上限" in answer.json["message"]


def test_the_claims_of_places_without_hours_stay_what_they_were():
    person, at = ObjectId(), day()
    assert claim.free("museum", at, [person]) == [claim.value("museum", at, person)]
    shared = claim.free("museum", at, [person], [{"period": "day", "most": 1, "share": "public"}], shares=["group"])
    assert shared == []


# Races


def test_one_court_goes_to_one_of_many(client, sandbox, evening):
    phones = strangers(client, sandbox, 12)
    whos = [partner(one) for one in phones]
    answers = at_once(
        [lambda one=one, who=who: book(one, evening[0], who) for one, who in zip(phones, whos, strict=True)]
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 11
    assert (left(evening[0]), drift(evening[0])) == ([0], {0})


def take_unguarded(slot_id, all_have_read):
    """Take a court as one must not: read, compare, save."""
    if slot.read(slot_id)["left"] < 1:
        return False
    all_have_read.wait(20)
    slot.Slot._get_collection().update_one({"_id": slot_id}, {"$inc": {"left": -1}})
    return True


def test_without_the_guard_one_court_goes_to_many(evening):
    all_have_read = threading.Barrier(6)
    assert sum(at_once([lambda: take_unguarded(evening[0], all_have_read)] * 6)) > 1


def test_three_hours_against_bookers_of_single_hours_leave_no_half_booking(client, sandbox, evening):
    phones = strangers(client, sandbox, 12)
    whos = [partner(one) for one in phones]
    wishes = [evening if n % 2 else evening[n % 3] for n in range(12)]
    answers = at_once([lambda p=p, w=w, s=s: book(p, s, w) for p, w, s in zip(phones, whos, wishes, strict=True)])
    won = [one.json for one in answers if one.status_code == 201]
    taken = [one["slot_id"] for one in won] + [each["slot_id"] for one in won for each in one.get("extras", [])]
    assert len(won) >= 1
    assert {one.status_code for one in answers} <= {201, 409}
    assert len(taken) == len(set(taken)), "an hour was sold twice"
    assert all(len(one.get("extras", [])) in {0, 2} for one in won)
    assert [1 if one in taken else 0 for one in evening] == [1 - n for n in left(*evening)]
    assert drift(*evening) == {0}


def test_a_process_that_dies_between_two_hours_leaves_none_taken(evening, shift_clock):
    takes.take_all([Take(one, 1) for one in evening[:2]], ObjectId())
    assert left(*evening) == [0, 0, 1]
    shift_clock(61)
    assert sweeper.sweep() == 2
    assert (left(*evening), drift(*evening)) == ([1, 1, 1], {0})


def test_the_same_request_twice_is_one_booking(phone, evening):
    who, key = partner(phone), uuid.uuid4().hex
    first, second = (book(phone, evening[:2], who, key=key) for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert refused(book(phone, evening[2], who, key=key)) == (422, "idempotency_key_reused")
    assert left(*evening) == [0, 0, 1]


# Sessions by person


def test_a_session_of_the_pool_has_a_ticket_type_for_each(phone, seeded):
    child = phone.companion("20150101")
    who = [{"companion_id": phone.me}, {"companion_id": child, "ticket_type": "minor"}]
    made = booked(book(phone, hour(14, "main", place=POOL), who, "adult"))
    assert (made["total_fen"], [one["price_fen"] for one in made["visitors"]]) == (4500, [3000, 1500])
    assert left(hour(14, "main", place=POOL)) == [78]


def test_a_child_comes_with_somebody_of_full_age_in_the_same_order(phone, seeded):
    child, youth = phone.companion("20150101"), phone.companion("20100101")
    answer = book(phone, hour(14, "main", place=POOL), players(youth, child), "minor")
    assert refused(answer) == (422, "sport_guardian_missing")
    assert answer.json["fields"] == {
        "players.1.companion_id": ["14 周岁以下儿童须由成年人陪同,请在同一订单中加入一位 18 周岁以上的陪同人。"]
    }
    booked(book(phone, hour(14, "main", place=POOL), players(youth), "minor"))


def test_deep_water_asks_everybody_for_a_certificate_that_the_gate_looks_at(phone, seeded):
    at, friend = hour(14, "deep", place=POOL), phone.companion()
    who = [{"companion_id": phone.me, "deep_water_certificate": True}, {"companion_id": friend}]
    answer = book(phone, at, who, "adult")
    assert refused(answer) == (422, "sport_deep_water_certificate")
    assert list(answer.json["fields"]) == ["players.1.deep_water_certificate"]
    found = issued(phone, at, players(phone.me, friend, deep_water_certificate=True), "adult")
    assert {one["inspect"] for one in found["visitors"]} == {"deep_water_certificate"}


def test_two_sessions_at_once_are_refused_as_two_courts_are(phone, seeded):
    booked(book(phone, hour(14, "main", place=POOL), players(phone.me), "adult"))
    answer = book(phone, hour(14), partner(phone))
    assert refused(answer) == (409, "visitor_booked_elsewhere")


def test_only_one_session_at_once(phone, seeded):
    both = [hour(n, "main", place=POOL) for n in (14, 16)]
    assert refused(book(phone, both, players(phone.me), "adult")) == (422, "sport_too_many_hours")


def test_a_lane_of_the_pool_is_let_as_a_whole_and_counts_one(phone, seeded):
    at = hour(18, "lane_1", place=POOL)
    made = booked(book(phone, at, players(phone.me, phone.companion(), phone.companion())))
    assert (made.get("places", 1), made["total_fen"], left(at)) == (1, 8000, [0])


# Free public hours


def test_free_public_hours_have_a_share_of_their_own(client, sandbox, seeded):
    at = hour(9, "main", place=POOL)
    slot.Slot._get_collection().update_one({"_id": at}, {"$set": {"shares.public": {"quota": 2, "left": 2}}})
    phones = strangers(client, sandbox, 3)
    found = issued(phones[0], at, partner(phones[0]), "public")
    assert (found["total_fen"], len(found["tickets"])) == (0, 2)
    answer = book(phones[1], at, players(phones[1].me), "public")
    assert refused(answer) == (409, "share_sold_out")
    assert "惠民名额不足(剩 0 个)" in answer.json["message"]
    booked(book(phones[2], at, players(phones[2].me), "adult"))
    shown = client.get(f"/mini/v1/slots/{at}").json
    assert (shown["left"], shown["shares"][0]["left"]) == (77, 0)
    assert drift(at) == {0}


def test_free_public_hours_are_for_everybody_twice_a_week(phone, seeded, travel):
    monday = next(n for n in range(1, 9) if clock.date_of(day(n)).weekday() == 0)
    travel(day(monday), "07:00")
    phone.log_in()
    for days in (0, 1):
        booked(book(phone, free_hour(days), players(phone.me), "public"))
    answer = book(phone, free_hour(2), players(phone.me), "public")
    assert refused(answer) == (409, "visitor_booked_too_often")
    assert "本周内的预约已达 2 次上限" in answer.json["message"]
    booked(book(phone, free_hour(2), players(phone.me), "adult"))


def free_hour(days):
    """Return a session of the pool with its free share, made where the seed has none yet."""
    at = hour(9, "main", place=POOL, days=days)
    if slot.Slot._get_collection().find_one({"_id": at}) is None:
        known = slot.Slot._get_collection().find_one({"place": POOL, "resource": "main", "start": 9 * 60})
        fresh = {**known, "_id": at, "day": day(days), "shares": {"public": 30}}
        assert slot.open_up(fresh)
    return at


def test_thirty_after_a_free_share_of_four_leave_exactly_four(client, sandbox, seeded):
    at = hour(9, "main", place=POOL)
    slot.Slot._get_collection().update_one({"_id": at}, {"$set": {"shares.public": {"quota": 4, "left": 4}}})
    phones = strangers(client, sandbox, 12)
    answers = at_once([lambda one=one: book(one, at, players(one.me), "public") for one in phones])
    assert sorted(one.status_code for one in answers) == [201] * 4 + [409] * 8
    assert (slot.read(at)["shares"]["public"]["left"], drift(at)) == (0, {0})


def test_a_retired_court_is_not_booked(phone, evening):
    Resource._get_collection().update_one({"_id": "sport_gymnasium.badminton_1"}, {"$set": {"state": "retired"}})
    assert refused(book(phone, evening[0], partner(phone))) == (409, "slot_closed")


def test_a_late_payment_takes_all_hours_again_or_goes_back(phone, evening, shift_clock):
    made = booked(book(phone, evening[:2], partner(phone)))
    shift_clock(15 * 60 + 1)
    queues.drain()
    assert left(*evening[:2]) == [1, 1]
    other = ObjectId()
    slot.take(Take(evening[1], 1), other)
    found = order.read(ObjectId(made["id"]))
    assert issuing.paid(found["_id"]) == "refunded"
    assert left(*evening[:2]) == [1, 0]

"""Waiting lists: joining, offers with a time limit, giving up, and that no freed place is lost, doubled or snatched."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.booking import cancel_visitors, offer, offer_rule, order, slot, slot_quota, waiting
from models.places import slot_plan
from models.rules import parameters
from tests.main_job.test_3_book import booked, family, refused, strangers
from tests.support import queues, slots
from tests.support.gate import shift_to

MINUTE = 60


@pytest.fixture(autouse=True)
def morning(seeded, travel):
    """Stand at ten in the morning of the day after, outside the quiet hours and after all that the seed wrote."""
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


def wait(phone, slot_id, *visitors):
    chosen = visitors or ((phone.me, "adult"),)
    body = {"slot_id": slot_id, "visitors": [{"companion_id": c, "ticket_type": t} for c, t in chosen]}
    return phone.post("/mini/v1/waiting", body)


def waits(phone, slot_id, *visitors):
    answer = wait(phone, slot_id, *visitors)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def mine(phone, entry=None):
    items = phone.get("/mini/v1/waiting").json["items"]
    return next(one for one in items if entry in {None, one["id"]})


def accept(phone, entry):
    return phone.post(f"/mini/v1/waiting/{entry}/accept")


def give_up(phone, entry):
    return phone.post(f"/mini/v1/waiting/{entry}/give-up")


def kept(slot_id):
    return slot.read(slot_id).get("kept", 0)


def notices(phone, kind):
    found = get_db().notices.find({"account": account_of(phone)})
    return [one for one in found if one["kind"] == kind]


def account_of(phone):
    return get_db().accounts.find_one(
        {"person": {"$exists": True}, "companions.id": phone.me}, {"_id": 1}, hint="_id_"
    )["_id"]


@pytest.fixture
def crowd(client, sandbox, seeded):
    return lambda count: strangers(client, sandbox, count)


@pytest.fixture
def full(crowd):
    """A free slot of two places, each booked by somebody, and the phones of both and of three others."""
    made, phones = slots.make(2, place_id="museum"), crowd(5)
    orders = [booked(one.book(made))["id"] for one in phones[:2]]
    return made, phones, orders


# Joining


def test_one_waits_for_a_slot_that_is_sold_out_and_sees_the_position(full):
    made, phones, _ = full
    first, second = waits(phones[2], made), waits(phones[3], made, *family(phones[3], 2))
    shown = mine(phones[3])
    assert (shown["id"], shown["state"], shown["state_zh"], shown["places"]) == (second, "waiting", "候补中", 2)
    assert (mine(phones[2], first)["position"], shown["position"]) == (1, 2)
    assert "被越过 3 次后" in shown["rule_zh"]
    assert slot.read(made)["waiting"] == 2
    assert slots.drift(made) == 0


def test_nobody_waits_for_what_can_be_booked(phone):
    made = slots.make(2, place_id="museum")
    assert refused(wait(phone, made)) == (409, "waiting_not_needed")
    waits(phone, made, *family(phone, 3))
    assert slot.read(made)["waiting"] == 1


def test_one_waits_once_for_a_slot_and_so_does_each_visitor(full, crowd):
    made, phones, _ = full
    friend = phones[2].companion()
    waits(phones[2], made)
    assert refused(wait(phones[2], made, (friend, "adult"))) == (409, "already_waiting")
    assert refused(wait(phones[0], made)) == (409, "visitor_already_booked")
    assert slot.read(made)["waiting"] == 1


def test_the_same_request_twice_is_one_entry(full):
    made, phones, _ = full
    body = {"slot_id": made, "visitors": [{"companion_id": phones[2].me, "ticket_type": "adult"}]}
    first, second = (phones[2].post("/mini/v1/waiting", body, key="k1") for _ in range(2))
    assert (first.status_code, first.json) == (second.status_code, second.json) == (201, first.json)


@pytest.mark.parametrize("meanwhile", ["nothing", "an offer", "an end"])
def test_who_joined_and_heard_no_answer_gets_it_by_the_same_request(full, meanwhile):
    made, phones, orders = full
    body = {"slot_id": made, "visitors": [{"companion_id": phones[2].me, "ticket_type": "adult"}]}
    first = phones[2].post("/mini/v1/waiting", body, key="k1").json
    get_db().idempotency_keys.update_many({}, {"$unset": {"answer": ""}, "$set": {"lease_until": clock.now()}})
    if meanwhile == "an offer":
        phones[0].post(f"/mini/v1/orders/{orders[0]}/cancel")
        queues.drain("checkout")
    elif meanwhile == "an end":
        slot.close(made, "x")
        queues.drain("checkout")
    again = phones[2].post("/mini/v1/waiting", body, key="k1")
    state = {"nothing": "waiting", "an offer": "offered", "an end": "gone"}[meanwhile]
    assert (again.status_code, again.json["id"], again.json["state"]) == (201, first["id"], state)
    assert len(phones[2].get("/mini/v1/waiting").json["items"]) == 1
    other = {**body, "visitors": [{"companion_id": phones[2].me, "ticket_type": "minor"}]}
    get_db().idempotency_keys.delete_many({})
    assert refused(phones[2].post("/mini/v1/waiting", other, key="k1")) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(("state", "code"), [("closed", "slot_closed"), ("paused", "slot_paused")])
def test_nobody_waits_for_a_slot_that_sells_nothing(full, state, code):
    made, phones, _ = full
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"state": state}})
    assert refused(wait(phones[2], made)) == (409, code)


def test_nobody_waits_for_a_slot_that_has_begun(full, shift_clock):
    made, phones, _ = full
    shift_clock(shift_to(slot.read(made)["day"], "18:00"))
    phones[2].log_in()
    assert refused(wait(phones[2], made)) == (409, "slot_over")


def test_a_line_is_bounded_and_so_are_the_lines_of_an_account(full, monkeypatch):
    made, phones, _ = full
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"waiting": 200}})
    assert refused(wait(phones[2], made)) == (409, "waiting_full")
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"waiting": 0}})
    monkeypatch.setattr(waiting, "MOST_OF_AN_ACCOUNT", 0)
    assert refused(wait(phones[2], made)) == (409, "too_many_waiting")


@pytest.mark.parametrize("wrong", [{}, {"slot_id": "x" * 65, "visitors": []}, {"slot_id": 3, "visitors": "all"}])
def test_what_cannot_be_read_is_refused(phone, wrong):
    assert phone.post("/mini/v1/waiting", wrong).status_code == 400


def test_an_unknown_slot_visitor_or_type_is_refused_as_in_a_booking(phone, full):
    made, _, _ = full
    assert wait(phone, "museum-20300101-0000").status_code == 404
    assert refused(wait(phone, made, ("nobody", "adult"))) == (404, "visitor_unknown")
    assert refused(wait(phone, made, (phone.me, "nothing"))) == (422, "ticket_type_unknown")


# Offers


def test_what_comes_back_is_offered_to_the_first_in_line_and_not_sold(full):
    made, phones, orders = full
    entry = waits(phones[2], made)
    waits(phones[3], made)
    phones[0].cancel(orders[0])
    assert (slots.left(made), kept(made), slots.drift(made)) == (0, 1, 0)
    assert refused(phones[4].book(made)) == (409, "slot_sold_out")
    queues.drain("checkout")
    shown = mine(phones[2])
    assert (shown["state"], shown["order_id"]) == ("offered", entry)
    assert mine(phones[3])["position"] == 1
    assert (slots.left(made), kept(made), slot.read(made)["waiting"], slots.drift(made)) == (0, 0, 1, 0)
    (told,) = notices(phones[2], "waiting_offer")
    assert (told["values"]["until"], told["urgent"]) == (f"{clock.today()} 10:30", False)


def test_a_free_offer_is_issued_by_a_tap_and_never_by_itself(full):
    made, phones, orders = full
    entry = waits(phones[2], made)
    phones[0].cancel(orders[0])
    queues.drain()
    assert phones[2].order(entry)["state"] == "held"
    answer = accept(phones[2], entry)
    assert (answer.status_code, answer.json["state"]) == (200, "taken")
    assert accept(phones[2], entry).json == answer.json
    found = phones[2].order(entry)
    assert (found["state"], len(found["tickets"])) == ("issued", 1)
    assert refused(give_up(phones[2], entry)) == (409, "waiting_taken")
    assert slots.drift(made) == 0


def test_a_paid_offer_is_paid_like_any_held_order(crowd):
    made, phones = slots.make(1), crowd(2)
    held = booked(phones[0].book(made))
    entry = waits(phones[1], made)
    phones[0].cancel(held["id"])
    queues.drain("checkout")
    assert accept(phones[1], entry).json["state"] == "offered"
    phones[1].pay({"id": entry})
    assert phones[1].post(f"/mini/v1/orders/{entry}/payment-check").json["state"] == "issued"
    assert mine(phones[1])["state"] == "taken"
    assert slots.drift(made) == 0


def test_an_offer_that_is_not_answered_goes_to_the_next(full, shift_clock, travel):
    made, phones, orders = full
    first, second = waits(phones[2], made), waits(phones[3], made)
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    travel(clock.today().isoformat(), "10:31")
    assert refused(accept(phones[2], first)) == (409, "waiting_offer_over")
    queues.drain("checkout")
    assert (mine(phones[2])["state"], mine(phones[3])["state"]) == ("expired", "offered")
    assert "已转给下一位" in mine(phones[2])["reason_zh"]
    assert [one["values"]["reason"] for one in notices(phones[2], "waiting_ended")] == [waiting.REASON_ZH["expired"]]
    assert accept(phones[3], second).json["state"] == "taken"
    assert slots.drift(made) == 0


def test_giving_an_offer_up_frees_it_at_once(full):
    made, phones, orders = full
    first = waits(phones[2], made)
    waits(phones[3], made)
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    answer = give_up(phones[2], first)
    assert (answer.status_code, answer.json["state"], answer.json["reason_zh"]) == (200, "gone", "您已放弃候补")
    assert give_up(phones[2], first).json == answer.json
    assert kept(made) == 1
    queues.drain("checkout")
    assert mine(phones[3])["state"] == "offered"
    assert notices(phones[2], "waiting_ended") == []


def test_cancelling_the_offered_order_gives_it_up_too(full):
    made, phones, orders = full
    entry = waits(phones[2], made)
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert phones[2].cancel(entry).json["state"] == "cancelled"
    assert mine(phones[2])["state"] == "gone"
    assert (slots.left(made), kept(made), slots.drift(made)) == (1, 0, 0)


def test_who_gives_up_waiting_may_wait_again_at_the_end(full):
    made, phones, _ = full
    entry = waits(phones[2], made)
    waits(phones[3], made)
    give_up(phones[2], entry)
    assert mine(phones[3])["position"] == 1
    waits(phones[2], made)
    assert mine(phones[2])["position"] == 2


def test_when_the_last_one_leaves_what_is_kept_is_for_sale(full):
    made, phones, orders = full
    entry = waits(phones[2], made)
    phones[0].cancel(orders[0])
    give_up(phones[2], entry)
    assert (slots.left(made), kept(made), slot.read(made)["waiting"]) == (1, 0, 0)
    booked(phones[4].book(made))


def test_nobody_else_answers_an_offer(full):
    made, phones, orders = full
    entry = waits(phones[2], made)
    assert refused(accept(phones[2], entry)) == (409, "waiting_no_offer")
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert accept(phones[3], entry).status_code == give_up(phones[3], entry).status_code == 404
    assert accept(phones[3], str(ObjectId())).status_code == accept(phones[3], "x").status_code == 404
    assert phones[3].get("/mini/v1/waiting").json["items"] == []


# Parties: all or nothing


def test_a_party_is_offered_all_its_places_or_none(crowd):
    made, phones = slots.make(4, place_id="museum"), crowd(4)
    orders = [booked(one.book(made, *family(one, 2)))["id"] for one in phones[:2]]
    entry = waits(phones[2], made, *family(phones[2], 3))
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert mine(phones[2])["state"] == "waiting"
    assert (slots.left(made), kept(made)) == (2, 0), "what nobody in the line can use is for sale"
    phones[1].cancel(orders[1])
    queues.drain("checkout")
    assert mine(phones[2])["state"] == "offered"
    assert (slots.left(made), kept(made), slots.drift(made)) == (1, 0, 0)
    assert len(accept(phones[2], entry).json["order_id"]) == 24
    assert len(phones[2].order(entry)["tickets"]) == 3


def test_a_smaller_party_goes_first_where_the_larger_does_not_fit_three_times_and_then_places_are_collected(
    crowd, travel
):
    made, phones = slots.make(6, place_id="museum"), crowd(11)
    orders = [booked(one.book(made))["id"] for one in phones[:6]]
    waits(phones[6], made, *family(phones[6], 3))
    small = [waits(one, made) for one in phones[7:11]]
    for number in range(3):
        phones[number].cancel(orders[number])
        queues.drain("checkout")
        assert mine(phones[7 + number])["state"] == "offered"
        accept(phones[7 + number], small[number])
    head = waiting.WaitingEntry._get_collection().find_one({"counters": made, "state": "waiting"}, sort=[("seq", 1)])
    assert (head["size"], head["passed"]) == (3, 3)
    for number in (3, 4):
        phones[number].cancel(orders[number])
        queues.drain("checkout")
        assert mine(phones[10])["state"] == "waiting", "places are collected for the party in front"
    assert (slots.left(made), kept(made), slots.drift(made)) == (0, 2, 0)
    phones[5].cancel(orders[5])
    queues.drain("checkout")
    assert mine(phones[6])["state"] == "offered"
    assert (kept(made), slots.drift(made)) == (0, 0)


def test_collecting_ends_and_the_places_go_on(crowd, travel):
    made, phones = slots.make(2, place_id="museum"), crowd(4)
    orders = [booked(one.book(made))["id"] for one in phones[:2]]
    waits(phones[2], made, *family(phones[2], 2))
    waiting.WaitingEntry._get_collection().update_one({"counters": made, "state": "waiting"}, {"$set": {"passed": 2}})
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert (slots.left(made), kept(made)) == (1, 0)
    orders[0] = booked(phones[0].book(made))["id"]
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert (slots.left(made), kept(made)) == (0, 1), "collected for the party, which was passed over three times"
    travel(clock.today().isoformat(), "11:59")
    offer.tend()
    assert kept(made) == 1
    travel(clock.today().isoformat(), "12:01")
    offer.tend()
    assert (slots.left(made), kept(made), slots.drift(made)) == (1, 0, 0)
    booked(phones[3].log_in().book(made))
    assert mine(phones[2].log_in())["state"] == "waiting"


# Several counters


def test_a_days_limit_is_kept_too_and_served_over_its_slots(crowd):
    day = (clock.today() + timedelta(days=2)).isoformat()
    counter = slot.day_id("museum", day)
    slot.open_up(slot_plan.day_record("museum", day, 2))
    early, late = (slots.make(9, place_id="museum", start=h * 60 + 7, counters=[counter]) for h in (18, 20))
    phones = crowd(4)
    orders = [booked(one.book(early))["id"] for one in phones[:2]]
    waits(phones[2], late)
    phones[0].cancel(orders[0])
    assert (slots.left(counter), kept(counter), slots.left(early)) == (0, 1, 8)
    assert refused(phones[3].book(early)) == (409, "day_sold_out")
    queues.drain("checkout")
    assert mine(phones[2])["state"] == "offered"
    assert [slots.drift(one) for one in (early, late, counter)] == [0, 0, 0]
    assert [slot.read(one).get("waiting") for one in (late, counter)] == [0, 0]


def test_a_share_that_comes_back_is_kept_for_who_waits_for_it(crowd):
    classes = [{**one, "share": "group"} for one in slot_plan_classes()]
    made = slots.make(10, place_id="museum", classes=classes, shares={"individual": 8, "group": 2})
    phones = crowd(3)
    held = booked(phones[0].book(made, *family(phones[0], 2)))
    entry = waits(phones[1], made)
    phones[0].cancel(held["id"])
    assert slot.read(made)["shares"]["group"] == {"quota": 2, "left": 0, "kept": 2}
    assert refused(phones[2].book(made)) == (409, "share_sold_out")
    queues.drain("checkout")
    assert mine(phones[1])["id"] == entry
    assert mine(phones[1])["state"] == "offered"
    assert slot.read(made)["shares"]["group"] == {"quota": 2, "left": 1, "kept": 0}
    assert slots.drift(made) == 0


def slot_plan_classes():
    return slot.Slot._get_collection().find_one({"place": "museum", "resource": "", "day": {"$gt": ""}})["classes"]


# Ends


def test_closing_the_slot_ends_the_line_with_a_notice(full, office):
    made, phones, _ = full
    waits(phones[2], made)
    assert office.post(f"/office/v1/slots/{made}/close", {"reason": "暴雨"}).status_code == 202
    queues.drain()
    assert (mine(phones[2])["state"], mine(phones[2])["reason_zh"]) == ("gone", "该时段已停止预约")
    assert len(notices(phones[2], "waiting_ended")) == 1
    assert (slots.left(made), kept(made), slot.read(made)["waiting"], slots.drift(made)) == (2, 0, 0, 0)


def test_closing_the_slot_ends_an_offer_too_and_does_not_say_that_one_gave_up(full, office):
    made, phones, orders = full
    waits(phones[2], made)
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    office.post(f"/office/v1/slots/{made}/close", {"reason": "暴雨"})
    queues.drain()
    assert (mine(phones[2])["state"], mine(phones[2])["reason_zh"]) == ("gone", "该时段已停止预约")
    assert (slots.left(made), slots.drift(made)) == (2, 0)


def test_staff_who_raise_the_quota_serve_the_line_first(full):
    made, phones, _ = full
    waits(phones[2], made)
    assert slot_quota.change(slot.read(made), 4, {})
    assert (slots.left(made), kept(made)) == (0, 2)
    queues.drain("checkout")
    assert mine(phones[2])["state"] == "offered"
    assert (slots.left(made), kept(made), slots.drift(made)) == (1, 0, 0)


def test_a_visitor_who_is_taken_off_an_order_gives_their_place_to_the_line(full, crowd):
    made = slots.make(3, place_id="museum", start=20 * 60)
    first, second = crowd(2)
    held = first.issued(made, *family(first, 3))
    waits(second, made)
    cancel_visitors.cancel_visitors(ObjectId(held["id"]), [2], "test")
    assert (slots.left(made), kept(made)) == (0, 1)
    queues.drain("checkout")
    assert mine(second)["state"] == "offered"
    assert slots.drift(made) == 0


def test_the_line_ends_ten_minutes_before_the_slot_begins(full, travel):
    made, phones, _ = full
    waits(phones[2], made)
    day = slot.read(made)["day"]
    travel(day, "17:49")
    offer.tend()
    phones[2].log_in()
    assert mine(phones[2])["state"] == "waiting"
    travel(day, "17:51")
    offer.tend()
    assert mine(phones[2])["state"] == "gone"
    assert "即将开始" in mine(phones[2])["reason_zh"]
    assert slot.read(made)["waiting"] == 0


def test_who_booked_otherwise_meanwhile_makes_way(full):
    made, phones, orders = full
    waits(phones[2], made)
    second = waits(phones[3], made)
    other = slots.make(5, place_id="museum", start=20 * 60)
    booked(phones[2].book(other))
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert (mine(phones[2])["state"], mine(phones[3])["state"]) == ("gone", "offered")
    assert "另行预约" in mine(phones[2])["reason_zh"]
    assert accept(phones[3], second).json["state"] == "taken"
    assert slots.drift(made) == 0


def test_a_paused_slot_offers_nothing_until_it_sells_again(full):
    made, phones, orders = full
    waits(phones[2], made)
    slot.pause("museum", slot.read(made)["day"], "crowd")
    phones[0].cancel(orders[0])
    queues.drain("checkout")
    assert (mine(phones[2])["state"], kept(made)) == ("waiting", 1)
    slot.resume("museum", slot.read(made)["day"])
    offer.tend()
    assert mine(phones[2])["state"] == "offered"


def test_an_entry_that_ended_names_nobody(full):
    made, phones, _ = full
    entry = waits(phones[2], made)
    found = waiting.read(ObjectId(entry))
    assert found["order"]["visitors"][0]["person"]
    give_up(phones[2], entry)
    found = waiting.read(ObjectId(entry))
    assert "order" not in found
    assert "claims" not in found
    assert found["forget_at"] > clock.now() + timedelta(days=29)


def test_a_payment_that_comes_too_late_takes_the_entry_with_it(crowd, travel):
    made, phones = slots.make(2), crowd(3)
    held = booked(phones[0].book(made, *family(phones[0], 2)))
    entry = waits(phones[1], made)
    phones[0].cancel(held["id"])
    queues.drain("checkout")
    arguments = phones[1].post(f"/mini/v1/orders/{entry}/payment").json
    phones[1].sandbox.pay(arguments["package"])
    travel(clock.today().isoformat(), "10:31")
    queues.drain("checkout")
    assert phones[1].order(entry)["state"] == "issued"
    assert mine(phones[1])["state"] == "taken"
    assert slots.drift(made) == 0


# Times


QUIET = offer_rule.quiet.QuietHours(22 * 60, 8 * 60)
TERMS = offer_rule.Terms(timedelta(minutes=30), 3, timedelta(hours=2), QUIET)


def at(clock_time, day=1):
    hour, minute = map(int, clock_time.split(":"))
    return clock.at(clock.date_of(f"2026-11-{20 + day}"), hour * 60 + minute)


@pytest.mark.parametrize(
    ("now", "starts", "until", "wakes"),
    [
        (at("10:00"), at("14:00"), at("10:30"), False),
        (at("10:00"), at("10:20"), at("10:20"), False),
        (at("23:00"), at("14:00", 2), at("08:30", 2), False),
        (at("03:00"), at("14:00"), at("08:30"), False),
        (at("03:00"), at("08:10"), at("08:10"), True),
        (at("23:00"), at("08:00", 2), at("08:00", 2), True),
    ],
)
def test_an_offer_lasts_half_an_hour_and_over_the_night_until_the_morning(now, starts, until, wakes):
    assert offer_rule.until(now, starts, TERMS) == (until, wakes)


def test_the_figures_are_those_that_the_county_set(seeded):
    figures = offer_rule.today()
    assert (figures.lasts, figures.passed_most, figures.collect) == (timedelta(minutes=30), 3, timedelta(hours=2))
    assert figures.quiet == QUIET


def test_without_figures_the_usual_ones_hold(store):
    parameters.RuleParameter._get_collection().delete_many({"_id": {"$gte": ""}})
    assert offer_rule.today() == offer_rule.Terms(timedelta(minutes=30), 3, timedelta(hours=2), None)


# Staff


def test_staff_see_how_many_wait_and_nobodys_name(full, office, manager):
    made, phones, orders = full
    waits(phones[2], made, *family(phones[2], 2))
    waits(phones[3], made, *family(phones[3], 2))
    phones[0].cancel(orders[0])
    answer = office.get("/office/v1/places/museum/waiting")
    (shown,) = answer.json["items"]
    assert (shown["slot_id"], shown["waiting"], shown["kept"], shown["left"]) == (made, 2, 1, 0)
    assert set(shown) == {"slot_id", "day", "start", "end", "state", "quota", "left", "kept", "waiting"}
    assert manager.get("/office/v1/places/museum/waiting").status_code == 404
    assert office.get("/office/v1/places/museum/waiting?from=2026-01-02&to=2026-01-01").status_code == 400


def test_entries_of_other_orders_are_left_alone(phone):
    made = slots.make(5, place_id="museum")
    phone.cancel(booked(phone.book(made))["id"])
    assert order.Order._get_collection().find_one({"from_waiting": True, "takes.slot": made}) is None
    assert slots.left(made) == 5

"""The daily cap of a place and the quota of one slot: raised, lowered, never below what is sold; who waits is first."""

import threading

import pytest
from bson import ObjectId

from backend.jobs import Job
from models.audit.entry import AuditEntry
from models.booking import day_counter, order, slot, slot_quota, sweeper, takes
from models.booking.order import Order
from models.booking.slot import Slot, Take
from models.places import place, slot_plan
from tests.main_job.test_3_book import booked, strangers
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.tourism.staff_kit import (
    BASE,
    PLACE,
    counter,
    day,
    field_of,
    first,
    look,
    numbers,
    party,
    refused,
    set_,
    slots,
    stored,
)


def cap(clerk, places, days=2, **more):
    answer = set_(clerk, "daily-caps", days, places=places, **more)
    assert answer.status_code == 202, answer.json
    return answer.json


def quota(clerk, at, number, **more):
    answer = clerk.call("PUT", f"/office/v1/slots/{at}/quota", {"quota": number} | more)
    drain("checkout")
    return answer


def ids(days=2):
    return [one["_id"] for one in slots(days).values()]


def drifts(days=2):
    return {sweeper.recount(one) for one in [*ids(days), counter(days)]}


def wait(phone, at, size):
    visitors = [{"companion_id": who, "ticket_type": kind} for who, kind in party(phone, size)]
    answer = phone.post("/mini/v1/waiting", {"slot_id": at, "visitors": visitors})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def entry_of(phone, entry):
    return next(one for one in phone.get("/mini/v1/waiting").json["items"] if one["id"] == entry)


# The daily cap


def test_a_cap_counts_what_was_sold_before_it(manager, phone, client, sandbox):
    early, late = ids()[:2]
    made = phone.issued(early, *party(phone, 3))
    cap(manager, 5)
    assert numbers(counter()) == (5, 2, 0)
    assert slot.read(early)["counters"] == [counter()]
    other = strangers(client, sandbox, 1)[0]
    assert refused(other.book(late, *party(other, 3))) == (409, "day_sold_out")
    booked(other.book(late, *party(other, 2)))
    assert (slot.read(counter())["left"], drifts()) == (0, {0})
    assert phone.cancel(made["id"]).json["state"] == "cancelled"
    assert (slot.read(counter())["left"], drifts()) == (3, {0})


def test_a_cap_below_what_is_sold_stops_sales_and_cancels_nothing(manager, phone):
    made = phone.issued(first(), *party(phone, 4))
    told = look(manager, cap={"places": 3})
    assert (told["cap_days"], told["cap_kept_days"]) == (told["days"] - 1, 1)
    cap(manager, 3)
    assert numbers(counter()) == (4, 0, 0)
    assert phone.order(made["id"])["state"] == "issued"
    phone.cancel(made["id"])
    assert numbers(counter()) == (3, 3, 0)
    manager.post(f"{BASE}/renewal", {"from_day": day()})
    drain("reports")
    assert numbers(counter()) == (3, 3, 0)


def test_raising_and_lowering_a_cap_moves_what_is_left(manager, phone):
    phone.issued(first(), *party(phone, 2))
    for places, left in ((10, 8), (50, 48), (2, 0), (7, 5)):
        cap(manager, places)
        assert numbers(counter()) == (places, left, 0)
    assert drifts() == {0}


def test_a_cap_of_some_days_ends_and_the_one_before_holds_again(manager, seeded):
    cap(manager, 100)
    cap(manager, 20, 4, valid_to=day(5))
    assert [slot.read(counter(n))["quota"] for n in (3, 4, 5, 6)] == [100, 20, 20, 100]
    cap(manager, 20, 4, valid_to=day(5))
    assert len(stored()["daily_caps"]) == 2


def test_a_cap_that_is_taken_away_limits_nothing_more(manager, phone, client, sandbox):
    phone.issued(first(), *party(phone, 2))
    cap(manager, 2)
    other = strangers(client, sandbox, 1)[0]
    assert refused(other.book(first())) == (409, "day_sold_out")
    cap(manager, None)
    booked(other.book(first()))
    assert slot.read(counter())["quota"] == day_counter.NO_LIMIT
    assert drifts() == {0}
    shown = client.get(f"/mini/v1/places/{PLACE}/slots?from={day()}&to={day()}").json["items"]
    assert shown[0]["left"] == slot.read(first())["left"] > 0


def test_days_that_come_into_reach_open_with_the_cap(manager, seeded):
    cap(manager, 12)
    first_day = slot.clock.date_of(day(100))
    assert place.open_slots(PLACE, first_day, 1) > 0
    assert (slot.read(counter(100))["quota"], slots(100).popitem()[1]["counters"]) == (12, [counter(100)])


def test_more_places_of_a_day_go_to_who_waits_for_it(manager, phone, client, sandbox):
    cap(manager, 3)
    phone.issued(first(), *party(phone, 3))
    other = strangers(client, sandbox, 1)[0]
    entry = wait(other, ids()[1], 2)
    cap(manager, 6)
    drain("checkout")
    assert entry_of(other, entry)["state"] == "offered"
    assert (slot.read(counter())["left"], drifts()) == (1, {0})


def test_bookings_while_a_cap_comes_are_all_counted_in_the_end(manager, client, sandbox, seeded, shift_clock):
    early, late = ids()[:2]
    phones = strangers(client, sandbox, 12)
    twin = manager.twin(client.application.test_client())
    body = {"from_day": day(), "places": 6, "valid_to": day()}

    def put():
        answer = twin.call("PUT", f"{BASE}/daily-caps", body)
        drain("reports")
        return answer

    answers = at_once([*(lambda p=p, n=n: p.book((early, late)[n % 2]) for n, p in enumerate(phones)), put])
    assert answers[-1].status_code == 202
    assert {one.status_code for one in answers[:-1]} <= {201, 409}
    assert drifts() == {0}
    running = Job._get_collection().find_one({"_id": ObjectId(answers[-1].json["job_id"])})
    assert running["state"] == "running"
    shift_clock(day_counter.UNDER_WAY.total_seconds() + 61)
    drain("reports")
    assert Job._get_collection().find_one({"_id": running["_id"]})["state"] == "done"
    sold = sum(one.status_code == 201 for one in answers[:-1])
    found = slot.read(counter())
    assert (found["quota"] - found["left"], found["quota"]) == (sold, max(6, sold))
    assert drifts() == {0}
    assert refused(strangers(client, sandbox, 1)[0].book(early))[1] == "day_sold_out" or sold < 6


def test_an_order_that_began_before_the_cap_is_counted_by_the_next_look(manager, phone, monkeypatch):
    """A booking read its slot before the counter was there, and is stored after it."""
    inserted, insert = threading.Event(), order.insert

    def late(record):
        if not inserted.is_set():
            inserted.set()
            day_counter.bring(slot_plan.day_record(PLACE, day(), 5))
        insert(record)

    monkeypatch.setattr(order, "insert", late)
    made = booked(phone.book(first(), *party(phone, 2)))
    assert numbers(counter()) == (5, 3, 0)
    assert day_counter.bring(slot_plan.day_record(PLACE, day(), 5)) == "changed"
    assert numbers(counter()) == (5, 3, 0)
    assert day_counter.bring(slot_plan.day_record(PLACE, day(), 5)) == "same"
    phone.cancel(made["id"])
    assert (numbers(counter()), drifts()) == ((5, 5, 0), {0})


def stale(phones, slot_ids, monkeypatch, *, places=3):
    """Let all book who have looked at their slots before the cap is there, and go on when it is."""
    looked, put, take_all = threading.Barrier(len(phones) + 1), threading.Event(), takes.take_all

    def late(wishes, hold):
        if not put.is_set():
            looked.wait(20)
            put.wait(20)
        take_all(wishes, hold)

    def bring():
        looked.wait(20)
        day_counter.bring(slot_plan.day_record(PLACE, day(), places))
        put.set()

    monkeypatch.setattr(takes, "take_all", late)
    calls = [lambda p=p, n=n: p.book(slot_ids[n % len(slot_ids)]) for n, p in enumerate(phones)]
    return at_once([*calls, bring])[:-1]


def test_bookings_that_looked_before_the_cap_came_do_not_exceed_it(client, sandbox, seeded, monkeypatch):
    answers = stale(strangers(client, sandbox, 8), ids()[:2], monkeypatch)
    assert sorted(one.status_code for one in answers) == [201] * 3 + [409] * 5
    assert {one.json["code"] for one in answers if one.status_code == 409} == {"day_sold_out"}
    assert (numbers(counter()), drifts()) == ((3, 0, 0), {0})


def test_without_the_guard_they_exceed_it(client, sandbox, seeded, monkeypatch):
    guard = slot._guard
    monkeypatch.setattr(slot, "_guard", lambda at, places, shares, _known: guard(at, places, shares, None))
    answers = stale(strangers(client, sandbox, 8), ids()[:2], monkeypatch)
    assert [one.status_code for one in answers].count(201) > 3


def held_back(monkeypatch, while_under_way):
    """Let something happen once between the taking and the storing of an order."""
    begun, insert = threading.Event(), order.insert

    def late(record):
        if not begun.is_set():
            begun.set()
            while_under_way()
        insert(record)

    monkeypatch.setattr(order, "insert", late)


def test_a_booking_under_way_while_the_cap_comes_counts_at_once(client, sandbox, seeded, monkeypatch):
    one, other = strangers(client, sandbox, 2)
    answers = []

    def cap_and_book():
        day_counter.bring(slot_plan.day_record(PLACE, day(), 3))
        answers.append(other.book(first(), *party(other, 2)))
        answers.append(other.book(first(), (other.me, "adult")))

    held_back(monkeypatch, cap_and_book)
    booked(one.book(first(), *party(one, 2)))
    assert [answer.status_code for answer in answers] == [409, 201]
    assert refused(answers[0])[1] == "day_sold_out"
    assert (numbers(counter()), drifts()) == ((3, 0, 0), {0})


@pytest.mark.parametrize("ending", ["stays", "is cancelled", "loses a visitor", "is never stored"])
def test_the_note_of_a_booking_under_way_is_settled_as_the_booking_ends(phone, monkeypatch, shift_clock, ending):
    class Died(BaseException):
        pass

    def bring():
        day_counter.bring(slot_plan.day_record(PLACE, day(), 5))
        if ending == "is never stored":
            raise Died

    held_back(monkeypatch, bring)
    if ending == "is never stored":
        with pytest.raises(Died):
            phone.book(first(), *party(phone, 2))
    else:
        made = phone.issued(first(), *party(phone, 2))
        body = {"is cancelled": {}, "loses a visitor": {"visitors": [1]}}.get(ending)
        if body is not None:
            assert phone.post(f"/mini/v1/orders/{made['id']}/cancel", body).status_code == 200
    assert (numbers(counter()), drifts()) == ((5, 3, 0), {0})
    shift_clock(61)
    sweeper.sweep()
    left = {"stays": 3, "is cancelled": 5, "loses a visitor": 4, "is never stored": 5}[ending]
    assert (numbers(counter()), drifts()) == ((5, left, 0), {0})
    assert not Slot._get_collection().find_one({"_id": counter()})["pending"]
    assert day_counter.bring(slot_plan.day_record(PLACE, day(), 5)) == "same"
    assert numbers(counter()) == (5, left, 0)


def test_of_a_day_sold_beyond_a_lowered_cap_nothing_is_sold_again_before_it_is_within(manager, phone, client, sandbox):
    at = first()
    made = phone.issued(at, *party(phone, 4))
    cap(manager, 2)
    assert numbers(counter()) == (4, 0, 0)
    other = strangers(client, sandbox, 1)[0]
    phone.post(f"/mini/v1/orders/{made['id']}/cancel", {"visitors": [3]})
    assert refused(other.book(at)) == (409, "day_sold_out")
    assert (numbers(counter()), drifts()) == ((3, 0, 0), {0})
    phone.post(f"/mini/v1/orders/{made['id']}/cancel", {"visitors": [1, 2]})
    assert (numbers(counter()), drifts()) == ((2, 1, 0), {0})
    booked(other.book(at))
    assert refused(strangers(client, sandbox, 1)[0].book(at)) == (409, "day_sold_out")


def test_a_lost_hold_of_a_day_beyond_its_cap_comes_back_to_nobody(seeded, shift_clock):
    slot.open_up(slot_plan.day_record(PLACE, day(), 5))
    takes.take_all([Take(counter(), 4)], ObjectId())
    day_counter.bring(slot_plan.day_record(PLACE, day(), 3))
    assert numbers(counter()) == (4, 0, 0)
    shift_clock(61)
    assert sweeper.sweep() == 1
    assert numbers(counter()) == (3, 3, 0)


def test_many_who_cancel_a_day_beyond_its_cap_at_once_end_at_the_cap(client, sandbox, seeded):
    phones = strangers(client, sandbox, 8)
    orders = [(one, booked(one.book(first()))) for one in phones]
    day_counter.bring(slot_plan.day_record(PLACE, day(), 4))
    assert numbers(counter()) == (8, 0, 0)
    at_once([lambda p=p, o=o: p.cancel(o["id"]) for p, o in orders[:6]])
    assert (numbers(counter()), drifts()) == ((4, 2, 0), {0})


def test_who_waited_before_the_cap_came_is_served_within_it(manager, client, sandbox, seeded):
    buyers = strangers(client, sandbox, 4)
    at = first()
    quota(manager, at, 2)
    orders = [booked(one.book(at)) for one in buyers[:2]]
    entries = [wait(one, at, 1) for one in buyers[2:]]
    cap(manager, 1, days=2)
    buyers[0].cancel(orders[0]["id"])
    drain("checkout")
    assert {entry_of(one, entry)["state"] for one, entry in zip(buyers[2:], entries, strict=True)} == {"waiting"}
    buyers[1].cancel(orders[1]["id"])
    drain("checkout")
    states = [entry_of(one, entry)["state"] for one, entry in zip(buyers[2:], entries, strict=True)]
    assert sorted(states) == ["offered", "waiting"]
    assert drifts() == {0}


def test_eight_who_bring_the_same_cap_at_once_count_each_order_once(phone):
    made = phone.issued(first(), *party(phone, 3))
    at_once([lambda: day_counter.bring(slot_plan.day_record(PLACE, day(), 9))] * 8)
    assert numbers(counter()) == (9, 6, 0)
    found = Order._get_collection().find_one({"_id": ObjectId(made["id"])})
    assert [one["slot"] for one in found["takes"]].count(counter()) == 1


def test_cancelling_while_a_cap_comes_gives_back_where_it_was_counted(manager, client, sandbox, seeded):
    phones = strangers(client, sandbox, 6)
    orders = [(one, booked(one.book(first()))) for one in phones]
    wanted = slot_plan.day_record(PLACE, day(), 4)
    at_once([*(lambda p=p, o=o: p.cancel(o["id"]) for p, o in orders[:4]), lambda: day_counter.bring(wanted)])
    assert drifts() == {0}
    day_counter.bring(wanted)
    assert (numbers(counter())[:2], drifts()) == ((4, 2), {0})


def test_guides_and_courts_are_not_counted_by_the_cap(manager, phone):
    from_tests = {"place": PLACE, "resource": "guide", "day": day(), "start": 9 * 60, "end": 11 * 60, "quota": 4}
    guide = slot.slot_id(PLACE, day(), 9 * 60, "guide")
    slot.open_up({"_id": guide, **from_tests, "classes": [], "terms": {}})
    slot.take(Take(guide, 2), ObjectId())
    cap(manager, 5)
    assert numbers(counter()) == (5, 5, 0)
    assert not slot.read(guide).get("counters")


@pytest.mark.parametrize(
    ("odd", "field"),
    [({"places": -1}, "places"), ({"places": "9"}, "places"), ({"places": 100_001}, "places"), ({}, "places"),
     ({"places": 1, "valid_to": "x"}, "valid_to"), ({"places": 1, "valid_from": day()}, "valid_from")],
)  # fmt: skip
def test_an_odd_cap_is_a_bad_request_that_names_the_field(manager, seeded, odd, field):
    answer = manager.call("PUT", f"{BASE}/daily-caps", {"from_day": day()} | odd)
    assert answer.status_code == 400
    assert field_of(answer) == field


def test_dated_rows_do_not_grow_without_end(manager, seeded):
    rows = [{"valid_from": f"20{30 + n // 12}-{n % 12 + 1:02d}-01", "valid_to": f"20{30 + n // 12}-{n % 12 + 1:02d}-02",
             "places": n} for n in range(100)]  # fmt: skip
    place.Place._get_collection().update_one({"_id": PLACE}, {"$set": {"daily_caps": rows}})
    answer = set_(manager, "daily-caps", places=5, valid_to=day(3))
    assert refused(answer) == (422, "dated_rows_full")
    assert set_(manager, "daily-caps", places=5).status_code == 202
    assert len(stored()["daily_caps"]) == 1


# The quota of one slot


def test_one_slot_gets_more_and_fewer_places_with_old_and_new_in_the_audit(manager, phone):
    at = first()
    before = slot.read(at)["quota"]
    phone.issued(at, *party(phone, 3))
    assert quota(manager, at, before + 20).json["quota"] == before + 20
    assert numbers(at) == (before + 20, before + 17, 0)
    assert quota(manager, at, 3).status_code == 200
    assert numbers(at) == (3, 0, 0)
    assert quota(manager, at, 3).status_code == 200
    written = list(AuditEntry._get_collection().find({"object": f"slot:{at}", "action": "slot.quota"}).sort("at", 1))
    assert [(one["details"]["before"]["quota"], one["details"]["after"]["quota"]) for one in written] == [
        (before, before + 20),
        (before + 20, 3),
    ]


def test_nothing_goes_below_what_is_sold(manager, phone):
    at = first()
    phone.issued(at, *party(phone, 4))
    answer = quota(manager, at, 3)
    assert refused(answer) == (409, "slot_quota_taken")
    assert "已售或待支付 4 个名额" in answer.json["message"]
    assert numbers(at)[0] > 4


def test_shares_are_changed_with_the_slot(manager, phone):
    at = first()
    assert quota(manager, at, 20, shares={"group": 5, "public": 3}).status_code == 200
    assert slot.read(at)["shares"] == {"group": {"quota": 5, "left": 5}, "public": {"quota": 3, "left": 3}}
    slot.take(Take(at, 2, {"group": 2}), ObjectId())
    answer = quota(manager, at, 20, shares={"group": 1})
    assert refused(answer) == (409, "slot_quota_taken")
    assert "团队份额" in answer.json["message"]
    assert quota(manager, at, 20, shares={"group": 2}).status_code == 200
    found = slot.read(at)["shares"]
    assert ((found["group"]["quota"], found["group"]["left"]), found["public"]["left"]) == ((2, 0), 3)
    assert refused(quota(manager, at, 2)) == (422, "slot_shares_wrong")
    assert sweeper.recount(at) == 0


def test_more_places_go_to_who_waits_and_only_the_rest_is_sold(manager, phone, client, sandbox):
    at = first()
    quota(manager, at, 3)
    phone.issued(at, *party(phone, 3))
    other = strangers(client, sandbox, 1)[0]
    entry = wait(other, at, 2)
    quota(manager, at, 6)
    assert entry_of(other, entry)["state"] == "offered"
    assert numbers(at) == (6, 1, 0)


def test_what_is_kept_for_the_line_may_be_taken_away_too(manager, phone, client, sandbox):
    at = first()
    quota(manager, at, 4)
    phone.issued(at, *party(phone, 4))
    wait(strangers(client, sandbox, 1)[0], at, 3)
    found = slot.read(at)
    assert slot_quota.change(found, 6, {})
    assert numbers(at) == (6, 0, 2)
    assert slot_quota.change(slot.read(at), 5, {})
    assert numbers(at) == (5, 0, 1)
    assert not slot_quota.change(slot.read(at), 3, {})
    assert numbers(at) == (5, 0, 1)


def test_a_number_that_somebody_else_changed_is_not_overwritten_unseen(manager, seeded):
    at = first()
    stale = slot.read(at)
    assert slot_quota.change(stale, 11, {})
    assert not slot_quota.change(stale, 12, {})
    assert slot.read(at)["quota"] == 11


def test_eight_who_set_a_quota_at_once_leave_one_of_their_numbers(manager, client, phone):
    at = first()
    phone.issued(at, *party(phone, 2))
    twins = [manager.twin(client.application.test_client()) for _ in range(8)]
    body = [{"quota": 10 + n} for n in range(8)]
    path = f"/office/v1/slots/{at}/quota"
    answers = at_once([lambda t=t, b=b: t.call("PUT", path, b) for t, b in zip(twins, body, strict=True)])
    assert [one.status_code for one in answers] == [200] * 8
    found = numbers(at)
    assert found[0] in range(10, 18)
    written = AuditEntry._get_collection().find({"object": f"slot:{at}", "action": "slot.quota"}).sort("at", 1)
    steps = [(one["details"]["before"]["quota"], one["details"]["after"]["quota"]) for one in written]
    assert len(steps) == 8
    assert {new for _old, new in steps} == set(range(10, 18))
    olds = [old for old, _new in steps]
    assert len(set(olds)) == 8


def test_takers_and_a_lower_quota_at_once_end_at_the_quota(manager, seeded):
    at = first()

    def take():
        try:
            slot.take(Take(at, 1), ObjectId())
        except Exception as error:  # noqa: BLE001 - a refusal is an answer here
            return type(error).__name__
        return "taken"

    results = at_once([*[take] * 12, lambda: quota(manager, at, 6)])
    total, left, _kept = numbers(at)
    assert total - left == results.count("taken")
    assert (total == 6) == (results[-1].status_code == 200)


def lower_unguarded(at, number, have_read):
    """Lower a quota as one must not: read, compare, save."""
    found = slot.read(at)
    if found["quota"] - found["left"] <= number:
        have_read.wait(20)
        have_read.wait(20)
        told = {"quota": number, "left": number - (found["quota"] - found["left"])}
        Slot._get_collection().update_one({"_id": at}, {"$set": told})


def test_without_the_guard_a_lower_quota_loses_count(seeded):
    at, have_read = first(), threading.Barrier(2)

    def take():
        have_read.wait(20)
        slot.take(Take(at, 4), ObjectId())
        have_read.wait(20)

    at_once([take, lambda: lower_unguarded(at, 60, have_read)])
    assert sweeper.recount(at) != 0


@pytest.mark.parametrize(
    ("odd", "field"),
    [({"quota": -1}, "quota"), ({"quota": "5"}, "quota"), ({"quota": 100_001}, "quota"), ({}, "quota"),
     ({"quota": 5, "shares": {"mine": 1}}, "shares.mine"), ({"quota": 5, "shares": {"group": -1}}, "shares.group")],
)  # fmt: skip
def test_an_odd_quota_is_a_bad_request(manager, seeded, odd, field):
    answer = manager.call("PUT", f"/office/v1/slots/{first()}/quota", odd)
    assert answer.status_code == 400
    assert field_of(answer).startswith(field)


def test_a_day_that_is_over_a_counter_and_another_unit_are_refused(manager, auditor, seeded):
    cap(manager, 9)
    assert quota(manager, counter(), 5).status_code == 404
    assert quota(manager, "nothing-20260101-0900", 5).status_code == 404
    museum = slot.Slot._get_collection().find_one({"place": "museum", "resource": "", "day": day(3)})
    other = museum or slot.Slot._get_collection().find_one({"place": "museum", "resource": "", "day": day(4)})
    assert quota(manager, other["_id"], 5).status_code == 404
    assert quota(auditor, first(), 5).status_code == 403
    gone = slot.slot_id(PLACE, "2020-01-01", 540)
    told = {"place": PLACE, "day": "2020-01-01", "start": 540, "end": 600, "quota": 5, "classes": [], "terms": {}}
    slot.open_up({"_id": gone, **told})
    assert refused(quota(manager, gone, 9)) == (409, "slot_past")

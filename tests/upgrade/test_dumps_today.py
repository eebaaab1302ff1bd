"""What an earlier release left meets today's flows: booking, waiting, cancelling, closing, figures, gates."""

from datetime import datetime

import pytest
from mongoengine.connection import get_db

from models.booking import sweeper
from seed import county_data
from tests.support import queues, timeline
from tests.support.gate import Gate
from tests.support.phone import person
from tests.upgrade.old import old_gate, old_phone

pytestmark = pytest.mark.soak
LINES = {"from_day": "", "lines": [{"start": "09:00", "end": "12:00", "quota": 50}]}


@pytest.fixture(scope="module", autouse=True)
def county(upgraded):
    """What the county is made of today, as it comes with every start of the service after the upgrade."""
    return county_data.load(with_demo=True)


@pytest.fixture
def phone(client, story):
    return old_phone(client, story["resident"]["tokens"])


@pytest.fixture
def paid(phone, story):
    """The order of two at a place that costs, as it stands by now."""
    return phone.order(story["resident"]["orders"]["paid"]["id"])


@pytest.fixture
def manager(logged_in, story):
    return logged_in(story["staff"]["manager"])


def opens(order: dict) -> float:
    """Return how far the clock must be moved to the beginning of a visit."""
    return datetime.fromisoformat(order["start"]).timestamp() - timeline.unshifted()


def mine(phone) -> str:
    return next(one["id"] for one in phone.get("/mini/v1/companions").json["items"] if one["is_self"])


def test_the_county_of_today_leaves_every_counter_of_before_right(county):
    assert county["places"] > 0
    sold = {take["slot"] for one in get_db().orders.find({"_id": {"$exists": True}}) for take in one["takes"]}
    assert {slot: sweeper.recount(slot) for slot in sold} == dict.fromkeys(sold, 0)


def test_who_was_booked_before_the_upgrade_is_not_booked_twice(phone, paid):
    again = phone.book(paid["slot_id"], (mine(phone), "adult"))
    assert (again.status_code, again.json["code"]) == (409, "visitor_already_booked")


def test_a_slot_of_before_is_sold_by_all_of_todays_ways_in_and_its_ticket_opens_a_gate(client, phone, shift_clock):
    slots = client.get("/mini/v1/places/museum/slots").json["items"]
    slot = next(one for one in slots[len(slots) // 2 :] if one["left"] > 1 and one["state"] == "open")
    order = phone.issued(slot["id"], (mine(phone), "adult"))
    gate = Gate(client, "museum")
    shift_clock(opens(order) + 60)
    assert gate.scan(order["tickets"][0]["code"]).json["result"] == "admitted"
    assert sweeper.recount(slot["id"]) == 0


def test_who_waits_for_a_slot_of_before_gets_the_place_of_a_visitor_cancelled_alone(phone, paid, manager):
    sold = get_db().slots.find_one({"_id": paid["slot_id"]})
    quota = {"quota": sold["quota"] - sold["left"], "shares": {}}
    answer = manager.call("PUT", f"/office/v1/slots/{paid['slot_id']}/quota", quota)
    assert answer.status_code == 200, answer.json
    assert phone.consent("document").status_code == 204
    late = phone.post("/mini/v1/companions", person("王五", "19790307"))
    assert late.status_code == 201, late.json
    body = {"slot_id": paid["slot_id"], "visitors": [{"companion_id": late.json["id"], "ticket_type": "adult"}]}
    entry = phone.post("/mini/v1/waiting", body)
    assert (entry.status_code, entry.json.get("position")) == (201, 1), entry.json
    done = phone.post(f"/mini/v1/orders/{paid['id']}/cancel", {"visitors": [0]})
    assert done.status_code == 200, done.json
    (part,) = done.json["partial_refunds"]
    assert (part["visitors"], part["fen"]) == ([0], paid["visitors"][0]["price_fen"])
    assert part["fen"] > 0
    queues.drain("checkout")
    (shown,) = phone.get("/mini/v1/waiting").json["items"]
    assert shown["state"] == "offered"
    assert sweeper.recount(paid["slot_id"]) == 0


def test_a_ticket_of_before_that_was_cancelled_alone_is_refused(client, story, paid, shift_clock):
    shift_clock(opens(paid) + 60)
    ticket = story["resident"]["orders"]["paid"]["tickets"][0]
    assert old_gate(client, story["gate"]).scan(ticket["code"]).json["result"] == "cancelled"


def test_the_figures_of_a_day_count_what_was_sold_before(manager, paid):
    shown = manager.get(f"/office/v1/places/pingshan/today?day={paid['day']}")
    assert shown.status_code == 200, shown.json
    live = [one for one in paid["visitors"] if one.get("state") != "cancelled"]
    assert shown.json["visitors"] >= len(live) >= 1
    assert "mini" in [one["channel"] for one in shown.json["channels"]]
    month = manager.get(f"/office/v1/places/pingshan/month?month={paid['day'][:7]}")
    assert month.status_code == 200, month.json


def test_a_plan_of_today_meets_the_slots_of_before(manager, paid):
    body = {**LINES, "from_day": paid["day"]}
    seen = manager.post("/office/v1/places/pingshan/preview", body)
    assert seen.status_code == 200, seen.json
    assert seen.json["kept_slots"] or seen.json["withdrawn_slots"], seen.json
    limits = {"from_day": paid["day"], "limits": [{"period": "week", "most": 2}]}
    assert manager.call("PUT", "/office/v1/places/pingshan/limits", limits).status_code == 200
    cap = {"places": 500, "from_day": paid["day"], "valid_to": paid["day"]}
    job = manager.call("PUT", "/office/v1/places/pingshan/daily-caps", cap)
    assert job.status_code == 202, job.json
    queues.drain("reports", "checkout")
    assert sweeper.recount(paid["slot_id"]) == 0


def test_a_slot_of_before_is_closed_and_its_visitors_are_told(phone, paid, manager):
    span = {"place_id": "pingshan", "first_day": paid["day"], "last_day": paid["day"]}
    seen = manager.post("/office/v1/closings/preview", span)
    assert (seen.status_code, seen.json["orders"] >= 1) == (200, True), seen.json
    job = manager.post("/office/v1/closings", {**span, "reason": "设备检修"})
    assert job.status_code == 202, job.json
    queues.drain()
    assert phone.order(paid["id"])["state"] == "cancelled"
    told = [one["kind"] for one in phone.get("/mini/v1/notices").json["items"]]
    assert {"slot_closed", "place_closed"} & set(told), told
    assert sweeper.recount(paid["slot_id"]) == 0

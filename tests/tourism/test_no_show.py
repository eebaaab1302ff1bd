"""No-shows: release of unused free tickets, what it does to gates, and how repeated ones limit booking."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.booking import checkout, gate_late, no_show, offer, order, release_late, slot, ticket
from models.devices import revocation
from models.places import place
from models.rules import parameters
from tests.main_job.test_3_book import booked, family, refused, strangers
from tests.office.conftest import on_duty
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.tourism.gates_kit import ZoneGate, nonce, passed

DAY = timedelta(days=1)
RULE = no_show.Rule(3, 90 * DAY, 30 * DAY, frozenset({"senior"}), 180 * DAY)


def opened(quota=9, **more):
    """Open a free slot at eighteen in two days whose unused tickets are released after half an hour."""
    terms = place.terms_on(place.read("museum"), clock.today().isoformat()) | {"release_after_minutes": 30}
    return slots.make(quota, place_id="museum", terms=terms, **more)


def marks():
    return list(no_show.NoShow._get_collection().find({"_id": {"$gte": ""}}))


@pytest.fixture
def go(travel):
    """Move to a clock time of a slot's day."""
    return lambda slot_id, clock_time: travel(slot.read(slot_id)["day"], clock_time)


# Release


def test_unused_free_tickets_are_released_half_an_hour_after_the_start(phone, go):
    made = opened()
    held = booked(phone.book(made, *family(phone, 3)))
    queues.drain()
    go(made, "18:29")
    queues.drain()
    assert slots.left(made) == 6
    go(made, "18:31")
    queues.drain()
    found = phone.log_in().order(held["id"])
    assert (found["state"], {one["state"] for one in found["tickets"]}) == ("cancelled", {"void"})
    assert found["state_zh"] == "未到场,名额已释放"
    assert (slots.left(made), slots.drift(made)) == (9, 0)
    assert [one["state"] for one in marks()] == ["stands"] * 3
    assert "no_show" in {one["kind"] for one in get_db().notices.find({"about": held["id"]})}


def test_the_places_are_for_sale_for_the_rest_of_the_slot_and_the_person_may_book_anew(phone, client, sandbox, go):
    made = opened()
    booked(phone.book(made))
    go(made, "18:31")
    queues.drain()
    again = booked(phone.log_in().book(made))
    assert slots.left(made) == 8
    queues.drain()
    assert phone.order(again["id"])["state"] == "issued", "who books late has half an hour from then"
    go(made, "19:02")
    queues.drain()
    assert phone.log_in().order(again["id"])["state"] == "cancelled"


def test_nothing_is_released_where_somebody_of_the_order_came(phone, client, go):
    made = opened()
    found = phone.issued(made, *family(phone, 2))
    go(made, "18:05")
    assert Gate(client, "museum").scan(found["tickets"][0]["code"]).json["result"] == "admitted"
    go(made, "18:31")
    queues.drain()
    assert phone.log_in().order(found["id"])["state"] == "issued"
    assert (slots.left(made), marks()) == (7, [])


@pytest.mark.parametrize("what", ["closed", "paused"])
def test_nothing_is_released_of_a_slot_that_kept_people_away(phone, go, what):
    made = opened()
    held = booked(phone.book(made))
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"state": what}})
    go(made, "18:31")
    queues.drain()
    assert phone.log_in().order(held["id"])["state"] == "issued"
    assert marks() == []


def test_paid_tickets_and_places_without_the_rule_release_nothing(phone, go):
    paid, plain = slots.make(5, terms={"release_after_minutes": 30}), slots.make(5, place_id="museum")
    found = [phone.issued(paid), phone.issued(plain)]
    go(paid, "19:30")
    queues.drain()
    phone.log_in()
    assert [phone.order(one["id"])["state"] for one in found] == ["issued", "issued"]
    assert marks() == []


def test_who_bought_at_the_window_is_not_released():
    told = {"terms": {"release_after_minutes": 30}, "total_fen": 0, "day": "2026-11-24", "start": 540}
    assert release_late.due(told, clock.now()) is not None
    assert release_late.due(told | {"channel": "window"}, clock.now()) is None


def test_releasing_again_changes_nothing(phone, go):
    made = opened()
    held = ObjectId(booked(phone.book(made))["id"])
    go(made, "18:31")
    assert release_late.release(held)
    assert not release_late.release(held)
    assert not release_late.release(ObjectId())
    assert (slots.left(made), len(marks())) == (9, 1)


def test_an_order_that_was_cancelled_is_no_no_show(phone, go):
    made = opened()
    phone.cancel(booked(phone.book(made))["id"])
    go(made, "18:31")
    queues.drain()
    assert (slots.left(made), marks()) == (9, [])


def test_a_release_and_an_entry_at_the_same_moment_agree(phone, client, go):
    made, kinds = opened(), set()
    for _ in range(6):
        found = phone.log_in().issued(made)
        go(made, "18:31")
        gate = Gate(client.application.test_client(), "museum")
        released, answer = at_once(
            [
                lambda found=found: release_late.release(ObjectId(found["id"])),
                lambda gate=gate, found=found: gate.scan(found["tickets"][0]["code"]).json["result"],
            ]
        )
        assert (released, answer) in {(True, "released"), (False, "admitted")}
        kinds.add(released)
        state = order.read(ObjectId(found["id"]))["state"]
        assert state == ("cancelled" if released else "issued")
        if not released:
            break
        no_show.NoShow._get_collection().delete_many({"_id": {"$gte": ""}})
    assert slots.drift(made) == 0
    assert kinds


def test_gates_say_clearly_that_a_ticket_was_released_offline_ones_too(phone, client, go):
    made = opened()
    found = phone.issued(made)
    go(made, "18:31")
    queues.drain()
    answer = Gate(client, "museum").scan(found["tickets"][0]["code"]).json
    assert answer["result"] == "released"
    assert "名额已释放" in answer["message"]
    assert "窗口" in answer["message"]
    told = revocation.Revocation._get_collection().find_one({"_id": f"ticket:{found['tickets'][0]['id']}:museum"})
    assert told["reason"] == "released"


def released(phone, go, quota=9):
    """Let a free ticket be released; return its slot and the order as its holder has it."""
    made = opened(quota)
    found = phone.issued(made)
    go(made, "18:31")
    queues.drain()
    phone.log_in()
    return made, found


def test_who_comes_late_is_told_how_many_places_are_left_and_enters_by_a_ticket_of_the_window(phone, client, admin, go):
    made, found = released(phone, go)
    gate, code = ZoneGate(client, place="museum", reads_documents=True), found["tickets"][0]["code"]
    same = nonce()
    first = gate.shown(code, nonce=same)
    assert (first["result"], first["places_left"]) == ("released", 9)
    assert "还有 9 个名额" in first["message"]
    by_card = gate.read_card(phone.document).json
    assert (by_card["result"], by_card["ticket"]) == ("released", found["tickets"][0]["id"])
    admin.log_in()
    clerk = on_duty(client, "late-window", lambda: admin.hire("window_clerk", unit=place.read("museum")["unit"]))
    guest = {"name": "张三丰", "document": {"kind": "resident_id", "number": phone.document}, "ticket_type": "adult"}
    sold = clerk.post("/office/v1/window-orders", {"slot_id": made, "visitors": [guest], "paid_fen": 0})
    assert sold.status_code == 201, sold.json
    assert gate.result(sold.json["tickets"][0]["code"]) == "admitted"
    assert gate.shown(code, nonce=same) == first, "a repeated request hears the same"
    assert (slots.left(made), slots.drift(made)) == (8, 0)


def test_a_released_ticket_of_a_full_slot_sends_to_another_time(phone, client, sandbox, go):
    made, found = released(phone, go, quota=1)
    (other,) = strangers(client, sandbox, 1)
    booked(other.book(made))
    shown = ZoneGate(client, place="museum").shown(found["tickets"][0]["code"])
    assert (shown["result"], shown["places_left"]) == ("released", 0)
    assert "已无名额" in shown["message"]


def test_staff_see_a_late_journal_of_a_released_ticket_as_what_it_is_and_the_mark_is_undone(phone, client, manager, go):
    _, found = released(phone, go)
    gate = ZoneGate(client, place="museum")
    gate.hand_in(passed(found["tickets"][0]["code"], minutes=-20))
    queues.drain("gates")
    manager.log_in()
    (shown,) = manager.get("/office/v1/journal/conflicts").json["items"]
    assert (shown["reason"], shown["reason_zh"]) == ("released", "超时未到而释放的票离线入园")
    assert "refund_fen" not in shown["details"]
    assert "不涉及退款" in shown["happened_zh"]
    assert "已退" not in shown["happened_zh"]
    assert [one["state"] for one in marks()] == ["undone"]


def test_places_that_are_released_after_the_start_go_to_general_sale(phone, client, sandbox, go):
    made = opened()
    others = strangers(client, sandbox, 2)
    booked(phone.book(made, *family(phone, 5)))
    booked(others[0].book(made, *family(others[0], 4)))
    body = {"slot_id": made, "visitors": [{"companion_id": others[1].me, "ticket_type": "adult"}]}
    assert others[1].post("/mini/v1/waiting", body).status_code == 201
    go(made, "18:31")
    queues.drain()
    assert slot.read(made)["left"] + slot.read(made).get("kept", 0) == 9
    queues.drain()
    offer.tend()
    assert (slots.left(made), slot.read(made)["waiting"], slots.drift(made)) == (9, 0, 0)


# Marks


def test_exempt_ages_get_no_mark(phone, go):
    made = opened()
    senior = phone.companion("19500101")
    booked(phone.book(made, (phone.me, "adult"), (senior, "adult")))
    go(made, "18:31")
    queues.drain()
    assert len(marks()) == 1


def test_without_the_countys_figures_nobody_is_marked(phone, go):
    made = opened()
    booked(phone.book(made))
    parameters.RuleParameter._get_collection().delete_one({"_id": "no_show_most"})
    go(made, "18:31")
    queues.drain()
    assert (slots.left(made), marks()) == (9, [])


def late_entry(found):
    """Return a late journal entry of a gate that let the holder of a ticket in."""
    told = ticket.read(found["tickets"][0]["id"])
    at = clock.at(clock.date_of(told["day"]), 18 * 60 + 5)
    same = {"place": "museum", "device": "gate-1", "gate": "东门", "nonce": "n1", "at": at, "scanner_class": "venue"}
    return {"_id": "gate-1:n1", "code": ticket.code(told), "direction": "in", "zone": "", **same}, told


def test_a_gate_that_tells_later_that_they_were_there_undoes_the_mark(phone, go):
    made = opened()
    found = phone.issued(made)
    go(made, "18:31")
    queues.drain()
    assert [one["state"] for one in marks()] == ["stands"]
    entry, told = late_entry(found)
    settled = gate_late.use(entry, ticket.read(told["_id"]), None)
    assert (settled.state, settled.reason) == ("conflict", "released")
    assert [(one["state"], one["by"]) for one in marks()] == [("undone", "system:gate")]


def test_a_person_is_undone_by_place_and_day_only(store):
    person, other = ObjectId(), ObjectId()
    put(person, clock.now(), place="museum", day="2026-11-24")
    assert not no_show.was_there(other, "museum", "2026-11-24", None)
    assert not no_show.was_there(person, "theatre", "2026-11-24", None)
    assert not no_show.was_there(person, "museum", "2026-11-25", None)
    assert no_show.was_there(person, "museum", "2026-11-24", None)


# The limit


def put(person, at, *, place="museum", day="2026-10-01", state="stands"):
    made = f"{ObjectId()}-0"
    told = {"person": ObjectId(str(person)), "place": place, "day": day, "at": at, "state": state}
    no_show.NoShow._get_collection().insert_one({"_id": made, **told, "forget_at": at + 180 * DAY})
    return made


def person_of(phone):
    return get_db().accounts.find_one({"companions.id": phone.me}, hint="_id_")["person"]


NOW = clock.at(clock.date_of("2026-11-23"), 600)


@pytest.mark.parametrize(
    ("days_ago", "limited"),
    [
        ([1, 2], None),
        ([1, 2, 3], 29),
        ([1, 2, 91.5], None),
        ([1, 2, 90.5], 29),
        ([29, 60, 100], 1),
        ([31, 32, 33], None),
        ([5, 29, 60, 100], 25),
        ([5, 98, 29, 117], 1),
        ([], None),
    ],
)
def test_three_within_ninety_days_limit_for_thirty(days_ago, limited):
    found = no_show.limited([NOW - n * DAY for n in days_ago], RULE, NOW)
    assert (found and round((found.until - NOW) / DAY)) == limited


def test_repeated_no_shows_limit_free_booking_online_everywhere_and_paid_ones_go_on(phone):
    person = person_of(phone)
    for n in (1, 2, 3):
        put(person, clock.now() - n * DAY)
    for made in (slots.make(5, place_id="museum"), opened(start=20 * 60)):
        answer = phone.book(made)
        assert refused(answer) == (409, "booking_limited")
        until = f"{clock.civil(clock.now() + 29 * DAY):%Y-%m-%d}"
        assert all(word in answer.json["message"] for word in ("3 次", until, "现场窗口", "申诉"))
        assert slots.left(made) == slot.read(made)["quota"]
    booked(phone.book(slots.make(5)))
    body = {"slot_id": opened(start=22 * 60), "visitors": [{"companion_id": phone.me, "ticket_type": "adult"}]}
    assert refused(phone.post("/mini/v1/waiting", body)) == (409, "booking_limited")


def test_the_window_still_serves_who_is_limited(phone):
    person = person_of(phone)
    for n in (1, 2, 3):
        put(person, clock.now() - n * DAY)
    made = slots.make(5, place_id="museum")
    visitor = checkout.Visitor(person, "张三丰", "adult", 0)
    buyer = checkout.Buyer("staff:test", None, "window")
    assert checkout.place(buyer, slot.read(made), [visitor], key=b"k" * 32, body=b"b")["total_fen"] == 0


def test_one_limited_visitor_is_enough_and_others_are_not_touched(phone, client, sandbox):
    (other,) = strangers(client, sandbox, 1)
    person = person_of(phone)
    for n in (1, 2, 3):
        put(person, clock.now() - n * DAY)
    made = slots.make(5, place_id="museum")
    assert refused(phone.book(made, *family(phone, 2))) == (409, "booking_limited")
    booked(phone.book(made, (phone.companion(), "adult")))
    booked(other.book(made))


def test_the_third_release_tells_the_person_of_the_limit(phone, go):
    person = person_of(phone.sure())
    for n in (1, 2):
        put(person, clock.now() - n * DAY)
    made = opened()
    booked(phone.book(made))
    queues.drain()
    go(made, "18:31")
    queues.drain()
    (told,) = [one for one in get_db().notices.find({"account": account_of(phone)}) if one["kind"] == "booking_limited"]
    assert told["values"]["count"] == "3"


def account_of(phone):
    return get_db().accounts.find_one({"companions.id": phone.me}, {"_id": 1}, hint="_id_")["_id"]


# Looking, objecting, lifting


def test_one_sees_ones_own_no_shows_and_until_when_they_limit(phone):
    person = person_of(phone.sure())
    made = [put(person, clock.now() - n * DAY) for n in (1, 2, 3)]
    shown = phone.get("/mini/v1/no-shows").json
    assert [one["id"] for one in shown["items"]] == made
    assert {(one["state"], one["state_zh"]) for one in shown["items"]} == {("stands", "有效")}
    assert shown["limited_until"].endswith("+08:00")
    put(ObjectId(), clock.now())
    assert len(phone.get("/mini/v1/no-shows").json["items"]) == 3


def test_an_objection_is_a_case_of_the_places_unit_and_is_open_once(phone, client, sandbox):
    mark = put(person_of(phone.sure()), clock.now() - DAY)
    answer = phone.post(f"/mini/v1/no-shows/{mark}/objection", {"text": "当天已入园"})
    assert (answer.status_code, answer.json["kind"], answer.json["unit"]) == (
        201,
        "no_show_objection",
        place.read("museum")["unit"],
    )
    assert phone.post(f"/mini/v1/no-shows/{mark}/objection", {"text": "再说一次"}).status_code == 409
    theirs = put(ObjectId(), clock.now())
    assert phone.post(f"/mini/v1/no-shows/{theirs}/objection", {"text": "不是我"}).status_code == 404
    assert phone.post("/mini/v1/no-shows/x/objection", {"text": "?"}).status_code == 404
    assert phone.post(f"/mini/v1/no-shows/{mark}/objection", {"text": " "}).status_code == 400


def test_an_objection_that_is_upheld_lifts_the_mark(phone, admin):
    mark = put(person_of(phone.sure()), clock.now() - DAY)
    case = phone.post(f"/mini/v1/no-shows/{mark}/objection", {"text": "当天已入园"}).json
    clerk = admin.hire("case_handler", unit=case["unit"])
    assert clerk.post(f"/office/v1/cases/{case['id']}/claim").status_code == 200
    told = {"outcome": "lifted", "reason": "监控核实已到场"}
    answer = clerk.post(f"/office/v1/cases/{case['id']}/decide", told)
    assert answer.status_code == 200, answer.json
    assert no_show.read(mark)["state"] == "lifted"
    assert refused(phone.post(f"/mini/v1/no-shows/{mark}/objection", {"text": "x"})) == (409, "no_show_not_standing")


def test_staff_lift_a_no_show_with_a_reason_once_and_it_is_audited(phone, office, manager):
    mark = put(person_of(phone), clock.now() - DAY)
    assert manager.post(f"/office/v1/no-shows/{mark}/lift", {"reason": "班车故障"}).status_code == 404
    assert office.post(f"/office/v1/no-shows/{mark}/lift", {"reason": " "}).status_code == 400
    answer = office.post(f"/office/v1/no-shows/{mark}/lift", {"reason": "班车故障"})
    assert (answer.status_code, answer.json["state"]) == (200, "lifted")
    assert refused(office.post(f"/office/v1/no-shows/{mark}/lift", {"reason": "又"})) == (409, "no_show_not_standing")
    assert office.post("/office/v1/no-shows/x/lift", {"reason": "y"}).status_code == 404
    lines = list(get_db().audit_entries.find({"action": "no_show.lift"}).hint("_id_"))
    assert len(lines) == 1
    assert f"no_show:{mark}" in str(lines)
    assert "班车故障" not in str(lines)


def test_lifting_one_of_three_ends_the_limit(phone, office):
    made = [put(person_of(phone), clock.now() - n * DAY) for n in (1, 2, 3)]
    slot_id = slots.make(5, place_id="museum")
    assert refused(phone.book(slot_id)) == (409, "booking_limited")
    office.post(f"/office/v1/no-shows/{made[0]}/lift", {"reason": "班车故障"})
    booked(phone.book(slot_id))


def test_staff_see_the_no_shows_of_a_day_without_names_and_an_access_line_is_kept(phone, office, manager):
    mark = put(person_of(phone), clock.now(), day="2026-11-20")
    (shown,) = office.get("/office/v1/places/museum/no-shows?day=2026-11-20").json["items"]
    assert (shown["id"], set(shown)) == (mark, {"id", "place_id", "day", "released_at", "state", "state_zh"})
    assert office.get("/office/v1/places/museum/no-shows?day=2026-11-21").json["items"] == []
    assert manager.get("/office/v1/places/museum/no-shows?day=2026-11-20").status_code == 404
    lines = list(get_db().access_lines.find({}).hint("_id_"))
    assert person_of(phone) in lines[-1]["subjects"]


def test_the_no_shows_of_a_day_come_in_pages(office, monkeypatch, store):
    made = sorted(put(ObjectId(), clock.now(), day="2026-11-20") for _ in range(5))
    monkeypatch.setattr("backend.store.paging.MOST", 2)
    found, path = [], "/office/v1/places/museum/no-shows?day=2026-11-20"
    cursor = ""
    while cursor is not None:
        page = office.get(path + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["items"]) <= 2
        found, cursor = found + [one["id"] for one in page["items"]], page["next"]
    assert found == made


# Limits of a place


def test_staff_set_how_often_one_may_book_with_a_preview_and_for_open_slots_too(phone, office):
    first = (clock.today() + DAY).isoformat()
    preview = office.get(f"/office/v1/places/museum/limits/preview?from_day={first}").json["slots"]
    assert preview > 10
    body = {"limits": [{"period": "day", "most": 2}, {"period": "month", "most": 3}], "release_after_minutes": 45}
    answer = office.call("PUT", "/office/v1/places/museum/limits", body | {"from_day": first})
    assert (answer.status_code, answer.json["slots"]) == (200, preview)
    assert office.get("/office/v1/places/museum/limits").json == body
    found = slot.Slot._get_collection().find_one({"place": "museum", "resource": "", "day": {"$gte": first}})
    assert (found["limits"], found["terms"]["release_after_minutes"]) == (body["limits"], 45)
    today = slot.Slot._get_collection().find_one({"place": "museum", "resource": "", "day": clock.today().isoformat()})
    assert "limits" not in (today or {})
    again = office.call("PUT", "/office/v1/places/museum/limits", {"limits": [], "from_day": first}).json
    assert again == {"limits": [], "slots": preview}
    assert "limits" not in slot.read(found["_id"])


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ([{"period": "day", "most": 2}, {"period": "day", "most": 3}], 422),
        ([{"period": "day", "most": 3}, {"period": "week", "most": 2}], 422),
        ([{"period": "year", "most": 3}], 400),
        ([{"period": "day", "most": 0}], 400),
        ([{"period": "day", "most": 32}], 400),
    ],
)
def test_limits_that_do_not_fit_are_refused(office, limits, status):
    answer = office.call("PUT", "/office/v1/places/museum/limits", {"limits": limits})
    assert answer.status_code == status
    assert office.get("/office/v1/places/museum/limits").json == {"limits": []}


def test_limits_of_shares_stay_and_others_places_are_out_of_reach(office, manager):
    kept = {"period": "week", "most": 1, "share": "public"}
    place.Place._get_collection().update_one({"_id": "museum"}, {"$set": {"limits": [kept]}})
    office.call("PUT", "/office/v1/places/museum/limits", {"limits": [{"period": "day", "most": 2}]})
    assert place.read("museum")["limits"] == [{"period": "day", "most": 2}, kept]
    assert manager.call("PUT", "/office/v1/places/museum/limits", {"limits": []}).status_code == 404

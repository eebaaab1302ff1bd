"""Plans, prices, hours and refund rules of a place from a day on: looked at first, then open slots follow by a job."""

import threading

import pytest
from bson import ObjectId

from backend import outbox
from backend.jobs import Job
from models.audit.entry import AuditEntry
from models.booking import slot, slot_renewal
from models.booking.order import Order
from models.booking.slot import Slot, Take
from models.places import place, renewal, seller
from models.places.opening import WEEKDAYS
from tests.main_job.test_3_book import booked, strangers
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.tourism.staff_kit import (
    BASE,
    LINE,
    PLACE,
    PRICE,
    change,
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

WEEK = {name: [{"open": "09:00", "close": "17:00"}] for name in WEEKDAYS}
ALL_OFF = {name: [] for name in WEEKDAYS}


# Plans


def test_a_plan_from_a_day_on_leaves_the_days_before_alone(manager, seeded):
    before = list(slots(1))
    assert set_(manager, "plan", lines=[LINE]).status_code == 202
    assert list(slots(1)) == before
    assert [list(slots(n)) for n in (2, 3, 9)] == [["09:00"]] * 3
    lines = stored()["slots"]
    assert {one["valid_to"] for one in lines if not one.get("valid_from")} == {day(1)}
    assert [one["valid_from"] for one in lines if one.get("valid_from")] == [day(2)]


def test_what_is_sold_stays_and_what_is_not_is_withdrawn(manager, phone):
    sold = first()
    made = phone.issued(sold, *party(phone, 3))
    told = look(manager, lines=[{**LINE, "start": "20:00", "end": "21:00"}])
    assert (told["kept_slots"], told["orders"], told["visitors"]) == (1, 1, 3)
    assert (told["refund_orders"], told["fen"]) == (1, made["total_fen"])
    assert told["withdrawn_slots"] > 10
    assert told["first"][0] == {
        "slot_id": sold, "day": day(), "start": slots()[slot_start(sold)]["_id"][-4:-2] + ":" + sold[-2:],
        "end": told["first"][0]["end"], "effect": "kept", "quota": slot.read(sold)["quota"], "sold": 3,
    }  # fmt: skip
    set_(manager, "plan", lines=[{**LINE, "start": "20:00", "end": "21:00"}])
    assert list(slots()) == ["20:00"]
    assert slot.read(sold)["state"] == "closed"
    assert phone.order(made["id"])["state"] == "issued"
    assert phone.cancel(made["id"]).json["state"] == "cancelled"
    assert numbers(sold)[0] == numbers(sold)[1]


def slot_start(slot_id: str) -> str:
    return f"{slot_id[-4:-2]}:{slot_id[-2:]}"


def test_looking_changes_nothing_and_says_at_most_twenty_slots(manager, seeded):
    before = slots(), stored()
    told = look(manager, lines=[{**LINE, "start": f"{hour:02d}:00", "end": f"{hour:02d}:30"} for hour in range(6, 22)])
    assert told["new_slots"] > 300
    assert len(told["first"]) == 20
    assert (slots(), stored()) == before
    assert Job._get_collection().find_one({"_id": {"$gt": ObjectId("0" * 24)}}) is None
    few = look(manager, to_day=day(2), lines=[LINE])
    assert few["days"] == 1


def test_numbers_follow_although_places_are_sold_and_never_go_below(manager, phone):
    at = first()
    start, end = slot_start(at), slots()[slot_start(at)]["end"]
    phone.issued(at, *party(phone, 4))
    line = {"start": start, "end": renewal.clock_time(end), "quota": 7}
    set_(manager, "plan", lines=[line])
    assert numbers(at) == (7, 3, 0)
    assert look(manager, lines=[{**line, "quota": 3}])["kept_slots"] == 1
    set_(manager, "plan", lines=[{**line, "quota": 3}])
    assert numbers(at) == (7, 3, 0)
    assert slots(3)[start]["quota"] == 3
    job = Job._get_collection().find_one({"_id": {"$gt": ObjectId("0" * 24)}}, sort=[("_id", -1)])
    assert [(one["item"], one["reason"]) for one in job["failures"]] == [(f"1:{day()}", "kept:1")]


def test_a_plan_by_weekday_share_and_price_is_what_visitors_find(manager, phone):
    lines = [
        {**LINE, "day_kind": "workday", "prices": {"adult": 1000}},
        {**LINE, "day_kind": "rest", "prices": {"adult": 2000}, "shares": {"group": 10}},
        {"start": "13:00", "end": "15:00", "quota": 5, "weekdays": ["sat", "sun"], "ticket_types": ["adult"]},
    ]
    assert set_(manager, "plan", lines=lines).status_code == 202
    found = [slots(n)["09:00"] for n in range(2, 12)]
    prices = {next(c for c in one["classes"] if c["code"] == "adult")["price_fen"] for one in found}
    assert prices == {1000, 2000}
    assert {one["quota"] for one in found} == {30}
    assert all(bool(one.get("shares")) == (one["classes"][0]["price_fen"] == 2000) for one in found)
    weekend = [n for n in range(2, 12) if "13:00" in slots(n)]
    assert 2 <= len(weekend) <= 4
    assert [one["code"] for one in slots(weekend[0])["13:00"]["classes"]] == ["adult"]


def test_the_same_plan_again_changes_nothing_and_starts_no_job(manager, seeded):
    assert "job_id" in set_(manager, "plan", lines=[LINE]).json
    assert set_(manager, "plan", lines=[LINE]).json == {}
    written = AuditEntry._get_collection().count_documents({"object": f"place:{PLACE}", "action": "place.plan"})
    assert written == 1


def test_a_closed_slot_stays_closed_and_comes_back_only_where_the_plan_took_it(manager, phone):
    at = first()
    phone.issued(at, *party(phone, 1))
    line = {"start": slot_start(at), "end": renewal.clock_time(slot.read(at)["end"]), "quota": slot.read(at)["quota"]}
    set_(manager, "plan", lines=[{**LINE, "start": "20:00", "end": "21:00"}])
    assert slot.read(at)["closed_reason"] == slot_renewal.WITHDRAWN
    set_(manager, "plan", lines=[line])
    assert slot.read(at)["state"] == "open"
    slot.close(at, "维修")
    set_(manager, "plan", lines=[{**line, "quota": line["quota"] + 1}])
    assert slot.read(at)["state"] == "closed"


def test_a_slot_that_was_set_by_hand_keeps_its_numbers(manager, seeded):
    at = first()
    manager.call("PUT", f"/office/v1/slots/{at}/quota", {"quota": 77})
    line = {"start": slot_start(at), "end": renewal.clock_time(slot.read(at)["end"]), "quota": 5}
    set_(manager, "plan", lines=[line])
    assert (slot.read(at)["quota"], slots(3)[slot_start(at)]["quota"]) == (77, 5)


BAD_LINES = [
    ({"start": "9:00"}, "lines.0.start"), ({"end": "24:30"}, "lines.0.end"), ({"quota": 0}, "lines.0.quota"),
    ({"quota": "1"}, "lines.0.quota"), ({"quota": 100_001}, "lines.0.quota"), ({"weekdays": ["x"]}, "lines.0.weekdays"),
    ({"weekdays": []}, "lines.0.weekdays"), ({"day_kind": "x"}, "lines.0.day_kind"),
    ({"shares": {"group": 31}}, "lines.0.shares"), ({"shares": {"mine": 1}}, "lines.0.shares"),
    ({"prices": {"adult": -1}}, "lines.0.prices"), ({"prices": {"$x": 1}}, "lines.0.prices"),
    ({"ticket_types": []}, "lines.0.ticket_types"), ({"valid_to": "2026"}, "lines.0.valid_to"),
    ({"valid_from": "2027-02-02", "valid_to": "2027-02-01"}, "lines.0.valid_to"), ({"more": 1}, "lines.0.more"),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "field"), BAD_LINES)
def test_an_odd_line_is_a_bad_request_that_names_the_field(manager, seeded, odd, field):
    before = stored()
    for answer in (
        set_(manager, "plan", lines=[{**LINE, **odd}]),
        manager.post(f"{BASE}/preview", {"from_day": day(), "lines": [{**LINE, **odd}]}),
    ):
        assert answer.status_code == 400
        assert field_of(answer).startswith(field)
    assert stored() == before


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([LINE, {**LINE, "end": "10:30"}], "slot_plan_wrong"),
        ([{**LINE, "end": "09:00"}], "slot_plan_wrong"),
        ([{**LINE, "prices": {"nobody": 1}}], "slot_plan_tickets_unknown"),
        ([{**LINE, "ticket_types": ["nobody"]}], "slot_plan_tickets_unknown"),
    ],
)
def test_lines_that_do_not_fit_together_are_refused(manager, seeded, lines, code):
    assert refused(set_(manager, "plan", lines=lines)) == (422, code)


@pytest.mark.parametrize(
    ("what", "body"),
    [("plan", {"lines": []}), ("prices", PRICE), ("daily-caps", {"places": 1}), ("hours", {"weekly": WEEK}),
     ("refund-rule", {"rows": [{"from_days_before": 1, "percent": 100}]}), ("terms", {"bookable": False})],
)  # fmt: skip
def test_nothing_is_changed_for_yesterday_or_the_far_future(manager, seeded, what, body):
    assert refused(set_(manager, what, -1, **body)) == (422, "change_day_past")
    answer = manager.call("PUT", f"{BASE}/{what}", {"from_day": "9999-12-31"} | body)
    assert refused(answer) == (422, "dated_span_wrong")


# Prices


def test_a_price_holds_from_a_day_on_and_who_has_booked_keeps_theirs(manager, phone):
    made = booked(phone.book(first()))
    told = look(manager, ticket=PRICE)
    assert (told["orders"], told["unpaid_orders"], told["refund_orders"]) == (1, 1, 0)
    assert set_(manager, "prices", **PRICE).status_code == 202
    assert phone.order(made["id"])["total_fen"] == made["total_fen"] != 9900
    later = booked(phone.book(first(3), (phone.companion(), "adult")))
    assert later["total_fen"] == 9900
    adult = {one["code"]: one["price_fen"] for one in slots(1).popitem()[1]["classes"]}["adult"]
    assert adult != 9900


def test_a_price_takes_nothing_over_from_a_version_of_later(manager, seeded):
    assert set_(manager, "prices", 20, **PRICE, max_age=59, share="public").status_code == 202
    assert set_(manager, "prices", 5, **PRICE | {"price_fen": 7000}).status_code == 202
    rows = {one.get("valid_from"): one for one in stored()["ticket_types"] if one["code"] == "adult"}
    assert (rows[day(5)]["price_fen"], rows[day(5)].get("max_age"), rows[day(5)].get("share")) == (7000, None, None)
    assert (rows[day(20)]["price_fen"], rows[day(20)]["max_age"]) == (9900, 59)
    assert set_(manager, "prices", 30, **PRICE).status_code == 202
    assert {one.get("valid_from"): one for one in stored()["ticket_types"]}[day(30)]["max_age"] == 59


@pytest.mark.parametrize(
    ("odd", "field"),
    [({"code": "A"}, "code"), ({"name_zh": ""}, "name_zh"), ({"name_zh": "x" * 31}, "name_zh"),
     ({"price_fen": 1.5}, "price_fen"), ({"price_fen": 1_000_001}, "price_fen"), ({"min_age": 151}, "min_age"),
     ({"min_age": 60, "max_age": 18}, "max_age"), ({"share": "x"}, "share"), ({"concession": "A"}, "concession"),
     ({"document_to_inspect": "?"}, "document_to_inspect"), ({"more": 1}, "more")],
)  # fmt: skip
def test_an_odd_price_is_a_bad_request_that_names_the_field(manager, seeded, odd, field):
    answer = set_(manager, "prices", **(PRICE | odd))
    assert answer.status_code == 400
    assert field_of(answer).startswith(field)


# Refund rules


def test_a_refund_rule_holds_for_orders_that_are_made_from_then_on(manager, phone):
    before = phone.issued(first(5))
    rows = [{"from_days_before": 3, "percent": 50}, {"from_days_before": 0, "percent": 0}]
    assert set_(manager, "refund-rule", rows=rows).status_code == 202
    after = phone.issued(first(6))
    assert phone.order(before["id"])["refund_if_cancelled_fen"] == before["total_fen"]
    assert phone.order(after["id"])["refund_if_cancelled_fen"] == after["total_fen"] // 2


def test_a_rule_for_some_days_ends_and_the_one_before_holds_again(manager, seeded):
    set_(manager, "refund-rule", rows=[{"from_days_before": 7, "percent": 90}], valid_to=day(4))
    terms = [next(iter(slots(n).values()))["terms"]["refund_rows"] for n in (1, 2, 4, 5)]
    assert terms[1] == terms[2] == [{"from_days_before": 7, "percent": 90}]
    assert terms[0] == terms[3] != terms[1]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], 400),
        ([{"percent": 1}], 400),
        ([{"from_days_before": 1, "from_minutes_before": 1, "percent": 1}], 400),
        ([{"from_days_before": 1, "percent": 101}], 400),
        ([{"from_days_before": -1, "percent": 1}], 400),
        ([{"from_days_before": 1, "percent": 50}, {"from_days_before": 1, "percent": 60}], 422),
        ([{"from_days_before": 1, "percent": 50}, {"from_days_before": 0, "percent": 60}], 422),
    ],
)
def test_rows_that_make_no_sense_are_refused(manager, seeded, rows, status):
    assert set_(manager, "refund-rule", rows=rows).status_code == status


def test_a_span_that_ends_before_it_begins_is_refused(manager, seeded):
    rows = [{"from_days_before": 1, "percent": 100}]
    assert refused(set_(manager, "refund-rule", rows=rows, valid_to=day(1))) == (422, "dated_span_wrong")
    assert refused(set_(manager, "daily-caps", places=5, valid_to=day(1))) == (422, "dated_span_wrong")


# Hours


def test_a_day_that_is_closed_from_now_on_loses_its_unsold_slots(manager, phone):
    sold = first()
    made = phone.issued(sold)
    told = look(manager, hours={"weekly": ALL_OFF})
    assert (told["kept_slots"], told["orders"]) == (1, 1)
    assert set_(manager, "hours", weekly=ALL_OFF).status_code == 202
    assert slots() == slots(3) == {}
    assert (slot.read(sold)["state"], phone.order(made["id"])["state"]) == ("closed", "issued")
    assert slots(1)
    set_(manager, "hours", weekly=WEEK)
    assert sold in {one["_id"] for one in slots().values()}


def test_the_hours_of_a_venue_reach_its_courts(office, seeded):
    court = {"place": "sport_gymnasium", "resource": "badminton_1", "day": day()}
    assert slot.Slot._get_collection().find_one(court)
    body = {"from_day": day(), "closing": {"weekdays": list(WEEKDAYS)}}
    assert office.call("PUT", "/office/v1/places/sport_gymnasium/hours", body).status_code == 202
    drain("reports")
    assert slot.Slot._get_collection().find_one(court) is None
    assert place.read("sport_gymnasium")["closing"]["weekdays"] == list(WEEKDAYS)


@pytest.mark.parametrize(
    "hours",
    [{}, {"weekly": {"mon": []}}, {"weekly": {**WEEK, "xyz": []}}, {"weekly": {**WEEK, "mon": [{"open": "9"}]}},
     {"weekly": {**WEEK, "mon": [{"open": "17:00", "close": "09:00"}]}}, {"weekly": WEEK, "season": ["05-01"]},
     {"weekly": {**WEEK, "mon": [{"open": "09:00", "close": "12:00"}, {"open": "11:00", "close": "13:00"}]}},
     {"weekly": WEEK, "season": ["13-01", "05-01"]}, {"closing": {"weekdays": ["x"]}}, {"closing": {}}],
)  # fmt: skip
def test_odd_hours_are_a_bad_request(manager, seeded, hours):
    assert set_(manager, "hours", **hours).status_code == 400


# Terms


def test_how_early_one_may_enter_follows_to_coming_slots(manager, seeded):
    assert set_(manager, "terms", enter_early_minutes=45).status_code == 202
    assert next(iter(slots().values()))["terms"]["enter_early_minutes"] == 45
    assert next(iter(slots(1).values()))["terms"]["enter_early_minutes"] != 45


# Renewal


def test_after_an_import_open_slots_are_brought_to_what_is_set(manager, seeded):
    change(slots=[LINE])
    assert list(slots()) != ["09:00"]
    assert look(manager)["withdrawn_slots"] > 0
    answer = manager.post(f"{BASE}/renewal", {"from_day": day()})
    assert answer.status_code == 202
    drain("reports")
    assert list(slots()) == ["09:00"]
    job = manager.get(f"/office/v1/jobs/{answer.json['job_id']}")
    assert (job.status_code, job.json["task"]) == (200, "places.renew_slots")


# Who may


def test_another_unit_finds_no_such_place_and_a_gate_clerk_may_not(manager, auditor, office, seeded):
    for what, body in (("plan", {"lines": []}), ("prices", PRICE), ("daily-caps", {"places": 5})):
        path = f"/office/v1/places/museum/{what}"
        assert manager.call("PUT", path, {"from_day": day()} | body).status_code == 404
        assert auditor.call("PUT", path, {"from_day": day()} | body).status_code == 403
    assert manager.post("/office/v1/places/museum/preview", {"from_day": day()}).status_code == 404
    assert manager.post("/office/v1/places/nothing/preview", {"from_day": day()}).status_code == 404
    assert office.post("/office/v1/places/museum/preview", {"from_day": day()}).status_code == 200
    job = set_(manager, "plan", lines=[LINE]).json["job_id"]
    assert office.get(f"/office/v1/jobs/{job}").status_code == 200


def test_the_audit_names_who_changed_what(manager, seeded):
    set_(manager, "plan", lines=[LINE])
    set_(manager, "prices", **PRICE)
    set_(manager, "refund-rule", rows=[{"from_days_before": 1, "percent": 80}])
    written = AuditEntry._get_collection().find({"object": f"place:{PLACE}"}).sort("at", 1)
    told = [(one["action"], one["details"]) for one in written]
    assert told == [
        ("place.plan", {"lines": 1, "day": day(), "quota": 30}),
        ("place.price", {"code": "adult", "price_fen": 9900, "day": day()}),
        ("place.refund", {"day": day(), "rows": ["1d:80"]}),
    ]


# At once, and kills


def test_two_who_change_the_plan_at_once_leave_one_of_both_plans_everywhere(manager, client, seeded):
    hours = ("09:00", "13:00")
    twins = [manager.twin(client.application.test_client()) for _ in hours]
    plans = [[{"start": start, "end": f"{int(start[:2]) + 2:02d}:00", "quota": 30}] for start in hours]
    body = [{"from_day": day(), "lines": lines} for lines in plans]
    answers = at_once([lambda t=t, b=b: t.call("PUT", f"{BASE}/plan", b) for t, b in zip(twins, body, strict=True)])
    assert [one.status_code for one in answers] == [202, 202]
    at_once([lambda: drain("reports"), lambda: drain("reports")])
    last = [one["start"] for one in stored()["slots"] if one.get("valid_from")]
    assert len(last) == 1
    assert {tuple(slots(n)) for n in range(2, 12)} == {tuple(last)}


def test_a_job_that_reads_an_older_plan_does_not_undo_a_newer_one(manager, seeded, monkeypatch):
    there, once = seller.Seller.there, threading.Event()

    def slow(self, at):
        found = there(self, at)
        if not once.is_set():
            once.set()
            change(slots=[{**LINE, "start": "13:00", "end": "15:00"}])
        return found

    monkeypatch.setattr(seller.Seller, "there", slow)
    change(slots=[LINE])
    renewal.renew(PLACE, [""], day())
    assert list(slots()) == ["13:00"]


def test_a_kill_in_the_middle_resumes_and_a_day_again_changes_nothing(manager, seeded, monkeypatch):
    done, renew = [], renewal.renew

    def dies(place_id, codes, at):
        done.append(at)
        if len(done) == 4:
            raise KeyboardInterrupt
        return renew(place_id, codes, at)

    monkeypatch.setattr(renewal, "renew", dies)
    answer = manager.call("PUT", f"{BASE}/plan", {"from_day": day(), "lines": [LINE]})
    with pytest.raises(KeyboardInterrupt):
        drain("reports")
    job = Job._get_collection().find_one({"_id": ObjectId(answer.json["job_id"])})
    assert (job["state"], job["done"]) == ("running", 3)
    Job._get_collection().update_one({"_id": job["_id"]}, {"$set": {"outbox.0.due": job["started_at"]}})
    assert outbox.drain("reports") > 0
    job = Job._get_collection().find_one({"_id": job["_id"]})
    assert (job["state"], job["done"], job["failures"]) == ("done", job["total"], [])
    assert done[3] == done[4]
    assert {tuple(slots(n)) for n in range(2, 12)} == {("09:00",)}


def test_bookings_during_a_change_leave_every_counter_right(manager, client, sandbox, seeded):
    ids = [first(n) for n in (2, 3)]
    phones = strangers(client, sandbox, 8)
    lines = [{**LINE, "start": "13:00", "end": "15:00"}]
    change(slots=lines)
    answers = at_once(
        [*(lambda p=p, n=n: p.book(ids[n % 2]) for n, p in enumerate(phones)),
         *(lambda n=n: renewal.renew(PLACE, [""], day(n)) for n in (2, 3))]
    )  # fmt: skip
    won = [one for one in answers[:8] if one.status_code == 201]
    assert {one.status_code for one in answers[:8]} <= {201, 404, 409}
    for at in ids:
        found = Slot._get_collection().find_one({"_id": at})
        mine = Order._get_collection().count_documents({"takes.slot": at, "state": {"$in": ["held", "issued"]}})
        assert (found is None) == (mine == 0)
        if found:
            assert (found["state"], found["quota"] - found["left"]) == ("closed", mine)
            numbers(at)
    assert len(won) == sum(
        Order._get_collection().count_documents({"takes.slot": at, "state": {"$in": ["held", "issued"]}}) for at in ids
    )


def test_a_taker_and_a_smaller_plan_at_once_never_oversell(manager, seeded):
    at = first()
    found = slot.read(at)
    wanted = {**found, "quota": 5, "shares": {}}

    def take():
        try:
            slot.take(Take(at, 1), ObjectId())
        except Exception as error:  # noqa: BLE001 - a refusal is an answer here
            return type(error).__name__
        return "taken"

    results = at_once([*[take] * 10, lambda: slot_renewal.renew(found, wanted)])
    quota, left, _kept = numbers(at)
    assert quota - left == results.count("taken")
    assert (quota, results[-1]) in {(5, "changed"), (found["quota"], "kept")}

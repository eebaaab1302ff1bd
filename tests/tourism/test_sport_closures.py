"""Weather closes what lies in the open air: looked at first, done with a second tap, told to everybody, undone."""

import pytest
from bson import ObjectId

from backend import clock, jobs
from models.audit.entry import AuditEntry
from models.booking import cancel, close_many, order, slot
from models.messaging.notice import Notice
from models.payments.refund import Refund
from tests.main_job.test_3_book import strangers
from tests.office.conftest import on_duty
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.queues import drain
from tests.tourism.sport_kit import GROUND, HALL, book, booked, day, drift, hour, issued, left, partner, refused


@pytest.fixture
def venue(client, admin):
    """The manager of the county's venues of sport."""
    return on_duty(client, "venue", lambda: admin.hire("venue_manager", unit="education_sports"))


def look(clerk, place=GROUND, **more):
    told = {"place_id": place, "from_day": day(), "to_day": day(), "outdoor": True, "reason": "rain"} | more
    return clerk.post("/office/v1/sport/closures", told)


def looked(clerk, *args, **more) -> dict:
    answer = look(clerk, *args, **more)
    assert answer.status_code == 201, answer.json
    return answer.json


def confirm(clerk, found: dict) -> dict:
    answer = clerk.post(f"/office/v1/sport/closures/{found['id']}/confirm")
    assert answer.status_code == 202, answer.json
    return answer.json


def state(clerk, found: dict) -> dict:
    return clerk.get(f"/office/v1/sport/closures/{found['id']}").json


def told(order_id: str) -> list[dict]:
    return list(Notice._get_collection().find({"about": order_id, "kind": "weather_closed"}))


COURT = "basketball_1"


@pytest.fixture
def court(seeded):
    return [hour(n, COURT, place=GROUND) for n in (17, 18)]


def test_looking_says_who_is_affected_and_closes_nothing(venue, phone, client, sandbox, court):
    issued(phone, court, partner(phone))
    other = strangers(client, sandbox, 1)[0]
    booked(book(other, hour(16, "tennis_1", place=GROUND), partner(other)))
    found = looked(venue)
    assert (found["state"], found["reason_zh"], "job" in found) == ("proposed", "降雨", False)
    assert found["figures"] == {"slots": 6 + 6 + 4, "orders": 2, "people": 4, "refund_fen": 4000 + 6000}
    assert [one["resource"] for one in found["resources"]] == ["basketball_1", "basketball_2", "tennis_1"]
    assert {slot.read(one)["state"] for one in court} == {"open"}


def test_rain_takes_only_what_lies_in_the_open_air(venue, seeded):
    assert refused(look(venue, HALL)) == (422, "closure_nothing")
    assert {one["resource"] for one in looked(venue, HALL, outdoor=False, reason="power")["resources"]} >= {"table_1"}


def test_closing_takes_hours_and_resources_that_were_named(venue, court):
    found = confirm(venue, looked(venue, start="17:30", end="19:00", resources=[COURT], outdoor=False))
    assert (found["figures"]["slots"], found["state"]) == (2, "closed")
    assert [slot.read(one)["state"] for one in court] == ["closed", "closed"]
    assert slot.read(hour(16, COURT, place=GROUND))["state"] == "open"
    assert slot.read(hour(17, "basketball_2", place=GROUND))["state"] == "open"


def test_the_second_tap_stops_sales_cancels_refunds_all_and_tells(venue, phone, court, shift_clock):
    found = issued(phone, court, partner(phone))
    closing = confirm(venue, looked(venue))
    assert refused(book(phone, hour(19, COURT, place=GROUND), partner(phone))) == (409, "slot_closed")
    assert (closing["job"]["state"], closing["job"]["total"]) == ("running", 1)
    drain("reports", "checkout", "push")
    after = phone.get(f"/mini/v1/sport/bookings/{found['id']}").json
    assert (after["state"], after["refund"]["fen"]) == ("cancelled", found["total_fen"])
    assert Refund._get_collection().count_documents({"_id": {"$gt": ""}}) == 1
    assert (left(*court), drift(*court)) == ([1, 1], {0})
    notices = told(found["id"])
    assert [(one["urgent"], one["values"]["reason"], one["values"]["place"]) for one in notices] == [
        (True, "降雨", "演示灯光球场")
    ]
    ended = state(venue, closing)["job"]
    assert (ended["state"], ended["done"], ended["failures"]) == ("done", 1, [])


def test_all_money_returns_even_when_the_window_is_over(venue, phone, seeded, travel):
    found = issued(phone, hour(18, COURT, place=GROUND, days=1), partner(phone))
    travel(found["day"], "17:50")
    venue.log_in()
    phone.log_in()
    assert phone.order(found["id"])["refund_if_cancelled_fen"] == 0
    confirm(venue, looked(venue, from_day=day(0), to_day=day(0)))
    drain("reports", "checkout")
    assert phone.order(found["id"])["refund"]["fen"] == 6000


def test_confirming_twice_and_by_two_at_once_is_one_job(venue, office, phone, court):
    issued(phone, court, partner(phone))
    found = looked(venue)
    first, second = at_once([lambda: confirm(venue, found), lambda: confirm(office, found)])
    assert first["job"]["id"] == second["job"]["id"] == confirm(venue, found)["job"]["id"]
    drain("reports", "checkout")
    assert Refund._get_collection().count_documents({"_id": {"$gt": ""}}) == 1
    about = {"object": f"sport_closure:{found['id']}"}
    assert [one["action"] for one in AuditEntry._get_collection().find(about)] == ["sport.close"]


def test_a_preview_of_a_quarter_of_an_hour_ago_is_looked_at_again(venue, court, shift_clock):
    found = looked(venue)
    shift_clock(15 * 60 + 1)
    answer = venue.post(f"/office/v1/sport/closures/{found['id']}/confirm")
    assert refused(answer) == (409, "closure_proposal_old")
    assert slot.read(court[0])["state"] == "open"


def test_reopening_sells_again_but_what_was_cancelled_stays_so(venue, phone, court):
    found = issued(phone, court, partner(phone))
    manual = hour(20, COURT, place=GROUND)
    slot.close(manual, "灯具检修")
    closing = confirm(venue, looked(venue))
    drain("reports", "checkout")
    answer = venue.post(f"/office/v1/sport/closures/{closing['id']}/reopen")
    assert (answer.status_code, answer.json["state"], answer.json["state_zh"]) == (200, "reopened", "已恢复")
    assert [slot.read(one)["state"] for one in (*court, manual)] == ["open", "open", "closed"]
    assert phone.order(found["id"])["state"] == "cancelled"
    booked(book(phone, court, partner(phone)))
    assert venue.post(f"/office/v1/sport/closures/{closing['id']}/reopen").status_code == 200


def test_reopening_before_the_job_has_run_spares_the_rest(venue, phone, court):
    found = issued(phone, court, partner(phone))
    closing = confirm(venue, looked(venue))
    venue.post(f"/office/v1/sport/closures/{closing['id']}/reopen")
    drain("reports", "checkout")
    assert phone.order(found["id"])["state"] == "issued"
    assert told(found["id"]) == []
    assert {slot.read(one)["state"] for one in court} == {"open"}


def test_a_proposal_is_not_reopened(venue, court):
    answer = venue.post(f"/office/v1/sport/closures/{looked(venue)['id']}/reopen")
    assert refused(answer) == (409, "closure_not_closed")


def test_who_plays_already_is_named_for_a_person(venue, phone, court, travel):
    found = issued(phone, court, partner(phone))
    gate = Gate(phone.client, GROUND)
    travel(found["day"], "16:50")
    assert gate.scan(found["tickets"][0]["code"]).json["result"] == "admitted"
    venue.log_in()
    closing = confirm(venue, looked(venue, from_day=day(0), to_day=day(0)))
    drain("reports")
    assert state(venue, closing)["job"]["failures"] == [{"item": found["id"], "reason": "ticket_used"}]
    assert told(found["id"]) == []


def test_a_process_killed_while_closing_is_made_up_for_by_the_job(venue, phone, court, monkeypatch):
    issued(phone, court, partner(phone))
    found = looked(venue)
    monkeypatch.setattr(close_many, "stop_sales", lambda _slots, _reason: None)
    confirm(venue, found)
    monkeypatch.undo()
    assert slot.read(court[0])["state"] == "open"
    drain("reports", "checkout")
    assert {slot.read(one)["state"] for one in court} == {"closed"}


def test_a_process_killed_between_cancelling_and_telling_tells_later(venue, phone, court, monkeypatch):
    found = issued(phone, court, partner(phone))
    closing = confirm(venue, looked(venue))
    real = cancel.cancel

    def die(*args, **more):
        real(*args, **more)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(cancel, "cancel", die)
        with pytest.raises(SystemExit):
            drain("reports")
    assert told(found["id"]) == []
    drain("push")
    assert len(told(found["id"])) == 1
    assert jobs.read(ObjectId(closing["job"]["id"]))["state"] == "running"


def test_who_cancelled_before_the_rain_is_not_told_of_it(venue, phone, court):
    found = issued(phone, court, partner(phone))
    phone.cancel(found["id"])
    confirm(venue, looked(venue))
    drain("reports")
    assert told(found["id"]) == []


def test_forty_bookings_go_back_with_progress(venue, phone, seeded, client, sandbox):
    hours = [hour(n, f"basketball_{c}", place=GROUND, days=d) for n in range(15, 21) for c in (1, 2) for d in (2, 3)]
    who = partner(phone)
    people = [partner(one) for one in strangers(client, sandbox, 1)]
    for number, at in enumerate(hours):
        order_of(phone, at, who if number % 2 else people[0])
    closing = confirm(venue, looked(venue, to_day=day(3)))
    assert closing["job"]["total"] == len(hours)
    drain("reports")
    ended = state(venue, closing)["job"]
    assert (ended["state"], ended["done"], ended["total"], ended["failures"]) == ("done", len(hours), len(hours), [])
    assert order.Order._get_collection().count_documents({"place": GROUND, "day": day(), "state": "cancelled"}) == 12
    assert (left(*hours), drift(*hours)) == ([1] * len(hours), {0})


def order_of(phone, at, _who):
    """Store an issued order of a court without the way through payment."""
    slot.Slot._get_collection().update_one({"_id": at}, {"$inc": {"left": -1}})
    known = slot.read(at)
    record = {name: known[name] for name in ("place", "resource", "day", "start", "end", "terms")}
    made = ObjectId()
    record |= {"_id": made, "slot": at, "takes": [{"slot": at, "places": 1}], "places": 1, "visitors": []}
    record |= {"total_fen": 0, "state": "issued", "hold_until": clock.now(), "history": [], "outbox": []}
    order.Order._get_collection().insert_one(record)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"from_day": "2020-01-01"}, "closure_span_wrong"), ({"to_day": "2020-01-01"}, "closure_span_wrong"),
     ({"to_day": "2099-01-01"}, "closure_span_wrong"), ({"start": "12:00", "end": "12:00"}, "closure_span_wrong"),
     ({"resources": ["court_77"]}, "not_found"), ({"place_id": "museum"}, "not_found"),
     ({"place_id": "nothing"}, "not_found")],
)  # fmt: skip
def test_what_cannot_be_closed_is_refused_with_its_field(venue, seeded, change, code):
    assert look(venue, **change).json["code"] == code


@pytest.mark.parametrize(
    "change", [{"reason": "fun"}, {"start": "9:00"}, {"end": "25:00"}, {"resources": "x"}, {"x": 1}]
)
def test_an_odd_closing_is_a_bad_request(venue, seeded, change):
    assert look(venue, **change).status_code == 400


def test_another_unit_neither_closes_nor_sees_it(venue, manager, auditor, court):
    found = looked(venue)
    for clerk in (manager, auditor):
        assert look(clerk).status_code in {403, 404}
        assert clerk.post(f"/office/v1/sport/closures/{found['id']}/confirm").status_code in {403, 404}
    assert manager.get(f"/office/v1/sport/closures/{found['id']}").status_code == 404
    assert auditor.get(f"/office/v1/sport/closures/{found['id']}").status_code == 200
    assert [one["id"] for one in venue.get(f"/office/v1/sport/venues/{GROUND}/closures").json["items"]] == [found["id"]]

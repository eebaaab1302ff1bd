"""Places: plan, notices, slots, the code for the entrance."""

from datetime import date, timedelta

import pytest

from backend import clock
from models.audit.entry import AuditEntry
from models.places.place import Place


def day(later: int) -> str:
    return (clock.today() + timedelta(days=later)).isoformat()


def test_a_manager_sees_the_places_of_the_unit_page_by_page(manager):
    first = manager.get("/office/v1/places?limit=2").json
    second = manager.get(f"/office/v1/places?limit=2&cursor={first['next']}").json
    assert {one["id"] for one in first["items"] + second["items"]} == {"pingshan", "qilushan", "tantou", "theatre"}
    assert {one["unit"] for one in first["items"] + second["items"]} == {"changzhengyuan"}
    assert second["next"] is None


def test_a_place_shows_its_plan_to_its_manager(manager):
    told = manager.get("/office/v1/places/pingshan").json
    assert told["slots"][0]["quota"] > 0
    assert told["ticket_types"][0]["price_fen"] == 6000
    assert told["refund_versions"]
    assert told["demo"] is True


def test_a_posted_notice_reaches_visitors_from_its_first_to_its_last_day(manager, client, travel):
    body = {"text": "明后两天检修,索道停运。", "from_day": day(1), "to_day": day(2)}
    answer = manager.post("/office/v1/places/pingshan/notices", body)
    assert answer.status_code == 201
    kept = manager.get("/office/v1/places/pingshan").json["notices"]
    assert [(one["id"], one["text"]) for one in kept] == [(answer.json["id"], body["text"])]

    def shown():
        return [one["text"] for one in client.get("/mini/v1/places/pingshan").json["notices"]]

    assert shown() == []
    days = [day(1), day(2), day(3)]
    told = []
    for one in days:
        travel(one)
        told.append(shown())
    assert told == [[body["text"]], [body["text"]], []]


def test_the_same_notice_sent_twice_is_posted_once(manager):
    body = {"text": "停运", "from_day": day(0), "to_day": day(0)}
    first, second = (manager.post("/office/v1/places/pingshan/notices", body, key="k1") for _ in range(2))
    assert first.json == second.json
    assert len(manager.get("/office/v1/places/pingshan").json["notices"]) == 1


@pytest.mark.parametrize(
    "changes",
    [{"text": ""}, {"text": " \n "}, {"text": "x" * 501}, {"text": {"$gt": ""}}, {"from_day": "tomorrow"},
     {"from_day": "2026-13-01"}, {"to_day": None}, {"from_day": "2026-11-25", "to_day": "2026-11-24"}, {"by": "me"}],
)  # fmt: skip
def test_an_odd_notice_is_a_bad_request(manager, changes):
    body = {"text": "停运", "from_day": "2026-11-24", "to_day": "2026-11-24", **changes}
    answer = manager.post("/office/v1/places/pingshan/notices", body)
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_opened_slots_follow_the_weekly_plan_and_can_be_booked(manager, phone):
    first = clock.today() + timedelta(days=40)
    answer = manager.post("/office/v1/places/pingshan/slots", {"from": first.isoformat(), "days": 2})
    assert answer.status_code == 201
    plan = manager.get("/office/v1/places/pingshan").json["slots"]
    span = f"from={first.isoformat()}&to={(first + timedelta(days=1)).isoformat()}"
    opened = manager.get(f"/office/v1/places/pingshan/slots?{span}").json["items"]
    assert answer.json["new_slots"] == len(opened) > 0
    assert {one["quota"] for one in opened} <= {one["quota"] for one in plan}
    assert phone.book(opened[0]["id"]).status_code == 201


def test_opening_again_changes_nothing(manager, phone):
    body = {"from": day(40), "days": 3}
    manager.post("/office/v1/places/pingshan/slots", body)
    slot = manager.get(f"/office/v1/places/pingshan/slots?from={day(40)}&to={day(42)}").json["items"][0]
    phone.book(slot["id"])
    assert manager.post("/office/v1/places/pingshan/slots", body).json == {"new_slots": 0}
    assert phone.slot(slot["id"])["left"] == slot["quota"] - 1


@pytest.mark.parametrize("body", [
    {"from": "2020-01-01", "days": 1}, {"from": "9999-12-31", "days": 62}, {"from": "2026-11-24", "days": 63},
    {"from": "2026-11-24", "days": 0}, {"from": "2026-11-24", "days": "7"}, {"from": "2026-11-24", "days": 1.0},
    {"from": "2026-11-24", "days": True}, {"from": "2026-11-24", "days": 2**62}, {"days": 1},
    {"from": 20261124, "days": 1},
])  # fmt: skip
def test_odd_days_open_nothing(manager, body):
    answer = manager.post("/office/v1/places/pingshan/slots", body)
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_a_place_without_a_plan_cannot_be_opened(office):
    answer = office.post("/office/v1/places/monument/slots", {"from": day(1), "days": 1})
    assert (answer.status_code, answer.json["code"]) == (409, "place_not_bookable")


@pytest.mark.parametrize("span", ["from=2026-12-24&to=2026-11-24", "from=2026-01-01&to=2026-12-31", "from=x", "to=",
                                  "from=9999-12-31&to=0001-01-01", "day=2026-11-24"])  # fmt: skip
def test_an_odd_span_is_a_bad_request(manager, span):
    assert manager.get(f"/office/v1/places/pingshan/slots?{span}").status_code == 400


def test_the_last_day_of_the_calendar_is_a_day_like_any_other(manager):
    answer = manager.get("/office/v1/places/pingshan/slots?from=9999-12-31")
    assert (answer.status_code, answer.json["items"]) == (200, [])


def test_the_calendar_is_a_month_from_today_by_default(manager):
    days = {one["day"] for one in manager.get("/office/v1/places/pingshan/slots").json["items"]}
    assert min(days) >= day(0)
    assert date.fromisoformat(max(days)) <= clock.today() + timedelta(days=30)
    assert len(days) > 20


def test_the_code_for_the_entrance_is_asked_of_wechat_once(manager, sandbox):
    first = manager.get("/office/v1/places/pingshan/mini-program-code")
    assert (first.status_code, first.mimetype) == (200, "image/png")
    sandbox.fault("busy")
    try:
        again = manager.get("/office/v1/places/pingshan/mini-program-code")
        other = manager.get("/office/v1/places/qilushan/mini-program-code")
    finally:
        sandbox.clear()
    assert again.data == first.data
    assert (other.status_code, other.json["code"]) == (502, "wechat_busy")
    assert manager.get("/office/v1/places/qilushan/mini-program-code").status_code == 200


def test_notices_and_opened_slots_stand_in_the_audit(manager):
    manager.post("/office/v1/places/pingshan/notices", {"text": "停运", "from_day": day(0), "to_day": day(1)})
    manager.post("/office/v1/places/pingshan/slots", {"from": day(40), "days": 2})
    lines = list(AuditEntry._get_collection().find({"object": "place:pingshan"}).sort("_id", 1))
    assert [(one["action"], one["unit"]) for one in lines] == [
        ("notice.post", "changzhengyuan"),
        ("slot.open", "changzhengyuan"),
    ]
    assert lines[1]["details"] == {"from_day": day(40), "days": 2}
    assert all(one["request_id"] for one in lines)
    assert "停运" not in repr(lines)


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "bnVsbA", "WzEsMl0", "é", "WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LDFd", "W1tdLFtdXQ"]
)
@pytest.mark.parametrize("path", ["places?", "orders?place=pingshan&day=2026-11-24&"])
def test_a_made_up_cursor_is_no_error_of_ours(manager, path, cursor):
    assert manager.get(f"/office/v1/{path}cursor={cursor}").status_code in {200, 400}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "cursor=", "page=2", f"limit={'9' * 5000}"]
)
def test_odd_paging_is_a_bad_request(manager, query):
    assert manager.get(f"/office/v1/places?{query}").status_code == 400


def test_a_place_that_lost_its_unit_is_reached_by_the_county_only(manager, office):
    Place._get_collection().update_one({"_id": "tantou"}, {"$unset": {"unit": ""}})
    assert manager.get("/office/v1/places/tantou").status_code == 404
    assert office.get("/office/v1/places/tantou").status_code == 200

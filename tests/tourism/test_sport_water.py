"""Pool water: readings by device and by hand, judged by dated limits, shown to everybody, and what they do to sales."""

import json
import secrets
from datetime import timedelta

import pytest

from backend import clock
from models.audit.entry import AuditEntry
from models.booking import slot
from models.rules.parameters import RuleParameter
from models.sport import water_limits, water_state
from models.sport.water_reading import WaterReading
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.queues import drain
from tests.tourism.sport_kit import POOL, book, booked, day, hour, issued, players, refused
from tests.tourism.test_sport_closures import venue  # noqa: F401 - a fixture

PATH = "/gate/v1/sport/water-readings"
GOOD = {"free_chlorine": 0.5, "ph": 7.4, "turbidity": 0.4, "temperature": 27.5, "orp": 700}
BAD = {**GOOD, "free_chlorine": 1.25}


class Probe(Gate):
    """A probe in a pool, which signs its requests."""

    def tell(self, values, *, minutes=0.0, water="main", at=None, **options):
        when = at or (clock.now() + timedelta(minutes=minutes)).isoformat()
        body = json.dumps({"water": water, "at": when, "values": values}).encode()
        return self.send(body, self.signed(body, path=PATH, **options), PATH)

    def twin(self, client):
        """Return the same probe on another line."""
        other = object.__new__(Probe)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other


@pytest.fixture
def probe(client, seeded):
    return Probe(client, POOL, name="水质探头")


def told(probe, *args, **more):
    answer = probe.tell(*args, **more)
    assert answer.status_code == 200, answer.json
    drain("gates")
    return answer.json


def states(resource="main", days=(0, 1, 2)):
    found = slot.Slot._get_collection().find(
        {"place": POOL, "resource": resource, "day": {"$in": [day(n) for n in days]}}
    )
    return {one["day"]: one["state"] for one in found}


def shown(look) -> dict:
    return look(f"/public/v1/sport/venues/{POOL}/water")["items"][0]


# Readings


def test_everybody_sees_a_reading_with_time_limits_and_standard(probe, look):
    at = clock.now().replace(microsecond=0)
    told(probe, GOOD, at=at.isoformat())
    found = shown(look)
    assert (found["water"], found["halted"], found["halted_zh"]) == ("main", False, "正常")
    latest = found["latest"]
    assert (latest["good"], latest["source_zh"]) == (True, "在线监测")
    assert clock.civil(at).isoformat(timespec="seconds") == latest["at"]
    chlorine = next(one for one in latest["values"] if one["indicator"] == "free_chlorine")
    assert (chlorine["value"], chlorine["least"], chlorine["most"], chlorine["unit"]) == (0.5, 0.3, 1.0, "mg/L")
    assert chlorine["standard"].startswith("GB 37488-2019")


LIMITS = [
    ("free_chlorine", 0.3, True), ("free_chlorine", 0.299, False), ("free_chlorine", 1, True),
    ("free_chlorine", 1.001, False), ("ph", 7.8, True), ("ph", 7.81, False), ("ph", 6.99, False),
    ("turbidity", 1, True), ("turbidity", 1.1, False),
    ("orp", 650, True), ("orp", 649.9, False), ("temperature", 22.9, False),
    ("combined_chlorine", 0.41, False), ("urea", 3.5, True), ("cyanuric_acid", 51, False),
]  # fmt: skip


@pytest.mark.parametrize(("indicator", "value", "good"), LIMITS)
def test_the_bounds_themselves_are_within_the_limit(probe, indicator, value, good):
    found = told(probe, {indicator: value})
    assert (found["good"], found["values"][0]["good"]) == (good, good)


def test_a_reading_is_judged_by_the_limits_of_its_day_and_keeps_them(probe, look):
    told(probe, {"ph": 7.5})
    since = clock.today().isoformat()
    fresh = {"value": {"decimal": "7.4"}, "valid_from": since, "source": {"title": "新标准"}}
    RuleParameter._get_collection().update_one({"_id": "pool_ph_most"}, {"$push": {"values": fresh}})
    again = told(probe, {"ph": 7.5}, minutes=1)
    assert (again["good"], again["values"][0]["most"]) == (False, 7.4)
    history = look(f"/public/v1/sport/venues/{POOL}/water/main/readings")["items"]
    assert [one["values"][0]["most"] for one in history] == [7.4, 7.8]


def test_the_same_reading_again_is_the_same_reading(probe):
    at = clock.now().isoformat()
    first, second = told(probe, BAD, at=at), told(probe, BAD, at=at)
    assert first == second
    assert water_state.read("sport_pool.main")["bad_in_row"] == 1
    assert WaterReading._get_collection().count_documents({"_id": {"$gt": ""}}) == 1


def test_the_same_reading_from_eight_lines_at_once_counts_once(probe, client):
    at = clock.now().isoformat()
    twins = [probe.twin(client.application.test_client()) for _ in range(8)]
    answers = at_once([lambda one=one: one.tell(BAD, at=at) for one in twins])
    assert {one.status_code for one in answers} == {200}
    assert water_state.read("sport_pool.main")["bad_in_row"] == 1


def test_history_comes_newest_first_in_pages(probe, look):
    for number in range(5):
        told(probe, {"ph": 7 + number / 10}, minutes=number - 10)
    path = f"/public/v1/sport/venues/{POOL}/water/main/readings"
    first = look(path, limit=3)
    rest = look(path, limit=3, cursor=first["next"])
    values = [one["values"][0]["value"] for one in (*first["items"], *rest["items"])]
    assert (values, rest["next"]) == ([7.4, 7.3, 7.2, 7.1, 7.0], None)


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 422), (-47 * 60, 200), (-49 * 60, 422)])
def test_a_reading_of_the_future_or_of_long_ago_is_refused(probe, minutes, status):
    assert probe.tell(GOOD, minutes=minutes).status_code == status


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [({"water": "nothing"}, 404, "water_unknown"), ({"values": {"ph": 15}}, 422, "water_value_wrong"),
     ({"values": {}}, 400, "bad_input"), ({"values": {"gold": 1}}, 400, "bad_input"),
     ({"values": {"ph": "x"}}, 400, "bad_input"), ({"values": {"ph": 1e400}}, 400, "bad_input"),
     ({"at": "2026-11-24T09:00:00"}, 400, "bad_input"), ({"more": 1}, 400, "bad_input")],
)  # fmt: skip
def test_what_cannot_have_been_measured_is_refused(probe, change, status, code):
    told_ = {"water": "main", "at": clock.now().isoformat(), "values": GOOD} | change
    body = json.dumps(told_).replace("Infinity", "1e999").encode()
    answer = probe.send(body, probe.signed(body, path=PATH), PATH)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_probe_tells_of_its_own_venue_only(client, seeded):
    stranger = Probe(client, "museum")
    assert stranger.tell(GOOD).json["code"] == "water_unknown"


def test_an_unsigned_or_wrongly_signed_reading_is_refused(probe, client):
    assert client.post(PATH, json={}).status_code == 401
    assert probe.tell(GOOD, key="gate-nobody").status_code == 401


# Sales


def test_one_bad_reading_is_an_alarm_two_in_a_row_stop_sales(probe, venue, phone):  # noqa: F811
    told(probe, BAD, minutes=-20)
    assert set(states().values()) == {"open"}
    found = venue.get(f"/office/v1/sport/venues/{POOL}/water").json["items"][0]
    assert (found["halted"], found["bad_in_row"], found["alarm_zh"]) == (False, 1, "游离性余氯超出限值")
    told(probe, BAD, minutes=-10)
    after = states()
    assert {after[day(0)], after[day(1)]} == {"paused"}
    assert after[day(2)] == "open"
    answer = book(phone, hour(14, "main", place=POOL, days=1), players(phone.me), "adult")
    assert refused(answer) == (409, "slot_under_check")
    assert "正在检查处理" in answer.json["message"]


def test_all_that_lies_in_the_same_water_stops_and_nothing_else(probe):
    for minutes in (-20, -10):
        told(probe, BAD, minutes=minutes)
    assert states("lane_1")[day(1)] == states("deep")[day(1)] == "paused"
    assert slot.read(hour(18, days=1))["state"] == "open"


def test_a_good_reading_between_two_bad_ones_stops_nothing(probe):
    for minutes, values in ((-30, BAD), (-20, GOOD), (-10, BAD)):
        told(probe, values, minutes=minutes)
    assert set(states().values()) == {"open"}


def test_a_good_reading_starts_sales_and_ends_the_alarm(probe, look, phone):
    for minutes, values in ((-30, BAD), (-20, BAD), (-10, GOOD)):
        told(probe, values, minutes=minutes)
    assert set(states().values()) == {"open"}
    assert shown(look)["halted"] is False
    assert "alarm" not in water_state.read("sport_pool.main")
    booked(book(phone, hour(14, "main", place=POOL, days=1), players(phone.me), "adult"))


def test_what_was_booked_stays_booked(probe, phone):
    found = issued(phone, hour(14, "main", place=POOL, days=1), players(phone.me), "adult")
    for minutes in (-20, -10):
        told(probe, BAD, minutes=minutes)
    assert phone.order(found["id"])["state"] == "issued"


def test_a_late_bad_reading_is_kept_but_stops_nothing(probe, look):
    told(probe, GOOD, minutes=-10)
    for minutes in (-40, -30):
        told(probe, BAD, minutes=minutes)
    assert set(states().values()) == {"open"}
    assert shown(look)["latest"]["good"] is True
    assert len(look(f"/public/v1/sport/venues/{POOL}/water/main/readings")["items"]) == 3


def test_days_that_come_into_reach_while_it_is_halted_are_stopped_too(probe, shift_clock):
    for minutes in (-20, -10):
        told(probe, BAD, minutes=minutes)
    wanted = day(2)
    shift_clock(24 * 3600)
    assert slot.read(hour(14, "main", place=POOL, days=1))["state"] == "open"
    water_state.follow_all()
    assert slot.read(hour(14, "main", place=POOL, days=1))["state"] == "paused"
    assert hour(14, "main", place=POOL, days=1).startswith(f"sport_pool.main-{wanted.replace('-', '')}")


def test_slots_that_staff_closed_stay_closed(probe):
    mine = hour(14, "main", place=POOL, days=1)
    slot.close(mine, "检修")
    for minutes, values in ((-30, BAD), (-20, BAD), (-10, GOOD)):
        told(probe, values, minutes=minutes)
    assert slot.read(mine)["state"] == "closed"


def test_a_worker_killed_before_it_stopped_sales_is_made_up_for(probe):
    for minutes in (-20, -10):
        probe.tell(BAD, minutes=minutes)
    assert set(states().values()) == {"open"}
    assert water_state.read("sport_pool.main")["halted"] is True
    drain("gates")
    assert states()[day(1)] == "paused"


def test_a_state_that_changed_meanwhile_is_followed_once_more(probe, monkeypatch):
    for minutes in (-20, -10):
        probe.tell(BAD, minutes=minutes)
    apply, seen = water_state._apply, []

    def slowly(found):
        seen.append(found["version"])
        if len(seen) == 1:
            probe.tell(GOOD)
        return apply(found)

    monkeypatch.setattr(water_state, "_apply", slowly)
    water_state.follow("sport_pool.main")
    assert seen == [2, 3]
    assert set(states().values()) == {"open"}


# The staff


def decide(clerk, *, sell, reason="retested"):
    return clerk.post(f"/office/v1/sport/venues/{POOL}/water/main/decision", {"sell": sell, "reason": reason})


def test_a_person_may_start_sales_before_a_good_reading(probe, venue):  # noqa: F811
    for minutes in (-30, -20):
        told(probe, BAD, minutes=minutes)
    answer = decide(venue, sell=True)
    drain("gates")
    assert (answer.status_code, answer.json["halted"], answer.json["decided_zh"]) == (200, False, "复测合格")
    assert set(states().values()) == {"open"}
    told(probe, BAD, minutes=-10)
    assert set(states().values()) == {"open"}
    told(probe, BAD, minutes=-5)
    assert states()[day(1)] == "paused"


def test_what_a_person_stopped_no_reading_starts(probe, venue):  # noqa: F811
    told(probe, GOOD, minutes=-20)
    decide(venue, sell=False, reason="maintenance")
    drain("gates")
    told(probe, GOOD, minutes=-10)
    assert states()[day(1)] == "paused"
    decide(venue, sell=True)
    drain("gates")
    assert states()[day(1)] == "open"
    about = {"object": "water:sport_pool.main"}
    assert [one["details"]["reason"] for one in AuditEntry._get_collection().find(about).sort("at", 1)] == [
        "maintenance",
        "retested",
    ]


def test_the_staff_enter_readings_by_hand_with_an_entry_in_the_audit(venue, look):  # noqa: F811
    body = {"water": "main", "at": clock.now().isoformat(), "values": GOOD}
    path = f"/office/v1/sport/venues/{POOL}/water-readings"
    key = secrets.token_hex(8)
    first, again = venue.post(path, body, key=key), venue.post(path, body, key=key)
    assert (first.status_code, first.json) == (201, again.json)
    assert shown(look)["latest"]["source_zh"] == "人工检测"
    line = AuditEntry._get_collection().find_one({"object": f"water_reading:{first.json['id']}"})
    assert (line["action"], line["unit"]) == ("sport.water", "education_sports")


def test_other_units_enter_and_decide_nothing(probe, manager, auditor):
    told(probe, GOOD)
    body = {"water": "main", "at": clock.now().isoformat(), "values": GOOD}
    for clerk in (manager, auditor):
        assert clerk.post(f"/office/v1/sport/venues/{POOL}/water-readings", body).status_code in {403, 404}
        assert decide(clerk, sell=False).status_code in {403, 404}
    assert auditor.get(f"/office/v1/sport/venues/{POOL}/water").status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"sell": True}, {"sell": "x", "reason": "retested"}, {"sell": True, "reason": "x"}]
)
def test_an_odd_decision_is_a_bad_request(venue, body):  # noqa: F811
    assert venue.post(f"/office/v1/sport/venues/{POOL}/water/main/decision", body).status_code == 400


@pytest.mark.parametrize("place", ["museum", "nothing", "sport_pool%00"])
def test_water_of_what_is_no_venue_is_not_found(client, seeded, place):
    assert client.get(f"/public/v1/sport/venues/{place}/water").status_code == 404


def test_every_limit_names_its_source(seeded):
    figures = water_limits.on(clock.today())
    assert set(figures.limits) == set(water_limits.INDICATORS)
    assert {one.source["title"][:14] for one in figures.limits.values()} == {"GB 37488-2019 "}
    assert (figures.to_pause, figures.pause_days) == (2, 2)

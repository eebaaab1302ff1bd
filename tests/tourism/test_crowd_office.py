"""What staff do with crowds: see their places, set limits, report; and what anybody sees without logging in."""

import csv
import io
from datetime import date, timedelta

import openpyxl
import pytest
from mongoengine.connection import get_db

from backend import clock
from models.audit.entry import AuditEntry
from models.crowd import judge, limit, state, watch
from models.crowd.spot import Spot
from models.places.place import Place
from tests.tourism.crowd_kit import PLACE, Sensor, figures, fill, level, pass_by, records
from tests.tourism.gates_kit import agree, zone

LIMITS = "/office/v1/places/museum/crowd/limits"


@pytest.fixture(autouse=True)
def midday(seeded, travel):
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


def body(**changes):
    day = (clock.today() + timedelta(days=1)).isoformat()
    told = {"instantaneous": 1000, "daily": 4000, "valid_from": day, "source": "于文旅字〔2026〕12 号"}
    return told | changes


def of(answer, place_id="museum"):
    return next(one for one in answer.json["items"] if one["place_id"] == place_id)


# Live figures of one's scope


def test_staff_see_the_live_figures_of_their_places_and_no_others(office, manager):
    fill(100)
    fill(50, spot=Spot("pingshan"))
    assert {"museum", "pingshan", "park"} <= {one["place_id"] for one in office.get("/office/v1/crowd").json["items"]}
    seen = {one["place_id"] for one in manager.get("/office/v1/crowd").json["items"]}
    assert "pingshan" in seen
    assert "museum" not in seen
    assert manager.get("/office/v1/places/museum/crowd").status_code == 404
    assert manager.get("/office/v1/places/pingshan/crowd").json["inside"] == 50


def test_a_places_figures_tell_where_the_number_comes_from_and_how_fresh_that_is(office, client, travel):
    sensor = Sensor(client)
    fill(400)
    sensor.results(sensor.reading(inside=420), sensor.reading("parking", taken=10, channel="p1"))
    travel(clock.today().isoformat(), "10:06")
    pass_by(4)
    watch.look()
    found = office.get("/office/v1/places/museum/crowd").json
    assert (found["inside"], found["entries_today"], found["basis"], found["level"]) == (404, 404, "gate", "green")
    assert found["load"] == {"instantaneous": 50.5, "daily": 13.5}
    fresh = {one["kind"]: one["fresh"] for one in found["sources"]}
    assert fresh == {"gate": True, "camera": False, "parking": True}
    assert found["limits"][0]["values"][0]["demo"] is True


def test_who_may_not_look_is_refused(client, seeded, admin):
    clerk = admin.hire("transit_manager", unit="transport")
    assert clerk.get("/office/v1/crowd").status_code == 403
    assert clerk.post(LIMITS, body()).status_code == 403


# Limits


def test_a_limit_holds_from_its_day_on_and_the_one_before_until_then(office):
    answer = office.post(LIMITS, body())
    assert answer.status_code == 201, answer.json
    first, second = answer.json["values"]
    assert (first["valid_to"], second["valid_from"]) == (clock.today().isoformat(), body()["valid_from"])
    assert limit.of(PLACE, clock.today().isoformat())["instantaneous"] == 800
    assert limit.of(PLACE, body()["valid_from"])["instantaneous"] == 1000


def test_a_limit_with_an_end_ends():
    told = limit.Told(10, 20, date(2026, 1, 1), date(2026, 6, 30), "演示")
    hall = Spot("museum", "hall_2")
    limit.seed(hall, told)
    assert limit.of(hall, "2025-12-31") is None
    assert limit.of(hall, "2026-06-30")["daily"] == 20
    assert limit.of(hall, "2026-07-01") is None


def test_a_limit_is_audited_and_changes_the_level_from_its_day_on(office, travel):
    office.post(LIMITS, body(instantaneous=100))
    found = AuditEntry._get_collection().find_one({"action": "crowd.limit"}, hint="_id_")
    assert found["object"] == "crowd:museum"
    assert found["details"]["instantaneous"] == 100
    fill(100)
    assert level() == "green"
    travel(body()["valid_from"], "10:00")
    fill(120)
    assert level() == "red"


def test_a_limit_that_is_not_later_is_refused_and_the_same_request_again_is_the_same_limit(office):
    assert office.post(LIMITS, body(), key="a" * 32).status_code == 201
    assert office.post(LIMITS, body(), key="a" * 32).status_code == 201
    answer = office.post(LIMITS, body())
    assert (answer.status_code, answer.json["code"]) == (409, "crowd_limit_not_later")


@pytest.mark.parametrize(
    "wrong",
    [
        {"instantaneous": 0},
        {"instantaneous": 1.5},
        {"daily": -1},
        {"valid_to": "2020-01-01"},
        {"source": " "},
        {"zone": "a\x00"},
        {"valid_from": "x"},
    ],
)
def test_a_wrong_limit_is_refused(office, wrong):
    assert office.post(LIMITS, body(**wrong)).status_code == 400


def test_the_manager_of_a_place_does_not_set_its_limit(manager):
    assert manager.post("/office/v1/places/pingshan/crowd/limits", body()).status_code == 403


@pytest.mark.parametrize(
    ("path", "more"), [(LIMITS, {}), (LIMITS.replace("limits", "headcounts"), {"people": 5, "reason": "清点"})]
)
def test_a_zone_that_the_place_does_not_have_is_named_as_the_wrong_field(office, path, more):
    answer = office.post(path, {**more, "zone": "hall_9"} if more else body(zone="hall_9"))
    assert (answer.status_code, answer.json["code"]) == (422, "zone_unknown")
    assert list(answer.json["fields"]) == ["zone"]
    assert [one["zone"] for one in office.get("/office/v1/places/museum/crowd").json["zones"]] == []


def test_a_zone_may_have_a_limit(office):
    agree(zone("hall_2"), place="museum")
    assert office.post(LIMITS, body(zone="hall_2", valid_from=clock.today().isoformat())).status_code == 201
    fill(3, spot=Spot("museum", "hall_2"))
    found = office.get("/office/v1/places/museum/crowd").json
    assert [(one["zone"], one["inside"]) for one in found["zones"]] == [("hall_2", 3)]


def test_without_a_limit_there_is_a_number_and_no_level(client):
    limit.CrowdLimit._get_collection().delete_one({"_id": "museum"})
    fill(5000)
    found = client.get("/public/v1/crowd/museum").json
    assert (found["inside"], found["level"], level()) == (5000, "unknown", "green")


# For the regulator


def test_the_days_come_as_a_list_a_workbook_and_csv_with_the_same_figures(office):
    fill(650)
    fill(-200)
    day = clock.today().isoformat()
    (told,) = office.get(f"/office/v1/crowd/reports?from={day}&to={day}&place=museum").json["items"]
    assert (told["entries"], told["exits"], told["most_inside"], told["level"]) == (650, 200, 650, "amber")
    assert (told["transitions"], told["headcounts"]) == (2, 0)
    raw = office.get(f"/office/v1/crowd/reports.xlsx?from={day}&to={day}&place=museum")
    rows = list(openpyxl.load_workbook(io.BytesIO(raw.data)).active.values)
    plain = office.get(f"/office/v1/crowd/reports.csv?from={day}&to={day}&place=museum").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(plain)))
    assert rows[1][3:5] == (650, 200)
    assert lines[1][3:5] == ["650", "200"]
    assert len(rows) == len(lines) == 2


def test_a_report_holds_the_places_of_ones_scope(office, manager, auditor):
    fill(5)
    fill(5, spot=Spot("pingshan"))
    day = clock.today().isoformat()
    path = f"/office/v1/crowd/reports?from={day}&to={day}"
    assert {one["place_id"] for one in office.get(path).json["items"]} == {"museum", "pingshan"}
    assert {one["place_id"] for one in manager.get(path).json["items"]} == {"pingshan"}
    assert {one["place_id"] for one in auditor.get(path).json["items"]} == {"museum", "pingshan"}
    assert manager.get(path + "&place=museum").status_code == 404
    assert office.get("/office/v1/crowd/reports?from=2026-01-01&to=2027-06-01").status_code == 400


def test_a_report_that_would_be_cut_is_refused_and_every_spot_is_looked_at(office, monkeypatch):
    agree(zone("hall_2"), zone("hall_3"), place="museum")
    for name in ("", "hall_2", "hall_3"):
        fill(2, spot=Spot("museum", name))
    monkeypatch.setattr("models.crowd.state.MOST", 1)
    watch.look()
    assert {one["_id"] for one in state.CrowdState._get_collection().find({"place": "museum"}) if "number" in one} == {
        "museum",
        "museum.hall_2",
        "museum.hall_3",
    }
    path = f"/office/v1/crowd/reports?from={clock.today()}&to={clock.today()}&place=museum"
    assert len(office.get(path).json["items"]) == 3
    monkeypatch.setattr("models.crowd.office_views.MOST_ROWS", 2)
    answer = office.get(path)
    assert (answer.status_code, answer.json["code"]) == (400, "crowd_report_too_long")
    assert list(answer.json["fields"]) == ["to"]


def test_a_place_that_is_called_like_a_formula_is_a_text(office):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"name": "=1+1"}})
    fill(5)
    day = clock.today().isoformat()
    plain = office.get(f"/office/v1/crowd/reports.csv?from={day}&to={day}").data.decode("utf-8-sig")
    assert "'=1+1" in plain


def test_the_records_of_a_place_tell_what_was_done_and_name_nobody(office):
    fill(800)
    watch.follow(records("level")[0]["_id"])
    office.post("/office/v1/places/museum/crowd/headcounts", {"people": 3, "reason": "张三丰清点"})
    page = office.get("/office/v1/places/museum/crowd/records?limit=1").json
    assert [one["what"] for one in page["items"]] == ["headcount"]
    assert "张三丰" not in str(page)
    assert page["items"][0]["by"] == "staff"
    rest = office.get(f"/office/v1/places/museum/crowd/records?limit=5&cursor={page['next']}").json
    assert [one["what"] for one in rest["items"]] == ["level"]
    assert {"slots_paused", "warning"} <= set(rest["items"][0]["done"])


def test_staff_without_the_place_in_their_scope_change_nothing_there(manager):
    until = clock.civil(clock.now() + timedelta(hours=1)).isoformat(timespec="seconds")
    word = {"state": "stop", "until": until, "reason": "试试"}
    base = "/office/v1/places/museum/crowd"
    assert manager.call("PUT", f"{base}/override", word).status_code == 404
    assert manager.call("DELETE", f"{base}/override").status_code == 404
    assert manager.post(f"{base}/headcounts", {"people": 1, "reason": "试试"}).status_code == 404
    assert manager.call("PUT", f"{base}/sources/x", {"state": "retired"}).status_code == 404
    assert manager.get(f"{base}/records").status_code == 404
    assert records() == []


def test_an_unknown_source_of_ones_place_is_not_found(office):
    answer = office.call("PUT", "/office/v1/places/museum/crowd/sources/none", {"state": "retired"})
    assert answer.status_code == 404


# Anybody


def test_anybody_sees_all_places_with_level_number_and_age(client):
    fill(640)
    answer = client.get("/public/v1/crowd")
    told = of(answer)
    assert (told["level"], told["level_zh"], told["inside"], told["load_percent"]) == ("amber", "较拥挤", 640, 80.0)
    assert 0 <= told["age_seconds"] < 60
    assert told["sales_stopped"] is True
    assert answer.headers["Cache-Control"] == "no-store"
    assert of(answer, "park")["level"] == "unknown"


def test_what_nobody_counts_any_more_is_unknown_and_says_since_when(client, travel):
    fill(640)
    travel(clock.today().isoformat(), "10:30")
    watch.look()
    told = of(client.get("/public/v1/crowd"))
    assert told["level"] == "unknown"
    assert not {"inside", "load_percent"} & set(told)


def test_a_number_that_the_watch_left_alone_for_minutes_is_not_shown_as_of_now(client, travel):
    fill(640)
    travel(clock.today().isoformat(), "10:06")
    told = of(client.get("/public/v1/crowd"))
    assert (told["level"], "inside" in told, told["last_at"][11:16]) == ("unknown", False, "10:00")


def test_the_page_tells_level_by_word_shape_and_colour_also_without_script(client):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"name": "<b>纪念馆</b>"}})
    fill(640)
    fill(5000, spot=Spot("park"))
    answer = client.get("/public/v1/crowd/page")
    text = answer.data.decode()
    assert answer.mimetype == "text/html"
    assert '<li class="amber"><h2>&lt;b&gt;纪念馆&lt;/b&gt;</h2>\n<p class="state">▲ 较拥挤</p>' in text
    assert '<p class="state">■ 已达上限</p>' in text
    assert "当日门票暂停预约" in text
    assert '<p class="state">? 暂无数据</p>' in text
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in text
    assert len(answer.data) < 30_000
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_stays_small_however_many_places_there_are(client):
    made = [{"_id": f"p{n}", "rank": n, "name": "于都县某某乡某某革命旧址纪念园" * 2} for n in range(300)]
    Place._get_collection().insert_many([{**one, "confidence": "low", "source": []} for one in made])
    for one in made:
        state.ensure(Spot(one["_id"]))
    assert len(client.get("/public/v1/crowd/page").data) < 30_000


def test_the_history_by_hour_and_by_day(client, travel):
    fill(640)
    travel(clock.today().isoformat(), "11:30")
    fill(-100)
    found = client.get("/public/v1/crowd/museum").json["history"]
    told = [(one["from"][11:16], one["entries"], one["exits"], one["most_inside"]) for one in found]
    assert told == [("10:00", 640, 0, 640), ("11:00", 0, 100, 540)]
    assert [one["level"] for one in found] == ["amber", "green"]
    (day,) = client.get("/public/v1/crowd/museum?by=day").json["history"]
    assert (day["entries"], day["exits"], day["most_inside"], day["level"]) == (640, 100, 640, "amber")


@pytest.mark.parametrize("query", ["from=2026-01-01&to=2026-03-01", "from=2026-03-01&to=2026-01-01", "by=week", "x=1"])
def test_a_wrong_span_of_the_history_is_refused(client, query):
    assert client.get(f"/public/v1/crowd/museum?{query}").status_code == 400


def test_a_place_that_is_not_counted_is_not_found(client):
    for path in ("/public/v1/crowd/none", "/mini/v1/crowd/none", "/public/v1/crowd/%00"):
        assert client.get(path).status_code == 404


def test_the_mini_program_shows_the_level_before_one_sets_out(client):
    fill(640)
    assert of(client.get("/mini/v1/crowd"))["level"] == "amber"
    assert client.get("/mini/v1/crowd/museum").json["inside"] == 640
    assert client.get("/mini/v1/places/museum").json["crowd"]["level"] == "amber"
    assert "crowd" not in client.get("/mini/v1/places/ferry_ximen").json


def test_the_metrics_tell_how_many_places_are_at_which_level(client):
    fill(640)
    text = client.get("/metrics").data.decode()
    assert 'crowd_places{level="amber"' in text
    assert "crowd_places_apart" in text


# The figures


def test_without_the_figures_nothing_is_judged_and_the_watch_lives_on(client):
    get_db().rule_parameters.delete_one({"_id": "crowd_red_percent"})
    fill(900)
    assert level() == "green"
    assert of(client.get("/public/v1/crowd"))["level"] == "unknown"


def test_a_place_that_is_gone_holds_up_no_other():
    state.ensure(Spot("aaa-gone"))
    fill(640)
    assert level() == "amber"


def test_judging_what_nobody_counts_changes_nothing():
    assert judge.judge(Spot("nowhere"), figures()) is False

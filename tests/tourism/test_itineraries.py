"""Itineraries: curated, planned, kept and shared, over HTTP."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mongoengine.connection import get_db

from backend import clock, geo
from models.booking.slot import Slot
from models.places import opening
from models.places.place import Place
from models.tourism import itinerary, itinerary_plan, itinerary_terms, itinerary_travel
from models.tourism.itinerary import Itinerary
from models.tourism.itinerary_choice import Party
from models.tourism.itinerary_plan import Question
from models.tourism.itinerary_terms import minutes
from models.tourism.itinerary_travel import Spot
from seed import county_data
from tests.support import county
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.tourism.content_kit import ITEMS, Newsroom

PLAN = "/mini/v1/itineraries/plan"
OWN = "/mini/v1/itineraries"
CURATED = "/mini/v1/curated-itineraries"
TUESDAY, MONDAY = "2026-11-24", "2026-11-30"
STOPS = [
    {"number": 1, "place_id": "museum", "arrive": "09:00", "leave": "10:30"},
    {"number": 1, "place_id": "park", "arrive": "10:40", "leave": "11:30"},
]


@pytest.fixture
def ask(client, seeded, travel):
    """Ask for a plan, on the morning of Monday the 23rd."""
    travel("2026-11-23", "08:00")

    def post(**body):
        answer = client.post(PLAN, json={"days": 1, "first_day": TUESDAY, **body})
        assert answer.status_code == 200, answer.json
        return answer.json

    return post


def stops(plan):
    return [stop for day in plan["days"] for stop in day["stops"]]


def names(plan):
    return [stop["place_id"] for stop in stops(plan)]


# Planning


def test_what_one_likes_comes_into_the_plan_with_the_reason(ask):
    plan = ask(interests=["纪念馆"], start_place_id="park")
    museum = next(one for one in stops(plan) if one["place_id"] == "museum")
    assert "您选了“纪念馆”" in museum["why_zh"]
    assert "周二开放 08:30–17:30" in museum["why_zh"]
    assert "步行约" in museum["why_zh"]
    assert museum["leg"]["mode"] == "walk"
    assert "场次还有" in museum["why_zh"]
    assert museum["slot"]["left"] > 0


def test_the_same_question_has_the_same_answer(ask):
    body = {"days": 3, "interests": ["纪念馆", "传统村落"], "with_child": True}
    assert ask(**body) == ask(**body)


def test_a_closing_day_keeps_a_place_out_and_says_so(ask):
    plan = ask(first_day=MONDAY, interests=["纪念馆"])
    assert "museum" not in names(plan)
    (told,) = [one for one in plan["left_out"] if one["place_id"] == "museum"]
    assert told["reason_zh"] == "周一(2026-11-30)不开放"


def test_a_full_day_keeps_a_place_out_and_says_so(ask):
    Slot._get_collection().update_many({"place": "museum", "resource": "", "day": TUESDAY}, {"$set": {"left": 1}})
    assert "museum" in names(ask(interests=["纪念馆"]))
    plan = ask(interests=["纪念馆"], people=2)
    assert "museum" not in names(plan)
    assert {"place_id": "museum", "name": "中央红军长征出发纪念馆", "reason_zh": "2026-11-24 已约满"} in plan[
        "left_out"
    ]


def test_a_slot_that_is_full_gives_way_to_the_next_one(ask):
    first = ask(interests=["纪念馆"], start_place_id="park")
    taken = next(one["slot"]["id"] for one in stops(first) if one["place_id"] == "museum")
    Slot._get_collection().update_one({"_id": taken}, {"$set": {"left": 0}})
    again = ask(interests=["纪念馆"], start_place_id="park")
    assert next(one["slot"]["id"] for one in stops(again) if one["place_id"] == "museum") > taken


def test_a_day_whose_slots_are_not_open_yet_is_planned_with_that_note(ask):
    later = (clock.date_of(TUESDAY) + timedelta(days=63)).isoformat()  # a Tuesday
    museum = next(one for one in stops(ask(first_day=later, interests=["纪念馆"])) if one["place_id"] == "museum")
    assert "slot" not in museum
    assert "预约还没有开放" in museum["why_zh"]


def test_unknown_hours_and_unknown_positions_are_said(ask):
    plan = ask(interests=["革命旧址"], days=2)
    told = next(one for one in stops(plan) if one["place_id"] == "hewu")
    assert "开放时间未公布,请先电话确认" in told["why_zh"]
    assert told["leg"]["estimated"] is True
    assert "位置未公布" in told["why_zh"]
    assert any("没有公布坐标" in note for note in plan["notes_zh"])


def test_one_eats_at_noon(ask):
    plan = ask(days=2, interests=["纪念馆", "红色景区", "风景名胜/石刻"])
    for day in plan["days"]:
        lunch = day["lunch"]
        assert "11:30" <= lunch["from"] <= "13:00"
        assert minutes(lunch["to"]) - minutes(lunch["from"]) == 60
        for stop in day["stops"]:
            assert stop["leave"] <= lunch["from"] or stop["arrive"] >= lunch["to"]


def test_with_an_elder_there_are_fewer_stops_longer_stays_and_slower_steps(ask):
    likes = {"interests": ["纪念馆", "红色景区", "历史街区", "革命旧址"], "start_place_id": "park"}
    usual, gentle = ask(**likes), ask(**likes, with_elder=True)
    assert len(stops(gentle)) <= 4 < len(stops(usual))
    assert max(one["leave"] for one in stops(gentle)) <= "16:30"
    assert (usual["model"]["walk_kmh"], gentle["model"]["walk_kmh"]) == (4.0, 2.5)

    def stay(plan, place):
        (one,) = [one for one in stops(plan) if one["place_id"] == place]
        return minutes(one["leave"]) - minutes(one["arrive"])

    assert stay(gentle, "museum") > stay(usual, "museum")


def test_an_evening_brings_the_theatre_when_it_plays(ask):
    assert "theatre" not in names(ask(first_day="2026-11-25"))
    played = stops(ask(first_day="2026-11-25", evening=True))[-1]
    assert (played["place_id"], played["arrive"]) == ("theatre", "19:30")
    assert "theatre" not in names(ask(first_day=TUESDAY, evening=True))


def test_today_begins_now(ask, travel):
    travel("2026-11-24", "15:00")
    plan = ask(first_day=TUESDAY, interests=["红色景区"])
    assert stops(plan)
    assert all(one["arrive"] >= "15:00" for one in stops(plan))
    assert "lunch" not in plan["days"][0]


def test_the_way_begins_where_one_stands(ask):
    lon, lat = geo.to_gcj02(115.486, 25.918)
    first = stops(ask(position={"lon": lon, "lat": lat}, interests=["乡村旅游点"]))[0]
    assert first["place_id"] == "tantou"
    assert first["leg"]["minutes"] <= 1


def test_services_and_hidden_places_are_no_stops(ask):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"rank": -1}})
    plan = ask(days=3, interests=["医院", "纪念馆"])
    assert not {"hosp_people", "museum"} & set(names(plan))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"days": 4}, "days"),
        ({"days": 0}, "days"),
        ({"first_day": "2026-11-22"}, "first_day"),
        ({"first_day": "2028-01-01"}, "first_day"),
        ({"first_day": "soon"}, "first_day"),
        ({"start_place_id": "nowhere"}, "start_place_id"),
        ({"start_place_id": "park", "position": {"lon": 115.4, "lat": 25.9}}, "start_place_id"),
        ({"position": {"lon": 115.4}}, "position.lat"),
        ({"people": 0}, "people"),
        ({"pace": "run"}, "pace"),
        ({"interests": ["x"] * 11}, "interests"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(client, seeded, travel, body, field):
    travel("2026-11-23", "08:00")
    answer = client.post(PLAN, json={"days": 1, "first_day": TUESDAY, **body})
    assert answer.status_code == 400
    assert any(name.startswith(field.partition(".")[0]) for name in answer.json["fields"]), answer.json


@pytest.fixture(scope="module")
def seeded_once(parts):
    county.put()


KINDS = ["纪念馆", "红色景区", "革命旧址", "长征渡口", "传统村落", "自然景区", "剧院", "专题馆", "步道"]


@settings(max_examples=60)
@given(
    st.integers(1, 3),
    st.integers(1, 27),
    st.frozensets(st.sampled_from(KINDS), max_size=4),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(1, 6),
)
def test_every_plan_keeps_the_hours_the_ways_and_the_slots(seeded_once, days, later, likes, elder, child, late, people):
    party = Party(people, likes, elder, child, "slow" if elder else "normal", late)
    plan = itinerary_plan.plan(Question(clock.today() + timedelta(days=later), days, party))
    taken = names(plan)
    assert len(taken) == len(set(taken))
    for day in plan["days"]:
        free_from = "00:00"
        for stop in day["stops"]:
            place = Place._get_collection().find_one({"_id": stop["place_id"]})
            assert minutes(free_from) + stop["leg"]["minutes"] <= minutes(stop["arrive"])
            free_from = stop["leave"]
            if place.get("opening"):
                hours = opening.spans(place["opening"], place.get("closing") or {}, clock.date_of(day["day"]))
                assert any(one["open"] <= stop["arrive"] < stop["leave"] <= one["close"] for one in hours)
            if slot := stop.get("slot"):
                kept = Slot._get_collection().find_one({"_id": slot["id"]})
                assert (kept["place"], kept["day"], kept["left"] >= people) == (stop["place_id"], day["day"], True)
                assert slot["start"] <= stop["arrive"] < slot["end"]


def test_the_way_is_told_as_exactly_as_is_known(seeded):
    terms = itinerary_terms.read()
    park, museum = (Spot((115.409, 25.955)), Spot((115.41, 25.956)))
    near = itinerary_travel.leg(park, museum, terms, "normal")
    assert (near.mode, near.estimated) == ("walk", False)
    assert near.metres == round(geo.distance_m(115.409, 25.955, 115.41, 25.956) * 1.35)
    assert itinerary_travel.leg(park, museum, terms, "slow").minutes > near.minutes
    far = itinerary_travel.leg(park, Spot((115.486, 25.918)), terms, "normal")
    assert (far.mode, far.minutes) == ("drive", -(-far.metres * 60 // 35_000) + 10)
    by_town = itinerary_travel.leg(Spot(None, "1", 29.0), Spot(None, "2", 36.0), terms, "normal")
    assert (by_town.metres, by_town.estimated) == (65_000, True)
    assert itinerary_travel.leg(Spot(None, "1"), Spot(None, "1"), terms, "normal").minutes == 20
    unknown = itinerary_travel.leg(Spot(), park, terms, "normal")
    assert (unknown.minutes, unknown.metres, unknown.estimated) == (60, None, True)


# Curated


def test_there_are_curated_itineraries_for_one_two_and_three_days(look):
    told = look(CURATED)["items"]
    assert sorted(one["days"] for one in told) == [1, 2, 3]
    assert all(one["demo"] for one in told)
    (two,) = look(CURATED, days=2)["items"]
    whole = look(f"{CURATED}/{two['id']}")
    assert [day["number"] for day in whole["itinerary"]] == [1, 2]
    assert all(stop["name"] and stop["note_zh"] for day in whole["itinerary"] for stop in day["stops"])
    assert "day" not in whole["itinerary"][0]


def test_a_curated_itinerary_says_what_is_closed_on_its_day(look):
    day = look(f"{CURATED}/one_day_departure", first_day=MONDAY)["itinerary"][0]
    museum = next(one for one in day["stops"] if one["place_id"] == "museum")
    assert (day["day"], day["weekday_zh"], museum["open"]) == (MONDAY, "周一", False)
    assert museum["warnings_zh"] == ["中央红军长征出发纪念馆在 2026-11-30(周一) 不开放,请改期或换一处。"]
    tuesday = look(f"{CURATED}/one_day_departure", first_day=TUESDAY)["itinerary"][0]["stops"]
    assert next(one for one in tuesday if one["place_id"] == "museum")["warnings_zh"] == []


HALF_DAY = {
    "title_zh": "半日",
    "summary_zh": "只看纪念馆。",
    "stops": [{"number": 1, "place": "museum", "arrive": "09:00", "leave": "10:30", "note_zh": "带身份证。"}],
}


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


def drafted(news, own="half_day", **changes):
    body = {"id": own, "content": {**HALF_DAY, **changes}}
    return news.author.post("/office/v1/guide/itineraries", body)


def test_a_curated_itinerary_passes_the_three_reviews_before_anybody_sees_it(news, client, look):
    made = drafted(news).json["id"]
    assert made == "itinerary:half_day"
    assert client.get(f"{CURATED}/half_day").status_code == 404
    news.bring_out(made)
    told = look(f"{CURATED}/half_day")
    assert (told["title_zh"], told["days"], told["stops"], told["imported"]) == ("半日", 1, 1, False)
    assert told["itinerary"][0]["stops"][0]["note_zh"] == "带身份证。"
    assert "half_day" in [one["id"] for one in look(CURATED, days=1)["items"]]
    news.publisher.post(f"{ITEMS}/{made}/withdraw", {"reason": "改道"})
    assert "half_day" not in [one["id"] for one in look(CURATED)["items"]]
    assert client.get(f"{CURATED}/half_day").status_code == 404


def test_the_seed_puts_curated_itineraries_once_as_imported(look):
    told = look(f"{CURATED}/one_day_departure")
    assert (told["imported"], told["demo"]) == (True, True)
    assert county_data.itineraries(with_demo=True) == 0


def test_a_curated_itinerary_leads_to_places_that_are_there(news):
    made = drafted(news, stops=[HALF_DAY["stops"][0] | {"place": "nowhere"}]).json["id"]
    answer = news.submit(made)
    assert (answer.status_code, answer.json["code"]) == (422, "itinerary_stop_unknown")


@pytest.mark.parametrize(
    "changes",
    [
        {"stops": []},
        {"stops": [HALF_DAY["stops"][0] | {"number": 2}]},
        {"stops": [HALF_DAY["stops"][0] | {"number": True}]},
        {"stops": [HALF_DAY["stops"][0] | {"leave": "09:00"}]},
        {"stops": [HALF_DAY["stops"][0] | {"note_zh": "<b>x</b>"}]},
        {"summary_zh": "  "},
        {"title_zh": "x" * 81},
    ],
)
def test_an_odd_curated_itinerary_is_a_bad_request_that_names_the_field(news, changes):
    answer = drafted(news, **changes)
    assert answer.status_code == 400
    assert all(name.startswith("content") for name in answer.json["fields"]), answer.json


@pytest.mark.parametrize("day", ["0001-01-01", "2199-12-31"])
def test_days_at_the_ends_of_the_calendar_are_answered(look, day):
    assert look(f"{CURATED}/three_days_long_march", first_day=day)["itinerary"][0]["day"] == day


def test_a_day_after_which_there_is_none_is_refused(client, seeded):
    answer = client.get(f"{CURATED}/three_days_long_march", query_string={"first_day": "9999-12-31"})
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["first_day"])
    assert "\u4e00" <= answer.json["fields"]["first_day"][0][0] <= "\u9fff"


@pytest.mark.parametrize("path", [f"{CURATED}/nothing", "/mini/v1/shared-itineraries/23456789abcdef", OWN + "/x"])
def test_what_is_not_there_is_not_found(phone, path):
    assert phone.get(path).status_code == 404


# Kept and shared


@pytest.fixture
def kept(phone, travel):
    travel("2026-11-23", "08:00")
    phone.log_in()
    answer = phone.post(OWN, {"first_day": TUESDAY, "stops": STOPS})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_an_itinerary_is_kept_and_listed(phone, kept):
    assert (kept["days"], kept["closed"]) == (1, [])
    assert [one["place_id"] for one in kept["itinerary"][0]["stops"]] == ["museum", "park"]
    (line,) = phone.get(OWN).json["items"]
    assert line == {"id": kept["id"], "first_day": TUESDAY, "days": 1, "stops": 2, "shared": False}
    assert phone.get(f"{OWN}/{kept['id']}").json == kept


def test_the_same_request_twice_keeps_one(phone, travel):
    travel("2026-11-23", "08:00")
    phone.log_in()
    answers = [phone.post(OWN, {"first_day": TUESDAY, "stops": STOPS}, key="once").json for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(phone.get(OWN).json["items"]) == 1


def test_a_kept_itinerary_tells_when_a_place_is_closed_that_day(phone, kept):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"closing.weekdays": ["tue"]}})
    Place._get_collection().update_one({"_id": "park"}, {"$set": {"rank": -1}})
    told = phone.get(f"{OWN}/{kept['id']}").json
    museum, park = told["itinerary"][0]["stops"]
    assert told["closed"] == ["中央红军长征出发纪念馆"]
    assert museum["open"] is False
    assert park["warnings_zh"] == ["该地点已不再展示,请换一处。"]


def test_a_kept_itinerary_tells_of_notices_and_of_other_hours(phone, kept):
    notice = {"id": "1", "text": "下午检修", "from_day": TUESDAY, "to_day": TUESDAY}
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"notices": [notice]}})
    Place._get_collection().update_one(
        {"_id": "park"}, {"$set": {"opening.weekly.tue": [{"open": "13:00", "close": "17:00"}]}}
    )
    museum, park = phone.get(f"{OWN}/{kept['id']}").json["itinerary"][0]["stops"]
    assert museum["warnings_zh"] == ["公告:下午检修"]
    assert "开放时间是 13:00–17:00" in park["warnings_zh"][0]


def test_a_code_opens_the_stops_and_nothing_of_the_person_or_the_day(phone, kept, client):
    code = phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"]
    assert phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"] == code
    answer = client.get(f"/mini/v1/shared-itineraries/{code}")
    (day,) = answer.json["itinerary"]
    assert set(day) == {"number", "stops"}
    assert set(day["stops"][0]) == {"place_id", "name", "kind", "arrive", "leave"}
    account = str(Itinerary._get_collection().find_one({"share": code})["account"])
    text = answer.get_data(as_text=True)
    assert not any(one in text for one in (account, kept["id"], TUESDAY, phone.me, "周二"))
    assert len(code) == 14


def test_two_shares_at_once_give_one_code(phone, kept, app):
    def share(number):
        return phone.twin(app.test_client()).call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"]

    assert len(set(at_once([lambda n=n: share(n) for n in range(8)]))) == 1


def test_a_code_taken_back_opens_nothing(phone, kept, client):
    code = phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"]
    assert phone.call("DELETE", f"{OWN}/{kept['id']}/share").status_code == 204
    assert client.get(f"/mini/v1/shared-itineraries/{code}").status_code == 404
    assert phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"] != code
    assert phone.call("DELETE", f"{OWN}/{kept['id']}").status_code == 204
    assert phone.call("DELETE", f"{OWN}/{kept['id']}").status_code == 404
    assert phone.get(OWN).json["items"] == []


def test_a_curated_or_shared_itinerary_can_be_kept_from_another_day_on(phone, kept):
    code = phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"]
    copied = phone.post(OWN, {"first_day": MONDAY, "share_code": code}).json
    assert (copied["first_day"], copied["closed"], "share_code" in copied) == (
        MONDAY,
        ["中央红军长征出发纪念馆"],
        False,
    )
    curated = phone.post(OWN, {"first_day": MONDAY, "curated_id": "two_days_red_and_selenium"}).json
    assert curated["days"] == 2
    assert phone.post(OWN, {"first_day": MONDAY, "curated_id": "none"}).status_code == 404


@pytest.fixture
def other(client, seeded, sandbox):
    """The phone of somebody else."""
    return Phone(client, sandbox).ready()


def test_nobody_reads_or_changes_anothers_itinerary(phone, kept, other):
    path = f"{OWN}/{kept['id']}"
    assert other.get(path).status_code == 404
    assert other.call("PUT", path + "/share").status_code == 404
    assert other.call("DELETE", path).status_code == 404
    assert other.call("DELETE", path + "/share").status_code == 404
    assert phone.get(path).json == kept


def test_an_account_keeps_fifty(phone, kept, monkeypatch):
    monkeypatch.setattr(itinerary, "MOST_KEPT", 2)
    assert phone.post(OWN, {"first_day": TUESDAY, "stops": STOPS}).status_code == 201
    answer = phone.post(OWN, {"first_day": TUESDAY, "stops": STOPS})
    assert (answer.status_code, answer.json["code"]) == (409, "itinerary_too_many")


def test_requests_at_once_never_keep_more_than_one_may(phone, kept, app, monkeypatch):
    monkeypatch.setattr(itinerary, "MOST_KEPT", 3)
    twins = [phone.twin(app.test_client()) for _ in range(8)]
    answers = at_once([lambda one=one: one.post(OWN, {"first_day": TUESDAY, "stops": STOPS}) for one in twins])
    assert sorted(one.status_code for one in answers) == [201] * 2 + [409] * 6
    assert Itinerary._get_collection().count_documents({"shelf": {"$gte": 0}}, hint="_id_") == 3
    assert phone.call("DELETE", f"{OWN}/{kept['id']}").status_code == 204
    assert phone.post(OWN, {"first_day": TUESDAY, "stops": STOPS}).status_code == 201


def test_a_request_whose_answer_was_lost_keeps_one(phone, kept):
    body = {"first_day": TUESDAY, "stops": STOPS}
    first = phone.post(OWN, body, key="lost")
    get_db().idempotency_keys.delete_many({"actor": {"$gte": ""}})
    again = phone.post(OWN, body, key="lost")
    assert (first.status_code, again.status_code, first.json["id"]) == (201, 201, again.json["id"])
    assert len(phone.get(OWN).json["items"]) == 2


def test_sharing_and_taking_back_at_once_is_one_after_the_other(phone, kept, app):
    path = f"{OWN}/{kept['id']}/share"
    for _ in range(3):
        calls = [(phone.twin(app.test_client()), method) for method in ("PUT", "DELETE") * 4]
        answers = at_once([lambda one=one, method=method: one.call(method, path) for one, method in calls])
        assert {one.status_code for one in answers} == {200, 204}


def test_of_what_others_made_a_place_that_is_gone_is_left_out(phone, kept):
    code = phone.call("PUT", f"{OWN}/{kept['id']}/share").json["share_code"]
    Place._get_collection().update_one({"_id": "park"}, {"$set": {"rank": -1}})
    for source in ({"share_code": code}, {"curated_id": "one_day_departure"}):
        answer = phone.post(OWN, {"first_day": TUESDAY, **source})
        assert answer.status_code == 201, answer.json
        assert "park" not in [one["place_id"] for one in answer.json["itinerary"][0]["stops"]]
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"rank": -1}})
    assert phone.post(OWN, {"first_day": TUESDAY, "share_code": code}).json["code"] == "itinerary_stop_unknown"


@pytest.mark.parametrize(
    "body",
    [
        {"first_day": TUESDAY},
        {"first_day": TUESDAY, "stops": []},
        {"first_day": TUESDAY, "stops": STOPS, "curated_id": "one_day_departure"},
        {"first_day": TUESDAY, "stops": [STOPS[0] | {"leave": "09:00"}]},
        {"first_day": TUESDAY, "stops": [STOPS[0] | {"arrive": "9:00"}]},
        {"first_day": TUESDAY, "stops": [STOPS[0] | {"number": 4}]},
        {"first_day": TUESDAY, "stops": STOPS * 16},
        {"first_day": "2026-11-22", "stops": STOPS},
        {"first_day": TUESDAY, "share_code": "../../x"},
    ],
)
def test_half_an_itinerary_is_refused(phone, travel, body):
    travel("2026-11-23", "08:00")
    phone.log_in()
    assert phone.post(OWN, body).status_code == 400


def test_a_stop_that_is_no_place_is_refused(phone, travel):
    travel("2026-11-23", "08:00")
    phone.log_in()
    answer = phone.post(OWN, {"first_day": TUESDAY, "stops": [STOPS[0] | {"place_id": "nowhere"}]})
    assert (answer.status_code, answer.json["code"]) == (422, "itinerary_stop_unknown")


def test_without_an_account_nothing_is_kept(client, seeded):
    answer = client.post(OWN, json={"first_day": TUESDAY, "stops": STOPS}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401

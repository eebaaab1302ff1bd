"""Routes, exhibits, scanned codes and the county's own guide."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from PIL import Image

from backend import clock, jobs
from backend.wechat.errors import WeChatFailure
from models.content.item import ContentItem
from models.media.file import File
from models.places.place import Place
from models.tourism import exhibit, exhibit_code, exhibit_sheet
from models.tourism.exhibit import Exhibit
from seed import county_data
from tests.support import affairs, queues
from tests.support.patience import until
from tests.tourism.content_kit import ITEMS, Newsroom

ROUTES, EXHIBITS, SCENES = "/mini/v1/guide/routes", "/mini/v1/guide/exhibits", "/mini/v1/guide/scenes"
GUIDE = json.loads((Path(__file__).parents[2] / "seed" / "county" / "guide.json").read_text())


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


@pytest.fixture
def three(news):
    """Three published points on a line, two of them some 100 m apart, the third without a position."""
    places = [{"geo": {"lon": 115.6 + n * 0.001, "lat": 26.1}} for n in range(2)]
    return [news.shown(**told) for told in (*places, {})]


def route(news, stops, **more):
    content = {"title_zh": "线路", "mode": "walk", "stops": stops, **more}
    return news.author.post("/office/v1/guide/routes", {"place": "park", "content": content})


def published(news, stops, **more) -> str:
    answer = route(news, stops, **more)
    assert answer.status_code == 201, answer.json
    return news.bring_out(answer.json["id"])


def show(client, own):
    return client.get(f"{ROUTES}/{own}")


# Lists


def pages(client, path: str) -> list[str]:
    found, cursor = [], ""
    while cursor is not None:
        one = client.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}" if cursor else path).json
        assert len(one["items"]) <= 2
        found, cursor = found + [each["id"] for each in one["items"]], one["next"]
    return found


@pytest.mark.parametrize(
    "path",
    ["/mini/v1/guide/points", "/mini/v1/guide/points?place=park", ROUTES, f"{EXHIBITS}?place=museum",
     "/mini/v1/curated-itineraries"],
)  # fmt: skip
def test_no_list_of_the_guide_ends_silently(client, news, three, path, monkeypatch):
    published(news, [{"point": one} for one in three])
    whole = client.get(path).json
    assert whole["next"] is None
    monkeypatch.setattr("models.content.item.MOST_SHOWN", 2)
    assert pages(client, path) == [one["id"] for one in whole["items"]]
    assert whole["items"]


@pytest.mark.parametrize("path", ["/mini/v1/guide/points?cursor=%00", f"{EXHIBITS}?place=museum&cursor=x"])
def test_a_cursor_of_the_guide_that_cannot_be_one_is_a_bad_request(client, seeded, path):
    assert client.get(path).status_code == 400


# Routes


def test_a_route_tells_its_stops_in_order_with_ways_and_stories(news, client, three):
    stops = [
        {"point": three[0]},
        {"point": three[1], "story_zh": "沿江走"},
        {"point": three[2], "distance_m": 300, "minutes": 7},
    ]
    told = show(client, published(news, stops)).json
    assert [one["point"]["id"] for one in told["stops"]] == three
    assert "leg" not in told["stops"][0]
    estimated = told["stops"][1]["leg"]
    assert 125 < estimated["distance_m"] < 135
    assert (estimated["minutes"], estimated["estimated"]) == (3, True)
    assert told["stops"][2]["leg"] == {"distance_m": 300, "minutes": 7}
    assert told["stops"][1]["story_zh"] == "沿江走"
    assert (told["distance_m"], told["minutes"], told["estimated"]) == (300 + estimated["distance_m"], 10, True)


def test_what_nobody_knows_of_a_way_is_not_told(news, client, three):
    told = show(client, published(news, [{"point": one} for one in (three[0], three[2])])).json
    assert "leg" not in told["stops"][1] or told["stops"][1]["leg"] == {}
    assert "distance_m" not in told
    drive = show(client, published(news, [{"point": one} for one in three[:2]], mode="drive")).json
    assert "minutes" not in drive["stops"][1]["leg"]


def test_the_package_carries_the_rule_of_the_geofence_and_changes_with_its_points(news, client, three):
    own = published(news, [{"point": one} for one in three[:2]])
    first = show(client, own).json
    assert first["geofence"] == {
        "most_accuracy_m": 80, "accuracy_share": 0.5, "leave_factor": 1.5, "nearer_by_m": 10,
    }  # fmt: skip
    assert all(one["point"]["geo"]["triggers"] for one in first["stops"])
    assert show(client, own).json["version"] == first["version"]
    item = f"guide_point:{three[0]}"
    news.write(item, geo={"lon": 115.6, "lat": 26.1})
    news.bring_out(item, 2)
    assert show(client, own).json["version"] != first["version"]


def test_a_withdrawn_point_is_left_out_of_the_route(news, client, three):
    own = published(news, [{"point": one} for one in three])
    news.publisher.post(f"{ITEMS}/guide_point:{three[1]}/withdraw", {"reason": "有误"})
    assert [one["point"]["id"] for one in show(client, own).json["stops"]] == [three[0], three[2]]


def test_what_was_measured_from_a_withdrawn_point_is_not_told_of_another(news, client, three):
    stops = [{"point": three[2]}, {"point": three[0]}, {"point": three[1], "distance_m": 110, "minutes": 2}]
    fourth = news.shown(geo={"lon": 115.61, "lat": 26.1})
    own = published(news, [*stops, {"point": fourth, "distance_m": 5, "minutes": 1}])
    news.publisher.post(f"{ITEMS}/guide_point:{three[1]}/withdraw", {"reason": "有误"})
    leg = show(client, own).json["stops"][2]["leg"]
    assert leg["estimated"] is True
    assert 1250 < leg["distance_m"] < 1350
    news.publisher.post(f"{ITEMS}/guide_point:{three[2]}/withdraw", {"reason": "有误"})
    assert [one["point"]["id"] for one in show(client, own).json["stops"]] == [three[0], fourth]


def test_a_route_to_a_point_that_is_not_published_is_not_reviewed_nor_published(news, three):
    draft = news.made().partition(":")[2]
    made = route(news, [{"point": three[0]}, {"point": draft}]).json["id"]
    answer = news.submit(made)
    assert (answer.status_code, answer.json["code"]) == (422, "route_point_not_shown")
    good = route(news, [{"point": one} for one in three]).json["id"]
    news.approve(good)
    news.publisher.post(f"{ITEMS}/guide_point:{three[0]}/withdraw", {"reason": "有误"})
    assert news.publish(good).json["code"] == "route_point_not_shown"


@pytest.mark.parametrize(
    "stops", [[], [{"point": "a"}], [{"point": "a"}, {"point": "a"}], [{"point": "a"}, {}], "x", [{"point": "$ne"}] * 2]
)
def test_odd_routes_are_bad_requests(news, stops):
    assert route(news, stops).status_code == 400


def test_a_published_route_is_listed_at_its_place(news, client, three):
    own = published(news, [{"point": one} for one in three])
    listed = client.get(f"{ROUTES}?place=park").json["items"]
    assert {"id": own, "stop_count": 3}.items() <= next(one for one in listed if one["id"] == own).items()
    assert client.get(f"{ROUTES}?place=nowhere").json["items"] == []
    assert show(client, "nothing").status_code == 404


def test_the_code_of_a_hidden_place_opens_nothing(client, seeded):
    assert client.get(f"{SCENES}/p=park").json["id"] == "park"
    Place._get_collection().update_one({"_id": "park"}, {"$set": {"rank": -1}})
    answer = client.get(f"{SCENES}/p=park")
    assert (answer.status_code, answer.json["code"]) == (404, "scene_unknown")


# Exhibits and their numbers


def new_exhibit(news, number, **content):
    body = {"place": "museum", "number": number, "content": {"title_zh": f"展品{number}", "text_zh": "文字", **content}}
    return news.author.post("/office/v1/guide/exhibits", body)


def test_people_type_the_number_beside_an_exhibit(news, client):
    item = new_exhibit(news, 7, period_zh="1934 年").json["id"]
    assert client.get(f"{EXHIBITS}?place=museum&number=7").json["items"] == []
    own = news.bring_out(item)
    (found,) = client.get(f"{EXHIBITS}?place=museum&number=7").json["items"]
    assert (found["id"], found["number"]) == (own, 7)
    told = client.get(f"{EXHIBITS}/{own}").json
    assert (told["number"], told["period_zh"]) == (7, "1934 年")
    assert client.get(f"{EXHIBITS}?place=museum&number=8").json["items"] == []
    assert [one["number"] for one in client.get(f"{EXHIBITS}?place=museum").json["items"]] == [1, 7]


def test_a_number_is_given_once_a_place(news):
    assert new_exhibit(news, 7).status_code == 201
    answer = new_exhibit(news, 7)
    assert (answer.status_code, answer.json["code"]) == (409, "content_id_taken")
    assert ContentItem._get_collection().count_documents({"kind": "guide_exhibit"}) == 2
    assert Exhibit._get_collection().count_documents({"place": "museum"}) == 2


@pytest.mark.parametrize("number", [0, -1, 10_000, "7", 1.5, True, None])
def test_odd_numbers_are_bad_requests(news, number):
    assert new_exhibit(news, number).status_code == 400


# Codes


def start_codes(news, place="museum"):
    return news.author.post("/office/v1/guide/codes", {"place": place})


def test_a_job_makes_the_codes_of_a_place_once_and_tells_how_far_it_is(news):
    for number in (11, 12, 13):
        assert new_exhibit(news, number).status_code == 201
    answer = start_codes(news)
    assert (answer.status_code, answer.json["total"]) == (202, 4)
    path = f"/office/v1/guide/codes/jobs/{answer.json['job_id']}"
    assert news.author.get(path).json["state"] == "running"
    queues.drain("reports")
    told = news.author.get(path).json
    assert (told["state"], told["done"], told["failures"]) == ("done", 4, [])
    assert start_codes(news).json["total"] == 0
    kept = list(File._get_collection().find({"attached_to": {"$gte": "exhibit_code:", "$lt": "exhibit_code;"}}))
    assert len(kept) == 4
    assert {one["purpose"] for one in kept} == {"content_media"}


def test_the_codes_are_printed_and_packed(news):
    for number in range(20, 33):
        new_exhibit(news, number)
    start_codes(news)
    queues.drain("reports")
    sheet = news.author.get("/office/v1/guide/codes/sheet.pdf?place=museum")
    assert sheet.content_type == "application/pdf"
    assert sheet.data.startswith(b"%PDF")
    assert sheet.data.count(b"/Type /Page\n") + sheet.data.count(b"/Type /Page ") == 2
    packed = news.author.get("/office/v1/guide/codes/pictures.zip?place=museum")
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        names = archive.namelist()
        lines = list(csv.reader(io.StringIO(archive.read("codes.csv").decode("utf-8-sig"))))
        picture = Image.open(io.BytesIO(archive.read(lines[1][3])))
    assert len(names) == 15
    assert lines[1][:3] == ["1", "手摇缝纫机", "e=museum_sewing_machine"]
    assert min(picture.size) >= 280


def test_without_codes_there_is_nothing_to_print_and_other_units_see_nothing(news, client):
    answer = news.author.get("/office/v1/guide/codes/sheet.pdf?place=museum")
    assert (answer.status_code, answer.json["code"]) == (409, "exhibit_codes_missing")
    assert news.author.get("/office/v1/guide/codes/pictures.zip?place=museum").status_code == 409
    stranger = affairs.seat(client, "scenic_manager", unit="changzhengyuan")
    assert start_codes(Stub(stranger)).status_code == 404
    assert stranger.get("/office/v1/guide/codes/sheet.pdf?place=museum").status_code == 404
    job = start_codes(news).json["job_id"]
    assert stranger.get(f"/office/v1/guide/codes/jobs/{job}").status_code == 404


class Stub:
    """Somebody else in the author's seat."""

    def __init__(self, author):
        self.author = author


def test_a_kill_between_the_picture_and_its_note_asks_wechat_for_no_second_one(news, monkeypatch):
    monkeypatch.setattr(exhibit, "keep_code", lambda *_: False)
    exhibit_code._make("museum_sewing_machine", news.author.actor().key)
    monkeypatch.undo()
    assert "code" not in exhibit.label("museum_sewing_machine")
    monkeypatch.setattr(exhibit_code, "_store", lambda *_: pytest.fail("asked again"))
    assert exhibit_code._make("museum_sewing_machine", news.author.actor().key) is None
    assert exhibit.label("museum_sewing_machine")["code"]


def test_what_wechat_refuses_is_named_and_the_others_are_made(news, monkeypatch):
    new_exhibit(news, 40)
    refused = exhibit_code.scene("museum_sewing_machine")
    really = exhibit_code._store

    def sometimes(exhibit_id, owner, whose):
        if exhibit_code.scene(exhibit_id) == refused:
            raise WeChatFailure(errcode=41030, reason="page")
        return really(exhibit_id, owner, whose)

    monkeypatch.setattr(exhibit_code, "_store", sometimes)
    job = start_codes(news).json["job_id"]
    queues.drain("reports")
    told = jobs.read(ObjectId(job))
    assert told["failures"] == [{"item": "museum_sewing_machine", "reason": "wechat_failed"}]
    assert start_codes(news).json["total"] == 1


def test_every_scene_fits_a_mini_program_code():
    longest = "x" * 30
    assert len(exhibit_code.scene(longest)) == 32
    assert exhibit_code.scene("museum_sewing_machine").isascii()


def test_sheets_take_odd_titles():
    picture = io.BytesIO()
    Image.new("RGB", (430, 430), "white").save(picture, "PNG")
    labels = [{"number": 1, "title": "=HYPERLINK(1)/..\\x", "scene": "e=a", "picture": picture.getvalue()}]
    assert exhibit_sheet.pdf(labels).startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(exhibit_sheet.archive(labels))) as archive:
        assert archive.namelist() == ["x.png", "codes.csv"]
        assert b",'=HYPERLINK" in archive.read("codes.csv")


# Scanned codes


def test_a_scanned_code_opens_its_exhibit_or_place(seeded, client):
    told = client.get(f"{SCENES}/e=museum_sewing_machine").json
    assert told == {"kind": "exhibit", "id": "museum_sewing_machine", "page": "pages/guide/exhibit"}
    assert client.get(f"{SCENES}/e%3Dmuseum_sewing_machine").json == told
    assert client.get(f"{SCENES}/p=park").json["kind"] == "place"


@pytest.mark.parametrize("scene", ["e=nothing", "p=nothing", "x=1", "e=", "museum", "%00", "e%3D%24ne", "é" * 40, "{}"])
def test_an_unknown_code_says_what_to_do_instead(seeded, client, scene):
    answer = client.get(f"{SCENES}/{scene}")
    assert (answer.status_code, answer.json["code"]) == (404, "scene_unknown")
    assert "编号" in answer.json["message"]


def test_the_code_of_a_withdrawn_exhibit_is_unknown_until_it_comes_back(news, client):
    news.publisher.post(f"{ITEMS}/guide_exhibit:museum_sewing_machine/withdraw", {"reason": "换展"})
    assert client.get(f"{SCENES}/e=museum_sewing_machine").status_code == 404


# Counting looks


def test_looks_are_counted_by_day_and_nothing_else_is_kept(news, client):
    for _ in range(3):
        client.get(f"{EXHIBITS}/museum_sewing_machine")
    client.head(f"{EXHIBITS}/museum_sewing_machine")
    client.get(f"{EXHIBITS}/nothing")
    day = clock.today().isoformat()
    path = f"{ITEMS}/guide_exhibit:museum_sewing_machine/counts?from={day}&to={day}"
    seat = affairs.seat(client, "tourism_office", unit="culture_tourism")
    until(lambda: seat.get(path).json["items"] == [{"day": day, "count": 3}])
    (kept,) = get_db().guide_counts.find({"_id": {"$gte": ""}})
    assert set(kept) == {"_id", "item", "day", "count"}
    assert seat.get(f"{ITEMS}/guide_exhibit:museum_sewing_machine/counts?from={day}&to=2020-01-01").status_code == 400


# The county's own guide


def test_the_eight_ferries_are_the_points_of_one_route(seeded, client):
    told = show(client, "eight_ferries").json
    assert len(told["stops"]) == 8
    assert all("渡口" in one["point"]["title_zh"] for one in told["stops"])
    assert (told["imported"], told["red_heritage"], told["mode"]) == (True, True, "drive")
    assert "distance_m" not in told
    assert all(one["point"]["facts"] for one in told["stops"])


def test_every_text_of_the_guide_is_made_of_its_sourced_facts():
    """What is left of a text without its facts is punctuation; each fact is one of the sourced data."""
    places = json.loads((Path(__file__).parents[2] / "seed" / "county" / "places.json").read_text())["records"]
    sourced = {fact for one in places for fact in one["facts"]} | {one["heritage"] for one in places}
    assert len(GUIDE["points"]) == 11
    for one in GUIDE["points"]:
        rest = one["content"]["text_zh"]
        for fact in one["content"]["facts"]:
            assert fact["text_zh"] in sourced, fact
            assert fact["sources"]
            rest = rest.replace(fact["text_zh"], "")
        assert set(rest) <= {"。"}, rest


def test_what_is_made_up_in_the_guide_is_marked_and_stays_out_of_production(store, client):
    for one in (*GUIDE["demo"]["routes"], *GUIDE["demo"]["exhibits"]):
        assert one["demo"] is one["content"]["demo"] is True
    county_data.load(with_demo=False)
    assert show(client, "park_walk").status_code == 404
    assert client.get(f"{EXHIBITS}?place=museum").json["items"] == []
    points = client.get("/mini/v1/guide/points").json["items"]
    assert len(points) == 11
    assert not any(one["geo"]["triggers"] for one in points if "geo" in one)


def test_the_demonstration_walks_through_the_park_by_itself(seeded, client):
    told = show(client, "park_walk").json
    assert told["demo"] is True
    assert all(one["point"]["geo"]["triggers"] and one["point"]["geo"]["demo"] for one in told["stops"])
    lies = told["stops"][0]["point"]["geo"]
    here = client.get("/mini/v1/guide/nearby", query_string={"lon": lies["lon"], "lat": lies["lat"], "accuracy_m": 10})
    assert here.json["point"]["id"] == told["stops"][0]["point"]["id"]


def test_a_change_by_the_staff_outlives_the_next_seed(news, client):
    item = "guide_point:ferry_liyu"
    seat = affairs.seat(client, "tourism_office", unit="culture_tourism")
    content = {"title_zh": "鲤鱼渡口", "text_zh": "改过"}
    assert seat.post(f"{ITEMS}/{item}/revisions", {"base": 1, "content": content}).json["revision"] == 2
    before = ContentItem._get_collection().find_one({"_id": item})
    county_data.load(with_demo=True)
    assert ContentItem._get_collection().find_one({"_id": item}) == before


def test_the_service_starts_again_after_the_staff_took_a_point_of_a_route_off(news, client):
    item = "guide_point:ferry_liyu"
    seat = affairs.seat(client, "tourism_office", unit="culture_tourism")
    assert seat.post(f"{ITEMS}/{item}/withdraw", {"reason": "内容有误"}).json["state"] == "withdrawn"
    county_data.load(with_demo=True)
    assert client.get("/mini/v1/guide/points/ferry_liyu").status_code == 404
    assert "ferry_liyu" not in [one["id"] for one in client.get("/mini/v1/guide/points").json["items"]]

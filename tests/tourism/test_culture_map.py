"""The cultural map: GeoJSON with facets and distance, in the mini-program, for anybody, and as a page of text."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import geo
from models.places import area
from models.places.place import Place
from models.tourism import culture_map, culture_map_picture
from models.tourism.culture_map import Wanted
from tests.support import county

MAP = "/public/v1/culture-map.geojson"
MINI = "/mini/v1/culture-map"
PAGE = "/public/v1/culture-map"
MUSEUM = (115.41, 25.956)


def ids(features):
    return [one["id"] for one in features]


def by_id(answer):
    return {one["id"]: one for one in answer["features"] + answer["unlocated"]}


def test_the_map_is_a_feature_collection_of_points_by_longitude_and_latitude(client, seeded):
    answer = client.get(MAP)
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    told = answer.json
    assert told["type"] == "FeatureCollection"
    for one in told["features"]:
        assert (one["type"], one["geometry"]["type"]) == ("Feature", "Point")
        lon, lat = one["geometry"]["coordinates"]
        assert 115 < lon < 116
        assert 25 < lat < 26.5
    assert "crs" not in told


def test_no_position_is_made_up_and_places_without_one_stand_apart(look):
    told = look(MAP)
    assert set(ids(told["features"])) == {"park", "museum", "monument", "ferry_dongmen", "tantou", "historytrail"}
    assert len(told["unlocated"]) >= 27
    assert {"luotianyan", "pingshan"} < set(ids(told["unlocated"]))
    assert all(one["geometry"] is None for one in told["unlocated"])
    assert all("gcj02" not in one["properties"] and "datum" not in one["properties"] for one in told["unlocated"])


def test_a_feature_says_how_far_its_position_can_be_trusted_and_where_the_mini_program_draws_it(look):
    museum = by_id(look(MINI))["museum"]["properties"]
    assert (museum["datum"], museum["position_confidence"]) == ("unknown", "low")
    assert "未注明坐标系" in museum["datum_note"]
    assert museum["gcj02"] == [round(one, 6) for one in geo.to_gcj02(*MUSEUM)]
    assert 100 < geo.distance_m(*MUSEUM, *museum["gcj02"]) < 900


def test_services_are_no_part_of_the_cultural_map(look):
    assert not {"hosp_people", "rail_yudu", "agency_textile"} & set(by_id(look(MAP)))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"kind": "纪念馆"}, {"museum", "martyrs"}),
        ({"level": "4A"}, {"park", "pingshan"}),
        ({"heritage": "national"}, {"park", "ferry_dongmen", "luotianyan"}),
        ({"heritage": "provincial"}, {"shangbao", "xiewu"}),
        ({"town": "360731204"}, {"ferry_yuwengbu", "pingshan"}),
        ({"free": "true", "kind": "纪念馆"}, {"museum"}),
        ({"free": "false"}, {"pingshan", "theatre"}),
        ({"bookable": "true", "level": "4A"}, {"park", "pingshan"}),
    ],
)
@pytest.mark.parametrize("path", [MAP, MINI])
def test_one_can_filter_by(look, path, asked, wanted):
    assert set(by_id(look(path, **asked))) == wanted


def test_what_is_open_today_follows_the_day(look, travel):
    travel("2026-11-24")  # a Tuesday
    assert "museum" in by_id(look(MAP, open_today="true"))
    travel("2026-11-30")  # a Monday
    told = look(MAP, open_today="true")
    assert "museum" not in by_id(told)
    assert "park" in by_id(told)
    assert by_id(look(MAP))["museum"]["properties"]["open_today"] is False


def test_a_place_of_unknown_hours_is_neither_open_nor_closed(look):
    assert "open_today" not in by_id(look(MAP))["hewu"]["properties"]
    assert "hewu" not in by_id(look(MAP, open_today="true")) | by_id(look(MAP, open_today="false"))


def test_facets_count_what_was_found(look):
    whole = look(MAP)
    facets = whole["facets"]
    assert {one["value"]: one["count"] for one in facets["level"]} == {"4A": 2}
    assert {one["value"]: (one["count"], one["zh"]) for one in facets["heritage"]} == {
        "national": (3, "全国重点文物保护单位"),
        "provincial": (2, "省级文物保护单位"),
    }
    assert facets["town"][0]["zh"] == "贡江镇"
    for name, field in (("kind", "kind"), ("town", "town_code"), ("bookable", "bookable"), ("free", "free")):
        have = [one["properties"][field] for one in by_id(whole).values() if field in one["properties"]]
        assert {one["value"]: one["count"] for one in facets[name]} == {value: have.count(value) for value in have}
    narrowed = look(MAP, level="4A")["facets"]
    assert sum(one["count"] for one in narrowed["kind"]) == 2


def test_a_box_holds_what_lies_inside_and_nothing_without_a_position(look):
    told = look(MAP, bbox="115.4,25.95,115.415,25.96")
    assert set(ids(told["features"])) == {"park", "museum", "monument", "ferry_dongmen"}
    assert told["unlocated"] == []
    edge = look(MAP, bbox="115.409,25.955,115.41,25.956")
    assert set(ids(edge["features"])) == {"park", "museum"}
    assert look(MAP, bbox="100,20,101,21")["features"] == []
    assert set(ids(look(MAP, bbox="-180,-90,180,90")["features"])) == set(ids(look(MAP)["features"]))


@pytest.mark.parametrize(
    "box", ["10,-90,11,-89.05", "10,89.05,11,90", "-180,-90,-179.9,90", "179.99,0,180,0.1", "0,84,5,90"]
)
def test_boxes_at_the_ends_of_the_globe_are_answered(look, box):
    assert look(MAP, bbox=box)["features"] == []


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "116,25,115,26", "115,26,116,25", "115,25,181,26", "nan,1,2,3,4"])
def test_a_box_of_another_form_is_refused(client, seeded, box):
    answer = client.get(MAP, query_string={"bbox": box})
    assert answer.status_code == 400
    assert "bbox" in answer.json["fields"]


def test_the_nearest_comes_first_within_a_radius(look):
    near = look(MAP, lon=MUSEUM[0], lat=MUSEUM[1])
    away = [one["properties"]["distance_m"] for one in near["features"]]
    assert near["features"][0]["id"] == "museum"
    assert away == sorted(away)
    assert away[0] == 0
    close = look(MAP, lon=MUSEUM[0], lat=MUSEUM[1], within_m=400)
    assert ids(close["features"]) == ["museum", "park", "ferry_dongmen", "monument"]
    assert close["unlocated"] == []


def test_the_mini_program_asks_and_is_answered_in_its_own_datum(look):
    lon, lat = geo.to_gcj02(*MUSEUM)
    near = look(MINI, lon=lon, lat=lat, within_m=50)
    assert ids(near["features"]) == ["museum"]
    assert near["features"][0]["properties"]["distance_m"] == 0
    corner = geo.to_gcj02(115.4005, 25.9505), geo.to_gcj02(115.4155, 25.9605)
    box = {"west": corner[0][0], "south": corner[0][1], "east": corner[1][0], "north": corner[1][1]}
    assert set(ids(look(MINI, **box)["features"])) == {"park", "museum", "monument", "ferry_dongmen"}


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        (MAP, {"lon": 115}, "lon"),
        (MAP, {"within_m": 5}, "within_m"),
        (MAP, {"lon": 115, "lat": 25, "within_m": 0}, "within_m"),
        (MAP, {"heritage": "x"}, "heritage"),
        (MAP, {"colour": "red"}, "colour"),
        (MINI, {"west": 115, "east": 116}, "west"),
        (MINI, {"west": 116, "east": 115, "south": 25, "north": 26}, "west"),
        (MINI, {"within_m": 5}, "within_m"),
    ],
)
def test_half_a_question_is_refused(client, seeded, path, asked, field):
    answer = client.get(path, query_string=asked)
    assert (answer.status_code, field in answer.json["fields"]) == (400, True)


@pytest.mark.parametrize("path", [MAP, MINI, PAGE])
def test_who_has_the_map_already_gets_it_no_second_time(client, seeded, path):
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"name": "纪念馆新名"}})
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, "纪念馆新名" in changed.get_data(as_text=True)) == (200, True)


def test_the_map_reads_bounded_many_places(seeded, monkeypatch):
    monkeypatch.setattr(culture_map, "MOST", 3)
    told = culture_map.collection(Wanted())
    assert len(told["features"]) + len(told["unlocated"]) == 3
    assert told["truncated"] is True


@pytest.fixture(scope="module")
def seeded_once(parts):
    """The county's data for many examples that only read."""
    county.put()


@given(
    st.floats(114.5, 116.5), st.floats(25.0, 27.0), st.floats(0.001, 2.0), st.floats(0.001, 2.0), st.integers(1, 60_000)
)
def test_box_and_radius_find_exactly_what_arithmetic_says(seeded_once, west, south, wide, high, within):
    told = {one["_id"]: one["geo"] for one in Place._get_collection().find({"rank": {"$gte": 0}}) if one.get("geo")}
    box = (west, south, west + wide, south + high)
    inside = {n for n, at in told.items() if box[0] <= at["lon"] <= box[2] and box[1] <= at["lat"] <= box[3]}
    assert set(ids(culture_map.collection(Wanted(box=box))["features"])) == inside
    around = {n for n, at in told.items() if geo.distance_m(west, south, at["lon"], at["lat"]) <= within}
    found = ids(culture_map.collection(Wanted(near=(west, south), within_m=within))["features"])
    assert set(found) == around


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data.strip())


@pytest.fixture
def page(client, seeded):
    def get(**query):
        answer = client.get(PAGE, query_string=query)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        return answer, Reader(answer.get_data(as_text=True))

    return get


def test_the_page_works_without_script_and_names_no_other_host(page):
    answer, read = page()
    tags = [tag for tag, _ in read.tags]
    assert "script" not in tags
    assert not re.search(r"https?://|//[a-z]", answer.get_data(as_text=True))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert (tags.count("svg"), "form" in tags, "h1" in tags) == (2, True, True)
    assert not any(name.startswith("on") or name == "style" for _, attrs in read.tags for name in attrs)


def test_the_page_draws_the_countys_outline_and_every_place_that_has_a_position(page):
    _, read = page()
    (outline,) = [attrs["d"] for tag, attrs in read.tags if tag == "path"]
    assert outline.count("L") > 200
    for name in ("中央红军长征出发纪念馆", "潭头社区(潭头村)", "罗田岩"):
        assert any(name in text for text in read.texts)
    circles = [attrs for tag, attrs in read.tags if tag == "circle"]
    assert len(circles) == 6 + 1, "each once, and the crowded town as one"


def test_the_form_of_the_page_filters(page):
    _, read = page(level="4A", kind="", heritage="", town="")
    assert any("中央红军长征出发地纪念园" in text for text in read.texts)
    assert not any("罗田岩" in text for text in read.texts)
    assert ("option", {"value": "4A", "selected": None}) in read.tags
    _, nothing = page(level="5A")
    assert "没有符合条件的地点。" in nothing.texts


def test_a_name_cannot_become_part_of_the_page(page):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"name": "<script>alert(1)</script>"}})
    answer, read = page()
    assert "script" not in [tag for tag, _ in read.tags]
    assert "&lt;script&gt;" in answer.get_data(as_text=True)


def test_all_dots_lie_within_their_picture_and_apart(seeded):
    told = culture_map.collection(Wanted())
    county, town = culture_map_picture.pictures(area.outline(), told["features"])
    for picture in (county, town):
        for dot in picture.dots:
            assert 0 < dot.x < culture_map_picture.WIDTH
            assert 0 < dot.y < picture.height
    places = [(dot.x, dot.y) for dot in town.dots]
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 30 for n, a in enumerate(places) for b in places[:n])


def test_without_an_outline_the_places_are_drawn_alone(seeded):
    told = culture_map.collection(Wanted())
    (picture,) = culture_map_picture.pictures({}, told["features"])
    assert (picture.path, len(picture.dots)) == ("", 6)
    assert culture_map_picture.pictures({}, []) == []


def test_the_grade_of_a_protection_is_read_from_its_words():
    assert culture_map.heritage_grade("罗田岩石刻: 全国重点文物保护单位") == "national"
    assert culture_map.heritage_grade("江西省文物保护单位(2018-03-09 公布)") == "provincial"
    assert culture_map.heritage_grade("县级文物保护单位") == "other"

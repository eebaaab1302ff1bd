"""The geofence: entered when surely inside, left when surely outside, the same on the server and on a phone alone."""

import math
import random

import pytest

from backend import geo
from models.tourism import geofence, point
from models.tourism.geofence import Fence, Fix
from tests.tourism.content_kit import Newsroom

LON, LAT = 115.4, 25.95
ROUND = 6_371_008.8
NEARBY = "/mini/v1/guide/nearby"


def east(metres: float, lon=LON) -> float:
    return lon + math.degrees(metres / (ROUND * math.cos(math.radians(LAT))))


HERE = Fence("here", LON, LAT, 30)


def at(metres, accuracy=10, before=None, fences=(HERE,)):
    return geofence.current(fences, before, Fix(east(metres), LAT, accuracy))


@pytest.mark.parametrize(
    ("metres", "accuracy", "found"),
    [
        (0, 0, "here"),
        (29.9, 0, "here"),
        (30.1, 0, None),
        (24, 10, "here"),
        (26, 10, None),
        (0, 60, "here"),
        (0, 62, None),
    ],
)
def test_a_point_is_entered_when_one_is_surely_inside(metres, accuracy, found):
    assert at(metres, accuracy) == found


@pytest.mark.parametrize(
    ("metres", "accuracy", "found"),
    [(44, 0, "here"), (46, 0, None), (49, 10, "here"), (51, 10, None), (80, 80, "here")],
)
def test_a_point_is_left_when_one_is_surely_outside_of_the_wider_ring(metres, accuracy, found):
    assert at(metres, accuracy, before="here") == found


def test_a_fix_that_jumps_at_the_rim_neither_starts_nor_stops_a_story_again_and_again():
    now, changes = None, 0
    for metres in [60, 40, 28, 33, 26, 38, 24, 41, 22, 36, 43, 29, 20]:
        after = at(metres, 10, now)
        changes, now = changes + (after != now), after
    assert (changes, now) == (1, "here")


def test_a_coarse_fix_changes_nothing():
    assert at(0, 81) is None
    assert at(5000, 81, before="here") == "here"


def test_of_two_points_the_nearer_counts_and_one_must_be_clearly_nearer_to_change():
    other = Fence("other", east(30), LAT, 30)
    both = (HERE, other)
    assert at(5, 0, fences=both) == "here"
    assert at(18, 0, before="here", fences=both) == "here"
    assert at(22, 0, before="here", fences=both) == "other"
    assert at(18, 0, before="other", fences=both) == "other"
    assert at(0, 0, fences=(Fence("a", LON, LAT, 30), Fence("b", LON, LAT, 30))) == "a"


def test_a_point_that_was_withdrawn_is_left():
    assert at(0, 5, before="gone") == "here"
    assert at(500, 5, before="gone") is None


def test_a_phone_alone_in_gcj02_finds_what_the_server_finds_in_wgs84():
    """Fixes near a rim by less than a decimetre are left out: there the two datums may differ by rounding."""
    chance = random.Random(5)
    fences = [Fence(f"p{n}", east(chance.uniform(0, 900)), LAT + chance.uniform(0, 0.008), 40) for n in range(12)]
    bent = [Fence(one.point, *geo.to_gcj02(one.lon, one.lat), one.radius_m) for one in fences]
    lon, lat, server, phone, agreed = LON, LAT, None, None, 0
    for _ in range(3000):
        lon, lat = lon + chance.uniform(-1, 1) * 0.0003, lat + chance.uniform(-1, 1) * 0.0003
        lon, lat = min(max(lon, LON), east(900)), min(max(lat, LAT), LAT + 0.008)
        fix = Fix(lon, lat, chance.choice([5, 15, 40, 100]))
        server = geofence.current(fences, server, fix)
        phone = geofence.current(bent, phone, Fix(*geo.to_gcj02(lon, lat), fix.accuracy_m))
        agreed += server == phone
        phone = server
    assert agreed >= 2990
    assert server != "nothing"


def test_nobody_beyond_the_furthest_distance_is_at_a_point():
    wide = Fence("wide", LON, LAT, geofence.LARGEST_M)
    limit = geofence.FURTHEST_M
    assert at(limit + 1, geofence.RULE["most_accuracy_m"], before="wide", fences=(wide,)) is None


# Over HTTP


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


@pytest.fixture
def spot(news):
    """A published point in a quiet corner of the county."""
    return news.shown(geo={"lon": 115.6, "lat": 26.1, "radius_m": 30, "confidence": "high"})


def nearby(client, lon, lat, accuracy=10, **more):
    lon, lat = geo.to_gcj02(lon, lat)
    return client.get(NEARBY, query_string={"lon": lon, "lat": lat, "accuracy_m": accuracy, **more})


def test_who_arrives_hears_the_point_and_who_goes_leaves_it(client, spot):
    away = nearby(client, 115.602, 26.1).json
    assert (away["change"], away["around"][0]["id"]) == ("none", spot)
    assert 180 < away["around"][0]["distance_m"] < 220
    came = nearby(client, 115.6001, 26.1).json
    assert (came["change"], came["point"]["id"]) == ("entered", spot)
    assert came["point"]["text_zh"]
    rim = nearby(client, 115.60038, 26.1, current=spot).json
    assert (rim["change"], rim["point"]["id"]) == ("stays", spot)
    assert nearby(client, 115.60038, 26.1).json["change"] == "none"
    gone = nearby(client, 115.602, 26.1, current=spot).json
    assert gone["change"] == "left"
    assert "point" not in gone


def test_phones_get_positions_in_gcj02_while_the_store_keeps_wgs84(client, spot, news):
    told = client.get(f"/mini/v1/guide/points/{spot}").json["geo"]
    assert (told["lon"], told["lat"]) == pytest.approx(geo.to_gcj02(115.6, 26.1), abs=1e-6)
    assert (told["datum"], told["radius_m"], told["triggers"]) == ("GCJ-02", 30, True)
    bent = dict(zip(("lon", "lat"), geo.to_gcj02(115.61, 26.1), strict=True))
    own = news.shown(geo={**bent, "datum": "GCJ-02"})
    stored = point.item.published("guide_point", own)["geo"]
    assert (stored["lon"], stored["lat"], stored["datum"]) == (pytest.approx(115.61), pytest.approx(26.1), "WGS-84")


def test_a_position_that_cannot_be_trusted_shows_on_the_map_and_does_not_speak(client, news):
    own = news.shown(geo={"lon": 115.62, "lat": 26.1, "confidence": "low"})
    told = nearby(client, 115.62, 26.1).json
    assert told["change"] == "none"
    assert [(one["id"], one["geo"]["triggers"]) for one in told["around"]] == [(own, False)]


def test_a_point_moves_only_when_its_revision_is_published(client, news):
    made = news.made(geo={"lon": 115.63, "lat": 26.1})
    own = news.bring_out(made)
    news.write(made, geo={"lon": 115.64, "lat": 26.1})
    assert nearby(client, 115.63, 26.1).json["point"]["id"] == own
    news.bring_out(made, 2)
    assert nearby(client, 115.63, 26.1).json["change"] == "none"
    assert nearby(client, 115.64, 26.1).json["point"]["id"] == own


def test_a_coarse_fix_keeps_one_at_the_point(client, spot):
    told = nearby(client, 115.7, 26.3, 500, current=spot).json
    assert (told["change"], told["point"]["id"]) == ("stays", spot)


@pytest.mark.parametrize(
    "query",
    [{}, {"lon": 115, "lat": 26}, {"lon": 500, "lat": 26, "accuracy_m": 1}, {"lon": "x", "lat": 26, "accuracy_m": 1},
     {"lon": 115, "lat": 26, "accuracy_m": -1}, {"lon": 115, "lat": 26, "accuracy_m": "nan"},
     {"lon": 115, "lat": 26, "accuracy_m": 5, "current": "$ne"}, {"lon": 115, "lat": 26, "accuracy_m": 5, "x": 1}],
)  # fmt: skip
def test_odd_positions_are_bad_requests(client, seeded, query):
    answer = client.get(NEARBY, query_string=query)
    assert answer.status_code == 400
    assert answer.json["fields"]


@pytest.mark.parametrize(("lon", "lat"), [(180, 90), (-180, -90), (0, 0)])
def test_the_ends_of_the_world_are_far_from_everything(client, seeded, lon, lat):
    told = client.get(NEARBY, query_string={"lon": lon, "lat": lat, "accuracy_m": 5, "current": "nothing"}).json
    assert (told["change"], told["around"]) == ("left", [])

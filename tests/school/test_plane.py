"""Shapes on a plane of metres, and what is wrong with polygons."""

import pytest

from backend import geo, plane
from backend.plane import ShapeWrong
from tests.school.ground import LAT, LON, at, rectangle


def test_metres_are_metres():
    ground = plane.around([plane.read(rectangle(0, 0, 3000, 2000))])
    flat = ground.flat(plane.read(rectangle(0, 0, 3000, 2000)))
    assert flat.area == pytest.approx(6_000_000, rel=1e-3)
    east = at(1000, 0)
    measured = ground.point(LON, LAT).distance(ground.point(*east))
    assert measured == pytest.approx(geo.distance_m(LON, LAT, *east), abs=0.5)
    assert measured == pytest.approx(1000, abs=0.5)


def test_many_points_lie_where_single_ones_do():
    ground = plane.Plane(LON, LAT)
    many = ground.points([at(10, 20), at(-30, 5)])
    assert [ground.position(one) for one in many] == [
        ground.position(ground.point(*at(10, 20))),
        ground.position(ground.point(*at(-30, 5))),
    ]
    assert len(ground.points([])) == 0


def test_a_polygon_goes_in_and_comes_out_the_same():
    told = rectangle(0, 0, 100, 100)
    assert plane.geojson(plane.read(told)) == told
    several = {"type": "MultiPolygon", "coordinates": [told["coordinates"], rectangle(500, 0, 9, 9)["coordinates"]]}
    assert plane.geojson(plane.read(several)) == several


BOW = [[115.0, 25.0], [115.1, 25.1], [115.1, 25.0], [115.0, 25.1], [115.0, 25.0]]
OPEN = [[115.0, 25.0], [115.1, 25.0], [115.1, 25.1], [115.0, 25.1]]


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "Polygon"),
        ("Polygon", "Polygon"),
        ({"type": "Point", "coordinates": [1, 2]}, "Polygon"),
        ({"type": "Polygon"}, "外环"),
        ({"type": "Polygon", "coordinates": []}, "外环"),
        ({"type": "MultiPolygon", "coordinates": []}, "坐标"),
        ({"type": "MultiPolygon", "coordinates": {"a": 1}}, "坐标"),
        ({"type": "Polygon", "coordinates": [[]]}, "4 个点"),
        ({"type": "Polygon", "coordinates": [OPEN]}, "闭合"),
        ({"type": "Polygon", "coordinates": [BOW]}, "自相交"),
        ({"type": "Polygon", "coordinates": [[[1], [1], [1], [1]]]}, "经度"),
        ({"type": "Polygon", "coordinates": [[["115", "25"]] * 4]}, "经度"),
        ({"type": "Polygon", "coordinates": [[[True, False]] * 4]}, "经度"),
        ({"type": "Polygon", "coordinates": [[[39_500_000, 2_870_000]] * 4]}, "经度"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 25.0]] * 4]}, "经度"),
        ({"type": "Polygon", "coordinates": [[{"lon": 115, "lat": 25}] * 4]}, "经度"),
    ],
)
def test_what_is_no_polygon_says_what_to_correct(geometry, words):
    with pytest.raises(ShapeWrong, match=words):
        plane.read(geometry)


def test_a_polygon_that_crosses_itself_says_where():
    with pytest.raises(ShapeWrong, match=r"115\.05000, 25\.05000"):
        plane.read({"type": "Polygon", "coordinates": [BOW]})

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.geo import distance_m, outside_china, to_gcj02, to_wgs84

longitudes, latitudes = st.floats(74, 134), st.floats(4, 53)

# Test points of googollee/eviltransform: WGS-84, GCJ-02.
PUBLISHED = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_the_forward_formula_gives_the_published_points(wgs84, gcj02):
    assert to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-10)


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_the_inverse_finds_the_published_points(wgs84, gcj02):
    assert to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-7)


@given(longitudes, latitudes)
def test_there_and_back_is_the_same_place_to_a_centimetre(lon, lat):
    assert to_wgs84(*to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-7)


@given(longitudes, latitudes)
def test_inside_china_the_datums_lie_apart_but_less_than_two_kilometres(lon, lat):
    assert 1 < distance_m(lon, lat, *to_gcj02(lon, lat)) < 2_000


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_china_nothing_moves(lon, lat):
    assume(outside_china(lon, lat))
    assert to_gcj02(lon, lat) == to_wgs84(lon, lat) == (lon, lat)


def test_a_degree_of_longitude_on_the_equator_and_half_the_earth():
    degree = math.tau * 6_371_008.8 / 360
    assert distance_m(0, 0, 1, 0) == pytest.approx(degree)
    assert distance_m(0, 90, 0, -90) == pytest.approx(180 * degree)


def test_beijing_to_shanghai_is_about_1068_km():
    assert distance_m(116.4074, 39.9042, 121.4737, 31.2304) == pytest.approx(1_068_000, rel=0.005)


@given(longitudes, latitudes, longitudes, latitudes)
def test_distance_is_symmetric_and_zero_only_at_home(lon1, lat1, lon2, lat2):
    there = distance_m(lon1, lat1, lon2, lat2)
    assert there == pytest.approx(distance_m(lon2, lat2, lon1, lat1))
    assert distance_m(lon1, lat1, lon1, lat1) == 0
    assert there >= 0

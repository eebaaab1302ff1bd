"""Positions: the two datums in use in China, and distance over ground.

Maps in China show GCJ-02, which bends WGS-84 by some hundred metres; satellites, the store and GeoJSON
speak WGS-84. The forward formula is the one that leaked in 2010 and that all open converters carry
(`googollee/eviltransform`, whose test points the tests repeat). It has no closed inverse.
"""

import math

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG), metres."""

_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_CLOSE_ENOUGH_DEG = 1e-9
_ROUNDS = 30


def to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return GCJ-02 longitude and latitude of a WGS-84 position, in degrees; unchanged outside China."""
    if outside_china(lon, lat):
        return lon, lat
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return WGS-84 longitude and latitude of a GCJ-02 position, to better than 1e-7 degrees (1 cm)."""
    if outside_china(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = _offset(guess_lon, guess_lat)
        miss_lon, miss_lat = guess_lon + east - lon, guess_lat + north - lat
        guess_lon, guess_lat = guess_lon - miss_lon, guess_lat - miss_lat
        if max(abs(miss_lon), abs(miss_lat)) < _CLOSE_ENOUGH_DEG:
            break
    return guess_lon, guess_lat


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the great-circle distance in metres (haversine; within 0.5 % of the ellipsoid)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_lat, half_lon = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    square = math.sin(half_lat) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(square)))


def outside_china(lon: float, lat: float) -> bool:
    """Tell whether the position lies outside the rectangle in which the published formula bends."""
    return not (_WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH)


def _offset(lon: float, lat: float) -> tuple[float, float]:
    """Return how far GCJ-02 lies east and north of a WGS-84 position, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    common = (20 * math.sin(6 * math.pi * x) + 20 * math.sin(2 * math.pi * x)) * 2 / 3
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common + _waves(y, 20, 40, 160, 320)
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common + _waves(x, 20, 40, 150, 300)
    phi = math.radians(lat)
    magic = 1 - _ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (magic * math.sqrt(magic))
    parallel_m = _SEMI_MAJOR_M / math.sqrt(magic) * math.cos(phi)
    return math.degrees(east_m / parallel_m), math.degrees(north_m / meridian_m)


def _waves(z: float, first: float, third: float, twelfth: float, thirtieth: float) -> float:
    slow = first * math.sin(math.pi * z) + third * math.sin(math.pi * z / 3)
    long = twelfth * math.sin(math.pi * z / 12) + thirtieth * math.sin(math.pi * z / 30)
    return (slow + long) * 2 / 3

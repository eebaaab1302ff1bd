"""Importing districts: checked whole, replaced whole, seen whole; and what an export hands out."""

import threading

import pytest

from backend import geo
from models.audit.entry import AuditEntry
from models.school import district, district_import, district_reading, locate
from models.school import round as rounds
from models.school.district import SchoolDistrict
from models.school.district_import import DistrictsReplaced, DistrictsWrong
from models.school.round import RoundStateWrong, SchoolRound
from models.school.school import School
from tests.school import ground
from tests.school.ground import ROUND, VILLAGES, at, collection, feature, rectangle, street
from tests.support import affairs

SQUARE = rectangle(0, 0, 1000, 1000)


@pytest.fixture
def prepared(seeded):
    return ground.prepare()


@pytest.fixture
def planner(client, prepared):
    return affairs.seat(client, "school_manager", unit="education_sports").actor()


def read(told):
    return district_reading.read(told, "primary")


def wrong(told) -> list[tuple[int, str]]:
    return [(one.row, one.field) for one in read(told).errors]


def stored() -> list[dict]:
    return list(SchoolDistrict._get_collection().find({"round": ROUND}))


def test_a_file_becomes_districts_with_everything_that_it_says(prepared):
    told = feature(
        "d1", SQUARE, ["s_west", "s_both"], villages=[VILLAGES[0]], overflow=["s_north"], source="县教科体局",
        streets=[street("红军路", 1, 99, "odd"), {"street": "解放路"}],
    )  # fmt: skip
    ground.lay(collection(told))
    found = district.read(ROUND, "d1")
    assert (found["schools"], found["overflow"], found["villages"]) == (
        ["s_west", "s_both"],
        ["s_north"],
        [VILLAGES[0]],
    )
    assert found["streets"][1] == {"street": "解放路", "from": 1, "to": 99_999, "side": "all"}
    assert (found["made_up"], found["source"], found["polygon"]) == (False, "县教科体局", SQUARE)
    assert [district.rule_words(one) for one in found["streets"]] == ["红军路 1–99 号单号", "解放路全部门牌"]


BOW = {"type": "Polygon", "coordinates": [[list(at(*one)) for one in ((0, 0), (99, 99), (99, 0), (0, 99), (0, 0))]]}
OPEN = {"type": "Polygon", "coordinates": [SQUARE["coordinates"][0][:-1]]}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (feature("D 1", SQUARE), "code"),
        ({"type": "Feature", "properties": None, "geometry": SQUARE}, "code"),
        ("Feature", "code"),
        (feature("d1", SQUARE, name=" "), "name"),
        (feature("d1", SQUARE, name=7), "name"),
        (feature("d1", SQUARE, name="长" * 61), "name"),
        (feature("d1", SQUARE, []), "schools"),
        (feature("d1", SQUARE, ["nobody"]), "schools"),
        (feature("d1", SQUARE, [{"code": "s_east"}]), "schools"),
        (feature("d1", SQUARE, ["yudu_middle"]), "schools"),
        (feature("d1", SQUARE, overflow=["nobody"]), "overflow"),
        (feature("d1", SQUARE, villages=["360731100999"]), "villages"),
        (feature("d1", SQUARE, villages=["360731100"]), "villages"),
        (feature("d1", SQUARE, streets={"street": "红军路"}), "streets"),
        (feature("d1", SQUARE, streets=[{"street": ""}]), "streets"),
        (feature("d1", SQUARE, streets=["红军路"]), "streets"),
        (feature("d1", SQUARE, streets=[street("红军路", 9, 3)]), "streets"),
        (feature("d1", SQUARE, streets=[street("红军路", "1", 3)]), "streets"),
        (feature("d1", SQUARE, streets=[{"street": "红军路", "from": True}]), "streets"),
        (feature("d1", SQUARE, streets=[street("红军路", 1, 3, "left")]), "streets"),
        (feature("d1", SQUARE, datum="bd09"), "datum"),
        (feature("d1", OPEN), "geometry"),
        (feature("d1", BOW), "geometry"),
        (feature("d1", rectangle(200_000, 0, 1000, 1000)), "geometry"),
        (feature("d1", {"type": "Polygon", "coordinates": [[[25.95, 115.4]] * 4]}), "geometry"),
        (feature("d1", None), "geometry"),
    ],
)
def test_what_is_wrong_with_a_feature_is_told_by_row_and_property(prepared, told, field):
    found = read(collection(feature("fine", rectangle(3000, 0, 500, 500)), told))
    assert (2, field) in [(one.row, one.field) for one in found.errors]
    assert [one["code"] for one in found.found] == ["fine"]
    assert all(one.message for one in found.errors)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "features"),
        ({"type": "Feature"}, "features"),
        (collection(), "features"),
        ({"type": "FeatureCollection", "features": {"a": 1}}, "features"),
        (collection(*[feature(f"d{n}", None) for n in range(501)]), "features"),
        (collection(feature("d1", SQUARE), crs={"properties": {"name": "EPSG:4549"}}), "crs"),
    ],
)
def test_what_is_wrong_with_the_whole_file_has_row_nought(prepared, told, field):
    assert (0, field) in wrong(told)


def test_a_file_may_name_the_datum_that_it_is_in(prepared):
    assert wrong(collection(feature("d1", SQUARE), crs={"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})) == []


def test_a_code_twice_and_too_many_points_are_refused(prepared, monkeypatch):
    other = feature("d1", rectangle(3000, 0, 100, 100))
    assert (2, "code") in wrong(collection(feature("d1", SQUARE), other))
    monkeypatch.setattr(district_reading, "MOST_POSITIONS", 9)
    assert wrong(collection(feature("d1", SQUARE), feature("d2", rectangle(3000, 0, 9, 9)))) == [(0, "features")]


def test_a_closed_school_takes_no_district(prepared):
    School._get_collection().update_one({"_id": "s_east"}, {"$set": {"state": "closed"}})
    assert wrong(collection(feature("d1", SQUARE))) == [(1, "schools")]


def test_a_file_in_gcj02_is_laid_where_it_belongs(prepared):
    bent = {"type": "Polygon", "coordinates": [[list(geo.to_gcj02(*one)) for one in SQUARE["coordinates"][0]]]}
    ground.lay(collection(feature("d1", bent, datum="gcj02")))
    for told, expected in zip(
        district.read(ROUND, "d1")["polygon"]["coordinates"][0], SQUARE["coordinates"][0], strict=True
    ):
        assert told == pytest.approx(expected, abs=1e-6)
    assert locate.locate(ROUND, point=at(30, 500)).certain
    ground.lay(collection(feature("d1", bent)))
    assert locate.locate(ROUND, point=at(30, 500)).how == "none", "the control: unconverted it lies elsewhere"


def test_height_is_dropped(prepared):
    high = {"type": "Polygon", "coordinates": [[[*one, 130.5] for one in SQUARE["coordinates"][0]]]}
    ground.lay(collection(feature("d1", high)))
    assert district.read(ROUND, "d1")["polygon"] == SQUARE


def test_the_same_file_twice_changes_nothing(planner):
    first = district_import.apply(planner, ROUND, ground.two())
    before, history = stored(), rounds.read(ROUND)["history"]
    second = district_import.apply(planner, ROUND, ground.two())
    assert (first.changed, second.changed, second.generation) == (True, False, first.generation)
    assert (stored(), rounds.read(ROUND)["history"]) == (before, history)


def test_a_new_file_replaces_all_districts_and_leaves_an_audit_entry(planner):
    district_import.apply(planner, ROUND, ground.two())
    district_import.apply(planner, ROUND, collection(feature("only", SQUARE)))
    assert [one["code"] for one in district.of_round(ROUND)] == ["only"]
    assert len(stored()) == 1, "the old generation is gone"
    assert rounds.read(ROUND)["history"][-1]["count"] == 1
    entries = AuditEntry._get_collection().find({"object": f"school_round:{ROUND}"}).sort("at", 1)
    assert [one["action"] for one in entries] == ["school_round.districts"] * 2


def test_what_was_exported_can_be_imported_again(planner):
    bent = {"type": "Polygon", "coordinates": [[list(geo.to_gcj02(*one)) for one in SQUARE["coordinates"][0]]]}
    told = feature("d1", bent, villages=[VILLAGES[0]], streets=[street("红军路", 1, 9, "odd")], datum="gcj02")
    district_import.apply(planner, ROUND, collection(told))
    handed = district.collection(district.of_round(ROUND))
    assert not district_import.apply(planner, ROUND, handed).changed


def test_a_file_with_one_error_changes_nothing(planner):
    district_import.apply(planner, ROUND, ground.two())
    with pytest.raises(DistrictsWrong) as refusal:
        district_import.apply(planner, ROUND, collection(feature("d1", SQUARE), feature("d2", OPEN)))
    assert refusal.value.fields == {"features.2.geometry": ["环没有闭合:最后一点须与第一点相同。"]}
    assert [one["code"] for one in district.of_round(ROUND)] == ["east", "west"]


def test_an_import_that_dies_in_the_middle_is_seen_by_nobody_and_swept_by_the_next(planner, monkeypatch):
    district_import.apply(planner, ROUND, ground.two())
    before = locate.locate(ROUND, point=at(500, 500))
    with monkeypatch.context() as patch:
        patch.setattr(district_import, "_switch", _die)
        with pytest.raises(KeyboardInterrupt):
            district_import.apply(planner, ROUND, collection(feature("half", SQUARE)))
    assert len(stored()) == 3, "the dead import had written its district"
    assert [one["code"] for one in district.of_round(ROUND)] == ["east", "west"]
    assert locate.locate(ROUND, point=at(500, 500)) == before
    district_import.apply(planner, ROUND, collection(feature("whole", SQUARE)))
    assert {one["code"] for one in stored()} == {"whole"}


def _die(*_arguments):
    raise KeyboardInterrupt


def test_an_import_that_dies_after_the_switch_leaves_only_rubbish(planner, monkeypatch):
    district_import.apply(planner, ROUND, ground.two())
    with monkeypatch.context() as patch:
        patch.setattr(district_import, "clean", _die)
        with pytest.raises(KeyboardInterrupt):
            district_import.apply(planner, ROUND, collection(feature("d1", SQUARE)))
    assert [one["code"] for one in district.of_round(ROUND)] == ["d1"]
    assert len(stored()) == 3
    assert district_import.clean(ROUND) == 2


def test_whoever_reads_while_districts_are_replaced_sees_the_old_or_the_new(prepared):
    """Each generation has districts of one school, and a number of them: a mixture of two would show."""
    files = [
        collection(*[feature(f"d{n}", rectangle(1000 * n, 0, 900, 900), [code]) for n in range(count)])
        for code, count in (("s_east", 3), ("s_west", 5))
    ]
    ground.lay(files[0])
    seen, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            found = district.of_round(ROUND)
            seen.append((len(found), {one["schools"][0] for one in found}))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(1, 20):
        ground.lay(files[number % 2])
    stop.set()
    watcher.join(20)
    assert {(count, *codes) for count, codes in seen} == {(3, "s_east"), (5, "s_west")}


def test_of_two_imports_at_once_one_is_told_and_what_counts_is_whole(planner, monkeypatch):
    written = district_import._write

    def overtaken(round_code, generation, found):
        monkeypatch.setattr(district_import, "_write", written)
        district_import.apply(planner, ROUND, collection(feature("quick", SQUARE)))
        written(round_code, generation, found)

    monkeypatch.setattr(district_import, "_write", overtaken)
    with pytest.raises(DistrictsReplaced):
        district_import.apply(planner, ROUND, ground.two())
    assert [one["code"] for one in district.of_round(ROUND)] == ["quick"]


def test_districts_of_an_announced_round_stand(planner):
    district_import.apply(planner, ROUND, ground.two())
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}})
    with pytest.raises(RoundStateWrong):
        district_import.apply(planner, ROUND, collection(feature("d1", SQUARE)))
    assert len(district.of_round(ROUND)) == 2

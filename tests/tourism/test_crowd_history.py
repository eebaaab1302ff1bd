"""The time series itself: made by the upgrade, read by its index, kept as long as the county says, in every backup."""

from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock
from backend.store import backup, indexes, restore
from models.crowd import history, watch
from models.crowd.spot import Spot
from models.upgrades import documents
from tasks import crowd as tasks
from tests.support import county
from tests.tourism.crowd_kit import PLACE, fill, pass_by
from tests.tourism.gates_kit import agree, zone

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def midday(seeded, travel):
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


@pytest.fixture
def other(mongod):
    """An empty database beside that of the tests."""
    client = get_db().client
    client.drop_database("crowd_restored")
    yield client["crowd_restored"]
    client.drop_database("crowd_restored")


def points(db=None):
    return list((db if db is not None else get_db())[history.COLLECTION].find({}, {"_id": 0}).sort("at", 1))


def test_the_upgrade_makes_a_time_series_with_its_index():
    documents.load()
    (told,) = get_db().list_collections(filter={"name": history.COLLECTION})
    assert told["type"] == "timeseries"
    assert told["options"]["timeseries"]["metaField"] == "of"
    assert "of.place_1_at_1" in get_db()[history.COLLECTION].index_information()
    assert [one for one in indexes.missing() if one.startswith(history.COLLECTION)] == []


def test_a_check_of_a_store_makes_no_series_in_it(other):
    before = get_db().name
    documents.load()
    kind = history.CrowdHistory
    kind._get_db, real = classmethod(lambda _cls: other), kind._get_db
    try:
        missing = indexes.missing()
    finally:
        kind._get_db = real
    assert f"{history.COLLECTION}.of.place_1_at_1" in missing
    assert (other.list_collection_names(), get_db().name) == ([], before)


def test_a_span_is_read_by_the_index_and_not_by_all_buckets():
    query = {"of.place": "museum", "of.zone": "", "at": {"$gte": clock.now(), "$lt": clock.now()}}
    plan = str(get_db()[history.COLLECTION].find(query).explain())
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


def test_each_minute_is_noted_once_however_often_one_looks(travel):
    fill(5)
    watch.look()
    watch.look()
    shown = [one for one in points() if one["of"] == {"place": "museum", "zone": "", "source": "shown"}]
    assert [one.get("number") for one in shown] == [5]
    travel(clock.today().isoformat(), "10:01")
    pass_by(1)
    watch.look()
    found = list(history.minutes(PLACE, clock.at(clock.today(), 0), clock.now() + timedelta(minutes=1)))
    assert [one["number"] for one in found if one["of"]["source"] == "shown"] == [5, 6]
    assert [one["into"] for one in found if one["of"]["source"] == "gate"] == [5, 1]


def test_one_place_reads_nothing_of_another():
    pass_by(5)
    fill(7, spot=Spot("park"))
    found = history.minutes(Spot("park"), clock.at(clock.today(), 0), clock.now() + timedelta(minutes=1))
    assert {one.get("number", one.get("into")) for one in found} == {7}


def test_points_are_kept_as_long_as_the_parameter_says():
    get_db().rule_parameters.update_one(
        {"_id": "crowd_history_days"}, {"$set": {"values.0.value": 400, "values.0.valid_from": "2026-01-01"}}
    )
    tasks.keep_history()
    assert get_db()[history.COLLECTION].options()["expireAfterSeconds"] == 400 * 86_400
    assert history.keep(400) is False
    assert history.keep(500) is True


def test_a_backup_holds_the_history_and_brings_it_back(other, tmp_path):
    fill(5)
    history.keep(500)
    before = points()
    backup.back_up(get_db(), tmp_path / "a.backup", KEY)
    restore.restore(other, tmp_path / "a.backup", KEY)
    assert points(other) == before
    assert len(before) > 1
    assert other[history.COLLECTION].options()["expireAfterSeconds"] == 500 * 86_400
    assert "of.place_1_at_1" in other[history.COLLECTION].index_information()


def test_a_restore_that_was_killed_begins_anew(other, tmp_path, monkeypatch):
    fill(5)
    backup.back_up(get_db(), tmp_path / "a.backup", KEY)
    real = restore._compare

    def killed(*_args):
        raise SystemExit

    monkeypatch.setattr(restore, "_compare", killed)
    with pytest.raises(SystemExit):
        restore.restore(other, tmp_path / "a.backup", KEY)
    monkeypatch.setattr(restore, "_compare", real)
    restore.restore(other, tmp_path / "a.backup", KEY)
    assert points(other) == points()


def test_the_tests_empty_the_series_too():
    fill(5)
    assert points()
    county.clear()
    assert points() == []
    county.put()


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "9999-12-31", "to": "9999-12-31"},
        {"to": "9999-12-31"},
        {"from": "0001-01-01", "to": "0001-01-01"},
        {"to": "0001-01-01"},
        {"by": "day", "from": "0001-01-01", "to": "0001-01-01"},
    ],
)
def test_a_day_that_no_calendar_of_ours_has_is_a_bad_request(client, seeded, asked):
    answer = client.get("/public/v1/crowd/museum", query_string=asked)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")


def test_a_limit_of_a_new_zone_cannot_begin_before_all_days(office, seeded):
    agree(zone("新馆"), place="museum")
    body = {"zone": "新馆", "instantaneous": 5, "daily": 10, "valid_from": "0001-01-01", "source": "文件"}
    answer = office.post("/office/v1/places/museum/crowd/limits", body)
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["valid_from"])

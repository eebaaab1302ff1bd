"""Venues by sheet: kind, phone, position and hours come in, and the same sheets go out and can come in again."""

import io

import openpyxl
import pytest

from backend import geo
from models.places.place import Place
from models.places.place_sheets import KINDS
from tests.support.files import send_sheet, sheet
from tests.support.queues import drain

PLACES = ["景点编码", "名称", "场所类别", "类型", "电话", "经度", "纬度", "坐标系", "别名"]
WEEK = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
LIBRARY = ["library", "于都县图书馆", "场馆", "图书馆", "0797-6230000", "115.42", "25.95", "GCJ-02", "县图书馆、图书馆"]


def checked(clerk, kind, *lines):
    answer = send_sheet(clerk, kind, sheet(*lines))
    assert answer.status_code == 200, answer.json
    return answer.json


def imported(clerk, kind, *lines):
    made = checked(clerk, kind, *lines)
    assert made["errors"] == []
    answer = clerk.post(f"/office/v1/sheets/{kind}/imports/{made['id']}/commit", {})
    assert answer.status_code == 202, answer.json
    drain("reports")
    done = clerk.get(f"/office/v1/sheets/{kind}/imports/{made['id']}").json
    assert (done["job"]["state"], done["job"]["failures"]) == ("done", [])


def exported(clerk, kind):
    answer = clerk.get(f"/office/v1/sheets/{kind}/export.xlsx")
    assert answer.status_code == 200
    rows = openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
    return [list(row) for row in rows]


def stored(place_id):
    return Place._get_collection().find_one({"_id": place_id})


def test_a_venue_comes_in_with_kind_phone_position_and_hours_and_is_found(office, look):
    imported(office, "places", PLACES, LIBRARY)
    imported(office, "hours", ["景点编码", *WEEK], ["library", "闭馆", *["09:00-12:00、14:30-17:30"] * 6])
    kept = stored("library")
    assert (kept["category"], kept["kind"], kept["phone"]) == ("venue", "图书馆", "0797-6230000")
    assert kept["aliases"] == ["县图书馆", "图书馆"]
    assert (kept["geo"]["datum"], kept["geo"]["told_in"]) == ("WGS-84", "GCJ-02")
    assert (kept["geo"]["lon"], kept["geo"]["lat"]) == pytest.approx(geo.to_wgs84(115.42, 25.95))
    assert kept["opening"]["weekly"]["mon"] == []
    found = look("/mini/v1/search", q="tsg", kind="venue")["items"]
    assert [one["id"] for one in found] == ["library"]
    assert look("/mini/v1/places/library")["phone"] == "0797-6230000"
    on_map = look("/public/v1/culture-map.geojson", kind="图书馆")["features"]
    assert [one["id"] for one in on_map] == ["library"]
    assert on_map[0]["properties"]["datum_note"] == "WGS-84 坐标。"
    assert on_map[0]["properties"]["gcj02"] == pytest.approx([115.42, 25.95], abs=1e-6)


def test_what_a_sheet_does_not_tell_stays_as_it_is(office):
    imported(office, "places", PLACES, LIBRARY)
    imported(office, "places", PLACES[:2], ["library", "于都县图书馆新馆"])
    kept = stored("library")
    assert (kept["name"], kept["phone"], "lon" in kept["geo"]) == ("于都县图书馆新馆", "0797-6230000", True)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"经度": ""}, "坐标系"),
        ({"坐标系": ""}, "坐标系"),
        ({"经度": "25.95", "纬度": "115.42"}, "经度"),
        ({"经度": "116.9"}, "经度"),
        ({"经度": "东经115度"}, "经度"),
        ({"坐标系": "北京54"}, "坐标系"),
        ({"电话": "张三 13800000000"}, "电话"),
        ({"场所类别": "酒店"}, "场所类别"),
        ({"别名": "长" * 61}, "别名"),
    ],
)
def test_a_venue_that_cannot_be_right_is_refused(office, changes, column):
    line = [changes.get(header, value) for header, value in zip(PLACES, LIBRARY, strict=True)]
    told = checked(office, "places", PLACES, line)
    assert [one["column"] for one in told["errors"]] == [column]
    assert stored("library") is None


@pytest.mark.parametrize("kind", [kind.sheet.name for kind in KINDS if kind.sheet.name != "resources"])
def test_what_goes_out_can_come_in_again_and_changes_nothing(office, kind):
    before = {one["_id"]: one for one in Place._get_collection().find({"rank": {"$gte": 0}})}
    rows = exported(office, kind)
    assert len(rows) > 5
    made = checked(office, kind, *rows)
    assert made["errors"] == []
    assert made["unknown_headers"] == []
    if kind == "places":
        assert len(rows) == len(before) + 1
        for row in rows[1:]:
            assert row[1] == before[row[0]]["name"]


def test_places_of_other_units_do_not_go_out(manager):
    units = {stored(row[0])["unit"] for row in exported(manager, "places")[1:]}
    assert units == {"changzhengyuan"}


def test_a_name_that_is_a_formula_goes_out_as_text(office):
    Place._get_collection().update_one({"_id": "museum"}, {"$set": {"name": "=1+1"}})
    row = next(row for row in exported(office, "places") if row[0] == "museum")
    assert row[1] == "'=1+1"

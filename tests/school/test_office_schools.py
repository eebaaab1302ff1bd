"""Rounds, schools, plans, districts and addresses over HTTP: by the bureau, by schools, by anybody."""

import io

import openpyxl
import pytest

from backend import geo
from models.school.address_point import AddressPoint
from tests.school import ground
from tests.school.ground import ROUND, RULES, at, collection, feature, rectangle, street
from tests.support import affairs, files, queues

OFFICE, PUBLIC = "/office/v1/school", "/public/v1/school"
DEMO = "2027-primary"
BODY = {
    "name": "2027 年秋季小学一年级招生",
    "stage": "primary",
    "school_year": 2027,
    "rules": RULES,
    "rule_day": "2027-08-31",
    "opens_at": "2027-07-01T09:00:00+08:00",
    "closes_at": "2027-07-10T18:00:00+08:00",
    "review_until": "2027-07-25T18:00:00+08:00",
    "accept_days": 5,
    "most_choices": 5,
    "double_review_percent": 10,
}
SCHOOL = {"name": "测试小学", "stages": ["primary"], "ownership": "public", "unit": "education_sports"}
PLAN = {"places": 90, "classes": 2, "class_size": 45, "reserves": {"4": 10}}


@pytest.fixture
def planner(client, seeded):
    return affairs.seat(client, "school_manager", unit="education_sports")


@pytest.fixture
def clerk(client, seeded):
    return affairs.seat(client, "school_clerk", unit="school_demo_primary_07")


@pytest.fixture
def prepared(planner):
    ground.prepare()
    ground.plans("s_east", "s_west")
    AddressPoint._get_collection().delete_many({"town": ground.TOWN})
    return planner


def sent(answer, status: int = 200):
    assert answer.status_code == status, answer.json
    return answer.json


def announced(planner) -> None:
    told = ground.two(streets=[street("红军路", 1, 99)])
    sent(planner.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", told))
    sent(planner.post(f"{OFFICE}/rounds/{ROUND}/announce", {"accept_warnings": True}))


def test_the_bureau_plans_a_round_from_nothing_to_its_announcement(planner, client):
    round_ = sent(planner.post(f"{OFFICE}/rounds", {"id": "2027-primary_east", **BODY}), 201)
    assert (round_["state"], round_["window"], round_["opens_at"]) == ("preparing", "closed", BODY["opens_at"])
    base = f"{OFFICE}/rounds/2027-primary_east"
    sent(planner.post(f"{OFFICE}/schools", {"id": "test_primary", **SCHOOL}), 201)
    plan = sent(planner.call("PUT", f"{base}/plans/test_primary", PLAN))
    assert (plan["school"]["name"], plan["places"], plan["note_zh"]) == ("测试小学", 90, "")
    told = collection(feature("d1", rectangle(0, 0, 9000, 9000), ["test_primary"], villages=[ground.VILLAGES[0]]))
    checked = sent(planner.post(f"{base}/districts/check", told))
    assert (checked["districts"], checked["wrong"], checked["items"]) == (1, 0, [])
    assert sent(planner.get(base))["districts"] == 0, "a check writes nothing"
    assert sent(planner.call("PUT", f"{base}/districts", told))["changed"] is True
    report = sent(planner.get(f"{base}/report"))
    assert (report["may_announce"], report["blocking"]) == (True, 0)
    refused = sent(planner.post(f"{base}/announce", {}), 409)
    assert refused["code"] == "school_warnings_open"
    opened = sent(planner.post(f"{base}/announce", {"accept_warnings": True}))
    assert (opened["state"], opened["window"]) == ("open", "before")
    assert len(opened["history"][-1]["accepted"]) == report["warnings"] > 0
    assert "2027-primary_east" in {one["id"] for one in client.get(f"{PUBLIC}/rounds").json["items"]}
    sent(planner.post(f"{base}/recall"))
    assert client.get(f"{PUBLIC}/rounds/2027-primary_east").status_code == 404


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"closes_at": "2027-06-01T09:00:00+08:00"}, 422, "closes_at"),
        ({"review_until": "2027-07-02T09:00:00+08:00"}, 422, "review_until"),
        ({"opens_at": "2027-07-01T09:00:00"}, 400, "opens_at"),
        ({"rule_day": "31.8.2027"}, 400, "rule_day"),
        ({"most_choices": 6}, 400, "most_choices"),
        ({"accept_days": 0}, 400, "accept_days"),
        ({"accept_days": True}, 400, "accept_days"),
        ({"double_review_percent": 101}, 400, "double_review_percent"),
        ({"stage": "kindergarten"}, 400, "stage"),
        ({"rules": {"eligible": "a_rule", "tier": "a_rule"}}, 400, "rules.priority"),
        ({"id": "primary-2027"}, 400, "id"),
        ({"name": ""}, 400, "name"),
        ({"more": 1}, 400, "more"),
    ],
)
def test_a_round_that_cannot_be_so_is_refused_by_field(planner, told, status, field):
    told = sent(planner.post(f"{OFFICE}/rounds", {"id": "2027-primary_x", **BODY, **told}), status)
    assert field in told["fields"]


def test_a_code_is_used_once_and_an_announced_round_stands(prepared):
    assert sent(prepared.post(f"{OFFICE}/rounds", {"id": ROUND, **BODY}), 409)["code"] == "school_round_taken"
    changed = sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}", {**BODY, "name": "改名"}))
    assert changed["name"] == "改名"
    announced(prepared)
    for method, path, body in (
        ("PUT", "", BODY),
        ("PUT", "/districts", ground.two()),
        ("DELETE", "/plans/s_east", None),
    ):
        answer = sent(prepared.call(method, f"{OFFICE}/rounds/{ROUND}{path}", body), 409)
        assert (answer["code"], "已公告" in answer["message"]) == ("school_round_state_wrong", True)
    sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/plans/s_east", PLAN))


def test_a_school_is_entered_changed_and_closed(planner):
    made = sent(planner.post(f"{OFFICE}/schools", {"id": "test_primary", **SCHOOL, "point": [115.4, 25.9]}), 201)
    assert (made["state"], made["made_up"], made["point"]) == ("active", False, [115.4, 25.9])
    assert sent(planner.post(f"{OFFICE}/schools", {"id": "test_primary", **SCHOOL}), 409)["code"] == "school_code_taken"
    sent(planner.call("PUT", f"{OFFICE}/schools/test_primary", {**SCHOOL, "state": "closed"}))
    assert sent(planner.get(f"{OFFICE}/schools/test_primary"))["state_zh"] == "停止招生"
    put = planner.call("PUT", f"{OFFICE}/rounds/{DEMO}/plans/test_primary", PLAN)
    assert sent(put, 422)["code"] == "school_unknown"
    listed = sent(planner.get(f"{OFFICE}/schools?stage=junior"))["items"]
    assert [one["name"] for one in listed] == ["于都中学(含初中部)"]


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"stages": []}, 400, "stages"),
        ({"stages": ["senior"]}, 400, "stages.0"),
        ({"ownership": "mixed"}, 400, "ownership"),
        ({"town": "360731999"}, 422, "town"),
        ({"point": [25.9, 115.4]}, 422, "point"),
        ({"point": [115.4]}, 400, "point"),
        ({"point": [1e300, 25.9]}, 400, "point.0"),
        ({"unit": "nobody"}, 422, "unit"),
        ({"id": "1"}, 400, "id"),
    ],
)
def test_a_school_that_cannot_be_so_is_refused_by_field(planner, told, status, field):
    answer = sent(planner.post(f"{OFFICE}/schools", {"id": "test_primary", **SCHOOL, **told}), status)
    assert field in answer["fields"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rounds", {"id": "2027-primary_x", **BODY}),
        ("PUT", f"/rounds/{DEMO}", BODY),
        ("GET", f"/rounds/{DEMO}/report", None),
        ("POST", f"/rounds/{DEMO}/announce", {}),
        ("POST", f"/rounds/{DEMO}/recall", None),
        ("POST", "/schools", {"id": "test_primary", **SCHOOL}),
        ("PUT", "/schools/shiyan_primary", SCHOOL),
        ("PUT", f"/rounds/{DEMO}/plans/shiyan_primary", PLAN),
        ("DELETE", f"/rounds/{DEMO}/plans/shiyan_primary", None),
        ("PUT", f"/rounds/{DEMO}/districts", {"type": "FeatureCollection", "features": []}),
        ("POST", f"/rounds/{DEMO}/districts/check", {"type": "FeatureCollection", "features": []}),
    ],
)
def test_who_works_for_a_school_reads_and_plans_nothing(clerk, method, path, body):
    assert sent(clerk.call(method, f"{OFFICE}{path}", body), 403)["code"] == "not_allowed"


def test_who_works_for_a_school_reads_rounds_plans_and_districts(clerk):
    assert [one["id"] for one in sent(clerk.get(f"{OFFICE}/rounds"))["items"]] == [DEMO]
    assert len(sent(clerk.get(f"{OFFICE}/rounds/{DEMO}/plans"))["items"]) == 26
    assert len(sent(clerk.get(f"{OFFICE}/rounds/{DEMO}/districts"))["items"]) == 6
    one = sent(clerk.get(f"{OFFICE}/rounds/{DEMO}/districts/d1"))
    assert (one["name"], one["made_up"], one["polygon"]["type"]) == ("西南片区(演示)", True, "Polygon")
    assert one["schools"][0] == {"code": "changzhengyuan_primary", "name": "长征源小学"}
    assert (one["streets"][0]["zh"], one["village_names"][0]) == ("演示大道 1–80 号单号", "长龙居委会")
    points = sent(clerk.get(f"{OFFICE}/address-points?street=演示大道&limit=2"))
    assert ([one["number"] for one in points["items"]], bool(points["next"])) == (["1", "2"], True)


@pytest.mark.parametrize("role", ["auditor", "school_liaison"])
def test_others_of_the_round_read_it_too(client, seeded, role):
    someone = affairs.seat(client, role, unit="town_360731100")
    assert sent(someone.get(f"{OFFICE}/rounds/{DEMO}"))["districts"] == 6


def test_who_has_no_part_in_schools_reads_nothing(client, seeded):
    someone = affairs.seat(client, "lab_clerk", unit="market_supervision")
    assert someone.get(f"{OFFICE}/rounds").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/rounds/2027-nobody",
        "/rounds/2027-nobody/plans",
        "/rounds/2027-nobody/report",
        "/rounds/2027-nobody/districts",
        "/rounds/2027-nobody/districts.geojson",
        f"/rounds/{DEMO}/districts/d99",
        "/schools/nobody",
    ],
)
def test_what_is_not_there_is_not_found(planner, path):
    assert sent(planner.get(f"{OFFICE}{path}"), 404)["code"] == "not_found"


@pytest.mark.parametrize("path", ["", "/schools", "/districts"])
def test_anybody_reads_announced_rounds_only(prepared, client, path):
    assert client.get(f"{PUBLIC}/rounds/{ROUND}{path}").status_code == 404
    announced(prepared)
    told = sent(client.get(f"{PUBLIC}/rounds/{ROUND}{path}"))
    if not path:
        assert (told["state"], told["fair_zh"]) == ("open", "在报名时间内先后提交不影响结果。")
        assert "history" not in told
        assert "double_review_percent" not in told
    elif path == "/schools":
        assert {one["school"]["id"]: one["places"] for one in told["items"]} == {"s_east": 45, "s_west": 45}
    else:
        assert {one["properties"]["code"] for one in told["features"]} == {"east", "west"}


def test_who_has_the_districts_already_gets_nothing_again(prepared, client):
    announced(prepared)
    first = client.get(f"{PUBLIC}/rounds/{ROUND}/districts")
    assert first.mimetype == "application/geo+json"
    again = client.get(f"{PUBLIC}/rounds/{ROUND}/districts", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_parent_asks_why_this_school_and_nothing_is_kept(prepared, client):
    ask = f"{PUBLIC}/rounds/{ROUND}/where"
    assert client.post(ask, json={"address": "红军路5号"}).status_code == 404
    announced(prepared)
    told = sent(client.post(ask, json={"address": "于都县贡江镇红军路5号"}))
    assert (told["schools"], told["certain"], told["how_zh"]) == (
        [{"code": "s_west", "name": "s_west小学"}],
        True,
        "门牌规定",
    )
    assert told["why_zh"] == "门牌 红军路 5 号,按“红军路 1–99 号”划入west片区。对应学校:s_west小学。"
    lon, lat = at(995, 500)
    near = sent(client.post(ask, json={"lon": lon, "lat": lat}))
    assert (near["certain"], near["distance_m"]) == (False, pytest.approx(5, abs=0.3))
    assert sent(prepared.post(f"{OFFICE}/rounds/{ROUND}/where", {"lon": lon, "lat": lat})) == near


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "address"),
        ({"address": "路" * 201}, "address"),
        ({"village": "3607"}, "village"),
        ({"lon": 115.4}, "lon"),
        ({"lon": 181, "lat": 25}, "lon"),
        ({"lon": 115, "lat": 25, "datum": "bd09"}, "datum"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_by_field(prepared, client, body, field):
    announced(prepared)
    assert field in sent(client.post(f"{PUBLIC}/rounds/{ROUND}/where", json=body), 400)["fields"]


def test_who_asks_too_often_is_asked_to_wait(prepared, client):
    announced(prepared)
    ask = {"json": {"address": "红军路5号"}, "environ_base": {"REMOTE_ADDR": "10.9.8.7"}}
    answers = [client.post(f"{PUBLIC}/rounds/{ROUND}/where", **ask).status_code for _ in range(260)]
    assert 429 in answers, "two minutes may begin meanwhile, and a limit holds for each"
    assert answers[:100] == [200] * 100


def test_the_districts_go_out_as_geojson_and_come_in_again(prepared):
    sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", ground.two()))
    handed = prepared.get(f"{OFFICE}/rounds/{ROUND}/districts.geojson")
    assert handed.mimetype == "application/geo+json"
    assert sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", handed.json))["changed"] is False


def test_a_wrong_file_of_districts_is_told_by_row_and_changes_nothing(prepared):
    told = collection(feature("d1", None), feature("d2", rectangle(0, 0, 9, 9), ["nobody"]))
    checked = sent(prepared.post(f"{OFFICE}/rounds/{ROUND}/districts/check", told))
    assert [(one["row"], one["field"]) for one in checked["items"]] == [(1, "geometry"), (2, "schools")]
    refused = sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", told), 422)
    assert set(refused["fields"]) == {"features.1.geometry", "features.2.schools"}
    assert sent(prepared.get(f"{OFFICE}/rounds/{ROUND}"))["districts"] == 0


def test_a_file_as_map_programs_write_it_is_taken(prepared):
    told = ground.two() | {"name": "学区", "crs": {"properties": {"name": "EPSG:4326"}}, "bbox": [115, 25, 116, 26]}
    assert sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", told))["districts"] == 2
    told["crs"] = {"properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    assert sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", told))["changed"] is False
    told["crs"] = {"properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    refused = sent(prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", told), 422)
    assert list(refused["fields"]) == ["crs"]


@pytest.mark.parametrize(
    "body", [{}, {"type": "Feature", "features": []}, {"type": "FeatureCollection", "features": [1]}]
)
def test_what_is_no_collection_is_refused(prepared, body):
    assert prepared.call("PUT", f"{OFFICE}/rounds/{ROUND}/districts", body).status_code == 400


HEADERS = ["乡镇代码", "村(社区)代码", "街道名", "门牌号", "经度", "纬度", "坐标系"]


def imported(clerk, *rows, leave_out_wrong: bool = False) -> dict:
    told = sent(files.send_sheet(clerk, "address-points", files.sheet(HEADERS, *rows)))
    if told["errors"] and not leave_out_wrong:
        return told
    path = f"/office/v1/sheets/address-points/imports/{told['id']}"
    sent(clerk.post(f"{path}/commit", {"leave_out_wrong": leave_out_wrong}), 202)
    queues.drain("reports")
    return sent(clerk.get(path))


def test_address_points_come_by_a_sheet_and_twice_is_once(prepared):
    lon, lat = at(500, 500)
    rows = [
        ["360731100", "360731100003", "红军路", "１２号附3", lon, lat, ""],
        ["360731100", "", "红军路", 14, lon, lat, ""],
    ]
    done = imported(prepared, *rows)
    assert (done["job"]["state"], done["job"]["done"], done["job"]["failures"]) == ("done", 2, [])
    points = sent(prepared.get(f"{OFFICE}/address-points?street=红军路"))["items"]
    assert [(one["number"], one["village"]) for one in points] == [("12-3", "360731100003"), ("14", "")]
    assert points[0]["point"] == pytest.approx([lon, lat], abs=1e-9)
    imported(prepared, *rows, ["360731100", "", "红军路", 16, lon, lat, ""])
    assert len(sent(prepared.get(f"{OFFICE}/address-points?street=红军路"))["items"]) == 3


def test_address_points_copied_from_a_phone_are_moved_to_wgs84(prepared):
    lon, lat = at(500, 500)
    imported(prepared, ["360731100", "", "红军路", 1, *geo.to_gcj02(lon, lat), "GCJ-02(火星坐标)"])
    (one,) = sent(prepared.get(f"{OFFICE}/address-points?street=红军路"))["items"]
    assert one["point"] == pytest.approx([lon, lat], abs=1e-6)


def test_wrong_rows_of_addresses_say_what_to_correct(prepared):
    lon, lat = at(500, 500)
    told = imported(
        prepared,
        ["360731100", "", "红军路", "1", lon, lat, ""],
        ["360731999", "", "红军路", "2", lon, lat, ""],
        ["360731100", "360731105001", "红军路", "3", lon, lat, ""],
        ["360731100", "", "红军路", "甲", lon, lat, ""],
        ["360731100", "", "红军路1", "4", lon, lat, ""],
        ["360731100", "", "红军路", "5", "东经", lat, ""],
        ["360731100", "", "红军路", "6", lat, lon, ""],
        ["360731100", "", "红军路", "7", lon, lat, "BD-09"],
        ["360731100", "", "红军路", "1号", lon, lat, ""],
    )
    assert (told["counts"]["right"], told["counts"]["wrong"]) == (1, 8)
    columns = {one["row"]: one["column"] for one in told["errors"]}
    assert columns[3] == "乡镇代码"
    assert columns[4] == "村代码"
    assert [columns[row] for row in (5, 6, 7, 8, 9)] == ["门牌号", "街道名", "经度", "经度", "坐标系"]


def test_there_is_a_template_of_addresses(prepared, clerk):
    answer = prepared.get("/office/v1/sheets/address-points/template.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert [cell.value for cell in page[1]][:4] == ["乡镇代码*", "村代码", "街道名*", "门牌号*"]
    assert clerk.get("/office/v1/sheets/address-points/template.xlsx").status_code == 403


def test_the_demonstration_can_be_announced_as_it_is_seeded(planner):
    report = sent(planner.get(f"{OFFICE}/rounds/{DEMO}/report"))
    assert (report["may_announce"], [one["zh"] for one in report["items"]]) == (True, [])
    sent(planner.post(f"{OFFICE}/rounds/{DEMO}/announce", {}))


@pytest.mark.parametrize(
    ("address", "districts", "certain"),
    [
        ("演示大道1号", ["d1"], True),
        ("演示大道2号", ["d4"], True),
        ("演示大道239号", ["d3"], True),
        ("演示一街5号", ["d1"], True),
        ("演示二街5号", ["d1"], True),
        ("演示界巷5号", ["d1"], False),
    ],
)
def test_the_demonstrations_addresses_lie_where_they_should(planner, address, districts, certain):
    told = sent(planner.post(f"{OFFICE}/rounds/{DEMO}/where", {"address": address}))
    assert ([one["code"] for one in told["districts"]], told["certain"]) == (districts, certain)
    assert len(told["schools"]) == 4

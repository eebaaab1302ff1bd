"""Imports over HTTP: checked without writing, written by a job that survives a kill, and safe to repeat."""

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from bson import ObjectId
from mongoengine.connection import get_connection, get_db
from pymongo.errors import AutoReconnect

from backend import clock, jobs
from models.audit.entry import AuditEntry
from models.identity.staff import StaffMember
from models.identity.unit import Unit
from models.media import sheet_job
from models.media.sheet_import import RowChunk, SheetImport
from models.places import opening, place
from models.places.place import Place
from seed import county_data
from tests.support import files
from tests.support.crowd import at_once
from tests.support.files import send_sheet, sheet
from tests.support.patience import until
from tests.support.queues import drain

PRICES = ["景点编码", "票种代码", "票种名称", "价格"]
UNITS = ["单位代码", "单位名称", "单位类别", "上级单位代码"]
STAFF = ["账号", "姓名", "角色", "单位代码"]
WEEK = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]


def checked(clerk, kind: str, *lines, **more) -> dict:
    answer = send_sheet(clerk, kind, sheet(*lines), **more)
    assert answer.status_code == 200, answer.json
    return answer.json


def commit(clerk, made: dict, **body):
    return clerk.post(f"/office/v1/sheets/{made['kind']}/imports/{made['id']}/commit", body)


def read(clerk, made: dict) -> dict:
    return clerk.get(f"/office/v1/sheets/{made['kind']}/imports/{made['id']}").json


def imported(clerk, kind: str, *lines, **more) -> dict:
    made = checked(clerk, kind, *lines, **more)
    assert made["errors"] == []
    answer = commit(clerk, made)
    assert answer.status_code == 202, answer.json
    drain("reports")
    done = read(clerk, made)
    assert (done["job"]["state"], done["job"]["failures"]) == ("done", [])
    return done


def stored(place_id: str) -> dict:
    return Place._get_collection().find_one({"_id": place_id})


def price(place_id: str, code: str = "adult", day: str = "") -> int:
    types = place.ticket_types_on(stored(place_id), day or clock.today().isoformat())
    return next(one["price_fen"] for one in types if one["code"] == code)


class TestChecking:
    def test_nothing_is_written_before_the_commit(self, office):
        before = stored("museum")
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", "12.50"])
        assert (made["state"], made["counts"]) == ("checked", {"rows": 1, "right": 1, "wrong": 0})
        drain("reports")
        assert stored("museum") == before

    def test_every_wrong_row_is_named_with_column_value_and_sentence(self, office):
        made = checked(
            office, "prices", [*PRICES, "备注"],
            ["museum", "adult", "成人", "十二元"], ["nowhere", "adult", "成人", 1], ["museum", "adult", "成人", 5],
            ["museum", "adult", "成人", 6], ["museum", "x y", "", "=1+1"],
        )  # fmt: skip
        assert made["counts"] == {"rows": 5, "right": 1, "wrong": 4}
        assert made["unknown_headers"] == ["备注"]
        told = [(one["row"], one["column"], one["value"]) for one in made["errors"]]
        assert told == [
            (2, "价格", "十二元"), (3, "景点编码", "nowhere"), (5, "", ""),
            (6, "票种代码", "x y"), (6, "票种名称", ""), (6, "价格", "公式"),
        ]  # fmt: skip
        assert all(one["message"] for one in made["errors"])

    def test_wrong_rows_stop_the_commit_unless_they_are_left_out(self, office):
        lines = [PRICES, ["museum", "adult", "成人", "12.50"], ["museum", "child", "儿童", "x"]]
        made = checked(office, "prices", *lines)
        answer = commit(office, made)
        assert (answer.status_code, answer.json["code"]) == (409, "import_rows_wrong")
        assert commit(office, made, leave_out_wrong=True).status_code == 202
        drain("reports")
        assert (price("museum"), price("museum", "child")) == (1250, 0)

    def test_a_sheet_without_one_right_row_is_not_committed(self, office):
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", "x"])
        assert commit(office, made, leave_out_wrong=True).json["code"] == "import_nothing"

    def test_a_mapping_names_other_headers(self, office):
        lines = [["馆", "票", "名", "元"], ["museum", "adult", "成人", "3.20"]]
        mapping = '{"馆": "place", "票": "code", "名": "name_zh", "元": "price_fen"}'
        assert checked(office, "prices", *lines, mapping=mapping)["columns"] == {
            "0": "place", "1": "code", "2": "name_zh", "3": "price_fen",
        }  # fmt: skip
        answer = send_sheet(office, "prices", sheet(*lines))
        assert (answer.status_code, answer.json["code"]) == (422, "sheet_headers_wrong")

    @pytest.mark.parametrize("mapping", ["[]", "{x", '{"a": 1}', '{"a": "no_such"}', "null"])
    def test_a_mapping_that_is_none_is_refused(self, office, mapping):
        answer = send_sheet(office, "prices", sheet(PRICES, ["museum", "adult", "成人", 1]), mapping=mapping)
        assert answer.json["code"] in {"sheet_mapping_wrong", "sheet_headers_wrong"}

    def test_a_csv_of_an_old_office_is_read(self, office):
        content = "景点编码,票种代码,票种名称,价格\r\nmuseum,adult,成人,¥8.00\r\n".encode("gb18030")
        answer = send_sheet(office, "prices", content, name="票价.csv", media_type="application/vnd.ms-excel")
        assert answer.json["counts"]["right"] == 1

    def test_a_sheet_that_was_uploaded_in_parts_is_taken_by_its_id(self, office):
        content = sheet(PRICES, ["museum", "adult", "成人", "9.90"])
        sent = files.upload(office, "office", content, media_type=files.XLSX, purpose="sheet_import").json
        assert send_sheet(office, "prices", None, file_id=sent["id"]).json["counts"]["right"] == 1

    def test_neither_a_file_nor_an_id_is_refused(self, office):
        assert send_sheet(office, "prices", None).json["code"] == "sheet_missing"
        assert send_sheet(office, "prices", None, file_id="0" * 24).status_code == 404

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (files.png(), "file_type_wrong"),
            (files.zipped({"x": b"y"}), "file_type_wrong"),
            (sheet(PRICES), "sheet_empty"),
            (b"PK\x03\x04" + b"x" * 90, "file_broken"),
        ],
    )
    def test_what_is_no_sheet_is_refused(self, office, content, code):
        answer = send_sheet(office, "prices", content)
        assert (answer.status_code, answer.json["code"]) == (422, code)

    def test_a_file_beyond_ten_megabytes_is_refused_and_one_below_is_read(self, office):
        assert send_sheet(office, "prices", b"PK\x03\x04" + bytes(11 << 20)).status_code == 413
        wide = sheet([*PRICES, "备注"], *(["museum", f"t{n}", "票", 1, os.urandom(100).hex()] for n in range(9_000)))
        assert len(wide) > 1 << 20
        assert checked(office, "prices", *[[*PRICES], ["museum", "adult", "成人", 1]])["counts"]["right"] == 1
        assert send_sheet(office, "prices", wide).json["counts"]["right"] == 9_000

    def test_many_form_parts_are_refused(self, office):
        form = {f"f{n}": "x" for n in range(40)}
        assert send_sheet(office, "prices", None, **form).status_code in {400, 413}

    def test_the_template_opens_and_says_what_to_fill_in(self, office):
        for kind in ("places", "hours", "prices", "slot-plans"):
            answer = office.get(f"/office/v1/sheets/{kind}/template.xlsx")
            assert answer.status_code == 200
            assert files.cells(answer.data)[0][0] == "景点编码*"
            assert files.cells(answer.data, 1)[0] == ["列", "必填", "格式", "可选值", "例", "说明"]


class TestOwners:
    def test_another_member_finds_nothing(self, client, admin, office):
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", 1])
        colleague = admin.hire("tourism_office", unit="culture_tourism")
        base = f"/office/v1/sheets/prices/imports/{made['id']}"
        assert colleague.get(base).status_code == 404
        assert colleague.post(f"{base}/commit").status_code == 404
        assert office.get(f"/office/v1/sheets/hours/imports/{made['id']}").status_code == 404

    def test_who_lacks_the_operation_is_refused(self, manager, admin, office):
        content = sheet(PRICES, ["museum", "adult", "成人", 1])
        assert send_sheet(manager, "prices", content).status_code == 403
        assert send_sheet(admin, "prices", content).status_code == 403
        assert send_sheet(office, "units", content).status_code == 403
        assert send_sheet(office, "staff", content).status_code == 403


class TestCommitting:
    def test_the_same_commit_again_and_at_once_is_one_job(self, app, office):
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", "12.50"])
        twins = [office.twin(app.test_client()) for _ in range(6)]
        answers = at_once([partial(commit, twin, made) for twin in twins])
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json["job"]["id"] for answer in answers}) == 1
        assert jobs.Job._get_collection().count_documents({}) == 1
        drain("reports")
        about = f"import:{made['id']}"
        assert AuditEntry._get_collection().count_documents({"object": about, "action": "sheet.import"}) == 1

    def test_the_same_file_again_is_the_same_job(self, office):
        lines = PRICES, ["museum", "adult", "成人", "12.50"]
        content = sheet(*lines)
        first = send_sheet(office, "prices", content).json
        commit(office, first)
        drain("reports")
        second = send_sheet(office, "prices", content).json
        assert second["id"] == first["id"]
        assert commit(office, second).json["job"]["id"] == read(office, first)["job"]["id"]

    def test_a_file_may_come_back_after_another_one(self, office):
        old = sheet(PRICES, ["museum", "adult", "成人", "1.00"])
        made = [send_sheet(office, "prices", old).json]
        commit(office, made[0])
        imported(office, "prices", PRICES, ["museum", "adult", "成人", "2.00"])
        again = send_sheet(office, "prices", old).json
        assert again["id"] != made[0]["id"]
        commit(office, again)
        drain("reports")
        assert price("museum") == 100

    def test_rows_applied_again_change_nothing_and_write_no_audit(self, office):
        imported(office, "prices", PRICES, ["museum", "adult", "成人", "12.50"])
        before, entries = stored("museum"), AuditEntry._get_collection().count_documents({"object": "place:museum"})
        imported(office, "prices", [*PRICES, "备注"], ["museum", "adult", "成人", "12.50", "x"])
        assert stored("museum") == before
        assert AuditEntry._get_collection().count_documents({"object": "place:museum"}) == entries == 1

    def test_checks_older_than_a_day_are_not_committed_and_forgotten(self, office, shift_clock):
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", 1])
        shift_clock(24 * 3600 + 60)
        drain("reports")
        assert RowChunk._get_collection().count_documents({"import_id": ObjectId(made["id"])}) == 0
        assert "report" not in SheetImport._get_collection().find_one({"_id": ObjectId(made["id"])})
        office.log_in()
        assert commit(office, made).json["code"] == "import_old"

    def test_nothing_of_the_sheet_lies_open_in_the_store(self, admin):
        checked(
            admin, "staff", STAFF, ["zhang.san", "张三丰", "检票员", "changzhengyuan"], ["x", "李四光", "检票员", ""]
        )
        kept = [*get_db().sheet_imports.find(), *get_db().sheet_rows.find()]
        assert len(kept) == 2
        for word in ("张三丰", "李四光", "zhang.san"):
            assert word not in repr(kept)
            assert word.encode() not in repr(kept).encode()

    def test_after_the_job_the_rows_are_gone(self, office):
        done = imported(office, "prices", PRICES, ["museum", "adult", "成人", 1])
        chunks = list(RowChunk._get_collection().find({"import_id": ObjectId(done["id"])}))
        assert [one.get("rows") for one in chunks] == [None]

    def test_rows_of_a_commit_that_waits_for_days_are_not_cleaned_up_by_time(self, office):
        made = checked(office, "prices", PRICES, ["museum", "adult", "成人", "31"])
        query = {"import_id": ObjectId(made["id"])}
        assert all("at" in one for one in RowChunk._get_collection().find(query))
        commit(office, made)
        chunks = list(RowChunk._get_collection().find(query))
        assert chunks
        assert not any("at" in one for one in chunks), "the index that lets documents expire must pass them by"
        drain("reports")
        assert price("museum") == 3100

    def test_who_was_disabled_meanwhile_imports_nothing_more(self, client, admin, office):
        colleague = admin.hire("tourism_office", unit="culture_tourism")
        made = checked(colleague, "prices", PRICES, ["museum", "adult", "成人", "77"])
        commit(colleague, made)
        assert admin.post(f"/office/v1/staff/{colleague.id}/disable").status_code == 204
        before = stored("museum")
        drain("reports")
        job = jobs.read(SheetImport._get_collection().find_one({"_id": ObjectId(made["id"])})["job"])
        assert (job["state"], job["failures"]) == ("done", [{"item": "2", "reason": "not_allowed"}])
        assert stored("museum") == before

    def test_the_job_goes_on_where_a_killed_worker_left_it(self, office, seeded, environment, shift_clock):
        get_connection().admin.command("setParameter", 1, transactionLifetimeLimitSeconds=1)
        rows = 450
        made = checked(office, "prices", PRICES, *(["museum", f"t{n}", f"票{n}", f"{n}.25"] for n in range(rows)))
        commit(office, made)
        given = {**environment, "MONGODB_URI": seeded.settings.mongodb_uri}
        worker = start_worker(given)
        try:
            until(lambda: read(office, made)["job"]["done"] >= 20, what="the first rows")
        finally:
            worker.kill()
            worker.wait(10)
        left = read(office, made)["job"]
        assert left["state"] == "running"
        assert 20 <= left["done"] < rows
        assert drain("reports") == 0
        shift_clock(61)
        drain("reports")
        get_connection().admin.command("setParameter", 1, transactionLifetimeLimitSeconds=60)
        done = read(office, made)["job"]
        assert (done["state"], done["done"], done["failures"]) == ("done", rows, [])
        types = [one for one in stored("museum")["ticket_types"] if one["code"].startswith("t")]
        assert len(types) == rows
        assert {one["price_fen"] for one in types} == {n * 100 + 25 for n in range(rows)}
        assert AuditEntry._get_collection().count_documents({"object": "place:museum"}) == rows


def start_worker(environment: dict[str, str]) -> subprocess.Popen:
    code = (
        "import sys\nfrom backend import outbox, runtime, settings\nfrom tasks import media\n"
        "runtime.compose(settings.load())\nprint('ready', flush=True)\n"
        "while outbox.drain('reports'):\n    pass\n"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, **environment, "PYTHONPATH": str(root)}
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=root, env=env, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "ready\n"
    return worker


class TestPlaces:
    def test_a_place_is_changed_and_a_missing_value_leaves_what_is_there(self, office, client):
        kind = stored("museum")["kind"]
        imported(office, "places", ["景点编码", "名称", "地址", "类型"], ["museum", "纪念馆(新馆)", "新路 1 号", None])
        shown = client.get("/mini/v1/places/museum").json
        assert (shown["name"], shown["address"], shown["kind"]) == ("纪念馆(新馆)", "新路 1 号", kind)

    def test_a_place_that_is_not_known_is_made_and_shown(self, office, client):
        imported(office, "places", ["景点编码", "名称", "乡镇区划代码"], ["new_hall", "新展馆", "360731100"])
        shown = client.get("/mini/v1/places/new_hall").json
        assert (shown["name"], shown["town"], shown["bookable"]) == ("新展馆", "贡江镇", False)
        assert "new_hall" in [one["id"] for one in client.get("/mini/v1/places?limit=100").json["items"]]

    def test_unknown_towns_and_units_are_told(self, office):
        heads = ["景点编码", "名称", "乡镇区划代码", "管理单位代码"]
        made = checked(office, "places", heads, ["a1", "甲", "360731999", ""], ["b1", "乙", "", "no_such"])
        assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, "乡镇区划代码"), (3, "管理单位代码")]

    def test_the_reference_data_leave_alone_what_was_imported(self, office):
        imported(office, "places", ["景点编码", "名称"], ["museum", "改过的名字"])
        imported(office, "prices", PRICES, ["museum", "adult", "成人", "33"])
        county_data.places(with_demo=True)
        assert (stored("museum")["name"], price("museum")) == ("改过的名字", 3300)
        assert stored("pingshan")["name"] != ""

    def test_a_new_place_can_be_booked_once_all_is_imported(self, office, phone):
        imported(
            office, "places", ["景点编码", "名称", "管理单位代码", "开放预约"], ["hall", "新馆", "changzhengyuan", "是"]
        )
        imported(office, "hours", ["景点编码", *WEEK], ["hall", *["09:00-17:00"] * 7])
        imported(office, "prices", PRICES, ["hall", "adult", "成人", "0"])
        imported(office, "slot-plans", ["景点编码", "开始", "结束", "名额"], ["hall", "09:00", "12:00", 50])
        place.open_slots("hall", clock.today() + timedelta(days=1), 3)
        assert phone.issued(phone.free_slot("hall"))["state"] == "issued"

    def test_the_daily_opening_survives_a_place_that_lacks_its_plan(self, office):
        imported(office, "places", ["景点编码", "名称", "开放预约"], ["half", "半成品", "是"])
        assert place.open_coming_slots(2) == 0


class TestPrices:
    def test_orders_and_open_slots_keep_their_price_and_later_slots_have_the_new_one(self, office, phone):
        open_slot = phone.free_slot("pingshan")
        before = phone.slot(open_slot)["ticket_types"]
        sold = phone.issued(open_slot)
        imported(office, "prices", PRICES, ["pingshan", "adult", "成人", "75.50"])
        assert phone.slot(open_slot)["ticket_types"] == before
        assert phone.order(sold["id"])["total_fen"] == sold["total_fen"] == 6000
        late = clock.today() + timedelta(days=40)
        place.open_slots("pingshan", late, 1)
        slots = phone.get(f"/mini/v1/places/pingshan/slots?from={late}&to={late}").json["items"]
        types = {one["code"]: one["price_fen"] for one in phone.slot(slots[0]["id"])["ticket_types"]}
        assert types["adult"] == 7550

    def test_a_price_holds_from_its_day_on(self, office):
        first = (clock.today() + timedelta(days=50)).isoformat()
        before = price("pingshan")
        imported(office, "prices", [*PRICES, "生效日期"], ["pingshan", "adult", "成人", "88", first])
        assert price("pingshan") == before
        assert price("pingshan", day=(clock.today() + timedelta(days=49)).isoformat()) == before
        assert price("pingshan", day=first) == 8800
        kept = {one["code"]: one for one in stored("pingshan")["ticket_types"]}
        assert kept["adult"]["identity_documents"]

    def test_ages_the_wrong_way_round_are_told(self, office):
        heads = [*PRICES, "最小年龄", "最大年龄"]
        made = checked(office, "prices", heads, ["museum", "adult", "成人", 1, 60, 18])
        assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, "最大年龄")]


class TestHours:
    def test_a_week_and_a_season_are_set(self, office):
        heads = ["景点编码", "季节起", "季节止", *WEEK]
        summer = ["08:00-12:00、14:30-18:00"] * 6 + ["闭馆"]
        imported(
            office, "hours", heads, ["theatre", "", "", *["9:00-17:00"] * 7], ["theatre", "5-1", "10月31日", *summer]
        )
        told, closing = stored("theatre")["opening"], {}
        day = clock.date_of
        assert opening.spans(told, closing, day("2026-11-23")) == [{"open": "09:00", "close": "17:00"}]
        assert opening.spans(told, closing, day("2026-06-01"))[1] == {"open": "14:30", "close": "18:00"}
        assert opening.spans(told, closing, day("2026-06-07")) == []

    def test_a_season_over_the_new_year_holds_on_both_sides(self, office):
        heads = ["景点编码", "季节起", "季节止", *WEEK]
        imported(office, "hours", heads, ["theatre", "11-15", "02-15", *["10:00-12:00"] * 7])
        told = stored("theatre")["opening"]
        for text, short in (("2026-12-31", True), ("2027-01-01", True), ("2027-02-16", False), ("2026-11-14", False)):
            found = opening.spans(told, {}, clock.date_of(text))
            assert (found == [{"open": "10:00", "close": "12:00"}]) is short, text

    @pytest.mark.parametrize(
        "cell", ["9-17", "17:00-09:00", "09:00-12:00、11:00-13:00", "09:00-24:00", "全天", "9:00-9:00"]
    )
    def test_hours_that_cannot_be_are_told(self, office, cell):
        made = checked(office, "hours", ["景点编码", *WEEK], ["museum", cell, *["闭馆"] * 6])
        assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, "周一")]

    def test_half_a_season_is_told(self, office):
        made = checked(office, "hours", ["景点编码", "季节起", *WEEK], ["museum", "05-01", *["闭馆"] * 7])
        assert [one["column"] for one in made["errors"]] == ["季节止"]


class TestSlotPlans:
    def test_a_plan_is_changed_row_by_row_and_none_takes_a_slot_out(self, office):
        heads = ["景点编码", "开始", "结束", "名额"]
        imported(office, "slot-plans", heads, ["tantou", "9:00", "11:30", 99], ["tantou", "13:30", "16:30", 0])
        assert [(one["start"], one["quota"]) for one in stored("tantou")["slots"]] == [("09:00", 99)]

    def test_an_end_before_its_start_is_told(self, office):
        made = checked(office, "slot-plans", ["景点编码", "开始", "结束", "名额"], ["tantou", "9:00", "8:00", 1])
        assert [one["column"] for one in made["errors"]] == ["结束"]


class TestUnits:
    def test_units_are_made_in_the_order_of_the_sheet(self, admin):
        imported(admin, "units", UNITS, ["town_x", "某镇政府", "乡镇", ""], ["village_x", "某村", "村(社区)", "town_x"])
        found = Unit._get_collection().find_one({"_id": "village_x"})
        assert (found["name"], found["ancestors"]) == ("某村", ["town_x"])

    def test_a_parent_that_is_not_there_or_comes_later_is_told(self, admin):
        made = checked(admin, "units", UNITS, ["a_unit", "甲", "乡镇", "b_unit"], ["b_unit", "乙", "乡镇", "nowhere"])
        assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, "上级单位代码"), (3, "上级单位代码")]

    def test_the_same_units_again_change_nothing(self, admin):
        lines = [UNITS, ["town_x", "某镇政府", "乡镇", ""]]
        imported(admin, "units", *lines)
        before = Unit._get_collection().find_one({"_id": "town_x"})
        imported(admin, "units", [*UNITS, "备注"], [*lines[1], "x"])
        assert Unit._get_collection().find_one({"_id": "town_x"}) == before


class TestStaff:
    LINES = STAFF, ["zhang.san", "张三", "检票员", "changzhengyuan"], ["li.si", "李四", "景区管理员", "changzhengyuan"]

    def result(self, clerk, done: dict):
        return clerk.get(f"/office/v1/sheets/staff/imports/{done['id']}/result.xlsx")

    def test_the_links_are_handed_out_once(self, client, admin):
        done = imported(admin, "staff", *self.LINES)
        answer = self.result(admin, done)
        lines = files.cells(answer.data)
        assert [line[:2] for line in lines[1:]] == [["zhang.san", "已创建"], ["li.si", "已创建"]]
        path = "/office/v1/" + lines[1][2].partition("/office/v1/")[2]
        assert client.get(path).json["login"] == "zhang.san"
        assert self.result(admin, done).json["code"] == "import_result_gone"
        assert RowChunk._get_collection().count_documents({"import_id": ObjectId(done["id"])}) == 0

    def test_two_who_ask_at_once_get_one_result(self, app, admin):
        done = imported(admin, "staff", *self.LINES)
        answers = at_once([partial(self.result, admin.twin(app.test_client()), done) for _ in range(4)])
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]

    def test_after_a_day_there_is_no_result(self, admin, shift_clock):
        done = imported(admin, "staff", *self.LINES)
        shift_clock(24 * 3600 + 120)
        drain("reports")
        admin.log_in()
        assert self.result(admin, done).json["code"] == "import_result_gone"

    def test_a_login_that_is_there_is_left_as_it_is(self, admin):
        imported(admin, "staff", *self.LINES)
        before = StaffMember._get_collection().find_one({"login": "zhang.san"})
        done = imported(admin, "staff", STAFF, ["zhang.san", "换名", "检票员", "changzhengyuan"])
        assert files.cells(self.result(admin, done).data)[1][1] == "账号已存在,未改动"
        assert StaffMember._get_collection().find_one({"login": "zhang.san"}) == before

    def test_a_kill_between_account_and_link_gives_a_link_that_works(self, client, admin, monkeypatch):
        made = checked(admin, "staff", *self.LINES)
        commit(admin, made)
        kept, calls = sheet_job._Batch._keep, []

        def killed(batch, told):
            calls.extend(told.values())
            if len(calls) == 1:
                raise AutoReconnect
            kept(batch, told)

        monkeypatch.setattr(sheet_job._Batch, "_keep", killed)
        drain("reports")
        assert read(admin, made)["job"]["done"] == 0
        until(lambda: drain("reports") and read(admin, made)["job"]["state"] == "done", what="the second try")
        lines = files.cells(self.result(admin, made).data)[1:]
        assert [line[1] for line in lines] == ["已创建", "已创建"]
        assert lines[0][2] != calls[0][2]
        assert client.get("/office/v1/" + lines[0][2].partition("/office/v1/")[2]).json["login"] == "zhang.san"

    def test_sensitive_roles_and_missing_units_are_told(self, admin):
        made = checked(
            admin, "staff", STAFF,
            ["aa.bb", "甲", "系统管理员", ""], ["cc.dd", "乙", "检票员", ""], ["ee.ff", "丙", "检票员", "nowhere"],
        )  # fmt: skip
        assert [(one["row"], one["column"]) for one in made["errors"]] == [
            (2, "角色"),
            (3, "单位代码"),
            (4, "单位代码"),
        ]

    def test_names_in_errors_are_masked(self, admin):
        made = checked(admin, "staff", STAFF, ["aa.bb", "张三丰" * 20, "检票员", "changzhengyuan"])
        assert made["errors"][0]["value"] == "张********"

    def test_the_staff_list_goes_out_without_formulas(self, admin):
        admin.post(
            "/office/v1/staff",
            {
                "login": "eve.x",
                "name": "=HYPERLINK(1)",
                "assignments": [{"role": "gate_clerk", "unit": "changzhengyuan"}],
            },
        )
        answer = admin.get("/office/v1/staff/export.xlsx")
        lines = files.cells(answer.data)
        assert lines[0][:3] == ["账号", "姓名", "角色"]
        assert {line[0]: line[1] for line in lines}["eve.x"] == "'=HYPERLINK(1)"
        assert AuditEntry._get_collection().count_documents({"object": "staff:all", "action": "staff.export"}) == 1

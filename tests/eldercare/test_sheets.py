"""Rosters, measured values and records by sheet: what is wrong is told row by row, and a sheet twice is once."""

import io

import openpyxl
import pytest
from mongoengine.connection import get_db

from models.audit.entry import COLLECTION as AUDIT
from models.eldercare.duty_roster import HealthDuty
from models.eldercare.observation import HealthObservation
from models.eldercare.record import HealthRecord
from tests.eldercare import ground
from tests.support import files, queues

MEASURED = ["身份证号码", "姓名", "测量日期", "测量时间", "收缩压", "舒张压", "心率", "来源"]
SAID = ["身份证号码", "姓名", "类别", "名称", "日期", "结束日期", "用量", "过敏反应"]
DUTIES = ["单位代码", "账号", "班次", "值班日期", "开始时间", "结束时间"]
DAY = "2026-11-19"


def checked(clerk, kind: str, *rows, **form) -> dict:
    answer = files.send_sheet(clerk, kind, files.sheet(*rows), **form)
    assert answer.status_code == 200, answer.json
    return answer.json


def imported(clerk, kind: str, *rows, leave_out_wrong: bool = False) -> dict:
    """Check a sheet, write its rows, and return the import when its job is done."""
    path = f"/office/v1/sheets/{kind}/imports/{checked(clerk, kind, *rows)['id']}"
    answer = clerk.post(f"{path}/commit", {"leave_out_wrong": leave_out_wrong})
    assert answer.status_code == 202, answer.json
    queues.drain("reports")
    return clerk.get(path).json


def wrong(told: dict) -> dict[int, str]:
    return {one["row"]: one["column"] for one in told["errors"]}


def who(elder) -> list[str]:
    return [elder.papers["document_number"], elder.papers["name"]]


def observations(elder) -> list[dict]:
    return list(HealthObservation._get_collection().find({"subject": elder.subject}).sort("at", 1))


def records(elder) -> list[dict]:
    return list(HealthRecord._get_collection().find({"subject": elder.subject}).sort("at", 1))


@pytest.mark.parametrize("kind", ["health-duties", "health-observations", "health-records"])
def test_the_template_names_what_must_be_filled_in(client, admin, doctor, kind):
    clerk = ground.manager(client, admin) if kind == "health-duties" else doctor
    answer = clerk.get(f"/office/v1/sheets/{kind}/template.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    heads = [cell.value for cell in page[1]]
    first = {"health-duties": "单位代码*", "health-observations": "身份证号码*", "health-records": "身份证号码*"}
    assert heads[0] == first[kind]
    assert admin.get(f"/office/v1/sheets/{kind}/template.xlsx").status_code == 403


def test_a_sheet_of_values_is_checked_without_writing_and_then_stands_once(doctor, elder):
    rows = [MEASURED, [*who(elder), DAY, "08:30", 138, 86, "７２", ""], [*who(elder), DAY, "09:30", "", "", 75, "体检"]]
    assert checked(doctor, "health-observations", *rows)["counts"] == {"rows": 2, "right": 2, "wrong": 0}
    assert observations(elder) == []
    done = imported(doctor, "health-observations", *rows)
    assert (done["job"]["state"], done["job"]["failures"]) == ("done", [])
    kept = observations(elder)
    assert [one["values"] for one in kept] == [
        {"systolic": 138, "diastolic": 86},
        {"heart_rate": 72},
        {"heart_rate": 75},
    ]
    assert [(one["source"]["kind"], one["source"]["unit"]) for one in kept] == [
        ("village_clinic", ground.CLINIC), ("village_clinic", ground.CLINIC), ("check_up", ground.CLINIC),
    ]  # fmt: skip
    imported(doctor, "health-observations", *rows, [*who(elder), DAY, "10:30", "", "", 80, ""])
    assert [one["_id"] for one in observations(elder)][:3] == [one["_id"] for one in kept]
    assert len(observations(elder)) == 4
    audit = get_db()[AUDIT].find({"action": "health.enter", "actor": {"$exists": True}}).to_list()
    assert len(audit) == 4
    assert elder.papers["name"] not in repr(audit)


def test_rows_that_will_not_do_are_named_with_row_and_column(doctor, stranger, elder):
    other = ground.enrolled(stranger, ground.papers("李大山", "19500101"))
    at = [DAY, "08:30"]
    told = checked(
        doctor,
        "health-observations",
        MEASURED,
        [*who(elder), *at, 138, "", "", ""],
        [*who(other), *at, 138, 86, "", ""],
        [who(elder)[0], "王五", DAY, "08:40", 138, 86, "", ""],
        [*who(elder), "2026-11-23", "08:30", 138, 86, "", ""],
        [*who(elder), DAY, "11:00", "", "", "", ""],
        [*who(elder), DAY, "12:00", "", "", "很快", ""],
        [*who(elder), DAY, "13:00", "", "", 70, "医院"],
        [*who(elder), DAY, "14:00", "=1+1", 80, "", ""],
    )  # fmt: skip
    assert wrong(told) == {
        2: "舒张压(毫米汞柱)", 3: "身份证号码", 4: "身份证号码", 5: "测量日期", 6: "", 7: "心率(次/分)", 8: "来源",
        9: "收缩压(毫米汞柱)",
    }  # fmt: skip
    shown = next(one for one in told["errors"] if one["row"] == 3)
    assert "*" in shown["value"]
    same = [one["message"] for one in told["errors"] if one["row"] in {3, 4}]
    assert len(set(same)) == 1, "who is in another unit's care is told like who is unknown"


def test_another_value_for_what_stands_is_refused_and_nothing_is_changed(doctor, elder):
    rows = [MEASURED, [*who(elder), DAY, "08:30", 138, 86, "", ""]]
    imported(doctor, "health-observations", *rows)
    told = checked(doctor, "health-observations", MEASURED, [*who(elder), DAY, "08:30", 188, 86, "", ""])
    assert wrong(told) == {2: "收缩压(毫米汞柱)"}
    (kept,) = observations(elder)
    assert kept["values"]["systolic"] == 138
    path = f"{elder.path}/observations/{kept['_id']}/withdraw"
    assert doctor.post(path, {"version": 1, "reason": "typo"}).status_code == 200
    assert wrong(checked(doctor, "health-observations", *rows)) == {2: "收缩压(毫米汞柱)"}


def test_headers_of_ones_own_are_mapped(doctor, elder):
    head = ["证件", "老人", "测量日期", "测量时间", "高压", "低压"]
    mapping = '{"证件": "number", "老人": "name", "高压": "systolic", "低压": "diastolic"}'
    told = checked(doctor, "health-observations", head, [*who(elder), DAY, "08:30", 138, 86], mapping=mapping)
    assert (told["counts"]["right"], told["unknown_headers"]) == (1, [])


def test_records_come_by_sheet_sealed_and_twice_is_once(doctor, elder):
    rows = [
        SAID,
        [*who(elder), "用药", "氨氯地平片", DAY, "", "5 毫克", ""],
        [*who(elder), "过敏", "青霉素", DAY, "", "", "皮疹"],
        [*who(elder), "健康问题", "高血压", "2019-03-01", "2020-03-01", "", ""],
    ]
    imported(doctor, "health-records", *rows)
    kept = records(elder)
    assert [(one["kind"], one["state"]) for one in kept] == [
        ("condition", "ended"), ("medication", "active"), ("allergy", "active"),
    ]  # fmt: skip
    assert "高血压" not in repr(kept)
    imported(doctor, "health-records", *rows, [*who(elder), "记事", "搬到女儿家", DAY, "", "", ""])
    assert [one["_id"] for one in records(elder) if one["kind"] != "note"] == [one["_id"] for one in kept]
    assert len(records(elder)) == 4
    again = [[*one[:6], "10 毫克" if one[2] == "用药" else one[6], one[7]] for one in rows]
    assert wrong(checked(doctor, "health-records", *again)) == {2: "名称"}


def test_a_record_says_only_what_its_kind_may_say(doctor, elder):
    told = checked(doctor, "health-records", SAID, [*who(elder), "过敏", "青霉素", DAY, "", "5 毫克", ""])
    assert wrong(told) == {2: "用量"}


def test_a_row_that_stands_meanwhile_is_not_entered_again(doctor, elder):
    rows = [MEASURED, [*who(elder), DAY, "08:30", 138, 86, "", ""]]
    first, second = (checked(doctor, "health-observations", *one) for one in (rows, [*rows, ["", "", "", "", ""]]))
    for one in (first, second):
        doctor.post(f"/office/v1/sheets/health-observations/imports/{one['id']}/commit", {"leave_out_wrong": True})
    queues.drain("reports")
    assert len(observations(elder)) == 1


def test_a_roster_comes_by_sheet_over_midnight_and_twice_is_once(client, admin, doctor):
    manager = ground.manager(client, admin)
    rows = [DUTIES, [ground.CLINIC, doctor.login, "主班", "2026-11-20", "20:00", "08:00"]]
    imported(manager, "health-duties", *rows)
    (kept,) = HealthDuty._get_collection().find({"unit": ground.CLINIC})
    assert (kept["level"], (kept["until"] - kept["begins"]).total_seconds()) == ("first", 12 * 3600)
    written = get_db()[AUDIT].find({"action": "health_roster.put"}).to_list()
    imported(manager, "health-duties", *rows, ["", "", "", "", "", ""])
    assert list(HealthDuty._get_collection().find({"unit": ground.CLINIC})) == [kept]
    assert get_db()[AUDIT].find({"action": "health_roster.put"}).to_list() == written


def test_rows_of_a_roster_that_will_not_do_are_named(client, admin, doctor, stranger):
    manager = ground.manager(client, admin)
    day = ["2026-11-20", "08:00", "20:00"]
    told = checked(
        manager, "health-duties", DUTIES,
        ["nowhere", doctor.login, "主班", *day],
        [ground.CLINIC, stranger.login, "主班", *day],
        [ground.CLINIC, doctor.login, "三班", *day],
    )  # fmt: skip
    assert wrong(told) == {2: "单位代码", 3: "账号", 4: "班次"}
    assert files.send_sheet(doctor, "health-duties", files.sheet(DUTIES, [])).status_code == 403

"""Plans, daily caps and refund rules by sheet, and the check list of a place before it is sold."""

import io

import openpyxl
import pytest

from backend.sheets.values import CellWrong
from models.identity import device
from models.places import place
from models.places.place import Place
from models.places.place_sheets import KINDS as PLACE_KINDS
from models.places.plan_sheets import KINDS, prices, refund_rows, weekdays
from models.places.resource_sheets import KINDS as RESOURCE_KINDS
from tests.support.files import cells
from tests.support.queues import drain
from tests.tourism.staff_kit import BASE, LINE, PLACE, change, day, look, refused, set_, slots, stored
from tests.tourism.test_place_sheets import exported
from tests.trust.test_sheet_imports import checked, imported

PLAN = [
    "景点编码",
    "开始",
    "结束",
    "名额",
    "星期",
    "日别",
    "散客名额",
    "团队名额",
    "惠民名额",
    "票价",
    "方案起",
    "方案止",
]
CAPS = ["景点编码", "日限额", "生效日期", "截止日期"]
REFUNDS = ["景点编码", "退款比例", "生效日期", "截止日期"]


def plan_row(start="20:00", end="21:00", quota=50, **more):
    told = {"景点编码": PLACE, "开始": start, "结束": end, "名额": quota, **more}
    return [told.get(header) for header in PLAN]


def renew(clerk):
    assert clerk.post(f"{BASE}/renewal", {"from_day": day()}).status_code == 202
    drain("reports")


# Plans


def test_lines_with_weekday_share_and_price_come_in_and_are_sold_after_a_look(office, seeded):
    other = stored()["ticket_types"][1]["code"]
    row = plan_row(星期="周六、周日", 团队名额=20, 票价=f"adult:60、{other}:30.50")
    imported(office, "slot-plans", PLAN, row, plan_row("22:00", "23:00", 5, 日别="工作日"))
    lines = {one["start"]: one for one in stored()["slots"]}
    assert (lines["20:00"]["weekdays"], lines["20:00"]["shares"]) == (["sat", "sun"], {"group": 20})
    assert lines["20:00"]["prices"] == {"adult": 6000, other: 3050}
    assert lines["22:00"]["day_kind"] == "workday"
    assert {at for n in range(2, 10) for at in slots(n)}.isdisjoint({"20:00", "22:00"})
    assert look(office)["new_slots"] > 0
    renew(office)
    weekends = [n for n in range(2, 10) if "20:00" in slots(n)]
    assert 2 <= len(weekends) <= 3
    sold = slots(weekends[0])["20:00"]
    assert (sold["shares"]["group"]["quota"], sold["quota"]) == (20, 50)
    assert {one["code"]: one["price_fen"] for one in sold["classes"]}[other] == 3050


def test_a_line_is_replaced_by_its_hour_and_days_and_taken_out_by_a_quota_of_zero(office, seeded):
    imported(office, "slot-plans", PLAN, plan_row(星期="一三五"))
    imported(office, "slot-plans", PLAN, plan_row(星期="周一、周三、周五", 名额=7, quota=9))
    mine = [one for one in stored()["slots"] if one["start"] == "20:00"]
    assert [one["quota"] for one in mine] == [7]
    imported(office, "slot-plans", PLAN, plan_row(星期="周五周三周一", quota=0))
    assert [one for one in stored()["slots"] if one["start"] == "20:00"] == []


def test_the_same_hour_on_other_days_is_another_line(office, seeded):
    imported(office, "slot-plans", PLAN, plan_row(星期="周六"), plan_row(星期="周日"), plan_row(星期="周一"))
    assert len([one for one in stored()["slots"] if one["start"] == "20:00"]) == 3


WRONG = [
    ({"星期": "礼拜一"}, "星期"), ({"星期": "周八"}, "星期"), ({"日别": "节日"}, "日别"),
    ({"团队名额": 51}, "团队名额"),
    ({"惠民名额": -1}, "惠民名额"), ({"票价": "adult"}, "票价"), ({"票价": "adult:1、adult:2"}, "票价"),
    ({"票价": "adult:99999"}, "票价"), ({"票价": "nobody:5"}, "票价"), ({"名额": "多"}, "名额"),
    ({"开始": "25:00"}, "开始"), ({"结束": "19:00"}, "结束"), ({"景点编码": "nothing"}, "景点编码"),
    ({"方案起": "2027-05-02", "方案止": "2027-05-01"}, "方案止"), ({"方案起": "明年"}, "方案起"),
    ({"开始": "09:30", "结束": "10:00"}, "开始"),
]  # fmt: skip


@pytest.mark.parametrize(("odd", "column"), WRONG)
def test_a_wrong_line_is_named_and_nothing_is_written(office, seeded, odd, column):
    before = stored()["slots"]
    made = checked(office, "slot-plans", PLAN, plan_row(**odd))
    assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, column)]
    assert stored()["slots"] == before


def test_lines_of_one_sheet_that_meet_are_named(office, seeded):
    made = checked(office, "slot-plans", PLAN, plan_row(), plan_row("20:30", "21:30"), plan_row("20:45", "22:00"))
    assert [(one["row"], one["column"]) for one in made["errors"]] == [(3, "开始"), (4, "开始")]
    twice = checked(office, "slot-plans", PLAN, plan_row(星期="周一"), plan_row(星期="周一"))
    assert [one["row"] for one in twice["errors"]] == [3]


# Daily caps and refund rules


def test_caps_come_in_with_their_days_and_hold_after_renewal(office, seeded):
    imported(
        office, "daily-caps", CAPS, [PLACE, 800, None, None], [PLACE, 90, day(4), day(5)], [PLACE, None, day(9), None]
    )
    assert [one["places"] for one in stored()["daily_caps"]] == [800, 90, None]
    renew(office)
    found = {n: next(iter(slots(n).values())) for n in (3, 4, 5, 6, 9)}
    limits = {n: place.day_counter_of(stored(), day(n)) for n in found}
    assert {n: one and one["quota"] for n, one in limits.items()} == {3: 800, 4: 90, 5: 90, 6: 800, 9: None}
    assert [bool(found[n].get("counters")) for n in (3, 4, 9)] == [True, True, False]


def test_refund_rules_come_in(office, phone):
    imported(office, "refund-rules", REFUNDS, [PLACE, "3天:100%、1天:50、120分钟:20%", day(), day(6)])
    version = stored()["refund_versions"][-1]
    assert version == {
        "valid_from": day(),
        "valid_to": day(6),
        "rows": [
            {"from_days_before": 3, "percent": 100},
            {"from_days_before": 1, "percent": 50},
            {"from_minutes_before": 120, "percent": 20},
        ],
    }
    renew(office)
    assert next(iter(slots().values()))["terms"]["refund_rows"] == version["rows"]


@pytest.mark.parametrize(
    ("kind", "headers", "row", "column"),
    [
        ("daily-caps", CAPS, ["nothing", 5, None, None], "景点编码"),
        ("daily-caps", CAPS, [PLACE, -5, None, None], "日限额"),
        ("daily-caps", CAPS, [PLACE, "很多", None, None], "日限额"),
        ("daily-caps", CAPS, [PLACE, 5, "2020-01-01", None], "生效日期"),
        ("daily-caps", CAPS, [PLACE, 5, None, "2020-01-01"], "截止日期"),
        ("refund-rules", REFUNDS, [PLACE, None, None, None], "退款比例"),
        ("refund-rules", REFUNDS, [PLACE, "全退", None, None], "退款比例"),
        ("refund-rules", REFUNDS, [PLACE, "1天:101%", None, None], "退款比例"),
        ("refund-rules", REFUNDS, [PLACE, "1天:50%、0天:60%", None, None], "退款比例"),
        ("refund-rules", REFUNDS, [PLACE, "1天:50%", "2020-01-01", None], "生效日期"),
    ],
)
def test_a_wrong_dated_row_is_named(office, seeded, kind, headers, row, column):
    made = checked(office, kind, headers, row)
    assert [(one["row"], one["column"]) for one in made["errors"]] == [(2, column)]


def test_a_row_that_is_written_twice_after_a_kill_is_one_row(office, seeded):
    kind = next(one for one in KINDS if one.sheet.name == "daily-caps")
    told = {"place": PLACE, "places": 5, "valid_from": None, "valid_to": None}
    later = {**told, "places": 6, "valid_from": day(3), "valid_to": day(4)}
    since = place.clock.now()
    for row in (told, later, told, later):
        kind.apply(office.actor(), row, since)
    assert [one["places"] for one in stored()["daily_caps"]] == [5, 6]


# Templates and what goes out


@pytest.mark.parametrize(
    "kind", [one.sheet for one in (*PLACE_KINDS, *KINDS, *RESOURCE_KINDS)], ids=lambda one: one.name
)
def test_every_sheet_has_a_template_that_explains_itself(office, seeded, kind):
    answer = office.get(f"/office/v1/sheets/{kind.name}/template.xlsx")
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    heads = [str(cell.value).rstrip("*") for cell in book.worksheets[0][1]]
    assert heads == [column.zh for column in kind.columns]
    assert [row[0] for row in cells(answer.data, 1)[1:]] == heads
    example = [column.example or None for column in kind.columns]
    assert office.get(f"/office/v1/sheets/{kind.name}/template.xlsx").status_code == 200
    assert any(example)


@pytest.mark.parametrize("kind", ["slot-plans", "daily-caps", "refund-rules"])
def test_what_goes_out_can_come_in_again_and_changes_nothing(office, seeded, kind):
    set_(office, "daily-caps", places=700)
    set_(
        office, "refund-rule", rows=[{"from_days_before": 2, "percent": 80}, {"from_minutes_before": 60, "percent": 0}]
    )
    set_(
        office,
        "plan",
        0,
        lines=[{**LINE, "weekdays": ["sat", "sun"], "shares": {"group": 3}, "prices": {"adult": 1250}}],
    )
    before = {one["_id"]: one for one in Place._get_collection().find({"rank": {"$gte": 0}})}
    rows = exported(office, kind)
    assert len([row for row in rows if row[0] == PLACE]) >= 1
    made = checked(office, kind, *rows)
    assert (made["errors"], made["unknown_headers"]) == ([], [])
    imported(office, kind, *rows)
    after = place.read(PLACE)
    for n in range(2, 12):
        assert place.slots_on(after, place.clock.date_of(day(n)), place.opening.calendar()) == place.slots_on(
            before[PLACE], place.clock.date_of(day(n)), place.opening.calendar()
        )
        assert place.day_counter_of(after, day(n)) == place.day_counter_of(before[PLACE], day(n))


@pytest.mark.parametrize("text", ["", "周", "周一周九", "mon"])
def test_a_weekday_that_is_none_is_not_read(text):
    with pytest.raises(CellWrong):
        weekdays(text)


def test_cells_are_read_in_full_and_half_width():
    assert weekdays("星期一,星期日") == ["mon", "sun"]
    assert prices("adult:60，student：30.5") == {"adult": 6000, "student": 3050}
    assert refund_rows("1天：100％") == [{"from_days_before": 1, "percent": 100}]


# Before a place is sold


def readiness(clerk, where=PLACE):
    found = clerk.get(f"/office/v1/places/{where}/readiness").json
    return found["ready"], {one["code"]: (one["state"], one["sentence_zh"]) for one in found["items"]}


def test_a_demonstration_is_not_ready_and_says_why(manager, seeded):
    ready, items = readiness(manager)
    assert not ready
    assert items["demo"][0] == "missing"
    assert "开放时间、" in items["demo"][1]
    assert (items["hours"][0], items["plan"][0], items["prices"][0], items["payee"][0]) == ("ok",) * 4
    assert items["gates"][0] == "advice"
    assert all(sentence.endswith("。") for _state, sentence in items.values())


def test_a_place_becomes_ready_step_by_step_and_only_then_is_sold(office, seeded):
    imported(office, "places", ["景点编码", "名称", "管理单位代码"], ["bridge", "于都河大桥", "culture_tourism"])
    where = "/office/v1/places/bridge"

    def put(what, **body):
        answer = office.call("PUT", f"{where}/{what}", {"from_day": day(0)} | body)
        drain("reports")
        return answer

    missing = lambda: {code for code, (state, _) in readiness(office, "bridge")[1].items() if state == "missing"}  # noqa: E731
    assert missing() == {"hours", "plan"}
    answer = put("terms", bookable=True)
    assert refused(answer) == (409, "place_not_ready")
    assert "还没有开放时间" in answer.json["message"]
    week = {name: [{"open": "09:00", "close": "17:00"}] for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert put("hours", weekly=week).status_code == 202
    assert put("plan", lines=[LINE]).status_code == 202
    assert missing() == {"prices", "refund_rule"}
    assert put("prices", code="adult", name_zh="成人", price_fen=0).status_code == 202
    assert put("refund-rule", rows=[{"from_days_before": 0, "percent": 0}]).status_code == 202
    assert missing() == set()
    assert readiness(office, "bridge")[1]["open_slots"][0] == "advice"
    assert "job_id" in put("terms", bookable=True).json
    ready, items = readiness(office, "bridge")
    assert (ready, items["open_slots"][0]) == (True, "ok")
    device.register("staff:test", "bridge-1", name="东门", place="bridge", public_key=b"x" * 32)
    assert readiness(office, "bridge")[1]["gates"] == ("ok", "已登记 1 台检票设备。")


def test_a_price_that_is_lacking_on_a_line_is_seen(manager, seeded):
    change(slots=[{**LINE, "ticket_types": ["nobody"]}])
    assert readiness(manager)[1]["prices"][0] == "missing"


def test_what_staff_have_put_themselves_is_no_demonstration_any_more(office, seeded):
    parts = {"opening": stored()["opening"], "closing": {"weekdays": []}}
    parts["opening"]["demo"] = False
    change(**parts, ticket_types=[{**one, "demo": False} for one in stored()["ticket_types"]])
    assert (readiness(office)[1]["demo"][0], stored()["demo"]) == ("missing", True)
    set_(office, "plan", 0, lines=[LINE])
    assert (readiness(office)[1]["demo"][0], stored()["demo"]) == ("ok", False)


def test_readiness_is_of_ones_scope(manager, auditor, seeded):
    assert manager.get("/office/v1/places/museum/readiness").status_code == 404
    assert auditor.get("/office/v1/places/museum/readiness").status_code == 200

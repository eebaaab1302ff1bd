"""Live figures of a day and a month, for one's scope: numbers that agree with what was booked, entered and paid."""

import pytest

from models.booking import slot
from models.places import place
from tests.main_job.test_3_book import booked, strangers
from tests.support.files import cells
from tests.support.gate import Gate
from tests.support.queues import drain
from tests.tourism.sport_kit import HALL, hour, partner
from tests.tourism.sport_kit import issued as issued_court
from tests.tourism.staff_kit import BASE, PLACE, day, first, party, set_, slots


def figures(clerk, at=None, where=PLACE):
    answer = clerk.get(f"/office/v1/places/{where}/today?day={at or day()}")
    assert answer.status_code == 200, answer.json
    return answer.json


def of_slot(found, slot_id):
    return next(one for one in found["slots"] if one["slot_id"] == slot_id)


def test_a_day_tells_what_is_sold_held_and_paid_by_slot_channel_and_type(manager, phone, client, sandbox):
    early, late = [one["_id"] for one in slots().values()][:2]
    paid = phone.issued(early, *party(phone, 3))
    other = strangers(client, sandbox, 1)[0]
    held = booked(other.book(late, *party(other, 2)))
    found = figures(manager)
    mine, theirs = of_slot(found, early), of_slot(found, late)
    assert (mine["sold"], mine["held"], mine["visitors"], mine["taken_fen"]) == (3, 0, 3, paid["total_fen"])
    assert (theirs["sold"], theirs["held"], theirs["visitors"], theirs["taken_fen"]) == (2, 2, 2, 0)
    assert mine["channels"] == [{"channel": "mini", "channel_zh": "小程序", "visitors": 3}]
    assert [(one["code"], one["name_zh"], one["visitors"]) for one in mine["ticket_types"]] == [("adult", "成人", 3)]
    assert mine["quota"] - mine["sold"] == mine["left"]
    names = ("sold", "held", "visitors", "taken_fen", "quota")
    assert {name: found[name] for name in names} == {name: sum(one[name] for one in found["slots"]) for name in names}
    assert held["state"] == "held"
    assert (found["entered"], found["no_shows"], found["waiting"]) == (0, 0, 0)


def test_who_came_in_is_inside_and_who_did_not_is_a_no_show_when_the_slot_is_over(manager, phone, travel):
    at = first(1)
    made = phone.issued(at, *party(phone, 3))
    told = slot.read(at)
    travel(told["day"], f"{told['start'] // 60:02d}:{told['start'] % 60 + 5:02d}")
    gate = Gate(phone.client, PLACE)
    for ticket in made["tickets"][:2]:
        assert gate.scan(ticket["code"]).status_code == 200
    manager.log_in()
    found = of_slot(figures(manager, told["day"]), at)
    assert (found["entered"], found["inside"], found["no_shows"]) == (2, 2, 0)
    travel(told["day"], "23:30")
    manager.log_in()
    found = of_slot(figures(manager, told["day"]), at)
    assert (found["state"], found["entered"], found["no_shows"]) == ("over", 2, 1)


def test_what_was_cancelled_is_sold_no_longer_and_its_money_goes_back(manager, phone):
    at = first()
    made = phone.issued(at, *party(phone, 2))
    phone.cancel(made["id"])
    found = of_slot(figures(manager), at)
    assert (found["sold"], found["visitors"]) == (0, 0)
    assert (found["taken_fen"], found["refunded_fen"]) == (made["total_fen"], made["total_fen"])
    assert found["refunds_open_fen"] == made["total_fen"]


def test_a_hold_that_nobody_paid_brings_nothing(manager, phone, shift_clock):
    at = first()
    booked(phone.book(at))
    shift_clock(15 * 60 + 1)
    drain()
    found = of_slot(figures(manager), at)
    assert [found[name] for name in ("sold", "held", "visitors", "taken_fen", "refunded_fen")] == [0] * 5


def test_shares_and_the_cap_of_the_day_are_told(manager, phone):
    at = first()
    manager.call("PUT", f"/office/v1/slots/{at}/quota", {"quota": 20, "shares": {"group": 8}})
    phone.issued(at, *party(phone, 2))
    set_(manager, "daily-caps", places=30)
    found = figures(manager)
    assert found["cap"] == {"quota": 30, "sold": 2, "waiting": 0}
    assert found["shares"] == [{"share": "group", "share_zh": "团队", "quota": 8, "sold": 0}]
    set_(manager, "daily-caps", places=None)
    assert "cap" not in figures(manager)


def test_courts_are_told_apart_by_their_orders(office, phone, travel):
    early, late = hour(18), hour(19)
    made = issued_court(phone, [early, late], partner(phone))
    travel(made["day"], "18:05")
    assert Gate(phone.client, HALL).scan(made["tickets"][0]["code"]).status_code == 200
    office.log_in()
    found = figures(office, made["day"], HALL)
    mine, further = of_slot(found, early), of_slot(found, late)
    assert (mine["resource"], mine["sold"], mine["visitors"], mine["entered"]) == ("badminton_1", 1, 2, 1)
    assert (further["sold"], further["visitors"], further["entered"]) == (1, 0, 0)
    others = [one for one in found["slots"] if one.get("resource") == "badminton_2"]
    assert {(one["sold"], one["entered"]) for one in others} == {(0, 0)}
    assert found["taken_fen"] == made["total_fen"]


def test_the_list_is_of_ones_scope_and_agrees_with_the_places(manager, office, auditor, phone):
    phone.issued(first(), *party(phone, 2))
    mine = manager.get(f"/office/v1/figures?day={day()}").json["items"]
    units = {place.read(one["place_id"])["unit"] for one in mine}
    assert units == {"changzhengyuan"}
    mine = [one for one in mine if one["place_id"] == PLACE]
    assert "slots" not in mine[0]
    whole = figures(manager)
    assert {name: mine[0][name] for name in ("sold", "visitors", "taken_fen", "quota", "ticket_types")} == {
        name: whole[name] for name in ("sold", "visitors", "taken_fen", "quota", "ticket_types")
    }
    every = office.get(f"/office/v1/figures?day={day()}").json["items"]
    assert len(every) > len(units)
    assert {one["place_id"] for one in every} > {PLACE}
    assert auditor.get(f"/office/v1/figures?day={day()}").json["items"]
    assert manager.get(f"/office/v1/places/museum/today?day={day()}").status_code == 404
    assert manager.get("/office/v1/places/museum/month?month=2026-12").status_code == 404


def test_no_answer_names_anybody(manager, phone):
    phone.issued(first(), *party(phone, 2))
    answer = manager.get(f"/office/v1/places/{PLACE}/today?day={day()}").data.decode()
    assert "张三丰" not in answer
    assert phone.document not in answer
    assert phone.me not in answer


def test_the_workbook_has_a_line_a_slot_that_agrees(manager, phone):
    at = first()
    made = phone.issued(at, *party(phone, 3))
    answer = manager.get(f"/office/v1/figures.xlsx?day={day()}")
    assert answer.status_code == 200
    rows = cells(answer.data)
    mine = [row for row in rows if row[0] == PLACE]
    assert len(mine) == len(slots())
    line = dict(zip(rows[0], mine[0], strict=True))
    assert (line["景点编码"], line["已约名额"], line["小程序"], line["票种"]) == (PLACE, 3, 3, "成人 3")
    assert line["应收(元)"] == made["total_fen"] / 100


def test_a_place_without_slots_is_told_with_zeros(manager, seeded):
    found = figures(manager, "2020-01-01")
    assert (found["slots"], found["quota"], found["sold"], found["taken_fen"]) == ([], 0, 0, 0)
    assert manager.get("/office/v1/figures?day=2020-01-01").json["items"] == []


def test_a_month_tells_the_load_of_every_day(manager, phone):
    at = first()
    phone.issued(at, *party(phone, 3))
    set_(manager, "daily-caps", places=30, valid_to=day())
    slot.close(list(slots().values())[1]["_id"], "检修")
    items = manager.get(f"{BASE}/month?month={day()[:7]}").json["items"]
    found = {one["day"]: one for one in items}
    mine = found[day()]
    assert (mine["sold"], mine["closed_slots"], mine["cap"], mine["cap_left"]) == (3, 1, 30, 27)
    assert mine["load_percent"] == 10.0
    assert mine["slots"] == len(slots())
    assert [one["day"] for one in items] == sorted(found)
    assert items[0]["day"].endswith("-01")
    assert found[day(0)]["day_kind"] in {"workday", "rest"}
    assert all("load_percent" in one for one in items if one["quota"])


def test_a_month_of_a_court(office, phone):
    issued_court(phone, hour(18), partner(phone))
    path = f"/office/v1/places/{HALL}/month?month={day()[:7]}"
    found = {one["day"]: one for one in office.get(f"{path}&resource=badminton_1").json["items"]}
    assert found[day()]["sold"] == 1
    assert {one["quota"] for one in office.get(path).json["items"]} == {0}


@pytest.mark.parametrize(
    "path",
    ["figures?day=x", "figures?more=1", f"places/{PLACE}/today?day=2026-13-01", f"places/{PLACE}/month",
     f"places/{PLACE}/month?month=2026-13", f"places/{PLACE}/month?month=2026-1", "figures.xlsx?day=1",
     f"places/{PLACE}/month?month=2026-11&resource=$x"],
)  # fmt: skip
def test_an_odd_question_is_a_bad_request(manager, seeded, path):
    assert manager.get(f"/office/v1/{path}").status_code == 400

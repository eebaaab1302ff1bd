"""What policies gave, counted night by night: time to pay, without an application, overdue; proved; who sees what."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from bson import ObjectId

from backend import clock
from models.enterprise import figure, figure_night, policy
from models.enterprise.figure import PolicyFigure
from models.enterprise.firm import Firm
from models.enterprise.offer import Offer
from models.enterprise.policy import Policy
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE
from tests.support import affairs

UNIT, OTHER = kit.UNIT, "commerce"
TOLD = {
    "title": "演示统计政策",
    "category": "工业",
    "source": {"title": "演示文件"},
    "valid_from": "2026-01-01",
    "money": {"kind": "fixed", "fen": 100},
}


def offered(code: str, unit: str, *, first: date, hours: int | None = None, paid: bool = True, **more) -> dict:
    """Store an offer that was confirmed on the day it was made and paid so many hours later."""
    at = clock.at(first, 9 * 60)
    made = {"_id": ObjectId(), "policy": code, "unit": unit, "firm": str(ObjectId()), "amount_fen": 100}
    made |= {"run": ObjectId(), "state": "offered", "at": at, "first_at": at}
    if hours is not None:
        made |= {"state": "confirmed", "confirmed_at": at} | (
            {"state": "confirmed", "paid_at": at + timedelta(hours=hours)} if paid else {}
        )
    Offer._get_collection().insert_one(made | more)
    return made | more


@pytest.fixture
def paid(seeded):
    """Two policies of two units: eleven paid after 1 to 11 hours, one with an application, one late, one overdue."""
    for code, unit in (("stat_own", UNIT), ("stat_other", OTHER)):
        Policy._get_collection().insert_one(policy.record(code, TOLD, unit_code=unit) | {"state": "open"})
    day = date(2026, 11, 10)
    for hours in range(1, 11):
        offered("stat_own", UNIT, first=day, hours=hours)
    offered("stat_own", UNIT, first=day, hours=11, application=ObjectId(), pay_by=clock.at(day, 12 * 60))
    offered("stat_own", UNIT, first=day)
    promised = clock.at(date(2026, 11, 13), 0)
    offered("stat_other", OTHER, first=day, hours=1, paid=False, pay_by=promised, overdue=True)
    figure_night.count()


def rows(clerk, by: str, month: str = "2026-11") -> list[dict]:
    answer = clerk.get(f"{OFFICE}/figures?month={month}&by={by}")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def supervisor(client, unit: str = "county_360731"):
    return affairs.seat(client, "policy_supervisor", unit=unit)


def test_time_to_pay_share_without_application_and_overdue_by_hand(paid, client):
    own = next(one for one in rows(supervisor(client), "policy") if one["code"] == "stat_own")
    assert (own["offered"], own["confirmed"], own["paid"], own["paid_fen"]) == (12, 11, 11, 1100)
    assert (own["median_hours"], own["p90_hours"]) == (6, 10)
    assert (own["paid_unasked"], own["percent_unasked"], own["paid_late"]) == (10, 90.9, 1)
    other = next(one for one in rows(supervisor(client), "policy") if one["code"] == "stat_other")
    assert (other["paid"], other["median_hours"], other["percent_unasked"]) == (0, None, None)
    assert other["fell_overdue"] == 1
    (county,) = rows(supervisor(client), "county")
    assert (county["offered"], county["paid"], county["fell_overdue"]) == (13, 11, 2)


def test_each_sees_the_figures_of_the_own_units(paid, client, clerk):
    assert [one["code"] for one in rows(clerk, "policy")] == ["stat_own"]
    assert rows(clerk, "county") == []
    near = supervisor(client, OTHER)
    assert [one["code"] for one in rows(near, "unit")] == [OTHER]
    assert rows(near, "county") == []
    assert {one["code"] for one in rows(supervisor(client), "unit")} == {UNIT, OTHER}
    assert (
        affairs.seat(client, "policy_finance", unit="finance").get(f"{OFFICE}/figures?month=2026-11").status_code == 403
    )


def test_a_proof_finds_nothing_wrong_and_finds_and_mends_a_wrong_row(paid, client):
    assert figure_night.prove() == []
    rows_ = PolicyFigure._get_collection()
    rows_.update_one({"_id": "2026-11-10|policy|stat_own"}, {"$inc": {"counts.paid": 5}})
    rows_.update_one({"_id": "2026-11|unit|commerce"}, {"$set": {"counts": {}}})
    wrong = figure_night.prove()
    assert "2026-11-10|policy|stat_own" in wrong
    assert "2026-11|unit|commerce" in wrong
    assert figure_night.prove() == []
    assert rows(supervisor(client), "county")[0]["paid"] == 11


def test_counting_night_by_night_gives_what_counting_at_once_gives(paid, shift_clock):
    late = offered("stat_own", UNIT, first=date(2026, 11, 16), hours=30)
    before = figure.of_period("2026-11")
    days = figure_night.count()
    assert (days[0], days[-1]) == ("2026-11-13", "2026-11-19")
    assert figure.last_day() == "2026-11-19"
    shift_clock(2 * 24 * 3600.0)
    assert figure_night.count()[-1] == "2026-11-21"
    after = figure.of_period("2026-11")
    assert after["2026-11|policy|stat_own"]["counts"]["paid"] == before["2026-11|policy|stat_own"]["counts"]["paid"] + 1
    assert late["unit"] == UNIT
    assert figure_night.prove() == []


def test_the_overdue_list_shows_the_longest_first_within_the_units(paid, client, clerk):
    Firm._get_collection().insert_one(
        {"_id": "91360731MA35FAKE0P", "name": "演示", "division": "360731", "since": clock.now()}
    )
    offered(
        "stat_own",
        UNIT,
        first=date(2026, 11, 2),
        hours=1,
        paid=False,
        pay_by=clock.at(date(2026, 11, 5), 0),
        overdue=True,
    )
    told = supervisor(client).get(f"{OFFICE}/to-do/overdue").json["items"]
    assert [one["policy"] for one in told] == ["stat_own", "stat_other"]
    assert told[0]["pay_by"] == "2026-11-05T00:00:00+08:00"
    assert [one["policy"] for one in clerk.get(f"{OFFICE}/to-do/overdue").json["items"]] == ["stat_own"]
    page = supervisor(client).get(f"{OFFICE}/to-do/overdue?limit=1").json
    following = supervisor(client).get(f"{OFFICE}/to-do/overdue?limit=1&cursor={page['next']}").json
    assert [one["policy"] for one in following["items"]] == ["stat_other"]


def test_the_work_lists_show_what_waits_within_the_unit(paid, clerk, manager, client):
    kit.drafted(clerk, "to_finish")
    assert [one["code"] for one in clerk.get(f"{OFFICE}/to-do/policies?state=draft").json["items"]] == ["to_finish"]
    assert clerk.get(f"{OFFICE}/to-do/policies?state=closed").status_code == 400
    assert [one["policy"] for one in clerk.get(f"{OFFICE}/to-do/offers").json["items"]] == ["stat_own"]
    assert clerk.get(f"{OFFICE}/to-do/runs").json["items"] == []
    seeded = {one["unit"] for one in manager.get(f"{OFFICE}/to-do/policies").json["items"]}
    assert len(seeded) > 1
    assert supervisor(client).get(f"{OFFICE}/to-do/offers").status_code == 403


def lines(answer) -> list[tuple]:
    assert answer.status_code == 200, answer.json
    return list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))


def test_small_tables_leave_at_once_and_large_ones_by_two_persons(paid, client, clerk):
    told = lines(clerk.get(f"{OFFICE}/exports/table.xlsx?what=figures&of=2026-11"))
    assert [line[0] for line in told] == ["类别", "单位", "政策"]
    for number in range(120):
        offered("stat_own", UNIT, first=date(2026, 11, 18), state="offered", firm=f"{number:018d}")
    path = f"{OFFICE}/exports/table.xlsx?what=offers&of=stat_own&part=offered"
    refused = clerk.get(path)
    assert (refused.status_code, refused.json["code"]) == (409, "export_needs_approval")
    body = {"what": "offers", "of": "stat_own", "part": "offered", "reason": "季度核对"}
    made = clerk.post(f"{OFFICE}/exports", body)
    assert (made.status_code, made.json["approval_needed"], made.json["rows"]) == (202, True, 121)
    content = f"{OFFICE}/exports/{made.json['approval_id']}/content.xlsx"
    assert clerk.get(content).json["code"] == "export_not_approved"
    privacy = affairs.seat(client, "privacy_officer", unit="big_data_centre")
    assert privacy.post(f"/office/v1/approvals/{made.json['approval_id']}/approve").status_code == 200
    assert len(lines(clerk.get(content))) == 122
    stranger = kit.clerk(client, OTHER)
    assert stranger.get(path).status_code == 404
    assert stranger.get(content).status_code == 404
    assert stranger.get(f"{OFFICE}/exports/table.xlsx?what=run&of={ObjectId()}&part=eligible").status_code == 404

"""Orders as a workbook: masked, noted before they leave, and many of them only by two persons."""

from types import SimpleNamespace

import pytest
from bson import ObjectId

from backend.sheets.writing import MEDIA_TYPE
from models.audit import access_line, access_line_views
from models.audit.access_line import AccessLine
from models.identity import approval
from models.places import order_export
from tests.support import files, slots


@pytest.fixture
def order(phone):
    return phone.issued(slots.make(30))


@pytest.fixture
def many(phone, order, monkeypatch):
    """More rows than may leave at once."""
    monkeypatch.setattr(approval, "EXPORT_ROWS", 1)
    phone.issued(order["slot_id"], (phone.companion(), "adult"))
    return order


def export(clerk, order: dict, place: str = "pingshan"):
    return clerk.get(f"/office/v1/orders/export.xlsx?place={place}&day={order['day']}")


def propose(clerk, order: dict):
    body = {"place": "pingshan", "day": order["day"], "reason": "应急演练"}
    return clerk.post("/office/v1/orders/exports", body)


def fetch(clerk, made: dict):
    return clerk.get(f"/office/v1/orders/exports/{made['approval_id']}/content.xlsx")


def lines() -> list[dict]:
    return list(AccessLine._get_collection().find({"who": {"$gte": "staff:"}}))


def test_an_export_shows_masked_names_and_prices(manager, order):
    answer = export(manager, order)
    assert (answer.status_code, answer.content_type) == (200, MEDIA_TYPE)
    head, line = files.cells(answer.data)
    assert line[head.index("订单号")] == order["id"]
    assert line[head.index("游客(已打码)")] == "张**"
    assert line[head.index("价格(元)")] == 60
    assert line[head.index("状态")] == "已出票"
    assert "张三丰" not in str(files.cells(answer.data))


def test_who_was_shown_is_noted_for_each_export(manager, order, phone):
    for number in (1, 2):
        export(manager, order)
        assert len(lines()) == number
    assert lines()[0]["purpose"] == "booking_service"
    assert len(lines()[0]["subjects"]) == 1


def test_an_export_that_would_lack_orders_is_refused(manager, order, many, monkeypatch):
    monkeypatch.setattr(approval, "EXPORT_ROWS", 5_000)
    monkeypatch.setattr(order_export, "MOST_ORDERS", 1)
    refused = export(manager, order)
    assert (refused.status_code, refused.json["code"]) == (409, "export_too_many")
    assert propose(manager, order).json["code"] == "export_too_many"
    monkeypatch.setattr(order_export, "MOST_ORDERS", 2)
    assert len(files.cells(export(manager, order).data)) == 3


def test_who_looks_up_a_large_export_about_themselves_reads_nobody_elses_id(store):
    mine, others = ObjectId(), [ObjectId() for _ in range(500)]
    actor = SimpleNamespace(key="staff:1", unit="u")
    access_line.record(actor, purpose="booking_service", subjects=[mine, *others], fields=["visitors.name"])
    (line,), _ = access_line_views.about([mine], cursor=None, limit=10)
    assert line["subjects"] == [mine]
    assert access_line_views.one_about(line["_id"], [mine])["subjects"] == [mine]
    assert access_line_views.one_about(line["_id"], [ObjectId()]) is None


def test_an_order_outside_ones_scope_is_not_exported(manager, order):
    assert export(manager, order, place="museum").status_code == 404
    assert lines() == []


@pytest.mark.parametrize(
    "query", ["", "?place=pingshan", "?place=pingshan&day=x", "?place=pingshan&day=2026-11-24&x=1"]
)
def test_an_export_names_place_and_day(manager, query):
    assert manager.get(f"/office/v1/orders/export.xlsx{query}").status_code == 400


def test_few_rows_need_no_proposal(manager, order):
    assert propose(manager, order).json == {"approval_needed": False}


def test_many_rows_do_not_leave_at_once(manager, many):
    answer = export(manager, many)
    assert (answer.status_code, answer.json["code"]) == (409, "export_needs_approval")
    assert lines() == []


def test_many_rows_leave_after_a_second_person_agreed(manager, privacy, many, phone):
    made = propose(manager, many).json
    assert (made["approval_needed"], made["rows"]) == (True, 2)
    early = fetch(manager, made)
    assert (early.status_code, early.json["code"]) == (409, "export_not_approved")
    agreed = privacy.post(f"/office/v1/approvals/{made['approval_id']}/approve")
    assert agreed.status_code == 200, agreed.json
    phone.issued(many["slot_id"], (phone.companion(), "adult"))
    assert len(files.cells(fetch(manager, made).data)) == 1 + 2
    assert len(lines()[-1]["subjects"]) == 2


def test_an_approved_export_is_for_who_proposed_it_and_for_a_day(
    manager,
    office,
    privacy,
    many,
    shift_clock,
):
    made = propose(manager, many).json
    privacy.post(f"/office/v1/approvals/{made['approval_id']}/approve")
    assert fetch(office, made).status_code == 404
    assert fetch(manager, made).status_code == 200
    shift_clock(24 * 3600 + 60)
    manager.log_in()
    assert fetch(manager, made).json["code"] == "export_not_approved"


def test_a_refused_export_stays_here(manager, privacy, many):
    made = propose(manager, many).json
    assert privacy.post(f"/office/v1/approvals/{made['approval_id']}/refuse").status_code == 200
    assert fetch(manager, made).status_code == 409
    assert lines() == []

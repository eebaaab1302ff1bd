"""Children below fourteen: staff see their records with an approval only, up to the birthday and not a day longer."""

from datetime import date, timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.identity_documents import age_on
from models.audit.access_line import AccessLine
from models.booking.order import Order
from models.identity import minor_approval, roles
from models.identity.approval import Approval
from tests.support import slots

HIDDEN = minor_approval.HIDDEN


def born(*, years: int, days_short: int) -> str:
    """Return the birth date of somebody who is `years` old but for so many days."""
    today = clock.today()
    return (date(today.year - years, today.month, today.day) + timedelta(days=days_short)).strftime("%Y%m%d")


@pytest.fixture
def family(phone):
    """An order of an adult and a child of six."""
    child = phone.companion(born(years=6, days_short=0))
    order = phone.issued(slots.make(9), (phone.me, "adult"), (child, "child_6"))
    found = Order._get_collection().find_one({"_id": ObjectId(order["id"])})
    return order["id"], [visitor["person"] for visitor in found["visitors"]]


def ask(clerk, child, **changes):
    until = (clock.today() + timedelta(days=7)).isoformat()
    body = {"person_id": str(child), "case": "20261123-000017", "reason": "核对儿童票", "until": until, **changes}
    return clerk.post("/office/v1/minor-approvals", body)


def agreed(privacy, answer) -> None:
    assert answer.status_code == 201, answer.json
    assert privacy.post(f"/office/v1/approvals/{answer.json['id']}/approve").status_code == 200


def names(clerk, order_id: str) -> list[str]:
    return [one["name"] for one in clerk.get(f"/office/v1/orders/{order_id}").json["visitors"]]


def test_without_an_approval_a_child_is_neither_listed_nor_read(manager, family):
    order_id, (adult, _) = family
    slot = manager.get(f"/office/v1/orders/{order_id}").json["slot_id"]
    listed = manager.get(f"/office/v1/orders?slot={slot}").json["items"][0]
    for shown in (listed, manager.get(f"/office/v1/orders/{order_id}").json):
        assert [one["name"] for one in shown["visitors"]] == ["张**", HIDDEN]
        assert {shown["visitors"][1][name] for name in ("document_kind", "document_tail", "age_band", "inspect")} == {
            ""
        }
        assert shown["visitors"][1]["ticket_class"] == "child_6"
    seen = {one for line in AccessLine._get_collection().find({"who": manager.actor().key}) for one in line["subjects"]}
    assert seen == {adult}


@pytest.mark.parametrize("role", [name for name, role in roles.ROLES.items() if "order.read" in role.operations])
def test_no_role_that_reads_orders_sees_a_child_without_an_approval(admin, family, role):
    order_id, (_, child) = family
    clerk = admin.hire(role, unit="changzhengyuan")
    slot = clerk.get(f"/office/v1/orders/{order_id}").json["slot_id"]
    assert names(clerk, order_id)[1] == HIDDEN
    listed = clerk.get(f"/office/v1/orders?slot={slot}").json["items"]
    assert [one["visitors"][1]["name"] for one in listed] == [HIDDEN]
    assert AccessLine._get_collection().find_one({"subjects": child}) is None


def test_with_an_approval_the_one_who_asked_sees_the_child_and_nobody_else_does(manager, office, privacy, family):
    order_id, (_, child) = family
    agreed(privacy, ask(manager, child))
    assert names(manager, order_id) == ["张**", "李*"]
    assert names(office, order_id) == ["张**", HIDDEN]
    lines = list(AccessLine._get_collection().find({"subjects": child}))
    assert [one["who"] for one in lines] == [manager.actor().key]


@pytest.mark.parametrize("state", ["proposed", "refused", "withdrawn"])
def test_an_approval_that_was_not_given_shows_nothing(manager, privacy, family, state):
    order_id, (_, child) = family
    asked = ask(manager, child).json["id"]
    if state == "refused":
        privacy.post(f"/office/v1/approvals/{asked}/refuse")
    if state == "withdrawn":
        manager.post(f"/office/v1/approvals/{asked}/withdraw")
    assert Approval.objects(id=asked).get().state == state
    assert names(manager, order_id)[1] == HIDDEN


def test_an_approval_ends_with_its_last_day(manager, privacy, family, travel):
    order_id, (_, child) = family
    agreed(privacy, ask(manager, child, until=(clock.today() + timedelta(days=2)).isoformat()))
    last = clock.today() + timedelta(days=2)
    travel(last.isoformat(), "23:55")
    manager.log_in()
    assert names(manager, order_id)[1] == "李*"
    travel((last + timedelta(days=1)).isoformat(), "00:01")
    assert names(manager, order_id)[1] == HIDDEN


def test_the_fourteenth_birthday_ends_the_protection_the_day_before_does_not(manager, phone, travel):
    """13 years and 364 days; 14 years and 0 days."""
    birth = born(years=14, days_short=2)
    order = phone.issued(slots.make(9, days=9), (phone.companion(birth), "minor"))
    birthday = clock.today() + timedelta(days=2)
    assert age_on(date.fromisoformat(birth), birthday) == 14
    travel((birthday - timedelta(days=1)).isoformat(), "23:58")
    manager.log_in()
    assert names(manager, order["id"]) == [HIDDEN]
    travel(birthday.isoformat(), "00:02")
    assert names(manager, order["id"]) == ["李*"]


def test_a_list_asks_for_all_persons_at_once(manager, phone, monkeypatch):
    """However many orders a page holds, the birth dates are one query."""
    slot = slots.make(30)
    for birth in (born(years=5, days_short=0), born(years=13, days_short=0), born(years=15, days_short=0), "19900101"):
        kind = "adult" if birth == "19900101" else "child_6" if birth[:4] > "2020" else "minor"
        phone.issued(slot, (phone.companion(birth), kind))
    asked = []
    real = minor_approval.below_fourteen
    monkeypatch.setattr(minor_approval, "below_fourteen", lambda ids: asked.append(len(set(ids))) or real(ids))
    shown = manager.get(f"/office/v1/orders?slot={slot}").json["items"]
    assert asked == [4]
    assert sorted(one["visitors"][0]["name"] == HIDDEN for one in shown) == [False, False, True, True]


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"until": "2020-01-01"}, 400), ({"case": "x y"}, 400), ({"reason": " "}, 400), ({"reason": "x" * 301}, 400),
     ({"person_id": "0" * 24}, 404), ({"person_id": "%"}, 404), ({"until": "soon"}, 400), ({"extra": 1}, 400)],
)  # fmt: skip
def test_odd_requests_are_refused(manager, family, changes, status):
    assert ask(manager, family[1][1], **changes).status_code == status


def test_thirty_days_are_the_longest(manager, family):
    longest = clock.today() + timedelta(days=30)
    assert ask(manager, family[1][1], until=longest.isoformat()).status_code == 201
    answer = ask(manager, family[1][1], until=(longest + timedelta(days=1)).isoformat())
    assert (answer.status_code, answer.json["code"]) == (400, "minor_until_wrong")


def test_only_the_privacy_officer_decides(admin, security, manager, family):
    asked = ask(manager, family[1][1]).json["id"]
    assert security.post(f"/office/v1/approvals/{asked}/approve").status_code == 404
    assert admin.post(f"/office/v1/approvals/{asked}/approve").status_code == 403


def test_the_guard_refuses_whole_records_of_children(manager, privacy, family):
    _, (adult, child) = family
    actor = manager.actor()
    minor_approval.require(actor, adult)
    with pytest.raises(minor_approval.MinorApprovalNeeded):
        minor_approval.require(actor, adult, child)
    agreed(privacy, ask(manager, child))
    minor_approval.require(actor, adult, child)


def test_a_passport_without_a_birth_date_counts_as_an_adult(manager, phone):
    body = {"name": "Anna Li", "document_kind": "passport", "document_number": "E12345678"}
    companion = phone.post("/mini/v1/companions", body).json["id"]
    order = phone.issued(slots.make(9), (companion, "adult"))
    assert names(manager, order["id"]) != [HIDDEN]

"""The auditor reads what staff did, and whose data they saw."""

import pytest

from models.audit.entry import AuditEntry
from tests.support import slots
from tests.support.clerk import first_admin


def test_the_auditor_pages_through_all_entries_newest_first(client, store):
    auditor, seen, cursor = first_admin(client).hire("auditor"), [], ""
    while cursor is not None:
        page = auditor.get(f"/office/v1/audit/entries?limit=3{cursor and '&cursor='}{cursor}").json
        assert len(page["items"]) <= 3
        seen += page["items"]
        cursor = page["next"]
    assert [one["action"] for one in seen] == [
        "staff.login", "staff.activate", "staff.assign", "approval.approved",
        "staff.login", "staff.activate", "staff.invite", "approval.propose", "staff.invite",
        "staff.login", "staff.activate", "staff.invite",
    ]  # fmt: skip
    assert seen[0]["at"].endswith("+08:00")
    assert [seen[number]["details"] for number in (6, 8)] == [{"roles": ["security_admin"]}, {"roles": ["auditor"]}]


def test_entries_are_found_by_actor_and_by_object(auditor, manager):
    slot = slots.make(5)
    manager.post(f"/office/v1/slots/{slot}/close", {"reason": "暴雨"})
    manager.post(f"/office/v1/slots/{slot}/reopen")
    about = auditor.get(f"/office/v1/audit/entries?object=slot:{slot}").json["items"]
    assert [(one["action"], one["actor"], one["unit"]) for one in about] == [
        ("slot.reopen", f"staff:{manager.id}", "changzhengyuan"),
        ("slot.close", f"staff:{manager.id}", "changzhengyuan"),
    ]
    by = auditor.get(f"/office/v1/audit/entries?actor=staff:{manager.id}").json["items"]
    assert [one["action"] for one in by[:2]] == ["slot.reopen", "slot.close"]
    assert "暴雨" not in str(by)


def test_an_entry_holds_the_id_of_the_request_that_made_it(auditor, manager):
    slot = slots.make(5)
    manager.post(f"/office/v1/slots/{slot}/close", {"reason": "x"}, **{"X-Request-Id": "abcdef0123456789"})
    (entry,) = auditor.get(f"/office/v1/audit/entries?object=slot:{slot}").json["items"]
    assert entry["request_id"] == "abcdef0123456789"


def test_the_auditor_sees_who_looked_at_a_person(auditor, manager, office, phone):
    slot = slots.make(5)
    phone.issued(slot)
    manager.get(f"/office/v1/orders?slot={slot}")
    office.get(f"/office/v1/orders?slot={slot}")
    lines = auditor.get("/office/v1/audit/access-lines").json["items"]
    assert [one["who"] for one in lines] == [f"staff:{office.id}", f"staff:{manager.id}"]
    assert lines[0]["purpose"] == "booking_service"
    assert "visitors.name" in lines[0]["fields"]
    (subject,) = lines[0]["subjects"]
    assert len(auditor.get(f"/office/v1/audit/access-lines?subject={subject}").json["items"]) == 2
    assert auditor.get(f"/office/v1/audit/access-lines?subject={'0' * 24}").json["items"] == []
    (own,) = auditor.get(f"/office/v1/audit/access-lines?who=staff:{manager.id}").json["items"]
    assert own == lines[1]


@pytest.mark.parametrize(
    "path",
    ["entries?actor=$ne", "entries?object[$gt]=", "entries?actor=", "entries?limit=0", "access-lines?subject=x",
     "access-lines?who={}", "access-lines?cursor=x"],
)  # fmt: skip
def test_odd_questions_are_bad_requests(auditor, path):
    assert auditor.get(f"/office/v1/audit/{path}").status_code == 400


def test_a_refused_operation_changes_nothing_and_leaves_no_entry(auditor):
    slot = slots.make(5)
    assert auditor.post(f"/office/v1/slots/{slot}/close", {"reason": "x"}).status_code == 403
    assert slots.left(slot) == 5
    assert AuditEntry._get_collection().count_documents({"object": f"slot:{slot}"}) == 0

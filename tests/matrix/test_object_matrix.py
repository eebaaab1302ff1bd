"""Every operation about an object × own, other's, other unit's, other town's, a child's and deleted ones.

What lies outside of somebody's reach is answered like a missing object; where a cell differs, `DIFFERS` says why.
"""

import pytest

from backend.identity_documents import mask, mask_name
from models.identity.minor_approval import HIDDEN
from tests.matrix import objects
from tests.matrix.cast import CHILD
from tests.matrix.differences import DIFFERS
from tests.matrix.rules import Sender, caller_of, cells, outcome, promised, seats, told
from tests.matrix.spec import Operation
from tests.matrix.world import World
from tests.support.counter import in_days

pytestmark = pytest.mark.soak


def wrong_cells(world: World, described: list[Operation], send: Sender) -> tuple[list[tuple], set]:
    """Return the cells that answer otherwise than promised, and which of the literal table were met."""
    wrong, used = [], set()
    for operation, seat, narrow, kind, path in cells(world, described):
        caller = caller_of(world, operation, seat)
        nobody = send(caller, operation, objects.missing(operation))
        found = outcome(send(caller, operation, path), nobody)
        wanted = promised(operation, kind, seat, narrow=narrow)
        for cell in ((operation.name, kind), (operation.name, kind, seat)):
            if cell in DIFFERS:
                used.add(cell)
                wanted = DIFFERS[cell][0]
        if found != wanted:
            wrong.append((operation.name, kind, seat, wanted, found))
    return wrong, used


def test_what_lies_outside_of_ones_reach_is_answered_like_a_missing_object(world, described, send):
    wrong, used = wrong_cells(world, described, send)
    assert wrong == [], told(wrong)
    assert set(DIFFERS) - used == set(), "these cells no longer differ"


def test_control_without_the_guards_the_matrix_turns_red(world, described, send, monkeypatch):
    monkeypatch.setattr("models.places.scope.reaches", lambda *_: True)
    monkeypatch.setattr("models.affairs.applicant.own", lambda *_: None)
    chosen = {"GET /office/v1/orders/{order_id}", "GET /mini/v1/cases/{case_id}"}
    wrong, _ = wrong_cells(world, [one for one in described if one.name in chosen], send)
    assert {(name, kind) for name, kind, *_ in wrong} == {
        ("GET /office/v1/orders/{order_id}", "other"),
        ("GET /office/v1/orders/{order_id}", "town"),
        ("GET /mini/v1/cases/{case_id}", "other"),
        ("GET /mini/v1/cases/{case_id}", "minor"),
    }


def test_who_acts_for_another_finds_what_is_theirs_and_nothing_else(world, described, send):
    """The guardian finds the child's; the helpers what is the elder's, who has no case, and the parent's, who has one
    of a child's."""
    wrong, scoped = [], [one for one in described if one.access.get("scope") and objects.things(one)]
    assert len(scoped) > 5
    for operation in scoped:
        for name in ("guardian", "helper", "helper of few"):
            caller = world.acting(name)
            if operation.access["scope"] not in caller.scope:
                continue
            nobody = send(caller, operation, objects.missing(operation))
            for kind, path in objects.paths(world, operation, "resident").items():
                found = outcome(send(caller, operation, path), nobody)
                if found != (wanted := "found" if (name, kind) == ("guardian", "minor") else "missing"):
                    wrong.append((operation.name, name, kind, wanted, found))
    assert wrong == [], told(wrong)


def test_an_object_that_is_missing_is_a_404_wherever_one_is_looked_up(world, described, send):
    wrong = []
    for operation in described:
        if things := objects.things(operation):
            seat, _ = seats(operation)[0]
            answer = send(caller_of(world, operation, seat), operation, objects.missing(operation))
            if answer.status_code != 404:
                wrong.append((operation.name, list(things), answer.status_code, answer.text[:100]))
    assert wrong == [], told(wrong)


def test_no_member_of_the_staff_is_shown_a_child_without_an_approval(world, described, send):
    """By any operation about an object of theirs, in any role, nothing of the child is in the answer."""
    child, wrong, seen = world.persons[CHILD], [], 0
    secrets = [child["name"], mask_name(child["name"]), child["document_number"]]
    secrets.append(mask("resident_id", child["document_number"]))
    for operation, seat, _narrow, kind, path in cells(world, described):
        if kind == "minor" and operation.actor == "staff":
            answer, seen = send(world.member(seat), operation, path), seen + 1
            wrong += [(operation.name, seat, one) for one in secrets if one.encode() in answer.data]
    assert wrong == [], told(wrong)
    assert seen > 20


def test_with_an_approval_who_asked_for_it_is_shown_the_child_and_no_colleague_is(world):
    clerk, colleague, child = world.staff["case_handler"], world.staff["counter_clerk"], world.persons[CHILD]
    case_id, file_id = world.ids["case"]["minor"], world.ids["case file"]["minor"]
    case = f"/office/v1/cases/{case_id}"
    number = clerk.get(case).json["number"]
    facts = f"/office/v1/persons/{world.child}/facts?kind=person.birth_date&case={number}"
    closed = [clerk.get(path) for path in (f"{case}/files/{file_id}", facts)]
    assert [(one.status_code, one.json["code"]) for one in closed] == [(403, "minor_approval_needed")] * 2
    assert (clerk.get(case).json["applicant"], clerk.get(case).json["text"]) == (HIDDEN, HIDDEN)
    body = {"person_id": world.child, "case": number, "reason": "核查异议", "until": in_days(5)}
    asked = clerk.post("/office/v1/minor-approvals", body)
    assert asked.status_code == 201, asked.json
    assert world.staff["privacy_officer"].post(f"/office/v1/approvals/{asked.json['id']}/approve").status_code == 200
    assert [clerk.get(path).status_code for path in (f"{case}/files/{file_id}", facts)] == [200, 200]
    assert clerk.get(case).json["applicant"] == mask_name(child["name"])
    assert clerk.get(case).json["text"] == "日期登记错误"
    assert colleague.get(case).json["applicant"] == HIDDEN
    world.put_back()

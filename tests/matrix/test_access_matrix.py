"""Every operation of the OpenAPI file × every actor × own, other's, other town's, a child's and deleted objects.

What a cell must answer follows from the declaration of the operation; where it may differ, `DIFFERS` says why.
"""

import os

import pytest

from backend.identity_documents import mask, mask_name
from models.identity import levels, roles
from tests.architecture.house import ROOT
from tests.matrix import objects, page, requests
from tests.matrix.actors import Caller
from tests.matrix.differences import DIFFERS, RULE_REFUSES
from tests.matrix.spec import Operation
from tests.matrix.world import CHILD, World

PAGE = ROOT / "docs" / "access-matrix.md"
OPEN = "open"
REFUSALS = frozenset(
    {"not_allowed", "level_needed", "binding_needed", "own_act_only", "acting_refused", "scope_missing"}
)
"""How a declaration refuses; any other 403 is a rule's answer to a request that was let in."""
WRONG_FROM = 500


def expected(operation: Operation, caller: Caller) -> str:
    """Return what the declaration promises a caller: `open`, 401, or the code of the refusal."""
    access = operation.access
    if access["actor"] in {"anyone", "signed"}:
        return OPEN
    if access["actor"] != caller.kind:
        return "401"
    if caller.kind == "staff":
        return OPEN if may(caller.role, access) else "not_allowed"
    return _expected_of_resident(access, caller) if caller.kind == "resident" else OPEN


def may(role: str, access: dict[str, str]) -> bool:
    """Tell whether a role holds operation and purpose, by the table alone."""
    told, wanted = roles.ROLES[role], access.get("purpose")
    held = access["operation"] in told.operations and (not wanted or wanted in told.purposes)
    return held or access["operation"] in roles.EVERYBODY


def _expected_of_resident(access: dict[str, str], caller: Caller) -> str:
    if not levels.reaches(caller.level, access["level"]):
        return "binding_needed" if caller.level == "account" else "level_needed"
    if not caller.acting_for:
        return OPEN
    if "scope" not in access:
        return "own_act_only"
    return OPEN if access["scope"] in caller.scope else "scope_missing"


def got(operation: Operation, answer) -> str:
    """Return what an answer says of access."""
    if answer.status_code >= WRONG_FROM:
        return f"{answer.status_code}: {answer.text[:120]}"
    code = (answer.get_json(silent=True) or {}).get("code", "") if answer.status_code in {401, 403} else ""
    if answer.status_code == 401:
        return OPEN if operation.actor in {"anyone", "signed"} else "401"
    return code if code in REFUSALS and (operation.name, code) not in RULE_REFUSES else OPEN


def told(wrong: list[tuple]) -> str:
    """Return the cells one a line."""
    return "\n" + "\n".join(" | ".join(map(str, cell)) for cell in wrong)


class Sender:
    """Sends cells and puts the world back after each that changed something."""

    def __init__(self, world: World):
        self.world, self.sent = world, 0

    def __call__(self, caller: Caller, operation: Operation, path: str):
        self.sent += 1
        body, headers = requests.body(self.world, operation), requests.headers(self.world, operation)
        answer = caller.send(operation, path + requests.query(self.world, operation), body, **headers)
        answer.get_data()
        if operation.method != "GET" and answer.status_code < 400:
            self.world.put_back()
        return answer


@pytest.fixture(scope="module")
def send(world):
    return Sender(world)


# Who is let in


def test_every_operation_is_declared_and_its_parameters_have_a_place_in_the_matrix(described):
    assert len(described) > 150
    actors = {"anyone", "signed", "resident", "staff", "device"}
    assert [one.name for one in described if one.actor not in actors] == []
    assert [one.name for one in described if one.actor == "staff" and not one.access.get("operation")] == []
    assert [one.access for one in described if one.actor == "staff" and one.access["operation"] not in roles.OPERATIONS] == []
    for one in described:
        objects.things(one)


def test_each_caller_is_let_in_where_the_declaration_says_so_and_nowhere_else(world, described, send):
    """A missing object or an empty body does not matter: access is decided before."""
    wrong, callers = [], world.callers()
    for operation in described:
        path = objects.missing(operation)
        for caller in callers:
            answer = send(caller, operation, path)
            if (found := got(operation, answer)) != (wanted := expected(operation, caller)):
                wrong.append((operation.name, caller.name, wanted, found))
    assert wrong == [], told(wrong)
    assert send.sent == len(described) * len(callers)


def test_the_columns_are_all_actors_all_levels_and_all_roles(world):
    callers = world.callers()
    assert {one.kind for one in callers} == {"anyone", "resident", "staff", "device"}
    assert {one.role for one in callers if one.kind == "staff"} == set(roles.ROLES)
    assert {one.level for one in callers if one.kind == "resident"} == set(levels.LEVELS)


def test_what_proves_itself_in_its_body_is_refused_without_that_proof(world, described, send):
    signed = [one for one in described if one.actor == "signed"]
    assert len(signed) == 3
    for operation in signed:
        for caller in world.callers():
            assert 400 <= send(caller, operation, operation.path).status_code < 500, operation.name


def test_an_operation_whose_parameter_is_in_no_table_says_what_to_add(described):
    stray = next(one for one in described if one.surface == "office")
    made = Operation("GET", "/office/v1/ghosts/{ghost_id}", stray.access, "", frozenset(), {}, None, "", None)
    with pytest.raises(LookupError, match=r"ghost_id.*Add it to THINGS in tests/matrix/objects\.py"):
        objects.things(made)


# Which objects are found


def seats(operation: Operation) -> list[tuple[str, bool]]:
    """Return who is let in, and whether they sit in one town only."""
    if operation.actor == "resident":
        return [("resident", False)]
    if operation.actor == "staff":
        letting = [role for role in roles.ROLES if may(role, operation.access)]
        narrow = [(f"{role}/town", True) for role in letting if objects.reach(operation) == "unit"]
        return [(role, False) for role in letting] + narrow
    return [("anonymous", False)]


def caller_of(world: World, operation: Operation, seat: str) -> Caller:
    if operation.actor == "staff":
        return world.member(seat)
    return world.resident("own") if operation.actor == "resident" else world.callers()[0]


def promised(operation: Operation, kind: str, seat: str, *, narrow: bool) -> str:
    """Return `found` or `missing` by the general rule."""
    if operation.actor == "anyone" or kind == "own":
        return "found"
    if operation.actor == "resident":
        return "missing"
    if kind == "minor":
        return "found"
    reach = objects.reach(operation)
    county = roles.ROLES[seat.partition("/")[0]].reach == "county"
    if reach == "all":
        return "found"
    if reach == "unit" and kind == "other":
        return "found" if county else "missing"
    return "missing" if reach == "self" or narrow or kind == "deleted" else "found"


def cells(world: World, described: list[Operation]):
    for operation in described:
        if not objects.things(operation):
            continue
        for seat, narrow in seats(operation):
            for kind, path in objects.paths(world, operation, seat).items():
                yield operation, seat, narrow, kind, path


def outcome(answer, nobody) -> str:
    """Return `found`, `missing` (exactly like a missing one), or the status and code of something else."""
    body = answer.get_json(silent=True) or {}
    if answer.status_code == 404:
        same = {name: body[name] for name in ("code", "message")} == {
            name: nobody.json[name] for name in ("code", "message")
        }
        return "missing" if nobody.status_code == 404 and same and set(body) == set(nobody.json) else "another 404"
    if answer.status_code >= WRONG_FROM or body.get("code") in REFUSALS or answer.status_code == 401:
        return f"{answer.status_code} {body.get('code')}"
    return "found"


def wrong_cells(world: World, described: list[Operation], send: Sender) -> tuple[list[tuple], set]:
    """Return the cells that answer otherwise than promised, and which of the literal table were met."""
    wrong, used = [], set()
    for operation, seat, narrow, kind, path in cells(world, described):
        caller = caller_of(world, operation, seat)
        nobody = send(caller, operation, objects.missing(operation))
        found = outcome(send(caller, operation, path), nobody)
        wanted = promised(operation, kind, seat, narrow=narrow)
        if (operation.name, kind) in DIFFERS:
            used.add((operation.name, kind))
            wanted = DIFFERS[operation.name, kind][0]
        if found != wanted:
            wrong.append((operation.name, kind, seat, wanted, found))
    return wrong, used


def test_what_lies_outside_of_ones_reach_is_answered_like_a_missing_object(world, described, send):
    wrong, used = wrong_cells(world, described, send)
    assert wrong == [], told(wrong)
    assert set(DIFFERS) - used == set(), "these cells no longer differ"


def test_control_without_the_guards_the_matrix_turns_red(world, described, send, monkeypatch):
    monkeypatch.setattr("models.tourism.scope.reaches", lambda *_: True)
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
    """The guardian finds the child's, the helper what is the elder's, who has nothing."""
    wrong, scoped = [], [one for one in described if one.access.get("scope") and objects.things(one)]
    assert len(scoped) > 5
    for operation in scoped:
        for name in ("guardian", "helper"):
            caller = world.acting(name)
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


# The page


def test_the_committed_page_is_what_the_declarations_say(described):
    text = page.text(described)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run `make matrix` and look at the difference"


def test_the_page_has_a_line_for_each_operation(described):
    lines = page.text(described).splitlines()
    assert all(sum(f"`{one.method} {one.path}`" in line for line in lines) == 1 for one in described)

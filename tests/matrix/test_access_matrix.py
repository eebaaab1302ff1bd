"""Every operation of the OpenAPI file × every actor: who is let in follows from the declaration alone."""

import os

import pytest

from models.identity import levels, roles
from tests.architecture.house import ROOT
from tests.matrix import objects, page
from tests.matrix.rules import expected, got, told
from tests.matrix.spec import Operation

pytestmark = pytest.mark.soak
PAGE = ROOT / "docs" / "access-matrix.md"
# Who is let in


def test_every_operation_is_declared_and_its_parameters_have_a_place_in_the_matrix(described):
    assert len(described) > 150
    actors = {"anyone", "signed", "resident", "member", "party", "caller", "staff", "device"}
    assert [one.name for one in described if one.actor not in actors] == []
    by_operation = [one for one in described if one.actor in {"party", "caller", "staff"}]
    assert [one.name for one in by_operation if not one.access.get("operation")] == []
    assert [one.access for one in by_operation if one.access["operation"] not in roles.OPERATIONS] == []
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
    assert {one.kind for one in callers} == {"anyone", "resident", "member", "staff", "device"}
    assert {one.role for one in callers if one.kind == "staff"} == set(roles.ROLES)
    assert {one.level for one in callers if one.kind == "resident"} == set(levels.LEVELS)


def test_what_proves_itself_in_its_body_is_refused_without_that_proof(world, described, send):
    signed = [one for one in described if one.actor == "signed"]
    assert len(signed) == 4
    for operation in signed:
        for caller in world.callers():
            assert 400 <= send(caller, operation, operation.path).status_code < 500, operation.name


def test_an_operation_whose_parameter_is_in_no_table_says_what_to_add(described):
    stray = next(one for one in described if one.surface == "office")
    made = Operation("GET", "/office/v1/ghosts/{ghost_id}", stray.access, "", frozenset(), {}, None, "", None)
    with pytest.raises(LookupError, match=r"ghost_id.*Add it to THINGS in tests/matrix/objects\.py"):
        objects.things(made)


# The page


def test_the_committed_page_is_what_the_declarations_say(described):
    text = page.text(described)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run `make matrix` and look at the difference"


def test_the_page_has_a_line_for_each_operation(described):
    lines = page.text(described).splitlines()
    assert all(sum(f"`{one.method} {one.path}`" in line for line in lines) == 1 for one in described)

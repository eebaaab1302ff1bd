"""Objects named in queries and bodies: another's is answered like a missing one there too."""

import pytest

from tests.matrix import objects, references, requests
from tests.matrix.references import OPEN_TO_ALL, REFERENCES
from tests.matrix.spec import Operation
from tests.matrix.world import World

pytestmark = pytest.mark.soak
SHEET = "/office/v1/sheets/"


@pytest.fixture(scope="module")
def by_name(described):
    return {one.name: one for one in described}


def answer_to(world: World, operation: Operation, reference: references.Reference, value: str) -> tuple:
    """Send an operation with a value in its field; return all of the answer but the request's own id."""
    caller = world.resident(reference.seat) if operation.actor == "resident" else world.member(reference.seat)
    path = objects.paths(world, operation, reference.seat).get("own") or operation.path
    body, query = requests.body(world, operation), requests.query(world, operation)
    if operation.method == "GET":
        kept = "&".join(one for one in query[1:].split("&") if one and not one.startswith(f"{reference.field}="))
        query = f"?{reference.field}={value}" + (f"&{kept}" if kept and reference.field != "slot" else "")
    else:
        body = body | reference.told(value)
    reference.before(world)
    answer = caller.send(operation, path + query, body, **requests.headers(world, operation))
    told = answer.get_json(silent=True) or {}
    if operation.method != "GET":
        world.put_back()
    return (answer.status_code, *(str(told.get(name)) for name in ("code", "message", "fields")))


def test_every_field_that_names_an_object_is_in_the_table(described):
    tabled = {(one.operation, one.field) for one in REFERENCES} | set(OPEN_TO_ALL)
    found = {
        (one.name, name)
        for one in described
        for name in references.fields(one)
        if not (one.path.startswith(SHEET) and one.path != f"{SHEET}staff/imports")
    }
    assert found - tabled == set(), "say in tests/matrix/references.py what these name"
    assert tabled - found == set()


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: f"{one.operation} {one.field} by {one.seat}")
def test_anothers_object_is_answered_like_a_missing_one(world, by_name, reference):
    operation, named = by_name[reference.operation], reference.objects(world)
    nobody = answer_to(world, operation, reference, reference.missing)
    assert 400 <= nobody[0] < 500
    kinds = [kind for kind in reference.like_missing if kind in named]
    assert kinds
    found = {kind: answer_to(world, operation, reference, named[kind]) for kind in kinds}
    assert found == dict.fromkeys(kinds, nobody)
    assert answer_to(world, operation, reference, named["own"]) != nobody

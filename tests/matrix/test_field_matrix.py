"""Field by field: what each role's answers hold, and that no body sets what only the server sets."""

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.identity import roles
from tests.matrix import objects, requests
from tests.matrix.actors import Caller
from tests.matrix.rules import caller_of, may, seats
from tests.matrix.spec import JSON, Operation, keys
from tests.matrix.world import World

pytestmark = pytest.mark.soak
LISTED = Path(__file__).with_name("fields.json")
FINDS = {"POST /office/v1/persons/find", "POST /office/v1/cards/find"}
"""Operations that read although they are a POST."""
WITHOUT_ANSWER = {
    "GET /office/v1/payments/bills/{day}": "there is no bill of a day without payments; it holds sums and numbers",
    "GET /enterprise/v1/service-items/{item_code}/draft": "no firm writes one here",
}
"""Reading operations that this world has no answer of."""
FREE = {
    "GET /office/v1/audit/entries": "items.details",
    "GET /openapi.json": "",
    "GET /mini/v1/my-data/{collection}": "items.record",
}
"""Below this path the keys are not ours to list: what an entry or a record holds is declared where it is made."""
READ_ONLY = (
    "id", "_id", "state", "unit", "level", "created_by", "created_at", "owner", "account", "person", "person_id",
    "purpose", "role", "operations", "sessions", "outbox", "history", "total_fen", "price_fen", "decided_by", "until",
    "verified", "approved", "password_changed_at", "$set", "__class__",
)  # fmt: skip
"""What the server alone says of its records."""


def readers(world: World, operation: Operation) -> dict[str, Caller]:
    """Return who may read: each role that is let in, or the resident, or anybody, or a device."""
    if operation.actor == "staff":
        return {role: world.member(role) for role in roles.ROLES if may(role, operation.access)}
    if operation.actor == "resident":
        acting = {"guardian": world.acting("guardian")} if operation.access.get("scope") else {}
        return {"resident": world.resident("own")} | acting
    if operation.actor in {"member", "party", "caller"}:
        return {seat: caller_of(world, operation, seat) for seat, _ in seats(operation)}
    return {caller.kind: caller for caller in world.callers()[:2] if caller.kind == operation.actor}


def found_keys(world: World, operation: Operation, seat: str, caller: Caller) -> set[str] | None:
    """Return the keys of all good answers that a reader gets about the objects of the world, None without one."""
    seat = seat if operation.actor in {"staff", "party", "caller"} else "resident"
    paths = objects.paths(world, operation, seat) or {"own": objects.missing(operation)}
    found: set[str] | None = None
    for path in paths.values():
        body = world.persons["own"] if operation.name in FINDS else None
        headers = requests.headers(world, operation)
        answer = caller.send(operation, path + requests.query(world, operation), body, **headers)
        if answer.status_code == 200 and answer.is_json:
            told = {one for one in keys(answer.json) if not _is_free(operation, one)}
            found = told if found is None else found | told
    return found


def _is_free(operation: Operation, key: str) -> bool:
    root = FREE.get(operation.name)
    return root is not None and key.startswith(f"{root}." if root else "")


def matrix(world: World, described: list[Operation]) -> dict[str, Any]:
    """Return for each reading operation which roles get which keys; those that get the same stand together."""
    told: dict[str, Any] = {}
    for operation in described:
        if operation.method == "GET" or operation.name in FINDS:
            groups: dict[tuple[str, ...], list[str]] = {}
            for seat, caller in readers(world, operation).items():
                if (found := found_keys(world, operation, seat, caller)) is not None:
                    groups.setdefault(tuple(sorted(found)), []).append(seat)
            if groups:
                told[operation.name] = [{"who": who, "keys": list(found)} for found, who in groups.items()]
    return told


def test_each_role_gets_exactly_the_fields_that_are_listed(world, described):
    found = matrix(world, described)
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        LISTED.write_text(text, encoding="utf-8")
    kept = json.loads(LISTED.read_text(encoding="utf-8"))
    changed = [name for name in {**kept, **found} if kept.get(name) != found.get(name)]
    assert changed == [], "run `make matrix` and look at the difference"


def test_every_reading_operation_that_answers_json_is_in_the_list(world, described):
    """One without an answer would be a hole: the world lacks the object, or the request was wrong."""
    reading = {one.name for one in described if one.answer and (one.method == "GET" or one.name in FINDS)}
    assert len(reading) > 50
    assert reading - set(json.loads(LISTED.read_text(encoding="utf-8"))) == set(WITHOUT_ANSWER)


def test_the_list_of_a_role_that_may_not_read_is_empty(world, described):
    kept = json.loads(LISTED.read_text(encoding="utf-8"))
    for operation in described:
        if operation.actor == "staff" and operation.name in kept:
            listed = {who for group in kept[operation.name] for who in group["who"]}
            assert listed <= {role for role in roles.ROLES if may(role, operation.access)}, operation.name


# Mass assignment


def writers(world: World, described: list[Operation]) -> Iterator[tuple[Operation, Caller, str]]:
    """Yield each operation with a JSON body, somebody who is let in, and a path."""
    for operation in described:
        if operation.media_type == JSON and operation.actor in {"staff", "resident", "anyone"}:
            seat, caller = next(iter(readers(world, operation).items()))
            paths = objects.paths(world, operation, seat if operation.actor == "staff" else "resident")
            yield operation, caller, paths.get("own") or objects.missing(operation)


def places_in(schema: dict, told: Any) -> Iterator[tuple[dict, dict]]:
    """Yield every object inside a body with the schema of it."""
    schema = schema["allOf"][0] if "allOf" in schema else schema
    if isinstance(told, list):
        for one in told:
            yield from places_in(schema["items"], one)
    elif isinstance(told, dict) and "properties" in schema:
        yield schema, told
        for name, part in schema["properties"].items():
            yield from places_in(part, told.get(name))


def spoiled(schema: dict, body: dict, key: str) -> Iterator[dict]:
    """Yield the body with one further key, at each place where the schema does not know it."""
    for number, (known, _) in enumerate(list(places_in(schema, body))):
        if key not in known["properties"]:
            changed = copy.deepcopy(body)
            list(places_in(schema, changed))[number][1][key] = "x"
            yield changed


def taken(world: World, described: list[Operation], *tried: str) -> list[tuple]:
    """Return which further keys a body was allowed to have."""
    wrong = []
    for operation, caller, path in writers(world, described):
        body, headers = requests.body(world, operation), requests.headers(world, operation)
        for key in tried:
            for changed in spoiled(operation.body or {}, body, key):
                answer = caller.send(operation, path, changed, **headers)
                if answer.status_code < 400:
                    world.put_back()
                if answer.status_code != 400 or key not in json.dumps(answer.json.get("fields", {})):
                    wrong.append((operation.name, key, answer.status_code, answer.text[:100]))
    return wrong


def test_no_body_takes_a_key_that_it_does_not_declare(world, described):
    assert len(list(writers(world, described))) > 40
    assert taken(world, described, "ghost") == []


@pytest.mark.parametrize("key", READ_ONLY)
def test_no_body_sets_what_only_the_server_sets(world, described, key):
    assert taken(world, described, key) == []


def test_no_query_takes_a_parameter_that_it_does_not_declare(world, described):
    wrong, tried = [], 0
    for operation in described:
        if operation.query:
            seat, caller = next(iter(readers(world, operation).items()))
            paths = objects.paths(world, operation, seat if operation.actor == "staff" else "resident")
            path = paths.get("own") or objects.missing(operation)
            query = requests.query(world, operation)
            answer, tried = caller.send(operation, f"{path}{query}{'&' if query else '?'}ghost=1"), tried + 1
            if answer.status_code != 400:
                wrong.append((operation.name, answer.status_code))
    assert wrong == []
    assert tried > 20

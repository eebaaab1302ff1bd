"""What the declaration of an operation promises each cell, and what an answer says."""

from collections.abc import Iterator

from models.identity import levels, roles
from tests.matrix import objects, requests
from tests.matrix.actors import Caller
from tests.matrix.differences import RULE_REFUSES
from tests.matrix.spec import Operation
from tests.matrix.world import World
from tests.support.answers import code_of

OPEN, MEMBER, KIOSK = "open", "member owner", "kiosk"
CALLERS = {
    "resident": {"resident", "member"},
    "member": {"resident", "member"},
    "party": {"member", "staff", "device"},
    "caller": {"resident", "member", "staff"},
}
"""Whom the declaration of an actor knows besides that actor: a resident's token with the name of an organisation."""
GATE = "venue"
"""The class of the matrix's device."""
UNNAMED = "organisation_missing"
"""A request that names no organisation is no refusal of a known actor: 400."""
REFUSALS = frozenset(
    {"not_allowed", "level_needed", "binding_needed", "own_act_only", "acting_refused", "scope_missing"}
    | {"device_class_wrong", "agent_scope_missing"}
)
"""How a declaration refuses; any other 403 is a rule's answer to a request that was let in."""
WRONG_FROM = 500


def expected(operation: Operation, caller: Caller) -> str:
    """Return what the declaration promises a caller: `open`, 401, or the code of the refusal."""
    access = operation.access
    if access["actor"] in {"anyone", "signed"}:
        return OPEN
    if caller.kind not in CALLERS.get(access["actor"], {access["actor"]}):
        return "401"
    if caller.kind == "device":
        return OPEN if GATE in access.get("classes", GATE).split() else "device_class_wrong"
    if caller.kind == "staff":
        return OPEN if may(caller.role, access) else "not_allowed"
    of_member = access["actor"] in {"member", "party"}
    return _expected_of_member(access, caller) if of_member else _expected_of_resident(access, caller)


def _expected_of_member(access: dict[str, str], caller: Caller) -> str:
    """A resident names no organisation; who speaks for one needs a role in it that the route is for, or its scope."""
    if caller.kind == "resident":
        return UNNAMED
    if caller.role == "agent" and "agent" not in access.get("roles", "").split():
        return OPEN if access.get("scope") in caller.scope else "agent_scope_missing"
    return OPEN if caller.role in access.get("roles", caller.role).split() else "not_allowed"


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
    said = code_of(answer.get_json(silent=True) or {})
    code = said if answer.status_code in {401, 403} else ""
    if answer.status_code == 400 and said == UNNAMED:
        return UNNAMED
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


def seats(operation: Operation) -> list[tuple[str, bool]]:
    """Return who is let in, and whether they sit in one town only."""
    if operation.actor == "resident":
        return [("resident", False)]
    if operation.actor == "member":
        return [(MEMBER, False)]
    if operation.actor in {"staff", "party", "caller"}:
        letting = [role for role in roles.ROLES if may(role, operation.access)]
        if operation.actor == "party":
            return [(MEMBER, False), *((role, False) for role in letting)]
        if operation.actor == "caller":
            return [("resident", False), *((role, False) for role in letting)]
        narrow = [(f"{role}/town", True) for role in letting if objects.reach(operation) == "unit"]
        return [(role, False) for role in letting] + narrow
    kiosk = operation.actor == "device" and "medical" in operation.access.get("classes", "").split()
    return [(KIOSK, False)] if kiosk else [("anonymous", False)]


def caller_of(world: World, operation: Operation, seat: str) -> Caller:
    if seat == MEMBER:
        return world.of_organisation("owner")
    if operation.actor in {"staff", "party"} or (operation.actor == "caller" and seat != "resident"):
        return world.member(seat)
    if operation.actor in {"resident", "caller"}:
        return world.resident("own")
    return world.kiosk_caller() if seat == KIOSK else world.callers()[0]


def promised(operation: Operation, kind: str, seat: str, *, narrow: bool) -> str:
    """Return `found` or `missing` by the general rule."""
    if operation.actor == "anyone" or kind == "own":
        return "found"
    if operation.actor == "resident" or seat in {MEMBER, KIOSK, "resident"} or kind == "deleted":
        return "missing"
    return "found" if kind == "minor" or _reached(operation, kind, seat, narrow=narrow) else "missing"


def _reached(operation: Operation, kind: str, seat: str, *, narrow: bool) -> bool:
    """Tell whether a member of the staff reaches what is not their own: by unit (`other`) or by town."""
    reach = objects.reach(operation)
    if reach == "unit" and kind == "other":
        return roles.ROLES[seat.partition("/")[0]].reach == "county"
    return reach == "all" or (reach == "unit" and not narrow)


def cells(world: World, described: list[Operation]) -> Iterator[tuple[Operation, str, bool, str, str]]:
    """Yield operation, seat, whether it is of one town only, kind of object and path."""
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
        same = _said(body) == _said(nobody.json or {})
        return "missing" if nobody.status_code == 404 and same and set(body) == set(nobody.json) else "another 404"
    if answer.status_code >= WRONG_FROM or code_of(body) in REFUSALS or answer.status_code == 401:
        return f"{answer.status_code} {code_of(body)}"
    return "found"


def _said(body: dict) -> tuple:
    """Return code and sentence of an error, of a problem document, or of an OperationOutcome."""
    if body.get("resourceType") == "OperationOutcome":
        return code_of(body), body["issue"][0]["details"]["text"]
    return body.get("code"), body.get("message", body.get("title"))

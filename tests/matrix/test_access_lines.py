"""All personal reads leave their line: a walk through every route that somebody else than the person may call.

Whatever of a planted person is in an answer, an access line about that person was stored for that request: by who
asked, for a purpose of the table, with fields that have words, in which what was shown is named.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import openpyxl
import pytest
from bson import ObjectId
from pymongo.errors import PyMongoError

from backend.identity_documents import mask, mask_name
from backend.sheets.writing import MEDIA_TYPE
from models.affairs.case import Case
from models.audit import access_line
from models.audit.access_line import AccessLine
from models.audit.field_words import FIELD_ZH
from models.identity.purposes import ACTING, EMERGENCY, PURPOSES
from models.media import file
from tests.matrix import objects, requests
from tests.matrix.actors import Caller
from tests.matrix.cast import CHILD
from tests.matrix.rules import caller_of, seats
from tests.matrix.spec import Operation
from tests.matrix.world import World

pytestmark = pytest.mark.soak
SHOWN_AS = {
    "name": ("person.name", "visitors.name", "benefit_lines.name", "own_copy"),
    "number": ("person.document_tail", "visitors.document_tail", "benefit_lines.number", "own_copy"),
    "text": ("case.text", "own_copy"),
    "file": ("case.files",),
    "fact": ("facts.value", "own_copy"),
}
"""For what is found in an answer, the fields of which the line must name one."""
WITHOUT_LINE = {
    ("GET /mini/v1/cases/{case_id}", "guardian"): "it is the case that the guardian opened and wrote",
    ("GET /mini/v1/cases/{case_id}/files/{file_id}", "guardian"): "a file of that case",
    ("GET /mini/v1/family-cards", "guardian"): "the name is the guardian's own, who carries the child's card",
    ("GET /public/v1/benefits/publicity/{batch_id}", "anonymous"): "a published list is there to be read by anybody",
}
"""Answers that hold something of a person without a line, each with its reason."""
OWN_LISTS = {"GET /mini/v1/cases": "the cases that this account opened, by number and kind"}
"""Reads for another that hold nothing but what the one who acts has made."""
OF_CHILDREN = {
    "person.document_kind", "person.level", "card.state", "card.number_tail", "card.bank_tail", "card.family",
    "consents.state", "tickets.enter_from",
}  # fmt: skip
"""All that a line may name of a child without an approval: no name, document, text or file. A guardian at the counter
is served about the child's card, and a window prints the child's ticket."""


@dataclass
class Secret:
    """Something of a planted person as it would stand in an answer."""

    who: str
    what: str
    value: bytes = field(repr=False)


@pytest.fixture(scope="module")
def secrets(world) -> list[Secret]:
    found = []
    for who, told in world.persons.items():
        name, number = told["name"], told["document_number"]
        found += [Secret(who, "name", one.encode()) for one in (name, mask_name(name))]
        found += [Secret(who, "number", one.encode()) for one in (number, mask("resident_id", number))]
    for which, who in {"own": "own", "other": "other", "minor": CHILD, "unit": "own", "town": "own"}.items():
        content = file.content(ObjectId(world.ids["case file"][which]), attached_to=f"case:{world.ids['case'][which]}")
        found += [Secret(who, "file", content.data)]
    owners = {"own": "own", "other": "other", "minor": CHILD}
    return found + [Secret(who, "fact", f'"id":"{world.ids["fact"][which]}"'.encode()) for which, who in owners.items()]


@pytest.fixture(scope="module", autouse=True)
def planted_texts(world, secrets):
    """Give each case a text of its own, and let the world begin so."""
    for which, who in {"own": "own", "other": "other", "minor": CHILD, "unit": "own", "town": "own"}.items():
        case_id, text = world.ids["case"][which], f"来信内容{which}"
        sealed = world.seal("cases.text", ObjectId(case_id), text)
        Case._get_collection().update_one({"_id": ObjectId(case_id)}, {"$set": {"text": sealed}})
        secrets.append(Secret(who, "text", text.encode()))
    world.take_snapshot()


def content_of(answer) -> bytes:
    """Return the bytes of an answer; of a workbook, its cells."""
    if answer.mimetype != MEDIA_TYPE:
        return answer.data
    pages = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets
    return "\n".join(str(cell) for page in pages for row in page.iter_rows(values_only=True) for cell in row).encode()


def walks(world: World, described: list[Operation]) -> Iterator[tuple[Operation, Caller, str]]:
    """Yield each call that staff, gates, who acts for another, or anybody may make about each object."""
    for operation in described:
        callers = (
            [caller_of(world, operation, seat) for seat, _ in seats(operation) if seat != "resident"]
            if operation.actor in {"staff", "member", "party", "caller"}
            else []
        )
        if operation.access.get("scope"):
            callers = [*callers, world.acting("guardian"), world.acting("helper")]
        if operation.actor in {"anyone", "device"}:
            callers = [one for one in world.callers() if one.name in {"anonymous", "device"}][
                : 1 + (operation.actor == "device")
            ]
        for caller in callers:
            seat = caller.name if caller.kind == "staff" or operation.actor == "party" else "resident"
            paths = objects.paths(world, operation, seat) or {"": objects.missing(operation)}
            for path in paths.values():
                yield operation, caller, path


def bodies(world: World, operation: Operation) -> list:
    """Return what is sent: what looks for persons is sent each of them."""
    if operation.path in {"/office/v1/persons/find", "/office/v1/persons", "/office/v1/cards/find"}:
        seen = {} if operation.path.endswith("/find") else {"document_seen": "identity_card"}
        return [told | seen for told in world.persons.values()]
    return [requests.body(world, operation)]


def lines_of(request_id: str, who: str) -> list[dict]:
    """Return the lines of one request."""
    return [one for one in AccessLine._get_collection().find({"who": who}) if one["request_id"] == request_id]


@dataclass(frozen=True)
class Look:
    """One call, what of whom was in its answer, and its lines."""

    operation: Operation
    caller: Caller
    shown: frozenset[tuple[str, str]]
    lines: tuple[dict, ...]


def standing(operation: Operation) -> list[str]:
    """Return who is at the counter, in turn: somebody, and somebody with a child."""
    return ["own", "parent"] if "Counter-Session" in operation.headers else ["own"]


def look(
    world: World, secrets: list[Secret], operation: Operation, caller: Caller, path: str, body=None, who: str = "own"
) -> Look:
    request_id = ObjectId().binary.hex() + "00"
    headers = requests.headers(world, operation, who) | {"X-Request-Id": request_id}
    answer = caller.send(operation, path + requests.query(world, operation), body, **headers)
    content = content_of(answer) if answer.status_code < 400 else answer.data
    shown = frozenset((one.who, one.what) for one in secrets if one.value in content)
    lines = tuple(lines_of(request_id, world.key_of(caller)))
    if operation.method != "GET" and answer.status_code < 400:
        world.put_back()
    return Look(operation, caller, shown, lines)


@pytest.fixture(scope="module")
def looks(world, described, secrets, planted_texts) -> list[Look]:
    """The walk: every call once."""
    return [
        look(world, secrets, operation, caller, path, body, who)
        for operation, caller, path in walks(world, described)
        for body in bodies(world, operation)
        for who in standing(operation)
    ]


def missing_lines(world: World, looks: list[Look]) -> list[tuple]:
    """Return what was shown without a line that names person and field."""
    wrong = []
    for one in looks:
        if (one.operation.name, one.caller.name) in WITHOUT_LINE:
            continue
        for who, what in one.shown:
            named = [line for line in one.lines if ObjectId(world.person_ids[who]) in line["subjects"]]
            if not any(set(SHOWN_AS[what]) & set(line["fields"]) for line in named):
                wrong.append((one.operation.name, one.caller.name, who, what, [line["fields"] for line in named]))
    return wrong


def told(wrong: list[tuple]) -> str:
    return "\n" + "\n".join(" | ".join(map(str, cell)) for cell in wrong)


def test_whatever_is_shown_of_a_person_has_its_line(world, looks):
    wrong = missing_lines(world, looks)
    assert wrong == [], told(wrong)


def test_the_walk_sees_what_it_looks_for(looks):
    """So that an empty world, or requests that are refused, would not pass for silence."""
    assert len(looks) > 400
    seen = {one.operation.name for one in looks if one.shown}
    assert {
        "GET /office/v1/orders", "GET /office/v1/orders/{order_id}", "GET /office/v1/orders/export.xlsx",
        "POST /office/v1/persons/find", "POST /office/v1/persons", "GET /office/v1/counter-session",
        "GET /office/v1/persons/{person_id}/facts", "GET /office/v1/cases/{case_id}",
        "GET /office/v1/cases/{case_id}/files/{file_id}", "GET /mini/v1/person",
        "GET /office/v1/orders/exports/{approval_id}/content.xlsx", "GET /office/v1/counter-session/own-data",
    } <= seen  # fmt: skip
    assert {what for one in looks for _, what in one.shown} == set(SHOWN_AS)


def test_every_line_names_a_purpose_of_the_table_and_fields_that_have_words(looks):
    lines = [(one, line) for one in looks for line in one.lines]
    assert len(lines) > 30
    for one, line in lines:
        assert line["purpose"] in PURPOSES, one.operation.name
        assert set(line["fields"]) <= set(FIELD_ZH), one.operation.name
        declared = ACTING if one.caller.kind == "resident" else one.operation.access.get("purpose")
        assert line["purpose"] in {declared, EMERGENCY}, one.operation.name


def test_a_line_of_staff_names_their_unit_and_one_about_a_case_its_number(looks):
    for one in looks:
        for line in one.lines:
            if one.caller.kind == "staff":
                assert line["unit"] == "changzhengyuan"
            if one.operation.path.startswith("/office/v1/cases/{case_id}") or line["purpose"] == EMERGENCY:
                assert line["case"], one.operation.name


def test_no_staff_look_shows_or_names_more_of_a_child_than_that_there_is_one(world, looks):
    child = ObjectId(world.child)
    shown = {
        (one.operation.name, what)
        for one in looks
        if one.caller.kind == "staff"
        for who, what in one.shown
        if who == CHILD
    }
    assert shown == set()
    named = {
        (one.operation.name, name)
        for one in looks
        if one.caller.kind == "staff"
        for line in one.lines
        if child in line["subjects"]
        for name in set(line["fields"]) - OF_CHILDREN
    }
    assert named == set()


def test_without_a_line_nothing_is_shown(world, described, secrets, looks, monkeypatch):
    """The line comes first: when it cannot be stored, the answer holds nothing of anybody."""

    def refused(_key, lines):
        return [PyMongoError("the store is away")] * len(lines)

    monkeypatch.setattr(access_line._inserts, "_apply", refused)
    showing = {one.operation.name for one in looks if one.shown} - {name for name, _ in WITHOUT_LINE}
    again = [
        look(world, secrets, operation, caller, path, body)
        for operation, caller, path in walks(world, [one for one in described if one.name in showing])
        for body in bodies(world, operation)
    ]
    assert [(one.operation.name, one.shown) for one in again if one.shown] == []


def test_control_without_the_line_the_walk_turns_red(world, described, secrets, looks, monkeypatch):
    monkeypatch.setattr(access_line, "record", lambda *_args, **_told: None)
    chosen = [one for one in described if one.name == "GET /office/v1/orders/{order_id}"]
    blind = [look(world, secrets, *call) for call in walks(world, chosen)]
    assert {name for name, *_ in missing_lines(world, blind)} == {"GET /office/v1/orders/{order_id}"}


def is_empty(answer) -> bool:
    """Tell whether an answer is a list, or a Bundle, with nothing in it."""
    told = answer.get_json(silent=True) or {}
    return told.get("items") == [] or (told.get("resourceType") == "Bundle" and not told.get("entry"))


@pytest.mark.parametrize("name", ["guardian", "helper", "helper of few"])
def test_who_acts_for_another_leaves_a_line_with_every_read(world, described, name):
    """Also where no name and no number is in the answer: a balance, a ride, an amount."""
    caller, wrong, read = world.acting(name), [], 0
    about = ObjectId(world.person_ids[{"guardian": CHILD, "helper": "elder", "helper of few": "parent"}[name]])
    for operation in described:
        if operation.method != "GET" or operation.access.get("scope") not in caller.scope:
            continue
        if (operation.name, name) in WITHOUT_LINE or operation.name in OWN_LISTS:
            continue
        paths = objects.paths(world, operation, "resident") or {"": objects.missing(operation)}
        for path in paths.values():
            request_id = ObjectId().binary.hex() + "01"
            answer = caller.send(
                operation, path + requests.query(world, operation), None, **{"X-Request-Id": request_id}
            )
            if answer.status_code == 200 and not is_empty(answer):
                read += 1
                found = lines_of(request_id, world.key_of(caller))
                if not any(about in line["subjects"] for line in found):
                    wrong.append((operation.name, name, answer.data[:80]))
    assert wrong == [], told(wrong)
    assert read >= 2


def test_every_answer_without_a_line_still_shows_somebody(looks):
    """An exception that is needed no longer leaves the list."""
    showing = {(one.operation.name, one.caller.name) for one in looks if one.shown}
    assert set(WITHOUT_LINE) - showing == set()

"""What the tests of the registers share: a made-up person known to both sides."""

from bson import ObjectId

from backend import clock, identity_documents
from models.identity import person
from models.registers import fact, fetch
from models.registers.fact_kind import KINDS
from models.registers.source import SOURCES
from models.registers.subject import Subject

STATUSES = ["veterans", "disability", "subsistence", "students", "military"]
ALL = ["residence", "property", "business", "social_insurance", *STATUSES]
SECONDS = 5.0


def declared(made: dict, name: str = "") -> ObjectId:
    """Declare a person of the simulator here; return their id."""
    return person.find_or_declare(identity_documents.parse("resident_id", made["number"]), name or made["name"])


def somebody(box, *extras: str, **told) -> tuple[dict, Subject]:
    """Make a person up on both sides."""
    made = box.person(**{"with": list(extras), **told})
    return made, Subject(person=declared(made))


def ask(source: str, about: Subject, **options) -> str:
    return fetch.ask(source, about, seconds=options.pop("seconds", SECONDS), again=True, **options).result


def ask_all(about: Subject) -> dict[str, str]:
    return {source: ask(source, about) for source in SOURCES}


def held(about: Subject, kind: str) -> list[fact.Stated]:
    """Return what holds today."""
    return fact.current(about, [kind], clock.today().isoformat())


def only(about: Subject, kind: str) -> fact.Stated:
    (found,) = held(about, kind)
    return found


def history(about: Subject, kind: str) -> list[fact.Stated]:
    return [fact.opened(row) for row in fact.rows_of(about, [kind])]


def dump(about: Subject) -> list[dict]:
    return fact.rows_of(about, list(KINDS))

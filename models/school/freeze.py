"""Freezing the list of a round: who is on it under which pseudonym, places and rule, published by their digests.

The mechanism and the source of the seed are chosen here, before anybody can know the seed. The bytes are stored first;
then one transaction marks every application as it was read, stores the draw and moves the round. A kill at any point
leaves nothing frozen, and nobody ever sees half of it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.allocation import published
from backend.store import transactions
from models.audit import entry
from models.identity.actors import Staff
from models.school import draw, draw_files, draw_input, draw_rules, seed_source
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.draw_input import Entry, Input
from models.school.freeze_errors import ApplicationsOpen, FreezeTooEarly, ListMoved
from models.school.seed_source import Source

UNDECIDED = ("submitted", "to_correct")
MOST_NAMED = 1_000
BATCH = 1_000


@dataclass(frozen=True)
class Wish:
    """By which mechanism the round is drawn, and where its seed will come from."""

    mechanism: str
    source: Source


def freeze(actor: Staff, round_code: str, wish: Wish) -> dict[str, Any]:
    """Freeze the list of a round and return its draw.

    Raises:
        NotAllowed: no role of the actor draws.
        NotFound: no such round.
        RoundStateWrong: it is not open.
        FreezeTooEarly, ApplicationsOpen, NothingToDraw, PlansMissing, PrioritiesMissing, GroupsDiffer: see there.
        SeedSourceWrong: the source cannot be named like this.
        ListMoved: an application changed meanwhile.
    """
    actor.require("school.draw")
    found = rounds.read(round_code)
    rounds.require_state(found, ("open",))
    source = seed_source.named(wish.source)
    if clock.now() < found["closes_at"]:
        raise FreezeTooEarly(closes=rounds.wire(found["closes_at"]))
    require_decided(round_code)
    salt = secrets.token_bytes(32)
    gathered = draw_input.gather(round_code, salt)
    made = _draw(actor, round_code, {"mechanism": wish.mechanism, "seed_source": source}, salt, gathered)
    try:
        transactions.run(lambda session: _freeze(actor, made, gathered.entries, session))
    except Exception:
        draw_files.forget(made["file_ids"])
        raise
    return draw.read(made["_id"])


def undecided(round_code: str, session: ClientSession | None = None) -> dict[str, str]:
    """Return how many applications of a round wait for a decision, by state, counted up to a bound."""
    told = {}
    for state in UNDECIDED:
        query = {"round": round_code, "state": state}
        found = SchoolApplication._get_collection().count_documents(query, session=session, limit=MOST_NAMED)
        told[state] = f"{found} 份" + ("以上" if found == MOST_NAMED else "")
    return told


def require_decided(round_code: str, session: ClientSession | None = None) -> None:
    """Check that every application of a round that was submitted is decided.

    Raises:
        ApplicationsOpen: some are not.
    """
    query = {"round": round_code, "state": {"$in": list(UNDECIDED)}}
    if SchoolApplication._get_collection().find_one(query, {"_id": 1}, session=session):
        raise ApplicationsOpen(undecided(round_code, session))


def _draw(actor: Staff, round_code: str, told: Mapping[str, Any], salt: bytes, gathered: Input) -> dict[str, Any]:
    draw_id, file_ids = ObjectId(), draw_files.ids()
    contents = {
        published.LIST: published.applicants(gathered.problem),
        published.PLACES: published.places(gathered.problem, gathered.names),
        published.RULES: published.rules(draw_rules.of(told["mechanism"])),
    }
    return {
        "_id": draw_id,
        "round": round_code,
        "live": True,
        "state": "frozen",
        **told,
        "salt": runtime.current().sealer.seal(f"{draw.COLLECTION}.salt", draw_id, salt.hex()),
        "applicants": len(gathered.entries),
        "file_ids": file_ids,
        "files": [draw_files.put(file_ids, name, content) for name, content in contents.items()],
        "frozen_at": clock.now(),
        "history": [draw.event("freeze", actor.key)],
        "outbox": [],
    }


def _freeze(actor: Staff, made: dict[str, Any], entries: Sequence[Entry], session: ClientSession) -> None:
    rounds.move(made["round"], ("open",), "frozen", actor=actor, what="freeze", session=session)
    require_decided(made["round"], session)
    draw.insert(made, session)
    told = {one["name"].partition(".")[0]: one["sha256"] for one in made["files"]}
    about = {"round": made["round"], "mechanism": made["mechanism"], "applicants": made["applicants"], **told}
    line = entry.line(actor.key, "school_draw.freeze", f"school_draw:{made['_id']}", unit=actor.unit, **about)
    entry.write(line, session)
    marked = sum(_mark(entries[at : at + BATCH], session) for at in range(0, len(entries), BATCH))
    query = {"round": made["round"], "state": "qualified"}
    there = SchoolApplication._get_collection().count_documents(query, session=session, limit=len(entries) + 1)
    if (marked, there) != (len(entries), len(entries)):
        raise ListMoved


def _mark(batch: Sequence[Entry], session: ClientSession) -> int:
    """Freeze those applications of a batch that nobody changed since they were read; return how many."""
    changes = [
        UpdateOne(
            {"_id": one.application, "seq": one.seq, "state": "qualified", "frozen": {"$ne": True}},
            {"$set": {"frozen": True, "pseudonym": one.pseudonym}},
        )
        for one in batch
    ]
    return int(SchoolApplication._get_collection().bulk_write(changes, session=session).matched_count)

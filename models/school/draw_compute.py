"""Computing a draw: from the frozen bytes and the seed alone, by the published rule, with the other mechanism beside.

Applications are read only to know whose a pseudonym is. Results are written under fixed ids and files under ids that
the draw holds, then one transaction says that all of it is there: killed anywhere it runs again to the same bytes.
"""

import dataclasses
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox, runtime
from backend.allocation import draw as mechanisms
from backend.allocation import lots, published
from backend.allocation.measures import Measures, measure
from backend.allocation.problem import Applicant, Outcome
from backend.store import transactions
from models.identity.actors import Staff
from models.school import draw, draw_files, result
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.draw import DrawMoved

BATCH = 1_000
RECEIPT_TAIL = 4
_SHOWN = ("child", "guardian", "account", "choices", "tier", "receipt", "pseudonym")


@dataclass(frozen=True)
class Computed:
    """What a draw comes to: the outcome, its files by name, and the measures of both mechanisms."""

    outcome: Outcome
    files: Mapping[str, bytes]
    own: Measures
    other: Measures


def from_files(found: Mapping[str, Any]) -> Computed:
    """Return what a draw comes to, from its frozen files and its seed.

    Raises:
        FrozenFileChanged: bytes do not match their digest.
    """
    listed, places, rules = (draw_files.content(found, name) for name in draw_files.BEFORE)
    seed = draw_files.content(found, published.SEED).decode().removesuffix("\n")
    problem, mechanism = published.read_problem(listed, places), published.read_rules(rules).mechanism
    outcome = mechanisms.place(mechanism, problem, seed)
    (beside,) = (mechanisms.place(name, problem, seed) for name in mechanisms.MECHANISMS if name != mechanism)
    files = {published.RESULT: published.result(outcome), published.CUT_OFFS: published.cut_offs(outcome)}
    return Computed(outcome, files, measure(outcome), measure(beside))


def compute(draw_id: ObjectId) -> None:
    """Compute a draw that has its seed; one that was computed is computed again and compared.

    Raises:
        FrozenFileChanged: bytes do not match their digest.
    """
    found = draw.read(draw_id)
    if found["state"] in ("computed", "published"):
        draw.note_check(draw_id, same=_same(found, from_files(found)))
        return
    if found["state"] != "seeded":
        return
    made = from_files(found)
    _write_results(found, made)
    stored = [draw_files.put(found["file_ids"], name, content) for name, content in made.files.items()]
    told = {"state": "computed", "computed_at": clock.now(), "measures": _measures(made)}
    told["extra"] = {school: more for school, more in made.outcome.extra.items() if more}

    def change(session: ClientSession) -> None:
        push = {"files": {"$each": stored}}
        draw.move(found, ("seeded",), "compute", told, push=push, session=session)
        rounds.move(found["round"], ("frozen",), "drawn", actor=None, what="draw", session=session)

    try:
        transactions.run(change)
    except DrawMoved:  # another worker, which was slower to begin or quicker to end, has written the same
        return


def again(actor: Staff, round_code: str) -> dict[str, Any]:
    """Let a draw be computed, once more where it was: then it is compared byte for byte. Return the draw.

    Raises:
        NotAllowed: no role of the actor draws.
        NotFound: the round has no draw.
        DrawMoved: it has no seed yet.
    """
    actor.require("school.draw")
    found = draw.live(round_code)
    follow = outbox.entry("reports", "school.compute_draw", draw=str(found["_id"]))
    moved = draw.move(found, ("seeded", "computed", "published"), "compute_again", {}, by=actor, follow=(follow,))
    outbox.wake("reports")
    return moved


def _same(found: Mapping[str, Any], made: Computed) -> bool:
    return all(
        (told := draw.file(found, name)) is not None and told["sha256"] == published.digest(content)
        for name, content in made.files.items()
    )


def _measures(made: Computed) -> dict[str, Any]:
    return {"own": _told(made.own), "other": _told(made.other)}


def _told(found: Measures) -> dict[str, Any]:
    """Return measures as a draw keeps them: numbers only, who envies is counted."""
    numbers = dataclasses.asdict(found)
    return numbers | {"by_choice": list(found.by_choice), "envious": len(found.envious)}


def _write_results(found: Mapping[str, Any], made: Computed) -> None:
    seed = found["seed"]
    applicants = {one.id: one for one in made.outcome.problem.applicants}
    placing = _Placing(made.outcome, lots.ranks(seed, applicants.values()), _lots_of(applicants.values()))
    names = sorted(applicants)
    for start in range(0, len(names), BATCH):
        batch = _applications(found["round"], names[start : start + BATCH])
        result.put([_result(found, one, applicants[one["pseudonym"]], placing) for one in batch])


@dataclass(frozen=True)
class _Placing:
    outcome: Outcome
    ranks: Mapping[str, int]
    lots_of: Mapping[str, str]


def _lots_of(applicants: Any) -> dict[str, str]:
    """Return by pseudonym whose lot counts: of tied children that of the smallest pseudonym."""
    first: dict[str, str] = {}
    for one in applicants:
        if one.group:
            first[one.group] = min(first.get(one.group, one.id), one.id)
    return {one.id: first.get(one.group, one.id) for one in applicants}


def _applications(round_code: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    query = {"round": round_code, "frozen": True, "pseudonym": {"$in": list(names)}}
    yield from SchoolApplication._get_collection().find(query, _SHOWN)


def _result(found: Mapping[str, Any], one: Mapping[str, Any], listed: Applicant, placing: _Placing) -> dict[str, Any]:
    school, rank = placing.outcome.placed[listed.id], placing.outcome.choice(listed)
    made = {
        "_id": result.result_id(found["_id"], one["_id"]),
        "round": found["round"],
        "draw": found["_id"],
        "application": one["_id"],
        "child": one["child"],
        "guardian": one["guardian"],
        "kind": "unplaced" if not school else "drawn" if rank <= len(one["choices"]) else "coordinated",
        "school": school,
        "rank": rank,
        "priority": dict(listed.choices).get(school),
        "lot": placing.outcome.lots[listed.id],
        "lot_of": placing.lots_of[listed.id],
        "position": placing.ranks[listed.id] + 1,
        "pseudonym": listed.id,
        "reserve": listed.reserve,
        "choices": [list(pair) for pair in listed.choices],
        "tier": one.get("tier") or 0,
        "receipt_tail": str(one.get("receipt") or "")[-RECEIPT_TAIL:],
    }
    if one.get("account"):
        made["account"] = one["account"]
    return made | ({"listed": _listed(found, made)} if school else {})


def _listed(found: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Return where on the list of names a child stands: by tier, then in an order that no file has."""
    salt = runtime.current().sealer.open(f"{draw.COLLECTION}.salt", found["_id"], found["salt"])
    hidden = hmac.digest(bytes.fromhex(salt), f"listed:{made['application']}".encode(), "sha256").hex()
    return f"{made['tier']:03d}:{hidden}"

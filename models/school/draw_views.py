"""Draws as the office, the public and families see them: plain dicts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from models.identity.actors import Resident, Staff
from models.school import draw, draw_files, freeze, result, seed_source, verify_lot
from models.school import round as rounds
from models.school.application import SchoolApplication

PSEUDONYM = r"^[A-Z2-7]{16}\Z"


def of_office(actor: Staff, round_code: str) -> dict[str, Any]:
    """Return the live draw of a round with its measures, or how far the round is from being frozen.

    Raises:
        NotAllowed: no role of the actor reads enrolment.
        NotFound: no such round.
    """
    actor.require("school.read")
    found = rounds.read(round_code)
    told: dict[str, Any] = {"round": round_code, "round_state": found["state"], "draws": []}
    told["round_state_zh"] = rounds.STATES[found["state"]]
    told["draws"] = [office_shown(actor, one) for one in draw.of_round(round_code)]
    return told | ({"undecided": freeze.undecided(round_code)} if found["state"] == "open" else {})


def office_shown(actor: Staff, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draw as the office sees it: the measures, before the publication only for who draws, never a result."""
    told = public_shown(found) | {"id": str(found["_id"])}
    proposal = found.get("proposal") or {}
    if proposal:
        told |= {"proposal": proposal["what"], "approval_id": str(proposal["approval"])}
    told["checks"] = [{"at": wire(one["at"]), "same": one["same"]} for one in found.get("checks", [])]
    if found["state"] == "published" or actor.may("school.draw"):
        told |= {f"{side}_measures": measured for side, measured in found.get("measures", {}).items()}
    return told


def public_shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draw as anybody sees it."""
    source = found["seed_source"]
    named = {"kind": source["kind"], "kind_zh": seed_source.KIND_ZH[source["kind"]], "description": source["zh"]}
    named |= {"moment": wire(source["moment"])}
    named |= {name: source[name] for name in ("chain", "drand_round") if name in source}
    told = {
        "state": found["state"],
        "state_zh": draw.STATES[found["state"]],
        "mechanism": found["mechanism"],
        "mechanism_zh": draw.MECHANISM_ZH[found["mechanism"]],
        "applicants": found["applicants"],
        "seed_source": named,
        "seeds_proposed": draw.seeds_proposed(found),
        "files": [_file(one) for one in draw_files.shown(found)],
    }
    told |= {
        name: wire(found[name]) for name in ("frozen_at", "seeded_at", "published_at", "cancelled_at") if name in found
    }
    return told | {name: found[name] for name in ("seed", "signature") if name in found}


def of_public(round_code: str) -> dict[str, Any]:
    """Return the state of a round's draw for anybody, with what was cancelled.

    Raises:
        NotFound: no such round, or it is being prepared.
    """
    found = rounds.public(round_code)
    draws = draw.of_round(round_code)
    told: dict[str, Any] = {
        "round": round_code,
        "name": found["name"],
        "state": found["state"],
        "state_zh": rounds.STATES[found["state"]],
        "opens_at": wire(found["opens_at"]),
        "closes_at": wire(found["closes_at"]),
        "report_zh": rounds.report_zh(found),
        "cancelled": [public_shown(one) for one in draws if one["state"] == "cancelled"],
    }
    live = next((one for one in draws if one.get("live")), None)
    return told | ({"draw": public_shown(live)} if live else {})


def handed_out(round_code: str, name: str) -> dict[str, Any]:
    """Return a file of the live draw of a round that anybody may read: size, digest, reader, media type.

    Raises:
        NotFound: there is no such file, or nobody may read it yet.
    """
    rounds.public(round_code)
    if name not in draw_files.MEDIA_TYPES:
        raise NotFound
    return draw_files.handed_out(draw.live(round_code), name) | {"media_type": draw_files.MEDIA_TYPES[name]}


def of_pseudonym(round_code: str, pseudonym: str) -> dict[str, Any]:
    """Return what the published draw of a round gave a pseudonym.

    Raises:
        NotFound: no such round, nothing is published, or nobody stands on the list under this pseudonym.
    """
    found = draw.published(rounds.public(round_code))
    one = result.of_pseudonym(found["_id"], pseudonym) if found else None
    if found is None or one is None:
        raise NotFound
    return verify_lot.of_result(found, one)


def of_family(resident: Resident, application_id: ObjectId) -> dict[str, Any]:
    """Return the draw of one's own application: the pseudonym once the list is frozen, the result once it is out.

    Raises:
        NotFound: no such application of theirs, or its list is not frozen.
    """
    found = SchoolApplication._get_collection().find_one({"_id": application_id})
    if found is None or not _is_own(found, resident):
        raise NotFound
    round_found = rounds.read(found["round"])
    if not found.get("frozen") or round_found["state"] not in ("frozen", "drawn", "published", "ended"):
        raise NotFound
    told: dict[str, Any] = {"round": found["round"], "pseudonym": found["pseudonym"]}
    told["draw"] = public_shown(draw.live(found["round"]))
    drawn = draw.published(round_found)
    one = result.of_application(drawn["_id"], application_id) if drawn else None
    return told | ({"result": verify_lot.of_result(drawn, one)} if drawn and one else {})


def _is_own(found: Mapping[str, Any], resident: Resident) -> bool:
    return found.get("account") == resident.account_id or found["guardian"] == resident.sure_person_id


def _file(one: Mapping[str, Any]) -> dict[str, Any]:
    name = one["name"]
    return {"name": name, "name_zh": draw_files.NAME_ZH[name], "size": one["size"], "sha256": one["sha256"]}


def wire(moment: datetime) -> str:
    """Return a moment for the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")

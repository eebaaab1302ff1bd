"""What papers say of a package: certificates with content, report and verdicts, and commitments. Plain dicts.

The lot's own come first; where it has none, those of the lots that it was graded out of count, and that is said. What
was certified never changes, so each process keeps it; whether the certificate still holds is read each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from backend import clock
from models.selenium import certificate, commitment, lot, standard, standard_check
from models.selenium.certification import Certification
from models.selenium.certification_views import page_url

MOST = 3
KEPT_SECONDS = 60
"""How long a certificate's report is kept: the titles of its standards are all of it that staff may correct."""
_SAID = {"pass", "below", "above", "organic_low"}


def certificates(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the certificates of a pack's lot: those that hold first, newest first."""
    rows = _nearest(found, found.get("certificates", []), lambda one: one["lots"])
    stopped = _stopped(found, [each for one in rows for each in one["lots"]])
    states = {one["_id"]: certificate.state(one, stopped) for one in rows}
    rows.sort(key=lambda one: states[one["_id"]] != "valid")
    return [_certificate(one, states[one["_id"]], found["lot"]) for one in rows[:MOST]]


def _stopped(found: dict[str, Any], lots: Iterable[str]) -> set[str]:
    """Return which of some lots are held or recalled; the state of the pack's own is known, so it costs no read."""
    others = set(lots) - {found["lot"]}
    own = {found["lot"]} if found["the_lot"]["state"] in lot.STOPPED else set()
    return own | set(lot.stopped(sorted(others)))


def _nearest(found: dict[str, Any], rows: Sequence[dict[str, Any]], lots_of: Any) -> list[dict[str, Any]]:
    own = [one for one in rows if found["lot"] in lots_of(one)]
    return own or list(rows)


def _certificate(one: dict[str, Any], state: str, lot_no: str) -> dict[str, Any]:
    kept = int(clock.now().timestamp()) // KEPT_SECONDS
    told = {"number": one["_id"], "state": state, "state_zh": certificate.STATE_ZH[state], "until": one["valid_to"]}
    told |= {"reason_zh": certificate.REASON_ZH[one["reason"]]} if one.get("reason") else {}
    told |= dict(_certified(one["_id"], kept))
    return told | {"of_lots": [] if lot_no in one["lots"] else one["lots"]}


@lru_cache(maxsize=1024)
def _certified(number: str, kept: int) -> Mapping[str, Any]:  # noqa: ARG001 - the minute for which it is kept
    """Return what stands behind a certificate: its report and what each standard said, with the standards' titles."""
    found = certificate.read(number)
    record = Certification._get_collection().find_one({"_id": found["certification"]}, {"verdicts": 1}) or {}
    verdicts, report = record.get("verdicts", []), found["statement"]["report"]
    titles = _titles([one["standard"] for one in verdicts])
    told = {name: report[name] for name in ("lab_zh", "cma", "report_number", "report_date")}
    told |= {"se": report["se_mg_per_kg"], "basis_zh": standard.BASIS_ZH[report["basis"]]}
    told |= {"verdicts": [_verdict(one, titles) for one in verdicts if one["outcome"] in _SAID]}
    told |= {"unjudged": [one["number"] for one in verdicts if one["outcome"] == "cannot_judge"]}
    return MappingProxyType(told | {"page_url": page_url(number)})


def _titles(names: list[str]) -> dict[str, str]:
    found = standard.Standard._get_collection().find({"_id": {"$in": names}}, {"title_zh": 1})
    return {one["_id"]: one["title_zh"] for one in found}


def _verdict(one: dict[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    row = one["row"]
    lower, upper = standard_check.in_mg(row["lower_ug"]), standard_check.in_mg(row["upper_ug"])
    asked = f"{lower}–{upper}" if lower and upper else f"≥ {lower}" if lower else f"≤ {upper}"
    asked = f"{asked} mg/kg" + (f",有机硒 > {row['organic_percent']}%" if row["organic_percent"] else "")
    told = {"number": one["number"], "title_zh": titles.get(one["standard"], ""), "asked": asked}
    told |= {"basis_zh": standard.BASIS_ZH[row["basis"]], "passes": one["outcome"] == "pass"}
    return told | {"outcome_zh": standard_check.OUTCOME_ZH[one["outcome"]]}


def commitments(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the commitment certificates of a pack's lot that are not over, newest first."""
    rows = _nearest(found, found.get("commitments", []), lambda one: (one["lot"],))
    states = _states(found, {one["lot"] for one in rows})
    return [_commitment(one, commitment.state(one, states[one["lot"]]), found["lot"]) for one in rows[:MOST]]


def _states(found: dict[str, Any], lots: set[str]) -> dict[str, str]:
    """Return the states of lots; one that is neither held nor recalled counts as open."""
    others = lot.stopped(sorted(lots - {found["lot"]}))
    return {one: others.get(one, "open") for one in lots} | {found["lot"]: found["the_lot"]["state"]}


def _commitment(one: dict[str, Any], state: str, lot_no: str) -> dict[str, Any]:
    told = {"number": one["_id"], "party_zh": one["party_zh"], "valid": state == "valid"}
    told |= {"state_zh": commitment.STATE_ZH[state], "of_lot": "" if one["lot"] == lot_no else one["lot"]}
    told |= {"page_url": page_url(one["_id"], "commitments")}
    told |= {"day": clock.civil(one["issued_at"]).date().isoformat()}
    return told | {"ticks": [commitment.TICK_ZH[each] for each in one["ticks"]]}

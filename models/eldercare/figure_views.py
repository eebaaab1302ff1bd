"""The health commission's figures and those of a unit: rows of the last night as plain dicts; nobody is named.

Who reads the county's figures sees no small number, and who works for one town alone its row; a unit knows its own
elders anyway.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend import clock, small_numbers
from models.eldercare import alert_terms, figure, figure_checks, figure_control
from models.eldercare.figure_alerts import CLOSED, OPEN, OUTCOME, RAISED, WITHIN
from models.identity import unit
from models.identity.actors import Staff
from models.places import area

OPERATION, OWN = "health.report", "health.work"
NO_TOWN_ZH = "住址未登记"
Row = dict[str, Any]


def yearly_checks(actor: Staff, year: int) -> Row:
    """Return of each town how many elders had the year's check, and of the county.

    Raises:
        NotAllowed: no role of the actor reads figures.
    """
    actor.require(OPERATION)
    told = _by_town(actor, figure.YEARLY_CHECK, str(year), figure_checks.WORDS, "enrolled")
    return {"year": year, **told, "note_zh": small_numbers.NOTE_ZH}


def control(actor: Staff, year: int) -> Row:
    """Return of each town how many elders managed for an illness reached the target, and of the county.

    Raises:
        NotAllowed: no role of the actor reads figures.
    """
    actor.require(OPERATION)
    diseases = [
        {"disease": name, "disease_zh": zh, **_by_town(actor, name, str(year), figure_control.WORDS, "managed")}
        for name, zh in figure.CONTROL_ZH.items()
    ]
    return {"year": year, "diseases": diseases, "note_zh": small_numbers.NOTE_ZH}


def _by_town(actor: Staff, name: str, period: str, words: Sequence[str], whole: str) -> Row:
    found = figure.of_county(name, period)
    if figure.COUNTY not in found:
        return {"towns": []}
    towns = _towns(found)
    places = [*(figure.town(code) for code in towns), figure.COUNTY]
    rows = [_added(figure.counts(found.get(place)), words, whole) for place in places]
    told = [_with_percent(one, words[0], whole) for one in small_numbers.table(rows, (*words, whole))]
    answer = {"as_of": _wire(found[figure.COUNTY]["as_of"]), "towns": _within(actor, towns, told)}
    return answer | ({"county": told[-1]} if _whole(actor) else {})


def _within(actor: Staff, towns: Mapping[str, str], rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the towns in which the actor reads figures, with their names."""
    return [
        {"town": code, "town_zh": zh, **one}
        for (code, zh), one in zip(towns.items(), rows, strict=False)
        if actor.covers(OPERATION, unit="", area=code)
    ]


def _whole(actor: Staff) -> bool:
    return actor.covers(OPERATION, unit="", area="")


def _towns(found: Mapping[str, Any]) -> dict[str, str]:
    """Return all towns of the county, and those that rows tell of beside them."""
    towns = area.towns()
    other = sorted(place.removeprefix(figure.town("")) for place in found if place != figure.COUNTY)
    return towns | {code: code or NO_TOWN_ZH for code in other if code not in towns}


def _added(counted: Counter[str], words: Sequence[str], whole: str) -> dict[str, int]:
    told = {word: counted[word] for word in words}
    return told | {whole: sum(told.values())}


def _with_percent(row: Mapping[str, int | None], part: str, whole: str) -> Row:
    some, every = row[part], row[whole]
    return {**row, "percent": round(100 * some / every, 1) if some is not None and every else None}


def alerts(actor: Staff, month: str) -> Row:
    """Return how alerts raised in a month (`YYYY-MM`) went, by severity and by town.

    Raises:
        NotAllowed: no role of the actor reads figures.
    """
    actor.require(OPERATION)
    found = figure.of_county(figure.ALERTS, month)
    if figure.COUNTY not in found:
        return {"month": month, "severities": [], "towns": [], "note_zh": small_numbers.NOTE_ZH}
    county = found[figure.COUNTY]
    return {
        "month": month,
        "as_of": _wire(county["as_of"]),
        "severities": _severities(county) if _whole(actor) else [],
        "towns": _within(actor, *_alert_towns(found)),
        "note_zh": small_numbers.NOTE_ZH,
    }


def _severities(county: Mapping[str, Any]) -> list[Row]:
    """Return a row of each severity; the sum of all is reckoned with, so that nothing hidden can be."""
    counted = figure.counts(county)
    parts = (OPEN, *(f"{OUTCOME}{WITHIN}{code}" for code in alert_terms.OUTCOMES))
    rows = [
        _added(Counter({word: counted[f"{severity}{WITHIN}{word}"] for word in parts}), parts, RAISED)
        for severity in alert_terms.SEVERITIES
    ]
    whole = {name: sum(one[name] for one in rows) for name in (*parts, RAISED)}
    told = small_numbers.table([*rows, whole], (*parts, RAISED))
    return [_severity(county, *one) for one in zip(alert_terms.SEVERITIES, told, strict=False)]


def _severity(county: Mapping[str, Any], severity: str, told: Mapping[str, int | None]) -> Row:
    minutes, of = county["medians"].get(severity, (None, 0))
    outcomes = [
        {"outcome": code, "outcome_zh": one.zh, "count": told[f"{OUTCOME}{WITHIN}{code}"]}
        for code, one in alert_terms.OUTCOMES.items()
    ]
    return {
        "severity": severity,
        "severity_zh": alert_terms.SEVERITY_ZH[severity],
        "raised": told[RAISED],
        "open": told[OPEN],
        "median_minutes_to_acknowledge": minutes if of >= small_numbers.SMALL else None,
        "outcomes": outcomes,
    }


def _alert_towns(found: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str], list[Row]]:
    towns = _towns(found)
    words = (OPEN, CLOSED, RAISED)
    places = [*(figure.town(code) for code in towns), figure.COUNTY]
    rows = [_over_severities(figure.counts(found.get(place)), words) for place in places]
    return towns, list(small_numbers.table(rows, words))


def _over_severities(counted: Counter[str], words: Sequence[str]) -> dict[str, int]:
    severities = alert_terms.SEVERITIES
    return {word: sum(counted[f"{severity}{WITHIN}{word}"] for severity in severities) for word in words}


def own_units(actor: Staff, year: int) -> list[Row]:
    """Return the figures of the units for which the actor works, whole.

    Raises:
        NotAllowed: no role of the actor works with elders.
    """
    actor.require(OWN)
    codes = sorted(actor.units_for(OWN) or ())
    names = unit.names(codes)
    figures = (figure.YEARLY_CHECK, *figure.CONTROL_ZH)
    found = {name: figure.of_units(name, str(year), codes) for name in figures}
    return [
        _of_unit(code, names.get(code, ""), {name: found[name].get(figure.unit(code)) for name in found})
        for code in codes
    ]


def _of_unit(code: str, zh: str, rows: Mapping[str, Mapping[str, Any] | None]) -> Row:
    checks = _added(figure.counts(rows[figure.YEARLY_CHECK]), figure_checks.WORDS, "enrolled")
    control_rows = []
    for disease, disease_zh in figure.CONTROL_ZH.items():
        counted = _added(figure.counts(rows[disease]), figure_control.WORDS, "managed")
        told = _with_percent(counted, figure_control.REACHED, "managed")
        control_rows.append({"disease": disease, "disease_zh": disease_zh, **told})
    told = {"unit": code, "unit_zh": zh, "control": control_rows}
    told["yearly_checks"] = _with_percent(checks, figure_checks.DONE, "enrolled")
    times = [one["as_of"] for one in rows.values() if one]
    return told | ({"as_of": _wire(max(times))} if times else {})


def _wire(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")

"""What is known of an elder, as plain dicts: findings with their reasons, the screen, assessments, ranges."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import NotFound
from backend.store import documents, paging
from models.eldercare import codes, finding, judge, news2, personal_range, record, tool
from models.eldercare.finding import HealthFinding
from models.eldercare.item_views import wire
from models.eldercare.reader import Reader
from models.rules import evaluate

MOST = 50
_PLAIN = {"record": 0, "outbox": 0}


def tools() -> list[dict[str, Any]]:
    """Return the tables in force, without what they hold."""
    return [_tool(one) for one in tool.listed()]


def one_tool(code: str) -> dict[str, Any]:
    """Return the version of a table that counts today, with what it holds.

    Raises:
        NotFound: none does.
    """
    try:
        found = tool.in_force(code, clock.today())
    except tool.ToolUnknown:
        raise NotFound from None
    return _tool(found) | {"content": found["content"]}


def _tool(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("code", "version", "kind", "zh", "source", "valid_from")}
    return told | {"kind_zh": tool.KINDS[found["kind"]]}


def findings(reader: Reader, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of an elder's findings that are shown to this reader, the newest first."""
    found, following = paging.page(
        HealthFinding._get_collection(),
        shown(reader),
        sort=("at", -1),
        cursor=cursor,
        limit=limit,
        projection=_PLAIN,
    )
    return [_finding(one) for one in found], following


def shown(reader: Reader) -> dict[str, Any]:
    """Return the query of the findings of which nothing is hidden from this reader."""
    query: dict[str, Any] = {"subject": reader.subject_id}
    if words := reader.hidden_words:
        query["words"] = {"$nin": sorted(words)}
    if items := reader.hidden_items:
        query["about"] = query["beside.id"] = {"$nin": sorted(items)}
    return query


def one_finding(reader: Reader, finding_id: ObjectId) -> dict[str, Any]:
    """Return one finding with its reasons, made again from its record.

    Raises:
        NotFound: no such finding of this elder is shown to this reader.
    """
    found = documents.one(HealthFinding, shown(reader) | {"_id": finding_id}, {"outbox": 0})
    told = _finding(found)
    kept = finding.decision_record(found)
    if kept is None:
        return told
    again = evaluate.replay(kept)
    told |= {"why_zh": again.why_zh, "replayed": again.record() == kept, "source": dict(kept["sets"][0]["source"])}
    return told | {"parameters": [_parameter(one) for one in kept["parameters"]]}


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    value = one["value"]["decimal"] if isinstance(one["value"], dict) else str(one["value"])
    return {"code": one["code"], "zh": one["zh"], "value": value, "valid_from": one["valid_from"]}


def _finding(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: found[name] for name in ("rule", "rule_version", "severity", "inputs", "sentence_zh", "state")}
    told |= {
        "id": str(found["_id"]),
        "severity_zh": finding.SEVERITY_ZH[found["severity"]],
        "state_zh": finding.STATE_ZH[found["state"]],
        "about": [str(one) for one in found["about"]],
        "at": wire(found["at"]),
    }
    if category := found.get("class"):
        told |= {"category": category, "category_zh": finding.CLASS_ZH[category]}
    return told


def screened(reader: Reader) -> dict[str, Any]:
    """Return NEWS2 of the last vital signs that this reader is shown.

    Raises:
        NotFound: none is shown, or the elder is too young for it.
    """
    last = [one for code in judge.SIGNS for one in reader.observations(code)]
    if not last:
        raise NotFound
    found = max(last, key=lambda one: (one["at"], one["_id"]))
    case = judge.case_of(reader.subject, found)
    made = judge.screen(case, [one for one in judge.beside(case) if reader.sees(one)])
    if made is None:
        raise NotFound
    return _screened(made) | {"at": wire(found["at"])}


def _screened(made: news2.Screened) -> dict[str, Any]:
    response = made.response
    return {
        "rule": news2.TOOL,
        "rule_version": made.version,
        "total": made.total,
        "is_complete": made.is_complete,
        "points": [{"name": name, "name_zh": _name_zh(name), "points": count} for name, count in made.points.items()],
        "missing": list(made.missing),
        "assumed": list(made.assumed),
        "severity": response["severity"],
        "severity_zh": finding.SEVERITY_ZH[response["severity"]],
        "risk_zh": response["zh"],
        "sentence_zh": made.sentence_zh,
    }


def _name_zh(name: str) -> str:
    return news2.CONTEXT_ZH.get(name) or codes.zh(name)


def assessments(reader: Reader) -> list[dict[str, Any]]:
    """Return the assessments of an elder that are shown to this reader, the newest first."""
    return [assessment(one) for one in reader.records("assessment", MOST) if "tool" in one.get("result", {})]


def assessment(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one assessment with its answers."""
    said, result = record.content(found), found["result"]
    told = {name: said[name] for name in ("title_zh", "value_zh", "sentence_zh", "answers", "signs")}
    told |= {name: result[name] for name in ("tool", "tool_version", "total", "grade", "by_total", "groups")}
    return told | {"id": str(found["_id"]), "at": wire(found["at"]), "state": found["state"]}


def ranges(found: Iterable[dict[str, Any]], *, with_reason: bool = True) -> list[dict[str, Any]]:
    """Return personal ranges, why they were set only where that is wanted."""
    return [_range(one, with_reason) for one in found]


def _range(found: dict[str, Any], with_reason: bool) -> dict[str, Any]:
    names = ("quantity", "low", "high", "scale", "until", "unit")
    told: dict[str, Any] = {name: found[name] for name in names if name in found}
    counts = found["live"] and found["until"] >= clock.today().isoformat()
    state = "live" if counts else "expired" if found["live"] else "ended"
    told |= {
        "id": str(found["_id"]),
        "quantity_zh": codes.zh(found["quantity"]),
        "state": state,
        "state_zh": {"live": "有效", "expired": "已到期", "ended": "已停用"}[state],
        "set_by": found["set_by"],
        "set_at": wire(found["set_at"]),
    }
    return told | ({"reason": personal_range.reason(found)} if with_reason else {})


def shows(reader: Reader, quantity: str) -> bool:
    """Tell whether a quantity is shown to a reader: not where its measurements are hidden."""
    panels = [code for code, (_, _, parts) in codes.PANELS.items() if quantity in parts]
    return all(reader.sees_word(code) for code in panels or [quantity])


def own_assessments(reader: Reader) -> list[dict[str, Any]]:
    """Return the assessments of an elder without their answers, for the elder and the family."""
    names = ("id", "title_zh", "value_zh", "sentence_zh", "at")
    return [{name: one[name] for name in names} for one in assessments(reader)]

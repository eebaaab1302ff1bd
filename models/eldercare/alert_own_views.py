"""Alerts as the elder and the family read them: short phrases in plain words, and what they may answer. Plain dicts.

What staff noted stays with staff. A relative's look leaves an access line, which the elder can read.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from models.audit import access_line
from models.eldercare import alert, alert_hidden, alert_terms, alert_views, subject
from models.eldercare.alert_answer import own
from models.identity.actors import Resident

PURPOSE = "acting_for"
FIELDS = ("health.alerts",)
ELDER_ZH = {
    "attention": "今天的数据要留意",
    "urgent": "数据不太好,请坐下休息",
    "emergency": "情况紧急,请马上叫人",
}
NEXT_ZH = {
    "raised": "正在通知医生",
    "acknowledged": "医生已看到,会联系您",
    "acted": "已有人在处理",
    "closed": "这件事已处理完",
}
CALL_ZH = "危急时请拨打120"


def listed(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of one's own alerts, or of whom one acts for; none where they are hidden from the family."""
    elder = subject.of_person(resident.subject_id)
    if elder is None:
        return [], None
    found, following = alert_views.newest(elder["_id"], cursor=cursor, limit=limit)
    if resident.acting:
        found = [one for one in found if not alert_hidden.from_family(elder, one)]
    if found:
        _looked(resident)
    return [brief(resident, one) for one in found], following


def one(resident: Resident, alert_id: ObjectId) -> dict[str, Any]:
    """Return an alert of one's own, or of whom one acts for, with what happened.

    Raises:
        NotFound: no such alert of theirs.
    """
    return whole(resident, own(resident, alert_id))


def whole(resident: Resident, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert with what happened, in words and without notes."""
    _looked(resident)
    lines = [{"at": alert_views.wire(one["at"]), "what_zh": alert_views.event_zh(one)} for one in found["events"]]
    return brief(resident, found) | {"events": lines}


def _looked(resident: Resident) -> None:
    if resident.acting:
        access_line.record(resident, purpose=PURPOSE, subjects=[resident.acting.person_id], fields=FIELDS)


def brief(resident: Resident, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert in short phrases, with what may be answered."""
    severity, side = found["severity"], "family" if resident.acting else "elder"
    told: dict[str, Any] = {
        "id": str(found["_id"]),
        "at": alert_views.wire(found["raised_at"]),
        "severity": severity,
        "severity_zh": alert_terms.SEVERITY_ZH[severity],
        "state": found["state"],
        "state_zh": NEXT_ZH[found["state"]],
        "phrases_zh": _phrases(found),
        "sentence_zh": alert.sentence(found),
        "live": bool(found.get("live")),
        "answers": _answers(found, side),
    }
    if outcome := found.get("outcome"):
        terms = alert_terms.OUTCOMES[outcome["code"]]
        told |= {"outcome": outcome["code"], "outcome_zh": terms.family_zh}
        told |= {"closed_at": alert_views.wire(outcome["at"])}
    return told


def _phrases(found: Mapping[str, Any]) -> list[str]:
    if not found.get("live"):
        return [NEXT_ZH[found["state"]]]
    told = [ELDER_ZH[found["severity"]], NEXT_ZH[found["state"]]]
    return told + ([CALL_ZH] if found["severity"] == "emergency" else [])


def _answers(found: Mapping[str, Any], side: str) -> list[dict[str, str]]:
    if not found.get("live"):
        return []
    return [{"code": code, "code_zh": one.zh} for code, one in alert_terms.ANSWERS.items() if side in one.by]

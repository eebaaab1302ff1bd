"""Alerts as staff see them: what is most overdue first, with the elder's name. Plain dicts, after the access line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import clock
from backend.store import paging
from models.audit import access_line
from models.eldercare import alert, alert_hidden, alert_terms, subject
from models.eldercare.alert import HealthAlert
from models.eldercare.alert_handle import OPERATION, reach
from models.eldercare.subject import HealthSubject
from models.identity import person
from models.identity.actors import Staff

PURPOSE = "health_care"
FIELDS = ("person.name", "health.alerts")
SCOPE_ZH = {"reach": "本单位照护的老人", "mine": "值班时转给我的", "desk": "转县级值守的"}
NO_EVENTS = {"events": 0, "outbox": 0}


def wire(moment: Any) -> str:
    """Return a time as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")


def listed(
    actor: Staff, *, scope: str = "reach", cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the live alerts that one reaches, by when their step is due: the most overdue first.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require(OPERATION)
    units = actor.units_for(OPERATION)
    query: dict[str, Any] = {"live": True} | ({} if units is None else {"units": {"$in": sorted(units)}})
    chosen: dict[str, dict[str, Any]] = {"mine": {"staff": actor.staff_id}, "desk": {"desk": True}}
    query |= chosen.get(scope, {})
    found, following = paging.page(
        HealthAlert._get_collection(), query, sort=("due", 1), cursor=cursor, limit=limit, projection=NO_EVENTS
    )
    return for_staff(actor, found), following


def of_elder(
    actor: Staff, subject_id: ObjectId, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of an elder's alerts, the newest first, without those that were linked to another.

    Raises:
        NotAllowed, NotFound: out of reach.
    """
    actor.require(OPERATION)
    subject.in_reach(subject_id, actor.units_for(OPERATION))
    found, following = newest(subject_id, cursor=cursor, limit=limit)
    return for_staff(actor, found), following


def newest(subject_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of an elder's alerts as they are stored, the newest first, without those that were linked."""
    query = {"subject": subject_id, **alert.OWN}
    collection = HealthAlert._get_collection()
    return paging.page(collection, query, sort=("raised_at", -1), cursor=cursor, limit=limit, projection={"outbox": 0})


def one(actor: Staff, alert_id: ObjectId) -> dict[str, Any]:
    """Return an alert with everything that happened.

    Raises:
        NotAllowed, NotFound: out of reach.
    """
    return whole(actor, reach(actor, alert_id))


def whole(actor: Staff, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert with everything that happened, after the access line is stored."""
    (shown,) = for_staff(actor, [found])
    return shown | {"events": [event(one) for one in found.get("events", ())]}


def for_staff(actor: Staff, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return alerts with whom they are about, after the access line is stored."""
    return beside(actor, found, elders(actor, [one["subject"] for one in found], FIELDS))


def beside(
    actor: Staff, found: Sequence[Mapping[str, Any]], known: Mapping[ObjectId, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return alerts with whom they are about; what the elder hid from the actor's units is not said."""
    units, told = actor.units_for(OPERATION), []
    for one in found:
        elder = known[one["subject"]]
        line = shown(one) | {"elder": elder["shown"]}
        if alert_hidden.from_units(elder, one, units):
            line["sentence_zh"] = alert_hidden.SENTENCE_ZH
        told.append(line)
    return told


def elders(actor: Staff, subject_ids: Iterable[ObjectId], fields: Sequence[str]) -> dict[ObjectId, dict[str, Any]]:
    """Return who some elders are (`shown`) and what they hid, by their subject, after the access line is stored."""
    wanted = sorted(set(subject_ids))
    query, fetched = {"_id": {"$in": wanted}}, {"person": 1, "hidden": 1}
    subjects = list(HealthSubject._get_collection().find(query, fetched)) if wanted else []
    persons = {one["_id"]: subject.person_of(one) for one in subjects}
    access_line.record(actor, purpose=PURPOSE, subjects=persons.values(), fields=fields)
    known, today = person.several(list(persons.values())), clock.today()
    hidden = {one["_id"]: one.get("hidden", ()) for one in subjects}
    told: dict[ObjectId, dict[str, Any]] = {}
    for one in wanted:
        who = known.get(persons[one]) if one in persons else None
        line = {"elder_id": str(one), "name": who.name if who else "", "age": who.age(today) if who else None}
        told[one] = {"shown": line, "hidden": hidden.get(one, ())}
    return told


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of an alert to everybody who may see it."""
    told: dict[str, Any] = {
        "id": str(found["_id"]),
        "seq": found["seq"],
        "rule": found["rule"],
        "rule_version": found["rule_version"],
        "severity": found["severity"],
        "severity_zh": alert_terms.SEVERITY_ZH[found["severity"]],
        "state": found["state"],
        "state_zh": alert_terms.STATE_ZH[found["state"]],
        "sentence_zh": alert.sentence(found),
        "found_at": wire(found["found_at"]),
        "raised_at": wire(found["raised_at"]),
        "repeats": found.get("repeats", 0),
        "acts": [act(one) for one in found.get("acts", ())],
        "at_duty_desk": bool(found.get("desk")),
        "called_120": any(one.endswith("called_120") for one in found.get("acts", ())),
    }
    told |= {name: wire(found[name]) for name in ("acknowledged_at", "acted_at", "closed_at") if found.get(name)}
    told |= {"linked_to": str(found["linked_to"])} if "linked_to" in found else {}
    return told | _clock(found) | _outcome(found)


def _clock(found: Mapping[str, Any]) -> dict[str, Any]:
    if not found.get("live"):
        return {}
    step = alert_terms.STEPS[found["state"]]
    told = {"step": step, "step_zh": alert_terms.STEP_ZH[step], "due": wire(found["due"]), "rung": found["rung"]}
    return told | {"overdue": found["due"] <= clock.now(), "minutes": found["clocks"][step]}


def _outcome(found: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if outcome := found.get("outcome"):
        code = outcome["code"]
        told["outcome"] = {"code": code, "code_zh": alert_terms.OUTCOMES[code].zh, "at": wire(outcome["at"])}
        told["outcome"] |= {"with_alert": str(outcome["with_alert"])} if "with_alert" in outcome else {}
    if after := found.get("after"):
        kind = after["kind"]
        told["after"] = {"kind": kind, "kind_zh": alert_terms.AFTER[kind].zh, "due": wire(after["due"])}
        told["after"] |= {"open": after["open"]}
    return told


def act(told: str) -> dict[str, str]:
    """Return what was done, in words; what the family did begins with `family:`."""
    if told in alert_terms.ACTS:
        return {"kind": told, "kind_zh": alert_terms.ACTS[told].zh}
    kind = told.partition(":")[2]
    return {"kind": kind, "kind_zh": alert_terms.ANSWERS[kind].zh}


def event(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of what happened, its note opened."""
    told = {
        name: line[name]
        for name in ("severity", "rung", "step", "outcome", "before", "answer", "after")
        if name in line
    }
    told |= {"act": line["act"]} if "act" in line else {}
    words = event_zh(line)
    return {
        "at": wire(line["at"]),
        "what": line["what"],
        "what_zh": words,
        "by": line["by"],
        "note": alert.note(line),
        **told,
    }


def event_zh(line: Mapping[str, Any]) -> str:
    """Return one line of what happened as a Chinese phrase."""
    return _EVENT_ZH[line["what"]](line)


_EVENT_ZH: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "raised": lambda line: f"发出提醒:{alert_terms.SEVERITY_ZH[line['severity']]}",
    "graver": lambda line: f"提醒升级:{alert_terms.SEVERITY_ZH[line['severity']]}",
    "escalated": lambda line: f"{alert_terms.STEP_ZH[line['step']]}超时,{alert_terms.RUNG_ZH[line['rung']]}",
    "called": lambda line: alert_terms.RUNG_ZH[line["rung"]],
    "acknowledged": lambda _line: "已接警",
    "acted": lambda line: alert_terms.ACTS[line["act"]].zh,
    "answered": lambda line: alert_terms.ANSWERS[line["answer"]].zh,
    "noted": lambda _line: "补充说明",
    "closed": lambda line: f"登记结果:{alert_terms.OUTCOMES[line['outcome']].zh}",
    "corrected": lambda line: f"更正结果:{alert_terms.OUTCOMES[line['outcome']].zh}",
    "after_done": lambda line: f"已完成:{alert_terms.AFTER[line['after']].zh}",
}

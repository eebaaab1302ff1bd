"""Service items as offices and applicants see them, and what two versions differ in. Plain dicts."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.affairs import form, form_answers, form_draft, service_item
from models.affairs.case_views import wire
from models.affairs.service_item_content import APPLICANTS, CONTENT, DELIVERY
from models.identity import unit
from models.identity.actors import Staff

_COUNTED = {"working": "个工作日", "calendar": "日"}


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of the office shows of a version."""
    told = {"id": found["_id"], **{name: found[name] for name in ("code", "version", "zh", "state", "unit", "prefix")}}
    told |= {"state_zh": service_item.STATES[found["state"]], "demo": bool(found.get("demo"))}
    told |= {"approval_id": str(found["approval"])} if found.get("approval") else {}
    return told | ({"published_at": wire(found["published_at"])} if found.get("published_at") else {})


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole version as its office edits it."""
    return {**brief(found), **{name: found.get(name) for name in CONTENT}}


def listed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list shows applicants of an item."""
    limit = found["limit"]
    told = {name: found[name] for name in ("code", "version", "zh", "intro_zh", "applicants", "law", "unit")}
    told |= {"applicants_zh": "、".join(APPLICANTS[one] for one in found["applicants"])}
    return told | {"limit_zh": f"{limit['days']}{_COUNTED[limit['counted']]}", "demo": bool(found.get("demo"))}


def guide(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the guide of an item with its form, for who wants to apply."""
    told = listed(found) | {"unit_zh": unit.names([found["unit"]]).get(found["unit"], "")}
    told |= {"form": found["form"] or {}, "materials": found["materials"], "slot": found["slot"]}
    told |= {"delivery": [{"code": one, "zh": DELIVERY[one]} for one in found["delivery"]]}
    return told | {"steps_zh": [one["zh"] for one in found["steps"]], "rating": bool(found["rating"])}


def draft(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return somebody's half filled form."""
    told = {"code": found["code"], "version": found["version"], "saved_at": wire(found["saved_at"])}
    return told | {"answers": form_draft.answers_of(found)}


def tried(actor: Staff, item_id: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a filled form of a version would be refused for, field by field; nothing is stored.

    Raises:
        NotFound: no such version that the actor's roles reach.
    """
    found = service_item.within(actor, "item.try", item_id)
    return {"problems": form_answers.told(found["form"], answers), "fields": len(form.fields(found["form"]))}


def difference(actor: Staff, before_id: str, after_id: str) -> dict[str, Any]:
    """Return what changed from one version of an item to another, place by place.

    Raises:
        NotFound: one of the two is no version that the actor's roles reach.
    """
    before, after = (service_item.within(actor, "item.read", one) for one in (before_id, after_id))
    lines = [line for name in CONTENT for line in _changed(name, before.get(name), after.get(name))]
    return {"before": before_id, "after": after_id, "items": lines, "next": None}


def _changed(path: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    old, new = _named(before), _named(after)
    if old is not None and new is not None:
        for name in [*old, *(one for one in new if one not in old)]:
            yield from _changed(f"{path}.{name}", old.get(name), new.get(name))
    elif before != after:
        yield {"path": path, "before": before, "after": after}


def _named(value: Any) -> dict[str, Any] | None:
    """Return the parts of a value by name: those of an object, or of a list whose elements have codes."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) and "code" in one for one in value):
        return {one["code"]: one for one in value}
    return None

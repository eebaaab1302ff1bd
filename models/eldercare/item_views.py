"""An observation or a record as an item of a list: one shape for the timeline and the summary. Plain dicts."""

from collections.abc import Iterable, Mapping
from typing import Any

from backend import clock
from models.eldercare import codes, observation, record, source
from models.identity import unit


def wire(moment: Any) -> str:
    """Return a time as it stands on the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")


def several(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return observations and records as items, in their order, the units named by one query."""
    kept = list(found)
    names = unit.names({one["source"]["unit"] for one in kept if one["source"].get("unit")})
    return [_item(one, names) for one in kept]


def one(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an observation or a record as an item."""
    return several([found])[0]


def _item(found: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    told = _record(found) if "kind" in found else _observation(found)
    told |= {
        "id": str(found["_id"]),
        "at": wire(found["at"]),
        "recorded_at": wire(found["recorded_at"]),
        "source": _source(found["source"], units),
        "state": found["state"],
        "version": found["version"],
        "settled": bool(found.get("settled")),
    }
    return told | ({"until": wire(found["until"])} if found.get("until") else {})


def _source(told: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    shown = {
        "kind": told["kind"],
        "kind_zh": source.zh(told["kind"]),
        "trust": told["trust"],
        "trust_zh": source.TRUST_ZH[told["trust"]],
    }
    if code := told.get("unit"):
        shown |= {"unit": code, "unit_zh": units.get(code, "")}
    return shown | ({"device": told["device"]} if told.get("device") else {})


def _observation(found: Mapping[str, Any]) -> dict[str, Any]:
    code = found["code"]
    told = {
        "of": "observation",
        "word": code,
        "title_zh": codes.zh(code),
        "value_zh": value_zh(code, found["values"]),
        "values": found["values"],
        "state_zh": observation.STATE_ZH[found["state"]],
        "flags": [{"code": one, "zh": observation.FLAG_ZH.get(one, one)} for one in found.get("flags", ())],
    }
    detail = {name: found[name] for name in ("context", "repeats") if found.get(name)}
    return told | ({"detail": detail} if detail else {})


def value_zh(code: str, values: Mapping[str, float]) -> str:
    """Return measured values as a person reads them: 128/82 毫米汞柱, 36.5℃."""
    told = [(codes.QUANTITIES[name], values[name]) for name in codes.components(code) if name in values]
    numbers = "/".join(f"{value:.{quantity.decimals}f}" for quantity, value in told)
    return f"{numbers} {told[0][0].unit_zh}" if told else ""


def _record(found: Mapping[str, Any]) -> dict[str, Any]:
    said = record.content(found)
    said.pop("fhir", None)  # the resource that it came as is told over FHIR
    told: dict[str, Any] = {
        "of": "record",
        "word": found["kind"],
        "title_zh": str(said.pop("title_zh", record.KINDS[found["kind"]])),
        "state_zh": record.STATE_ZH[found["state"]],
    }
    told |= {name: str(said.pop(name)) for name in ("text", "value_zh", "due_on") if said.get(name)}
    return told | ({"detail": said} if said else {})

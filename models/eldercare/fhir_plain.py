"""Records that did not come as a resource, told as one: what staff wrote down, and assessments by tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.eldercare import fhir_parts, tool
from models.fhir import times

_HL7 = "http://terminology.hl7.org/CodeSystem/"
CLINICAL = {
    "Condition": f"{_HL7}condition-clinical",
    "AllergyIntolerance": f"{_HL7}allergyintolerance-clinical",
}
TOOL = "urn:yudu:health-tool"
ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
NONE_KNOWN = {
    "Condition": "no-known-problems",
    "MedicationStatement": "no-known-medications",
    "AllergyIntolerance": "no-known-allergies",
}
"""Who was asked and has none is told so by the code of the International Patient Summary."""


def told(resource_type: str, found: Mapping[str, Any], said: Mapping[str, Any], begins: str) -> dict[str, Any]:
    """Return the elements of a record; `begins` is the element of the time from which it holds."""
    elements: dict[str, Any] = {begins: times.told(found["at"])}
    if resource_type == "QuestionnaireResponse":
        return elements | {"status": "completed"} | _answers(found, said)
    elements |= {"note": [{"text": said["text"]}]} if said.get("text") else {}
    concept = _concept(resource_type, said)
    if resource_type == "MedicationStatement":
        return elements | {"medicationCodeableConcept": concept, "status": "active"} | _taken(said)
    elements |= {"clinicalStatus": fhir_parts.concept("active", CLINICAL[resource_type]), "code": concept}
    return elements | _harm(said)


def _concept(resource_type: str, said: Mapping[str, Any]) -> dict[str, Any]:
    coding = [
        {name: one[name] for name in ("system", "code", "display") if one.get(name)} for one in said.get("coding", ())
    ]
    coding += [{"system": ABSENT, "code": NONE_KNOWN[resource_type]}] if said.get("none_known") else []
    return ({"coding": coding} if coding else {}) | {"text": said["title_zh"]}


def _taken(said: Mapping[str, Any]) -> dict[str, Any]:
    dosage = ",".join(filter(None, (said.get("dosage_zh"), said.get("frequency_zh"))))
    reason = {"reasonCode": [{"text": said["reason_zh"]}]} if said.get("reason_zh") else {}
    return reason | ({"dosage": [{"text": dosage}]} if dosage else {})


def _harm(said: Mapping[str, Any]) -> dict[str, Any]:
    reaction = {"reaction": [{"manifestation": [{"text": said["reaction_zh"]}]}]} if said.get("reaction_zh") else {}
    return reaction | ({"criticality": said["criticality"].replace("_", "-")} if said.get("criticality") else {})


def _answers(found: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was answered: the version of the table is the questionnaire, its result the last item."""
    result = found.get("result")
    if result is None:
        words = said.get("text") or said.get("value_zh") or ""
        answer = {"answer": [{"valueString": words}]} if words else {}
        return {"item": [{"linkId": "title", "text": said["title_zh"], **answer}]}
    table = tool.read(result["tool"], result["tool_version"])
    items = [*_chosen(table, said["answers"]), *_signs(table, said.get("signs", {})), _result(table, result, said)]
    return {"questionnaire": f"{TOOL}:{result['tool']}|{result['tool_version']}", "item": items}


def _chosen(table: Mapping[str, Any], answers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for one in table["content"]["items"]:
        options = {option["code"]: option["zh"] for option in one["options"]}
        chosen = answers[one["code"]]
        coding = {"system": f"{TOOL}:{table['code']}:{one['code']}", "code": chosen, "display": options[chosen]}
        yield {"linkId": one["code"], "text": one["zh"], "answer": [{"valueCoding": coding}]}


def _signs(table: Mapping[str, Any], signs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in table["content"].get("signs", ()):
        if one["code"] in signs:
            name = "valueBoolean" if one["kind"] == "flag" else "valueInteger"
            yield {"linkId": f"sign.{one['code']}", "text": one["zh"], "answer": [{name: signs[one["code"]]}]}


def _result(table: Mapping[str, Any], result: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    words = {one["code"]: one["zh"] for one in table["content"]["grades"]}
    grade = {"system": f"{TOOL}:{table['code']}:grade", "code": result["grade"], "display": words[result["grade"]]}
    items = [
        {"linkId": "result.total", "text": "总分", "answer": [{"valueInteger": result["total"]}]},
        {"linkId": "result.grade", "text": "等级", "answer": [{"valueCoding": grade}]},
        {"linkId": "result.sentence", "text": "说明", "answer": [{"valueString": said["sentence_zh"]}]},
    ]
    return {"linkId": "result", "text": table["zh"], "item": items}

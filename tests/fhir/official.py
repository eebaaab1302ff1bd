"""The judges of what goes out: HL7's JSON Schema of FHIR R4, and the R4B models of `fhir.resources`."""

import json
import lzma
from functools import cache
from pathlib import Path

import jsonschema_rs
from fhir.resources.R4B import get_fhir_model_class

SCHEMA = Path(__file__).parent / "schema" / "fhir.schema.json.xz"


def _references(told):
    if isinstance(told, dict):
        if isinstance(told.get("$ref"), str):
            yield told["$ref"].rpartition("/")[2]
        for one in told.values():
            yield from _references(one)
    elif isinstance(told, list):
        for one in told:
            yield from _references(one)


@cache
def definitions() -> dict:
    """Return the definitions of the standard: those of the package's own, which refer to none that is there, go."""
    found = json.loads(lzma.decompress(SCHEMA.read_bytes()))["definitions"]
    whole = dict(found)
    resources = whole.pop("ResourceList")["oneOf"]
    while strange := {name for name, one in whole.items() if not set(_references(one)) <= {*whole, "ResourceList"}}:
        whole = {name: one for name, one in whole.items() if name not in strange}
    kept = [one for one in resources if one["$ref"].rpartition("/")[2] in whole]
    return {**whole, "ResourceList": {"oneOf": kept}}


@cache
def schema_of(resource_type: str):
    return jsonschema_rs.validator_for(
        {
            "$schema": "http://json-schema.org/draft-06/schema#",
            "$ref": f"#/definitions/{resource_type}",
            "definitions": definitions(),
        }
    )


def require(resource: dict) -> dict:
    """Check a resource by both judges; the resources of a Bundle one by one, so that errors are told where they are."""
    name = resource["resourceType"]
    wrong = [
        f"{name}{one.instance_path}: {one.message[:200]}" for one in schema_of(name).iter_errors(_opened(resource))
    ]
    assert wrong == []
    get_fhir_model_class(name).model_validate(resource)
    for one in resource.get("entry", ()):
        if name == "Bundle" and "resource" in one:
            require(one["resource"])
    return resource


def _opened(resource: dict) -> dict:
    """Return a Bundle whose resources are as small as may be: they are looked at one by one."""
    if resource["resourceType"] != "Bundle":
        return resource
    entries = [
        {**one, **({"resource": {"resourceType": "Basic", "code": {"text": "x"}}} if "resource" in one else {})}
        for one in resource.get("entry", ())
    ]
    return {**resource, **({"entry": entries} if entries else {})}

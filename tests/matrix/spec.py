"""The operations of the OpenAPI file, as the matrices walk them."""

import re
from dataclasses import dataclass, field
from typing import Any

METHODS = ("get", "post", "put", "delete", "patch")
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One operation; `body` and `answer` are schemas with all references resolved, `access` is its x-access."""

    method: str
    path: str
    access: dict[str, str]
    summary: str
    headers: frozenset[str]
    query: dict[str, dict] = field(compare=False)
    body: dict[str, Any] | None = field(compare=False)
    media_type: str
    answer: dict[str, Any] | None = field(compare=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def surface(self) -> str:
        return self.path.split("/")[1]

    @property
    def actor(self) -> str:
        return self.access.get("actor", "")

    @property
    def parameters(self) -> list[str]:
        """Return the names in the path, in their order."""
        return re.findall(r"\{(\w+)\}", self.path)

    def filled(self, values: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda one: values[one[1]], self.path)


def operations(described: dict) -> list[Operation]:
    found = [
        _operation(described, method, path, told)
        for path, told in described["paths"].items()
        for method in METHODS
        if method in told
    ]
    return sorted(found, key=lambda one: (one.path, one.method))


def _operation(described: dict, method: str, path: str, told: dict) -> Operation:
    one = told[method]
    parameters = [_resolved(each, described) for each in (*told.get("parameters", []), *one.get("parameters", []))]
    media_type, body = next(iter(one.get("requestBody", {}).get("content", {}).items()), ("", None))
    good = next((answer for status, answer in sorted(one["responses"].items()) if status.startswith("2")), {})
    answer = _resolved(good, described).get("content", {}).get(JSON)
    return Operation(
        method.upper(),
        path,
        one.get("x-access", {}),
        one["summary"].rstrip("."),
        frozenset(each["name"] for each in parameters if each["in"] == "header"),
        {each["name"]: each for each in parameters if each["in"] == "query"},
        _resolved(body["schema"], described) if body else None,
        media_type,
        _resolved(answer["schema"], described) if answer else None,
    )


def _resolved(told: Any, described: dict) -> Any:
    if isinstance(told, list):
        return [_resolved(one, described) for one in told]
    if not isinstance(told, dict):
        return told
    if "$ref" in told:
        found: Any = described
        for step in told["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _resolved(found, described)
    return {name: _resolved(one, described) for name, one in told.items()}


def example(schema: dict) -> Any:
    """Build a value from the examples of a schema."""
    if "example" in schema:
        return schema["example"]
    if "allOf" in schema:
        return example(schema["allOf"][0])
    if schema.get("type") == "array":
        return [example(schema["items"])]
    return {name: example(part) for name, part in schema.get("properties", {}).items()}


def keys(told: Any, at: str = "") -> set[str]:
    """Return the flattened paths of what a JSON answer holds: `visitors.name`, `items.id`."""
    if isinstance(told, list):
        return {one for each in told for one in keys(each, at)}
    if not isinstance(told, dict):
        return set()
    found = set()
    for name, value in told.items():
        here = f"{at}.{name}" if at else name
        found |= {here} | keys(value, here)
    return found

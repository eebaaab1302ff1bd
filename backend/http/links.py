"""Links of the description: which answer names the object of which next call. The composition root declares them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Links:
    """From each source (`METHOD /path`, and where its answer has the value) to all targets, as one parameter.

    Without a parameter the target is only what comes next.
    """

    parameter: str
    sources: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]


def add(document: dict[str, Any], links: Iterable[Links]) -> dict[str, Any]:
    """Write the links into an OpenAPI document and return it.

    Raises:
        LookupError: it has no such operation.
    """
    for one in links:
        for source, pointer in one.sources:
            answer = _answer(document, source)
            for target in one.targets:
                if target != source:
                    _put(answer.setdefault("links", {}), target, _link(document, target, one.parameter, pointer))
    return document


def _put(links: dict[str, Any], target: str, link: dict[str, Any]) -> None:
    """Add a link; a target that needs several values of one answer gets one link with all of them."""
    known = links.get(_name(target), {}).get("parameters", {})
    links[_name(target)] = link | ({"parameters": known | link.get("parameters", {})} if known else {})


def _link(document: dict[str, Any], target: str, parameter: str, pointer: str) -> dict[str, Any]:
    _operation(document, target)
    method, path = target.split(" ")
    escaped = path.replace("~", "~0").replace("/", "~1")
    link: dict[str, Any] = {"operationRef": f"#/paths/{escaped}/{method.lower()}"}
    return link | {"parameters": {parameter: _expression(pointer)}} if parameter else link


def _expression(pointer: str) -> str:
    return pointer if pointer.startswith("$") else f"$response.body#/{pointer}"


def _answer(document: dict[str, Any], source: str) -> dict[str, Any]:
    responses: dict[str, Any] = _operation(document, source)["responses"]
    return next(told for status, told in responses.items() if status.startswith("2"))


def _operation(document: dict[str, Any], label: str) -> dict[str, Any]:
    method, path = label.split(" ")
    return document["paths"][path][method.lower()]


def _name(target: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", target).strip("_")

"""Bundles: pages of a search, the answer to a transaction, and the entries of a transaction that comes in."""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from models.fhir import resources, times
from models.fhir.errors import Issue, ResourceInvalid

MOST_ENTRIES = 200
GONE = "204"
METHODS = ("POST", "PUT", "DELETE")
URN = "urn:uuid:"
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"([A-Za-z]{1,40})(?:/([A-Za-z0-9.-]{1,64}))?\Z", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One entry of a transaction; `where` is its path, `id` that of what is to be corrected."""

    where: str
    full_url: str
    method: str
    type: str
    id: str
    resource: dict[str, Any]
    if_none_exist: str | None = None
    if_match: str | None = None


def page(
    found: Iterable[Mapping[str, Any]],
    *,
    base: str,
    path: str,
    asked: Sequence[tuple[str, str]] = (),
    cursor: str | None = None,
) -> dict[str, Any]:
    """Return one page of what was found, with the links to itself and to the next page."""
    plain = [(name, text) for name, text in asked if name != "_cursor"]
    links = [{"relation": "self", "url": _url(base, path, asked)}]
    if cursor is not None:
        links.append({"relation": "next", "url": _url(base, path, [*plain, ("_cursor", cursor)])})
    entries = [
        {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in found
    ]
    told: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return told | ({"entry": entries} if entries else {})


def _url(base: str, path: str, asked: Sequence[tuple[str, str]]) -> str:
    query = urlencode(asked)
    return f"{base}/{path}{'?' if query else ''}{query}"


def done(told: Iterable[Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """Return the answer to a `transaction` or a `batch`: for each entry what became of it."""
    return {"resourceType": "Bundle", "type": f"{kind}-response", "entry": [dict(one) for one in told]}


def stored(one: Mapping[str, Any], status: str, base: str) -> dict[str, Any]:
    """Return the entry of an answer about what was stored, and where it lies; what was deleted lies nowhere."""
    version = one["meta"]["versionId"]
    where = f"{base}/{one['resourceType']}/{one['id']}"
    told = {"status": status, "etag": f'W/"{version}"', "lastModified": one["meta"]["lastUpdated"]}
    told |= {} if status.startswith(GONE) else {"location": f"{where}/_history/{version}"}
    return {"fullUrl": where, "response": told}


def refused(status: int, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of an answer about what was refused."""
    return {"response": {"status": f"{status} {HTTPStatus(status).phrase}", "outcome": dict(outcome)}}


def document(entries: Iterable[Mapping[str, Any]], *, base: str, number: str, at: Any) -> dict[str, Any]:
    """Return a document, whose first entry is its Composition."""
    told = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in entries]
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"{URN}{number}"}
    head = {"resourceType": "Bundle", "identifier": identifier, "type": "document", "timestamp": times.instant(at)}
    return {**head, "entry": told}


def entries(told: Any) -> list[Entry]:
    """Return the entries of a transaction: creates and updates, each with a resource, and deletes.

    Raises:
        BodyUnreadable: it is no Bundle.
        ResourceInvalid: it is no transaction, too large, or an entry has a wrong form.
    """
    read = [entry(one, place) for place, one in enumerate(raw(told, "transaction"))]
    urls = [one.full_url for one in read if one.full_url]
    targets = [f"{one.type}/{one.id}" for one in read if one.id]
    if len(set(urls)) != len(urls) or len(set(targets)) != len(targets):
        raise resources.wrong("Bundle.entry", "two entries have one fullUrl, or change one resource")
    return read


def kind(told: Any) -> str:
    """Return the type of a Bundle that asks for something, `transaction` or `batch`.

    Raises:
        BodyUnreadable: it is no Bundle.
        ResourceInvalid: it is of another type.
    """
    if not isinstance(told, dict) or told.get("resourceType") != "Bundle":
        raise resources.BodyUnreadable(fields={"resourceType": ["Bundle"]})
    if told.get("type") not in {"transaction", "batch"}:
        raise resources.wrong("Bundle.type", "transaction or batch", "not-supported")
    return str(told["type"])


def raw(told: Any, wanted: str) -> list[Any]:
    """Return the entries of a Bundle as they came.

    Raises:
        BodyUnreadable: it is no Bundle.
        ResourceInvalid: it is of another type, or too large.
    """
    if kind(told) != wanted:
        raise resources.wrong("Bundle.type", wanted, "not-supported")
    found = told.get("entry")
    if not isinstance(found, list) or not 0 < len(found) <= MOST_ENTRIES:
        raise resources.wrong("Bundle.entry", f"1 to {MOST_ENTRIES} entries", "too-long")
    resources.bounded(told, "Bundle")
    return found


def entry(told: Any, place: int) -> Entry:
    """Return one entry of a Bundle, the first being 0.

    Raises:
        ResourceInvalid: it has a wrong form.
    """
    where = f"Bundle.entry[{place}]"
    asked = told.get("request") if isinstance(told, dict) else None
    if not isinstance(asked, dict):
        raise resources.wrong(where, "an entry has a request", "required")
    deletes = asked.get("method") == "DELETE"
    resource = told.get("resource", {} if deletes else None)
    if not isinstance(resource, dict) or (deletes and resource):
        raise resources.wrong(where, "creates and updates have a resource, deletes have none", "required")
    texts = {name: asked.get(name) for name in ("method", "url", "ifNoneExist", "ifMatch")}
    if any(one is not None and not isinstance(one, str) for one in texts.values()):
        raise resources.wrong(f"{where}.request", "its elements are texts", "structure")
    if unknown := {*asked} - {*texts, "extension", "id"}:
        raise resources.wrong(f"{where}.request.{min(unknown)[:40]}", "not supported", "not-supported")
    named = _URL.match(texts["url"] or "")
    if named is None or texts["method"] not in (METHODS[1:] if named[2] else METHODS[:1]):
        raise resources.wrong(f"{where}.request", "POST [type], PUT or DELETE [type]/[id]", "not-supported")
    full_url = told.get("fullUrl", "")
    if not isinstance(full_url, str) or (full_url.startswith(URN) and not _URN.match(full_url)):
        raise resources.wrong(f"{where}.fullUrl", "no urn:uuid")
    return Entry(
        where,
        full_url.lower() if full_url.startswith(URN) else full_url,
        str(texts["method"]),
        named[1],
        named[2] or "",
        resource,
        texts["ifNoneExist"],
        texts["ifMatch"],
    )


def resolved(resource: Mapping[str, Any], names: Mapping[str, str], where: str) -> dict[str, Any]:
    """Return a resource in which references to other entries name what those will be.

    Raises:
        ResourceInvalid: a reference names no entry.
    """
    told, missing = copy.deepcopy(dict(resource)), []
    for path, one in resources.references(told, where):
        target = one["reference"]
        if target.startswith(URN):
            if target.lower() not in names:
                missing.append(Issue("not-found", f"{path}.reference", "names no entry of this Bundle"))
            one["reference"] = names.get(target.lower(), target)
    if missing:
        raise ResourceInvalid(missing[: resources.MOST_ISSUES])
    return told

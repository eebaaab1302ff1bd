"""Bundles: pages of a search, the answer to a transaction, and the entries of a transaction that comes in."""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from models.fhir import resources, times
from models.fhir.errors import Issue, ResourceInvalid

MOST_ENTRIES = 200
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


def done(stored: Iterable[Mapping[str, Any]], statuses: Iterable[str], base: str) -> dict[str, Any]:
    """Return the answer to a transaction: for each entry what became of it, and where it lies."""
    entries = []
    for one, status in zip(stored, statuses, strict=True):
        version = one["meta"]["versionId"]
        where = f"{base}/{one['resourceType']}/{one['id']}"
        told = {"status": status, "location": f"{where}/_history/{version}", "etag": f'W/"{version}"'}
        entries.append({"fullUrl": where, "response": told | {"lastModified": one["meta"]["lastUpdated"]}})
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def document(entries: Iterable[Mapping[str, Any]], *, base: str, number: str, at: Any) -> dict[str, Any]:
    """Return a document, whose first entry is its Composition."""
    told = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in entries]
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"{URN}{number}"}
    head = {"resourceType": "Bundle", "identifier": identifier, "type": "document", "timestamp": times.instant(at)}
    return {**head, "entry": told}


def entries(told: Any) -> list[Entry]:
    """Return the entries of a transaction: creates and updates, each with a resource.

    Raises:
        BodyUnreadable: it is no Bundle.
        ResourceInvalid: it is no transaction, too large, or an entry has a wrong form.
    """
    if not isinstance(told, dict) or told.get("resourceType") != "Bundle":
        raise resources.BodyUnreadable(fields={"resourceType": ["Bundle"]})
    if told.get("type") != "transaction":
        raise resources.wrong("Bundle.type", "only transaction is supported", "not-supported")
    found = told.get("entry")
    if not isinstance(found, list) or not 0 < len(found) <= MOST_ENTRIES:
        raise resources.wrong("Bundle.entry", f"1 to {MOST_ENTRIES} entries", "too-long")
    resources.bounded(told, "Bundle")
    read = [_entry(one, f"Bundle.entry[{place}]") for place, one in enumerate(found)]
    urls = [one.full_url for one in read if one.full_url]
    targets = [f"{one.type}/{one.id}" for one in read if one.id]
    if len(set(urls)) != len(urls) or len(set(targets)) != len(targets):
        raise resources.wrong("Bundle.entry", "two entries have one fullUrl, or change one resource")
    return read


def _entry(told: Any, where: str) -> Entry:
    asked = told.get("request") if isinstance(told, dict) else None
    resource = told.get("resource") if isinstance(told, dict) else None
    if not isinstance(asked, dict) or not isinstance(resource, dict):
        raise resources.wrong(where, "an entry has a request and a resource", "required")
    texts = {name: asked.get(name) for name in ("method", "url", "ifNoneExist", "ifMatch")}
    if any(one is not None and not isinstance(one, str) for one in texts.values()):
        raise resources.wrong(f"{where}.request", "its elements are texts", "structure")
    if unknown := {*asked} - {*texts, "extension", "id"}:
        raise resources.wrong(f"{where}.request.{min(unknown)[:40]}", "not supported", "not-supported")
    named = _URL.match(texts["url"] or "")
    if named is None or texts["method"] != ("PUT" if named[2] else "POST"):
        raise resources.wrong(f"{where}.request", "POST [type] or PUT [type]/[id]", "not-supported")
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

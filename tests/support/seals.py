"""Whether what lies in the store agrees with what is declared of it: looked at after every test of the suite."""

from collections.abc import Iterator
from typing import Any

from mongoengine.connection import get_db

from backend import personal_data, runtime
from backend.personal_data import Holding
from backend.sealing import SealBroken, Sealer
from backend.store import indexes
from tests.support import fingerprint

MOST = 20
FORMS = (b"\x02\x01\x00\x00", b"\x02\x02\x00\x00")
"""How every value begins that a data key sealed."""
_right: set[tuple[str, Holding]] = set()
"""Fingerprints of collections in which nothing was wrong, with what is declared of them."""


def wrong() -> list[str]:
    """Return what does not open as declared, is indexed otherwise, or lies sealed where nothing is declared."""
    declared = {one.collection: one for one in personal_data.holdings()}
    found, prints = [], fingerprint.taken()
    for kind in indexes.documents():
        name = kind._get_collection_name()
        holding = declared.get(name, Holding(name, ""))
        content = prints.get(name, fingerprint.EMPTY)
        if content == fingerprint.EMPTY or (content, holding) in _right:
            continue
        before = len(found)
        for document in get_db()[name].find({}).hint("_id_").limit(MOST):
            found += [f"{name}.{what}" for what in _wrong(runtime.current().sealer, holding, document)]
        if len(found) == before:
            _right.add((content, holding))
    return sorted(set(found))


def _wrong(sealer: Sealer, holding: Holding, document: dict[str, Any]) -> Iterator[str]:
    known = {where for one in holding.sealed for where, *_ in personal_data.located(document, one.path)}
    yield from (
        f"{where} is not declared" for where, value in _bytes(document) if _is_sealed(value) and where not in known
    )
    try:
        opened = personal_data.open_all(sealer, holding, document)
    except (SealBroken, KeyError) as error:
        yield f"{[one.path for one in holding.sealed]} do not open ({error!r})"
        return
    for blind in holding.blind:
        if blind.source and "." not in blind.path and blind.source in opened:
            want = sealer.blinds(blind.field, blind.normal(opened[blind.source], document))
            kept = document.get(blind.path)
            if kept != want and kept not in want:
                yield f"{blind.path} is not the index of {blind.source}"


def _is_sealed(value: bytes) -> bool:
    return len(value) > 33 and value.startswith(FORMS)


def _bytes(found: Any, where: str = "") -> Iterator[tuple[str, bytes]]:
    if isinstance(found, bytes):
        yield where, found
    elif isinstance(found, list):
        for number, one in enumerate(found):
            yield from _bytes(one, f"{where}.{number}".lstrip("."))
    elif isinstance(found, dict):
        for name, one in found.items():
            yield from _bytes(one, f"{where}.{name}".lstrip("."))

"""Where personal data lie: every collection that holds some says so once, beside its document.

Key rotation, the export of one's own data, deletion and the tests read these declarations; none of them keeps a list of
its own. A path walks through lists: `visitors.name` means the field `name` of every element of `visitors`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.sealing import Sealer

AtDeletion = Literal["delete", "restrict", "keep"]


@dataclass(frozen=True)
class Sealed:
    """A sealed field.

    `record` is the template of what the value is bound to: `{_id}` is the document's id, `{name}` a field of the
    innermost list element, `{#}` its position. `place` defaults to `collection.path`. A `secret` is nobody's data but a
    credential: it is never exported. What is `own` is exported only to the person whom its element names, not to
    whoever else owns the document.
    """

    path: str
    record: str = "{_id}"
    place: str = ""
    secret: bool = False
    own: bool = False


@dataclass(frozen=True)
class Blind:
    """A blind index at `path` in the index space `field`, made from the sealed text at `source`.

    `normal` turns the opened text (and the document) into the value that was indexed. The field holds a list, one value
    for each index key. `source` lies in the same list element. Where it lies in another collection, `held_by` names
    that, and its own declaration of the same `field` says where; without either, the index ends with its document.
    """

    path: str
    field: str
    source: str = ""
    held_by: str = ""
    normal: Callable[[str, Mapping[str, Any]], str] = lambda text, _document: text


@dataclass(frozen=True)
class Holding:
    """What one collection holds about people, and what becomes of it when a person asks for deletion.

    `persons` and `accounts` are paths of ids, `keys` paths of actors' keys (`resident:<account>`), `openids` paths of
    blind indexes of `accounts.openid`, `staff` paths of ids of members of the staff. `linked` names a path and the rule
    that tells which of its values stand for given persons, where no id of a person lies in clear. `via` names a path
    and the collection whose documents it points to: what belongs to those belongs to their person. `traces` are paths
    of clear values that tell something about a person.

    `delete` removes the document, or, where it is about several people, the element. `restrict` keeps it for nothing
    but storage, because a law (`because`) demands it; `keep` leaves it, because it names nobody by itself. `busy` gives
    the query of documents whose business is not over, so that deletion has to wait. `level` is the assurance from which
    on a person is shown what `persons` finds. `of_person` says that a record which names a person is that person's, and
    of the account through which it came only while the account is theirs.
    """

    collection: str
    zh: str
    persons: tuple[str, ...] = ()
    linked: tuple[str, Callable[[Sequence[Any]], list[Any]]] | None = None
    accounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    openids: tuple[str, ...] = ()
    via: tuple[tuple[str, str], ...] = ()
    staff: tuple[str, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    traces: tuple[str, ...] = ()
    blind: tuple[Blind, ...] = ()
    at_deletion: AtDeletion = "delete"
    because: str = ""
    level: str = "matched"
    of_person: bool = False
    busy: Callable[[], Mapping[str, Any]] | None = None

    def place(self, field: Sealed) -> str:
        """Return what values of a field are bound to."""
        return field.place or f"{self.collection}.{field.path}"


_holdings: dict[str, Holding] = {}


def declare(holding: Holding) -> None:
    """State what a collection holds; the same collection is declared once.

    Raises:
        ValueError: it was declared before.
    """
    if _holdings.setdefault(holding.collection, holding) is not holding:
        raise ValueError(holding.collection)


def holdings() -> list[Holding]:
    """Return all declarations, by collection."""
    return [_holdings[name] for name in sorted(_holdings)]


def holding(collection: str) -> Holding:
    """Return the declaration of a collection."""
    return _holdings[collection]


def is_linked(holding: Holding) -> bool:
    """Tell whether a collection names its person by a link alone, its own or that of a collection it points to."""
    return bool(holding.linked) or any(is_linked(_holdings[collection]) for _, collection in holding.via)


def values(document: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Yield the values at a path of a document, through lists."""
    for _, owner, name in elements(document, path):
        found = owner[name]
        yield from found if isinstance(found, list) else (found,)


def elements(document: Mapping[str, Any], path: str) -> Iterator[tuple[int, Any, str]]:
    """Yield position, owner and name of each field at a path, so that it can be read or replaced in place."""
    for _, position, owner, name in located(document, path):
        yield position, owner, name


def located(document: Mapping[str, Any], path: str) -> Iterator[tuple[str, int, Any, str]]:
    """Yield what `elements` does, and before it where that is, as an update names it: `visitors.0.name`."""
    head, _, rest = path.rpartition(".")
    for where, position, owner in _owners(document, head.split(".") if head else []):
        if rest in owner:
            yield f"{where}{rest}", position, owner, rest


def _owners(found: Any, steps: list[str], position: int = 0, where: str = "") -> Iterator[tuple[str, int, Any]]:
    if isinstance(found, list):
        for number, one in enumerate(found):
            yield from _owners(one, steps, number, f"{where}{number}.")
    elif isinstance(found, Mapping):
        if not steps:
            yield where, position, found
        elif steps[0] in found:
            yield from _owners(found[steps[0]], steps[1:], position, f"{where}{steps[0]}.")


def record_name(field: Sealed, document: Mapping[str, Any], owner: Mapping[str, Any], position: int) -> str:
    """Return what a sealed value of a document is bound to."""
    plain = {name: value for name, value in owner.items() if not isinstance(value, bytes | list | dict)}
    told = field.record.replace("{#}", str(position))
    return told.format_map({**plain, "_id": document["_id"]})


def open_all(sealer: Sealer, holding: Holding, document: Mapping[str, Any]) -> dict[str, str]:
    """Return every sealed value of a document, opened, by where it lies.

    Raises:
        SealBroken: one does not open.
    """
    found = {}
    for field in holding.sealed:
        for where, position, owner, name in located(document, field.path):
            if isinstance(owner[name], bytes):
                found[where] = sealer.open(
                    holding.place(field), record_name(field, document, owner, position), owner[name]
                )
    return found

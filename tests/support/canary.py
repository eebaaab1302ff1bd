"""Canaries: values that must stay unreadable, and the search for them in whatever lies about afterwards."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

MARK = "kanary"
"""With what the values of the walk begin; a number that names the field follows."""
_MARKED = re.compile(rb"kanary(\d{5})x", re.IGNORECASE)
_LONG_ZEROS = re.compile(rb"\x00{64,}")
_DIGITS = re.compile(r"\d{4,10}")


def mark(number: int) -> str:
    return f"{MARK}{number:05d}x"


def forms(text: str) -> dict[str, bytes]:
    """Return how a text may stand in a file: plain, in other encodings, or in the text of another form."""
    plain = text.encode()
    found = {
        "utf-8": plain,
        "utf-16": text.encode("utf-16-le"),
        "utf-16 be": text.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "json": text.encode("ascii", "backslashreplace"),
        "percent": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "upper": text.upper().encode(),
        "lower": text.lower().encode(),
        "backwards": text[::-1].encode(),
        "gb18030": text.encode("gb18030"),
        **{f"base64+{shift}": _base64(plain, shift) for shift in range(3)},
    }
    return {name: form for name, form in found.items() if name == "utf-8" or form != plain}


def _base64(plain: bytes, shift: int) -> bytes:
    """Return the letters that stand for the text inside a longer one, wherever it begins there."""
    coded = base64.b64encode(bytes(shift) + plain).rstrip(b"=")
    return coded[(0, 2, 3)[shift] : len(coded) - 1]


class Search:
    """Looks for all forms of the secrets, and for marks of the walk."""

    def __init__(self, secrets: dict[str, str]):
        self._forms = [(name, form, data) for name, text in secrets.items() for form, data in forms(text).items()]
        self._numbers = {name for name, text in secrets.items() if _DIGITS.fullmatch(text)}
        self._prefixes = [(form, data) for form, data in forms(MARK).items() if form not in {"utf-8", "upper", "lower"}]

    def hits(self, data: bytes) -> set[str]:
        """Return `secret (form)` and `mark 00042` for everything found."""
        thin = _LONG_ZEROS.sub(b"\x00", data)
        found = {f"{name} ({form})" for name, form, told in self._forms if self._stands(name, told, thin)}
        found |= {f"mark {number.decode()}" for number in _MARKED.findall(thin)}
        for form, told in self._prefixes:
            if (place := thin.find(told)) >= 0:
                found.add(f"mark in {form}: {thin[place : place + 60]!r}")
        return found

    def _stands(self, name: str, told: bytes, data: bytes) -> bool:
        """Tell whether it is there; a short number only where it is no part of a longer one."""
        if told not in data:
            return False
        return (
            name not in self._numbers
            or re.search(rb"(?<![0-9a-fA-F])" + re.escape(told) + rb"(?![0-9a-fA-F])", data) is not None
        )

    def files(self, folder: Path, leave_out: dict[str, str]) -> dict[str, set[str]]:
        """Return what was found in each file of a folder, but in those left out."""
        return {
            str(path.relative_to(folder)): found
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not _within(str(path.relative_to(folder)), leave_out)
            if (found := self.hits(path.read_bytes()))
        }


def _within(name: str, leave_out: dict[str, str]) -> bool:
    return any(name == one or name.startswith(f"{one}/") for one in leave_out)


def strings(schema: dict, spec: dict, path: tuple = ()) -> Iterator[tuple]:
    """Yield the path of every text in a body."""
    schema = resolved(schema, spec)
    if _is_open(schema, spec):
        yield from _texts(schema["example"], path)
    elif schema.get("type") == "object" or "properties" in schema:
        for name, inner in schema.get("properties", {}).items():
            yield from strings(inner, spec, (*path, name))
    elif schema.get("type") == "array":
        yield from strings(schema.get("items", {}), spec, (*path, 0))
    elif schema.get("type", "string") == "string":
        yield path


def _is_open(schema: dict, spec: dict) -> bool:
    """Tell whether the description leaves the shape to its example."""
    if not isinstance(schema.get("example"), dict | list) or "properties" in schema:
        return False
    inner = resolved(schema.get("items", {}), spec)
    return "properties" not in inner and inner.get("type", "object") == "object"


def _texts(value, path: tuple) -> Iterator[tuple]:
    """Yield the path of every text in an example."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, (*path, name))
    elif isinstance(value, list):
        yield from (place for inner in value[:1] for place in _texts(inner, (*path, 0)))
    elif isinstance(value, str):
        yield path


def resolved(schema: dict, spec: dict) -> dict:
    while "$ref" in schema or len(schema.get("allOf", ())) == 1:
        if "$ref" in schema:
            schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = schema["allOf"][0]
    return schema


def example(schema: dict, spec: dict, known: dict[str, str], name: str = ""):
    """Return a value that the description gives as an example, with ids that exist where they are known."""
    schema = resolved(schema, spec)
    if name in known:
        return known[name]
    if "example" in schema:
        return schema["example"]
    if "properties" in schema:
        return {key: example(inner, spec, known, key) for key, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example(schema.get("items", {}), spec, known)]
    if schema.get("enum"):
        return schema["enum"][0]
    return {"integer": 1, "number": 1, "boolean": True, "object": {}}.get(schema.get("type", ""), "x")


def with_value(body, path: tuple, value: str):
    """Return a body with another value at a path."""
    if not path:
        return value
    head, *rest = path
    if isinstance(head, int):
        return [with_value((body or [{}])[0], tuple(rest), value)]
    inner = body.get(head) if isinstance(body, dict) else None
    return {**(body if isinstance(body, dict) else {}), head: with_value(inner, tuple(rest), value)}

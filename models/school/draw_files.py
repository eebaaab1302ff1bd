"""The files of a draw: what `backend.allocation.published` writes, kept as bytes, each with its digest.

The id of each file's bytes is drawn with the draw, so a run that was killed writes over what it left. Nobody but the
publication makes the result readable: `shown` names what anybody may read at this moment.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from backend.allocation import published
from backend.errors import NotFound, Unavailable
from models.media import chunk
from models.school import draw

BEFORE = (published.LIST, published.PLACES, published.RULES)
AFTER = (published.RESULT, published.CUT_OFFS)
NAMES = (*BEFORE, published.SEED, *AFTER)
NAME_ZH = {
    published.LIST: "封存名单(派位编号、志愿、优先级)",
    published.PLACES: "学校与名额",
    published.RULES: "派位规则",
    published.SEED: "种子",
    published.RESULT: "派位结果",
    published.CUT_OFFS: "各校录取线",
    published.DIGESTS: "以上文件的 SHA-256 摘要",
}
MEDIA_TYPES = {name: "text/csv" if name.endswith(".csv") else "text/plain" for name in NAME_ZH}


class FrozenFileChanged(Unavailable):
    """503: bytes that were frozen are not what their digest says; nothing goes on before a person has looked."""

    code = "school_frozen_file_changed"
    zh = "封存文件与已公布的摘要不符,派位已停止,请联系系统管理员核查。"
    en = "A frozen file does not match its published digest. The draw has stopped; call the administrator."


def ids() -> dict[str, ObjectId]:
    """Return ids for the bytes of all files of a draw; a key may hold no dot."""
    return {_key(name): ObjectId() for name in NAMES}


def put(file_ids: Mapping[str, ObjectId], name: str, content: bytes) -> dict[str, Any]:
    """Store the bytes of a file and return its record; the same again changes nothing."""
    file_id = file_ids[_key(name)]
    chunk.write(file_id, content, None)
    return {"name": name, "file": file_id, "size": len(content), "sha256": published.digest(content)}


def forget(file_ids: Mapping[str, ObjectId]) -> None:
    """Delete the bytes of a draw that did not come about."""
    for file_id in file_ids.values():
        chunk.drop(file_id)


def content(found: Mapping[str, Any], name: str) -> bytes:
    """Return the bytes of a stored file of a draw.

    Raises:
        NotFound: there is no such file yet.
        FrozenFileChanged: they do not match their digest.
    """
    told = draw.file(found, name)
    if told is None:
        raise NotFound
    read = b"".join(chunk.read(told["file"]))
    if hashlib.sha256(read).hexdigest() != told["sha256"]:
        raise FrozenFileChanged
    return read


def shown(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records of what anybody may read: the result with the publication, never before."""
    names = NAMES if found["state"] == "published" else (*BEFORE, published.SEED)
    told = {one["name"]: one for one in found.get("files", []) if one["name"] in names}
    return [told[name] for name in NAMES if name in told]


def digests(found: Mapping[str, Any]) -> bytes:
    """Return `digests.txt` of what anybody may read, as `sha256sum --check` reads it."""
    told = sorted(shown(found), key=lambda one: str(one["name"]))
    return "".join(f"{one['sha256']}  {one['name']}\n" for one in told).encode()


def handed_out(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return size, digest and a reader of ranges of a file that anybody may read.

    Raises:
        NotFound: there is no such file, or nobody may read it yet.
    """
    if name == published.DIGESTS:
        made = digests(found)
        told = {"size": len(made), "sha256": published.digest(made)}
        return told | {"read": lambda start, end: iter([made[start:end]])}
    one = next((one for one in shown(found) if one["name"] == name), None)
    if one is None:
        raise NotFound

    def between(start: int, end: int) -> Iterator[bytes]:
        return chunk.read_between(one["file"], start, end)

    return {"size": one["size"], "sha256": one["sha256"], "read": between}


def _key(name: str) -> str:
    return name.partition(".")[0]

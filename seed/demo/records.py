"""What keeps the county's records right: the audit log that anybody can check, sheets that say what is wrong."""

import base64
import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import clock, merkle
from seed.demo.http import check
from seed.demo.stage import Stage, until

CHAINED_SECONDS = 90
"""What was done gets its leaf within a minute."""
PRICED_PLACE = "tantou"
HEADERS = ("景点编码", "票种代码", "票种名称", "价格", "生效日期")


def following_an_entry(stage: Stage) -> Iterator[str]:
    """The auditor follows what somebody did to the signed head of the log, and an older head to the newest."""
    auditor = stage.clerk("auditor")
    entry = auditor.get("/office/v1/audit/entries?limit=1")["items"][0]
    yield f"{entry['at'][11:19]} {entry['action']} {entry['object']}, by {entry['actor']}"
    read = f"/office/v1/audit/entries/{entry['id']}/proof"
    until(
        lambda: stage.anybody.get("/public/v1/audit/tree-heads?limit=1")["items"],
        lambda heads: bool(heads) and heads[0]["at"] > entry["at"],
        "a newer head",
        seconds=CHAINED_SECONDS,
        pause=1,
    )
    proof = auditor.get(read)
    head, leaf = proof["head"], merkle.leaf_hash(proof["canonical"].encode())
    check(leaf.hex() == proof["leaf_hash"], "the entry is what was hashed")
    path = [bytes.fromhex(one) for one in proof["proof"]]
    root = bytes.fromhex(head["root_hash"])
    check(merkle.verify_inclusion(leaf, proof["leaf_index"], head["tree_size"], path, root), "the head holds it")
    yield f"leaf {proof['leaf_index']} of {head['tree_size']}: {len(path)} hashes lead to {head['root_hash'][:16]}…"
    _check_signature(stage, head)
    yield "the head's signature holds by the published key"
    oldest = _oldest_head(stage)
    first, second = oldest["tree_size"], head["tree_size"]
    told = stage.anybody.get(f"/public/v1/audit/consistency?first={first}&second={second}")
    between = [bytes.fromhex(one) for one in told["proof"]]
    grown = merkle.verify_consistency(first, second, between, bytes.fromhex(oldest["root_hash"]), root)
    check(grown, "the log has only grown")
    yield f"anybody can check: the log of {first} is the beginning of that of {second}"


def prices_by_sheet(stage: Stage) -> Iterator[str]:
    """The tourism office sends prices as a sheet: a wrong row is named, the right sheet is written by a job."""
    office = stage.clerk("tourism_office")
    template = office.get("/office/v1/sheets/prices/template.xlsx")
    check(template[:2] == b"PK", "the template is a workbook")
    day = f"{clock.today().year + 2}-01-01"
    wrong = office.send_sheet("/office/v1/sheets/prices/imports", _sheet(day, "八元"))
    (error,) = wrong["errors"]
    yield f"checked, nothing written: row {error['row']}, {error['column']} “{error['value']}”: {error['message']}"
    refused = office.post(f"/office/v1/sheets/prices/imports/{wrong['id']}/commit", expect=409)
    yield f"writing it all the same: {refused['message']}"
    right = office.send_sheet("/office/v1/sheets/prices/imports", _sheet(day, "8.00"))
    check(right["errors"] == [], "the corrected sheet is right")
    read = f"/office/v1/sheets/prices/imports/{right['id']}"
    office.post(f"{read}/commit", expect=202)
    done = until(lambda: office.get(read)["job"], lambda job: job["state"] == "done", "the import")
    check((done["done"], done["failures"]) == (done["total"], []), "every row was written")
    yield f"corrected and written: {done['done']} of {done['total']} rows, in force from {day}"


STORIES: list[Callable[[Stage], Iterator[str]]] = [following_an_entry, prices_by_sheet]


def _check_signature(stage: Stage, head: dict[str, Any]) -> None:
    """Check what RFC 6962, 3.5 signs; `verify` raises where it does not hold."""
    keys = {one["key_id"]: one["public_key"] for one in stage.anybody.get("/public/v1/audit/keys")["items"]}
    signed = struct.pack(">BBQQ", 0, 1, head["timestamp"], head["tree_size"]) + bytes.fromhex(head["root_hash"])
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[head["key_id"]]))
    key.verify(base64.b64decode(head["signature"]), signed)


def _oldest_head(stage: Stage) -> Any:
    heads = stage.anybody.get("/public/v1/audit/tree-heads?limit=100")["items"]
    return heads[-1]


def _sheet(day: str, price: str) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for line in (HEADERS, (PRICED_PLACE, "adult", "成人", price, day), (PRICED_PLACE, "child", "儿童", "0", day)):
        sheet.append(line)
    book.save(out)
    return out.getvalue()

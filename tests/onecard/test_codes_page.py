"""docs/codes.md is what others draw codes from: its vector and its program are checked."""

import base64
import hmac
import json
import re
import shutil
import struct
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backend.codes import compact, dynamic, gate_check
from backend.codes.code_keys import CodeKeys
from backend.codes.code_kinds import KINDS, PAIRS, SCANNER_CLASSES
from tests.onecard.codes_kit import code_of

PAGE = (Path(__file__).parents[2] / "docs/codes.md").read_text()
MASTER, HANDLE, AT = bytes(range(32)), bytes.fromhex("0102030405060708"), 1795320015
CRYPTO = """
const { createHmac } = require('crypto')
const hmac = (seed, bytes) => [...createHmac('sha256', Buffer.from(seed, 'base64')).update(Buffer.from(bytes)).digest()]
"""


def told(name: str) -> str:
    return re.search(rf"^\| {re.escape(name)} \| `?([^`|]+?)`? \|$", PAGE, re.MULTILINE).group(1)


def package() -> dict:
    seed = {"kind": "venue", "kind_byte": 4, "scanner_class": "venue", "scanner_byte": 4}
    seed["seed"] = base64.b64encode(bytes.fromhex(told("seed"))).decode()
    return {"key_id": 1, "handle": HANDLE.hex(), "last_day_number": 2524, "step_seconds": 30, "seeds": [seed]}


def hkdf(master: bytes, info: bytes) -> bytes:
    """RFC 5869 by hand: extract with no salt, one block of expand."""
    return hmac.digest(hmac.digest(bytes(32), master, "sha256"), info + b"\1", "sha256")


def test_the_vector_follows_from_the_words_of_the_page():
    key = hkdf(MASTER, b"dynamic code v1" + bytes((4, 4)))
    assert key.hex() == told("verification key")
    last_day = (date(2026, 11, 29) - date(2020, 1, 1)).days
    seed = hmac.digest(key, HANDLE + struct.pack(">HB", last_day, 4), "sha256")
    assert seed.hex() == told("seed")
    head = bytes((0x43, 1, 4, 4)) + HANDLE + struct.pack(">HI", last_day, AT // 30)
    assert (head.hex(), hmac.digest(seed, head, "sha256")[:16].hex()) == (told("bytes 0–17"), told("bytes 18–33"))
    assert told("unix seconds, step") == f"{AT}, {AT // 30}"
    assert code_of(package(), "venue", "venue", AT) == told("text")


def test_the_vector_is_what_the_product_draws_and_accepts():
    keys = CodeKeys({1: MASTER})
    (seed,) = keys.seeds(1, HANDLE, date(2026, 11, 29), ("venue",))
    assert dynamic.draw(seed, AT) == told("text")
    assert gate_check.check(told("text"), keys.gate("venue"), datetime.fromtimestamp(AT, UTC)).result == "accepted"
    assert compact.base45_decode(told("text")).hex() == told("bytes 0–17") + told("bytes 18–33")


def test_the_table_of_kinds_is_that_of_the_product():
    rows = re.findall(r"^\| `(\w+)` \S+ \| (\d) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {kind: int(byte) for kind, byte, _ in rows} == KINDS
    pairs = {(kind, name): int(byte) for kind, _, rest in rows for name, byte in re.findall(r"`(\w+)` \((\d)\)", rest)}
    assert pairs == {(kind, scanner): SCANNER_CLASSES[scanner] for kind, scanner in PAIRS}


@pytest.mark.skipif(not shutil.which("node"), reason="no node here to run the page's program")
def test_the_program_of_the_page_draws_the_vector():
    program = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)[0]
    call = f"console.log(draw({json.dumps(package())}, 'venue', 'venue', {AT * 1000 + 14_999}, hmac))"
    done = subprocess.run(["node", "-e", CRYPTO + program + call], capture_output=True, text=True, check=True)
    assert done.stdout.strip("\n") == told("text")

"""Recompute the ledger's chain from the proofs of its days.

    python ledger_check.py 2026-11-23.jsonl 2026-11-24.jsonl …

Needs nothing but Python. The files are the answers of GET /office/v1/ledger/days/<day>/proof, in the order of the days.
"""

import hashlib
import json
import sys
from collections import defaultdict


def check(lines, held, digest):
    """Check one day after the balances `held` and the chain's end `digest` (None: not known); return the new end."""
    *chained, last = (line.rstrip(b"\n") for line in lines)
    head, *rows, foot = map(json.loads, chained)
    end = bytes.fromhex(head["previous"])
    assert digest in (None, head["previous"]), "does not follow the day before"
    moved, ids = defaultdict(int), set()
    for line, row in zip(chained, [head, *rows, foot], strict=True):
        end = hashlib.sha256(end + line).digest()
        if "id" in row:
            ids.add(row["id"])
            moved[row["source"]] -= row["fen"]
            moved[row["target"]] += row["fen"]
        elif "account" in row:
            opening, closing = row["opening_fen"], row["closing_fen"]
            assert held.get(row["account"], opening if digest is None else 0) == opening, (
                "opening is not the closing before"
            )
            assert closing - opening == moved[row["account"]] == row["in_fen"] - row["out_fen"], "sums differ"
            held[row["account"]] = closing
    assert sum(moved.values()) == 0 and len(ids) == foot["transfers"] and set(moved) <= set(held), "not whole"
    assert json.loads(last)["digest"] == end.hex(), "the digest differs"
    return end.hex()


if __name__ == "__main__":
    if not __debug__:
        sys.exit("without assertions nothing is checked: run Python without -O")
    balances, chain = {}, None
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            chain = check(file.readlines(), balances, chain)
        print(f"{name}: whole, digest {chain}")

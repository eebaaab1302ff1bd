"""The bank's file against `clearing:bank`: what the bank says it paid, compared with what the ledger sent it.

A transfer to the bank carries the file's name as `statement` and the line's number as `reference`.
"""

from collections.abc import Iterable
from typing import Any

from models.payments import reconciliation
from models.payments.reconciliation import DONE, Line

CLEARING = "clearing:bank"
PAID = frozenset({"paid", "success", DONE})


def reconcile(file: str, lines: Iterable[tuple[str, int, str]]) -> dict[str, Any]:
    """Compare a return file of the bank (number, 分 paid out, state) with the ledger; repeating it replaces the result.

    What the bank paid out came into its clearing account, so the ledger has it with the other sign.
    """
    told = (Line(number, -fen, DONE if state in PAID else state) for number, fen, state in lines)
    return reconciliation.compare(f"bank:{file}", CLEARING, told)

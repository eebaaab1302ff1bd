"""Matching the rows of a bank's return with what was sent: each by number, account and amount, each moves once.

    row            payment waiting   paid            failed          reversed
    S (paid)       → paid            again           contradicts     again
    F (failed)     → failed          contradicts     again           again
    R (冲正)        not_paid_before   → reversed      not_paid_before again

`again` changes nothing: the same return twice, or the same results under another number. What does not fit is named for
finance and moves nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.payout_file import Row

DIFFERENCES = {
    "unknown_line": "回盘中有未送出的明细",
    "amount_differs": "回盘金额与送出金额不一致",
    "account_differs": "回盘账号与送出账号不一致",
    "contradicts": "与此前回盘结果相反",
    "not_paid_before": "冲正的明细此前未到账",
    "missing": "银行处理完毕但回盘缺少的明细",
}
_FITS = {("paid", "waiting"), ("failed", "waiting"), ("reversed", "paid")}
_AGAIN = {("paid", "paid"), ("failed", "failed"), *((one, "reversed") for one in ("paid", "failed", "reversed"))}
Payments = Mapping[int, Mapping[str, Any]]
AccountOf = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Matched:
    """`counts` is by outcome or difference; `stated_fen` is what the bank says that it paid, known before or not."""

    fitting: tuple[Row, ...]
    counts: Mapping[str, int]
    differences: tuple[dict[str, Any], ...]
    stated_fen: int


def match(rows: Sequence[Row], known: Payments, account_of: AccountOf, *, of: str) -> Matched:
    """Tell the rows that move something from those that say it again, and from those that do not fit.

    `known` are the payments by their numbers, with `state` and `amount_fen`; `of` names the field of a payment that
    stands in a difference.
    """
    fitting: dict[int, Row] = {}
    counts: Counter[str] = Counter()
    differences, stated = [], 0
    for row in rows:
        found = known.get(row.seq)
        what = "again" if row.seq in fitting else _verdict(row, found, account_of)
        counts[what or row.outcome] += 1
        stated += row.fen if row.outcome == "paid" and what != "again" else 0
        if not what:
            fitting[row.seq] = row
        elif what != "again":
            here = {"here_fen": found["amount_fen"], of: found[of]} if found else {}
            differences.append({"what": what, "seq": row.seq, "there_fen": row.fen, "outcome": row.outcome, **here})
    return Matched(tuple(fitting.values()), dict(counts), tuple(differences), stated)


def _verdict(row: Row, found: Mapping[str, Any] | None, account_of: AccountOf) -> str:
    """Return what keeps a row from moving its payment; nothing where it fits."""
    if found is None:
        return "unknown_line"
    if row.fen != found["amount_fen"]:
        return "amount_differs"
    if account_of(found) != row.account:
        return "account_differs"
    pair = (row.outcome, found["state"])
    if pair in _FITS:
        return ""
    if pair in _AGAIN:
        return "again"
    return "not_paid_before" if row.outcome == "reversed" else "contradicts"

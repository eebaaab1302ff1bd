"""Talking with the bank about a file (代发文件): handed in once, asked as long as something may come back.

Handing in may end without an answer: then the bank is asked first, and it knows the file by its number, so that nothing
is paid twice.
"""

from collections.abc import Callable, Iterator

from backend.payout_bank import Standing
from models.payments import bank_link

POLL_SECONDS = (5, 15, 30, 60, 300, 600)
LATE_SECONDS = 6 * 3600.0
LATE_DAYS = 30
"""How long a settled file is asked for payments that the bank took back."""


def handed_in(file_no: str, *, tried: bool, trying: Callable[[], object], content: Callable[[], bytes]) -> Standing:
    """Hand a file in unless the bank has it, and return how far it is.

    `tried` says that an earlier call had no answer; `trying` notes that one begins now.

    Raises:
        BankUnknown: no believable answer came; the queue asks again.
        BankRefusedFile: the bank took nothing of it.
        BankNotConnected: there is no bank.
    """
    link = bank_link.current()
    standing = link.standing(file_no) if tried else None
    if standing is not None:
        return standing
    trying()
    return link.hand_in(file_no, content())


def standing(file_no: str, fetched: int) -> tuple[bool, Iterator[tuple[int, bytes]]]:
    """Return whether the bank says that it is done with a file, and its returns after those fetched, by number.

    Raises:
        BankUnknown: no believable answer came.
    """
    link = bank_link.current()
    found = link.standing(file_no)
    numbers = range(fetched + 1, (found.returns if found else 0) + 1)
    return bool(found and found.done), ((one, link.returned(file_no, one)) for one in numbers)


def again_in(polls: int, *, settled: bool) -> float:
    """Return after how many seconds the bank is asked once more."""
    return LATE_SECONDS if settled else float(POLL_SECONDS[min(polls, len(POLL_SECONDS) - 1)])

"""The paying bank, behind one interface: whatever bank a county has, the rules see these three calls."""

from typing import Protocol

from backend import runtime
from backend.errors import Unavailable
from backend.payout_bank import Standing


class BankNotConnected(Unavailable):
    """503: this deployment knows no bank."""

    code = "bank_not_connected"
    zh = "尚未接入代发银行,请联系运维人员配置后再办理。"
    en = "No paying bank is connected. Tell the operators."


class BankLink(Protocol):
    """A bank that takes payment files and gives return files."""

    def hand_in(self, file_no: str, data: bytes) -> Standing:
        """Hand in a file; the same bytes under the same number are paid once."""

    def standing(self, file_no: str) -> Standing | None:
        """Return how far a file is, None where the bank says that it never got it."""

    def returned(self, file_no: str, number: int) -> bytes:
        """Return the bytes of a return file, counted from 1."""


def current() -> BankLink:
    """Return the bank of this deployment.

    Raises:
        BankNotConnected: there is none.
    """
    bank = runtime.current().bank
    if bank is None:
        raise BankNotConnected
    return bank

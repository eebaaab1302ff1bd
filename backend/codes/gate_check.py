"""The check that a gate makes without network: which format it is, and whether it holds for this gate now.

What needs memory stays with the caller: which codes were used, which handles are revoked.
"""

from datetime import datetime

from backend.codes import card_token, compact, dynamic
from backend.codes.code_kinds import Checked, GateKeys


def check(text: str, keys: GateKeys, at: datetime) -> Checked:
    """Check any code of a card. No drawn code begins like a printed one: its first byte would not be 0x43."""
    verify = card_token.verify if text.startswith(card_token.PREFIX) else dynamic.verify
    return verify(text, keys, at)


def is_card(text: str) -> bool:
    """Tell whether a text is meant as a code of a card, be it good or not; three characters hold the first byte."""
    if text.startswith(card_token.PREFIX):
        return True
    try:
        return compact.base45_decode(text[:3])[:1] == bytes((dynamic.FORMAT,))
    except compact.WrongFormat:
        return False

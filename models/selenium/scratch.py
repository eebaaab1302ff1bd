"""The scratch code: a secret below a layer on the label, which whoever bought the package may type in once.

It is derived from the key and stored nowhere. Five wrong ones lock it; one guarded update counts each try before it is
compared, so that tries at once are no more than five.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument

from backend import clock
from backend.errors import Conflict
from models.selenium import code
from models.selenium.code import Code

TRIES = 5
_MISTAKEN = str.maketrans("OIL", "011", "- ")


class ScratchLocked(Conflict):
    """409: five wrong scratch codes were typed in."""

    code = "scratch_locked"
    zh = "刮刮码已输错五次,不能再试;如有疑问请拨打 12345。"
    en = "Five wrong scratch codes were entered; there are no more tries."


@dataclass(frozen=True)
class Opened:
    """Whether the secret was right, when it was right first, and how many tries are left."""

    right: bool
    left: int
    first: datetime | None = None


def open_one(head: str, key_id: int, secret: str) -> Opened:
    """Compare what was typed with the scratch code of a package.

    Raises:
        ScratchLocked: five wrong ones were typed in.
    """
    codes = Code._get_collection()
    counted = codes.find_one_and_update(
        {"_id": head, "scratch_tries": {"$not": {"$gte": TRIES}}},
        {"$inc": {"scratch_tries": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if counted is None:
        raise ScratchLocked
    typed = secret.upper().translate(_MISTAKEN).encode()
    if not hmac.compare_digest(typed, code.scratch(key_id, head).encode()):
        return Opened(right=False, left=TRIES - counted["scratch_tries"])
    opened = codes.find_one_and_update(
        {"_id": head},
        {"$min": {"scratch_opened": clock.now()}, "$set": {"scratch_tries": 0}},
        return_document=ReturnDocument.AFTER,
    )
    return Opened(right=True, left=TRIES, first=opened["scratch_opened"])

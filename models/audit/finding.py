"""What a check of the log can find, and the words for it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["edited", "deleted", "reordered", "inserted", "cut", "rewritten", "misdated"]
ZH: dict[Kind, str] = {
    "edited": "内容被改动",
    "deleted": "被删除",
    "reordered": "顺序被改动",
    "inserted": "多出来的记录",
    "cut": "尾部被截断",
    "rewritten": "整段被改写",
    "misdated": "时间与入链顺序不符",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was signed; `where` names a leaf, a record, a head or a line of the file."""

    kind: Kind
    where: str
    because: str

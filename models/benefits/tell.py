"""Telling persons what became of a line: in the app of every account that is theirs.

paid | failed | upheld (an objection against it) | lapsed (nobody repaired it)
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import outbox
from backend.money import yuan
from models.benefits import batch, line, payment
from models.identity import account
from models.messaging import inbox
from models.payments import bank_codes

_OF_LINE = ("item", "period", "yuan")
_WANTED = {
    "paid": (*_OF_LINE, "account"),
    "failed": (*_OF_LINE, "account", "why", "what"),
    "upheld": _OF_LINE,
    "lapsed": _OF_LINE,
}


def entries(found: Mapping[str, Any], news: str, payment_id: str, code: str = "") -> tuple[dict[str, Any], ...]:
    """Return the outbox entry of a line that tells its person, none where nobody is known."""
    if not found.get("person"):
        return ()
    line_id = str(found["_id"])
    return (outbox.entry("notify", "benefits.tell", line=line_id, news=news, about=payment_id, code=code),)


def tell(line_id: ObjectId, news: str, about: str, code: str) -> None:
    """Leave the message; repeating it leaves one."""
    found = line.read(line_id)
    paid = payment.of_lines([line_id]).get(line_id, [])
    tail = next((one["account_tail"] for one in paid if one["_id"] == about), "")
    values = {
        "item": batch.read(found["batch"])["item_zh"],
        "period": found["period"],
        "yuan": yuan(found["amount_fen"]),
        "account": f"尾号 {tail} 的账户" if tail else "收款账户",
        "why": bank_codes.why_zh(code),
        "what": payment.what_to_do_zh(code),
    }
    wanted = {name: values[name] for name in _WANTED[news]}
    for account_id in account.of_person(found["person"]):
        inbox.put(account_id, f"benefit_{news}", key=f"{line_id}:{about}:{news}", **wanted)

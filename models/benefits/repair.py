"""Repair: a person confirms or corrects the account of a line that failed, on the phone or at a counter.

    failed | repaired ─▶ repaired (goes into the batch's next file)

The account must be the person's own: name and number sent to the bank are those by which the person is known here,
never typed ones. Until the next file takes the line, it may be corrected again.
"""

import re
from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import transactions
from models.audit import access_line, entry
from models.benefits import line, payment
from models.identity import levels, person
from models.identity.actors import Resident, Staff
from models.identity.counter import Serving
from models.identity.person import Known
from models.payments import bank_codes

SHOWN = ("benefit_lines.amount", "benefit_lines.account", "benefit_lines.state")
"""What a person's lines show to somebody else, for the access line."""
REPAIRABLE = ("failed", "repaired")
CONFIRMABLE = frozenset({"dormant", "frozen", "limit", "reversed", "other"})
"""After which failures the same account may succeed without being another one."""
_ACCOUNT = re.compile(r"[0-9]{10,30}", re.ASCII)
_CARD = re.compile(r"62[0-9]{14,17}", re.ASCII)


class AccountWrong(Unprocessable):
    """422: this can be no account's number."""

    code = "benefit_account_wrong"
    zh = "银行账号有误,请对照银行卡或存折逐位核对后重新填写。"
    en = "This is no account's number. Compare it with the card and type it again."

    def __init__(self) -> None:
        super().__init__(fields={"account": [self.zh]})


class SameAccount(Unprocessable):
    """422: the account that failed, for a reason that stays."""

    code = "benefit_same_account"
    zh = "上次发放失败的原因是「{why}」,请改填本人名下的其他账号。"
    en = "The payment to this account failed and would fail again. Give another account of your own."

    def __init__(self, code: str) -> None:
        why = bank_codes.why_zh(code)
        super().__init__(why=why, fields={"account": [self.zh.format(why=why)]})


class LineLapsed(Conflict):
    """409: the money went back to the fund, because nobody repaired the line in time."""

    code = "benefit_line_lapsed"
    zh = f"该笔补贴在期限内没有更正账户,已退回资金专户,不能再更正。{payment.LAPSED}"
    en = "Nobody repaired this line in time; the money went back to the fund. Ask your town for the next list."


class LevelNeeded(Conflict):
    """409: an account is only changed for somebody who was verified."""

    code = "benefit_level_needed"
    zh = "更正收款账号须先完成实名核验,请持身份证到窗口办理。"
    en = "Have your identity verified first, at a service counter."


def own(person_id: ObjectId, line_id: ObjectId) -> tuple[dict[str, Any], Known]:
    """Return a line that is a person's, found by their number, and the person.

    Raises:
        NotFound: it is somebody else's.
    """
    found, known = line.read(line_id), person.read(person_id)
    mine = runtime.current().sealer.blinds(line.NUMBER, known.number)
    if not set(map(bytes, found["number_index"])) & set(mine):
        raise NotFound
    return found, known


def repair(resident: Resident, line_id: ObjectId, account: str) -> dict[str, Any]:
    """Confirm (no `account`) or correct the account of a line of the person for whom the resident acts; return it.

    Raises:
        NotFound: not a line of the person.
        LevelNeeded: the person was never verified.
        LineStateWrong: it did not fail, or is at the bank again.
        LineLapsed: the money went back to the fund.
        AccountWrong, SameAccount: see there.
    """
    resident.require_scope("card")
    assert resident.subject_id is not None
    found, known = own(resident.subject_id, line_id)
    note_look(resident)
    return _repaired(found, known, account, by=resident.key)


def note_look(resident: Resident) -> None:
    """Leave an access line where a resident sees another person's lines; one's own leave none."""
    if resident.acting:
        access_line.record(resident, purpose="acting_for", subjects=[resident.acting.person_id], fields=SHOWN)


def repair_at_counter(actor: Staff, here: Serving, line_id: ObjectId, account: str) -> dict[str, Any]:
    """Do the same for who stands at a clerk's counter, or for whom they may act; return the line.

    Raises:
        NotFound, LevelNeeded, LineStateWrong, AccountWrong, SameAccount: as in `repair`.
    """
    actor.require("benefit.repair")
    found, known = own(here.for_person_id, line_id)
    access_line.record(actor, purpose="counter_service", subjects=[known.id], fields=SHOWN)
    said = entry.line(
        actor.key, "benefit.repair", f"benefit_line:{line_id}", unit=actor.unit, counter_session=str(here.id)
    )
    return _repaired(found, known, account, by=actor.key, audit=said)


def _repaired(
    found: Mapping[str, Any], known: Known, account: str, *, by: str, audit: dict[str, Any] | None = None
) -> dict[str, Any]:
    if not levels.reaches(known.level, "verified"):
        raise LevelNeeded

    def change(session: ClientSession) -> dict[str, Any]:
        # Read inside: of two who repair at once the second one confirms or corrects what the first one left.
        return _moved(line.read(found["_id"], session), known, account, by=by, audit=audit, session=session)

    return transactions.run(change)


def _moved(
    found: Mapping[str, Any],
    known: Known,
    account: str,
    *,
    by: str,
    audit: dict[str, Any] | None,
    session: ClientSession,
) -> dict[str, Any]:
    if found["state"] == "lapsed":
        raise LineLapsed
    if found["state"] not in REPAIRABLE:
        raise line.LineStateWrong(found)
    before = line.opened(found).account
    wanted = account.replace(" ", "") or before
    _require_account(wanted)
    code = last_code(found["_id"])
    if found["state"] == "failed" and wanted == before and code not in CONFIRMABLE:
        raise SameAccount(code)
    sealer, line_id = runtime.current().sealer, found["_id"]
    told = {
        "name": sealer.seal("benefit_lines.name", line_id, known.name),
        "account": sealer.seal("benefit_lines.account", line_id, wanted),
        "account_index": sealer.blinds("benefit_lines.account", wanted),
        "person": known.id,
    }
    what = "confirmed" if wanted == before else "corrected"
    pushed = line.history(by, "repaired", how=what)
    return line.move(line_id, REPAIRABLE, "repaired", pushed=pushed, told=told, audit=audit, session=session)


def last_code(line_id: ObjectId) -> str:
    """Return why the last payment of a line failed."""
    made = payment.of_lines([line_id]).get(line_id, [])
    return str(made[-1].get("code", "other")) if made else "no_account"


def _require_account(account: str) -> None:
    if not _ACCOUNT.fullmatch(account) or (_CARD.fullmatch(account) and not _luhn(account)):
        raise AccountWrong


def _luhn(number: str) -> bool:
    """Tell whether the check digit of a bank card holds (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0  # noqa: PLR2004 - the digits of a two-figure product

"""Books: accounts as they are in one transaction, what moves between them, and the guarded updates that write it.

The guard stands in the update itself: an account that may not go below zero is only changed where what is left after
the change, less what is promised away, is not negative; a wallet takes only what fits under its limit.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from backend.errors import Conflict, Unavailable
from backend.money import yuan
from models.payments.ledger_account import (
    FLOORED,
    AccountClosed,
    AccountFrozen,
    AccountUnknown,
    LedgerAccount,
    parts,
)

Portions = list[tuple[str, int]]
"""Which parts of an account take how much of an amount."""


class InsufficientFunds(Conflict):
    """409: the paying account has less than this."""

    code = "insufficient_funds"
    zh = "可用余额不足(可用 {available} 元),请先充值或减少金额。"
    en = "Not enough is left ({available} yuan). Top up first, or pay less."


class WalletFull(Conflict):
    """409: the wallet would hold more than the rule allows."""

    code = "wallet_full"
    zh = "钱包余额将超过限额(还可存入 {room} 元),请减少金额。"
    en = "The wallet takes only {room} yuan more under its limit."


class BooksBusy(Unavailable):
    """503: an account changed under the transaction."""

    code = "ledger_busy"


class Missing(Exception):
    """Accounts that were never opened; the caller opens those that open by use, and begins again."""

    def __init__(self, accounts: set[str]) -> None:
        super().__init__(accounts)
        self.accounts = accounts


@dataclass
class _Part:
    found: dict[str, Any]
    balance: int = 0
    held: int = 0
    expected: int = 0
    gives: bool = False
    takes: bool = False
    ceiling: int | None = None

    @property
    def available(self) -> int:
        return int(self.found["balance_fen"] - self.found["held_fen"]) + self.balance - self.held

    @property
    def filled(self) -> int:
        return int(self.found["balance_fen"] + self.found["expected_fen"]) + self.balance + self.expected

    def update(self) -> UpdateOne:
        """Return the guarded update of this part."""
        guard: dict[str, Any] = {"_id": self.found["_id"]}
        if self.gives or self.takes:
            guard["state"] = "open" if self.gives else {"$in": ["open", "frozen"]}
        rules = []
        if self.gives and self.found["kind"] in FLOORED:
            left = {"$subtract": ["$balance_fen", "$held_fen"]}
            rules.append({"$gte": [left, self.held - self.balance]})
        if self.ceiling is not None:
            filled = {"$add": ["$balance_fen", "$expected_fen"]}
            rules.append({"$lte": [filled, self.ceiling - self.balance - self.expected]})
        if rules:
            guard["$expr"] = {"$and": rules}
        change = {"balance_fen": self.balance, "held_fen": self.held, "expected_fen": self.expected, "version": 1}
        return UpdateOne(guard, {"$inc": {name: fen for name, fen in change.items() if fen}})


@dataclass
class Books:
    """The accounts of one transaction. `ceiling` tells the limit of wallets, asked only when one is filled."""

    session: ClientSession
    ceiling: Callable[[], int]
    _parts: dict[str, dict[str, _Part]] = field(default_factory=dict)

    def load(self, accounts: Iterable[str]) -> None:
        """Read accounts as they are at the transaction's moment.

        Raises:
            Missing: some were never opened.
        """
        wanted = set(accounts)
        for found in parts(wanted, self.session):
            self._parts.setdefault(found["head"], {})[found["_id"]] = _Part(found)
        if lacking := wanted - set(self._parts):
            raise Missing(lacking)

    def move(self, source: str, target: str, fen: int) -> None:
        """Move an amount, or refuse it and leave the books as they were.

        Raises:
            AccountClosed, AccountFrozen, InsufficientFunds, WalletFull: it is refused.
        """
        giving, taking = self._giving(source, fen), self._taking(target, fen)
        for part, some in giving:
            part.balance, part.gives = part.balance - some, True
        for part, some in taking:
            part.balance, part.takes = part.balance + some, True

    def promise(self, source: str, target: str, fen: int) -> tuple[Portions, Portions]:
        """Promise an amount of one account to another; return the parts of both that did.

        Raises:
            AccountClosed, AccountFrozen, InsufficientFunds, WalletFull: it is refused.
        """
        giving, taking = self._giving(source, fen), self._taking(target, fen)
        for part, some in giving:
            part.held, part.gives = part.held + some, True
        for part, some in taking:
            part.expected, part.takes = part.expected + some, True
        return _told(giving), _told(taking)

    def keep(self, source: str, target: str, fen: int, *, giving: Portions, taking: Portions) -> None:
        """End a promise: move `fen` of it, and let go of the rest.

        Raises:
            AccountClosed, AccountFrozen: an amount is to be moved and cannot be.
        """
        if fen:
            self._require(source, gives=True)
            self._require(target, gives=False)
        for account, portions, sign in ((source, giving, -1), (target, taking, 1)):
            left = fen
            for part_id, promised in portions:
                part, now = self._parts[account][part_id], min(left, promised)
                left -= now
                part.balance += sign * now
                if sign < 0:
                    part.held, part.gives = part.held - promised, part.gives or bool(fen)
                else:
                    part.expected, part.takes = part.expected - promised, part.takes or bool(fen)

    def write(self) -> None:
        """Write every changed part by its guarded update.

        Raises:
            BooksBusy: a guard did not hold; the transaction must not be committed.
        """
        changed = [part for account in self._parts.values() for part in account.values() if _changed(part)]
        if changed:
            updates = [part.update() for part in sorted(changed, key=lambda part: str(part.found["_id"]))]
            done = LedgerAccount._get_collection().bulk_write(updates, session=self.session)
            if done.matched_count < len(updates):
                raise BooksBusy

    def _require(self, account: str, *, gives: bool) -> list[_Part]:
        if account not in self._parts:
            raise AccountUnknown
        known = list(self._parts[account].values())
        if known[0].found["state"] == "closed":
            raise AccountClosed
        if gives and known[0].found["state"] == "frozen":
            raise AccountFrozen
        return known

    def _giving(self, account: str, fen: int) -> list[tuple[_Part, int]]:
        known = _from_anywhere(self._require(account, gives=True))
        if known[0].found["kind"] not in FLOORED:
            return [(known[0], fen)]
        for part in known:
            if part.available >= fen:
                return [(part, fen)]
        return _gathered(known, fen)

    def _taking(self, account: str, fen: int) -> list[tuple[_Part, int]]:
        part = _from_anywhere(self._require(account, gives=False))[0]
        if part.found["kind"] == "wallet":
            limit = self.ceiling()
            if part.filled + fen > limit:
                room = max(limit - part.filled, 0)
                raise WalletFull(room=yuan(room), room_fen=room)
            part.ceiling = limit
        return [(part, fen)]


def _from_anywhere(known: list[_Part]) -> list[_Part]:
    first = random.randrange(len(known))  # noqa: S311 - spreads writes, guards nothing
    return known[first:] + known[:first]


def _gathered(known: list[_Part], fen: int) -> list[tuple[_Part, int]]:
    """Return portions of several parts that make up an amount none of them has alone."""
    available = sum(max(part.available, 0) for part in known)
    if available < fen:
        raise InsufficientFunds(available=yuan(available), available_fen=available)
    taken: list[tuple[_Part, int]] = []
    for part in known:
        if some := min(max(part.available, 0), fen - sum(one for _, one in taken)):
            taken.append((part, some))
    return taken


def _told(portions: list[tuple[_Part, int]]) -> Portions:
    return [(str(part.found["_id"]), some) for part, some in portions]


def _changed(part: _Part) -> bool:
    return bool(part.gives or part.takes or part.balance or part.held or part.expected)

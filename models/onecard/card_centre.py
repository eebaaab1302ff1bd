"""The card centre: what it is asked to do with a card, and how it is reached.

The national wire format of the 社会保障卡 and of the 电子社保卡 is by contract. The rules know `CardCentre` alone; what
stands below it speaks the format of `backend.exchange` and is exchanged with the contract (docs/decisions/0022).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import marshmallow as ma
from marshmallow import validate

from backend import runtime
from backend.errors import OutsideFailure
from backend.exchange import Exchange, ExchangeAnswerRefused

SECONDS = 8.0
"""Under the lease of the queue, so that an answer that comes late still finds its entry."""
STATUSES = ("issued", "active", "lost", "frozen", "replaced", "cancelled")
COMMANDS = ("issue", "replace", "activate", "sign_on", "report_loss", "freeze", "unfreeze", "cancel")
MOST_PAGES = 10_000


class CentreNotConnected(OutsideFailure):
    """502: this deployment has no card centre yet; what waits for it goes on waiting."""

    code = "card_centre_not_connected"
    zh = "社会保障卡管理系统尚未接入,已登记,接入后自动办理。"
    en = "The card centre is not connected yet. What was asked for waits."


@dataclass(frozen=True)
class Held:
    """What the centre holds of a card."""

    number: str = field(repr=False)
    status: str
    electronic: str
    bank: str
    bank_tail: str
    ready_on: date


@dataclass(frozen=True)
class Refused:
    """The centre does not carry the command out; `reason` is its code."""

    reason: str


@dataclass(frozen=True)
class Death:
    """One entry of a death list."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    died_on: date


Answer = Held | Refused | None
"""None: the centre knows no such card."""


class CardCentre(Protocol):
    """What the rules ask of the centre. Each method may raise ExchangeFailure: whether it was done is not known."""

    def do(self, command: str, request_id: str, told: Mapping[str, str]) -> Answer:
        """Have a command carried out, once for each `request_id`, and return what the centre holds afterwards."""

    def state(self, number: str) -> Answer:
        """Return what the centre holds of a card."""

    def of_person(self, id_number: str) -> Answer:
        """Return the card that a person holds at the centre."""

    def deaths(self, day: date) -> list[Death]:
        """Return the death list that was published on a day, all pages."""


class _Held(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    number = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9A-Z]{9,20}\Z"))
    status = ma.fields.String(required=True, validate=validate.OneOf(STATUSES))
    electronic = ma.fields.String(required=True, validate=validate.OneOf(("signed", "unsigned")))
    bank = ma.fields.String(required=True, validate=validate.Length(1, 40))
    bank_tail = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9]{4}\Z"))
    ready_on = ma.fields.Date(required=True)


class _Death(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    number = ma.fields.String(required=True, validate=validate.Length(1, 40))
    name = ma.fields.String(required=True, validate=validate.Length(1, 100))
    died_on = ma.fields.Date(required=True)


class _DeathPage(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    pages = ma.fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_PAGES))
    items = ma.fields.List(ma.fields.Nested(_Death), required=True)


class _Refused(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    reason = ma.fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_]{1,40}\Z"))


class ByExchange:
    """The centre behind the signed format of `backend.exchange`: one service a command, read strictly."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def do(self, command: str, request_id: str, told: Mapping[str, str]) -> Answer:
        """Send one command."""
        return self._answer(command, {"request_id": request_id, **told})

    def state(self, number: str) -> Answer:
        """Ask about one card."""
        return self._answer("state", {"number": number})

    def of_person(self, id_number: str) -> Answer:
        """Ask about a person's card."""
        return self._answer("state", {"id_number": id_number})

    def deaths(self, day: date) -> list[Death]:
        """Read page after page."""
        found: list[Death] = []
        page, pages = 1, 1
        while page <= pages:
            record = self._exchange.ask("card_deaths", {"day": day.isoformat(), "page": page}, seconds=SECONDS)
            told = _read(_DeathPage(), record or {})
            pages = told["pages"]
            found += [Death(**one) for one in told["items"]]
            page += 1
        return found

    def _answer(self, command: str, told: Mapping[str, str]) -> Answer:
        record = self._exchange.ask(f"card_{command}", told, seconds=SECONDS)
        if record is None:
            return None
        if record.get("result") == "refused":
            return Refused(**_read(_Refused(), record))
        return Held(**_read(_Held(), record))


def _read(schema: ma.Schema, record: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(schema.load(record))
    except ma.ValidationError as error:
        raise ExchangeAnswerRefused(f"form: {', '.join(sorted(map(str, error.normalized_messages())))}") from None


def current() -> CardCentre:
    """Return the centre of this deployment.

    Raises:
        CentreNotConnected: there is none.
    """
    exchange = runtime.current().card_centre
    if exchange is None:
        raise CentreNotConnected
    return ByExchange(exchange)

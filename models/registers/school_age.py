"""Asking the household register for the children born in a span, page by page: for the duty to enrol them.

Service `household_children`, question {born_from, born_to, after}, answer {children, next}; at most 200 a page. Pages
are in an order of the register's own, and `next` is its word for where the following page begins. Nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import runtime
from backend.exchange import ExchangeAnswerRefused, ExchangeFailure
from models.registers import source_state
from models.registers.fact_kind import RELATIONS

SERVICE = "household_children"
SOURCE = "household"
SECONDS = 10.0
MOST = 200
_TEXT = validate.Length(1, 200)


class _Answer(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE


class _Guardian(_Answer):
    number = ma.fields.String(required=True, validate=_TEXT)
    name = ma.fields.String(required=True, validate=_TEXT)
    relation = ma.fields.String(required=True, validate=validate.OneOf(RELATIONS))


class _Child(_Answer):
    number = ma.fields.String(required=True, validate=_TEXT)
    name = ma.fields.String(required=True, validate=_TEXT)
    birth = ma.fields.Date(required=True)
    guardians = ma.fields.List(ma.fields.Nested(_Guardian), required=True, validate=validate.Length(0, 10))
    address = ma.fields.String(required=True, validate=_TEXT)
    village_code = ma.fields.String(required=True, validate=_TEXT)
    household_no = ma.fields.String(required=True, validate=_TEXT)


class _Page(_Answer):
    children = ma.fields.List(ma.fields.Nested(_Child), required=True, validate=validate.Length(0, MOST))
    next = ma.fields.String(required=True, allow_none=True, validate=validate.Length(1, 100))


_PAGE = _Page()


@dataclass(frozen=True)
class Page:
    """Children of one page as the register names them, and where the next page begins, "" after the last."""

    children: tuple[Mapping[str, Any], ...] = field(repr=False)
    next: str


class NotConnected(ExchangeFailure):
    """502: no exchange platform is connected."""

    passing = False
    code = "exchange_not_connected"
    zh = "户籍登记系统尚未接入,请改用名册表格导入。"
    en = "No exchange platform is connected. Import a roster instead."


def require_connected() -> None:
    """Check that there is a platform to ask.

    Raises:
        NotConnected: there is none.
    """
    if runtime.current().exchange is None:
        raise NotConnected


def page(born_from: date, born_to: date, after: str = "") -> Page:
    """Return one page of the children born in a span, those of its first and last day too.

    Raises:
        NotConnected: there is no platform to ask.
        ExchangeFailure: no trustworthy answer came.
    """
    exchange = runtime.current().exchange
    if exchange is None:
        raise NotConnected
    if not source_state.may_ask(SOURCE):
        raise ExchangeFailure("away")
    question = {"born_from": born_from.isoformat(), "born_to": born_to.isoformat(), "after": after or None}
    try:
        told = _read(exchange.ask(SERVICE, question, seconds=SECONDS))
        _require_asked(told, born_from, born_to, after)
    except ExchangeFailure as failure:
        source_state.failed(SOURCE, failure.reason)
        raise
    source_state.answered(SOURCE, "found" if told["children"] else "no_record")
    return Page(tuple(told["children"]), told["next"] or "")


def _read(record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if record is None:  # an empty page is a page: nobody is left out by a register that knows no page at all
        raise ExchangeAnswerRefused("no page")
    try:
        return dict(_PAGE.load(record))
    except ma.ValidationError as error:
        raise ExchangeAnswerRefused(f"form: {', '.join(sorted(map(str, error.normalized_messages())))}") from None


def _require_asked(told: Mapping[str, Any], born_from: date, born_to: date, after: str) -> None:
    if any(not born_from <= one["birth"] <= born_to for one in told["children"]):
        raise ExchangeAnswerRefused("about others than was asked")
    if told["next"] and told["next"] == after:
        raise ExchangeAnswerRefused("the same page again")

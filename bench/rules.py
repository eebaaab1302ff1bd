"""Asking rules: one of six conditions, without trace, with an amount, with the whole trace; one thread, no store."""

import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

from bench.report import Figure
from models.rules import evaluate, rule_set
from models.rules.facts import Known

DAY = date(2026, 11, 23)
ROUNDS, TIMES = 9, 5_000
WANTED_PER_SECOND = 50_000
_FACTS = {"birth": "date", "area": "text", "resident": "flag", "income": "number", "month": "number", "owner": "flag"}
SIX: dict[str, Any] = {
    "all": [
        {"ge": [{"age": {"fact": "birth"}}, 65]},
        {"prefix": {"fact": "area"}, "of": "360731"},
        {"eq": [{"fact": "resident"}, True]},
        {"le": [{"fact": "income"}, 30_000]},
        {"between": {"fact": "month"}, "from": 1, "to": 12},
        {"not": {"eq": [{"fact": "owner"}, True]}},
    ]
}


def bench() -> list[Figure]:
    """Measure the three ways of asking."""
    rule = _bound()
    values = (date(1950, 1, 1), "360731105", True, 20_000, 6, False)
    facts = {name: Known(value) for name, value in zip(_FACTS, values, strict=True)}
    ways: dict[str, Callable[[], object]] = {
        "outcome": lambda: evaluate.outcome(rule, facts),
        "light": lambda: evaluate.light(rule, facts),
        "trace": lambda: evaluate.decided(rule, facts),
    }
    found = []
    for name, ask in ways.items():
        rate = median(_rate(ask) for _ in range(ROUNDS))
        target = WANTED_PER_SECOND if name == "outcome" else None
        found.append(Figure(f"rules.{name}", rate, "evaluations/s a core", "six conditions, one thread", target=target))
    return found


def _bound() -> evaluate.Bound:
    told = {
        "zh": "六个条件",
        "condition": SIX,
        "outputs": [],
        "facts": [{"name": name, "kind": kind, "zh": name} for name, kind in _FACTS.items()],
        "source": {"title": "基准测试", "edition": "2026", "clause": "1", "url": ""},
        "valid_from": "2026-01-01",
        "valid_to": None,
        "demo": True,
    }
    stored = {"code": "six", "version": 1, "hash": rule_set.content_hash("six", told), **told}
    return evaluate.bind(stored, DAY)


def _rate(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(TIMES):
        ask()
    return TIMES / (time.perf_counter() - began)

"""Policies over all firms without a store: one of twelve conditions, and fifty at once.

    B=policies make bench        or, in a process of its own:  python -m bench.policies [firms]

The same firms go through the conditions as rules and through a function written by hand, batch by batch and in turn; a
firm that comes out differently (verdict, missing data or amount) ends the benchmark. Firms are made batch by batch, so
that the memory measured is that of the engine.
"""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bench.floors import policies as floor
from bench.machine import BenchFailed
from bench.report import Figure, console
from models.enterprise import conditions, judge
from models.rules import evaluate, rule_set
from models.rules.evaluate import Bound
from models.rules.facts import Fact, Known, Missing

DAY = date(2026, 11, 23)
FIRMS, FEWER, POLICIES, BATCH = 50_000, 5_000, 50, 1_000
LEAST_SHARE, MOST_MEGABYTES = 0.3, 300
MONEY = {"kind": "rate", "of": "staff.premiums_fen", "percent": "60"}
TERMS = {"money": MONEY, "ceiling_fen": floor.CEILING_FEN}
_GONE = Missing("尚未取得", "县统计局")
_PATENTS: tuple[list[dict[str, str]], ...] = [{"number": "1", "type": "inv"}], [{"number": "2", "type": "util"}], []
_FRAME = {
    "zh": "十二个条件",
    "source": {"title": "基准测试"},
    "valid_from": "2026-01-01",
    "valid_to": None,
    "demo": True,
}


def _row(fact: str, operator: str, value: Any) -> dict[str, Any]:
    return {"fact": fact, "operator": operator, "value": value}


TWELVE = [
    _row("firm.division", "prefix", ["3607"]),
    _row("firm.status", "eq", "operating"),
    _row("statistics.industry_code", "prefix", ["17", "18"]),
    _row("statistics.size", "in", ["medium", "small", "micro"]),
    {"fact": "statistics.above_scale", "operator": "eq", "value": True},
    {"fact": "statistics.legal_person", "operator": "eq", "value": True},
    _row("tax.grade", "in", ["A", "B", "M"]),
    {"fact": "tax.in_arrears", "operator": "eq", "value": False},
    _row("staff.insured", "ge", 10),
    _row("staff.layoff_rate", "le", "5.5"),
    {"fact": "credit.dishonest", "operator": "eq", "value": False},
    {"fact": "patents", "operator": "has", "where": {"field": "type", "operator": "eq", "value": "inv"}},
]


def rule(number: int = 0) -> Bound:
    """Return the policy of twelve conditions, another one for each number."""
    rows = [{**one, "value": 10 + number} if one["fact"] == "staff.insured" else one for one in TWELVE]
    told = conditions.content({"logic": "all", "rows": rows}, MONEY, _FRAME)
    code = f"bench_{number}"
    made = {"code": code, "version": 1, "hash": rule_set.content_hash(code, told), **told}
    return evaluate.bind(made, DAY)


def firms(count: int) -> Iterator[list[dict[str, Fact]]]:
    """Yield made-up firms in batches: two thirds meet each condition but for one or two, one in twenty lacks data."""
    dice = random.Random(7)
    for first in range(0, count, BATCH):
        yield [_firm(dice) for _ in range(min(BATCH, count - first))]


def _firm(dice: random.Random) -> dict[str, Fact]:
    wrong, lacking = dice.randrange(18), dice.randrange(240)
    values: dict[str, Any] = {
        "firm.division": "360731",
        "firm.status": "operating",
        "statistics.industry_code": "1810",
        "statistics.size": dice.choice(("medium", "small", "micro")),
        "statistics.above_scale": True,
        "statistics.legal_person": True,
        "tax.grade": dice.choice("ABM"),
        "tax.in_arrears": False,
        "staff.insured": dice.randrange(10, 400),
        "staff.layoff_rate": Fraction(dice.randrange(55), 10),
        "credit.dishonest": False,
        "patents": _PATENTS[0],
    }
    spoilt = ("110000", "revoked", "5200", "large", False, False, "D", True, 9, Fraction("5.6"), True, _PATENTS[1])
    names = tuple(values)
    if wrong < len(names):
        values[names[wrong]] = spoilt[wrong]
    values["staff.premiums_fen"] = dice.randrange(10**8)
    given: dict[str, Fact] = {name: Known(value, "登记", "2026-01-31") for name, value in values.items()}
    if lacking < len(names):
        given[names[lacking]] = _GONE
    return given


def measure(count: int) -> dict[str, float]:
    """Return evaluations a second, the share of the hand-written way, megabytes, and seconds of fifty policies."""
    bound, shares, spent, verdicts = rule(), list[float](), 0.0, Counter[str]()
    for number, batch in enumerate(firms(count), start=1):
        began = time.process_time()
        mine = [judge.judge(TERMS, bound, given) for given in batch]
        middle = time.process_time()
        theirs = [floor.judge(given) for given in batch]
        ended = time.process_time()
        told = [(one.verdict, tuple(lack["name"] for lack in one.lacks), one.amount_fen) for one in mine]
        if told != theirs:
            raise BenchFailed("the conditions as rules come out otherwise than those written by hand")
        verdicts.update(one.verdict for one in mine)
        shares.append((ended - middle) / (middle - began))
        spent += middle - began
        _say(number * BATCH / count)
    many = [rule(number) for number in range(POLICIES)]
    began = time.process_time()
    for batch in firms(FEWER):
        for one in many:
            for given in batch:
                judge.judge(TERMS, one, given)
        _say(1.0)
    fifty = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told_of = {f"of_{name}": float(number) for name, number in verdicts.items()}
    return {"rate": count / spent, "share": median(shares), "megabytes": peak, "fifty": fifty, **told_of}


def _say(part: float) -> None:
    os.write(1, f"done {min(part, 1.0):.3f}\n".encode())


def bench(count: int = FIRMS) -> list[Figure]:
    """Measure in a process of its own, so that its memory is the engine's."""
    told = _child(count)
    lists = ", ".join(f"{name[3:]} {number:,.0f}" for name, number in told.items() if name.startswith("of_"))
    what = f"12 conditions, {count:,} firms: {lists}"
    many = POLICIES * FEWER / told["fifty"]
    return [
        Figure(
            "policies.share",
            told["share"],
            "×",
            "evaluations a second of CPU of the same written by hand",
            target=LEAST_SHARE,
        ),
        Figure("policies.rate", told["rate"], "evaluations/s", what),
        Figure(
            "policies.fifty",
            many,
            "evaluations/s",
            f"{POLICIES} policies × {FEWER:,} firms in {told['fifty']:.1f} s of CPU",
        ),
        Figure("policies.rss", told["megabytes"], "MB", "peak", target=MOST_MEGABYTES, better="lower"),
    ]


def _child(count: int) -> dict[str, float]:
    child = subprocess.Popen([sys.executable, "-m", "bench.policies", str(count)], stdout=subprocess.PIPE, text=True)
    columns, found = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()), {}
    with Progress(*columns, console=console) as shown:
        bar = shown.add_task("policies", total=1.0)
        for line in child.stdout or ():
            name, value = line.split()
            if name == "done":
                shown.update(bar, completed=float(value))
            else:
                found[name] = float(value)
    if child.wait() or "share" not in found:
        raise BenchFailed(f"the measuring process ended with {child.returncode}")
    return found


if __name__ == "__main__":
    for key, figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else FIRMS).items():
        os.write(1, f"{key} {figure}\n".encode())

"""The files that are published before and after a draw, byte for byte: UTF-8, lines end in LF, a fixed order.

They are CSV with a head line, so that a spreadsheet shows them and a short program reads them. Published beforehand
are the list of applicants, the places and the rules, each with its SHA-256; then the seed; then the result and the
cut-offs. A draw reads its problem from the very bytes of the list and of the places.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.allocation import bounds, immediate
from backend.allocation.problem import Applicant, Outcome, Place, Problem, ProblemWrong
from backend.allocation.ranked import rank

LIST, PLACES, RULES, SEED, DIGESTS = "list.csv", "places.csv", "rules.txt", "seed.txt", "digests.txt"
RESULT, CUT_OFFS = "result.csv", "cut_offs.csv"
_LIST_HEAD = ["pseudonym", "group", "reserve", "choices"]
_PLACES_HEAD = ["code", "name", "seats", "reserves"]
_RESULT_HEAD = ["pseudonym", "lot", "place", "choice"]
_CUT_OFFS_HEAD = ["place", "seats_of", "seats", "taken", "full", "choice", "priority", "lot"]
_OTHERS, _NOTHING = "all", "-"
_RULES_FORM = re.compile(
    r"mechanism: (?P<mechanism>[a-z_]+)\nversion: (?P<version>[^\n]+)\n\n(?P<wording>.*)\n", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule of a draw: mechanism by name, version, and the wording for people."""

    mechanism: str
    version: str
    wording: str


def applicants(problem: Problem) -> bytes:
    """Return `list.csv`: a line an applicant by pseudonym; choices are `place:priority` in the order of wish.

    Raises:
        ProblemWrong: a class is no number; what the class means is nobody's business who reads the list.
    """
    if wrong := [one.id for one in problem.applicants if one.reserve and not _is_number(one.reserve)]:
        raise ProblemWrong(f"applicant {wrong[0]}: only a number may be published as class")
    lines = [[one.id, one.group, one.reserve, _joined(one.choices)] for one in problem.applicants]
    return _table(_LIST_HEAD, sorted(lines))


def places(problem: Problem, names: Mapping[str, str]) -> bytes:
    """Return `places.csv`: a line a place by code; reserves are `class:seats`. `names` are the places' by code.

    Raises:
        ProblemWrong: a name holds what nobody sees in print.
    """
    if wrong := [name for name in names.values() if not name.isprintable()]:
        raise ProblemWrong(f"place {wrong[0]!r}: a name has only characters that are seen")
    lines = [[one.code, names[one.code], one.seats, _joined(one.reserves)] for one in problem.places]
    return _table(_PLACES_HEAD, sorted(lines, key=lambda line: str(line[0])))


def rules(rule: Rules) -> bytes:
    """Return `rules.txt`: two lines for programs, an empty line, and the wording.

    Raises:
        ValueError: what is given would not read back as it is.
    """
    told = f"mechanism: {rule.mechanism}\nversion: {rule.version}\n\n{rule.wording}\n".encode()
    if b"\r" in told or read_rules(told) != rule:
        raise ValueError("mechanism and version are one line each, and lines end in LF")
    return told


def seed(text: str) -> bytes:
    """Return `seed.txt`: the seed and a line end, which is not part of it.

    Raises:
        ValueError: the seed is empty, has a line end, or begins or ends with a blank, which nobody sees in print.
    """
    if not text or text != text.strip() or len(text.splitlines()) != 1:
        raise ValueError("a seed is one line without blanks around it")
    return f"{text}\n".encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digests(files: Mapping[str, bytes]) -> bytes:
    """Return `digests.txt`, as `sha256sum --check` reads it, for these files by name."""
    return "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files)).encode()


def result(outcome: Outcome) -> bytes:
    """Return `result.csv`: pseudonym, lot, place and rank of the wish that was met (`-` for none), by pseudonym."""
    lines = [
        [one.id, outcome.lots[one.id], outcome.placed[one.id] or _NOTHING, outcome.choice(one) or _NOTHING]
        for one in outcome.problem.applicants
    ]
    return _table(_RESULT_HEAD, sorted(lines, key=lambda line: str(line[0])))


def cut_offs(outcome: Outcome) -> bytes:
    """Return `cut_offs.csv`: how far down each place went, on the seats of each guarantee and on `all` other seats.

    A line tells the worst (priority, lot) that holds such a seat, and whether these seats are full. Under immediate
    acceptance the rank of the wish comes before both, and stands in `choice`; else there stands `-`.
    """
    by_step = outcome.mechanism == immediate.NAME
    ranked = rank(outcome.problem, outcome.seed)
    found = bounds.of_all(ranked, ranked.met(outcome), by_step=by_step)
    span, count = ranked.span, len(ranked.units)
    lines: list[Sequence[object]] = []
    for place, after in sorted(zip(outcome.problem.places, found, strict=True), key=lambda pair: pair[0].code):
        reserved = [(name, line) for (name, _), line in zip(place.reserves, after.own.values(), strict=True)]
        for name, line in [*sorted(reserved), (_OTHERS, after.others)]:
            full = line.taken == line.seats or (by_step and after.full)
            worst: list[object] = [_NOTHING] * 3
            if line.taken:
                step, key = divmod(line.worst, span)
                worst = [step + 1 if by_step else _NOTHING, key // count, ranked.units[key % count].lot]
            lines.append([place.code, name, line.seats, line.taken, "yes" if full else "no", *worst])
    return _table(_CUT_OFFS_HEAD, lines)


def read_problem(list_content: bytes, places_content: bytes) -> Problem:
    """Return the problem that stands in `list.csv` and `places.csv`.

    Raises:
        ProblemWrong: these are no such files, or what stands there is no problem.
    """
    try:
        listed = [
            Applicant(name, _pairs(choices), reserve, group)
            for name, group, reserve, choices in _lines(list_content, _LIST_HEAD)
        ]
        offered = [
            Place(code, _whole(seats), _pairs(reserves))
            for code, _, seats, reserves in _lines(places_content, _PLACES_HEAD)
        ]
    except (ValueError, csv.Error) as error:
        raise ProblemWrong(f"a published file is not as it should be: {error}") from error
    return Problem(tuple(listed), tuple(offered))


def read_rules(content: bytes) -> Rules:
    """Return the rule that stands in `rules.txt`.

    Raises:
        ValueError: this is no such file.
    """
    found = _RULES_FORM.fullmatch(content.decode())
    if not found:
        raise ValueError("a file of rules begins with mechanism and version")
    return Rules(**found.groupdict())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _whole(text: str) -> int:
    if not _is_number(text):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _joined(pairs: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{name}:{number}" for name, number in pairs)


def _pairs(text: str) -> tuple[tuple[str, int], ...]:
    found = (part.partition(":") for part in text.split(" ") if text)
    return tuple((name, _whole(number)) for name, _, number in found)


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return out.getvalue().encode()


def _lines(content: bytes, head: Sequence[str]) -> list[list[str]]:
    first, *lines = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    if first != head:
        raise ValueError(f"the head line is not {','.join(head)}")
    return lines

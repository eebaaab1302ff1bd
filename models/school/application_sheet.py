"""Collective registration as a sheet (集中报名登记表): one child a row, from the papers that the guardians signed.

Each row becomes a submitted application by the rules of `paper`. The result says for each row the receipt, or in a
sentence what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from backend import clock, identity_documents
from backend.errors import CityError, NotFound, Unprocessable
from backend.identity_documents import BadDocument, mask_name
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong
from models.identity import sheet_actor
from models.identity.actors import Staff
from models.media.sheet_import import Kind, Problem, Rows
from models.school import paper, school, seat_plan
from models.school import round as rounds
from models.school.application_states import STATES
from models.school.paper import OPERATION, Named, Paper

MOST_ROWS = 5_000
CHOICES = tuple(f"choice_{number}" for number in range(1, rounds.MOST_CHOICES + 1))
OLDEST_PAPER = timedelta(days=365)
RESULT = ("孩子姓名", "受理编号", "状态", "说明")
_NUMBERS_ZH = "一二三四五"


class RoundUnclear(Unprocessable):
    """422: the row names no round, and not exactly one is open."""

    code = "school_paper_round_unclear"
    zh = "请填写招生批次编号:目前没有开放报名的批次,或同时有多个。"
    en = "Name the round: none is open, or several are."


def _number(text: str) -> str:
    try:
        return identity_documents.parse("resident_id", text).number
    except BadDocument as wrong:
        raise CellWrong(wrong.message()) from None


def _person(key: str, zh: str, name: str, number: str) -> tuple[Column, Column]:
    aliases = (f"{zh}身份证号", f"{zh}证件号码", f"{zh}公民身份号码")
    return (
        Column(f"{key}_name", f"{zh}姓名", required=True, most=40, personal=True, example=name),
        Column(
            f"{key}_number", f"{zh}身份证号码", "code", required=True, aliases=aliases, read=_number, personal=True,
            example=number,
        ),
    )  # fmt: skip


SHEET = Sheet(
    "school-applications",
    "集中报名登记表",
    (
        Column(
            "round", "招生批次", "code", pattern=r"[a-z0-9][a-z0-9_-]{0,63}", pattern_zh="应为批次编号。",
            example="2027-primary", help="只有一个批次开放报名时可不填。",
        ),
        *_person("child", "孩子", "李小满", "360731202106150024"),
        *_person("guardian", "监护人", "李芳", "11010119900307002X"),
        *(
            Column(
                key, f"第{_NUMBERS_ZH[number]}志愿", most=60, aliases=(f"志愿{number + 1}",), example="实验小学",
                help="填学校全称或学校代码。",
            )
            for number, key in enumerate(CHOICES)
        ),
        Column(
            "accepts", "服从统筹安排", "choice", choices={"是": "yes", "否": "no"}, example="是", help="不填为“是”。",
        ),
        Column(
            "signed_on", "监护人签字日期", "date", required=True, aliases=("签字日期", "同意书签字日期"),
            example="2027-07-01", help="监护人签署纸质登记表和个人信息处理同意书的日期;原件由登记单位留存备查。",
        ),
    ),
    unique=("round", "child_number"),
)  # fmt: skip


def check(actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose round takes nobody, whose choices are no schools of it, or whose paper has no possible day."""
    actor.require(OPERATION)
    if len(rows) > MOST_ROWS:
        yield rows[-1][0], "", f"一次最多导入 {MOST_ROWS} 行,请分次导入。"
    known: dict[str, _Round | CityError] = {}
    for row, told in rows:
        code = told["round"] or ""
        if code not in known:
            known[code] = _looked_up(code)
        found = known[code]
        if isinstance(found, CityError):
            yield row, "round", found.message()
        else:
            yield from _wrong_choices(row, told, found)
        yield from _wrong_day(row, told)


class _Round:
    """A round whose window is open, with its schools by code and by name."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found
        schools = school.several(one["school"] for one in seat_plan.of_round(found["_id"]))
        named: dict[str, list[str]] = {}
        for code, one in schools.items():
            if one["state"] == "active" and found["stage"] in one["stages"]:
                for word in {code, one["name"]}:
                    named.setdefault(word, []).append(code)
        self._codes = {word: codes[0] for word, codes in named.items() if len(codes) == 1}

    def code(self, word: str) -> str:
        """Return the code of a school by its code or name, "" for none, or for a name of several."""
        return self._codes.get(word, "")


def _looked_up(code: str) -> "_Round | CityError":
    try:
        return _Round(_round(code))
    except NotFound:
        return RoundUnclear()
    except CityError as refused:
        return refused


def _round(code: str) -> dict[str, Any]:
    """Return the round of a row, whose window is open."""
    if code:
        found = rounds.public(code)
        rounds.require_window(found)
        return found
    now = clock.now()
    several = [one for one in rounds.listed() if one["state"] == "open" and one["opens_at"] <= now < one["closes_at"]]
    if len(several) != 1:
        raise RoundUnclear
    return several[0]


def _wrong_choices(row: int, told: dict[str, Any], found: _Round) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, key in enumerate(CHOICES, 1):
        if not told[key]:
            continue
        code = found.code(told[key])
        if not code:
            yield row, key, "本批次招生学校中没有这所学校,或名称不唯一,请填全称或学校代码。"
        elif code in seen:
            yield row, key, "志愿重复,每所学校只填一次。"
        elif number > found.found["most_choices"]:
            yield row, key, f"本批次最多填报 {found.found['most_choices']} 个志愿。"
        seen.add(code)
    if not any(told[key] for key in CHOICES) and told["accepts"] == "no":
        yield row, CHOICES[0], "请至少填报一个志愿,或填写服从统筹安排。"


def _wrong_day(row: int, told: dict[str, Any]) -> Iterator[Problem]:
    signed, today = date.fromisoformat(told["signed_on"]), clock.today()
    if not today - OLDEST_PAPER <= signed <= today:
        yield row, "signed_on", "签字日期应为今天或之前一年以内的日期。"


def ahead(actor: Staff, rows: Sequence[Mapping[str, Any]]) -> None:
    """Ask the registers about the families of some rows together."""
    by_round: dict[str, list[Mapping[str, Any]]] = {}
    for told in rows:
        by_round.setdefault(told["round"] or "", []).append(told)
    for code, some in by_round.items():
        with suppress(CityError):  # what is wrong with a row is said when it is applied
            paper.ask_ahead(actor, _round(code), [(_named(told, "child"), _named(told, "guardian")) for told in some])


def apply(actor: Staff, told: dict[str, Any], _since: datetime) -> tuple[str, ...]:
    """Submit one row's application and return the line of the result; one that is there already is left as it is."""
    found = _Round(_round(told["round"] or ""))
    wanted = [found.code(told[key]) for key in CHOICES if told[key]]
    if not all(wanted):
        raise SchoolGone
    sheet = Paper(
        _named(told, "child"),
        _named(told, "guardian"),
        wanted,
        accepts_coordination=told["accepts"] != "no",
        signed=told["signed_on"],
    )
    made = paper.enter(actor, found.found, sheet)
    return mask_name(told["child_name"]), made.get("receipt", ""), STATES[made["state"]], ""


class SchoolGone(Unprocessable):
    """422: a school of the row left the round since the sheet was checked."""

    code = "school_paper_school_gone"
    zh = "所填学校已不在本批次招生学校中,请核对后重新导入这一行。"
    en = "A school of this row is not in the round any more. Correct the row and import it again."


def _named(told: Mapping[str, Any], key: str) -> Named:
    return Named(identity_documents.parse("resident_id", told[f"{key}_number"]), told[f"{key}_name"])


def refused(told: dict[str, Any], error: CityError) -> tuple[str, ...]:
    """Return the line of the result for a row that a rule refused: the sentence, with what each field says."""
    said = [error.message(), *(one for each in error.fields.values() for one in each)]
    return mask_name(told["child_name"]), "", "未登记", " ".join(dict.fromkeys(said))


KIND = Kind(SHEET, OPERATION, check, apply, sheet_actor.acting, sheet_actor.audit, RESULT, refused, ahead)

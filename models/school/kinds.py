"""The kinds of cases of enrolment: one for each point that a person checks, settled side by side.

A case names no applicant: the family sees its application and is asked there. Whose application it is, `about` says.
"""

from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put
from models.school.points import BUREAU, POINT_ZH

SETTLES = "school.point"
ASKED = "school.asked"
SUPPLEMENT = "supplement"
CONFIRMED, NOT_CONFIRMED = "confirmed", "not_confirmed"
HANDLER, MANAGER = "case_handler", "school_manager"
CODE = "school_check_"
DIFFERENCE = "difference"
FIRST, SECOND = "first", "second"
_LAW = "义务教育法第十一条、第十二条"
_LAWS = {
    "guardianship": "民法典第二十七条;义务教育法第十一条",
    "insurance": "国务院办公厅《关于进一步做好进城务工就业农民子女义务教育工作的意见》;义务教育法第十二条第二款",
}
_LEVELS = (Level(0, "case_supervisor"), Level(1, "school_manager"))
_ABOVE_MANAGER = (Level(0, "case_supervisor"), Level(2, "privacy_officer"))
"""Where a manager does the work already, what is overdue goes to somebody else."""
_STOPS = (
    Stop(SUPPLEMENT, "等待家长更正或补充材料", Limit(5), asks=True, once=True, carry_out=ASKED),
    Stop("waiting_for_other_unit", "等待其他单位协助", Limit(3), once=True),
)
_OUTCOMES = (Outcome(CONFIRMED, "核实属实"), Outcome(NOT_CONFIRMED, "核实不属实"))


def _kind(code: str, zh: str, steps: tuple[Step, ...], limit: Limit, *, blind: bool = False) -> Kind:
    return put(
        Kind(
            code=f"{CODE}{code}",
            version=1,
            zh=zh,
            prefix="RXSH",
            law=_LAWS.get(code, _LAW),
            limit=limit,
            steps=steps,
            stops=_STOPS,
            remind=1,
            levels=_ABOVE_MANAGER if any(one.role == MANAGER for one in steps) else _LEVELS,
            appeal=None,
            settles=SETTLES,
            blind=blind,
        )
    )


def _single(code: str, role: str, days: int) -> Kind:
    step = Step("check", "核验", role, Limit(days), _OUTCOMES)
    return _kind(code, f"入学审核:{POINT_ZH[code]}", (step,), Limit(days + 2))


KINDS: dict[str, Kind] = {
    **{code: _single(code, HANDLER, 3) for code in ("household", "residence", "property", "insurance", "business")},
    **{code: _single(code, MANAGER, 3) for code in ("address", "guardianship")},
    "double": _kind(
        "double",
        "入学审核:双人复核",
        (
            Step(
                FIRST,
                "第一人复核",
                HANDLER,
                Limit(2),
                tuple(Outcome(one.code, one.zh, SECOND) for one in _OUTCOMES),
                unit=BUREAU,
            ),
            Step(SECOND, "第二人独立复核", HANDLER, Limit(2), _OUTCOMES, unit=BUREAU, another_person=True),
        ),
        Limit(5),
        blind=True,
    ),
    DIFFERENCE: _kind(
        DIFFERENCE,
        "入学审核:复核意见不一致",
        (Step("check", "裁定", MANAGER, Limit(2), _OUTCOMES, another_person=True),),
        Limit(3),
    ),
}
"""By the code of the point; a `difference` settles the point `double` when its two persons disagree."""

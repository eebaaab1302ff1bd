"""The kinds of cases of the first users, as one literal table."""

from models.affairs.kind import Appeal, Kind, Level, Limit, Outcome, Step, Stop, put

_APPLICANT = Stop("waiting_for_applicant", "等待申请人答复", Limit(10), asks=True)
_SUPPLEMENT = Stop("supplement", "等待申请人补正材料", Limit(15), asks=True, once=True)
_OTHER_UNIT = Stop("waiting_for_other_unit", "等待其他单位协助", Limit(10))
_EXPERT = Stop("expert_review", "专家评审、鉴定", Limit(20), once=True)
_STOPS = (_APPLICANT, _SUPPLEMENT, _OTHER_UNIT, _EXPERT)
_LEVELS = (Level(0, "case_supervisor"), Level(2, "privacy_officer"))
_PIPL = "个人信息保护法"

_REVIEW = Step(
    "appeal",
    "复核",
    "privacy_officer",
    Limit(10),
    (Outcome("upheld", "维持原决定"), Outcome("overturned", "撤销原决定,重新办理", "handle")),
    another_person=True,
)
_APPEAL = Appeal(Limit(15, "calendar"), "appeal")


DATA_UNIT = "big_data_centre"
"""The unit that answers for the platform itself, where no other does."""


def _handle(days: int, *outcomes: Outcome, zh: str = "办理", another_person: bool = False) -> Step:
    return Step("handle", zh, "case_handler", Limit(days), outcomes, another_person=another_person)


def _privacy(name: str, zh: str, limit: Limit, days: int, *, carry_out: str) -> Kind:
    granted = Outcome("granted", "同意办理", carry_out=carry_out)
    return Kind(
        code=f"privacy_{name}",
        version=1,
        zh=zh,
        prefix="PIPL",
        law=f"{_PIPL}第五十条;GB/T 35273-2020 第 8.7 条",
        limit=limit,
        steps=(_handle(days, granted, Outcome("refused", "不予办理并说明理由")), _REVIEW),
        stops=_STOPS,
        remind=3,
        levels=_LEVELS,
        appeal=_APPEAL,
    )


FACT_DISPUTE = put(
    Kind(
        code="fact_dispute",
        version=1,
        zh="对登记信息的异议",
        prefix="FACT",
        law=f"{_PIPL}第四十六条",
        limit=Limit(15),
        steps=(
            _handle(
                10,
                Outcome("corrected", "信息有误,予以更正"),
                Outcome("removed", "信息不应登记,予以撤销"),
                Outcome("confirmed", "信息无误,不予更正"),
                zh="核查",
            ),
            _REVIEW,
        ),
        stops=_STOPS,
        remind=2,
        levels=_LEVELS,
        appeal=_APPEAL,
        settles="registers.dispute",
    )
)
ACCESS_QUESTION = put(
    Kind(
        code="access_question",
        version=1,
        zh="为何查看我的信息",
        prefix="LOOK",
        law=f"{_PIPL}第四十四条、第四十八条",
        limit=Limit(15),
        steps=(
            _handle(
                5,
                Outcome("justified", "查看有据,予以说明"),
                Outcome("unjustified", "查看不当,移交处理"),
                zh="说明",
                another_person=True,
            ),
            _REVIEW,
        ),
        stops=(_OTHER_UNIT,),
        remind=2,
        levels=_LEVELS,
        appeal=_APPEAL,
    )
)
PRIVACY = {
    "copy": put(_privacy("copy", "查阅、复制个人信息", Limit(30, "calendar"), 15, carry_out="privacy.export")),
    "correct": put(_privacy("correct", "更正、补充个人信息", Limit(30, "calendar"), 15, carry_out="")),
    "delete": put(_privacy("delete", "删除个人信息", Limit(30, "calendar"), 15, carry_out="privacy.delete")),
    "explain": put(_privacy("explain", "解释个人信息处理规则", Limit(30, "calendar"), 15, carry_out="")),
    "close_account": put(_privacy("close_account", "注销账号", Limit(15), 10, carry_out="privacy.close_account")),
}


def _application(code: str, zh: str, *later: Step) -> Kind:
    agreed = Outcome("approved", "同意", later[0].code if later else "")
    first = Step("review", "审核", "unit_admin", Limit(5), (agreed, Outcome("refused", "不同意")))
    return Kind(
        code=code,
        version=1,
        zh=zh,
        prefix="STAFF",
        law="GB/T 22239-2019 第 8.1.4 条",
        limit=Limit(15),
        steps=(first, *later),
        stops=(_APPLICANT,),
        remind=1,
        levels=(Level(2, "privacy_officer"),),
        appeal=None,
    )


STAFF_APPLICATION = put(_application("staff_application", "工作人员账号申请"))
SENSITIVE_STAFF_APPLICATION = put(
    _application(
        "staff_application_sensitive",
        "工作人员账号申请(涉及个人信息)",
        Step(
            "confirm",
            "复核",
            "privacy_officer",
            Limit(5),
            (Outcome("approved", "同意"), Outcome("refused", "不同意")),
            another_person=True,
        ),
    )
)

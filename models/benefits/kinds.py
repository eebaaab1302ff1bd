"""The two kinds of cases of benefits: the batch on its way to the bank, and an objection during publicity."""

from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put

DEPARTMENT = "benefit_manager"
"""The role whose steps lie with the unit of the item; the others lie with the town, or with finance."""
PUBLICITY = Limit(7)
"""公示不少于 7 个工作日 (财办〔2020〕37号)."""
REPAIR = Limit(60)
"""How long a line that failed waits for its person before finance may close the batch: a house rule, no document."""
_LAW = "财办〔2020〕37号《关于进一步加强惠民惠农财政补贴资金“一卡通”管理的指导意见》"
_CANCELLED = Outcome("cancelled", "取消发放")
_RETURNED = Outcome("returned", "退回乡镇修改", "town_review")

BATCH = put(
    Kind(
        code="benefit_batch",
        version=1,
        zh="惠民惠农资金发放批次",
        prefix="BTFF",
        law=_LAW,
        limit=Limit(60),
        steps=(
            Step(
                "town_review",
                "乡镇审核",
                "benefit_clerk",
                Limit(15),
                (Outcome("submitted", "采集完毕,报主管部门", "department_review"), _CANCELLED),
            ),
            Step(
                "department_review",
                "主管部门审核",
                DEPARTMENT,
                Limit(10),
                (Outcome("published", "核验通过,公示", "publicity"), _RETURNED, _CANCELLED),
                another_person=True,
            ),
            Step(
                "publicity",
                "公示",
                DEPARTMENT,
                Limit(10),
                (Outcome("published_in_full", "公示期满", "finance"), _RETURNED),
            ),
            Step(
                "finance",
                "财政审批",
                "finance_clerk",
                Limit(10),
                (Outcome("approved", "批准发放"), _RETURNED),
                another_person=True,
            ),
        ),
        stops=(),
        remind=2,
        levels=(Level(0, "case_supervisor"), Level(2, "privacy_officer")),
        appeal=None,
        settled_at_zh="惠民惠农资金发放",
    )
)
OBJECTION = put(
    Kind(
        code="benefit_objection",
        version=1,
        zh="对惠民惠农资金公示的异议",
        prefix="BTYY",
        law=_LAW,
        limit=Limit(15),
        steps=(
            Step(
                "handle",
                "核查",
                DEPARTMENT,
                Limit(5),
                (Outcome("upheld", "异议成立"), Outcome("rejected", "异议不成立")),
            ),
        ),
        stops=(
            Stop("waiting_for_applicant", "等待提出异议的人补充", Limit(5), asks=True),
            Stop("waiting_for_other_unit", "等待乡镇、村核查", Limit(5)),
        ),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(2, "privacy_officer")),
        appeal=None,
        settles="benefits.objection",
    )
)

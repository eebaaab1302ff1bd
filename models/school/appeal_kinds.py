"""The case of an appeal (申诉): against the refusal of an application, or against the result of the placing.

Another person than those who reviewed, decided or published looks at it. No law sets these terms: fifteen calendar days
to appeal and ten working days to answer are the rule of the county's bureau, written into the notice of each decision.
"""

from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put

UNIT = "education_sports"
WITHIN = Limit(15, "calendar")
"""How long after the decision or the publication a family may appeal."""
ANSWER = Limit(10)
LAW = (
    "教育法第四十三条(受教育者的申诉权);义务教育法第十二条(适龄儿童免试就近入学);县义务教育招生申诉办理规则(由县教育行政部门提供文号)。"
    "申诉不影响依行政复议法第二十条自知道决定之日起六十日内申请行政复议"
)
SETTLES = "school.appeal"
OUTCOMES = {"upheld": "维持原决定", "overturned": "申诉成立,改变原决定", "sent_back": "退回重新审核"}

APPEAL = put(
    Kind(
        code="school_appeal",
        version=1,
        zh="入学申诉",
        prefix="RXSS",
        law=LAW,
        limit=ANSWER,
        steps=(
            Step(
                "review",
                "复核",
                "school_manager",
                ANSWER,
                tuple(Outcome(code, zh) for code, zh in OUTCOMES.items()),
                another_person=True,
            ),
        ),
        stops=(
            Stop("waiting_for_applicant", "等待申诉人补充", Limit(5), asks=True),
            Stop("waiting_for_other_unit", "等待其他单位核查", Limit(5)),
        ),
        remind=2,
        levels=(Level(0, "case_supervisor"), Level(1, "privacy_officer")),
        appeal=None,
        settles=SETTLES,
    )
)

TRANSFER = put(
    Kind(
        code="school_transfer",
        version=1,
        zh="录取后转校申请",
        prefix="RXZX",
        law="义务教育法第十二条;县义务教育招生工作方案(由县教育行政部门提供文号)",
        limit=Limit(15),
        steps=(
            Step(
                "receive",
                "接收学校意见",
                "school_clerk",
                Limit(5),
                (Outcome("receives", "同意接收", "release"), Outcome("refused", "不能接收并说明理由")),
            ),
            Step(
                "release",
                "转出学校意见、县教育行政部门审定",
                "school_manager",
                Limit(5),
                (Outcome("moved", "同意转校"), Outcome("refused", "不同意转校并说明理由")),
                another_person=True,
            ),
        ),
        stops=(Stop("waiting_for_applicant", "等待申请人补充", Limit(5), asks=True),),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(2, "privacy_officer")),
        appeal=None,
        settles="school.transfer",
    )
)

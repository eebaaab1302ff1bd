"""The case of a selenium certification: documents are checked, then somebody else decides upon the laboratory's result.

Sampling and testing happen between the two and do not count to the time in which the office decides
(行政许可法第四十五条 takes the time of inspections and tests out of it); the clerk stops the clocks meanwhile.
"""

from models.affairs.kind import Kind, Level, Limit, Outcome, Step, Stop, put

UNIT = "selenium_industry_centre"
CHECK, AWARD = "check", "award"
SETTLES = "selenium.certification"
_REFUSED = Outcome("refused", "不予认定并说明理由")

CERTIFICATION = put(
    Kind(
        code="selenium_certification",
        version=1,
        zh="富硒农产品认定",
        prefix="FXRD",
        law="于都县富硒农产品认定工作规则(由县富硒产业发展中心提供文号)",
        limit=Limit(30),
        steps=(
            Step(
                CHECK, "材料审查", "cert_clerk", Limit(5), (Outcome("accepted", "材料齐全,转抽样检测", AWARD), _REFUSED)
            ),
            Step(
                AWARD,
                "审定",
                "cert_manager",
                Limit(10),
                (Outcome("granted", "认定并颁发证书"), _REFUSED),
                another_person=True,
            ),
        ),
        stops=(
            Stop("supplement", "等待申请人补正材料", Limit(15), asks=True, once=True),
            Stop("testing", "抽样检测(不计入办理期限)", Limit(30)),
        ),
        remind=2,
        levels=(Level(0, "cert_manager"), Level(2, "privacy_officer")),
        appeal=None,
        settles=SETTLES,
    )
)

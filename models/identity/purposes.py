"""Why residents' personal data may be seen: one literal table. A route names its purpose, a role holds purposes.

The legal basis is that of PIPL 13(1): (2) needed for a contract, (3) statutory duty (with 34), (4) emergency.
"""

from dataclasses import dataclass
from typing import Literal

Basis = Literal["consent", "contract", "statutory_duty", "emergency"]
BASIS_ZH: dict[Basis, str] = {
    "consent": "取得个人同意(个人信息保护法第十三条第一款第一项)",
    "contract": "履行个人作为一方的合同所必需(第十三条第一款第二项)",
    "statutory_duty": "履行法定职责或者法定义务所必需(第十三条第一款第三项、第三十四条)",
    "emergency": "紧急情况下保护自然人的生命健康和财产安全所必需(第十三条第一款第四项)",
}


@dataclass(frozen=True)
class Purpose:
    """What the data are used for, and what allows it."""

    zh: str
    basis: Basis


PURPOSES = {
    "booking_service": Purpose("办理预约、入园和退票", "contract"),
    "counter_service": Purpose("窗口核验身份、办理绑定、监护和代办", "statutory_duty"),
    "case_handling": Purpose("办理您提交的事项", "statutory_duty"),
    "card_service": Purpose("办理一卡通业务", "statutory_duty"),
    "card_use": Purpose("核验您出示的一卡通码", "contract"),
    "benefit_payment": Purpose("审核和发放惠民惠农资金", "statutory_duty"),
    "school_enrolment": Purpose("办理义务教育招生入学", "statutory_duty"),
    "health_care": Purpose("提供健康管理、照护和急救服务", "statutory_duty"),
    "enterprise_service": Purpose("惠企政策兑现和企业服务", "statutory_duty"),
    "produce_supervision": Purpose("农产品质量安全监管和地块核实", "statutory_duty"),
    "organisation_members": Purpose("您所在单位管理其成员", "consent"),
    "emergency": Purpose("处置紧急情况", "emergency"),
    "acting_for": Purpose("代办人或监护人为您办理", "consent"),
}
EMERGENCY = "emergency"
"""The purpose of what was opened by a broken glass; no role holds it beforehand."""
ACTING = "acting_for"
"""The purpose of residents who act for another by a relation; no role holds it."""

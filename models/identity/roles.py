"""What each role of the staff may do: one literal table, read by the rules and by the tests.

Who keeps accounts, who works with residents' data and who audits both are apart (GB/T 22239-2019, 8.1.4: three separate
administrators), so `ALONE` roles are never combined with another.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Role:
    """`reach` is how far its operations go: the assignment's own unit, that unit with all below it, or the county.

    Only who administers or supervises reaches below: a clerk of a bureau has no business in its institutions.
    `purposes` are those of `purposes.PURPOSES` for which the role may see residents' data.
    """

    zh: str
    reach: Literal["unit", "subtree", "county"]
    operations: frozenset[str]
    purposes: frozenset[str] = frozenset()


EVERYBODY = frozenset({"session.own", "approval.own", "file.own"})
_VISITS = frozenset(
    {"place.read", "notice.post", "slot.open", "slot.close", "order.list", "order.read", "order.cancel", "job.read"}
)
_CASES = frozenset({"case.inbox", "case.read", "case.handle"})
_ACCOUNTS = frozenset({"staff.list", "staff.invite", "staff.assign", "staff.disable", "staff.reset", "unit.list"})
_TOURISTS = frozenset({"booking_service"})
_MATTERS = frozenset({"case_handling"})
_CARDS = frozenset({"card.find", "card.read", "card.lose"})
_CROWD = frozenset({"crowd.read", "crowd.headcount"})
_FLOWS = _CROWD | {"crowd.override", "crowd.source", "crowd.report"}
_BENEFITS = frozenset({"benefit.read", "benefit.list"})
_CONTENT = frozenset({"content.read", "content.write"})
_RESOURCES = frozenset({"resource.change", "sport.water"})
_PRODUCE = frozenset(
    {"organisation.read", "organisation.members", "producer.read", "producer.suspend"}
    | {"epcis.read", "plot.read", "plot.confirm", "product.read", "lot.read", "lot.hold"}
)
_RECALLS = frozenset({"recall.read", "recall.report"})
_CERTS = frozenset(
    {"standard.read", "certification.read", "certification.sample", "producer.read", "lot.read", "certificate.read"}
)
_SALES = frozenset({"place.change", "figures.read"})
_HEALTH = frozenset({"health.read", "health.write", "health.assess", "health.alert", "health.work"})
_POLICIES = frozenset({"policy.read", "policy.try", "job.read"})
_ITEMS = frozenset({"item.read", "item.try"})
_SCHOOLS = frozenset({"school.read", "school.applications"})

ROLES = {
    "system_admin": Role(
        "系统管理员",
        "county",
        _ACCOUNTS
        | {"unit.change", "device.list", "device.register", "device.revoke", "sheet.units", "sheet.staff", "job.read"},
    ),
    "security_admin": Role(
        "安全管理员",
        "county",
        frozenset({"staff.list", "unit.list", "session.end", "key.read", "key.rotate", "job.read"})
        | {"approval.decide", "grant.approve", "totp.reset"},
    ),
    "unit_admin": Role("单位管理员", "subtree", _ACCOUNTS | _CASES | {"session.end"}, _MATTERS),
    "privacy_officer": Role(
        "个人信息保护负责人",
        "county",
        _CASES
        | {"case.supervise", "case.assign", "break_glass.review", "approval.decide", "minor.approve", "export.approve"},
        _MATTERS,
    ),
    "counter_clerk": Role(
        "政务服务窗口人员",
        "unit",
        frozenset({"person.find", "person.register", "person.bind", "relation.verify", "fact.read", "case.open"})
        | _CASES
        | {"minor.request", "break_glass.open", "person.serve"}
        | _CARDS
        | {
            "card.issue",
            "card.unfreeze",
            "card.replace",
            "card.cancel",
            "card.print",
            "card.family",
            "wallet.top_up",
            "benefit.repair",
            "school.serve",
            "delivery.handle",
        }
        | {"organisation.read", "organisation.register", "organisation.owner"},
        frozenset({"counter_service", "card_service"}) | _MATTERS,
    ),
    "hotline_clerk": Role("一卡通服务热线人员", "county", _CARDS, frozenset({"card_service"})),
    "card_manager": Role(
        "社会保障卡管理人员",
        "county",
        _CARDS
        | _CASES
        | {"card.freeze", "card.unfreeze", "card.cancel", "card.deaths", "concession.read"}
        | {"device.list", "device.register", "device.revoke", "journal.read", "journal.settle"},
        frozenset({"card_service"}) | _MATTERS,
    ),
    "rule_editor": Role("规则编制人员", "county", frozenset({"rule.read", "rule.edit", "rule.try"})),
    "rule_approver": Role(
        "规则审核人员", "county", frozenset({"rule.read", "rule.try", "rule.approve", "approval.decide"})
    ),
    "benefit_clerk": Role(
        "惠民惠农资金经办人员",
        "unit",
        _BENEFITS | _CASES | {"benefit.collect", "benefit.cancel", "job.read"},
        frozenset({"benefit_payment"}) | _MATTERS,
    ),
    "benefit_manager": Role(
        "惠民惠农资金主管部门人员",
        "unit",
        _BENEFITS
        | _CASES
        | {"benefit.item", "benefit.check", "benefit.cancel", "benefit.publish", "benefit.propose"}
        | {"job.read", "rule.read"},
        frozenset({"benefit_payment"}) | _MATTERS,
    ),
    "case_handler": Role(
        "承办人", "unit", _CASES | {"fact.read", "minor.request", "break_glass.open", "delivery.handle"}, _MATTERS
    ),
    "case_supervisor": Role(
        "督办人员",
        "subtree",
        _CASES | {"case.supervise", "case.assign", "content.read", "content.review_final", "rating.read"},
        _MATTERS,
    ),
    "finance_clerk": Role(
        "财务人员",
        "county",
        frozenset({"bill.read", "bill.match", "refund.list", "refund.propose"})
        | {"approval.decide", "refund.approve"}
        | {"ledger.read", "ledger.reconcile", "ledger.propose", "ledger.approve"}
        | _BENEFITS
        | _CASES
        | {"benefit.propose", "benefit.approve", "benefit.pay", "job.read", "policy.pay"},
        frozenset({"benefit_payment"}) | _MATTERS,
    ),
    "transit_manager": Role(
        "公交运营管理人员",
        "unit",
        frozenset({"transit.read", "transit.fare", "device.list", "journal.read", "journal.settle"}),
    ),
    "scenic_manager": Role(
        "景区管理员",
        "unit",
        _VISITS
        | _CONTENT
        | {"content.review_first", "message.read", "order.sell"}
        | _FLOWS
        | _SALES
        | {"device.list", "journal.read", "journal.settle", "order.export", "minor.request", "break_glass.open"},
        _TOURISTS,
    ),
    "window_clerk": Role(
        "售票窗口人员", "unit", frozenset({"place.read", "order.list", "order.read", "order.sell"}), _TOURISTS
    ),
    "venue_manager": Role(
        "体育场馆管理人员",
        "unit",
        _VISITS
        | _RESOURCES
        | _SALES
        | _CROWD
        | {"device.list", "journal.read", "journal.settle", "order.export", "minor.request", "break_glass.open"},
        _TOURISTS,
    ),
    "gate_clerk": Role("检票员", "unit", frozenset({"place.read", "order.list", "order.read"}) | _CROWD, _TOURISTS),
    "tourism_office": Role(
        "县文广新旅局工作人员",
        "county",
        _VISITS
        | _CONTENT
        | {"content.review_second", "content.publish"}
        | _FLOWS
        | _RESOURCES
        | _SALES
        | {"crowd.limit", "message.read", "message.find", "message.manage"}
        | {"device.list", "bill.read", "bill.match", "refund.list", "sheet.places", "order.export"}
        | {"minor.request", "break_glass.open"},
        _TOURISTS,
    ),
    "agriculture_clerk": Role("乡镇农业服务人员", "county", _PRODUCE | _RECALLS, frozenset({"produce_supervision"})),
    "agriculture_office": Role(
        "县农业农村局工作人员",
        "county",
        _PRODUCE
        | _RECALLS
        | {"organisation.register", "organisation.suspend", "product.edit", "epcis.capture"}
        | {"recall.start", "recall.approve", "approval.decide"},
        frozenset({"produce_supervision"}),
    ),
    "cert_clerk": Role(
        "富硒认证经办人员",
        "county",
        _CERTS | _CASES | {"sample.hand"},
        frozenset({"produce_supervision"}) | _MATTERS,
    ),
    "cert_manager": Role(
        "富硒认证审定人员",
        "county",
        _CERTS | _CASES | {"standard.edit", "certificate.suspend"},
        frozenset({"produce_supervision"}) | _MATTERS,
    ),
    "lab_clerk": Role(
        "检测机构人员", "unit", frozenset({"standard.read", "sample.hand", "lab.enter", "lab.confirm", "sample.read"})
    ),
    "school_manager": Role(
        "义务教育招生管理人员",
        "county",
        _SCHOOLS
        | _CASES
        | {"school.plan", "school.find", "school.reach", "school.review", "school.draw", "school.publish"}
        | {"school.serve", "school.offer", "school.report", "approval.decide", "job.read", "rule.read", "rule.try"},
        frozenset({"school_enrolment"}) | _MATTERS,
    ),
    "school_clerk": Role(
        "学校招生人员",
        "unit",
        _SCHOOLS | _CASES | {"school.offer", "school.report"},
        frozenset({"school_enrolment"}) | _MATTERS,
    ),
    "school_liaison": Role(
        "乡镇(村)入学联络人员",
        "unit",
        frozenset({"school.read", "school.reach", "school.serve", "job.read"}),
        frozenset({"school_enrolment"}),
    ),
    "policy_clerk": Role(
        "惠企政策经办人员",
        "unit",
        _POLICIES
        | _CASES
        | {"policy.edit", "policy.run", "policy.publish", "policy.claw_back", "policy.work"}
        | {"policy.figures", "policy.overdue", "policy.export"},
        frozenset({"enterprise_service"}) | _MATTERS,
    ),
    "policy_manager": Role(
        "惠企政策审核人员",
        "county",
        _POLICIES
        | _CASES
        | {"policy.approve", "policy.claw_back_approve", "approval.decide", "policy.work"}
        | {"policy.figures", "policy.overdue"},
        frozenset({"enterprise_service"}) | _MATTERS,
    ),
    "policy_finance": Role(
        "惠企资金财务人员",
        "county",
        _CASES
        | {"policy.read", "policy.pay", "policy.payout", "policy.overdue"}
        | {"approval.decide", "job.read", "ledger.read"},
        frozenset({"enterprise_service"}) | _MATTERS,
    ),
    "policy_window": Role(
        "惠企政策窗口人员",
        "county",
        frozenset({"policy.window", "person.find", "person.register", "person.serve"}),
        frozenset({"enterprise_service", "counter_service"}),
    ),
    "policy_back_office": Role(
        "涉企事项后台办理人员",
        "unit",
        _CASES | {"policy.data"},
        frozenset({"enterprise_service"}) | _MATTERS,
    ),
    "policy_supervisor": Role("惠企政策督查人员", "subtree", frozenset({"policy.figures", "policy.overdue"})),
    "item_clerk": Role("政务服务事项编制人员", "unit", _ITEMS | {"item.edit"}),
    "item_manager": Role("政务服务事项审核人员", "county", _ITEMS | {"item.approve", "approval.decide"}),
    "village_doctor": Role(
        "乡村医生(家庭医生)",
        "unit",
        _HEALTH | {"health.enrol", "health.settle", "health.measure", "break_glass.open"},
        frozenset({"health_care"}),
    ),
    "care_worker": Role("照护人员", "unit", _HEALTH | {"health.measure"}, frozenset({"health_care"})),
    "health_duty": Role(
        "健康值守人员", "county", frozenset({"health.alert", "break_glass.open"}), frozenset({"health_care"})
    ),
    "health_manager": Role(
        "县卫健委管理人员",
        "county",
        frozenset({"health.report", "health.export", "health.roster", "health.enrol", "health.device"})
        | {"approval.decide", "job.read", "rule.read", "rule.try", "device.list", "device.register", "device.revoke"},
        frozenset({"health_care"}),
    ),
    "auditor": Role(
        "审计员",
        "county",
        frozenset({"audit.read", "staff.list", "unit.list", "place.read", "job.read", "device.list"})
        | {"bill.read", "refund.list", "ledger.read", "rule.read", "journal.read", "benefit.list", "transit.read"}
        | {"crowd.read", "crowd.report", "figures.read", "school.read", "school.report"}
        | {"health.report"},
    ),
}
ALONE = frozenset({"system_admin", "security_admin", "auditor"})
SENSITIVE = ALONE | {
    "privacy_officer",
    "finance_clerk",
    "unit_admin",
    "rule_approver",
    "benefit_manager",
    "policy_manager",
    "item_manager",
    "policy_finance",
    "card_manager",
}
"""Given only with a second person: a security administrator approves what a system administrator proposes."""
GRANTABLE = {
    "unit_admin": frozenset(
        {"counter_clerk", "case_handler", "case_supervisor", "scenic_manager", "venue_manager", "gate_clerk"}
        | {"benefit_clerk"}
    ),
}
"""Which roles an administrator may give, take and manage, where that is not every role."""
OPERATIONS = EVERYBODY.union(*(role.operations for role in ROLES.values()))

"""What each role of the staff may do: one literal table, read by the rules and by the tests.

Who keeps accounts, who works with residents' data and who audits both are apart (GB/T 22239-2019, 8.1.4: three separate
administrators), so `ALONE` roles are never combined with another.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Role:
    """`reach` is how far its operations go: the assignment's own unit, or all units of the county."""

    zh: str
    reach: Literal["unit", "county"]
    operations: frozenset[str]


EVERYBODY = frozenset({"session.own", "staff_application.own"})
_VISITS = frozenset({"place.read", "notice.post", "slot.open", "slot.close", "order.list", "order.read", "job.read"})
_CASES = frozenset({"case.inbox", "case.read", "case.handle"})
_ACCOUNTS = frozenset({"staff.list", "staff.invite", "staff.disable", "unit.list"})

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
        frozenset({"staff.list", "unit.list", "session.end", "totp.reset", "key.read", "key.rotate", "job.read"}),
    ),
    "unit_admin": Role("单位管理员", "unit", _ACCOUNTS | {"session.end"}),
    "privacy_officer": Role(
        "个人信息保护负责人",
        "county",
        _CASES | {"minor.approve", "break_glass.review", "case.supervise"},
    ),
    "counter_clerk": Role(
        "政务服务窗口人员",
        "unit",
        frozenset({"person.find", "person.register", "person.bind", "relation.verify", "fact.read", "case.open"})
        | _CASES
        | {"minor.request", "break_glass.open"},
    ),
    "case_handler": Role(
        "承办人", "unit", _CASES | {"fact.read", "minor.request", "break_glass.open", "order.export"}
    ),
    "case_supervisor": Role("督办人员", "unit", _CASES | {"case.supervise", "case.assign"}),
    "finance_clerk": Role(
        "财务人员", "county", frozenset({"bill.read", "bill.match", "refund.list", "refund.propose", "approval.decide"})
    ),
    "scenic_manager": Role("景区管理员", "unit", _VISITS | {"device.list", "order.export"}),
    "gate_clerk": Role("检票员", "unit", frozenset({"place.read", "order.list", "order.read"})),
    "tourism_office": Role(
        "县文广新旅局工作人员",
        "county",
        _VISITS | {"device.list", "bill.read", "bill.match", "refund.list", "sheet.places", "order.export"},
    ),
    "auditor": Role(
        "审计员",
        "county",
        frozenset({"audit.read", "staff.list", "unit.list", "place.read", "job.read", "device.list"})
        | {"bill.read", "refund.list"},
    ),
}
ALONE = frozenset({"system_admin", "security_admin", "auditor"})
OPERATIONS = EVERYBODY.union(*(role.operations for role in ROLES.values()))

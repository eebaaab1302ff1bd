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


EVERYBODY = frozenset({"session.own"})
_VISITS = frozenset({"place.read", "notice.post", "slot.open", "slot.close", "order.list", "order.read", "job.read"})

ROLES = {
    "system_admin": Role(
        "系统管理员",
        "county",
        frozenset({"staff.list", "staff.invite", "staff.disable", "device.list", "device.register", "device.revoke"}),
    ),
    "scenic_manager": Role("景区管理员", "unit", _VISITS | {"device.list"}),
    "gate_clerk": Role("检票员", "unit", frozenset({"place.read", "order.list", "order.read"})),
    "tourism_office": Role(
        "县文广新旅局工作人员",
        "county",
        _VISITS | {"device.list", "bill.read", "bill.match", "refund.list"},
    ),
    "auditor": Role(
        "审计员",
        "county",
        frozenset({"audit.read", "staff.list", "place.read", "job.read", "device.list", "bill.read", "refund.list"}),
    ),
}
ALONE = frozenset({"system_admin", "auditor"})
OPERATIONS = EVERYBODY.union(*(role.operations for role in ROLES.values()))

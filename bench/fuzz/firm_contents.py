"""Bodies of policies and matters: filled forms of the seeded items, conditions in the grammar of the form."""

import secrets
from collections.abc import Callable
from typing import Any

from bench.fuzz import firms

APPEAL = {
    "subject": "energy",
    "title": "厂房经常停电",
    "content": "近两周厂房每天停电两小时,影响交货,请协调解决。",
    "contact": "张三",
    "phone": "0797-6233000",
}
"""A whole form of the seeded `enterprise_appeal`."""


def _appeal(case: Any) -> dict[str, Any]:
    case.path_parameters["item_code"] = "enterprise_appeal"
    return {"version": 1, "answers": APPEAL}


def _appeal_draft(case: Any) -> dict[str, Any]:
    case.path_parameters["item_code"] = "enterprise_appeal"
    return {"answers": {name: APPEAL[name] for name in ("subject", "title")}}


def _policy(_case: Any) -> dict[str, Any]:
    return {**firms.FRAME, "code": f"fuzz_{secrets.token_hex(4)}", **firms.days()}


_OFFICE, _FIRM = "/office/v1/enterprise", "/enterprise/v1"
BODIES: dict[str, Callable[[Any], Any]] = {
    f"POST {_FIRM}/service-items/{{item_code}}/cases": _appeal,
    f"PUT {_FIRM}/service-items/{{item_code}}/draft": _appeal_draft,
    f"POST {_OFFICE}/policies": _policy,
    f"PUT {_OFFICE}/policies/{{policy_code}}/conditions": lambda _case: {"conditions": firms.HERE},
}
"""What is sent to these, made anew for each request."""

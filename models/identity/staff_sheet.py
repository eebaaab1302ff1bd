"""Accounts of the staff as a sheet: who is new gets a link, and who is there already is left as they are."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import clock
from backend.sheets.columns import Column, Sheet
from models.identity import invitation, roles, sheet_actor
from models.identity.actors import Assignment, Staff
from models.identity.staff import LoginTaken, StaffMember
from models.identity.unit import Unit
from models.media.sheet_import import Kind, Problem, Rows

LOGIN = r"[a-z][a-z0-9_.-]{2,31}"
_LEFT_OUT = roles.SENSITIVE
"""Sensitive roles need a second person one by one, so they are not given by the sheet."""
ROLES = {role.zh: name for name, role in roles.ROLES.items() if name not in _LEFT_OUT}
RESULT = ("账号", "结果", "激活链接", "有效期至")
SHEET = Sheet(
    "staff",
    "工作人员账号",
    (
        Column(
            "login",
            "账号",
            "code",
            required=True,
            aliases=("账号名", "登录名", "用户名"),
            pattern=LOGIN,
            pattern_zh="应为小写字母开头,只含小写字母、数字和 . _ -,3 至 32 位。",
            example="liu.fang",
        ),
        Column("name", "姓名", required=True, most=40, personal=True, example="刘芳"),
        Column(
            "role",
            "角色",
            "choice",
            required=True,
            choices=ROLES,
            example="检票员",
            help="系统管理员等敏感角色须逐个办理并经第二人同意,不能批量导入。",
        ),
        Column(
            "unit",
            "单位代码",
            "code",
            aliases=("单位",),
            pattern=r"[a-z0-9_]{1,64}",
            pattern_zh="应为单位代码。",
            example="town_gongjiang",
        ),
        Column(
            "area",
            "区划代码",
            "code",
            pattern=r"\d{6}|\d{9}|\d{12}",
            pattern_zh="应为 6、9 或 12 位区划代码。",
            example="360731100",
            help="不填为全县。",
        ),
    ),
    unique=("login",),
)


def check(_actor: Staff, rows: Rows) -> Iterator[Problem]:
    """Name rows whose unit is not there, or whose role needs one."""
    units = sorted({told["unit"] for _, told in rows if told["unit"]})
    query = {"_id": {"$in": units}, "state": "active"}
    known = {one["_id"] for one in Unit._get_collection().find(query, {"_id": 1})}
    for row, told in rows:
        if told["unit"] and told["unit"] not in known:
            yield row, "unit", "没有这个单位,请先导入组织机构。"
        elif not told["unit"] and roles.ROLES[told["role"]].reach != "county":
            yield row, "unit", "这个角色必须指定单位。"


def apply(actor: Staff, told: dict[str, Any], since: datetime) -> tuple[str, ...]:
    """Invite one member and return the line of the result.

    An account of this import that has no line yet was made just before a kill: its link is made anew, nobody had it.
    """
    given = [Assignment(told["role"], told["unit"] or "", told["area"] or "")]
    try:
        made = invitation.invite(actor, told["login"], told["name"], given)
    except LoginTaken:
        found = StaffMember._get_collection().find_one({"login": told["login"]})
        if not found or not _just_made(found, actor.key, since):
            return told["login"], "账号已存在,未改动", "", ""
        made = invitation.invite_again(actor, found["_id"])
    return told["login"], "已创建", made.link, clock.civil(made.until).isoformat(timespec="minutes")


def _just_made(found: dict[str, Any], by: str, since: datetime) -> bool:
    own = found["created_by"] == by and found["created_at"] >= since
    return bool(own and found["state"] == "invited" and "accepted_at" not in found.get("invitation", {}))


KIND = Kind(SHEET, "sheet.staff", check, apply, sheet_actor.acting, sheet_actor.audit, RESULT)

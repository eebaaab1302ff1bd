"""Changing one's own password. It ends all other sessions; who lost the old one needs two administrators."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotAllowed, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import login_attempt, password, staff
from models.identity.actors import Staff
from models.identity.staff import StaffMember

LASTS = timedelta(days=90)
"""GB/T 22239-2019, 8.1.4.1 asks for periodic change at level 3."""


class PasswordExpired(NotAllowed):
    """403: the password is older than ninety days."""

    code = "password_expired"
    zh = "密码已超过 90 天,请先修改密码(POST /office/v1/password)再继续办理。"
    en = "Your password is older than ninety days. Change it first."


class PasswordWrong(Unprocessable):
    """422: that is not the present password."""

    code = "password_wrong"
    zh = "原密码不正确,请核对后重试。"
    en = "The present password is wrong."

    def __init__(self) -> None:
        super().__init__(fields={"password": [self.zh]})


class PasswordSame(Unprocessable):
    """422: the new password is the old one."""

    code = "password_same"
    zh = "新密码不能与原密码相同,请另设一个。"
    en = "The new password must differ from the present one."

    def __init__(self) -> None:
        super().__init__(fields={"new_password": [self.zh]})


class PasswordChanged(Conflict):
    """409: it was changed at the same time elsewhere."""

    code = "password_changed"
    zh = "密码刚在别处修改过,请重新登录。"
    en = "The password was changed elsewhere a moment ago. Log in again."


def expired(member: dict[str, Any], now: datetime) -> bool:
    """Tell whether a member's password is too old; one without a date was set when the account was activated."""
    since = member.get("password_changed_at") or member.get("activated_at")
    return bool(since and since + LASTS <= now)


def change(actor: Staff, old: str, new: str) -> None:
    """Set a new password in place of the old one, and end the actor's other sessions.

    Raises:
        LoginLocked: too many wrong tries.
        PasswordWrong, PasswordSame, PasswordWeak: this cannot be.
        PasswordChanged: it was changed at the same time.
    """
    login_attempt.count_inside(actor.login, actor.session_id)
    member = staff.read(actor.staff_id)
    if not password.matches(member["password"], old):
        raise PasswordWrong
    login_attempt.forget_inside(actor.login, actor.session_id)
    if old == new:
        raise PasswordSame
    password.require_strong(new, actor.login)
    told = {"password": password.digest(new), "password_changed_at": clock.now()}
    guard = {"_id": actor.staff_id, "state": "active", "password": member["password"]}
    done = {"$set": told, "$pull": {"sessions": {"id": {"$ne": actor.session_id}}}}
    line = entry.line(actor.key, "staff.change_password", actor.key, unit=actor.unit)

    def write(session: ClientSession) -> None:
        if not StaffMember._get_collection().update_one(guard, done, session=session).matched_count:
            raise PasswordChanged
        entry.write(line, session)

    transactions.run(write)

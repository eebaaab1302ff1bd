"""`python -m seed bootstrap --login admin --name 王敏`: the first administrator, by a one-time link printed here.

With `--role security_admin` the first security administrator, who approves what a system administrator proposes: two
persons, so run it twice, for each with the person beside you. Everybody after them comes by invitation and approval.
"""

import argparse
import re
import sys

from backend import clock, runtime, settings
from backend.store.migrations import UpgradePending
from models import upgrades
from models.identity import invitation, roles

LOGIN = re.compile(r"[a-z][a-z0-9_.-]{2,31}")


def run(argv: list[str]) -> None:
    """Invite the first administrator and print the link; exit with 1 when there is one already."""
    told = _arguments(argv)
    found = settings.load()
    try:
        upgrades.require_current(found.mongodb_uri)
        runtime.compose(found)
        made = invitation.bootstrap(told.login, told.name, told.role)
    except (invitation.AdministratorExists, UpgradePending) as refusal:
        sys.exit(refusal.message())
    print(_sentences(told.login, roles.ROLES[told.role].zh, made))


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m seed bootstrap", description="Invite the first administrator.")
    parser.add_argument("--login", required=True, help="3-32 of a-z 0-9 . _ -, beginning with a letter")
    parser.add_argument("--name", required=True, help="the administrator's name, 1-40 characters")
    parser.add_argument("--role", choices=tuple(invitation.FIRST), default="system_admin", help="which of the two")
    told = parser.parse_args(argv)
    if not LOGIN.fullmatch(told.login):
        parser.error("--login: 3-32 of a-z 0-9 . _ -, beginning with a letter")
    if not 0 < len(told.name.strip()) <= 40:  # noqa: PLR2004
        parser.error("--name: 1-40 characters")
    return told


def _sentences(login: str, role_zh: str, made: invitation.Invitation) -> str:
    return f"""
{role_zh}账号 {login} 已建立。一次性链接(有效期至 {clock.civil(made.until):%Y-%m-%d %H:%M},只显示这一次):

  {made.link}

  1. 设置密码,得到动态口令密钥:POST {made.link}/accept  {{"password": "…"}}
  2. 用验证器应用扫码后确认:    POST {made.link}/confirm {{"totp": "123456"}}
  3. 登录:                      POST /office/v1/login    {{"login": "{login}", "password": "…", "totp": "…"}}
"""

"""`python -m seed demo-accounts BASE FOLDER`: the demonstration's staff, made over HTTP. Refused in production."""

import os
import re
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pyotp

from backend import runtime, settings
from models.identity import invitation
from seed.demo.http import Caller

TOTP_SECONDS = 30
CHECKED_WITHIN = 3
"""Seconds within which the service looks at a code, also on a machine that does other things."""
STAFF = (
    ("zhang.demo", "演示景区管理员", "scenic_manager", "changzhengyuan"),
    ("li.demo", "演示检票员", "gate_clerk", "changzhengyuan"),
    ("wang.demo", "演示文广新旅局工作人员", "tourism_office", "culture_tourism"),
    ("sun.demo", "演示窗口人员", "counter_clerk", "administrative_approval"),
    ("qian.demo", "演示公安承办人", "case_handler", "public_security"),
    ("zhou.demo", "演示人社承办人", "case_handler", "human_resources"),
    ("han.demo", "演示文旅承办人", "case_handler", "culture_tourism"),
    ("shen.demo", "演示大数据中心承办人", "case_handler", "big_data_centre"),
    ("wu.demo", "演示督办人员", "case_supervisor", "administrative_approval"),
    ("zhao.demo", "演示审计员", "auditor", ""),
    ("zheng.demo", "演示单位管理员", "unit_admin", "public_security"),
    ("feng.demo", "演示个人信息保护负责人", "privacy_officer", "big_data_centre"),
    ("chen.demo", "演示财务人员", "finance_clerk", "finance"),
    ("chu.demo", "演示财务复核人员", "finance_clerk", "finance"),
    ("jiang.demo", "演示热线人员", "hotline_clerk", "human_resources"),
    ("wei.demo", "演示社会保障卡管理人员", "card_manager", "human_resources"),
    ("yang.demo", "演示乡镇经办人员", "benefit_clerk", "town_360731100"),
    ("zhu.demo", "演示补贴主管人员", "benefit_manager", "civil_affairs"),
    ("qin.demo", "演示规则编制人员", "rule_editor", "justice"),
    ("you.demo", "演示规则审核人员", "rule_approver", "justice"),
    ("xu.demo", "演示公交运营人员", "transit_manager", "transport"),
    ("lv.demo", "演示纪念园管理员", "scenic_manager", "long_march_museum"),
    ("shi.demo", "演示售票窗口人员", "window_clerk", "long_march_museum"),
    ("kong.demo", "演示体育场馆管理人员", "venue_manager", "education_sports"),
    ("cao.demo", "演示内容初审人员", "scenic_manager", "culture_tourism"),
    ("yan.demo", "演示内容复审人员", "tourism_office", "culture_tourism"),
    ("tao.demo", "演示乡镇农技人员", "agriculture_clerk", "town_360731105"),
    ("jin.demo", "演示农业农村局工作人员", "agriculture_office", "agriculture_rural"),
    ("gu.demo", "演示农业农村局复核人员", "agriculture_office", "agriculture_rural"),
    ("xie.demo", "演示富硒认定经办人员", "cert_clerk", "selenium_industry_centre"),
    ("zou.demo", "演示富硒认定负责人", "cert_manager", "selenium_industry_centre"),
    ("bai.demo", "演示检测人员", "lab_clerk", "market_supervision"),
    ("dou.demo", "演示检测复核人员", "lab_clerk", "market_supervision"),
    ("pan.demo", "演示招生管理人员", "school_manager", "education_sports"),
    ("ge.demo", "演示招生复核人员", "school_manager", "education_sports"),
    ("fan.demo", "演示学校招生人员", "school_clerk", "school_demo_primary_07"),
    ("peng.demo", "演示入学联络人员", "school_liaison", "town_360731100"),
    ("lang.demo", "演示不动产承办人", "case_handler", "natural_resources"),
    ("lu.demo", "演示社保承办人", "case_handler", "social_insurance_centre"),
    ("shu.demo", "演示市监承办人", "case_handler", "market_supervision"),
    ("su.demo", "演示入学复核承办人", "case_handler", "education_sports"),
    ("pu.demo", "演示入学第二复核承办人", "case_handler", "education_sports"),
    ("hua.demo", "演示内容终审人员", "case_supervisor", "culture_tourism"),
    ("xiong.demo", "演示乡村医生", "village_doctor", "demo_tantou_clinic"),
    ("luo.demo", "演示外村乡村医生", "village_doctor", "demo_gongjiang_clinic"),
    ("liao.demo", "演示照护人员", "care_worker", "demo_tantou_home"),
    ("hu.demo", "演示健康值守人员", "health_duty", "health_commission"),
    ("deng.demo", "演示卫健委管理人员", "health_manager", "health_commission"),
    ("meng.demo", "演示惠企政策经办人员", "policy_clerk", "human_resources"),
    ("fu.demo", "演示惠企政策审核人员", "policy_manager", "human_resources"),
    ("jia.demo", "演示事项编制人员", "item_clerk", "civil_affairs"),
    ("lei.demo", "演示事项审核人员", "item_manager", "administrative_approval"),
    ("tan.demo", "演示民政承办人", "case_handler", "civil_affairs"),
    ("kang.demo", "演示乡镇承办人", "case_handler", "town_360731100"),
    ("yu.demo", "演示工信承办人", "case_handler", "industry_information"),
    ("ding.demo", "演示工信督办人员", "case_supervisor", "industry_information"),
    ("bao.demo", "演示惠企资金财务人员", "policy_finance", "finance"),
    ("cui.demo", "演示惠企资金财务复核人员", "policy_finance", "finance"),
    ("xiang.demo", "演示惠企窗口人员", "policy_window", "administrative_approval"),
    ("gan.demo", "演示涉企事项后台人员", "policy_back_office", "industry_information"),
    ("ouyang.demo", "演示惠企政策督查人员", "policy_supervisor", "county_360731"),
)
ADMIN = ("admin.demo", "演示系统管理员")
SECURITY = ("security.demo", "演示安全管理员")
PATIENCE_SECONDS = 40
"""What two persons agreed on is carried out by a queue."""


def run(arguments: list[str]) -> None:
    """Make the accounts and write them to `demo-accounts.json` in FOLDER, for this machine only."""
    told = settings.load()
    if told.production:
        sys.exit("demo accounts are refused in production")
    base, folder = arguments
    runtime.compose(told)
    accounts = [
        _enrolled_here(invitation.bootstrap(login, name, role).link, login, role)
        for (login, name), role in ((ADMIN, "system_admin"), (SECURITY, "security_admin"))
    ]
    office, second = (logged_in(base, account) for account in accounts)
    for login, name, role, unit in STAFF:
        body = {"login": login, "name": name, "assignments": [{"role": role, "unit": unit}], "reason": "演示账号"}
        made = office.post("/office/v1/staff", body, expect=201)
        pin = agreed(second, made["approval_id"]) if "approval_id" in made else ""
        accounts.append(_enrolled_here(made["link"], login, role, pin))
    keep(Path(folder) / "demo-accounts.json", accounts)


def agreed(second: Caller, approval_id: str) -> str:
    """Let the second administrator approve, wait until the link opens, and return the PIN."""
    pin = second.post(f"/office/v1/approvals/{approval_id}/approve")["pin"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while second.get(f"/office/v1/approvals/{approval_id}").get("outcome") != "done":
        if time.monotonic() > deadline:
            sys.exit("no worker carried out what two administrators agreed on; is the queue `trust` served?")
        time.sleep(0.1)
    return str(pin)


def enrolled(base: str, link: str, login: str, role: str, pin: str = "") -> dict[str, Any]:
    """Accept an invitation as its owner: choose a password, set up the second factor, and return the account."""
    path, password, anybody = f"/office/v1/invitations/{_token(link)}", _password(), Caller(base)
    chosen = {"password": password, **({"pin": pin} if pin else {})}
    secret = anybody.post(f"{path}/accept", chosen)["secret"]
    anybody.post(f"{path}/confirm", lambda: {"totp": _code_of_before(secret)}, expect=204)
    return _account(login, role, password, secret)


def _enrolled_here(link: str, login: str, role: str, pin: str = "") -> dict[str, Any]:
    """Do the same by the rules themselves: one address may not accept so many invitations in a minute."""
    token, password = _token(link), _password()
    secret = invitation.accept(token, password, pin).secret
    invitation.confirm(token, _code_of_before(secret))
    return _account(login, role, password, secret)


def _token(link: str) -> str:
    return re.sub(r"^.*/invitations/", "", link)


def _password() -> str:
    return f"Demo-{secrets.token_urlsafe(9)}-7"


def _code_of_before(secret: str) -> str:
    """Return the code of the last half minute, as long as it will hold: the present one is for a first login."""
    while time.time() % TOTP_SECONDS > TOTP_SECONDS - CHECKED_WITHIN:
        time.sleep(0.1)
    return pyotp.TOTP(secret).at(int(time.time()) - TOTP_SECONDS)


def _account(login: str, role: str, password: str, secret: str) -> dict[str, Any]:
    step = int(time.time()) // TOTP_SECONDS - 1
    return {"login": login, "role": role, "password": password, "totp_secret": secret, "totp_step": step}


def logged_in(base: str, account: dict[str, Any]) -> Caller:
    """Log in as a member of the demonstration's staff."""

    def body() -> dict[str, str]:
        return {"login": account["login"], "password": account["password"], "totp": fresh_code(account)}

    return Caller(base, Caller(base).post("/office/v1/login", body)["token"])


def fresh_code(account: dict[str, Any]) -> str:
    """Return a code that was not used yet, waiting for one if it must; the server takes the next one early."""
    step = max(int(account["totp_step"]) + 1, int(time.time()) // TOTP_SECONDS)
    while step > int(time.time()) // TOTP_SECONDS + 1:
        time.sleep(0.2)
    account["totp_step"] = step
    return pyotp.TOTP(account["totp_secret"]).at(step * TOTP_SECONDS)


def keep(path: Path, accounts: list[dict[str, Any]]) -> None:
    """Write the accounts, readable by their owner only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"staff": accounts}, option=orjson.OPT_INDENT_2))

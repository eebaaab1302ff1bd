"""A member of the staff at a browser: what an office client does, over HTTP."""

import itertools
import uuid

import pyotp
from bson import ObjectId

from backend import clock
from models.identity import approval, invitation, staff
from models.identity.actors import Staff
from models.identity.staff import StaffMember
from tests.support import queues
from tests.support.patience import until

PASSWORD = "Xiang-jiang 1934"
_numbers = itertools.count(1)


class Clerk:
    """Each code works once, so codes are taken from the past, the present and the coming half-minute in turn."""

    def __init__(self, client, link: str, login: str):
        self.client, self.link, self.login = client, link, login
        self.token = self.secret = self.pin = ""
        self._step = 0

    def call(self, method: str, path: str, body=None, *, key: str | None = None, **headers):
        given = {"Idempotency-Key": key or uuid.uuid4().hex} if method == "POST" else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        return self.client.open(path, method=method, json=body, headers={**given, **headers})

    def get(self, path: str, **headers):
        return self.call("GET", path, **headers)

    def post(self, path: str, body=None, *, key: str | None = None, **headers):
        return self.call("POST", path, {} if body is None else body, key=key, **headers)

    def code(self) -> str:
        """Return a code that was not used: the oldest one that still holds, and will for two seconds more."""
        until(lambda: clock.timestamp() % 30 < 28, what="the next half-minute")
        now = int(clock.timestamp() // 30)
        self._step = max(self._step + 1, now - 1)
        assert self._step <= now + 1, "too many codes at once; shift the clock"
        return pyotp.TOTP(self.secret).generate_otp(self._step)

    def accept(self, password: str = PASSWORD):
        body = {"password": password, **({"pin": self.pin} if self.pin else {})}
        answer = self.call("POST", path_of(self.link) + "/accept", body)
        if answer.status_code == 200:
            self.secret = answer.json["secret"]
        return answer

    def confirm(self, code: str | None = None):
        return self.call("POST", path_of(self.link) + "/confirm", {"totp": code or self.code()})

    def try_login(self, *, login: str | None = None, password: str = PASSWORD, code: str | None = None, address=None):
        body = {"login": login or self.login, "password": password, "totp": code or self.code()}
        environ = {"REMOTE_ADDR": address} if address else {}
        return self.client.post("/office/v1/login", json=body, environ_base=environ)

    def log_in(self) -> "Clerk":
        answer = self.try_login()
        assert answer.status_code == 200, answer.json
        self.token = answer.json["token"]
        return self

    def activate(self) -> "Clerk":
        assert self.accept().status_code == 200
        answer = self.confirm()
        assert answer.status_code == 204, answer.json
        return self

    def twin(self, client) -> "Clerk":
        """Return the same member on another connection, with all codes of now to use."""
        other = Clerk(client, self.link, self.login)
        other.token, other.secret = self.token, self.secret
        return other

    @property
    def id(self) -> str:
        return self.get("/office/v1/me").json["id"]

    def actor(self) -> Staff:
        """Return the member as a rule gets them."""
        found = StaffMember._get_collection().find_one({"login": self.login})
        return Staff(found["_id"], found["login"], "test", staff.assignments_of(found))

    def invite(self, *roles: str, unit: str = "", area: str = "", login: str | None = None, key: str | None = None):
        given = [{"role": role, "unit": unit, "area": area} for role in roles]
        body = {"login": login or f"clerk-{next(_numbers)}", "name": "刘芳", "assignments": given}
        return body["login"], self.post("/office/v1/staff", body, key=key)

    def hire(self, *roles: str, unit: str = "", area: str = "") -> "Clerk":
        """Invite a colleague, let them activate the account and log in; a second person agrees where one is needed."""
        if roles == ("security_admin",) and (first := first_security_admin(self.client)):
            return first
        login, answer = self.invite(*roles, unit=unit, area=area)
        assert answer.status_code == 201, answer.json
        hired = Clerk(self.client, answer.json["link"], login)
        if "approval_id" in answer.json:
            hired.pin = agreed(self.client, answer.json["approval_id"])
        return hired.activate().log_in()


def first_admin(client) -> Clerk:
    made = invitation.bootstrap("wang.min", "王敏")
    return Clerk(client, made.link, "wang.min").activate().log_in()


def first_security_admin(client) -> Clerk | None:
    """Let the operator make the first security administrator; None when there is one."""
    login = f"security-{next(_numbers)}"
    try:
        made = invitation.bootstrap(login, "孙安", "security_admin")
    except invitation.AdministratorExists:
        return None
    return Clerk(client, made.link, login).activate().log_in()


def renew(by: Clerk, clerk: Clerk, member: str) -> None:
    """Let a colleague start anew, as two administrators agree, and come in by the link and the PIN."""
    answer = by.post(f"/office/v1/staff/{member}/totp-reset", {"reason": "手机遗失"})
    assert answer.status_code == 201, answer.json
    clerk.pin = agreed(clerk.client, answer.json["approval_id"])
    clerk.link, clerk.token, clerk._step = answer.json["link"], "", 0
    clerk.activate().log_in()


def agreed(client, approval_id: str) -> str:
    """Approve a proposal as some security administrator would, let its effect happen, and return the PIN."""
    active = {"assignments.role": "security_admin", "state": "active"}
    found = StaffMember._get_collection().find_one(active)
    someone = Clerk(client, "", found["login"]) if found else first_security_admin(client)
    _, pin = approval.approve(someone.actor(), ObjectId(approval_id))
    queues.drain("trust")
    return pin


def path_of(link: str) -> str:
    return "/office/v1/" + link.partition("/office/v1/")[2]

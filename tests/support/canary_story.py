"""Twenty-odd secrets on their way through the service: each is entered where a person would enter it."""

import base64
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pyotp
from bson import ObjectId

from backend import clock
from seed.demo.stage import Stage
from tests.support import canary_grower, canary_health, canary_one_card, canary_tour, files
from tests.support.clerk import Clerk
from tests.support.patience import until
from tests.support.phone import Phone, resident_id
from tests.support.registers import RegistersBox
from tests.support.remote import Answer, RemoteClient, remote_sandbox

REGISTERS = ["residence", "property", "business", "social_insurance"]
STAFF_HEAD = ["账号", "姓名", "角色", "单位代码"]
STAFF_IMPORTS = "/office/v1/sheets/staff/imports"


def made_up() -> dict[str, str]:
    """Return the secrets that the story enters; what the service makes up is added on the way."""
    return {
        "identity number": resident_id("19870612"),
        "identity number of a helper": resident_id("19860711"),
        "identity number on a sheet of paper": resident_id("19790101"),
        "passport": f"K{secrets.randbelow(10**7):07d}Z",
        "name": "欧阳鹧鸪",
        "name of a companion": "慕容翡翠",
        "name of a helper": "端木琥珀",
        "name of a member of the staff": "司徒琉璃",
        "name in a sheet": "宇文珊瑚",
        "name in a wrong row of a sheet": "澹台玛瑙",
        "phone number": f"1887{secrets.randbelow(10**7):07d}",
        "text of a request": "我的病历编号是丙午一七四九",
        "question to the applicant": "请补充离婚协议第七页副本",
        "answer of the applicant": "离婚协议因保密条款不便提供",
        "reason of a decision": "经查申请人曾患甲状腺结节",
        "text of an appeal": "本人不服且已委托梧桐律师",
        "reason of a dispute": "登记地址系前夫所填并非本人",
        "question about a look": "为何凌晨查看我的住院信息",
        "reason of a goodwill refund": "游客当场突发癫痫家属恳求",
        "reason of a broken glass": "走失者疑有抑郁倾向须联系",
        "reason of a reset": "刘姓同事手机掉入贡江漩涡",
        "reason of an application": "接替因病离岗之钟离翠微",
        "name of a file": "孕检报告单二零二六",
        "content of a file": "HIV-CONFIRMED-8841-CANARY",
        "password": f"Canary-{secrets.token_hex(6)}-Aa1",
        "new password": f"Canary-{secrets.token_hex(6)}-Bb2",
        "wrong password": f"Canary-{secrets.token_hex(6)}-Cc3",
        "WeChat session key": base64.b64encode(secrets.token_bytes(16)).decode(),
    }


class Recorder(RemoteClient):
    """Sends anything at all, and keeps what came back: `told` names what was sent."""

    def __init__(self, base: str):
        super().__init__(base)
        self.answers: list[tuple[str, Answer]] = []

    def open(self, path, *, method="GET", json=None, data=None, headers=None, told="", environ_base=None) -> Answer:
        raw = data if json is None else _dumped(json)
        given = {**({"Content-Type": "application/json"} if json is not None else {}), **(headers or {})}
        safe = urllib.parse.quote(path, safe="/?=&%{}:,+~@!$'()*;._-")
        request = urllib.request.Request(self.base + safe, data=raw, method=method, headers=given)
        try:
            with urllib.request.urlopen(request, timeout=60) as got:
                answer = Answer(got.status, got.headers, got.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        self.answers.append((told or f"{method} {path}", answer))
        return answer

    def put(self, path, **options):
        return self.open(path, method="PUT", **options)


def _dumped(value) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class Story:
    """The people of the story; `secret` holds all canaries, `known` the ids of what exists, `scanners` one by path."""

    def __init__(self, stack, wire):
        self.stack, self.wire, self.secret, self.known = stack, wire, made_up(), {"place_id": "pingshan"}
        self.client = Recorder(stack.base)
        self.box = remote_sandbox(stack.wechat_base, stack.folder / "wechat")
        self.registers = RegistersBox(stack.folder / "registers")
        self.registers.base = stack.env["REGISTERS_BASE"]
        self.stage = Stage(stack.base, stack.folder)

    def sign(self, method: str, path: str, body: bytes) -> str:
        """Return the header with which the scanner for a path, or for its longest beginning, proves who it is."""
        beginning = max((one for one in self.scanners if path.startswith(one)), key=len)
        return self.scanners[beginning].proof(method, path, body)

    def role(self, wanted: str) -> Clerk:
        """Return a member of the demonstration's staff, by role or login."""
        clerk = Clerk(self.client, "", wanted)
        clerk.token = self.stage.clerk(wanted).token
        return clerk

    def tell(self) -> None:
        self.resident()
        self.facts()
        self.member()
        self.files_and_cases()
        self.counter()
        self.visit()
        self.sheet()
        canary_one_card.OneCard(self).tell()
        canary_tour.Tour(self).tell()
        canary_grower.Grower(self).tell()
        canary_health.Health(self).tell()
        self.sessions()

    def ok(self, answer, *statuses: int):
        assert answer.status_code in (statuses or (200, 201, 202, 204)), (answer.status_code, answer.data[:500])
        return answer.json if answer.data[:1] in {b"{", b"["} else None

    def resident(self) -> None:
        told = self.secret
        user = self.box.call("/users", {"name": "canary", "phone": told["phone number"]})
        told["openid"] = user["openid"]
        body = json.dumps({"openid": user["openid"], "session_key": told["WeChat session key"]}).encode()
        self.wire.lies["/sns/jscode2session"] = lambda: (200, {"Content-Type": "application/json"}, body)
        self.phone = Phone(self.client, self.box, "canary").log_in()
        self.wire.clear()
        told |= {f"{name} of a resident": self.phone.tokens[name] for name in ("access_token", "refresh_token")}
        for kind in ("document", "phone", "facts"):
            self.phone.consent(kind)
        code = self.box.call(f"/users/{user['user_id']}/phone_code", {})["code"]
        self.ok(self.phone.post("/mini/v1/phone", {"code": code}))
        me = {"name": told["name"], "document_kind": "resident_id", "document_number": told["identity number"]}
        self.phone.me = self.ok(self.phone.post("/mini/v1/person", me))["id"]
        other = {"name": told["name of a companion"], "document_kind": "passport", "document_number": told["passport"]}
        self.known["companion_id"] = self.ok(self.phone.post("/mini/v1/companions", other))["id"]

    def facts(self) -> None:
        told = self.secret
        self.registers.person(number=told["identity number"], name=told["name"], **{"with": REGISTERS})
        self.ok(self.phone.post("/mini/v1/person/match"))
        self.phone.post("/mini/v1/facts/refresh")
        found = self.registers.lookup(told["identity number"])
        told["address"] = found["household"]["address"]
        told["number of a deed"] = found["property"][0]["certificate_no"]
        told["residence permit"] = found["residence"]["permit_no"]
        told["employer"] = found["social_insurance"]["insurances"][0]["unit"]

        def address():
            items = self.phone.get("/mini/v1/facts").json["items"]
            return next((one for one in items if one["kind"] == "household.address"), None)

        self.known["fact_id"] = until(address, seconds=60, what="the facts")["id"]
        dispute = {"text": told["reason of a dispute"]}
        self.ok(self.phone.post(f"/mini/v1/facts/{self.known['fact_id']}/dispute", dispute))
        helper = {"name": told["name of a helper"], "document_kind": "resident_id", "scope": ["book"]}
        helper |= {"document_number": told["identity number of a helper"]}
        helper |= {"last_day": clock.today().replace(year=clock.today().year + 1, day=1).isoformat()}
        self.known["relation_id"] = self.ok(self.phone.post("/mini/v1/relations", helper))["id"]
        wish = {"unit": "culture_tourism", "role": "case_handler", "reason": told["reason of an application"]}
        self.ok(self.phone.post("/mini/v1/staff-applications", wish))

    def member(self) -> None:
        """A new member of the staff, from the invitation to a changed password and a reset."""
        told, admin = self.secret, self.role("system_admin")
        given = [{"role": "gate_clerk", "unit": "changzhengyuan", "area": ""}]
        body = {"login": "new.clerk", "name": told["name of a member of the staff"], "assignments": given}
        made = self.ok(admin.post("/office/v1/staff", body, key="canary-key"))
        self.ok(admin.post("/office/v1/staff", body, key="canary-key"))
        clerk = Clerk(self.client, made["link"], "new.clerk")
        told["token of an invitation"] = made["link"].rsplit("/", 1)[1]
        self.known["member_id"] = made["id"]
        self.ok(clerk.accept(told["password"]))
        told["secret of a second factor"] = clerk.secret
        self.ok(clerk.confirm())
        assert clerk.try_login(password=told["wrong password"], code="000000").status_code == 401
        clerk.token = self.ok(clerk.try_login(password=told["password"]))["token"]
        told["token of a member of the staff"] = clerk.token
        change = {"password": told["password"], "new_password": told["new password"]}
        self.ok(clerk.post("/office/v1/password", change))
        reset = self.ok(admin.post(f"/office/v1/staff/{made['id']}/totp-reset", {"reason": told["reason of a reset"]}))
        told["token of a reset"] = reset["link"].rsplit("/", 1)[1]
        agreed = self.ok(self.role("security_admin").post(f"/office/v1/approvals/{reset['approval_id']}/approve"))
        told["PIN of a reset"] = agreed["pin"]
        self.known["approval_id"] = reset["approval_id"]
        self.clerk = clerk

    def files_and_cases(self) -> None:
        told, phone = self.secret, self.phone
        paper = files.pdf(b"%" + told["content of a file"].encode() + b"\n")
        kept = self.upload(paper, f"{told['name of a file']}.pdf")
        case = self.ok(phone.post("/mini/v1/privacy-requests", {"kind": "explain", "text": told["text of a request"]}))
        desk, path = self.role("shen.demo"), f"/office/v1/cases/{case['id']}"
        self.known |= {"case_id": case["id"], "file_id": kept}
        self.ok(desk.post(f"{path}/claim"))
        self.ok(desk.post(f"{path}/ask", {"text": told["question to the applicant"]}))
        answer = {"text": told["answer of the applicant"], "attachments": [kept]}
        self.ok(phone.post(f"/mini/v1/cases/{case['id']}/answer", answer))
        self.ok(desk.get(path))
        self.ok(desk.get(f"{path}/files/{kept}"))
        self.decide(desk, path)
        self.ok(phone.post(f"/mini/v1/cases/{case['id']}/appeal", {"text": told["text of an appeal"]}), 200, 409, 422)

    def decide(self, desk, path: str) -> None:
        body = {"outcome": "granted", "reason": self.secret["reason of a decision"]}
        for outcome in ("granted", "answered", "explained", "done", "approved", "refused"):
            answer = desk.post(f"{path}/decide", {**body, "outcome": outcome})
            if answer.status_code == 200:
                return
        raise AssertionError(answer.data)

    def upload(self, content: bytes, name: str) -> str:
        opened = files.announce(self.phone, "mini", content, name=name, media_type="application/pdf")
        made = self.ok(opened)["id"]
        headers = {"Authorization": f"Bearer {self.phone.token}", "Content-Type": "application/octet-stream"}
        self.ok(self.client.put(f"/mini/v1/files/{made}/parts/0", data=content, headers=headers))
        self.ok(self.phone.post(f"/mini/v1/files/{made}/complete"))
        return made

    def counter(self) -> None:
        told, clerk = self.secret, self.role("counter_clerk")
        told["binding code"] = self.ok(self.phone.post("/mini/v1/binding-code"))["code"]
        me = {"name": told["name"], "document_kind": "resident_id", "document_number": told["identity number"]}
        person = self.ok(clerk.post("/office/v1/persons/find", me))["id"]
        self.known |= {"person_id": person, "for_person_id": person, "agent_id": person}
        self.ok(clerk.post("/office/v1/persons", {**me, "document_seen": "identity_card"}))
        other = {"name": told["name"], "document_kind": "resident_id", "document_seen": "identity_card"}
        other |= {"document_number": told["identity number on a sheet of paper"]}
        self.ok(clerk.post("/office/v1/persons", other))
        seen = {"code": told["binding code"], "document_seen": "identity_card"}
        self.ok(clerk.post(f"/office/v1/persons/{person}/binding", seen))
        served = self.ok(
            clerk.post(f"/office/v1/persons/{person}/counter-sessions", {"document_seen": "identity_card"})
        )
        self.known["session_id"] = served["id"]
        self.ok(clerk.get("/office/v1/counter-session", **{"Counter-Session": served["id"]}))
        looked = self.ok(self.phone.get("/mini/v1/access-lines"))["items"]
        self.known["line_id"] = looked[0]["lines"][0]["id"]
        question = {"text": told["question about a look"]}
        self.ok(self.phone.post(f"/mini/v1/access-lines/{self.known['line_id']}/question", question))

    def visit(self) -> None:
        """Two tickets, paid, looked at, exported, and money back beyond the rule."""
        told, phone = self.secret, self.phone
        mine = self.ok(phone.get("/mini/v1/companions"))["items"]
        order = self.ok(phone.book(phone.free_slot("pingshan"), *[(one["id"], "adult") for one in mine]))
        self.known |= {"order_id": order["id"], "slot_id": order["slot_id"], "day": order["day"]}
        package = self.ok(phone.post(f"/mini/v1/orders/{order['id']}/payment"))["package"]
        self.box.pay(package, notify=True)
        until(lambda: phone.order(order["id"])["state"] == "issued", seconds=60, what="the tickets")
        manager, office, finance = (self.role(one) for one in ("scenic_manager", "tourism_office", "finance_clerk"))
        self.ok(manager.get(f"/office/v1/orders/{order['id']}"))
        self.export = manager.get(f"/office/v1/orders/export.xlsx?place=pingshan&day={order['day']}")
        self.ok(self.export)
        why = {"emergency": "lost_person", "reason": told["reason of a broken glass"], "order_id": order["id"]}
        self.known["glass_id"] = self.ok(office.post("/office/v1/break-glass", why))["id"]
        orders = self.stack.store.orders
        orders.update_one({"_id": ObjectId(order["id"])}, {"$set": {"day": "2026-01-01"}})  # so that it is over
        back = {"order_id": order["id"], "fen": 100, "reason": told["reason of a goodwill refund"]}
        self.ok(finance.post("/office/v1/refunds/proposals", back))

    def sheet(self) -> None:
        told, admin = self.secret, self.role("system_admin")
        rows = [
            STAFF_HEAD,
            ["sheet.one", told["name in a sheet"], "检票员", "changzhengyuan"],
            ["sheet two", told["name in a wrong row of a sheet"], "检票员", "changzhengyuan"],
        ]
        made = self.ok(self.send_sheet(admin, files.sheet(*rows)))
        commit = f"{STAFF_IMPORTS}/{made['id']}"
        self.known["import_id"] = made["id"]
        self.ok(admin.post(f"{commit}/commit", {"leave_out_wrong": True}))
        until(lambda: admin.get(commit).json["job"]["state"] == "done", seconds=60, what="the import")
        self.ok(self.client.get(f"{commit}/result.xlsx", headers=bearer(admin.token)))

    def send_sheet(self, clerk, content: bytes, path: str = STAFF_IMPORTS):
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="canary.xlsx"\r\n'
        body = (head + f"Content-Type: {files.XLSX}\r\n\r\n").encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = bearer(clerk.token) | {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.client.post(path, data=body, headers=headers)

    def sessions(self) -> None:
        told = self.secret
        fresh = self.ok(
            self.client.post("/mini/v1/session/refresh", json={"refresh_token": self.phone.tokens["refresh_token"]})
        )
        told |= {"second access token": fresh["access_token"], "second refresh token": fresh["refresh_token"]}
        self.phone.token = fresh["access_token"]
        self.spare = []
        for number in range(3):
            other = Phone(self.client, self.box, "canary").log_in()
            self.spare.append(other.tokens["refresh_token"])
            told[f"spare refresh token {number}"] = other.tokens["refresh_token"]

    def stranger(self) -> list[Answer]:
        """Return all that another resident gets to see, who asks for everything that needs no id."""
        other = Phone(self.client, self.box, "stranger").ready()
        paths = [path for path, found in self.spec["paths"].items() if path.startswith("/mini/") and "get" in found]
        return [other.get(path) for path in paths if "{" not in path]

    @property
    def spec(self) -> dict:
        return self.client.get("/openapi.json").json

    def again(self, name: str) -> None:
        """Send what carries secrets once more, whatever comes back: while a part is away, or fails."""
        told = self.secret
        me = {"name": told["name"], "document_kind": "resident_id", "document_number": told["identity number"]}
        code = pyotp.TOTP(told["secret of a second factor"]).now()
        anybody = Clerk(self.client, "", "new.clerk")
        told_name = {"told": f"{name}: a request with secrets"}
        calls = [
            lambda: self.phone.post("/mini/v1/companions", me),
            lambda: self.phone.post(
                "/mini/v1/privacy-requests", {"kind": "explain", "text": told["text of a request"]}
            ),
            lambda: self.phone.post("/mini/v1/person/match"),
            lambda: self.phone.post("/mini/v1/phone", {"code": told["phone number"]}),
            lambda: anybody.try_login(password=told["new password"], code=code),
            lambda: self.role("counter_clerk").post("/office/v1/persons/find", me),
            lambda: self.client.get(f"/office/v1/invitations/{told['token of an invitation']}", **told_name),
            lambda: self.client.post("/mini/v1/session/refresh", json={"refresh_token": self.spare.pop()}),
        ]
        with ThreadPoolExecutor(len(calls)) as together:
            list(together.map(lambda call: call(), calls))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

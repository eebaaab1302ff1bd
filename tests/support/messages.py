"""What the tests of messages do on a phone: allow templates, give a number, be told something, look what came."""

from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, outbox
from models.identity import account
from models.messaging import deliver, grant, notice
from tasks import messaging

VISIT = {"place": "屏山牧场", "day": "2026-11-24", "time": "09:00~11:00", "places": "2"}
CLOSED = {**VISIT, "reason": "设备检修"}
SEND = "/cgi-bin/message/subscribe/send"


class Told:
    """A phone, and what it was told."""

    def __init__(self, phone):
        self.phone, self.sandbox = phone, phone.sandbox
        resident = account.authenticate(phone.token)
        self.account, self.person = resident.account_id, str(resident.person_id)
        self.openid = phone.user["openid"]

    def allow(self, *names: str, count: int = 1, at_wechat: int | None = None) -> None:
        """Let the user grant templates, as WeChat counts it and as the phone reports it."""
        for name in names:
            many = count if at_wechat is None else at_wechat
            self.sandbox.call(f"/users/{self.phone.user['user_id']}/grants", {"template_id": f"tmpl_{name}"})
            for _ in range(many - 1):
                self.sandbox.call(f"/users/{self.phone.user['user_id']}/grants", {"template_id": f"tmpl_{name}"})
            for number in range(count):
                key = f"{self.openid}:{name}:{number}:{ObjectId()}"
                grant.answered(self.openid, f"tmpl_{name}", "accept", key=key, source="phone")

    def left(self, name: str) -> int:
        return grant.balances(self.openid, [f"tmpl_{name}"])[f"tmpl_{name}"]

    def number(self, number: str) -> str:
        """Give the account a phone number, with consent; return it as the SMS service knows it."""
        self.phone.consent("phone")
        path = f"/users/{self.phone.user['user_id']}/phone_code"
        code = self.sandbox.call(path, {"phone": number})["code"]
        assert self.phone.post("/mini/v1/phone", {"code": code}).status_code == 200
        return f"+86{number}"

    def tell(self, kind: str = "visit_reminder", key: str = "order-1", **options) -> ObjectId:
        """Tell something and return the notice's id; nothing is delivered yet."""
        values = {**CLOSED, "until": "2026-11-24 10:00", "count": "3", "yuan": "20", **options.pop("values", {})}
        notice.tell(self.account, kind, key=key, values=values, **options)
        return self.notice(kind, key)["_id"]

    def notice(self, kind: str = "visit_reminder", key: str = "order-1") -> dict:
        return get_db().notices.find_one({"key": f"{kind}:{self.account}:{key}"})

    def states(self, kind: str = "visit_reminder", key: str = "order-1") -> dict[str, str]:
        return {name: one["state"] for name, one in self.notice(kind, key)["channels"].items()}

    def messages(self) -> list[dict]:
        return self.sandbox.call(f"/users/{self.phone.user['user_id']}/messages")["messages"]

    def inbox(self) -> list[dict]:
        return self.phone.get("/mini/v1/notices").json["items"]


def bring(notice_id: ObjectId) -> str:
    """Do what the queue does once, and return how it went: done, later or the error's code."""
    try:
        deliver.deliver(notice_id, messaging.limits(clock.today()))
    except outbox.Later:
        return "later"
    except Exception as error:  # noqa: BLE001 - the queue takes whatever comes
        return getattr(error, "code", type(error).__name__)
    return "done"


def due(notice_id: ObjectId) -> list:
    """Return when the entries of a notice are due, in civil time."""
    found = get_db().notices.find_one({"_id": notice_id})
    return [clock.civil(one["due"]).strftime("%Y-%m-%d %H:%M") for one in found["outbox"]]

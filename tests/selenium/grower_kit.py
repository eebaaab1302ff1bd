"""People of organisations and growers: what 雩企通 and a farmer's phone do, over HTTP."""

import itertools
import random
from dataclasses import dataclass

from bson import ObjectId

from models.identity import membership, opaque_token, organisation
from models.identity.account import Account
from models.identity.actors import Member
from models.identity.membership import Membership
from models.selenium.producer import Grower, acting
from seed.simulators.registers import made_up
from tests.support import affairs
from tests.support.clerk import Clerk
from tests.support.phone import Phone

ORANGE, RICE = "navel_orange", "rice"
TANTOU, ZISHAN, OTHER_VILLAGE = "360731105002", "360731105", "360731100001"
HEADER = "X-Organisation-Id"
_numbers = itertools.count(1)


def credit_code() -> str:
    """Return a unified social credit code that no other test uses."""
    return made_up.credit_code(random.Random(next(_numbers)))


def resident(client, sandbox, level: str = "verified", birth: str = "19850505") -> Phone:
    """Return a phone that is bound to a person of its own at a level."""
    phone = Phone(client, sandbox).ready(birth)
    return phone.sure(level) if level != "declared" else phone


def person_of(phone: Phone) -> ObjectId:
    return Account._get_collection().find_one({"_id": opaque_token.owner(phone.token)})["person"]


@dataclass
class Firm:
    """An organisation and one of its people; `phone` speaks for it."""

    phone: Phone
    id: str

    def call(self, method: str, path: str, body=None, **headers):
        return self.phone.call(method, f"/enterprise/v1{path}", body, **{HEADER: self.id, **headers})

    def get(self, path: str):
        return self.call("GET", path)

    def post(self, path: str, body=None, **headers):
        return self.call("POST", path, {} if body is None else body, **headers)

    def by(self, phone: Phone) -> "Firm":
        """Return the same organisation spoken for by somebody else."""
        return Firm(phone, self.id)

    def invited(self, role: str = "clerk") -> str:
        answer = self.post("/invitations", {"role": role})
        assert answer.status_code == 201, answer.json
        return answer.json["code"]

    def joined(self, phone: Phone, role: str = "clerk") -> "Firm":
        """Let somebody join by an invitation."""
        answer = phone.post("/enterprise/v1/invitations/accept", {"code": self.invited(role)})
        assert answer.status_code == 201, answer.json
        return self.by(phone)

    def agency(self, *scopes: str, last_day: str = "2026-12-31", name: str = "张三丰"):
        """Ask for somebody to be named as agent."""
        return self.post("/agents", {"name": name, "scopes": list(scopes), "last_day": last_day})

    def agent(self, phone: Phone, *scopes: str, **told) -> "Firm":
        """Let somebody be an agent."""
        made = self.agency(*scopes, **told)
        assert made.status_code == 201, made.json
        answer = phone.post("/enterprise/v1/invitations/accept", {"code": made.json["code"]})
        assert (answer.status_code, answer.json["role"]) == (201, "agent"), answer.json
        return self.by(phone)

    def membership_of(self, phone: Phone) -> str:
        query = {"organisation": ObjectId(self.id), "person": person_of(phone), "state": "active"}
        return str(Membership._get_collection().find_one(query)["_id"])

    def member(self) -> Member:
        """Return who acts as the rules get them."""
        from models.identity import account  # noqa: PLC0415 - only here, by the token of a test

        return membership.acting(account.authenticate(self.phone.token), ObjectId(self.id))

    def grower(self) -> Grower:
        return acting(self.member())


def firm(client, sandbox, *, name: str = "于都县测试种植专业合作社", gtin_prefix: str = "") -> Firm:
    """Return an organisation with an owner who came by a counter."""
    owner = resident(client, sandbox)
    told = organisation.Told(credit_code(), name, gtin_prefix=gtin_prefix)
    made = organisation.insert(organisation.record(told, source="office", by="staff:test"))
    row = membership.record(made, person_of(owner), "owner", how="counter", by="staff:test", evidence={})
    Membership._get_collection().insert_one(row)
    return Firm(owner, str(made))


def producing(client, sandbox, **told) -> Firm:
    """Return an organisation that is registered as a producer in 潭头."""
    made = firm(client, sandbox, **told)
    answer = made.post("/selenium/producer", {"village": TANTOU, "phone": "13800000000"})
    assert answer.status_code == 201, answer.json
    return made


def farmer(client, sandbox, **told) -> Phone:
    """Return the phone of a natural person who is registered as a producer in 潭头."""
    phone = resident(client, sandbox, "matched")
    answer = phone.post("/mini/v1/selenium/producer", {"village": TANTOU, "phone": "13900000000", **told})
    assert answer.status_code == 201, answer.json
    return phone


def plot_body(**told) -> dict:
    return {"name": "村东一号园", "village": TANTOU, "area_mu": "12.5", "products": [ORANGE], **told}


def office(client) -> Clerk:
    """Return a member of the county's agricultural office."""
    return affairs.seat(client, "agriculture_office", unit="agriculture_rural")


def town_clerk(client, town: str = ZISHAN) -> Clerk:
    """Return a member of a town's agricultural office."""
    return affairs.seat(client, "agriculture_clerk", unit=f"town_{town}", area=town)


def confirmed_plot(who: Firm | Phone, clerk: Clerk, **told) -> str:
    """Declare a plot and let the office confirm it as declared; return its id."""
    base = "/selenium/plots" if isinstance(who, Firm) else "/mini/v1/selenium/plots"
    body = plot_body(**told)
    answer = who.post(base, body)
    assert answer.status_code == 201, answer.json
    told = {"area_mu": body["area_mu"], "evidence": "measured"}
    assert clerk.post(f"/office/v1/plots/{answer.json['id']}/confirm", told).status_code == 200
    return answer.json["id"]

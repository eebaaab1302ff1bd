"""What the one-card adds to the story: a card and its codes, money, a ride, subsidies, what gates hand in."""

import base64
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock
from deploy.stack import Stack
from seed.demo.gate_link import entry_proof
from tests.onecard.codes_kit import code_of
from tests.support.clerk import Clerk
from tests.support.counter import Counter, resident
from tests.support.gate import Gate
from tests.support.patience import until
from tests.support.phone import Phone, person
from tests.support.registers import RegistersBox

TOWN, ITEM, RULE = "town_360731100", "disability_living", "benefit_elder_demo:1"
TOP_UP, CHARGE, FARE, BENEFIT = 5000, 1250, 200, 8000
LISTED = "/public/v1/benefits/publicity"


class Story:
    """The parts that everything here needs."""

    def __init__(self, stack: Stack, phone: Phone, admin: Clerk) -> None:
        self.client, self.sandbox, self.admin = phone.client, phone.sandbox, admin
        self.registers = object.__new__(RegistersBox)
        self.registers.base = stack.env["REGISTERS_BASE"]
        self.counter = Counter(admin.hire("counter_clerk", unit="administrative_approval"))

    def holder(self, name: str, birth: str) -> Phone:
        """Return the phone of somebody whom the registers know, with an active card and seeds."""
        body = person(name, birth)
        self.registers.person(number=body["document_number"], name=name)
        phone = resident(self.client, self.sandbox)
        phone.person, phone.body = self.counter.verified(phone, body), body
        sent(phone.post("/mini/v1/card"), 201)
        until(lambda: phone.get("/mini/v1/card").json["state"] == "issued", seconds=90, what="the card")
        phone.card = sent(phone.post("/mini/v1/card/activation"))["id"]
        phone.seeds = sent(phone.post("/mini/v1/card/seeds"), 201)
        return phone

    def scanner(self, scanner_class: str, place: str, unit: str) -> dict:
        """Register a scanner; its key is made up like everything here, so it may lie in the story."""
        private, name = Ed25519PrivateKey.generate(), f"onecard-{scanner_class}"
        public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        body = {"id": name, "name": "终端", "place_id": place, "public_key": public}
        told = body | {"scanner_class": scanner_class, "unit": unit}
        sent(self.admin.post("/office/v1/devices", told), 201)
        return {"id": name, "private": base64.b64encode(private.private_bytes_raw()).decode()}

    def send(self, scanner: dict, path: str, body: dict) -> dict:
        gate = object.__new__(Gate)
        gate.id, gate.private = (
            scanner["id"],
            Ed25519PrivateKey.from_private_bytes(base64.b64decode(scanner["private"])),
        )
        proof = gate.signed(json.dumps(body).encode(), path=path)
        return sent(self.client.post(path, json=body, headers={"Authorization": proof}))


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    story = Story(stack, phone, admin)
    holder, lost = story.holder("温晓燕", "19800307"), story.holder("邱玉珍", "19700411")
    sent(lost.post("/mini/v1/card/loss"))
    standing = story.counter.standing(holder.person)
    printed = sent(story.counter.clerk.post(f"/office/v1/cards/{holder.card}/printed", **standing), 201)
    return {
        "holder": {"tokens": holder.log_in().tokens, "card": holder.get("/mini/v1/card").json},
        "seeds": holder.seeds,
        "printed": printed["text"],
        "lost": {"seeds": lost.seeds, "handle": json.loads(lost.seeds["package"])["handle"]},
        "desk": story.scanner("identity", "service-hall", "administrative_approval"),
        "money": _money(story, holder),
        "journal": _journal(story, printed["text"]),
        "benefits": _benefits(story, holder),
        "rule": _rule(admin),
    }


def sent(answer, status: int = 200) -> dict:
    """Return the JSON of an answer with the status that it must have."""
    assert answer.status_code == status, answer.json
    return answer.json


def drawn(seeds: dict, kind: str) -> str:
    """Draw a code as the phone does that took these seeds."""
    return code_of(json.loads(seeds["package"]), kind, kind, clock.timestamp())


def _money(story: Story, holder: Phone) -> dict:
    """A top-up, a payment at a till, and a bus ride."""
    begun = sent(holder.post("/mini/v1/wallet/top-ups", {"amount_fen": TOP_UP}), 201)
    holder.sandbox.pay(begun["payment"]["package"])
    done = sent(holder.post(f"/mini/v1/wallet/top-ups/{begun['id']}/check"))
    assert done["state"] == "posted", done
    till, bus = (story.scanner(kind, place, "transport") for kind, place in TRANSPORT)
    paid = story.send(till, "/gate/v1/charges", {"code": drawn(holder.seeds, "payment"), "amount_fen": CHARGE})
    ride = story.send(bus, "/gate/v1/rides", {"code": drawn(holder.seeds, "transit")})
    assert (paid["result"], ride["result"]) == ("accepted", "accepted")
    return {"transfer": paid["transfer"], "balance_fen": TOP_UP - CHARGE - FARE, "fare_fen": FARE}


TRANSPORT = (("payment", "yudu-bus"), ("transit", "yudu-1"))


def _journal(story: Story, printed: str) -> dict:
    """A gate without network let the printed card in; nobody had booked, so that is a conflict."""
    gate, at = story.scanner("venue", "museum", "long_march_museum"), clock.civil(clock.now()).isoformat("T", "seconds")
    entry = {"nonce": secrets.token_hex(12), "at": at, "code_kind": "venue", "code": printed, "decision": "admitted"}
    entry |= {"device": gate["id"], "direction": "in"}
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(gate["private"]))
    entry["proof"] = entry_proof(private, entry)
    body = {"device_time": at, "entries": [entry]}
    receipt = story.send(gate, "/gate/v1/journal", body)["items"][0]
    assert receipt["result"] == "received", receipt
    manager = story.admin.hire("card_manager", unit="human_resources")

    def conflicts() -> list[str]:
        return [one["reason"] for one in manager.get("/office/v1/journal/conflicts?state=open").json["items"]]

    until(lambda: conflicts() == ["no_ticket"], what="the conflict")
    return {"gate": gate, "body": body, "login": manager.login, "secret": manager.secret}


def _benefits(story: Story, holder: Phone) -> dict:
    """A list with one who gets it and one who has no card, checked and public."""
    town = story.admin.hire("benefit_clerk", unit=TOWN)
    department = story.admin.hire("benefit_manager", unit="civil_affairs")
    without = person("黄有财", "19600309")
    story.registers.person(number=without["document_number"], name=without["name"])
    opened = {"item": ITEM, "period": clock.today().strftime("%Y-%m"), "unit": TOWN}
    path = f"/office/v1/benefits/batches/{sent(town.post('/office/v1/benefits/batches', opened), 201)['id']}"
    for number, one in enumerate((holder.body, without)):
        told = {"name": one["name"], "number": one["document_number"], "account": f"80800000000{number}"}
        sent(town.post(f"{path}/lines", told | {"amount_fen": BENEFIT}), 201)
    sent(town.post(f"{path}/submit"))
    job = sent(department.post(f"{path}/ask"), 202)["id"]
    until(lambda: department.get(f"/office/v1/jobs/{job}").json["state"] == "done", what="the registers' answers")
    sent(department.post(f"{path}/check"), 202)
    until(lambda: department.get(path).json["state"] == "checked", what="the checks")
    public = sent(department.post(f"{path}/publish"))
    (line,) = holder.get("/mini/v1/benefits").json["items"]
    return {"counts": public["counts"], "public": sent(story.client.get(f"{LISTED}/{public['id']}")), "line": line}


def _rule(admin: Clerk) -> dict:
    """The version of a rule as its editors read it."""
    return sent(admin.hire("rule_editor", unit="justice").get(f"/office/v1/rule-sets/{RULE}"))

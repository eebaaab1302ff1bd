"""The part of the story that the one-card plays: cards, codes, wallets, journals and lists of subsidies."""

import json
import secrets
from datetime import timedelta

from backend import clock
from seed.demo import lists, subsidies
from seed.demo.cardholders import Counter, Pocket
from seed.demo.gate_link import entry_proof
from seed.demo.http import Caller
from seed.demo.stage import Gate
from tests.support import files
from tests.support.patience import until
from tests.support.phone import resident_id
from tests.support.registers import RegistersBox

SHOP = {"code": "canary-canteen", "name": "演示食堂", "unit": "changzhengyuan"}
TOPPED_UP, PAID = 5000, 1250
EXISTS = {
    "/office/v1/bus-lines/line_id": "yudu-1",
    "/office/v1/ledger/accounts/account": f"merchant:{SHOP['code']}",
    "/office/v1/ledger/merchants/code": SHOP["code"],
    "/office/v1/benefits/items/code": lists.ITEM,
    "/mini/v1/benefits/items/code": lists.ITEM,
}
"""What stands in a path, where a name means something else under another one."""
SCANNERS = {
    "/gate/v1/rides": ("transit", "yudu-1", "transport"),
    "/gate/v1/charges": ("payment", SHOP["code"], SHOP["unit"]),
}
"""The scanner that the walk uses for a path, where it is no gate."""


def made_up() -> dict[str, str]:
    """Return the secrets that this part enters."""
    return {
        "name of an elder": "呼延白芍",
        "identity number of an elder": resident_id("19400612"),
        "bank account of an elder": _account(),
        "name in a sheet of subsidies": "皇甫半夏",
        "identity number in a sheet of subsidies": resident_id("19410612"),
        "bank account in a sheet of subsidies": _account(),
        "name in a wrong row of subsidies": "尉迟当归",
        "bank account in a wrong row of subsidies": _account(),
        "note to a payment": "给表嫂垫付的透析费",
        "reason of a wallet refund": "店主称其醉酒重复付款",
        "reason of a ledger transfer": "据举报人朱某提供线索调账",
        "reason of an account state": "法院冻结欠债人曾某某钱包",
        "reason of a rule": "因信访人曹某反映而调整",
        "text of an objection": "该老人儿子在深圳有三套房产",
        "code in a journal": f"CANARY-JOURNAL-{secrets.token_hex(8)}",
        "entry that nobody can read": "闸机拍到游客钟离某手机",
        "note to a conflict": "已电话联系其配偶核实入园",
    }


def _account() -> str:
    return f"6217{secrets.randbelow(10**15):015d}"


class OneCard:
    """What the story tells of the one-card; `story` holds the people."""

    def __init__(self, story):
        self.story, self.secret, self.known, self.ok = story, story.secret, story.known, story.ok
        self.counter = Counter(story.stage)
        self.centre = RegistersBox(story.stack.folder / "card_centre")
        self.centre.base = story.stack.env["CARD_CENTRE_BASE"]

    def tell(self) -> None:
        self.secret |= made_up()
        self.known |= EXISTS
        self.card()
        self.codes()
        self.wallet()
        self.scanners()
        self.journal()
        self.rules()
        self.list_of_subsidies()
        self.paid_subsidies()

    def card(self) -> None:
        """A card from the counter to the hotline, a printed one, and one for a member of the family."""
        story, told, person = self.story, self.secret, self.known["person_id"]
        self.known["card_id"] = self.counter.card(person)
        (held,) = self.centre.call("/lookups", {"id_number": told["identity number"]})["cards"]
        told["card number"] = held["number"]
        told["printed card"] = self.counter.printed(person, self.known["card_id"])
        me = {"name": told["name"], "document_kind": "resident_id", "document_number": told["identity number"]}
        self.ok(story.role("hotline_clerk").post("/office/v1/cards/find", me))
        helper = {"name": told["name of a helper"], "document_kind": "resident_id"}
        helper |= {"document_number": told["identity number of a helper"]}
        last = (clock.today() + timedelta(days=30)).isoformat()
        offer = {**helper, "kinds": ["medical"], "last_day": last}
        offered = self.ok(story.phone.post("/mini/v1/family-cards", offer), 201, 404, 409, 422)
        self.known["family_card_id"] = offered.get("id", "0" * 24)
        here = self.counter.standing(person)
        consent = {"purpose": "entitlements", "text_version": "2026-11"}
        self.ok(story.role("counter_clerk").post(f"/office/v1/persons/{person}/consents", consent, **here))

    def codes(self) -> None:
        """Seeds drawn by the phone, and a code of them at a counter."""
        caller = Caller(self.story.stack.base, self.story.phone.token)
        package = json.loads(self.ok(self.story.phone.post("/mini/v1/card/seeds"))["package"])
        self.secret["seed of codes"] = package["seeds"][0]["seed"]
        self.pocket = Pocket(caller, self.known["person_id"], self.known["card_id"])
        self.pocket.draw_seeds()
        desk = self.story.stage.scanner("identity", "service-hall", unit="administrative_approval")
        self.secret["code of a card"] = self.pocket.code("identity")
        assert desk.send("/gate/v1/codes", {"code": self.secret["code of a card"]})["result"] == "accepted"

    def wallet(self) -> None:
        """Money in, out with a note, back with a reason."""
        told, finance, phone = self.secret, self.story.role("chen.demo"), self.story.phone
        self.pocket.top_up(self.story.stage, TOPPED_UP)
        self.ok(finance.post("/office/v1/ledger/merchants", SHOP))
        payee = f"merchant:{SHOP['code']}"
        pay = {"payee": payee, "amount_fen": PAID, "note": told["note to a payment"]}
        made = self.ok(phone.post("/mini/v1/wallet/payments", pay))
        self.known["transfer_id"] = made["id"]
        back = {"amount_fen": 100, "reason": told["reason of a wallet refund"]}
        self.ok(finance.post(f"/office/v1/ledger/transfers/{made['id']}/refund", back))
        by_hand = {"source": payee, "target": "suspense:unassigned", "amount_fen": 1}
        by_hand |= {"reason": told["reason of a ledger transfer"]}
        self.ok(finance.post("/office/v1/ledger/transfers", by_hand), 201, 404, 409, 422)
        freeze = {"move": "freeze", "reason": told["reason of an account state"]}
        self.ok(finance.post(f"/office/v1/ledger/accounts/{payee}/state", freeze))
        assert any(one.get("note") == told["note to a payment"] for one in self.moves())

    def moves(self) -> list[dict]:
        return self.ok(self.story.phone.get("/mini/v1/wallet/transfers"))["items"]

    def scanners(self) -> None:
        """One of each class that the walk needs; a charge by a code."""
        stage = self.story.stage
        self.gates = [stage.gate("pingshan"), stage.gate("pingshan")]
        others = {path: stage.scanner(kind, place, unit=unit) for path, (kind, place, unit) in SCANNERS.items()}
        self.story.scanners = {"": self.gates[0], **others}
        self.secret["code that pays"] = self.pocket.code("payment")
        charge = {"code": self.secret["code that pays"], "amount_fen": PAID}
        assert others["/gate/v1/charges"].send("/gate/v1/charges", charge)["result"] == "accepted"

    def journal(self) -> None:
        """A ticket that two gates let in without network, what neither can read, and the note of who settled it."""
        told, clerk = self.secret, self.story.role("scenic_manager")
        told["code of a ticket"] = self.story.phone.order(self.known["order_id"])["tickets"][0]["code"]
        for gate in self.gates:
            hand_in(gate, *(entry(gate, told[code]) for code in ("code of a ticket", "code in a journal")))
        hand_in(self.gates[0], {"scribble": told["entry that nobody can read"]})

        def open_ones():
            return self.ok(clerk.get("/office/v1/journal/conflicts"))["items"]

        first, *others = until(lambda: len(open_ones()) > 1 and open_ones(), seconds=60, what="the conflicts")
        self.known["conflict_id"] = others[0]["id"]
        settled = f"/office/v1/journal/conflicts/{first['id']}/settle"
        self.ok(clerk.post(settled, {"note": told["note to a conflict"]}))

    def rules(self) -> None:
        """A value of a parameter, proposed with a reason."""
        editor = self.story.role("rule_editor")
        code = self.ok(editor.get("/office/v1/rule-parameters"))["items"][0]
        told = next(one["value"] for one in code["values"])
        source = {"title": "演示规定"}
        body = {"value": told, "valid_from": (clock.today() + timedelta(days=700)).isoformat(), "source": source}
        body["reason"] = self.secret["reason of a rule"]
        self.ok(editor.post(f"/office/v1/rule-parameters/{code['code']}/values", body))
        self.known["/office/v1/rule-parameters/code"] = code["code"]

    def list_of_subsidies(self) -> None:
        """A list with a line by hand and a sheet, checked, published, looked at, and objected to."""
        told, town, department = self.secret, self.story.role("benefit_clerk"), self.story.role("benefit_manager")
        elder = self._elder()
        period = clock.today().strftime("%Y-%m")
        opened = {"item": lists.ITEM, "period": period, "unit": lists.TOWN, "part": 77}
        made = self.ok(town.post(f"{lists.BASE}/batches", opened))
        path = f"{lists.BASE}/batches/{made['id']}"
        line = {"name": elder["name"], "number": elder["document_number"], "amount_fen": 5000}
        self.ok(town.post(f"{path}/lines", {**line, "account": told["bank account of an elder"]}))
        self._sheet(town, made["number"])
        self.ok(town.post(f"{path}/submit"))
        lists.check_all(self.story.stage.clerk("benefit_manager"), [made["id"]])
        self.ok(department.get(f"{path}/lines"))
        self.ok(department.get(f"{path}/lines.xlsx"), 200, 403)
        self.ok(department.post(f"{path}/publish", {"leave_out_unsettled": True}))
        shown = self.ok(self.story.client.get(f"/public/v1/benefits/publicity/{made['id']}"))["items"]
        objection = {"line_id": shown[0]["id"], "text": told["text of an objection"]}
        self.ok(self.story.phone.post(f"/mini/v1/benefits/publicity/{made['id']}/objections", objection))
        line_ids = ("/office/v1/benefits/lines/line_id", "/mini/v1/benefits/line_id")
        self.known |= {"batch_id": made["id"], **dict.fromkeys(line_ids, shown[0]["id"])}

    def _elder(self) -> dict[str, str]:
        told = self.secret
        elder = {"name": told["name of an elder"], "document_kind": "resident_id"}
        elder |= {"document_number": told["identity number of an elder"]}
        person = self.counter.registered(elder)
        self.counter.phone_of(person)
        self.counter.card(person)
        return elder

    def _sheet(self, town, batch: str) -> None:
        told = self.secret
        rows = [
            list(subsidies.HEADERS),
            [
                batch,
                told["name in a sheet of subsidies"],
                told["identity number in a sheet of subsidies"],
                told["bank account in a sheet of subsidies"],
                "50.00",
            ],
            [
                batch,
                told["name in a wrong row of subsidies"],
                "wrong",
                told["bank account in a wrong row of subsidies"],
                "50.00",
            ],
        ]
        imports = "/office/v1/sheets/benefit-lines/imports"
        made = self.ok(self.story.send_sheet(town, files.sheet(*rows), imports))
        self.ok(town.post(f"{imports}/{made['id']}/commit", {"leave_out_wrong": True}))
        until(lambda: town.get(f"{imports}/{made['id']}").json["job"]["state"] == "done", seconds=60, what="the sheet")

    def paid_subsidies(self) -> None:
        """A list that was public long enough is paid; one account is closed, and its owner tells another one."""
        stage = self.story.stage
        found = lists.ready(stage, stage.clerk("chen.demo"))
        for number, elder in enumerate(found["elders"]):
            self.secret[f"bank account of who is paid {number}"] = lists.line_of(elder)["account"]
        self.secret["bank account after a repair"] = f"8081{found['elders'][0]['document_number'][6:17]}"
        assert any("no difference" in said for said in subsidies.a_failed_line_is_repaired(stage))


def entry(gate: Gate, code: str) -> dict[str, str]:
    """Return what a gate writes down, and signs, that let a ticket in without network."""
    at = clock.civil(clock.now()).isoformat(timespec="milliseconds")
    told = {"device": gate.name, "nonce": secrets.token_hex(12), "at": at, "code_kind": "ticket", "code": code}
    told |= {"decision": "admitted", "direction": "in"}
    return told | {"proof": entry_proof(gate.private, told)}


def hand_in(gate, *entries: dict) -> None:
    at = clock.civil(clock.now()).isoformat(timespec="milliseconds")
    gate.send("/gate/v1/journal", {"device_time": at, "entries": list(entries)})

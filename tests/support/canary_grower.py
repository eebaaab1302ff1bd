"""The part of the story that growers play: a farmer and a firm, their plots, codes, buyers and certificates."""

import secrets

from backend import clock
from seed.demo import selenium_papers
from tests.support.patience import until

VILLAGE, ORANGE, STANDARD = "360731105002", "navel_orange", "db36t_566_2009"
MINI, FIRM, ORGANISATION = "/mini/v1/selenium", "/enterprise/v1/selenium", "X-Organisation-Id"
FARMERS = {"a farmer": MINI, "a firm": FIRM}
EXISTS = {
    "/01/gtin": "06901234500011",
    "product": ORANGE,
    "product_id": ORANGE,
    "standard_id": STANDARD,
    "village": VILLAGE,
    **{f"/{area}/v1/selenium/rolls/{{roll_no}}/sheets/number": "1" for area in ("mini", "enterprise")},
}


def made_up() -> dict[str, str]:
    """Return the secrets that this part enters."""
    return {
        "phone number of a farmer": _mobile(),
        "name of a buyer of a farmer": "濮阳紫苏",
        "phone number of a buyer of a farmer": _mobile(),
        "phone number of a firm": _mobile(),
        "name of a buyer of a firm": "澹台连翘",
        "phone number of a buyer of a firm": _mobile(),
        "name of a buyer before a slip was mended": "令狐决明",
        "reason of a recall": "举报人夏侯某称误食后住院",
    }


def _mobile() -> str:
    return f"1885{secrets.randbelow(10**7):07d}"


class Grower:
    """What the story tells of selenium; `story` holds the people."""

    def __init__(self, story):
        self.story, self.secret, self.known, self.ok = story, story.secret, story.known, story.ok
        self.headers: dict[str, str] = {}

    def tell(self) -> None:
        self.secret |= made_up()
        self.known |= EXISTS
        self.organisation()
        for who, base in FARMERS.items():
            self.who, self.base = who, base
            self.headers = {ORGANISATION: self.known["organisation_id"]} if base == FIRM else {}
            self.registers()
            self.harvests()
            self.packs()
            self.sells()
        self.certifies()
        self.recalls()

    def keep(self, **found: str) -> None:
        """Remember what exists, for the paths and bodies of this grower alone."""
        prefix = self.base.removesuffix("/selenium")
        self.known |= {f"{prefix}#{name}": value for name, value in found.items()}

    def post(self, path: str, body=None) -> dict:
        return self.ok(self.story.phone.post(f"{self.base}{path}", {} if body is None else body, **self.headers))

    def get(self, path: str) -> dict:
        return self.ok(self.story.phone.call("GET", f"{self.base}{path}", None, **self.headers))

    def organisation(self) -> None:
        """The firm of whom the business register names."""
        phone, told = self.story.phone, self.secret
        found = self.story.registers.lookup(told["identity number"])["business"][0]
        made = self.ok(phone.post("/enterprise/v1/organisations", {"credit_code": found["credit_code"]}))
        self.known |= {"organisation_id": made["id"], "credit_code": found["credit_code"]}
        named = {ORGANISATION: made["id"]}
        invited = self.ok(phone.post("/enterprise/v1/invitations", {"role": "clerk"}, **named))
        told["code of an invitation into a firm"] = invited["code"]

    def registers(self) -> None:
        body = {"village": VILLAGE, "phone": self.secret[f"phone number of {self.who}"], "show_name": True}
        self.known["producer_id"] = self.post("/producer", body)["id"]
        self.get("/producer")
        plot = {"name": "屋后园", "village": VILLAGE, "area_mu": "12.5", "products": [ORANGE]}
        self.plot, spare = (self.post("/plots", plot)["id"] for _ in range(2))
        measured = {"area_mu": "12.5", "evidence": "measured"}
        self.ok(self.story.role("agriculture_clerk").post(f"/office/v1/plots/{self.plot}/confirm", measured))
        package = {"product": ORANGE, "name_zh": "脐橙礼盒", "net_grams": 5000}
        self.item, unused = (self.post("/trade-items", package)["id"] for _ in range(2))
        self.known["plot_id"] = spare
        self.keep(plot_id=spare, item_id=unused, plots=[self.plot], item=self.item)

    def harvests(self) -> None:
        day = clock.today().isoformat()
        body = {"product": ORANGE, "plots": [self.plot], "grams": 1_000_000, "harvested_on": day}
        self.lot, spare = (self.post("/lots", body)["id"] for _ in range(2))
        fed = {"input": "fertiliser", "plots": [self.plot], "day": day, "name": "有机肥", "amount": "9", "unit": "kg"}
        record = self.post("/inputs", fed)["id"]
        told = {"lot": self.lot, "grams": 100_000, "ticks": ["self_test"]}
        number, paper = (self.post("/commitments", told)["number"] for _ in range(2))
        self.get(f"/commitments/{paper}/file")
        self.known |= {"/public/v1/selenium/commitments/number": paper, "lot_no": spare}
        self.keep(lot_no=spare, lot=self.lot, record_id=record, commitment_no=number)

    def packs(self) -> None:
        order = {"item": self.item, "count": 4, "scratch": True}
        roll = self.post("/rolls", order)["id"]
        until(lambda: self.get(f"/rolls/{roll}")["state"] == "ready", seconds=60, what="the labels")
        self.pack, spare = (
            self.post(f"/rolls/{roll}/packs", {"lot": self.lot, "first": n, "last": n})["id"] for n in (1, 2)
        )
        self.post(f"/packs/{self.pack}/activate")
        self.known |= {"roll_no": roll, "pack_no": spare}
        self.keep(roll_no=roll, pack_no=spare, pack=self.pack)

    def sells(self) -> None:
        told, day = self.secret, clock.today().isoformat()
        who = {"name": told[f"name of a buyer of {self.who}"]}
        who |= {"phone": told[f"phone number of a buyer of {self.who}"]}
        buyer = self.post("/buyers", who | {"name": told["name of a buyer before a slip was mended"]})["id"]
        path = f"{self.base}/buyers/{buyer}"
        self.ok(self.story.phone.call("PUT", path, who, **self.headers))
        assert self.get(f"/buyers/{buyer}")["phone"] == who["phone"]
        box = self.post("/boxes", {"packs": [{"pack": self.pack, "first": 1, "last": 1}], "day": day})["id"]
        sent = self.post("/shipments", {"buyer": buyer, "day": day, "boxes": [box]})["id"]
        answer = self.story.phone.call("GET", f"{self.base}/shipments/{sent}/note.pdf", None, **self.headers)
        assert answer.data[:5] == b"%PDF-"
        loose = self.post("/shipments", {"buyer": buyer, "day": day, "lots": [{"lot": self.lot, "grams": 5000}]})["id"]
        self.keep(buyer_id=buyer, buyer=buyer, box_no=box, shipment_no=loose)

    def certifies(self) -> None:
        """The firm's lot, as far as its certificate."""
        made = self.post("/certifications", {"lots": [self.lot], "standards": [STANDARD]})
        clerk, lab = self.story.role("cert_clerk"), self.story.role("bai.demo")
        self.decided(clerk, made["case_id"], "accepted")
        seal = f"YD-{secrets.token_hex(5).upper()}"
        sample = {"seal": seal, "lot": self.lot, "grams": 3000, "retained_grams": 1000}
        self.ok(clerk.post(f"/office/v1/certifications/{made['id']}/samples", sample))
        me = self.ok(lab.get("/office/v1/me"))["id"]
        self.ok(clerk.post(f"/office/v1/samples/{seal}/hand", {"to": me}))
        self.ok(lab.post(f"/office/v1/samples/{seal}/receive", {"grams": 3000, "intact": True}))
        entered = self.ok(lab.post(f"/office/v1/samples/{seal}/results", selenium_papers.report(seal)))
        self.ok(self.story.role("dou.demo").post(f"/office/v1/lab-results/{entered['id']}/confirm"))
        self.decided(self.story.role("cert_manager"), made["case_id"], "granted")
        number = self.get(f"/certifications/{made['id']}")["certificate"]
        self.known |= {"certification_id": made["id"], "seal": seal, "result_id": entered["id"]}
        self.known |= {"certificate_no": number, "/public/v1/selenium/certificates/number": number}

    def decided(self, clerk, case_id: str, outcome: str) -> None:
        self.ok(clerk.post(f"/office/v1/cases/{case_id}/claim"))
        self.ok(clerk.post(f"/office/v1/cases/{case_id}/decide", {"outcome": outcome, "reason": "材料属实。"}))

    def recalls(self) -> None:
        """A recall of the firm's lot by the office, told to the buyer by SMS; one that is only drawn, for the walk."""
        first, second = self.story.role("jin.demo"), self.story.role("gu.demo")
        body = {"lot": self.lot, "direction": "forward", "level": "two", "reason": "residue"}
        number = self.ok(first.post("/office/v1/recalls", body))["id"]
        path = f"/office/v1/recalls/{number}"
        asked = self.ok(first.post(f"{path}/start", {"reason": self.secret["reason of a recall"]}))
        self.ok(second.post(f"/office/v1/approvals/{asked['approval_id']}/approve"))
        until(lambda: "reached_at" in self.ok(first.get(path)), seconds=60, what="the recall")
        phone = self.secret[f"phone number of a buyer of {self.who}"]
        until(lambda: self.texts(phone), seconds=60, what="the SMS to a buyer")
        self.ok(first.get(f"{path}/notices"))
        self.ok(first.get(f"{path}/items"))
        self.known |= {"recall_no": number, "/public/v1/selenium/recalls/number": number}

    def texts(self, number: str) -> list[dict]:
        return [one for one in self.story.stage.texts() if one["number"].endswith(number)]

"""The way of an application to its certificate, over HTTP: who does what, step by step."""

from dataclasses import dataclass, field

from bson import ObjectId

from backend import clock
from models.selenium import harvesting
from models.selenium.harvesting import Harvest
from tests.selenium.grower_kit import ORANGE, Firm, confirmed_plot
from tests.support import affairs
from tests.support.clerk import Clerk

CENTRE, LAB = "selenium_industry_centre", "market_supervision"
STANDARD = "db36t_566_2009"
PUBLIC = "/public/v1/selenium"


def report(number: str, se: str | None = "0.012", **told) -> dict:
    """Return the body of a result."""
    analytes = [
        {"code": "Se", "value": se, "unit": "mg/kg", "method": "GB 5009.93-2017"},
        {"code": "Cd", "value": "0.003", "unit": "mg/kg", "method": "GB 5009.15-2023", "conforms": True},
    ]
    body = {"lab_zh": "测试检测中心", "cma": "201414000123", "report_number": number, "analytes": analytes}
    return {**body, "report_date": clock.today().isoformat(), **told}


def lot_of(grower, field_id: str, grams: int = 1_000_000) -> str:
    return harvesting.create(grower, Harvest(ORANGE, (ObjectId(field_id),), grams, clock.today()))["_id"]


@dataclass
class Desk:
    """The staff of a certification, and the way through it."""

    client: object
    lab_unit: str = LAB
    clerk: Clerk = field(init=False)
    manager: Clerk = field(init=False)
    lab: Clerk = field(init=False)
    second: Clerk = field(init=False)

    def __post_init__(self) -> None:
        self.clerk = affairs.seat(self.client, "cert_clerk", unit=CENTRE)
        self.manager = affairs.seat(self.client, "cert_manager", unit=CENTRE)
        self.lab = affairs.seat(self.client, "lab_clerk", unit=self.lab_unit)
        self.second = affairs.seat(self.client, "lab_clerk", unit=self.lab_unit)

    def checked(self, made: dict) -> None:
        affairs.move(self.clerk, made["case_id"], "claim")
        affairs.decide(self.clerk, made["case_id"], "accepted")

    def take(self, made: dict, seal: str, **told):
        body = {"seal": seal, "lot": made["lots"][0], "grams": 3000, "retained_grams": 1000, **told}
        return self.clerk.post(f"/office/v1/certifications/{made['id']}/samples", body)

    def hand(self, who: Clerk, seal: str, to: Clerk):
        return who.post(f"/office/v1/samples/{seal}/hand", {"to": str(to.member_id)})

    def receive(self, who: Clerk, seal: str, grams: int = 3000, *, intact: bool = True):
        return who.post(f"/office/v1/samples/{seal}/receive", {"grams": grams, "intact": intact})

    def at_lab(self, made: dict, seal: str) -> None:
        """Check the documents, take a sample and bring it to the laboratory."""
        self.checked(made)
        for answer in (self.take(made, seal), self.hand(self.clerk, seal, self.lab), self.receive(self.lab, seal)):
            assert answer.status_code in {200, 201}, answer.json

    def enter(self, seal: str, **told):
        return self.lab.post(f"/office/v1/samples/{seal}/results", report(f"JC-{seal}", **told))

    def confirm(self, result_id: str, who: Clerk | None = None):
        return (who or self.second).post(f"/office/v1/lab-results/{result_id}/confirm")

    def judged(self, made: dict, seal: str, **told) -> dict:
        """Bring an application as far as its verdict."""
        self.at_lab(made, seal)
        entered = self.enter(seal, **told)
        assert entered.status_code == 201, entered.json
        assert self.confirm(entered.json["id"]).status_code == 200
        return self.read(made)

    def read(self, made: dict) -> dict:
        return self.clerk.get(f"/office/v1/certifications/{made['id']}").json

    def decided(self, made: dict, outcome: str = "granted", *, status: int = 200) -> dict:
        affairs.move(self.manager, made["case_id"], "claim")
        return affairs.decide(self.manager, made["case_id"], outcome, status=status)

    def granted(self, made: dict, seal: str) -> str:
        """Bring an application to its certificate; return the number."""
        self.judged(made, seal)
        self.decided(made)
        return self.read(made)["certificate"]


def applied(own: Firm, lots: list[str], *standards: str, status: int = 201) -> dict:
    body = {"lots": lots, "standards": list(standards or (STANDARD,))}
    answer = own.post("/selenium/certifications", body)
    assert answer.status_code == status, answer.json
    return answer.json


def grown(own: Firm, clerk: Clerk) -> str:
    """Return a lot of a firm."""
    return lot_of(own.grower(), confirmed_plot(own, clerk))

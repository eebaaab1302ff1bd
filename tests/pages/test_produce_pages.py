"""The pages behind the codes on packages and papers, in a real browser: small phone, large letters, no scripts."""

import pytest

from models.selenium import lot, unbound
from tests.pages.checks import EachPictured, Look
from tests.selenium.cert_kit import PUBLIC, Desk, applied
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import producing, town_clerk

pytestmark = pytest.mark.browser
SAYS = {
    "genuine": "正品",
    "suspended": "证书已暂停",
    "recalled": "已召回",
    "frozen": "暂停销售",
    "not-active": "尚未启用",
    "lost": "已登记遗失",
    "void": "标签已作废",
    "unknown": "查无此码",
    "certificate": "富硒农产品认定证书",
    "commitment": "承诺达标合格证",
    "producer": "有效的富硒认定证书",
}
PICTURES = {
    "scan": "genuine",
    "scan-recalled": "recalled",
    "certificate": "certificate",
    "commitment": "commitment",
}


class Stall:
    """Packages of every kind, and the paths of their pages."""

    def __init__(self, client, sandbox):
        self.packing = Packing(producing(client, sandbox), town_clerk(client))
        self.desk = Desk(client)
        certificate, commitment = self.certified()
        self.pages = {"unknown": "/t/" + "0" * 22, "certificate": f"{PUBLIC}/certificates/{certificate}/page"}
        self.pages["commitment"] = f"{PUBLIC}/commitments/{commitment}/page"
        self.pages["producer"] = f"/party/{self.packing.grower.producer_id}"
        self.on_the_market()
        self.not_on_the_market()
        self.spoilt()

    def certified(self) -> tuple[str, str]:
        """Return the numbers of a certificate and of a commitment for the lot of the day."""
        made = applied(self.packing.firm, [self.packing.lot], "db36t_566_2009")
        body = {"lot": self.packing.lot, "grams": 10_000, "ticks": ["self_test", "self_commitment"]}
        number = self.desk.granted(made, f"YD-{made['id'][-10:].upper()}")
        return number, self.packing.firm.post("/selenium/commitments", body).json["number"]

    def on_the_market(self) -> None:
        self.pages["genuine"] = path(self.packing.packed(scratch=True)[0])
        labels, made = self.packing.packed(state="sold")
        self.pages["frozen"] = path(labels)
        assert self.packing.clerk.post(f"/office/v1/packs/{made['_id']}/freeze", {"reason": "suspected"}).json

    def not_on_the_market(self) -> None:
        self.pages["not-active"] = path(self.packing.packed(state="bound")[0])
        labels, made = self.packing.packed(state="bound")
        self.pages["void"] = path(labels)
        assert self.packing.firm.post(f"/selenium/packs/{made['_id']}/void").json["state"] == "void"
        labels = self.packing.rolled(2)
        self.pages["lost"] = path(labels)
        unbound.report_lost(self.packing.grower, labels["_id"])

    def spoilt(self) -> None:
        self.packing.lot = self.packing.harvested(50_000)
        certificate, _ = self.certified()
        self.pages["suspended"] = path(self.packing.packed()[0])
        suspended = f"/office/v1/certificates/{certificate}/suspend"
        assert self.desk.manager.post(suspended, {"reason": "inspection"}).status_code == 200
        self.packing.lot = self.packing.harvested(50_000)
        self.certified()
        self.pages["recalled"] = path(self.packing.packed()[0])
        lot.recall(self.packing.lot, by="staff:test")


@pytest.fixture
def look(client, seeded, sandbox, tabs):
    return Look(tabs, Stall(client, sandbox).pages, SAYS, PICTURES, counts="累计查验")


class TestEachPage(EachPictured):
    """Pages of packages, papers and producers."""


def test_the_scratch_code_is_typed_and_sent_without_scripts(look):
    tab = look("genuine", scripts=False)
    tab.js("document.querySelector('#secret').value = 'WRONG'; document.querySelector('form button').click()")
    tab.loaded()
    assert "还可再试 4 次" in tab.ask("outline")["text"]

"""Codes as tests need them: a grower with plots, rolls that are made, packages on the market."""

from bson import ObjectId

from backend import clock, outbox
from models.selenium import code, harvesting, pack, roll, roll_labels, trade_item
from models.selenium.harvesting import Harvest
from models.selenium.product import Product
from tests.selenium.grower_kit import ORANGE, confirmed_plot

KG_PER_MU = 2000


def ceiling(kg_per_mu: int = KG_PER_MU) -> None:
    """Set what a mu of oranges may yield, without the office."""
    row = {"valid_from": "2026-01-01", "valid_to": None, "kg_per_mu": kg_per_mu, "source": "测试"}
    Product._get_collection().update_one({"_id": ORANGE}, {"$set": {"yields": [row]}})


class Packing:
    """What a grower has who packs: a confirmed plot of 12.5 mu, a lot of 1,000 kg, a trade item of 5 kg."""

    def __init__(self, firm, clerk, *, gtin: str = ""):
        ceiling()
        self.firm, self.clerk, self.grower = firm, clerk, firm.grower()
        self.plot = ObjectId(confirmed_plot(firm, clerk))
        self.lot = self.harvested(1_000_000)
        self.item = trade_item.create(self.grower, trade_item.Told(ORANGE, "富硒脐橙 5 kg 礼盒", 5000, gtin))["_id"]

    def harvested(self, grams: int) -> str:
        return harvesting.create(self.grower, Harvest(ORANGE, (self.plot,), grams, clock.today()))["_id"]

    def ordered(self, count: int, **told) -> dict:
        return roll.order(self.grower, roll.Wanted(self.item, count, **told))

    def rolled(self, count: int, **told) -> dict:
        """Order labels and make them."""
        number = self.ordered(count, **told)["_id"]
        outbox.drain("reports")
        return roll.read(number)

    def drain(self) -> None:
        outbox.drain("reports")

    def packed(self, count: int = 3, *, state: str = "active", **told) -> tuple[dict, dict]:
        """Return a roll all of whose labels are bound, and its pack in a state."""
        labels = self.rolled(count, **told)
        made = pack.bind(self.grower, labels["_id"], self.lot, 1, count)
        if state != "bound":
            made = pack.activate(self.grower, made["_id"])
        return labels, pack.sell(self.grower, made["_id"]) if state == "sold" else made


def path(labels: dict, n: int = 1, **changed) -> str:
    """Return the path of the page of a label."""
    text = changed.get("text") or code.text(labels, n)
    return roll_labels.payload(labels, text).partition("://")[2].partition("/")[2].join(["/", ""])

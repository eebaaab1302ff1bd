"""Service items of two units, and a case of each firm."""

from bson import ObjectId

from backend import clock
from models.affairs import kind, open_case, service_item_content
from models.affairs.open_case import Matter, Opener
from models.affairs.service_item import ServiceItem
from seed import service_item_data
from tests.affairs import kit
from tests.matrix.actors import UNIT
from tests.matrix.firms import Firms
from tests.matrix.produce import CODES

ITEMS = {"own": "matrix_item", "other": "matrix_far"}
UNITS = {"own": UNIT, "other": "commerce"}
TOLD = {name: value for name, value in kit.told("matrix_new").items() if name not in {"code", "demo"}}

LACKING = {
    "demo": False,
    "rating": False,
    "appeal": None,
    "materials": [],
    "result": None,
    "slot": None,
    "intro_zh": "",
    "source": "",
}
"""What an item that is told in short leaves out."""


class Matters(Firms):
    """A cast whose offices write items, and whose firms have cases."""

    def make_matters(self) -> None:
        for which, code in ITEMS.items():
            content = service_item_content.checked(code, service_item_data.whole({**LACKING, **TOLD}))
            made = {"_id": f"{code}:1", "code": code, "version": 1, "state": "draft", "writing": True, "moves": 0}
            made |= {"unit": UNITS[which], "edited_by": ObjectId(), "edited_at": clock.now()}
            ServiceItem._get_collection().insert_one(content | made)
            self.keep("service item", which, made["_id"])
        for which, code in CODES.items():
            opener = Opener(f"member:{ObjectId()}@{ObjectId()}", None, firm=code, sender=ObjectId())
            found = open_case.open_case(
                opener, kind.newest("enterprise_appeal"), Matter("industry_information", "请协调")
            )
            self.keep("firm case", which, found["_id"])

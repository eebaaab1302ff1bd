"""Cases that ended with a paper: chosen how it comes, rated badly by residents and well by firms; half filled forms."""

from bson import ObjectId

from backend.store import transactions
from models.affairs import case, delivery, desks, kind, open_case, rating, result_paper, service_item_publish
from models.affairs.case import Case
from models.affairs.open_case import Matter, Opener
from models.affairs.rating import Told
from models.identity import account, roles
from seed import service_item_data
from tests.affairs import kit, paper_kit
from tests.matrix.actors import AREA, UNIT
from tests.matrix.matters import LACKING, Matters
from tests.matrix.one_card import OTHER_UNIT
from tests.matrix.produce import CODES
from tests.support import affairs

ITEM = "matrix_paper"
UNITS = {"own": UNIT, "other": OTHER_UNIT}
DRAFTED = "old_age_card"


class Settled(Matters):
    """A cast whose matters came to a decision, at the unit of the matrix and at another."""

    def make_settled(self) -> None:
        told = kit.told(ITEM, **paper_kit.PLAIN | {"applicants": ["resident", "firm"]})
        service_item_publish.seed(ITEM, service_item_data.whole({**LACKING, **told}), unit_code=UNIT)
        for which, unit in UNITS.items():
            resident = account.authenticate(self.phones[which].token)
            self._visited(which, self._settled(f"settled {which}", open_case.by(resident), unit))
            firm = Opener(f"member:{ObjectId()}@{ObjectId()}", None, firm=CODES[which], sender=ObjectId())
            self._praised(which, self._settled(f"settled firm {which}", firm, unit))
            mine = self.phones[which].call("PUT", f"/mini/v1/service-items/{DRAFTED}/draft", {"answers": {}})
            assert mine.status_code == 200, mine.json

    def _settled(self, text: str, opener: Opener, unit: str) -> dict:
        """Open a case and let it be granted; its paper waits to be brought by post."""
        found = open_case.open_case(opener, kind.newest(ITEM), Matter(unit, text))
        clerk = affairs.seat(self.client, "case_handler", unit=unit)
        paper_kit.settle(clerk, str(found["_id"]), "granted")
        found = case.read(found["_id"])
        ways = paper_kit.PLAIN["delivery"]
        where = delivery.Address("李小满", "13800000000", "江西省赣州市于都县贡江镇红军大道1号")
        delivery.choose(opener.key, result_paper.standing(found), ways, "post", where)
        return found

    def _visited(self, which: str, found: dict) -> None:
        self.keep("settled case", which, found["_id"])
        self.keep("delivery", which, result_paper.standing(found)["_id"])
        rated = self.phones[which].post(f"/mini/v1/cases/{found['_id']}/rating", {"stars": 1, "text": "态度不好"})
        assert rated.status_code == 201, rated.json
        visit = Case._get_collection().find_one({"once": f"visit:{found['_id']}"})
        self.keep("return visit", which, visit["_id"])
        self._lie(str(visit["_id"]), found["unit"], AREA)

    def _praised(self, which: str, found: dict) -> None:
        self.keep("settled firm case", which, found["_id"])
        transactions.run(lambda session: rating.add(rating.record(found, Told(5, (), "")), session))

    @staticmethod
    def _lie(case_id: str, unit: str, area: str) -> None:
        """Let a case have lain on the desks of all roles at a unit, in an area."""
        where = [desks.desk(role, unit) for role in roles.ROLES]
        change = {"unit": unit, "area": area, "desks": where, "work.unit": unit}
        change["work.desks"] = [one for role in roles.ROLES for one in desks.within(role, unit, area)]
        Case._get_collection().update_one({"_id": ObjectId(case_id)}, {"$set": change})

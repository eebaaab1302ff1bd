"""What growers have: organisations with people in each role, producers, plots, trade items, lots."""

from contextlib import suppress
from datetime import timedelta

import orjson
from bson import ObjectId

from backend import clock, outbox
from models.epcis import capture, job
from models.identity import account, agent, membership, organisation
from models.identity.membership import Membership
from models.selenium import (
    boxing,
    buyer,
    certification,
    code,
    commitment,
    growing,
    harvesting,
    pack,
    plot,
    producer,
    recall_draw,
    recall_run,
    recall_start,
    roll,
    shipping,
    trade_item,
    uri,
)
from models.selenium.harvesting import Harvest
from models.selenium.lab_result import LabResult
from models.selenium.producer import Grower
from models.selenium.product import Product
from tests.epcis.events import document, short
from tests.matrix.actors import UNIT, Caller
from tests.matrix.tour import Tour
from tests.selenium.cert_kit import Desk

VILLAGES = {"own": "360731105002", "other": "360731105001", "town": "360731104001"}
ORANGE = "navel_orange"
STAFFED = {"owner": "own", "manager": "parent", "clerk": "elder", "agent": "other"}
AGENT_SCOPE = frozenset({"file", "offers"})
"""Who of the world is what in the organisation of the matrix; `other` owns another one."""
CODES = {"own": "91350100M000100Y43", "other": "91360731MA3600000N"}


class Produce(Tour):
    """A cast of which some have a co-operative and some grow for themselves."""

    def make_produce(self) -> None:
        for which, credit_code in CODES.items():
            made = organisation.record(
                organisation.Told(credit_code, f"矩阵合作社{which}", division="360731105"),
                source="office",
                by="staff:x",
            )
            self.keep("organisation", which, organisation.insert(made))
        for role, who in STAFFED.items():
            self._joins("own", who, role)
        self.keep("membership", "own", self._joins("own", "matched", "clerk"))
        self.keep("membership", "other", self._joins("other", "other", "owner"))
        self.keep("agency", "other", self._joins("other", "own", "agent"))
        self._invitations()
        self.desks = {"own": Desk(self.client, UNIT), "town": Desk(self.client)}
        for which, who in {"own": "own", "other": "other", "town": "parent"}.items():
            self._grows("farmer", which, self._resident(who))
        for which, who in {"own": "own", "other": "other"}.items():
            self._grows(
                "firm", which, membership.acting(self._resident(who), ObjectId(self.ids["organisation"][which]))
            )

    def _joins(self, which: str, who: str, role: str) -> ObjectId:
        told = ObjectId(self.ids["organisation"][which]), self._person(who)
        row = membership.record(*told, role, how="counter", by="staff:x", evidence={})
        if role == "agent":
            row = agent.begun(row, AGENT_SCOPE, clock.now() + timedelta(days=30))
            self.keep("agency", which, row["_id"])
        Membership._get_collection().insert_one(row)
        return row["_id"]

    def _invitations(self) -> None:
        for which, who in {"own": "own", "other": "other"}.items():
            caller = Caller(
                who, "member", self.client, self.phones[who].token, organisation=self.ids["organisation"][which]
            )
            headers = {"X-Organisation-Id": caller.organisation}
            made = self.phones[who].post("/enterprise/v1/invitations", {"role": "clerk"}, **headers)
            self.keep("member invitation", which, self.made(made))

    def _resident(self, who: str):
        return account.authenticate(self.phones[who].token)

    def _grows(self, kind: str, which: str, actor) -> None:
        village = VILLAGES[which]
        made = producer.register(actor, village, phone="13800000000")
        grower: Grower = producer.acting(actor)
        self.keep(f"{kind} producer", which, made["_id"])
        field = plot.declare(grower, plot.Told("矩阵园", village, 6667, (ORANGE,)))["_id"]
        self.keep(f"{kind} plot", which, field)
        item = trade_item.create(grower, trade_item.Told(ORANGE, "礼盒", 5000))["_id"]
        self.keep(f"{kind} item", which, item)
        goods = self.keep(
            f"{kind} lot", which, harvesting.create(grower, Harvest(ORANGE, (field,), 1000, clock.today()))["_id"]
        )
        self._certifies(kind, which, actor, goods)
        if kind == "farmer" and which != "other":
            self._certified(which, actor, grower, field)
        self._labels(kind, which, grower, field, item)
        wish = recall_draw.Wish(goods, "forward", "two", "own_request")
        self.keep(f"{kind} recall", which, recall_draw.by_grower(grower, wish)["_id"])
        if kind == "farmer" and which == "town":
            self._recalls(grower, field)
        if kind == "firm":
            self._captures(which, uri.party(grower.producer_id))

    def _recalls(self, grower: Grower, field: ObjectId) -> None:
        """A recall that is under way, which the public reads."""
        goods = harvesting.create(grower, Harvest(ORANGE, (field,), 1000, clock.today()))["_id"]
        wish = recall_draw.Wish(goods, "forward", "two", "own_request")
        number = self.keep("public recall", "own", recall_draw.by_grower(grower, wish)["_id"])
        started = recall_start.start(grower, number)
        with suppress(outbox.Later):
            recall_run.work(started["job"])

    def _captures(self, which: str, party: str) -> None:
        self.keep("event", which, capture.put([short()], party)[0])
        told = document(short())
        self.keep("capture job", which, job.accept(told, orjson.dumps(told), party, "rollback", by=None)["_id"])

    def _certifies(self, kind: str, which: str, actor, goods: str) -> None:
        wish = certification.Wish((goods,), ("db36t_566_2009",))
        self.keep(f"{kind} certification", which, certification.apply(actor, wish)["_id"])
        told = commitment.Told(goods, 500, ("self_test",))
        self.keep(f"{kind} commitment", which, commitment.issue(producer.acting(actor), told)["_id"])

    def _certified(self, which: str, actor, grower: Grower, field: ObjectId) -> None:
        """A lot that went all the way: its sample, the laboratory's result, its certificate."""
        goods = harvesting.create(grower, Harvest(ORANGE, (field,), 1000, clock.today()))["_id"]
        made = certification.apply(actor, certification.Wish((goods,), ("db36t_566_2009",)))
        shown = {"id": str(made["_id"]), "case_id": str(made["case"]), "lots": [goods]}
        seal = self.keep("seal", which, f"YD-MATRIX-{which.upper()}")
        self.keep("certificate", which, self.desks[which].granted(shown, seal))
        result = LabResult._get_collection().find_one({"producer": grower.producer_id}, {"_id": 1})
        self.keep("lab result", "own" if which == "own" else "other", result["_id"])

    def _labels(self, kind: str, which: str, grower: Grower, field: ObjectId, item: ObjectId) -> None:
        """A roll of two labels whose sheets are made, one of them bound to a lot; the plot is confirmed for it."""
        row = {"valid_from": "2026-01-01", "valid_to": None, "kg_per_mu": 2000, "source": "矩阵"}
        Product._get_collection().update_one({"_id": ORANGE}, {"$set": {"yields": [row]}})
        confirmed = {"$set": {"state": "confirmed", "confirmed_m2": 6667}}
        plot.Plot._get_collection().update_one({"_id": field}, confirmed)
        heavy = harvesting.create(grower, Harvest(ORANGE, (field,), 10_000, clock.today()))["_id"]
        goods = self.keep(f"{kind} heavy lot", which, heavy)
        labels = roll.order(grower, roll.Wanted(item, 2))
        with suppress(outbox.Later):
            roll.make(labels["job"])
        with suppress(outbox.Later):
            roll.make(labels["job"])
        plot.Plot._get_collection().update_one(
            {"_id": field}, {"$set": {"state": "declared"}, "$unset": {"confirmed_m2": ""}}
        )
        self.keep(f"{kind} roll", which, labels["_id"])
        self.keep(f"{kind} code", which, code.text(labels, 2))
        self.keep(f"{kind} pack", which, pack.bind(grower, labels["_id"], goods, 1, 1)["_id"])
        self._trades(kind, which, grower, self.ids[f"{kind} pack"][which])

    def _trades(self, kind: str, which: str, grower: Grower, packed: str) -> None:
        """A record, a buyer, a box of the one package, and a shipment of loose produce."""
        field, goods = ObjectId(self.ids[f"{kind} plot"][which]), self.ids[f"{kind} lot"][which]
        told = growing.Input("fertiliser", (field,), clock.today(), "有机肥", "50", "kg_per_mu")
        self.keep(f"{kind} record", which, growing.put_on(grower, told)["_id"])
        told = buyer.Told("矩阵买家", "13811112222", CODES["own"] if kind == "firm" and which == "other" else "")
        to = self.keep(f"{kind} buyer", which, buyer.add(grower, told)["_id"])
        self.keep(f"{kind} box", which, boxing.fill(grower, [{"pack": packed, "count": 1}], clock.today())["_id"])
        wanted = shipping.Wanted(ObjectId(to), clock.today(), lots=({"lot": goods, "grams": 1},))
        self.keep(f"{kind} shipment", which, shipping.send(grower, wanted)["_id"])

    def of_organisation(self, role: str) -> Caller:
        """Return who speaks for the organisation of the matrix in a role."""
        token, mine = self.phones[STAFFED[role]].token, self.ids["organisation"]["own"]
        told = {"role": role, "organisation": mine, "scope": AGENT_SCOPE if role == "agent" else frozenset()}
        return Caller(f"member {role}", "member", self.client, token, "verified", **told)

    def callers(self) -> list[Caller]:
        return [*super().callers(), *(self.of_organisation(role) for role in STAFFED)]

    def key_of(self, caller: Caller) -> str:
        if caller.kind == "member":
            return f"member:{account.authenticate(caller.token).account_id}@{caller.organisation}"
        return super().key_of(caller)

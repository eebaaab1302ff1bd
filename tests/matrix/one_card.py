"""What the one-card has of everybody: cards, family cards, rides, money, rules, and batches of benefits."""

from datetime import timedelta

from bson import ObjectId

from backend import clock, jobs
from models.benefits import batch, finding, item, line, payment, payment_file, progress
from models.benefits.batch import BenefitBatch
from models.benefits.item import Told
from models.benefits.line import BenefitLine, Collected
from models.benefits.payment import BenefitPayment
from models.benefits.payment_file import BenefitFile
from models.identity import approval
from models.onecard import card, card_death, card_difference, family
from models.payments import ledger_account, ledger_day, reconciliation, transfer
from models.payments.closed_day import LedgerDay
from models.rules import parameters, rule_set
from models.transit.bus_line import BusLine
from models.transit.ride import Ride
from tests.matrix.actors import AREA, UNIT
from tests.matrix.cast import CHILD, Cast
from tests.onecard.codes_kit import give_card
from tests.support.rules import content

OTHER_UNIT, OTHER_AREA = "culture_tourism", "360731104"
WHERE = {"own": (UNIT, AREA), "other": (OTHER_UNIT, AREA), "town": (UNIT, OTHER_AREA), "public": (UNIT, AREA)}
ITEM, PERIOD = "matrix_item", "2026"
FUND, MERCHANT, LINE, OTHER_LINE = "fund:matrix", "yudu-bus", "yudu-1", "yudu-2"
CLOSED_DAY, STATEMENT = "2026-11-01", "bank:MATRIX-01"
BANK_ACCOUNT = "6217000010000000018"


class OneCard(Cast):
    """A cast with cards in hand, money in wallets and lines in batches."""

    def make_one_card(self) -> None:
        for part in (self._cards, self._family_cards, self._money, self._rides, self._rules, self._benefits):
            part()

    def _cards(self) -> None:
        for which, who in {"own": "own", "other": "other", "minor": CHILD, "parent": "parent"}.items():
            self.keep("card", which, give_card(self.person_ids[who]))
        elder = give_card(self.person_ids["elder"])
        assert card_death.report(card.read(elder), "registers", clock.today())
        found = card_death.under_way(elder)
        assert found
        self.keep("death", "own", found["_id"])
        mine = card.read(ObjectId(self.ids["card"]["own"]))
        card_difference.note(mine, "status", ours="active", theirs="lost")
        noted = card_difference.CardDifference._get_collection().find_one({"person": mine["person"]})
        self.keep("difference", "own", noted["_id"])

    def _family_cards(self) -> None:
        """Who holds what, and on whose phone: `offered` waits for the carrier."""
        self._family_card("family_card", "own", "own", "other")
        self._family_card("family_card", "other", "other", "parent")
        self._family_card("family_card", "minor", CHILD, "parent", relation=self.ids["acting"]["guardian"])
        self._family_card("carried", "own", "parent", "own")
        self._family_card("offered", "own", "other", "own", offered=True)
        self._family_card("offered", "other", "other", "elder", offered=True)
        ended = self._family_card("family_card", "deleted", "own", "elder")
        assert self.phones["own"].call("DELETE", f"/mini/v1/family-cards/{ended}").status_code == 204

    def _family_card(self, kind: str, which: str, holder: str, carrier: str, *, offered=False, relation="") -> str:
        until = clock.now() + timedelta(days=30)
        how = {"how": "guardian", "relation": ObjectId(relation)} if relation else {"how": "holder"}
        sides = ObjectId(self.person_ids[holder]), ObjectId(self.person_ids[carrier])
        made = family.made(*sides, ("medical", "transit"), until, by="resident:test", offered=offered, **how)
        return self.keep(kind, which, family.store(made)["_id"])

    def _money(self) -> None:
        """Wallets with something in them, a payment, a closed day, a statement, top-ups that nobody paid yet."""
        ledger_account.open_account(FUND)
        for which, who in {"own": "own", "other": "other", "minor": CHILD}.items():
            wallet = ledger_account.wallet_of(ObjectId(self.person_ids[who]))
            ledger_account.open_account(wallet)
            transfer.post(f"matrix:{which}", "suspense:treasury", wallet, 5_000, what="top_up", about={})
            paid = transfer.post(f"pay:matrix-{which}", wallet, FUND, 100, what="wallet_payment", about={"request": ""})
            self.keep("transfer", which, paid["_id"])
        for which in ("own", "other"):
            answer = self.phones[which].post("/mini/v1/wallet/top-ups", {"amount_fen": 1_000})
            self.keep("top_up", which, self.made(answer))
        names = {"previous": "00" * 32, "digest": "11" * 32, "transfers": 0, "moved_fen": 0, "accounts": 0}
        LedgerDay._get_collection().insert_one({"_id": CLOSED_DAY, **names, "closed_at": clock.now()})
        assert ledger_day.read(clock.date_of(CLOSED_DAY))
        reconciliation.compare(STATEMENT, "clearing:bank", [reconciliation.Line("MATRIX-01", 100)])

    def _rides(self) -> None:
        """A ride of everybody that is still owed; one bus line is run by the staff's own unit, one by another."""
        BusLine._get_collection().update_one({"_id": LINE}, {"$set": {"unit": UNIT}})
        for which, who in {"own": "own", "other": "other", "minor": CHILD}.items():
            told = {"device": "bus-1", "line": LINE, "operator": MERCHANT, "at": clock.now(), "fare_fen": 200}
            sides = {"person": ObjectId(self.person_ids[who]), "card": ObjectId(self.ids["card"][which])}
            Ride._get_collection().insert_one({"_id": f"bus-1:{which}", **told, **sides, "state": "owed"})
            self.keep("ride", which, f"bus-1:{which}")

    def _rules(self) -> None:
        editor = self.staff["rule_editor"].actor()
        age = {"name": "person.age", "kind": "number", "zh": "年龄"}
        told = content({"ge": [{"fact": age["name"]}, 60]}, facts=[age])
        self.keep("rule_set", "own", rule_set.draft(editor, "matrix_rule", told)["_id"])
        self.keep("parameter", "own", parameters.create(editor, "matrix_age", "起始年龄", "number")["_id"])

    def _benefits(self) -> None:
        """Batches of each unit and town with lines; `public` is public, of the own one a line failed at the bank."""
        basis = {"fund": FUND, "basis": "财农〔2016〕26号", "valid_from": "2026-01-01"}
        item.seed(ITEM, Told("耕地地力保护补贴", UNIT, "year", **basis), [])
        clerk = self.staff["benefit_clerk"].actor()
        for part, which in enumerate(WHERE, start=1):
            found = progress.create(clerk, ITEM, PERIOD, UNIT, part)
            self.keep("batch", which, found["_id"])
            self.keep("benefit_line", which, self._line(found, "other" if which == "other" else "own"))
            self._lay(found, *WHERE[which])
        mine = batch.read(ObjectId(self.ids["batch"]["own"]))
        self.keep("benefit_line", "minor", self._line(mine, CHILD))
        self._failed(mine, self._line(mine, "parent"))
        self._publish(ObjectId(self.ids["batch"].pop("public")), self.ids["benefit_line"].pop("public"))
        self._export(mine)

    def _line(self, found: dict, who: str) -> ObjectId:
        told = self.persons[who]
        mine = {"person": ObjectId(self.person_ids[who])}
        row = Collected(told["name"], told["document_number"], BANK_ACCOUNT, 12_050, **mine)
        return line.add(found, row, by="staff:test")[0]["_id"]

    @staticmethod
    def _lay(found: dict, unit: str, area: str) -> None:
        """Let a batch be one of a unit, of its items and its town, that has been checked once."""
        told = {"args": {"batch": str(found["_id"])}, "total": 1, "started_by": "staff:test", "unit": unit}
        change = {"unit": unit, "department": unit, "area": area, "job": jobs.start("benefits.check", **told)["_id"]}
        BenefitBatch._get_collection().update_one({"_id": found["_id"]}, {"$set": change})

    def _failed(self, found: dict, line_id: ObjectId) -> None:
        """Let a line have failed at the bank; the finding of another one is there to be set aside."""
        number = payment_file.record(found, 1, takes="approved", payer=FUND, by="staff:test")
        BenefitFile._get_collection().insert_one(number | {"state": "accepted"})
        self.keep("file_no", "own", number["_id"])
        row = line.read(line_id)
        paid = payment.record(number["_id"], row, line.opened(row))
        paid |= {"seq": 1, "state": "failed", "code": "account_closed", "live": False}
        BenefitPayment._get_collection().insert_one(paid)
        BenefitLine._get_collection().update_one({"_id": line_id}, {"$set": {"state": "failed"}})
        mark = {"$push": {"findings": finding.found("no_card", clock.now())}}
        for each in self.ids["benefit_line"].values():
            BenefitLine._get_collection().update_one({"_id": ObjectId(each)}, mark)

    def _publish(self, batch_id: ObjectId, line_id: str) -> None:
        until = clock.now() + timedelta(days=7)
        told = {"state": "in_publicity", "step": "publicity", "publicity_from": clock.now(), "publicity_until": until}
        BenefitBatch._get_collection().update_one({"_id": batch_id}, {"$set": told | {"counts": {"ok": 1}}})
        BenefitLine._get_collection().update_one({"_id": ObjectId(line_id)}, {"$set": {"state": "ok", "findings": []}})
        self.keep("publicity", "own", batch_id)
        self.keep("public_line", "own", line_id)

    def _export(self, found: dict) -> None:
        clerk = self.staff["benefit_clerk"].actor()
        made = approval.propose(clerk, approval.record(clerk, "export", f"benefit_batch:{found['_id']}", reason="丙"))
        approval.approve(self.staff["privacy_officer"].actor(), made["_id"])
        self.keep("benefit_export", "own", made["_id"])

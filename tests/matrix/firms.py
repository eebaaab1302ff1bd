"""What 雩企通 has: firms with facts, policies of two units with runs, comparisons and offers."""

from datetime import timedelta

from bson import ObjectId

from backend import clock
from models.enterprise import comparison, export, find, payout, policy, policy_rule, run
from models.enterprise.claw_back import ClawBack
from models.enterprise.finding import Finding
from models.enterprise.firm import Firm
from models.enterprise.offer import Offer
from models.enterprise.payout import Payout
from models.enterprise.policy import Policy
from models.enterprise.promise import Promise
from models.enterprise.publicity import Publicity
from models.identity import approval
from models.registers import fact
from models.registers.fact import Fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from models.rules import evaluate, rule_set
from tests.matrix.actors import UNIT
from tests.matrix.produce import CODES
from tests.matrix.schools import Schools
from tests.support import affairs

POLICIES = {"own": "matrix_policy", "other": "matrix_other"}
UNITS = {"own": UNIT, "other": "commerce"}
HONEST = {"fact": "credit.dishonest", "operator": "eq", "value": False}
FORM = {"logic": "all", "rows": [HONEST], "groups": []}
TOLD = {
    "title": "矩阵政策",
    "category": "工业",
    "source": {"title": "矩阵文件"},
    "valid_from": "2026-01-01",
    "money": {"kind": "fixed", "fen": 100},
}


class Firms(Schools):
    """A cast whose organisations are firms that policies find."""

    def make_firms(self) -> None:
        for which, code in CODES.items():
            self._firm(which, code)
        self.ids["finding firm"] = dict.fromkeys(CODES, CODES["own"])
        for which, code in POLICIES.items():
            self._policy(which, code)
        clerk = self.staff["policy_clerk"].actor()
        about = export.Wanted("figures", "2026-11").about
        made = approval.propose(clerk, approval.record(clerk, "export", about, reason="丁"))
        approval.approve(self.staff["privacy_officer"].actor(), made["_id"])
        self.keep("policy_export", "own", made["_id"])

    def _firm(self, which: str, code: str) -> None:
        told = {"name": f"矩阵合作社{which}", "division": "360731", "since": clock.now()}
        Firm._get_collection().insert_one({"_id": code, **told})
        value = {"dishonest": False, "zombie": False, "checked_on": "2026-11-01"}
        row = fact.draft(Subject(organisation=code), "credit", Statement("firm.credit", value), clock.now())
        Fact._get_collection().insert_one(row)
        self.keep("firm code", which, code)
        self.keep("firm fact", which, row["_id"])

    def _policy(self, which: str, code: str) -> None:
        made = policy.record(code, TOLD, unit_code=UNITS[which])
        made |= {"state": "open", "budget_fen": 10_000, "left_fen": 10_000}
        Policy._get_collection().insert_one(made)
        rule_set.seed({"code": policy.rule_code(code), **policy_rule.content(made, FORM, {})})
        actor = affairs.seat(self.client, "policy_clerk", unit=UNITS[which]).actor()
        version, day = f"{policy.rule_code(code)}:1", clock.today()
        self.keep("policy", which, code)
        self.keep("comparison", which, comparison.start(actor, code, before=version, after=version, day=day)["_id"])
        going = run.start(actor, code)
        find.work(going["job"])
        self.keep("policy run", which, going["_id"])
        assert Finding._get_collection().find_one({"_id": f"{going['_id']}:{CODES['own']}"})["verdict"] == "eligible"
        self.keep("policy offer", which, self._offer(code, "own"))
        self._paid(which, code)
        if which == "own":
            for whose in CODES:
                self.keep("firm offer", whose, self._offer(code, whose))

    def _paid(self, which: str, code: str) -> None:
        """A firm of its own that is public, in a batch, bound by a promise and owes: nobody's else by these ids."""
        terms, now = policy.read(code), clock.now()
        listed, offer_id, number = ObjectId(), ObjectId(), f"QYDF-20261120-{len(self.ids.get('policy payout', {})):06d}"
        frozen = evaluate.frozen(evaluate.bind(rule_set.read(f"{policy.rule_code(code)}:1"), clock.today()))
        made = {"_id": offer_id, "policy": code, "firm": f"9136073100000000{which[:2].upper()}", "amount_fen": 100}
        told = {"state": "in_publicity", "publicity": listed, "objections": 0, "run": ObjectId(), "at": now}
        Offer._get_collection().insert_one({**made, **told, "confirmed_at": now, "outbox": []})
        told = {"unit": terms["unit"], "title": terms["title"], "state": "public", "firms": 1, "total_fen": 100}
        told |= {"days": 5, "counted": "working", "since": now, "until": now + timedelta(days=7), "by": "staff:matrix"}
        Publicity._get_collection().insert_one({"_id": listed, "policy": code, **told, "moves": 0, "outbox": []})
        batch = payout.record(number, terms, [100], approval=ObjectId(), by="staff:matrix")
        Payout._get_collection().insert_one(batch)
        told = {"until": "2026-12-31", "text": "矩阵承诺", "rule": frozen, "rule_set": f"promise_{code}:1"}
        told |= {"state": "unclear", "checks": 1, "promised_by": "member:matrix", "promised_at": now, "outbox": []}
        Promise._get_collection().insert_one({"_id": offer_id, "policy": code, "firm": made["firm"], **told})
        told = {"unit": terms["unit"], "firm": made["firm"], "fund": "fund:matrix", "amount_fen": 100, "paid_fen": 0}
        told |= {"state": "suggested", "repayments": [], "at": now}
        ClawBack._get_collection().insert_one({"_id": offer_id, "policy": code, **told})
        for kind, value in (("policy payout", number), ("firm publicity", listed), ("listed firm", offer_id)):
            self.keep(kind, which, value)
        for kind in ("firm promise", "claw-back"):
            self.keep(kind, which, offer_id)

    @staticmethod
    def _offer(code: str, whose: str) -> ObjectId:
        return Offer._get_collection().find_one({"policy": code, "firm": CODES[whose]})["_id"]

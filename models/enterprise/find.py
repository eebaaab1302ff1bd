"""Going through all firms for a run, batch by batch.

The facts of a batch are read together, each firm is judged, findings and offers are written, then the run moves on.
"""

from collections import Counter
from typing import Any

from bson import ObjectId
from pymongo import ReplaceOne

from backend import jobs, outbox
from models.enterprise import finding, firm, firm_facts, judge, offer, policy, run, tell
from models.enterprise.finding import Finding
from models.enterprise.run import BATCH
from models.identity import organisation
from models.rules import evaluate


def work(job_id: ObjectId) -> None:
    """Judge the next firms of a run.

    Raises:
        outbox.Later: more follow.
    """
    going = _Going(ObjectId(jobs.read(job_id)["args"]["run"]))
    jobs.work(job_id, going.following, going.step, going.last, ahead=going.ahead, at_a_time=BATCH)


class _Going:
    """One call of the job; an item is a credit code, the run itself says how far it is."""

    def __init__(self, run_id: ObjectId) -> None:
        self._run = run.of_id(run_id)
        self._terms = policy.read(self._run["policy"])
        self._rule = evaluate.thawed(self._run["rule"])

    def following(self, _position: str | None) -> list[str]:
        self._run = run.of_id(self._run["_id"])
        return firm.after(self._run.get("position"), BATCH)

    def ahead(self, codes: Any) -> None:
        """Judge a batch and write all that follows of it; the steps after it only count."""
        stated, joined = firm_facts.held(codes, self._run["day"]), organisation.among(codes)
        counts, amounts, writes = Counter[str](), dict[str, int](), list[ReplaceOne[dict[str, Any]]]()
        for code in codes:
            given = judge.given(code, stated[code], self._rule)
            made = judge.judge(self._terms, self._rule, given)
            counts[made.verdict] += 1
            if made.verdict == "eligible":
                amounts[code] = made.amount_fen
            row = finding.record(self._run, code, made, self._rule, given)
            if code in joined and made.verdict == "lacking":
                row["outbox"] = [tell.lacking_entry(row["_id"])]
            writes.append(ReplaceOne({"_id": row["_id"]}, row, upsert=True))
        Finding._get_collection().bulk_write(writes, ordered=False)
        news = {code: tell.offer_entries(self._terms, code) for code in amounts if code in joined}
        offer.found(self._run, amounts, [code for code in codes if code not in amounts], news)
        run.move(self._run["_id"], self._run.get("position"), codes[-1], counts, sum(amounts.values()))
        outbox.wake("notify")

    def step(self, _item: str) -> None:
        """Nothing is left to do for a single firm."""

    def last(self) -> None:
        run.finish(self._run["_id"])

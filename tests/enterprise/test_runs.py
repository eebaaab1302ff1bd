"""A run over all firms: three lists, offers to the firms, progress, kills, and decisions that can be made again."""

import json
import subprocess
import sys

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.enterprise import find, finding, offer, run
from models.enterprise.finding import Finding
from models.enterprise.offer import Offer
from models.enterprise.run import PolicyRun
from models.rules import evaluate
from models.rules.rule_set import RuleSet
from tests.architecture.house import ROOT
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE, row
from tests.support import affairs, queues

CODE = "garment_growth"
PATH = f"{OFFICE}/policies/{CODE}"
STAFF = row("staff.insured", "ge", 30)


@pytest.fixture
def firms(clerk, garments, box):
    """Four firms: eligible, too small, of another trade, and one of which the insurance office knows nothing."""
    kit.asked(garments)
    told = [("small", {"unit_insurance": {"insured_staff": 29}}, ())]
    told += [("trade", {"statistics": {"industry_code": "52"}}, ())]
    told += [("unknown", {}, ("unit_insurance",))]
    found = {"eligible": kit.code_of(garments)}
    for number, (name, changed, without) in enumerate(told, start=51):
        records = {one: {**record, **changed.get(one, {})} for one, record in kit.RIGHT.items()}
        sources = [one for one in (*kit.RIGHT, "power", "titles") if one not in without]
        made = box.firm(seed=number, records=records, **{"with": sources})
        found[name] = made["credit_code"]
        assert clerk.post(f"{OFFICE}/firms", {"credit_code": made["credit_code"]}).status_code == 201
    queues.drain("affairs")
    return found


@pytest.fixture
def opened(clerk, manager, firms):
    kit.opened(clerk, manager, CODE, TEXTILE, STAFF)
    return firms


def begun(clerk) -> str:
    answer = clerk.post(f"{PATH}/runs")
    assert answer.status_code == 202, answer.json
    return answer.json["id"]


def ran(clerk) -> dict:
    made = begun(clerk)
    queues.drain("reports")
    return clerk.get(f"{OFFICE}/runs/{made}").json


def counts(told: dict) -> dict[str, int]:
    return {one["verdict"]: one["count"] for one in told["counts"]}


def listed(clerk, told: dict, verdict: str) -> list[dict]:
    return clerk.get(f"{OFFICE}/runs/{told['id']}/findings?verdict={verdict}").json["items"]


def test_a_run_gives_three_lists_with_what_is_lacking_whose_it_is_and_the_reasons(clerk, opened):
    told = ran(clerk)
    assert (told["state"], told["done"], told["total"]) == ("done", 4, 4)
    assert counts(told) == {"eligible": 1, "lacking": 1, "not_eligible": 2}
    assert told["eligible_fen"] == 500_000
    (good,) = listed(clerk, told, "eligible")
    assert (good["credit_code"], good["amount_fen"]) == (opened["eligible"], 500_000)
    (open_one,) = listed(clerk, told, "lacking")
    assert open_one["credit_code"] == opened["unknown"]
    assert open_one["lacks"] == [
        {
            "name": "staff.insured",
            "zh": "参保职工人数",
            "whose_zh": "县社会保险服务中心",
            "why_zh": "登记部门没有记录",
        }
    ]
    why = {one["credit_code"]: one["why_zh"] for one in listed(clerk, told, "not_eligible")}
    assert "不满足“参保职工人数不低于" in why[opened["small"]]
    assert "不满足“行业代码" in why[opened["trade"]]


def test_the_firm_sees_what_it_is_offered_and_how_a_policy_comes_out(clerk, garments, opened):
    assert garments.get(f"/policies/{CODE}/verdict").json["verdict"] == "eligible"
    assert garments.get("/offers").json["items"] == []
    ran(clerk)
    (told,) = garments.get("/offers").json["items"]
    assert (told["title"], told["amount_fen"], told["state"]) == (kit.FRAME["title"], 500_000, "offered")
    assert garments.get("/policies/stay_sme/verdict").status_code == 404
    assert garments.get("/policies/loan_2018_30/verdict").json["verdict"] == "closed"


def test_a_run_again_changes_nothing_and_one_at_a_time(clerk, opened):
    first = begun(clerk)
    twice = clerk.post(f"{PATH}/runs")
    assert (twice.status_code, twice.json["code"]) == (409, "enterprise_run_open")
    queues.drain("reports")
    again = ran(clerk)
    assert counts(again) == counts(clerk.get(f"{OFFICE}/runs/{first}").json)
    assert Offer._get_collection().count_documents({"policy": CODE, "state": {"$in": ["offered"]}}) == 1
    assert [one["id"] for one in clerk.get(f"{PATH}/runs").json["items"]] == [again["id"], first]


@pytest.mark.parametrize("place", ["findings", "offers", "move"])
def test_a_kill_anywhere_in_a_batch_counts_nothing_twice(clerk, opened, monkeypatch, place):
    made = ObjectId(begun(clerk))
    job = PolicyRun._get_collection().find_one({"_id": made})["job"]
    monkeypatch.setattr(find, "BATCH", 2)

    class Killed(BaseException):
        """What nothing catches."""

    def killed(*_args, **_named):
        raise Killed

    where = {"findings": (finding, "record"), "offers": (offer, "found"), "move": (run, "move")}[place]
    with monkeypatch.context() as broken:
        broken.setattr(*where, killed)
        with pytest.raises(Killed):
            find.work(job)
    find.work(job)
    told = clerk.get(f"{OFFICE}/runs/{made}").json
    assert (told["state"], told["done"]) == ("done", 4)
    assert counts(told) == {"eligible": 1, "lacking": 1, "not_eligible": 2}
    assert told["eligible_fen"] == 500_000
    assert Finding._get_collection().count_documents({"run": made}) == 4


def test_an_offer_lapses_when_a_later_run_finds_otherwise_and_comes_back(clerk, manager, garments, opened):
    ran(clerk)
    kit.written(clerk, CODE, TEXTILE, row("staff.insured", "ge", 33))
    kit.agreed(clerk, manager, CODE)
    assert counts(ran(clerk))["eligible"] == 0
    (told,) = garments.get("/offers").json["items"]
    assert told["state"] == "lapsed"
    refused = garments.post(f"/offers/{told['id']}/confirm", {"account": None})
    assert refused.status_code in {409, 422}
    kit.written(clerk, CODE, TEXTILE, row("staff.insured", "ge", 31))
    kit.agreed(clerk, manager, CODE)
    ran(clerk)
    assert garments.get("/offers").json["items"][0]["state"] == "offered"


REPLAY = """
import json, sys
from models.rules import evaluate
record = json.load(open(sys.argv[1], encoding="utf-8"))
made = evaluate.replay(record)
print(json.dumps([made.outcome, made.version, dict(made.values), made.record() == record]))
"""


def test_a_decision_replays_in_a_fresh_process_two_versions_later_from_its_record_alone(
    clerk, manager, opened, tmp_path
):
    told = ran(clerk)
    for least in (100, 200):
        kit.written(clerk, CODE, TEXTILE, row("staff.insured", "ge", least))
        kit.agreed(clerk, manager, CODE)
    assert RuleSet._get_collection().count_documents({"code": f"enterprise_{CODE}", "state": "active"}) == 3
    shown = clerk.get(f"{OFFICE}/runs/{told['id']}/findings/{opened['eligible']}").json
    assert (shown["verdict"], shown["replays"], shown["rule_set"]) == ("eligible", True, f"enterprise_{CODE}:1")
    assert shown["trace"]["outcome"] == "yes"
    going = run.of_id(ObjectId(told["id"]))
    record = finding.record_of(going, finding.read(going["_id"], opened["eligible"]))
    RuleSet._get_collection().delete_many({"code": f"enterprise_{CODE}"})
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", REPLAY, str(file)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == ["yes", 1, {"amount_fen": 500_000}, True]
    with pytest.raises(evaluate.RecordBroken):
        evaluate.replay(record | {"day": "2020-01-01"})


def test_what_is_stored_of_a_decision_names_no_value_outside_the_seal(clerk, opened):
    told = ran(clerk)
    stored = Finding._get_collection().find_one({"_id": f"{told['id']}:{opened['eligible']}"})
    clear = {name: value for name, value in stored.items() if name != "decision"}
    assert "32" not in json.dumps(clear["lacks"])
    assert isinstance(stored["decision"], bytes)
    assert b"insured" not in stored["decision"]


def test_only_open_policies_in_their_time_are_run(clerk, manager, firms, client):
    kit.drafted(clerk, CODE)
    closed = clerk.post(f"{PATH}/runs")
    assert (closed.status_code, closed.json["code"]) == (409, "enterprise_policy_state_wrong")
    assert kit.clerk(client, "commerce").post(f"{PATH}/runs").status_code == 404
    assert manager.post(f"{PATH}/runs").status_code == 403


def test_another_unit_sees_neither_run_nor_findings_nor_offers(clerk, client, garments, opened):
    told = ran(clerk)
    (mine,) = garments.get("/offers").json["items"]
    stranger = kit.clerk(client, "commerce")
    for path in (
        f"runs/{told['id']}",
        f"runs/{told['id']}/findings",
        f"runs/{told['id']}/findings/{opened['eligible']}",
        f"policies/{CODE}/runs",
        f"policies/{CODE}/offers",
        f"offers/{mine['id']}",
    ):
        assert stranger.get(f"{OFFICE}/{path}").status_code == 404, path


def test_who_confirmed_is_seen_masked_after_an_access_line_and_finance_sees_what_is_to_pay(
    clerk, client, garments, opened
):
    ran(clerk)
    (mine,) = garments.get("/offers").json["items"]
    account = {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": "于都县演示服装有限公司"}
    assert garments.post(f"/offers/{mine['id']}/confirm", {"account": account}).status_code == 200
    told = clerk.get(f"{OFFICE}/offers/{mine['id']}").json
    assert (told["state"], told["account"]["tail"], told["confirmed_by"]) == ("confirmed", "0123", "张**")
    line = AccessLine._get_collection().find_one({"purpose": "enterprise_service"})
    assert line["fields"] == ["enterprise.account", "person.name"]
    finance = affairs.seat(client, "finance_clerk", unit="finance")
    (row_,) = finance.get(f"{PATH}/confirmed-offers").json["items"]
    assert (row_["credit_code"], row_["amount_fen"]) == (opened["eligible"], 500_000)
    assert finance.get(f"{OFFICE}/offers/{mine['id']}").status_code == 403

"""A policy from its draft to its end, over HTTP: written in a form, agreed on by a second person, tried, compared."""

import pytest

from models.audit.entry import AuditEntry
from models.enterprise.policy import Policy
from models.rules.rule_set import RuleSet
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE, row
from tests.support import affairs, queues

CODE = "garment_growth"
POLICIES = f"{OFFICE}/policies"
PATH = f"{POLICIES}/{CODE}"


def tried(clerk, garments, code: str = CODE, **told) -> dict:
    answer = clerk.post(f"{POLICIES}/{code}/try", {"credit_code": kit.code_of(garments), **told})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_policy_is_written_agreed_on_funded_and_opened(clerk, manager, garments):
    kit.drafted(clerk, CODE)
    made = kit.written(clerk, CODE, TEXTILE, kit.ABOVE_SCALE)
    assert (made["id"], made["state"]) == (f"enterprise_{CODE}:1", "draft")
    assert "行业代码" in made["sentence"]
    assert clerk.post(f"{PATH}/open").json["code"] == "enterprise_policy_wrong"
    kit.agreed(clerk, manager, CODE)
    assert clerk.get(PATH).json["state"] == "approved"
    told = kit.funded(manager, CODE, 1_000_000)
    assert (told["budget_fen"], told["left_fen"]) == (1_000_000, 1_000_000)
    assert clerk.post(f"{PATH}/open").json["state"] == "open"
    (shown,) = [one for one in garments.get("/policies").json["items"] if one["code"] == CODE]
    assert (shown["money_zh"], shown["state_zh"]) == ("5000元", "受理中")
    assert "规模以上" in shown["sentence"]
    assert clerk.post(f"{PATH}/close", {"reason": "repealed"}).json["closed_for_zh"] == "已废止"
    assert clerk.post(f"{PATH}/close", {"reason": "repealed"}).json["code"] == "enterprise_policy_state_wrong"
    actions = {one["action"] for one in AuditEntry._get_collection().find({"object": f"policy:{CODE}"})}
    assert actions == {f"enterprise_policy.{one}" for one in ("draft", "budget", "open", "close")}


def test_who_wrote_the_conditions_does_not_agree_to_them(client, clerk, manager):
    both = affairs.seat(client, "policy_clerk", unit=kit.UNIT)
    kit.drafted(both, CODE)
    kit.written(both, CODE, TEXTILE)
    proposed = both.post(f"{PATH}/propose", {"reason": "按文件编制"}).json["approval_id"]
    assert both.post(f"/office/v1/approvals/{proposed}/approve").status_code == 403
    assert manager.post(f"/office/v1/approvals/{proposed}/refuse").status_code == 200
    queues.drain("trust")
    told = clerk.get(PATH).json
    assert (told["state"], told["versions"][0]["state"]) == ("draft", "draft")


def test_a_draft_changes_and_an_agreed_one_does_not(clerk, manager):
    kit.drafted(clerk, CODE)
    early = clerk.post(f"{PATH}/propose", {"reason": "按文件编制"})
    assert (early.status_code, early.json["code"]) == (409, "enterprise_nothing_to_propose")
    changed = {**kit.FRAME, "money": {"kind": "rate", "of": "staff.premiums_fen", "percent": "12.5"}}
    told = clerk.call("PUT", PATH, changed).json
    assert told["money_zh"] == "上年度失业保险费(分)的 12.5%"
    kit.written(clerk, CODE, TEXTILE)
    kit.agreed(clerk, manager, CODE)
    again = clerk.call("PUT", PATH, changed)
    assert (again.status_code, again.json["code"]) == (409, "enterprise_policy_state_wrong")
    taken = clerk.post(POLICIES, {"code": CODE, **kit.FRAME})
    assert (taken.status_code, taken.json["code"]) == (409, "enterprise_policy_code_taken")


WRONG = [
    ([row("statistics.size", "ge", "small")], "conditions.rows.0.operator"),
    ([row("staff.insured", "le", "many")], "conditions.rows.0.value"),
    ([row("staff.insured", "le", 5.5)], "conditions.rows.0.value"),
    ([row("staff.insured", "le", {"$gt": 1})], "conditions.rows.0.value"),
    ([row("tax.in_arrears", "eq", "false")], "conditions.rows.0.value"),
    ([row("statistics.size", "in", [])], "conditions.rows.0.value"),
    ([row("patents", "eq", "inv")], "conditions.rows.0.operator"),
    ([{"fact": "patents", "operator": "has"}], "conditions.rows.0.where"),
    ([row("staff.insured", "has", 1)], "conditions.rows.0.operator"),
    ([], "conditions.rows"),
]


@pytest.mark.parametrize(("rows", "path"), WRONG)
def test_conditions_that_do_not_fit_are_told_by_their_place(clerk, rows, path):
    kit.drafted(clerk, CODE)
    answer = clerk.call("PUT", f"{PATH}/conditions", {"conditions": kit.form(*rows)})
    assert (answer.status_code, answer.json["code"]) == (422, "enterprise_conditions_wrong")
    assert list(answer.json["fields"]) == [path]
    assert RuleSet._get_collection().find_one({"code": f"enterprise_{CODE}"}) is None


LARGE = row("statistics.size", "eq", "large")
MONEY = [
    {"kind": "fixed"},
    {"kind": "rate", "of": "statistics.size", "percent": "60"},
    {"kind": "rate", "of": "staff.premiums_fen", "percent": "-1"},
    {"kind": "per_head", "of": "staff.certified_5"},
    {"kind": "per_head", "of": "patents", "fen": 1, "where": {"field": "nothing", "operator": "eq", "value": 1}},
    {"kind": "tier", "of": "staff.premiums_fen", "rows": [{"when": LARGE, "percent": "3"}]},
]


@pytest.mark.parametrize("money", MONEY)
def test_money_that_does_not_say_enough_is_refused(clerk, money):
    answer = clerk.post(POLICIES, {"code": CODE, **kit.FRAME, "money": money})
    assert (answer.status_code, answer.json["code"]) == (422, "enterprise_conditions_wrong")
    assert Policy._get_collection().find_one({"_id": CODE}) is None


def test_a_unit_does_not_see_another_unit_s_policies(client, clerk):
    kit.drafted(clerk, CODE)
    stranger = kit.clerk(client, "commerce")
    assert stranger.get(PATH).status_code == 404
    assert stranger.call("PUT", PATH, kit.FRAME).status_code == 404
    assert stranger.call("PUT", f"{PATH}/conditions", {"conditions": kit.form(TEXTILE)}).status_code == 404
    assert [one["code"] for one in stranger.get(POLICIES).json["items"]] == []
    assert CODE in [one["code"] for one in clerk.get(POLICIES).json["items"]]
    assert clerk.call("PUT", f"{PATH}/budget", {"budget_fen": 1}).status_code == 403


def test_a_policy_is_tried_on_a_firm_by_any_version_and_says_why(clerk, manager, garments):
    kit.opened(clerk, manager, CODE, TEXTILE, row("staff.insured", "ge", 32))
    clerk.post(f"{OFFICE}/firms", {"credit_code": kit.code_of(garments)})
    told = tried(clerk, garments)
    assert told["verdict"] == "lacking"
    assert {(one["name"], one["whose_zh"], one["why_zh"]) for one in told["lacks"]} == {
        ("statistics.industry_code", "县统计局", "尚未取得"),
        ("staff.insured", "县社会保险服务中心", "尚未取得"),
    }
    queues.drain("affairs")
    told = tried(clerk, garments)
    assert (told["verdict"], told["amount_fen"], told["rule_set"]) == ("eligible", 500_000, f"enterprise_{CODE}:1")
    assert told["why_zh"].startswith("符合“规上纺织服装企业扩产奖励”")
    assert told["trace"]["outcome"] == "yes"
    later = kit.written(clerk, CODE, TEXTILE, row("staff.insured", "ge", 33))
    told = tried(clerk, garments, rule_set=later["id"])
    assert (told["verdict"], told["rule_set"]) == ("not_eligible", later["id"])
    assert "不满足“参保职工人数不低于" in told["why_zh"]
    assert tried(clerk, garments)["verdict"] == "eligible"
    strange = clerk.post(f"{PATH}/try", {"credit_code": kit.code_of(garments), "rule_set": "enterprise_stay_sme:1"})
    assert (strange.status_code, strange.json["code"]) == (422, "enterprise_policy_version_unknown")


def test_a_disputed_fact_is_a_missing_one(clerk, manager, garments):
    kit.opened(clerk, manager, CODE, row("staff.insured", "ge", 1))
    kit.asked(garments)
    staff = kit.file_of(garments)["firm.staff"]
    assert tried(clerk, garments)["verdict"] == "eligible"
    assert garments.post(f"/firm/facts/{staff['id']}/dispute", {"text": "不对"}).status_code == 201
    told = tried(clerk, garments)
    assert (told["verdict"], told["lacks"][0]["why_zh"]) == ("lacking", "有异议,核实中")


def test_what_ran_out_answers_expired(client, garments):
    kit.asked(garments)
    office = kit.clerk(client, "human_resources")
    assert tried(office, garments, "stay_sme")["verdict"] == "expired"
    then = tried(office, garments, "stay_sme", day="2025-12-31")
    assert then["verdict"] in {"lacking", "eligible"}
    assert office.get(f"{POLICIES}/stay_sme").json["over_zh"] == "政策已过有效期"


def test_two_versions_are_compared_over_all_firms(clerk, manager, garments, box):
    kit.asked(garments)
    for seed, insured in ((31, 10), (32, 40), (33, 70)):
        told = {"unit_insurance": {**kit.RIGHT["unit_insurance"], "insured_staff": insured}}
        made = box.firm(seed=seed, records={**kit.RIGHT, **told})
        assert clerk.post(f"{OFFICE}/firms", {"credit_code": made["credit_code"]}).status_code == 201
    unknown = box.firm(seed=34, **{"with": ["statistics"]}, records=kit.RIGHT)
    clerk.post(f"{OFFICE}/firms", {"credit_code": unknown["credit_code"]})
    queues.drain("affairs")
    kit.opened(clerk, manager, CODE, TEXTILE, row("staff.insured", "ge", 30))
    other = kit.written(clerk, CODE, TEXTILE, row("staff.insured", "le", 40))
    body = {"before": f"enterprise_{CODE}:1", "after": other["id"]}
    begun = clerk.post(f"{PATH}/comparisons", body)
    assert (begun.status_code, begun.json["state"]) == (202, "running")
    queues.drain("reports")
    told = clerk.get(f"{PATH}/comparisons/{begun.json['id']}").json
    counts = {one["change"]: one["count"] for one in told["counts"] if one["count"]}
    assert (told["state"], counts) == ("done", {"gains": 1, "loses": 1, "same": 3})
    assert (told["looked_at"], told["more_fen"]) == (5, 0)
    rows = {one["change"]: (one["before_fen"], one["after_fen"]) for one in told["changed"]}
    assert rows == {"gains": (0, 500_000), "loses": (500_000, 0)}
    assert [one["id"] for one in clerk.get(f"{PATH}/comparisons").json["items"]] == [told["id"]]


def test_a_budget_is_never_set_below_what_was_taken(clerk, manager):
    kit.opened(clerk, manager, CODE, budget=1_000_000)
    Policy._get_collection().update_one({"_id": CODE}, {"$inc": {"left_fen": -600_000}})
    less = manager.call("PUT", f"{PATH}/budget", {"budget_fen": 599_999})
    assert (less.status_code, less.json["code"]) == (422, "enterprise_policy_wrong")
    told = kit.funded(manager, CODE, 600_000)
    assert (told["budget_fen"], told["left_fen"]) == (600_000, 0)

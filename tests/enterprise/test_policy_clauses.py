"""Real clauses of the county as rules: each passes and just fails as worked by hand; what ran out answers expired."""

from collections import Counter
from decimal import Decimal

import pytest

from models.enterprise import judge, policy
from models.enterprise.firm_facts import FACTS
from models.rules import evaluate
from models.rules.facts import Known
from tests.enterprise.policy_cases import CASES, HOLDER, IN_TIME, SME, TODAY

CODES = sorted({one[0] for one in CASES})


def known(told: dict) -> dict:
    return {
        name: Known(Decimal(value) if FACTS[name].kind == "number" and isinstance(value, str) else value, "试算")
        for name, value in told.items()
    }


def judged(code: str, day, told: dict):
    found = policy.read(code)
    return judge.judge(found, judge.bound(found, day), known(told))


@pytest.mark.parametrize(("code", "day", "told", "verdict", "fen"), CASES)
def test_a_firm_comes_out_as_worked_by_hand(seeded, code, day, told, verdict, fen):
    made = judged(code, day, told)
    assert (made.verdict, made.amount_fen) == (verdict, fen)


def test_at_least_ten_clauses_pass_and_just_fail():
    verdicts = {code: Counter(one[3] for one in CASES if one[0] == code) for code in CODES}
    assert len(CODES) >= 10
    assert all(one["eligible"] and one["not_eligible"] for one in verdicts.values())


@pytest.mark.parametrize("code", CODES)
def test_each_clause_names_its_source_and_stands_there_without_a_budget(seeded, code):
    found = policy.read(code)
    assert found["source"]["title"]
    assert found["source"]["clause"]
    assert (found["budget_fen"], found["state"] in {"approved", "closed"}) == (0, True)


@pytest.mark.parametrize("code", CODES)
def test_without_any_data_a_firm_lacks_them_and_is_not_refused(seeded, code):
    day = next(one[1] for one in CASES if one[0] == code)
    made = judged(code, day, {})
    assert (made.verdict, made.amount_fen) == ("lacking", 0)
    assert all(one["zh"] and one["whose_zh"] for one in made.lacks)


@pytest.mark.parametrize(("code", "day", "told", "verdict", "fen"), CASES)
def test_the_lean_way_names_what_the_whole_decision_names(seeded, code, day, told, verdict, fen):
    found = policy.read(code)
    rule, facts = judge.bound(found, day), known(told)
    for left_out in [None, *told]:
        given = {name: one for name, one in facts.items() if name != left_out}
        lean, whole = judge.lean(rule, given), evaluate.decided(rule, given)
        assert (lean.outcome, lean.missing, dict(lean.values)) == (whole.outcome, whole.missing, dict(whole.values))


def test_what_ran_out_or_was_closed_says_so_whatever_the_firm_has(seeded):
    stay, loan = policy.read("stay_sme"), policy.read("loan_2018_30")
    assert [judge.out_of_time(stay, day) for day in (IN_TIME, TODAY)] == [None, "expired"]
    assert judge.out_of_time(stay, IN_TIME.replace(year=2024)) == "not_yet"
    assert judge.out_of_time(loan, TODAY) == "closed"


def test_a_ceiling_bounds_what_one_firm_gets(seeded):
    found = policy.read("stay_sme") | {"ceiling_fen": 500_000}
    made = judge.judge(found, judge.bound(found, IN_TIME), known(SME))
    assert (made.verdict, made.amount_fen) == ("eligible", 500_000)


def test_a_share_of_nothing_is_no_money(seeded):
    assert judged("stay_sme", IN_TIME, SME | {"staff.premiums_fen": 0}).verdict == "not_eligible"
    assert judged("stay_sme", IN_TIME, {**SME, "staff.premiums_fen": 2}).amount_fen == 1


def test_an_amount_that_cannot_be_told_is_lacking_and_names_what(seeded):
    told = {name: value for name, value in SME.items() if name != "staff.premiums_fen"}
    made = judged("stay_sme", IN_TIME, told)
    assert (made.verdict, [one["name"] for one in made.lacks]) == ("lacking", ["staff.premiums_fen"])
    assert made.lacks[0]["whose_zh"] == "县社会保险服务中心"


def test_a_sure_no_is_told_though_other_data_are_missing(seeded):
    told = {"statistics.industry_code": "52"}
    assert judged("patent_invention", TODAY, told).verdict == "not_eligible"
    assert judged("patent_invention", TODAY, {**HOLDER, "patents": []}).verdict == "not_eligible"

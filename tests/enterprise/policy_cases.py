"""The county's real clauses, each with a firm that passes and one that just fails, worked out by hand from the clause.

A case says what a firm's registers say, and the verdict; of a firm that passes the amount in 分 as well. Shares of
premiums are rounded down to a 分.
"""

from datetime import date

IN_TIME, TODAY = date(2025, 11, 20), date(2026, 11, 20)
LARGE = {
    "statistics.size": "large",
    "staff.paid_months": 12,
    "staff.layoff_rate": "5.5",
    "staff.premiums_fen": 12_345_679,
    "credit.dishonest": False,
    "credit.zombie": False,
}
SME = LARGE | {"statistics.size": "micro", "staff.premiums_fen": 1_000_001}
SMALL = {
    "statistics.size": "small",
    "staff.insured": 30,
    "staff.paid_months": 12,
    "staff.layoff_rate": "20",
    "staff.premiums_fen": 333_333,
}
HIRES = {"staff.total": 100, "staff.target_hires_rate": "30", "staff.contract_years": 1}
MORE_HIRES = {"staff.total": 101, "staff.target_hires_rate": "15", "staff.contract_years": 1}
PATENTS = [
    {"number": "ZL1", "type": "inv", "granted_on": date(2024, 5, 20)},
    {"number": "ZL2", "type": "util", "granted_on": date(2024, 8, 20)},
    {"number": "ZL3", "type": "util", "granted_on": date(2025, 8, 20)},
]
HOLDER = {"statistics.industry_code": "1810", "patents": PATENTS}
WITHOUT = {"statistics.industry_code": "1810", "patents": PATENTS[:1]}
METERS = {"statistics.industry_code": "17", "firm.division": "360731", "metrology.in_catalogue": True}
MAKER = {
    "firm.division": "360731",
    "tax.city": "360700",
    "statistics.city": "360700",
    "statistics.legal_person": True,
    "statistics.above_scale": True,
    "statistics.industry_code": "43",
}
# policy, day, facts, verdict, amount in 分
CASES = [
    ("stay_large", IN_TIME, LARGE, "eligible", 3_703_703),  # 12345679 × 30 % = 3703703.7
    ("stay_large", IN_TIME, LARGE | {"staff.layoff_rate": "5.51"}, "not_eligible", 0),
    ("stay_large", IN_TIME, LARGE | {"staff.paid_months": 11}, "not_eligible", 0),
    ("stay_sme", IN_TIME, SME, "eligible", 600_000),  # 1000001 × 60 % = 600000.6
    ("stay_sme", IN_TIME, SME | {"credit.zombie": True}, "not_eligible", 0),
    ("stay_sme", IN_TIME, SME | {"statistics.size": "large"}, "not_eligible", 0),
    ("stay_small30", IN_TIME, SMALL, "eligible", 199_999),  # 333333 × 60 % = 199999.8
    ("stay_small30", IN_TIME, SMALL | {"statistics.size": "large"}, "eligible", 99_999),  # × 30 % = 99999.9
    ("stay_small30", IN_TIME, SMALL | {"staff.insured": 31}, "not_eligible", 0),
    ("skill_5", TODAY, {"staff.certified_5": 3}, "eligible", 300_000),  # 3 × 1000 元
    ("skill_5", TODAY, {"staff.certified_5": 0}, "not_eligible", 0),
    ("loan_micro", TODAY, {"statistics.size": "small"}, "eligible", 0),
    ("loan_micro", TODAY, {"statistics.size": "medium"}, "not_eligible", 0),
    ("loan_2018_30", date(2018, 6, 1), HIRES, "eligible", 0),
    ("loan_2018_30", date(2018, 6, 1), HIRES | {"staff.target_hires_rate": "29.99"}, "not_eligible", 0),
    ("loan_2018_30", date(2018, 6, 1), HIRES | {"staff.total": 101}, "not_eligible", 0),
    ("loan_2018_15", date(2018, 6, 1), MORE_HIRES, "eligible", 0),
    ("loan_2018_15", date(2018, 6, 1), MORE_HIRES | {"staff.total": 100}, "not_eligible", 0),
    ("patent_invention", TODAY, HOLDER, "eligible", 200_000),  # 1 × 2000 元
    ("patent_invention", TODAY, HOLDER | {"statistics.industry_code": "1910"}, "not_eligible", 0),
    ("patent_utility", TODAY, HOLDER, "eligible", 60_000),  # 2 × 300 元
    ("patent_utility", TODAY, WITHOUT, "not_eligible", 0),
    ("patent_design", TODAY, HOLDER | {"patents": [PATENTS[0] | {"type": "des"}]}, "eligible", 15_000),
    ("patent_design", TODAY, HOLDER, "not_eligible", 0),
    ("metrology_fee", TODAY, METERS, "eligible", 0),
    ("metrology_fee", TODAY, METERS | {"firm.division": "360721"}, "not_eligible", 0),
    ("manufacturing_gate", TODAY, MAKER, "eligible", 0),
    ("manufacturing_gate", TODAY, MAKER | {"statistics.industry_code": "44"}, "not_eligible", 0),
    ("manufacturing_gate", TODAY, MAKER | {"tax.city": "360100"}, "not_eligible", 0),
]

"""The office surfaces of 雩企通."""

from backend.http.surface import Surface
from blueprints.enterprise import (
    office_firms,
    office_payouts,
    office_policies,
    office_promises,
    office_publicity,
    office_runs,
    office_window,
    office_work,
)

OFFICE: list[Surface] = [
    office_firms.firms,
    office_policies.policies,
    office_runs.runs,
    office_publicity.lists,
    office_payouts.payouts,
    office_promises.promises,
    office_window.windows,
    office_work.work,
]

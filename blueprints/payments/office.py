"""The office surfaces of payments."""

from backend.http.surface import Surface
from blueprints.payments import office_bill_lines, office_ledger, office_money, office_refund_work, office_wallets

OFFICE: list[Surface] = [
    office_money.money,
    office_bill_lines.lines,
    office_refund_work.work,
    office_ledger.ledger,
    office_wallets.wallets,
]

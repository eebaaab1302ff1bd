"""The office surfaces of payments."""

from backend.http.surface import Surface
from blueprints.payments import office_ledger, office_money, office_wallets

OFFICE: list[Surface] = [office_money.money, office_ledger.ledger, office_wallets.wallets]

"""The office surfaces of payments."""

from backend.http.surface import Surface
from blueprints.payments import office_money

OFFICE: list[Surface] = [office_money.money]

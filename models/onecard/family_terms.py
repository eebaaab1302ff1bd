"""Under which terms a relative's phone may carry somebody's codes: kinds, longest term, how many. Plain values."""

from datetime import date, datetime, timedelta

from backend import clock
from backend.errors import Conflict, Unprocessable

MOST = 8
LONGEST_DAYS = 365
KIND_ZH = {"identity": "身份码", "medical": "就医码", "transit": "乘车码", "venue": "入园码", "payment": "付款码"}
STATE_ZH = {"offered": "等待对方确认", "active": "有效", "ended": "已结束"}
HOW_ZH = {"holder": "本人手机确认", "guardian": "监护人携带", "helper": "窗口核验的代办人携带", "counter": "窗口办理"}


class TooManyFamilyCards(Conflict):
    """409: the phone carries as many as it may."""

    code = "too_many_family_cards"
    zh = "一部手机最多携带 {most} 张亲情卡,请先撤销不再需要的。"
    en = "A phone carries {most} family cards at most. End one first."


class FamilyCardExists(Conflict):
    """409: these two have one already."""

    code = "family_card_exists"
    zh = "双方之间已有一张亲情卡,如需变更请先撤销。"
    en = "There is a family card between these two already. End it first to change it."


class FamilyTermsWrong(Unprocessable):
    """422: the kinds, the day or the two persons do not fit."""

    code = "family_terms_wrong"
    zh = "亲情卡的条件不符,请按提示修改。"
    en = "The family card cannot be given on these terms. Correct what is named."

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(fields={field: [sentence]})


def end_of(last_day: date, most: datetime | None = None) -> datetime:
    """Return when a family card ends: with its last day, or with the relation that it rests on.

    Raises:
        FamilyTermsWrong: the day is over or too far away.
    """
    today = clock.today()
    if not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        raise FamilyTermsWrong("last_day", f"请填写截止日期:不早于今天,最长 {LONGEST_DAYS} 天。")
    until = clock.at(last_day + timedelta(days=1), 0)
    return min(until, most) if most else until

"""What a wearable's samples say: a day by the hour, and days in a row."""

from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import BadInput
from models.eldercare import bucket_day, codes


class SpanWrong(BadInput):
    """400: the days end before they begin, or are too many."""

    code = "health_span_wrong"
    zh = "日期范围有误:结束日不能早于开始日,最多 {most} 天。"
    en = "The last day is not before the first, and there are {most} days at most."


def days(subject_id: ObjectId | None, quantity: str, first: date, last: date) -> dict[str, Any]:
    """Return an elder's days of one quantity, the oldest first, none without an elder; today as it is now.

    Raises:
        SpanWrong: the days end before they begin, or are too many.
    """
    if not timedelta(0) <= last - first < timedelta(days=bucket_day.MOST_DAYS):
        raise SpanWrong(most=bucket_day.MOST_DAYS)
    today = clock.today()
    found = {one["day"]: one for one in bucket_day.listed(subject_id, quantity, first, last)} if subject_id else {}
    for day in {today, today - timedelta(days=1)}:  # the last hour of yesterday is rolled up early today
        if subject_id and first <= day <= last and (told := bucket_day.computed(subject_id, quantity, day)):
            found[day.isoformat()] = {**told, "day": day.isoformat()}
    known = codes.QUANTITIES[quantity]
    head = {"quantity": quantity, "quantity_zh": known.zh, "unit": known.unit, "unit_zh": known.unit_zh}
    return {**head, "items": [_shown(found[day]) for day in sorted(found)], "next": None}


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    names = ("count", "least", "most", "mean")
    hours = [{"hour": one["hour"], **{name: one[name] for name in names}} for one in found["hours"]]
    return {"day": found["day"], **{name: found[name] for name in names}, "hours": hours}

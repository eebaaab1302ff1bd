"""A figure (健康统计): how many elders of a place stand how, in a year or a month, as reckoned on some night.

Nothing counts along and nothing is counted when somebody asks: the night's run (`figure_run`) puts one row for each
place, figure and period, and the last row of a period that is over stays as it was.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mongoengine import DateTimeField, DictField, Document, IntField, StringField
from pymongo import ReplaceOne

COLLECTION = "health_figures"
YEARLY_CHECK, ALERTS = "yearly_check", "alerts"
CONTROL_ZH = {"hypertension": "高血压", "diabetes": "2型糖尿病"}
"""The diseases whose control is counted, by the word of the figure."""
FIGURES = (YEARLY_CHECK, *CONTROL_ZH, ALERTS)
COUNTY = "county"
MOST_ROWS = 5000


class HealthFigure(Document):
    """`place` reads `county`, `town:<division code>` or `unit:<code>`; `medians` are [minutes, how many] by word."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["figure", "period", "place"], "unique": True}],
    }
    id = StringField(primary_key=True)
    figure = StringField(choices=FIGURES, required=True)
    period = StringField(required=True)
    place = StringField(required=True)
    counts = DictField(field=IntField())
    medians = DictField()
    as_of = DateTimeField(required=True)


def town(code: str) -> str:
    """Return the place of a town; an empty code is of those whose address nobody told."""
    return f"town:{code}"


def unit(code: str) -> str:
    """Return the place of a unit that cares."""
    return f"unit:{code}"


def put(rows: Iterable[Mapping[str, Any]], as_of: datetime) -> None:
    """Put the rows of a run; the same again changes nothing."""
    wanted = [{"_id": f"{one['figure']}:{one['period']}:{one['place']}", **one, "as_of": as_of} for one in rows]
    if wanted:
        changes = [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in wanted]
        HealthFigure._get_collection().bulk_write(changes, ordered=False)


def drop_older(figure: str, period: str, as_of: datetime) -> None:
    """Take away the rows of places for which the run of `as_of` found nobody any more."""
    HealthFigure._get_collection().delete_many({"figure": figure, "period": period, "as_of": {"$lt": as_of}})


def of_county(figure: str, period: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the county and its towns, by place."""
    return _rows({"figure": figure, "period": period, "place": {"$gte": COUNTY, "$lt": "town;"}})


def of_units(figure: str, period: str, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of some units, by place."""
    return _rows({"figure": figure, "period": period, "place": {"$in": [unit(one) for one in sorted(codes)]}})


def _rows(query: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["place"]: one for one in HealthFigure._get_collection().find(query).limit(MOST_ROWS)}


def counts(row: Mapping[str, Any] | None) -> Counter[str]:
    """Return the numbers of a row, zeros where there is none."""
    return Counter(row["counts"] if row else {})

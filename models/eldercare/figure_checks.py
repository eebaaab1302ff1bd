"""Coverage of the yearly check in figures: of the enrolled elders who are of age in a year, how many had it, whole.

国家基本公共卫生服务规范(第三版): 老年人健康管理率 = 年内接受健康管理人数 / 年内辖区内 65 岁及以上常住居民数.
The denominator here is who is enrolled and lives; the county's own count of residents is not kept.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from backend import clock
from models.eldercare import figure, figure_reads
from models.eldercare.figure_tally import Elder, Key

DONE, PARTLY, NOT_BEGUN = "done", "partly", "not_begun"
WORDS = (DONE, PARTLY, NOT_BEGUN)


def born_until(year: int) -> int | None:
    """Return the last year of birth of those who are of age in a year, None where no table of the check counts."""
    table = figure_reads.check_table(min(date(year, 12, 31), clock.today()))
    return year - int(table["content"]["least_age"]) if table else None


def tallied(elders: Iterable[Elder], year: str) -> Counter[Key]:
    """Return the numbers of these elders in a year; who is younger, or of unknown age, is not counted."""
    last = born_until(int(year))
    known = {one.id: one for one in elders if last is not None and 0 < one.birth_year <= last}
    words = {one["subject"]: PARTLY if one["left"] else DONE for one in figure_reads.checks(known, int(year))}
    return Counter(
        (place, figure.YEARLY_CHECK, year, words.get(elder.id, NOT_BEGUN))
        for elder in known.values()
        for place in elder.places
    )

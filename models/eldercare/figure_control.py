"""Control rates in figures: of the elders managed for an illness, how many reached the target at their last visit.

国家基本公共卫生服务规范(第三版): 管理人群血压(血糖)控制率 = 年内最近一次随访达标人数 / 年内已管理的患者人数. Who was
not visited in the year counts as not controlled.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from backend import clock
from models.eldercare import figure, figure_reads
from models.eldercare.figure_tally import Elder, Key

REACHED, NOT_REACHED, NOT_VISITED = "reached", "not_reached", "not_visited"
WORDS = (REACHED, NOT_REACHED, NOT_VISITED)


def tallied(elders: Iterable[Elder], year: str) -> Counter[Key]:
    """Return the numbers of these elders in a year, by illness."""
    known = {one.id: one for one in elders}
    words: dict[tuple[Any, str], str] = {}
    for found in figure_reads.programmes(known):
        if found["disease"] in figure.CONTROL_ZH and (word := _word(found, year)):
            key = (found["subject"], found["disease"])
            words[key] = min(word, words.get(key, word), key=WORDS.index)
    return Counter(
        (place, disease, year, word) for (elder, disease), word in words.items() for place in known[elder].places
    )


def _word(found: Mapping[str, Any], year: str) -> str:
    """Return how a programme stands in a year, empty where nobody was managed by it."""
    if not _managed(found, year):
        return ""
    last = found.get("last") or {}
    if "at" not in last or _year(last["at"]) != year:
        return NOT_VISITED
    return REACHED if last.get("reached") else NOT_REACHED


def _managed(found: Mapping[str, Any], year: str) -> bool:
    if found["state"] == "ended":
        return found.get("ended_as") != "dismissed" and "ended_at" in found and _year(found["ended_at"]) == year
    return bool(found["state"] == "managed")


def _year(moment: Any) -> str:
    return str(clock.civil(moment).year)

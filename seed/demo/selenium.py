"""A co-operative of 梓山 certifies, prints, ships, sells and recalls: selenium oranges from the plot to the kitchen."""

import secrets
from collections.abc import Callable, Generator, Iterator
from typing import Any

from seed.demo import selenium_firm, selenium_goods, selenium_papers, selenium_recall
from seed.demo.stage import Stage


def a_co_operative_of_zishan(stage: Stage) -> Iterator[str]:
    """A co-operative of 梓山 certifies, prints, ships, sells, recalls."""
    run, phone = secrets.token_hex(2).upper(), selenium_firm.mobile()
    own = yield from _last(selenium_firm.founded(stage, f"演示{run}富硒脐橙专业合作社", "谢长根"))
    clerk = selenium_firm.joined(stage, own, "谢小梅")
    yield "a neighbour joins by an invitation and fills in the forms"
    has = yield from _last(selenium_papers.registered(stage, own, phone))
    grown = yield from _last(selenium_papers.harvested(clerk, has["plot"]))
    lot, harvest = grown["lot"], grown["harvest"]
    yield from selenium_papers.certified(stage, own, lot)
    yield selenium_papers.committed(stage, own, lot)
    roll, path, *_ = yield from _last(selenium_goods.printed(clerk, has["item"]))
    yield selenium_goods.too_many(clerk, has["item"])
    pack = yield from _last(selenium_goods.packed(stage, clerk, roll, lot, path))
    yield from selenium_goods.scanned(stage, own, lot, path)
    firm = yield from _last(selenium_firm.founded(stage, f"演示{run}水果商行", "易水珍"))
    neighbour = {"name": f"管鲍{run}", "phone": selenium_firm.mobile()}
    yield from selenium_goods.shipped(clerk, pack, firm, neighbour)
    yield selenium_goods.traced(own, firm, neighbour)
    number = yield from _last(selenium_recall.recalled(stage, harvest, path))
    yield from selenium_recall.told(stage, own, firm, number, neighbour["phone"])
    yield from selenium_recall.reported(stage, own, number, harvest)


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_co_operative_of_zishan]


def _last(part: Iterator[Any]) -> Generator[str, None, Any]:
    """Tell a part of the story and return what it yields last."""
    found = next(part)
    for following in part:
        yield found
        found = following
    return found
